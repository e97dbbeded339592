//! The validator validated: how often verdicts err, on gains that are known.
//!
//! A *planted law* is the law of D of one deviation, with a mean of exactly `gain`; all others in the class lose epsilon
//! (never worth more than a look). Every run is a whole sequential test with fresh streams: the bets, the looks, the stopping and the
//! verdict are the validator's own. Certified although gain >= epsilon is a false certificate, refuted although gain <= epsilon a
//! false refutation; both may happen with probability alpha at most.
//!
//! | law | D |
//! |---|---|
//! | `constant` | no variance |
//! | `rare` | large with probability 1/50 |
//! | `lattice` | two points, equally likely |
//! | `near_normal` | the sum of 30 two-point steps |
//!
//! D is drawn from the law, or played: [`PlantedLaw::game`] is a game in which going instead of staying brings exactly that
//! law, and the method under test plays it, with the range that it proves itself. Backward induction knows its gain.

mod game;

use rand::RngExt;
use rayon::prelude::*;

use super::deviations::FollowerDeviation;
use super::integrated::IntegratedExperiment;
use super::paired::{FollowerExperiment, Setting, Worker};
use super::trial::{Bounds, Difference, Experiment, Level, Trial};
use super::{Method, ValidateError, Verdict};
use crate::game::Game;
use crate::game::RewardRanges;
use crate::simulate::Start;
use crate::stats::{Interval, Moments, clopper_pearson};
use crate::stream::{Role, StreamFamily};
pub use game::Stay;

/// Epsilon of every planted test, in reward units.
pub const PLANTED_EPSILON: f64 = 0.05;

/// Gains over epsilon in the table.
pub const PLANTED_GAINS: [f64; 7] = [-1.0, 0.0, 0.5, 0.9, 1.0, 1.1, 2.0];

/// Sizes of the class in the table.
pub const PLANTED_CLASSES: [usize; 3] = [1, 10, 100];

/// Confidence of the printed Clopper-Pearson limits.
pub const RATE_CONFIDENCE: f64 = 0.99;

/// The law of D.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedLaw {
    /// D is its mean.
    Constant,
    /// Large with probability 1/50.
    Rare,
    /// Two points, equally likely.
    Lattice,
    /// A sum of 30 two-point steps.
    NearNormal,
}

impl PlantedLaw {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Constant, Self::Rare, Self::Lattice, Self::NearNormal];

    /// The name in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Rare => "rare",
            Self::Lattice => "lattice",
            Self::NearNormal => "near_normal",
        }
    }

    /// D = -cost + sum of `steps` steps, each `size` with this probability: (steps, probability, size).
    fn shape(self) -> (u32, f64, f64) {
        match self {
            Self::Constant => (1, 0.5, 0.0),
            Self::Rare => (1, 0.02, 2.0),
            Self::Lattice => (1, 0.5, 0.6),
            Self::NearNormal => (30, 0.5, 0.04),
        }
    }

    /// What leaves a mean of `gain`.
    fn cost(self, gain: f64) -> f64 {
        let (steps, probability, size) = self.shape();
        f64::from(steps) * probability * size - gain
    }

    /// The range of D, proven: wider than D's own by a tenth of a unit, as enclosures are.
    fn range(self, gain: f64) -> Interval {
        let (steps, _, size) = self.shape();
        let low = -self.cost(gain);
        Interval {
            low: low - 0.1,
            high: low + f64::from(steps) * size + 0.1,
        }
    }
}

/// Where the values of D come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedSource {
    /// Drawn from the law.
    Drawn,
    /// Paired replications of a game.
    Paired,
    /// The same, the tagged follower integrated out.
    Integrated,
}

impl PlantedSource {
    /// The name in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Paired => "paired",
            Self::Integrated => "integrated",
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlantedCase {
    /// Where D comes from.
    pub source: PlantedSource,
    /// The law of D.
    pub law: PlantedLaw,
    /// Its mean over epsilon.
    pub gain: f64,
    /// |D|, the deviations in the class; 1 where D is played.
    pub class: usize,
}

/// How the runs of one cell ended.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationRow {
    /// The cell.
    pub case: PlantedCase,
    /// The number of runs.
    pub runs: u64,
    /// Runs that ended certified.
    pub certified: u64,
    /// Runs that ended refuted.
    pub refuted: u64,
    /// Of the replications until the end.
    pub replications: Moments,
}

