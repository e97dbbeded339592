//! What the later stages see of a solution: a rule from the public state (t, pi, z) to what is played there.

use super::{Belief, LeaderAction, LeaderPrescription, LeaderType, MeanField, Prescription};

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

/// A Markov policy of leader and followers, evaluated at any period and public state.
pub trait Policy: Sync {
    /// The play at period `t` (from 1), belief pi and mean field `z`; at finite N, `z` is the empirical law of all N
    /// followers.
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Play;

    /// The followers' answer to a deviating prescription of the leader at (t, pi, z), theta resuming at t + 1 (15c);
    /// `None` for a policy that names no answer, such as one read from a file.
    fn answer(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Option<Prescription>;

    /// The work of [`play`](Self::play) at (t, pi, z) in multiply-adds, [`MULTIPLY_ADDS_A_SECOND`] of them a second. It is
    /// counted, not timed: the same on every machine, and good to a factor of about two.
    fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> f64 {
        let _ = (t, belief, z);
        RULE
    }

    /// The same of [`answer`](Self::answer).
    fn answer_cost(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> f64 {
        let _ = leader;
        self.play_cost(t, belief, z)
    }
}
