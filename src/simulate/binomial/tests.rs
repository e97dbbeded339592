//! The sampler against exact probabilities in every regime, and that its values stay.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::*;
use crate::stream::Role;

const TRILLION: u64 = 1_000_000_000_000;

/// n and the lesser of p and q. Inversion, by squaring and by exp; BTRS; strips, from the least variance of each table to
/// the largest n.
const REGIMES: [(u64, f64); 27] = [
    (1, 0.3),
    (2, 0.5),
    (7, 0.5),
    (19, 0.499),
    (300, 0.03),
    (1000, 0.0002),
    (1024, 0.0097),
    (1_000_000, 5e-6),
    (TRILLION, 3e-12),
    (TRILLION, 9.99e-12),
    (20, 0.5),
    (25, 0.45),
    (200, 0.0501),
    (1000, 0.02),
    (255, 0.5),
    (257, 0.5),
    (1000, 0.07),
    (TRILLION, 6.5e-11),
    (2310, 0.5),
    (TRILLION, 6e-10),
    (16_400, 0.5),
    (TRILLION, 4.2e-9),
    (100_000, 0.3),
    (1_000_000_000, 0.25),
    (TRILLION, 1.1e-11),
    (TRILLION, 1e-7),
    (TRILLION, 0.4),
];

/// The exact law cut into classes: the last number of each class but the last, and the probabilities.
struct Classes {
    ends: Vec<u64>,
    probabilities: Vec<f64>,
}

/// About 32 classes of like probability. P(k+1)/P(k) = (n - k)/(k + 1) p/q is walked from the mode in both directions as
/// long as it matters, and divided by the sum: no factorials, no logarithms.
fn classes(n: u64, p: f64) -> Classes {
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let up = std::iter::successors(Some((mode, 1.0)), |(k, weight)| {
        (*k < n).then(|| (k + 1, weight * ((n - k) as f64 / (k + 1) as f64 * odds)))
    });
    let down = std::iter::successors(Some((mode, 1.0)), |(k, weight)| {
        (*k > 0).then(|| (k - 1, weight * (*k as f64 / (n - k + 1) as f64 / odds)))
    });
    let matters = |(_, weight): &(u64, f64)| *weight > 1e-20;
    let mut law: Vec<(u64, f64)> = down.skip(1).take_while(matters).collect();
    law.reverse();
    law.extend(up.take_while(matters));
    let total: f64 = law.iter().map(|(_, weight)| weight).sum();
    let (mut ends, mut probabilities, mut mass) = (Vec::new(), Vec::new(), 0.0);
    for (k, weight) in law {
        mass += weight / total;
        if mass >= 1.0 / 32.0 {
            ends.push(k);
            probabilities.push(mass);
            mass = 0.0;
        }
    }
    ends.pop();
    if let Some(last) = probabilities.last_mut() {
        *last += mass;
    }
    Classes {
        ends,
        probabilities,
    }
}

impl Classes {
    fn p_value(&self, sample: impl Iterator<Item = u64>) -> f64 {
        let mut seen = vec![0u64; self.probabilities.len()];
        for k in sample {
            seen[self.ends.partition_point(|end| *end < k)] += 1;
        }
        let total = seen.iter().sum::<u64>() as f64;
        let statistic: f64 = seen
            .iter()
            .zip(&self.probabilities)
            .map(|(o, p)| (*o as f64 - p * total) * (*o as f64 - p * total) / (p * total))
            .sum();
        1.0 - ChiSquared::new(seen.len() as f64 - 1.0)
            .unwrap()
            .cdf(statistic)
    }
}

/// Level of each test of a law: two for each regime, all with seeds chosen beforehand.
const LEVEL: f64 = 1e-4;
const DRAWS: usize = 300_000;

fn stream(replication: u64) -> Stream {
    Stream::new(20_220_105, 1, replication, Role::Followers)
}

fn draws(replication: u64, n: u64, chance: Chance) -> Vec<u64> {
    let rng = &mut stream(replication);
    (0..DRAWS).map(|_| sample(rng, n, chance)).collect()
}

#[test]
fn numbers_have_the_exact_law_in_every_regime() {
    for (regime, (n, p)) in (1000..).step_by(2).zip(REGIMES) {
        let law = classes(n, p);
        let lesser = draws(regime, n, Chance { p, q: 1.0 - p });
        let mirrored = draws(regime + 1, n, Chance { p: 1.0 - p, q: p });
        let name = format!("n = {n}, p = {p}");
        assert!(law.p_value(lesser.iter().copied()) > LEVEL, "{name}");
        assert!(
            law.p_value(mirrored.iter().map(|k| n - k)) > LEVEL,
            "1 - {name}"
        );
        // A mean three hundredths of a standard deviation off.
        let sd = (n as f64 * p * (1.0 - p)).sqrt();
        let shifted = classes(n, p + 0.03 * sd / n as f64);
        assert!(shifted.p_value(lesser.iter().copied()) < LEVEL, "{name}");
        // Every fiftieth number at the mean.
        let mean = (n as f64 * p).round() as u64;
        let narrowed = lesser.iter().enumerate();
        let narrowed = narrowed.map(|(i, k)| if i % 50 == 0 { mean } else { *k });
        assert!(law.p_value(narrowed) < LEVEL, "{name}");
    }
}

