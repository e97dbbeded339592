//! How far V_1 may be off, a posteriori, and which selections along a path are decided by less.
//!
//! Three figures are added. *Defects*: at the points of the path V on the lattice against V re-solved there; of V_1 only
//! those from the third period on are left, since both periods before are re-solved (the first two only where the path is
//! too wide to be looked at closely). *Two grids*: V_1 against that of the lattice with half as many cells. *Missed
//! equilibria*: where their number at a point of the path is even though nothing ties, or the work ended the search, the
//! largest difference of V that another selection would have made. No bound is proven: a regime that neither grid meets is
//! not seen.

use super::Nodes;
use super::closely::{self, Rival};
use crate::game::{Belief, Flow, FlowNode, MeanField};
use crate::solve::forward::NARROW;
use crate::solve::representation::StageGames as _;
use crate::solve::stage::Selected;
use crate::solve::theta::Theta;
use crate::solve::tolerances::SLIGHT;
use crate::solve::{SolveError, SolvedPoint, Start};

/// Defects count this often: they are measured at points, not everywhere.
const SAFETY: f64 = 2.0;
/// Points of the path that are looked at, at most.
const MOST_POINTS: usize = 400;
/// Places that are named, at most.
const MOST_PLACES: usize = 5;

/// What is said of a game whose formulas are not known.
const SAMPLED: &str = "kernels or rewards are code that reads z: it is known at the mean fields at which it was asked, and what it \
                       does between them is not bounded";

/// How far V_1 may be off.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueError {
    /// The figure.
    pub figure: f64,
    /// Where it, or a selection, is in doubt.
    pub warnings: Vec<String>,
}

/// What was found by a closer look at a point.
struct Looked {
    point: SolvedPoint,
    /// What else could have been selected.
    rivals: Vec<Rival>,
    /// The least by which, under what the leader plays, a pure prescription of the followers is an equilibrium, or is none.
    margin: f64,
    /// Whether the number of equilibria says that one was missed, or none was found where they were looked for.
    missed: bool,
    /// Whether the work ended the search.
    cut_short: bool,
}

/// What is known of one point of the path.
struct Place<'f> {
    node: &'f FlowNode,
    defect: f64,
    /// `None` where the path is too wide.
    looked: Option<Looked>,
}

