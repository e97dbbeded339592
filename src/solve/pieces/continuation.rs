//! The leader's candidates at one belief as the followers of a game with two types meet them: the law of her moves, and
//! the value function that follows.
//!
//! What is seen of her step decides pi', and with it which of the functions V_{t+1}(pi', .) comes. Where all her moves
//! move the followers alike, and Q^l depends on neither t nor z, followers face the mean of these functions whatever
//! z is: one function with the jumps of all, and the stage game is that of a leader without types.

use super::Pieces;
use super::values::{Part, Piecewise};
use crate::game::{
    Belief, Game, LeaderInformation, LeaderMove, LeaderPrescription, LeaderType, Outcome, outcomes,
};
use crate::solve::SolveError;
use crate::solve::SolveSettings;
use crate::solve::representation::Period;
use crate::solve::tolerances::ROOT;

/// Whether followers face one function under every candidate.
pub(in crate::solve) fn is_one_function(game: &Game, settings: &SolveSettings) -> bool {
    let actions = game.leader_actions().len();
    let alike = |moves: std::ops::Range<usize>| {
        let first = game.kernel_group(moves.start);
        moves.into_iter().all(|m| game.kernel_group(m) == first)
    };
    let pure = settings.leader_mixing == 1;
    game.leader_kernel_is_constant()
        && match game.leader_information() {
            LeaderInformation::Private => alike(0..game.leader_moves()),
            LeaderInformation::NoTypes | LeaderInformation::Public => {
                let types = 0..game.leader_types().len();
                pure || types
                    .into_iter()
                    .all(|x| alike(x * actions..(x + 1) * actions))
            }
        }
}

/// What may be seen after the leader's step, and the nodes of the next beliefs that make up V there.
#[derive(Clone, Debug)]
pub(in crate::solve) struct After {
    pub outcome: Outcome,
    pub nodes: Vec<(usize, f64)>,
}

/// One candidate.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Candidate {
    pub leader: LeaderPrescription,
    /// The law of her type and action.
    pub moves: Vec<LeaderMove>,
    pub after: Vec<After>,
    /// Which of the functions the followers face.
    function: usize,
}

/// Where a function stands.
#[derive(Clone, Debug)]
enum Source {
    Node(usize),
    Mixture(Box<Piecewise>),
}

/// All candidates at one belief.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Candidates {
    pub list: Vec<Candidate>,
    functions: Vec<Source>,
    groups: Vec<usize>,
}

impl Candidates {
    /// Given prescriptions as candidates.
    pub fn of(
        period: Period<'_, Pieces>,
        listed: Vec<LeaderPrescription>,
    ) -> Result<Self, SolveError> {
        let Period { game, belief, .. } = period;
        let error = joining_error(game, period.settings);
        let is_private = game.leader_information() == LeaderInformation::Private;
        let mut tables = game.tables();
        // (9) is the same at every z.
        tables.evaluate(period.t, game.initial().weights())?;
        let mut all = Self {
            list: Vec::new(),
            functions: Vec::new(),
            groups: Vec::new(),
        };
        let mut weights: Vec<Vec<NodeWeight>> = Vec::new();
        for leader in listed {
            let mut after = Vec::new();
            for outcome in outcomes(game, &tables, belief, &leader) {
                let nodes = period.nodes_of(&outcome.belief)?;
                after.push(After { outcome, nodes });
            }
            let mean = mean(&after, period.next.len());
            let known = weights.iter().position(|w| *w == mean);
            let function = known.unwrap_or_else(|| {
                all.functions
                    .push(source(&mean, period.next, is_private, error));
                weights.push(mean);
                weights.len() - 1
            });
            all.list.push(Candidate {
                moves: LeaderMove::law(game, belief, &leader),
                leader,
                after,
                function,
            });
        }
        all.groups = all.grouped(game);
        Ok(all)
    }

