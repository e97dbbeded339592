//! Binomial numbers: how many of n followers do what each does with probability p.
//!
//! With p <= 1/2 (else successes and failures change places):
//!
//! - n p < 10: inversion of the distribution function from P(0) = exp(n ln(1 - p)), term by term.
//! - otherwise BTRS, transformed rejection with squeeze (Hormann 1993, *The generation of binomial random variates*,
//!   Journal of Statistical Computation and Simulation 46): a hat over the density whose inverse is in closed form, and a
//!   squeeze that accepts about four proposals of five without looking at the density.
//!
//! exp, log and log1p are those of `libm`, the same on every platform.
//!
//! # Departures
//! BTRS compares densities through differences of n log n, which at n = 10^12 keep four decimals. Here the density is
//! Loader's saddle-point form (2000, *Fast and accurate computation of binomial probabilities*), whose terms are small
//! where the density is not: ln P(k) = -D(k; n p) - D(n - k; n q) - ln sqrt(k (n - k)) - S(k) - S(n - k) + constant,
//! with D(x; m) = x ln(x/m) + m - x, and S(x) = 1/(12 x) - .. what Stirling's formula leaves of ln x!.

use rand::Rng;

use crate::stats::Interval;
use crate::stream::Stream;

/// Below this mean, inversion.
const INVERSION_BELOW: f64 = 10.0;
/// 1, 1/2, 1/3, .. No number beyond their length is looked for by inversion: with a mean below 10 it has a probability
/// under 10^-70.
const RECIPROCALS: [f64; 110] = {
    let mut reciprocals = [0.0; 110];
    let mut k = 0;
    while k < 110 {
        reciprocals[k] = 1.0 / (k + 1) as f64;
        k += 1;
    }
    reciprocals
};

/// A chance, kept with its complement so that both are known to their last digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chance {
    /// Of success, in \[0, 1\].
    pub p: f64,
    /// 1 - p, however small.
    pub q: f64,
}

impl Chance {
    /// No chance at all.
    pub(super) const NONE: Self = Self { p: 0.0, q: 1.0 };
}

/// The number of successes in `n` trials, n <= 10^12.
#[inline]
pub(super) fn sample(rng: &mut Stream, n: u64, chance: Chance) -> u64 {
    let Chance { p, q } = chance;
    if p <= q {
        lesser(rng, n, p, q)
    } else {
        n - lesser(rng, n, q, p)
    }
}

/// The same for p <= q.
#[inline]
fn lesser(rng: &mut Stream, n: u64, p: f64, q: f64) -> u64 {
    // NaN is no chance at all.
    if n == 0 || p.is_nan() || p <= 0.0 {
        0
    } else if n as f64 * p < INVERSION_BELOW {
        invert(rng, n, Chance { p, q })
    } else {
        transform_and_reject(rng, n, Chance { p, q })
    }
}

/// 2^-53.
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Uniform on \[0, 1).
#[inline]
fn uniform(rng: &mut Stream) -> f64 {
    (rng.next_u64() >> 11) as f64 * UNIT
}

/// Uniform on (0, 1\].
#[inline]
fn positive_uniform(rng: &mut Stream) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 * UNIT
}

/// The first k at which the sum of P(0), P(1), .. reaches a uniform number; P(k)/P(k-1) = ((n + 1)/k - 1) p/q.
fn invert(rng: &mut Stream, n: u64, Chance { p, q }: Chance) -> u64 {
    let none = power(n, p, q);
    let odds = p / q;
    let slope = (n as f64 + 1.0) * odds;
    loop {
        let (mut left, mut probability) = (positive_uniform(rng), none);
        for (k, reciprocal) in (0..).zip(&RECIPROCALS) {
            if left <= probability {
                // Beyond n there is at most what rounding left over.
                return n.min(k);
            }
            left -= probability;
            probability *= slope * reciprocal - odds;
        }
    }
}

