//! The game: spaces, kernels and rewards (paper, section II), tabulated at a period and a mean field.
//!
//! A [`Game`] is built from a scenario, or from code ([`Game::builder`]). Its kernels and rewards are formulas of `t` and `z` with
//! everything else already put in, or what functions and tables give, and [`Tables`] holds their values at one `(t, z)`.

mod arrays;
mod assembly;
mod belief;
mod beliefs;
mod bellman;
mod builder;
pub mod candidates;
pub(crate) mod check;
mod closures;
pub(crate) mod columns;
mod enclosure;
mod error;
pub(crate) mod jet;
pub(crate) mod limits;
mod mean_field;
mod model;
mod motion;
mod poles;
mod policy;
mod policy_file;
pub(crate) mod program;
mod ranges;
mod rewards;
mod scales;
mod sources;
mod spaces;
pub(crate) mod stretches;
mod tables;
mod watch;

pub use belief::{LeaderInformation, TypeLeak};
pub use beliefs::BeliefSet;
pub use bellman::{LeaderValues, Prospect, action_value, best_action, leader_values, mean_value};
pub use builder::{BuildError, GameBuilder, Observed};
pub use closures::{At, Reads};
pub use error::{CodeFault, GameError, KernelRow, LeaderSpot, Point, Quantity, Spot};
pub use mean_field::{Flow, FlowEdge, FlowNode, Worth};
pub use motion::{
    FlowRule, LeaderMove, Outcome, Way, advance_mean_field, next_type, next_types, outcomes,
    public_beliefs, update_belief, ways,
};
pub use policy::{MULTIPLY_ADDS_A_SECOND, Play, Policy, PolicyError};
pub use policy_file::{PolicyFile, PolicyFileError, PolicyProblem};
pub use ranges::RewardRanges;
pub use rewards::{MeanRewards, leader_reward, leader_reward_under, mean_rewards};
pub(crate) use scales::cover_simplex;
pub use scales::{Scale, Scales};
pub use sources::{Kernel, Reward};
pub use spaces::{
    Belief, FollowerAction, FollowerType, LeaderAction, LeaderActions, LeaderMixing,
    LeaderPrescription, LeaderType, MeanField, Prescription,
};
pub use tables::{PROBABILITY_TOLERANCE, Tables};
pub use watch::{Observer, Progress, Task, Watch};

use model::{Failures, Models};
use program::{Op, Pool, Program, Slot};
use std::sync::Arc;
use tables::Checks;

/// Multiply-adds in the time of one instruction of a formula.
const INSTRUCTION: f64 = 12.0;

/// What a game is made of: spaces by name, and the slots of its tables in a pool.
#[derive(Clone, Debug)]
pub(crate) struct Primitives {
    pub(crate) name: String,
    /// `None` for an infinite horizon, of which [`Game::play_periods`] says how much is played.
    pub(crate) horizon: Option<usize>,
    pub(crate) discount: f64,
    pub(crate) types: Vec<String>,
    pub(crate) actions: Vec<String>,
    /// `None` without a leader.
    pub(crate) leader_actions: Option<Vec<String>>,
    /// `None` without leader types.
    pub(crate) leader_types: Option<LeaderTypes>,
    pub(crate) initial: MeanField,
    /// By type, then action.
    pub(crate) available: Vec<bool>,
    pub(crate) pool: Pool,
    /// By leader move (type, then action), type, action, next type.
    pub(crate) kernel: Vec<Slot>,
    /// By leader move, next leader type.
    pub(crate) leader_kernel: Vec<Slot>,
    /// By leader move, type, action.
    pub(crate) follower_reward: Vec<Slot>,
    /// By leader move.
    pub(crate) leader_period_reward: Vec<Slot>,
    /// By leader move, type, action.
    pub(crate) leader_follower_reward: Vec<Slot>,
    /// By type.
    pub(crate) terminal: Vec<Slot>,
    pub(crate) code: Code,
}

/// What a game has of numbers that are no formulas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    /// Of kernels and rewards.
    models: Models,
    /// Of the terminal reward.
    terminal: Models,
    failures: Arc<Failures>,
}

