//! Whether the leader has types, who sees them, and what else tells of them.

use std::fmt;

use super::program::Slot;
use super::{Game, LeaderTypes};

/// Whether the leader has types, and who sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaderInformation {
    /// She has none.
    NoTypes,
    /// She alone sees her type.
    Private,
    /// Everybody sees her type: a public state, common noise to the followers.
    Public,
}

impl LeaderInformation {
    pub(super) fn of(types: Option<&LeaderTypes>) -> Self {
        match types {
            None => Self::NoTypes,
            Some(types) if types.observed => Self::Public,
            Some(_) => Self::Private,
        }
    }
}

/// What followers see that depends on a type of the leader which she alone knows: it tells more of it than (9) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeLeak {
    /// Q^f.
    Kernel,
    /// R^f.
    Reward,
}

impl fmt::Display for TypeLeak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Kernel => "the followers' transitions depend",
            Self::Reward => "the followers' rewards depend",
        };
        write!(f, "{what} on the leader's private type")
    }
}

impl Game {
    /// Whether a private type shows in what followers see at equal leader actions; formulas are told apart as written.
    pub fn private_type_leaks(&self) -> Option<TypeLeak> {
        if self.information != LeaderInformation::Private {
            return None;
        }
        let actions = self.leader_actions.len();
        let differs = |slots: &[Slot]| {
            let moves: Vec<&[Slot]> = slots
                .chunks_exact(slots.len() / self.leader_moves())
                .collect();
            (actions..moves.len()).any(|m| moves[m] != moves[m % actions])
        };
        if differs(&self.kernel) {
            Some(TypeLeak::Kernel)
        } else {
            differs(&self.follower_reward).then_some(TypeLeak::Reward)
        }
    }
}
