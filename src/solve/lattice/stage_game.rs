//! The stage game of the followers at one public state and one prescription of the leader, (15a).
//!
//! ```text
//! U_x(a; z') = sum_b w_b [ R_b(x, a) + delta sum_x' Q_b(x'|x, a) V_b(z', x') ],
//! z'         = sum_x z(x) sum_a gamma(a|x) sum_b w_b Q_b(.|x, a).
//! ```
//!
//! A *branch* b is what followers do not choose and may come about: the leader's type and action with their probability,
//! and the value function at the belief that follows. A leader without types who plays one action makes one branch.
//!
//! Here stand the game in numbers and the test of one prescription from the definition; the search for all equilibria is
//! in `search` and `simplices`.

use super::field::Field;
use super::regimes::{Pieces, Side};
use crate::game::{Game, Tables};
use crate::solve::stage::Kind;
use crate::solve::tolerances::tie;
use crate::solve::triangulation::{Lattice, Location};

/// One branch: its probability, whose action is played in it, and V one period later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch<'a> {
    pub weight: f64,
    pub leader_move: usize,
    pub next: &'a Field,
    /// The belief of the next period that `next` is held at.
    pub node: usize,
    /// Which of the mean fields that may follow is this branch's: always the first where (8) is averaged.
    pub flow: usize,
}

/// What V is taken to be in a simplex that a jump crosses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Across {
    /// That of the regime that holds at the point.
    #[default]
    Kept,
    /// Interpolated from one side to the other, as if a public coin chose the side.
    Bridged,
}

/// A followers' equilibrium: every action that gamma^f takes is a best response to its own z'.
#[derive(Clone, Debug)]
pub(super) struct Equilibrium {
    pub kind: Kind,
    /// gamma^f(a|x), types by actions.
    pub gamma: Vec<f64>,
    /// z' as (8) gives it.
    pub next: Vec<f64>,
    /// V^f(x), (16).
    pub followers: Vec<f64>,
    /// Largest loss of an action that is taken, U at the recomputed z'.
    pub residual: f64,
    /// Some action not taken is within the tie tolerance of the best, or z' lies on a wall between simplices.
    pub tied: bool,
    /// What V is taken to be at z'.
    pub across: Across,
}

/// The game in numbers; made once and filled at every point.
#[derive(Clone, Debug)]
pub(super) struct StageGame<'a> {
    pub lattice: &'a Lattice,
    pub types: usize,
    pub actions: usize,
    /// Actions that a type may take.
    pub available: Vec<Vec<usize>>,
    /// z.
    pub z: Vec<f64>,
    /// Types with z(x) > 0.
    pub active: Vec<usize>,
    pub branches: Vec<Branch<'a>>,
    /// sum_b w_b R_b, by (x, a).
    pub reward: Vec<f64>,
    /// How many z' there are: one, or where the mean field follows what the leader does one per action of hers.
    pub flows: usize,
    /// sum over the branches b of a flow of w_b Q_b over their probability, by (flow, x, a, x').
    pub flow: Vec<f64>,
    /// delta w_b Q_b, by (b, x, a, x').
    pub hold: Vec<f64>,
}

/// The best of a type's payoffs, and what counts as equally good.
#[derive(Clone, Copy, Debug)]
struct Best {
    payoff: f64,
    tolerance: f64,
}

impl<'a> StageGame<'a> {
    pub fn new(game: &Game, lattice: &'a Lattice) -> Self {
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        let may = |x: usize| (0..actions).filter(|a| game.is_available(x, *a)).collect();
        Self {
            lattice,
            types,
            actions,
            available: (0..types).map(may).collect(),
            z: Vec::new(),
            active: Vec::new(),
            branches: Vec::new(),
            reward: vec![0.0; types * actions],
            flows: 1,
            flow: vec![0.0; types * actions * types],
            hold: Vec::new(),
        }
    }