impl CalibrationRow {
    /// The share of runs in error, with its exact limits: certified at a gain of epsilon or more, refuted at one of epsilon or less.
    pub fn false_certified(&self) -> Option<(f64, Interval)> {
        (self.case.gain >= 1.0).then(|| self.rate(self.certified))
    }

    /// Refuted although the gain is epsilon or less.
    pub fn false_refuted(&self) -> Option<(f64, Interval)> {
        (self.case.gain <= 1.0).then(|| self.rate(self.refuted))
    }

    /// The share of runs that found the truth: certified below epsilon, refuted above; none at epsilon itself.
    pub fn power(&self) -> Option<(f64, Interval)> {
        if self.case.gain < 1.0 {
            Some(self.rate(self.certified))
        } else if self.case.gain > 1.0 {
            Some(self.rate(self.refuted))
        } else {
            None
        }
    }

    /// The share of runs that ended inconclusive.
    pub fn inconclusive(&self) -> (f64, Interval) {
        self.rate(self.runs - self.certified - self.refuted)
    }

    /// Whether an error is shown, by its lower limit, to happen more often than alpha.
    pub fn exceeds(&self, alpha: f64) -> bool {
        let errors = [self.false_certified(), self.false_refuted()];
        errors
            .iter()
            .flatten()
            .any(|(_, limits)| limits.low > alpha)
    }

    fn rate(&self, count: u64) -> (f64, Interval) {
        let limits = clopper_pearson(count, self.runs, 1.0 - RATE_CONFIDENCE);
        (count as f64 / self.runs as f64, limits)
    }
}

/// How the table is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Runs per cell.
    pub runs: u64,
    /// The most replications of a run.
    pub replications: u64,
    /// 1 - alpha.
    pub confidence: f64,
    /// Of all streams.
    pub seed: u64,
}

impl Calibration {
    /// The table: every law, gain and size of the class drawn; every law played by either method near the threshold.
    pub fn cases() -> Vec<PlantedCase> {
        use PlantedSource::{Drawn, Integrated, Paired};
        let drawn = PLANTED_CLASSES.map(|class| (Drawn, class));
        let sources = drawn.into_iter().chain([(Paired, 1), (Integrated, 1)]);
        let cells = sources.flat_map(|source| PlantedLaw::ALL.map(|law| (source, law)));
        let cases = cells.flat_map(|((source, class), law)| {
            PLANTED_GAINS.map(|gain| PlantedCase {
                source,
                law,
                gain,
                class,
            })
        });
        let near = |case: &PlantedCase| PLAYED_GAINS.contains(&case.gain);
        cases
            .filter(|case| case.source == Drawn || near(case))
            .collect()
    }

    /// The runs of one cell.
    ///
    /// # Errors
    /// None but of settings out of range.
    pub fn row(&self, case: PlantedCase) -> Result<CalibrationRow, ValidateError> {
        let gain = case.gain * PLANTED_EPSILON;
        let game = case.law.game(gain);
        match case.source {
            PlantedSource::Drawn => self.drawn(case, &game, case.law.range(gain)),
            PlantedSource::Paired => {
                let ranges = RewardRanges::prove(&game);
                let bounds = Bounds::Proven(ranges.follower_difference(&GO, 0));
                let experiment = |run| FollowerExperiment {
                    setting: self.setting(&game, run),
                    types: vec![(0, 1.0)],
                    deviations: vec![GO],
                };
                self.runs(case, experiment, |_| bounds)
            }
            PlantedSource::Integrated => {
                let ranges = RewardRanges::prove(&game);
                let experiment = |run| {
                    let setting = self.setting(&game, run);
                    IntegratedExperiment::new(setting, vec![(0, 1.0)], vec![GO], &ranges)
                };
                let bounds = experiment(1).bounds(0, 0);
                self.runs(case, experiment, |_| bounds)
            }
        }
    }

