//! The leader's gains in the mean-field limit: one stage at a time, (15c), and by a whole constant policy.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::game::{
    Belief, Flow, Game, GameError, LeaderAction, LeaderMove, LeaderPrescription, MeanField, Play,
    mean_rewards,
};
use crate::solve::{SolveError, Solved};

/// The leader's value of following theta forward, remembered per (t, z).
struct LeaderValues<'s, 'g> {
    solution: &'s Solved<'g>,
    known: BTreeMap<(usize, Vec<u64>), f64>,
}

impl LeaderValues<'_, '_> {
    fn from(&mut self, t: usize, z: MeanField) -> Result<f64, SolveError> {
        // Follow until T + 1, a known point, or a lottery; then fold the rewards back.
        let game = self.solution.game();
        let mut path: Vec<((usize, Vec<u64>), f64)> = Vec::new();
        let (mut now, mut at) = (t, z);
        let mut value = loop {
            if now > game.horizon() {
                break 0.0;
            }
            let key = (now, at.weights().iter().map(|w| w.to_bits()).collect());
            if let Some(v) = self.known.get(&key) {
                break *v;
            }
            let point = self.solution.resolve(now, &Belief::certain(), &at)?;
            let reward = leader_reward(game, now, &at, &point.play)?;
            path.push((key, reward));
            if let [next] = &point.next[..] {
                at = self
                    .solution
                    .settle(now + 1, &next.belief, &next.mean_field);
                now += 1;
                continue;
            }
            let mut mean = 0.0;
            for next in &point.next {
                let side = self
                    .solution
                    .settle(now + 1, &next.belief, &next.mean_field);
                mean += next.probability * self.from(now + 1, side)?;
            }
            break mean;
        };
        for (key, reward) in path.into_iter().rev() {
            value = reward + game.discount() * value;
            self.known.insert(key, value);
        }
        Ok(value)
    }
}

fn leader_reward(game: &Game, t: usize, z: &MeanField, play: &Play) -> Result<f64, GameError> {
    let mut tables = game.tables();
    tables.evaluate(t, z.weights())?;
    Ok(mean_rewards(
        &tables,
        z,
        &play.prescription,
        &LeaderMove::law(game, &Belief::certain(), &play.leader),
    )
    .leader)
}

/// The leader's largest one-stage gain along a flow, (15c): each candidate's continuation is theta followed forward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeaderGain {
    /// Value of the best candidate minus theta's, at the node where it is largest; 0 where theta's action is best everywhere.
    pub gain: f64,
    /// The period of that node.
    pub t: usize,
    /// The candidate.
    pub action: LeaderAction,
}

/// The largest one-stage gain of the leader along the flow of theta.
pub fn leader_gain(solution: &Solved, flow: &Flow) -> Result<LeaderGain, SolveError> {
    let game = solution.game();
    let mut values = LeaderValues {
        solution,
        known: BTreeMap::new(),
    };
    let mut largest = LeaderGain {
        gain: 0.0,
        t: 1,
        action: LeaderAction(0),
    };
    for node in flow.nodes.iter().filter(|n| n.play.is_some()) {
        let z = &node.mean_field;
        // A stationary theta is followed for the whole horizon from every node.
        let t = if game.is_infinite() { 1 } else { node.t };
        let own = values.from(t, z.clone())?;
        for action in (0..game.leader_actions().len()).map(LeaderAction) {
            let point = solution.answer_at(
                t,
                &Belief::certain(),
                z,
                &LeaderPrescription::action(action),
            )?;
            let mut value = leader_reward(game, t, z, &point.play)?;
            for next in &point.next {
                let at = solution.settle(t + 1, &next.belief, &next.mean_field);
                value += game.discount() * next.probability * values.from(t + 1, at)?;
            }
            if value - own > largest.gain {
                largest = LeaderGain {
                    gain: value - own,
                    t: node.t,
                    action,
                };
            }
        }
    }
    Ok(largest)
}

/// The best whole policy of the leader among constant actions, against theta: the commitment gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommitmentGap {
    /// V^l_1 of the best constant action minus theta's; negative where theta beats them all.
    pub value: f64,
    /// The action.
    pub action: LeaderAction,
    /// Constant actions for which the iteration of an infinite horizon did not converge; they are not compared.
    pub unsolved: usize,
}

/// Solve the followers' game for every constant leader action and compare at the start.
///
/// With a single action she is committed already. Each constant is solved by the same recursion and selection, so this costs about one more solution.
pub fn commitment_gap(solution: &Solved, start: &MeanField) -> Result<CommitmentGap, SolveError> {
    let game = solution.game();
    if game.leader_actions().len() == 1 {
        return Ok(CommitmentGap {
            value: 0.0,
            action: LeaderAction(0),
            unsolved: 0,
        });
    }
    let own = solution
        .resolve(1, game.initial_belief(), start)?
        .values
        .leader;
    let gaps: Vec<Result<Option<f64>, SolveError>> = (0..game.leader_actions().len())
        .into_par_iter()
        .map(|action| {
            let constant = Solved::compute(game, solution.settings(), Some(vec![action]))?;
            let value = constant
                .resolve(1, game.initial_belief(), start)?
                .values
                .leader
                - own;
            Ok(Some(value).filter(|_| constant.is_solved()))
        })
        .collect();
    let mut best = CommitmentGap {
        value: f64::NAN,
        action: LeaderAction(0),
        unsolved: 0,
    };
    for (action, gap) in gaps.into_iter().enumerate() {
        match gap? {
            Some(value) if best.value.is_nan() || value > best.value => {
                best.value = value;
                best.action = LeaderAction(action);
            }
            Some(_) => {}
            None => best.unsolved += 1,
        }
    }
    Ok(best)
}
