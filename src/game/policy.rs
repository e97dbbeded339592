//! What the later stages see of a solution: a rule from the public state (t, pi, z) to what is played there.

use super::{
    Belief, GameError, LeaderAction, LeaderPrescription, LeaderType, MeanField, Prescription,
};

/// What leader and followers play at one (t, pi, z): theta_t\[pi, z\] for a solved game.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// gamma^l(a^l | x^l).
    pub leader: LeaderPrescription,
    /// gamma^f(a | x).
    pub prescription: Prescription,
}

impl Play {
    /// The play of a leader without types who takes one action.
    #[inline]
    pub fn pure(leader_action: LeaderAction, prescription: Prescription) -> Self {
        Self {
            leader: LeaderPrescription::action(leader_action),
            prescription,
        }
    }

    /// The first action that the leader's first type takes: hers, if she has no types and does not mix.
    pub fn leader_action(&self) -> LeaderAction {
        self.leader.support(LeaderType(0))[0].0
    }
}

/// Multiply-adds that one core does in a second, about: the unit in which work is told before it is done.
pub const MULTIPLY_ADDS_A_SECOND: f64 = 6e9;

/// Multiply-adds in the time that a rule of a few lines takes to play.
const RULE: f64 = 1e3;

/// Why a policy names no play at a public state. There is no play in its place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// It was never told what followers answer, as one read from a file.
    #[error("the policy names no answer of the followers to a deviating leader at t = {t}")]
    NoAnswer {
        /// The period.
        t: usize,
    },
    /// No row of a policy file is near.
    #[error(
        "no row of the policy file is near t = {t}, belief {belief:?}, z = {z:?}: these must be numbers"
    )]
    NoRow {
        /// The period.
        t: usize,
        /// pi.
        belief: Vec<f64>,
        /// z.
        z: Vec<f64>,
    },
    /// theta has no solution there.
    #[error("nothing can be played at t = {t}, belief {belief:?}, z = {z:?}: {reason}")]
    Unsolved {
        /// The period.
        t: usize,
        /// pi.
        belief: Vec<f64>,
        /// z.
        z: Vec<f64>,
        /// The solver's reason, with what may be done.
        reason: String,
    },
    /// A kernel or reward has no valid value at z.
    #[error(transparent)]
    Game(#[from] GameError),
}

/// A Markov policy of leader and followers, evaluated at any period and public state.
pub trait Policy: Sync {
    /// The play at period `t` (from 1), belief pi and mean field `z`; at finite N, `z` is the empirical law of all N
    /// followers.
    ///
    /// # Errors
    /// A state at which the policy is not known.
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError>;

    /// The followers' answer to a deviating prescription of the leader at (t, pi, z), theta resuming at t + 1 (15c).
    ///
    /// # Errors
    /// [`PolicyError::NoAnswer`] from a policy that names none, such as one read from a file; as [`play`](Self::play).
    fn answer(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError>;

    /// The work of [`play`](Self::play) at (t, pi, z) in multiply-adds, [`MULTIPLY_ADDS_A_SECOND`] of them a second. It is
    /// counted, not timed: the same on every machine, and good to a factor of about two.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<f64, PolicyError> {
        let _ = (t, belief, z);
        Ok(RULE)
    }

    /// The same of [`answer`](Self::answer).
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    fn answer_cost(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<f64, PolicyError> {
        let _ = leader;
        self.play_cost(t, belief, z)
    }
}
