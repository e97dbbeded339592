//! Tables of numbers, one for each period.

use super::model::Model;
use crate::stats::Interval;

/// The numbers of each period, from t = 1 on.
#[derive(Debug)]
pub(super) struct Arrays {
    periods: Vec<Vec<f64>>,
}

impl Arrays {
    /// From at least one list, all of one length.
    pub(super) fn new(periods: Vec<Vec<f64>>) -> Self {
        Self { periods }
    }

    /// T + 1 has the numbers of T: nothing of it is used.
    fn at(&self, t: usize) -> &[f64] {
        &self.periods[t.clamp(1, self.periods.len()) - 1]
    }
}

impl Model for Arrays {
    fn fill(&self, t: usize, _: &[f64], numbers: &mut [f64]) {
        numbers.copy_from_slice(self.at(t));
    }

    fn len(&self) -> usize {
        self.periods[0].len()
    }

    fn range(&self, t: usize, k: usize) -> Interval {
        Interval::point(self.at(t)[k])
    }

    fn reads_time(&self) -> bool {
        true
    }

    fn reads_mean_field(&self) -> bool {
        false
    }
}
