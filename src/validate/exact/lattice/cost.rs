//! What backward induction over count vectors takes, before it is spent.

use super::super::law::estimated_width;
use super::super::{Cost, LeaderTest, STAGE_GAME_COST, spread_index};
use super::beliefs::{MOST_CANDIDATES, candidate_number, candidates, reachable};
use super::stage::crowd_moves;
use super::{check_memory, checked_population, count_vectors, mean_field};
use crate::game::{Belief, Game, LeaderMove, LeaderPrescription, Policy, Prescription, Tables};
use crate::validate::ValidateError;

/// Announcements whose answers are looked up at one state, to estimate what all of them take.
const ASKED: usize = 500;

/// The cost of [`super::LatticeExact::solve`], from the plays at up to 5 periods of about 40 states each. The beliefs that
/// are reached are collected first, for at most `budget`; where the leader's candidates reach too many, hers is infinite.
///
/// # Errors
/// As [`super::LatticeExact::solve`].
pub(in crate::validate::exact) fn estimated_cost(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
    budget: f64,
) -> Result<Cost, ValidateError> {
    let types = game.follower_types().len();
    let states = count_vectors(checked_population(game, population)?, types);
    let collect = |leader| {
        let beliefs = reachable(game, policy, &states, leader, budget)?;
        check_memory(game, population, &beliefs)?;
        Ok((leader, beliefs))
    };
    let (tested, beliefs) =
        collect(LeaderTest::StageWise).or_else(|error: ValidateError| match error {
            ValidateError::ExactBeliefs { .. }
            | ValidateError::ExactStates { .. }
            | ValidateError::ExactCost { .. } => collect(LeaderTest::None),
            other => Err(other),
        })?;
    let mut total = Cost {
        follower: 0.0,
        leader: match tested {
            LeaderTest::StageWise => 0.0,
            LeaderTest::None => f64::INFINITY,
        },
    };
    let periods = game.horizon().min(5);
    let mut tables = game.tables();
    for i in 0..periods {
        let t = 1 + spread_index(i, periods, game.horizon());
        let (held, all) = (
            beliefs[t - 1].beliefs(),
            beliefs[t - 1].len() * states.len(),
        );
        let sampled = all.min(40);
        let scale = game.horizon() as f64 * all as f64 / (periods * sampled) as f64;
        for j in 0..sampled {
            let place = spread_index(j, sampled, all);
            let (at, counts) = (place / states.len(), &states[place % states.len()]);
            let cost = state_cost(game, policy, &mut tables, (t, &held[at], counts))?;
            if beliefs[t - 1].is_on_path(at) {
                total.follower += scale * cost.follower;
            }
            total.leader += scale * cost.leader;
        }
    }
    Ok(total)
}

fn state_cost(
    game: &Game,
    policy: &dyn Policy,
    tables: &mut Tables<'_>,
    (t, belief, counts): (usize, &Belief, &[usize]),
) -> Result<Cost, ValidateError> {
    let z = mean_field(counts);
    tables.evaluate(t, z.weights())?;
    let play = policy.play(t, belief, &z);
    let mut seen = Vec::new();
    let mut new_crowds = |leader: &LeaderPrescription, followers: &Prescription| -> f64 {
        let mut cost = 0.0;
        for leader_move in LeaderMove::law(game, belief, leader) {
            let moves = crowd_moves(tables, followers, leader_move.index);
            if !seen.contains(&moves) {
                cost += crowd_cost(counts, &moves);
                seen.push(moves);
            }
        }
        cost
    };
    let number = candidate_number(game, belief);
    let own = new_crowds(&play.leader, &play.prescription);
    let mut cost = Cost {
        follower: own + STAGE_GAME_COST * number,
        leader: 0.0,
    };
    if number > MOST_CANDIDATES as f64 {
        cost.leader = f64::INFINITY;
        return Ok(cost);
    }
    let announced = candidates(game, belief, &play.leader);
    let asked = announced.len().min(ASKED);
    for i in 0..asked {
        let candidate = &announced[spread_index(i, asked, announced.len())];
        let Some(answer) = policy.answer(t, belief, &z, candidate) else {
            break;
        };
        cost.leader += STAGE_GAME_COST + new_crowds(candidate, &answer);
    }
    cost.leader *= announced.len() as f64 / asked.max(1) as f64;
    Ok(cost)
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
