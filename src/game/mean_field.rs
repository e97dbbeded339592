//! The flow of the mean field and the belief from a start, (17)-(21).

use std::collections::BTreeMap;

use super::{
    Belief, FlowRule, Game, GameError, LeaderAction, LeaderMove, MeanField, MeanRewards, Play,
    Policy, PolicyError, Way, mean_rewards, public_beliefs, ways,
};

/// A way on from a node of a flow.
#[derive(Clone, Debug)]
pub struct FlowEdge {
    /// The node that it leads to, one period later.
    pub to: usize,
    /// Its probability at the node that it leaves.
    pub probability: f64,
    /// What is seen of the leader on it.
    pub action: LeaderAction,
    /// The law of her type and action given that.
    pub moves: Vec<LeaderMove>,
}

/// One node of a flow: the public state at a period, and what is played there.
#[derive(Clone, Debug)]
pub struct FlowNode {
    /// The period, 1..=T + 1.
    pub t: usize,
    /// The first node one period earlier that leads here; `None` at a start.
    pub parent: Option<usize>,
    /// Probability of reaching the node.
    pub weight: f64,
    /// pi_t.
    pub belief: Belief,
    /// z_t.
    pub mean_field: MeanField,
    /// What is played at (t, pi_t, z_t); `None` at T + 1.
    pub play: Option<Play>,
    /// Where it leads; none at T + 1.
    pub edges: Vec<FlowEdge>,
    /// What a solution is worth there, where the flow was cut.
    pub worth: Option<Box<Worth>>,
}

/// The values of a solution at a public state.
#[derive(Clone, Debug)]
pub struct Worth {
    /// V^f(x).
    pub followers: Vec<f64>,
    /// V^l, in the mean over pi.
    pub leader: f64,
    /// The same per leader type, where her type is private.
    pub leader_types: Vec<f64>,
}

/// The mean-field flow from a start: a path, or a branching one where the leader has types or mixes, or a policy holds
/// public lotteries. Nodes stand by period; ways that meet in one public state share the node. Where her type is public
/// and drawn at t = 1, there is a start for each type.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// All nodes, by period.
    pub nodes: Vec<FlowNode>,
    /// The period from which on only the likeliest way on from each node is followed, for [`Flow::MOST_NODES`].
    pub cut: Option<usize>,
    /// Nodes at which the policy holds a public lottery.
    pub lotteries: usize,
    /// The nodes of the last period by their public states, the numbers of belief and mean field.
    last: BTreeMap<Vec<u64>, usize>,
    /// T + 1.
    end: usize,
    /// The most ways on from one node so far.
    most_ways: usize,
}

impl Flow {
    /// A flow branches no further where its nodes, each followed to the end, would be more than this.
    pub const MOST_NODES: usize = 200_000;

    /// A flow that holds its start alone: one node, or one per type that a leader of public types may begin with.
    pub fn begin(game: &Game, t: usize, belief: &Belief, mean_field: &MeanField) -> Self {
        let mut flow = Self::default();
        for (belief, weight) in public_beliefs(game, belief) {
            let mut one = Self::from_start(t, belief, mean_field.clone());
            one.nodes[0].weight = weight;
            flow.nodes.append(&mut one.nodes);
        }
        flow.end = game.horizon() + 1;
        flow
    }

    /// A flow of one public state.
    pub fn from_start(t: usize, belief: Belief, mean_field: MeanField) -> Self {
        Self {
            nodes: vec![FlowNode {
                t,
                parent: None,
                weight: 1.0,
                belief,
                mean_field,
                play: None,
                edges: Vec::new(),
                worth: None,
            }],
            ..Self::default()
        }
    }

    /// The nodes that the flow starts from; their weights sum to one.
    pub fn starts(&self) -> &[FlowNode] {
        let first = self.nodes.first().map_or(0, |node| node.t);
        &self.nodes[..self.nodes.partition_point(|node| node.t <= first)]
    }

