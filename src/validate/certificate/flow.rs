//! Values along a flow: the policy's, and the best that one follower can reach against it.

use crate::game::{
    Flow, FlowEdge, FlowNode, Game, GameError, LeaderInformation, LeaderMove, LeaderType, Play,
    Tables, Worth, mean_rewards,
};

/// Values along a flow, per node: the policy's and the best a single follower can reach.
#[derive(Clone, Debug)]
pub struct FlowValues {
    /// Value of following the policy from each node, per type.
    pub follower: Vec<Vec<f64>>,
    /// Best value over all own policies from each node, per type.
    pub best: Vec<Vec<f64>>,
    /// The leader's value from each node, in the mean over pi.
    pub leader: Vec<f64>,
    /// The same per leader type; `NaN` for a type that pi rules out.
    pub leader_types: Vec<Vec<f64>>,
    /// The best own action per node and type; on ties the lowest.
    pub response: Vec<Vec<usize>>,
}

/// Follower exploitability: best value against the flow minus the policy's.
#[derive(Clone, Debug, PartialEq)]
pub struct Exploitability {
    /// z_1-weighted: the figure that mean-field-game libraries call exploitability.
    pub initial: f64,
    /// Per initial type.
    pub by_type: Vec<f64>,
}

impl FlowValues {
    /// Backward induction over the nodes of a flow; where a node knows what it is worth, from that: where the flow was cut,
    /// or at its end in place of periods that are not played.
    ///
    /// # Errors
    /// Where the game has no value at a node.
    pub fn along(game: &Game, flow: &Flow) -> Result<Self, GameError> {
        let (types, count) = (game.follower_types().len(), flow.nodes.len());
        let mut values = Self {
            follower: vec![vec![0.0; types]; count],
            best: vec![vec![0.0; types]; count],
            leader: vec![0.0; count],
            leader_types: vec![vec![0.0; game.leader_types().len()]; count],
            response: vec![vec![0; types]; count],
        };
        let mut tables = game.tables();
        for i in (0..count).rev() {
            let node = &flow.nodes[i];
            let Some(play) = &node.play else {
                for x in 0..types {
                    let reward = game.terminal_reward(node.mean_field.weights(), x)?;
                    (values.follower[i][x], values.best[i][x]) = (reward, reward);
                }
                if let Some(worth) = &node.worth {
                    values.take(i, worth);
                }
                continue;
            };
            tables.evaluate(node.t, node.mean_field.weights())?;
            values.followers(game, &tables, i, node, play);
            values.leader(game, &tables, i, node, play);
            if let Some(worth) = &node.worth {
                values.take(i, worth);
            }
        }
        Ok(values)
    }

    /// What a solution says in place of what the only way on would give.
    fn take(&mut self, i: usize, worth: &Worth) {
        self.follower[i].clone_from(&worth.followers);
        self.best[i].clone_from(&worth.followers);
        self.leader[i] = worth.leader;
        for (x, value) in self.leader_types[i].iter_mut().enumerate() {
            if !value.is_nan() {
                *value = *worth.leader_types.get(x).unwrap_or(&worth.leader);
            }
        }
    }

    /// (16a), and the same with the best action: over the edges, what is seen of the leader, and her moves given that,
    /// R^f + delta sum_x' Q^f(x'|x, a) V(x').
    fn followers(&mut self, game: &Game, tables: &Tables, i: usize, node: &FlowNode, play: &Play) {
        let delta = game.discount();
        let value = |x: usize, a: usize, ahead: &[Vec<f64>]| {
            let along = |edge: &FlowEdge, l: usize| {
                let next = ahead[edge.to].iter().enumerate();
                let later: f64 = next.map(|(to, v)| tables.transition(l, x, a, to) * v).sum();
                tables.follower_reward(l, x, a) + delta * later
            };
            let edges = node.edges.iter().map(|edge| {
                let moves = edge.moves.iter();
                edge.probability
                    * moves
                        .map(|m| m.probability * along(edge, m.index))
                        .sum::<f64>()
            });
            edges.sum::<f64>()
        };
        for x in 0..node.mean_field.weights().len() {
            let mut best = (f64::NEG_INFINITY, 0);
            let mut own = 0.0;
            for (a, gamma) in play.prescription.row(x).iter().enumerate() {
                if game.is_available(x, a) {
                    let u = value(x, a, &self.best);
                    if u > best.0 {
                        best = (u, a);
                    }
                }
                if *gamma > 0.0 {
                    own += gamma * value(x, a, &self.follower);
                }
            }
            self.follower[i][x] = own;
            (self.best[i][x], self.response[i][x]) = best;
        }
    }

    /// (16b), per type and in the mean.
    fn leader(&mut self, game: &Game, tables: &Tables, i: usize, node: &FlowNode, play: &Play) {
        let (delta, z) = (game.discount(), &node.mean_field);
        let reward =
            |moves: &[LeaderMove]| mean_rewards(tables, z, &play.prescription, moves).leader;
        let edges = node.edges.iter();
        let along = edges
            .map(|edge| edge.probability * (reward(&edge.moves) + delta * self.leader[edge.to]));
        self.leader[i] = along.sum();
        for (x, weight) in node.belief.weights().iter().enumerate() {
            if *weight <= 0.0 {
                self.leader_types[i][x] = f64::NAN;
                continue;
            }
            let mut value = 0.0;
            for (action, gamma) in play.leader.support(LeaderType(x)) {
                let index = game.leader_move(LeaderType(x), action);
                let only = [LeaderMove {
                    index,
                    probability: 1.0,
                }];
                let ways = node.edges.iter().filter(|edge| edge.action == action);
                let total: f64 = ways.clone().map(|edge| edge.probability).sum();
                let later = ways.map(|edge| {
                    edge.probability / total * self.leader_after(game, tables, edge.to, index)
                });
                value += gamma * (reward(&only) + delta * later.sum::<f64>());
            }
            self.leader_types[i][x] = value;
        }
    }

    /// E V^l(x') at a node that a move of hers leads to.
    fn leader_after(&self, game: &Game, tables: &Tables, to: usize, index: usize) -> f64 {
        if game.leader_information() != LeaderInformation::Private {
            return self.leader[to];
        }
        let next = self.leader_types[to].iter().enumerate();
        let terms = next.map(|(x, v)| match tables.leader_transition(index, x) {
            q if q > 0.0 => q * v,
            _ => 0.0,
        });
        terms.sum()
    }

    /// Exploitability at the flow's start.
    pub fn exploitability(&self, flow: &Flow) -> Exploitability {
        let z = flow.nodes[0].mean_field.weights();
        let by_type: Vec<f64> = (0..z.len())
            .map(|x| {
                let starts = flow.starts().iter().enumerate();
                starts
                    .map(|(i, node)| node.weight * (self.best[i][x] - self.follower[i][x]))
                    .sum()
            })
            .collect();
        Exploitability {
            initial: z.iter().zip(&by_type).map(|(w, gain)| w * gain).sum(),
            by_type,
        }
    }
}
