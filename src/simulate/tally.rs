//! Sums and order statistics of integers in bounded memory, the same in whatever order and shares the values come.

use serde::{Deserialize, Serialize};

/// The number, sum and sum of squares of integers n <= 10^12, at most 10^9 of them: exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    count: u64,
    sum: u128,
    squares: u128,
}

impl Sums {
    pub(super) fn push(&mut self, value: u64) {
        let value = u128::from(value);
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// The mean in units of `unit` values; `NaN` without any.
    pub(super) fn mean(&self, unit: f64) -> f64 {
        self.sum as f64 / (unit * self.count as f64)
    }

    /// The standard deviation with divisor R - 1, in units of `unit` values; `NaN` below two values.
    pub(super) fn sd(&self, unit: f64) -> f64 {
        if self.count < 2 {
            return f64::NAN;
        }
        let count = u128::from(self.count);
        // With sum = R m + r: sum of (n - m)^2 = squares - m (sum + r), and r^2 / R of it is between m and the mean.
        let (m, r) = (self.sum / count, self.sum % count);
        let around = self.squares.saturating_sub(m * (self.sum + r));
        let squares = match around.checked_mul(count) {
            Some(scaled) => scaled.saturating_sub(r * r) as f64 / count as f64,
            None => around as f64 - (r * r) as f64 / count as f64,
        };
        (squares / (count - 1) as f64).sqrt() / unit
    }
}

/// Integers as a sorted list of distinct values and how often each came. Where there are more than `room` distinct ones,
/// values that agree but for their last k bits are taken for one, with the least k that makes them fit: k depends on the
/// values alone, neither on their order nor on how they were shared out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tally {
    room: usize,
    /// k.
    shift: u32,
    /// (n >> k, how many), ascending.
    bins: Vec<(u64, u64)>,
    /// Values not yet in the list.
    #[serde(skip)]
    recent: Vec<u64>,
}

impl Tally {
    pub(super) fn new(room: usize) -> Self {
        Self {
            room: room.max(1),
            shift: 0,
            bins: Vec::new(),
            recent: Vec::new(),
        }
    }

    /// Take in one value; the list is brought up to date by [`Tally::settle`].
    pub(super) fn push(&mut self, value: u64) {
        self.recent.push(value);
    }

    /// Sort the values in that came since the last time.
    pub(super) fn settle(&mut self) {
        if self.recent.is_empty() {
            return;
        }
        let mut recent = std::mem::take(&mut self.recent);
        recent.sort_unstable();
        self.bins = united(&self.bins, recent.iter().map(|n| (n >> self.shift, 1)));
        self.coarsen();
        recent.clear();
        self.recent = recent;
    }

    /// Take in the values of another tally with the same room; both are settled.
    pub(super) fn absorb(&mut self, other: &Self) {
        while self.shift < other.shift {
            self.halve();
        }
        let by = self.shift - other.shift;
        self.bins = united(&self.bins, other.bins.iter().map(|(n, k)| (n >> by, *k)));
        self.coarsen();
    }

    /// Whether this is a list that `replications` values make.
    pub(super) fn is_sound(&self, replications: u64) -> bool {
        let times = self.bins.iter().map(|(_, times)| u128::from(*times));
        let ascending = self.bins.is_sorted_by(|before, after| before.0 < after.0);
        self.room > 0
            && self.shift < 64
            && ascending
            && times.sum::<u128>() == u128::from(replications)
    }

    /// How many consecutive values are taken for one.
    pub(super) fn width(&self) -> u64 {
        1 << self.shift
    }

    /// The quantile of type 7 of n / `unit`, each n being the middle of the values it is taken for; `NaN` without any.
    /// Settled.
    pub(super) fn quantile(&self, q: f64, unit: f64) -> f64 {
        let count: u64 = self.bins.iter().map(|(_, times)| times).sum();
        let Some(last) = count.checked_sub(1) else {
            return f64::NAN;
        };
        let position = last as f64 * q.clamp(0.0, 1.0);
        let below = (position as u64).min(last);
        let (low, high) = (
            self.ranked(below) / unit,
            self.ranked((below + 1).min(last)) / unit,
        );
        low + (position - below as f64) * (high - low)
    }

    /// The value with so many before it.
    fn ranked(&self, mut before: u64) -> f64 {
        for (n, times) in &self.bins {
            if before < *times {
                return (n << self.shift) as f64 + (self.width() - 1) as f64 / 2.0;
            }
            before -= times;
        }
        f64::NAN
    }

