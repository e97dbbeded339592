//! Finite populations that follow a policy (mathematics of the paper's section II at N followers).
//!
//! Followers start with types drawn from z_1, the leader with one from pi_1. In every period all see z^N_t, the empirical
//! law of the N types, and pi_t; the leader draws her action from gamma^l(. | x^l), every follower an action from
//! gamma^f(. | x) and a next type from Q^f, the leader one from Q^l, at z^N_t and the realised (x^l, a^l). The belief is
//! updated by (9) from what all see: a^l, and x^l where it is public. Given the policy and the leader's move the count
//! vector n = N z^N moves as a Markov chain and followers of a type are exchangeable: splitting n_x over (action, next type)
//! by a multinomial has exactly the law of N separate draws ([`Engine::Counts`], at a cost that does not grow with N;
//! [`Engine::Agents`] draws them one by one).
//!
//! Rewards are computed from integer counts of (type, action). Replication k has streams of its own, so that it is the
//! same alone and in a batch, on any number of threads.

mod agents;
mod along;
mod binomial;
mod deliver;
mod laws;
mod leader;
mod memory;
mod population;
mod record;
mod returns;
mod settings;
mod share;
pub mod split;
mod stage;
mod summary;
mod tally;
mod trajectory;

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::game::{Game, GameError, Policy, PolicyError, Task};
use crate::stream::{MAX_REPLICATION, Role, StreamFamily};

use agents::{AgentPopulation, Groups};
use leader::Draws;
use population::{CountPopulation, Population, PopulationStreams};
use record::Recorder;
use split::MAX_POPULATION;

pub(crate) use along::along;
pub use deliver::Ended;
pub(crate) use leader::{Leader, LeaderNews};
pub use memory::{PublicState, StageMemory, Visit};
pub use population::rounded_counts;
pub(crate) use population::{first_counts, move_followers};
pub use returns::{AgentReturns, RETURN_BINS, RETURN_QUANTILES, ReturnLaw};
pub use settings::{Engine, SimulateSettings, Start};
pub use share::{MAX_SHARES, NoShare, Share};
pub use stage::{Stage, StepRewards};
pub use summary::{DifferentSummaries, Digest, SUMMARY_ENTRIES, Summary, SummaryRow, TypeSummary};
pub use trajectory::Trajectory;

/// Whether returns are kept by initial type. With [`Engine::Counts`] the followers of each initial type are then split
/// on their own: other draws of the same law.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cohorts {
    /// All followers together.
    #[default]
    Together,
    /// By initial type.
    ByInitialType,
    /// By initial type, and how those of single followers are spread, 8 bytes a follower; [`Engine::Agents`] only.
    EachFollower,
}

/// What to simulate.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Seed of the streams.
    pub seed: u64,
    /// N, 1 to [`MAX_POPULATION`] (agents: to [`MAX_AGENTS`]).
    pub population: u64,
    /// First replication, from 1.
    pub first_replication: u64,
    /// The number of replications.
    pub replications: u64,
    /// How the population is represented.
    pub engine: Engine,
    /// The types at t = 1.
    pub start: Start,
    /// Whether returns are kept by initial type.
    pub cohorts: Cohorts,
}

/// Largest population of [`Engine::Agents`], for the memory that it takes: one or two bytes a follower and thread.
pub const MAX_AGENTS: u64 = 100_000_000;

/// Most replications that one thread computes in a row,
const BLOCK: u64 = 32;
/// and most numbers in their trajectories, and agent-steps, unless one has more;
const BLOCK_NUMBERS: u64 = 1 << 17;
const BLOCK_STEPS: u64 = 1 << 22;
/// fewer where that gives every thread so many blocks.
const BLOCKS_PER_THREAD: u64 = 32;
/// Most blocks computed ahead of the one to be delivered next, and most numbers in them.
const AHEAD: u64 = 1024;
const AHEAD_NUMBERS: u64 = 1 << 21;

