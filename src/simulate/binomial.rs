//! Binomial numbers: how many of n followers do what each does with probability p.
//!
//! With p <= 1/2 (else successes and failures change places), by the mean n p and the variance n p (1 - p):
//!
//! - mean below 10: inversion of the distribution function from P(0) = exp(n ln(1 - p)), term by term.
//! - variance below 64: BTRS, transformed rejection with squeeze (Hormann 1993, *The generation of binomial random
//!   variates*, Journal of Statistical Computation and Simulation 46): a hat over the density whose inverse is in closed
//!   form, and a squeeze that accepts half the proposals and more without looking at the density.
//! - otherwise rejection from strips under a hat over the normal curve, most of it one look into a table: [`strips`].
//!
//! Logarithms are those of `libm` and exponentials our own, the same on every platform.
//!
//! # Departures
//! BTRS compares densities through differences of n log n, which at n = 10^12 keep four decimals. Here P(k)/P(m) is a
//! product of the ratios between, or far out a difference of logarithms in Loader's form: [`density`].

mod density;
mod exponential;
mod strips;

use rand::Rng;

use crate::stream::Stream;
use density::log_density;
use exponential::exp_minus_moderate;

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
    let chance = Chance { p, q };
    let mean = n as i64 as f64 * p;
    let variance = mean * q;
    if variance >= 64.0 * 64.0 {
        strips::FINE.sample(rng, n, chance)
    } else if mean.is_nan() || mean <= 0.0 {
        // NaN is no chance at all.
        0
    } else {
        moderate(rng, n, chance, mean)
    }
}

/// The same for a variance that is not large.
#[inline(never)]
fn moderate(rng: &mut Stream, n: u64, chance: Chance, mean: f64) -> u64 {
    let variance = mean * chance.q;
    if variance >= 24.0 * 24.0 {
        strips::MIDDLE.sample(rng, n, chance)
    } else if variance >= 8.0 * 8.0 {
        strips::COARSE.sample(rng, n, chance)
    } else if mean >= INVERSION_BELOW {
        transform_and_reject(rng, n, chance)
    } else {
        invert(rng, n, chance)
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

/// q^n for n p < 10: by squaring where that is exact to some 10^-13 and fast, else as exp(n ln(1 - p)).
#[inline]
fn power(mut n: u64, p: f64, q: f64) -> f64 {
    const BY_SQUARING: u64 = 1024;
    if n >= BY_SQUARING {
        // p < 10/1024: the terms left out of -ln(1 - p) = p + p^2/2 + .. are below p times 10^-17.
        let series =
            1.0 / 5.0 + p * (1.0 / 6.0 + p * (1.0 / 7.0 + p * (1.0 / 8.0 + p * (1.0 / 9.0))));
        let loss = 1.0 + p * (0.5 + p * (1.0 / 3.0 + p * (0.25 + p * series)));
        return exp_minus_moderate(n as f64 * p * loss);
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
        let k = proposal as u64;
        let alpha = (2.83 + 5.1 / b) * sd;
        let height = v * alpha / (a / (us * us) + b);
        if weigh(n, chance, k, height) {
            return k;
        }
    }
}

/// Whether height <= P(k)/P(m) at the mode m = floor((n + 1) p), where the mean is below 130.
fn weigh(n: u64, chance: Chance, k: u64, height: f64) -> bool {
    const NEAR: u64 = 64;
    let Chance { p, q } = chance;
    let trials = n as f64;
    let mode = ((trials + 1.0) * p) as u64;
    if k.abs_diff(mode) > NEAR {
        let log_density = |k: u64| log_density(trials, chance, k as f64);
        return libm::log(height) <= log_density(k) - log_density(mode);
    }
    // P(j)/P(j - 1) = ((n + 1)/j - 1) p/q. A factor is at most 400, 64 of them far below the largest number.
    let odds = p / q;
    let slope = (trials + 1.0) * odds;
    let (low, high) = (mode.min(k), mode.max(k));
    let (mut above, mut below) = (1.0, 1.0);
    for j in low + 1..=high {
        let j = j as i64 as f64;
        above *= slope - j * odds;
        below *= j;
    }
    if k >= mode {
        height * below <= above
    } else {
        height * above <= below
    }
}

#[cfg(test)]
mod tests;
