//! Plays and stages already computed: what is remembered changes the speed only.
//!
//! A play is a function of the public state (t, pi, n), a [`Stage`] of that and the leader's move. There is a fixed number
//! of places, and a public state always has the same one of them; there the play of the last one stands, with the stages of
//! the moves that the leader made. With two follower types neighbouring n have different places, so that the spread of z^N
//! up to N of about 10^4 is remembered whole.

use crate::game::{
    Belief, Game, GameError, LeaderPrescription, MeanField, Play, Policy, PolicyError, Tables,
};

use super::stage::Stage;

/// What everybody sees at the start of a period of a finite population.
#[derive(Clone, Copy, Debug)]
pub struct PublicState<'a> {
    /// The period, from 1.
    pub t: usize,
    /// The number of followers per type, n = N z^N.
    pub counts: &'a [u64],
    /// pi.
    pub belief: &'a Belief,
}

/// The stages of one policy, remembered.
#[derive(Debug)]
pub struct StageMemory<'g> {
    game: &'g Game,
    tables: Tables<'g>,
    /// z^N where the last play or stage was computed.
    z: MeanField,
    /// Filled when first needed.
    places: Vec<Option<Box<Known>>>,
    /// Stages asked for since the last trial,
    asked: u32,
    /// and those of them that were remembered.
    met: u32,
}

/// A play with its stages, and the public state that they belong to.
#[derive(Debug)]
struct Known {
    /// `None` while they are nobody's.
    t: Option<usize>,
    counts: Box<[u64]>,
    belief: Belief,
    play: Play,
    /// Of different moves of the leader; those after the first `valid` ones are room only.
    stages: Vec<Stage>,
    valid: usize,
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
/// The most moves of the leader remembered at one public state.
const MOST_MOVES: usize = 4;
/// Spreads what is multiplied by it over all bits: 2^64 over the golden ratio.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// The number of places in a memory for `game`, a power of two: 16,384 with two types and two actions.
fn number_of_places(game: &Game) -> usize {
    const OVERHEAD: usize = 320;
    let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
    let moves = game.leader_types().len().min(MOST_MOVES);
    let numbers = types.saturating_mul(actions).saturating_mul(2 * types + 2);
    let bytes = numbers
        .saturating_mul(size_of::<f64>())
        .saturating_add(OVERHEAD)
        .saturating_mul(moves);
    1 << (MEMORY_BYTES / bytes).max(1).ilog2()
}

/// The place of a public state among `places`, a power of two. The first count follows from the others, and the first weight of the belief.
fn place(state: PublicState<'_>, places: usize) -> usize {
    let others = state.counts.iter().skip(1);
    let mixed = others.fold(0, |mixed: u64, n| mixed.wrapping_mul(MIX).wrapping_add(*n));
    let others = state.belief.weights().iter().skip(1);
    let believed = others.fold(0, |believed: u64, weight| {
        (believed ^ weight.to_bits()).wrapping_mul(MIX) >> 1
    });
    let stride = places.div_ceil(PERIODS);
    mixed
        .wrapping_add(believed >> 32)
        .wrapping_add(stride.wrapping_mul(state.t) as u64) as usize
        & (places - 1)
}

impl<'g> StageMemory<'g> {
    /// An empty memory.
    pub fn new(game: &'g Game) -> Self {
        Self {
            game,
            tables: game.tables(),
            z: game.initial().clone(),
            places: (0..number_of_places(game)).map(|_| None).collect(),
            asked: 0,
            met: 0,
        }
    }

