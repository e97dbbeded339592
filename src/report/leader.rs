//! How tables write the leader: the belief about her type, what she plays, and V^l.
//!
//! | leader | policy.csv, stage | mean_field.csv | V^l |
//! |---|---|---|---|
//! | without types, pure | `leader_action` | `leader_action` | `v_leader` |
//! | without types, may mix | `leader_prob_ACTION` | `leader_prob_ACTION` | `v_leader` |
//! | public types, pure | `leader_action` | `leader_action` | `v_leader` |
//! | public types, may mix | `leader_prob_ACTION` | `leader_prob_ACTION` | `v_leader` |
//! | private types, pure | `leader_action_LTYPE` | `leader_prob_ACTION` | `v_leader_LTYPE` |
//! | private types, may mix | `leader_prob_LTYPE_ACTION` | `leader_prob_ACTION` | `v_leader_LTYPE` |
//!
//! With types, `pi_LTYPE` stands after `z_TYPE`: the belief, 0 or 1 where her type is public; what she plays and V^l are then
//! those of the type that all see. The probabilities of mean_field.csv are averages, sum over x of pi(x) gamma^l(a|x). One
//! game has one header, whatever happens in it. trace.csv holds the action that was taken, after `leader_type`.

use super::Cell;
use crate::game::{
    Belief, Game, LeaderAction, LeaderInformation, LeaderMixing, LeaderPrescription, LeaderType,
};
use crate::solve::StateValues;

/// `pi_LTYPE`; none without types.
pub(super) fn belief_names(game: &Game) -> Vec<String> {
    match game.leader_information() {
        LeaderInformation::NoTypes => Vec::new(),
        LeaderInformation::Public | LeaderInformation::Private => of_types(game, "pi"),
    }
}

/// What she plays at a public state, type by type.
pub(super) fn play_names(game: &Game, mixing: LeaderMixing) -> Vec<String> {
    match (is_private(game), mixing) {
        (false, LeaderMixing::Pure) => vec!["leader_action".to_owned()],
        (false, LeaderMixing::Mixed) => of_actions(game, "leader_prob"),
        (true, LeaderMixing::Pure) => of_types(game, "leader_action"),
        (true, LeaderMixing::Mixed) => {
            let types = of_types(game, "leader_prob").into_iter();
            types.flat_map(|before| of_actions(game, &before)).collect()
        }
    }
}

/// What the followers see of it.
pub(super) fn average_names(game: &Game, mixing: LeaderMixing) -> Vec<String> {
    match is_averaged(game, mixing) {
        false => vec!["leader_action".to_owned()],
        true => of_actions(game, "leader_prob"),
    }
}

/// V^l.
pub(super) fn value_names(game: &Game) -> Vec<String> {
    match is_private(game) {
        false => vec!["v_leader".to_owned()],
        true => of_types(game, "v_leader"),
    }
}

/// The cells of [`belief_names`].
pub(super) fn belief_cells<'a>(game: &Game, belief: &'a [f64]) -> impl Iterator<Item = Cell<'a>> {
    let shown = match game.leader_information() {
        LeaderInformation::NoTypes => 0,
        LeaderInformation::Public | LeaderInformation::Private => belief.len(),
    };
    belief[..shown].iter().map(|weight| Cell::Float(*weight))
}

/// The cells of [`play_names`].
pub(super) fn play_cells<'g>(
    game: &'g Game,
    mixing: LeaderMixing,
    belief: &Belief,
    leader: &LeaderPrescription,
) -> Vec<Cell<'g>> {
    let types = match is_private(game) {
        false => vec![belief.first_type()],
        true => (0..game.leader_types().len()).map(LeaderType).collect(),
    };
    let law = |x: &LeaderType| -> Vec<Cell<'g>> {
        match mixing {
            LeaderMixing::Pure => action_cell(game, leader, *x).into_iter().collect(),
            LeaderMixing::Mixed => {
                let actions = (0..game.leader_actions().len()).map(LeaderAction);
                actions.map(|a| Cell::Float(leader.weight(*x, a))).collect()
            }
        }
    };
    types.iter().flat_map(law).collect()
}

/// The cells of [`average_names`].
pub(super) fn average_cells<'g>(
    game: &'g Game,
    mixing: LeaderMixing,
    belief: &Belief,
    leader: &LeaderPrescription,
) -> Vec<Cell<'g>> {
    if !is_averaged(game, mixing) {
        return play_cells(game, mixing, belief, leader);
    }
    let actions = (0..game.leader_actions().len()).map(LeaderAction);
    let probability = |a| Cell::Float(leader.probability(belief, a));
    actions.map(probability).collect()
}

/// The cells of [`value_names`].
pub(super) fn value_cells<'a>(
    game: &Game,
    values: &'a StateValues,
) -> impl Iterator<Item = Cell<'a>> {
    let shown = match is_private(game) {
        false => std::slice::from_ref(&values.leader),
        true => &values.leader_types,
    };
    shown.iter().map(|value| Cell::Float(*value))
}

/// The only action of a type that does not mix.
fn action_cell<'g>(game: &'g Game, leader: &LeaderPrescription, x: LeaderType) -> Option<Cell<'g>> {
    let support = leader.support(x);
    let (LeaderAction(a), _) = support.first()?;
    Some(Cell::from(&game.leader_actions()[*a]))
}

fn is_private(game: &Game) -> bool {
    game.leader_information() == LeaderInformation::Private
}

fn is_averaged(game: &Game, mixing: LeaderMixing) -> bool {
    is_private(game) || mixing == LeaderMixing::Mixed
}

fn of_types(game: &Game, before: &str) -> Vec<String> {
    let types = game.leader_types().iter();
    types.map(|name| format!("{before}_{name}")).collect()
}

fn of_actions(game: &Game, before: &str) -> Vec<String> {
    let actions = game.leader_actions().iter();
    actions.map(|name| format!("{before}_{name}")).collect()
}
