//! Finding the jumps of V_t: edges of the lattice along which it varies more than next to them, halved until the place is
//! known.

use crate::solve::tolerances::SLIGHT;
use rayon::prelude::*;

use super::Nodes;
use super::field::Field;
use super::games::{Answer, Period, StageGames};
use super::regimes::{Cut, Cuts};
use crate::game::{Game, GameError, LeaderPrescription};
use crate::solve::representation::{Stage, StageGames as _};
use crate::solve::selection::Rule;
use crate::solve::triangulation::{Lattice, Location};
use crate::solve::{SolveError, Work};

/// Halvings of an edge: the place of a jump is known to less than a hundredth of it. With three, a path came into the strip
/// around a jump that was taken for its other side several times as often, in 36 random games of three types.
const HALVINGS: usize = 7;
/// Further ones tell a jump among steep values: halving an edge halves what V varies by without a jump,
const MOST_HALVINGS: usize = 10;
/// and leaves at least this share of it with one.
const KEPT: f64 = 0.8;
/// An edge is looked at if V varies on it by this more than beside it, in ranges of V over the nodes;
const LEAST_EXCESS: f64 = 1e-4;
/// and by this share of all its variation.
const LEAST_SHARE: f64 = 0.1;
/// Edges handled by one worker at a time.
const CHUNK: usize = 64;

/// An edge that a jump may cross.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    nodes: [usize; 2],
    /// By how much V varies along it more than along the edges before and after.
    excess: f64,
}

/// What is selected at a node.
#[derive(Clone, Debug)]
pub(super) struct Label {
    leader: LeaderPrescription,
    /// Whether gamma(a|x) > 0.
    taken: Vec<bool>,
    /// z', of one flow after the other.
    next: Vec<f64>,
    /// The outcome of every comparison in the formulas.
    truths: Vec<bool>,
}

impl Label {
    /// Of what is selected where the formulas compare so.
    pub fn of(answer: &Answer, truths: Vec<bool>) -> Self {
        let e = &answer.equilibrium;
        Self {
            leader: answer.leader.clone(),
            taken: e.gamma.iter().map(|p| *p > 0.0).collect(),
            next: e.next.clone(),
            truths,
        }
    }

    /// Whether V_t may jump between this node and one close by: what is selected differs or a formula branches, or there
    /// are jumps of V_{t+1} where the mean field goes.
    fn may_jump(&self, other: &Self, period: &Period, at: &mut Location) -> bool {
        if self.leader != other.leader || self.taken != other.taken || self.truths != other.truths {
            return true;
        }
        let cuts = || period.next.iter().map(Field::cuts);
        if cuts().all(|cuts| cuts.all().is_empty()) {
            return false;
        }
        let lattice = &period.representation.lattice;
        let types = lattice.types();
        let flows = self.next.chunks_exact(types);
        let mut flows = flows.zip(other.next.chunks_exact(types));
        flows.any(|(from, to)| {
            let pairs = || from.iter().zip(to);
            let length: f64 = pairs().map(|(a, b)| (a - b).abs()).sum();
            // Two points per cell.
            let points = 1 + (length * lattice.cells() as f64).ceil() as usize;
            (0..=points).any(|k| {
                let share = k as f64 / points as f64;
                let z: Vec<f64> = pairs()
                    .map(|(a, b)| (1.0 - share) * a + share * b)
                    .collect();
                lattice.locate(&z, at);
                let mut nodes = at.vertices.iter();
                nodes.any(|(node, _)| cuts().any(|cuts| cuts.is_marked(*node)))
            })
        })
    }
}