impl Primitives {
    /// Put every reward in units of its player's scale.
    fn divide_rewards(&mut self, scales: &Scales) {
        let mut divide = |rewards: &mut Vec<Slot>, unit: f64| {
            let unit = self.pool.constant(unit);
            for slot in rewards {
                *slot = self.pool.apply(Op::Divide, [*slot, unit, unit]);
            }
        };
        divide(&mut self.follower_reward, scales.follower.unit);
        divide(&mut self.terminal, scales.follower.unit);
        divide(&mut self.leader_period_reward, scales.leader.unit);
        divide(&mut self.leader_follower_reward, scales.leader.unit);
    }
}

/// The leader's types: their names, who sees them, and the law of x^l_1.
#[derive(Clone, Debug)]
pub(crate) struct LeaderTypes {
    pub(crate) names: Vec<String>,
    /// Whether everybody sees the type.
    pub(crate) observed: bool,
    /// pi_1, (17).
    pub(crate) initial: Belief,
}

/// The primitives of one game.
#[derive(Debug, Clone)]
pub struct Game {
    name: String,
    /// The periods played: T, or what is played of an infinite horizon.
    horizon: usize,
    infinite: bool,
    discount: f64,
    types: Vec<String>,
    actions: Vec<String>,
    leader_actions: Vec<String>,
    has_leader: bool,
    leader_types: LeaderTypes,
    information: LeaderInformation,
    initial: MeanField,
    available: Vec<bool>,
    kernel_groups: Vec<usize>,
    program: Program,
    raw_kernel: Vec<Slot>,
    kernel: Vec<Slot>,
    raw_leader_kernel: Vec<Slot>,
    leader_kernel: Vec<Slot>,
    follower_reward: Vec<Slot>,
    leader_period_reward: Vec<Slot>,
    leader_follower_reward: Vec<Slot>,
    constant: Checks,
    varying: Checks,
    terminal_program: Program,
    terminal: Vec<Slot>,
    failures: Arc<Failures>,
    scales: Scales,
    /// The same game with every reward in units of its player's scale; `None` of such a game.
    in_units: Option<Box<Game>>,
    watch: Watch,
}

impl Game {
    /// Compile the primitives; their values are checked where they are evaluated.
    pub(crate) fn new(primitives: Primitives) -> Self {
        let mut in_units = primitives.clone();
        let mut game = Self::compile(primitives);
        game.scales = Scales::of(&game);
        in_units.divide_rewards(&game.scales);
        let mut in_units = Self::compile(in_units);
        in_units.scales = game.scales;
        game.in_units = Some(Box::new(in_units));
        game
    }

    fn compile(primitives: Primitives) -> Self {
        let Primitives {
            name,
            horizon,
            discount,
            types,
            actions,
            leader_actions,
            leader_types,
            initial,
            available,
            ..
        } = primitives;
        let Primitives {
            mut pool,
            kernel: mut raw_kernel,
            leader_kernel: mut raw_leader_kernel,
            mut terminal,
            code,
            ..
        } = primitives;
        let Primitives {
            mut follower_reward,
            mut leader_period_reward,
            mut leader_follower_reward,
            ..
        } = primitives;
        let mut clamp = |slot: &Slot| pool.apply(Op::Clamp, [*slot; 3]);
        let mut kernel: Vec<Slot> = raw_kernel.iter().map(&mut clamp).collect();
        let mut leader_kernel: Vec<Slot> = raw_leader_kernel.iter().map(&mut clamp).collect();
        let groups = kernel_groups(&kernel, leader_period_reward.len());
        let rewards = follower_reward
            .iter_mut()
            .chain(&mut leader_period_reward)
            .chain(&mut leader_follower_reward);
        let kernels = raw_kernel.iter_mut().chain(&mut kernel);
        let kernels = kernels
            .chain(&mut raw_leader_kernel)
            .chain(&mut leader_kernel);
        let program = pool
            .program(types.len(), kernels.chain(rewards))
            .with_models(code.models);
        let terminal_program = pool
            .program(types.len(), terminal.iter_mut())
            .with_models(code.terminal);
        let rewards = [
            &follower_reward[..],
            &leader_period_reward,
            &leader_follower_reward,
        ]
        .concat();
        let information = LeaderInformation::of(leader_types.as_ref());
        let leader_types = leader_types.unwrap_or_else(|| LeaderTypes {
            names: vec!["none".to_owned()],
            observed: false,
            initial: Belief::certain(),
        });
        let widths = [types.len(), leader_types.names.len()];
        let kernels = [&raw_kernel[..], &raw_leader_kernel];
        let (constant, varying) = Checks::split(&program, widths, kernels, &rewards);
        Self {
            name,
            horizon: horizon.unwrap_or(1),
            infinite: horizon.is_none(),
            discount,
            types,
            actions,
            has_leader: leader_actions.is_some(),
            leader_actions: leader_actions.unwrap_or_else(|| vec!["none".to_owned()]),
            leader_types,
            information,
            initial,
            available,
            kernel_groups: groups,
            program,
            raw_kernel,
            kernel,
            raw_leader_kernel,
            leader_kernel,
            follower_reward,
            leader_period_reward,
            leader_follower_reward,
            constant,
            varying,
            terminal_program,
            terminal,
            failures: code.failures,
            scales: Scales::UNITS,
            in_units: None,
            watch: Watch::new(),
        }
    }

