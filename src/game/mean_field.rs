//! The mean field's law of motion, (8), and its flow from a start, (17)-(21).

use super::{Belief, Game, GameError, MeanField, Play, Policy, Tables};

/// One node of a flow: the public state at a period, and what is played there.
#[derive(Clone, Debug)]
pub struct FlowNode {
    /// The period, 1..=T + 1.
    pub t: usize,
    /// The node one period earlier; `None` at the start.
    pub parent: Option<usize>,
    /// Probability of reaching the node under public coins.
    pub weight: f64,
    /// pi_t.
    pub belief: Belief,
    /// z_t.
    pub mean_field: MeanField,
    /// What is played at (t, z_t); `None` at T + 1.
    pub play: Option<Play>,
}

/// The mean-field flow from a start: a path, or a tree where a policy holds public lotteries. Parents stand before children.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// All nodes, by period.
    pub nodes: Vec<FlowNode>,
    /// Whether the tree reached [`Flow::MOST_NODES`], after which only the first side of each lottery was followed.
    pub capped: bool,
    /// Nodes at which the policy holds a public lottery.
    pub lotteries: usize,
}

impl Flow {
    /// A tree branches no further at this many nodes.
    pub const MOST_NODES: usize = 100_000;

    /// Nodes from the start to the heaviest end: for a flow without lotteries, all of them.
    pub fn main_path(&self) -> Vec<usize> {
        let last = self.nodes.iter().map(|n| n.t).max().unwrap_or(0);
        let ends = self.nodes.iter().enumerate().filter(|(_, n)| n.t == last);
        let heaviest = ends.reduce(|a, b| if b.1.weight > a.1.weight { b } else { a });
        let mut path: Vec<usize> =
            std::iter::successors(heaviest.map(|(i, _)| i), |i| self.nodes[*i].parent).collect();
        path.reverse();
        path
    }

    /// z_1, ..., z_{T+1} along [`Flow::main_path`].
    pub fn mean_fields(&self) -> Vec<MeanField> {
        self.main_path()
            .into_iter()
            .map(|i| self.nodes[i].mean_field.clone())
            .collect()
    }

    /// What followers and leader earn at every node; `NaN` at T + 1.
    pub fn rewards(&self, game: &Game) -> Result<Vec<MeanRewards>, GameError> {
        let mut tables = game.tables();
        let earned = |node: &FlowNode| {
            let Some(play) = &node.play else {
                return Ok(MeanRewards {
                    follower: f64::NAN,
                    leader: f64::NAN,
                });
            };
            tables.evaluate(node.t, node.mean_field.weights())?;
            Ok(mean_rewards(&tables, &node.mean_field, play))
        };
        self.nodes.iter().map(earned).collect()
    }

    /// The flow of a policy without lotteries: a path.
    pub fn of_policy(
        game: &Game,
        policy: &dyn Policy,
        start: &MeanField,
    ) -> Result<Self, GameError> {
        let mut tables = game.tables();
        let mut nodes: Vec<FlowNode> = Vec::new();
        let mut z = start.clone();
        for t in 1..=game.horizon() {
            tables.evaluate(t, z.weights())?;
            let play = policy.play(t, &z);
            let next = advance_mean_field(&tables, &z, &play);
            let parent = nodes.len().checked_sub(1);
            nodes.push(FlowNode {
                t,
                parent,
                weight: 1.0,
                belief: Belief::certain(),
                mean_field: z,
                play: Some(play),
            });
            z = next;
        }
        let parent = nodes.len().checked_sub(1);
        nodes.push(FlowNode {
            t: game.horizon() + 1,
            parent,
            weight: 1.0,
            belief: Belief::certain(),
            mean_field: z,
            play: None,
        });
        Ok(Self {
            nodes,
            capped: false,
            lotteries: 0,
        })
    }
}

/// What one period pays in the mean-field limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanRewards {
    /// Population mean of R^f.
    pub follower: f64,
    /// R^l.
    pub leader: f64,
}

/// Rewards under mu(x, a) = z(x) gamma^f(a|x), with tables evaluated at z.
pub fn mean_rewards(tables: &Tables, z: &MeanField, play: &Play) -> MeanRewards {
    let l = play.leader_action.0;
    let mut rewards = MeanRewards {
        follower: 0.0,
        leader: tables.leader_period_reward(l),
    };
    for (x, weight) in z.weights().iter().enumerate() {
        for (a, gamma) in play.prescription.row(x).iter().enumerate() {
            let mass = weight * gamma;
            if mass > 0.0 {
                rewards.follower += mass * tables.follower_reward(l, x, a);
                rewards.leader += mass * tables.leader_follower_reward(l, x, a);
            }
        }
    }
    rewards
}

/// (8) for a pure leader: z'(.) = sum over x, a of z(x) gamma^f(a|x) Q^f(.|z, x, a^l, a), with tables evaluated at z.
pub fn advance_mean_field(tables: &Tables, z: &MeanField, play: &Play) -> MeanField {
    let types = z.weights().len();
    let mut next = vec![0.0; types];
    for (x, weight) in z.weights().iter().enumerate() {
        for (a, gamma) in play.prescription.row(x).iter().enumerate() {
            let mass = weight * gamma;
            if mass > 0.0 {
                for (to, target) in next.iter_mut().enumerate() {
                    *target += mass * tables.transition(play.leader_action.0, x, a, to);
                }
            }
        }
    }
    MeanField::new(next)
}
