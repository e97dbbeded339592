//! Laws on consecutive integers: binomials cut where their tails no longer count.

/// Bound on the mass cut from each side of a binomial, relative to its whole.
pub(super) const TAIL: f64 = 1e-17;

/// A probability law on `offset`, `offset + 1`, ...
#[derive(Debug, Clone, Default)]
pub(super) struct Law {
    pub offset: usize,
    pub weights: Vec<f64>,
}

impl Law {
    /// Become Bin(trials, success) without its tails, by the ratio of neighbouring terms outward from the mode.
    pub(super) fn assign_binomial(&mut self, trials: usize, success: f64) {
        self.weights.clear();
        self.weights.push(1.0);
        if trials == 0 || success <= 0.0 || success >= 1.0 {
            self.offset = if success >= 1.0 { trials } else { 0 };
            return;
        }
        let (n, odds) = (trials as f64, success / (1.0 - success));
        let mode = (((n + 1.0) * success) as usize).min(trials);
        // P(k - 1) / P(k) falls as k falls: the terms below k sum to at most w r / (1 - r).
        let (mut k, mut weight) = (mode as f64, 1.0);
        while k > 0.0 {
            let ratio = k / ((n - k + 1.0) * odds);
            if weight * ratio <= TAIL * (1.0 - ratio) {
                break;
            }
            weight *= ratio;
            k -= 1.0;
            self.weights.push(weight);
        }
        self.offset = mode + 1 - self.weights.len();
        self.weights.reverse();
        let (mut k, mut weight) = (mode as f64, 1.0);
        while k < n {
            let ratio = (n - k) * odds / (k + 1.0);
            if weight * ratio <= TAIL * (1.0 - ratio) {
                break;
            }
            weight *= ratio;
            k += 1.0;
            self.weights.push(weight);
        }
        let scale = 1.0 / self.weights.iter().sum::<f64>();
        self.weights.iter_mut().for_each(|w| *w *= scale);
    }

    /// The values and their probabilities.
    pub(super) fn terms(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let places = self.weights.iter().enumerate();
        places.map(|(k, weight)| (self.offset + k, *weight))
    }
}

/// The first and last place of a law's weights, each tail left out as far as it sums to at most `mass`.
pub(super) fn central(weights: &[f64], mass: f64) -> (usize, usize) {
    let skipped = |weights: &mut dyn Iterator<Item = &f64>| {
        let mut tail = 0.0;
        weights
            .take_while(|w| {
                tail += **w;
                tail <= mass
            })
            .count()
    };
    let low = skipped(&mut weights.iter());
    let high = skipped(&mut weights.iter().rev());
    (low, weights.len() - 1 - high)
}

/// How many terms of Bin(trials, success) are kept, about.
pub(super) fn estimated_width(trials: usize, success: f64) -> f64 {
    if trials == 0 || success <= 0.0 || success >= 1.0 {
        return 1.0;
    }
    let spread = (trials as f64 * success * (1.0 - success)).sqrt();
    (17.0 * spread + 10.0).min(trials as f64 + 1.0)
}

/// out += narrow * wide; four terms of `narrow` at a time, so that each pass over `out` does four products.
pub(super) fn convolve(narrow: &[f64], wide: &[f64], out: &mut [f64]) {
    let mut blocks = narrow.chunks_exact(4);
    let mut start = 0;
    for block in &mut blocks {
        let [a, b, c, d] = [block[0], block[1], block[2], block[3]];
        if wide.len() >= 4 {
            // The interior, where all four terms meet `wide`; the three at either end below.
            let width = wide.len() - 3;
            let target = &mut out[start + 3..start + 3 + width];
            let parts = target
                .iter_mut()
                .zip(&wide[3..])
                .zip(&wide[2..])
                .zip(&wide[1..])
                .zip(wide);
            for ((((o, w3), w2), w1), w0) in parts {
                *o += (a * w3 + b * w2) + (c * w1 + d * w0);
            }
            for (i, factor) in block.iter().enumerate() {
                for j in (0..3 - i).chain(wide.len() - i..wide.len()) {
                    out[start + i + j] += factor * wide[j];
                }
            }
        } else {
            axpy_each(block, wide, &mut out[start..]);
        }
        start += 4;
    }
    axpy_each(blocks.remainder(), wide, &mut out[start..]);
}

fn axpy_each(narrow: &[f64], wide: &[f64], out: &mut [f64]) {
    for (i, factor) in narrow.iter().enumerate() {
        out[i..]
            .iter_mut()
            .zip(wide)
            .for_each(|(o, w)| *o += factor * w);
    }
}

/// The inner product of two slices of one length, in eight partial sums of fixed order.
pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (left_blocks, right_blocks) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest = left_blocks.remainder().iter().zip(right_blocks.remainder());
    let tail: f64 = rest.map(|(l, r)| l * r).sum();
    for (l, r) in left_blocks.zip(right_blocks) {
        for i in 0..8 {
            lanes[i] += l[i] * r[i];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binomial(trials: usize, success: f64) -> Law {
        let mut law = Law::default();
        law.assign_binomial(trials, success);
        law
    }

    #[test]
    fn large_binomials_are_narrow_and_have_the_right_moments() {
        let law = binomial(1_000_000, 0.3);
        let identity = |k: usize| (law.offset + k) as f64 - 300_000.0;
        let moment = |power: i32| {
            law.weights
                .iter()
                .enumerate()
                .map(|(k, w)| w * identity(k).powi(power))
                .sum::<f64>()
        };
        assert!(moment(1).abs() < 1e-7, "{}", moment(1));
        assert!((moment(2) / 210_000.0 - 1.0).abs() < 1e-11, "{}", moment(2));
        let width = estimated_width(1_000_000, 0.3) / law.weights.len() as f64;
        assert!((0.9..1.1).contains(&width), "{width}");
        let (low, high) = central(&law.weights, 1e-12);
        assert!(low > 0 && high < law.weights.len() - 1);
    }
}
