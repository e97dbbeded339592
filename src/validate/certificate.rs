//! Certificates in the mean-field limit: what one follower, or the leader, can gain against the flow of a policy.
//!
//! Against a flow z_1, z_2, ... a single follower faces an ordinary decision problem of finite horizon; its best value
//! minus the policy's is the exploitability. The flow and the values along it are computed here from the game alone:
//! the solver's stored V is used for nothing but the comparison called *consistency*.

use std::collections::BTreeMap;

use crate::game::{Flow, Game, GameError, LeaderAction, MeanField, Play, Tables, mean_rewards};
use crate::solve::{Coin, Solution, SolveError, follow};

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
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (i, node) in flow.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                children[parent].push(i);
            }
        }
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
            let ahead = values.expected(flow, i, &children[i], types);
            values.step_back(game, &tables, i, play, node.mean_field.weights(), &ahead);
        }
        Ok(values)
    }

    /// The coin's mean of the values one period ahead.
    fn expected(&self, flow: &Flow, i: usize, children: &[usize], types: usize) -> Ahead {
        let mut ahead = Ahead {
            follower: vec![0.0; types],
            best: vec![0.0; types],
            leader: 0.0,
        };
        for &child in children {
            let p = flow.nodes[child].weight / flow.nodes[i].weight;
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
        let l = play.leader_action.0;
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

/// The leader's value of following theta forward, remembered per (t, z).
struct LeaderValues<'s, 'g> {
    solution: &'s Solution<'g>,
    known: BTreeMap<(usize, u64), f64>,
}

impl LeaderValues<'_, '_> {
    fn from(&mut self, t: usize, m: f64) -> Result<f64, SolveError> {
        // Follow until T + 1, a known point, or a lottery; then fold the rewards back.
        let game = self.solution.game();
        let mut path: Vec<(usize, f64, f64)> = Vec::new();
        let (mut now, mut at) = (t, m);
        let mut value = loop {
            if now > game.horizon() {
                break 0.0;
            }
            if let Some(v) = self.known.get(&(now, at.to_bits())) {
                break *v;
            }
            let point = self.solution.resolve(now, at)?;
            let reward = leader_reward(game, now, at, &point.play)?;
            path.push((now, at, reward));
            if let [next] = point.next[..] {
                (now, at) = (now + 1, self.solution.settle(now + 1, next.m));
                continue;
            }
            let mut mean = 0.0;
            for next in &point.next {
                mean +=
                    next.probability * self.from(now + 1, self.solution.settle(now + 1, next.m))?;
            }
            break mean;
        };
        for (now, at, reward) in path.into_iter().rev() {
            value = reward + game.discount() * value;
            self.known.insert((now, at.to_bits()), value);
        }
        Ok(value)
    }
}

fn leader_reward(game: &Game, t: usize, m: f64, play: &Play) -> Result<f64, GameError> {
    let z = MeanField::two_types(m);
    let mut tables = game.tables();
    tables.evaluate(t, z.weights())?;
    Ok(mean_rewards(&tables, &z, play).leader)
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
pub fn leader_gain(solution: &Solution, flow: &Flow) -> Result<LeaderGain, SolveError> {
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
        let m = node.mean_field.weights()[1];
        let own = values.from(node.t, m)?;
        for action in (0..game.leader_actions().len()).map(LeaderAction) {
            let point = solution.answer_at(node.t, m, action)?;
            let mut value = leader_reward(game, node.t, m, &point.play)?;
            for next in &point.next {
                let at = solution.settle(node.t + 1, next.m);
                value += game.discount() * next.probability * values.from(node.t + 1, at)?;
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

/// What the certificate says of the flow of theta from one start.
#[derive(Clone, Debug)]
pub struct PathCertificate {
    /// The flow, coins tossed.
    pub flow: Flow,
    /// Values along it.
    pub values: FlowValues,
    /// Follower exploitability with the coin played where theta holds a lottery.
    pub exploitability: Exploitability,
    /// The same without the coin.
    pub without_coin: Exploitability,
    /// Largest difference between V_1 re-solved at the start and the values along the path, over types and leader.
    pub consistency: f64,
}

/// Certify theta from the start m at t = 1 against all deviations of a single follower.
pub fn certify_path(solution: &Solution, m: f64) -> Result<PathCertificate, SolveError> {
    let game = solution.game();
    let flow = follow(solution, 1, m, Coin::Tossed)?;
    let values = FlowValues::along(game, &flow)?;
    let exploitability = values.exploitability(&flow);
    let without_coin = if flow.lotteries == 0 {
        exploitability.clone()
    } else {
        let plain = follow(solution, 1, m, Coin::Ignored)?;
        FlowValues::along(game, &plain)?.exploitability(&plain)
    };
    let resolved = solution.resolve(1, m)?.values;
    let consistency = (values.leader[0] - resolved.leader)
        .abs()
        .max((values.follower[0][0] - resolved.followers[0]).abs())
        .max((values.follower[0][1] - resolved.followers[1]).abs());
    Ok(PathCertificate {
        flow,
        values,
        exploitability,
        without_coin,
        consistency,
    })
}

/// The best whole policy of the leader among constant actions, against theta: the commitment gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommitmentGap {
    /// V^l_1 of the best constant action minus theta's; negative where theta beats them all.
    pub value: f64,
    /// The action.
    pub action: LeaderAction,
}

/// Solve the followers' game for every constant leader action and compare at the start m.
///
/// Each constant is solved by the same recursion and selection, so this costs about one more solution.
pub fn commitment_gap(solution: &Solution, m: f64) -> Result<CommitmentGap, SolveError> {
    let game = solution.game();
    let own = solution.resolve(1, m)?.values.leader;
    let mut best: Option<CommitmentGap> = None;
    for action in 0..game.leader_actions().len() {
        let constant = Solution::compute(game, solution.settings(), Some(vec![action]))?;
        let value = constant.resolve(1, m)?.values.leader - own;
        if best.is_none_or(|b| value > b.value) {
            best = Some(CommitmentGap {
                value,
                action: LeaderAction(action),
            });
        }
    }
    Ok(best.expect("a game has at least one leader action"))
}
