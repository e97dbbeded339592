//! What an equilibrium is worth to each type of a leader whose type is private, (16).

use super::{Equilibrium, StageGames};
use crate::game::{LeaderAction, LeaderType, leader_reward_under, update_belief};
use crate::solve::SolveError;
use crate::solve::leader::TypeValues;

impl StageGames<'_> {
    /// V^l of an equilibrium per type of a leader whose type is private, (16): for each, the sum over her actions of their
    /// probability times r + sum over x, a of z(x) gamma(a|x) g(x, a) + delta E V^l_{t+1}(pi', z', x').
    pub fn leader_types(&self, e: &Equilibrium) -> Result<TypeValues, SolveError> {
        let leader = &self.period.candidates.list[e.label.candidate].leader;
        let value = |x, action| self.value_of_action(e, x, action);
        TypeValues::of(self.period.game, self.period.belief, leader, value)
    }

    /// What a type of the leader gets by an action, all else as announced.
    fn value_of_action(
        &self,
        e: &Equilibrium,
        x: LeaderType,
        action: LeaderAction,
    ) -> Result<f64, SolveError> {
        let (game, belief) = (self.period.game, self.period.belief);
        let candidate = &self.period.candidates.list[e.label.candidate];
        let index = game.leader_move(x, action);
        let pairs = [0, 1].into_iter().flat_map(|y| {
            let row = self.available[y].iter();
            row.map(move |a| (y, *a, self.mass(y) * e.gamma(y, *a)))
        });
        let played = pairs.filter(|(_, _, mass)| *mass > 0.0);
        let reward = leader_reward_under(&self.tables, index, played);
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
        Ok(reward + game.discount() * later)
    }
}
