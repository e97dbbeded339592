//! The claims about one population: which method settles each, and what it finds.

use super::deviations::{FollowerDeviation, MeanFieldPath};
use super::exact::{Exact, LeaderTest, Values, estimated_cost};
use super::paired::{
    FollowerExperiment, Hypothesis, LeaderExperiment, Setting, refuted, sequential,
};
use super::range::RewardRanges;
use super::verdict::{Conditions, RowName, conclude, exact_row, overall, paired_row};
use super::{BestResponseRow, ClaimResult, EXACT_BUDGET, Player, Row, Settings};
use super::{ValidateError, Validation, Verdict, Weight};
use crate::game::{Game, LeaderAction, MeanField, Policy};
use crate::scenario::{Method as MethodChoice, Start};
use crate::simulate::rounded_counts;
use crate::simulate::split::MAX_POPULATION;
use crate::stats::Interval;
use crate::stream::StreamFamily;

/// Everything that bears on one population.
pub(super) struct Claims<'a> {
    pub game: &'a Game,
    pub policy: &'a dyn Policy,
    pub path: &'a MeanFieldPath,
    pub settings: &'a Settings<'a>,
    pub leader: LeaderTest,
    pub population: u64,
}

/// Which of the players the exact method covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coverage {
    Nobody,
    Follower,
    Both,
}