    /// Refuses a candidate whose moves do not move followers alike: they would face several functions.
    pub fn check_alike(&self, game: &Game) -> Result<(), SolveError> {
        let alike = |candidate: &Candidate| {
            let mut groups = candidate.moves.iter().map(|m| game.kernel_group(m.index));
            let first = groups.next();
            groups.all(|group| Some(group) == first)
        };
        match self.list.iter().all(alike) {
            true => Ok(()),
            false => Err(SolveError::MixedAnswer),
        }
    }

    /// The place of a prescription among the candidates.
    pub fn position(&self, leader: &LeaderPrescription, belief: &Belief) -> Option<usize> {
        let equal = self.list.iter().position(|c| c.leader == *leader);
        if equal.is_some() {
            return equal;
        }
        let possible = |x: &usize| belief.weights()[*x] > 0.0;
        let active: Vec<usize> = (0..belief.weights().len()).filter(possible).collect();
        self.list.iter().position(|candidate| {
            let mut active = active.iter().map(|x| LeaderType(*x));
            active.all(|x| candidate.leader.support(x) == leader.support(x))
        })
    }

    /// The function that followers face under a candidate.
    pub fn function<'a>(&'a self, l: usize, held: &'a [Piecewise]) -> &'a Piecewise {
        match &self.functions[self.list[l].function] {
            Source::Node(node) => &held[*node],
            Source::Mixture(function) => function,
        }
    }

    /// Per candidate, the number of what it does to the mean field and to V: candidates of one number lead each
    /// prescription of the followers to the same z' and V there.
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }

    fn grouped(&self, game: &Game) -> Vec<usize> {
        let mut known: Vec<(usize, usize)> = Vec::new();
        let mut groups = Vec::with_capacity(self.list.len());
        for candidate in &self.list {
            let key = (
                game.kernel_group(candidate.moves[0].index),
                candidate.function,
            );
            let place = known.iter().position(|k| *k == key);
            groups.push(place.unwrap_or_else(|| {
                known.push(key);
                known.len() - 1
            }));
        }
        groups
    }
}

/// What joining the pieces of a mean may add to its error in one period: over all periods a tenth of the tolerance, and
/// never so much that it breaks a tie.
fn joining_error(game: &Game, settings: &SolveSettings) -> f64 {
    let discount = game.discount();
    let periods = match game.is_infinite() {
        true => 1.0 / (1.0 - discount),
        false => (0..game.horizon()).fold(0.0, |sum, _| 1.0 + discount * sum),
    };
    (0.1 * settings.tolerance / periods).min(ROOT)
}

/// What a node counts for in what is expected.
#[derive(Clone, Debug, PartialEq)]
struct NodeWeight {
    node: usize,
    weight: f64,
    /// Of V^l per leader type: the probability of the type at the beliefs, not at the node, that V is wanted for.
    leader_types: Vec<f64>,
}

/// The weights of all nodes.
fn mean(after: &[After], nodes: usize) -> Vec<NodeWeight> {
    let total: f64 = after.iter().map(|a| a.outcome.probability).sum();
    let types = after.iter().map(|a| a.outcome.belief.weights().len()).max();
    let nothing = |node| NodeWeight {
        node,
        weight: 0.0,
        leader_types: vec![0.0; types.unwrap_or(0)],
    };
    let mut all: Vec<NodeWeight> = (0..nodes).map(nothing).collect();
    for After { outcome, nodes } in after {
        for (node, share) in nodes {
            let weight = outcome.probability * share / total;
            all[*node].weight += weight;
            let types = all[*node].leader_types.iter_mut();
            let types = types.zip(outcome.belief.weights());
            types.for_each(|(sum, pi)| *sum += weight * pi);
        }
    }
    all.retain(|node| node.weight > 0.0);
    all
}

fn source(weights: &[NodeWeight], held: &[Piecewise], is_private: bool, error: f64) -> Source {
    if let [only] = weights {
        return Source::Node(only.node);
    }
    let parts = weights.iter().map(|of| Part {
        function: &held[of.node],
        weight: of.weight,
        leader_types: match is_private {
            true => of.leader_types.clone(),
            false => Vec::new(),
        },
    });
    Source::Mixture(Box::new(Piecewise::mixture(parts.collect(), error)))
}
