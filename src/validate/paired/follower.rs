//! The tagged follower, with and without its deviation.

use rand::RngExt;

use super::crowd::{Announced, Setting, Worker, advance, next_type};
use super::{Difference, Experiment};
use crate::game::{Game, MeanField};
use crate::stream::Role;
use crate::validate::ValidateError;
use crate::validate::deviations::FollowerDeviation;

/// Starts: the initial types of positive weight in order, then their average with those weights.
pub(in crate::validate) struct FollowerExperiment<'a> {
    pub setting: Setting<'a>,
    /// (type, weight) of the tagged follower at t = 1; the weights sum to one.
    pub types: Vec<(usize, f64)>,
    pub deviations: Vec<FollowerDeviation>,
}

impl Experiment for FollowerExperiment<'_> {
    fn replicate(
        &self,
        worker: &mut Worker<'_>,
        replication: u64,
        deviations: &[usize],
    ) -> Result<Vec<Difference>, ValidateError> {
        let discount = self.game().discount();
        let mut differences = Vec::with_capacity((self.types.len() + 1) * deviations.len());
        let mut average = vec![
            Difference {
                theta: 0.0,
                gain: 0.0
            };
            deviations.len()
        ];
        for (x, weight) in &self.types {
            let theta = self.rewards(worker, replication, *x, None)?;
            let value = discounted(theta.iter().copied(), discount);
            for (d, average) in deviations.iter().zip(&mut average) {
                let deviant = self.rewards(worker, replication, *x, Some(&self.deviations[*d]))?;
                let gain = discounted(
                    deviant.iter().zip(&theta).map(|(r, base)| r - base),
                    discount,
                );
                differences.push(Difference { theta: value, gain });
                average.theta += weight * value;
                average.gain += weight * gain;
            }
        }
        differences.extend(average);
        Ok(differences)
    }

    fn game(&self) -> &Game {
        self.setting.game
    }
}

impl FollowerExperiment<'_> {
    /// The tagged follower's expected rewards given its types and the counts, t = 1..=T, and the terminal one.
    fn rewards(
        &self,
        worker: &mut Worker<'_>,
        replication: u64,
        start: usize,
        deviation: Option<&FollowerDeviation>,
    ) -> Result<Vec<f64>, ValidateError> {
        let Setting {
            game,
            policy,
            streams,
            ..
        } = &self.setting;
        let mut crowd = streams.stream(replication, Role::Followers);
        let mut tagged = streams.stream(replication, Role::TaggedFollower);
        let mut others = self.setting.first_counts(replication, Some(start));
        let mut x = start;
        let mut rewards = Vec::with_capacity(game.horizon() + 1);
        let mut pure = vec![0.0; game.follower_actions().len()];
        for t in 1..=game.horizon() {
            let play = worker.play(*policy, t, &with_tagged(&others, x), Announced::Theta)?;
            let tables = &worker.tables;
            let row = match deviation.and_then(|d| d.action(game, t, x)) {
                Some(action) => {
                    pure.fill(0.0);
                    pure[action] = 1.0;
                    &pure
                }
                None => play.prescription.row(x),
            };
            let played = row.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
            let leader = play.leader_action;
            rewards.push(
                played
                    .map(|(a, weight)| weight * tables.follower_reward(leader.0, x, a))
                    .sum(),
            );
            let law = next_type(tables, leader, x, row, others.len());
            x = pick(&law, tagged.random());
            advance(tables, &play, &mut others, &mut crowd);
        }
        let last = MeanField::from_counts(&with_tagged(&others, x));
        rewards.push(game.terminal_reward(last.weights(), x)?);
        Ok(rewards)
    }
}

/// N z^N, the tagged follower included.
fn with_tagged(others: &[u64], x: usize) -> Vec<u64> {
    let mut counts = others.to_vec();
    counts[x] += 1;
    counts
}

/// The outcome of a law at the quantile `uniform` in [0, 1); the last possible one where rounding leaves none.
fn pick(law: &[f64], uniform: f64) -> usize {
    let mut left = uniform;
    let mut last = 0;
    for (outcome, weight) in law.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        if left < *weight {
            return outcome;
        }
        left -= weight;
        last = outcome;
    }
    last
}

/// sum_t delta^(t-1) r_t.
pub(super) fn discounted(rewards: impl Iterator<Item = f64>, discount: f64) -> f64 {
    let (mut total, mut factor) = (0.0, 1.0);
    for reward in rewards {
        total += factor * reward;
        factor *= discount;
    }
    total
}
