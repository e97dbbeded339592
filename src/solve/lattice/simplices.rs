//! All equilibria with z' in one unit cube of the lattice: one small linear system per (support, simplex).
//!
//! On a simplex V, and with it every U_x(a; z'), is affine in z'; under (8) z' is affine in gamma. With one action of
//! each type's support as its base and p the probabilities of the others, the equilibria of a support are
//!
//! ```text
//! U_x(e) - U_x(base) = 0,    z'(p) in the simplex,    p > 0,    no action outside the support better:
//! ```
//!
//! as many equations as unknowns. Where they leave p free there is a continuum, a polytope, given by its vertices: those
//! with a p of zero belong to smaller supports, the others lie on a face of the simplex or where an action outside the
//! support ties. A vertex mixes over no more actions than |X^f| - 1 beyond the bases, so larger supports need no search.

use super::affine::{Line, Row, points};
use super::choice::Choice;
use super::search::Search;
use super::stage_game::{Across, StageGame, dot};
use crate::solve::stage::Kind;
use crate::solve::tolerances::{SLACK, TIE_OF_SEARCH};

/// A simplex under search.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    corner: Vec<usize>,
    /// The coordinates in the order in which they are raised from the corner.
    order: Vec<usize>,
    /// U_x(a; .) at the vertices, by (vertex, x, a).
    payoffs: Vec<f64>,
    /// Per active type: actions that may be best, and max(1, range of U).
    kept: Vec<Vec<usize>>,
    scales: Vec<f64>,
    /// Whether coordinate i is raised before j, at i * dimensions + j.
    before: Vec<bool>,
    /// Where this simplex's candidates begin.
    start: usize,
    nodes: Vec<usize>,
    choice: Choice,
}

/// One action of each active type, and the further actions that types mix over.
#[derive(Clone, Debug, Default)]
struct Support {
    base: Vec<usize>,
    /// (place among the active types, action).
    extra: Vec<(usize, usize)>,
}

impl Search {
    /// Search every simplex of a cube that what the survivors lead to can meet.
    pub(super) fn cube(
        &mut self,
        game: &StageGame,
        corner: &[usize],
        survivors: &[Vec<usize>],
        reach: &[[f64; 2]],
    ) {
        let dimensions = corner.len();
        let mut memory = std::mem::take(&mut self.simplices);
        memory.corner.clear();
        memory.corner.extend_from_slice(corner);
        memory.order.clear();
        memory.before.clear();
        memory.before.resize(dimensions * dimensions, false);
        for (d, [i, j]) in self.directions.pairs.iter().enumerate() {
            // In the simplex s_i >= s_j; and the range of s_i - s_j may decide the order of the fractions.
            let [low, high] = reach[dimensions + d];
            let offset = corner[*i] as f64 - corner[*j] as f64;
            memory.before[i * dimensions + j] = corner[*i] == corner[*j] || low - offset > SLACK;
            memory.before[j * dimensions + i] = high - offset < -SLACK;
        }
        self.orders(game, &mut memory, survivors);
        self.simplices = memory;
    }

    /// Search the simplices of all orders that begin as given.
    fn orders(&mut self, game: &StageGame, memory: &mut Memory, survivors: &[Vec<usize>]) {
        let dimensions = memory.corner.len();
        if memory.order.len() == dimensions {
            self.simplex(game, memory, survivors);
            return;
        }
        for i in 0..dimensions {
            let waits = |j: usize| {
                j != i && !memory.order.contains(&j) && memory.before[j * dimensions + i]
            };
            if memory.order.contains(&i) || (0..dimensions).any(waits) {
                continue;
            }
            memory.order.push(i);
            self.orders(game, memory, survivors);
            memory.order.pop();
        }
    }

    /// Search a simplex: once, or where jumps cross it once for every choice of a regime per branch.
    fn simplex(&mut self, game: &StageGame, memory: &mut Memory, survivors: &[Vec<usize>]) {
        memory.enter(game, self.across);
        self.steps.cut |= memory.choice.is_cut();
        loop {
            memory.evaluate(game, survivors);
            memory.start = self.candidates.len();
            let spare: usize = memory.kept.iter().map(|kept| kept.len() - 1).sum();
            let mut support = Support::default();
            for degree in 0..=spare.min(memory.corner.len()) {
                self.supports(game, memory, &mut support, degree);
            }
            if !memory.choice.advance() {
                return;
            }
        }
    }

