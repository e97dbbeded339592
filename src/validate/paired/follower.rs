//! The tagged follower, with and without its deviation.

use rand::RngExt;

use super::LeaderDraws;
use super::crowd::{Announced, Setting, Worker, advance};
use crate::game::{Game, MeanField, Play, mean_value, next_type};
use crate::simulate::Leader;
use crate::stream::{Role, Stream};
use crate::validate::deviations::FollowerDeviation;
use crate::validate::trial::{Difference, Experiment};
use crate::validate::{Player, ValidateError};

/// Starts: the initial types of positive weight in order, then their average with those weights.
pub(in crate::validate) struct FollowerExperiment<'a> {
    pub setting: Setting<'a>,
    /// (type, weight) of the tagged follower at t = 1; the weights sum to one.
    pub types: Vec<(usize, f64)>,
    pub deviations: Vec<FollowerDeviation>,
}

/// Where a run stands: the leader, the others, the tagged follower's type, and the streams that move them.
#[derive(Clone)]
struct State {
    leader: Leader,
    others: Vec<u64>,
    x: usize,
    crowd: Stream,
    tagged: Stream,
}

/// One period of the base run.
struct Step {
    state: State,
    z: MeanField,
    /// gamma(. | x) of theta at the state.
    row: Vec<f64>,
    reward: f64,
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
        let mut average = vec![Difference::default(); deviations.len()];
        let draws = LeaderDraws::new(self.game(), &self.setting.streams, replication);
        for (x, weight) in &self.types {
            let (base, last) = self.base(worker, (replication, &draws), *x)?;
            let rewards = base.iter().map(|step| step.reward).chain([last]);
            let theta: Vec<f64> = rewards.collect();
            let value = discounted(theta.iter().copied(), discount);
            for (d, average) in deviations.iter().zip(&mut average) {
                let deviation = &self.deviations[*d];
                let gain = self.gain(worker, &draws, (&base, &theta), deviation);
                let gain = gain.map_err(|error| {
                    let population = self.setting.population;
                    error
                        .on_the_way_of(Player::Follower, population, || deviation.name(self.game()))
                })?;
                let difference = Difference::plain(value, gain);
                differences.push(difference);
                average.add(*weight, &difference);
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
    /// The run in which the tagged follower plays theta, and its terminal reward.
    fn base(
        &self,
        worker: &mut Worker<'_>,
        (replication, draws): (u64, &LeaderDraws<'_>),
        start: usize,
    ) -> Result<(Vec<Step>, f64), ValidateError> {
        let Setting { game, streams, .. } = &self.setting;
        let mut state = State {
            leader: draws.first(game),
            others: self.setting.first_counts(replication, Some(start)),
            x: start,
            crowd: streams.stream(replication, Role::Followers),
            tagged: streams.stream(replication, Role::TaggedFollower),
        };
        let mut steps = Vec::with_capacity(game.horizon());
        for t in 1..=game.horizon() {
            let before = state.clone();
            let (reward, play) = self.step(worker, (t, draws), &mut state, None)?;
            steps.push(Step {
                z: MeanField::from_counts(&with_tagged(&before.others, before.x)),
                row: play.prescription.row(before.x).to_vec(),
                state: before,
                reward,
            });
        }
        Ok((steps, self.terminal(&state)?))
    }

    /// D: the run with the deviation follows the base run, step and stream, until it first plays otherwise.
    fn gain(
        &self,
        worker: &mut Worker<'_>,
        draws: &LeaderDraws<'_>,
        (base, theta): (&[Step], &[f64]),
        deviation: &FollowerDeviation,
    ) -> Result<f64, ValidateError> {
        let (game, mut law) = (self.game(), vec![0.0; self.game().follower_actions().len()]);
        let mut first = base.len();
        for (index, step) in base.iter().enumerate() {
            let here = (index + 1, &step.state.leader.belief, &step.z);
            deviation.write_law(game, here, step.state.x, &step.row, &mut law)?;
            if law != step.row {
                first = index;
                break;
            }
        }
        if first == base.len() {
            return Ok(0.0);
        }
        let mut state = base[first].state.clone();
        let mut steps = vec![0.0; first];
        for t in first + 1..=game.horizon() {
            let (reward, _) = self.step(worker, (t, draws), &mut state, Some(deviation))?;
            steps.push(reward - theta[t - 1]);
        }
        steps.push(self.terminal(&state)? - theta[game.horizon()]);
        Ok(discounted(steps.into_iter(), game.discount()))
    }

    /// Everybody acts and moves at t; the tagged follower's expected reward there, and what theta plays.
    fn step(
        &self,
        worker: &mut Worker<'_>,
        (t, draws): (usize, &LeaderDraws<'_>),
        state: &mut State,
        deviation: Option<&FollowerDeviation>,
    ) -> Result<(f64, Play), ValidateError> {
        let Setting { game, policy, .. } = &self.setting;
        let counts = with_tagged(&state.others, state.x);
        let belief = &state.leader.belief;
        let play = worker.play(*policy, t, (belief, &counts), Announced::Theta)?;
        let tables = &worker.tables;
        let mut row = play.prescription.row(state.x).to_vec();
        if let Some(deviation) = deviation {
            let here = (t, belief, &MeanField::from_counts(&counts));
            deviation.write_law(
                game,
                here,
                state.x,
                play.prescription.row(state.x),
                &mut row,
            )?;
        }
        let leader_move = draws.act(game, t, &state.leader, &play);
        let reward = mean_value(&row, |a| tables.follower_reward(leader_move, state.x, a));
        let law = next_type(tables, leader_move, state.x, &row);
        state.x = pick(&law, state.tagged.random());
        let others = &mut state.others;
        advance(tables, &play, leader_move, others, &mut state.crowd);
        let acted = (t, &play, leader_move);
        draws.advance(game, tables, acted, &mut state.leader);
        Ok((reward, play))
    }

    fn terminal(&self, state: &State) -> Result<f64, ValidateError> {
        let last = MeanField::from_counts(&with_tagged(&state.others, state.x));
        Ok(self.game().terminal_reward(last.weights(), state.x)?)
    }
}

/// N z^N, the tagged follower included.
pub(in crate::validate) fn with_tagged(others: &[u64], x: usize) -> Vec<u64> {
    let mut counts = others.to_vec();
    counts[x] += 1;
    counts
}

/// The outcome of a law at the quantile `uniform` in [0, 1); the last possible one where rounding leaves none.
pub(in crate::validate) fn pick(law: &[f64], uniform: f64) -> usize {
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
pub(in crate::validate) fn discounted(rewards: impl Iterator<Item = f64>, discount: f64) -> f64 {
    let (mut total, mut factor) = (0.0, 1.0);
    for reward in rewards {
        total += factor * reward;
        factor *= discount;
    }
    total
}
