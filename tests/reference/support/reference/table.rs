//! A function of m on [0, 1], held as straight lines between nodes that close in on jumps and kinks.

/// V_t of one (t, m): both follower types and the leader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    /// V^f(x).
    pub follower: [f64; 2],
    /// V^l.
    pub leader: f64,
}

impl Values {
    /// D = V^f(type 2) - V^f(type 1), all that an incentive depends on.
    pub fn difference(&self) -> f64 {
        self.follower[1] - self.follower[0]
    }

    /// (1 - w) self + w other.
    pub fn mix(&self, other: &Self, w: f64) -> Self {
        let line = |a: f64, b: f64| a + w * (b - a);
        Self {
            follower: [0, 1].map(|x| line(self.follower[x], other.follower[x])),
            leader: line(self.leader, other.leader),
        }
    }

    /// The largest absolute difference of an entry.
    pub fn distance(&self, other: &Self) -> f64 {
        let followers = (0..2)
            .map(|x| (self.follower[x] - other.follower[x]).abs())
            .fold(0.0, f64::max);
        followers.max((self.leader - other.leader).abs())
    }
}

/// Cells no wider than this are not cut further: what remains inside is a jump, or is continuous.
const GAP: f64 = 2e-14;
/// A smaller step of V across a gap is a kink or rounding, not a jump.
const JUMP: f64 = 1e-8;
/// A node this close to the line between its neighbours is left out.
const COLLINEAR: f64 = 1e-13;
/// Nodes in one block of the index over D.
const BLOCK: usize = 64;

/// How finely functions of m are held.
#[derive(Clone, Copy, Debug)]
pub struct Mesh {
    /// Cells of the first, uniform mesh.
    pub cells: usize,
    /// A cell is halved until its line is this close to V at a point inside.
    pub tolerance: f64,
}

/// Where D passes a level, or stays on it.
#[derive(Clone, Copy, Debug)]
pub enum Crossing {
    /// D equals the level at this m'.
    Root(f64),
    /// D stays on the level over an interval, of which this is an end.
    Flat(f64),
    /// D jumps over the level at this m'; the values on both sides.
    Jump(f64, Values, Values),
}

/// V_t for one t.
pub struct Table {
    nodes: Vec<(f64, Values)>,
    /// The least and largest D in [64 i, 64 (i + 1)], both ends included.
    blocks: Vec<(f64, f64)>,
}

impl Table {
    /// Evaluate `value` on a mesh that is refined where a straight line is not good enough.
    pub fn build(mesh: Mesh, value: impl Fn(f64) -> Values) -> Self {
        let first = 1.0 / mesh.cells as f64;
        // A geometric mesh at both ends, where maps such as m' = c m shrink all structure towards the end.
        let small = (0..170).map(|i| first * libm::pow(0.9, (170 - i) as f64));
        let mut starts: Vec<f64> = std::iter::once(0.0).chain(small).collect();
        let ends: Vec<f64> = starts.iter().rev().map(|m| 1.0 - m).collect();
        // A shifted inner mesh, so that no node falls on a tie at a round number.
        starts.extend((1..mesh.cells - 1).map(|j| (j as f64 + 0.137) * first));
        starts.extend(ends);
        let mut all = vec![(0.0, value(0.0))];
        for m in &starts[1..] {
            let left = *all.last().expect("begun with one");
            let right = (*m, value(*m));
            refine(left, right, mesh.tolerance, &value, &mut all);
            all.push(right);
        }
        let nodes = thin(all);
        let blocks = (0..nodes.len()).step_by(BLOCK).map(|i| {
            let block = nodes[i..]
                .iter()
                .take(BLOCK + 1)
                .map(|(_, v)| v.difference());
            block.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), d| {
                (low.min(d), high.max(d))
            })
        });
        Self {
            blocks: blocks.collect(),
            nodes,
        }
    }

    /// V at m. Inside a gap the nearer side, the left one if both are as near.
    pub fn at(&self, m: f64) -> Values {
        let right = self
            .nodes
            .partition_point(|(node, _)| *node < m)
            .clamp(1, self.nodes.len() - 1);
        let ((u, below), (v, above)) = (self.nodes[right - 1], self.nodes[right]);
        let w = (m - u) / (v - u);
        if is_jump((u, below), (v, above)) {
            return if w <= 0.5 { below } else { above };
        }
        below.mix(&above, w)
    }

    /// All crossings of D with `level` in [low, high]; D within `flat` of the level at both ends of a cell is staying.
    pub fn crossings(&self, low: f64, high: f64, level: f64, flat: f64) -> Vec<Crossing> {
        let mut found = Vec::new();
        let mut i = self
            .nodes
            .partition_point(|(node, _)| *node <= low)
            .saturating_sub(1);
        while i + 1 < self.nodes.len() && self.nodes[i].0 < high {
            let (least, largest) = self.blocks[i / BLOCK];
            if level < least - flat || level > largest + flat {
                i = (i / BLOCK + 1) * BLOCK;
                continue;
            }
            let (u, v) = (self.nodes[i], self.nodes[i + 1]);
            i += 1;
            if is_jump(u, v) {
                if (u.1.difference() < level) != (v.1.difference() < level) {
                    found.push(Crossing::Jump((u.0 + v.0) / 2.0, u.1, v.1));
                }
                continue;
            }
            let clip = |m: f64| {
                if v.0 > u.0 {
                    u.1.mix(&v.1, (m - u.0) / (v.0 - u.0)).difference()
                } else {
                    u.1.difference()
                }
            };
            let (from, to) = (u.0.max(low), v.0.min(high));
            let (a, b) = (clip(from), clip(to));
            if to - from > 1e-9 && (a - level).abs() <= flat && (b - level).abs() <= flat {
                found.extend([Crossing::Flat(from), Crossing::Flat(to)]);
            } else if (a < level) != (b < level) {
                found.push(Crossing::Root(from + (to - from) * (level - a) / (b - a)));
            }
        }
        found
    }
}

fn is_jump(left: (f64, Values), right: (f64, Values)) -> bool {
    right.0 - left.0 <= GAP && left.1.distance(&right.1) > JUMP
}

/// Push the nodes strictly between `left` and `right` that a line is not good enough without.
fn refine(
    left: (f64, Values),
    right: (f64, Values),
    tolerance: f64,
    value: &impl Fn(f64) -> Values,
    nodes: &mut Vec<(f64, Values)>,
) {
    let middle = left.0 + (right.0 - left.0) / 2.0;
    if right.0 - left.0 <= GAP || middle <= left.0 || middle >= right.0 {
        return;
    }
    let exact = value(middle);
    if exact.distance(&left.1.mix(&right.1, 0.5)) <= tolerance {
        return;
    }
    refine(left, (middle, exact), tolerance, value, nodes);
    nodes.push((middle, exact));
    refine((middle, exact), right, tolerance, value, nodes);
}

/// Without the nodes that lie on the line between their neighbours: what is linear keeps its ends only.
fn thin(all: Vec<(f64, Values)>) -> Vec<(f64, Values)> {
    let mut kept: Vec<(f64, Values)> = Vec::new();
    for (i, node) in all.iter().enumerate() {
        let needless = kept
            .last()
            .zip(all.get(i + 1))
            .is_some_and(|((u, below), (v, above))| {
                let w = (node.0 - u) / (v - u);
                v - u > GAP
                    && node.1.distance(&below.mix(above, w)) < COLLINEAR
                    && !is_jump((*u, *below), *node)
                    && !is_jump(*node, (*v, *above))
            });
        if !needless {
            kept.push(*node);
        }
    }
    kept
}
