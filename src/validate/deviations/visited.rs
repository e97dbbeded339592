//! The beliefs that a leader leads to who follows a given policy, whatever z is.

use super::NamedPolicy;
use crate::game::{Belief, Game, LeaderInformation, outcomes};
use crate::validate::ValidateError;

/// The most beliefs of one period that one policy may lead to.
pub const MOST_VISITED: usize = 400;

/// Beliefs closer than this in every coordinate are one: rounding.
const SAME: f64 = 1e-12;

/// By period t = 1, ..., T + 1, the beliefs that (9) leads to under what these policies announce: followers see the
/// announcement, so that they update by it and not by theta's. Empty lists unless the type is private and Q^l the same at
/// every (t, z); elsewhere theta is known at all beliefs.
///
/// # Errors
/// More than [`MOST_VISITED`] in a period under one policy, or a kernel without a value.
pub fn visited_beliefs(
    game: &Game,
    files: &[NamedPolicy],
) -> Result<Vec<Vec<Belief>>, ValidateError> {
    let mut visited = vec![Vec::new(); game.horizon() + 1];
    let is_private = game.leader_information() == LeaderInformation::Private;
    if files.is_empty() || !is_private || !game.leader_kernel_is_constant() {
        return Ok(visited);
    }
    let mut tables = game.tables();
    tables.evaluate(1, game.initial().weights())?;
    for file in files {
        let mut now = vec![game.initial_belief().clone()];
        for (t, led_to) in (1..).zip(&mut visited[1..]) {
            let mut next: Vec<Belief> = Vec::new();
            for belief in &now {
                for leader in file.policy.leaders_at(t, belief) {
                    for outcome in outcomes(game, &tables, belief, leader) {
                        push_distinct(&mut next, outcome.belief);
                    }
                    if next.len() > MOST_VISITED {
                        let deviation = file.deviation_name();
                        return Err(ValidateError::Visited {
                            deviation,
                            t: t + 1,
                        });
                    }
                }
            }
            for belief in &next {
                push_distinct(led_to, belief.clone());
            }
            now = next;
        }
    }
    Ok(visited)
}

fn push_distinct(list: &mut Vec<Belief>, belief: Belief) {
    let same = |known: &Belief| {
        let mut pairs = known.weights().iter().zip(belief.weights());
        pairs.all(|(a, b)| (a - b).abs() <= SAME)
    };
    if !list.iter().any(same) {
        list.push(belief);
    }
}
