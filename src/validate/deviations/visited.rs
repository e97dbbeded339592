//! The beliefs that a leader leads to who follows a given policy, whatever z is.

use super::NamedPolicy;
use crate::game::{Belief, BeliefSet, Game, LeaderInformation};
use crate::validate::ValidateError;

/// The most beliefs of one period that one policy may lead to.
pub const MOST_VISITED: usize = 400;

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
    let mut visited = vec![BeliefSet::default(); game.horizon() + 1];
    let listed = |visited: Vec<BeliefSet>| -> Vec<Vec<Belief>> {
        visited.iter().map(|set| set.beliefs().to_vec()).collect()
    };
    let is_private = game.leader_information() == LeaderInformation::Private;
    if files.is_empty() || !is_private || !game.leader_kernel_is_constant() {
        return Ok(listed(visited));
    }
    let mut tables = game.tables();
    tables.evaluate(1, game.initial().weights())?;
    for file in files {
        let mut now = BeliefSet::from(vec![game.initial_belief().clone()]);
        for (t, led_to) in (1..).zip(&mut visited[1..]) {
            let mut next = BeliefSet::default();
            for belief in now.beliefs() {
                for leader in file.policy.leaders_at(t, belief) {
                    next.add_posteriors(game, &tables, belief, leader);
                    if next.beliefs().len() > MOST_VISITED {
                        let deviation = file.deviation_name();
                        return Err(ValidateError::Visited {
                            deviation,
                            t: t + 1,
                        });
                    }
                }
            }
            for belief in next.beliefs() {
                led_to.add(belief.clone());
            }
            now = next;
        }
    }
    Ok(listed(visited))
}
