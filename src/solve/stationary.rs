//! Infinite horizon: V is iterated from 0 until it stands still, (15)-(16) with the same V on both sides.
//!
//! The sup norm of a change of V shrinks by the discount where the same equilibria stay selected. Selection can prevent
//! it: V may jump back and forth between regimes for ever. Such a cycle is an outcome of its own, never a solution. The
//! limit from V = 0 is one stationary theta, not all of them.

use std::fmt;

use super::SolveError;
use super::backward::Step;
use super::leader::{Rule, Work};
use super::stage_game::Period;
use super::values::{ValueFunction, Values};
use crate::game::Game;
use crate::scenario::SolveSettings;

/// Points at which two iterates are compared, besides those of the mesh.
const PROBES: usize = 4099;
/// A jump is located to about this; nearer to one, a difference is the jump's own.
const JUMP_WIDTH: f64 = 1e-7;
/// The longest cycle that is recognised.
const LONGEST_CYCLE: usize = 12;
/// Iterations beyond those that a contraction needs.
const PATIENCE: f64 = 2.0;
/// V is interpolated this much finer than the residual that is asked for, so that interpolation does not hide it.
const FINER: f64 = 0.1;

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The residual fell to the bound that the tolerance asks for.
    Converged,
    /// V returns to where it was this many iterations before, and not sooner.
    Cycle(usize),
    /// Neither, by the number of iterations in which a contraction would have converged.
    Open,
}

/// The iteration of an infinite horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// How it ended.
    pub ending: Ending,
    /// Iterations done.
    pub count: usize,
    /// Largest change of V in the last iteration, outside 1e-7 of the jumps.
    pub residual: f64,
    /// The residual that was asked for: tolerance (1 - delta) / (2 delta).
    pub bound: f64,
}

impl fmt::Display for Iteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            residual,
            bound,
            ..
        } = self;
        match self.ending {
            Ending::Converged => write!(
                f,
                "converged in {count} iterations to a residual of {residual:.1e}"
            ),
            Ending::Cycle(period) => write!(
                f,
                "not converged: after {count} iterations V returns every {period} iterations and changes by \
                 {residual:.1e} between (asked for: {bound:.1e}); the selection switches to and fro"
            ),
            Ending::Open => write!(
                f,
                "not converged: after {count} iterations V still changes by {residual:.1e} (asked for: {bound:.1e})"
            ),
        }
    }
}

/// Iterate from `start`; the last iterate and the one before it.
pub(super) fn iterate(
    game: &Game,
    settings: &SolveSettings,
    rule: Rule,
    start: ValueFunction,
    work: &mut Work,
) -> Result<(Vec<ValueFunction>, Iteration), SolveError> {
    let delta = game.discount();
    let bound = settings.tolerance * (1.0 - delta) / (2.0 * delta);
    // Rounding allows no finer a V than this.
    let tolerance = (FINER * bound).max(1e-13);
    let mut before = start;
    let mut history: Vec<Vec<Probe>> = vec![probe(&before)];
    let mut most = usize::MAX;
    let mut iteration = Iteration {
        ending: Ending::Open,
        count: 0,
        residual: f64::INFINITY,
        bound,
    };
    loop {
        let step = Step {
            period: Period {
                game,
                t: 1,
                next: &before,
            },
            rule,
            grid: settings.grid,
            tolerance,
        };
        let now = step.solve(work)?;
        let probes = probe(&now);
        iteration.count += 1;
        iteration.residual = change(&probes, &history[history.len() - 1]);
        if iteration.count == 1 {
            // delta^n of the first change, over the bound.
            let needed = libm::log((bound / iteration.residual).min(0.5)) / libm::log(delta);
            most = (PATIENCE * needed).ceil().min(1e6) as usize + 2 * LONGEST_CYCLE;
        }
        if iteration.residual <= bound {
            iteration.ending = Ending::Converged;
        } else if iteration.count >= most {
            let returned = |back: &usize| change(&probes, &history[history.len() - back]) <= bound;
            let cycle = (2..=LONGEST_CYCLE.min(history.len())).find(returned);
            iteration.ending = cycle.map_or(Ending::Open, Ending::Cycle);
        }
        if iteration.ending != Ending::Open || iteration.count >= most {
            return Ok((vec![now, before], iteration));
        }
        history.push(probes);
        if history.len() > LONGEST_CYCLE {
            history.remove(0);
        }
        before = now;
    }
}

/// V at one point, and whether a jump is near.
struct Probe {
    values: Values,
    near_jump: bool,
}

fn probe(v: &ValueFunction) -> Vec<Probe> {
    let jumps = v.jump_positions();
    (0..=PROBES)
        .map(|i| {
            let m = i as f64 / PROBES as f64;
            let next = jumps.partition_point(|s| *s < m - JUMP_WIDTH);
            let near_jump = jumps.get(next).is_some_and(|s| *s <= m + JUMP_WIDTH);
            Probe {
                values: v.values(v.locate(m)),
                near_jump,
            }
        })
        .collect()
}

/// The largest difference of two iterates away from the jumps of either.
fn change(a: &[Probe], b: &[Probe]) -> f64 {
    let pairs = a
        .iter()
        .zip(b)
        .filter(|(a, b)| !a.near_jump && !b.near_jump);
    pairs
        .map(|(a, b)| a.values.distance(&b.values))
        .fold(0.0, f64::max)
}
