//! Points that are added to the mesh once its stage games are solved, where something may lie between two of them.
//!
//! V_{t+1} is held on pieces that are as narrow as its features. Where an equilibrium's m' leaps over a whole piece from one
//! point of the mesh to the next, it may have passed a feature unseen: the points are divided until none does. And where an
//! action, or another equilibrium, as known at the ends and the middle of a cell, may rise above what is chosen, it is looked
//! at.

use super::Step;
use super::field::{MeshNode, Recorded, signature};
use crate::solve::Selection;
use crate::solve::SolveError;
use crate::solve::Work;
use crate::solve::pieces::stage_game::{Equilibrium, StageGames};
use crate::solve::stage::Outcome;
use crate::solve::tolerances::{NARROW, SAME_VALUE, SLIGHT, WINDOW};

/// Rounds of divisions: from the whole of [0, 1] down to [`NARROW`].
const ROUNDS: usize = 32;
/// Rounds in which peaks are looked at too; cells that are in doubt after them are counted.
const LOOKS: usize = 8;
/// No nearer to an end or the middle of a cell, in its half widths.
const CLOSE: f64 = 1e-3;
/// A peak that stays below the chosen action's V^l by less than this share of its bend is looked at.
const SHARE: f64 = 0.25;

impl Step<'_> {
    /// The mesh with the points that it needs in between.
    pub(super) fn with_features(
        &self,
        mut mesh: Vec<MeshNode>,
        work: &mut Work,
    ) -> Result<Vec<MeshNode>, SolveError> {
        let mut fresh: Vec<usize> = (0..mesh.len() - 1).collect();
        for round in 0..ROUNDS {
            let cells = fresh.iter().map(|i| [&mesh[*i], &mesh[*i + 1]]);
            let mut points = self.in_parallel(cells, work, |games, ends, work, out| {
                let [lo, hi] = ends.map(|end| end.node.m);
                if hi - lo <= NARROW {
                    return Ok(());
                }
                if leaps(ends) {
                    out.push(0.5 * (lo + hi));
                    return Ok(());
                }
                let mut doubts = Vec::new();
                self.rival_actions(games, ends, &mut doubts)?;
                self.rival_equilibria(games, ends, work, &mut doubts)?;
                match round < LOOKS {
                    true => out.append(&mut doubts),
                    // What is chosen at one end only is cut where it ends, and the parts are looked at when they are fitted.
                    false if !lasts(ends) => {}
                    false => work.unproven += u64::from(!doubts.is_empty()),
                }
                Ok(())
            })?;
            points.sort_by(f64::total_cmp);
            points.dedup_by(|a, b| *a - *b <= WINDOW);
            if points.is_empty() {
                break;
            }
            self.bounded(mesh.len() + points.len())?;
            let added = self.in_parallel(points.iter(), work, |games, &m, work, out| {
                out.push(self.mesh_node(games, m, work)?);
                Ok(())
            })?;
            (mesh, fresh) = merge(mesh, added);
        }
        Ok(mesh)
    }
}

/// Both in rising order, and the numbers of the cells that a new point ends.
fn merge(mesh: Vec<MeshNode>, added: Vec<MeshNode>) -> (Vec<MeshNode>, Vec<usize>) {
    let old = mesh.into_iter().map(|node| (node, false));
    let mut all: Vec<(MeshNode, bool)> = old.chain(added.into_iter().map(|n| (n, true))).collect();
    all.sort_by(|a, b| a.0.node.m.total_cmp(&b.0.node.m));
    let fresh = (0..all.len() - 1).filter(|i| all[*i].1 || all[*i + 1].1);
    let fresh = fresh.collect();
    (all.into_iter().map(|(node, _)| node).collect(), fresh)
}

/// Whether some equilibrium that is there at both ends of a cell leaps over a whole piece of V_{t+1}.
fn leaps([lo, hi]: [&MeshNode; 2]) -> bool {
    hi.node.m - lo.node.m > NARROW
        && (0..lo.answers.len()).any(|l| {
            lo.answers[l].signature == hi.answers[l].signature
                && lo.found[l]
                    .iter()
                    .zip(&hi.found[l])
                    .any(|(a, b)| a.piece.abs_diff(b.piece) >= 2)
        })
}

/// Whether the actions chosen at the ends of a cell have the same equilibrium at the other end.
fn lasts([lo, hi]: [&MeshNode; 2]) -> bool {
    let chosen = [lo, hi].map(|end| end.node.label.candidate);
    chosen.iter().all(|l| lo.answers[*l] == hi.answers[*l])
}

/// Where in a cell the parabola through how far something is below what is chosen, at its ends and its middle, passes zero
/// or comes near; the middle with it.
fn near_passes([before, here, after]: [f64; 3], [lo, hi]: [f64; 2], out: &mut Vec<f64>) {
    // On from a tie with what is chosen.
    if here.abs() <= SAME_VALUE && before.min(after) <= SAME_VALUE {
        return;
    }
    let (middle, half) = (0.5 * (lo + hi), 0.5 * (hi - lo));
    let bend = 0.5 * (before + after) - here;
    let place = 0.25 * (before - after) / bend;
    let dip = bend * place * place;
    if bend.is_nan() || bend <= SLIGHT {
        return;
    }
    // The parabola is right to about its own dip below the ends.
    let may_pass = place.abs() < 1.0 - CLOSE && here - dip < SHARE * bend;
    if here <= 0.0 || may_pass {
        out.push(middle);
    }
    if may_pass && place.abs() > CLOSE {
        out.push(middle + place * half);
    }
}