/// q^n: by squaring where that is exact to some 10^-13 and fast, else as exp(n ln(1 - p)).
#[inline]
fn power(mut n: u64, p: f64, q: f64) -> f64 {
    const BY_SQUARING: u64 = 1024;
    if n >= BY_SQUARING {
        return libm::exp(n as f64 * libm::log1p(-p));
    }
    let (mut product, mut square) = (1.0, q);
    while n > 0 {
        product *= if n & 1 == 1 { square } else { 1.0 };
        square *= square;
        n >>= 1;
    }
    product
}

/// BTRS, with the names of the paper.
#[inline]
fn transform_and_reject(rng: &mut Stream, n: u64, chance: Chance) -> u64 {
    let Chance { p, q } = chance;
    let trials = n as f64;
    let mean = trials * p;
    let sd = (mean * q).sqrt();
    let b = 1.15 + 2.53 * sd;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = mean + 0.5;
    loop {
        let u = uniform(rng) - 0.5;
        let v = positive_uniform(rng);
        let us = 0.5 - u.abs();
        let proposal = (2.0 * a / us + b) * u + c;
        // v <= 0.92 - 4.2 / b
        if us >= 0.07 && (0.92 - v) * b >= 4.2 {
            return proposal as u64;
        }
        if !(0.0..trials + 1.0).contains(&proposal) {
            continue;
        }
        let k = whole(proposal);
        let alpha = (2.83 + 5.1 / b) * sd;
        let height = libm::log(v * alpha / (a / (us * us) + b));
        let density = bounds(k - whole((trials + 1.0) * p), mean * q);
        if height < density.low {
            return k as u64;
        }
        if height <= density.high && height <= log_density_ratio(trials, chance, k) {
            return k as u64;
        }
    }
}

/// Bounds on ln P(m + d) - ln P(m) at the mode m, from the normal law of the same variance; none far out. They are those of
/// Kachitvichyanukul and Schmeiser (1988, *Binomial random variate generation*, Communications of the ACM 31, step 5.2).
#[inline]
fn bounds(d: f64, variance: f64) -> Interval {
    let d = d.abs();
    if d <= 20.0 || d >= 0.5 * variance - 1.0 {
        return Interval {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        };
    }
    let inverse = 1.0 / variance;
    let normal = -0.5 * d * d * inverse;
    let error = d * inverse * ((d * (d / 3.0 + 0.625) + 1.0 / 6.0) * inverse + 0.5);
    Interval {
        low: normal - error,
        high: normal + error,
    }
}

/// ln P(k) - ln P(m) at the mode m = floor((n + 1) p).
fn log_density_ratio(n: f64, Chance { p, q }: Chance, k: f64) -> f64 {
    let mode = whole((n + 1.0) * p);
    let (mean, rest) = (n * p, n * q);
    let distance = |k: f64| deviance(k, mean) + deviance(n - k, rest);
    let spread = libm::log(roots(mode) * roots(n - mode) / (roots(k) * roots(n - k)));
    distance(mode) - distance(k) + 0.5 * spread + remainder(mode) + remainder(n - mode)
        - remainder(k)
        - remainder(n - k)
}

/// The integer part of x >= 0; `floor` is a function call where the processor is not known to have it.
#[inline]
fn whole(x: f64) -> f64 {
    x as u64 as f64
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
    if x < 10.0 {
        return SMALL[x as usize];
    }
    let inverse = 1.0 / x;
    let y = inverse * inverse;
    // The next term is below 10^-12 at x = 10.
    inverse
        * (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0))))
}

/// D(x; m) = x ln(x/m) + m - x, without cancellation where x is near m (Loader's bd0).
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return if x > 0.0 {
            x * libm::log(x / m) - difference
        } else {
            m
        };
    }
    // With v = (x - m)/(x + m), ln(x/m) = 2 (v + v^3/3 + ..), so that D = (x - m) v + 2 x (v^3/3 + v^5/5 + ..).
    let v = difference / (x + m);
    let square = v * v;
    let (mut sum, mut power, mut odd) = (difference * v, 2.0 * x * v, 1.0);
    loop {
        power *= square;
        odd += 2.0;
        let next = sum + power / odd;
        if next == sum {
            return sum;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests;
