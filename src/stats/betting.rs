//! Tests of a bounded mean by betting (Waudby-Smith & Ramdas 2024), valid at every stopping time and for every law.
//!
//! Let D lie in [lo, lo + R] and have mean `gain`. Scale to Y = (D - lo)/R and m = (epsilon - lo)/R. The wealth
//!
//! W_n = prod (1 - lambda_i (Y_i - m)),  lambda_i in [0, c/(1 - m)],  c = 1/2,
//!
//! with lambda_i a function of Y_1..Y_{i-1}, is a supermartingale wherever "gain >= epsilon" holds, so that W reaches
//! 1/alpha ever with probability at most alpha (Ville). The bets are the aGRAPA ones: with the estimates of mean and
//! variance so far, (1/2 + sum Y)/i and (1/4 + sum (Y - mean)^2)/i,
//! lambda_i = (m - mean)/(variance + (m - mean)^2), cut to its interval. The same with the sign turned, and lambda_i in
//! [0, c/m], tests "gain <= epsilon".
//!
//! What can go wrong: the range must be *proven*. With the range of the sample in its place the test certifies falsely,
//! as Student's t does (both are shown in the tests).

/// Values between two looks at a test, so that the stopping time does not depend on threads.
pub const LOOK: u64 = 1024;

/// c: the largest share of the wealth that one value can lose.
const LARGEST_STAKE: f64 = 0.5;

/// A value may leave the proven range by this fraction of it, for rounding; it is moved back.
const RANGE_SLACK: f64 = 1e-9;

