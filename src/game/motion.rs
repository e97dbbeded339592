//! How a period moves the public state: the mean field by (8), the common belief about the leader's type by (9).
//!
//! ```text
//! z'(.)   = sum over x^l, x, a^l, a of pi(x^l) gamma^l(a^l|x^l) z(x) gamma^f(a|x) Q^f(.|z, x^l, x, a^l, a)
//! pi'(x') = sum_x pi(x) gamma^l(a^l|x) Q^l(x'|z, x, a^l) / sum_x pi(x) gamma^l(a^l|x)
//! ```
//!
//! Departure: (11)-(12) are printed with a sum over a^l although a^l is observed; (60i) has it as above. An action of
//! probability zero carries no news: pi'(x') = sum_x pi(x) Q^l(x'|z, x, a^l). Where her type is public, pi' is certain of
//! the type that comes next, and the belief is a state like any other.

use super::{
    Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType, MeanField, Play,
    Prescription, Tables,
};

/// Which leader moves the mean field follows, where she has types or mixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowRule {
    /// (8) as printed: z' is averaged over her type and action.
    #[default]
    Averaged,
    /// z' given the action that she takes, and her type where it is public: what a large population does.
    Realised,
}

/// A public state that a node leads to.
#[derive(Clone, Debug)]
pub struct Way {
    /// pi'.
    pub belief: Belief,
    /// z'.
    pub mean_field: MeanField,
    /// Its probability.
    pub probability: f64,
    /// What is seen of the leader.
    pub action: LeaderAction,
    /// The law of her type and action given that.
    pub moves: Vec<LeaderMove>,
}

/// What the public knows of the leader's type when it has the law pi: pi, or, where it is public, the type, with its
/// probability.
pub fn public_beliefs(game: &Game, belief: &Belief) -> Vec<(Belief, f64)> {
    if game.leader_information() != LeaderInformation::Public {
        return vec![(belief.clone(), 1.0)];
    }
    let types = belief.weights().iter().enumerate();
    let possible = types.filter(|(_, weight)| **weight > 0.0);
    possible
        .map(|(x, weight)| {
            (
                Belief::of_type(belief.weights().len(), LeaderType(x)),
                *weight,
            )
        })
        .collect()
}

/// The public states that (pi, z) leads to under a play, (8)-(9), with tables evaluated at z.
pub fn ways(
    game: &Game,
    tables: &Tables,
    belief: &Belief,
    z: &MeanField,
    play: &Play,
    rule: FlowRule,
) -> Vec<Way> {
    let all = LeaderMove::law(game, belief, &play.leader);
    let outcomes = outcomes(game, tables, belief, &play.leader).into_iter();
    let way = |outcome: Outcome| {
        let followed = match rule {
            FlowRule::Averaged => &all,
            FlowRule::Realised => &outcome.moves,
        };
        Way {
            mean_field: advance_mean_field(tables, z, &play.prescription, followed),
            belief: outcome.belief,
            probability: outcome.probability,
            action: outcome.action,
            moves: outcome.moves,
        }
    };
    outcomes.map(way).collect()
}

/// (8): z'(.) = sum over moves (x^l, a^l), x, a of their probability times z(x) gamma^f(a|x) Q^f(.|z, x^l, x, a^l, a), with
/// tables evaluated at z.
pub fn advance_mean_field(
    tables: &Tables,
    z: &MeanField,
    prescription: &Prescription,
    moves: &[LeaderMove],
) -> MeanField {
    let types = z.weights().len();
    let mut next = vec![0.0; types];
    for LeaderMove { index, probability } in moves {
        for (x, weight) in z.weights().iter().enumerate() {
            for (a, gamma) in prescription.row(x).iter().enumerate() {
                let mass = probability * weight * gamma;
                if mass > 0.0 {
                    for (to, target) in next.iter_mut().enumerate() {
                        *target += mass * tables.transition(*index, x, a, to);
                    }
                }
            }
        }
    }
    MeanField::new(next)
}

/// sum_a row(a) Q^f(.|z, x, m, a), the law of a follower's next type at a leader move m, with tables evaluated at z.
pub fn next_type(tables: &Tables<'_>, leader_move: usize, x: usize, row: &[f64]) -> Vec<f64> {
    let mut law = vec![0.0; tables.types()];
    for (a, weight) in row.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        for (y, mass) in law.iter_mut().enumerate() {
            *mass += weight * tables.transition(leader_move, x, a, y);
        }
    }
    law
}

/// The same by type, under a prescription.
pub fn next_types(
    tables: &Tables<'_>,
    leader_move: usize,
    prescription: &Prescription,
) -> Vec<Vec<f64>> {
    let types = 0..tables.types();
    types
        .map(|x| next_type(tables, leader_move, x, prescription.row(x)))
        .collect()
}

/// A type and action of the leader, with a probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeaderMove {
    /// [`Game::leader_move`] of the type and the action.
    pub index: usize,
    /// Its probability.
    pub probability: f64,
}

