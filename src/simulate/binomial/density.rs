//! Binomial probabilities, to about twelve digits for any n.

use super::Chance;

/// ln(sqrt(2 pi n p q) P(k)) for 0 <= k <= n, in Loader's form (2000, *Fast and accurate computation of binomial
/// probabilities*), whose terms are small where the result is:
/// -D(k; n p) - D(n - k; n q) + S(n) - S(k) - S(n - k) - ln sqrt(k (n - k) / (n p n q)).
pub(super) fn log_density(n: f64, Chance { p, q }: Chance, k: f64) -> f64 {
    let (mean, rest, other) = (n * p, n * q, n - k);
    let spread = libm::log(roots(k) * roots(other) / (mean * rest));
    // For k = 0 and k = n the square roots are those of 2 pi and of n.
    remainder(n)
        - deviance(k, mean)
        - deviance(other, rest)
        - 0.5 * spread
        - remainder(k)
        - remainder(other)
}

/// x, and for 0 what makes Stirling's formula exact at 0! with S(0) = 0.
#[inline]
fn roots(x: f64) -> f64 {
    if x > 0.0 {
        x
    } else {
        1.0 / std::f64::consts::TAU
    }
}

/// S(x) = ln x! - (x + 1/2) ln x + x - ln sqrt(2 pi); 0 at 0.
#[inline]
fn remainder(x: f64) -> f64 {
    // S(1), .. S(9): below 10 the series is not good enough.
    const SMALL: [f64; 10] = [
        0.0,
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
    ];
    const SERIES: [f64; 5] = [
        1.0 / 12.0,
        1.0 / 360.0,
        1.0 / 1260.0,
        1.0 / 1680.0,
        1.0 / 1188.0,
    ];
    if x < 10.0 {
        return SMALL[x as usize];
    }
    let inverse = 1.0 / x;
    let y = inverse * inverse;
    let [a, b, c, d, e] = SERIES;
    // The next term is below 10^-12 at x = 10.
    inverse * (a - y * (b - y * (c - y * (d - y * e))))
}

/// D(x; m) = x ln(x/m) + m - x, without cancellation where x is near m (Loader's bd0).
#[inline]
fn deviance(x: f64, m: f64) -> f64 {
    /// 1/3, 1/5, ..
    const ODD: [f64; 8] = [
        1.0 / 3.0,
        1.0 / 5.0,
        1.0 / 7.0,
        1.0 / 9.0,
        1.0 / 11.0,
        1.0 / 13.0,
        1.0 / 15.0,
        1.0 / 17.0,
    ];
    let (difference, total) = (x - m, x + m);
    if difference.abs() >= 0.1 * total {
        return if x > 0.0 {
            x * libm::log(x / m) - difference
        } else {
            m
        };
    }
    // With v = (x - m)/(x + m), ln(x/m) = 2 (v + v^3/3 + ..), so that D = (x - m) v + 2 x (v^3/3 + v^5/5 + ..); v^2 is at
    // most 1/100, and what follows eight terms below their last digit.
    let v = difference / total;
    let square = v * v;
    let [a, b, c, d, e, f, g, h] = ODD;
    let near = a + square * (b + square * (c + square * d));
    let far = e + square * (f + square * (g + square * h));
    let fourth = square * square;
    v * (difference + 2.0 * x * square * (near + fourth * fourth * far))
}
