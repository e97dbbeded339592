//! Infinite horizon: V is iterated from 0 until it stands still, (15)-(16) with the same V on both sides.
//!
//! The sup norm of a change of V shrinks by the discount where the same equilibria stay selected. Selection can prevent
//! it: V may jump back and forth between regimes for ever. Such a cycle is an outcome of its own, never a solution. The
//! limit from V = 0 is one stationary theta, not all of them.

use std::fmt;

use super::SolveError;
use crate::game::Game;
use crate::solve::SolveSettings;

/// The longest cycle that is recognised.
const LONGEST_CYCLE: usize = 12;
/// Iterations beyond those that a contraction needs.
const PATIENCE: f64 = 2.0;
/// V is interpolated this much finer than the residual that is asked for, so that interpolation does not hide it.
pub(super) const FINER: f64 = 0.1;

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
    /// Largest change of V in the last iteration, outside 1e-7 of the jumps, in units of the players' scales.
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

/// V seen at fixed places, so that two iterates can be compared.
#[derive(Default)]
pub(super) struct Snapshot {
    /// Numbers, in the same order for every iterate.
    pub values: Vec<f64>,
    /// Whether each stands away from a jump of V.
    pub comparable: Vec<bool>,
}

/// The residual to which V is iterated: tolerance (1 - delta) / (2 delta).
pub(super) fn bound(game: &Game, settings: &SolveSettings) -> f64 {
    let delta = game.discount();
    settings.tolerance * (1.0 - delta) / (2.0 * delta)
}

/// Iterate `step` from `start` until V stands still to the bound; the last iterate and the one before it.
pub(super) fn iterate<V>(
    discount: f64,
    bound: f64,
    start: V,
    mut step: impl FnMut(&V) -> Result<V, SolveError>,
    look: impl Fn(&V) -> Snapshot,
) -> Result<(Vec<V>, Iteration), SolveError> {
    let mut before = start;
    let mut history: Vec<Snapshot> = vec![look(&before)];
    let mut most = usize::MAX;
    let mut iteration = Iteration {
        ending: Ending::Open,
        count: 0,
        residual: f64::INFINITY,
        bound,
    };
    loop {
        let now = step(&before)?;
        let seen = look(&now);
        iteration.count += 1;
        iteration.residual = change(&seen, &history[history.len() - 1]);
        if iteration.count == 1 {
            // delta^n of the first change, over the bound.
            let needed = libm::log((bound / iteration.residual).min(0.5)) / libm::log(discount);
            most = (PATIENCE * needed).ceil().min(1e6) as usize + 2 * LONGEST_CYCLE;
        }
        if iteration.residual <= bound {
            iteration.ending = Ending::Converged;
        } else if iteration.count >= most {
            let returned = |back: &usize| change(&seen, &history[history.len() - back]) <= bound;
            let cycle = (2..=LONGEST_CYCLE.min(history.len())).find(returned);
            iteration.ending = cycle.map_or(Ending::Open, Ending::Cycle);
        }
        if iteration.ending != Ending::Open || iteration.count >= most {
            return Ok((vec![now, before], iteration));
        }
        history.push(seen);
        if history.len() > LONGEST_CYCLE {
            history.remove(0);
        }
        before = now;
    }
}

/// The largest change between two iterates, away from the jumps of either.
fn change(a: &Snapshot, b: &Snapshot) -> f64 {
    let usable = a
        .comparable
        .iter()
        .zip(&b.comparable)
        .map(|(a, b)| *a && *b);
    let values = a.values.iter().zip(&b.values).zip(usable);
    values
        .filter(|(_, usable)| *usable)
        .map(|((a, b), _)| (a - b).abs())
        .fold(0.0, f64::max)
}
