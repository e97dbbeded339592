//! V at the nodes of the lattice, linear between them, with bounds over blocks of cubes.

use super::regimes::{Cuts, Pieces};
use crate::solve::representation::ValueFunction;
use crate::solve::stationary::Snapshot;
use crate::solve::tolerances::ROUNDING_OF_V;
use crate::solve::triangulation::{Lattice, Location};

/// A function on P(X^f): V^f per type, then whatever else is kept (V^l).
///
/// The follower's incentives depend on z' through V^f(x) - V^f(x_1) alone, of which the least and the largest value are
/// kept on blocks of 2^k cubes a side, k >= 1: they let a search skip all blocks in which nothing can be indifferent.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Field {
    /// By node, then component.
    values: Vec<f64>,
    components: usize,
    /// `levels[k - 1]` holds blocks of side 2^k; the last one is the whole lattice.
    levels: Vec<Level>,
    /// Whether every component is the same at all nodes.
    constant: bool,
    /// Where V jumps between nodes.
    cuts: Cuts,
}

#[derive(Clone, Debug)]
struct Level {
    /// Blocks per side.
    side: usize,
    /// By block, then type but the first: [least, largest]; an empty block holds an empty interval.
    bounds: Vec<[f64; 2]>,
}

const NOTHING: [f64; 2] = [f64::INFINITY, f64::NEG_INFINITY];

impl Field {
    /// From values by node, `components` >= |X^f| each, of which V^f stands first.
    pub fn new(lattice: &Lattice, components: usize, values: Vec<f64>) -> Self {
        let first = &values[..components];
        let same = |v: &f64, first: &f64| (v - first).abs() <= ROUNDING_OF_V * first.abs().max(1.0);
        let constant = values
            .chunks_exact(components)
            .all(|at| at.iter().zip(first).all(|(v, first)| same(v, first)));
        let mut field = Self {
            values,
            components,
            levels: Vec::new(),
            constant,
            cuts: Cuts::default(),
        };
        field.levels.push(field.first_level(lattice));
        field.coarsen(lattice);
        field
    }

    /// The same with jumps between nodes; the bounds are widened to hold on either side of each.
    pub(super) fn with_cuts(mut self, lattice: &Lattice, cuts: Cuts) -> Self {
        self.levels.truncate(1);
        let level = &mut self.levels[0];
        for cut in cuts.all() {
            for (beyond, node) in cut.beyond.iter().zip([cut.nodes[1], cut.nodes[0]]) {
                let differences: Vec<f64> = (1..lattice.types())
                    .map(|x| beyond[x] - beyond[0])
                    .collect();
                for block in blocks(lattice, level.side, node) {
                    level.widen(block, &differences);
                }
            }
        }
        self.coarsen(lattice);
        self.cuts = cuts;
        self
    }

    /// The coarser levels from the first.
    fn coarsen(&mut self, lattice: &Lattice) {
        let field = self;
        while let Some(finer) = field.levels.last().filter(|level| level.side > 1) {
            let coarser = finer.coarsen(lattice.dimensions());
            field.levels.push(coarser);
        }
    }

    /// Where V jumps between nodes.
    pub(super) fn cuts(&self) -> &Cuts {
        &self.cuts
    }

    /// The regimes of the simplex with these vertices, if a jump crosses it.
    pub(super) fn pieces(&self, nodes: &[usize]) -> Option<Pieces> {
        Pieces::of(&self.cuts, nodes, self.components, |node| {
            self.at_node(node)
        })
    }

    /// The level of the block that holds the whole lattice.
    pub fn top(&self) -> usize {
        self.levels.len()
    }

    /// Whether every component is the same at all nodes, so that z' decides nothing.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// All values, by node, then component.
    pub fn all(&self) -> &[f64] {
        &self.values
    }

    /// All components at a node.
    pub fn at_node(&self, node: usize) -> &[f64] {
        &self.values[node * self.components..(node + 1) * self.components]
    }

