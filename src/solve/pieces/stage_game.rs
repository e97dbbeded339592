//! The stage game of the followers at one mean field and leader action, (15a): every equilibrium.
//!
//! With two follower types all coupling runs through one number, m' = z'(x_2). For a type x and actions a, b the
//! incentive of b over a is
//!
//! ```text
//! g_x(m') = dR_x + delta dP_x D(m'),    D = V^f_{t+1}(x_2) - V^f_{t+1}(x_1),    P_x(a) = Q^f(x_2 | z, x, a^l, a)
//! ```
//!
//! so every pure prescription is checked at its exact m', and every mixture of one type over a pair of actions is a
//! root of D = d_x = -dR_x / (delta dP_x) on the segment of m' that the mixture sweeps. A root is searched on every
//! monotone branch of D. Where D jumps across d_x the equilibrium needs a public coin between the two sides of the
//! jump: a *lottery*. Where the incentive touches zero without crossing, there is one equilibrium at its extremum; where
//! it vanishes on an interval there is a continuum, given by its vertices and by the points between them at which the
//! leader's value or welfare is largest or smallest.
//!
//! Departure from (15a): the paper's fixed point has no coin; a lottery is kept only where nothing else exists.

mod bands;
mod continuum;
mod enclosed;
mod equilibrium;
mod leader;
mod mixing;
mod regime;
mod steady;

use super::Pieces;
use super::values::{Piecewise, Place, Values};
use crate::game::jet::Jet;
use crate::game::stretches::Jets;
use crate::game::{GameError, Tables};
use crate::solve::representation::Stage;
use crate::solve::stage::{Kind, Limit};
use crate::solve::tolerances::tie;
use crate::stats::Interval;

pub(in crate::solve) use enclosed::Enclosed;
use equilibrium::Landing;
pub(in crate::solve) use equilibrium::{Equilibria, Equilibrium, Label};
pub(in crate::solve) use steady::is_steady;

/// What is the same for every stage game of a period.
pub(in crate::solve) type Period<'a> = Stage<'a, Pieces>;

/// The stage games at one (t, pi, m), one per candidate of the leader. Made once and moved from point to point.
pub(in crate::solve) struct StageGames<'a> {
    pub period: Period<'a>,
    tables: Tables<'a>,
    m: f64,
    /// z, that is [1 - m, m].
    z: [f64; 2],
    actions: usize,
    available: [Vec<usize>; 2],
    /// Landing of each pure prescription (a_1, a_2), per group of candidates with the same kernel and function.
    landings: Vec<Landing>,
    /// delta E V^f_{t+1} there, per landing, type and action, of the groups that were enumerated at m.
    later: Vec<f64>,
    enumerated: Vec<bool>,
    /// Q^f(. | x, a), per group, type and action.
    kernels: Vec<[f64; 2]>,
    groups: &'a [usize],
    /// Which candidates' rewards are those of m,
    prepared: Vec<bool>,
    /// and per candidate R^f, then g, per type and action, then r: means over her moves.
    rewards: Vec<f64>,
    pub equilibria: Equilibria,
}

impl<'a> StageGames<'a> {
    pub fn new(period: Period<'a>) -> Self {
        let game = period.game;
        let actions = game.follower_actions().len();
        let available = [0, 1].map(|x| (0..actions).filter(|a| game.is_available(x, *a)).collect());
        let groups = period.candidates.groups();
        let count = groups.iter().max().map_or(0, |g| g + 1);
        Self {
            period,
            tables: game.tables(),
            m: f64::NAN,
            z: [f64::NAN; 2],
            actions,
            available,
            landings: vec![Landing::default(); count * actions * actions],
            later: vec![0.0; count * actions * actions * 2 * actions],
            enumerated: vec![false; count],
            kernels: vec![[0.0; 2]; count * 2 * actions],
            prepared: vec![false; groups.len()],
            rewards: vec![0.0; groups.len() * (4 * actions + 1)],
            groups,
            equilibria: Equilibria::default(),
        }
    }

    /// Move to the mean field m: kernels, rewards, and where every pure prescription leads.
    pub fn move_to(&mut self, m: f64) -> Result<(), GameError> {
        if m == self.m {
            return Ok(());
        }
        self.m = f64::NAN;
        self.z = [1.0 - m, m];
        self.tables.evaluate(self.period.t, &self.z)?;
        self.m = m;
        self.prepared.fill(false);
        self.enumerated.fill(false);
        let mut done = 0;
        for l in 0..self.groups.len() {
            if self.groups[l] == done {
                done += 1;
                self.lead_on(l);
            }
        }
        Ok(())
    }

