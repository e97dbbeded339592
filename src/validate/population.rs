//! The claims about one population: which method decides each, and what it finds.

mod sampled;

use super::belief_check::BeliefCheck;
use super::deviations::MeanFieldPath;
use super::exact::{Cost, Deviator, Exact, LeaderTest, Values, cost_within};
use super::integrated::MAX_TYPES;
use super::one_step::OneStep;
use super::verdict::{Conditions, RowName, Slack, conclude, exact_row, overall};
use super::{
    BestResponseRow, ClaimResult, EXACT_BUDGET, EXACT_LIMIT, Method, Player, Row, Settings,
};
use super::{ValidateError, Validation, Verdict, WORST, Weight};
use crate::game::{Game, LeaderInformation, MeanField, Policy, RewardRanges};
use crate::simulate::split::MAX_POPULATION;
use crate::simulate::{Cohorts, Simulation, rounded_counts, simulate};
use crate::simulate::{Engine, Start};
use crate::stream::Purpose;
use crate::validate::MethodChoice;

/// Replications of the one-step check.
const CHECKED: u64 = 200;

/// Everything that bears on one population.
pub(super) struct Claims<'a> {
    pub game: &'a Game,
    pub policy: &'a dyn Policy,
    pub path: &'a MeanFieldPath,
    pub settings: &'a Settings<'a>,
    pub leader: LeaderTest,
    pub population: u64,
}

/// How the two players' claims are decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub follower: Method,
    pub leader: Method,
    /// Why backward induction cannot treat the leader's types, where it was tried first.
    pub refusal: Option<String>,
}

