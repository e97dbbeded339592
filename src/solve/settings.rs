//! How a game is solved.

use crate::choice::choice;
use crate::game::{FlowRule, Game, LeaderMixing};

choice!(
    /// Which stage equilibrium is played where there are several (mathematics, section 3).
    #[derive(Default)]
    Selection {
        /// The largest value of the leader: strong Stackelberg.
        #[default]
        Optimistic = "optimistic",
        /// The smallest value of the leader: weak Stackelberg.
        Pessimistic = "pessimistic",
        /// The largest sum over x of z(x) V^f(x).
        Welfare = "welfare",
    }
);

/// How a game is solved; section `[solve]` of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct SolveSettings {
    /// Which stage equilibrium is played; default optimistic.
    pub selection: Selection,
    /// Cells per side of the lattice of V and policy.csv, with two types of the first mesh, at least 1; default 200 with two
    /// types, 100 with three, 40 with four, fewer with more.
    pub grid: usize,
    /// Accuracy of V between jumps, > 0, relative to the range of each player's rewards; default 1e-9.
    pub tolerance: f64,
    /// Which leader moves the mean field follows; default averaged, (8) as printed.
    pub flow: FlowRule,
    /// The leader's mixed prescriptions are laws of multiples of 1/this; default 1, pure prescriptions only.
    pub leader_mixing: usize,
    /// Cells per side of the lattice of beliefs where they cannot be enumerated, at least 1; default 20.
    pub belief_grid: usize,
    /// Whether the certificate compares the leader's whole policies with theta; default true.
    pub commitment_gap: bool,
    /// The most stage games of one solution, and what takes as long, at least 1; default 2e8. More is refused, where it can
    /// by forecast.
    pub budget: u64,
}

impl Default for SolveSettings {
    /// Those of a game with two follower types.
    fn default() -> Self {
        Self::of_types(2)
    }
}

impl SolveSettings {
    /// Those of a scenario that says nothing, for this game.
    pub fn of(game: &Game) -> Self {
        Self::of_types(game.follower_types().len())
    }

    pub(crate) fn of_types(types: usize) -> Self {
        Self {
            selection: Selection::default(),
            grid: default_grid(types),
            tolerance: 1e-9,
            flow: FlowRule::default(),
            leader_mixing: 1,
            belief_grid: 20,
            commitment_gap: true,
            budget: 200_000_000,
        }
    }

    /// Whether the leader may mix.
    pub fn mixing(&self) -> LeaderMixing {
        match self.leader_mixing {
            0 | 1 => LeaderMixing::Pure,
            _ => LeaderMixing::Mixed,
        }
    }
}

/// Cells of the lattice where the scenario names none: some thousands of points whatever the number of types.
fn default_grid(types: usize) -> usize {
    match types {
        0..=2 => 200,
        3 => 100,
        4 => 40,
        5 => 20,
        6 => 12,
        7 => 8,
        _ => 4,
    }
}
