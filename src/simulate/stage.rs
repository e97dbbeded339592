//! What one population step needs at a visited (t, z^N): the play and the law of (action, next type) per type,
//! p(a, x' | x) = gamma^f(a | x) Q^f(x' | z, x, a^l, a), with the rewards.

use std::collections::BTreeMap;

use crate::game::{Game, GameError, LeaderAction, MeanField, Policy, Tables};

use super::split::Split;

/// The play at one (t, n) and the laws that follow from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    leader_action: LeaderAction,
    actions: usize,
    laws: Box<[Law]>,
    follower_rewards: Box<[f64]>,
    leader_rewards: Box<[f64]>,
    leader_period_reward: f64,
}

/// The law of (action, next type) of one type, over the pairs a |X^f| + x'.
#[derive(Clone, Debug, PartialEq)]
struct Law {
    probabilities: Box<[f64]>,
    split: Split,
}

/// The rewards of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRewards {
    /// Population mean of R^f: sum of mu(x, a) R^f(z, x, a^l, a).
    pub follower: f64,
    /// R^l = r(z, a^l) + sum of mu(x, a) g(z, a^l, x, a).
    pub leader: f64,
}

impl Stage {
    /// The play of `policy` at period `t` (from 1) and the count vector `counts`, with the kernels and rewards there.
    ///
    /// # Errors
    /// Where a kernel or reward has no valid value at z^N.
    pub fn new(
        game: &Game,
        tables: &mut Tables<'_>,
        policy: &dyn Policy,
        t: usize,
        counts: &[u64],
    ) -> Result<Self, GameError> {
        let z = MeanField::from_counts(counts);
        let play = policy.play(t, &z);
        tables.evaluate(t, z.weights())?;
        let leader = play.leader_action.0;
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        let pairs = || (0..types).flat_map(|x| (0..actions).map(move |a| (x, a)));
        let law = |x: usize| {
            let row = play.prescription.row(x);
            let mut probabilities = vec![0.0; actions * types].into_boxed_slice();
            for a in (0..actions).filter(|a| row[*a] > 0.0) {
                for next in 0..types {
                    probabilities[a * types + next] =
                        row[a] * tables.transition(leader, x, a, next);
                }
            }
            Law {
                split: Split::new(&probabilities),
                probabilities,
            }
        };
        Ok(Self {
            leader_action: play.leader_action,
            actions,
            laws: (0..types).map(law).collect(),
            follower_rewards: pairs()
                .map(|(x, a)| tables.follower_reward(leader, x, a))
                .collect(),
            leader_rewards: pairs()
                .map(|(x, a)| tables.leader_follower_reward(leader, x, a))
                .collect(),
            leader_period_reward: tables.leader_period_reward(leader),
        })
    }

    /// The leader's action.
    pub fn leader_action(&self) -> LeaderAction {
        self.leader_action
    }

    /// The number of follower types, |X^f|.
    pub fn types(&self) -> usize {
        self.laws.len()
    }

    /// The number of follower actions, |A^f|.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// p(a, x' | x), at index a |X^f| + x'.
    pub fn law(&self, x: usize) -> &[f64] {
        &self.laws[x].probabilities
    }

    /// The same law, prepared for splitting a number of followers.
    pub fn split(&self, x: usize) -> &Split {
        &self.laws[x].split
    }

    /// R^f(z, x, a^l, a) at the leader's action.
    pub fn follower_reward(&self, x: usize, a: usize) -> f64 {
        self.follower_rewards[x * self.actions + a]
    }

    /// Population mean of R^f among the followers that `acted` counts, those of type x that took action a at index
    /// x |A^f| + a; `NaN` where there are none.
    pub fn mean_follower_reward(&self, acted: &[u64]) -> f64 {
        weighted(acted, &self.follower_rewards) / acted.iter().sum::<u64>() as f64
    }

    /// The rewards where `acted` counts all followers.
    pub fn rewards(&self, acted: &[u64]) -> StepRewards {
        let population = acted.iter().sum::<u64>() as f64;
        StepRewards {
            follower: self.mean_follower_reward(acted),
            leader: self.leader_period_reward + weighted(acted, &self.leader_rewards) / population,
        }
    }
}

/// Sum of n_k r_k over the pairs that occurred: a reward where nobody is need not be a number.
fn weighted(numbers: &[u64], rewards: &[f64]) -> f64 {
    let occurred = numbers.iter().zip(rewards).filter(|(n, _)| **n > 0);
    occurred.map(|(n, reward)| *n as f64 * reward).sum()
}

/// Stages already computed, per (t, n). A stage is a function of (t, n): what is remembered changes the speed only.
#[derive(Debug)]
pub struct StageMemory<'g> {
    game: &'g Game,
    tables: Tables<'g>,
    /// One map per period.
    stages: Vec<BTreeMap<Box<[u64]>, Stage>>,
}

/// Stages remembered per period; at about half a kilobyte each for two types and two actions.
const STAGES_PER_PERIOD: usize = 4096;

impl<'g> StageMemory<'g> {
    /// An empty memory.
    pub fn new(game: &'g Game) -> Self {
        Self {
            game,
            tables: game.tables(),
            stages: vec![BTreeMap::new(); game.horizon()],
        }
    }

    /// The stage of `policy` at period `t` (from 1) and `counts`; one memory serves one policy.
    ///
    /// # Errors
    /// Where a kernel or reward has no valid value at z^N.
    pub fn stage(
        &mut self,
        policy: &dyn Policy,
        t: usize,
        counts: &[u64],
    ) -> Result<&Stage, GameError> {
        let known = &mut self.stages[t - 1];
        if !known.contains_key(counts) {
            let stage = Stage::new(self.game, &mut self.tables, policy, t, counts)?;
            if known.len() >= STAGES_PER_PERIOD {
                known.clear();
            }
            known.insert(counts.into(), stage);
        }
        Ok(&known[counts])
    }
}
