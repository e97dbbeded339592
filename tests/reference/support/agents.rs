//! A per-agent simulator: one state per follower, every draw made one by one.

use super::finite::CountPolicy;
use super::games::PlainGame;
use super::random::Random;

/// The type of one follower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Agent {
    One,
    Two,
}

/// One replication.
#[derive(Clone, Debug)]
pub struct Run {
    /// The number of followers of type 2 at t = 1..T+1.
    pub counts: Vec<usize>,
    /// Discounted return of each follower, the terminal reward included.
    pub returns: Vec<f64>,
    /// The leader's discounted return.
    pub leader_return: f64,
}

impl Run {
    /// The followers' mean return.
    pub fn follower_return(&self) -> f64 {
        self.returns.iter().sum::<f64>() / self.returns.len() as f64
    }
}

/// Types drawn independently from z_1.
pub fn independent_types(game: &PlainGame, population: usize, random: &mut Random) -> Vec<Agent> {
    (0..population)
        .map(|_| {
            if random.uniform() < game.initial {
                Agent::Two
            } else {
                Agent::One
            }
        })
        .collect()
}

/// Play the game once from the given types.
pub fn simulate(
    game: &PlainGame,
    policy: CountPolicy,
    mut agents: Vec<Agent>,
    random: &mut Random,
) -> Run {
    let population = agents.len();
    let count = |agents: &[Agent]| agents.iter().filter(|agent| **agent == Agent::Two).count();
    let mut counts = vec![count(&agents)];
    let mut returns = vec![0.0; population];
    let mut leader_return = 0.0;
    let mut factor = 1.0;
    for t in 1..=game.horizon {
        let n = counts[t - 1];
        let (play, m) = (policy(t, n), n as f64 / population as f64);
        let l = play.leader_action;
        leader_return += factor * (game.leader_period)(t, m, l);
        for (agent, earned) in agents.iter_mut().zip(&mut returns) {
            let x = *agent as usize;
            let a = random.index(&play.gamma[x]);
            *earned += factor * (game.reward)(t, m, l, x, a);
            leader_return += factor * (game.leader_share)(t, m, l, x, a) / population as f64;
            *agent = if random.uniform() < (game.kernel)(t, m, l, x, a) {
                Agent::Two
            } else {
                Agent::One
            };
        }
        counts.push(count(&agents));
        factor *= game.discount;
    }
    let m = counts[game.horizon] as f64 / population as f64;
    for (agent, earned) in agents.iter().zip(&mut returns) {
        *earned += factor * (game.terminal)(m, *agent as usize);
    }
    Run {
        counts,
        returns,
        leader_return,
    }
}

impl Random {
    /// An index drawn from the given probabilities.
    pub fn index(&mut self, probabilities: &[f64]) -> usize {
        let mut left = self.uniform();
        for (i, p) in probabilities.iter().enumerate() {
            if left < *p {
                return i;
            }
            left -= p;
        }
        // Rounding: the last index that has any probability.
        probabilities
            .iter()
            .rposition(|p| *p > 0.0)
            .expect("some probability is positive")
    }
}
