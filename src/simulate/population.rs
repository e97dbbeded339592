//! The two engines: a population of N followers as a count vector, or follower by follower. Both move by
//! p(a, x' | x) of a [`Stage`], independently given the counts, and so have the same law of (types, actions).
//!
//! Followers may be told apart by their initial type (cohorts): the cohorts move independently given the stage, so
//! splitting each on its own leaves the law of the whole as it was.

use rand::Rng;

use crate::game::MeanField;
use crate::scenario::Start;
use crate::stream::Stream;

use super::Cohorts;
use super::split::split;
use super::stage::Stage;

/// N followers with types.
pub(super) trait Population {
    /// The number of followers per type, n.
    fn counts(&self) -> &[u64];

    /// The same per (cohort, type).
    fn cohort_counts(&self) -> Vec<u64>;

    /// Everybody acts and moves once. `acted` gets the number of followers per (cohort, type, action).
    fn step(&mut self, stage: &Stage, rng: &mut Stream, acted: &mut [u64]);
}

/// The largest-remainder rounding of N z: the N followers' types if nothing is left to chance. Equal remainders go to
/// the first type.
pub fn rounded_counts(z: &MeanField, population: u64) -> Vec<u64> {
    let mut left = population;
    let mut remainders = Vec::with_capacity(z.weights().len());
    let mut counts = Vec::with_capacity(z.weights().len());
    for weight in z.weights() {
        let share = population as f64 * weight;
        let whole = (share as u64).min(left);
        left -= whole;
        counts.push(whole);
        // To a millionth, so that rounding does not decide between equal ones.
        remainders.push(((share - whole as f64) * 1e6).round());
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|x, y| remainders[*y].total_cmp(&remainders[*x]));
    for x in order.into_iter().cycle().take(left as usize) {
        counts[x] += 1;
    }
    counts
}

/// The count vector n, or one per cohort.
pub(super) struct CountPopulation {
    types: usize,
    /// Per (cohort, type).
    cohorts: Vec<u64>,
    next: Vec<u64>,
    counts: Vec<u64>,
}

impl CountPopulation {
    pub(super) fn new(
        start: Start,
        cohorts: Cohorts,
        z: &MeanField,
        population: u64,
        rng: &mut Stream,
    ) -> Self {
        let types = z.weights().len();
        let mut counts = vec![0; types];
        match start {
            Start::Iid => split(rng, population, z.weights(), &mut counts),
            Start::Rounded => counts = rounded_counts(z, population),
        }
        let by_cohort = match cohorts {
            Cohorts::Together => counts.clone(),
            Cohorts::ByInitialType => {
                let mut diagonal = vec![0; types * types];
                for (x, n) in counts.iter().enumerate() {
                    diagonal[x * types + x] = *n;
                }
                diagonal
            }
        };
        Self {
            types,
            next: by_cohort.clone(),
            cohorts: by_cohort,
            counts,
        }
    }
}

impl Population for CountPopulation {
    fn counts(&self) -> &[u64] {
        &self.counts
    }

    fn cohort_counts(&self) -> Vec<u64> {
        self.cohorts.clone()
    }

    fn step(&mut self, stage: &Stage, rng: &mut Stream, acted: &mut [u64]) {
        let (types, actions) = (self.types, stage.actions());
        acted.fill(0);
        self.next.fill(0);
        self.counts.fill(0);
        for (index, n) in self.cohorts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let (cohort, x) = (index / types, index % types);
            stage.split(x).draw(rng, *n, |pair, number| {
                let (a, next) = (pair / types, pair % types);
                acted[index * actions + a] += number;
                self.next[cohort * types + next] += number;
                self.counts[next] += number;
            });
        }
        std::mem::swap(&mut self.cohorts, &mut self.next);
    }
}

/// One type per follower, in a byte (a scenario has at most 64 types): the reference.
pub(super) struct AgentPopulation {
    types: Vec<u8>,
    /// The initial types, where cohorts are told apart.
    initial: Option<Vec<u8>>,
    counts: Vec<u64>,
}

/// Words drawn at a time.
const WORDS: usize = 256;

impl AgentPopulation {
    pub(super) fn new(
        start: Start,
        cohorts: Cohorts,
        z: &MeanField,
        population: u64,
        rng: &mut Stream,
    ) -> Self {
        let types: Vec<u8> = match start {
            Start::Iid => {
                let law = Thresholds::new(z.weights());
                (0..population)
                    .map(|_| law.category(rng.next_u64()) as u8)
                    .collect()
            }
            Start::Rounded => {
                let counts = rounded_counts(z, population);
                let block = |(x, n): (usize, &u64)| std::iter::repeat_n(x as u8, *n as usize);
                counts.iter().enumerate().flat_map(block).collect()
            }
        };
        let mut counts = vec![0; z.weights().len()];
        for x in &types {
            counts[usize::from(*x)] += 1;
        }
        let initial = match cohorts {
            Cohorts::Together => None,
            Cohorts::ByInitialType => Some(types.clone()),
        };
        Self {
            types,
            initial,
            counts,
        }
    }
}