impl Theta<'_, Nodes> {
    /// How far V_1 at the starts of a flow of theta may be off, no less than a difference that was seen there, and where the
    /// flow's selections are decided by less.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub(super) fn estimate_error(&self, flow: &Flow, seen: f64) -> Result<ValueError, SolveError> {
        let places = self.places(flow)?;
        let discount = self.game().discount();
        let size = places.iter().fold(f64::MIN_POSITIVE, |size, place| {
            let values = place.looked.as_ref().map(|l| &l.point.values);
            values.map_or(size, |v| {
                v.followers
                    .iter()
                    .fold(size.max(v.leader.abs()), |s, v| s.max(v.abs()))
            })
        });
        let (mut defects, mut doubt) = (0.0, 0.0);
        let first = places.first().map_or(1, |place| place.node.t);
        for place in &places {
            let later = (place.node.t - first) as i32;
            let weight = place.node.weight * discount.powi(later);
            if later >= 2 || place.looked.is_none() {
                defects += weight * place.defect;
            }
            if let Some(looked) = place.looked.as_ref().filter(|l| l.missed || l.cut_short) {
                let others = looked.rivals.iter().map(|rival| rival.difference);
                doubt += weight * others.fold(place.defect, f64::max);
            }
        }
        let figure = SAFETY * defects + doubt + self.two_grids(flow)? + SLIGHT * size;
        let figure = figure.max(seen);
        let mut warnings = warnings(&places, figure);
        let sampled = self.game().is_sampled() || self.game().terminal_is_sampled();
        warnings.extend(sampled.then(|| SAMPLED.to_owned()));
        warnings.extend(self.narrow_features());
        Ok(ValueError { figure, warnings })
    }

    /// A warning where formulas do within a cell of the lattice what no figure of V on the lattice shows.
    fn narrow_features(&self) -> Option<String> {
        let game = self.game().in_units();
        let cell = 1.0 / self.settings().grid as f64;
        let periods = if game.depends_on_time() {
            game.horizon()
        } else {
            1
        };
        let found = (1..=periods).find_map(|t| game.narrow_feature(Some(t), cell));
        let found = found.or_else(|| match game.is_infinite() {
            true => None,
            false => game.narrow_feature(None, cell),
        });
        found.map(|z| {
            format!(
                "formulas turn or jump within less than a cell of the lattice, as at z = {z:?}: equilibria there may be \
                 missed, and v_error does not cover it; a larger solve.grid may"
            )
        })
    }

    fn places<'f>(&self, flow: &'f Flow) -> Result<Vec<Place<'f>>, SolveError> {
        let mut places = Vec::new();
        let played = flow.nodes.iter().filter(|node| node.play.is_some());
        for node in played.take(MOST_POINTS) {
            let (belief, z) = (&node.belief, &node.mean_field);
            let t = if self.game().is_infinite() { 1 } else { node.t };
            let narrow = flow
                .nodes
                .iter()
                .filter(|other| other.t == node.t)
                .nth(NARROW)
                .is_none();
            let stored = self.stored_values(t, belief, z)?;
            let (point, looked): (SolvedPoint, Option<Looked>) = match narrow {
                true => {
                    let looked = self.looked(t, belief, z)?;
                    (looked.point.clone(), Some(looked))
                }
                false => (self.follow_at(t, belief, z)?, None),
            };
            places.push(Place {
                node,
                defect: stored.distance(&point.values),
                looked,
            });
        }
        Ok(places)
    }

    /// All stage games at a point, V_{t+1} re-solved where it decides.
    fn looked(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Looked, SolveError> {
        self.at((t, belief, z), None, |games, _| {
            let all = 0..games.candidates();
            let mut looked = closely::look(self, games, all)?;
            let (best, places) = self.choose_listed(games, &looked.listed);
            let rivals = looked.rivals(self, z.weights(), (best, &places));
            let chosen = &mut looked.listed[best];
            let selected = Selected {
                equilibrium: chosen.found.swap_remove(places[best]),
                count: chosen.count,
            };
            Ok(Looked {
                point: self.point(games, selected)?,
                rivals,
                margin: looked.margin(self, best),
                missed: looked.missed,
                cut_short: looked.cut_short,
            })
        })
    }

    /// V_1 at the starts against that of the lattice with half as many cells.
    fn two_grids(&self, flow: &Flow) -> Result<f64, SolveError> {
        let Some(start) = flow.starts().first() else {
            return Ok(0.0);
        };
        let mut settings = self.settings().clone();
        settings.grid = settings.grid.div_ceil(2);
        let from = Start {
            t: start.t,
            belief: self.game().initial_belief().clone(),
        };
        let half =
            Self::compute_from(self.game(), &settings, Some(self.actions().to_vec()), &from)?;
        let mut most: f64 = 0.0;
        for node in flow.starts() {
            let z: &MeanField = &node.mean_field;
            let values = |solution: &Self| solution.resolve(node.t, &node.belief, z);
            let (own, other) = (values(self)?.values, values(&half)?.values);
            most = most.max(own.distance(&other));
        }
        Ok(most)
    }
}

/// Where something is decided by less than the figure.
fn warnings(places: &[Place], figure: f64) -> Vec<String> {
    let mut found = Vec::new();
    for Place { node, looked, .. } in places {
        let Some(looked) = looked else { continue };
        let at = format!("at t = {}, z = {:?}", node.t, node.mean_field.weights());
        let matters = |r: &&Rival| r.gap <= figure && r.difference > figure;
        let close = looked.rivals.iter().filter(matters);
        if let Some(r) = close.min_by(|a, b| a.gap.total_cmp(&b.gap)) {
            let what = match r.of_leader {
                true => "the leader's action",
                false => "the followers' equilibrium",
            };
            found.push(format!(
                "{at} {what} is selected by {:.1e}, less than the error of V_1 ({figure:.1e}): with the other choice V there \
                 differs by {:.1e}",
                r.gap, r.difference
            ));
        }
        if looked.margin.abs() <= figure {
            found.push(format!(
                "{at} a pure prescription of the followers is an equilibrium, or none, by {:.1e}, less than the error of V_1 \
                 ({figure:.1e})",
                looked.margin
            ));
        }
        if looked.missed {
            found.push(format!(
                "{at} the number of the followers' equilibria is even, or none was found: one may be missing"
            ));
        }
        if looked.cut_short {
            found.push(format!(
                "{at} the search with V re-solved ended at its limit on work: equilibria may be missing"
            ));
        }
    }
    let more = found.len().saturating_sub(MOST_PLACES);
    found.truncate(MOST_PLACES);
    if more > 0 {
        found.push(format!(
            "{more} more selections along the path are in doubt"
        ));
    }
    found
}