impl Claims<'_> {
    /// Add this population's rows, claims, checks and warnings.
    pub fn decide(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        if !(1..=MAX_POPULATION).contains(&self.population) {
            return Err(ValidateError::Population {
                population: self.population,
            });
        }
        let plan = self.plan()?;
        validation.warnings.extend(plan.refusal.iter().cloned());
        let tested = self.leader == LeaderTest::StageWise;
        match plan.follower {
            Method::Exact if plan.leader == Method::Exact => self.exact(self.leader, validation)?,
            Method::Exact => self.exact(LeaderTest::None, validation)?,
            sampled => {
                let open = self.settings.method == MethodChoice::Auto;
                self.follower_sampled(sampled, open, validation)?;
            }
        }
        if tested && plan.leader != Method::Exact {
            self.leader_paired(validation)?;
        }
        self.check_one_step(validation)
    }

    /// Which method decides whose claim.
    pub(super) fn plan(&self) -> Result<Plan, ValidateError> {
        let sampled = |follower| Plan {
            follower,
            leader: Method::Paired,
            refusal: None,
        };
        let types = self.game.follower_types().len();
        let best_sampled = self.best_sampled();
        match self.settings.method {
            MethodChoice::Integrated if types > MAX_TYPES => {
                Err(ValidateError::IntegratedTypes { types })
            }
            MethodChoice::Integrated if self.leader_is_drawn() => {
                Err(ValidateError::IntegratedLeader)
            }
            MethodChoice::Integrated => Ok(sampled(Method::Integrated)),
            MethodChoice::Paired => Ok(sampled(Method::Paired)),
            MethodChoice::Exact => {
                let cost = self.exact_cost(EXACT_LIMIT)?;
                let total = match self.leader {
                    LeaderTest::StageWise => cost.follower + cost.leader,
                    LeaderTest::None => cost.follower,
                };
                if total > EXACT_LIMIT {
                    return Err(ValidateError::ExactCost {
                        population: self.population,
                        cost: total,
                    });
                }
                Ok(Plan {
                    follower: Method::Exact,
                    leader: Method::Exact,
                    refusal: None,
                })
            }
            MethodChoice::Auto => self.auto_plan(sampled(best_sampled)),
        }
    }

    /// Exact where its cost is within [`EXACT_BUDGET`], else as `sampled`.
    fn auto_plan(&self, sampled: Plan) -> Result<Plan, ValidateError> {
        match self.exact_cost(EXACT_BUDGET) {
            Ok(cost) if cost.follower > EXACT_BUDGET => Ok(sampled),
            Ok(cost) => Ok(Plan {
                follower: Method::Exact,
                leader: if cost.leader > EXACT_BUDGET {
                    Method::Paired
                } else {
                    Method::Exact
                },
                refusal: None,
            }),
            Err(ValidateError::ExactStates { .. } | ValidateError::ExactCost { .. }) => Ok(sampled),
            Err(error @ (ValidateError::ExactBeliefs { .. } | ValidateError::ExactLeak { .. })) => {
                Ok(Plan {
                    refusal: Some(format!("N = {}: {error}", self.population)),
                    ..sampled
                })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn exact_cost(&self, budget: f64) -> Result<Cost, ValidateError> {
        let files = self.settings.files;
        cost_within(self.game, self.policy, self.population, budget, files)
    }

    /// Whether the leader has types, or mixes on the mean-field path.
    fn leader_is_drawn(&self) -> bool {
        self.game.leader_information() != LeaderInformation::NoTypes
            || self.path.leader_moves.iter().any(|law| law.len() > 1)
    }

    /// The method that samples followers where the choice is open.
    pub(super) fn best_sampled(&self) -> Method {
        if self.game.follower_types().len() <= MAX_TYPES && !self.leader_is_drawn() {
            Method::Integrated
        } else {
            Method::Paired
        }
    }

    /// Compare the simulator's steps with (8) and its covariance at finite N, and its beliefs with the leader's types.
    fn check_one_step(&self, validation: &mut Validation) -> Result<(), ValidateError> {
        let mut check = OneStep::new(self.game, self.policy);
        let mut beliefs = BeliefCheck::new(self.game);
        let simulation = self.simulation(Purpose::OneStep, CHECKED);
        simulate(self.game, self.policy, &simulation, |trajectory| {
            if let Some(beliefs) = &mut beliefs {
                beliefs.push(trajectory)?;
            }
            check.push(trajectory)
        })?;
        let beliefs = beliefs.map(|beliefs| beliefs.result(self.population));
        for result in [check.result(self.population)].into_iter().chain(beliefs) {
            validation.warnings.extend(result.warning());
            validation.checks.push(result);
        }
        Ok(())
    }

    /// Replications of theta, on the streams of a purpose.
    pub(super) fn simulation(&self, purpose: Purpose, replications: u64) -> Simulation {
        Simulation {
            seed: self.settings.seed,
            population: self.population,
            first_replication: purpose.offset(),
            replications,
            engine: Engine::Counts,
            start: self.settings.start,
            cohorts: Cohorts::Together,
        }
    }

    /// Add the exact rows and claims: of the best responses, and of every policy given.
    pub(super) fn exact(
        &self,
        leader: LeaderTest,
        validation: &mut Validation,
    ) -> Result<(), ValidateError> {
        let population = self.population;
        let best = self.induction(leader, Deviator::Best)?;
        let departures = best.departures.iter().map(|d| {
            let counts: Vec<u64> = d.counts.iter().map(|n| *n as u64).collect();
            BestResponseRow {
                population,
                t: d.t,
                x: d.x,
                z: MeanField::from_counts(&counts),
                belief: d.belief.clone(),
                action: d.action,
                gain: d.gain,
            }
        });
        validation.best_response.extend(departures);
        let mut found = vec![("best_response".to_owned(), best)];
        for file in self.settings.files {
            let deviator = Deviator::Given(file);
            let evaluated = self.induction(leader, deviator);
            let evaluated = evaluated.map_err(|error| deviator.blamed(error, population))?;
            found.push((file.deviation_name(), evaluated));
        }
        self.add_exact(&found, leader, validation);
        Ok(())
    }

    fn induction(
        &self,
        leader: LeaderTest,
        deviator: Deviator<'_>,
    ) -> Result<Exact, ValidateError> {
        let tested = (self.settings.start, leader);
        Exact::with_deviator(self.game, self.policy, self.population, tested, deviator)
    }

    fn add_exact(
        &self,
        found: &[(String, Exact)],
        leader: LeaderTest,
        validation: &mut Validation,
    ) {
        let errors = found.iter().map(|(_, exact)| exact.truncation);
        let error = errors.fold(0.0, f64::max);
        let rows = |of: &dyn Fn(&str, &Exact) -> Vec<Row>| {
            let each = found.iter().map(|(name, exact)| of(name, exact));
            by_start(each.collect())
        };
        let class = match self.game.leader_information() {
            LeaderInformation::Private => {
                "all its deviations (the belief holds all that a follower can learn of the leader's type)"
            }
            LeaderInformation::NoTypes | LeaderInformation::Public => "all its deviations",
        };
        let own = rows(&|name, exact| self.follower_exact(name, exact));
        self.add(own, class, error, validation);
        if leader == LeaderTest::StageWise {
            let one = match self.game.leader_information() {
                LeaderInformation::Private => {
                    "all stage-wise deviations to a map from her types to actions"
                }
                LeaderInformation::NoTypes | LeaderInformation::Public => {
                    "all stage-wise deviations to one action"
                }
            };
            let mean = match self.game.leader_information() {
                LeaderInformation::Private => ", her gain averaged over the belief",
                LeaderInformation::NoTypes | LeaderInformation::Public => "",
            };
            let files = self.file_words();
            let class = format!("{one}{files} (the followers re-answering{mean})");
            let own = rows(&|name, exact| self.leader_exact(name, exact));
            self.add(own, &class, error, validation);
        }
    }

    /// `initial`, every initial type, `worst`, and the declared starts.
    fn follower_exact(&self, deviation: &str, exact: &Exact) -> Vec<Row> {
        let initial = self.game.initial();
        let by_type = self.tagged_types().into_iter().filter_map(|(x, weight)| {
            let values = match self.settings.start {
                Start::Iid => Some(exact.follower_iid(initial, x)),
                Start::Rounded => exact.follower_at(x, &rounded_counts(initial, self.population)),
            };
            values.map(|values| (x, weight, values))
        });
        let by_type: Vec<(usize, f64, Values)> = by_type.collect();
        let row = |start: String, weight, values| {
            self.exact_row(Player::Follower, (start, deviation), weight, values, exact)
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
        rows.push(row(WORST.into(), Weight::Beside, exact.follower_worst()));
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

    fn leader_exact(&self, deviation: &str, exact: &Exact) -> Vec<Row> {
        let initial = self.game.initial();
        let first = match self.settings.start {
            Start::Iid => exact.leader_iid(initial),
            Start::Rounded => exact.leader_at(&rounded_counts(initial, self.population)),
        };
        let by_type = match self.settings.start {
            Start::Iid => exact.leader_types_iid(initial),
            Start::Rounded => exact.leader_types_at(&rounded_counts(initial, self.population)),
        };
        let by_type = by_type.into_iter().map(|(x, values)| {
            let name = self.game.leader_types()[x.0].clone();
            (name, Weight::Beside, Some(values))
        });
        let worst = (WORST.to_string(), Weight::Beside, exact.leader_worst());
        let declared = self
            .settings
            .starts
            .iter()
            .map(|z| (law_name(z), Weight::Beside, exact.leader_iid(z)));
        [("initial".to_string(), Weight::Decides, first)]
            .into_iter()
            .chain(by_type)
            .chain([worst])
            .chain(declared)
            .filter_map(|(start, weight, values)| {
                values.map(|values| {
                    self.exact_row(Player::Leader, (start, deviation), weight, values, exact)
                })
            })
            .collect()
    }

    /// What periods of an infinite horizon that are not played can add to a gain of a player; else 0.
    fn tail(&self, player: Player) -> f64 {
        if !self.game.is_infinite() {
            return 0.0;
        }
        let ranges = RewardRanges::prove(self.game);
        self.game.tail(match player {
            Player::Follower => ranges.follower_width(),
            Player::Leader => ranges.leader_width(),
        })
    }

    fn exact_row(
        &self,
        player: Player,
        (start, deviation): (String, &str),
        weight: Weight,
        values: Values,
        exact: &Exact,
    ) -> Row {
        let deviation = deviation.to_owned();
        let name = RowName {
            population: self.population,
            player,
            start,
            deviation,
            weight,
        };
        let slack = Slack {
            error: exact.truncation,
            tail: self.tail(player),
        };
        exact_row(name, values, slack, self.settings.epsilon)
    }

    /// The initial types that some follower has, with the tagged follower's weights: z_1(x), or n_x / N when rounded.
    pub(super) fn tagged_types(&self) -> Vec<(usize, f64)> {
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

    fn alpha(&self) -> f64 {
        1.0 - self.settings.confidence
    }

    /// Exact rows: the claim is as good as the worst of the deciding ones.
    fn add(&self, rows: Vec<Row>, class: &str, error: f64, validation: &mut Validation) {
        let deciding = rows.iter().filter(|row| row.weight == Weight::Decides);
        let verdict = overall(deciding.map(|row| row.verdict));
        let evidence = match error {
            0.0 => "exact backward induction".to_owned(),
            _ => format!(
                "exact backward induction, tails cut with an error below {:.0e}",
                2.0 * error
            ),
        };
        validation
            .results
            .extend(self.conclude(&rows, verdict, class, (evidence, 2.0 * error)));
        validation.rows.extend(rows);
    }

    fn conclude(
        &self,
        rows: &[Row],
        verdict: Verdict,
        class: &str,
        (evidence, error): (String, f64),
    ) -> Option<ClaimResult> {
        let words = |names: &[String], weights: &[f64]| {
            let law = names.iter().zip(weights);
            let law: Vec<String> = law.map(|(x, weight)| format!("{x} {weight}")).collect();
            law.join(", ")
        };
        let game = self.game;
        let law = words(game.follower_types(), game.initial().weights());
        let leader = match game.leader_information() {
            LeaderInformation::NoTypes => String::new(),
            LeaderInformation::Private | LeaderInformation::Public => {
                let belief = game.initial_belief().weights();
                format!(", the leader ({})", words(game.leader_types(), belief))
            }
        };
        let drawn = match self.settings.start {
            Start::Iid => "i.i.d.",
            Start::Rounded => "rounded",
        };
        let conditions = Conditions {
            horizon: self.game.horizon(),
            initial: format!("{drawn} ({law}){leader}"),
            selection: self.settings.selection,
            class,
            epsilon: self.settings.epsilon,
            evidence,
            error,
        };
        conclude(rows, verdict, &conditions)
    }
}

/// The rows of deviations that have the same starts, by start.
fn by_start(deviations: Vec<Vec<Row>>) -> Vec<Row> {
    let starts = deviations.first().map_or(0, Vec::len);
    let rows = |start: usize| deviations.iter().map(move |rows| rows[start].clone());
    (0..starts).flat_map(rows).collect()
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
