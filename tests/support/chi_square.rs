//! The chi-square test of a law, with p-values of its own.

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

/// Neighbouring cells joined until each group expects enough; the rest goes to the last group.
pub fn pools(expected: &[f64]) -> Vec<std::ops::Range<usize>> {
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
