//! P(n' | n): the law of the next counts of a crowd whose groups move by multinomials, at one point.
//!
//! n' = sum over the types y of Multinomial(n_y, p_y). Its probabilities are a convolution of the groups' laws; here they
//! are taken from the characteristic function, prod_y phi_y(angle)^(n_y), summed over a grid of angles: on a lattice of
//! W points per coordinate that sum is exact but for the mass that lies W and more away, and W is chosen by Bernstein's
//! inequality so that this mass does not count. Angles at which the function is below e^-40 are left out, so that two
//! types need about 25 angles whatever N is, three types about 1,200.

use std::f64::consts::PI;

/// Angles at which the logarithm of the modulus is lower are left out.
const SMALLEST_LOG: f64 = -40.0;

/// -ln of the mass that may be folded onto the wrong point, beside the scale of the probability itself.
const FOLDED: f64 = 37.5;

/// The most types for which the angles can be summed.
pub(in crate::validate) const MAX_TYPES: usize = 4;

/// A crowd's movement in one period.
pub(super) struct Movement<'a> {
    /// n_y.
    pub counts: &'a [u64],
    /// p_y(y'), types by types.
    pub laws: &'a [f64],
}

/// One coordinate of n', on its lattice.
#[derive(Clone, Copy)]
struct Coordinate {
    /// The type counted.
    y: usize,
    /// W, odd.
    width: i64,
    /// n' minus what the groups' most likely moves bring, modulo W.
    target: i64,
    /// Angles 2 pi k / W count for |k| up to here.
    last: i64,
}

