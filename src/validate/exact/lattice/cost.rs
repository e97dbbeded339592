//! What backward induction over count vectors takes, before it is spent.

use super::super::law::estimated_width;
use super::super::{Cost, spread_index};
use super::{checked_population, count_vectors, crowd_moves, mean_field};
use crate::game::{Belief, Game, LeaderAction, LeaderPrescription, Play, Policy};
use crate::validate::ValidateError;

/// Multiply-adds in the time of one stage game; theta's play solves one per leader action.
const STAGE_GAME_COST: f64 = 5_000.0;

/// The cost of [`LatticeExact::solve`], from the plays at up to 5 periods of about 40 count vectors each.
///
/// # Errors
/// As [`LatticeExact::solve`].
pub(in crate::validate::exact) fn estimated_cost(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
) -> Result<Cost, ValidateError> {
    let types = game.follower_types().len();
    let states = count_vectors(checked_population(game, population)?, types);
    let (periods, sampled) = (game.horizon().min(5), states.len().min(40));
    let mut tables = game.tables();
    let (mut follower, mut leader) = (0.0, 0.0);
    for i in 0..periods {
        let t = 1 + spread_index(i, periods, game.horizon());
        for j in 0..sampled {
            let counts = &states[spread_index(j, sampled, states.len())];
            let z = mean_field(counts);
            tables.evaluate(t, z.weights())?;
            let play = policy.play(t, &Belief::certain(), &z);
            let mut seen = vec![crowd_moves(&tables, &play, counts)];
            let actions = game.leader_actions().len();
            follower += crowd_cost(counts, &seen[0]) + STAGE_GAME_COST * actions as f64;
            for leader_action in (0..actions)
                .map(LeaderAction)
                .filter(|l| *l != play.leader_action())
            {
                let Some(prescription) = policy.answer(
                    t,
                    &Belief::certain(),
                    &z,
                    &LeaderPrescription::action(leader_action),
                ) else {
                    break;
                };
                let answer = Play::pure(leader_action, prescription);
                let moves = crowd_moves(&tables, &answer, counts);
                leader += STAGE_GAME_COST;
                if !seen.contains(&moves) {
                    leader += crowd_cost(counts, &moves);
                    seen.push(moves);
                }
            }
        }
    }
    let scale = game.horizon() as f64 * states.len() as f64 / (periods * sampled) as f64;
    Ok(Cost {
        follower: scale * follower,
        leader: scale * leader,
    })
}

/// Multiply-adds of one crowd's law and of the expectations over it.
fn crowd_cost(counts: &[usize], moves: &[Vec<f64>]) -> f64 {
    let types = counts.len();
    let groups = counts.iter().zip(moves).filter(|(n, _)| **n > 1);
    let mut boxes: Vec<Vec<f64>> = groups
        .map(|(n, law)| {
            law[1..]
                .iter()
                .map(|p| estimated_width(n - 1, *p))
                .collect()
        })
        .collect();
    let volume = |size: &[f64]| size.iter().product::<f64>();
    boxes.sort_by(|a, b| volume(a).total_cmp(&volume(b)));
    let mut sum = vec![1.0; types - 1];
    let mut cost = 0.0;
    for size in boxes {
        // About half of a box lies in the simplex, of both laws.
        cost += 0.25 * volume(&size).min(volume(&sum)) * volume(&size).max(volume(&sum));
        sum.iter_mut().zip(&size).for_each(|(s, w)| *s += w - 1.0);
    }
    // Per type: K - 1 more followers of up to K outcomes each, and K expectations of two functions.
    let each = (types * (types - 1) + 2 * types) as f64;
    cost + types as f64 * each * volume(&sum)
}