    /// Try every support of which the first types' parts are given and that mixes over `degree` further actions.
    fn supports(
        &mut self,
        game: &StageGame,
        memory: &Memory,
        support: &mut Support,
        degree: usize,
    ) {
        let place = support.base.len();
        if place == memory.kept.len() {
            if degree == 0 {
                self.solve_support(game, memory, support);
            }
            return;
        }
        for at in 0..memory.kept[place].len() {
            support.base.push(memory.kept[place][at]);
            self.extras(game, memory, support, at, degree);
            support.base.pop();
        }
    }

    /// The last type of the support may mix over actions later than the one at `at`.
    fn extras(
        &mut self,
        game: &StageGame,
        memory: &Memory,
        support: &mut Support,
        at: usize,
        degree: usize,
    ) {
        self.supports(game, memory, support, degree);
        let place = support.base.len() - 1;
        if degree == 0 {
            return;
        }
        for later in at + 1..memory.kept[place].len() {
            support.extra.push((place, memory.kept[place][later]));
            self.extras(game, memory, support, later, degree - 1);
            support.extra.pop();
        }
    }

    /// All equilibria of one support in one simplex.
    fn solve_support(&mut self, game: &StageGame, memory: &Memory, support: &Support) {
        if self.steps.exhausted() {
            return;
        }
        let can_tie = |(place, action): &(usize, usize)| {
            let slack = TIE_OF_SEARCH * memory.scales[*place];
            let gains = (0..=memory.corner.len())
                .map(|k| memory.incentive(game, k, *place, *action, support.base[*place]));
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            gains.for_each(|g| (low, high) = (low.min(g), high.max(g)));
            low <= slack && high >= -slack
        };
        if !support.extra.iter().all(can_tie) {
            return;
        }
        self.steps.systems += 1;
        let line = self.line(game, memory, support);
        let ties = support.extra.iter().map(|(place, action)| {
            let base = support.base[*place];
            line.row(|k| memory.incentive(game, k, *place, *action, base) / memory.scales[*place])
        });
        if support.extra.is_empty() {
            self.offer(game, &line, support, &[], Kind::Pure);
            return;
        }
        let faces = || faces(&line, game, memory, support);
        let unknowns = support.extra.len();
        let (kind, found) = points(ties.collect(), unknowns, faces, &mut self.steps);
        for p in found {
            self.offer(game, &line, support, &p, kind);
        }
        if kind == Kind::Vertex {
            self.link(game, memory, support);
        }
    }

    /// z'(p) in the simplex.
    fn line<'m>(&self, game: &StageGame, memory: &'m Memory, support: &Support) -> Line<'m> {
        let unknowns = support.extra.len();
        let mut coordinates = Vec::with_capacity(memory.corner.len() * (unknowns + 1));
        for (i, corner) in memory.corner.iter().enumerate() {
            let part = |place: usize, a: usize| self.directions.part(game.active[place], a)[i];
            for (place, a) in &support.extra {
                coordinates.push(part(*place, *a) - part(*place, support.base[*place]));
            }
            let bases = support.base.iter().enumerate();
            let start: f64 = bases.map(|(place, a)| part(place, *a)).sum();
            coordinates.push(start - *corner as f64);
        }
        Line::new(&memory.order, unknowns, coordinates)
    }

    /// Add the prescription with mixing probabilities p if it is an equilibrium in this simplex.
    fn offer(&mut self, game: &StageGame, line: &Line, support: &Support, p: &[f64], kind: Kind) {
        if !line.weights(p).all(|weight| weight >= -SLACK) {
            return;
        }
        let mut gamma = vec![0.0; game.types * game.actions];
        for (x, base) in game.active.iter().zip(&support.base) {
            gamma[x * game.actions + base] = 1.0;
        }
        for ((place, action), p) in support.extra.iter().zip(p) {
            let x = game.active[*place];
            gamma[x * game.actions + support.base[*place]] -= p;
            gamma[x * game.actions + action] = *p;
        }
        let bases = game.active.iter().zip(&support.base);
        let mixed = p.iter().all(|p| *p > 0.0)
            && bases
                .map(|(x, a)| gamma[x * game.actions + a])
                .all(|p| p > 0.0);
        if !mixed {
            return;
        }
        if let Some(mut e) = game.accept(gamma, self.across, &mut self.location) {
            if kind == Kind::Vertex {
                e.kind = kind;
            }
            self.candidates.push(e);
        }
    }

    /// Join the equilibria of this simplex that belong to the continuum of a support.
    fn link(&mut self, game: &StageGame, memory: &Memory, support: &Support) {
        let has = |place: usize, a: usize| {
            support.base[place] == a || support.extra.contains(&(place, a))
        };
        let mut first = None;
        for i in memory.start..self.candidates.len() {
            let e = &self.candidates[i];
            let within = game.active.iter().enumerate().all(|(place, x)| {
                (0..game.actions).all(|a| e.gamma[x * game.actions + a] <= 0.0 || has(place, a))
            });
            let values = game.continuation(&e.next, self.across, &mut self.location);
            let tied = support.extra.iter().all(|(place, action)| {
                let x = game.active[*place];
                let payoff = |a: usize| game.payoff(x, a, &values);
                let gain = payoff(*action) - payoff(support.base[*place]);
                gain.abs() <= TIE_OF_SEARCH * memory.scales[*place]
            });
            if within && tied {
                self.links.push([*first.get_or_insert(i), i]);
            }
        }
    }
}

