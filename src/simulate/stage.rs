//! What one population step needs at a visited (t, pi, z^N) once the leader has moved: the law of (action, next type) per
//! type, p(a, x' | x) = gamma^f(a | x) Q^f(x' | z, x^l, x, a^l, a), the rewards, and what becomes of the leader's type.

use crate::game::{Belief, Game, LeaderAction, LeaderType, Play, Tables};

use super::binomial::Chance;
use super::leader::LeaderNews;
use super::split;

/// The laws that follow from a play at one (t, pi, n) and the leader's move there.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    types: usize,
    actions: usize,
    /// x^l and a^l, one index.
    leader_move: usize,
    leader_type: LeaderType,
    leader_action: LeaderAction,
    /// `None` for a leader without types.
    news: Option<LeaderNews>,
    /// p(a, x' | x), per (x, a, x'),
    laws: Box<[f64]>,
    /// and given that the pairs (a, x') before it did not occur.
    chances: Box<[Chance]>,
    /// R^f, per (x, a), then g, per (x, a).
    rewards: Box<[f64]>,
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
    /// The stage of `play` at (t, pi, z) when the leader makes one of the moves that it allows, with tables evaluated at
    /// (t, z).
    pub fn new(
        game: &Game,
        tables: &Tables<'_>,
        play: &Play,
        belief: &Belief,
        leader_move: usize,
    ) -> Self {
        let mut stage = Self::empty(game);
        stage.fill(game, tables, play, belief, leader_move);
        stage
    }

    /// Room for the stages of `game`.
    pub(super) fn empty(game: &Game) -> Self {
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        Self::nothing(types, actions)
    }

    fn nothing(types: usize, actions: usize) -> Self {
        let zeros = |length: usize| vec![0.0; length].into_boxed_slice();
        Self {
            types,
            actions,
            leader_move: 0,
            leader_type: LeaderType(0),
            leader_action: LeaderAction(0),
            news: None,
            laws: zeros(types * actions * types),
            chances: vec![Chance::NONE; types * actions * types].into_boxed_slice(),
            rewards: zeros(2 * types * actions),
            leader_period_reward: 0.0,
        }
    }

    /// A stage of given laws p(a, x' | x), per (x, a, x'), and nothing else.
    #[cfg(test)]
    pub(super) fn of_laws(types: usize, actions: usize, laws: &[f64]) -> Self {
        let mut stage = Self::nothing(types, actions);
        stage.laws = laws.into();
        stage.prepare();
        stage
    }

    /// The laws, for splitting.
    fn prepare(&mut self) {
        let width = self.actions * self.types;
        let laws = self.laws.chunks_exact(width);
        for (chances, law) in self.chances.chunks_exact_mut(width).zip(laws) {
            split::assign(chances, law);
        }
    }

    /// Become the stage of another play or move.
    pub(super) fn fill(
        &mut self,
        game: &Game,
        tables: &Tables<'_>,
        play: &Play,
        belief: &Belief,
        leader_move: usize,
    ) {
        let leader = leader_move;
        self.leader_move = leader;
        (self.leader_type, self.leader_action) = game.type_and_action(leader);
        self.leader_period_reward = tables.leader_period_reward(leader);
        let (of_followers, of_leader) = self.rewards.split_at_mut(self.types * self.actions);
        tables.copy_follower_rewards(leader, of_followers);
        tables.copy_leader_follower_rewards(leader, of_leader);
        let changed = tables.copy_joint_laws(leader, &play.prescription, &mut self.laws);
        // What stood here is often the stage of another n, and many laws do not depend on it.
        if changed {
            self.prepare();
        }
        self.news = LeaderNews::of(game, tables, (play, belief), leader_move);
    }

    /// The leader's move, [`Game::leader_move`] of her type and action.
    pub fn leader_move(&self) -> usize {
        self.leader_move
    }

    /// The leader's type.
    pub fn leader_type(&self) -> LeaderType {
        self.leader_type
    }

    /// What becomes of her type and the belief; `None` for a leader without types.
    pub(super) fn news(&self) -> Option<&LeaderNews> {
        self.news.as_ref()
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
    pub(super) fn chances(&self, x: usize) -> &[Chance] {
        let width = self.actions * self.types;
        &self.chances[x * width..(x + 1) * width]
    }

    /// R^f(z, x, a^l, a) at the leader's action.
    pub fn follower_reward(&self, x: usize, a: usize) -> f64 {
        self.rewards[x * self.actions + a]
    }

    /// R^f, at x |A^f| + a.
    pub(super) fn follower_rewards(&self) -> &[f64] {
        &self.rewards[..self.types * self.actions]
    }

    /// g, at x |A^f| + a.
    fn leader_rewards(&self) -> &[f64] {
        &self.rewards[self.types * self.actions..]
    }

    /// Population mean of R^f among the followers that `acted` counts, those of type x that took action a at index
    /// x |A^f| + a; `NaN` where there are none.
    pub fn mean_follower_reward(&self, acted: &[u64]) -> f64 {
        self.rewards(acted).follower
    }

    /// The rewards where `acted` counts all followers.
    pub fn rewards(&self, acted: &[u64]) -> StepRewards {
        // At most 10^12 followers: as signed integers they become floats in one instruction.
        let float = |n: u64| n as i64 as f64;
        let (mut follower, mut leader, mut population) = (0.0, 0.0, 0);
        let rewards = self.follower_rewards().iter().zip(self.leader_rewards());
        for (n, (of_follower, of_leader)) in acted.iter().zip(rewards) {
            // A reward where nobody is need not be a number.
            if *n > 0 {
                follower += float(*n) * of_follower;
                leader += float(*n) * of_leader;
                population += n;
            }
        }
        StepRewards {
            follower: follower / float(population),
            leader: self.leader_period_reward + leader / float(population),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::Prescription;
    use crate::scenario::Scenario;

    const GAME: &str = r#"
name = "g"
horizon = 40
discount = 1.0
[follower]
types = ["low", "high"]
actions = ["stay", "go"]
initial = [0.5, 0.5]
reward = "1 / (z[low] - 1/3)"
[follower.transition]
"*, stay" = { high = "z[high]", low = "rest" }
"*, go" = { low = 1 }
[leader]
actions = ["audit", "trust"]
reward = { period = "t", per_follower = "z[low] * (a == go)" }
"#;

    #[test]
    fn a_stage_by_hand() {
        let scenario = Scenario::parse("g.toml", GAME, &[]).unwrap();
        let game = scenario.game();
        // z = (3/4, 1/4): stay with 3/4, then high with 1/4; go with 1/4, then low.
        let play = Play::pure(
            LeaderAction(1),
            Prescription::new(2, [0.75, 0.25].repeat(2)),
        );
        let mut tables = game.tables();
        tables.evaluate(7, &[0.75, 0.25]).unwrap();
        let stage = Stage::new(game, &tables, &play, &Belief::certain(), 1);
        assert_eq!(stage.law(1), [9.0 / 16.0, 3.0 / 16.0, 0.25, 0.0]);
        assert_eq!(stage.leader_action(), LeaderAction(1));
        let rewards = stage.rewards(&[2, 1, 1, 0]);
        assert!((rewards.follower - 1.0 / (0.75 - 1.0 / 3.0)).abs() < 1e-12);
        assert!((rewards.leader - (7.0 + 0.75 / 4.0)).abs() < 1e-12);
        assert!(stage.mean_follower_reward(&[0; 4]).is_nan());
    }
}
