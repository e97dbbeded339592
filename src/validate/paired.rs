//! Paired replications with common random numbers, for any N and any number of types.
//!
//! One replication of a follower's deviation d, given the tagged follower's initial type x: a base run in which it plays
//! theta and one in which it plays d, both from the same others and on the same streams; D = sum_t delta^(t-1)
//! (r'_t - r_t), differenced step by step, so that identical runs give exactly 0. The others are a count vector split by
//! multinomials; r_t is the expectation over the tagged follower's action at (z_t, x_t), which costs nothing and has the
//! mean of the realised reward. The leader's: she announces one action at every t, and the followers answer; r_t is
//! her expected reward at z_t. A leader with types, or who mixes, draws both in every run ([`leadership`]); r_t is then
//! taken at the move that she makes.
//!
//! Replications are independent and alike; D lies in a proven range ([`super::range`]), so the tests of
//! [`crate::stats::BettingTest`] hold at every look.

pub(super) mod crowd;
mod follower;
mod leader;
mod leadership;

use rayon::prelude::*;

use super::{ValidateError, Weight};
use crate::game::Game;
use crate::stats::{BettingTest, Interval, LOOK, Moments};
pub(super) use crowd::Setting;
pub(super) use crowd::Worker;
pub(super) use follower::{FollowerExperiment, discounted, pick, with_tagged};
pub(super) use leader::LeaderExperiment;
pub(super) use leadership::{LeaderDraws, Leadership};

/// One replication of one deviation from one start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Discounted sum of rewards in the base run.
    pub theta: f64,
    /// D, or an unbounded variable of the same mean.
    pub gain: f64,
    /// Bounded, of a mean that is at least the gain's: what certifies.
    pub above: f64,
    /// Bounded, of a mean that is at most the gain's: what refutes.
    pub below: f64,
    /// The deviator's likelihood weight, of mean 1.
    pub weight: f64,
}

impl Difference {
    /// A bounded D without weights.
    pub fn plain(theta: f64, gain: f64) -> Self {
        Self {
            theta,
            gain,
            above: gain,
            below: gain,
            weight: 1.0,
        }
    }

    /// self += share * other, in every entry.
    pub fn add(&mut self, share: f64, other: &Self) {
        self.theta += share * other.theta;
        self.gain += share * other.gain;
        self.above += share * other.above;
        self.below += share * other.below;
        self.weight += share * other.weight;
    }
}

/// What the differences of one hypothesis cannot leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bounds {
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

/// The bets on one gain.
#[derive(Clone, Debug)]
pub(super) enum Bets {
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
pub(super) struct Hypothesis {
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
    /// Nothing observed yet.
    pub fn new(
        (start, deviation): (usize, usize),
        weight: Weight,
        bounds: Bounds,
        epsilon: f64,
        alpha: f64,
    ) -> Result<Self, ValidateError> {
        Ok(Self {
            start,
            deviation,
            weight,
            bets: Bets::new(bounds, epsilon, alpha)?,
            gains: Moments::default(),
            theta: Moments::default(),
            weights: Moments::default(),
            tail: 0.0,
        })
    }

    /// The same where the bounds were widened by a tail, [`Bounds::with_tail`].
    pub fn with_tail(self, tail: f64) -> Self {
        Self { tail, ..self }
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

/// Something that can be replicated.
pub(super) trait Experiment: Sync {
    /// Replication k, from 1: the differences by start, then by the deviations asked for.
    fn replicate(
        &self,
        worker: &mut Worker<'_>,
        replication: u64,
        deviations: &[usize],
    ) -> Result<Vec<Difference>, ValidateError>;

    /// The game.
    fn game(&self) -> &Game;

    /// How many starts stand after the deciding ones: 1 where their average is delivered too.
    fn averages(&self) -> usize;
}

/// Replicate in blocks of [`LOOK`] until every deciding hypothesis is certified, the deviations are refuted together, or
/// `limit` is reached. A deviation whose hypotheses are all certified is sampled no further.
pub(super) fn sequential(
    experiment: &impl Experiment,
    hypotheses: &mut [Hypothesis],
    limit: u64,
    alpha: f64,
) -> Result<(), ValidateError> {
    let mut done = 0;
    while done < limit && !refuted(hypotheses, alpha) {
        let mut open: Vec<usize> = hypotheses
            .iter()
            .filter(|h| h.weight == Weight::Decides && !h.is_certified())
            .map(|h| h.deviation)
            .collect();
        open.sort_unstable();
        open.dedup();
        if open.is_empty() {
            break;
        }
        let end = limit.min(done + LOOK);
        let block: Vec<Vec<Difference>> = (done + 1..end + 1)
            .into_par_iter()
            .map_init(
                || Worker::new(experiment.game()),
                |worker, k| experiment.replicate(worker, k, &open),
            )
            .collect::<Result<_, _>>()?;
        for differences in block {
            let tested = hypotheses
                .iter_mut()
                .filter(|h| open.binary_search(&h.deviation).is_ok());
            // Both are ordered by start, then deviation.
            for (hypothesis, difference) in tested.zip(differences) {
                hypothesis.push(difference)?;
            }
        }
        done = end;
    }
    Ok(())
}

/// Whether the mean of the deciding e-values against "gain <= epsilon" reaches 1/alpha.
pub(super) fn refuted(hypotheses: &[Hypothesis], alpha: f64) -> bool {
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
        let fresh = |weight| {
            Hypothesis::new(
                (0, 0),
                weight,
                Bounds::Proven(Interval {
                    low: -1.0,
                    high: 1.0,
                }),
                0.1,
                alpha,
            )
            .unwrap()
        };
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
        let bounds = Bounds::Proven(range);
        let mut hypothesis = Hypothesis::new((0, 0), Weight::Decides, bounds, 0.1, 0.01).unwrap();
        hypothesis.push(Difference::plain(0.0, -5.0)).unwrap();
        assert!(!hypothesis.is_certified() && !refuted(&[hypothesis], 0.01));
    }
}
