//! Exact limits of a probability from a number of successes (Clopper & Pearson 1934).

use statrs::function::beta::beta_reg;

use super::Interval;

/// The interval of a probability at confidence `1 - alpha` where `successes` of `trials` succeeded: each limit errs
/// with probability at most alpha / 2. The limits are the quantiles alpha/2 of Beta(k, n - k + 1) and 1 - alpha/2 of
/// Beta(k + 1, n - k), found by bisection.
pub fn clopper_pearson(successes: u64, trials: u64, alpha: f64) -> Interval {
    let k = successes.min(trials);
    let (hits, misses) = (k as f64, (trials - k) as f64);
    let low = if k == 0 {
        0.0
    } else {
        beta_quantile(hits, misses + 1.0, alpha / 2.0)
    };
    let high = if k == trials {
        1.0
    } else {
        beta_quantile(hits + 1.0, misses, 1.0 - alpha / 2.0)
    };
    Interval { low, high }
}

/// The x with I_x(a, b) = p.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // 64 halvings: to rounding.
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if beta_reg(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_agree_with_closed_forms_and_tables() {
        // k = 0: 1 - (alpha/2)^(1/n); k = n: its mirror.
        let expected = 1.0 - libm::pow(0.025, 0.1);
        assert!((clopper_pearson(0, 10, 0.05).high - expected).abs() < 1e-12);
        assert_eq!(clopper_pearson(0, 10, 0.05).low, 0.0);
        assert!((clopper_pearson(10, 10, 0.05).low - (1.0 - expected)).abs() < 1e-12);
        assert_eq!(clopper_pearson(10, 10, 0.05).high, 1.0);
        // R: binom.test(7, 20)$conf.int.
        let interval = clopper_pearson(7, 20, 0.05);
        assert!((interval.low - 0.153_909_2).abs() < 1e-6);
        assert!((interval.high - 0.592_188_5).abs() < 1e-6);
    }

    #[test]
    fn limits_invert_the_exact_tail() {
        use statrs::distribution::{Binomial, DiscreteCDF};
        for (k, n) in [(1, 5), (30, 1000), (5000, 100_000)] {
            let interval = clopper_pearson(k, n, 0.02);
            let above = 1.0 - Binomial::new(interval.low, n).unwrap().cdf(k - 1);
            let below = Binomial::new(interval.high, n).unwrap().cdf(k);
            assert!(
                (above - 0.01).abs() < 1e-8 && (below - 0.01).abs() < 1e-8,
                "{k} of {n}"
            );
        }
    }
}