impl LeaderMove {
    /// The law of the leader's type and action, pi(x^l) gamma^l(a^l|x^l): the moves of positive probability.
    pub fn law(game: &Game, belief: &Belief, leader: &LeaderPrescription) -> Vec<Self> {
        let mut law = Vec::new();
        for (x, weight) in belief.weights().iter().enumerate() {
            let x = LeaderType(x);
            let actions = leader.support(x).into_iter().filter(|_| *weight > 0.0);
            law.extend(actions.map(|(a, gamma)| Self {
                index: game.leader_move(x, a),
                probability: weight * gamma,
            }));
        }
        law
    }
}

/// What everybody may see of the leader in one period: her action, and her next type where it is public.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// a^l.
    pub action: LeaderAction,
    /// x^l of the next period, where it is public.
    pub next_type: Option<LeaderType>,
    /// Its probability under pi and gamma^l.
    pub probability: f64,
    /// pi'.
    pub belief: Belief,
    /// The law of her type and action given the outcome.
    pub moves: Vec<LeaderMove>,
}

/// All outcomes of positive probability at (pi, z), with tables evaluated at z: by action, then next type.
pub fn outcomes(
    game: &Game,
    tables: &Tables,
    belief: &Belief,
    leader: &LeaderPrescription,
) -> Vec<Outcome> {
    let law = LeaderMove::law(game, belief, leader);
    let mut found = Vec::new();
    // Those that some type takes: of many actions few are, and this is asked for every candidate.
    let mut actions: Vec<LeaderAction> = law
        .iter()
        .map(|m| game.type_and_action(m.index).1)
        .collect();
    actions.sort_unstable();
    actions.dedup();
    for action in actions {
        let mine = |m: &&LeaderMove| game.type_and_action(m.index).1 == action;
        let mut moves: Vec<LeaderMove> = law.iter().filter(mine).copied().collect();
        let probability: f64 = moves.iter().map(|m| m.probability).sum();
        if probability <= 0.0 {
            continue;
        }
        moves.iter_mut().for_each(|m| m.probability /= probability);
        let after = forecast(game, tables, &moves);
        if game.leader_information() != LeaderInformation::Public {
            found.push(Outcome {
                action,
                next_type: None,
                probability,
                belief: Belief::new(after),
                moves,
            });
            continue;
        }
        let reached = after.iter().enumerate().filter(|(_, q)| **q > 0.0);
        found.extend(reached.map(|(next, q)| Outcome {
            action,
            next_type: Some(LeaderType(next)),
            probability: probability * q,
            belief: Belief::of_type(after.len(), LeaderType(next)),
            moves: moves.clone(),
        }));
    }
    found
}

/// (9): pi' after the leader action, with tables evaluated at z; `next_type` is the type that came about, which counts
/// where it is public.
pub fn update_belief(
    game: &Game,
    tables: &Tables,
    belief: &Belief,
    leader: &LeaderPrescription,
    action: LeaderAction,
    next_type: LeaderType,
) -> Belief {
    match game.leader_information() {
        LeaderInformation::NoTypes => return belief.clone(),
        LeaderInformation::Public => return Belief::of_type(belief.weights().len(), next_type),
        LeaderInformation::Private => {}
    }
    let weighted = |gamma: &dyn Fn(LeaderType) -> f64| -> Vec<LeaderMove> {
        let types = belief.weights().iter().enumerate();
        let moves = types.map(|(x, weight)| LeaderMove {
            index: game.leader_move(LeaderType(x), action),
            probability: weight * gamma(LeaderType(x)),
        });
        moves.filter(|m| m.probability > 0.0).collect()
    };
    let mut moves = weighted(&|x| leader.weight(x, action));
    if moves.is_empty() {
        // Off the path: no news.
        moves = weighted(&|_| 1.0);
    }
    let total: f64 = moves.iter().map(|m| m.probability).sum();
    moves.iter_mut().for_each(|m| m.probability /= total);
    Belief::new(forecast(game, tables, &moves))
}

/// sum over moves of their probability times Q^l.
fn forecast(game: &Game, tables: &Tables, moves: &[LeaderMove]) -> Vec<f64> {
    let types = game.leader_types().len();
    if types == 1 {
        return vec![1.0];
    }
    let to = |next: usize| -> f64 {
        let terms = moves.iter();
        terms
            .map(|m| m.probability * tables.leader_transition(m.index, next))
            .sum()
    };
    (0..types).map(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn a_leader_without_types_has_one_outcome_and_no_news() {
        let text = r#"
name = "g"
horizon = 1
discount = 1
[follower]
types = ["low", "high"]
actions = ["stay"]
initial = [0.5, 0.5]
reward = "0"
[follower.transition]
"*, *" = { low = 1 }
"#;
        let scenario = Scenario::parse("g.toml", text, &[]).unwrap();
        let game = scenario.game();
        let mut tables = game.tables();
        tables.evaluate(1, &[0.5, 0.5]).unwrap();
        let (belief, action) = (Belief::certain(), LeaderAction(0));
        let leader = LeaderPrescription::action(action);
        let after = update_belief(game, &tables, &belief, &leader, action, LeaderType(0));
        assert_eq!(after, belief);
        let [only] = &outcomes(game, &tables, &belief, &leader)[..] else {
            panic!("one outcome");
        };
        assert_eq!((only.probability, &only.belief), (1.0, &belief));
        assert_eq!(
            only.moves,
            [LeaderMove {
                index: 0,
                probability: 1.0
            }]
        );
    }
}
