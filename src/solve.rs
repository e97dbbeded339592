//! Backward recursion: theta and V from the master equation, (13)-(16), for a leader without types.
//!
//! `beliefs` are those that the recursion visits, `leader` selects among equilibria
//! and lets her choose (15c), `forward` follows theta from a start (17)-(21). V is held in one of two ways: `pieces` tracks
//! its jumps where there are two follower types, whose mean field is one number; `lattice` takes any number of them.

mod archive;
mod beliefs;
mod budget;
mod forward;
mod lattice;
mod leader;
mod pieces;
mod policy;
mod recursion;
mod representation;
mod selection;
mod settings;
mod solved;
mod stage;
mod stationary;
mod theta;
mod tolerances;
mod triangulation;
mod widened;
mod work;

pub use archive::{ARCHIVE_FORMAT, Archive, ArchiveError, Array, Numbers};
pub use forward::{Coin, follow};
pub use lattice::{Nodes, ValueError};
pub use pieces::Pieces;
pub use representation::Unfit;
pub use settings::{Selection, SolveSettings};
pub use solved::Solved;
pub use stage::{Kind, SolvedEquilibrium, SolvedPoint, Start, StateValues};
pub use stationary::{Ending, Iteration};
pub use theta::Theta;
pub use tolerances::{Rounding, TIE};
pub use widened::Widened;
pub use work::Work;

use crate::game::GameError;
use crate::game::candidates::TooManyCandidates;

/// Why a game cannot be solved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SolveError {
    /// V cannot be held in the way that is asked for.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// V has too much detail: regimes or oscillations that multiply from period to period.
    #[error(
        "V at t = {t} needs more than {limit} pieces or mesh points: a shorter horizon, or a larger solve.tolerance, may do"
    )]
    TooManyPieces {
        /// The period.
        t: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// V gains detail from period to period so fast that the horizon is out of reach.
    #[error(
        "V at t = {t} has {pieces} pieces, {growth:.2} times as many as a period later: at t = 1 there would be about {forecast:.0e}, \
         more than {limit}: a horizon of about {reached} periods can be solved"
    )]
    Growth {
        /// The period.
        t: usize,
        /// Pieces there.
        pieces: usize,
        /// Their growth a period, of late.
        growth: f64,
        /// Pieces of V_1 at that rate.
        forecast: f64,
        /// The most that are allowed.
        limit: usize,
        /// Periods after which V would have as many.
        reached: usize,
    },
    /// The work is more than is allowed, or is going to be.
    #[error("{}", over_budget(*.t, *.forecast, *.budget))]
    Budget {
        /// The period that was reached.
        t: usize,
        /// Stage games of the whole recursion, and what takes as long, at the growth of late.
        forecast: Option<f64>,
        /// The most that are allowed, `solve.budget`.
        budget: u64,
    },
    /// Equilibria come and go without end.
    #[error(
        "the equilibria at t = {t} change more than {limit} times next to z = [{}, {m}]: payoffs there differ by rounding alone, \
         or a formula oscillates; rewards that tie exactly, or clearly do not, are settled", 1.0 - m
    )]
    Unsettled {
        /// The period.
        t: usize,
        /// z(x_2).
        m: f64,
        /// The most that are followed.
        limit: usize,
    },
    /// Rewards add up to more than a number can hold.
    #[error("V is not finite at t = {t}, z = {z:?}: the rewards are too large")]
    Overflow {
        /// The period.
        t: usize,
        /// z.
        z: Vec<f64>,
    },
    /// More prescriptions than are compared.
    #[error(transparent)]
    Candidates(#[from] TooManyCandidates),
    /// A belief that does not follow from the one that was started from.
    #[error(
        "theta at t = {t} is held at the beliefs that can be reached from the start, not at {belief:?}: solve from there"
    )]
    Belief {
        /// The period.
        t: usize,
        /// pi.
        belief: Vec<f64>,
    },
    /// Beliefs besides the reachable ones, more than V is held at.
    #[error(
        "theta cannot be solved at all the beliefs that the deviations lead to: there are more than {limit} in a period: \
         deviations with fewer different laws of leader actions may do"
    )]
    Visited {
        /// The most of one period.
        limit: usize,
    },
    /// A leader whose moves followers cannot tell apart, and who moves them otherwise by each.
    #[error(
        "where jumps are tracked, followers have no answer to a leader who mixes actions that move them differently: \
         `--set solve.leader_mixing=2` solves such a game on a lattice"
    )]
    MixedAnswer,
    /// V on the lattice does not fit into memory.
    #[error(
        "a lattice with {cells} cells per side for {types} follower types does not fit into memory: choose a smaller `grid`"
    )]
    Lattice {
        /// |X^f| of the game.
        types: usize,
        /// G.
        cells: usize,
    },
    /// A kernel or reward has no valid value at some point.
    #[error(transparent)]
    Game(#[from] GameError),
}

impl SolveError {
    /// Whether the recursion is too long or too fine to be done, by what is allowed.
    pub(crate) fn is_of_length(&self) -> bool {
        matches!(
            self,
            Self::TooManyPieces { .. } | Self::Growth { .. } | Self::Budget { .. }
        )
    }
}

/// Work beyond the budget, in words.
fn over_budget(t: usize, forecast: Option<f64>, budget: u64) -> String {
    let amount = match forecast {
        Some(forecast) => format!("about {forecast:.1e}"),
        None => format!("more than {budget}"),
    };
    format!(
        "by t = {t} it shows that {amount} stage games would be searched, where `solve.budget` allows {budget}: a shorter \
         horizon, a larger solve.tolerance or fewer leader actions may do, or a larger budget"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
