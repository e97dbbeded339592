//! The tests of laws that other tests rely on: known tail values, their size under the null, and planted faults.

use crate::support::law::*;
use crate::support::random::Random;

#[test]
fn chi_square_tails_match_tables_and_closed_forms() {
    for (statistic, degrees, tail) in [
        (3.841_458_820_694_124, 1, 0.05),
        (18.307_038_053_275_146, 10, 0.05),
        (6.634_896_601_021_213, 1, 0.01),
        (124.342_113_404_004, 100, 0.05),
    ] {
        assert!((chi_square_tail(statistic, degrees) - tail).abs() < 1e-11);
    }
    for x in [0.1, 1.0, 5.0, 30.0, 80.0] {
        let (half, front) = (x / 2.0, libm::exp(-x / 2.0));
        assert!((chi_square_tail(x, 2) / front - 1.0).abs() < 1e-11);
        assert!((chi_square_tail(x, 4) / (front * (1.0 + half)) - 1.0).abs() < 1e-11);
        assert!(
            (chi_square_tail(x, 6) / (front * (1.0 + half + half * half / 2.0)) - 1.0).abs()
                < 1e-11
        );
    }
    assert_eq!(chi_square_tail(0.0, 3), 1.0);
}

#[test]
fn ln_gamma_matches_factorials() {
    let mut factorial = 0.0;
    for n in 1..=60_u32 {
        assert!((ln_gamma(f64::from(n)) - factorial).abs() < 1e-11);
        factorial += libm::log(f64::from(n));
    }
    assert!((ln_gamma(0.5) - libm::log(std::f64::consts::PI) / 2.0).abs() < 1e-12);
}

const LAW: [f64; 5] = [0.1, 0.2, 0.4, 0.2, 0.1];

fn sample(random: &mut Random, law: &[f64], size: usize) -> Vec<usize> {
    (0..size).map(|_| random.index(law)).collect()
}

/// The fraction of p-values below 5%, over 1,000 tries.
fn rejected(mut p_value: impl FnMut(&mut Random) -> f64) -> f64 {
    let mut random = Random::new(77);
    (0..1000).filter(|_| p_value(&mut random) < 0.05).count() as f64 / 1000.0
}

#[test]
fn tests_of_a_true_law_reject_at_their_level() {
    // Four standard deviations of a binomial(1000, .05) share are .028.
    let against =
        rejected(|random| chi_square_against(&histogram(sample(random, &LAW, 500), 4), &LAW));
    assert!((0.022..0.078).contains(&against), "{against}");
    let two = rejected(|random| {
        let [left, right] = [400, 700].map(|size| histogram(sample(random, &LAW, size), 4));
        chi_square_two_samples(&left, &right)
    });
    assert!((0.022..0.078).contains(&two), "{two}");
    let distances = rejected(|random| {
        let [left, right] = [0, 1].map(|_| (0..500).map(|_| random.uniform()).collect::<Vec<_>>());
        kolmogorov_smirnov(&left, &right)
    });
    assert!(
        (0.01..0.078).contains(&distances),
        "a bound, but not an empty one: {distances}"
    );
    // Two-sided 5%: more than 1.96 standard errors off.
    let means = rejected(|random| {
        let draws: Vec<f64> = (0..500).map(|_| random.uniform()).collect();
        if standard_errors_off(&draws, 0.5).abs() > 1.96 {
            0.0
        } else {
            1.0
        }
    });
    assert!((0.022..0.078).contains(&means), "{means}");
}

#[test]
fn tests_of_a_wrong_law_reject() {
    let mut random = Random::new(5);
    let wrong = [0.14, 0.2, 0.36, 0.2, 0.1];
    let [left, right] = [LAW, wrong].map(|law| histogram(sample(&mut random, &law, 10_000), 4));
    assert!(chi_square_against(&right, &LAW) < 1e-6);
    assert!(chi_square_two_samples(&left, &right) < 1e-6);
    let uniform: Vec<f64> = (0..5000).map(|_| random.uniform()).collect();
    let shifted: Vec<f64> = (0..5000)
        .map(|_| random.uniform() * random.uniform().max(0.7))
        .collect();
    assert!(kolmogorov_smirnov(&uniform, &shifted) < 1e-6);
    assert!(standard_errors_off(&shifted, 0.5) < -6.0);
}

#[test]
fn the_generator_is_uniform_on_the_unit_interval() {
    let mut random = Random::new(1);
    let cells = histogram((0..100_000).map(|_| (random.uniform() * 50.0) as usize), 49);
    assert!(chi_square_against(&cells, &[0.02; 50]) > 1e-4);
    // The first output of splitmix64 from seed 0, as published with it.
    assert_eq!(Random::new(0).bits(), 0xe220_a839_7b1d_cdaf);
}
