//! Whether the belief that simulated followers hold is borne out by the leader's types.
//!
//! Given all that was public before t, x^l_t has the law pi_t where followers see nothing that depends on a private type.
//! So among the replications in which one action was seen at t - 1, the number of those with x^l_t = k is a sum of
//! independent Bernoullis of the chances pi_t(k), whose law is computed exactly. A belief that is never updated, or by the
//! wrong prescription, is wrong after some action, and shows there. A public type is compared with Q^l instead, and the
//! belief must be certain of it. The p-value is the smallest of all (t, action, k), times their number.

use std::collections::BTreeMap;

use crate::game::{Belief, Game, LeaderInformation, LeaderType, MeanField, Tables};
use crate::simulate::Trajectory;
use crate::validate::{CHECK_LEVEL, Check, ValidateError};

/// The period, the action seen before it, and the type.
type Cell = (usize, Option<usize>, usize);

/// Forecasts of one event, and how often it came.
#[derive(Clone, Debug, Default)]
struct Forecasts {
    chances: Vec<f64>,
    came: usize,
}

/// The forecasts of all trajectories taken in.
pub struct BeliefCheck<'a> {
    game: &'a Game,
    tables: Tables<'a>,
    cells: BTreeMap<Cell, Forecasts>,
    impossible: u64,
}

impl<'a> BeliefCheck<'a> {
    /// Nothing observed; `None` where there is nothing to compare: no leader types, or followers who see more of them
    /// than the belief says.
    pub fn new(game: &'a Game) -> Option<Self> {
        let typed = game.leader_information() != LeaderInformation::NoTypes;
        (typed && game.private_type_leaks().is_none()).then(|| Self {
            game,
            tables: game.tables(),
            cells: BTreeMap::new(),
            impossible: 0,
        })
    }

    /// Take in one trajectory, with the beliefs and types that it records.
    ///
    /// # Errors
    /// A kernel or reward without a value on its path.
    pub fn push(&mut self, trajectory: &Trajectory) -> Result<(), ValidateError> {
        for t in 1..=trajectory.horizon() + 1 {
            let belief = Belief::new(trajectory.belief(t).to_vec());
            let LeaderType(came) = trajectory.leader_type(t);
            let forecast = match self.game.leader_information() {
                LeaderInformation::Public => self.public(trajectory, t)?,
                LeaderInformation::NoTypes | LeaderInformation::Private => belief.clone(),
            };
            let certain = Belief::of_type(belief.weights().len(), LeaderType(came));
            let public = self.game.leader_information() == LeaderInformation::Public;
            if public && belief != certain {
                self.impossible += 1;
            }
            let seen = (t > 1).then(|| trajectory.leader_action(t - 1).0);
            self.add((t, seen), &forecast, came);
        }
        Ok(())
    }

    /// pi_1, then Q^l at the type, action and mean field before.
    fn public(&mut self, trajectory: &Trajectory, t: usize) -> Result<Belief, ValidateError> {
        if t == 1 {
            return Ok(self.game.initial_belief().clone());
        }
        let z = MeanField::from_counts(trajectory.counts(t - 1));
        self.tables.evaluate(t - 1, z.weights())?;
        let (x, a) = (
            trajectory.leader_type(t - 1),
            trajectory.leader_action(t - 1),
        );
        let made = self.game.leader_move(x, a);
        let types = 0..self.game.leader_types().len();
        let law = types.map(|next| self.tables.leader_transition(made, next));
        Ok(Belief::new(law.collect()))
    }

    /// Take in that the type `came` at t, under this forecast, after the action `seen` at t - 1.
    pub(super) fn add(
        &mut self,
        (t, seen): (usize, Option<usize>),
        forecast: &Belief,
        came: usize,
    ) {
        // The chances of two types are the same news.
        let first = usize::from(forecast.weights().len() == 2);
        if forecast.weights()[came] <= 0.0 {
            self.impossible += 1;
        }
        for (k, chance) in forecast.weights().iter().enumerate().skip(first) {
            let cell = self.cells.entry((t, seen, k)).or_default();
            cell.chances.push(chance.clamp(0.0, 1.0));
            cell.came += usize::from(k == came);
        }
    }

    /// The check of all that was taken in: its statistic is the largest standardised miss, its degrees their number.
    pub fn result(&self, population: u64) -> Check {
        let open = || self.cells.values().filter(|cell| cell.variance() > 0.0);
        let number = open().count() as f64;
        let smallest = open().map(Forecasts::p_value).fold(1.0, f64::min);
        let p_value = (number * smallest).min(1.0);
        Check {
            name: "belief",
            population,
            statistic: open().map(Forecasts::miss).fold(0.0, f64::max),
            degrees: number,
            p_value: if number > 0.0 { p_value } else { 1.0 },
            impossible: self.impossible,
            passed: (number == 0.0 || p_value >= CHECK_LEVEL) && self.impossible == 0,
        }
    }
}

impl Forecasts {
    fn variance(&self) -> f64 {
        self.chances.iter().map(|p| p * (1.0 - p)).sum()
    }

    /// |came - sum p| in standard deviations.
    fn miss(&self) -> f64 {
        let mean: f64 = self.chances.iter().sum();
        (self.came as f64 - mean).abs() / self.variance().sqrt()
    }

    /// Twice the smaller tail of the law of the number of events, at what came.
    fn p_value(&self) -> f64 {
        let mut law = vec![1.0];
        for p in &self.chances {
            law.push(0.0);
            for k in (0..law.len()).rev() {
                let from = if k > 0 { law[k - 1] } else { 0.0 };
                law[k] = (1.0 - p) * law[k] + p * from;
            }
        }
        let lower: f64 = law[..=self.came].iter().sum();
        let upper: f64 = law[self.came..].iter().sum();
        (2.0 * lower.min(upper)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_p_value_is_that_of_every_outcome_enumerated() {
        let chances = vec![0.1, 0.7, 0.5, 0.0, 1.0];
        for came in 0..=5 {
            let (mut lower, mut upper) = (0.0, 0.0);
            for code in 0..32_usize {
                let hits = (0..5).filter(|i| code >> i & 1 == 1).count();
                let each = chances.iter().enumerate();
                let chance: f64 = each
                    .map(|(i, p)| if code >> i & 1 == 1 { *p } else { 1.0 - p })
                    .product();
                lower += if hits <= came { chance } else { 0.0 };
                upper += if hits >= came { chance } else { 0.0 };
            }
            let forecasts = Forecasts {
                chances: chances.clone(),
                came,
            };
            let expected = (2.0_f64 * f64::min(lower, upper)).min(1.0);
            assert!((forecasts.p_value() - expected).abs() < 1e-14, "{came}");
        }
    }
}
