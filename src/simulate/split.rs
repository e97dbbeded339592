//! Multinomial splits of n followers over categories, by conditional binomials:
//! n_k ~ Binomial(n - n_1 - .. - n_{k-1}, p_k / (p_k + .. + p_K)).
//!
//! The tails p_k + .. + p_K are summed from the last category on, so that no ratio exceeds one, the last category of
//! positive probability takes what is left, and a category of probability zero never receives anyone.

use super::binomial::{self, Chance};
use crate::stream::Stream;

/// Largest number of followers: beyond, the rounding of n p to 53 bits would begin to show.
pub const MAX_POPULATION: u64 = 1_000_000_000_000;

/// The number of successes in `n` trials of probability `p`; p is cut to [0, 1], and NaN is no chance at all.
#[inline]
pub fn binomial(rng: &mut Stream, n: u64, p: f64) -> u64 {
    let p = if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) };
    binomial::sample(rng, n, Chance { p, q: 1.0 - p })
}

/// A law over categories, prepared for splitting.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// p_k / (p_k + .. + p_K), one per category.
    conditional: Box<[Chance]>,
}

impl Split {
    /// From probabilities that are non-negative and sum to one (to rounding).
    pub fn new(probabilities: &[f64]) -> Self {
        let mut conditional = vec![Chance::NONE; probabilities.len()].into_boxed_slice();
        assign(&mut conditional, probabilities);
        Self { conditional }
    }

    /// Divide `n` over the categories; `add` receives (category, number) for every number above zero.
    #[inline]
    pub fn draw(&self, rng: &mut Stream, n: u64, add: impl FnMut(usize, u64)) {
        let _ = draw(&self.conditional, rng, n, add);
    }
}

/// Write p_k / (p_k + .. + p_K) for `probabilities`, as many.
pub(super) fn assign(conditional: &mut [Chance], probabilities: &[f64]) {
    debug_assert!(probabilities.iter().all(|p| *p >= 0.0));
    debug_assert_eq!(probabilities.len(), conditional.len());
    let mut tail = 0.0;
    for (conditional, p) in conditional.iter_mut().zip(probabilities).rev() {
        let rest = tail;
        tail += *p;
        *conditional = if *p > 0.0 {
            Chance {
                p: *p / tail,
                q: rest / tail,
            }
        } else {
            Chance::NONE
        };
    }
}

/// [`Split::draw`], also for the first categories of a law: how many are left for those that follow.
#[inline]
pub(super) fn draw(
    conditional: &[Chance],
    rng: &mut Stream,
    n: u64,
    mut add: impl FnMut(usize, u64),
) -> u64 {
    let mut left = n;
    for (category, chance) in conditional.iter().enumerate() {
        if left == 0 {
            break;
        }
        let number = binomial::sample(rng, left, *chance);
        if number > 0 {
            left -= number;
            add(category, number);
        }
    }
    left
}

