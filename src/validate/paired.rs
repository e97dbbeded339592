//! Paired replications with common random numbers, for any N and any number of types.
//!
//! One replication of a follower's deviation d, given the tagged follower's initial type x: a base run in which it plays
//! theta and one in which it plays d, both from the same others and on the same streams; D = sum_t delta^(t-1)
//! (r'_t - r_t), differenced step by step, so that identical runs give exactly 0. The others are a count vector split by
//! multinomials; r_t is the expectation over the tagged follower's action at (z_t, x_t), which costs nothing and has the
//! mean of the realised reward. The leader's: she announces one action at every t, and the followers answer; r_t is
//! her expected reward at z_t.
//!
//! Replications are independent and alike; D lies in a proven range ([`super::range`]), so the tests of
//! [`crate::stats::BettingTest`] hold at every look.

mod crowd;
mod follower;
mod leader;

use rayon::prelude::*;

use super::{ValidateError, Weight};
use crate::game::Game;
use crate::stats::{BettingTest, Interval, LOOK, Moments};
pub(super) use crowd::Setting;
use crowd::Worker;
pub(super) use follower::FollowerExperiment;
pub(super) use leader::LeaderExperiment;

/// One replication of one deviation from one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// Discounted sum of rewards in the base run.
    pub theta: f64,
    /// D.
    pub gain: f64,
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
    /// `None` where no bounded range of D is proven: nothing can then be concluded.
    pub test: Option<BettingTest>,
    /// Of D.
    pub gains: Moments,
    /// Of the base run.
    pub theta: Moments,
}

impl Hypothesis {
    /// Nothing observed yet.
    pub fn new(
        (start, deviation): (usize, usize),
        weight: Weight,
        range: Interval,
        epsilon: f64,
        alpha: f64,
    ) -> Result<Self, ValidateError> {
        let bounded = range.low.is_finite() && range.high.is_finite();
        let test = if bounded {
            Some(BettingTest::new(range, epsilon, alpha)?)
        } else {
            None
        };
        Ok(Self {
            start,
            deviation,
            weight,
            test,
            gains: Moments::default(),
            theta: Moments::default(),
        })
    }

    /// Whether "gain >= epsilon" is rejected.
    pub fn is_certified(&self) -> bool {
        self.test.as_ref().is_some_and(BettingTest::certifies)
    }

    /// The e-value against "gain <= epsilon".
    pub fn e_value(&self) -> f64 {
        self.test.as_ref().map_or(1.0, BettingTest::e_value_above)
    }

    fn push(&mut self, difference: Difference) -> Result<(), ValidateError> {
        self.gains.push(difference.gain);
        self.theta.push(difference.theta);
        match &mut self.test {
            Some(test) => Ok(test.push(difference.gain)?),
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
                Interval {
                    low: -1.0,
                    high: 1.0,
                },
                0.1,
                alpha,
            )
            .unwrap()
        };
        let gaining = |wealth: f64| {
            let mut hypothesis = fresh(Weight::Decides);
            while hypothesis.e_value() < wealth {
                hypothesis
                    .push(Difference {
                        theta: 0.0,
                        gain: 0.3,
                    })
                    .unwrap();
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
        let mut hypothesis = Hypothesis::new((0, 0), Weight::Decides, range, 0.1, 0.01).unwrap();
        hypothesis
            .push(Difference {
                theta: 0.0,
                gain: -5.0,
            })
            .unwrap();
        assert!(!hypothesis.is_certified() && !refuted(&[hypothesis], 0.01));
    }
}
