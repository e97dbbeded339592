//! All equilibria where the mean field follows what the leader does, one z'_k for each action that she may take.
//!
//! All z'_k are affine in gamma^f. For every support the probabilities p of its further actions lie in a box; over a box
//! each z'_k has a range, in which the bounds of V say whether the types that mix can be indifferent and nobody does
//! better outside the support. Boxes that pass are halved until few simplices of the lattice are in the reach of each
//! z'_k; then, for every choice of one simplex per flow, and of one regime per branch where jumps of V cross them, one
//! linear system settles the support, as in `simplices`. A continuum is given by its vertices.

use super::affine::{Line, Row, points, rank};
use super::choice::Choice;
use super::search::Search;
use super::stage_game::{Equilibrium, StageGame, dot};
use crate::solve::stage::Kind;
use crate::solve::tolerances::{SLACK, TIE_OF_SEARCH};
use crate::solve::triangulation::Lattice;

/// Choices of simplices that are settled without halving the box further.
const FEW: usize = 16;

/// One support, and the affine functions of p that follow.
struct Mixture {
    /// One action per active type,
    base: Vec<usize>,
    /// and the further ones: (place among the active types, action).
    extra: Vec<(usize, usize)>,
    /// z'_k in scaled tail sums: per flow and coordinate, the coefficients of p, then the constant.
    lines: Vec<Vec<Row>>,
}

/// One simplex per flow under search.
struct Cells<'c> {
    /// z'_k(p) in them.
    lines: Vec<Line<'c>>,
    /// Their vertices.
    nodes: Vec<Vec<usize>>,
    choice: Choice,
}

/// A simplex of the lattice: its lower corner, and the coordinates in the order in which they are raised.
#[derive(Clone)]
struct Simplex {
    corner: Vec<usize>,
    order: Vec<usize>,
}

impl Search {
    /// Search every support.
    pub(super) fn several_flows(&mut self, game: &StageGame) {
        let most = game.flows * (game.types - 1);
        let mut base = Vec::new();
        self.each_support(game, &mut base, &mut Vec::new(), most);
    }

    fn each_support(
        &mut self,
        game: &StageGame,
        base: &mut Vec<usize>,
        extra: &mut Vec<(usize, usize)>,
        most: usize,
    ) {
        let place = base.len();
        let Some(x) = game.active.get(place) else {
            let mixture = Mixture::new(game, base.clone(), extra.clone());
            // Where not every p moves some z'_k, smaller supports lead to the same z'_k.
            let lines = mixture.lines.iter().flatten().cloned().collect();
            if rank(lines, extra.len()) < extra.len() {
                return;
            }
            let box_of_all = vec![[0.0, 1.0]; extra.len()];
            self.narrow_mixture(game, &mixture, &box_of_all);
            return;
        };
        let available = &game.available[*x];
        for set in 1..1_usize << available.len().min(20) {
            let members: Vec<usize> = (0..available.len()).filter(|i| set >> i & 1 == 1).collect();
            if extra.len() + members.len() - 1 > most {
                continue;
            }
            base.push(available[members[0]]);
            extra.extend(members[1..].iter().map(|i| (place, available[*i])));
            self.each_support(game, base, extra, most);
            extra.truncate(extra.len() + 1 - members.len());
            base.pop();
        }
    }

    /// Settle a box of probabilities, or halve it.
    fn narrow_mixture(&mut self, game: &StageGame, mixture: &Mixture, p: &[[f64; 2]]) {
        if self.steps.exhausted() {
            return;
        }
        self.steps.blocks += 1;
        if mixture.extra.is_empty() {
            let gamma = mixture.gamma(game, &[]);
            let accepted = game.accept(gamma, self.across, &mut self.location);
            self.candidates.extend(accepted);
            return;
        }
        if !mixture.within(game, p) {
            return;
        }
        let reach = mixture.reach(game, p);
        if !mixture.may_hold(game, &reach) {
            return;
        }
        let choices: Vec<Vec<Simplex>> = reach.iter().map(|r| simplices(game, r)).collect();
        let count = choices
            .iter()
            .fold(1_usize, |n, c| n.saturating_mul(c.len()));
        let widest = mixture.widest(p);
        match widest.filter(|_| count > FEW) {
            Some(e) => {
                let middle = 0.5 * (p[e][0] + p[e][1]);
                for half in [[p[e][0], middle], [middle, p[e][1]]] {
                    let mut p = p.to_vec();
                    p[e] = half;
                    self.narrow_mixture(game, mixture, &p);
                }
            }
            None => self.each_choice(game, mixture, &choices, &mut Vec::new()),
        }
    }

