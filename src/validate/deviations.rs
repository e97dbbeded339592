//! The deviations that are tried by sampling, and the flow that one of them answers.

use super::ValidateError;
use crate::game::{Flow, Game, LeaderAction, MeanField, Policy};

/// The mean-field limit's path under a policy: (17)-(21) from z_1.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanFieldPath {
    /// z_t for t = 1..=T + 1.
    pub z: Vec<MeanField>,
    /// The leader's action for t = 1..=T.
    pub leader_actions: Vec<LeaderAction>,
}

impl MeanFieldPath {
    /// The main path of a flow.
    pub fn of_flow(flow: &Flow) -> Self {
        let nodes = flow.main_path().into_iter().map(|i| &flow.nodes[i]);
        let (z, plays): (Vec<_>, Vec<_>) = nodes
            .map(|node| (node.mean_field.clone(), node.play.as_ref()))
            .unzip();
        Self {
            z,
            leader_actions: plays
                .into_iter()
                .flatten()
                .map(|play| play.leader_action)
                .collect(),
        }
    }

    /// Follow `policy` forward from z_1 by (8).
    ///
    /// # Errors
    /// A kernel or reward without a value on the path.
    pub fn follow(game: &Game, policy: &dyn Policy) -> Result<Self, ValidateError> {
        let mut tables = game.tables();
        let (mut path, mut leader_actions) = (vec![game.initial().clone()], Vec::new());
        let mut z = game.initial().clone();
        for t in 1..=game.horizon() {
            tables.evaluate(t, z.weights())?;
            let play = policy.play(t, &z);
            let mut next = vec![0.0; z.weights().len()];
            for (x, share) in z.weights().iter().enumerate() {
                for (a, weight) in play
                    .prescription
                    .row(x)
                    .iter()
                    .enumerate()
                    .filter(|(_, w)| **w > 0.0)
                {
                    for (y, mass) in next.iter_mut().enumerate() {
                        *mass += share * weight * tables.transition(play.leader_action.0, x, a, y);
                    }
                }
            }
            z = MeanField::new(next);
            path.push(z.clone());
            leader_actions.push(play.leader_action);
        }
        Ok(Self {
            z: path,
            leader_actions,
        })
    }
}

/// A best response to the mean-field flow: an action for every (t, type).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTable {
    types: usize,
    actions: Vec<usize>,
}

impl ResponseTable {
    /// Solve the decision problem of one follower whom the flow does not notice, backward along `path`; the first of
    /// equal actions.
    ///
    /// # Errors
    /// A kernel or reward without a value on the path.
    pub fn against(game: &Game, path: &MeanFieldPath) -> Result<Self, ValidateError> {
        let (types, horizon) = (game.follower_types().len(), path.leader_actions.len());
        let last = path.z[horizon].weights();
        let terminal = (0..types).map(|x| game.terminal_reward(last, x));
        let mut value = terminal.collect::<Result<Vec<f64>, _>>()?;
        let mut actions = vec![0; horizon * types];
        let mut tables = game.tables();
        for t in (1..=horizon).rev() {
            tables.evaluate(t, path.z[t - 1].weights())?;
            let leader = path.leader_actions[t - 1].0;
            let mut current = vec![f64::NEG_INFINITY; types];
            for x in 0..types {
                for a in (0..game.follower_actions().len()).filter(|a| game.is_available(x, *a)) {
                    let next = value
                        .iter()
                        .enumerate()
                        .map(|(y, v)| tables.transition(leader, x, a, y) * v);
                    let total =
                        tables.follower_reward(leader, x, a) + game.discount() * next.sum::<f64>();
                    if total > current[x] {
                        current[x] = total;
                        actions[(t - 1) * types + x] = a;
                    }
                }
            }
            value = current;
        }
        Ok(Self { types, actions })
    }

    /// The action at period t (from 1) of a follower of type x.
    pub fn action(&self, t: usize, x: usize) -> usize {
        self.actions[(t - 1) * self.types + x]
    }
}

/// A follower's deviation that can be played along a sample path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowerDeviation {
    /// One action wherever the type may take it; theta elsewhere.
    Constant(usize),
    /// The best response to the mean-field flow.
    MeanFieldResponse(ResponseTable),
}

impl FollowerDeviation {
    /// Every constant action and the best response to `path`.
    ///
    /// # Errors
    /// As [`ResponseTable::against`].
    pub fn class(game: &Game, path: &MeanFieldPath) -> Result<Vec<Self>, ValidateError> {
        let mut class: Vec<Self> = (0..game.follower_actions().len())
            .map(Self::Constant)
            .collect();
        class.push(Self::MeanFieldResponse(ResponseTable::against(game, path)?));
        Ok(class)
    }

    /// The action at (t, x); `None` where theta is played.
    pub fn action(&self, game: &Game, t: usize, x: usize) -> Option<usize> {
        match self {
            Self::Constant(a) => game.is_available(x, *a).then_some(*a),
            Self::MeanFieldResponse(table) => Some(table.action(t, x)),
        }
    }

    /// The name in deviations.csv.
    pub fn name(&self, game: &Game) -> String {
        match self {
            Self::Constant(a) => format!("constant:{}", game.follower_actions()[*a]),
            Self::MeanFieldResponse(_) => "mean_field_response".to_string(),
        }
    }
}
