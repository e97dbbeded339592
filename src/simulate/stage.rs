//! What one population step needs at a visited (t, z^N): the play and the law of (action, next type) per type,
//! p(a, x' | x) = gamma^f(a | x) Q^f(x' | z, x, a^l, a), with the rewards.

use crate::game::{Game, GameError, LeaderAction, MeanField, Policy, Tables};

use super::binomial::Chance;
use super::split;

/// The play at one (t, n) and the laws that follow from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    types: usize,
    actions: usize,
    /// z^N.
    z: MeanField,
    leader_action: LeaderAction,
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
            z: MeanField::from_counts(&vec![1; types]),
            leader_action: LeaderAction(0),
            laws: zeros(types * actions * types),
            chances: vec![Chance::NONE; types * actions * types].into_boxed_slice(),
            rewards: zeros(2 * types * actions),
            leader_period_reward: 0.0,
        }
    }

    /// A stage of given laws p(a, x' | x), per (x, a, x'), and nothing else.
    #[cfg(test)]
    pub(super) fn of_laws(types: usize, actions: usize, laws: &[f64]) -> Self {
        let mut stage = Self {
            types,
            actions,
            z: MeanField::from_counts(&vec![1; types]),
            leader_action: LeaderAction(0),
            laws: laws.into(),
            chances: vec![Chance::NONE; laws.len()].into_boxed_slice(),
            rewards: vec![0.0; 2 * types * actions].into_boxed_slice(),
            leader_period_reward: 0.0,
        };
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

    /// Become the stage at (t, n).
    fn fill(
        &mut self,
        tables: &mut Tables<'_>,
        policy: &dyn Policy,
        t: usize,
        counts: &[u64],
    ) -> Result<(), GameError> {
        self.z.assign_counts(counts);
        let play = policy.play(t, &self.z);
        tables.evaluate(t, self.z.weights())?;
        let leader = play.leader_action.0;
        self.leader_action = play.leader_action;
        self.leader_period_reward = tables.leader_period_reward(leader);
        let (of_followers, of_leader) = self.rewards.split_at_mut(self.types * self.actions);
        write(of_followers, tables.follower_rewards(leader));
        write(of_leader, tables.leader_follower_rewards(leader));
        let laws = self.laws.chunks_exact_mut(self.types);
        let rows = play
            .prescription
            .rows()
            .iter()
            .zip(tables.transitions(leader));
        let mut changed = false;
        for (law, (gamma, row)) in laws.zip(rows) {
            for (p, next) in law.iter_mut().zip(row) {
                // An action that is not taken need not have a kernel row.
                let now = if *gamma > 0.0 { gamma * next } else { 0.0 };
                changed |= now != *p;
                *p = now;
            }
        }
        // What stood here is often the stage of another n, and many laws do not depend on it.
        if changed {
            self.prepare();
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
        let (mut follower, mut leader, mut population) = (0.0, 0.0, 0);
        let rewards = self.follower_rewards().iter().zip(self.leader_rewards());
        for (n, (of_follower, of_leader)) in acted.iter().zip(rewards) {
            // A reward where nobody is need not be a number.
            if *n > 0 {
                follower += *n as f64 * of_follower;
                leader += *n as f64 * of_leader;
                population += n;
            }
        }
        StepRewards {
            follower: follower / population as f64,
            leader: self.leader_period_reward + leader / population as f64,
        }
    }
}

/// Overwrite all of `to`.
#[inline]
fn write(to: &mut [f64], values: impl Iterator<Item = f64>) {
    to.iter_mut()
        .zip(values)
        .for_each(|(to, value)| *to = value);
}

/// Stages already computed, per (t, n). A stage is a function of (t, n): what is remembered changes the speed only.
///
/// There is a fixed number of places, and (t, n) always has the same one of them; there the last stage stands. With two
/// types neighbouring n have different places, so that the spread of z^N up to N of about 10^4 is remembered whole.
#[derive(Debug)]
pub struct StageMemory<'g> {
    game: &'g Game,
    tables: Tables<'g>,
    /// Filled when first needed.
    places: Vec<Option<Box<Known>>>,
    /// Stages asked for since the last trial,
    asked: u32,
    /// and those of them that were remembered.
    met: u32,
}

/// A stage, and the (t, n) that it belongs to.
#[derive(Debug)]
struct Known {
    /// `None` while the stage is nobody's.
    t: Option<usize>,
    counts: Box<[u64]>,
    stage: Stage,
}

/// Bytes that a memory may take, about.
const MEMORY_BYTES: usize = 1 << 23;
/// Stages asked for in a trial of the memory,
const TRIAL: u32 = 1 << 14;
/// and those that must be met for it to stay.
const WORTH: u32 = TRIAL / 4;
/// The same after the first of them, where hardly any is met.
const GLANCE: u32 = TRIAL / 8;
const PROMISING: u32 = GLANCE / 32;
/// Periods in a row in which one n has places of its own.
const PERIODS: usize = 32;

/// The number of places in a memory for `game`, a power of two: 16,384 with two types and two actions.
fn number_of_places(game: &Game) -> usize {
    const OVERHEAD: usize = 256;
    let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
    let numbers = types.saturating_mul(actions).saturating_mul(2 * types + 2);
    let bytes = numbers
        .saturating_mul(size_of::<f64>())
        .saturating_add(OVERHEAD);
    1 << (MEMORY_BYTES / bytes).max(1).ilog2()
}

