//! What a verdict will take, from a short pilot.
//!
//! The pilot replicates every deviation. Its replications are then resampled, whole ones so that deviations stay as dependent as they
//! are, and put through the very tests that a verdict rests on, until each ends; the median over resamples is the forecast. A test that does
//! not end within [`LONGEST`] is extended by the growth of its wealth at the best fixed bet, g = E log(1 - lambda (Y - m)): ln(1/alpha)/g
//! replications. A pilot whose mean lies beyond epsilon by chance forecasts the wrong verdict: the standard error is
//! printed beside it.
//!
//! The periods of an infinite horizon that are not played count as in the verdict: where they can bring a gain to epsilon, no
//! end is seen.
//!
//! Where backward induction is affordable it needs no replications, and its time comes from its count of multiply-adds.

use std::time::Instant;

use rand::RngExt;
use rayon::prelude::*;

use super::deviations::MeanFieldPath;
use super::exact::LeaderTest;
use super::population::Claims;
use super::trial::{Difference, Hypothesis, Level, Trial};
use super::{EXACT_LIMIT, Method, Player, Settings, ValidateError, Verdict};
use crate::game::RewardRanges;
use crate::game::{Game, MULTIPLY_ADDS_A_SECOND, Policy};
use crate::stats::{LOOK, Moments};
use crate::stream::{Purpose, Role, Stream};
use crate::validate::MethodChoice;

/// Replications of the pilot.
pub const PILOT: u64 = 2048;

/// Resamples of the pilot.
const RESAMPLES: usize = 9;

/// Replications of a resample that are put through a test, at most.
const LONGEST: u64 = 1 << 17;

/// What one deviation, or a whole claim, will need.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// N.
    pub population: u64,
    /// Who deviates.
    pub player: Player,
    /// The start, `all` for the claim.
    pub start: String,
    /// The deviation, `all` for the claim.
    pub deviation: String,
    /// By which method.
    pub method: Method,
    /// The gain in the pilot; the largest for the claim, `NaN` where it will be exact.
    pub gain: f64,
    /// Its standard error.
    pub std_error: f64,
    /// How it will end, as far as the pilot tells; `None` for an exact claim, which no pilot precedes.
    pub verdict: Option<Verdict>,
    /// The replications it will need, in whole looks; infinite where the pilot sees no end, 0 where it is exact.
    pub replications: f64,
    /// The seconds that these will take here, at the pilot's speed; exact ones on one core. Not reproducible.
    pub seconds: f64,
}

/// Forecast the claims of all populations: per (population, player) the deviations, and then the claim.
///
/// # Errors
/// As [`super::validate`].
pub fn plan(
    game: &Game,
    policy: &dyn Policy,
    path: &MeanFieldPath,
    settings: &Settings<'_>,
) -> Result<Vec<Need>, ValidateError> {
    super::check_settings(settings)?;
    let leader = super::leader_test(game, policy)?;
    let ranges = RewardRanges::prove(game);
    let mut needs = Vec::new();
    for population in settings.populations {
        let claims = Claims {
            game,
            policy,
            path,
            settings,
            leader,
            population: *population,
        };
        needs.extend(of_population(&claims, &ranges)?);
    }
    Ok(needs)
}

fn of_population(
    claims: &Claims<'_>,
    ranges: &RewardRanges<'_>,
) -> Result<Vec<Need>, ValidateError> {
    let plan = claims.plan()?;
    let mut needs = Vec::new();
    if plan.follower == Method::Exact {
        needs.push(exact(claims, Player::Follower)?);
    } else {
        let (deviations, _) = claims.follower_class()?;
        let by = |method| {
            Pilot::run(
                claims,
                Trial::follower(claims, method, deviations.clone(), ranges),
            )
        };
        let open = claims.settings.method == MethodChoice::Auto;
        let pilot = match by(plan.follower) {
            Ok(pilot) if open && plan.follower == Method::Integrated && pilot.refuses() => {
                by(Method::Paired)?
            }
            Err(ValidateError::IntegratedLeader) if open => by(Method::Paired)?,
            pilot => pilot?,
        };
        needs.extend(pilot.forecast(claims)?);
    }
    if claims.leader == LeaderTest::StageWise {
        if plan.leader == Method::Exact {
            needs.push(exact(claims, Player::Leader)?);
        } else {
            let trial = Trial::leader(claims, claims.leader_class(), ranges);
            needs.extend(Pilot::run(claims, trial)?.forecast(claims)?);
        }
    }
    Ok(needs)
}

