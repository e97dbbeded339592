//! Points at which a kernel or reward has no valid value, in names.

use super::model::{Entry, Failure, Fault, Table};
use super::{FollowerAction, FollowerType, Game, LeaderAction, LeaderInformation, LeaderType};
use crate::stats::Interval;
use std::fmt;

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
    /// A row of a kernel.
    Row(KernelRow),
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
            Quantity::Row(row) => write!(f, "the transition row ({row})"),
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

impl KernelRow {
    /// The method of a builder that gives the kernel.
    pub(super) fn argument(&self) -> &'static str {
        match self {
            Self::Follower(_) => "transition",
            Self::Leader(_) => "leader_transition",
        }
    }
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
    /// The work was stopped from outside, see [`Watch`](super::Watch).
    #[error("stopped before the end")]
    Stopped,
    /// A reward that grows without end toward a mean field.
    #[error(
        "{quantity} has no bound near {point}, and so has no V: keep it finite there, with min, max or if"
    )]
    Unbounded {
        /// What.
        quantity: Quantity,
        /// Toward where.
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
    /// Code that cannot be relied on.
    #[error("{quantity} {fault}, at {point}")]
    Code {
        /// What it gives.
        quantity: Quantity,
        /// What it did.
        fault: Box<CodeFault>,
        /// Where.
        point: Point,
    },
}

/// What code did that no formula can.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CodeFault {
    /// It panicked, with this message.
    #[error("has a function that panicked ({0:?})")]
    Panicked(String),
    /// A value outside of the range that was stated.
    #[error("is {value}, outside of the stated range from {low} to {high}")]
    LeftRange {
        /// The value.
        value: f64,
        /// The range's lower end.
        low: f64,
        /// The range's upper end.
        high: f64,
    },
    /// Two values at one place.
    #[error("was {} and then {}, where a function must give the same value each time", .0[0], .0[1])]
    Changed([f64; 2]),
}

impl Game {
    pub(super) fn leader_spot(&self, leader_move: usize) -> LeaderSpot {
        let (leader_type, leader_action) = self.type_and_action(leader_move);
        let typed = self.information != LeaderInformation::NoTypes;
        let type_name = || (leader_type, self.leader_types.names[leader_type.0].clone());
        let action_name = || (leader_action, self.leader_actions[leader_action.0].clone());
        LeaderSpot {
            leader_type: typed.then(type_name),
            leader_action: self.has_leader.then(action_name),
        }
    }

    pub(super) fn spot(&self, leader_move: usize, x: usize, a: usize) -> Box<Spot> {
        Box::new(Spot {
            follower_type: (FollowerType(x), self.types[x].clone()),
            follower_action: (FollowerAction(a), self.actions[a].clone()),
            leader: self.leader_spot(leader_move),
        })
    }

    /// A failure of code in names.
    pub(super) fn named(
        &self,
        Failure {
            fault,
            entry,
            next,
            t,
            z,
        }: &Failure,
    ) -> GameError {
        let point = Point {
            t: *t,
            z: z.clone(),
        };
        let (quantity, row) = (|| self.quantity(*entry, *next), || self.kernel_row(*entry));
        let next = || match entry.table {
            Table::LeaderKernel => self.leader_types.names[*next].clone(),
            _ => self.types[*next].clone(),
        };
        match fault.clone() {
            Fault::Panicked(message) => GameError::Code {
                quantity: match entry.table {
                    Table::Kernel | Table::LeaderKernel => Quantity::Row(row()),
                    _ => quantity(),
                },
                fault: Box::new(CodeFault::Panicked(message)),
                point,
            },
            Fault::NotFinite(value) => GameError::NotFinite {
                quantity: quantity(),
                value,
                point,
            },
            Fault::LeftRange(value, Interval { low, high }) => GameError::Code {
                quantity: quantity(),
                fault: Box::new(CodeFault::LeftRange { value, low, high }),
                point,
            },
            Fault::Changed(values) => GameError::Code {
                quantity: quantity(),
                fault: Box::new(CodeFault::Changed(values)),
                point,
            },
            Fault::Negative(value) => GameError::Negative {
                row: row(),
                next: next(),
                value,
                point,
            },
            Fault::RowSum(sum) => GameError::RowSum {
                row: row(),
                sum,
                point,
            },
        }
    }

    fn kernel_row(
        &self,
        Entry {
            table,
            leader_move,
            x,
            a,
        }: Entry,
    ) -> KernelRow {
        match table {
            Table::LeaderKernel => KernelRow::Leader(Box::new(self.leader_spot(leader_move))),
            _ => KernelRow::Follower(self.spot(leader_move, x, a)),
        }
    }

    /// An entry of the tables, in names.
    fn quantity(&self, entry: Entry, next: usize) -> Quantity {
        let Entry {
            table,
            leader_move,
            x,
            a,
        } = entry;
        let leader_spot = || Box::new(self.leader_spot(leader_move));
        match table {
            Table::Kernel => Quantity::Transition {
                spot: self.spot(leader_move, x, a),
                next: self.types[next].clone(),
            },
            Table::FollowerReward => Quantity::FollowerReward(self.spot(leader_move, x, a)),
            Table::LeaderFollowerReward => {
                Quantity::LeaderFollowerReward(self.spot(leader_move, x, a))
            }
            Table::LeaderPeriodReward => Quantity::LeaderPeriodReward(leader_spot()),
            Table::LeaderKernel => Quantity::LeaderTransition {
                spot: leader_spot(),
                next: self.leader_types.names[next].clone(),
            },
            Table::Terminal => Quantity::Terminal {
                follower_type: FollowerType(x),
                name: self.types[x].clone(),
            },
        }
    }
}
