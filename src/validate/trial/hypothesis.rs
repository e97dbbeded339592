//! One gain that is compared with epsilon, and the bets on it: they hold at every look ([`BettingTest`]).

use super::Difference;
use crate::stats::{BettingTest, Interval, Moments};
use crate::validate::{ValidateError, Weight};

/// What the differences of one hypothesis cannot leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::validate) enum Bounds {
    /// D itself lies in a proven range.
    Proven(Interval),
    /// `above` lies in the first, `below` in the second.
    OneSided(Interval, Interval),
}

impl Bounds {
    /// The same where up to `tail` more can be gained or lost in periods that are not played.
    pub fn with_tail(self, tail: f64) -> Self {
        let moved = |range: Interval, by: f64| Interval {
            low: range.low + by,
            high: range.high + by,
        };
        match self {
            bounds if tail <= 0.0 => bounds,
            Self::Proven(range) => Self::OneSided(moved(range, tail), moved(range, -tail)),
            Self::OneSided(above, below) => Self::OneSided(moved(above, tail), moved(below, -tail)),
        }
    }
}

/// What a gain is compared with, and how surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::validate) struct Level {
    /// The gain that refutes.
    pub epsilon: f64,
    /// 1 - confidence.
    pub alpha: f64,
}

/// The bets on one gain.
#[derive(Clone, Debug)]
pub(in crate::validate) enum Bets {
    /// Both on D.
    Both(BettingTest),
    /// The first certifies and bounds from above, the second refutes and bounds from below.
    OneSided(Box<[BettingTest; 2]>),
}

impl Bets {
    fn new(bounds: Bounds, epsilon: f64, alpha: f64) -> Result<Option<Self>, ValidateError> {
        let bounded = |range: &Interval| range.low.is_finite() && range.high.is_finite();
        let test = |range: Interval| BettingTest::new(range, epsilon, alpha);
        Ok(match bounds {
            Bounds::Proven(range) if bounded(&range) => Some(Self::Both(test(range)?)),
            Bounds::OneSided(above, below) if bounded(&above) && bounded(&below) => {
                Some(Self::OneSided(Box::new([test(above)?, test(below)?])))
            }
            Bounds::Proven(_) | Bounds::OneSided(..) => None,
        })
    }

    fn above(&self) -> &BettingTest {
        match self {
            Self::Both(test) => test,
            Self::OneSided(tests) => &tests[0],
        }
    }

    fn below(&self) -> &BettingTest {
        match self {
            Self::Both(test) => test,
            Self::OneSided(tests) => &tests[1],
        }
    }

    /// Limits of the gain, each at level alpha.
    pub fn interval(&self) -> Interval {
        match self {
            Self::Both(test) => test.interval(),
            Self::OneSided(tests) => Interval {
                low: tests[1].interval().low,
                high: tests[0].interval().high,
            },
        }
    }

    fn push(&mut self, difference: &Difference, tail: f64) -> Result<(), ValidateError> {
        match self {
            Self::Both(test) => test.push(difference.gain)?,
            Self::OneSided(tests) => {
                tests[0].push(difference.above + tail)?;
                tests[1].push(difference.below - tail)?;
            }
        }
        Ok(())
    }
}

/// A gain that is compared with epsilon.
#[derive(Clone, Debug)]
pub(in crate::validate) struct Hypothesis {
    /// Index of the start in the experiment.
    pub start: usize,
    /// Index of the deviation in the experiment.
    pub deviation: usize,
    /// Whether the verdict rests on it.
    pub weight: Weight,
    /// `None` where no bounded range is proven: nothing can then be concluded.
    pub bets: Option<Bets>,
    /// Of D.
    pub gains: Moments,
    /// Of the base run.
    pub theta: Moments,
    /// Of the likelihood weight.
    pub weights: Moments,
    /// What periods of an infinite horizon that are not played can add to a gain, or take from it.
    tail: f64,
}