/// The cuts of V_t, of which the values at the nodes and what is selected there are given.
pub(super) fn find(
    stage: Stage<'_, Nodes>,
    rule: Rule,
    field: &Field,
    labels: &[Label],
    work: &mut Work,
) -> Result<Cuts, SolveError> {
    let lattice = &stage.representation.lattice;
    if field.is_constant() {
        return Ok(Cuts::default());
    }
    let scales = scales(lattice, field);
    let mut suspects = suspects(lattice, field, &scales);
    let mut at = Location::default();
    suspects.retain(|s| {
        let [a, b] = s.nodes.map(|node| &labels[node]);
        // What code compares is not seen.
        stage.game.is_sampled() || a.may_jump(b, &stage, &mut at)
    });
    let chunks: Vec<&[Suspect]> = suspects.chunks(CHUNK).collect();
    let parts: Vec<Result<(Vec<Cut>, Work), SolveError>> = chunks
        .into_par_iter()
        .map_init(
            || StageGames::new(stage.period, stage.candidates),
            |games, suspects| {
                let mut cuts = Vec::new();
                let mut work = Work::default();
                for suspect in suspects {
                    let value = |z: &[f64]| -> Result<Vec<f64>, SolveError> {
                        games.move_to(z)?;
                        let answer = rule.choose(games, &mut work)?.equilibrium;
                        work.probes += 1;
                        let mut v = answer.equilibrium.followers;
                        v.extend(answer.leader_types);
                        Ok(v)
                    };
                    cuts.extend(halve(lattice, field, &scales, *suspect, value)?);
                }
                Ok((cuts, work))
            },
        )
        .collect();
    let mut cuts = Vec::new();
    for part in parts {
        let (more, done) = part?;
        cuts.extend(more);
        work.add(&done);
    }
    work.cuts += cuts.len() as u64;
    Ok(Cuts::new(cuts, lattice.nodes()))
}

/// The cuts of V_{T+1}, of which the values at the nodes are given: where a comparison in the terminal reward changes.
pub(super) fn of_terminal(
    game: &Game,
    lattice: &Lattice,
    field: &Field,
) -> Result<Cuts, GameError> {
    if field.is_constant() {
        return Ok(Cuts::default());
    }
    let scales = scales(lattice, field);
    let truths = |node: usize| game.terminal_truths(&lattice.mean_field(node));
    let mut cuts = Vec::new();
    for suspect in suspects(lattice, field, &scales) {
        let [a, b] = suspect.nodes;
        if !game.terminal_is_sampled() && truths(a) == truths(b) {
            continue;
        }
        let value = |z: &[f64]| -> Result<Vec<f64>, GameError> {
            let types = (0..lattice.types()).map(|x| game.terminal_reward(z, x));
            let mut v: Vec<f64> = types.collect::<Result<_, _>>()?;
            v.resize(field.components(), 0.0);
            Ok(v)
        };
        cuts.extend(halve(lattice, field, &scales, suspect, value)?);
    }
    Ok(Cuts::new(cuts, lattice.nodes()))
}

/// Count the simplices of the lattice, and those that a jump crosses.
pub(super) fn count_mixed(lattice: &Lattice, field: &Field, work: &mut Work) {
    work.simplices += (0..lattice.dimensions()).fold(1, |n, _| n * lattice.cells() as u64);
    if field.cuts().all().is_empty() {
        return;
    }
    let mut chain = Vec::with_capacity(lattice.types());
    for node in 0..lattice.nodes() {
        chain.push(node);
        work.mixed_simplices += mixed_above(lattice, field, &mut lattice.sums(node), 0, &mut chain);
        chain.pop();
    }
}

/// Mixed simplices among those that begin with a chain of vertices, the last one at `sums`; bits are coordinates raised.
fn mixed_above(
    lattice: &Lattice,
    field: &Field,
    sums: &mut [usize],
    raised: usize,
    chain: &mut Vec<usize>,
) -> u64 {
    if chain.len() > sums.len() {
        return u64::from(field.pieces(chain).is_some());
    }
    let mut mixed = 0;
    for i in 0..sums.len() {
        let most = if i == 0 { lattice.cells() } else { sums[i - 1] };
        if raised >> i & 1 == 0 && sums[i] < most {
            sums[i] += 1;
            chain.push(lattice.rank(sums));
            mixed += mixed_above(lattice, field, sums, raised | 1 << i, chain);
            chain.pop();
            sums[i] -= 1;
        }
    }
    mixed
}

/// 1 / range of each component over the nodes, 0 for a constant one.
fn scales(lattice: &Lattice, field: &Field) -> Vec<f64> {
    let mut ranges = vec![[f64::INFINITY, f64::NEG_INFINITY]; field.components()];
    for node in 0..lattice.nodes() {
        for (range, v) in ranges.iter_mut().zip(field.at_node(node)) {
            *range = [range[0].min(*v), range[1].max(*v)];
        }
    }
    let scale = |[low, high]: [f64; 2]| match high - low > SLIGHT {
        true => 1.0 / (high - low),
        false => 0.0,
    };
    ranges.into_iter().map(scale).collect()
}