    /// Settle every choice of one simplex per flow.
    fn each_choice(
        &mut self,
        game: &StageGame,
        mixture: &Mixture,
        choices: &[Vec<Simplex>],
        chosen: &mut Vec<Simplex>,
    ) {
        if let Some(all) = choices.get(chosen.len()) {
            for simplex in all {
                chosen.push(simplex.clone());
                self.each_choice(game, mixture, choices, chosen);
                chosen.pop();
            }
            return;
        }
        let lines = chosen.iter().zip(&mixture.lines);
        let mut cells = Cells {
            lines: lines.map(|(simplex, line)| simplex.line(line)).collect(),
            nodes: chosen.iter().map(|s| s.nodes(game.lattice)).collect(),
            choice: Choice::default(),
        };
        cells
            .choice
            .begin(game, self.across, |flow| &cells.nodes[flow]);
        self.steps.cut |= cells.choice.is_cut();
        loop {
            self.solve_mixture(game, mixture, &cells);
            if !cells.choice.advance() {
                return;
            }
        }
    }

    /// All equilibria of a support with every z'_k in its simplex and V in the regimes chosen.
    fn solve_mixture(&mut self, game: &StageGame, mixture: &Mixture, cells: &Cells) {
        if self.steps.exhausted() {
            return;
        }
        self.steps.systems += 1;
        let unknowns = mixture.extra.len();
        let ties = mixture.extra.iter();
        let ties = ties.map(|(place, a)| cells.incentive(game, mixture, *place, *a));
        let faces = || cells.faces(game, mixture);
        let (kind, found) = points(ties.collect(), unknowns, faces, &mut self.steps);
        for p in found {
            self.offer_mixture(game, mixture, cells, &p, kind);
        }
        if kind == Kind::Vertex {
            self.link_mixture(game, mixture, cells);
        }
    }

    /// Add the prescription with mixing probabilities p if it is an equilibrium in these simplices.
    fn offer_mixture(
        &mut self,
        game: &StageGame,
        mixture: &Mixture,
        cells: &Cells,
        p: &[f64],
        kind: Kind,
    ) {
        let gamma = mixture.gamma(game, p);
        let mixes = p.iter().all(|p| *p > 0.0) && mixture.bases_are_taken(game, &gamma);
        if !mixes || !cells.hold(p) {
            return;
        }
        let accepted = game.accept(gamma, self.across, &mut self.location);
        self.candidates
            .extend(accepted.map(|e| Equilibrium { kind, ..e }));
    }

    /// Join the equilibria that belong to the continuum of a support; those of smaller supports were found before.
    fn link_mixture(&mut self, game: &StageGame, mixture: &Mixture, cells: &Cells) {
        let mut first = None;
        for i in 0..self.candidates.len() {
            let e = &self.candidates[i];
            let inside = mixture.probabilities(game, &e.gamma);
            if !inside.is_some_and(|p| cells.hold(&p)) {
                continue;
            }
            let values = game.continuation(&e.next, self.across, &mut self.location);
            let tied = mixture.extra.iter().all(|(place, action)| {
                let x = game.active[*place];
                let payoffs = [mixture.base[*place], *action].map(|a| game.payoff(x, a, &values));
                let size = payoffs[0].abs().max(payoffs[1].abs()).max(1.0);
                (payoffs[0] - payoffs[1]).abs() <= TIE_OF_SEARCH * size
            });
            if tied {
                self.links.push([*first.get_or_insert(i), i]);
            }
        }
    }
}

impl Mixture {
    fn new(game: &StageGame, base: Vec<usize>, extra: Vec<(usize, usize)>) -> Self {
        let cells = game.lattice.cells() as f64;
        let tail = |k: usize, place: usize, a: usize, i: usize| {
            let x = game.active[place];
            let row = game.flow_row(k, x, a);
            cells * game.z[x] * row[i + 1..].iter().sum::<f64>()
        };
        let line = |k: usize, i: usize| -> Row {
            let steps = extra.iter();
            let steps =
                steps.map(|(place, a)| tail(k, *place, *a, i) - tail(k, *place, base[*place], i));
            let start = base
                .iter()
                .enumerate()
                .map(|(place, a)| tail(k, place, *a, i));
            let start: f64 = start.sum();
            steps.chain([start]).collect()
        };
        let lines = (0..game.flows).map(|k| (0..game.types - 1).map(|i| line(k, i)).collect());
        Self {
            lines: lines.collect(),
            base,
            extra,
        }
    }

