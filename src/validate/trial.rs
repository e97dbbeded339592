//! A class of deviations of one player, replicated by one method: what verdicts, `plan`, `converge` and `calibrate` all do.
//!
//! Replications are independent and alike, and their differences lie in a proven range, so that a verdict may be reached at
//! every look. Those of a verdict count from 1; others begin at a [`crate::stream::Purpose`] of their own, and no verdict sees
//! them.

mod hypothesis;

use std::ops::Range;

use rayon::prelude::*;

use super::deviations::{FollowerDeviation, LeaderDeviation};
use super::integrated::{IntegratedExperiment, refusal};
use super::paired::{FollowerExperiment, LeaderExperiment, Worker};
use super::population::Claims;
use super::{Method, Player, ValidateError, Verdict, Weight};
use crate::game::RewardRanges;
use crate::game::{Game, Task};
use crate::stats::{Interval, LOOK};
pub(super) use hypothesis::{Bounds, Hypothesis, Level, refuted};

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

/// A class of deviations of one player, from all starts, to be replicated by one method.
pub(super) struct Trial<'a> {
    pub player: Player,
    pub method: Method,
    /// Those that decide, and then, of a follower, their average.
    pub starts: Vec<String>,
    pub deviations: Vec<String>,
    /// What periods of an infinite horizon that are not played can add to a gain, or take from it; the bounds leave it out.
    pub tail: f64,
    /// By start, then deviation.
    bounds: Vec<Bounds>,
    experiment: Box<dyn Experiment + 'a>,
}

impl<'a> Trial<'a> {
    /// Deviations of a follower, from every initial type that some follower has.
    pub fn follower(
        claims: &Claims<'a>,
        method: Method,
        deviations: Vec<FollowerDeviation>,
        ranges: &RewardRanges<'_>,
    ) -> Self {
        let (game, types) = (claims.game, claims.tagged_types());
        let names = types.iter().map(|(x, _)| game.follower_types()[*x].clone());
        let starts: Vec<String> = names.chain(["initial".to_string()]).collect();
        let names: Vec<String> = deviations.iter().map(|d| d.name(game)).collect();
        let setting = claims.setting();
        let (bounds, experiment): (Vec<Bounds>, Box<dyn Experiment + 'a>) = match method {
            Method::Integrated => {
                let experiment = IntegratedExperiment::new(setting, types, deviations, ranges);
                let bounds = by_cell(starts.len(), names.len(), |i, d| experiment.bounds(i, d));
                (bounds, Box::new(experiment))
            }
            Method::Paired | Method::Exact => {
                let bounds = by_cell(starts.len(), names.len(), |i, d| {
                    Bounds::Proven(proven(ranges, &deviations[d], &types, i))
                });
                let experiment = FollowerExperiment {
                    setting,
                    types,
                    deviations,
                };
                (bounds, Box::new(experiment))
            }
        };
        Self {
            player: Player::Follower,
            method,
            starts,
            deviations: names,
            tail: game.tail(ranges.follower_width()),
            bounds,
            experiment,
        }
    }

    /// Deviations of the leader.
    pub fn leader(
        claims: &Claims<'a>,
        deviations: Vec<LeaderDeviation>,
        ranges: &RewardRanges<'_>,
    ) -> Self {
        let range = |d: &LeaderDeviation| Bounds::Proven(ranges.leader_difference(d));
        Self {
            player: Player::Leader,
            method: Method::Paired,
            starts: vec!["initial".to_string()],
            deviations: deviations.iter().map(|d| d.name(claims.game)).collect(),
            tail: claims.game.tail(ranges.leader_width()),
            bounds: deviations.iter().map(range).collect(),
            experiment: Box::new(LeaderExperiment {
                setting: claims.setting(),
                deviations,
            }),
        }
    }

    /// A follower's deviations of these bounds from one start, without names.
    pub fn planted(method: Method, bounds: Vec<Bounds>, experiment: impl Experiment + 'a) -> Self {
        Self {
            player: Player::Follower,
            method,
            starts: vec![String::new()],
            deviations: vec![String::new(); bounds.len()],
            tail: 0.0,
            bounds,
            experiment: Box::new(experiment),
        }
    }

    /// The number of (start, deviation) that decide, the first ones.
    pub fn deciding(&self) -> usize {
        let decide = match self.starts.len() {
            1 => 1,
            starts => starts - 1,
        };
        decide * self.deviations.len()
    }

