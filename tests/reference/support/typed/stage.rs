//! The followers' game (15a) at one (t, pi, z) and one candidate of the leader, and what it is worth to everybody.

use super::game::{Flow, Information, LeaderMove, TypedGame, certain};
use std::rc::Rc;

/// gamma^f(a | x), a row per type.
pub type Prescription = Vec<Vec<f64>>;

/// V_{t+1} at one (pi', z').
#[derive(Clone, Debug)]
pub struct Values {
    /// V^f per follower type.
    pub followers: Vec<f64>,
    /// V^l per leader type; NaN for those that a public type rules out.
    pub leader_types: Vec<f64>,
}

/// V_{t+1}; without one, nothing comes after.
pub type Continuation<'c> = Option<&'c dyn Fn(&[f64], &[f64]) -> Rc<Values>>;

/// An equilibrium of the followers' game and what it is worth.
#[derive(Clone, Debug)]
pub struct Equilibrium {
    pub gamma: Prescription,
    /// V^f per follower type, (16a).
    pub followers: Vec<f64>,
    /// J_x per leader type, (15c); NaN for those that a public type rules out.
    pub leader_types: Vec<f64>,
    /// The mean of J over pi.
    pub leader: f64,
    /// Whether an action that is not played is as good as the best, for a type with mass.
    pub tied: bool,
}

/// What can follow an action of the leader: one public state, or one per type where the next type is public.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The next type, where it is public.
    pub next_type: Option<usize>,
    /// Its probability given the action.
    pub weight: f64,
    /// pi'.
    pub belief: Vec<f64>,
}

/// Actions within this of the best, times max(1, range), are best responses.
pub const TIE: f64 = 1e-10;

/// What counts as equal to the largest of some values.
pub fn tie_tolerance(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    TIE * (largest - smallest).max(1.0)
}

/// The places of the values that are equal to the largest.
pub fn best(values: &[f64]) -> Vec<usize> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let slack = tie_tolerance(values);
    (0..values.len())
        .filter(|i| largest - values[*i] <= slack)
        .collect()
}

/// The followers' game at (t, pi, z) under the candidate `chosen`, an action per leader type.
pub struct Stage<'g> {
    pub game: &'g TypedGame,
    pub t: usize,
    pub belief: Vec<f64>,
    pub z: Vec<f64>,
    pub chosen: Vec<usize>,
    pub continuation: Continuation<'g>,
}

