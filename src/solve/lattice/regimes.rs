//! Jumps of V between the nodes of the lattice: where they are, and V on either side of them.
//!
//! V_t jumps where the selected regime switches. On an edge of the triangulation that a jump crosses the place of the
//! crossing, lambda in (0, 1), and V on both sides of it are known: a *cut*. In a simplex the vertices that no cut
//! separates make one *regime*; each regime r has its own affine V_r, which is V at its own vertices and
//!
//! ```text
//! V_r(j) = sum_i lambda_ij^2 [V(i) + (V(cut_ij) - V(i)) / lambda_ij] / sum_i lambda_ij^2,    i in r, j not in r,
//! ```
//!
//! at the others (least squares along the cut edges). With barycentric coordinates b, regime r holds where
//! S_r = sum over i in r of s_i b_i is largest; s_i / s_j = lambda_ij / (1 - lambda_ij) puts the border of two regimes
//! through the cuts (exactly where each simplex has a vertex alone on its side, else by least squares of the logarithms).
//!
//! No V is interpolated across a cut. What this does not see: jumps smaller than what V varies by within a cell, a second
//! jump on one edge, and the curvature of a jump's surface within a simplex.

/// Sweeps over the vertices of a simplex; the error of two regimes with two vertices each halves in every one.
const SWEEPS: usize = 20;
/// The least weight of a cut at the very end of an edge: it says little of the slope, but more than nothing.
const LEAST_WEIGHT: f64 = 1e-6;

/// A jump of V on an edge.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Cut {
    /// The ends of the edge, the lower number first.
    pub nodes: [usize; 2],
    /// Between these shares of the way from the first end to the second V jumps.
    pub between: [f64; 2],
    /// V on the first end's side of the jump, continued to the second end; and the reverse.
    pub beyond: [Vec<f64>; 2],
}

impl Cut {
    /// From V at the ends and at both sides of the jump.
    pub fn new(
        nodes: [usize; 2],
        between: [f64; 2],
        ends: [&[f64]; 2],
        sides: [&[f64]; 2],
    ) -> Self {
        let shares = [between[0], 1.0 - between[1]];
        let continued = |i: usize| {
            let pairs = ends[i].iter().zip(sides[i]);
            let step = |(end, side): (&f64, &f64)| match shares[i] > 0.0 {
                true => end + (side - end) / shares[i],
                false => *end,
            };
            pairs.map(step).collect()
        };
        Self {
            nodes,
            between,
            beyond: [continued(0), continued(1)],
        }
    }

    /// The crossing.
    fn place(&self) -> f64 {
        0.5 * (self.between[0] + self.between[1])
    }
}

/// One place to which a public coin may send the mean field.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub probability: f64,
    pub mean_field: Vec<f64>,
}

/// The cuts of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    /// In the order of their nodes.
    cuts: Vec<Cut>,
    /// Whether a node is the end of a cut edge; empty where there are none.
    marked: Vec<bool>,
}

impl Cuts {
    /// From cuts in any order, of a lattice of so many nodes.
    pub fn new(mut cuts: Vec<Cut>, nodes: usize) -> Self {
        cuts.sort_by_key(|cut| cut.nodes);
        let mut marked = Vec::new();
        if !cuts.is_empty() {
            marked.resize(nodes, false);
            for node in cuts.iter().flat_map(|cut| cut.nodes) {
                marked[node] = true;
            }
        }
        Self { cuts, marked }
    }

    /// All of them.
    pub fn all(&self) -> &[Cut] {
        &self.cuts
    }

    /// Whether a node is the end of a cut edge.
    pub fn is_marked(&self, node: usize) -> bool {
        self.marked.get(node).is_some_and(|marked| *marked)
    }

    /// The cut of an edge, with whether its first node is the edge's second.
    pub fn of_edge(&self, from: usize, to: usize) -> Option<(&Cut, usize)> {
        let nodes = [from.min(to), from.max(to)];
        let at = self.cuts.binary_search_by_key(&nodes, |cut| cut.nodes);
        at.ok().map(|at| (&self.cuts[at], usize::from(from > to)))
    }

    /// Whether two of these nodes may have a cut between them.
    fn may_separate(&self, nodes: impl Iterator<Item = usize>) -> bool {
        nodes.filter(|node| self.is_marked(*node)).nth(1).is_some()
    }
}

/// The regimes that meet in a simplex, or in a face of one.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// Per vertex, the place of its regime.
    pub regime: Vec<usize>,
    /// Regimes.
    pub count: usize,
    /// log(s_i / s_j) by pair of vertices, where a cut separates them.
    odds: Vec<Option<f64>>,
    /// V_r by (regime, vertex, component).
    values: Vec<f64>,
    components: usize,
}

