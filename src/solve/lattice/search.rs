//! All equilibria of a stage game: a search over blocks of z' that can hold one.
//!
//! An equilibrium is a z' that its own best responses lead to. In a block of z' the bounds of V leave each type some
//! actions that may be best there; from z these lead into a range of z'; where that range misses the block, the block
//! holds no equilibrium. Other blocks are halved in every direction, down to unit cubes, whose simplices `simplices`
//! settles by linear systems. A block in which every type has a single action left needs one check only.
//!
//! Nothing is left out but by the limit on work: a search that met it says that it is not complete.

use super::directions::Directions;
use super::simplices;
use super::stage_game::{Across, Branch, Equilibrium, StageGame};
use crate::solve::stage::Kind;
use crate::solve::tolerances::{SAME_EQUILIBRIUM, TIE_OF_SEARCH};
use crate::solve::triangulation::Location;

/// Blocks and linear systems of one stage game, at most.
pub(super) const MOST_STEPS: u64 = 2_000_000;

/// What a search found.
#[derive(Clone, Debug, Default)]
pub(super) struct Equilibria {
    /// In the order of (types mixing, gamma), each once.
    pub found: Vec<Equilibrium>,
    /// Distinct ones, a continuum counted once.
    pub count: usize,
    /// Some action not taken is as good as one that is, or a continuum was met.
    pub tied: bool,
    /// Whether the search ended before the limit on work.
    pub complete: bool,
    /// Blocks visited.
    pub blocks: u64,
    /// Linear systems solved.
    pub systems: u64,
    /// Whether a jump crosses a simplex that was searched: the number of equilibria without a coin may be even.
    pub cut: bool,
    /// Bridged where there is no equilibrium but under a public coin between the two sides of a jump.
    pub across: Across,
}

/// A block under search, and what is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// In blocks of its side.
    pub corner: Vec<usize>,
    /// Per active type, the actions that may be best in it.
    pub survivors: Vec<Vec<usize>>,
    /// Per direction, where these actions lead.
    pub reach: Vec<[f64; 2]>,
}

/// A search with its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    /// By level; level 0 is a unit cube.
    blocks: Vec<Block>,
    pub(super) directions: Directions,
    /// What was found, with repetitions.
    pub(super) candidates: Vec<Equilibrium>,
    /// Pairs of candidates joined by a continuum.
    pub(super) links: Vec<[usize; 2]>,
    pub(super) location: Location,
    /// What V is taken to be in a simplex that a jump crosses.
    pub(super) across: Across,
    pub(super) simplices: simplices::Memory,
    pub(super) steps: Steps,
}

/// Work done, and whether the limit was met.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    pub blocks: u64,
    pub systems: u64,
    pub stopped: bool,
    /// Whether a simplex was searched that a jump crosses.
    pub cut: bool,
}

impl Steps {
    /// Whether no more work may be done.
    pub fn exhausted(&mut self) -> bool {
        self.stopped |= self.blocks + self.systems >= MOST_STEPS;
        self.stopped
    }
}

impl Search {
    /// Find all equilibria; those that need a public coin only where there are no others.
    pub fn supported_first(&mut self, game: &StageGame) -> Equilibria {
        let supported = self.run(game, Across::Kept);
        let jumps = |branch: &Branch| !branch.next.cuts().all().is_empty();
        let may_be_lottery = supported.complete && game.branches.iter().any(jumps);
        if !supported.found.is_empty() || !may_be_lottery {
            return supported;
        }
        let mut lotteries = self.run(game, Across::Bridged);
        for e in &mut lotteries.found {
            let mut sides = game.sides(e, &mut self.location).into_iter();
            if sides.any(|of_flow| of_flow.len() > 1) {
                e.kind = Kind::Lottery;
            }
        }
        lotteries.blocks += supported.blocks;
        lotteries.systems += supported.systems;
        lotteries.cut = true;
        lotteries.across = Across::Bridged;
        lotteries
    }

    /// Find all equilibria, with V across jumps as asked.
    pub fn run(&mut self, game: &StageGame, across: Across) -> Equilibria {
        self.across = across;
        if game.flows == 1 {
            self.directions.fill(game);
        }
        self.candidates.clear();
        self.links.clear();
        self.steps = Steps::default();
        let top = game
            .branches
            .iter()
            .map(|b| b.next.top())
            .max()
            .unwrap_or(1);
        self.blocks.resize_with(top + 1, Block::default);
        let root = &mut self.blocks[top];
        root.corner.clear();
        root.corner.resize(game.types - 1, 0);
        root.survivors.resize_with(game.active.len(), Vec::new);
        for (survivors, x) in root.survivors.iter_mut().zip(&game.active) {
            survivors.clone_from(&game.available[*x]);
        }
        if game.branches.iter().all(|branch| branch.next.is_constant()) {
            self.uncoupled(game);
        } else if game.flows > 1 {
            self.several_flows(game);
        } else {
            self.visit(game, top);
        }
        self.collect()
    }

