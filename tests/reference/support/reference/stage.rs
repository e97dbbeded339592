//! One stage game of the followers, (15a): all equilibria at (t, m, leader action), and the selection among them.

use super::table::{Crossing, Table, Values};
use crate::support::games::{PlainGame, weight};

/// Best responses lie within this times max(1, range of U) of the maximum; selection uses it too.
const TIE: f64 = 1e-10;

/// Which stage equilibrium is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection {
    /// The best for the leader.
    Optimistic,
    /// The worst for the leader.
    Pessimistic,
    /// The best for the followers' mean.
    Welfare,
}

/// A stage equilibrium.
#[derive(Clone, Debug)]
pub struct Equilibrium {
    /// gamma(a | x).
    pub gamma: [Vec<f64>; 2],
    /// m'.
    pub next: f64,
    /// The values that it gives in this period.
    pub values: Values,
    /// Probability of the right-hand side of a jump at m', where the equilibrium needs a public coin.
    pub coin: Option<f64>,
}

/// The numbers of one stage game.
struct Stage<'a> {
    m: f64,
    discount: f64,
    actions: usize,
    reward: [Vec<f64>; 2],
    kernel: [Vec<f64>; 2],
    share: [Vec<f64>; 2],
    period: f64,
    after: &'a Table,
    continuation: &'a dyn Fn(f64) -> Values,
}

/// All equilibria of the stage game, as mathematics asks for them: pure ones, one type mixing over a pair, ends of
/// continua, and lotteries. Jumps and crossings are looked up in `after`, values come from `continuation`.
pub fn equilibria(
    game: &PlainGame,
    (t, m, leader_action): (usize, f64, usize),
    after: &Table,
    continuation: &dyn Fn(f64) -> Values,
) -> Vec<Equilibrium> {
    let by_action = |rule: &dyn Fn(usize, usize) -> f64| {
        [0, 1].map(|x| (0..game.actions).map(|a| rule(x, a)).collect())
    };
    let stage = Stage {
        m,
        discount: game.discount,
        actions: game.actions,
        reward: by_action(&|x, a| (game.reward)(t, m, leader_action, x, a)),
        kernel: by_action(&|x, a| (game.kernel)(t, m, leader_action, x, a)),
        share: by_action(&|x, a| (game.leader_share)(t, m, leader_action, x, a)),
        period: (game.leader_period)(t, m, leader_action),
        after,
        continuation,
    };
    let mut found = Vec::new();
    stage.pure(&mut found);
    for x in 0..2 {
        if weight(m, x) > 0.0 {
            stage.mixed(x, &mut found);
        }
    }
    found
}