fn exact(claims: &Claims<'_>, player: Player) -> Result<Need, ValidateError> {
    let cost = claims.exact_cost(EXACT_LIMIT)?;
    let steps = match player {
        Player::Follower => cost.follower,
        Player::Leader => cost.leader,
    };
    Ok(Need {
        population: claims.population,
        player,
        start: "all".into(),
        deviation: "all".into(),
        method: Method::Exact,
        gain: f64::NAN,
        std_error: f64::NAN,
        verdict: None,
        replications: 0.0,
        seconds: steps / MULTIPLY_ADDS_A_SECOND,
    })
}

/// How a test ends, and after how many replications.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    verdict: Verdict,
    replications: f64,
}

/// Replications of every deciding cell of a trial.
struct Pilot<'a> {
    trial: Trial<'a>,
    /// By replication, then cell.
    differences: Vec<Vec<Difference>>,
    /// Nothing concluded yet: means, weights and ranges.
    hypotheses: Vec<Hypothesis>,
    seconds: f64,
}

impl<'a> Pilot<'a> {
    fn run(claims: &Claims<'_>, trial: Trial<'a>) -> Result<Self, ValidateError> {
        let begin = Instant::now();
        let mut differences = Vec::new();
        let all: Vec<usize> = (0..trial.deviations.len()).collect();
        let first = Purpose::Pilot.offset() + 1;
        trial.replicate(first..first + PILOT, &all, |mut row| {
            row.truncate(trial.deciding());
            differences.push(row);
            Ok(())
        })?;
        let seconds = begin.elapsed().as_secs_f64();
        let mut hypotheses = (0..trial.deciding())
            .map(|cell| trial.hypothesis(cell, claims.level()))
            .collect::<Result<Vec<_>, _>>()?;
        for row in &differences {
            for (hypothesis, difference) in hypotheses.iter_mut().zip(row) {
                hypothesis.observe(*difference);
            }
        }
        Ok(Self {
            trial,
            differences,
            hypotheses,
            seconds,
        })
    }

    fn refuses(&self) -> bool {
        self.trial.refusal(&self.hypotheses).is_some()
    }

    fn forecast(&self, claims: &Claims<'_>) -> Result<Vec<Need>, ValidateError> {
        let streams = Stream::new(
            claims.settings.seed,
            claims.population,
            Purpose::Choosing.offset(),
            Role::Deviations,
        );
        let orders = orders(streams, self.differences.len());
        let ends: Vec<Vec<End>> = (0..self.trial.deciding())
            .into_par_iter()
            .map(|cell| {
                let ends = orders
                    .iter()
                    .map(|order| self.end(claims.level(), cell, order));
                ends.collect()
            })
            .collect::<Result<_, _>>()?;
        let each = self.seconds / PILOT as f64;
        let need = |start: &str, deviation: &str, gains: &Moments, end: End| Need {
            population: claims.population,
            player: self.trial.player,
            start: start.to_string(),
            deviation: deviation.to_string(),
            method: self.trial.method,
            gain: gains.mean(),
            std_error: gains.std_error(),
            verdict: Some(end.verdict),
            replications: end.replications,
            seconds: each * end.replications,
        };
        let mut needs: Vec<Need> = Vec::new();
        let Trial {
            starts, deviations, ..
        } = &self.trial;
        for (hypothesis, ends) in self.hypotheses.iter().zip(&ends) {
            needs.push(need(
                &starts[hypothesis.start],
                &deviations[hypothesis.deviation],
                &hypothesis.gains,
                median(ends),
            ));
        }
        let claims_end: Vec<End> = (0..orders.len())
            .map(|i| joint(ends.iter().map(|ends| ends[i])))
            .collect();
        let largest = self.hypotheses.iter().map(|h| &h.gains);
        let largest = largest.reduce(|a, b| if b.mean() > a.mean() { b } else { a });
        if let Some(gains) = largest {
            needs.push(need("all", "all", gains, median(&claims_end)));
        }
        Ok(needs)
    }