    fn gamma(&self, game: &StageGame, p: &[f64]) -> Vec<f64> {
        let mut gamma = vec![0.0; game.types * game.actions];
        for (x, a) in game.active.iter().zip(&self.base) {
            gamma[x * game.actions + a] = 1.0;
        }
        for ((place, action), p) in self.extra.iter().zip(p) {
            let row = game.active[*place] * game.actions;
            gamma[row + self.base[*place]] -= p;
            gamma[row + action] = *p;
        }
        gamma
    }

    /// The probabilities p of a prescription; `None` for one that takes other actions.
    fn probabilities(&self, game: &StageGame, gamma: &[f64]) -> Option<Vec<f64>> {
        let has =
            |place: usize, a: usize| self.base[place] == a || self.extra.contains(&(place, a));
        let mut places = game.active.iter().enumerate();
        let within = places.all(|(place, x)| {
            (0..game.actions).all(|a| gamma[x * game.actions + a] <= 0.0 || has(place, a))
        });
        let p = self.extra.iter();
        let p = p.map(|(place, a)| gamma[game.active[*place] * game.actions + a]);
        within.then(|| p.collect())
    }

    fn bases_are_taken(&self, game: &StageGame, gamma: &[f64]) -> bool {
        let mut bases = game.active.iter().zip(&self.base);
        bases.all(|(x, a)| gamma[x * game.actions + a] > 0.0)
    }

    /// Whether some probabilities of the box leave every type a law.
    fn within(&self, game: &StageGame, p: &[[f64; 2]]) -> bool {
        (0..game.active.len()).all(|place| {
            let mine = self.extra.iter().zip(p).filter(|((of, _), _)| *of == place);
            mine.map(|(_, p)| p[0]).sum::<f64>() <= 1.0
        })
    }

    /// The range of every coordinate of every z'_k.
    fn reach(&self, game: &StageGame, p: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
        let range = |line: &Row| {
            let start = line[p.len()];
            let terms = line.iter().zip(p);
            terms.fold([start - SLACK, start + SLACK], |[low, high], (c, p)| {
                let ends = [c * p[0], c * p[1]];
                [low + ends[0].min(ends[1]), high + ends[0].max(ends[1])]
            })
        };
        debug_assert_eq!(self.lines.len(), game.flows);
        let flows = self.lines.iter();
        flows
            .map(|lines| lines.iter().map(range).collect())
            .collect()
    }

    /// Whether the types that mix can be indifferent, and nobody does better outside the support, for some z'_k within reach.
    fn may_hold(&self, game: &StageGame, reach: &[Vec<[f64; 2]>]) -> bool {
        let bounds: Vec<Vec<[f64; 2]>> = game
            .branches
            .iter()
            .map(|branch| branch.next.bounds_over(&reach[branch.flow]))
            .collect();
        let gain = |place: usize, a: usize| {
            let (x, base) = (game.active[place], self.base[place]);
            let rewards = [a, base].map(|a| game.reward[x * game.actions + a]);
            let start = rewards[0] - rewards[1];
            let (mut low, mut high, mut size) = (start, start, 1.0 + rewards[0].abs());
            for (b, bounds) in bounds.iter().enumerate() {
                let (mine, theirs) = (game.hold(b, x, a), game.hold(b, x, base));
                for (to, bound) in bounds.iter().enumerate() {
                    let hold = mine[to + 1] - theirs[to + 1];
                    let ends = [hold * bound[0], hold * bound[1]];
                    low += ends[0].min(ends[1]);
                    high += ends[0].max(ends[1]);
                    size += ends[0].abs().max(ends[1].abs());
                }
            }
            (low, high, TIE_OF_SEARCH * size)
        };
        (0..game.active.len()).all(|place| {
            game.available[game.active[place]].iter().all(|&a| {
                if a == self.base[place] {
                    return true;
                }
                let (low, high, slack) = gain(place, a);
                let mixed = self.extra.contains(&(place, a));
                low <= slack && (!mixed || high >= -slack)
            })
        })
    }

    /// The probability whose range moves the z'_k most; `None` where none of them moves any.
    fn widest(&self, p: &[[f64; 2]]) -> Option<usize> {
        let moves = |e: usize| {
            let lines = self.lines.iter().flatten();
            lines
                .map(|line| (line[e] * (p[e][1] - p[e][0])).abs())
                .fold(0.0, f64::max)
        };
        let all = (0..p.len()).map(|e| (e, moves(e)));
        let widest = all.reduce(|a, b| if b.1 > a.1 { b } else { a });
        widest
            .filter(|(_, width)| *width > 4.0 * SLACK)
            .map(|(e, _)| e)
    }
}

