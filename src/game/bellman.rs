//! (16): values one period back, and best responses.

use super::{
    Belief, Game, LeaderAction, LeaderInformation, LeaderMove, LeaderPrescription, LeaderType,
    MeanField, Prescription, Tables, leader_reward, mean_rewards,
};

/// What an action is worth to a follower of type x at a leader move: R^f + delta sum_x' Q^f(x'|z, x, a) V(x'), `next` being
/// V by type; with tables evaluated at z.
#[inline]
pub fn action_value(
    game: &Game,
    tables: &Tables<'_>,
    (leader_move, x, a): (usize, usize, usize),
    next: &[f64],
) -> f64 {
    let later: f64 = next
        .iter()
        .enumerate()
        .map(|(to, v)| tables.transition(leader_move, x, a, to) * v)
        .sum();
    tables.follower_reward(leader_move, x, a) + game.discount() * later
}

/// (16a): what a law over actions is worth, by the worth of each.
#[inline]
pub fn mean_value(row: &[f64], value: impl Fn(usize) -> f64) -> f64 {
    let played = row.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
    played.fold(0.0, |sum, (a, weight)| sum + weight * value(a))
}

/// The best response of a follower of type x: of the actions that it may take, the first of the best, and its worth.
#[inline]
pub fn best_action(game: &Game, x: usize, value: impl Fn(usize) -> f64) -> (usize, f64) {
    let mut best = (0, f64::NEG_INFINITY);
    for a in (0..game.follower_actions().len()).filter(|a| game.is_available(x, *a)) {
        let worth = value(a);
        if worth > best.1 {
            best = (a, worth);
        }
    }
    best
}

/// Something that may be seen of the leader, and V^l of the public state that it leads to.
#[derive(Clone, Copy, Debug)]
pub struct Prospect<'a> {
    /// Its probability.
    pub probability: f64,
    /// What she does.
    pub action: LeaderAction,
    /// The law of her type and action given that.
    pub moves: &'a [LeaderMove],
    /// V^l in the mean over pi',
    pub leader: f64,
    /// and per type.
    pub leader_types: &'a [f64],
}

/// V^l at one public state.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderValues {
    /// In the mean over pi.
    pub mean: f64,
    /// Per type; `NaN` for one that pi rules out.
    pub by_type: Vec<f64>,
}

/// (16b) at a public state (pi, z) with tables evaluated at z: what a prescription that is answered is worth to the leader,
/// over all that may be seen of her.
pub fn leader_values(
    game: &Game,
    tables: &Tables<'_>,
    (belief, z): (&Belief, &MeanField),
    (leader, answer): (&LeaderPrescription, &Prescription),
    prospects: &[Prospect<'_>],
) -> LeaderValues {
    let delta = game.discount();
    let along = prospects.iter().map(|seen| {
        let reward = mean_rewards(tables, z, answer, seen.moves).leader;
        seen.probability * (reward + delta * seen.leader)
    });
    let mean = along.sum();
    let of_type = |x: LeaderType| {
        let mut value = 0.0;
        for (action, gamma) in leader.support(x) {
            let index = game.leader_move(x, action);
            let taken = prospects.iter().filter(|seen| seen.action == action);
            let total: f64 = taken.clone().map(|seen| seen.probability).sum();
            let later =
                taken.map(|seen| seen.probability / total * after_move(game, tables, index, seen));
            let reward = leader_reward(tables, index, z, answer);
            value += gamma * (reward + delta * later.sum::<f64>());
        }
        value
    };
    let types = belief.weights().iter().enumerate();
    let by_type = types.map(|(x, weight)| match *weight > 0.0 {
        true => of_type(LeaderType(x)),
        false => f64::NAN,
    });
    LeaderValues {
        mean,
        by_type: by_type.collect(),
    }
}

/// E V^l(x') after a move of hers: she knows her next type where the public does not.
fn after_move(game: &Game, tables: &Tables<'_>, leader_move: usize, seen: &Prospect<'_>) -> f64 {
    if game.leader_information() != LeaderInformation::Private {
        return seen.leader;
    }
    let next = seen.leader_types.iter().enumerate();
    // V^l of a type that cannot come is `NaN`.
    let terms = next.map(|(to, v)| match tables.leader_transition(leader_move, to) {
        q if q > 0.0 => q * v,
        _ => 0.0,
    });
    terms.sum()
}
