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
//! jump: a *lottery*. Where the incentive vanishes on an interval there is a continuum, given by its vertices.
//!
//! Departure from (15a): the paper's fixed point has no coin; a lottery is kept only where nothing else exists.

use super::SolveError;
use super::beliefs::BeliefMesh;
use super::continuation::Candidates;
use super::values::{Border, Place, ValueFunction, Values};
use crate::game::{
    Belief, Game, GameError, LeaderAction, LeaderType, Prescription, Tables, update_belief,
};

/// Best responses are the actions within this times max(1, range of U) of the maximum (mathematics: a closed correspondence).
pub(super) const TIE: f64 = 1e-10;
/// A kernel difference smaller than this gives no hold on m'.
const NO_COUPLING: f64 = 1e-14;
/// An incentive within the tie tolerance on an interval wider than this is a continuum of equilibria.
const CONTINUUM: f64 = 1e-9;
/// Equilibria closer than this in (gamma, z') are one.
const SAME: f64 = 1e-9;

/// How an equilibrium of a stage game comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every type plays one action.
    Pure,
    /// One type mixes over a pair of actions, indifferent at a root of D = d.
    Mixed,
    /// As `Mixed`, with m' in a gap across which D is continuous.
    MixedAtKink,
    /// A vertex of a continuum: the mixing type is indifferent on an interval of m'.
    Vertex,
    /// One type mixes, indifferent only under a public coin between the two sides of a jump of V.
    Lottery,
}

impl Kind {
    /// All of them; their places are kept in archives.
    pub(super) const ALL: [Self; 5] = [
        Self::Pure,
        Self::Mixed,
        Self::MixedAtKink,
        Self::Vertex,
        Self::Lottery,
    ];

    /// The word for it in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Mixed => "mixed",
            Self::MixedAtKink => "kink",
            Self::Vertex => "continuum",
            Self::Lottery => "lottery",
        }
    }
}

/// The regime of an equilibrium: with it, and the point, the equilibrium is a smooth function of m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// The place of the leader's prescription among the candidates.
    pub candidate: usize,
    pub kind: Kind,
    pub profile: [usize; 2],
    /// The mixing type and its second action.
    pub mixing: Option<(usize, usize)>,
    /// Pure: the regime region of m'. Mixed: the run of D. At a border: its number. Vertex: twice the piece, plus its side.
    pub place: usize,
}

/// Where m' goes, and V there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Landing {
    /// m' as (8) gives it, before it is moved out of a gap.
    pub raw: f64,
    pub place: Place,
    pub values: Values,
}

/// One equilibrium of a stage game.
#[derive(Clone, Copy, Debug)]
pub(super) struct Equilibrium {
    pub label: Label,
    /// Probability of the mixing type's second action.
    pub probability: f64,
    /// m' = z'(x_2), on the left side for a lottery.
    pub next: Place,
    /// Probability of the right side of the jump; 0 where there is no coin.
    pub coin: f64,
    pub values: Values,
    /// Largest loss of a played action, U at the recomputed z'.
    pub residual: f64,
}

impl Equilibrium {
    /// Whether the continuation values are those of theta without a public coin.
    pub fn is_supported(&self) -> bool {
        self.label.kind != Kind::Lottery
    }

    /// gamma^f(a | x).
    pub fn gamma(&self, x: usize, a: usize) -> f64 {
        match self.label.mixing {
            Some((mixer, second)) if mixer == x => {
                if a == second {
                    self.probability
                } else if a == self.label.profile[x] {
                    1.0 - self.probability
                } else {
                    0.0
                }
            }
            _ => f64::from(u8::from(a == self.label.profile[x])),
        }
    }

    /// gamma^f as a prescription over `actions` actions.
    pub fn prescription(&self, actions: usize) -> Prescription {
        let rows = (0..2)
            .flat_map(|x| (0..actions).map(move |a| self.gamma(x, a)))
            .collect();
        Prescription::new(actions, rows)
    }
}

/// What is the same for every stage game of a period.
#[derive(Clone, Copy)]
pub(super) struct Period<'a> {
    pub game: &'a Game,
    pub t: usize,
    pub belief: &'a Belief,
    /// The leader's candidates at the belief.
    pub candidates: &'a Candidates,
    /// The beliefs of t + 1, and V_{t+1} at each.
    pub mesh: &'a BeliefMesh,
    pub held: &'a [ValueFunction],
}

