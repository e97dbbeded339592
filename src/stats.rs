//! Statistics: moments, quantiles, exact binomial limits, and tests of a mean that hold at every stopping time.

mod betting;
mod binomial;
mod digits;
mod moments;
mod quantiles;

pub use betting::{BettingError, BettingTest, Interval, LOOK};
pub use binomial::clopper_pearson;
pub(crate) use digits::{Digits, digits};
pub use moments::{Moments, quantile};
pub use quantiles::{
    chi_square_lower_tail, chi_square_tail, normal_quantile, normal_tail, student_quantile,
};