/// A simulation that cannot be done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimulateError {
    /// N = 0, or beyond the engine's reach.
    #[error(
        "a population of {population} followers cannot be simulated: take 1 to {limit} with the {engine:?} engine"
    )]
    Population {
        /// N as asked for.
        population: u64,
        /// The largest N of the engine.
        limit: u64,
        /// The engine as asked for.
        engine: Engine,
    },
    /// Replications outside 1..=[`MAX_REPLICATION`].
    #[error(
        "replications {first} to {first} + {count} - 1 cannot be simulated: they count from 1 to {MAX_REPLICATION}"
    )]
    Replications {
        /// The first replication.
        first: u64,
        /// The number of replications.
        count: u64,
    },
    /// [`Cohorts::EachFollower`] of [`Engine::Counts`].
    #[error(
        "the counts engine knows no single followers, so their returns cannot be kept: take the agents engine"
    )]
    NoSingleFollowers,
    /// A kernel or reward without a valid value at a visited z^N.
    #[error("N = {population}, replication {replication}, t = {t}")]
    Game {
        /// N.
        population: u64,
        /// The replication, from 1.
        replication: u64,
        /// The period, from 1; T + 1 for the terminal reward.
        t: usize,
        /// What is wrong there.
        #[source]
        source: Box<GameError>,
    },
    /// A visited state at which the policy names no play.
    #[error("N = {population}, replication {replication}, t = {t}")]
    Policy {
        /// N.
        population: u64,
        /// The replication, from 1.
        replication: u64,
        /// The period, from 1.
        t: usize,
        /// Why.
        #[source]
        source: Box<PolicyError>,
    },
}

/// Simulate, and hand every trajectory to `sink` in the order of the replications.
///
/// Replications run in parallel on the current rayon pool; a few hundred trajectories are in memory at a time.
///
/// # Errors
/// [`SimulateError`], of the first replication that fails, or what the sink returns.
pub fn simulate<E: From<SimulateError> + Send>(
    game: &Game,
    policy: &dyn Policy,
    simulation: &Simulation,
    mut sink: impl FnMut(&Trajectory) -> Result<(), E> + Send,
) -> Result<(), E> {
    let each = |block: Vec<Trajectory>| block.iter().try_for_each(&mut sink);
    simulate_blocks(game, policy, simulation, &AtomicBool::new(false), Ok, each).map(|_| ())
}

/// Simulate blocks of replications in parallel, on the current rayon pool. `digest` makes of each block what is to be
/// kept, on the thread that computed it; `sink` gets that in the order of the replications, one block at a time.
///
/// Once `stop` is set no block is begun; those in flight are delivered.
///
/// # Errors
/// [`SimulateError`], of the first replication that fails, or what `digest` or `sink` returns.
pub fn simulate_blocks<B: Send, E: From<SimulateError> + Send>(
    game: &Game,
    policy: &dyn Policy,
    simulation: &Simulation,
    stop: &AtomicBool,
    digest: impl Fn(Vec<Trajectory>) -> Result<B, E> + Sync,
    mut sink: impl FnMut(B) -> Result<(), E> + Send,
) -> Result<Ended, E> {
    simulation.check()?;
    let run = Run {
        game,
        policy,
        simulation,
        family: StreamFamily::new(simulation.seed, simulation.population),
        memories: Mutex::default(),
    };
    let numbers = numbers(game);
    let length = run.block_length(numbers);
    let first = simulation.first_replication;
    let end = first + simulation.replications;
    let make = |index: u64| {
        let start = first + index * length;
        digest(run.block(start..(start + length).min(end))?)
    };
    let ahead = (AHEAD_NUMBERS / numbers.saturating_mul(length).max(1)).min(AHEAD);
    let blocks = simulation.replications.div_ceil(length);
    let mut delivered = 0;
    let deliver = |block| {
        sink(block)?;
        delivered += 1;
        game.report(Task::Simulate, delivered, Some(blocks));
        Ok(())
    };
    deliver::in_order(blocks, ahead, stop, make, deliver)
}

/// Numbers in a trajectory.
fn numbers(game: &Game) -> u64 {
    let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
    let leader = match game.leader_types().len() {
        1 => 0,
        types => types + 1,
    };
    (types * actions + types + leader + 3).saturating_mul(game.horizon()) as u64
}

impl Simulation {
    fn check(&self) -> Result<(), SimulateError> {
        let Self {
            population,
            engine,
            first_replication: first,
            replications: count,
            ..
        } = *self;
        let limit = match engine {
            Engine::Counts => MAX_POPULATION,
            Engine::Agents => MAX_AGENTS,
        };
        if !(1..=limit).contains(&population) {
            return Err(SimulateError::Population {
                population,
                limit,
                engine,
            });
        }
        if engine == Engine::Counts && self.cohorts == Cohorts::EachFollower {
            return Err(SimulateError::NoSingleFollowers);
        }
        if first == 0
            || first
                .checked_add(count)
                .is_none_or(|end| end > MAX_REPLICATION + 1)
        {
            return Err(SimulateError::Replications { first, count });
        }
        Ok(())
    }
}