impl Pieces {
    /// The regimes of a simplex with these vertices, values by node as given; `None` where no cut separates any.
    pub fn of<'v>(
        cuts: &Cuts,
        nodes: &[usize],
        components: usize,
        at_node: impl Fn(usize) -> &'v [f64],
    ) -> Option<Self> {
        if !cuts.may_separate(nodes.iter().copied()) {
            return None;
        }
        let size = nodes.len();
        let mut regime: Vec<usize> = (0..size).collect();
        let mut odds = vec![None; size * size];
        for i in 0..size {
            for j in 0..i {
                if let Some((cut, second)) = cuts.of_edge(nodes[i], nodes[j]) {
                    let place = cut.place();
                    let log = libm::log(place / (1.0 - place));
                    let log = if second == 0 { log } else { -log };
                    (odds[i * size + j], odds[j * size + i]) = (Some(log), Some(-log));
                } else {
                    let (from, to) = (regime[i].max(regime[j]), regime[i].min(regime[j]));
                    regime
                        .iter_mut()
                        .filter(|r| **r == from)
                        .for_each(|r| *r = to);
                }
            }
        }
        // Regimes in the order of their first vertex.
        let mut count = 0;
        for i in 0..nodes.len() {
            if regime[i] == i {
                regime
                    .iter_mut()
                    .skip(i)
                    .filter(|r| **r == i)
                    .for_each(|r| *r = count);
                count += 1;
            }
        }
        if count < 2 {
            return None;
        }
        let mut pieces = Self {
            odds,
            values: Vec::with_capacity(count * nodes.len() * components),
            regime,
            count,
            components,
        };
        for r in 0..count {
            for (j, node) in nodes.iter().enumerate() {
                if pieces.regime[j] == r {
                    pieces.values.extend_from_slice(at_node(*node));
                } else {
                    pieces.continue_to(cuts, nodes, r, j);
                }
            }
        }
        Some(pieces)
    }

    /// Append V_r at a vertex j outside r.
    fn continue_to(&mut self, cuts: &Cuts, nodes: &[usize], r: usize, j: usize) {
        let start = self.values.len();
        self.values.resize(start + self.components, 0.0);
        let mut total = 0.0;
        for i in (0..nodes.len()).filter(|i| self.regime[*i] == r) {
            if let Some((cut, second)) = cuts.of_edge(nodes[i], nodes[j]) {
                let share = match second {
                    0 => cut.between[0],
                    _ => 1.0 - cut.between[1],
                };
                let weight = (share * share).max(LEAST_WEIGHT);
                total += weight;
                for (sum, v) in self.values[start..].iter_mut().zip(&cut.beyond[second]) {
                    *sum += weight * v;
                }
            }
        }
        // Every vertex outside r is cut from every vertex in it.
        self.values[start..].iter_mut().for_each(|v| *v /= total);
    }

    /// V_r at a vertex.
    pub fn at_vertex(&self, r: usize, vertex: usize) -> &[f64] {
        let row = r * self.regime.len() + vertex;
        &self.values[row * self.components..(row + 1) * self.components]
    }

    /// s_i per vertex: log s_i - log s_j = log(lambda / (1 - lambda)) on every cut edge, by least squares.
    fn weights(&self) -> Vec<f64> {
        let size = self.regime.len();
        let mut log = vec![0.0; size];
        // Gauss-Seidel; exact at once where a vertex is alone on its side, and any s > 0 makes a partition.
        for _ in 0..SWEEPS {
            for i in 0..size {
                let others = (0..size).filter(|j| self.regime[*j] != self.regime[i]);
                let terms = others.filter_map(|j| Some(self.odds[i * size + j]? + log[j]));
                let (sum, count) = terms.fold((0.0, 0.0), |(s, n), term| (s + term, n + 1.0));
                if count > 0.0 {
                    log[i] = sum / count;
                }
            }
        }
        log.into_iter().map(libm::exp).collect()
    }

    /// By how much regime r holds against another, S_r - S_other, at the vertices.
    pub fn margins(&self, r: usize, other: usize) -> Vec<f64> {
        let pairs = self.weights().into_iter().zip(&self.regime);
        let margin = |(weight, regime): (f64, &usize)| match regime {
            regime if *regime == r => weight,
            regime if *regime == other => -weight,
            _ => 0.0,
        };
        pairs.map(margin).collect()
    }

    /// The regime that holds at a point, by its barycentric coordinates; on a border the first.
    pub fn holding(&self, coordinates: impl Fn(usize) -> f64) -> usize {
        let weights = self.weights();
        let score = |r: usize| -> f64 {
            let mine = (0..self.regime.len()).filter(|i| self.regime[*i] == r);
            mine.map(|i| weights[i] * coordinates(i)).sum()
        };
        let mut best = (0, score(0));
        for r in 1..self.count {
            let score = score(r);
            if score > best.1 {
                best = (r, score);
            }
        }
        best.0
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::field::Field;
    use super::super::jumps;
    use super::*;
    use crate::solve::Work;
    use crate::solve::triangulation::{Lattice, Location};

    /// An affine function on either side of the plane that `level` vanishes on.
    fn value(z: &[f64], level: f64, component: usize) -> f64 {
        let (slope, start) = match level > 0.0 {
            true => (1.0 + component as f64, 0.3),
            false => (-0.7 * component as f64, 2.0),
        };
        start + slope * z[0] + (z.len() as f64) * z[1] * slope * slope
    }

    /// A field of affine regimes with its cuts.
    pub(in super::super) fn two_regimes(lattice: &Lattice, level: impl Fn(&[f64]) -> f64) -> Field {
        let components = lattice.types() + 1;
        let at = |z: &[f64], side: f64| -> Vec<f64> {
            (0..components).map(|c| value(z, side, c)).collect()
        };
        let mean_field = |node: usize| lattice.mean_field(node);
        let nodes = 0..lattice.nodes();
        let values = nodes
            .clone()
            .flat_map(|node| at(&mean_field(node), level(&mean_field(node))));
        let field = Field::new(lattice, components, values.collect());
        let mut cuts = Vec::new();
        for i in nodes.clone() {
            for j in nodes.clone().skip(i + 1) {
                let steps = lattice.sums(i).into_iter().zip(lattice.sums(j));
                let steps: Vec<isize> = steps.map(|(a, b)| b as isize - a as isize).collect();
                let up = steps.iter().all(|s| (0..=1).contains(s));
                let down = steps.iter().all(|s| (-1..=0).contains(s));
                let (a, b) = (mean_field(i), mean_field(j));
                let (from, to) = (level(&a), level(&b));
                if !(up || down) || (from > 0.0) == (to > 0.0) {
                    continue;
                }
                let share = from / (from - to);
                let z: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + share * (b - a)).collect();
                let ends = [field.at_node(i), field.at_node(j)];
                let sides = [at(&z, from), at(&z, to)];
                cuts.push(Cut::new([i, j], [share; 2], ends, [&sides[0], &sides[1]]));
            }
        }
        field.with_cuts(lattice, Cuts::new(cuts, lattice.nodes()))
    }

    #[test]
    fn affine_regimes_on_two_sides_of_a_plane_come_out_exactly_and_bounds_hold() {
        for (types, cells) in [(2, 4), (3, 5), (4, 4)] {
            let lattice = Lattice::new(types, cells);
            let level = |z: &[f64]| z[0] + 0.37 * z[1] - 0.433;
            let field = two_regimes(&lattice, level);
            let mut at = Location::default();
            for seed in 1..500_u32 {
                let raw: Vec<f64> = (0..types as u32)
                    .map(|x| f64::from((seed * 7_919 + x * seed * 541 + x * 40_503) % 997))
                    .collect();
                let total: f64 = raw.iter().sum();
                let z: Vec<f64> = raw.iter().map(|w| w / total).collect();
                lattice.locate(&z, &mut at);
                let found = field.at(&at);
                for (c, v) in found.iter().enumerate() {
                    let expected = value(&z, level(&z), c);
                    assert!((v - expected).abs() < 1e-11, "{z:?}: {v} and {expected}");
                }
                for l in 1..=field.top() {
                    let mut tail = 1.0;
                    let block = (1..types).map(|x| {
                        tail -= z[x - 1];
                        (tail * cells as f64) as usize >> l
                    });
                    let block: Vec<usize> = block.collect();
                    for (x, bound) in field.bounds(l, &block).iter().enumerate() {
                        let difference = found[x + 1] - found[0];
                        assert!(bound[0] <= difference + 1e-11 && difference <= bound[1] + 1e-11);
                    }
                }
            }
            let mut work = Work::default();
            jumps::count_mixed(&lattice, &field, &mut work);
            assert_eq!(work.simplices, (cells as u64).pow(types as u32 - 1));
            assert!(work.mixed_simplices > 0 && work.mixed_simplices < work.simplices);
        }
    }

    #[test]
    fn a_field_without_cuts_has_no_pieces() {
        let lattice = Lattice::new(3, 5);
        let field = two_regimes(&lattice, |_| 1.0);
        assert!(field.cuts().all().is_empty());
        assert!(field.pieces(&[0, 1, 2]).is_none());
        let mut work = Work::default();
        jumps::count_mixed(&lattice, &field, &mut work);
        assert_eq!((work.simplices, work.mixed_simplices), (25, 0));
    }

    /// Three regimes that meet: each vertex has its own, and each point takes the values of one of them.
    #[test]
    fn three_regimes_meet_in_a_triangle() {
        let ends: [&[f64]; 3] = [&[0.0], &[1.0], &[2.0]];
        let cut =
            |i: usize, j: usize| Cut::new([i, j], [0.5; 2], [ends[i], ends[j]], [ends[i], ends[j]]);
        let cuts = Cuts::new(vec![cut(1, 2), cut(0, 2), cut(0, 1)], 3);
        let pieces = Pieces::of(&cuts, &[0, 1, 2], 1, |node| ends[node]).unwrap();
        assert_eq!((pieces.count, &pieces.regime[..]), (3, &[0, 1, 2][..]));
        for (r, b) in [[0.4, 0.3, 0.3], [0.3, 0.4, 0.3], [0.0, 0.45, 0.55]]
            .iter()
            .enumerate()
        {
            assert_eq!(pieces.holding(|i| b[i]), r);
            assert_eq!(pieces.at_vertex(r, 0), &[r as f64]);
        }
    }
}