    /// Become the game at z, with tables evaluated there, under branches of weights that sum to one.
    pub fn fill(&mut self, tables: &Tables, discount: f64, z: &[f64], branches: &[Branch<'a>]) {
        self.z.clear();
        self.z.extend_from_slice(z);
        self.active.clear();
        self.active
            .extend((0..self.types).filter(|x| self.z[*x] > 0.0));
        self.branches.clear();
        self.branches.extend_from_slice(branches);
        self.reward.fill(0.0);
        self.flows = branches.iter().map(|b| b.flow + 1).max().unwrap_or(1);
        let size = self.types * self.actions * self.types;
        self.flow.clear();
        self.flow.resize(self.flows * size, 0.0);
        let total = |flow: usize| -> f64 {
            let mine = branches.iter().filter(|b| b.flow == flow);
            mine.map(|b| b.weight).sum()
        };
        let totals: Vec<f64> = (0..self.flows).map(total).collect();
        // Weights sum to one: with a single flow there is nothing to divide by.
        let share = |branch: &Branch| match self.flows {
            1 => branch.weight,
            _ => branch.weight / totals[branch.flow],
        };
        self.hold.clear();
        for branch in branches {
            for x in 0..self.types {
                for a in 0..self.actions {
                    let pair = x * self.actions + a;
                    let l = branch.leader_move;
                    self.reward[pair] += branch.weight * tables.follower_reward(l, x, a);
                    for to in 0..self.types {
                        let q = tables.transition(l, x, a, to);
                        let place = branch.flow * size + pair * self.types + to;
                        self.flow[place] += share(branch) * q;
                        self.hold.push(discount * (branch.weight * q));
                    }
                }
            }
        }
    }

    /// delta w_b Q_b(.|x, a) of one branch.
    pub fn hold(&self, branch: usize, x: usize, a: usize) -> &[f64] {
        let row = (branch * self.types + x) * self.actions + a;
        &self.hold[row * self.types..(row + 1) * self.types]
    }

    /// U_x(a; .) at a node of the lattice.
    pub fn payoff_at_node(&self, x: usize, a: usize, node: usize) -> f64 {
        let mut payoff = self.reward[x * self.actions + a];
        for (b, branch) in self.branches.iter().enumerate() {
            payoff += dot(self.hold(b, x, a), branch.next.at_node(node));
        }
        payoff
    }

    /// U_x(a; z') at the values of [`continuation`](Self::continuation).
    pub fn payoff(&self, x: usize, a: usize, values: &[f64]) -> f64 {
        let mut payoff = self.reward[x * self.actions + a];
        let mut rest = values;
        for (b, branch) in self.branches.iter().enumerate() {
            let (here, later) = rest.split_at(branch.next.components());
            payoff += dot(self.hold(b, x, a), here);
            rest = later;
        }
        payoff
    }

    fn best(&self, x: usize, values: &[f64]) -> Best {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &a in &self.available[x] {
            let payoff = self.payoff(x, a, values);
            low = low.min(payoff);
            high = high.max(payoff);
        }
        Best {
            payoff: high,
            tolerance: tie(low, high),
        }
    }

    /// The actions within the tie tolerance of a type's best.
    pub fn best_responses(&self, x: usize, values: &[f64]) -> Vec<usize> {
        let best = self.best(x, values);
        let good = |a: &usize| best.payoff - self.payoff(x, *a, values) <= best.tolerance;
        self.available[x].iter().copied().filter(good).collect()
    }

    /// sum over the branches of a flow of w_b Q_b(.|x, a) over their probability.
    pub fn flow_row(&self, flow: usize, x: usize, a: usize) -> &[f64] {
        let row = (flow * self.types + x) * self.actions + a;
        &self.flow[row * self.types..(row + 1) * self.types]
    }

    /// (8): z' under gamma, of one flow after the other.
    pub fn advance(&self, gamma: &[f64]) -> Vec<f64> {
        let mut next = vec![0.0; self.flows * self.types];
        for (flow, next) in next.chunks_exact_mut(self.types).enumerate() {
            for &x in &self.active {
                for a in 0..self.actions {
                    let mass = self.z[x] * gamma[x * self.actions + a];
                    if mass > 0.0 {
                        for (sum, q) in next.iter_mut().zip(self.flow_row(flow, x, a)) {
                            *sum += mass * q;
                        }
                    }
                }
            }
        }
        next
    }

    /// (8) under gamma and a law of the leader's moves, with tables evaluated at z.
    pub fn advance_under(&self, tables: &Tables, gamma: &[f64], law: &[(usize, f64)]) -> Vec<f64> {
        let mut next = vec![0.0; self.types];
        for (leader_move, weight) in law {
            for &x in &self.active {
                for a in 0..self.actions {
                    let mass = weight * self.z[x] * gamma[x * self.actions + a];
                    if mass > 0.0 {
                        for (to, sum) in next.iter_mut().enumerate() {
                            *sum += mass * tables.transition(*leader_move, x, a, to);
                        }
                    }
                }
            }
        }
        next
    }

    /// All components of V at z', one branch after the other.
    pub fn continuation(&self, next: &[f64], across: Across, at: &mut Location) -> Vec<f64> {
        let mut values = Vec::new();
        let mut located = None;
        for branch in &self.branches {
            if located != Some(branch.flow) {
                let start = branch.flow * self.types;
                self.lattice.locate(&next[start..start + self.types], at);
                located = Some(branch.flow);
            }
            match across {
                Across::Kept => branch.next.append(at, &mut values),
                Across::Bridged => branch.next.append_bridged(at, &mut values),
            }
        }
        values
    }

    /// Per flow its z'; or where V is bridged and a jump of some branch crosses the simplex of z', its sides: the points of
    /// the faces that the regimes span, with the weights by which z' is their mean. The bridged V(z') is the mean of V there.
    pub fn sides(&self, e: &Equilibrium, at: &mut Location) -> Vec<Vec<Side>> {
        let flows = e.next.chunks_exact(self.types).enumerate();
        flows
            .map(|(flow, next)| self.sides_of(flow, next, e.across, at))
            .collect()
    }

    fn sides_of(&self, flow: usize, next: &[f64], across: Across, at: &mut Location) -> Vec<Side> {
        let whole = || {
            vec![Side {
                probability: 1.0,
                mean_field: next.to_vec(),
            }]
        };
        if across == Across::Kept {
            return whole();
        }
        self.lattice.locate(next, at);
        let nodes: Vec<usize> = at.vertices.iter().map(|(node, _)| *node).collect();
        let branches = self.branches.iter().filter(|b| b.flow == flow);
        let pieces: Vec<Pieces> = branches.filter_map(|b| b.next.pieces(&nodes)).collect();
        if pieces.is_empty() {
            return whole();
        }
        let together = |i: usize, j: usize| pieces.iter().all(|p| p.regime[i] == p.regime[j]);
        let mut sides: Vec<(usize, Side)> = Vec::new();
        for (i, (node, weight)) in at.vertices.iter().enumerate() {
            let place = sides.iter().position(|(first, _)| together(*first, i));
            let place = place.unwrap_or_else(|| {
                let side = Side {
                    probability: 0.0,
                    mean_field: vec![0.0; self.types],
                };
                sides.push((i, side));
                sides.len() - 1
            });
            let side = &mut sides[place].1;
            side.probability += weight;
            for (sum, z) in side
                .mean_field
                .iter_mut()
                .zip(self.lattice.mean_field(*node))
            {
                *sum += weight * z;
            }
        }
        let finish = |(_, mut side): (usize, Side)| {
            side.mean_field
                .iter_mut()
                .for_each(|z| *z /= side.probability);
            side
        };
        sides.into_iter().map(finish).collect()
    }

    /// The prescription if it is an equilibrium: if no type with mass takes an action that is no best response.
    pub fn accept(
        &self,
        gamma: Vec<f64>,
        across: Across,
        at: &mut Location,
    ) -> Option<Equilibrium> {
        let (equilibrium, holds) = self.examine(gamma, across, at);
        holds.then_some(equilibrium)
    }

    /// The prescription with its z' and values, and whether it is an equilibrium.
    fn examine(&self, gamma: Vec<f64>, across: Across, at: &mut Location) -> (Equilibrium, bool) {
        let next = self.advance(&gamma);
        let values = self.continuation(&next, across, at);
        let (mut equilibrium, holds) = self.test(gamma, next, &values, 0.0);
        equilibrium.across = across;
        equilibrium.tied |= equilibrium.kind == Kind::Mixed && at.on_wall;
        (equilibrium, holds)
    }

    /// The same from its z' and V there, where a loss by so much more than the tie tolerance is none; types without mass
    /// take their lowest best response.
    pub fn test(
        &self,
        mut gamma: Vec<f64>,
        next: Vec<f64>,
        values: &[f64],
        slack: f64,
    ) -> (Equilibrium, bool) {
        let (mut holds, mut mixed, mut tied) = (true, false, false);
        let mut residual: f64 = 0.0;
        let mut followers = vec![0.0; self.types];
        for x in 0..self.types {
            let best = self.best(x, values);
            let loss = |a: usize| best.payoff - self.payoff(x, a, values);
            let row = &mut gamma[x * self.actions..(x + 1) * self.actions];
            if self.z[x] <= 0.0 {
                let good = |a: &&usize| loss(**a) <= best.tolerance;
                row.fill(0.0);
                if let Some(a) = self.available[x].iter().find(good) {
                    row[*a] = 1.0;
                }
            }
            let mut taken = 0;
            for &a in &self.available[x] {
                if row[a] > 0.0 {
                    taken += 1;
                    // Written so that a NaN does not pass.
                    holds &= loss(a) <= best.tolerance + slack;
                    residual = residual.max(loss(a));
                    followers[x] += row[a] * self.payoff(x, a, values);
                } else {
                    tied |= self.z[x] > 0.0 && loss(a) <= best.tolerance;
                }
            }
            mixed |= taken > 1;
        }
        let equilibrium = Equilibrium {
            kind: if mixed { Kind::Mixed } else { Kind::Pure },
            tied,
            gamma,
            next,
            followers,
            residual,
            across: Across::Kept,
        };
        (equilibrium, holds)
    }

    /// The pure prescription that is reached by taking best responses in turn and loses least on the way: what is played
    /// where the search finds nothing (counted as failed).
    pub fn least_loss(&self, at: &mut Location) -> Equilibrium {
        let mut gamma = vec![0.0; self.types * self.actions];
        for (x, available) in self.available.iter().enumerate() {
            gamma[x * self.actions + available[0]] = 1.0;
        }
        let (mut least, _) = self.examine(gamma.clone(), Across::Kept, at);
        for _ in 0..100 {
            let values = self.continuation(&self.advance(&gamma), Across::Kept, at);
            for (x, available) in self.available.iter().enumerate() {
                let best = self.best(x, &values);
                let good =
                    |a: &&usize| best.payoff - self.payoff(x, **a, &values) <= best.tolerance;
                let action = available.iter().find(good).unwrap_or(&available[0]);
                let row = &mut gamma[x * self.actions..(x + 1) * self.actions];
                row.fill(0.0);
                row[*action] = 1.0;
            }
            let (tried, _) = self.examine(gamma.clone(), Across::Kept, at);
            if tried.residual < least.residual {
                least = tried;
            }
        }
        least
    }
}

/// The inner product of the shorter length.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