/// Divide `n` followers over categories with the given probabilities: `out` gets one number per category.
pub fn split(rng: &mut Stream, n: u64, probabilities: &[f64], out: &mut [u64]) {
    debug_assert_eq!(probabilities.len(), out.len());
    out.fill(0);
    Split::new(probabilities).draw(rng, n, |category, number| out[category] = number);
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Binomial as ExactBinomial, ChiSquared, ContinuousCDF, Discrete};

    use super::*;
    use crate::stream::Role;

    fn stream(replication: u64) -> Stream {
        Stream::new(20_220_105, 1, replication, Role::Followers)
    }

    /// p-value of Pearson's statistic, cells of expectation under 8 pooled with their right neighbour.
    fn chi_square_p_value(observed: &[u64], probabilities: &[f64]) -> f64 {
        let total = observed.iter().sum::<u64>() as f64;
        let (mut statistic, mut cells, mut seen, mut expected) = (0.0, 0, 0.0, 0.0);
        for (o, p) in observed.iter().zip(probabilities) {
            seen += *o as f64;
            expected += p * total;
            if expected >= 8.0 {
                statistic += (seen - expected) * (seen - expected) / expected;
                cells += 1;
                (seen, expected) = (0.0, 0.0);
            }
        }
        statistic += (seen - expected) * (seen - expected) / expected.max(1.0);
        1.0 - ChiSquared::new(f64::from(cells)).unwrap().cdf(statistic)
    }

    #[test]
    fn degenerate_laws_need_no_luck() {
        let rng = &mut stream(0);
        for n in [0, 1, 7, MAX_POPULATION] {
            assert_eq!(binomial(rng, n, 0.0), 0);
            assert_eq!(binomial(rng, n, 1.0), n);
            assert_eq!(binomial(rng, n, 1.0 + 1e-15), n);
            assert_eq!(binomial(rng, n, -1e-17), 0);
            assert_eq!(binomial(rng, n, f64::NAN), 0);
            let mut out = [9; 4];
            split(rng, n, &[0.0, 0.0, 1.0, 0.0], &mut out);
            assert_eq!(out, [0, 0, n, 0]);
        }
    }

    #[test]
    fn a_category_of_probability_zero_stays_empty_whatever_the_rounding() {
        // 0.1 + 0.2 + 0.7 is 0.9999999999999999 summed from the left: the remainder must not fall into the last one.
        let probabilities = [0.1, 0.2, 0.7, 0.0];
        let mut out = [0; 4];
        for replication in 0..200 {
            split(
                &mut stream(replication),
                MAX_POPULATION,
                &probabilities,
                &mut out,
            );
            assert_eq!(out[3], 0);
            assert_eq!(out.iter().sum::<u64>(), MAX_POPULATION);
        }
    }

    #[test]
    fn binomials_have_their_law() {
        for (k, (n, p)) in [(1, 0.3), (12, 0.5), (40, 0.9), (1000, 0.004), (1000, 0.02)]
            .into_iter()
            .enumerate()
        {
            let rng = &mut stream(100 + k as u64);
            let exact = ExactBinomial::new(p, n).unwrap();
            let law: Vec<f64> = (0..=n).map(|j| exact.pmf(j)).collect();
            let shifted = ExactBinomial::new((p + 0.03f64).min(1.0), n).unwrap();
            let wrong: Vec<f64> = (0..=n).map(|j| shifted.pmf(j)).collect();
            let mut observed = vec![0; law.len()];
            for _ in 0..20_000 {
                observed[binomial(rng, n, p) as usize] += 1;
            }
            // Level 10^-4 each; the planted law, p + 0.03, is told apart with near certainty.
            assert!(
                chi_square_p_value(&observed, &law) > 1e-4,
                "n = {n}, p = {p}"
            );
            assert!(
                chi_square_p_value(&observed, &wrong) < 1e-4,
                "n = {n}, p = {p}"
            );
        }
    }

    #[test]
    fn splits_have_the_multinomial_law() {
        // n = 2 over three categories: the six outcomes and their probabilities by hand.
        let p = [0.5, 0.2, 0.3];
        let law = [0.25, 0.04, 0.09, 0.2, 0.3, 0.12];
        let outcomes = [
            [2, 0, 0],
            [0, 2, 0],
            [0, 0, 2],
            [1, 1, 0],
            [1, 0, 1],
            [0, 1, 1],
        ];
        let rng = &mut stream(200);
        let mut observed = [0; 6];
        let mut out = [0; 3];
        for _ in 0..50_000 {
            split(rng, 2, &p, &mut out);
            observed[outcomes.iter().position(|o| *o == out).unwrap()] += 1;
        }
        assert!(chi_square_p_value(&observed, &law) > 1e-4);
        assert!(chi_square_p_value(&observed, &[0.25, 0.04, 0.09, 0.2, 0.26, 0.16]) < 1e-4);
    }

    #[test]
    fn large_populations_keep_mean_and_variance() {
        let n = MAX_POPULATION;
        for (k, p) in [1e-13, 3e-12, 0.25, 0.75, 1.0 - 1e-12]
            .into_iter()
            .enumerate()
        {
            let rng = &mut stream(300 + k as u64);
            let sd = (n as f64 * p * (1.0 - p)).sqrt();
            let draws = 20_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..draws {
                let deviation = (binomial(rng, n, p) as f64 - n as f64 * p) / sd;
                sum += deviation;
                squares += deviation * deviation;
            }
            let draws = f64::from(draws);
            // Five standard errors of a mean, and of a mean square: 1 + 1/sd^2 + 2 with the excess of a Poisson law.
            assert!((sum / draws).abs() < 5.0 / draws.sqrt(), "p = {p}");
            let spread = ((2.0 + 1.0 / (sd * sd)) / draws).sqrt();
            assert!((squares / draws - 1.0).abs() < 5.0 * spread, "p = {p}");
        }
    }
}
