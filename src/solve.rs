//! Backward recursion: theta and V from the master equation, (13)-(16), for two follower types and a leader without types.
//!
//! `terminal` gives V_{T+1}; `backward` makes V_t from V_{t+1}; `stage_game` finds every equilibrium of the followers' game
//! (15a); `leader` selects among them and lets the leader choose (15c); `values` holds a V with its jumps; `theta` is the
//! result; `forward` follows it from a start (17)-(21).

mod backward;
mod forward;
mod leader;
mod stage_game;
mod stationary;
mod terminal;
mod theta;
mod values;

pub use forward::{Coin, follow};
pub use leader::Work;
pub use stage_game::Kind;
pub use stationary::{Ending, Iteration};
pub use theta::{Next, Solution, StageEquilibrium, StagePoint};
pub use values::Values;

use crate::game::{Game, GameError};

/// Why a game cannot be solved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SolveError {
    /// The solver handles two follower types.
    #[error(
        "the solver handles games with two follower types, this one has {found}: simulate or validate it with --policy FILE"
    )]
    FollowerTypes {
        /// |X^f| of the game.
        found: usize,
    },
    /// A kernel or reward has no valid value at some point.
    #[error(transparent)]
    Game(#[from] GameError),
}

fn check(game: &Game) -> Result<(), SolveError> {
    match game.follower_types().len() {
        2 => Ok(()),
        found => Err(SolveError::FollowerTypes { found }),
    }
}
