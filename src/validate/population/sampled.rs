//! Claims settled by sampling: the tagged follower integrated out, or paired replications.

use super::Claims;
use crate::simulate::simulate;
use crate::stats::Interval;
use crate::stream::{Role, StreamFamily};
use crate::validate::deviations::{
    FollowerDeviation, LeaderChoices, LeaderDeviation, SampledPath, SampledResponse,
    one_shot_periods,
};
use crate::validate::integrated::{IntegratedExperiment, refusal};
use crate::validate::paired::{
    Bounds, Experiment, FollowerExperiment, Hypothesis, LeaderExperiment, Setting, refuted,
    sequential,
};
use crate::validate::range::RewardRanges;
use crate::validate::verdict::{RowName, sampled_row};
use crate::validate::{Method, Player, Row, ValidateError, Validation, Verdict, Weight};

/// Paths that a best response is learnt from,
const PILOT: u64 = 256;
/// and the first of their replications, which no test ever reaches.
const FIRST_PILOT: u64 = 1 << 50;

/// What sampling found of one player.
pub(super) struct Sampled {
    method: Method,
    player: Player,
    hypotheses: Vec<Hypothesis>,
    /// By index.
    starts: Vec<String>,
    deviations: Vec<String>,
    class: String,
    /// Why nothing may be concluded.
    refusal: Option<String>,
}

impl<'a> Claims<'a> {
    /// The followers' claim by the tagged follower integrated out; by paired replications where that refuses and the
    /// method was left open.
    pub(super) fn follower_sampled(
        &self,
        method: Method,
        or_paired: bool,
        validation: &mut Validation,
    ) -> Result<(), ValidateError> {
        let (deviations, class) = self.follower_class()?;
        let ranges = RewardRanges::prove(self.game);
        let mut found = match self.follower_by(method, &deviations, &ranges) {
            Err(ValidateError::IntegratedLeader) if or_paired => {
                self.follower_by(Method::Paired, &deviations, &ranges)?
            }
            found => found?,
        };
        if let Some(reason) = found.refusal.as_ref().filter(|_| or_paired) {
            validation.warnings.push(format!(
                "N = {}: the method `integrated` refuses, and paired replications take its place: {reason}",
                self.population
            ));
            found = self.follower_by(Method::Paired, &deviations, &ranges)?;
        }
        found.class = class;
        self.add_sampled(&found, validation);
        Ok(())
    }

    /// D: the default class, a learnt response, perturbations, and the user's files.
    pub(in crate::validate) fn follower_class(
        &self,
    ) -> Result<(Vec<FollowerDeviation>, String), ValidateError> {
        let (game, seed) = (self.game, self.settings.seed);
        let mut class = FollowerDeviation::class(game, self.path)?;
        class.push(FollowerDeviation::SampledResponse(SampledResponse::learn(
            game,
            &self.pilot()?,
        )?));
        let mut stream = StreamFamily::new(seed, self.population).stream(0, Role::Deviations);
        class.extend(FollowerDeviation::perturbations(game, &mut stream));
        let files = self.settings.files.iter().cloned();
        class.extend(files.map(FollowerDeviation::File));
        let choices = class
            .iter()
            .filter(|d| d.first_period() == 1 && matches!(d, FollowerDeviation::OneShot { .. }));
        let shots = one_shot_words("(t, type, action)", game.horizon(), choices.count());
        let information = match game.private_type_leaks() {
            Some(_) => " (functions of t, the belief, z and the own type)",
            None => "",
        };
        let words = format!(
            "constant actions, {shots}, the best responses to the mean-field flow and to sampled paths, small \
             perturbations of theta{}{information}",
            self.file_words()
        );
        Ok((class, words))
    }