    /// Where V is constant z' decides nothing: every choice of best responses is an equilibrium, and the pure ones are the
    /// vertices of all.
    fn uncoupled(&mut self, game: &StageGame) {
        let values = game
            .branches
            .iter()
            .flat_map(|branch| branch.next.at_node(0));
        let values: Vec<f64> = values.copied().collect();
        let mut pure = vec![vec![0.0; game.types * game.actions]];
        for &x in &game.active {
            let best = game.best_responses(x, &values);
            let mut longer = Vec::with_capacity(pure.len() * best.len());
            for gamma in &pure {
                for a in &best {
                    // At the limit one of them goes on.
                    if self.steps.exhausted() && !longer.is_empty() {
                        break;
                    }
                    self.steps.systems += 1;
                    let mut gamma: Vec<f64> = gamma.clone();
                    gamma[x * game.actions + a] = 1.0;
                    longer.push(gamma);
                }
            }
            pure = longer;
        }
        for gamma in pure {
            let accepted = game.accept(gamma, self.across, &mut self.location);
            self.links.push([0, self.candidates.len()]);
            self.candidates.extend(accepted);
        }
        self.links
            .retain(|[_, i]| *i > 0 && *i < self.candidates.len());
    }

    /// Settle the block that stands at a level, its survivors taken from the block above.
    fn visit(&mut self, game: &StageGame, level: usize) {
        if self.steps.exhausted() {
            return;
        }
        self.steps.blocks += 1;
        if level > 0 {
            narrow(game, level, &mut self.blocks[level]);
        }
        let block = &mut self.blocks[level];
        reach(game, &self.directions, block);
        if !self.directions.meets(game, block, level) {
            return;
        }
        if block.survivors.iter().all(|s| s.len() == 1) {
            let mut gamma = vec![0.0; game.types * game.actions];
            for (x, survivors) in game.active.iter().zip(&block.survivors) {
                gamma[x * game.actions + survivors[0]] = 1.0;
            }
            let accepted = game.accept(gamma, self.across, &mut self.location);
            self.candidates.extend(accepted);
            return;
        }
        if level == 0 {
            let cube = std::mem::take(&mut self.blocks[0]);
            self.cube(game, &cube.corner, &cube.survivors, &cube.reach);
            self.blocks[0] = cube;
            return;
        }
        let dimensions = game.types - 1;
        for choice in 0..1_usize << dimensions {
            let (below, above) = self.blocks.split_at_mut(level);
            let (child, parent) = (&mut below[level - 1], &above[0]);
            child.corner.clear();
            child
                .corner
                .extend((0..dimensions).map(|i| 2 * parent.corner[i] + (choice >> i & 1)));
            if !in_simplex(game, &child.corner, level - 1)
                || !self
                    .directions
                    .overlaps(&parent.reach, &child.corner, level - 1)
            {
                continue;
            }
            child.survivors.resize_with(game.active.len(), Vec::new);
            for (mine, theirs) in child.survivors.iter_mut().zip(&parent.survivors) {
                mine.clone_from(theirs);
            }
            self.visit(game, level - 1);
        }
    }