impl Movement<'_> {
    fn law(&self, y: usize) -> &[f64] {
        let types = self.counts.len();
        &self.laws[y * types..][..types]
    }

    /// The groups that have members.
    fn groups(&self) -> impl Iterator<Item = (f64, &[f64])> {
        let sizes = self.counts.iter().enumerate().filter(|(_, n)| **n > 0);
        sizes.map(|(y, n)| (*n as f64, self.law(y)))
    }

    /// P(n' = `target` | n), to about 15 digits of its largest value over n'; `target` sums to what `counts` sum to.
    pub fn probability(&self, target: &[u64]) -> f64 {
        let types = self.counts.len();
        let mean = |y: usize| self.groups().map(|(n, law)| n * law[y]).sum::<f64>();
        let variance = |y: usize| {
            let parts = self.groups().map(|(n, law)| n * law[y] * (1.0 - law[y]));
            parts.sum::<f64>().max(0.0)
        };
        // What moves for certain is put into the target: a group of n at its most likely next type adds n there.
        let mut shifted: Vec<i64> = target.iter().map(|n| *n as i64).collect();
        for (y, n) in self.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            shifted[likeliest(self.law(y))] -= *n as i64;
        }
        let scale: f64 = (0..types).map(|y| libm::log(variance(y).max(1.0))).sum();
        let folded = FOLDED + 0.5 * scale;
        // Bernstein: P(|n'_y - mean| >= h) <= 2 exp(-h^2 / (2 (v + h/3))).
        let reach = |v: f64| folded / 3.0 + (folded * folded / 9.0 + 2.0 * folded * v).sqrt() + 1.0;
        for (y, wanted) in target.iter().enumerate() {
            let v = variance(y);
            let outside = (*wanted as f64 - mean(y)).abs() > reach(v);
            if outside || (v == 0.0 && shifted[y] != 0) {
                return 0.0;
            }
        }
        let reference = (0..types)
            .reduce(|best, y| if mean(y) > mean(best) { y } else { best })
            .unwrap_or(0);
        let coordinates: Vec<Coordinate> = (0..types)
            .filter(|y| *y != reference && variance(*y) > 0.0)
            .map(|y| self.coordinate(y, reference, shifted[y], reach(variance(y))))
            .collect();
        let volume: f64 = coordinates.iter().map(|c| c.width as f64).product();
        (self.sum(&coordinates) / volume).max(0.0)
    }

    /// The lattice of type y, wide enough for [mean - reach, mean + reach] and at most for all counts.
    fn coordinate(&self, y: usize, reference: usize, target: i64, reach: f64) -> Coordinate {
        let all = self.counts.iter().sum::<u64>() as f64;
        let width = ((2.0 * reach + 1.0).min(all + 1.0) as i64) | 1;
        // Whatever the other angles are, |phi|^2 <= 1 - 2 p(y) p(reference) (1 - cos angle).
        let log_modulus = |k: i64| {
            let angle = 2.0 * PI * k as f64 / width as f64;
            let spread = 4.0 * square(libm::sin(0.5 * angle));
            let logs = self.groups().map(|(n, law)| {
                0.5 * n * libm::log1p(-(law[y] * law[reference] * spread).min(1.0))
            });
            logs.sum::<f64>()
        };
        let (mut inside, mut outside) = (0, width / 2 + 1);
        while outside - inside > 1 {
            let middle = (inside + outside) / 2;
            if log_modulus(middle) >= SMALLEST_LOG {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Coordinate {
            y,
            width,
            target: target.rem_euclid(width),
            last: inside,
        }
    }

    /// The real sum over all angles: one of every pair of opposite ones, twice.
    fn sum(&self, coordinates: &[Coordinate]) -> f64 {
        // Sine and cosine of half of every angle.
        let halves: Vec<Vec<(f64, f64)>> = coordinates
            .iter()
            .map(|c| {
                let angle = |k: i64| libm::sincos(PI * k as f64 / c.width as f64);
                (-c.last..=c.last).map(angle).collect()
            })
            .collect();
        let mut steps: Vec<i64> = coordinates.iter().map(|c| -c.last).collect();
        let mut half = vec![(0.0, 1.0); self.counts.len()];
        let mut total = 0.0;
        loop {
            // Of a pair, the angle whose first entry other than zero is positive.
            let sign = steps.iter().find(|k| **k != 0).map_or(0, |k| k.signum());
            if sign >= 0 {
                let mut phase = 0.0;
                for ((c, k), halves) in coordinates.iter().zip(&steps).zip(&halves) {
                    half[c.y] = halves[(k + c.last) as usize];
                    phase -=
                        2.0 * PI * ((*k * c.target).rem_euclid(c.width)) as f64 / c.width as f64;
                }
                let share = if sign == 0 { 1.0 } else { 2.0 };
                total += share * self.term(&half, phase);
            }
            let Some(place) = steps
                .iter()
                .zip(coordinates)
                .rposition(|(k, c)| *k < c.last)
            else {
                return total;
            };
            steps[place] += 1;
            for (k, c) in steps.iter_mut().zip(coordinates).skip(place + 1) {
                *k = -c.last;
            }
        }
    }

    /// The real part of prod_y phi_y^(n_y), turned by `phase`; each phi_y taken relative to its likeliest next type.
    fn term(&self, half: &[(f64, f64)], phase: f64) -> f64 {
        // Sine and cosine of half of the difference of two angles.
        let between = |y: usize, other: usize| {
            let ((s, c), (t, d)) = (half[y], half[other]);
            (s * d - c * t, c * d + s * t)
        };
        let (mut log, mut phase) = (0.0, phase);
        for (n, law) in self.groups() {
            let origin = likeliest(law);
            let (mut real, mut imaginary, mut spread) = (0.0, 0.0, 0.0);
            for (y, p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                let (sin, cos) = between(y, origin);
                real += p * (1.0 - 2.0 * sin * sin);
                imaginary += p * 2.0 * sin * cos;
                for (other, q) in law.iter().enumerate().skip(y + 1) {
                    spread += 4.0 * p * q * square(between(y, other).0);
                }
            }
            if spread <= 0.0 {
                continue;
            }
            // |phi|^2 = 1 - sum over pairs of 2 p q (1 - cos): no digits are lost near 1.
            log += 0.5 * n * libm::log1p(-spread.min(1.0));
            if log < SMALLEST_LOG {
                return 0.0;
            }
            phase += n * libm::atan2(imaginary, real);
        }
        libm::exp(log) * libm::cos(phase)
    }
}

fn likeliest(law: &[f64]) -> usize {
    (0..law.len())
        .reduce(|best, y| if law[y] > law[best] { y } else { best })
        .unwrap_or(0)
}

fn square(x: f64) -> f64 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(counts: &[u64], laws: &[f64], target: &[u64]) -> f64 {
        Movement { counts, laws }.probability(target)
    }

    /// The law of n', one follower after the other, as (n', probability).
    fn one_by_one(counts: &[u64], laws: &[f64]) -> Vec<(Vec<u64>, f64)> {
        let types = counts.len();
        let mut law = std::collections::BTreeMap::from([(vec![0_u64; types], 1.0)]);
        for (x, n) in counts.iter().enumerate() {
            for _ in 0..*n {
                let mut next = std::collections::BTreeMap::new();
                for (reached, weight) in &law {
                    for y in 0..types {
                        let mut more = reached.clone();
                        more[y] += 1;
                        *next.entry(more).or_insert(0.0) += weight * laws[x * types + y];
                    }
                }
                law = next;
            }
        }
        law.into_iter().collect()
    }

    #[test]
    fn probabilities_are_those_of_followers_one_by_one() {
        let cases: [(&[u64], &[f64]); 6] = [
            (&[3, 0], &[0.2, 0.8, 0.5, 0.5]),
            (&[20, 15], &[0.98, 0.02, 0.4, 0.6]),
            (&[7, 9], &[0.0, 1.0, 0.3, 0.7]),
            (&[5, 4, 6], &[0.2, 0.3, 0.5, 0.0, 0.9, 0.1, 1.0, 0.0, 0.0]),
            (&[8, 2, 0], &[0.1, 0.2, 0.7, 0.5, 0.5, 0.0, 0.0, 0.0, 1.0]),
            (
                &[2, 3, 1, 2],
                &[
                    0.1, 0.2, 0.3, 0.4, 0.25, 0.25, 0.25, 0.25, 0.0, 0.5, 0.5, 0.0, 0.7, 0.1, 0.1,
                    0.1,
                ],
            ),
        ];
        for (counts, laws) in cases {
            let mut whole = 0.0;
            for (target, expected) in one_by_one(counts, laws) {
                let found = at(counts, laws, &target);
                whole += found;
                assert!(
                    (found - expected).abs() < 1e-14,
                    "{counts:?} {target:?}: {found} is not {expected}"
                );
            }
            assert!((whole - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn large_crowds_have_their_binomial_law() {
        use statrs::distribution::{Binomial, Discrete};
        for (n, p) in [
            (1_000_u64, 0.3),
            (1_000_000, 0.002),
            (1_000_000, 0.999_99),
            (100_000_000, 0.4),
        ] {
            let law = Binomial::new(p, n).unwrap();
            let (mean, sd) = (n as f64 * p, (n as f64 * p * (1.0 - p)).sqrt());
            for deviation in [-3.0, -1.0, 0.0, 0.5, 2.5] {
                let k = (mean + deviation * sd) as u64;
                let found = at(&[n, 0], &[1.0 - p, p, 0.5, 0.5], &[n - k, k]);
                // statrs takes logarithms of factorials: their rounding is about n ln n 10^-16.
                let relative = 1e-9_f64.max(1e-15 * n as f64 * 20.0);
                assert!(
                    (found / law.pmf(k) - 1.0).abs() < relative,
                    "{n} {p} {k}: {found} {}",
                    law.pmf(k)
                );
            }
        }
    }

    #[test]
    fn neighbouring_probabilities_keep_their_ratio_in_the_largest_crowds() {
        // P(k + 1) / P(k) = (n - k) p / ((k + 1) (1 - p)).
        let (n, p) = (1_000_000_000_000_u64, 0.3);
        let k = 300_000_400_000;
        let value = |k: u64| at(&[n, 0], &[1.0 - p, p, 0.5, 0.5], &[n - k, k]);
        let expected = (n - k) as f64 * p / ((k + 1) as f64 * (1.0 - p));
        assert!((value(k + 1) / value(k) / expected - 1.0).abs() < 1e-7);
    }

    #[test]
    fn what_cannot_happen_has_probability_zero() {
        assert_eq!(at(&[3, 0], &[0.0, 1.0, 1.0, 0.0], &[1, 2]), 0.0);
        assert_eq!(at(&[3, 0], &[0.0, 1.0, 1.0, 0.0], &[0, 3]), 1.0);
        assert_eq!(
            at(&[1_000_000, 0], &[0.5, 0.5, 1.0, 0.0], &[0, 1_000_000]),
            0.0
        );
        assert_eq!(
            at(
                &[2, 2, 2],
                &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.5],
                &[3, 2, 1]
            ),
            0.0
        );
    }
}
