//! Statistics: moments, quantiles, exact binomial limits, and tests of a mean that hold at every stopping time.

mod betting;
mod binomial;
mod moments;

pub use betting::{BettingError, BettingTest, Interval, LOOK};
pub use binomial::clopper_pearson;
pub use moments::{Moments, quantile};