    /// All components at a point, from the regime that holds there.
    pub fn at(&self, location: &Location) -> Vec<f64> {
        let mut mean = Vec::with_capacity(self.components);
        self.append(location, &mut mean);
        mean
    }

    /// All components at a point, added to the end of a list.
    pub fn append(&self, location: &Location, values: &mut Vec<f64>) {
        if self.cuts.all().is_empty() {
            self.append_bridged(location, values);
            return;
        }
        let nodes: Vec<usize> = location.vertices.iter().map(|(node, _)| *node).collect();
        let Some(pieces) = self.pieces(&nodes) else {
            self.append_bridged(location, values);
            return;
        };
        let r = pieces.holding(|i| location.vertices[i].1);
        let start = values.len();
        values.resize(start + self.components, 0.0);
        for (i, (_, weight)) in location.vertices.iter().enumerate() {
            for (sum, value) in values[start..].iter_mut().zip(pieces.at_vertex(r, i)) {
                *sum += weight * value;
            }
        }
    }

    /// The same by interpolation between the nodes, across jumps too.
    pub fn append_bridged(&self, location: &Location, values: &mut Vec<f64>) {
        let start = values.len();
        values.resize(start + self.components, 0.0);
        for (node, weight) in &location.vertices {
            for (sum, value) in values[start..].iter_mut().zip(self.at_node(*node)) {
                *sum += weight * value;
            }
        }
    }

    /// Bounds of V^f(x) - V^f(x_1), x = x_2, ..., over a range of scaled tail sums.
    pub fn bounds_over(&self, reach: &[[f64; 2]]) -> Vec<[f64; 2]> {
        // The finest blocks of which two a side hold the range.
        let place = |s: f64, level: usize| {
            let last = self.levels[level - 1].side - 1;
            (s.max(0.0) as usize >> level).min(last)
        };
        let fits = |level: &usize| {
            let mut sides = reach.iter();
            sides.all(|r| place(r[1], *level) - place(r[0], *level) <= 1)
        };
        let level = (1..=self.top()).find(fits).unwrap_or(self.top());
        let mut bounds = vec![NOTHING; reach.len()];
        for choice in 0..1_usize << reach.len() {
            let corner = reach
                .iter()
                .enumerate()
                .map(|(i, r)| place(r[choice >> i & 1], level));
            let corner: Vec<usize> = corner.collect();
            for (bound, more) in bounds.iter_mut().zip(self.bounds(level, &corner)) {
                *bound = [bound[0].min(more[0]), bound[1].max(more[1])];
            }
        }
        bounds
    }

    /// The number of components.
    pub fn components(&self) -> usize {
        self.components
    }

    /// Bounds of V^f(x) - V^f(x_1), x = x_2, ..., over a block; `corner` is in blocks of side 2^level.
    pub fn bounds(&self, level: usize, corner: &[usize]) -> &[[f64; 2]] {
        let level = &self.levels[level - 1];
        let block = corner.iter().fold(0, |at, c| at * level.side + c);
        &level.bounds[block * corner.len()..(block + 1) * corner.len()]
    }

    /// Blocks of side two: every node counts in all blocks that it belongs to, their faces included.
    fn first_level(&self, lattice: &Lattice) -> Level {
        let dimensions = lattice.dimensions();
        let side = lattice.cells().div_ceil(2);
        let mut level = Level::empty(side, dimensions);
        let mut differences = vec![0.0; dimensions];
        for node in 0..lattice.nodes() {
            let values = self.at_node(node);
            for (x, difference) in differences.iter_mut().enumerate() {
                *difference = values[x + 1] - values[0];
            }
            for block in blocks(lattice, side, node) {
                level.widen(block, &differences);
            }
        }
        level
    }
}

