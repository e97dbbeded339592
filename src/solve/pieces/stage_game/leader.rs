//! What an equilibrium is worth to each type of a leader whose type is private, (16).

use super::{Equilibrium, StageGames};
use crate::game::{LeaderAction, LeaderType, update_belief};
use crate::solve::SolveError;

/// V^l per leader type, and what types of probability zero do.
pub(in crate::solve) struct TypeValues {
    pub values: Vec<f64>,
    pub own: Vec<(LeaderType, LeaderAction)>,
}

impl StageGames<'_> {
    /// V^l of an equilibrium per type of a leader whose type is private, (16): for each, the sum over her actions of their
    /// probability times r + sum over x, a of z(x) gamma(a|x) g(x, a) + delta E V^l_{t+1}(pi', z', x').
    ///
    /// A type of probability zero moves nothing and takes its own best action, which is returned with the values.
    pub fn leader_types(&self, e: &Equilibrium) -> Result<TypeValues, SolveError> {
        let game = self.period.game;
        let candidate = &self.period.candidates.list[e.label.candidate];
        let mut all = TypeValues {
            values: Vec::new(),
            own: Vec::new(),
        };
        for (x, weight) in self.period.belief.weights().iter().enumerate() {
            let x = LeaderType(x);
            if *weight > 0.0 {
                let mut value = 0.0;
                for (action, gamma) in candidate.leader.support(x) {
                    value += gamma * self.worth(e, x, action)?;
                }
                all.values.push(value);
                continue;
            }
            let mut best = (f64::NEG_INFINITY, LeaderAction(0));
            for action in (0..game.leader_actions().len()).map(LeaderAction) {
                let value = self.worth(e, x, action)?;
                if value > best.0 {
                    best = (value, action);
                }
            }
            all.values.push(best.0);
            all.own.push((x, best.1));
        }
        Ok(all)
    }

    /// What a type of the leader gets by an action, all else as announced.
    fn worth(
        &self,
        e: &Equilibrium,
        x: LeaderType,
        action: LeaderAction,
    ) -> Result<f64, SolveError> {
        let (game, belief) = (self.period.game, self.period.belief);
        let candidate = &self.period.candidates.list[e.label.candidate];
        let index = game.leader_move(x, action);
        let mut value = self.tables.leader_period_reward(index);
        for y in 0..2 {
            for &a in &self.available[y] {
                let mass = self.mass(y) * e.gamma(y, a);
                if mass > 0.0 {
                    value += mass * self.tables.leader_follower_reward(index, y, a);
                }
            }
        }
        let seen = candidate.after.iter().find(|a| a.outcome.action == action);
        let nodes = match seen {
            Some(after) => after.nodes.clone(),
            None => {
                let leader = &candidate.leader;
                let after = update_belief(game, &self.tables, belief, leader, action, x);
                self.period.nodes_of(&after)?
            }
        };
        let next = self.next(e.label.candidate);
        let mut later = 0.0;
        for (node, share) in nodes {
            let held = &self.period.next[node];
            let mut sides = vec![(e.next.m, 1.0)];
            if e.coin > 0.0 {
                let right = next.pieces()[e.next.piece + 1].lo;
                sides = vec![(e.next.m, 1.0 - e.coin), (right, e.coin)];
            }
            for (m, probability) in sides {
                let values = held.leader_types(held.locate(m));
                for (to, v) in values.iter().enumerate() {
                    let q = self.tables.leader_transition(index, to);
                    later += share * probability * q * v;
                }
            }
        }
        Ok(value + game.discount() * later)
    }
}
