//! The leader, with and without her deviation; the followers answer what she announces.

use super::LeaderDraws;
use super::crowd::{Announced, Setting, Worker, advance};
use super::follower::discounted;
use crate::game::{Belief, Game, MeanField, Play, leader_reward};
use crate::simulate::Leader;
use crate::stream::{Role, Stream};
use crate::validate::deviations::LeaderDeviation;
use crate::validate::trial::{Difference, Experiment};
use crate::validate::{Player, ValidateError};

/// One start, z_1.
pub(in crate::validate) struct LeaderExperiment<'a> {
    pub setting: Setting<'a>,
    pub deviations: Vec<LeaderDeviation>,
}

/// One period of a run.
struct Step {
    leader: Leader,
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
        let draws = LeaderDraws::new(game, streams, replication);
        let first = Start {
            leader: draws.first(game),
            counts: self.setting.first_counts(replication, None),
            crowd: streams.stream(replication, Role::Followers),
        };
        let base = self.run(worker, (1, &draws), first, |worker, t, state| {
            worker.play(*policy, t, state, Announced::Theta)
        })?;
        let theta = discounted(base.iter().map(|step| step.reward), game.discount());
        let mut difference = |d: &usize| {
            let deviation = &self.deviations[*d];
            let from = deviation.first_period();
            let Some(start) = base.get(from - 1) else {
                return Ok(Difference::plain(theta, 0.0));
            };
            let start = Start {
                leader: start.leader.clone(),
                counts: start.counts.clone(),
                crowd: start.crowd.clone(),
            };
            let deviant = self.run(worker, (from, &draws), start, |worker, t, state| {
                let (step, (belief, counts)) = (&base[t - 1], state);
                let announced = deviation.announced(t, belief, &MeanField::from_counts(counts))?;
                // Where nothing differs from the base run, theta's own play is the answer, as in the exact method.
                let here = step.counts == counts && step.leader.belief == *belief;
                let announced = announced.filter(|own| !here || step.play.leader != *own);
                let announced = announced
                    .as_ref()
                    .map_or(Announced::Theta, Announced::Deviating);
                worker.play(*policy, t, state, announced)
            });
            let deviant = deviant.map_err(|error| {
                let population = self.setting.population;
                error.on_the_way_of(Player::Leader, population, || deviation.name(game))
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
}

/// Where a run begins.
struct Start {
    leader: Leader,
    counts: Vec<u64>,
    crowd: Stream,
}

impl LeaderExperiment<'_> {
    /// One run from period `from` on, `play_at` saying what is played at (t, pi, n).
    fn run<'g>(
        &self,
        worker: &mut Worker<'g>,
        (from, draws): (usize, &LeaderDraws<'_>),
        mut now: Start,
        mut play_at: impl FnMut(
            &mut Worker<'g>,
            usize,
            (&Belief, &[u64]),
        ) -> Result<Play, ValidateError>,
    ) -> Result<Vec<Step>, ValidateError> {
        let game = self.setting.game;
        let mut steps = Vec::with_capacity(game.horizon() + 1 - from);
        for t in from..=game.horizon() {
            let play = play_at(worker, t, (&now.leader.belief, &now.counts))?;
            let (tables, z) = (&worker.tables, MeanField::from_counts(&now.counts));
            let leader_move = draws.act(game, t, &now.leader, &play);
            let reward = leader_reward(tables, leader_move, &z, &play.prescription);
            let (leader, counts, crowd) =
                (now.leader.clone(), now.counts.clone(), now.crowd.clone());
            advance(tables, &play, leader_move, &mut now.counts, &mut now.crowd);
            draws.advance(game, tables, (t, &play, leader_move), &mut now.leader);
            steps.push(Step {
                leader,
                counts,
                crowd,
                play,
                reward,
            });
        }
        Ok(steps)
    }
}
