//! What the later stages see of a solution: a rule from (t, z) to what is played there.

use super::{LeaderAction, MeanField, Prescription};

/// What leader and followers play at one (t, z): theta_t\[z\] for a solved game.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// The leader's action, a pure prescription of a leader without private types.
    pub leader_action: LeaderAction,
    /// gamma^f(a | x).
    pub prescription: Prescription,
}

/// A Markov policy of leader and followers, evaluated at any period and mean field.
pub trait Policy: Sync {
    /// The play at period `t` (from 1) and mean field `z`; at finite N, `z` is the empirical law of all N followers.
    fn play(&self, t: usize, z: &MeanField) -> Play;

    /// The followers' answer to a deviating leader action at (t, z), theta resuming at t + 1 (15c);
    /// `None` for a policy that names no answer, such as one read from a file.
    fn answer(&self, t: usize, z: &MeanField, leader_action: LeaderAction) -> Option<Prescription>;
}