impl Stage<'_> {
    /// The leader types that may be there, with their probabilities.
    pub fn present(&self) -> Vec<(usize, f64)> {
        let types = self.belief.iter().copied().enumerate();
        types.filter(|(_, pi)| *pi > 0.0).collect()
    }

    /// pi(x^l) gamma^l(a^l|x^l) where it is positive.
    fn moves(&self) -> Vec<(LeaderMove, f64)> {
        let present = self.present().into_iter();
        present.map(|(x, pi)| ((x, self.chosen[x]), pi)).collect()
    }

    /// The actions of positive probability.
    pub fn actions_on_path(&self) -> Vec<usize> {
        (0..self.game.leader.1)
            .filter(|a| self.moves().iter().any(|((_, b), _)| a == b))
            .collect()
    }

    /// Whether V_{t+1} depends on what the followers do.
    pub fn looks_ahead(&self) -> bool {
        self.continuation.is_some()
    }

    /// What follows an action of the leader, on the path or off it.
    pub fn branches(&self, action: usize) -> Vec<Branch> {
        let game = self.game;
        match game.information {
            Information::Private => vec![Branch {
                next_type: None,
                weight: 1.0,
                belief: game.next_belief(self.t, &self.belief, &self.z, &self.chosen, action),
            }],
            Information::Public => {
                let (known, _) = self.present()[0];
                let law = (game.leader_kernel)(self.t, &self.z, (known, action));
                let reached = law.into_iter().enumerate().filter(|(_, q)| *q > 0.0);
                reached
                    .map(|(next, weight)| Branch {
                        next_type: Some(next),
                        weight,
                        belief: certain(game.leader.0, next),
                    })
                    .collect()
            }
        }
    }

    /// z' after an action of the leader, on the path or off it.
    pub fn next_mean_field(&self, action: usize, gamma: &Prescription) -> Vec<f64> {
        let moves = match self.game.flow {
            Flow::Averaged => self.moves(),
            Flow::Realised => {
                let given = self
                    .game
                    .type_given_action(&self.belief, &self.chosen, action);
                let types = given.into_iter().enumerate().filter(|(_, p)| *p > 0.0);
                types.map(|(x, p)| ((x, action), p)).collect()
            }
        };
        self.game.next_mean_field(self.t, &self.z, &moves, gamma)
    }

    /// V_{t+1} at everything that may follow an action of the leader.
    fn ahead(&self, action: usize, gamma: &Prescription) -> Vec<(Branch, Rc<Values>)> {
        let Some(continuation) = self.continuation else {
            return vec![];
        };
        let z = self.next_mean_field(action, gamma);
        let branches = self.branches(action).into_iter();
        branches
            .map(|branch| {
                let values = continuation(&branch.belief, &z);
                (branch, values)
            })
            .collect()
    }

    /// (15a): U_x(a; z') = E[R^f + delta V^f_{t+1}(F(pi, z, gamma^l, a^l), z', x')], x^l ~ pi, a^l ~ gamma^l, z' from all
    /// others' gamma.
    pub fn worth(&self, gamma: &Prescription) -> Vec<Vec<f64>> {
        let game = self.game;
        let (types, actions) = game.follower;
        let mut worth = vec![vec![0.0; actions]; types];
        for (leader_move, pi) in self.moves() {
            // E[V^f_{t+1}(., ., x') | her type and action].
            let mut after = vec![0.0; types];
            for (branch, values) in self.ahead(leader_move.1, gamma) {
                after
                    .iter_mut()
                    .zip(&values.followers)
                    .for_each(|(sum, v)| *sum += branch.weight * v);
            }
            for (x, row) in worth.iter_mut().enumerate() {
                for (a, sum) in row.iter_mut().enumerate() {
                    let mut value = (game.reward)(self.t, &self.z, leader_move, (x, a));
                    if self.looks_ahead() {
                        let law = (game.kernel)(self.t, &self.z, leader_move, (x, a));
                        let mean: f64 = law.iter().zip(&after).map(|(q, v)| q * v).sum();
                        value += game.discount * mean;
                    }
                    *sum += pi * value;
                }
            }
        }
        worth
    }

    /// (15c): J_x for the leader's type x when she takes `action` and followers play gamma, all of them expecting the
    /// candidate: R^l + delta E[V^l_{t+1}(F(pi, z, gamma^l, a^l), z', x')].
    pub fn leader_worth(&self, x: usize, action: usize, gamma: &Prescription) -> f64 {
        let game = self.game;
        let mut after = 0.0;
        for (branch, values) in self.ahead(action, gamma) {
            match branch.next_type {
                Some(next) => after += branch.weight * values.leader_types[next],
                None => {
                    let law = (game.leader_kernel)(self.t, &self.z, (x, action));
                    let reached = law.into_iter().enumerate().filter(|(_, q)| *q > 0.0);
                    after += reached
                        .map(|(next, q)| q * values.leader_types[next])
                        .sum::<f64>();
                }
            }
        }
        game.leader_reward(self.t, &self.z, (x, action), gamma) + game.discount * after
    }

    /// The leader's types of which theta speaks: all of them, or the one that is seen.
    pub fn spoken_of(&self) -> Vec<usize> {
        match self.game.information {
            Information::Private => (0..self.game.leader.0).collect(),
            Information::Public => self.present().into_iter().map(|(x, _)| x).collect(),
        }
    }

    /// gamma with its values.
    pub fn valued(&self, gamma: Prescription) -> Equilibrium {
        let worth = self.worth(&gamma);
        let mean = |x: usize| -> f64 { gamma[x].iter().zip(&worth[x]).map(|(p, u)| p * u).sum() };
        let followers = (0..gamma.len()).map(mean).collect();
        let mut leader_types = vec![f64::NAN; self.game.leader.0];
        for x in self.spoken_of() {
            leader_types[x] = self.leader_worth(x, self.chosen[x], &gamma);
        }
        let rival = |x: usize| best(&worth[x]).into_iter().any(|a| gamma[x][a] <= 0.0);
        Equilibrium {
            leader: self
                .present()
                .into_iter()
                .map(|(x, pi)| pi * leader_types[x])
                .sum(),
            tied: (0..gamma.len()).any(|x| self.z[x] > 0.0 && rival(x)),
            gamma,
            followers,
            leader_types,
        }
    }
}
