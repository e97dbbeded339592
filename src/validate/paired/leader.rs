//! The leader, with and without a constant announced action; the followers answer.

use super::crowd::{Setting, advance};
use super::follower::discounted;
use super::{Difference, Experiment};
use crate::game::{Game, LeaderAction, MeanField, Play, Tables};
use crate::stream::Role;
use crate::validate::{ValidateError, leader_reward};

/// One start, z_1; deviation l announces leader action l at every t.
pub(in crate::validate) struct LeaderExperiment<'a> {
    pub setting: Setting<'a>,
}

/// One period of the base run.
struct Step {
    counts: Vec<u64>,
    play: Play,
    reward: f64,
}

impl Experiment for LeaderExperiment<'_> {
    fn replicate(
        &self,
        tables: &mut Tables<'_>,
        replication: u64,
        deviations: &[usize],
    ) -> Result<Vec<Difference>, ValidateError> {
        let Setting { game, policy, .. } = &self.setting;
        let base = self.run(tables, replication, |t, counts| {
            Ok(policy.play(t, &MeanField::from_counts(counts)))
        })?;
        let theta = discounted(base.iter().map(|step| step.reward), game.discount());
        let difference = |constant: &usize| {
            let announced = LeaderAction(*constant);
            let deviant = self.run(tables, replication, |t, counts| {
                // Where nothing differs from the base run, theta's own play is the answer, as in the exact method.
                let step = &base[t - 1];
                if step.counts == counts && step.play.leader_action == announced {
                    return Ok(step.play.clone());
                }
                let answer = policy.answer(t, &MeanField::from_counts(counts), announced);
                let prescription = answer.ok_or(ValidateError::NoAnswer { t })?;
                Ok(Play {
                    leader_action: announced,
                    prescription,
                })
            })?;
            let steps = deviant
                .iter()
                .zip(&base)
                .map(|(step, base)| step.reward - base.reward);
            Ok(Difference {
                theta,
                gain: discounted(steps, game.discount()),
            })
        };
        deviations.iter().map(difference).collect()
    }

    fn game(&self) -> &Game {
        self.setting.game
    }
}

impl LeaderExperiment<'_> {
    fn run(
        &self,
        tables: &mut Tables<'_>,
        replication: u64,
        mut play_at: impl FnMut(usize, &[u64]) -> Result<Play, ValidateError>,
    ) -> Result<Vec<Step>, ValidateError> {
        let Setting { game, streams, .. } = &self.setting;
        let mut crowd = streams.stream(replication, Role::Followers);
        let mut counts = self.setting.first_counts(replication, None);
        let mut steps = Vec::with_capacity(game.horizon());
        for t in 1..=game.horizon() {
            let z = MeanField::from_counts(&counts);
            tables.evaluate(t, z.weights())?;
            let play = play_at(t, &counts)?;
            let reward = leader_reward(tables, play.leader_action, &play.prescription, &z);
            let before = counts.clone();
            advance(tables, &play, &mut counts, &mut crowd);
            steps.push(Step {
                counts: before,
                play,
                reward,
            });
        }
        Ok(steps)
    }
}
