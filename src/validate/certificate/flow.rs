//! Values along a flow: the policy's, and the best that one follower can reach against it.

use crate::game::{Flow, Game, GameError, Play, Tables};

/// Values along a flow, per node: the policy's and the best a single follower can reach.
#[derive(Clone, Debug)]
pub struct FlowValues {
    /// Value of following the policy from each node, per type.
    pub follower: Vec<Vec<f64>>,
    /// Best value over all own policies from each node, per type.
    pub best: Vec<Vec<f64>>,
    /// The leader's value from each node.
    pub leader: Vec<f64>,
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
    /// Backward induction over the nodes of a flow.
    pub fn along(game: &Game, flow: &Flow) -> Result<Self, GameError> {
        let (types, count) = (game.follower_types().len(), flow.nodes.len());
        let mut values = Self {
            follower: vec![vec![0.0; types]; count],
            best: vec![vec![0.0; types]; count],
            leader: vec![0.0; count],
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
                continue;
            };
            tables.evaluate(node.t, node.mean_field.weights())?;
            let ahead = values.expected(flow, i, types);
            values.step_back(game, &tables, i, play, node.mean_field.weights(), &ahead);
        }
        Ok(values)
    }

    /// The coin's mean of the values one period ahead.
    fn expected(&self, flow: &Flow, i: usize, types: usize) -> Ahead {
        let mut ahead = Ahead {
            follower: vec![0.0; types],
            best: vec![0.0; types],
            leader: 0.0,
        };
        for edge in &flow.nodes[i].edges {
            let (child, p) = (edge.to, edge.probability);
            ahead.leader += p * self.leader[child];
            for x in 0..types {
                ahead.follower[x] += p * self.follower[child][x];
                ahead.best[x] += p * self.best[child][x];
            }
        }
        ahead
    }

    fn step_back(
        &mut self,
        game: &Game,
        tables: &Tables,
        i: usize,
        play: &Play,
        z: &[f64],
        ahead: &Ahead,
    ) {
        let l = play.leader_action().0;
        let delta = game.discount();
        let mut leader = tables.leader_period_reward(l) + delta * ahead.leader;
        for (x, mass) in z.iter().enumerate() {
            let value = |a: usize, next: &[f64]| {
                let mean: f64 = next
                    .iter()
                    .enumerate()
                    .map(|(to, v)| tables.transition(l, x, a, to) * v)
                    .sum();
                tables.follower_reward(l, x, a) + delta * mean
            };
            let mut best = (f64::NEG_INFINITY, 0);
            for (a, gamma) in play.prescription.row(x).iter().enumerate() {
                if game.is_available(x, a) {
                    let u = value(a, &ahead.best);
                    if u > best.0 {
                        best = (u, a);
                    }
                }
                if *gamma > 0.0 {
                    self.follower[i][x] += gamma * value(a, &ahead.follower);
                    leader += mass * gamma * tables.leader_follower_reward(l, x, a);
                }
            }
            self.best[i][x] = best.0;
            self.response[i][x] = best.1;
        }
        self.leader[i] = leader;
    }

    /// Exploitability at the flow's start.
    pub fn exploitability(&self, flow: &Flow) -> Exploitability {
        let by_type: Vec<f64> = self.best[0]
            .iter()
            .zip(&self.follower[0])
            .map(|(b, v)| b - v)
            .collect();
        let z = flow.nodes[0].mean_field.weights();
        Exploitability {
            initial: z.iter().zip(&by_type).map(|(w, gain)| w * gain).sum(),
            by_type,
        }
    }
}

struct Ahead {
    follower: Vec<f64>,
    best: Vec<f64>,
    leader: f64,
}