impl Stage<'_> {
    /// The actions that an enumeration runs over: all of a type with mass, one placeholder for a type without.
    fn choices(&self, x: usize) -> usize {
        if weight(self.m, x) > 0.0 {
            self.actions
        } else {
            1
        }
    }

    /// U_x(a) where the continuation of type 1 is `base` and D = `difference`.
    fn utilities(&self, x: usize, base: f64, difference: f64) -> Vec<f64> {
        let continued = |a: usize| self.discount * (base + self.kernel[x][a] * difference);
        (0..self.actions)
            .map(|a| self.reward[x][a] + continued(a))
            .collect()
    }

    fn pure(&self, found: &mut Vec<Equilibrium>) {
        for first in 0..self.choices(0) {
            for second in 0..self.choices(1) {
                let next = weight(self.m, 0) * self.kernel[0][first]
                    + weight(self.m, 1) * self.kernel[1][second];
                let after = (self.continuation)(next);
                let gamma = [self.certain(first), self.certain(second)];
                found.extend(self.accept(gamma, next, after, after.difference(), None));
            }
        }
    }

    /// Type x mixes over each pair, the other type is pure.
    fn mixed(&self, x: usize, found: &mut Vec<Equilibrium>) {
        for b in 0..self.actions {
            for a in 0..b {
                for other in 0..self.choices(1 - x) {
                    self.mixed_pair(x, (a, b), other, found);
                }
            }
        }
    }

    fn mixed_pair(
        &self,
        x: usize,
        (a, b): (usize, usize),
        other: usize,
        found: &mut Vec<Equilibrium>,
    ) {
        let slope = self.discount * (self.kernel[x][b] - self.kernel[x][a]);
        if slope.abs() < 1e-14 {
            return;
        }
        let level = -(self.reward[x][b] - self.reward[x][a]) / slope;
        let others = weight(self.m, 1 - x) * self.kernel[1 - x][other];
        let end = |action: usize| others + weight(self.m, x) * self.kernel[x][action];
        let (at_a, at_b) = (end(a), end(b));
        let flat = tie(&self.utilities(x, 0.0, level)) / slope.abs();
        for crossing in self
            .after
            .crossings(at_a.min(at_b), at_a.max(at_b), level, flat)
        {
            let (next, after, coin) = match crossing {
                Crossing::Root(next) | Crossing::Flat(next) => {
                    (next, (self.continuation)(next), None)
                }
                Crossing::Jump(next, left, right) => {
                    let w = (level - left.difference()) / (right.difference() - left.difference());
                    (next, left.mix(&right, w), Some(w))
                }
            };
            let p = (next - at_a) / (at_b - at_a);
            let inside = p > 0.0 && p < 1.0;
            if !inside && coin.is_none() {
                continue;
            }
            let mut gamma = [self.certain(other), self.certain(other)];
            gamma[x] = vec![0.0; self.actions];
            gamma[x][a] = 1.0 - p.clamp(0.0, 1.0);
            gamma[x][b] = p.clamp(0.0, 1.0);
            found.extend(self.accept(gamma, next, after, level, coin));
        }
    }

    fn certain(&self, action: usize) -> Vec<f64> {
        (0..self.actions)
            .map(|a| if a == action { 1.0 } else { 0.0 })
            .collect()
    }

    /// The equilibrium, if no used action of a type with mass loses more than the tie tolerance at D = `difference`.
    /// A type without mass takes its lowest best response.
    fn accept(
        &self,
        mut gamma: [Vec<f64>; 2],
        next: f64,
        after: Values,
        difference: f64,
        coin: Option<f64>,
    ) -> Option<Equilibrium> {
        for (x, row) in gamma.iter_mut().enumerate() {
            let utilities = self.utilities(x, after.follower[0], difference);
            let floor = largest(&utilities) - tie(&utilities);
            if weight(self.m, x) == 0.0 {
                let lowest = utilities
                    .iter()
                    .position(|u| *u >= floor)
                    .expect("the maximum is one");
                *row = self.certain(lowest);
            }
            if row
                .iter()
                .zip(&utilities)
                .any(|(p, u)| *p > 0.0 && *u < floor)
            {
                return None;
            }
        }
        let follower = [0, 1].map(|x| {
            let utilities = self.utilities(x, after.follower[0], after.difference());
            utilities.iter().zip(&gamma[x]).map(|(u, p)| u * p).sum()
        });
        let share = |x: usize| -> f64 {
            self.share[x]
                .iter()
                .zip(&gamma[x])
                .map(|(g, p)| g * p)
                .sum()
        };
        let shares: f64 = (0..2).map(|x| weight(self.m, x) * share(x)).sum();
        let leader = self.period + shares + self.discount * after.leader;
        Some(Equilibrium {
            gamma,
            next,
            values: Values { follower, leader },
            coin,
        })
    }
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn tie(numbers: &[f64]) -> f64 {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    TIE * (largest(numbers) - least).max(1.0)
}

/// The equilibrium that the selection rule takes: lotteries only where there is nothing else, then the criterion,
/// then the lexicographically largest gamma.
pub fn select(m: f64, selection: Selection, mut found: Vec<Equilibrium>) -> Option<Equilibrium> {
    if found.iter().any(|e| e.coin.is_none()) {
        found.retain(|e| e.coin.is_none());
    }
    let criterion = |e: &Equilibrium| match selection {
        Selection::Optimistic => e.values.leader,
        Selection::Pessimistic => -e.values.leader,
        Selection::Welfare => (0..2).map(|x| weight(m, x) * e.values.follower[x]).sum(),
    };
    let scores: Vec<f64> = found.iter().map(criterion).collect();
    let floor = largest(&scores) - tie(&scores);
    let best = found
        .into_iter()
        .zip(scores)
        .filter(|(_, score)| *score >= floor)
        .map(|(e, _)| e);
    best.reduce(|kept, e| {
        if lexicographically_larger(&e.gamma, &kept.gamma) {
            e
        } else {
            kept
        }
    })
}

fn lexicographically_larger(left: &[Vec<f64>; 2], right: &[Vec<f64>; 2]) -> bool {
    let differs = left
        .iter()
        .flatten()
        .zip(right.iter().flatten())
        .find(|(l, r)| (*l - *r).abs() > 1e-9);
    differs.is_some_and(|(l, r)| l > r)
}

/// The leader's choice: the first action whose value lies within the tolerance of the best.
pub fn leader_choice(values: &[f64]) -> usize {
    let floor = largest(values) - tie(values);
    values
        .iter()
        .position(|v| *v >= floor)
        .expect("the maximum is one")
}

/// One of every set of equilibria closer than 1e-9 in (gamma, m').
pub fn distinct(found: Vec<Equilibrium>) -> Vec<Equilibrium> {
    let mut kept: Vec<Equilibrium> = Vec::new();
    for e in found {
        let close = |k: &Equilibrium| {
            let gammas = k.gamma.iter().flatten().zip(e.gamma.iter().flatten());
            (k.next - e.next).abs() < 1e-9 && gammas.into_iter().all(|(l, r)| (l - r).abs() < 1e-9)
        };
        if !kept.iter().any(close) {
            kept.push(e);
        }
    }
    kept
}
