//! Ranges of z' and blocks, compared in the directions of the lattice's walls.

use super::search::Block;
use super::stage_game::StageGame;
use crate::solve::tolerances::SLACK;

/// The directions in which ranges of z' are compared: the scaled tail sums s_i and their differences s_i - s_j, i < j,
/// which are also the normals of all walls.
#[derive(Clone, Debug, Default)]
pub(super) struct Directions {
    dimensions: usize,
    pub pairs: Vec<[usize; 2]>,
    /// G z(x) times the row of Q, by (x, a, direction).
    parts: Vec<f64>,
    actions: usize,
}

impl Directions {
    pub fn fill(&mut self, game: &StageGame) {
        self.dimensions = game.types - 1;
        self.actions = game.actions;
        let dimensions = self.dimensions;
        self.pairs.clear();
        self.pairs
            .extend((0..dimensions).flat_map(|i| (i + 1..dimensions).map(move |j| [i, j])));
        self.parts.clear();
        let cells = game.lattice.cells() as f64;
        for (pair, row) in game.flow.chunks_exact(game.types).enumerate() {
            let scale = cells * game.z[pair / game.actions];
            let start = self.parts.len();
            for i in 0..dimensions {
                self.parts.push(scale * row[i + 1..].iter().sum::<f64>());
            }
            for [i, j] in &self.pairs {
                self.parts
                    .push(self.parts[start + i] - self.parts[start + j]);
            }
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.dimensions + self.pairs.len()
    }

    /// What (x, a) adds to z', per direction.
    pub fn part(&self, x: usize, a: usize) -> &[f64] {
        let count = self.count();
        let row = x * self.actions + a;
        &self.parts[row * count..(row + 1) * count]
    }

    /// The range of a cube or block per direction, from the range of its coordinates.
    fn range(&self, direction: usize, coordinate: impl Fn(usize) -> [f64; 2]) -> [f64; 2] {
        match direction.checked_sub(self.dimensions) {
            None => coordinate(direction),
            Some(pair) => {
                let [i, j] = self.pairs[pair];
                let (a, b) = (coordinate(i), coordinate(j));
                [a[0] - b[1], a[1] - b[0]]
            }
        }
    }

    /// Whether a range of z' overlaps a block.
    pub fn overlaps(&self, reach: &[[f64; 2]], corner: &[usize], level: usize) -> bool {
        let side = |i: usize| {
            [
                (corner[i] << level) as f64,
                ((corner[i] + 1) << level) as f64,
            ]
        };
        reach.iter().enumerate().all(|(d, range)| {
            let block = self.range(d, side);
            range[0] <= block[1] + SLACK && range[1] >= block[0] - SLACK
        })
    }

    /// Whether what the survivors lead to meets the block: by ranges, and exactly where one type has two actions left
    /// and the others one, so that z' moves on a segment.
    pub fn meets(&self, game: &StageGame, block: &Block, level: usize) -> bool {
        if !self.overlaps(&block.reach, &block.corner, level) {
            return false;
        }
        let mut open = block.survivors.iter().zip(&game.active);
        let mut open = open.by_ref().filter(|(survivors, _)| survivors.len() > 1);
        let (Some((survivors, x)), None) = (open.next(), open.next()) else {
            return true;
        };
        let [a, b] = survivors[..] else {
            return true;
        };
        let side = |i: usize| {
            [
                (block.corner[i] << level) as f64,
                ((block.corner[i] + 1) << level) as f64,
            ]
        };
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        for (d, range) in block.reach.iter().enumerate() {
            let step = self.part(*x, b)[d] - self.part(*x, a)[d];
            if step.abs() < SLACK {
                continue;
            }
            let start = if step > 0.0 { range[0] } else { range[1] };
            let cut = self.range(d, side);
            let (p, q) = (
                (cut[0] - SLACK - start) / step,
                (cut[1] + SLACK - start) / step,
            );
            from = from.max(p.min(q));
            to = to.min(p.max(q));
        }
        from <= to
    }
}
