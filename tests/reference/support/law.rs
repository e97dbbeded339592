//! Tests of laws: chi-square and Kolmogorov-Smirnov, with p-values of their own.

pub use super::chi_square::{chi_square_against, chi_square_tail, ln_gamma};

use super::chi_square::pools;

/// The p-value of "both samples come from one law"; counts over the same cells.
pub fn chi_square_two_samples(left: &[usize], right: &[usize]) -> f64 {
    let [lefts, rights] = [left, right].map(|counts| counts.iter().sum::<usize>() as f64);
    let smaller = lefts.min(rights) / (lefts + rights);
    let expected: Vec<f64> = left
        .iter()
        .zip(right)
        .map(|(l, r)| (l + r) as f64 * smaller)
        .collect();
    let (to_left, to_right) = ((rights / lefts).sqrt(), (lefts / rights).sqrt());
    let mut statistic = 0.0;
    let mut cells = 0;
    for group in pools(&expected) {
        let [l, r] = [left, right].map(|counts| counts[group.clone()].iter().sum::<usize>() as f64);
        statistic += (l * to_left - r * to_right) * (l * to_left - r * to_right) / (l + r);
        cells += 1;
    }
    chi_square_tail(statistic, cells - 1)
}

/// An upper bound on the p-value of "both samples of n numbers come from one law", for any law: 2 exp(-n D^2), D the
/// largest distance of the two empirical distribution functions (Wei and Dudley 2012, for equal sizes n >= 458).
pub fn kolmogorov_smirnov(left: &[f64], right: &[f64]) -> f64 {
    assert!(
        left.len() == right.len() && left.len() >= 458,
        "the bound needs equal sizes of at least 458"
    );
    let n = left.len() as f64;
    let sorted = |sample: &[f64]| {
        let mut sample = sample.to_vec();
        sample.sort_by(f64::total_cmp);
        sample
    };
    let (left, right) = (sorted(left), sorted(right));
    let up_to = |sample: &[f64], v: f64| sample.partition_point(|s| *s <= v) as f64 / n;
    let distance = left
        .iter()
        .chain(&right)
        .map(|v| (up_to(&left, *v) - up_to(&right, *v)).abs())
        .fold(0.0, f64::max);
    (2.0 * libm::exp(-n * distance * distance)).min(1.0)
}

/// How many standard errors the sample's mean lies from `mean`; close to normal for thousands of bounded draws.
pub fn standard_errors_off(sample: &[f64], mean: f64) -> f64 {
    let n = sample.len() as f64;
    let average = sample.iter().sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|v| (v - average) * (v - average)).sum();
    (average - mean) / (squares / (n - 1.0) / n).sqrt()
}

/// How often each of 0..=`largest` occurs.
pub fn histogram(sample: impl IntoIterator<Item = usize>, largest: usize) -> Vec<usize> {
    let mut counts = vec![0; largest + 1];
    for k in sample {
        counts[k] += 1;
    }
    counts
}
