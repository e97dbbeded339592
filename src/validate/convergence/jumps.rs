//! Where the policy jumps in z so near the mean-field path that z^N reaches the other side.

use super::measure::Simulated;
use crate::game::{Game, LeaderMove, MeanField, advance_mean_field, mean_rewards};
use crate::validate::ValidateError;
use crate::validate::population::Claims;

/// z^N reaches what lies within this many of its standard deviations.
const REACH: f64 = 3.0;
/// Beside a switch, the policy is looked at this far from it.
const BESIDE: f64 = 1e-7;
/// A jump of z_{t+1}, in total variation, that counts; one of the mean rewards counts from epsilon on.
const JUMP: f64 = 0.01;

/// A jump of the policy that z^N reaches at the smallest N of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JumpInReach {
    /// The period.
    pub t: usize,
    /// z(x_2) at the jump.
    pub position: f64,
    /// z_t(x_2) on the mean-field path.
    pub path: f64,
    /// The N from which it is more than 3 standard deviations of z^N_t away; infinite on the path itself.
    pub out_of_reach_from: f64,
}

/// All of them, those that stay longest in reach first. The standard deviations are those of the smallest N, and fall as
/// N^-1/2.
pub(super) fn jumps_in_reach(
    claims: &Claims<'_>,
    path: &[MeanField],
    switches: &[Vec<f64>],
    simulated: &[Simulated],
) -> Result<Vec<JumpInReach>, ValidateError> {
    let Some(first) = simulated.first() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for (i, (positions, z)) in switches.iter().zip(path).enumerate() {
        let (t, m) = (i + 1, z.weights()[1]);
        let (deviation, _) = first.spread((t, 1));
        for position in positions {
            let away = (position - m).abs();
            if away <= REACH * deviation && jumps_at(claims, t, *position)? {
                let ratio = REACH * deviation / away;
                found.push(JumpInReach {
                    t,
                    position: *position,
                    path: m,
                    out_of_reach_from: first.population as f64 * ratio * ratio,
                });
            }
        }
    }
    found.sort_by(|a, b| b.out_of_reach_from.total_cmp(&a.out_of_reach_from));
    Ok(found)
}

/// Whether what is played on the two sides of a switch moves or pays the crowd differently. A leader who changes to the
/// next action of a fine grid does not count.
fn jumps_at(claims: &Claims<'_>, t: usize, position: f64) -> Result<bool, ValidateError> {
    let mut tables = claims.game.tables();
    let belief = claims.game.initial_belief();
    let mut side = |m: f64| {
        let z = super::at(m);
        tables.evaluate(t, z.weights())?;
        let play = claims.policy.play(t, belief, &z)?;
        let moves = LeaderMove::law(claims.game, belief, &play.leader);
        let rewards = mean_rewards(&tables, &z, &play.prescription, &moves);
        Ok::<_, ValidateError>((
            advance_mean_field(&tables, &z, &play.prescription, &moves),
            rewards,
        ))
    };
    let (left, left_pay) = side(position - BESIDE)?;
    let (right, right_pay) = side(position + BESIDE)?;
    let shares = left.weights().iter().zip(right.weights());
    let moved = 0.5 * shares.map(|(a, b)| (a - b).abs()).sum::<f64>();
    let paid = (left_pay.follower - right_pay.follower).abs();
    let paid = paid.max((left_pay.leader - right_pay.leader).abs());
    Ok(moved > JUMP || paid >= claims.settings.epsilon)
}

/// What the reader is told of them.
pub(super) fn warning(game: &Game, jumps: &[JumpInReach], populations: &[u64]) -> Option<String> {
    let nearest = jumps.first()?;
    let left_out = populations
        .iter()
        .filter(|n| (**n as f64) < nearest.out_of_reach_from);
    let named: Vec<String> = left_out.map(u64::to_string).collect();
    let mut periods: Vec<usize> = jumps.iter().map(|jump| jump.t).collect();
    periods.sort_unstable();
    periods.dedup();
    let periods: Vec<String> = periods.iter().map(usize::to_string).collect();
    Some(format!(
        "the policy jumps near the path, at t = {} and z({}) = {:.6} where the mean field has {:.6}, and at {} more places \
         (periods {}): one power of N says nothing where z^N reaches a jump, as it does at N = {}",
        nearest.t,
        game.follower_types()[1],
        nearest.position,
        nearest.path,
        jumps.len() - 1,
        periods.join(", "),
        named.join(", "),
    ))
}