    /// Index of the start and of the deviation of a cell.
    pub fn place(&self, cell: usize) -> (usize, usize) {
        (cell / self.deviations.len(), cell % self.deviations.len())
    }

    /// Nothing observed yet of a cell.
    pub fn hypothesis(&self, cell: usize, level: Level) -> Result<Hypothesis, ValidateError> {
        let weight = match cell < self.deciding() {
            true => Weight::Decides,
            false => Weight::Beside,
        };
        let bounds = (self.bounds[cell], self.tail);
        Hypothesis::new(self.place(cell), weight, bounds, level)
    }

    /// Hand the differences of replications, by start and then by the `open` deviations, to `sink` in order.
    pub fn replicate(
        &self,
        replications: Range<u64>,
        open: &[usize],
        mut sink: impl FnMut(Vec<Difference>) -> Result<(), ValidateError>,
    ) -> Result<(), ValidateError> {
        let Range { start, end } = replications;
        for low in (start..end).step_by(LOOK as usize) {
            let block: Vec<Vec<Difference>> = (low..end.min(low + LOOK))
                .into_par_iter()
                .map_init(
                    || Worker::new(self.experiment.game()),
                    |worker, k| self.experiment.replicate(worker, k, open),
                )
                .collect::<Result<_, _>>()?;
            block.into_iter().try_for_each(&mut sink)?;
        }
        Ok(())
    }

    /// Replicate look by look until every deciding hypothesis is certified, the deviations are refuted together, or `limit`
    /// is reached. A deviation whose hypotheses are all certified is sampled no further.
    pub fn conclude(&self, limit: u64, level: Level) -> Result<Vec<Hypothesis>, ValidateError> {
        let cells = 0..self.bounds.len();
        let fresh = cells.map(|cell| self.hypothesis(cell, level));
        let mut hypotheses = fresh.collect::<Result<Vec<_>, _>>()?;
        let mut done = 0;
        while done < limit && !refuted(&hypotheses, level.alpha) {
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
            self.replicate(done + 1..end + 1, &open, |differences| {
                let tested = hypotheses
                    .iter_mut()
                    .filter(|h| open.binary_search(&h.deviation).is_ok());
                // Both are ordered by start, then deviation.
                let mut pairs = tested.zip(differences);
                pairs.try_for_each(|(hypothesis, difference)| hypothesis.push(difference))
            })?;
            done = end;
            self.experiment
                .game()
                .report(Task::Sample, done, Some(limit));
        }
        Ok(hypotheses)
    }

    /// Certified where every deciding hypothesis is, refuted by the mean of their e-values.
    pub fn verdict(hypotheses: &[Hypothesis], alpha: f64) -> Verdict {
        let mut deciding = hypotheses.iter().filter(|h| h.weight == Weight::Decides);
        if refuted(hypotheses, alpha) {
            Verdict::Refuted
        } else if deciding.all(Hypothesis::is_certified) {
            Verdict::Certified
        } else {
            Verdict::Inconclusive
        }
    }

    /// Why nothing may be concluded from its hypotheses, if so: weights of the integrated method that are too uneven.
    pub fn refusal(&self, hypotheses: &[Hypothesis]) -> Option<String> {
        let name = |h: &Hypothesis| {
            let (start, deviation) = (&self.starts[h.start], &self.deviations[h.deviation]);
            format!("{deviation} from {start}")
        };
        match self.method {
            Method::Integrated => refusal(hypotheses, name),
            Method::Paired | Method::Exact => None,
        }
    }
}

/// One thing per (start, deviation).
fn by_cell<T>(starts: usize, deviations: usize, of: impl Fn(usize, usize) -> T) -> Vec<T> {
    let cells = (0..starts).flat_map(|start| (0..deviations).map(move |d| (start, d)));
    cells.map(|(start, d)| of(start, d)).collect()
}

/// What D from a start cannot leave; from their average, what the types' differences cannot.
fn proven(
    ranges: &RewardRanges<'_>,
    deviation: &FollowerDeviation,
    types: &[(usize, f64)],
    start: usize,
) -> Interval {
    let range = |x: usize| ranges.follower_difference(deviation, x);
    if let Some((x, _)) = types.get(start) {
        return range(*x);
    }
    let parts = types.iter().map(|(x, weight)| (*weight, range(*x)));
    parts.fold(Interval::point(0.0), |total, (weight, part)| Interval {
        low: total.low + weight * part.low,
        high: total.high + weight * part.high,
    })
}
