//! Followers one by one: a byte of type each, a 32-bit word a period.
//!
//! The word of follower i at period t is number (t - 1) B + i of the replication's stream, with B the number of followers
//! rounded up to whole blocks, so that it depends neither on how the followers are cut into groups nor on what draws first.
//! The word picks the pair (a, x') by the cumulative sums of p(a, x' | x), read as binary fractions; where its 32 digits
//! equal those of a bound, 32 more follow from a second stream, at the same number. Probabilities are exact to 2^-64.
//!
//! Two ways give the same result: [`Laws::pick`], for any table, and [`TwoByTwo`], without branches, for two types and up
//! to two actions.

use rayon::prelude::*;

use crate::game::MeanField;
use crate::simulate::Start;
use crate::stream::{BLOCK_WORDS, Stream};

use super::laws::{Laws, TwoByTwo};
use super::population::{Population, PopulationStreams, rounded_counts};
use super::stage::Stage;
use super::{AgentReturns, Cohorts};

/// Followers in a group, a whole number of blocks.
const GROUP: usize = 1 << 16;

/// Whether the groups of one population are moved at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Groups {
    /// One after the other: for as many replications as threads.
    InTurn,
    /// On all threads.
    AtOnce,
}

/// What is drawn and where: the words and their further digits.
#[derive(Debug)]
pub(super) struct Words {
    /// The first 32 digits of every draw.
    pub first: Stream,
    /// 32 more.
    pub further: Stream,
}

/// N followers, in groups.
pub(super) struct AgentPopulation {
    groups: Vec<Group>,
    counts: Vec<u64>,
    laws: Laws,
    words: Words,
    /// The block with which the present period begins.
    block: u64,
    order: Groups,
}

/// Neighbouring followers.
struct Group {
    /// The number of blocks in the groups before.
    first_block: u64,
    types: Vec<u8>,
    /// The initial types, where cohorts are told apart.
    initial: Option<Vec<u8>>,
    /// Discounted rewards so far, where they are kept.
    returns: Option<Vec<f64>>,
    moved: Moved,
}

/// What the followers of a group did in one period.
#[derive(Default)]
struct Moved {
    /// Per (cohort, type, action).
    acted: Vec<u64>,
    /// Per type, where they went.
    next: Vec<u64>,
}

impl AgentPopulation {
    /// N followers at t = 1. `further` belongs to the followers' stream.
    pub(super) fn new(
        start: Start,
        cohorts: Cohorts,
        z: &MeanField,
        population: u64,
        streams: PopulationStreams,
        further: Stream,
        order: Groups,
    ) -> Self {
        let types = z.weights().len();
        let mut all = vec![0; population as usize];
        match start {
            Start::Iid => draw_types(&mut all, z, streams.initial_types),
            Start::Rounded => {
                let mut rest = all.as_mut_slice();
                for (x, n) in rounded_counts(z, population).iter().enumerate() {
                    let (block, after) = rest.split_at_mut(*n as usize);
                    block.fill(x as u8);
                    rest = after;
                }
            }
        }
        let mut counts = vec![0; types];
        all.iter().for_each(|x| counts[usize::from(*x)] += 1);
        let group = |(index, types): (usize, &[u8])| Group {
            first_block: (index * (GROUP / BLOCK_WORDS)) as u64,
            types: types.to_vec(),
            initial: (cohorts != Cohorts::Together).then(|| types.to_vec()),
            returns: (cohorts == Cohorts::EachFollower).then(|| vec![0.0; types.len()]),
            moved: Moved::default(),
        };
        Self {
            groups: all.chunks(GROUP).enumerate().map(group).collect(),
            counts,
            laws: Laws::default(),
            words: Words {
                first: streams.followers,
                further,
            },
            block: 0,
            order,
        }
    }
}

/// Types drawn from z, two words each.
fn draw_types(types: &mut [u8], z: &MeanField, mut stream: Stream) {
    let law = Laws::of_one(z.weights());
    for block in types.chunks_mut(BLOCK_WORDS) {
        let (first, further) = (stream.block(), stream.block());
        for ((x, word), digits) in block.iter_mut().zip(first).zip(further) {
            *x = law.pick(0, word, || digits).next;
        }
    }
}

impl Population for AgentPopulation {
    fn counts(&self) -> &[u64] {
        &self.counts
    }

    fn cohort_counts(&self) -> Vec<u64> {
        let types = self.counts.len();
        let mut counts = Vec::new();
        for group in &self.groups {
            let Some(initial) = &group.initial else {
                return self.counts.clone();
            };
            counts.resize(types * types, 0);
            for (cohort, x) in initial.iter().zip(&group.types) {
                counts[usize::from(*cohort) * types + usize::from(*x)] += 1;
            }
        }
        counts
    }

