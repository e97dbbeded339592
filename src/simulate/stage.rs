//! What one population step needs at a visited (t, z^N): the play and the law of (action, next type) per type,
//! p(a, x' | x) = gamma^f(a | x) Q^f(x' | z, x, a^l, a), with the rewards.

use std::collections::BTreeMap;

use crate::game::{Game, GameError, LeaderAction, MeanField, Policy, Tables};

use super::split::Split;

/// The play at one (t, n) and the laws that follow from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    types: usize,
    actions: usize,
    leader_action: LeaderAction,
    /// p(a, x' | x), per (x, a, x').
    laws: Box<[f64]>,
    /// The same, one per type.
    splits: Box<[Split]>,
    /// R^f, per (x, a).
    follower_rewards: Box<[f64]>,
    /// g, per (x, a).
    leader_rewards: Box<[f64]>,
    /// r.
    leader_period_reward: f64,
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
        let mut stage = Self::empty(game);
        stage.fill(tables, policy, t, counts)?;
        Ok(stage)
    }

    /// Room for the stages of `game`.
    fn empty(game: &Game) -> Self {
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        let zeros = |length: usize| vec![0.0; length].into_boxed_slice();
        Self {
            types,
            actions,
            leader_action: LeaderAction(0),
            laws: zeros(types * actions * types),
            splits: vec![Split::new(&zeros(actions * types)); types].into_boxed_slice(),
            follower_rewards: zeros(types * actions),
            leader_rewards: zeros(types * actions),
            leader_period_reward: 0.0,
        }
    }

    /// Become the stage at (t, n).
    fn fill(
        &mut self,
        tables: &mut Tables<'_>,
        policy: &dyn Policy,
        t: usize,
        counts: &[u64],
    ) -> Result<(), GameError> {
        let z = MeanField::from_counts(counts);
        let play = policy.play(t, &z);
        tables.evaluate(t, z.weights())?;
        let leader = play.leader_action.0;
        self.leader_action = play.leader_action;
        self.leader_period_reward = tables.leader_period_reward(leader);
        let width = self.actions * self.types;
        for (x, law) in self.laws.chunks_exact_mut(width).enumerate() {
            for (a, (gamma, next)) in play
                .prescription
                .row(x)
                .iter()
                .zip(law.chunks_exact_mut(self.types))
                .enumerate()
            {
                for (index, p) in next.iter_mut().enumerate() {
                    // An action that is not taken need not have a kernel row.
                    *p = if *gamma > 0.0 {
                        gamma * tables.transition(leader, x, a, index)
                    } else {
                        0.0
                    };
                }
                self.follower_rewards[x * self.actions + a] = tables.follower_reward(leader, x, a);
                self.leader_rewards[x * self.actions + a] =
                    tables.leader_follower_reward(leader, x, a);
            }
            self.splits[x].assign(law);
        }
        Ok(())
    }

    /// The leader's action.
    pub fn leader_action(&self) -> LeaderAction {
        self.leader_action
    }

    /// The number of follower types, |X^f|.
    pub fn types(&self) -> usize {
        self.types
    }

    /// The number of follower actions, |A^f|.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// p(a, x' | x), at index a |X^f| + x'.
    pub fn law(&self, x: usize) -> &[f64] {
        let width = self.actions * self.types;
        &self.laws[x * width..(x + 1) * width]
    }

    /// The same law, prepared for splitting a number of followers.
    pub fn split(&self, x: usize) -> &Split {
        &self.splits[x]
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
///
/// The first stages of a period that are seen are kept, up to a limit, and later ones computed each time. Where N is
/// small that is all of them; where it is large no state comes back, and nothing is allocated for one.
#[derive(Debug)]
pub struct StageMemory<'g> {
    tables: Tables<'g>,
    /// One map per period.
    known: Vec<BTreeMap<Box<[u64]>, Stage>>,
    /// The last stage that was not kept.
    latest: Stage,
}

/// Stages kept per period, about half a kilobyte each for two types and two actions.
const STAGES_PER_PERIOD: usize = 2048;

impl<'g> StageMemory<'g> {
    /// An empty memory.
    pub fn new(game: &'g Game) -> Self {
        let known = vec![BTreeMap::new(); game.horizon()];
        Self {
            tables: game.tables(),
            known,
            latest: Stage::empty(game),
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
        let known = &mut self.known[t - 1];
        if !known.contains_key(counts) {
            self.latest.fill(&mut self.tables, policy, t, counts)?;
            if known.len() >= STAGES_PER_PERIOD {
                return Ok(&self.latest);
            }
            known.insert(counts.into(), self.latest.clone());
        }
        Ok(&known[counts])
    }
}
