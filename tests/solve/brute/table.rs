//! V_t sampled: a dense scan, with every change of regime bisected to neighbouring numbers and every extremum refined.

use super::solver::Value;

const BLOCK: usize = 64;

/// A point of the scan.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub m: f64,
    pub value: Value,
}

impl Sample {
    pub fn d(&self) -> f64 {
        self.value.follower[1] - self.value.follower[0]
    }
}

/// V_t on [0, 1], in rising order of m.
pub struct Table {
    pub samples: Vec<Sample>,
    /// The least and the largest difference in each block of samples, the next block's first included.
    blocks: Vec<[f64; 2]>,
}

impl Table {
    pub fn scan(at: &dyn Fn(f64) -> Value, cells: usize, features: &[f64]) -> Self {
        let mut places: Vec<f64> = (0..=cells).map(|i| i as f64 / cells as f64).collect();
        let mut features: Vec<f64> = features
            .iter()
            .copied()
            .filter(|m| (0.0..=1.0).contains(m))
            .collect();
        features.sort_by(f64::total_cmp);
        for pair in features.windows(2) {
            places.extend([0.25, 0.5, 0.75].map(|w| pair[0] + w * (pair[1] - pair[0])));
        }
        places.extend(features);
        places.sort_by(f64::total_cmp);
        places.dedup();
        let sample = |m: f64| Sample { m, value: at(m) };
        let first: Vec<Sample> = places.into_iter().map(sample).collect();
        let mut samples = vec![first[0]];
        for right in &first[1..] {
            split(&sample, *right, &mut samples);
        }
        let extrema: Vec<Sample> = samples
            .windows(3)
            .filter_map(|w| extremum(&sample, w))
            .collect();
        samples.extend(extrema);
        samples.sort_by(|a, b| a.m.total_cmp(&b.m));
        samples.dedup_by(|b, a| a.m == b.m);
        let ends = |block: &[Sample]| {
            block
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |e, s| {
                    [e[0].min(s.d()), e[1].max(s.d())]
                })
        };
        let starts = (0..samples.len()).step_by(BLOCK);
        let blocks = starts
            .map(|i| ends(&samples[i..(i + BLOCK + 1).min(samples.len())]))
            .collect();
        Self { samples, blocks }
    }

    /// Places of samples in (lo, hi) in blocks where D comes within `slack` of d.
    pub fn near(&self, lo: f64, hi: f64, d: f64, slack: f64) -> Vec<[usize; 2]> {
        let first = self.samples.partition_point(|s| s.m <= lo);
        let end = self.samples.partition_point(|s| s.m < hi);
        let mut ranges: Vec<[usize; 2]> = Vec::new();
        for b in first / BLOCK..self.blocks.len().min(end / BLOCK + 1) {
            let [least, most] = self.blocks[b];
            if d < least - slack || d > most + slack {
                continue;
            }
            // One more sample on each side, so that nothing is lost between blocks.
            let from = (b * BLOCK).saturating_sub(1).max(first);
            let to = (b * BLOCK + BLOCK + 2).min(end);
            match ranges.last_mut() {
                Some(last) if last[1] >= from => last[1] = to.max(last[1]),
                _ if from < to => ranges.push([from, to]),
                _ => {}
            }
        }
        ranges
    }
}

/// Add what lies between the last sample and `right`: both sides of each change of regime, and `right`.
fn split(sample: &dyn Fn(f64) -> Sample, right: Sample, samples: &mut Vec<Sample>) {
    for _ in 0..12 {
        let left = samples[samples.len() - 1];
        if left.value.regime == right.value.regime {
            break;
        }
        let (mut lo, mut hi) = (left, right);
        loop {
            let middle = 0.5 * (lo.m + hi.m);
            if middle <= lo.m || middle >= hi.m {
                break;
            }
            let middle = sample(middle);
            if middle.value.regime == left.value.regime {
                lo = middle;
            } else {
                hi = middle;
            }
        }
        if lo.m > left.m {
            samples.push(lo);
        }
        if hi.m >= right.m {
            break;
        }
        samples.push(hi);
    }
    samples.push(right);
}

/// The extremum of D among three neighbours of one regime, by golden section.
fn extremum(sample: &dyn Fn(f64) -> Sample, w: &[Sample]) -> Option<Sample> {
    let [left, middle, right] = [w[0], w[1], w[2]];
    let one = left.value.regime == middle.value.regime && right.value.regime == middle.value.regime;
    let up = middle.d() >= left.d() && middle.d() >= right.d();
    let down = middle.d() <= left.d() && middle.d() <= right.d();
    let height = (middle.d() - left.d())
        .abs()
        .max((middle.d() - right.d()).abs());
    // Lower humps are rounding.
    if !one
        || up == down
        || height
            <= 1e-13
                * middle.value.follower[0]
                    .abs()
                    .max(middle.value.follower[1].abs())
    {
        return None;
    }
    let sign = if up { 1.0 } else { -1.0 };
    Some(golden(sample, left.m, right.m, &|s| sign * s.d()))
}

/// The largest of a function of one hump.
pub fn golden(
    sample: &dyn Fn(f64) -> Sample,
    mut lo: f64,
    mut hi: f64,
    height: &dyn Fn(&Sample) -> f64,
) -> Sample {
    let ratio = 0.618_033_988_749_894_8;
    let mut inner = [hi - ratio * (hi - lo), lo + ratio * (hi - lo)].map(sample);
    for _ in 0..60 {
        if height(&inner[0]) >= height(&inner[1]) {
            hi = inner[1].m;
            inner = [sample(hi - ratio * (hi - lo)), inner[0]];
        } else {
            lo = inner[0].m;
            inner = [inner[1], sample(lo + ratio * (hi - lo))];
        }
    }
    if height(&inner[0]) >= height(&inner[1]) {
        inner[0]
    } else {
        inner[1]
    }
}
