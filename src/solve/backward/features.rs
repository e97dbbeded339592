//! Points that are added to the mesh once its stage games are solved, where something may lie between two of them.
//!
//! V_{t+1} is held on pieces that are as narrow as its features. Where an equilibrium's m' leaps over a whole piece from one
//! point of the mesh to the next, it may have passed a feature unseen: the points are divided until none does. And where V^l
//! of an action, as known at the ends and the middle of a cell, may rise above the chosen one's, it is looked at.

use super::field::MeshNode;
use super::{Step, WINDOW};
use crate::solve::SolveError;
use crate::solve::leader::Work;
use crate::solve::stage_game::StageGames;

/// Cells are not divided below this width.
const NARROW: f64 = 1e-9;
/// Rounds of divisions: from the whole of [0, 1] down to [`NARROW`].
const ROUNDS: usize = 32;
/// Rounds in which peaks are looked at too.
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
            let mut points = self.in_parallel(cells, work, |games, ends, _, out| {
                let [lo, hi] = ends.map(|end| end.node.m);
                if hi - lo <= NARROW {
                    return Ok(());
                }
                if leaps(ends) {
                    out.push(0.5 * (lo + hi));
                } else if round < LOOKS {
                    out.extend(peaks(games, ends)?);
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
                && lo.pieces[l]
                    .iter()
                    .zip(&hi.pieces[l])
                    .any(|(a, b)| a.abs_diff(*b) >= 2)
        })
}

/// Where in a cell the parabola through V^l of an action, at its ends and its middle, passes the one chosen there or comes
/// near; the middle with it.
fn peaks(games: &mut StageGames, [lo, hi]: [&MeshNode; 2]) -> Result<Vec<f64>, SolveError> {
    let middle = 0.5 * (lo.node.m + hi.node.m);
    games.move_to(middle)?;
    let candidates = 0..lo.answers.len();
    let inside: Vec<Option<f64>> = candidates
        .map(|l| {
            let [label, other] = [lo, hi].map(|end| end.answers[l].label);
            let known = (label == other).then(|| games.realise(&label)).flatten();
            known.map(|e| e.values.leader)
        })
        .collect();
    let best = inside
        .iter()
        .flatten()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let half = 0.5 * (hi.node.m - lo.node.m);
    let mut found = Vec::new();
    for (l, value) in inside.into_iter().enumerate() {
        let Some(value) = value else {
            continue;
        };
        let [before, here, after] = [
            lo.best - lo.leaders[l],
            best - value,
            hi.best - hi.leaders[l],
        ];
        if before <= 0.0 || after <= 0.0 {
            continue;
        }
        let bend = 0.5 * (before + after) - here;
        let place = 0.25 * (before - after) / bend;
        let dip = bend * place * place;
        // Written so that a NaN ends it: the parabola is right to about its own dip below the ends.
        let may_pass = bend > 0.0 && place.abs() < 1.0 - CLOSE && here - dip < SHARE * bend;
        if here <= 0.0 || may_pass {
            found.push(middle);
        }
        if may_pass && place.abs() > CLOSE {
            found.push(middle + place * half);
        }
    }
    Ok(found)
}