    fn coarsen(&mut self) {
        while self.bins.len() > self.room {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.shift += 1;
        for bin in &mut self.bins {
            bin.0 >>= 1;
        }
        self.bins.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 += later.1;
            }
            same
        });
    }
}

/// Two ascending lists of (value, how many) as one.
fn united(list: &[(u64, u64)], more: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut united: Vec<(u64, u64)> = Vec::with_capacity(list.len() + more.size_hint().0);
    let mut list = list.iter().copied().peekable();
    let mut add = |(value, times): (u64, u64)| match united.last_mut() {
        Some(last) if last.0 == value => last.1 += times,
        _ => united.push((value, times)),
    };
    for bin in more {
        while let Some(before) = list.next_if(|before| before.0 <= bin.0) {
            add(before);
        }
        add(bin);
    }
    list.for_each(add);
    united.shrink_to_fit();
    united
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Moments, quantile};
    use proptest::prelude::*;

    fn tally(values: &[u64], room: usize, settle_every: usize) -> Tally {
        let mut tally = Tally::new(room);
        for part in values.chunks(settle_every) {
            part.iter().for_each(|n| tally.push(*n));
            tally.settle();
        }
        tally
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            values in prop::collection::vec(0u64..1_000_000_000_000, 1..200), q in 0.0..1.0f64
        ) {
            let mut sorted: Vec<f64> = values.iter().map(|n| *n as f64 / 7.0).collect();
            sorted.sort_by(f64::total_cmp);
            prop_assert_eq!(tally(&values, 200, 17).quantile(q, 7.0), quantile(&sorted, q));
        }

        #[test]
        fn what_does_not_fit_is_wrong_by_half_a_bin_at_most(
            mut values in prop::collection::vec(0u64..100_000, 1..300), q in 0.0..1.0f64
        ) {
            let tally = tally(&values, 20, 31);
            values.sort_unstable();
            let distinct = |shift: u32| {
                let mut bins: Vec<u64> = values.iter().map(|n| n >> shift).collect();
                bins.dedup();
                bins.len()
            };
            // The least number of bits that makes them fit.
            prop_assert!(distinct(tally.shift) <= 20);
            prop_assert!(tally.shift == 0 || distinct(tally.shift - 1) > 20);
            let sorted: Vec<f64> = values.iter().map(|n| *n as f64).collect();
            let error = (tally.quantile(q, 1.0) - quantile(&sorted, q)).abs();
            prop_assert!(error <= (tally.width() - 1) as f64 / 2.0 + 1e-9, "{error}");
        }

        #[test]
        fn neither_order_nor_shares_matter(
            values in prop::collection::vec(0u64..10_000, 2..300), every in 1usize..50, cut in 1usize..300
        ) {
            let whole = tally(&values, 25, every);
            let backwards: Vec<u64> = values.iter().rev().copied().collect();
            prop_assert_eq!(&whole.bins, &tally(&backwards, 25, 300).bins);
            let (first, second) = values.split_at(cut.min(values.len()));
            let mut joined = tally(second, 25, every);
            joined.absorb(&tally(first, 25, 7));
            prop_assert_eq!(&whole.bins, &joined.bins);
            prop_assert_eq!(whole.shift, joined.shift);
        }

        #[test]
        fn sums_agree_with_moments(values in prop::collection::vec(0u64..1_000_000_000_000, 2..100)) {
            let (mut sums, mut moments) = (Sums::default(), Moments::default());
            for n in &values {
                sums.push(*n);
                moments.push(*n as f64);
            }
            prop_assert!((sums.mean(1.0) - moments.mean()).abs() <= 1e-12 * moments.mean());
            prop_assert!((sums.sd(1.0) - moments.sd()).abs() <= 1e-9 * moments.mean());
        }
    }

    #[test]
    fn small_spreads_on_large_values_are_exact() {
        // 10^12 - 1 once and 10^12 else: the variance is (R - 1) / R / (R - 1) = 1 / R.
        let mut sums = Sums::default();
        (0..1000).for_each(|k| sums.push(1_000_000_000_000 - u64::from(k == 500)));
        assert!((sums.sd(1.0) - (1.0f64 / 1000.0).sqrt()).abs() < 1e-15);
        let mut equal = Sums::default();
        (0..9).for_each(|_| equal.push(777));
        assert_eq!((equal.mean(1.0), equal.sd(1.0)), (777.0, 0.0));
        assert!(Sums::default().mean(1.0).is_nan() && Sums::default().sd(1.0).is_nan());
    }
}
