//! The leader's gains in the mean-field limit, one stage at a time, (15c).
//!
//! Each candidate's continuation is theta followed forward from every public state that it leads to. All these ways are
//! followed at once, period by period, ways that meet going on together. Where they branch into too many, candidates are
//! tried before some period only, and V there stands for what follows.
//!
//! With a private type (15c) asks for one prescription that is best for every x^l at once. theta's is best in the mean
//! over pi; what a type would gain by another is its *regret*: over whole candidate prescriptions, or over its own row
//! alone. In both the followers answer to the prescription that is announced.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::game::{
    Belief, Flow, FlowEdge, FlowNode, Game, GameError, LeaderAction, LeaderInformation, LeaderMove,
    LeaderPrescription, LeaderType, LeaderValues, MeanField, Play, Prescription, Prospect, Way,
    advance_mean_field, leader_values,
};
use crate::solve::{SolveError, Solved, SolvedPoint};

/// Public states that are followed, about at most.
const MOST_STATES: usize = 200_000;

/// The leader's largest one-stage gain along a flow, (15c).
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderGain {
    /// Value of the best candidate minus theta's, in the mean over pi, at the node where it is largest; 0 where theta's
    /// prescription is best everywhere. `None` where no period was tried.
    pub gain: Option<f64>,
    /// Candidates were tried before this period only; `None` where they were in all.
    pub until: Option<usize>,
    /// The period of that node.
    pub t: usize,
    /// The candidate.
    pub leader: LeaderPrescription,
    /// Per leader type, the largest gain along the flow by another candidate, `NaN` for a type that the beliefs along it rule
    /// out; empty but for a private type.
    pub regret: Vec<f64>,
    /// The same over candidates that differ from theta's in the type's own row alone.
    pub own_row_regret: Vec<f64>,
}

/// A public state as a key: numbers bit by bit.
type Key = Vec<u64>;

fn key(belief: &Belief, z: &MeanField) -> Key {
    let numbers = belief.weights().iter().chain(z.weights());
    numbers.map(|w| w.to_bits()).collect()
}

/// The public states of one period that are followed.
#[derive(Default)]
struct Level {
    places: BTreeMap<Key, usize>,
    states: Vec<(Belief, MeanField)>,
}

impl Level {
    fn place(&mut self, belief: Belief, z: MeanField) -> usize {
        let next = self.states.len();
        let place = *self.places.entry(key(&belief, &z)).or_insert(next);
        if place == next {
            self.states.push((belief, z));
        }
        place
    }
}

/// A candidate at a node of the flow, and where it leads.
struct Tried {
    node: usize,
    leader: LeaderPrescription,
    prescription: Prescription,
    ways: Vec<(Way, usize)>,
}

/// The leader's values one period ahead, per public state.
type Ahead = Vec<LeaderValues>;

/// The largest one-stage gain of the leader along the flow of theta.
///
/// # Errors
/// Where the game has no value at a mean field that is met.
pub fn leader_gain(solution: &Solved, flow: &Flow) -> Result<LeaderGain, SolveError> {
    let game = solution.game();
    let types = game.leader_types().len();
    let mut largest = LeaderGain {
        gain: Some(0.0),
        until: None,
        t: 1,
        leader: LeaderPrescription::pure(vec![LeaderAction(0); types]),
        regret: Vec::new(),
        own_row_regret: Vec::new(),
    };
    if game.leader_information() == LeaderInformation::Private {
        // Nothing is tested yet.
        largest.regret = vec![f64::NAN; types];
        largest.own_row_regret = vec![f64::NAN; types];
    }
    let mut followed = Followed::new(solution);
    followed.forward(flow)?;
    if followed.until == Some(1) {
        largest.gain = None;
    }
    largest.until = followed.until;
    followed.compare_all(flow, &mut largest)?;
    Ok(largest)
}

/// What theta does at a public state, and where it leads.
type Step = (Play, Vec<(Way, usize)>);

/// What is tried and followed: per period, the candidates tried there, and the public states met.
struct Followed<'s, 'g> {
    solution: &'s Solved<'g>,
    /// Of periods 1 to T + 1.
    levels: Vec<Level>,
    tried: Vec<Vec<Tried>>,
    /// At the states of each period that are followed.
    played: Vec<Vec<Step>>,
    /// The most ways on from one state.
    most_ways: usize,
    /// Nodes of this period and later ones are not tried.
    until: Option<usize>,
}

