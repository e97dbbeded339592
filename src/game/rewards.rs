//! What a period pays: R^f, and R^l = r(z, x^l, a^l) + sum_{x,a} mu(x, a) g(z, x^l, a^l, x, a).

use super::{LeaderMove, MeanField, Prescription, Tables};

/// What one period pays in the mean-field limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanRewards {
    /// Population mean of R^f.
    pub follower: f64,
    /// R^l.
    pub leader: f64,
}

/// Rewards under mu(x, a) = z(x) gamma^f(a|x) and a law of the leader's moves, with tables evaluated at z.
pub fn mean_rewards(
    tables: &Tables,
    z: &MeanField,
    prescription: &Prescription,
    moves: &[LeaderMove],
) -> MeanRewards {
    let mut rewards = MeanRewards {
        follower: 0.0,
        leader: 0.0,
    };
    for LeaderMove { index, probability } in moves {
        let mut follower = 0.0;
        for (x, a, mass) in joint_law(z, prescription) {
            follower += mass * tables.follower_reward(*index, x, a);
        }
        rewards.follower += probability * follower;
        rewards.leader += probability * leader_reward(tables, *index, z, prescription);
    }
    rewards
}

/// R^l at a leader move under mu(x, a) = z(x) gamma^f(a|x), which at any N is the mean of the realised law.
pub fn leader_reward(
    tables: &Tables<'_>,
    leader_move: usize,
    z: &MeanField,
    prescription: &Prescription,
) -> f64 {
    leader_reward_under(tables, leader_move, joint_law(z, prescription))
}

/// R^l at a leader move under mu, given as (x, a, mu(x, a)) where it is positive.
pub fn leader_reward_under(
    tables: &Tables<'_>,
    leader_move: usize,
    joint: impl Iterator<Item = (usize, usize, f64)>,
) -> f64 {
    joint.fold(
        tables.leader_period_reward(leader_move),
        |reward, (x, a, mass)| reward + mass * tables.leader_follower_reward(leader_move, x, a),
    )
}

/// mu(x, a) where it is positive: elsewhere a reward need not be a number.
fn joint_law<'a>(
    z: &'a MeanField,
    prescription: &'a Prescription,
) -> impl Iterator<Item = (usize, usize, f64)> + 'a {
    let types = z.weights().iter().enumerate();
    let pairs = types.flat_map(|(x, weight)| {
        let row = prescription.row(x).iter().enumerate();
        row.map(move |(a, gamma)| (x, a, weight * gamma))
    });
    pairs.filter(|(_, _, mass)| *mass > 0.0)
}