    fn step(&mut self, stage: &Stage, weight: f64, acted: &mut [u64]) {
        let population: u64 = self.counts.iter().sum();
        self.laws.assign(stage, population);
        let (laws, words, start) = (&self.laws, &mut self.words, self.block);
        let together = acted.len() == stage.types() * stage.actions();
        let fast = if together { TwoByTwo::new(stage) } else { None };
        let (cells, types) = (acted.len(), stage.types());
        let prepare = |group: &mut Group| {
            group.moved.acted.clear();
            group.moved.acted.resize(cells, 0);
            group.moved.next.clear();
            group.moved.next.resize(types, 0);
        };
        let further = &words.further;
        let advance = |group: &mut Group, first: &mut Stream| {
            prepare(group);
            let from = start + group.first_block;
            match &fast {
                Some(fast) => group.advance_fast(fast, laws, first, further, from),
                None => group.advance(stage, laws, weight, first, further, from),
            }
        };
        match self.order {
            Groups::InTurn => self
                .groups
                .iter_mut()
                .for_each(|group| advance(group, &mut words.first)),
            Groups::AtOnce => self.groups.par_iter_mut().for_each(|group| {
                let mut first = words.first.at_block(start + group.first_block);
                advance(group, &mut first);
            }),
        }
        self.block += population.div_ceil(BLOCK_WORDS as u64);
        acted.fill(0);
        self.counts.fill(0);
        for group in &self.groups {
            acted
                .iter_mut()
                .zip(&group.moved.acted)
                .for_each(|(sum, n)| *sum += n);
            self.counts
                .iter_mut()
                .zip(&group.moved.next)
                .for_each(|(sum, n)| *sum += n);
        }
    }

    fn agent_returns(&self, terminal: &[f64]) -> Option<AgentReturns> {
        let mut by_type = vec![Vec::new(); self.counts.len()];
        for group in &self.groups {
            let (initial, returns) = (group.initial.as_ref()?, group.returns.as_ref()?);
            for ((cohort, x), value) in initial.iter().zip(&group.types).zip(returns) {
                by_type[usize::from(*cohort)].push(value + terminal[usize::from(*x)]);
            }
        }
        Some(AgentReturns::new(by_type))
    }
}

impl Group {
    /// Follower by follower.
    fn advance(
        &mut self,
        stage: &Stage,
        laws: &Laws,
        weight: f64,
        first: &mut Stream,
        further: &Stream,
        from: u64,
    ) {
        let cohort_cells = stage.types() * stage.actions();
        let Moved { acted, next } = &mut self.moved;
        for (block, types) in self.types.chunks_mut(BLOCK_WORDS).enumerate() {
            let offset = block * BLOCK_WORDS;
            let words = first.block();
            for (i, (x, word)) in types.iter_mut().zip(words).enumerate() {
                let digits = || further.at_block(from + block as u64).block()[i];
                let picked = laws.pick(usize::from(*x), word, digits);
                let cell = usize::from(picked.acted);
                let cohort = self
                    .initial
                    .as_ref()
                    .map_or(0, |initial| usize::from(initial[offset + i]));
                acted[cohort * cohort_cells + cell] += 1;
                next[usize::from(picked.next)] += 1;
                if let Some(returns) = &mut self.returns {
                    returns[offset + i] += weight * stage.follower_rewards()[cell];
                }
                *x = picked.next;
            }
        }
    }

    /// The same block by block.
    fn advance_fast(
        &mut self,
        fast: &TwoByTwo,
        laws: &Laws,
        first: &mut Stream,
        further: &Stream,
        from: u64,
    ) {
        let mut moved = fast.nobody();
        let (blocks, rest) = self.types.as_chunks_mut::<BLOCK_WORDS>();
        for (block, types) in blocks.iter_mut().enumerate() {
            fast.advance(types, &first.block(), &mut moved, |x, i, word| {
                laws.pick(x, word, || further.at_block(from + block as u64).block()[i])
            });
        }
        if !rest.is_empty() {
            let (words, block) = (first.block(), from + blocks.len() as u64);
            for (i, (x, word)) in rest.iter_mut().zip(words).enumerate() {
                let picked =
                    laws.pick(usize::from(*x), word, || further.at_block(block).block()[i]);
                moved.add(usize::from(*x), picked);
                *x = picked.next;
            }
        }
        moved.write(&mut self.moved.acted, &mut self.moved.next);
    }
}