    /// The play of `policy` at a public state; one memory serves one policy.
    ///
    /// # Errors
    /// Where the policy is not known.
    #[inline]
    pub fn visit(
        &mut self,
        policy: &dyn Policy,
        state: PublicState<'_>,
    ) -> Result<Visit<'_, 'g>, PolicyError> {
        self.consider();
        let at = place(state, self.places.len());
        let mut is_at_z = false;
        let z = &mut self.z;
        let mut play = || {
            z.assign_counts(state.counts);
            is_at_z = true;
            policy.play(state.t, state.belief, z)
        };
        let known = match &mut self.places[at] {
            Some(known) => {
                if !known.is_of(state) {
                    // A policy that fails half-way leaves nobody's play.
                    known.t = None;
                    known.play = play()?;
                    known.become_of(state);
                }
                known
            }
            empty => empty.insert(Box::new(Known {
                t: Some(state.t),
                counts: state.counts.into(),
                belief: state.belief.clone(),
                play: play()?,
                stages: Vec::with_capacity(1),
                valid: 0,
            })),
        };
        Ok(Visit {
            game: self.game,
            tables: &mut self.tables,
            met: &mut self.met,
            known,
            t: state.t,
            z: &mut self.z,
            is_at_z,
        })
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

impl Known {
    #[inline]
    fn is_of(&self, state: PublicState<'_>) -> bool {
        self.t == Some(state.t) && *self.counts == *state.counts && self.belief == *state.belief
    }

    /// The play is that of another public state now, which has no stages yet.
    fn become_of(&mut self, state: PublicState<'_>) {
        self.counts.copy_from_slice(state.counts);
        if self.belief != *state.belief {
            self.belief = state.belief.clone();
        }
        self.valid = 0;
        self.t = Some(state.t);
    }

    /// Where the stage of a move stands, and whether it is there already.
    #[inline]
    fn find(&mut self, game: &Game, leader_move: usize) -> (usize, bool) {
        let valid = &self.stages[..self.valid];
        if let Some(at) = valid.iter().position(|s| s.leader_move() == leader_move) {
            return (at, true);
        }
        match self.valid < MOST_MOVES {
            true => {
                if self.valid == self.stages.len() {
                    self.stages.push(Stage::empty(game));
                }
                (self.valid, false)
            }
            false => (leader_move % MOST_MOVES, false),
        }
    }
}

/// A public state that is being played.
#[derive(Debug)]
pub struct Visit<'a, 'g> {
    game: &'g Game,
    tables: &'a mut Tables<'g>,
    met: &'a mut u32,
    known: &'a mut Known,
    t: usize,
    /// z^N, where it was needed for the play.
    z: &'a mut MeanField,
    is_at_z: bool,
}

impl<'a> Visit<'a, '_> {
    /// What the leader plays.
    #[inline]
    pub fn leader(&self) -> &LeaderPrescription {
        &self.known.play.leader
    }

    /// The stage once the leader has made this move.
    ///
    /// # Errors
    /// Where a kernel or reward has no valid value at z^N.
    #[inline]
    pub fn stage(self, leader_move: usize) -> Result<&'a Stage, GameError> {
        let (at, is_known) = self.known.find(self.game, leader_move);
        if is_known {
            *self.met += 1;
            return Ok(&self.known.stages[at]);
        }
        if !self.is_at_z {
            self.z.assign_counts(&self.known.counts);
        }
        self.tables.evaluate(self.t, self.z.weights())?;
        let Known {
            belief,
            play,
            stages,
            ..
        } = self.known;
        stages[at].fill(self.game, self.tables, play, belief, leader_move);
        self.known.valid = self.known.valid.max(at + 1);
        Ok(&self.known.stages[at])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::game::{LeaderAction, LeaderType, Prescription};
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
        fn play(&self, _: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let go = z.weights()[1];
            Ok(Play::pure(
                LeaderAction(1),
                Prescription::new(2, [1.0 - go, go].repeat(2)),
            ))
        }

        fn answer(
            &self,
            t: usize,
            _: &Belief,
            _: &MeanField,
            _: &LeaderPrescription,
        ) -> Result<Prescription, PolicyError> {
            Err(PolicyError::NoAnswer { t })
        }
    }

