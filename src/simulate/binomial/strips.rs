//! Binomial numbers of a large variance V, by rejection from strips.
//!
//! With z = (x - n p)/sqrt(V), the density to draw x from is f(z) = sqrt(2 pi V) P(floor(x + 1/2)), and x rounded is the
//! number. Where V >= S^2 it stays near the normal curve, |ln f(z) + z^2/2| <= margin(z, S), so that a hat and a squeeze
//! can be known beforehand: the half line z >= 0 is cut into 127 strips and a tail of one area under the hat, which is
//! constant in a strip and exponential in the tail. A word of 64 digits chooses the half, the strip, the place in it and
//! the first 8 digits of the height; as long as these stay below the squeeze, for 94 proposals of 100 where S = 64, the
//! number is found without looking at its probability. The tail's is looked at always.
//!
//! # Departures
//! Ahrens and Dieter, and Hormann, cut the density that is asked for, at some cost for each n and p; here strips of equal
//! area are cut once under a curve that no n and p reaches.
//! The margin is the first term of Edgeworth's expansion, the skewness, and half a step of the rounding, each where it is
//! largest, times 1 + 2/S for the terms that follow. The tests hold it against exact probabilities.

use rand::Rng;

use super::density::log_density;
use super::exponential::exp_minus;
use super::{Chance, UNIT, positive_uniform};
use crate::stream::Stream;

/// Strips of a half line, the tail being the last.
const STRIPS: usize = 128;
/// Digits of a height that are compared with the squeeze.
const HEIGHTS: f64 = 256.0;

/// The cut for all variances from S^2 on.
pub(super) struct Strips {
    /// Where strip i begins; the last is where the tail does.
    begin: [f64; STRIPS],
    width: [f64; STRIPS],
    /// The hat on strip i; the tail's where it begins.
    hat: [f64; STRIPS],
    /// 256 times the squeeze by the hat, rounded down.
    squeeze: [u8; STRIPS],
    /// The tail's hat falls like exp(-slope z).
    slope: f64,
}

/// For variances from 8^2 on,
pub(super) static COARSE: Strips = Strips::cut(8.0, 0.011_69);
/// 24^2,
pub(super) static MIDDLE: Strips = Strips::cut(24.0, 0.010_36);
/// and 64^2.
pub(super) static FINE: Strips = Strips::cut(64.0, 0.010_08);

impl Strips {
    /// Strips of `area`, the least to five digits that covers the tail.
    const fn cut(s: f64, area: f64) -> Self {
        let mut strips = Self {
            begin: [0.0; STRIPS],
            width: [0.0; STRIPS],
            hat: [0.0; STRIPS],
            squeeze: [0; STRIPS],
            slope: 0.0,
        };
        let (mut i, mut z) = (0, 0.0);
        while i + 1 < STRIPS {
            // The margin where a lower hat would end: at least as much as is needed.
            let beyond = z + area / exp_minus(0.5 * z * z);
            let hat = exp_minus(0.5 * z * z - margin(beyond, s));
            strips.begin[i] = z;
            strips.width[i] = area / hat;
            strips.hat[i] = hat;
            z += area / hat;
            let squeeze = exp_minus(0.5 * z * z + margin(z, s));
            strips.squeeze[i] = (HEIGHTS * squeeze / hat) as u8;
            i += 1;
        }
        // P(k) is log-concave: from here on it falls at least as it does here, for the Poisson law like this.
        strips.slope = z / (1.0 + z / s);
        strips.begin[i] = z;
        strips.hat[i] = area * strips.slope;
        strips
    }

    /// The number of successes in `n` trials, p <= q and n p q >= S^2.
    #[inline(always)]
    pub(super) fn sample(&self, rng: &mut Stream, n: u64, chance: Chance) -> u64 {
        let middle = n as i64 as f64 * chance.p + 0.5;
        let sd = ((middle - 0.5) * chance.q).sqrt();
        loop {
            let word = rng.next_u64();
            let i = (word >> 57) as usize;
            // 48 digits and the sign.
            let place = (word << 15) as i64 as f64 * (0.5 * UNIT / 512.0);
            let z = (self.begin[i] + self.width[i] * place.abs()).copysign(place);
            if ((word >> 49) as u8) < self.squeeze[i] {
                return (middle + sd * z) as i64 as u64;
            }
            if let Some(k) = self.weigh(rng, n, chance, word) {
                return k;
            }
        }
    }

    /// What the squeeze leaves open.
    #[cold]
    #[inline(never)]
    fn weigh(&self, rng: &mut Stream, n: u64, chance: Chance, word: u64) -> Option<u64> {
        let (trials, i) = (n as f64, (word >> 57) as usize);
        let middle = trials * chance.p + 0.5;
        let sd = ((middle - 0.5) * chance.q).sqrt();
        let place = (word << 15) as i64 as f64 * (0.5 * UNIT / 512.0);
        let mut hat = self.hat[i];
        let mut distance = self.begin[i] + self.width[i] * place.abs();
        if i + 1 == STRIPS {
            let fall = positive_uniform(rng);
            hat *= fall;
            distance -= libm::log(fall) / self.slope;
        }
        let x = middle + sd * distance.copysign(place);
        let height = (f64::from((word >> 49) as u8) + positive_uniform(rng)) / HEIGHTS * hat;
        if !(0.0..trials + 1.0).contains(&x) {
            return None;
        }
        let k = x as u64;
        (libm::log(height) <= log_density(trials, chance, k as f64)).then_some(k)
    }
}

/// Bound on |ln f(z) + z^2/2| for z >= 0 where V >= s^2.
const fn margin(z: f64, s: f64) -> f64 {
    // z/2 + |z^3 - 3 z|/6
    let steep = z * z / 6.0;
    let first = z * if steep > 1.0 { steep } else { 1.0 } / s;
    first * (1.0 + 2.0 / s) + 1.0 / (s * s)
}

#[cfg(test)]
mod tests;