impl<'s, 'g> Followed<'s, 'g> {
    fn new(solution: &'s Solved<'g>) -> Self {
        let periods = solution.game().horizon() + 1;
        Self {
            solution,
            levels: (0..periods).map(|_| Level::default()).collect(),
            tried: (0..periods).map(|_| Vec::new()).collect(),
            played: Vec::new(),
            most_ways: 1,
            until: None,
        }
    }

    /// Whether the states of a period are too many to be followed to the end.
    fn are_too_many(&self, t: usize) -> bool {
        let known: usize = self.levels.iter().map(|level| level.states.len()).sum();
        let left = self.levels.len() - t;
        known + self.levels[t - 1].states.len() * self.most_ways * left > MOST_STATES
    }

    /// Try candidates at the nodes of the flow, and follow theta from where they lead, as far as states are not too many.
    fn forward(&mut self, flow: &Flow) -> Result<(), SolveError> {
        let (solution, game) = (self.solution, self.solution.game());
        self.until = flow.cut;
        for t in 1..=game.horizon() {
            if self.are_too_many(t) {
                self.until = Some(self.until.map_or(t, |until| until.min(t)));
                return Ok(());
            }
            // A stationary theta is followed for the whole horizon from every node.
            let is_tried = |node: &FlowNode| match game.is_infinite() {
                true => t == 1,
                false => node.t == t,
            };
            for (i, node) in flow.nodes.iter().enumerate() {
                let is_before = self.until.is_none_or(|until| node.t < until);
                if node.play.is_none() || !is_tried(node) || !is_before {
                    continue;
                }
                self.try_all(i, node)?;
                if game.is_infinite() && self.are_too_many(2) {
                    self.until = Some(node.t);
                }
            }
            let points: Vec<Result<SolvedPoint, SolveError>> = self.levels[t - 1]
                .states
                .par_iter()
                .map(|(belief, z)| solution.follow_at(t, belief, z))
                .collect();
            let mut steps = Vec::new();
            for point in points {
                let point = point?;
                self.most_ways = self.most_ways.max(point.next.len());
                let ways = self.enter(t + 1, point.next);
                steps.push((point.play, ways));
            }
            self.played.push(steps);
        }
        Ok(())
    }

    /// Every candidate at a node of the flow; a stationary theta is followed for the whole horizon from every node.
    fn try_all(&mut self, i: usize, node: &FlowNode) -> Result<(), SolveError> {
        let (solution, z) = (self.solution, &node.mean_field);
        let t = if solution.game().is_infinite() {
            1
        } else {
            node.t
        };
        let candidates = solution.candidates(&node.belief)?;
        let points: Vec<Result<SolvedPoint, SolveError>> = candidates
            .par_iter()
            .map(|leader| solution.answer_at(t, &node.belief, z, leader))
            .collect();
        for (leader, point) in candidates.into_iter().zip(points) {
            let point = point?;
            let ways = self.enter(t + 1, point.next);
            self.tried[t - 1].push(Tried {
                node: i,
                leader,
                prescription: point.play.prescription,
                ways,
            });
        }
        Ok(())
    }

    /// The places of the public states that ways lead to.
    fn enter(&mut self, t: usize, ways: Vec<Way>) -> Vec<(Way, usize)> {
        let enter = |mut way: Way| {
            way.mean_field = self.solution.own_side(t, &way.belief, &way.mean_field);
            let (belief, z) = (way.belief.clone(), way.mean_field.clone());
            let place = self.levels[t - 1].place(belief, z);
            (way, place)
        };
        ways.into_iter().map(enter).collect()
    }