/// What all replications share.
struct Run<'a> {
    game: &'a Game,
    policy: &'a dyn Policy,
    simulation: &'a Simulation,
    family: StreamFamily,
    /// Memories that no thread is using: as many as blocks were ever computed at once.
    memories: Mutex<Vec<StageMemory<'a>>>,
}

impl<'a> Run<'a> {
    /// Replications per block: results do not depend on it.
    fn block_length(&self, numbers: u64) -> u64 {
        let steps = match self.simulation.engine {
            Engine::Counts => 1,
            Engine::Agents => self.simulation.population * self.game.horizon() as u64,
        };
        let blocks = BLOCKS_PER_THREAD * rayon::current_num_threads() as u64;
        (BLOCK_NUMBERS / numbers.max(1))
            .min(BLOCK_STEPS / steps)
            .min(self.simulation.replications / blocks)
            .clamp(1, BLOCK)
    }

    /// The replications of one block.
    fn block(&self, block: Range<u64>) -> Result<Vec<Trajectory>, SimulateError> {
        let kept = self.memories().pop();
        let mut memory = kept.unwrap_or_else(|| StageMemory::new(self.game));
        let trajectories = block.map(|k| self.replication(k, &mut memory)).collect();
        self.memories().push(memory);
        trajectories
    }

    fn memories(&self) -> MutexGuard<'_, Vec<StageMemory<'a>>> {
        // What is remembered is right even if another thread died meanwhile.
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replication k.
    fn replication(
        &self,
        k: u64,
        memory: &mut StageMemory<'a>,
    ) -> Result<Trajectory, SimulateError> {
        let Simulation {
            start,
            cohorts,
            population,
            ..
        } = *self.simulation;
        let streams = PopulationStreams {
            initial_types: self.family.stream(k, Role::InitialTypes),
            followers: self.family.stream(k, Role::Followers),
        };
        let z = self.game.initial();
        match self.simulation.engine {
            Engine::Counts => self.follow(
                k,
                CountPopulation::new(start, cohorts, z, population, streams),
                memory,
            ),
            Engine::Agents => {
                let further = self.family.stream(k, Role::FollowerDigits);
                let groups = self.groups();
                let followers =
                    AgentPopulation::new(start, cohorts, z, population, streams, further, groups);
                self.follow(k, followers, memory)
            }
        }
    }

    /// Replications keep the threads busy if there are as many.
    fn groups(&self) -> Groups {
        if self.simulation.replications < rayon::current_num_threads() as u64 {
            Groups::AtOnce
        } else {
            Groups::InTurn
        }
    }

    /// Play t = 1..T and record.
    fn follow(
        &self,
        k: u64,
        mut followers: impl Population,
        memory: &mut StageMemory<'a>,
    ) -> Result<Trajectory, SimulateError> {
        let population = self.simulation.population;
        let failed = |t| {
            move |source| SimulateError::Game {
                population,
                replication: k,
                t,
                source: Box::new(source),
            }
        };
        let unplayed = |t| {
            move |error| match error {
                PolicyError::Game(source) => failed(t)(source),
                source => SimulateError::Policy {
                    population,
                    replication: k,
                    t,
                    source: Box::new(source),
                },
            }
        };
        let mut draws = Draws::new(&self.family, k);
        let mut leader = Leader::first(self.game, || draws.next());
        let mut record = Recorder::new(self.game, self.simulation, k, &followers, &leader);
        for t in 1..=self.game.horizon() {
            let (counts, belief) = (followers.counts(), &leader.belief);
            let visit = memory.visit(self.policy, PublicState { t, counts, belief });
            let visit = visit.map_err(unplayed(t))?;
            let leader_move = leader.act(self.game, visit.leader(), || draws.next());
            let stage = visit.stage(leader_move).map_err(failed(t))?;
            followers.step(stage, record.weight(), record.acted());
            leader.advance(stage.news(), || draws.next());
            record.step(stage, followers.counts(), &leader);
        }
        record
            .finish(&followers)
            .map_err(failed(self.game.horizon() + 1))
    }
}