impl Step<'_> {
    /// What is kept of the equilibria that were just enumerated.
    pub(super) fn record(&self, games: &StageGames, selected: &Equilibrium) -> Vec<Recorded> {
        let z = [1.0 - games.m(), games.m()];
        let best = self.rule.score(selected, &z);
        let found = games.equilibria.found.iter();
        found
            .map(|e| Recorded {
                next: e.next.m,
                piece: e.next.piece as u32,
                mixes: e.label.mixing.is_some(),
                below: match e.is_supported() == selected.is_supported() {
                    true => (best - self.rule.score(e, &z)) as f32,
                    false => f32::INFINITY,
                },
            })
            .collect()
    }

    /// Where V^l of an action may pass that of the action chosen at the ends of a cell.
    fn rival_actions(
        &self,
        games: &mut StageGames,
        [lo, hi]: [&MeshNode; 2],
        out: &mut Vec<f64>,
    ) -> Result<(), SolveError> {
        let ends = [lo.node.m, hi.node.m];
        games.move_to(0.5 * (ends[0] + ends[1]))?;
        let candidates = 0..lo.answers.len();
        let inside: Vec<Option<f64>> = candidates
            .map(|l| {
                let [label, other] = [lo, hi].map(|end| end.answers[l].label);
                let known = (label == other).then(|| games.realise(&label)).flatten();
                known.map(|e| e.values.leader)
            })
            .collect();
        let known = inside.iter().flatten().copied();
        let best = known.fold(f64::NEG_INFINITY, f64::max);
        let one_choice = lo.node.label.candidate == hi.node.label.candidate;
        for (l, value) in inside.into_iter().enumerate() {
            if let Some(value) = value {
                let below = [
                    lo.best - lo.leaders[l],
                    best - value,
                    hi.best - hi.leaders[l],
                ];
                // Where the choice changes, what takes over is found as a change of regime.
                if one_choice || below[0].min(below[2]) > SAME_VALUE {
                    near_passes(below, ends, out);
                }
            }
        }
        Ok(())
    }

    /// Where another equilibrium of an action may pass the one that is selected at the ends of a cell.
    fn rival_equilibria(
        &self,
        games: &mut StageGames,
        [lo, hi]: [&MeshNode; 2],
        work: &mut Work,
        out: &mut Vec<f64>,
    ) -> Result<(), SolveError> {
        let ends = [lo.node.m, hi.node.m];
        let middle = 0.5 * (ends[0] + ends[1]);
        for l in 0..lo.answers.len() {
            if lo.answers[l] != hi.answers[l] || !self.may_pass(games, l, [lo, hi]) {
                continue;
            }
            games.move_to(middle)?;
            let selected = self.rule.select(games, l, work)?.equilibrium;
            if selected.label != lo.answers[l].label
                || signature(games, l) != lo.answers[l].signature
            {
                out.push(middle);
                continue;
            }
            let inside = self.record(games, &selected);
            for (k, here) in inside.iter().enumerate() {
                let below = [lo.found[l][k], *here, hi.found[l][k]].map(|e| f64::from(e.below));
                if below[0].max(below[2]) < f64::INFINITY {
                    near_passes(below, ends, out);
                }
            }
        }
        Ok(())
    }

    /// Whether an equilibrium that is below the selected one at both ends of a cell may rise above it between, by what V_{t+1}
    /// is along the way of either and by how far formulas are from lines.
    fn may_pass(&self, games: &StageGames, l: usize, [lo, hi]: [&MeshNode; 2]) -> bool {
        let next = games.next(l);
        let discount = self.period.game.discount();
        let functions = match self.rule.selection {
            Selection::Welfare => 0..2,
            Selection::Optimistic | Selection::Pessimistic => 2..3,
        };
        let swing = |k: usize| {
            let [a, b] = [lo.found[l][k], hi.found[l][k]];
            let pieces = [a.piece, b.piece].map(|i| &next.pieces()[i as usize]);
            let of_piece = pieces.map(|piece| {
                let width = piece.hi - piece.lo;
                if width <= 0.0 {
                    return 0.0;
                }
                let share = 2.0 * (b.next - a.next).abs() / width;
                let [slope, bend] = piece.steepness(functions.clone());
                // A mixture need not move evenly.
                match a.mixes {
                    true => slope * share.min(2.0),
                    false => bend * share.min(2.0) * share.min(2.0) / 8.0,
                }
            });
            let paid = if a.mixes {
                (b.next - a.next).abs()
            } else {
                0.0
            };
            discount * of_piece[0].max(of_piece[1]) + paid
        };
        let width = hi.node.m - lo.node.m;
        // Of z times a reward, whose range is one unit.
        let formulas = 4.0 * self.stretches.bend + width * width;
        let count = lo.found[l].len();
        let below = |k: usize| f64::from(lo.found[l][k].below.min(hi.found[l][k].below));
        let Some(own) = (0..count).find(|k| lo.found[l][*k].below == 0.0) else {
            return true;
        };
        let own_swing = swing(own);
        (0..count).any(|k| k != own && below(k) < swing(k) + own_swing + formulas)
    }
}
