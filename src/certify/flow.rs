//! Values along a flow: the policy's, and the best that one follower can reach against it.

use crate::game::{
    Flow, FlowNode, Game, GameError, Play, Prospect, Tables, Worth, action_value, best_action,
    leader_values, mean_value,
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
        let value = |x: usize, a: usize, ahead: &[Vec<f64>]| {
            let edges = node.edges.iter().map(|edge| {
                let moves = edge.moves.iter().map(|m| {
                    m.probability * action_value(game, tables, (m.index, x, a), &ahead[edge.to])
                });
                edge.probability * moves.sum::<f64>()
            });
            edges.sum::<f64>()
        };
        for x in 0..node.mean_field.weights().len() {
            let own = mean_value(play.prescription.row(x), |a| value(x, a, &self.follower));
            let (action, best) = best_action(game, x, |a| value(x, a, &self.best));
            self.follower[i][x] = own;
            (self.best[i][x], self.response[i][x]) = (best, action);
        }
    }

    /// (16b), per type and in the mean.
    fn leader(&mut self, game: &Game, tables: &Tables, i: usize, node: &FlowNode, play: &Play) {
        let prospects = node.edges.iter().map(|edge| Prospect {
            probability: edge.probability,
            action: edge.action,
            moves: &edge.moves,
            leader: self.leader[edge.to],
            leader_types: &self.leader_types[edge.to],
        });
        let prospects: Vec<Prospect<'_>> = prospects.collect();
        let played = (&play.leader, &play.prescription);
        let state = (&node.belief, &node.mean_field);
        let values = leader_values(game, tables, state, played, &prospects);
        self.leader[i] = values.mean;
        self.leader_types[i] = values.by_type;
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