/// The blocks of side two that a node belongs to, their faces included.
fn blocks(lattice: &Lattice, side: usize, node: usize) -> impl Iterator<Item = usize> {
    let sums = lattice.sums(node);
    // Bit i of the choice: the lower of the two blocks that share an even coordinate.
    (0..1_usize << lattice.dimensions()).filter_map(move |choice| {
        let mut block = Some(0);
        for (i, s) in sums.iter().enumerate() {
            let upper = (s / 2).min(side - 1);
            let shared = s.is_multiple_of(2) && s / 2 > 0 && s / 2 < side;
            block = match (choice >> i & 1, shared) {
                (0, _) => block.map(|b| b * side + upper),
                (_, true) => block.map(|b| b * side + upper - 1),
                (_, false) => None,
            };
        }
        block
    })
}

impl Level {
    fn empty(side: usize, dimensions: usize) -> Self {
        let blocks = side.pow(dimensions as u32);
        Self {
            side,
            bounds: vec![NOTHING; blocks * dimensions],
        }
    }

    fn widen(&mut self, block: usize, values: &[f64]) {
        let bounds = &mut self.bounds[block * values.len()..(block + 1) * values.len()];
        for (bound, value) in bounds.iter_mut().zip(values) {
            bound[0] = bound[0].min(*value);
            bound[1] = bound[1].max(*value);
        }
    }

    fn coarsen(&self, dimensions: usize) -> Self {
        let mut coarser = Self::empty(self.side.div_ceil(2), dimensions);
        let (mut lows, mut highs) = (vec![0.0; dimensions], vec![0.0; dimensions]);
        for block in 0..self.side.pow(dimensions as u32) {
            let bounds = &self.bounds[block * dimensions..(block + 1) * dimensions];
            if bounds.iter().any(|bound| bound[0] > bound[1]) {
                continue;
            }
            let (mut left, mut target, mut stride) = (block, 0, 1);
            for _ in 0..dimensions {
                target += left % self.side / 2 * stride;
                left /= self.side;
                stride *= coarser.side;
            }
            for (i, bound) in bounds.iter().enumerate() {
                (lows[i], highs[i]) = (bound[0], bound[1]);
            }
            coarser.widen(target, &lows);
            coarser.widen(target, &highs);
        }
        coarser
    }
}

impl ValueFunction for Field {
    /// All values.
    fn look(&self, snapshot: &mut Snapshot) {
        snapshot.values.extend_from_slice(&self.values);
        let count = snapshot.values.len();
        snapshot.comparable.resize(count, true);
    }
}

/// Memory that the bounds of a lattice take, in numbers; `None` beyond any memory.
pub(super) fn memory(types: usize, cells: usize) -> Option<usize> {
    let dimensions = u32::try_from(types - 1).ok()?;
    cells
        .div_ceil(2)
        .checked_pow(dimensions)?
        .checked_mul(4 * (types - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_at_every_node_of_a_block_and_are_reached() {
        for (types, cells) in [(2, 5), (3, 8), (3, 7), (4, 5)] {
            let lattice = Lattice::new(types, cells);
            let value = |node: usize, x: usize| ((node * 31 + x * 17) % 23) as f64;
            let values = (0..lattice.nodes())
                .flat_map(|node| (0..=types).map(move |x| value(node, x)))
                .collect();
            let field = Field::new(&lattice, types + 1, values);
            for level in 1..=field.top() {
                let side = cells.div_ceil(1 << level);
                for block in 0..side.pow(types as u32 - 1) {
                    let mut left = block;
                    let mut corner = vec![0; types - 1];
                    for c in corner.iter_mut().rev() {
                        *c = left % side;
                        left /= side;
                    }
                    let inside =
                        |node: &usize| {
                            lattice.sums(*node).iter().zip(&corner).all(|(s, c)| {
                                (c << level..=((c + 1) << level).min(cells)).contains(s)
                            })
                        };
                    let nodes: Vec<usize> = (0..lattice.nodes()).filter(inside).collect();
                    for (x, bound) in field.bounds(level, &corner).iter().enumerate() {
                        let all = nodes.iter().map(|n| value(*n, x + 1) - value(*n, 0));
                        let least = all.clone().fold(f64::INFINITY, f64::min);
                        assert_eq!(*bound, [least, all.fold(f64::NEG_INFINITY, f64::max)]);
                    }
                }
            }
        }
    }
}
