//! Games with leader types as closures, the flow (8) and the belief (9).
//!
//! Types and actions count from 0, periods from 1. A leader move is (x^l, a^l), a follower's own move (x, a).

use super::stage::Prescription;

/// Her type and her action, (x^l, a^l).
pub type LeaderMove = (usize, usize);

/// A follower's own type and action, (x, a).
pub type Own = (usize, usize);

/// A number that depends on (t, z, leader move, own move).
pub type Rule = Box<dyn Fn(usize, &[f64], LeaderMove, Own) -> f64 + Send + Sync>;

/// A law of next types that depends on (t, z, leader move, own move).
pub type Kernel = Box<dyn Fn(usize, &[f64], LeaderMove, Own) -> Vec<f64> + Send + Sync>;

/// A number that depends on (t, z, leader move).
pub type LeaderRule = Box<dyn Fn(usize, &[f64], LeaderMove) -> f64 + Send + Sync>;

/// A law of the leader's next type that depends on (t, z, leader move).
pub type LeaderKernel = Box<dyn Fn(usize, &[f64], LeaderMove) -> Vec<f64> + Send + Sync>;

/// The reward V_{T+1}(z, x) of ending in type x.
pub type Terminal = Box<dyn Fn(&[f64], usize) -> f64 + Send + Sync>;

/// Who sees the leader's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Information {
    /// She alone.
    Private,
    /// Everybody.
    Public,
}

/// Where the mean field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// (8): the leader's type and action averaged over.
    Averaged,
    /// With the action that she took, her type averaged over its law given that action.
    Realised,
}

/// A game with leader types and a finite horizon.
pub struct TypedGame {
    /// T.
    pub horizon: usize,
    /// delta.
    pub discount: f64,
    /// |X^l|, |A^l|.
    pub leader: (usize, usize),
    /// |X^f|, |A^f|.
    pub follower: (usize, usize),
    pub information: Information,
    pub flow: Flow,
    /// pi_1.
    pub belief: Vec<f64>,
    /// z_1.
    pub initial: Vec<f64>,
    /// Q^l.
    pub leader_kernel: LeaderKernel,
    /// Q^f.
    pub kernel: Kernel,
    /// R^f.
    pub reward: Rule,
    /// r, the leader's reward per period.
    pub leader_period: LeaderRule,
    /// g, the leader's reward per follower.
    pub leader_share: Rule,
    /// V_{T+1} of the followers, nothing for none.
    pub terminal: Option<Terminal>,
}

/// The law that is certain of type x.
pub fn certain(types: usize, x: usize) -> Vec<f64> {
    (0..types).map(|k| f64::from(u8::from(k == x))).collect()
}

/// All words of `length` letters below `letters`, in lexicographic order.
pub fn words(letters: usize, length: usize) -> Vec<Vec<usize>> {
    (0..length).fold(vec![vec![]], |shorter, _| {
        let longer = |word: &Vec<usize>| -> Vec<Vec<usize>> {
            (0..letters).map(|l| [&word[..], &[l]].concat()).collect()
        };
        shorter.iter().flat_map(longer).collect()
    })
}

impl TypedGame {
    /// The law of x^l given that she took `action` under the prescription `chosen`: pi(x) gamma^l(a|x) / sum; where that
    /// is 0/0 the action carries no news, and it is pi.
    pub fn type_given_action(&self, belief: &[f64], chosen: &[usize], action: usize) -> Vec<f64> {
        let joint: Vec<f64> = belief
            .iter()
            .zip(chosen)
            .map(|(pi, a)| if *a == action { *pi } else { 0.0 })
            .collect();
        let total: f64 = joint.iter().sum();
        match total > 0.0 {
            true => joint.iter().map(|p| p / total).collect(),
            false => belief.to_vec(),
        }
    }

    /// (9): pi' = sum_x P(x | a^l) Q^l(. | z, x, a^l).
    pub fn next_belief(
        &self,
        t: usize,
        belief: &[f64],
        z: &[f64],
        chosen: &[usize],
        action: usize,
    ) -> Vec<f64> {
        let given = self.type_given_action(belief, chosen, action);
        let mut next = vec![0.0; self.leader.0];
        for (x, weight) in given.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            let law = (self.leader_kernel)(t, z, (x, action));
            next.iter_mut().zip(law).for_each(|(n, q)| *n += weight * q);
        }
        next
    }

    /// (8): z' = sum over leader moves, x, a of their probability z(x) gamma^f(a|x) Q^f(. | z, x^l, x, a^l, a).
    pub fn next_mean_field(
        &self,
        t: usize,
        z: &[f64],
        moves: &[(LeaderMove, f64)],
        gamma: &Prescription,
    ) -> Vec<f64> {
        let mut next = vec![0.0; self.follower.0];
        for (leader_move, weight) in moves {
            for (x, row) in gamma.iter().enumerate() {
                for (a, probability) in row.iter().enumerate() {
                    let mass = weight * z[x] * probability;
                    if mass > 0.0 {
                        let law = (self.kernel)(t, z, *leader_move, (x, a));
                        next.iter_mut().zip(law).for_each(|(n, q)| *n += mass * q);
                    }
                }
            }
        }
        next
    }

    /// R^l = r + sum_{x,a} z(x) gamma^f(a|x) g.
    pub fn leader_reward(
        &self,
        t: usize,
        z: &[f64],
        leader_move: LeaderMove,
        gamma: &Prescription,
    ) -> f64 {
        let mut reward = (self.leader_period)(t, z, leader_move);
        for (x, row) in gamma.iter().enumerate() {
            for (a, probability) in row.iter().enumerate() {
                let mass = z[x] * probability;
                if mass > 0.0 {
                    reward += mass * (self.leader_share)(t, z, leader_move, (x, a));
                }
            }
        }
        reward
    }
}