impl Cells<'_> {
    /// Whether every z'_k(p) lies in its simplex.
    fn hold(&self, p: &[f64]) -> bool {
        let mut lines = self.lines.iter();
        lines.all(|line| line.weights(p).all(|weight| weight >= -SLACK))
    }

    /// U_x(a) - U_x(base) as a function of p, x by its place among the active types; its largest coefficient is at most one.
    fn incentive(&self, game: &StageGame, mixture: &Mixture, place: usize, a: usize) -> Row {
        let (x, base) = (game.active[place], mixture.base[place]);
        let mut row = vec![0.0; mixture.extra.len() + 1];
        let rewards = [a, base].map(|a| game.reward[x * game.actions + a]);
        row[mixture.extra.len()] = rewards[0] - rewards[1];
        for (b, branch) in game.branches.iter().enumerate() {
            let (mine, theirs) = (game.hold(b, x, a), game.hold(b, x, base));
            let part = self.lines[branch.flow].row(|k| {
                let node = self.nodes[branch.flow][k];
                let v = self.choice.values(game, b, k, node);
                dot(mine, v) - dot(theirs, v)
            });
            row.iter_mut().zip(part).for_each(|(sum, c)| *sum += c);
        }
        let scale = row.iter().fold(1.0, |scale: f64, c| scale.max(c.abs()));
        row.iter_mut().for_each(|c| *c /= scale);
        row
    }

    /// What bounds the probabilities of a continuum: the walls of the simplices, where an action outside the support ties,
    /// and the borders of the regimes.
    fn faces(&self, game: &StageGame, mixture: &Mixture) -> Vec<Row> {
        let mut faces: Vec<Row> = self.lines.iter().flat_map(Line::walls).collect();
        for (place, x) in game.active.iter().enumerate() {
            for &a in &game.available[*x] {
                if a != mixture.base[place] && !mixture.extra.contains(&(place, a)) {
                    faces.push(self.incentive(game, mixture, place, a));
                }
            }
        }
        // Just inside the border to every other regime.
        for (branch, margins) in self.choice.margins() {
            let line = &self.lines[game.branches[branch].flow];
            faces.push(line.row(|k| margins[k] - SLACK));
        }
        faces
    }
}

impl Simplex {
    /// Its vertices.
    fn nodes(&self, lattice: &Lattice) -> Vec<usize> {
        let mut sums = self.corner.clone();
        let mut nodes = vec![lattice.rank(&sums)];
        for i in &self.order {
            sums[*i] += 1;
            nodes.push(lattice.rank(&sums));
        }
        nodes
    }

    /// z'_k(p) in it, of which the scaled tail sums are given.
    fn line(&self, sums: &[Row]) -> Line<'_> {
        let unknowns = sums[0].len() - 1;
        let mut coordinates = Vec::with_capacity(sums.len() * (unknowns + 1));
        for (row, corner) in sums.iter().zip(&self.corner) {
            coordinates.extend_from_slice(&row[..unknowns]);
            coordinates.push(row[unknowns] - *corner as f64);
        }
        Line::new(&self.order, unknowns, coordinates)
    }
}

/// The simplices of the lattice that a range of scaled tail sums may meet.
fn simplices(game: &StageGame, reach: &[[f64; 2]]) -> Vec<Simplex> {
    let cells = game.lattice.cells();
    let mut corners: Vec<Vec<usize>> = vec![Vec::new()];
    for range in reach {
        let clamp = |s: f64| (s.max(0.0) as usize).min(cells - 1);
        let (from, to) = (clamp(range[0]), clamp(range[1]));
        let longer = corners.into_iter().flat_map(|corner| {
            (from..=to).map(move |s| {
                let mut corner = corner.clone();
                corner.push(s);
                corner
            })
        });
        corners = longer.collect();
    }
    let mut all = Vec::new();
    for corner in corners {
        orders(&corner, &mut Vec::new(), &mut all);
    }
    all
}

/// All orders in which the coordinates of a cube can be raised without leaving the simplex s_1 >= s_2 >= ...
fn orders(corner: &[usize], order: &mut Vec<usize>, all: &mut Vec<Simplex>) {
    if order.len() == corner.len() {
        all.push(Simplex {
            corner: corner.to_vec(),
            order: order.clone(),
        });
        return;
    }
    for i in 0..corner.len() {
        let falls = i == 0
            || corner[i - 1] > corner[i]
            || order.contains(&(i - 1)) && corner[i - 1] == corner[i];
        if order.contains(&i) || !falls {
            continue;
        }
        order.push(i);
        orders(corner, order, all);
        order.pop();
    }
}
