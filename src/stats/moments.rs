//! Mean and standard deviation in one pass (Welford), and quantiles of type 7.

/// Running mean and sum of squared deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Take in one value.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// The number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; `NaN` without any.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// The standard deviation with divisor n - 1; `NaN` below two values.
    pub fn sd(&self) -> f64 {
        if self.count < 2 {
            f64::NAN
        } else {
            (self.squares / (self.count - 1) as f64).sqrt()
        }
    }

    /// The standard error of the mean, sd / sqrt(n); `NaN` below two values.
    pub fn std_error(&self) -> f64 {
        self.sd() / (self.count as f64).sqrt()
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

/// The quantile of level `q` in [0, 1], type 7: linear between the order statistics around 1 + (n - 1) q.
/// `sorted` ascends; `NaN` where it is empty.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    debug_assert!(sorted.is_sorted());
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = last as f64 * q.clamp(0.0, 1.0);
    let below = (position as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_by_hand() {
        let mut moments = Moments::default();
        assert!(moments.mean().is_nan() && moments.sd().is_nan());
        moments.push(3.0);
        assert_eq!(moments.mean(), 3.0);
        assert!(moments.sd().is_nan() && moments.std_error().is_nan());
        moments.extend([5.0, 7.0, 9.0]);
        assert_eq!((moments.count(), moments.mean()), (4, 6.0));
        assert!((moments.sd() - (20.0f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((moments.std_error() - (5.0f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_large_offset_does_not_eat_the_spread() {
        let mut moments = Moments::default();
        moments.extend((0..1000).map(|k| 1e9 + f64::from(k % 2)));
        assert!((moments.sd() - (0.25f64 * 1000.0 / 999.0).sqrt()).abs() < 1e-9);
        // The textbook formula, mean of squares minus square of the mean, fails this.
        let (sum, squares) = (0..1000).fold((0.0, 0.0), |(sum, squares), k| {
            let value = 1e9 + f64::from(k % 2);
            (sum + value, squares + value * value)
        });
        assert!((squares / 1000.0 - (sum / 1000.0) * (sum / 1000.0) - 0.25f64).abs() > 1e-3);
    }

    #[test]
    fn quantiles_are_of_type_seven() {
        // R: quantile(c(1, 2, 4, 8, 16), c(0, .05, .3, .5, .95, 1)) = 1, 1.2, 2.4, 4, 14.4, 16.
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [
            (0.0, 1.0),
            (0.05, 1.2),
            (0.3, 2.4),
            (0.5, 4.0),
            (0.95, 14.4),
            (1.0, 16.0),
        ] {
            assert!((quantile(&sorted, q) - expected).abs() < 1e-12, "{q}");
        }
        assert_eq!(quantile(&[3.0], 0.05), 3.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
