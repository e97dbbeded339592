//! Recording one replication, and its returns: sum over t of delta^(t-1) R_t, plus delta^T times the terminal reward.

use crate::game::{Game, GameError};

use super::leader::Leader;
use super::population::Population;
use super::stage::Stage;
use super::{Cohorts, Simulation, Trajectory};

/// A trajectory in the making.
pub(super) struct Recorder<'g> {
    game: &'g Game,
    /// delta^(t-1) at the period to come.
    weight: f64,
    /// The number of followers per (cohort, type, action) in the present period.
    acted: Vec<u64>,
    trajectory: Trajectory,
}

impl<'g> Recorder<'g> {
    /// At t = 1.
    pub(super) fn new(
        game: &'g Game,
        simulation: &Simulation,
        k: u64,
        followers: &impl Population,
        leader: &Leader,
    ) -> Self {
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        let cohorts = followers.cohort_counts().len() / types;
        let horizon = game.horizon();
        let mut counts = Vec::with_capacity((horizon + 1) * types);
        counts.extend_from_slice(followers.counts());
        let by_type = match simulation.cohorts {
            Cohorts::Together => None,
            Cohorts::ByInitialType | Cohorts::EachFollower => Some(vec![0.0; types]),
        };
        let trajectory = Trajectory {
            population: simulation.population,
            replication: k,
            types,
            actions,
            counts,
            leader_types: game.leader_types().len(),
            leader_type: Vec::new(),
            beliefs: Vec::new(),
            leader_actions: Vec::with_capacity(horizon),
            acted: Vec::with_capacity(horizon * types * actions),
            follower_rewards: Vec::with_capacity(horizon),
            leader_rewards: Vec::with_capacity(horizon),
            follower_return: 0.0,
            leader_return: 0.0,
            follower_returns_by_type: by_type,
            agent_returns: None,
        };
        let mut recorder = Self {
            game,
            weight: 1.0,
            acted: vec![0; cohorts * types * actions],
            trajectory,
        };
        recorder.meet(leader);
        recorder
    }

    /// delta^(t-1) at the period to come.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// Room for the numbers per (cohort, type, action) of the period to come.
    pub(super) fn acted(&mut self) -> &mut [u64] {
        &mut self.acted
    }

    /// The leader at the start of a period.
    fn meet(&mut self, leader: &Leader) {
        let path = &mut self.trajectory;
        if path.leader_types > 1 {
            path.leader_type.push(leader.of_type);
            path.beliefs.extend_from_slice(leader.belief.weights());
        }
    }

    /// What everybody did at `stage`, and where it led.
    pub(super) fn step(&mut self, stage: &Stage, counts: &[u64], leader: &Leader) {
        self.meet(leader);
        let path = &mut self.trajectory;
        let width = path.types * path.actions;
        let start = path.acted.len();
        path.acted.extend_from_slice(&self.acted[..width]);
        for cohort in self.acted.chunks_exact(width).skip(1) {
            for (total, n) in path.acted[start..].iter_mut().zip(cohort) {
                *total += n;
            }
        }
        let rewards = stage.rewards(&path.acted[start..]);
        path.leader_actions.push(stage.leader_action());
        path.follower_rewards.push(rewards.follower);
        path.leader_rewards.push(rewards.leader);
        path.counts.extend_from_slice(counts);
        path.follower_return += self.weight * rewards.follower;
        path.leader_return += self.weight * rewards.leader;
        if let Some(returns) = &mut path.follower_returns_by_type {
            for (value, cohort) in returns.iter_mut().zip(self.acted.chunks_exact(width)) {
                *value += self.weight * stage.mean_follower_reward(cohort);
            }
        }
        self.weight *= self.game.discount();
    }

    /// At T + 1, with the terminal reward (14).
    pub(super) fn finish(mut self, followers: &impl Population) -> Result<Trajectory, GameError> {
        let counts = followers.counts();
        let population = self.trajectory.population as f64;
        let z: Vec<f64> = counts.iter().map(|n| *n as f64 / population).collect();
        let mut rewards = vec![0.0; counts.len()];
        for (x, reward) in rewards
            .iter_mut()
            .enumerate()
            .filter(|(x, _)| counts[*x] > 0)
        {
            *reward = self.game.terminal_reward(&z, x)?;
        }
        let mean = |counts: &[u64]| {
            let total: f64 = counts
                .iter()
                .zip(&rewards)
                .map(|(n, reward)| *n as f64 * reward)
                .sum();
            total / counts.iter().sum::<u64>() as f64
        };
        self.trajectory.follower_return += self.weight * mean(counts);
        if let Some(returns) = &mut self.trajectory.follower_returns_by_type {
            for (value, cohort) in returns
                .iter_mut()
                .zip(followers.cohort_counts().chunks_exact(counts.len()))
            {
                *value += self.weight * mean(cohort);
            }
        }
        let discounted: Vec<f64> = rewards.iter().map(|reward| self.weight * reward).collect();
        self.trajectory.agent_returns = followers.agent_returns(&discounted);
        Ok(self.trajectory)
    }
}
