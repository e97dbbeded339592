//! Replications as they are played, all kept.

use smfg::game::{Game, Policy};
use smfg::simulate::{Cohorts, SimulateError, Simulation, Trajectory, simulate};
use smfg::simulate::{Engine, Start};

/// From the start of the game, all cohorts together.
pub fn simulation(engine: Engine, population: u64, replications: u64) -> Simulation {
    Simulation {
        seed: 2022,
        population,
        first_replication: 1,
        replications,
        engine,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    }
}

/// Every replication, in order.
pub fn trajectories(game: &Game, policy: &dyn Policy, simulation: &Simulation) -> Vec<Trajectory> {
    let mut paths = Vec::new();
    simulate::<SimulateError>(game, policy, simulation, |path| {
        paths.push(path.clone());
        Ok(())
    })
    .unwrap();
    paths
}