    pub(super) fn file_words(&self) -> &'static str {
        if self.settings.files.is_empty() {
            ""
        } else {
            " and the policies given"
        }
    }

    /// Paths under theta, on streams of their own.
    fn pilot(&self) -> Result<Vec<SampledPath>, ValidateError> {
        let simulation = self.simulation(FIRST_PILOT, PILOT);
        let mut paths = Vec::new();
        simulate(self.game, self.policy, &simulation, |trajectory| {
            paths.push(SampledPath::of(self.game, trajectory));
            Ok::<(), ValidateError>(())
        })?;
        Ok(paths)
    }

    fn follower_by(
        &self,
        method: Method,
        deviations: &[FollowerDeviation],
        ranges: &RewardRanges<'_>,
    ) -> Result<Sampled, ValidateError> {
        let types = self.tagged_types();
        let (setting, tried) = (self.setting(), deviations.to_vec());
        let tail = self.game.tail(ranges.follower_width());
        let hypotheses = if method == Method::Integrated {
            let experiment = IntegratedExperiment::new(setting, types.clone(), tried, ranges);
            let bounds = |start: usize, d: usize| experiment.bounds(start, d);
            self.test(&experiment, types.len(), deviations.len(), tail, bounds)?
        } else {
            let experiment = FollowerExperiment {
                setting,
                types: types.clone(),
                deviations: tried,
            };
            let range = |x: usize, d: usize| ranges.follower_difference(&deviations[d], x);
            let bounds = |start: usize, d: usize| {
                // The average over types of what the types' differences cannot leave.
                let average = || {
                    let parts = types.iter().map(|(x, weight)| (*weight, range(*x, d)));
                    parts.fold(
                        Interval {
                            low: 0.0,
                            high: 0.0,
                        },
                        |total, (weight, part)| Interval {
                            low: total.low + weight * part.low,
                            high: total.high + weight * part.high,
                        },
                    )
                };
                Bounds::Proven(types.get(start).map_or_else(average, |(x, _)| range(*x, d)))
            };
            self.test(&experiment, types.len(), deviations.len(), tail, bounds)?
        };
        let mut starts: Vec<String> = types
            .iter()
            .map(|(x, _)| self.game.follower_types()[*x].clone())
            .collect();
        starts.push("initial".to_string());
        let names: Vec<String> = deviations.iter().map(|d| d.name(self.game)).collect();
        let refusal = match method {
            Method::Integrated => refusal(&hypotheses, |h| {
                format!("{} from {}", names[h.deviation], starts[h.start])
            }),
            Method::Paired | Method::Exact => None,
        };
        Ok(Sampled {
            method,
            player: Player::Follower,
            hypotheses,
            starts,
            deviations: names,
            class: String::new(),
            refusal,
        })
    }

    pub(super) fn leader_paired(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        let ranges = RewardRanges::prove(self.game);
        let tail = self.game.tail(ranges.leader_width());
        let mut deviations = LeaderDeviation::class(self.game);
        let files = self.settings.files.iter().cloned();
        deviations.extend(files.map(LeaderDeviation::File));
        let names = deviations.iter().map(|d| d.name(self.game)).collect();
        let choices = LeaderChoices::of(self.game);
        let (constants, cell) = match choices {
            LeaderChoices::Actions => ("constant actions", "(t, action)"),
            LeaderChoices::Maps => ("constant maps from types to actions", "(t, map)"),
        };
        let number = choices.all(self.game).len();
        let shots = one_shot_words(cell, self.game.horizon(), number);
        let class = format!(
            "{constants}, {shots}{} (the followers re-answering)",
            self.file_words()
        );
        let experiment = LeaderExperiment {
            setting: self.setting(),
            deviations,
        };
        let number = experiment.deviations.len();
        let hypotheses = self.test(&experiment, 1, number, tail, |_, d| {
            Bounds::Proven(ranges.leader_difference(&experiment.deviations[d]))
        })?;
        let found = Sampled {
            method: Method::Paired,
            player: Player::Leader,
            hypotheses,
            starts: vec!["initial".to_string()],
            deviations: names,
            class,
            refusal: None,
        };
        self.add_sampled(&found, validation);
        Ok(())
    }

    /// Replicate: `starts` that decide, and their average where the player is a follower. `tail` is what periods of an
    /// infinite horizon that are not played can add to a gain.
    fn test(
        &self,
        experiment: &impl Experiment,
        starts: usize,
        deviations: usize,
        tail: f64,
        bounds: impl Fn(usize, usize) -> Bounds,
    ) -> Result<Vec<Hypothesis>, ValidateError> {
        let all = starts + experiment.averages();
        let cells = (0..all).flat_map(|start| (0..deviations).map(move |d| (start, d)));
        let hypotheses = cells.map(|(start, d)| {
            let weight = if start < starts {
                Weight::Decides
            } else {
                Weight::Beside
            };
            let (epsilon, alpha) = (self.settings.epsilon, self.alpha());
            let bounds = bounds(start, d).with_tail(tail);
            let hypothesis = Hypothesis::new((start, d), weight, bounds, epsilon, alpha)?;
            Ok(hypothesis.with_tail(tail))
        });
        let mut hypotheses = hypotheses.collect::<Result<Vec<_>, ValidateError>>()?;
        sequential(
            experiment,
            &mut hypotheses,
            self.settings.replications,
            self.alpha(),
        )?;
        Ok(hypotheses)
    }

    pub(in crate::validate) fn setting(&self) -> Setting<'a> {
        Setting {
            game: self.game,
            policy: self.policy,
            population: self.population,
            start: self.settings.start,
            streams: StreamFamily::new(self.settings.seed, self.population),
        }
    }

    /// Sampled rows: certified where every deciding one is, refuted by the mean of their e-values.
    fn add_sampled(&self, found: &Sampled, validation: &mut Validation) {
        let (hypotheses, player) = (&found.hypotheses, found.player);
        let deciding = || hypotheses.iter().filter(|h| h.weight == Weight::Decides);
        let rows = hypotheses.iter().map(|h| {
            let start = found.starts[h.start].clone();
            let deviation = found.deviations[h.deviation].clone();
            let name = RowName {
                population: self.population,
                player,
                start,
                deviation,
                weight: h.weight,
            };
            sampled_row(name, found.method, h, deciding().count(), self.alpha())
        });
        let mut rows: Vec<Row> = rows.collect();
        if let Some(reason) = &found.refusal {
            rows.iter_mut()
                .for_each(|row| row.verdict = Verdict::Inconclusive);
            validation.warnings.push(format!(
                "N = {}: the method `integrated` refuses to conclude: {reason}",
                self.population
            ));
        }
        let verdict = if found.refusal.is_some() {
            Verdict::Inconclusive
        } else if refuted(hypotheses, self.alpha()) {
            Verdict::Refuted
        } else if deciding().all(Hypothesis::is_certified) {
            Verdict::Certified
        } else {
            Verdict::Inconclusive
        };
        if deciding().any(|h| h.bets.is_none()) {
            validation.warnings.push(format!(
                "N = {}: no bounded range of the {player}'s rewards could be proven over the simplex, so sampling \
                 concludes nothing",
                self.population
            ));
        }
        if !self.settings.starts.is_empty() {
            validation.warnings.push(format!(
                "N = {}: the declared starts are not tested for the {player}: that takes the exact method",
                self.population
            ));
        }
        let how = match found.method {
            Method::Integrated => {
                "the tagged follower integrated out, one-sided bounds from sums of weights cut on the safe side, the range \
                 of rewards"
            }
            Method::Paired | Method::Exact => "paired replications, the range of gains",
        };
        let evidence = format!(
            "{how} proven by interval arithmetic, at most {} replications at confidence {}",
            rows.iter().map(|row| row.replications).max().unwrap_or(0),
            self.settings.confidence
        );
        validation
            .results
            .extend(self.conclude(&rows, verdict, &found.class, (evidence, 0.0)));
        validation.rows.extend(rows);
    }
}

/// What the class says of its one-shot deviations, `choices` of them a period.
fn one_shot_words(cell: &str, horizon: usize, choices: usize) -> String {
    let periods = one_shot_periods(horizon, choices).len();
    if periods == horizon {
        format!("every one-shot {cell}")
    } else {
        format!("every one-shot {cell} of {periods} periods evenly spread over {horizon}")
    }
}