/// Points of [`BettingTest::interval`] per doubling, and the number of halvings of epsilon that it resolves.
const POINTS_PER_DOUBLING: i32 = 4;
const HALVINGS: i32 = 6;

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A test that cannot be set up, or a value that it cannot take.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BettingError {
    /// The range is empty or not finite.
    #[error("[{low}, {high}] is no range of gains")]
    Range {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Epsilon is not a finite number.
    #[error("the threshold {epsilon} is not a finite number")]
    Epsilon {
        /// As asked for.
        epsilon: f64,
    },
    /// Alpha is not in (0, 1).
    #[error("the level {alpha} is not between 0 and 1")]
    Alpha {
        /// As asked for.
        alpha: f64,
    },
    /// A value outside the range that was claimed to be proven.
    #[error("the gain {value} lies outside its proven range [{low}, {high}]")]
    Value {
        /// The value.
        value: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

/// Tests of "gain >= epsilon" and of "gain <= epsilon", each at level alpha, fed one value after the other.
#[derive(Clone, Debug)]
pub struct BettingTest {
    range: Interval,
    epsilon: f64,
    alpha: f64,
    /// Y_1, Y_2, ..
    values: Vec<f64>,
    forecast: Forecast,
    at_least: Wealth,
    at_most: Wealth,
}

impl BettingTest {
    /// For values in the proven `range`, threshold `epsilon` and level `alpha`.
    ///
    /// # Errors
    /// An empty or unbounded range, an epsilon that is not finite, an alpha outside (0, 1).
    pub fn new(range: Interval, epsilon: f64, alpha: f64) -> Result<Self, BettingError> {
        let Interval { low, high } = range;
        if !(low.is_finite() && high.is_finite() && low <= high) {
            return Err(BettingError::Range { low, high });
        }
        if !epsilon.is_finite() {
            return Err(BettingError::Epsilon { epsilon });
        }
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(BettingError::Alpha { alpha });
        }
        Ok(Self {
            range,
            epsilon,
            alpha,
            values: Vec::new(),
            forecast: Forecast::default(),
            at_least: Wealth::new(Null::AtLeast, epsilon, range),
            at_most: Wealth::new(Null::AtMost, epsilon, range),
        })
    }

    /// Take in the next value, a gain.
    ///
    /// # Errors
    /// A value outside the range (or `NaN`): the range was not proven, and nothing that follows from it holds.
    pub fn push(&mut self, value: f64) -> Result<(), BettingError> {
        let Interval { low, high } = self.range;
        let width = high - low;
        let slack = RANGE_SLACK * width.max(low.abs()).max(high.abs());
        if !(value >= low - slack && value <= high + slack) {
            return Err(BettingError::Value { value, low, high });
        }
        let y = if width > 0.0 {
            ((value - low) / width).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.at_least.push(y, &self.forecast);
        self.at_most.push(y, &self.forecast);
        self.forecast.push(y);
        self.values.push(y);
        Ok(())
    }

    /// The number of values taken in.
    pub fn count(&self) -> u64 {
        self.values.len() as u64
    }

    /// The threshold.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Evidence that the gain is below epsilon: the present wealth against "gain >= epsilon".
    pub fn e_value_below(&self) -> f64 {
        libm::exp(self.at_least.log)
    }

    /// Evidence that the gain is above epsilon: the present wealth against "gain <= epsilon".
    pub fn e_value_above(&self) -> f64 {
        libm::exp(self.at_most.log)
    }

    /// Whether "gain >= epsilon" is rejected at level alpha: its wealth has reached 1/alpha at some value.
    #[must_use]
    pub fn certifies(&self) -> bool {
        self.at_least.highest >= -libm::log(self.alpha)
    }

    /// Whether "gain <= epsilon" is rejected at level alpha.
    #[must_use]
    pub fn refutes(&self) -> bool {
        self.at_most.highest >= -libm::log(self.alpha)
    }

    /// Limits \[L, U\] of the gain, each at level alpha at every stopping time: U is the smallest epsilon that these values
    /// certify, L the largest that they refute, on a grid fixed beforehand.
    ///
    /// The grid is 0 and +-|epsilon| 2^(k/4), k >= -24, within the range (of whose width epsilon is taken where it is 0).
    /// U is the lowest point such that it and every point above it are rejected. Were the gain above U, then the
    /// highest point not above the gain would be rejected too; that is *one* hypothesis, true and fixed beforehand. The
    /// figures therefore need no monotone wealth. Each point replays the values with its own bets.
    pub fn interval(&self) -> Interval {
        let grid = self.grid();
        let rejected = |null: Null| move |point: &&f64| self.replay_rejects(null, **point);
        Interval {
            low: *grid
                .iter()
                .take_while(rejected(Null::AtMost))
                .last()
                .unwrap_or(&self.range.low),
            high: *grid
                .iter()
                .rev()
                .take_while(rejected(Null::AtLeast))
                .last()
                .unwrap_or(&self.range.high),
        }
    }

    fn grid(&self) -> Vec<f64> {
        let Interval { low, high } = self.range;
        let scale = if self.epsilon == 0.0 {
            high - low
        } else {
            self.epsilon.abs()
        };
        let mut grid = vec![0.0];
        let point = |k: i32| scale * libm::exp2(f64::from(k) / f64::from(POINTS_PER_DOUBLING));
        let points = (-HALVINGS * POINTS_PER_DOUBLING..).map(point);
        for size in points.take_while(|size| *size > 0.0 && *size <= high.max(-low)) {
            grid.extend([-size, size]);
        }
        grid.retain(|point| (low..=high).contains(point));
        grid.sort_by(f64::total_cmp);
        grid
    }

    /// Whether `null` at threshold `point` is rejected by the values so far.
    fn replay_rejects(&self, null: Null, point: f64) -> bool {
        let mut wealth = Wealth::new(null, point, self.range);
        let mut forecast = Forecast::default();
        let goal = -libm::log(self.alpha);
        self.values.iter().any(|y| {
            wealth.push(*y, &forecast);
            forecast.push(*y);
            wealth.highest >= goal
        })
    }
}

/// The hypothesis bet against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Null {
    /// gain >= threshold.
    AtLeast,
    /// gain <= threshold.
    AtMost,
}

/// The wealth of one bettor, as its logarithm.
#[derive(Clone, Copy, Debug)]
struct Wealth {
    null: Null,
    /// The threshold m, scaled.
    threshold: f64,
    log: f64,
    highest: f64,
}

impl Wealth {
    /// Wealth 1, or without bound where the range alone excludes the hypothesis.
    fn new(null: Null, threshold: f64, range: Interval) -> Self {
        let excluded = match null {
            Null::AtLeast => threshold > range.high,
            Null::AtMost => threshold < range.low,
        };
        let log = if excluded { f64::INFINITY } else { 0.0 };
        Self {
            null,
            threshold: (threshold - range.low) / (range.high - range.low),
            log,
            highest: log,
        }
    }

    fn push(&mut self, y: f64, forecast: &Forecast) {
        if self.log.is_infinite() {
            return;
        }
        let (sign, room) = match self.null {
            Null::AtLeast => (-1.0, 1.0 - self.threshold),
            Null::AtMost => (1.0, self.threshold),
        };
        let edge = sign * (forecast.mean() - self.threshold);
        // A range of one point at the threshold leaves NaN here: nothing to bet on.
        if edge.is_nan() || edge <= 0.0 {
            return;
        }
        let bet = (edge / (forecast.variance() + edge * edge)).min(LARGEST_STAKE / room);
        self.log += libm::log1p(sign * bet * (y - self.threshold));
        self.highest = self.highest.max(self.log);
    }
}

/// What the values so far say of the next one.
#[derive(Clone, Copy, Debug, Default)]
struct Forecast {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Forecast {
    fn mean(&self) -> f64 {
        (0.5 + self.sum) / (self.count + 1.0)
    }

    fn variance(&self) -> f64 {
        (0.25 + self.squares) / (self.count + 1.0)
    }

    fn push(&mut self, y: f64) {
        self.count += 1.0;
        self.sum += y;
        let deviation = y - self.mean();
        self.squares += deviation * deviation;
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::stats::{Moments, clopper_pearson};
    use crate::stream::{Role, Stream};

    const ALPHA: f64 = 0.05;

    /// A law on two points, and a range that is proven for it.
    struct Law {
        points: [f64; 2],
        probability_of_second: f64,
        range: Interval,
    }

    impl Law {
        fn mean(&self) -> f64 {
            self.points[0] + self.probability_of_second * (self.points[1] - self.points[0])
        }

        fn draw(&self, rng: &mut Stream) -> f64 {
            self.points[usize::from(rng.random::<f64>() < self.probability_of_second)]
        }
    }

    fn rare_gain() -> Law {
        Law {
            points: [0.0, 1.0],
            probability_of_second: 0.05,
            range: Interval {
                low: 0.0,
                high: 1.0,
            },
        }
    }

    fn laws() -> [Law; 4] {
        [
            rare_gain(),
            Law {
                points: [-0.02, 1.0],
                probability_of_second: 0.03,
                range: Interval {
                    low: -0.1,
                    high: 1.0,
                },
            },
            Law {
                points: [-1.0, 1.0],
                probability_of_second: 0.51,
                range: Interval {
                    low: -1.0,
                    high: 1.0,
                },
            },
            Law {
                points: [0.02, 0.02],
                probability_of_second: 0.5,
                range: Interval {
                    low: -1.0,
                    high: 2.0,
                },
            },
        ]
    }

    fn stream(replication: u64) -> Stream {
        Stream::new(1_789, 1, replication, Role::Followers)
    }

    /// How often `certifies` says that the gain is below its true value, in `trials` samples of 200.
    fn false_rate(law: &Law, trials: u64, certifies: impl Fn(&[f64]) -> bool) -> u64 {
        let mut count = 0;
        for trial in 1..=trials {
            let rng = &mut stream(trial);
            let sample: Vec<f64> = (0..200).map(|_| law.draw(rng)).collect();
            count += u64::from(certifies(&sample));
        }
        count
    }

    fn test_of(range: Interval, epsilon: f64, sample: &[f64]) -> BettingTest {
        let mut test = BettingTest::new(range, epsilon, ALPHA).unwrap();
        sample.iter().for_each(|value| test.push(*value).unwrap());
        test
    }

    /// Whether a rate of `count` in `trials` shows, at confidence 99.9%, more than alpha.
    fn exceeds_alpha(count: u64, trials: u64) -> bool {
        clopper_pearson(count, trials, 0.002).low > ALPHA
    }

    #[test]
    fn at_the_threshold_neither_side_errs_more_often_than_alpha() {
        for (k, law) in laws().iter().enumerate() {
            let (range, gain) = (law.range, law.mean());
            let certified =
                false_rate(law, 4000, |sample| test_of(range, gain, sample).certifies());
            let refuted = false_rate(law, 4000, |sample| test_of(range, gain, sample).refutes());
            assert!(!exceeds_alpha(certified, 4000), "law {k}: {certified}");
            assert!(!exceeds_alpha(refuted, 4000), "law {k}: {refuted}");
        }
    }

    #[test]
    fn limits_cover_the_gain_between_grid_points() {
        for (k, law) in laws().iter().enumerate() {
            // The threshold is far from the gain, so that the gain lies strictly between points of the grid.
            let (range, gain) = (law.range, law.mean());
            let above = false_rate(law, 1000, |sample| {
                test_of(range, 0.37, sample).interval().high < gain
            });
            let below = false_rate(law, 1000, |sample| {
                test_of(range, 0.37, sample).interval().low > gain
            });
            assert!(!exceeds_alpha(above, 1000), "law {k}: {above}");
            assert!(!exceeds_alpha(below, 1000), "law {k}: {below}");
        }
    }

    /// The planted faults: the same check sees that they certify falsely.
    #[test]
    fn students_t_and_the_range_of_the_sample_are_caught() {
        let law = rare_gain();
        let student = |sample: &[f64]| {
            let mut moments = Moments::default();
            moments.extend(sample.iter().copied());
            // The 95% quantile of Student's t with 199 degrees of freedom.
            moments.mean() + 1.652_546_7 * moments.std_error() < law.mean()
        };
        assert!(exceeds_alpha(false_rate(&law, 4000, student), 4000));

        let rarer = Law {
            probability_of_second: 0.01,
            ..rare_gain()
        };
        let sample_range = |sample: &[f64]| {
            let high = sample.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            test_of(Interval { low: -0.1, high }, rarer.mean(), sample).certifies()
        };
        assert!(exceeds_alpha(false_rate(&rarer, 4000, sample_range), 4000));
    }

    #[test]
    fn no_gain_is_certified_in_about_as_few_values_as_can_be() {
        // Y = 1/2, m = 1/2 + 1/400: no bet up to c/(1 - m) grows faster than log1p(c (m - Y)/(1 - m)).
        let mut test = BettingTest::new(
            Interval {
                low: -1.0,
                high: 1.0,
            },
            0.005,
            ALPHA,
        )
        .unwrap();
        while !test.certifies() && test.count() < 10_000 {
            test.push(0.0).unwrap();
        }
        let fewest = -libm::log(ALPHA) / libm::log1p(0.5 * 0.0025 / 0.4975);
        assert!((test.count() as f64) >= fewest);
        assert!(
            (test.count() as f64) < 1.1 * fewest,
            "{} for {fewest}",
            test.count()
        );
        assert!(!test.refutes());
        assert!(test.e_value_below() >= 20.0 && test.e_value_above() <= 1.0);
        let interval = test.interval();
        assert_eq!(interval.high, 0.005);
        assert!(interval.low < 0.0 && interval.low >= -0.02, "{interval:?}");
    }

    #[test]
    fn clear_gains_and_losses_are_seen() {
        let range = Interval {
            low: -2.0,
            high: 3.0,
        };
        for (gain, epsilon) in [(0.3, 0.1), (-0.2, 0.1)] {
            let mut test = BettingTest::new(range, epsilon, ALPHA).unwrap();
            let rng = &mut stream(1);
            for _ in 0..5 * LOOK {
                test.push(gain + if rng.random::<bool>() { 0.5 } else { -0.5 })
                    .unwrap();
            }
            assert_eq!(
                (test.refutes(), test.certifies()),
                (gain > epsilon, gain < epsilon)
            );
            let Interval { low, high } = test.interval();
            assert!(
                low <= gain && gain <= high && high - low < 0.2,
                "{low} {high}"
            );
        }
    }

    #[test]
    fn what_the_range_decides_needs_no_values() {
        let range = Interval {
            low: -0.1,
            high: 0.1,
        };
        assert!(BettingTest::new(range, 0.2, ALPHA).unwrap().certifies());
        assert!(BettingTest::new(range, -0.2, ALPHA).unwrap().refutes());
        assert_eq!(
            BettingTest::new(range, 0.05, ALPHA).unwrap().interval(),
            range
        );
        let point = Interval {
            low: 0.02,
            high: 0.02,
        };
        for (epsilon, certified, refuted) in [
            (0.03, true, false),
            (0.01, false, true),
            (0.02, false, false),
        ] {
            let test = test_of(point, epsilon, &[0.02; 100]);
            assert_eq!(
                (test.certifies(), test.refutes()),
                (certified, refuted),
                "{epsilon}"
            );
        }
        for end in [-0.1, 0.1] {
            let test = test_of(range, end, &[end; 5000]);
            assert!(!test.certifies() && !test.refutes(), "{end}");
        }
    }

    #[test]
    fn bad_set_ups_and_values_are_refused() {
        let good = Interval {
            low: 0.0,
            high: 1.0,
        };
        let refused = |low, high| BettingTest::new(Interval { low, high }, 0.1, ALPHA).unwrap_err();
        assert_eq!(
            refused(1.0, 0.0),
            BettingError::Range {
                low: 1.0,
                high: 0.0
            }
        );
        assert!(matches!(
            refused(0.0, f64::INFINITY),
            BettingError::Range { .. }
        ));
        assert!(matches!(refused(f64::NAN, 1.0), BettingError::Range { .. }));
        assert!(matches!(
            BettingTest::new(good, f64::NAN, ALPHA),
            Err(BettingError::Epsilon { .. })
        ));
        for alpha in [0.0, 1.0, f64::NAN] {
            assert!(matches!(
                BettingTest::new(good, 0.1, alpha),
                Err(BettingError::Alpha { .. })
            ));
        }
        let mut test = BettingTest::new(good, 0.1, ALPHA).unwrap();
        assert_eq!(
            test.push(1.1),
            Err(BettingError::Value {
                value: 1.1,
                low: 0.0,
                high: 1.0
            })
        );
        assert!(test.push(f64::NAN).is_err() && test.push(-0.1).is_err());
        assert!(test.push(1.0 + 1e-12).is_ok());
        assert_eq!(test.count(), 1);
    }
}