/// The largest difference of two values, by their scales.
fn distance(a: &[f64], b: &[f64], scales: &[f64]) -> f64 {
    let pairs = a.iter().zip(b).zip(scales);
    pairs
        .map(|((a, b), s)| s * (a - b).abs())
        .fold(0.0, f64::max)
}

/// The edges that a jump may cross.
fn suspects(lattice: &Lattice, field: &Field, scales: &[f64]) -> Vec<Suspect> {
    let mut found = Vec::new();
    for node in 0..lattice.nodes() {
        suspect(lattice, field, scales, node, &mut found);
    }
    found
}

/// The edges from a node upwards that a jump may cross.
fn suspect(
    lattice: &Lattice,
    field: &Field,
    scales: &[f64],
    node: usize,
    found: &mut Vec<Suspect>,
) {
    let sums = lattice.sums(node);
    let dimensions = sums.len();
    let moved = |by: isize, choice: usize| -> Option<usize> {
        let mut to = Vec::with_capacity(dimensions);
        for (i, s) in sums.iter().enumerate() {
            to.push(s.checked_add_signed(by * (choice >> i & 1) as isize)?);
        }
        let falling = to.windows(2).all(|pair| pair[0] >= pair[1]);
        (falling && to[0] <= lattice.cells()).then(|| lattice.rank(&to))
    };
    for choice in 1..1_usize << dimensions {
        let Some(upper) = moved(1, choice) else {
            continue;
        };
        let (a, b) = (field.at_node(node), field.at_node(upper));
        let before = moved(-1, choice).map(|n| field.at_node(n));
        let after = moved(2, choice).map(|n| field.at_node(n));
        let mut excess: f64 = 0.0;
        for (c, scale) in scales.iter().enumerate() {
            let step = b[c] - a[c];
            let (before, after) = (before.map(|v| a[c] - v[c]), after.map(|v| v[c] - b[c]));
            let near = [before, after];
            let near = near.iter().flatten();
            let low = near.clone().fold(f64::INFINITY, |l, s| l.min(*s));
            let high = near.fold(f64::NEG_INFINITY, |h, s| h.max(*s));
            let over = (low - step).max(step - high).max(0.0);
            // At the end of a line with nothing beside it: all of the step.
            let over = if over.is_finite() { over } else { step.abs() };
            excess = excess.max(scale * over);
        }
        let whole = distance(a, b, scales);
        if excess > LEAST_EXCESS && excess > LEAST_SHARE * whole {
            found.push(Suspect {
                nodes: [node.min(upper), node.max(upper)],
                excess,
            });
        }
    }
}

/// Halve an edge towards the jump on it; nothing where V turns out to vary no more than it does beside it.
fn halve<E>(
    lattice: &Lattice,
    field: &Field,
    scales: &[f64],
    suspect: Suspect,
    mut value: impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<Option<Cut>, E> {
    let ends = suspect.nodes.map(|node| lattice.mean_field(node));
    let values = suspect.nodes.map(|node| field.at_node(node));
    let mut between = [0.0, 1.0];
    let mut sides = values.map(<[f64]>::to_vec);
    let mut rest = distance(values[0], values[1], scales);
    for halving in 1..=MOST_HALVINGS {
        let middle: f64 = 0.5 * (between[0] + between[1]);
        let pairs = ends[0].iter().zip(&ends[1]);
        let z: Vec<f64> = pairs
            .map(|(a, b)| (1.0 - middle) * a + middle * b)
            .collect();
        let v = value(&z)?;
        let halves = [
            distance(&sides[0], &v, scales),
            distance(&v, &sides[1], scales),
        ];
        let side = usize::from(halves[0] > halves[1]);
        let more = halves[1 - side];
        if more < 0.5 * suspect.excess {
            return Ok(None);
        }
        between[side] = middle;
        sides[side] = v;
        if halving >= HALVINGS && more >= KEPT * rest {
            let sides = [&sides[0][..], &sides[1][..]];
            return Ok(Some(Cut::new(suspect.nodes, between, values, sides)));
        }
        rest = more;
    }
    Ok(None)
}
