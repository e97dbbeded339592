//! Hat and squeeze against exact probabilities.

use super::*;

/// f(z) on both sides of each of about 3000 numbers k, of all that matter, with z: where V is `factor` s^2.
fn densities(s: f64, factor: f64, p: f64) -> Vec<(f64, f64)> {
    let chance = Chance { p, q: 1.0 - p };
    let n = (s * s * factor / (p * (1.0 - p))).ceil();
    let (mean, sd) = (n * p, (n * p * (1.0 - p)).sqrt());
    let (low, high) = ((mean - 12.0 * sd).max(0.0), (mean + 14.0 * sd).min(n));
    let stride = ((high - low) / 3000.0).max(1.0);
    let numbers = (0..).map(|i| (low + f64::from(i) * stride).floor());
    let numbers = numbers.take_while(|k| *k <= high);
    let sides = numbers.flat_map(|k| [(k, k - 0.5), (k, k + 0.5)]);
    sides
        .map(|(k, x)| ((x - mean) / sd, libm::exp(log_density(n, chance, k))))
        .collect()
}

const TABLES: [(f64, &Strips); 3] = [(8.0, &COARSE), (24.0, &MIDDLE), (64.0, &FINE)];

/// The largest f/hat and the least f/squeeze, over laws of variances from `factor` s^2 on.
fn extremes(s: f64, strips: &Strips, factor: f64) -> [f64; 2] {
    let (mut above, mut below) = (0.0f64, f64::INFINITY);
    for factor in [1.0, 1.1, 1.5, 3.0, 10.0, 1000.0].map(|times| times * factor) {
        for p in [1e-6, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5] {
            for (z, density) in densities(s, factor, p) {
                let begins = strips.begin.partition_point(|begin| *begin <= z.abs());
                let i = begins.max(1) - 1;
                let tail = if i + 1 == STRIPS {
                    libm::exp(-strips.slope * (z.abs() - strips.begin[i]))
                } else {
                    1.0
                };
                above = above.max(density / (strips.hat[i] * tail));
                if strips.squeeze[i] > 0 {
                    below = below
                        .min(density / (strips.hat[i] * f64::from(strips.squeeze[i]) / HEIGHTS));
                }
            }
        }
    }
    [above, below]
}

#[test]
fn the_density_is_between_squeeze_and_hat() {
    for (s, strips) in TABLES {
        let [above, below] = extremes(s, strips, 1.0);
        assert!(above <= 1.0, "s = {s}: {above}");
        assert!(below >= 1.0, "s = {s}: {below}");
        // The margin is needed: a law of a quarter of the variance passes both.
        let [above, below] = extremes(s, strips, 0.25);
        assert!(above > 1.0 && below < 1.0, "s = {s}: {above}, {below}");
    }
}

#[test]
fn strips_have_one_area() {
    for (s, strips) in TABLES {
        let area = strips.hat[STRIPS - 1] / strips.slope;
        for i in 0..STRIPS - 1 {
            let end = strips.begin[i] + strips.width[i];
            assert!(
                (end - strips.begin[i + 1]).abs() < 1e-12,
                "s = {s}, i = {i}"
            );
            assert!((strips.width[i] * strips.hat[i] / area - 1.0).abs() < 1e-12);
        }
        assert_eq!((strips.begin[0], strips.squeeze[STRIPS - 1]), (0.0, 0));
        // No number of a strip is beyond 0 and n, where n p and n (1 - p) are s^2 at least.
        assert!(strips.begin[STRIPS - 1] < s);
    }
}

#[test]
fn most_proposals_need_no_density() {
    let quick = |strips: &Strips| {
        let total: u64 = strips.squeeze.iter().map(|below| u64::from(*below)).sum();
        total as f64 / HEIGHTS / STRIPS as f64
    };
    assert!(quick(&COARSE) > 0.7 && quick(&MIDDLE) > 0.88 && quick(&FINE) > 0.93);
}
