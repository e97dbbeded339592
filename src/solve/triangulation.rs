//! The lattice of the simplex P(X^f): points with coordinates j/G, and its Kuhn (Freudenthal) triangulation.
//!
//! With k types a point is written in the k - 1 scaled tail sums
//!
//! ```text
//! s_i = G (z(x_{i+1}) + ... + z(x_k)),    i = 1, ..., k - 1,    G >= s_1 >= ... >= s_{k-1} >= 0,
//! ```
//!
//! in which nodes are the integer points, and the simplices are those of the unit cubes cut by the order of the
//! fractional parts: from the cube's lower corner, one coordinate after the other is raised, the largest fraction
//! first. All walls are s_i = integer or s_i - s_j = integer.

use super::tolerances::{SLACK, SNAP};

/// Nodes j/G of the simplex of laws of `types` types, numbered by combinatorial rank: in the order of falling z(x_1),
/// then falling z(x_2), and so on.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Lattice {
    types: usize,
    cells: usize,
    /// Binomial coefficients: the part of the rank that coordinate i with value s gives, at `i * (cells + 1) + s`.
    parts: Vec<usize>,
    nodes: usize,
}

/// The nodes whose interpolation gives a point, with their weights; weights are positive and sum to one.
#[derive(Clone, Debug, Default)]
pub(in crate::solve) struct Location {
    pub vertices: Vec<(usize, f64)>,
    /// Whether the point lies on a wall between simplices (to 1e-9), other than one of the simplex P(X^f).
    pub on_wall: bool,
    order: Vec<usize>,
    corner: Vec<usize>,
    fraction: Vec<f64>,
}

/// The number of nodes, or `None` beyond any memory.
pub(in crate::solve) fn count(types: usize, cells: usize) -> Option<usize> {
    (1..types).try_fold(1_usize, |nodes, k| Some(nodes.checked_mul(cells + k)? / k))
}

impl Lattice {
    /// A lattice of `types` >= 2 types with `cells` >= 1 cells per side; the caller has checked [`count`].
    pub fn new(types: usize, cells: usize) -> Self {
        let dimensions = types - 1;
        let mut parts = Vec::with_capacity(dimensions * (cells + 1));
        for i in 0..dimensions {
            // Points with s_i, ..., s_{k-1} below s: multisets of size k - i from s values.
            let size = dimensions - i;
            parts.extend((0..=cells).map(|s| choose(s + size - 1, size)));
        }
        Self {
            types,
            cells,
            parts,
            nodes: choose(cells + dimensions, dimensions),
        }
    }

    /// |X^f|.
    pub fn types(&self) -> usize {
        self.types
    }

    /// k - 1.
    pub fn dimensions(&self) -> usize {
        self.types - 1
    }

    /// G.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The number of the node with these tail sums.
    pub fn rank(&self, sums: &[usize]) -> usize {
        sums.iter()
            .enumerate()
            .map(|(i, s)| self.parts[i * (self.cells + 1) + s])
            .sum()
    }

    /// The tail sums of a node.
    pub fn sums(&self, node: usize) -> Vec<usize> {
        let mut left = node;
        (0..self.dimensions())
            .map(|i| {
                let parts = &self.parts[i * (self.cells + 1)..(i + 1) * (self.cells + 1)];
                let s = parts.partition_point(|part| *part <= left) - 1;
                left -= parts[s];
                s
            })
            .collect()
    }

    /// z at a node.
    pub fn mean_field(&self, node: usize) -> Vec<f64> {
        let sums = self.sums(node);
        let tail = |i: usize| match i {
            0 => self.cells,
            i => sums.get(i - 1).copied().unwrap_or(0),
        };
        (0..self.types)
            .map(|x| (tail(x) - tail(x + 1)) as f64 / self.cells as f64)
            .collect()
    }

