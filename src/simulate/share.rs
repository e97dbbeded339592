//! Shares of a run's replications, for machines that work side by side.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Share I of N: the replications are cut into N contiguous blocks whose lengths differ by one at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    index: u64,
    of: u64,
}

/// Text that names no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a share is written I/N, with I from 1 to N and N up to {MAX_SHARES}: 3/10 is the third of ten"
)]
pub struct NoShare;

/// The most shares.
pub const MAX_SHARES: u64 = 1_000_000_000;

impl Share {
    /// All replications.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Share `index` of `of`.
    ///
    /// # Errors
    /// [`NoShare`] unless 1 <= index <= of <= [`MAX_SHARES`].
    pub fn new(index: u64, of: u64) -> Result<Self, NoShare> {
        match (1..=of).contains(&index) && of <= MAX_SHARES {
            true => Ok(Self { index, of }),
            false => Err(NoShare),
        }
    }

    /// I, from 1.
    pub fn index(self) -> u64 {
        self.index
    }

    /// N.
    pub fn of(self) -> u64 {
        self.of
    }

    /// Its part of 0..`replications`.
    pub fn part(self, replications: u64) -> Range<u64> {
        let cut = |i: u64| {
            let cut = u128::from(replications) * u128::from(i) / u128::from(self.of.max(1));
            cut as u64
        };
        cut(self.index.saturating_sub(1))..cut(self.index)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Share {
    type Err = NoShare;

    fn from_str(text: &str) -> Result<Self, NoShare> {
        let (index, of) = text.split_once('/').ok_or(NoShare)?;
        let number = |text: &str| text.parse().map_err(|_| NoShare);
        Self::new(number(index)?, number(of)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_are_even() {
        for (replications, of) in [(10, 3), (7, 7), (1_000_000_000, 999), (5, 1), (3, 5)] {
            let mut next = 0;
            for index in 1..=of {
                let part = Share::new(index, of).unwrap().part(replications);
                assert_eq!(part.start, next);
                let length = part.end - part.start;
                assert!(length == replications / of || length == replications / of + 1);
                next = part.end;
            }
            assert_eq!(next, replications);
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert_eq!("3/10".parse::<Share>().unwrap().to_string(), "3/10");
        for text in [
            "",
            "3",
            "0/3",
            "4/3",
            "-1/3",
            "1/0",
            "1/1000000001",
            "1/2/3",
            "a/b",
            "1/99999999999999999999",
        ] {
            assert_eq!(text.parse::<Share>(), Err(NoShare), "{text}");
        }
    }
}