/// V^l per leader type, and what types of probability zero do.
pub(super) struct TypeValues {
    pub values: Vec<f64>,
    pub own: Vec<(LeaderType, LeaderAction)>,
}

/// The equilibria found in one stage game.
#[derive(Clone, Debug, Default)]
pub(super) struct Equilibria {
    pub found: Vec<Equilibrium>,
    /// How many of them are pure; they stand first.
    pure: usize,
    /// Pairs of entries joined by a continuum.
    links: Vec<(usize, usize)>,
    /// Some unplayed action is within the tie tolerance of the best, or a continuum was met.
    pub tied: bool,
    /// Per pure prescription and type, whether the type has nothing to gain there.
    pub content: Vec<bool>,
}

impl Equilibria {
    /// The number of distinct equilibria, a continuum counted once.
    pub fn count(&self) -> usize {
        let mut root: Vec<usize> = (0..self.found.len()).collect();
        let mut components = root.len();
        for &(a, b) in &self.links {
            let (ra, rb) = (root[a], root[b]);
            if ra != rb {
                root.iter_mut().filter(|r| **r == rb).for_each(|r| *r = ra);
                components -= 1;
            }
        }
        components
    }

    fn clear(&mut self) {
        self.found.clear();
        self.pure = 0;
        self.links.clear();
        self.tied = false;
        self.content.clear();
    }
}

/// The stage games at one (t, pi, m), one per candidate of the leader. Made once and moved from point to point.
pub(super) struct StageGames<'a> {
    pub period: Period<'a>,
    /// Per candidate, V_{t+1} as followers expect it.
    functions: Vec<&'a ValueFunction>,
    tables: Tables<'a>,
    m: f64,
    actions: usize,
    available: [Vec<usize>; 2],
    /// Landing of each pure prescription (a_1, a_2), per group of candidates with the same kernel and function.
    landings: Vec<Landing>,
    groups: Vec<usize>,
    pub equilibria: Equilibria,
}

impl<'a> StageGames<'a> {
    pub fn new(period: Period<'a>) -> Self {
        let game = period.game;
        let actions = game.follower_actions().len();
        let available = [0, 1].map(|x| (0..actions).filter(|a| game.is_available(x, *a)).collect());
        let groups = period.candidates.groups(game);
        let count = groups.iter().max().map_or(0, |g| g + 1);
        Self {
            period,
            functions: period.candidates.functions(period.held),
            tables: game.tables(),
            m: f64::NAN,
            actions,
            available,
            landings: vec![Landing::default(); count * actions * actions],
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
        self.tables.evaluate(self.period.t, &[1.0 - m, m])?;
        self.m = m;
        let mut done = 0;
        for l in 0..self.groups.len() {
            if self.groups[l] < done {
                continue;
            }
            done = self.groups[l] + 1;
            for &a in &self.available[0] {
                for &b in &self.available[1] {
                    let raw = self.flow(l, [a, b]);
                    let place = self.functions[l].locate(raw);
                    let at = self.landing_index(l, [a, b]);
                    self.landings[at] = Landing {
                        raw,
                        place,
                        values: self.functions[l].values(place),
                    };
                }
            }
        }
        Ok(())
    }

    /// V_{t+1} as followers expect it under a candidate.
    pub fn next(&self, l: usize) -> &'a ValueFunction {
        self.functions[l]
    }

    /// The number of candidates.
    pub fn candidates(&self) -> usize {
        self.functions.len()
    }

    /// Q^f(to | x, a), the same for all moves of a candidate.
    fn transition(&self, l: usize, x: usize, a: usize, to: usize) -> f64 {
        let moves = &self.period.candidates.list[l].moves;
        self.tables.transition(moves[0].index, x, a, to)
    }

    /// The mean of a reward over the moves of a candidate.
    fn mean(&self, l: usize, reward: impl Fn(usize) -> f64) -> f64 {
        match &self.period.candidates.list[l].moves[..] {
            [only] => reward(only.index),
            moves => moves.iter().map(|m| m.probability * reward(m.index)).sum(),
        }
    }

