//! What a simulation may be told.

use crate::choice::choice;

choice!(
    /// How a population is moved by one period; all engines have the same law.
    Engine {
        /// Exact multinomial splits of the count vector; the cost does not grow with N.
        Counts = "counts",
        /// One state per follower: the reference.
        Agents = "agents",
    }
);

choice!(
    /// How the types of the first period are drawn.
    Start {
        /// Independently from z_1.
        Iid = "iid",
        /// N z_1 rounded by largest remainders.
        Rounded = "rounded",
    }
);

/// Section `[simulate]` of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateSettings {
    /// The population sizes N, in the order of the scenario, each 1 to [`super::split::MAX_POPULATION`]; default 100, 1000, 10000.
    pub populations: Vec<u64>,
    /// Replications per population, 1 to 10^9; default 20000.
    pub replications: u64,
    /// Default counts.
    pub engine: Engine,
    /// Default iid.
    pub start: Start,
}

impl Default for SimulateSettings {
    fn default() -> Self {
        Self {
            populations: vec![100, 1_000, 10_000],
            replications: 20_000,
            engine: Engine::Counts,
            start: Start::Iid,
        }
    }
}
