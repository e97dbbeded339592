//! The returns of single followers, summarised by initial type.

use crate::stats::{Moments, quantile};

/// Bins of a histogram of returns.
pub const RETURN_BINS: usize = 20;
/// The quantiles of a [`ReturnLaw`], of type 7.
pub const RETURN_QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// How the returns of one replication's followers are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentReturns {
    by_type: Vec<Option<ReturnLaw>>,
}

/// The returns of the followers of one initial type.
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnLaw {
    /// The number of followers.
    pub followers: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with divisor n - 1; `NaN` for one follower.
    pub sd: f64,
    /// The least.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// At [`RETURN_QUANTILES`].
    pub quantiles: [f64; RETURN_QUANTILES.len()],
    /// Followers per bin, [`RETURN_BINS`] of equal width from the least to the largest, which is in the last.
    pub histogram: [u64; RETURN_BINS],
}

impl AgentReturns {
    /// From every follower's return, by initial type.
    pub(super) fn new(by_type: Vec<Vec<f64>>) -> Self {
        Self {
            by_type: by_type.into_iter().map(ReturnLaw::of).collect(),
        }
    }

    /// Per initial type; `None` where nobody started.
    pub fn by_type(&self) -> &[Option<ReturnLaw>] {
        &self.by_type
    }
}

impl ReturnLaw {
    fn of(mut returns: Vec<f64>) -> Option<Self> {
        let mut moments = Moments::default();
        moments.extend(returns.iter().copied());
        returns.sort_unstable_by(f64::total_cmp);
        let (low, high) = (*returns.first()?, *returns.last()?);
        let mut histogram = [0; RETURN_BINS];
        let scale = RETURN_BINS as f64 / (high - low);
        for value in &returns {
            // All equal: 0 times infinity, which is bin 0.
            let bin = ((value - low) * scale) as usize;
            histogram[bin.min(RETURN_BINS - 1)] += 1;
        }
        Some(Self {
            followers: returns.len() as u64,
            mean: moments.mean(),
            sd: moments.sd(),
            low,
            high,
            quantiles: RETURN_QUANTILES.map(|p| quantile(&returns, p)),
            histogram,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_by_hand() {
        let returns = AgentReturns::new(vec![vec![], vec![3.0, -1.0, 0.0, 1.0], vec![2.0; 3]]);
        let [None, Some(law), Some(equal)] = returns.by_type() else {
            panic!("{returns:?}");
        };
        assert_eq!(
            (law.followers, law.mean, law.low, law.high),
            (4, 0.75, -1.0, 3.0)
        );
        assert!((law.sd - (8.75f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!((law.quantiles[3], law.quantiles[2]), (0.5, -0.25));
        let filled = |k: &usize| law.histogram[*k] == 1;
        assert_eq!(
            (0..RETURN_BINS).filter(filled).collect::<Vec<_>>(),
            [0, 5, 10, 19]
        );
        assert_eq!(
            (equal.sd, equal.histogram[0], equal.quantiles),
            (0.0, 3, [2.0; 7])
        );
    }
}