    /// The scales of the players' rewards.
    pub fn scales(&self) -> &Scales {
        &self.scales
    }

    /// The same game with every reward divided by its player's unit, as it is solved.
    pub(crate) fn in_units(&self) -> &Self {
        self.in_units.as_deref().unwrap_or(self)
    }

    /// The types with the actions that each may take.
    fn pairs_of_types_and_actions(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let all = (0..self.types.len()).flat_map(|x| (0..self.actions.len()).map(move |a| (x, a)));
        all.filter(|(x, a)| self.is_available(*x, *a))
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// T >= 1; for an infinite horizon the number of periods that are played.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Whether the horizon is infinite: theta is then stationary, and [`Game::horizon`] periods of it are played.
    pub fn is_infinite(&self) -> bool {
        self.infinite
    }

    /// Play an infinite horizon for so many periods that delta^H times the width of the rewards, over 1 - delta, is at most a
    /// tenth of epsilon.
    ///
    /// # Errors
    /// The number of periods, where it is more than any horizon has.
    pub(crate) fn play_within(&mut self, width: f64, epsilon: f64) -> Result<(), f64> {
        let bound = 0.1 * epsilon * (1.0 - self.discount) / width;
        let periods = (libm::log(bound) / libm::log(self.discount))
            .ceil()
            .max(1.0);
        if bound >= 1.0 || width == 0.0 {
            self.play_periods(1);
        } else if periods <= limits::MAX_HORIZON as f64 {
            self.play_periods(periods as usize);
        } else {
            return Err(periods);
        }
        Ok(())
    }

    /// Play an infinite horizon for so many periods.
    pub(crate) fn play_periods(&mut self, periods: usize) {
        self.horizon = periods;
        if let Some(game) = &mut self.in_units {
            game.play_periods(periods);
        }
    }

    /// What the periods that are not played can add to any difference of returns of rewards within a range of this width:
    /// delta^H width / (1 - delta) for an infinite horizon, else 0.
    pub fn tail(&self, width: f64) -> f64 {
        if self.infinite {
            libm::pow(self.discount, self.horizon as f64) * width / (1.0 - self.discount)
        } else {
            0.0
        }
    }

    /// delta in (0, 1].
    pub fn discount(&self) -> f64 {
        self.discount
    }

    /// Names of the follower types, in scenario order; the length is |X^f|.
    pub fn follower_types(&self) -> &[String] {
        &self.types
    }

    /// Names of the follower actions; the length is |A^f|.
    pub fn follower_actions(&self) -> &[String] {
        &self.actions
    }

    /// The leader's actions as tables print them (value or name); one, "none", without a leader.
    pub fn leader_actions(&self) -> &[String] {
        &self.leader_actions
    }

    /// Whether the scenario has a leader section.
    pub fn has_leader(&self) -> bool {
        self.has_leader
    }

    /// Names of the leader types, in scenario order; the length is |X^l|. One, "none", for a leader without types.
    pub fn leader_types(&self) -> &[String] {
        &self.leader_types.names
    }

    /// Whether the leader has types, and who sees them.
    pub fn leader_information(&self) -> LeaderInformation {
        self.information
    }

    /// pi_1, the law of x^l_1, (17).
    pub fn initial_belief(&self) -> &Belief {
        &self.leader_types.initial
    }

    /// What the leader is and does as one index: type by type, her actions in each. Without types, the action.
    #[inline]
    pub fn leader_move(&self, LeaderType(x): LeaderType, LeaderAction(a): LeaderAction) -> usize {
        x * self.leader_actions.len() + a
    }

    /// |X^l| |A^l|, the number of leader moves.
    pub fn leader_moves(&self) -> usize {
        self.leader_types.names.len() * self.leader_actions.len()
    }

    /// The type and the action of a leader move.
    pub fn type_and_action(&self, leader_move: usize) -> (LeaderType, LeaderAction) {
        let actions = self.leader_actions.len();
        (
            LeaderType(leader_move / actions),
            LeaderAction(leader_move % actions),
        )
    }

    /// z_1.
    pub fn initial(&self) -> &MeanField {
        &self.initial
    }

    /// Whether followers of type x may take action a.
    pub fn is_available(&self, x: usize, a: usize) -> bool {
        self.available[x * self.actions.len() + a]
    }

    /// Leader moves of one group share all rows of Q^f at every (t, z); groups are numbered from 0 in order of first use.
    pub fn kernel_group(&self, leader_move: usize) -> usize {
        self.kernel_groups[leader_move]
    }

    /// Whether Q^l depends on neither t nor z, so that (9) does not either.
    pub fn leader_kernel_is_constant(&self) -> bool {
        let mut slots = self.leader_kernel.iter();
        slots.all(|slot| self.program.constant(*slot).is_some())
    }

    /// Whether any kernel or reward depends on t.
    pub fn depends_on_time(&self) -> bool {
        self.program.depends_on_time()
    }

    /// Whether some kernel or reward is code that reads z: it is known at the mean fields at which it is asked, and between
    /// them nothing is proven.
    pub fn is_sampled(&self) -> bool {
        self.program.models().read_mean_field()
    }

    /// The same of the terminal reward.
    pub fn terminal_is_sampled(&self) -> bool {
        self.terminal_program.models().read_mean_field()
    }

    /// Whether the game's code, if it has any, has given valid values so far.
    ///
    /// # Errors
    /// Its first failure, which every later evaluation meets too.
    pub fn check_code(&self) -> Result<(), GameError> {
        self.failures
            .first()
            .map_or(Ok(()), |failure| Err(self.named(failure)))
    }

    /// Reward of ending in type x at z_{T+1}: V_{T+1}(z, x), (14).
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn terminal_reward(&self, z: &[f64], x: usize) -> Result<f64, GameError> {
        let slot = self.terminal[x];
        let value = self.terminal_program.constant(slot).unwrap_or_else(|| {
            let mut memory = self.terminal_program.memory();
            self.terminal_program.run(&mut memory, self.horizon + 1, z);
            memory[slot.index()]
        });
        if value.is_finite() {
            return Ok(value);
        }
        self.check_code()?;
        let quantity = Quantity::Terminal {
            follower_type: FollowerType(x),
            name: self.types[x].clone(),
        };
        Err(GameError::NotFinite {
            quantity,
            value,
            point: Point {
                t: self.horizon + 1,
                z: z.to_vec(),
            },
        })
    }

    /// The outcome of every comparison of the terminal reward at z.
    pub(crate) fn terminal_truths(&self, z: &[f64]) -> Vec<bool> {
        let mut memory = self.terminal_program.memory();
        self.terminal_program.run(&mut memory, self.horizon + 1, z);
        self.terminal_program.truths(&memory)
    }

    /// Room for the values at one (t, z).
    pub fn tables(&self) -> Tables<'_> {
        Tables::new(self)
    }

    /// Multiply-adds in the time of one [`Tables::evaluate`], [`MULTIPLY_ADDS_A_SECOND`] of them a second.
    pub fn evaluation_cost(&self) -> f64 {
        INSTRUCTION * self.program.len() as f64
    }
    /// The number of instructions that one [`Tables::evaluate`] runs.
    pub fn work(&self) -> usize {
        self.program.len()
    }

    /// The place of (leader move, x, a) in tables ordered by leader move, type and action.
    #[inline]
    fn pair(&self, leader_move: usize, x: usize, a: usize) -> usize {
        (leader_move * self.types.len() + x) * self.actions.len() + a
    }
}

/// The group of each leader move: moves of equal kernel slots, numbered in order of first use.
fn kernel_groups(kernel: &[Slot], leader_moves: usize) -> Vec<usize> {
    let mut groups = std::collections::BTreeMap::new();
    let kernels = kernel.chunks_exact(kernel.len() / leader_moves);
    kernels
        .map(|slots| {
            let next = groups.len();
            *groups.entry(slots).or_insert(next)
        })
        .collect()
}