    /// Where each pure prescription leads in the group of a candidate.
    fn lead_on(&mut self, l: usize) {
        let index = self.period.candidates.list[l].moves[0].index;
        for x in 0..2 {
            for &a in &self.available[x] {
                let pair = self.pair(l, x, a);
                self.kernels[pair] = [0, 1].map(|to| self.tables.transition(index, x, a, to));
            }
        }
        for i in 0..self.available[0].len() {
            for j in 0..self.available[1].len() {
                let profile = [self.available[0][i], self.available[1][j]];
                let raw = self.flow(l, profile);
                let place = self.next(l).locate(raw);
                let values = self.next(l).values(place);
                let at = self.landing_index(l, profile);
                self.landings[at] = Landing { raw, place, values };
            }
        }
    }

    /// What each type and action expects later where each pure prescription leads.
    fn look_ahead(&mut self, l: usize) {
        if std::mem::replace(&mut self.enumerated[self.groups[l]], true) {
            return;
        }
        let discount = self.period.game.discount();
        for &a in &self.available[0] {
            for &b in &self.available[1] {
                let at = self.landing_index(l, [a, b]);
                let v = self.landings[at].values.followers;
                for x in 0..2 {
                    for &a in &self.available[x] {
                        let [stay, go] = self.kernels[self.pair(l, x, a)];
                        self.later[(2 * at + x) * self.actions + a] =
                            discount * (stay * v[0] + go * v[1]);
                    }
                }
            }
        }
    }

    /// Look up the rewards of a candidate at m.
    fn prepare(&mut self, l: usize) {
        if self.prepared[l] {
            return;
        }
        self.prepared[l] = true;
        let pairs = 2 * self.actions;
        let rewards = &mut self.rewards[l * (2 * pairs + 1)..][..2 * pairs + 1];
        let (of_followers, of_leader) = rewards.split_at_mut(pairs);
        let moves = &self.period.candidates.list[l].moves;
        if let [only] = moves[..] {
            let (of_leader, period) = of_leader.split_at_mut(pairs);
            self.tables.copy_follower_rewards(only.index, of_followers);
            self.tables
                .copy_leader_follower_rewards(only.index, of_leader);
            period[0] = self.tables.leader_period_reward(only.index);
            return;
        }
        let mean = |reward: &dyn Fn(usize) -> f64| -> f64 {
            moves.iter().map(|m| m.probability * reward(m.index)).sum()
        };
        for x in 0..2 {
            for &a in &self.available[x] {
                let pair = x * self.actions + a;
                of_followers[pair] = mean(&|m| self.tables.follower_reward(m, x, a));
                of_leader[pair] = mean(&|m| self.tables.leader_follower_reward(m, x, a));
            }
        }
        of_leader[pairs] = mean(&|m| self.tables.leader_period_reward(m));
    }