    /// Back from the last period that is followed, comparing the candidates.
    fn compare_all(self, flow: &Flow, largest: &mut LeaderGain) -> Result<(), SolveError> {
        let game = self.solution.game();
        let end = self.played.len() + 1;
        let mut ahead = self.ahead(end)?;
        for t in (1..end).rev() {
            self.compare(t, flow, &ahead, largest)?;
            let states = self.levels[t - 1].states.iter().zip(&self.played[t - 1]);
            let worth = states.map(|((belief, z), (play, ways))| {
                worth(
                    game,
                    (t, belief, z),
                    &play.leader,
                    &play.prescription,
                    ways,
                    &ahead,
                )
            });
            ahead = worth.collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    /// V^l at the states of a period: nothing at T + 1.
    fn ahead(&self, t: usize) -> Result<Ahead, SolveError> {
        let (solution, game) = (self.solution, self.solution.game());
        let states = &self.levels[t - 1].states;
        let types = game.leader_types().len();
        if t > game.horizon() {
            let nothing = LeaderValues {
                mean: 0.0,
                by_type: vec![0.0; types],
            };
            return Ok(vec![nothing; states.len()]);
        }
        let values = states.par_iter().map(|(belief, z)| {
            let values = solution.follow_at(t, belief, z)?.values;
            let by_type = (0..types).map(|x| match belief.weights()[x] > 0.0 {
                true => *values.leader_types.get(x).unwrap_or(&values.leader),
                false => f64::NAN,
            });
            Ok(LeaderValues {
                mean: values.leader,
                by_type: by_type.collect(),
            })
        });
        values.collect()
    }

    /// The candidates tried at one period against theta's prescription there.
    fn compare(
        &self,
        t: usize,
        flow: &Flow,
        ahead: &Ahead,
        largest: &mut LeaderGain,
    ) -> Result<(), SolveError> {
        let game = self.solution.game();
        for tried in self.tried[t - 1].chunk_by(|a, b| a.node == b.node) {
            let node = &flow.nodes[tried[0].node];
            if self.until.is_some_and(|until| node.t >= until) {
                continue;
            }
            let at = (t, &node.belief, &node.mean_field);
            let worths: Ahead = tried
                .iter()
                .map(|c| worth(game, at, &c.leader, &c.prescription, &c.ways, ahead))
                .collect::<Result<_, _>>()?;
            let Some(play) = &node.play else { continue };
            let possible = |x: usize| node.belief.weights()[x] > 0.0;
            let same_row = |c: &Tried, x: usize| {
                c.leader.support(LeaderType(x)) == play.leader.support(LeaderType(x))
            };
            let types = 0..game.leader_types().len();
            let own = tried.iter().position(|c| {
                types
                    .clone()
                    .filter(|x| possible(*x))
                    .all(|x| same_row(c, x))
            });
            let Some(own) = own else { continue };
            for (c, LeaderValues { mean, by_type }) in tried.iter().zip(&worths) {
                let gain = mean - worths[own].mean;
                if largest.gain.is_some_and(|known| gain > known) {
                    largest.gain = Some(gain);
                    largest.t = node.t;
                    largest.leader = c.leader.clone();
                }
                for x in (0..largest.regret.len()).filter(|x| possible(*x)) {
                    let regret = by_type[x] - worths[own].by_type[x];
                    largest.regret[x] = largest.regret[x].max(regret);
                    let mut others = types.clone().filter(|y| *y != x && possible(*y));
                    if others.all(|y| same_row(c, y)) {
                        largest.own_row_regret[x] = largest.own_row_regret[x].max(regret);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The leader's value of a prescription at a public state.
fn worth(
    game: &Game,
    (t, belief, z): (usize, &Belief, &MeanField),
    leader: &LeaderPrescription,
    prescription: &Prescription,
    ways: &[(Way, usize)],
    ahead: &Ahead,
) -> Result<LeaderValues, GameError> {
    let mut tables = game.tables();
    tables.evaluate(t, z.weights())?;
    let prospects = ways.iter().map(|(way, place)| Prospect {
        probability: way.probability,
        action: way.action,
        moves: &way.moves,
        leader: ahead[*place].mean,
        leader_types: &ahead[*place].by_type,
    });
    let prospects: Vec<Prospect<'_>> = prospects.collect();
    let played = (leader, prescription);
    Ok(leader_values(
        game,
        &tables,
        (belief, z),
        played,
        &prospects,
    ))
}

/// How far a population that moves with what the leader is and does strays from a flow that averages over some of it: the
/// largest total variation, over the nodes and her possible moves there, of the next mean field. Nodes that hold a lottery
/// do not count.
///
/// # Errors
/// Where the game has no value at a node.
pub fn flow_difference(game: &Game, flow: &Flow) -> Result<f64, GameError> {
    let mut tables = game.tables();
    let mut largest: f64 = 0.0;
    for node in flow.nodes.iter().filter(|_| game.leader_moves() > 1) {
        let Some(play) = &node.play else { continue };
        tables.evaluate(node.t, node.mean_field.weights())?;
        for edge in &node.edges {
            let to = &flow.nodes[edge.to];
            let side = |other: &FlowEdge| {
                other.action == edge.action && flow.nodes[other.to].belief == to.belief
            };
            if node.edges.iter().filter(|other| side(other)).count() > 1 {
                continue;
            }
            for m in &edge.moves {
                let index = m.index;
                let only = [LeaderMove {
                    index,
                    probability: 1.0,
                }];
                let z = &node.mean_field;
                let next = advance_mean_field(&tables, z, &play.prescription, &only);
                let pairs = next.weights().iter().zip(to.mean_field.weights());
                let away = 0.5 * pairs.map(|(a, b)| (a - b).abs()).sum::<f64>();
                largest = largest.max(away);
            }
        }
    }
    Ok(largest)
}
