//! One replication: what was seen at t = 1..T + 1.

use super::AgentReturns;
use crate::game::{LeaderAction, LeaderType};

/// The path of one population under a policy, periods counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    pub(super) population: u64,
    pub(super) replication: u64,
    pub(super) types: usize,
    pub(super) actions: usize,
    /// n, per (t, x), t = 1..T + 1.
    pub(super) counts: Vec<u64>,
    pub(super) leader_types: usize,
    /// x^l, t = 1..T + 1; empty where the leader has a single type.
    pub(super) leader_type: Vec<LeaderType>,
    /// pi, per (t, x^l), t = 1..T + 1; empty likewise.
    pub(super) beliefs: Vec<f64>,
    /// Per t = 1..T.
    pub(super) leader_actions: Vec<LeaderAction>,
    /// Per (t, x, a), t = 1..T.
    pub(super) acted: Vec<u64>,
    /// Per t = 1..T.
    pub(super) follower_rewards: Vec<f64>,
    /// Per t = 1..T.
    pub(super) leader_rewards: Vec<f64>,
    pub(super) follower_return: f64,
    pub(super) leader_return: f64,
    pub(super) follower_returns_by_type: Option<Vec<f64>>,
    pub(super) agent_returns: Option<AgentReturns>,
}

impl Trajectory {
    /// N.
    pub fn population(&self) -> u64 {
        self.population
    }

    /// The replication, counted from 1.
    pub fn replication(&self) -> u64 {
        self.replication
    }

    /// T.
    pub fn horizon(&self) -> usize {
        self.leader_actions.len()
    }

    /// The number of followers of each type at the start of period t, 1 <= t <= T + 1.
    pub fn counts(&self, t: usize) -> &[u64] {
        &self.counts[(t - 1) * self.types..t * self.types]
    }

    /// z^N_t, one weight per type, 1 <= t <= T + 1.
    pub fn mean_field(&self, t: usize) -> impl Iterator<Item = f64> + '_ {
        self.counts(t)
            .iter()
            .map(|n| *n as f64 / self.population as f64)
    }

    /// The leader's type at t, 1 <= t <= T + 1.
    pub fn leader_type(&self, t: usize) -> LeaderType {
        match self.leader_types {
            1 => LeaderType(0),
            _ => self.leader_type[t - 1],
        }
    }

    /// pi_t, one weight per leader type, 1 <= t <= T + 1.
    pub fn belief(&self, t: usize) -> &[f64] {
        match self.leader_types {
            1 => &[1.0],
            types => &self.beliefs[(t - 1) * types..t * types],
        }
    }

    /// The leader's action at t, 1 <= t <= T.
    pub fn leader_action(&self, t: usize) -> LeaderAction {
        self.leader_actions[t - 1]
    }

    /// The number of followers per (type, action) at t, types by actions, 1 <= t <= T; mu is this over N.
    pub fn acted(&self, t: usize) -> &[u64] {
        let width = self.types * self.actions;
        &self.acted[(t - 1) * width..t * width]
    }

    /// The number of followers that took action a at t, 1 <= t <= T.
    pub fn action_count(&self, t: usize, a: usize) -> u64 {
        self.acted(t).iter().skip(a).step_by(self.actions).sum()
    }

    /// Population mean of R^f at t, 1 <= t <= T.
    pub fn follower_reward(&self, t: usize) -> f64 {
        self.follower_rewards[t - 1]
    }

    /// R^l at t, 1 <= t <= T.
    pub fn leader_reward(&self, t: usize) -> f64 {
        self.leader_rewards[t - 1]
    }

    /// Population mean of the discounted rewards from t = 1, the terminal reward at delta^T included.
    pub fn follower_return(&self) -> f64 {
        self.follower_return
    }

    /// The leader's discounted rewards from t = 1.
    pub fn leader_return(&self) -> f64 {
        self.leader_return
    }

    /// The followers' mean return by initial type, where asked for; `NaN` for a type that nobody started with.
    pub fn follower_returns_by_type(&self) -> Option<&[f64]> {
        self.follower_returns_by_type.as_deref()
    }

    /// How the returns of single followers are spread, where asked for.
    pub fn agent_returns(&self) -> Option<&AgentReturns> {
        self.agent_returns.as_ref()
    }
}