/// The place of (t, n) among `places`, a power of two. The first count follows from the others.
fn place(t: usize, counts: &[u64], places: usize) -> usize {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let others = counts.iter().skip(1);
    let mixed = others.fold(0, |mixed: u64, n| mixed.wrapping_mul(MIX).wrapping_add(*n));
    let stride = places.div_ceil(PERIODS);
    mixed.wrapping_add(stride.wrapping_mul(t) as u64) as usize & (places - 1)
}

impl<'g> StageMemory<'g> {
    /// An empty memory.
    pub fn new(game: &'g Game) -> Self {
        Self {
            game,
            tables: game.tables(),
            places: (0..number_of_places(game)).map(|_| None).collect(),
            asked: 0,
            met: 0,
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
        self.consider();
        let at = place(t, counts, self.places.len());
        let known = self.places[at].get_or_insert_with(|| {
            Box::new(Known {
                t: None,
                counts: counts.into(),
                stage: Stage::empty(self.game),
            })
        });
        if known.t != Some(t) || *known.counts != *counts {
            // A stage that fails half-way belongs to nobody.
            known.t = None;
            known.stage.fill(&mut self.tables, policy, t, counts)?;
            known.counts.copy_from_slice(counts);
            known.t = Some(t);
        } else {
            self.met += 1;
        }
        Ok(&known.stage)
    }

    /// Whether the memory is worth its room.
    fn consider(&mut self) {
        let least = match self.asked {
            GLANCE => PROMISING,
            TRIAL => WORTH,
            _ => 0,
        };
        if self.met < least {
            self.places.truncate(1);
            self.places.shrink_to_fit();
        }
        if self.asked == TRIAL {
            (self.asked, self.met) = (0, 0);
        }
        self.asked += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::game::{Play, Prescription};
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

    /// Goes with probability z(high), and counts how often it was asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Policy for Counting {
        fn play(&self, _: usize, z: &MeanField) -> Play {
            self.0.fetch_add(1, Ordering::Relaxed);
            let go = z.weights()[1];
            Play {
                leader_action: LeaderAction(1),
                prescription: Prescription::new(2, [1.0 - go, go].repeat(2)),
            }
        }

        fn answer(&self, _: usize, _: &MeanField, _: LeaderAction) -> Option<Prescription> {
            None
        }
    }

    #[test]
    fn a_stage_by_hand() {
        let scenario = Scenario::parse("g.toml", GAME, &[]).unwrap();
        let game = scenario.game();
        let stage = Stage::new(game, &mut game.tables(), &Counting::default(), 7, &[3, 1]).unwrap();
        // z = (3/4, 1/4): stay with 3/4, then high with 1/4; go with 1/4, then low.
        assert_eq!(stage.law(1), [9.0 / 16.0, 3.0 / 16.0, 0.25, 0.0]);
        assert_eq!(stage.leader_action(), LeaderAction(1));
        let rewards = stage.rewards(&[2, 1, 1, 0]);
        assert!((rewards.follower - 1.0 / (0.75 - 1.0 / 3.0)).abs() < 1e-12);
        assert!((rewards.leader - (7.0 + 0.75 / 4.0)).abs() < 1e-12);
        assert!(stage.mean_follower_reward(&[0; 4]).is_nan());
    }

    #[test]
    fn what_is_remembered_is_what_would_be_computed() {
        let scenario = Scenario::parse("g.toml", GAME, &[]).unwrap();
        let game = scenario.game();
        let policy = Counting::default();
        let mut memory = StageMemory::new(game);
        assert_eq!(memory.places.len(), 16384);
        // Places are shared by (t, n) and (t + 1, n - 512) and by n and n + 16384.
        let visits = [
            (1, 512),
            (2, 0),
            (1, 512),
            (1, 513),
            (1, 512 + 16384),
            (2, 0),
            (40, 5),
            (8, 5),
        ];
        for (t, high) in visits {
            let counts = [100_000 - high, high];
            let fresh = Stage::new(game, &mut game.tables(), &policy, t, &counts).unwrap();
            for _ in 0..2 {
                assert_eq!(*memory.stage(&policy, t, &counts).unwrap(), fresh);
            }
        }
        // Once for each fresh stage, and once for each visit that found another's stage or none.
        assert_eq!(policy.0.into_inner(), 2 * visits.len());
    }

    #[test]
    fn a_memory_that_meets_nothing_again_is_given_up() {
        let scenario = Scenario::parse("g.toml", GAME, &[]).unwrap();
        let game = scenario.game();
        let policy = Counting::default();
        // Of so many visits one meets the stage of the visit before: the places after a glance, and after the trial.
        let once_in = |every: u64| {
            let mut memory = StageMemory::new(game);
            let mut lengths = Vec::new();
            for visit in 0..=u64::from(TRIAL) {
                let fresh = visit - visit / every;
                memory.stage(&policy, 1, &[100_000_007, fresh]).unwrap();
                lengths.push(memory.places.len());
            }
            (lengths[GLANCE as usize], lengths[TRIAL as usize])
        };
        assert_eq!(once_in(31), (16384, 1));
        assert_eq!(once_in(34), (1, 1));
        assert_eq!(once_in(3), (16384, 16384));
        assert_eq!(once_in(4), (16384, 1));
    }

    #[test]
    fn a_stage_without_values_is_not_remembered() {
        let scenario = Scenario::parse("g.toml", GAME, &[]).unwrap();
        let policy = Counting::default();
        let mut memory = StageMemory::new(scenario.game());
        for _ in 0..2 {
            assert!(memory.stage(&policy, 1, &[1, 2]).is_err());
        }
        assert!(memory.stage(&policy, 1, &[2, 1]).is_ok());
        assert!(memory.stage(&policy, 1, &[1, 2]).is_err());
    }
}