#[test]
fn proposals_that_are_not_weighed_have_another_law() {
    // BTRS without its rejection: the hat itself.
    let (n, p) = (1000, 0.05);
    let (mean, sd) = (n as f64 * p, (n as f64 * p * (1.0 - p)).sqrt());
    let b = 1.15 + 2.53 * sd;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let rng = &mut stream(999);
    let hat = (0..DRAWS).map(|_| {
        let u = uniform(rng) - 0.5;
        ((2.0 * a / (0.5 - u.abs()) + b) * u + mean + 0.5) as u64
    });
    assert!(classes(n, p).p_value(hat) < LEVEL);
}

#[test]
fn products_of_ratios_decide_like_densities() {
    for (n, p) in [
        (20, 0.5),
        (61, 0.2),
        (1000, 0.05),
        (TRILLION, 1.1e-11),
        (TRILLION, 6e-11),
    ] {
        let chance = Chance { p, q: 1.0 - p };
        let mode = ((n + 1) as f64 * p) as u64;
        for k in mode.saturating_sub(70)..=(mode + 70).min(n) {
            let ratio = log_density(n as f64, chance, k as f64)
                - log_density(n as f64, chance, mode as f64);
            for (step, accepted) in [(1e-9, false), (-1e-9, true)] {
                assert_eq!(
                    weigh(n, chance, k, libm::exp(ratio + step)),
                    accepted,
                    "n = {n}, k = {k}"
                );
            }
        }
    }
}

#[test]
fn densities_are_exact_to_twelve_digits() {
    // Against sums of ln P(k+1)/P(k), from the mode.
    for (n, p, reach) in [
        (20u64, 0.5, 20),
        (61, 0.2, 61),
        (1000, 0.3, 250),
        (TRILLION, 0.3, 3000),
    ] {
        let chance = Chance { p, q: 1.0 - p };
        let mode = (((n + 1) as f64) * p) as u64;
        for direction in [1, -1] {
            let (mut k, mut exact) = (mode as i64, 0.0);
            for _ in 0..reach {
                let ratio = |k: i64| {
                    let odds = p / (1.0 - p);
                    let up = (n as i64 - k) as f64 * odds - (k + 1) as f64;
                    libm::log1p(up / (k + 1) as f64)
                };
                exact += if direction > 0 {
                    ratio(k)
                } else {
                    -ratio(k - 1)
                };
                k += direction;
                if !(0..=n as i64).contains(&k) {
                    break;
                }
                let found = log_density(n as f64, chance, k as f64)
                    - log_density(n as f64, chance, mode as f64);
                assert!(
                    (found - exact).abs() < 1e-12 * exact.abs().max(1.0),
                    "n = {n}, k = {k}: {found} for {exact}"
                );
            }
        }
    }
}

#[test]
fn the_densities_of_a_law_sum_to_one() {
    for (n, p) in [(20u64, 0.5), (61, 0.2), (1000, 0.3), (TRILLION, 5e-11)] {
        let chance = Chance { p, q: 1.0 - p };
        let scale = (std::f64::consts::TAU * n as f64 * p * (1.0 - p)).sqrt();
        let law =
            (0..=n.min(1000)).map(|k| libm::exp(log_density(n as f64, chance, k as f64)) / scale);
        assert!((law.sum::<f64>() - 1.0).abs() < 1e-11, "n = {n}, p = {p}");
    }
}

#[test]
fn no_chance_and_certainty_draw_nothing() {
    let rng = &mut stream(0);
    let mut untouched = stream(0);
    for n in [0, 1, 7, TRILLION] {
        assert_eq!(sample(rng, n, Chance { p: 0.0, q: 1.0 }), 0);
        assert_eq!(sample(rng, n, Chance { p: 1.0, q: 0.0 }), n);
    }
    assert_eq!(rng.next_u64(), untouched.next_u64());
}

#[test]
fn values_do_not_change_between_versions() {
    let of = |n, p| {
        let rng = &mut stream(7);
        let mut drawn = [0; 6];
        drawn.fill_with(|| sample(rng, n, Chance { p, q: 1.0 - p }));
        drawn
    };
    let found = [
        of(12, 0.3),         // inversion by squaring
        of(TRILLION, 3e-12), // inversion by exp
        of(12, 0.75),        // mirrored inversion
        of(40, 0.4),         // BTRS
        of(300, 0.6),        // coarse strips, mirrored
        of(5000, 0.4),       // middle strips
        of(TRILLION, 0.3),   // fine strips
        of(TRILLION, 0.8),   // mirrored
    ];
    let expected = [
        [3, 4, 2, 4, 2, 2],
        [2, 3, 1, 4, 2, 1],
        [10, 9, 11, 8, 10, 11],
        [14, 12, 13, 15, 22, 19],
        [184, 174, 182, 157, 180, 176],
        [1984, 2024, 1995, 2038, 1989, 1994],
        [
            299_999_795_295,
            300_000_311_521,
            299_999_931_234,
            300_000_496_818,
            299_999_856_113,
            299_999_924_311,
        ],
        [
            800_000_178_681,
            799_999_728_082,
            800_000_060_024,
            799_999_566_341,
            800_000_125_595,
            800_000_066_067,
        ],
    ];
    assert_eq!(found, expected);
}
