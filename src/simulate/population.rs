//! The two engines: a population of N followers as a count vector, or follower by follower. Both move by
//! p(a, x' | x) of a [`Stage`], independently given the counts, and so have the same law of (types, actions).
//!
//! Followers may be told apart by their initial type (cohorts): the cohorts move independently given the stage, so
//! splitting each on its own leaves the law of the whole as it was.

use crate::game::MeanField;
use crate::simulate::Start;
use crate::stream::Stream;

use super::split::{Split, draw, split};
use super::stage::Stage;
use super::{AgentReturns, Cohorts};

/// N followers with types.
pub(super) trait Population {
    /// The number of followers per type, n.
    fn counts(&self) -> &[u64];

    /// The same per (cohort, type).
    fn cohort_counts(&self) -> Vec<u64>;

    /// Everybody acts and moves once. `acted` gets the number of followers per (cohort, type, action); `weight` is
    /// delta^(t-1), for returns of single followers.
    fn step(&mut self, stage: &Stage, weight: f64, acted: &mut [u64]);

    /// The returns of single followers where they are kept, with `terminal` (per type, discounted) added.
    fn agent_returns(&self, terminal: &[f64]) -> Option<AgentReturns>;
}

/// The streams of one replication's followers.
pub(super) struct PopulationStreams {
    /// Of the types at t = 1.
    pub initial_types: Stream,
    /// Of the actions and next types.
    pub followers: Stream,
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

/// The counts of N followers at t = 1, less one of the type `without`.
pub(crate) fn first_counts(
    start: Start,
    z: &MeanField,
    (population, without): (u64, Option<usize>),
    mut stream: Stream,
) -> Vec<u64> {
    match start {
        Start::Iid => {
            let mut counts = vec![0; z.weights().len()];
            let drawn = population - u64::from(without.is_some());
            split(&mut stream, drawn, z.weights(), &mut counts);
            counts
        }
        Start::Rounded => {
            let mut counts = rounded_counts(z, population);
            let left_out = without.into_iter();
            left_out.for_each(|x| counts[x] = counts[x].saturating_sub(1));
            counts
        }
    }
}

/// One step of a count vector where nobody counts actions: the followers of each type split over their next types, the laws
/// of which are given by type.
pub(crate) fn move_followers(
    laws: impl Fn(usize) -> Vec<f64>,
    counts: &mut Vec<u64>,
    stream: &mut Stream,
) {
    let mut next = vec![0; counts.len()];
    for (x, number) in counts.iter().enumerate().filter(|(_, number)| **number > 0) {
        Split::new(&laws(x)).draw(stream, *number, |to, moved| next[to] += moved);
    }
    *counts = next;
}

/// The count vector n, or one per cohort.
pub(super) struct CountPopulation {
    types: usize,
    /// Per (cohort, type).
    cohorts: Vec<u64>,
    next: Vec<u64>,
    counts: Vec<u64>,
    /// Of the actions and next types.
    stream: Stream,
}

impl CountPopulation {
    pub(super) fn new(
        start: Start,
        cohorts: Cohorts,
        z: &MeanField,
        population: u64,
        streams: PopulationStreams,
    ) -> Self {
        let types = z.weights().len();
        let counts = first_counts(start, z, (population, None), streams.initial_types);
        let by_cohort = match cohorts {
            Cohorts::Together => counts.clone(),
            Cohorts::ByInitialType | Cohorts::EachFollower => {
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
            stream: streams.followers,
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

    fn step(&mut self, stage: &Stage, _: f64, acted: &mut [u64]) {
        let (types, actions) = (self.types, stage.actions());
        acted.fill(0);
        self.next.fill(0);
        self.counts.fill(0);
        let (mut acted, mut next) = (acted, self.next.as_mut_slice());
        let mut cohorts = self.cohorts.as_slice();
        while !cohorts.is_empty() {
            let (cohort, other_cohorts) = cohorts.split_at(types);
            let (arrived, other_next) = next.split_at_mut(types);
            for (x, n) in cohort.iter().enumerate() {
                let (of_type, other_acted) = acted.split_at_mut(actions);
                acted = other_acted;
                let (mut left, mut chances) = (*n, stage.chances(x));
                for acted in of_type {
                    if left == 0 {
                        break;
                    }
                    let (of_action, others) = chances.split_at(types);
                    chances = others;
                    *acted = left;
                    left = draw(of_action, &mut self.stream, left, |to, number| {
                        arrived[to] += number;
                        self.counts[to] += number;
                    });
                    *acted -= left;
                }
            }
            (cohorts, next) = (other_cohorts, other_next);
        }
        std::mem::swap(&mut self.cohorts, &mut self.next);
    }

    fn agent_returns(&self, _: &[f64]) -> Option<AgentReturns> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