    fn reward(&self, l: usize, x: usize, a: usize) -> f64 {
        self.mean(l, |m| self.tables.follower_reward(m, x, a))
    }

    /// The mean field at which the games stand.
    pub fn mean_field(&self) -> f64 {
        self.m
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

    /// V_{t+1} as followers expect it on a route.
    pub fn function_of_route(&self, route: usize) -> &'a ValueFunction {
        let group = route / (self.actions * self.actions);
        let first = self.groups.iter().position(|g| *g == group);
        self.functions[first.unwrap_or(0)]
    }

    /// U_x(a; z') at continuation values v.
    fn payoff(&self, l: usize, x: usize, a: usize, v: &Values) -> f64 {
        let stay = self.transition(l, x, a, 0);
        let go = self.transition(l, x, a, 1);
        self.reward(l, x, a)
            + self.period.game.discount() * (stay * v.followers[0] + go * v.followers[1])
    }

    /// The best U_x and the tie tolerance that belongs to it.
    fn best(&self, l: usize, x: usize, v: &Values) -> Best {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &a in &self.available[x] {
            let u = self.payoff(l, x, a, v);
            low = low.min(u);
            high = high.max(u);
        }
        Best {
            payoff: high,
            tolerance: TIE * (high - low).max(1.0),
        }
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
            let landing = *self.landing(l, listed);
            let profile = self.respond(l, listed, &landing.values);
            let mut residual: f64 = 0.0;
            let mut holds = true;
            for (x, action) in profile.into_iter().enumerate() {
                let best = self.best(l, x, &landing.values);
                let loss = best.payoff - self.payoff(l, x, action, &landing.values);
                residual = residual.max(loss);
                let content = loss <= best.tolerance;
                out.content.push(content);
                holds &= content;
            }
            if holds {
                let (label, place) = (self.pure_label(l, profile, landing.place), landing.place);
                let e = self.finish(label, 0.0, place, 0.0, &landing.values, residual);
                out.tied |= self.has_rival(&e, &landing.values);
                out.found.push(e);
            }
        }
    }

    /// Whether an action that is not played is within the tie tolerance of the best, for a type with mass.
    fn has_rival(&self, e: &Equilibrium, v: &Values) -> bool {
        let l = e.label.candidate;
        (0..2).filter(|x| self.mass(*x) > 0.0).any(|x| {
            let best = self.best(l, x, v);
            self.available[x].iter().any(|a| {
                e.gamma(x, *a) == 0.0 && best.payoff - self.payoff(l, x, *a, v) <= best.tolerance
            })
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
    pub fn least_loss(&self, l: usize) -> Equilibrium {
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

    /// Type x mixes over each pair of its actions while the other type plays each of its own.
    fn one_mixing(&self, l: usize, x: usize, out: &mut Equilibria) {
        let y = 1 - x;
        let others = self.tried(y);
        for (i, &a) in self.available[x].iter().enumerate() {
            for &b in &self.available[x][i + 1..] {
                for &c in &self.available[y][..others] {
                    let profile = if x == 0 { [a, c] } else { [c, a] };
                    match self.sweep(l, x, profile, b) {
                        Sweep::Segment(segment) => self.walk(&segment, out),
                        Sweep::Still(ends) => self.link_pure(ends, out),
                        Sweep::Nowhere => {}
                    }
                }
            }
        }
    }

    /// What a mixture of type x over its action in `profile` and `second` can lead to.
    ///
    /// Every other incentive, of x's third actions and of the other type, depends on m' through D alone, and D = d_x at
    /// every root: the whole segment holds equilibria or none.
    fn sweep(&self, l: usize, x: usize, mut profile: [usize; 2], second: usize) -> Sweep {
        let (y, first) = (1 - x, profile[x]);
        let reward = |a| self.reward(l, x, a);
        let go = |a| self.transition(l, x, a, 1);
        let hold = self.period.game.discount() * (go(second) - go(first));
        let mut at_one = profile;
        at_one[x] = second;
        let (zero, one) = (*self.landing(l, profile), *self.landing(l, at_one));
        if hold.abs() < NO_COUPLING || zero.raw == one.raw {
            return Sweep::Still([profile, at_one]);
        }
        let target = -(reward(second) - reward(first)) / hold;
        let at = Values {
            followers: [0.0, self.next(l).nearest_difference(target)],
            leader: 0.0,
        };
        let best = self.best(l, x, &at);
        let slack = best.tolerance / hold.abs();
        let used = [first, second].map(|a| best.payoff - self.payoff(l, x, a, &at));
        // Beyond all values of D the two actions never tie; a third action must not beat both.
        if (target - at.followers[1]).abs() > slack || used[0].min(used[1]) > best.tolerance {
            return Sweep::Nowhere;
        }
        let third = self.available[x].iter().any(|a| {
            *a != first
                && *a != second
                && best.payoff - self.payoff(l, x, *a, &at) <= best.tolerance
        });
        if self.mass(y) <= 0.0 {
            profile[y] = self.lowest_best_response(l, y, &at);
        }
        let best = self.best(l, y, &at);
        let loss = |a: usize| best.payoff - self.payoff(l, y, a, &at);
        if loss(profile[y]) > best.tolerance {
            return Sweep::Nowhere;
        }
        let rival = |a: &usize| *a != profile[y] && loss(*a) <= best.tolerance;
        Sweep::Segment(Segment {
            candidate: l,
            mixer: x,
            profile,
            second,
            zero,
            one,
            target,
            slack,
            hold,
            loss: loss(profile[y]),
            tied: third || self.mass(y) > 0.0 && self.available[y].iter().any(rival),
        })
    }

    /// The mixture moves nothing: where both ends are equilibria, all between are.
    fn link_pure(&self, ends: [[usize; 2]; 2], out: &mut Equilibria) {
        let end = |profile: [usize; 2]| {
            out.found[..out.pure]
                .iter()
                .position(|e| e.label.profile == profile)
        };
        if let (Some(i), Some(j)) = (end(ends[0]), end(ends[1])) {
            out.links.push((i, j));
            out.tied = true;
        }
    }

    /// All equilibria on a segment: roots, kinks, jumps and continua, in rising order of m'.
    fn walk(&self, segment: &Segment, out: &mut Equilibria) {
        let (next, d) = (self.next(segment.candidate), segment.target);
        let (lo, hi) = segment.ends();
        let (first, last) = (next.branch_of(lo.place), next.branch_of(hi.place));
        let mut at = first;
        while let Some(i) = next.next_candidate(at, last, d, segment.slack) {
            let branch = next.branch(i);
            let (from, to) = (branch.lo.max(lo.place.m), branch.hi.min(hi.place.m));
            let (d_from, d_to) = (next.difference(i, from), next.difference(i, to));
            if (d_from - d).abs() <= segment.slack
                && (d_to - d).abs() <= segment.slack
                && to - from > CONTINUUM
            {
                self.continuum(segment, i, [from, to], out);
            } else if (d_from < d) != (d_to < d) {
                let m = next.root(i, from, to, d);
                let place = Place {
                    m,
                    piece: branch.piece,
                };
                let label = segment.label(Kind::Mixed, branch.run as usize);
                self.push_mixed(segment, label, place, 0.0, &next.values(place), out);
            }
            if i < last && next.branch(i + 1).piece != branch.piece {
                let d_after = next.branch(i + 1).d_lo;
                if (branch.d_hi < d) != (d_after < d) {
                    self.at_border(segment, i, (d - branch.d_hi) / (d_after - branch.d_hi), out);
                }
            }
            at = i + 1;
        }
    }

    /// The incentive changes sign in the gap after branch i.
    fn at_border(&self, segment: &Segment, i: usize, weight: f64, out: &mut Equilibria) {
        let next = self.next(segment.candidate);
        let piece = next.branch(i).piece;
        let left = Place {
            m: next.branch(i).hi,
            piece,
        };
        let right = Place {
            m: next.branch(i + 1).lo,
            piece: piece + 1,
        };
        let values = next.values(left).mix(next.values(right), weight);
        if next.border(piece) == Border::Jump {
            let label = segment.label(Kind::Lottery, piece);
            self.push_mixed(segment, label, left, weight, &values, out);
        } else {
            let label = segment.label(Kind::MixedAtKink, piece);
            self.push_mixed(segment, label, left, 0.0, &values, out);
        }
    }

    /// The vertices of a continuum on one branch.
    fn continuum(&self, segment: &Segment, i: usize, ends: [f64; 2], out: &mut Equilibria) {
        let next = self.next(segment.candidate);
        let piece = next.branch(i).piece;
        let mut vertices = [None; 2];
        for (side, m) in ends.into_iter().enumerate() {
            let place = Place { m, piece };
            let label = segment.label(Kind::Vertex, 2 * i + side);
            vertices[side] = self.push_mixed(segment, label, place, 0.0, &next.values(place), out);
        }
        if let [Some(a), Some(b)] = vertices {
            out.links.push((a, b));
        }
        out.tied = true;
    }

    /// Add a mixture; its place in the list, or that of the equilibrium it equals.
    fn push_mixed(
        &self,
        segment: &Segment,
        label: Label,
        place: Place,
        coin: f64,
        values: &Values,
        out: &mut Equilibria,
    ) -> Option<usize> {
        let probability = segment.probability(label.kind, place.m);
        let e = self.mixture(segment, label, probability, place, coin, values);
        let same = |other: &Equilibrium| {
            (other.next.m - e.next.m).abs() < SAME
                && self.next(segment.candidate).jump_region(other.next.piece)
                    == self.next(segment.candidate).jump_region(e.next.piece)
                && other.is_supported() == e.is_supported()
                && (0..2).all(|x| {
                    self.available[x]
                        .iter()
                        .all(|&a| (other.gamma(x, a) - e.gamma(x, a)).abs() < SAME)
                })
        };
        // A mixture can coincide only with a pure prescription, or with the end of the branch before.
        let last = out.found.len().saturating_sub(1).max(out.pure);
        let near = (0..out.pure).chain(last..out.found.len());
        if let Some(i) = near.into_iter().find(|i| same(&out.found[*i])) {
            out.tied = true;
            return Some(i);
        }
        if !segment.admits(label.kind, probability) {
            out.tied = true;
            return None;
        }
        out.tied |= segment.tied;
        out.found.push(e);
        Some(out.found.len() - 1)
    }

    /// The mixture as an equilibrium: its conditions were checked for the whole segment.
    fn mixture(
        &self,
        segment: &Segment,
        label: Label,
        probability: f64,
        place: Place,
        coin: f64,
        values: &Values,
    ) -> Equilibrium {
        let miss = values.followers[1] - values.followers[0] - segment.target;
        let residual = (segment.hold * miss).abs().max(segment.loss);
        self.finish(label, probability, place, coin, values, residual)
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
            values: Values::default(),
            residual,
        };
        let mut leader = self.mean(l, |m| self.tables.leader_period_reward(m))
            + self.period.game.discount() * continuation.leader;
        for x in 0..2 {
            for &a in &self.available[x] {
                let gamma = e.gamma(x, a);
                if gamma > 0.0 {
                    e.values.followers[x] += gamma * self.payoff(l, x, a, continuation);
                    let reward = self.mean(l, |m| self.tables.leader_follower_reward(m, x, a));
                    leader += self.mass(x) * gamma * reward;
                }
            }
        }
        e.values.leader = leader;
        e
    }

    /// V^l of an equilibrium per type of a leader whose type is private, (16): for each, the sum over her actions of their
    /// probability times r + sum over x, a of z(x) gamma(a|x) g(x, a) + delta E V^l_{t+1}(pi', z', x').
    ///
    /// A type of probability zero moves nothing and takes its own best action, which is returned with the values.
    pub fn leader_types(&self, e: &Equilibrium) -> Result<TypeValues, SolveError> {
        let game = self.period.game;
        let candidate = &self.period.candidates.list[e.label.candidate];
        let mut all = TypeValues {
            values: Vec::new(),
            own: Vec::new(),
        };
        for (x, weight) in self.period.belief.weights().iter().enumerate() {
            let x = LeaderType(x);
            if *weight > 0.0 {
                let mut value = 0.0;
                for (action, gamma) in candidate.leader.support(x) {
                    value += gamma * self.worth(e, x, action)?;
                }
                all.values.push(value);
                continue;
            }
            let mut best = (f64::NEG_INFINITY, LeaderAction(0));
            for action in (0..game.leader_actions().len()).map(LeaderAction) {
                let value = self.worth(e, x, action)?;
                if value > best.0 {
                    best = (value, action);
                }
            }
            all.values.push(best.0);
            all.own.push((x, best.1));
        }
        Ok(all)
    }

    /// What a type of the leader gets by an action, all else as announced.
    fn worth(
        &self,
        e: &Equilibrium,
        x: LeaderType,
        action: LeaderAction,
    ) -> Result<f64, SolveError> {
        let Period {
            game, t, belief, ..
        } = self.period;
        let candidate = &self.period.candidates.list[e.label.candidate];
        let index = game.leader_move(x, action);
        let mut value = self.tables.leader_period_reward(index);
        for y in 0..2 {
            for &a in &self.available[y] {
                let mass = self.mass(y) * e.gamma(y, a);
                if mass > 0.0 {
                    value += mass * self.tables.leader_follower_reward(index, y, a);
                }
            }
        }
        let seen = candidate.after.iter().find(|a| a.outcome.action == action);
        let nodes = match seen {
            Some(after) => after.nodes.clone(),
            None => {
                let leader = &candidate.leader;
                let after = update_belief(game, &self.tables, belief, leader, action, x);
                let held = || SolveError::Belief {
                    t: t + 1,
                    belief: after.weights().to_vec(),
                };
                self.period.mesh.locate(&after).ok_or_else(held)?
            }
        };
        let next = self.next(e.label.candidate);
        let mut later = 0.0;
        for (node, share) in nodes {
            let held = &self.period.held[node];
            let mut sides = vec![(e.next.m, 1.0)];
            if e.coin > 0.0 {
                let right = next.pieces()[e.next.piece + 1].lo;
                sides = vec![(e.next.m, 1.0 - e.coin), (right, e.coin)];
            }
            for (m, probability) in sides {
                let values = held.leader_types(held.locate(m));
                for (to, v) in values.iter().enumerate() {
                    let q = self.tables.leader_transition(index, to);
                    later += share * probability * q * v;
                }
            }
        }
        Ok(value + game.discount() * later)
    }

    /// The equilibrium of a known regime at the present point, or `None` where the regime does not hold there.
    /// Whether the equilibrium conditions hold is the caller's to know; this is (15a) solved inside a piece of theta.
    pub fn realise(&self, label: &Label) -> Option<Equilibrium> {
        let next = self.next(label.candidate);
        if (0..2).any(|x| self.mass(x) <= 0.0) {
            return None;
        }
        let Some((mixer, second)) = label.mixing else {
            let landing = self.landing(label.candidate, label.profile);
            let v = &landing.values;
            let holds = |x: usize| {
                let best = self.best(label.candidate, x, v);
                best.payoff - self.payoff(label.candidate, x, label.profile[x], v) <= best.tolerance
            };
            if next.region(landing.place.piece) as usize != label.place || !(holds(0) && holds(1)) {
                return None;
            }
            return Some(self.finish(*label, 0.0, landing.place, 0.0, &landing.values, 0.0));
        };
        let Sweep::Segment(segment) = self.sweep(label.candidate, mixer, label.profile, second)
        else {
            return None;
        };
        let d = segment.target;
        let (lo, hi) = segment.ends();
        let (place, coin, values) = match label.kind {
            Kind::Mixed => {
                let place = root_in_run(next, label.place as u32, [lo.place.m, hi.place.m], d)?;
                (place, 0.0, next.values(place))
            }
            Kind::Vertex => {
                let branch = next.branch(label.place / 2);
                let m = if label.place.is_multiple_of(2) {
                    branch.lo.max(lo.place.m)
                } else {
                    branch.hi.min(hi.place.m)
                };
                let place = Place {
                    m,
                    piece: branch.piece,
                };
                (place, 0.0, next.values(place))
            }
            Kind::Lottery | Kind::MixedAtKink => {
                let (left, right) = (&next.pieces()[label.place], &next.pieces()[label.place + 1]);
                let (before, after) = (left.values(left.hi), right.values(right.lo));
                let gap = |v: &Values| v.followers[1] - v.followers[0];
                let w = (d - gap(&before)) / (gap(&after) - gap(&before));
                if !(0.0..=1.0).contains(&w) {
                    return None;
                }
                let coin = if label.kind == Kind::Lottery { w } else { 0.0 };
                (
                    Place {
                        m: left.hi,
                        piece: label.place,
                    },
                    coin,
                    before.mix(after, w),
                )
            }
            Kind::Pure => return None,
        };
        let probability = segment.probability(label.kind, place.m);
        segment
            .admits(label.kind, probability)
            .then(|| self.mixture(&segment, *label, probability, place, coin, &values))
    }
}

/// The root of D = d in one run, where D is monotone: bisection over branches, then inside one.
fn root_in_run(next: &ValueFunction, run: u32, [lo, hi]: [f64; 2], d: f64) -> Option<Place> {
    let (first, last) = next.run(run);
    let (from, to) = (next.branch(first).lo.max(lo), next.branch(last).hi.min(hi));
    if from > to {
        return None;
    }
    let within = |m: f64| {
        let (mut i, mut j) = (first, last);
        while i < j {
            let k = (i + j) / 2;
            if next.branch(k).hi < m {
                i = k + 1
            } else {
                j = k
            }
        }
        i
    };
    let (mut i, mut j) = (within(from), within(to));
    let above_at_start = next.difference(i, from) < d;
    if above_at_start == (next.difference(j, to) < d) {
        return None;
    }
    while i < j {
        let k = (i + j) / 2;
        if (next.branch(k).d_hi < d) == above_at_start {
            i = k + 1
        } else {
            j = k
        }
    }
    let branch = next.branch(i);
    let m = next.root(i, branch.lo.max(from), branch.hi.min(to), d);
    Some(Place {
        m,
        piece: branch.piece,
    })
}

struct Best {
    payoff: f64,
    tolerance: f64,
}

/// What a mixture of one type over a pair of actions can lead to.
enum Sweep {
    /// m' does not move, or the incentive does not feel it: the two pure ends.
    Still([[usize; 2]; 2]),
    /// No root on it can be an equilibrium.
    Nowhere,
    /// Every root on it is.
    Segment(Segment),
}

/// The line of m' that one type's mixture over a pair of actions sweeps, the other type playing one action.
struct Segment {
    candidate: usize,
    mixer: usize,
    /// The actions at mixing probability 0.
    profile: [usize; 2],
    /// The mixing type's other action.
    second: usize,
    zero: Landing,
    one: Landing,
    /// d_x: the value of D at which the mixing type is indifferent.
    target: f64,
    /// The tie tolerance in units of D.
    slack: f64,
    /// delta dP_x, what D is worth to the mixing type's incentive.
    hold: f64,
    /// What the other type's action loses at d_x, within its tie tolerance.
    loss: f64,
    /// Whether an action that is not played ties with the played ones at d_x.
    tied: bool,
}

impl Segment {
    fn ends(&self) -> (&Landing, &Landing) {
        if self.zero.raw <= self.one.raw {
            (&self.zero, &self.one)
        } else {
            (&self.one, &self.zero)
        }
    }

    /// The mixing probability that leads to m. At a border m' may lie anywhere in the gap, and an end of the segment
    /// may lie there too: the probability is then that end's.
    fn probability(&self, kind: Kind, m: f64) -> f64 {
        let p = (m - self.zero.raw) / (self.one.raw - self.zero.raw);
        if matches!(kind, Kind::Lottery | Kind::MixedAtKink) {
            p.clamp(0.0, 1.0)
        } else {
            p
        }
    }

    /// Whether a probability is a mixture: strictly between 0 and 1 but at a border.
    fn admits(&self, kind: Kind, probability: f64) -> bool {
        matches!(kind, Kind::Lottery | Kind::MixedAtKink)
            || (probability > 0.0 && probability < 1.0)
    }

    fn label(&self, kind: Kind, place: usize) -> Label {
        Label {
            candidate: self.candidate,
            kind,
            profile: self.profile,
            mixing: Some((self.mixer, self.second)),
            place,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