    /// Each distinct equilibrium once, in an order that does not depend on the search.
    fn collect(&mut self) -> Equilibria {
        let all = &self.candidates;
        let mixing = |e: &Equilibrium| e.gamma.iter().filter(|p| **p > 0.0).count();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&i, &j| {
            let lexicographic = || {
                let pairs = all[i].gamma.iter().zip(&all[j].gamma);
                pairs
                    .map(|(a, b)| b.total_cmp(a))
                    .find(|o| o.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            };
            mixing(&all[i])
                .cmp(&mixing(&all[j]))
                .then_with(lexicographic)
        });
        let mut found: Vec<usize> = Vec::new();
        let mut place = vec![0; all.len()];
        for i in order {
            let same = |j: &usize| is_same(&all[*j], &all[i]);
            place[i] = found.iter().position(same).unwrap_or(found.len());
            if place[i] == found.len() {
                found.push(i);
            }
        }
        let mut root: Vec<usize> = (0..found.len()).collect();
        for [i, j] in &self.links {
            let (i, j) = (root[place[*i]], root[place[*j]]);
            root.iter_mut().filter(|r| **r == j).for_each(|r| *r = i);
        }
        // For a given z' the equilibria form one convex set.
        for i in 0..found.len() {
            for j in 0..i {
                if root[i] != root[j] && close(&all[found[i]].next, &all[found[j]].next) {
                    let (i, j) = (root[i], root[j]);
                    root.iter_mut().filter(|r| **r == i).for_each(|r| *r = j);
                }
            }
        }
        let alone = |i: usize| (0..root.len()).all(|j| j == i || root[j] != root[i]);
        let found = found.iter().enumerate().map(|(i, from)| {
            let mut e = all[*from].clone();
            if !alone(i) {
                e.kind = Kind::Vertex;
            }
            e
        });
        let found: Vec<Equilibrium> = found.collect();
        Equilibria {
            count: root.iter().enumerate().filter(|(i, r)| i == *r).count(),
            tied: !self.links.is_empty() || found.iter().any(|e| e.tied || e.kind == Kind::Vertex),
            found,
            complete: !self.steps.stopped,
            blocks: self.steps.blocks,
            systems: self.steps.systems,
            cut: self.steps.cut,
            across: self.across,
        }
    }
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.iter()
        .zip(b)
        .all(|(a, b)| (a - b).abs() < SAME_EQUILIBRIUM)
}

fn is_same(a: &Equilibrium, b: &Equilibrium) -> bool {
    close(&a.gamma, &b.gamma) && close(&a.next, &b.next)
}

/// Whether a block or cube has an inside within the simplex: G >= s_1 >= s_2 >= ... >= 0.
fn in_simplex(game: &StageGame, corner: &[usize], level: usize) -> bool {
    corner
        .first()
        .is_none_or(|s| s << level < game.lattice.cells())
        && corner
            .windows(2)
            .all(|pair| (pair[0] + 1) << level > pair[1] << level)
}

/// Strike out the actions that are worse than another all over a block.
fn narrow(game: &StageGame, level: usize, block: &mut Block) {
    for (x, survivors) in game.active.iter().zip(&mut block.survivors) {
        if survivors.len() == 1 {
            continue;
        }
        let bounds = |b: usize| game.branches[b].next.bounds(level, &block.corner);
        // U(a) - U(rival) over the block is at most this; also the rounding that the bound may hide.
        let most = |a: usize, rival: usize| {
            let rewards = [a, rival].map(|a| game.reward[x * game.actions + a]);
            let (mut sum, mut size) = (rewards[0] - rewards[1], 1.0);
            for b in 0..game.branches.len() {
                let (mine, theirs) = (game.hold(b, *x, a), game.hold(b, *x, rival));
                for (to, bound) in bounds(b).iter().enumerate() {
                    let hold = mine[to + 1] - theirs[to + 1];
                    let (low, high) = (hold * bound[0], hold * bound[1]);
                    sum += low.max(high);
                    size += low.abs().max(high.abs());
                }
            }
            (sum, size + rewards[0].abs() + rewards[1].abs())
        };
        // The rival: the action that is best where V is midway in the block.
        let midway = |a: usize| {
            let mut sum = game.reward[x * game.actions + a];
            for b in 0..game.branches.len() {
                for (to, bound) in bounds(b).iter().enumerate() {
                    sum += game.hold(b, *x, a)[to + 1] * 0.5 * (bound[0] + bound[1]);
                }
            }
            sum
        };
        let mut rival = (survivors[0], midway(survivors[0]));
        for &a in &survivors[1..] {
            let payoff = midway(a);
            if payoff > rival.1 {
                rival = (a, payoff);
            }
        }
        survivors.retain(|&a| {
            let (sum, size) = most(a, rival.0);
            a == rival.0 || sum >= -TIE_OF_SEARCH * size
        });
    }
}

/// Where the survivors of a block lead.
fn reach(game: &StageGame, directions: &Directions, block: &mut Block) {
    block.reach.clear();
    block.reach.resize(directions.count(), [0.0; 2]);
    for (x, survivors) in game.active.iter().zip(&block.survivors) {
        for (d, range) in block.reach.iter_mut().enumerate() {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for a in survivors {
                let part = directions.part(*x, *a)[d];
                low = low.min(part);
                high = high.max(part);
            }
            range[0] += low;
            range[1] += high;
        }
    }
}