impl Hypothesis {
    /// Nothing observed yet; the bounds leave out the `tail`, what periods of an infinite horizon that are not played can add
    /// to a gain or take from it.
    pub fn new(
        (start, deviation): (usize, usize),
        weight: Weight,
        (bounds, tail): (Bounds, f64),
        Level { epsilon, alpha }: Level,
    ) -> Result<Self, ValidateError> {
        Ok(Self {
            start,
            deviation,
            weight,
            bets: Bets::new(bounds.with_tail(tail), epsilon, alpha)?,
            gains: Moments::default(),
            theta: Moments::default(),
            weights: Moments::default(),
            tail,
        })
    }

    /// Whether "gain >= epsilon" is rejected.
    pub fn is_certified(&self) -> bool {
        self.bets
            .as_ref()
            .is_some_and(|bets| bets.above().certifies())
    }

    /// The e-value against "gain <= epsilon".
    pub fn e_value(&self) -> f64 {
        self.bets
            .as_ref()
            .map_or(1.0, |bets| bets.below().e_value_above())
    }

    /// (sum w)^2 / sum w^2 over the number of replications: 1 where all weights are equal; `NaN` below two.
    pub fn effective_share(&self) -> f64 {
        let (mean, sd) = (self.weights.mean(), self.weights.sd());
        let n = self.weights.count() as f64;
        mean * mean / (mean * mean + sd * sd * (n - 1.0) / n)
    }

    /// Take in a replication without betting on it.
    pub fn observe(&mut self, difference: Difference) {
        self.gains.push(difference.gain);
        self.theta.push(difference.theta);
        self.weights.push(difference.weight);
    }

    /// Take in the next replication.
    pub fn push(&mut self, difference: Difference) -> Result<(), ValidateError> {
        self.observe(difference);
        match &mut self.bets {
            Some(bets) => bets.push(&difference, self.tail),
            None => Ok(()),
        }
    }
}

/// Whether the mean of the deciding e-values against "gain <= epsilon" reaches 1/alpha.
pub(in crate::validate) fn refuted(hypotheses: &[Hypothesis], alpha: f64) -> bool {
    let deciding = || hypotheses.iter().filter(|h| h.weight == Weight::Decides);
    let total: f64 = deciding().map(Hypothesis::e_value).sum();
    total >= deciding().count() as f64 / alpha && total > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refutation_takes_the_mean_of_the_deciding_e_values() {
        let alpha = 0.01;
        let level = Level {
            epsilon: 0.1,
            alpha,
        };
        let range = Interval {
            low: -1.0,
            high: 1.0,
        };
        let fresh =
            |weight| Hypothesis::new((0, 0), weight, (Bounds::Proven(range), 0.0), level).unwrap();
        let gaining = |wealth: f64| {
            let mut hypothesis = fresh(Weight::Decides);
            while hypothesis.e_value() < wealth {
                hypothesis.push(Difference::plain(0.0, 0.3)).unwrap();
            }
            hypothesis
        };
        let (once, twice) = (gaining(1.0 / alpha), gaining(2.0 / alpha));
        assert!(refuted(&[once.clone(), fresh(Weight::Beside)], alpha));
        assert!(!refuted(&[once, fresh(Weight::Decides)], alpha));
        assert!(refuted(&[twice, fresh(Weight::Decides)], alpha));
        assert!(!refuted(&[], alpha));
    }

    #[test]
    fn an_unproven_range_concludes_nothing() {
        let range = Interval {
            low: 0.0,
            high: f64::INFINITY,
        };
        let level = Level {
            epsilon: 0.1,
            alpha: 0.01,
        };
        let bounds = (Bounds::Proven(range), 0.0);
        let mut hypothesis = Hypothesis::new((0, 0), Weight::Decides, bounds, level).unwrap();
        hypothesis.push(Difference::plain(0.0, -5.0)).unwrap();
        assert!(!hypothesis.is_certified() && !refuted(&[hypothesis], 0.01));
    }
}