    /// Drawn runs with a range that is claimed to be proven.
    fn drawn(
        &self,
        case: PlantedCase,
        game: &Game,
        range: Interval,
    ) -> Result<CalibrationRow, ValidateError> {
        let experiment = |run| Planted {
            game,
            law: case.law,
            gain: case.gain * PLANTED_EPSILON,
            streams: StreamFamily::new(self.seed, run),
        };
        let innocent = case.law.range(-PLANTED_EPSILON);
        self.runs(case, experiment, |d| {
            Bounds::Proven(if d == 0 { range } else { innocent })
        })
    }

    /// A game to be played. The run is part of the seed, so that no two share a stream.
    fn setting<'a>(&self, game: &'a Game, run: u64) -> Setting<'a> {
        Setting {
            game,
            policy: &Stay,
            population: PLAYED,
            start: Start::Rounded,
            streams: StreamFamily::new(self.seed, run),
        }
    }

    fn runs<E: Experiment>(
        &self,
        case: PlantedCase,
        experiment: impl Fn(u64) -> E + Sync,
        bounds: impl Fn(usize) -> Bounds,
    ) -> Result<CalibrationRow, ValidateError> {
        let level = Level {
            epsilon: PLANTED_EPSILON,
            alpha: 1.0 - self.confidence,
        };
        let bounds: Vec<Bounds> = (0..case.class).map(bounds).collect();
        let method = match case.source {
            PlantedSource::Integrated => Method::Integrated,
            PlantedSource::Drawn | PlantedSource::Paired => Method::Paired,
        };
        let end = |run| {
            let trial = Trial::planted(method, bounds.clone(), experiment(run));
            let hypotheses = trial.conclude(self.replications, level)?;
            let replications = hypotheses.iter().map(|h| h.gains.count()).max();
            let verdict = Trial::verdict(&hypotheses, level.alpha);
            Ok((verdict, replications.unwrap_or(0)))
        };
        let ends: Vec<(Verdict, u64)> = (1..self.runs + 1)
            .into_par_iter()
            .map(end)
            .collect::<Result<_, ValidateError>>()?;
        let count = |verdict: Verdict| ends.iter().filter(|(end, _)| *end == verdict).count();
        let mut replications = Moments::default();
        replications.extend(ends.iter().map(|(_, replications)| *replications as f64));
        Ok(CalibrationRow {
            case,
            runs: self.runs,
            certified: count(Verdict::Certified) as u64,
            refuted: count(Verdict::Refuted) as u64,
            replications,
        })
    }
}

/// The deviation of the planted games.
const GO: FollowerDeviation = FollowerDeviation::Constant(1);

/// Gains over epsilon that are played too: those at which a verdict may err, and takes long.
const PLAYED_GAINS: [f64; 3] = [0.9, 1.0, 1.1];

/// Followers in a planted game, where nobody's number matters; the law of the rounded start is everybody `low`.
const PLAYED: u64 = 100;

/// Deviation 0 with the law and gain asked for; the others lose epsilon on average, by the same law.
struct Planted<'g> {
    game: &'g Game,
    law: PlantedLaw,
    gain: f64,
    streams: StreamFamily,
}

impl Experiment for Planted<'_> {
    fn replicate(
        &self,
        _: &mut Worker<'_>,
        replication: u64,
        deviations: &[usize],
    ) -> Result<Vec<Difference>, ValidateError> {
        let mut stream = self.streams.stream(replication, Role::TaggedFollower);
        let (steps, probability, size) = self.law.shape();
        let draws = deviations.iter().map(|d| {
            let gain = if *d == 0 { self.gain } else { -PLANTED_EPSILON };
            let drawn = (0..steps).filter(|_| stream.random::<f64>() < probability);
            Difference::plain(0.0, drawn.count() as f64 * size - self.law.cost(gain))
        });
        Ok(draws.collect())
    }

    fn game(&self) -> &Game {
        self.game
    }
}

#[cfg(test)]
mod tests;