    /// Put a resample through the test of one cell. Alone it refutes with an e-value of |D|/alpha.
    fn end(&self, level: Level, cell: usize, order: &[usize]) -> Result<End, ValidateError> {
        let goal = self.trial.deciding() as f64 / level.alpha;
        let mut test = self.trial.hypothesis(cell, level)?;
        for look in order.chunks(LOOK as usize) {
            for row in look {
                test.push(self.differences[*row][cell])?;
            }
            let verdict = match (test.is_certified(), test.e_value() >= goal) {
                (true, _) => Verdict::Certified,
                (_, true) => Verdict::Refuted,
                _ => continue,
            };
            let replications = test.gains.count() as f64;
            return Ok(End {
                verdict,
                replications,
            });
        }
        Ok(self.extended(level, cell, &test, goal))
    }

    /// The end of a test that has not ended: by the growth at the best fixed bet that the pilot knows.
    fn extended(&self, level: Level, cell: usize, test: &Hypothesis, goal: f64) -> End {
        let Level { epsilon, alpha } = level;
        let mut moments = Moments::default();
        let below = test.gains.mean() < epsilon;
        // What is bet on counts the periods that are not played against the side.
        let tail = self.trial.tail;
        let side = |d: &Difference| {
            if below {
                d.above + tail
            } else {
                d.below - tail
            }
        };
        moments.extend(self.differences.iter().map(|row| side(&row[cell])));
        let edge = moments.mean() - epsilon;
        let growth = edge * edge / (2.0 * moments.sd() * moments.sd());
        let wealth = if below {
            -libm::log(alpha)
        } else {
            libm::log(goal)
        };
        // The side decides by its bounded variable, which may be on the wrong side of epsilon.
        let bounded = test.bets.is_some() && (edge < 0.0) == below && growth > 0.0;
        if !bounded {
            return End {
                verdict: Verdict::Inconclusive,
                replications: f64::INFINITY,
            };
        }
        let looks = (wealth / growth / LOOK as f64).ceil().max(1.0) * LOOK as f64;
        End {
            verdict: if below {
                Verdict::Certified
            } else {
                Verdict::Refuted
            },
            replications: looks.max(LONGEST as f64),
        }
    }
}

/// Rows of the pilot, drawn with replacement; the same ones for all cells.
fn orders(mut stream: Stream, rows: usize) -> Vec<Vec<usize>> {
    (0..RESAMPLES)
        .map(|_| (0..LONGEST).map(|_| stream.random_range(0..rows)).collect())
        .collect()
}

/// Of all cells together: refuted as soon as one is, certified when the last one is.
fn joint(ends: impl Iterator<Item = End>) -> End {
    let certain = End {
        verdict: Verdict::Certified,
        replications: 0.0,
    };
    ends.fold(certain, |joint, end| match (joint.verdict, end.verdict) {
        (Verdict::Refuted, Verdict::Refuted) if joint.replications <= end.replications => joint,
        (Verdict::Refuted, Verdict::Certified | Verdict::Inconclusive) => joint,
        (_, Verdict::Refuted) => end,
        _ if joint.replications >= end.replications => joint,
        _ => end,
    })
}

/// The end in the middle by replications.
fn median(ends: &[End]) -> End {
    let mut sorted = ends.to_vec();
    sorted.sort_by(|a, b| a.replications.total_cmp(&b.replications));
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests;
