//! Claims settled by paired replications.

use super::Claims;
use crate::game::LeaderAction;
use crate::stats::Interval;
use crate::stream::StreamFamily;
use crate::validate::deviations::FollowerDeviation;
use crate::validate::paired::{
    FollowerExperiment, Hypothesis, LeaderExperiment, Setting, refuted, sequential,
};
use crate::validate::range::RewardRanges;
use crate::validate::verdict::{RowName, paired_row};
use crate::validate::{Player, Row, ValidateError, Validation, Verdict, Weight};

impl Claims<'_> {
    pub(super) fn follower_paired(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        let deviations = FollowerDeviation::class(self.game, self.path)?;
        let types = self.tagged_types();
        let ranges = RewardRanges::prove(self.game);
        let mut hypotheses = Vec::new();
        let range_of = |d: &FollowerDeviation, x: usize| ranges.follower_difference(d, x);
        for (start, (x, _)) in types.iter().enumerate() {
            for (d, deviation) in deviations.iter().enumerate() {
                hypotheses.push(self.hypothesis(
                    (start, d),
                    Weight::Decides,
                    range_of(deviation, *x),
                )?);
            }
        }
        for (d, deviation) in deviations.iter().enumerate() {
            // The average over types of what the types' differences cannot leave.
            let parts = types
                .iter()
                .map(|(x, weight)| (*weight, range_of(deviation, *x)));
            let range = parts.fold(
                Interval {
                    low: 0.0,
                    high: 0.0,
                },
                |total, (weight, part)| Interval {
                    low: total.low + weight * part.low,
                    high: total.high + weight * part.high,
                },
            );
            hypotheses.push(self.hypothesis((types.len(), d), Weight::Beside, range)?);
        }
        let experiment = FollowerExperiment {
            setting: self.setting(),
            types,
            deviations,
        };
        sequential(
            &experiment,
            &mut hypotheses,
            self.settings.replications,
            self.alpha(),
        )?;
        let start = |start: usize| match experiment.types.get(start) {
            Some((x, _)) => self.game.follower_types()[*x].clone(),
            None => "initial".to_string(),
        };
        let deviation = |d: usize| experiment.deviations[d].name(self.game);
        self.add_sampled(Player::Follower, &hypotheses, start, deviation, validation);
        Ok(())
    }

    pub(super) fn leader_paired(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        let ranges = RewardRanges::prove(self.game);
        let actions = self.game.leader_actions();
        let hypotheses = (0..actions.len()).map(|l| {
            let range = ranges.leader_difference(LeaderAction(l));
            self.hypothesis((0, l), Weight::Decides, range)
        });
        let mut hypotheses = hypotheses.collect::<Result<Vec<_>, _>>()?;
        let experiment = LeaderExperiment {
            setting: self.setting(),
        };
        sequential(
            &experiment,
            &mut hypotheses,
            self.settings.replications,
            self.alpha(),
        )?;
        let deviation = |l: usize| format!("constant:{}", actions[l]);
        self.add_sampled(
            Player::Leader,
            &hypotheses,
            |_| "initial".into(),
            deviation,
            validation,
        );
        Ok(())
    }

    fn hypothesis(
        &self,
        index: (usize, usize),
        weight: Weight,
        range: Interval,
    ) -> Result<Hypothesis, ValidateError> {
        Hypothesis::new(index, weight, range, self.settings.epsilon, self.alpha())
    }

    fn setting(&self) -> Setting<'_> {
        Setting {
            game: self.game,
            policy: self.policy,
            population: self.population,
            start: self.settings.start,
            streams: StreamFamily::new(self.settings.seed, self.population),
        }
    }

    /// Sampled rows: certified where every deciding one is, refuted by the mean of their e-values.
    fn add_sampled(
        &self,
        player: Player,
        hypotheses: &[Hypothesis],
        start: impl Fn(usize) -> String,
        deviation: impl Fn(usize) -> String,
        validation: &mut Validation,
    ) {
        let deciding = || hypotheses.iter().filter(|h| h.weight == Weight::Decides);
        let rows = hypotheses.iter().map(|h| {
            let (start, deviation) = (start(h.start), deviation(h.deviation));
            let name = RowName {
                population: self.population,
                player,
                start,
                deviation,
                weight: h.weight,
            };
            paired_row(name, h, deciding().count(), self.alpha())
        });
        let rows: Vec<Row> = rows.collect();
        let verdict = if refuted(hypotheses, self.alpha()) {
            Verdict::Refuted
        } else if deciding().all(Hypothesis::is_certified) {
            Verdict::Certified
        } else {
            Verdict::Inconclusive
        };
        if deciding().any(|h| h.test.is_none()) {
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
        let class = match player {
            Player::Follower => "constant actions and the best response to the mean-field flow",
            Player::Leader => "constant actions (the followers re-answering)",
        };
        let evidence = format!(
            "paired replications (at most {}) at confidence {}, the range of gains proven by interval arithmetic",
            rows.iter().map(|row| row.replications).max().unwrap_or(0),
            self.settings.confidence
        );
        validation
            .results
            .extend(self.conclude(&rows, verdict, class, evidence));
        validation.rows.extend(rows);
    }
}
