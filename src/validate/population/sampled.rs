//! Claims decided by sampling: the tagged follower integrated out, or paired replications.

use super::Claims;
use crate::game::RewardRanges;
use crate::simulate::simulate;
use crate::stream::{Purpose, Role, StreamFamily};
use crate::validate::deviations::{
    FollowerDeviation, LeaderChoices, LeaderDeviation, SampledPath, SampledResponse,
    one_shot_periods,
};
use crate::validate::paired::Setting;
use crate::validate::trial::{Hypothesis, Level, Trial};
use crate::validate::verdict::{RowName, sampled_row};
use crate::validate::{Method, Row, ValidateError, Validation, Verdict, Weight};

/// Paths that a best response is learnt from.
const PILOT: u64 = 256;

/// What sampling found of one player.
struct Sampled<'a> {
    trial: Trial<'a>,
    hypotheses: Vec<Hypothesis>,
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
        let by = |method| self.test(Trial::follower(self, method, deviations.clone(), &ranges));
        let mut found = match by(method) {
            Err(ValidateError::IntegratedLeader) if or_paired => by(Method::Paired)?,
            found => found?,
        };
        if let Some(reason) = found.refusal.as_ref().filter(|_| or_paired) {
            validation.warnings.push(format!(
                "N = {}: the method `integrated` refuses, and paired replications take its place: {reason}",
                self.population
            ));
            found = by(Method::Paired)?;
        }
        self.add_sampled(&found, &class, validation);
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
        let simulation = self.simulation(Purpose::Learning, PILOT);
        let mut paths = Vec::new();
        simulate(self.game, self.policy, &simulation, |trajectory| {
            paths.push(SampledPath::of(self.game, trajectory));
            Ok::<(), ValidateError>(())
        })?;
        Ok(paths)
    }

    /// The default class of the leader, and the user's files.
    pub(in crate::validate) fn leader_class(&self) -> Vec<LeaderDeviation> {
        let mut deviations = LeaderDeviation::class(self.game);
        let files = self.settings.files.iter().cloned();
        deviations.extend(files.map(LeaderDeviation::File));
        deviations
    }

    pub(super) fn leader_paired(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        let ranges = RewardRanges::prove(self.game);
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
        let found = self.test(Trial::leader(self, self.leader_class(), &ranges))?;
        self.add_sampled(&found, &class, validation);
        Ok(())
    }

    fn test<'t>(&self, trial: Trial<'t>) -> Result<Sampled<'t>, ValidateError> {
        let hypotheses = trial.conclude(self.settings.replications, self.level())?;
        Ok(Sampled {
            refusal: trial.refusal(&hypotheses),
            trial,
            hypotheses,
        })
    }

    pub(in crate::validate) fn level(&self) -> Level {
        Level {
            epsilon: self.settings.epsilon,
            alpha: self.alpha(),
        }
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
    fn add_sampled(&self, found: &Sampled<'_>, class: &str, validation: &mut Validation) {
        let Sampled {
            trial, hypotheses, ..
        } = found;
        let player = trial.player;
        let deciding = || hypotheses.iter().filter(|h| h.weight == Weight::Decides);
        let rows = hypotheses.iter().map(|h| {
            let start = trial.starts[h.start].clone();
            let deviation = trial.deviations[h.deviation].clone();
            let name = RowName {
                population: self.population,
                player,
                start,
                deviation,
                weight: h.weight,
            };
            sampled_row(name, trial.method, h, deciding().count(), self.alpha())
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
        let verdict = match found.refusal {
            Some(_) => Verdict::Inconclusive,
            None => Trial::verdict(hypotheses, self.alpha()),
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
        let how = match trial.method {
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
            .extend(self.conclude(&rows, verdict, class, (evidence, 0.0)));
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