impl Memory {
    /// The vertices, and the regimes that meet in the simplex.
    fn enter(&mut self, game: &StageGame, across: Across) {
        let mut sums = self.corner.clone();
        self.nodes.clear();
        for k in 0..=self.order.len() {
            if k > 0 {
                sums[self.order[k - 1]] += 1;
            }
            self.nodes.push(game.lattice.rank(&sums));
        }
        self.choice.begin(game, across, |_| &self.nodes);
    }

    /// U_x(a; .) at vertex k under the regimes chosen.
    fn payoff(&self, game: &StageGame, k: usize, x: usize, a: usize) -> f64 {
        if !self.choice.is_cut() {
            return game.payoff_at_node(x, a, self.nodes[k]);
        }
        let mut payoff = game.reward[x * game.actions + a];
        for b in 0..game.branches.len() {
            let values = self.choice.values(game, b, k, self.nodes[k]);
            payoff += dot(game.hold(b, x, a), values);
        }
        payoff
    }

    /// Payoffs at the vertices, and the actions that no other beats at all of them.
    fn evaluate(&mut self, game: &StageGame, survivors: &[Vec<usize>]) {
        let size = game.types * game.actions;
        self.payoffs.resize(self.nodes.len() * size, 0.0);
        for k in 0..self.nodes.len() {
            for (x, survivors) in game.active.iter().zip(survivors) {
                for a in survivors {
                    self.payoffs[k * size + x * game.actions + a] = self.payoff(game, k, *x, *a);
                }
            }
        }
        self.kept.resize_with(survivors.len(), Vec::new);
        self.scales.clear();
        for (place, x) in game.active.iter().enumerate() {
            let payoff = |k: usize, a: usize| self.payoffs[k * size + x * game.actions + a];
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for k in 0..=self.order.len() {
                for &a in &survivors[place] {
                    (low, high) = (low.min(payoff(k, a)), high.max(payoff(k, a)));
                }
            }
            let scale = (high - low).max(1.0);
            self.scales.push(scale);
            let beats = |a: usize, b: usize| {
                (0..=self.order.len()).all(|k| payoff(k, a) - payoff(k, b) > TIE_OF_SEARCH * scale)
            };
            let good = |b: &&usize| !survivors[place].iter().any(|a| beats(*a, **b));
            self.kept[place].clear();
            self.kept[place].extend(survivors[place].iter().filter(good));
        }
    }

    /// U_x(a) - U_x(b) at vertex k, x by its place among the active types.
    fn incentive(&self, game: &StageGame, k: usize, place: usize, a: usize, b: usize) -> f64 {
        let row = (k * game.types + game.active[place]) * game.actions;
        self.payoffs[row + a] - self.payoffs[row + b]
    }
}

/// The faces of the simplex and of the regime, and where an action outside the support ties.
fn faces(line: &Line, game: &StageGame, memory: &Memory, support: &Support) -> Vec<Row> {
    let mut faces: Vec<Row> = line.walls().collect();
    for (place, kept) in memory.kept.iter().enumerate() {
        let base = support.base[place];
        for &a in kept {
            if a != base && !support.extra.contains(&(place, a)) {
                let gain = |k| memory.incentive(game, k, place, a, base) / memory.scales[place];
                faces.push(line.row(gain));
            }
        }
    }
    // Just inside the border to every other regime.
    for (_, margins) in memory.choice.margins() {
        faces.push(line.row(|k| margins[k] - SLACK));
    }
    faces
}
