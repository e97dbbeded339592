//! The leader, with and without her deviation; the followers answer what she announces.

use super::crowd::{Announced, Setting, Worker, advance};
use super::follower::discounted;
use super::{Difference, Experiment};
use crate::game::{Game, MeanField, Play};
use crate::stream::{Role, Stream};
use crate::validate::deviations::LeaderDeviation;
use crate::validate::{ValidateError, leader_reward};

/// One start, z_1.
pub(in crate::validate) struct LeaderExperiment<'a> {
    pub setting: Setting<'a>,
    pub deviations: Vec<LeaderDeviation>,
}

/// One period of a run.
struct Step {
    counts: Vec<u64>,
    /// The crowd's stream before the step.
    crowd: Stream,
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
        let Setting {
            game,
            policy,
            streams,
            ..
        } = &self.setting;
        let first = (
            self.setting.first_counts(replication, None),
            streams.stream(replication, Role::Followers),
        );
        let base = self.run(worker, 1, first, |worker, t, counts| {
            worker.play(*policy, t, counts, Announced::Theta)
        })?;
        let theta = discounted(base.iter().map(|step| step.reward), game.discount());
        let mut difference = |d: &usize| {
            let deviation = &self.deviations[*d];
            let from = deviation.first_period();
            let Some(start) = base.get(from - 1) else {
                return Ok(Difference::plain(theta, 0.0));
            };
            let start = (start.counts.clone(), start.crowd.clone());
            let deviant = self.run(worker, from, start, |worker, t, counts| {
                let step = &base[t - 1];
                let announced = deviation.announced(t, &MeanField::from_counts(counts));
                // Where nothing differs from the base run, theta's own play is the answer, as in the exact method.
                let announced = announced
                    .filter(|action| step.counts != counts || step.play.leader_action() != *action);
                let announced = announced.map_or(Announced::Theta, Announced::Deviating);
                worker.play(*policy, t, counts, announced)
            })?;
            let differences = deviant.iter().zip(&base[from - 1..]);
            let steps = differences.map(|(step, base)| step.reward - base.reward);
            let unchanged = std::iter::repeat_n(0.0, from - 1);
            let gain = discounted(unchanged.chain(steps), game.discount());
            Ok(Difference::plain(theta, gain))
        };
        deviations.iter().map(&mut difference).collect()
    }

    fn game(&self) -> &Game {
        self.setting.game
    }

    fn averages(&self) -> usize {
        0
    }
}

impl LeaderExperiment<'_> {
    /// One run from period `from` on, at its counts and stream, `play_at` saying what is played at (t, n).
    fn run<'g>(
        &self,
        worker: &mut Worker<'g>,
        from: usize,
        (mut counts, mut crowd): (Vec<u64>, Stream),
        mut play_at: impl FnMut(&mut Worker<'g>, usize, &[u64]) -> Result<Play, ValidateError>,
    ) -> Result<Vec<Step>, ValidateError> {
        let horizon = self.setting.game.horizon();
        let mut steps = Vec::with_capacity(horizon + 1 - from);
        for t in from..=horizon {
            let play = play_at(worker, t, &counts)?;
            let z = MeanField::from_counts(&counts);
            let reward =
                leader_reward(&worker.tables, play.leader_action(), &play.prescription, &z);
            let before = (counts.clone(), crowd.clone());
            advance(&worker.tables, &play, &mut counts, &mut crowd);
            steps.push(Step {
                counts: before.0,
                crowd: before.1,
                play,
                reward,
            });
        }
        Ok(steps)
    }
}
