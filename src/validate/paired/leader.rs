//! The leader, with and without a constant announced action; the followers answer.

use super::crowd::{Announced, Setting, Worker, advance};
use super::follower::discounted;
use super::{Difference, Experiment};
use crate::game::{Game, LeaderAction, MeanField, Play};
use crate::stream::Role;
use crate::validate::{ValidateError, leader_reward};

/// One start, z_1; deviation l announces leader action l at every t.
pub(in crate::validate) struct LeaderExperiment<'a> {
    pub setting: Setting<'a>,
}

/// One period of a run.
struct Step {
    counts: Vec<u64>,
    play: Play,
    reward: f64,
}

impl Experiment for LeaderExperiment<'_> {
    fn replicate(
        &self,
        worker: &mut Worker<'_>,
        replication: u64,
        deviations: &[usize],
    ) -> Result<Vec<Difference>, ValidateError> {
        let Setting { game, policy, .. } = &self.setting;
        let base = self.run(worker, replication, |worker, t, counts| {
            worker.play(*policy, t, counts, Announced::Theta)
        })?;
        let theta = discounted(base.iter().map(|step| step.reward), game.discount());
        let mut difference = |constant: &usize| {
            let announced = LeaderAction(*constant);
            let deviant = self.run(worker, replication, |worker, t, counts| {
                // Where nothing differs from the base run, theta's own play is the answer, as in the exact method.
                let step = &base[t - 1];
                let theta = step.counts == counts && step.play.leader_action == announced;
                let announced = if theta {
                    Announced::Theta
                } else {
                    Announced::Deviating(announced)
                };
                worker.play(*policy, t, counts, announced)
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
        deviations.iter().map(&mut difference).collect()
    }

    fn game(&self) -> &Game {
        self.setting.game
    }
}

impl LeaderExperiment<'_> {
    /// One run, `play_at` saying what is played at (t, n).
    fn run<'g>(
        &self,
        worker: &mut Worker<'g>,
        replication: u64,
        mut play_at: impl FnMut(&mut Worker<'g>, usize, &[u64]) -> Result<Play, ValidateError>,
    ) -> Result<Vec<Step>, ValidateError> {
        let Setting { game, streams, .. } = &self.setting;
        let mut crowd = streams.stream(replication, Role::Followers);
        let mut counts = self.setting.first_counts(replication, None);
        let mut steps = Vec::with_capacity(game.horizon());
        for t in 1..=game.horizon() {
            let play = play_at(worker, t, &counts)?;
            let z = MeanField::from_counts(&counts);
            let reward = leader_reward(&worker.tables, play.leader_action, &play.prescription, &z);
            let before = counts.clone();
            advance(&worker.tables, &play, &mut counts, &mut crowd);
            steps.push(Step {
                counts: before,
                play,
                reward,
            });
        }
        Ok(steps)
    }
}