impl Population for AgentPopulation {
    fn counts(&self) -> &[u64] {
        &self.counts
    }

    fn cohort_counts(&self) -> Vec<u64> {
        let Some(initial) = &self.initial else {
            return self.counts.clone();
        };
        let types = self.counts.len();
        let mut counts = vec![0; types * types];
        for (cohort, x) in initial.iter().zip(&self.types) {
            counts[usize::from(*cohort) * types + usize::from(*x)] += 1;
        }
        counts
    }

    fn step(&mut self, stage: &Stage, rng: &mut Stream, acted: &mut [u64]) {
        let (types, actions) = (stage.types(), stage.actions());
        let laws: Vec<Thresholds> = (0..types).map(|x| Thresholds::new(stage.law(x))).collect();
        let pairs = actions * types;
        // The number of followers per (cohort, type, action, next type).
        let mut moved = vec![0; acted.len() * types];
        let next_types: Vec<u8> = (0..pairs).map(|pair| (pair % types) as u8).collect();
        let mut words = [0; 8 * WORDS];
        for (block, followers) in self.types.chunks_mut(WORDS).enumerate() {
            rng.fill_bytes(&mut words[..8 * followers.len()]);
            for (index, (x, word)) in followers.iter_mut().zip(words.as_chunks().0).enumerate() {
                let pair = laws[usize::from(*x)].category(u64::from_le_bytes(*word));
                let initial = self
                    .initial
                    .as_ref()
                    .map_or(0, |initial| initial[block * WORDS + index]);
                moved[(usize::from(initial) * types + usize::from(*x)) * pairs + pair] += 1;
                *x = next_types[pair];
            }
        }
        self.counts.fill(0);
        for (acting, next) in acted.iter_mut().zip(moved.chunks_exact(types)) {
            *acting = next.iter().sum();
            for (count, n) in self.counts.iter_mut().zip(next) {
                *count += n;
            }
        }
    }
}

/// A law over categories as bounds on a 64-bit word: the cumulative probabilities times 2^64, of the categories of
/// positive probability only; the last of them takes what is left.
struct Thresholds {
    bounds: Vec<u64>,
    /// The category of a word that has reached so many bounds.
    categories: Vec<usize>,
}

impl Thresholds {
    fn new(probabilities: &[f64]) -> Self {
        const WORDS: f64 = 18_446_744_073_709_551_616.0;
        let (mut bounds, mut categories, mut below) = (Vec::new(), Vec::new(), 0.0);
        for (category, p) in probabilities.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            below += p;
            bounds.push((below * WORDS) as u64);
            categories.push(category);
        }
        bounds.pop();
        categories.resize(bounds.len() + 1, 0);
        Self { bounds, categories }
    }

    #[inline]
    fn category(&self, word: u64) -> usize {
        let reached = self.bounds.iter().map(|bound| usize::from(word >= *bound));
        self.categories[reached.sum::<usize>()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fall_into_the_categories_of_positive_probability() {
        let law = Thresholds::new(&[0.0, 0.25, 0.0, 0.5, 0.25, 0.0]);
        let quarter = 1 << 62;
        for (word, category) in [
            (0, 1),
            (quarter - 1, 1),
            (quarter, 3),
            (3 * quarter - 1, 3),
            (3 * quarter, 4),
            (u64::MAX, 4),
        ] {
            assert_eq!(law.category(word), category, "{word}");
        }
        let sure = Thresholds::new(&[0.0, 1.0]);
        assert_eq!((sure.category(0), sure.category(u64::MAX)), (1, 1));
        // Ten of one tenth: the sum misses one, and the last category takes the rest.
        let tenths = Thresholds::new(&[0.1; 10]);
        assert_eq!((tenths.category(0), tenths.category(u64::MAX)), (0, 9));
        assert_eq!(tenths.category(u64::MAX / 2 + 1), 5);
    }

    #[test]
    fn largest_remainders_by_hand() {
        let rounded = |weights: &[f64], population| {
            rounded_counts(&MeanField::new(weights.to_vec()), population)
        };
        assert_eq!(rounded(&[0.5, 0.5], 3), [2, 1]);
        // 4 z = (0.4, 1.2, 2.4), and (2.4, 0.4, 1.2): the first of two equal remainders.
        assert_eq!(rounded(&[0.1, 0.3, 0.6], 4), [1, 1, 2]);
        assert_eq!(rounded(&[0.6, 0.1, 0.3], 4), [3, 0, 1]);
        assert_eq!(rounded(&[0.29, 0.71], 100), [29, 71]);
        assert_eq!(rounded(&[0.0, 1.0], 7), [0, 7]);
        let trillion = rounded(&[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], 1_000_000_000_000);
        assert_eq!(
            trillion,
            [333_333_333_334, 333_333_333_333, 333_333_333_333]
        );
    }
}
