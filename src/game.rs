//! The game: spaces, kernels and rewards (paper, section II), tabulated at a period and a mean field.
//!
//! A [`Game`] is built from a scenario. Its kernels and rewards are formulas of `t` and `z` with everything else
//! already put in, and [`Tables`] holds their values at one `(t, z)`.

mod belief;
mod enclosure;
pub(crate) mod jet;
mod mean_field;
mod policy;
mod policy_file;
pub(crate) mod program;
mod scales;
mod spaces;
pub(crate) mod stretches;
mod tables;

pub use belief::{LeaderInformation, LeaderMove, Outcome, TypeLeak, outcomes, update_belief};
pub use mean_field::{
    Flow, FlowEdge, FlowNode, FlowRule, MeanRewards, Way, Worth, advance_mean_field, mean_rewards,
    public_beliefs, ways,
};
pub use policy::{MULTIPLY_ADDS_A_SECOND, Play, Policy, PolicyError};
pub use policy_file::{PolicyFile, PolicyFileError, PolicyProblem};
pub(crate) use scales::cover_simplex;
pub use scales::{Scale, Scales};
pub use spaces::{
    Belief, FollowerAction, FollowerType, LeaderAction, LeaderActions, LeaderMixing,
    LeaderPrescription, LeaderType, MeanField, Prescription,
};
pub use tables::{PROBABILITY_TOLERANCE, Tables};

use program::{Op, Pool, Program, Slot};
use std::fmt;
use tables::Checks;

/// Multiply-adds in the time of one instruction of a formula.
const INSTRUCTION: f64 = 12.0;

/// A period and a mean field.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The period, from 1; T + 1 for the terminal reward.
    pub t: usize,
    /// z, one entry per follower type.
    pub z: Vec<f64>,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t = {}, z = {:?}", self.t, self.z)
    }
}

/// What the leader is and does at which a kernel or reward is meant, by name and by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderSpot {
    /// Her type x^l; `None` without types.
    pub leader_type: Option<(LeaderType, String)>,
    /// Her action a^l; `None` in a game without a leader.
    pub leader_action: Option<(LeaderAction, String)>,
}

impl fmt::Display for LeaderSpot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        if let Some((_, name)) = &self.leader_type {
            write!(f, "leader type {name}")?;
            before = ", ";
        }
        match &self.leader_action {
            Some((_, name)) => write!(f, "{before}leader action {name}"),
            None => Ok(()),
        }
    }
}

/// The follower type, its action and the leader's move at which a kernel or reward is meant, by name and by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The follower type x.
    pub follower_type: (FollowerType, String),
    /// The follower action a.
    pub follower_action: (FollowerAction, String),
    /// The leader's type and action.
    pub leader: LeaderSpot,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "type {}, action {}",
            self.follower_type.1, self.follower_action.1
        )?;
        match &self.leader.leader_action {
            Some(_) => write!(f, ", {}", self.leader),
            None => Ok(()),
        }
    }
}

/// A number that a game consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Q^f(next | z, x, a^l, a).
    Transition {
        /// Where.
        spot: Box<Spot>,
        /// The type moved to.
        next: String,
    },
    /// R^f(z, x, a^l, a).
    FollowerReward(Box<Spot>),
    /// g(z, a^l, x, a), the leader's reward per follower.
    LeaderFollowerReward(Box<Spot>),
    /// r(z, x^l, a^l), the leader's reward per period.
    LeaderPeriodReward(Box<LeaderSpot>),
    /// Q^l(next | z, x^l, a^l).
    LeaderTransition {
        /// Where.
        spot: Box<LeaderSpot>,
        /// The type moved to.
        next: String,
    },
    /// V_{T+1}(z, x), (14).
    Terminal {
        /// The follower type x.
        follower_type: FollowerType,
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Transition { spot, next } => {
                write!(f, "the probability of moving to {next} ({spot})")
            }
            Quantity::FollowerReward(spot) => write!(f, "the follower reward ({spot})"),
            Quantity::LeaderFollowerReward(spot) => {
                write!(f, "the leader's reward per follower ({spot})")
            }
            Quantity::LeaderPeriodReward(spot) => {
                write!(f, "the leader's reward per period ({spot})")
            }
            Quantity::LeaderTransition { spot, next } => {
                write!(
                    f,
                    "the probability of the leader's moving to {next} ({spot})"
                )
            }
            Quantity::Terminal { name, .. } => write!(f, "the terminal reward (type {name})"),
        }
    }
}

/// A row of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelRow {
    /// Q^f(. | z, x^l, x, a^l, a).
    Follower(Box<Spot>),
    /// Q^l(. | z, x^l, a^l).
    Leader(Box<LeaderSpot>),
}

impl fmt::Display for KernelRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Follower(spot) => write!(f, "{spot}"),
            Self::Leader(spot) => write!(f, "{spot}"),
        }
    }
}

/// A point at which a kernel or reward has no valid value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GameError {
    /// NaN or infinite.
    #[error("{quantity} is {value} at {point}")]
    NotFinite {
        /// What.
        quantity: Quantity,
        /// Its value.
        value: f64,
        /// Where.
        point: Point,
    },
    /// A negative probability.
    #[error("the probability of moving to {next} ({row}) is {value} at {point}")]
    Negative {
        /// The row.
        row: KernelRow,
        /// The type moved to.
        next: String,
        /// The probability.
        value: f64,
        /// Where.
        point: Point,
    },
    /// A kernel row that does not sum to one.
    #[error("the transition row ({row}) sums to {sum}, not to 1, at {point}")]
    RowSum {
        /// The row.
        row: KernelRow,
        /// What it sums to.
        sum: f64,
        /// Where.
        point: Point,
    },
}

/// What a game is made of: spaces by name, and the slots of its formulas in a pool.
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
    scales: Scales,
    /// The same game with every reward in units of its player's scale; `None` of such a game.
    in_units: Option<Box<Game>>,
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
        let program = pool.program(types.len(), kernels.chain(rewards));
        let terminal_program = pool.program(types.len(), terminal.iter_mut());
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
            scales: Scales::UNITS,
            in_units: None,
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

    fn leader_spot(&self, leader_move: usize) -> LeaderSpot {
        let (leader_type, leader_action) = self.type_and_action(leader_move);
        let typed = self.information != LeaderInformation::NoTypes;
        let type_name = || (leader_type, self.leader_types.names[leader_type.0].clone());
        let action_name = || (leader_action, self.leader_actions[leader_action.0].clone());
        LeaderSpot {
            leader_type: typed.then(type_name),
            leader_action: self.has_leader.then(action_name),
        }
    }

    fn spot(&self, leader_move: usize, x: usize, a: usize) -> Box<Spot> {
        Box::new(Spot {
            follower_type: (FollowerType(x), self.types[x].clone()),
            follower_action: (FollowerAction(a), self.actions[a].clone()),
            leader: self.leader_spot(leader_move),
        })
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
