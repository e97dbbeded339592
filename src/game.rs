//! The game: spaces, kernels and rewards (paper, section II), tabulated at a period and a mean field.
//!
//! A [`Game`] is built from a scenario. Its kernels and rewards are formulas of `t` and `z` with everything else
//! already put in, and [`Tables`] holds their values at one `(t, z)`.

mod enclosure;
mod mean_field;
mod policy;
mod policy_file;
pub(crate) mod program;
mod spaces;
mod tables;

pub use mean_field::{Flow, FlowNode, MeanRewards, advance_mean_field, mean_rewards};
pub use policy::{Play, Policy};
pub use policy_file::{PolicyFile, PolicyFileError, PolicyProblem};
pub use spaces::{Belief, FollowerAction, FollowerType, LeaderAction, MeanField, Prescription};
pub use tables::{PROBABILITY_TOLERANCE, Tables};

use program::{Op, Pool, Program, Slot};
use std::fmt;
use tables::Checks;

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

/// The follower type, its action and the leader's action at which a kernel or reward is meant, by name and by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The follower type x.
    pub follower_type: (FollowerType, String),
    /// The follower action a.
    pub follower_action: (FollowerAction, String),
    /// The leader's action; `None` in a game without a leader.
    pub leader_action: Option<(LeaderAction, String)>,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "type {}, action {}",
            self.follower_type.1, self.follower_action.1
        )?;
        match &self.leader_action {
            Some((_, name)) => write!(f, ", leader action {name}"),
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
    /// r(z, a^l), the leader's reward per period.
    LeaderPeriodReward {
        /// The leader's action.
        leader_action: LeaderAction,
        /// Its name.
        name: String,
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
            Quantity::LeaderPeriodReward { name, .. } => {
                write!(f, "the leader's reward per period (leader action {name})")
            }
            Quantity::Terminal { name, .. } => write!(f, "the terminal reward (type {name})"),
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
    #[error("the probability of moving to {next} ({spot}) is {value} at {point}")]
    Negative {
        /// The row.
        spot: Box<Spot>,
        /// The type moved to.
        next: String,
        /// The probability.
        value: f64,
        /// Where.
        point: Point,
    },
    /// A kernel row that does not sum to one.
    #[error("the transition row ({spot}) sums to {sum}, not to 1, at {point}")]
    RowSum {
        /// The row.
        spot: Box<Spot>,
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
    pub(crate) initial: MeanField,
    /// By type, then action.
    pub(crate) available: Vec<bool>,
    pub(crate) pool: Pool,
    /// By leader action, type, action, next type.
    pub(crate) kernel: Vec<Slot>,
    /// By leader action, type, action.
    pub(crate) follower_reward: Vec<Slot>,
    /// By leader action.
    pub(crate) leader_period_reward: Vec<Slot>,
    /// By leader action, type, action.
    pub(crate) leader_follower_reward: Vec<Slot>,
    /// By type.
    pub(crate) terminal: Vec<Slot>,
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
    initial: MeanField,
    available: Vec<bool>,
    kernel_groups: Vec<usize>,
    program: Program,
    raw_kernel: Vec<Slot>,
    kernel: Vec<Slot>,
    follower_reward: Vec<Slot>,
    leader_period_reward: Vec<Slot>,
    leader_follower_reward: Vec<Slot>,
    constant: Checks,
    varying: Checks,
    terminal_program: Program,
    terminal: Vec<Slot>,
}

impl Game {
    /// Compile the primitives; their values are checked where they are evaluated.
    pub(crate) fn new(primitives: Primitives) -> Self {
        let Primitives {
            name,
            horizon,
            discount,
            types,
            actions,
            leader_actions,
            initial,
            available,
            ..
        } = primitives;
        let Primitives {
            mut pool,
            kernel: mut raw_kernel,
            mut terminal,
            ..
        } = primitives;
        let Primitives {
            mut follower_reward,
            mut leader_period_reward,
            mut leader_follower_reward,
            ..
        } = primitives;
        let mut kernel: Vec<Slot> = raw_kernel
            .iter()
            .map(|slot| pool.apply(Op::Clamp, [*slot; 3]))
            .collect();
        let groups = kernel_groups(&kernel, leader_period_reward.len());
        let rewards = follower_reward
            .iter_mut()
            .chain(&mut leader_period_reward)
            .chain(&mut leader_follower_reward);
        let program = pool.program(
            types.len(),
            raw_kernel.iter_mut().chain(&mut kernel).chain(rewards),
        );
        let terminal_program = pool.program(types.len(), terminal.iter_mut());
        let rewards = [
            &follower_reward[..],
            &leader_period_reward,
            &leader_follower_reward,
        ]
        .concat();
        let (constant, varying) = Checks::split(&program, types.len(), &raw_kernel, &rewards);
        Self {
            name,
            horizon: horizon.unwrap_or(1),
            infinite: horizon.is_none(),
            discount,
            types,
            actions,
            has_leader: leader_actions.is_some(),
            leader_actions: leader_actions.unwrap_or_else(|| vec!["none".to_owned()]),
            initial,
            available,
            kernel_groups: groups,
            program,
            raw_kernel,
            kernel,
            follower_reward,
            leader_period_reward,
            leader_follower_reward,
            constant,
            varying,
            terminal_program,
            terminal,
        }
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

    /// z_1.
    pub fn initial(&self) -> &MeanField {
        &self.initial
    }

    /// Whether followers of type x may take action a.
    pub fn is_available(&self, x: usize, a: usize) -> bool {
        self.available[x * self.actions.len() + a]
    }

    /// Leader actions of one group share all kernel rows at every (t, z); groups are numbered from 0 in order of first use.
    pub fn kernel_group(&self, leader_action: usize) -> usize {
        self.kernel_groups[leader_action]
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

    /// Room for the values at one (t, z).
    pub fn tables(&self) -> Tables<'_> {
        Tables::new(self)
    }

    /// The number of instructions that one [`Tables::evaluate`] runs.
    pub fn work(&self) -> usize {
        self.program.len()
    }

    /// The place of (a^l, x, a) in tables ordered by leader action, type and action.
    #[inline]
    fn pair(&self, leader_action: usize, x: usize, a: usize) -> usize {
        (leader_action * self.types.len() + x) * self.actions.len() + a
    }

    fn spot(&self, leader_action: usize, x: usize, a: usize) -> Box<Spot> {
        let leader = || {
            (
                LeaderAction(leader_action),
                self.leader_actions[leader_action].clone(),
            )
        };
        Box::new(Spot {
            follower_type: (FollowerType(x), self.types[x].clone()),
            follower_action: (FollowerAction(a), self.actions[a].clone()),
            leader_action: self.has_leader.then(leader),
        })
    }
}

/// The group of each leader action: actions of equal kernel slots, numbered in order of first use.
fn kernel_groups(kernel: &[Slot], leader_actions: usize) -> Vec<usize> {
    let mut groups = std::collections::BTreeMap::new();
    let kernels = kernel.chunks_exact(kernel.len() / leader_actions);
    kernels
        .map(|slots| {
            let next = groups.len();
            *groups.entry(slots).or_insert(next)
        })
        .collect()
}