    /// The simplex in which z lies, and the weights of its vertices.
    pub fn locate(&self, z: &[f64], at: &mut Location) {
        let dimensions = self.dimensions();
        at.fraction.resize(dimensions, 0.0);
        at.corner.resize(dimensions, 0);
        at.on_wall = false;
        let mut sum = 0.0;
        for i in (0..dimensions).rev() {
            sum += z[i + 1];
            let s = (sum * self.cells as f64).clamp(0.0, self.cells as f64);
            let near = s.round();
            let s = if (s - near).abs() < SNAP { near } else { s };
            at.on_wall |= (s - near).abs() < SLACK && near > 0.0 && near < self.cells as f64;
            // Not negative and at most G, a small integer.
            at.corner[i] = s as usize;
            at.fraction[i] = s - at.corner[i] as f64;
        }
        at.order.clear();
        at.order.extend(0..dimensions);
        let fraction = &at.fraction;
        at.order
            .sort_by(|i, j| fraction[*j].total_cmp(&fraction[*i]));
        at.vertices.clear();
        let mut before = 1.0;
        for k in 0..=dimensions {
            let after = at.order.get(k).map_or(0.0, |i| at.fraction[*i]);
            if before > after {
                at.vertices.push((self.rank(&at.corner), before - after));
            }
            at.on_wall |= k > 0 && k < dimensions && (before - after).abs() < SLACK;
            if after <= 0.0 {
                break;
            }
            if let Some(i) = at.order.get(k) {
                at.corner[*i] += 1;
            }
            before = after;
        }
    }
}

/// Binomial coefficient of small numbers; the largest was checked to fit by [`count`].
fn choose(n: usize, k: usize) -> usize {
    (1..=k).fold(1, |c, i| c * (n + 1 - i.min(n + 1)) / i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_number_the_nodes_in_order() {
        for (types, cells, nodes) in [
            (2, 7, 8),
            (3, 5, 21),
            (4, 4, 35),
            (5, 3, 35),
            (3, 100, 5151),
        ] {
            let lattice = Lattice::new(types, cells);
            assert_eq!(lattice.nodes(), nodes);
            assert_eq!(count(types, cells), Some(nodes));
            let mut last: Option<Vec<f64>> = None;
            for node in 0..nodes {
                assert_eq!(lattice.rank(&lattice.sums(node)), node);
                let z = lattice.mean_field(node);
                assert!((z.iter().sum::<f64>() - 1.0).abs() < 1e-14);
                if let Some(last) = last {
                    assert!(last > z, "{last:?} before {z:?}");
                }
                last = Some(z);
            }
        }
        assert_eq!(count(40, 1000), None);
    }

    #[test]
    fn interpolation_is_exact_at_nodes_and_for_affine_functions() {
        for (types, cells) in [(2, 9), (3, 10), (4, 7), (5, 4)] {
            let lattice = Lattice::new(types, cells);
            let mut at = Location::default();
            for node in 0..lattice.nodes() {
                lattice.locate(&lattice.mean_field(node), &mut at);
                assert_eq!(at.vertices, [(node, 1.0)]);
            }
            // Points between: any affine function comes out, so the weights are barycentric coordinates.
            for seed in 1..200_u32 {
                let raw: Vec<f64> = (0..types as u32)
                    .map(|x| f64::from((seed * 7_919 + x * seed * 541 + x * 40_503) % 997))
                    .collect();
                let total: f64 = raw.iter().sum();
                let z: Vec<f64> = raw.iter().map(|w| w / total).collect();
                lattice.locate(&z, &mut at);
                assert!(at.vertices.len() <= types);
                for x in 0..types {
                    let mean: f64 = at
                        .vertices
                        .iter()
                        .map(|(node, w)| w * lattice.mean_field(*node)[x])
                        .sum();
                    assert!((mean - z[x]).abs() < 1e-12, "{z:?}");
                    for (node, _) in &at.vertices {
                        let off = (lattice.mean_field(*node)[x] - z[x]).abs();
                        assert!(off <= 1.0 / cells as f64 + 1e-12);
                    }
                }
            }
        }
    }
}