    /// V_{t+1} as followers expect it under a candidate.
    pub fn next(&self, l: usize) -> &'a Piecewise {
        self.period.candidates.function(l, self.period.next)
    }

    /// The number of candidates.
    pub fn candidates(&self) -> usize {
        self.groups.len()
    }

    /// Where the kernel of a type and action stands, the same for all moves of a candidate.
    #[inline]
    fn pair(&self, l: usize, x: usize, a: usize) -> usize {
        (2 * self.groups[l] + x) * self.actions + a
    }

    /// Q^f(to | x, a).
    #[inline]
    fn transition(&self, l: usize, x: usize, a: usize, to: usize) -> f64 {
        self.kernels[self.pair(l, x, a)][to]
    }

    /// R^f, the mean over the moves of a candidate that was prepared.
    #[inline]
    fn reward(&self, l: usize, x: usize, a: usize) -> f64 {
        self.prepared_reward(l, x * self.actions + a)
    }

    /// g, likewise.
    #[inline]
    fn leader_reward(&self, l: usize, x: usize, a: usize) -> f64 {
        self.prepared_reward(l, (2 + x) * self.actions + a)
    }

    #[inline]
    fn prepared_reward(&self, l: usize, place: usize) -> f64 {
        debug_assert!(self.prepared[l]);
        self.rewards[l * (4 * self.actions + 1) + place]
    }

    /// The mean field at which the games stand, z(x_2).
    pub fn m(&self) -> f64 {
        self.m
    }

    /// The same as a law.
    pub fn z(&self) -> &[f64; 2] {
        &self.z
    }

    /// (8) for a pure prescription: z'(x_2).
    fn flow(&self, l: usize, profile: [usize; 2]) -> f64 {
        let m = self.m;
        let to_second = |x: usize| self.transition(l, x, profile[x], 1);
        ((1.0 - m) * to_second(0) + m * to_second(1)).clamp(0.0, 1.0)
    }

    fn landing_index(&self, l: usize, profile: [usize; 2]) -> usize {
        (self.groups[l] * self.actions + profile[0]) * self.actions + profile[1]
    }

    /// Where a pure prescription leads under a leader action.
    pub fn landing(&self, l: usize, profile: [usize; 2]) -> &Landing {
        &self.landings[self.landing_index(l, profile)]
    }

    /// m' of every pure prescription under every group of candidates, in a fixed order.
    pub fn routes(&self) -> Vec<f64> {
        self.landings.iter().map(|landing| landing.raw).collect()
    }

    /// The same over an interval of m, whose jets are given.
    pub fn route_jets<const N: usize>(&self, jets: &Jets<N>, m: Interval) -> Vec<Jet<N>> {
        let z = [
            Jet::variable(Interval::point(1.0).minus(m), -1.0),
            Jet::variable(m, 1.0),
        ];
        let mut all = vec![Jet::constant(0.0); self.landings.len()];
        let mut done = 0;
        for l in 0..self.groups.len() {
            if self.groups[l] != done {
                continue;
            }
            done += 1;
            let index = self.period.candidates.list[l].moves[0].index;
            for &a in &self.available[0] {
                for &b in &self.available[1] {
                    let first = z[0].times(&jets.transition(index, 0, a, 1));
                    let second = z[1].times(&jets.transition(index, 1, b, 1));
                    all[self.landing_index(l, [a, b])] = first.plus(&second);
                }
            }
        }
        all
    }

    /// V_{t+1} as followers expect it on a route.
    pub fn function_of_route(&self, route: usize) -> &'a Piecewise {
        let group = route / (self.actions * self.actions);
        let first = self.groups.iter().position(|g| *g == group);
        self.next(first.unwrap_or(0))
    }

    /// U_x(a; z') at continuation values v.
    #[inline]
    fn payoff(&self, l: usize, x: usize, a: usize, v: &Values) -> f64 {
        let [stay, go] = self.kernels[self.pair(l, x, a)];
        self.reward(l, x, a)
            + self.period.game.discount() * (stay * v.followers[0] + go * v.followers[1])
    }

    /// The same where a pure prescription leads.
    #[inline]
    fn payoff_at(&self, l: usize, x: usize, a: usize, landing: usize) -> f64 {
        self.reward(l, x, a) + self.later[(2 * landing + x) * self.actions + a]
    }

    /// The best U_x and the tie tolerance that belongs to it.
    #[inline]
    fn best_of(&self, x: usize, payoff: impl Fn(usize) -> f64) -> Best {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &a in &self.available[x] {
            let u = payoff(a);
            low = low.min(u);
            high = high.max(u);
        }
        Best {
            payoff: high,
            tolerance: tie(low, high),
        }
    }

    #[inline]
    fn best(&self, l: usize, x: usize, v: &Values) -> Best {
        self.best_of(x, |a| self.payoff(l, x, a, v))
    }

    /// The lowest best response of a type.
    fn lowest_best_response(&self, l: usize, x: usize, v: &Values) -> usize {
        let best = self.best(l, x, v);
        let good = |a: &&usize| best.payoff - self.payoff(l, x, **a, v) <= best.tolerance;
        self.available[x]
            .iter()
            .find(good)
            .copied()
            .unwrap_or(self.available[x][0])
    }

    fn mass(&self, x: usize) -> f64 {
        if x == 0 { 1.0 - self.m } else { self.m }
    }

    /// Find all equilibria at a leader action, into [`StageGames::equilibria`].
    pub fn enumerate(&mut self, l: usize) {
        self.prepare(l);
        self.look_ahead(l);
        let mut out = std::mem::take(&mut self.equilibria);
        out.clear();
        self.pure(l, &mut out);
        out.pure = out.found.len();
        for x in 0..2 {
            if self.mass(x) > 0.0 {
                self.one_mixing(l, x, &mut out);
            }
        }
        self.equilibria = out;
    }

    /// How many actions of a type are tried one by one; those of a type without mass move nothing and `respond` settles them.
    fn tried(&self, x: usize) -> usize {
        if self.mass(x) > 0.0 {
            self.available[x].len()
        } else {
            1
        }
    }

    /// The profile with a massless type's action replaced by its lowest best response.
    fn respond(&self, l: usize, mut profile: [usize; 2], v: &Values) -> [usize; 2] {
        for (x, action) in profile.iter_mut().enumerate() {
            if self.mass(x) <= 0.0 {
                *action = self.lowest_best_response(l, x, v);
            }
        }
        profile
    }

    fn pure(&self, l: usize, out: &mut Equilibria) {
        let (rows, columns) = (self.tried(0), self.tried(1));
        for k in 0..rows * columns {
            let listed = [
                self.available[0][k / columns],
                self.available[1][k % columns],
            ];
            let at = self.landing_index(l, listed);
            let landing = &self.landings[at];
            let profile = self.respond(l, listed, &landing.values);
            let best = [0, 1].map(|x| self.best_of(x, |a| self.payoff_at(l, x, a, at)));
            let (mut residual, mut holds) = (0.0_f64, true);
            for (x, best) in best.iter().enumerate() {
                let loss = best.payoff - self.payoff_at(l, x, profile[x], at);
                residual = residual.max(loss);
                let excess = loss - best.tolerance;
                out.excess.push(excess);
                out.overflows |= !excess.is_finite();
                holds &= excess <= 0.0;
            }
            if holds {
                let (label, place) = (self.pure_label(l, profile, landing.place), landing.place);
                let e = self.finish(label, 0.0, place, 0.0, &landing.values, residual);
                // An action that is not played, by a type with mass, within the tie tolerance of the best.
                out.tied |= best.iter().enumerate().any(|(x, best)| {
                    let is_rival = |a: &usize| {
                        *a != profile[x]
                            && best.payoff - self.payoff_at(l, x, *a, at) <= best.tolerance
                    };
                    self.mass(x) > 0.0 && self.available[x].iter().any(is_rival)
                });
                out.found.push(e);
            }
        }
    }

    /// Whether the error of V_{t+1} leaves open whether actions tie in the game that was just enumerated: another error
    /// within that bound may make or unmake an equilibrium.
    pub fn is_undecided(&self, l: usize) -> bool {
        let (rows, columns) = (self.tried(0), self.tried(1));
        self.equilibria.undecided
            || (0..rows * columns).any(|k| {
                let listed = [
                    self.available[0][k / columns],
                    self.available[1][k % columns],
                ];
                let at = self.landing_index(l, listed);
                (0..2).any(|x| self.is_open(l, [x, listed[x]], at))
            })
    }

    /// Whether it is open if an action ties with the best of the others where a pure prescription leads.
    fn is_open(&self, l: usize, [x, own]: [usize; 2], at: usize) -> bool {
        let next = self.next(l);
        let error = next.difference_error_of(self.landings[at].place.piece);
        let payoff = |a: usize| self.payoff_at(l, x, a, at);
        let go = |a: usize| self.transition(l, x, a, 1);
        let tolerance = self.best_of(x, payoff).tolerance;
        self.mass(x) > 0.0
            && self.available[x].iter().any(|&a| {
                let doubt = self.period.game.discount() * (go(a) - go(own)).abs() * error;
                (payoff(a) - payoff(own) - tolerance).abs() < doubt
            })
    }

    fn pure_label(&self, l: usize, profile: [usize; 2], place: Place) -> Label {
        Label {
            candidate: l,
            kind: Kind::Pure,
            profile,
            mixing: None,
            place: self.next(l).region(place.piece) as usize,
        }
    }

    /// The pure prescription with the smallest loss: what is played where the search finds nothing (counted as failed).
    pub fn least_loss(&mut self, l: usize) -> Equilibrium {
        self.prepare(l);
        let (rows, columns) = (self.tried(0), self.tried(1));
        let candidates = (0..rows * columns).map(|k| {
            let listed = [
                self.available[0][k / columns],
                self.available[1][k % columns],
            ];
            let landing = *self.landing(l, listed);
            let profile = self.respond(l, listed, &landing.values);
            let loss = |x: usize| {
                self.best(l, x, &landing.values).payoff
                    - self.payoff(l, x, profile[x], &landing.values)
            };
            let label = self.pure_label(l, profile, landing.place);
            self.finish(
                label,
                0.0,
                landing.place,
                0.0,
                &landing.values,
                loss(0).max(loss(1)),
            )
        });
        candidates
            .min_by(|a, b| a.residual.total_cmp(&b.residual))
            .expect("every type has an available action, the scenario was checked for it")
    }

    /// V^f and V^l of an equilibrium, (16).
    fn finish(
        &self,
        label: Label,
        probability: f64,
        next: Place,
        coin: f64,
        continuation: &Values,
        residual: f64,
    ) -> Equilibrium {
        let l = label.candidate;
        let mut e = Equilibrium {
            label,
            probability,
            next,
            coin,
            target: 0.0,
            values: Values::default(),
            residual,
            limit: Limit::Attained,
        };
        let mut leader = self.prepared_reward(l, 4 * self.actions)
            + self.period.game.discount() * continuation.leader;
        for x in 0..2 {
            let second = label.mixing.filter(|(mixer, _)| *mixer == x).map(|m| m.1);
            for a in [Some(label.profile[x]), second].into_iter().flatten() {
                let gamma = e.gamma(x, a);
                if gamma > 0.0 {
                    e.values.followers[x] += gamma * self.payoff(l, x, a, continuation);
                    leader += self.mass(x) * gamma * self.leader_reward(l, x, a);
                }
            }
        }
        e.values.leader = leader;
        e
    }
}

struct Best {
    payoff: f64,
    tolerance: f64,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
