//! Column names of the tables, made of the scenario's names.

use crate::game::Game;

/// `z_TYPE` per follower type, with a prefix of one's own.
pub(super) fn per_type(prefix: &str, game: &Game) -> Vec<String> {
    game.follower_types()
        .iter()
        .map(|x| format!("{prefix}_{x}"))
        .collect()
}

/// `share_ACTION` per follower action.
pub(super) fn shares(game: &Game) -> Vec<String> {
    game.follower_actions()
        .iter()
        .map(|a| format!("share_{a}"))
        .collect()
}

/// `gamma_TYPE_ACTION`, types by actions.
pub(super) fn gammas(game: &Game) -> Vec<String> {
    let of_type = |x: &String| {
        game.follower_actions()
            .iter()
            .map(move |a| format!("gamma_{x}_{a}"))
            .collect::<Vec<_>>()
    };
    game.follower_types().iter().flat_map(of_type).collect()
}

/// A header from single names and groups of names.
pub(super) fn header<const N: usize>(groups: [Vec<String>; N]) -> Vec<String> {
    groups.into_iter().flatten().collect()
}

/// Single names as a group.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