    /// Play at node `at` and go on: ways of the same leader action that meet a node of the next period in the same public
    /// state lead there.
    pub fn extend(&mut self, at: usize, play: Play, mut ways: Vec<Way>) {
        if self.cut.is_none() && !self.may_branch(at) {
            self.cut = Some(self.nodes[at].t);
        }
        self.most_ways = self.most_ways.max(ways.len());
        if self.cut.is_some() && ways.len() > 1 {
            let likelier = |a: Way, b: Way| if b.probability > a.probability { b } else { a };
            ways = ways.into_iter().reduce(likelier).into_iter().collect();
            ways.iter_mut().for_each(|way| way.probability = 1.0);
        }
        let (t, weight) = (self.nodes[at].t + 1, self.nodes[at].weight);
        self.nodes[at].play = Some(play);
        for way in ways {
            let mass = weight * way.probability;
            // The nodes of one period stand together, at the end while it is being filled.
            if self.nodes.last().is_some_and(|node| node.t < t) {
                self.last.clear();
            }
            let weights = [way.belief.weights(), way.mean_field.weights()];
            // 0 + -0 = 0
            let key = weights.concat().into_iter().map(|w| (0.0 + w).to_bits());
            let to = *self.last.entry(key.collect()).or_insert(self.nodes.len());
            match self.nodes.get_mut(to) {
                Some(node) => node.weight += mass,
                None => self.nodes.push(FlowNode {
                    t,
                    parent: Some(at),
                    weight: mass,
                    belief: way.belief,
                    mean_field: way.mean_field,
                    play: None,
                    edges: Vec::new(),
                    worth: None,
                }),
            }
            self.nodes[at].edges.push(FlowEdge {
                to,
                probability: way.probability,
                action: way.action,
                moves: way.moves,
            });
        }
    }

    /// Whether the nodes of a period, of which this is the first, may lead to several each; for others what was decided
    /// there.
    fn may_branch(&self, at: usize) -> bool {
        let t = self.nodes[at].t;
        let is_first = at == 0 || self.nodes[at - 1].t < t;
        if !is_first || self.most_ways < 2 {
            return true;
        }
        let width = self.nodes.len() - at;
        let left = self.end.saturating_sub(t);
        self.nodes.len() + width * self.most_ways * left <= Self::MOST_NODES
    }

    /// Nodes from the likeliest start on by the likeliest way at each: for a path, all of them.
    pub fn main_path(&self) -> Vec<usize> {
        let starts = self.starts().iter().map(|node| node.weight).enumerate();
        let start = starts.reduce(|a, b| if b.1 > a.1 { b } else { a });
        let likeliest = |i: &usize| {
            let edges = self.nodes[*i].edges.iter();
            let best = edges.reduce(|a, b| if b.probability > a.probability { b } else { a });
            best.map(|edge| edge.to)
        };
        std::iter::successors(start.map(|(i, _)| i), likeliest).collect()
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
            let moves = LeaderMove::law(game, &node.belief, &play.leader);
            let z = &node.mean_field;
            Ok(mean_rewards(&tables, z, &play.prescription, &moves))
        };
        self.nodes.iter().map(earned).collect()
    }

    /// The flow of a policy without lotteries, from z at t = 1 and pi_1.
    ///
    /// # Errors
    /// Where the policy names no play, or the game has no value, at a mean field that is met.
    pub fn of_policy(
        game: &Game,
        policy: &dyn Policy,
        start: &MeanField,
        rule: FlowRule,
    ) -> Result<Self, PolicyError> {
        let mut tables = game.tables();
        let mut flow = Self::begin(game, 1, game.initial_belief(), start);
        let mut at = 0;
        while flow.nodes[at].t <= game.horizon() {
            let FlowNode {
                t,
                belief,
                mean_field: z,
                ..
            } = &flow.nodes[at];
            tables.evaluate(*t, z.weights())?;
            let play = policy.play(*t, belief, z)?;
            let ways = ways(game, &tables, belief, z, &play, rule);
            flow.extend(at, play, ways);
            at += 1;
        }
        Ok(flow)
    }
}
