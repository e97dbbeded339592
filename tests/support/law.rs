//! Tests of laws: chi-square and Kolmogorov-Smirnov, with p-values of their own.

/// Cells are pooled until the smallest expected count reaches this.
const LEAST_EXPECTED: f64 = 10.0;

/// ln Gamma(x) for x > 0, by Stirling's series after shifting x above 10 (error below 1e-12).
pub fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += libm::log(x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series =
        (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x;
    (x - 0.5) * libm::log(x) - x + 0.5 * libm::log(std::f64::consts::TAU) + series - shift
}

/// P(chi-square with `degrees` exceeds `statistic`): the regularised upper incomplete gamma function Q(s, x), by its
/// power series below s + 1 and Lentz's continued fraction above.
pub fn chi_square_tail(statistic: f64, degrees: usize) -> f64 {
    let (s, x) = (degrees as f64 / 2.0, statistic / 2.0);
    if x <= 0.0 || degrees == 0 {
        return 1.0;
    }
    let front = libm::exp(s * libm::log(x) - x - ln_gamma(s));
    if x < s + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / s, 1.0 / s, s);
        while term > 1e-17 * sum {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    let mut b = x + 1.0 - s;
    let (mut c, mut d) = (f64::MAX, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let a = i as f64 * (s - i as f64);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * fraction
}

/// The p-value of "these counts come from this law".
pub fn chi_square_against(observed: &[usize], law: &[f64]) -> f64 {
    let total: usize = observed.iter().sum();
    let expected: Vec<f64> = law.iter().map(|p| p * total as f64).collect();
    let mut statistic = 0.0;
    let mut cells = 0;
    for group in pools(&expected) {
        let seen: usize = observed[group.clone()].iter().sum();
        let awaited: f64 = expected[group].iter().sum();
        statistic += (seen as f64 - awaited) * (seen as f64 - awaited) / awaited;
        cells += 1;
    }
    chi_square_tail(statistic, cells - 1)
}

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

/// Neighbouring cells joined until each group expects enough; the rest goes to the last group.
fn pools(expected: &[f64]) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    let (mut start, mut sum) = (0, 0.0);
    for (i, e) in expected.iter().enumerate() {
        sum += e;
        if sum >= LEAST_EXPECTED {
            groups.push(start..i + 1);
            (start, sum) = (i + 1, 0.0);
        }
    }
    match groups.last_mut() {
        Some(last) => last.end = expected.len(),
        None => groups.push(0..expected.len()),
    }
    groups
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