    fn fresh(game: &Game, policy: &Counting, t: usize, counts: &[u64]) -> Stage {
        let (z, belief, mut tables) = (
            MeanField::from_counts(counts),
            Belief::certain(),
            game.tables(),
        );
        tables.evaluate(t, z.weights()).unwrap();
        let play = policy.play(t, &belief, &z).unwrap();
        Stage::new(game, &tables, &play, &belief, 1)
    }

    fn stage<'m>(
        memory: &'m mut StageMemory<'_>,
        policy: &Counting,
        t: usize,
        counts: &[u64],
    ) -> Result<&'m Stage, GameError> {
        let belief = &Belief::certain();
        memory
            .visit(policy, PublicState { t, counts, belief })
            .unwrap()
            .stage(1)
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
            let fresh = fresh(game, &policy, t, &counts);
            for _ in 0..2 {
                assert_eq!(*stage(&mut memory, &policy, t, &counts).unwrap(), fresh);
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
                stage(&mut memory, &policy, 1, &[100_000_007, fresh]).unwrap();
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
            assert!(stage(&mut memory, &policy, 1, &[1, 2]).is_err());
        }
        assert!(stage(&mut memory, &policy, 1, &[2, 1]).is_ok());
        assert!(stage(&mut memory, &policy, 1, &[1, 2]).is_err());
    }

    /// Mixes over all actions whatever her type; followers go with the probability of her last type.
    #[derive(Default)]
    struct Believer(AtomicUsize);

    impl Policy for Believer {
        fn play(&self, _: usize, belief: &Belief, _: &MeanField) -> Result<Play, PolicyError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let go = belief.weights()[2];
            Ok(Play {
                leader: LeaderPrescription::Mixed {
                    actions: 2,
                    rows: vec![0.25, 0.75, 0.5, 0.5, 0.125, 0.875],
                },
                prescription: Prescription::new(2, [1.0 - go, go].repeat(2)),
            })
        }

        fn answer(
            &self,
            t: usize,
            _: &Belief,
            _: &MeanField,
            _: &LeaderPrescription,
        ) -> Result<Prescription, PolicyError> {
            Err(PolicyError::NoAnswer { t })
        }
    }

    /// Three leader types and two actions make more moves than a place has room for.
    #[test]
    fn stages_are_told_apart_by_belief_and_move() {
        let types = "types = [\"weak\", \"firm\", \"hard\"]\ninitial = [0.5, 0.25, 0.25]\n[leader.transition]\n\
                     \"*, audit\" = { weak = \"z[low]\", firm = \"rest\" }\n\"*, trust\" = { hard = 1 }\n";
        let text = format!(
            "{}{types}",
            GAME.replace("z[low] * (a == go)", "leader_type * (a == go)")
        );
        let scenario = Scenario::parse("g.toml", &text, &[]).unwrap();
        let (game, policy) = (scenario.game(), Believer::default());
        let (mut memory, mut tables) = (StageMemory::new(game), game.tables());
        let beliefs = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]];
        let counts = &[3, 1];
        tables.evaluate(7, &[0.75, 0.25]).unwrap();
        for belief in &beliefs.map(|weights| Belief::new(weights.to_vec())) {
            let asked = policy.0.load(Ordering::Relaxed);
            for leader_move in (0..6).chain(0..6).chain([5, 5, 0]) {
                let state = PublicState {
                    t: 7,
                    counts,
                    belief,
                };
                let found = memory
                    .visit(&policy, state)
                    .unwrap()
                    .stage(leader_move)
                    .unwrap();
                let play = Believer::default()
                    .play(7, belief, &MeanField::from_counts(counts))
                    .unwrap();
                assert_eq!(
                    *found,
                    Stage::new(game, &tables, &play, belief, leader_move)
                );
                assert_eq!(found.leader_type(), LeaderType(leader_move / 2));
            }
            assert_eq!(policy.0.load(Ordering::Relaxed), asked + 1);
        }
        assert!(memory.met > 0);
    }
}