impl Claims<'_> {
    /// Add this population's rows, claims and warnings.
    pub fn settle(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        if !(1..=MAX_POPULATION).contains(&self.population) {
            return Err(ValidateError::Population {
                population: self.population,
            });
        }
        let coverage = self.coverage()?;
        match coverage {
            Coverage::Nobody => self.follower_paired(validation)?,
            Coverage::Follower => self.exact(LeaderTest::None, validation)?,
            Coverage::Both => self.exact(self.leader, validation)?,
        }
        if self.leader == LeaderTest::StageWise && coverage != Coverage::Both {
            self.leader_paired(validation)?;
        }
        Ok(())
    }

    fn coverage(&self) -> Result<Coverage, ValidateError> {
        match self.settings.method {
            MethodChoice::Integrated => Err(ValidateError::Integrated),
            MethodChoice::Paired => Ok(Coverage::Nobody),
            MethodChoice::Exact => Ok(Coverage::Both),
            MethodChoice::Auto => match estimated_cost(self.game, self.policy, self.population) {
                Ok(cost) => Ok(
                    match (cost.follower <= EXACT_BUDGET, cost.leader <= EXACT_BUDGET) {
                        (false, _) => Coverage::Nobody,
                        (true, false) => Coverage::Follower,
                        (true, true) => Coverage::Both,
                    },
                ),
                Err(ValidateError::ExactTypes { .. } | ValidateError::ExactStates { .. }) => {
                    Ok(Coverage::Nobody)
                }
                Err(error) => Err(error),
            },
        }
    }

    fn exact(&self, leader: LeaderTest, validation: &mut Validation) -> Result<(), ValidateError> {
        let population = self.population;
        let exact = Exact::solve(
            self.game,
            self.policy,
            population,
            self.settings.start,
            leader,
        )?;
        let follower = self.follower_exact(&exact);
        self.add(follower, "of all its deviations", validation);
        if leader == LeaderTest::StageWise {
            self.add(
                self.leader_exact(&exact),
                "of all stage-wise deviations, the followers re-answering",
                validation,
            );
        }
        validation
            .best_response
            .extend(exact.departures.iter().map(|departure| BestResponseRow {
                population: self.population,
                z: MeanField::from_counts(&[population - departure.n as u64, departure.n as u64]),
                departure: *departure,
            }));
        Ok(())
    }

    /// `initial`, every initial type, `worst`, and the declared starts.
    fn follower_exact(&self, exact: &Exact) -> Vec<Row> {
        let initial = self.game.initial();
        let by_type = self.tagged_types().into_iter().filter_map(|(x, weight)| {
            let values = match self.settings.start {
                Start::Iid => Some(exact.follower_iid(initial, x)),
                Start::Rounded => {
                    exact.follower_at(x, rounded_counts(initial, self.population)[1] as usize)
                }
            };
            values.map(|values| (x, weight, values))
        });
        let by_type: Vec<(usize, f64, Values)> = by_type.collect();
        let row = |start: String, weight, values| {
            self.exact_row(Player::Follower, start, weight, values, exact)
        };
        let over_types = average(by_type.iter().map(|(_, weight, values)| (*weight, *values)));
        let mut rows = vec![row("initial".into(), Weight::Beside, over_types)];
        for (x, _, values) in by_type {
            rows.push(row(
                self.game.follower_types()[x].clone(),
                Weight::Decides,
                values,
            ));
        }
        rows.push(row("worst".into(), Weight::Beside, exact.follower_worst()));
        for z in self.settings.starts {
            let types = z
                .weights()
                .iter()
                .enumerate()
                .filter(|(_, weight)| **weight > 0.0);
            let values = types.map(|(x, weight)| (*weight, exact.follower_iid(z, x)));
            rows.push(row(law_name(z), Weight::Beside, average(values)));
        }
        rows
    }

    fn leader_exact(&self, exact: &Exact) -> Vec<Row> {
        let initial = self.game.initial();
        let first = match self.settings.start {
            Start::Iid => exact.leader_iid(initial),
            Start::Rounded => exact.leader_at(rounded_counts(initial, self.population)[1] as usize),
        };
        let declared = self
            .settings
            .starts
            .iter()
            .map(|z| (law_name(z), Weight::Beside, exact.leader_iid(z)));
        [
            ("initial".to_string(), Weight::Decides, first),
            ("worst".into(), Weight::Beside, exact.leader_worst()),
        ]
        .into_iter()
        .chain(declared)
        .filter_map(|(start, weight, values)| {
            values.map(|values| self.exact_row(Player::Leader, start, weight, values, exact))
        })
        .collect()
    }

    fn exact_row(
        &self,
        player: Player,
        start: String,
        weight: Weight,
        values: Values,
        exact: &Exact,
    ) -> Row {
        let deviation = "best_response".to_string();
        let name = RowName {
            population: self.population,
            player,
            start,
            deviation,
            weight,
        };
        exact_row(name, values, exact.truncation, self.settings.epsilon)
    }

    /// The initial types that some follower has, with the tagged follower's weights: z_1(x), or n_x / N when rounded.
    fn tagged_types(&self) -> Vec<(usize, f64)> {
        let z = match self.settings.start {
            Start::Iid => self.game.initial().clone(),
            Start::Rounded => {
                MeanField::from_counts(&rounded_counts(self.game.initial(), self.population))
            }
        };
        z.weights()
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, weight)| *weight > 0.0)
            .collect()
    }

    fn follower_paired(&self, validation: &mut Validation) -> Result<(), ValidateError> {
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

    fn leader_paired(&self, validation: &mut Validation) -> Result<(), ValidateError> {
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

    fn alpha(&self) -> f64 {
        1.0 - self.settings.confidence
    }

    /// Exact rows: the claim is as good as the worst of the deciding ones.
    fn add(&self, rows: Vec<Row>, class: &str, validation: &mut Validation) {
        let deciding = rows.iter().filter(|row| row.weight == Weight::Decides);
        let verdict = overall(deciding.map(|row| row.verdict));
        validation
            .results
            .extend(self.conclude(&rows, verdict, class));
        validation.rows.extend(rows);
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
            Player::Follower => "of constant actions and the best response to the mean-field flow",
            Player::Leader => "of constant actions, the followers re-answering",
        };
        validation
            .results
            .extend(self.conclude(&rows, verdict, class));
        validation.rows.extend(rows);
    }

    fn conclude(&self, rows: &[Row], verdict: Verdict, class: &str) -> Option<ClaimResult> {
        let types = self
            .game
            .follower_types()
            .iter()
            .zip(self.game.initial().weights());
        let law: Vec<String> = types
            .map(|(name, weight)| format!("{name} {weight}"))
            .collect();
        let drawn = match self.settings.start {
            Start::Iid => "i.i.d.",
            Start::Rounded => "rounded",
        };
        let conditions = Conditions {
            horizon: self.game.horizon(),
            initial: format!("{drawn} ({})", law.join(", ")),
            selection: self.settings.selection,
            class: class.to_string(),
            epsilon: self.settings.epsilon,
            confidence: self.settings.confidence,
        };
        conclude(rows, verdict, &conditions)
    }
}

/// Values averaged with weights that sum to one.
fn average(parts: impl Iterator<Item = (f64, Values)>) -> Values {
    parts.fold(
        Values {
            theta: 0.0,
            best: 0.0,
        },
        |total, (weight, values)| Values {
            theta: total.theta + weight * values.theta,
            best: total.best + weight * values.best,
        },
    )
}

/// A declared start in a table.
fn law_name(z: &MeanField) -> String {
    let weights: Vec<String> = z.weights().iter().map(f64::to_string).collect();
    weights.join(" ")
}
