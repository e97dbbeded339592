//! The two engines against the exact law of a small population, and against each other.

use crate::mill::{MILL, MillPolicy, SETTINGS, next_on, push, scenario};
use crate::support::simulated::{simulation, trajectories};
use smfg::game::{Belief, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription};
use smfg::scenario::Scenario;
use smfg::simulate::Engine;
use smfg::simulate::{Simulation, Trajectory};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The exact law of (n_T(on), number pushing at T, n_{T+1}(on)) of [`MILL`]: over all types of all followers, in turn.
fn exact_law(population: usize, next_on: impl Fn(f64, usize, usize) -> f64) -> Vec<f64> {
    let bit = |state: usize, follower: usize| state >> follower & 1;
    let states = 1 << population;
    let base = population + 1;
    let product = |p: f64, on: usize| if on == 1 { p } else { 1.0 - p };
    let mut law: Vec<f64> = (0..states)
        .map(|state| {
            (0..population)
                .map(|i| product(0.3, bit(state, i)))
                .product()
        })
        .collect();
    let mut cells = vec![0.0; base.pow(3)];
    for t in 1..=3 {
        let mut following = vec![0.0; states];
        for (state, weight) in law.iter().enumerate() {
            let on = state.count_ones() as f64 / population as f64;
            for (acts, next) in
                (0..states).flat_map(|acts| (0..states).map(move |next| (acts, next)))
            {
                let of_follower = |i: usize| {
                    let (x, a) = (bit(state, i), bit(acts, i));
                    product(push(t, on, x), a) * product(next_on(on, x, a), bit(next, i))
                };
                let p = weight * (0..population).map(of_follower).product::<f64>();
                following[next] += p;
                if t == 3 {
                    let [n, pushing, then] = [state, acts, next].map(|s| s.count_ones() as usize);
                    cells[(n * base + pushing) * base + then] += p;
                }
            }
        }
        law = following;
    }
    cells
}

fn observed_cells(paths: &[Trajectory], population: usize) -> Vec<f64> {
    let base = population + 1;
    let mut cells = vec![0.0; base.pow(3)];
    for path in paths {
        let [n, pushing, then] = [
            path.counts(3)[1],
            path.action_count(3, 1),
            path.counts(4)[1],
        ]
        .map(|n| n as usize);
        cells[(n * base + pushing) * base + then] += 1.0;
    }
    cells
}

/// p-value of Pearson's statistic; cells that expect fewer than 8 are pooled.
fn p_value(observed: &[f64], law: &[f64]) -> f64 {
    let total: f64 = observed.iter().sum();
    let (mut statistic, mut degrees) = (0.0, -1.0);
    let (mut rest_seen, mut rest_expected) = (0.0, 0.0);
    for (seen, p) in observed.iter().zip(law) {
        let expected = p * total;
        if expected < 8.0 {
            rest_seen += seen;
            rest_expected += expected;
        } else {
            statistic += (seen - expected) * (seen - expected) / expected;
            degrees += 1.0;
        }
    }
    if rest_expected > 0.0 {
        statistic += (rest_seen - rest_expected) * (rest_seen - rest_expected) / rest_expected;
        degrees += 1.0;
    }
    1.0 - ChiSquared::new(degrees).unwrap().cdf(statistic)
}

/// Level of every test of a law here. Ten of them accept a true law.
const LEVEL: f64 = 1e-4;

#[test]
fn both_engines_have_the_exact_law_and_a_transposed_kernel_is_rejected() {
    let scenario = scenario(MILL);
    for population in [1, 4] {
        let law = exact_law(population, next_on);
        assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let transposed = exact_law(population, |on, x, a| next_on(on, 1 - x, a));
        // Kernels at the mean field of t = 1 in place of z^N.
        let limit = exact_law(population, |_, x, a| next_on(0.3, x, a));
        for (engine, cohorts) in SETTINGS {
            let simulation = Simulation {
                cohorts,
                ..simulation(engine, population as u64, 40_000)
            };
            let observed = observed_cells(
                &trajectories(scenario.game(), &MillPolicy, &simulation),
                population,
            );
            assert!(
                p_value(&observed, &law) > LEVEL,
                "{engine:?} {cohorts:?} N = {population}"
            );
            assert!(
                p_value(&observed, &transposed) < LEVEL,
                "{engine:?} {cohorts:?} N = {population}"
            );
            assert!(
                p_value(&observed, &limit) < LEVEL,
                "{engine:?} {cohorts:?} N = {population}"
            );
        }
    }
}

/// p-value that two samples of numbers have one law: chi-square over ten classes of the pooled sample.
fn two_sample_p_value(first: &[u64], second: &[u64]) -> f64 {
    let mut pooled: Vec<u64> = [first, second].concat();
    pooled.sort_unstable();
    let mut bounds: Vec<u64> = (1..10).map(|k| pooled[k * pooled.len() / 10]).collect();
    bounds.dedup();
    let class = |n: u64| bounds.partition_point(|bound| *bound <= n);
    let count = |sample: &[u64]| {
        let mut counts = vec![0.0; bounds.len() + 1];
        sample.iter().for_each(|n| counts[class(*n)] += 1.0);
        counts
    };
    let (a, b) = (count(first), count(second));
    let statistic: f64 = a
        .iter()
        .zip(&b)
        .filter(|(a, b)| *a + *b > 0.0)
        .map(|(a, b)| (a - b) * (a - b) / (a + b))
        .sum();
    1.0 - ChiSquared::new(bounds.len() as f64).unwrap().cdf(statistic)
}

/// The policy of the period before.
struct StalePolicy;

impl Policy for StalePolicy {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        MillPolicy.play(t - 1, &Belief::certain(), z)
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

#[test]
fn the_engines_agree_at_a_middling_population() {
    let infection = Scenario::read("scenarios/infection.toml".as_ref(), &[]).unwrap();
    for scenario in [scenario(MILL), infection] {
        let at_four = |engine, policy: &dyn Policy| -> Vec<u64> {
            let paths = trajectories(scenario.game(), policy, &simulation(engine, 300, 4000));
            paths.iter().map(|path| path.counts(4)[1]).collect()
        };
        let agents = at_four(Engine::Agents, &MillPolicy);
        let counts = at_four(Engine::Counts, &MillPolicy);
        let stale = at_four(Engine::Counts, &StalePolicy);
        assert!(
            two_sample_p_value(&counts, &agents) > LEVEL,
            "{}",
            scenario.name
        );
        assert!(
            two_sample_p_value(&stale, &agents) < LEVEL,
            "{}",
            scenario.name
        );
    }
}
