//! The value functions of one period for a game with two follower types, with their jumps.
//!
//! The mean field is one number m = z(x_2). V_t is held on closed pieces `[lo, hi]` that cover `[0, 1]` but for gaps of
//! about 2e-14 where the regime of the stage game switches. On a piece the three functions V^f(x_1), V^f(x_2) and V^l are
//! polynomials through their values at Chebyshev-Lobatto points. What an equilibrium search needs of V is the difference
//! D(m) = V^f(x_2) - V^f(x_1): it is stored on *branches*, the parts of pieces on which D is monotone, under a tree
//! of minima and maxima that lets a search skip every branch that cannot hold its target.

mod composed;
mod mixture;
mod piece;
mod turning;

pub(in crate::solve) use composed::{Along, Composed, polynomial_error};
pub(in crate::solve) use mixture::Part;
use piece::horner;
pub(in crate::solve) use piece::{Piece, Values};

use super::continuation::Candidates;
use crate::game::Scales;
use crate::solve::representation::ValueFunction;
use crate::solve::stationary::Snapshot;
use crate::solve::tolerances::{JUMP, JUMP_WIDTH, ROUNDING_OF_V, SAME_VALUE};
use turning::turning_points;

/// Interpolation points on a piece, one more than the degree.
pub(in crate::solve) const POINTS: usize = 5;
/// Places (-1 to 1) on a piece at which its error is tested, and the same on the other side: cos(pi/8) and cos(3 pi/8), half
/// way between the interpolation points in angle.
pub(in crate::solve) const OUTER: f64 = 0.923_879_532_511_286_7;
pub(in crate::solve) const INNER: f64 = 0.382_683_432_365_089_8;
/// Near an end of its piece the polynomial through [`POINTS`] values is off by less than 8.7 times its largest error and the
/// distance, in the piece's own coordinate: D that is this much steeper than its error is monotone there.
const STEEP: f64 = 20.0;
/// Children of a node of the tree of minima and maxima.
const FAN: usize = 8;

/// The interpolation error to ask for where V takes these values: the tolerance, but no less than their rounding.
pub(in crate::solve) fn accuracy(tolerance: f64, values: &[Values]) -> f64 {
    values
        .iter()
        .map(|v| ROUNDING_OF_V * v.size())
        .fold(tolerance, f64::max)
}

/// By how much V differs across a jump at least: [`JUMP`], but more than where V is large its slope makes of a gap's width.
fn least_jump(pieces: &[Piece]) -> f64 {
    let ends = pieces.iter().flat_map(|p| [p.values(p.lo), p.values(p.hi)]);
    10.0 * ends.fold(0.1 * JUMP, |least, v| accuracy(least, &[v]))
}

/// Points at which two iterates are compared, besides those of the mesh.
const PROBES: usize = 4099;

/// What lies between a piece and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::solve) enum Border {
    /// The same regime on both sides, cut only for accuracy.
    Smooth,
    /// Another regime, V continuous (to 1e-8).
    Kink,
    /// V jumps.
    Jump,
}

/// A part of a piece on which D is monotone.
#[derive(Clone, Copy, Debug)]
pub(in crate::solve) struct Branch {
    pub lo: f64,
    pub hi: f64,
    pub d_lo: f64,
    pub d_hi: f64,
    pub piece: usize,
    /// Branches of one run follow one another with D monotone and the regime unchanged: a target value has at most one root in it.
    pub run: u32,
}

/// Where a mean field lies in V: the point moved to the nearer piece where it was in a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::solve) struct Place {
    pub m: f64,
    pub piece: usize,
}

/// A switch of regime, to which a mesh is pulled back.
#[derive(Clone, Copy, Debug)]
pub(in crate::solve) struct Crossing {
    pub m: f64,
    /// Whether it is a point by itself, at which V has the value of one of the sides or its own.
    pub is_break: bool,
}

/// V of one period on all of `[0, 1]`.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Piecewise {
    pieces: Vec<Piece>,
    /// `borders[i]` lies between pieces i and i + 1.
    borders: Vec<Border>,
    /// Where the regime switches: the middle of every gap, rising.
    knots: Vec<f64>,
    /// Kinks and jumps to the left of each piece; jumps alone.
    regions: Vec<(u32, u32)>,
    branches: Vec<Branch>,
    /// First branch of each piece, and one past the last at the end.
    first_branch: Vec<usize>,
    /// First and last branch of each run.
    runs: Vec<(usize, usize)>,
    /// Minima and maxima of D over branches (each with the step to the next), by blocks of `FAN`, level upon level.
    extremes: Vec<Vec<(f64, f64)>>,
    /// The piece at which a search for m in [k, k + 1) / (len - 1) starts.
    buckets: Vec<usize>,
    /// The largest error of D on a piece.
    error: f64,
    /// Where formulas break, at this period or on the way from here: rising. Which side of a jump the point itself belongs
    /// to is known there.
    breaks: Vec<f64>,
    /// The leader's candidates that V was made from, by whose numbers the labels go.
    candidates: Option<Box<Candidates>>,
}

impl Piecewise {
    /// From pieces in rising order that cover `[0, 1]` but for gaps.
    pub fn new(pieces: Vec<Piece>) -> Self {
        let least = least_jump(&pieces);
        let borders: Vec<Border> = pieces
            .windows(2)
            .map(|pair| {
                let sides = [pair[0].values(pair[0].hi), pair[1].values(pair[1].lo)];
                if sides[0].distance(&sides[1]) > least {
                    Border::Jump
                } else if pair[0].hi == pair[1].lo && pair[0].label == pair[1].label {
                    Border::Smooth
                } else {
                    Border::Kink
                }
            })
            .collect();
        Self::assemble(pieces, borders)
    }

    /// The same, with the points at which formulas break.
    pub fn with_breaks(mut self, mut breaks: Vec<f64>) -> Self {
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        self.breaks = breaks;
        self
    }

    /// The same, made from these candidates of the leader.
    pub fn with_candidates(mut self, candidates: Candidates) -> Self {
        self.candidates = Some(Box::new(candidates));
        self
    }

    /// The leader's candidates that V was made from; none at T + 1.
    pub fn candidates(&self) -> Option<&Candidates> {
        self.candidates.as_deref()
    }

    /// From pieces and what lies between them.
    fn assemble(pieces: Vec<Piece>, borders: Vec<Border>) -> Self {
        let mut regions = vec![(0, 0)];
        for border in &borders {
            let (regime, jump) = regions[regions.len() - 1];
            regions.push(match border {
                Border::Smooth => (regime, jump),
                Border::Kink => (regime + 1, jump),
                Border::Jump => (regime + 1, jump + 1),
            });
        }
        let switches = (0..borders.len()).filter(|i| borders[*i] != Border::Smooth);
        let mut function = Self {
            buckets: buckets(&pieces),
            error: pieces.iter().fold(0.0, |most, p| p.error.max(most)),
            knots: switches
                .map(|i| 0.5 * (pieces[i].hi + pieces[i + 1].lo))
                .collect(),
            pieces,
            borders,
            regions,
            branches: Vec::new(),
            first_branch: Vec::new(),
            runs: Vec::new(),
            extremes: Vec::new(),
            breaks: Vec::new(),
            candidates: None,
        };
        function.cut_branches();
        function.index_extremes();
        function
    }

    fn cut_branches(&mut self) {
        let mut rising: Option<bool> = None;
        for (i, piece) in self.pieces.iter().enumerate() {
            self.first_branch.push(self.branches.len());
            let new_regime = i == 0 || self.borders[i - 1] != Border::Smooth;
            let cuts = turning_points(piece);
            for (k, ends) in cuts.windows(2).enumerate() {
                let (d_lo, d_hi) = (piece.difference(ends[0]), piece.difference(ends[1]));
                let direction = ((d_hi - d_lo).abs() > SAME_VALUE).then_some(d_hi > d_lo);
                let turned = matches!((rising, direction), (Some(a), Some(b)) if a != b);
                if (new_regime && k == 0) || turned {
                    self.runs.push((self.branches.len(), self.branches.len()));
                    rising = direction;
                } else {
                    rising = rising.or(direction);
                }
                let run = self.runs.len() - 1;
                self.runs[run].1 = self.branches.len();
                self.branches.push(Branch {
                    lo: ends[0],
                    hi: ends[1],
                    d_lo,
                    d_hi,
                    piece: i,
                    run: run as u32,
                });
            }
        }
        self.first_branch.push(self.branches.len());
    }

    fn index_extremes(&mut self) {
        let join = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        let mut level: Vec<(f64, f64)> = (0..self.branches.len())
            .map(|i| {
                let own = &self.branches[i];
                let next = self.branches.get(i + 1).map_or(own.d_hi, |b| b.d_lo);
                let (lo, hi) = (own.d_lo.min(own.d_hi), own.d_lo.max(own.d_hi));
                (lo.min(next), hi.max(next))
            })
            .collect();
        loop {
            let above: Vec<(f64, f64)> = level
                .chunks(FAN)
                .map(|c| {
                    c.iter()
                        .copied()
                        .fold((f64::INFINITY, f64::NEG_INFINITY), join)
                })
                .collect();
            let done = above.len() <= 1;
            self.extremes.push(level);
            level = above;
            if done {
                break;
            }
        }
        self.extremes.push(level);
    }

    /// A point at which V is not finite in the units of rewards.
    pub fn overflow(&self, scales: &Scales) -> Option<f64> {
        let ends = self.pieces.iter().flat_map(|p| [(p, p.lo), (p, p.hi)]);
        let size = |(p, m): &(&Piece, f64)| p.values(*m).in_rewards(scales).size();
        let mut infinite = ends.filter(|end| !size(end).is_finite());
        infinite.next().map(|(_, m)| m)
    }

    /// All pieces, in rising order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// How far D may be from what is held, at most.
    pub fn difference_error(&self) -> f64 {
        self.error
    }

    /// The same on one piece.
    pub fn difference_error_of(&self, piece: usize) -> f64 {
        self.pieces[piece].error
    }

    /// How far the largest or smallest value of D near an end of a branch may be from D there. At an end of a piece V is what was
    /// solved; where D comes there steeply, it has no extremum beside it.
    pub fn end_error(&self, branch: usize, side: usize) -> f64 {
        let own = &self.branches[branch];
        let (piece, error) = (&self.pieces[own.piece], self.difference_error_of(own.piece));
        let (is_node, s) = match side {
            0 => (own.lo == piece.lo, -1.0),
            _ => (own.hi == piece.hi, 1.0),
        };
        match is_node && piece.difference_slope(s).abs() > STEEP * error {
            true => 0.0,
            false => error,
        }
    }

    /// The branch of a number.
    pub fn branch(&self, i: usize) -> &Branch {
        &self.branches[i]
    }

    /// First and last branch of a run.
    pub fn run(&self, run: u32) -> (usize, usize) {
        self.runs[run as usize]
    }

    /// Number of the regime in which a piece lies: kinks and jumps to its left.
    pub fn region(&self, piece: usize) -> u32 {
        self.regions[piece].0
    }

    /// Jumps to the left of a piece.
    pub fn jump_region(&self, piece: usize) -> u32 {
        self.regions[piece].1
    }

    /// What lies between a piece and the next.
    pub fn border(&self, piece: usize) -> Border {
        self.borders[piece]
    }

    /// Where V jumps: the middle of every such gap, rising.
    pub fn jump_positions(&self) -> Vec<f64> {
        let jumps = (0..self.borders.len()).filter(|i| self.borders[*i] == Border::Jump);
        jumps
            .map(|i| 0.5 * (self.pieces[i].hi + self.pieces[i + 1].lo))
            .collect()
    }

    /// Where the regime switches, for a mesh: the middle of every gap, or the break itself where there is one.
    pub fn crossings(&self) -> Vec<Crossing> {
        let switches = (0..self.borders.len()).filter(|i| self.borders[*i] != Border::Smooth);
        let mut all: Vec<Crossing> = switches
            .map(|i| {
                let [lo, hi] = [self.pieces[i].hi, self.pieces[i + 1].lo];
                let at = match self.borders[i] {
                    Border::Jump => self.break_between(lo, hi),
                    Border::Kink | Border::Smooth => None,
                };
                Crossing {
                    m: at.unwrap_or(0.5 * (lo + hi)),
                    is_break: at.is_some(),
                }
            })
            .collect();
        all.dedup_by(|a, b| a.m == b.m);
        all
    }

    /// A break in a gap, its ends included.
    pub fn break_between(&self, lo: f64, hi: f64) -> Option<f64> {
        let at = self.breaks.partition_point(|m| *m < lo);
        self.breaks.get(at).copied().filter(|m| *m <= hi)
    }

    /// The piece of m; in a gap the nearer one, of two equally near the left.
    pub fn locate(&self, m: f64) -> Place {
        let last = self.buckets.len() - 1;
        let bucket = ((m * last as f64) as usize).min(last);
        let from = self.buckets[bucket];
        let to = self
            .buckets
            .get(bucket + 1)
            .map_or(self.pieces.len(), |b| b + 1);
        // The last piece that starts at or before m.
        let after = from + self.pieces[from..to].partition_point(|p| p.lo <= m);
        let piece = after.saturating_sub(1);
        let own = &self.pieces[piece];
        if m <= own.hi {
            return Place {
                m: m.max(own.lo),
                piece,
            };
        }
        match self.pieces.get(piece + 1) {
            Some(next) if next.lo - m < m - own.hi => Place {
                m: next.lo,
                piece: piece + 1,
            },
            _ => Place { m: own.hi, piece },
        }
    }

    /// V at a located point.
    pub fn values(&self, place: Place) -> Values {
        self.pieces[place.piece].values(place.m)
    }

    /// V^l per leader type at a located point; none where her type is not private.
    pub fn leader_types(&self, place: Place) -> Vec<f64> {
        self.pieces[place.piece].leader_types(place.m)
    }

    /// The branch of a located point.
    pub fn branch_of(&self, place: Place) -> usize {
        let (first, end) = (
            self.first_branch[place.piece],
            self.first_branch[place.piece + 1],
        );
        (first + self.branches[first..end].partition_point(|b| b.hi < place.m)).min(end - 1)
    }

    /// D at m, on a branch that holds m.
    pub fn difference(&self, branch: usize, m: f64) -> f64 {
        let b = &self.branches[branch];
        if m <= b.lo {
            b.d_lo
        } else if m >= b.hi {
            b.d_hi
        } else {
            self.pieces[b.piece].difference(m)
        }
    }

    /// The value that D takes, or steps over, nearest to d.
    pub fn nearest_difference(&self, d: f64) -> f64 {
        let [low, high] = self.differences();
        d.max(low).min(high)
    }

    /// The least and the largest value of D.
    pub fn differences(&self) -> [f64; 2] {
        let (low, high) = self.extremes[self.extremes.len() - 1][0];
        [low, high]
    }

    /// The first branch from `from` to `to` where D, or its step to the next branch, comes within `slack` of d.
    pub fn next_candidate(&self, from: usize, to: usize, d: f64, slack: f64) -> Option<usize> {
        let near = |level: usize, i: usize| {
            let (lo, hi) = self.extremes[level][i];
            lo - slack <= d && d <= hi + slack
        };
        let mut i = from;
        while i <= to {
            let (mut level, mut index, mut width) = (0, i, 1);
            while level + 1 < self.extremes.len()
                && index.is_multiple_of(FAN)
                && !near(level + 1, index / FAN)
            {
                level += 1;
                index /= FAN;
                width *= FAN;
            }
            if level == 0 {
                if near(0, i) {
                    return Some(i);
                }
                i += 1;
            } else {
                i = (index + 1) * width;
            }
        }
        None
    }

    /// Where D = d on a run of branches, on which it is monotone; the nearer end where d lies beyond.
    pub fn root_or_end(&self, run: u32, d: f64) -> f64 {
        let (mut i, mut last) = self.run(run);
        let (first, end) = (self.branches[i], self.branches[last]);
        let rising = end.d_hi >= first.d_lo;
        let below = |value: f64| (value < d) == rising;
        if !below(first.d_lo) {
            return first.lo;
        }
        if below(end.d_hi) {
            return end.hi;
        }
        while i < last {
            let k = (i + last) / 2;
            if below(self.branches[k].d_hi) {
                i = k + 1
            } else {
                last = k
            }
        }
        let Branch { lo, hi, .. } = self.branches[i];
        self.root(i, lo, hi, d)
    }

    /// The root of D = d on `[lo, hi]` within a branch, D - d changing sign between the ends: Newton in the piece's own
    /// coordinate, kept in a bracket.
    pub fn root(&self, branch: usize, lo: f64, hi: f64, d: f64) -> f64 {
        let piece = &self.pieces[self.branches[branch].piece];
        let mut c = piece.difference_coefficients();
        c[0] -= d;
        let (mut left, mut right) = (piece.scaled(lo), piece.scaled(hi));
        let (f_left, f_right) = (horner(&c, left), horner(&c, right));
        let rising = f_right > f_left;
        let mut s = right - f_right * (right - left) / (f_right - f_left);
        for _ in 0..80 {
            // Written so that a NaN is replaced as well.
            if !(s > left && s < right) {
                s = 0.5 * (left + right);
            }
            let f = horner(&c, s);
            if (f > 0.0) == rising {
                right = s;
            } else {
                left = s;
            }
            let step = f / piece.difference_slope(s);
            if step.abs() <= f64::EPSILON || right - left <= f64::EPSILON {
                break;
            }
            s -= step;
        }
        (0.5 * (piece.lo + piece.hi) + 0.5 * (piece.hi - piece.lo) * s).clamp(lo, hi)
    }
}

impl ValueFunction for Piecewise {
    /// V at evenly spread points.
    fn look(&self, snapshot: &mut Snapshot) {
        let jumps = self.jump_positions();
        for i in 0..=PROBES {
            let m = i as f64 / PROBES as f64;
            let next = jumps.partition_point(|s| *s < m - JUMP_WIDTH);
            let near_jump = jumps.get(next).is_some_and(|s| *s <= m + JUMP_WIDTH);
            let values = self.values(self.locate(m));
            snapshot
                .values
                .extend(values.followers.into_iter().chain([values.leader]));
            snapshot.comparable.extend([!near_jump; 3]);
        }
    }

    fn detail(&self) -> usize {
        self.pieces.len()
    }

    fn jumps(&self) -> Option<usize> {
        Some(self.borders.iter().filter(|b| **b == Border::Jump).count())
    }

    fn switches(&self) -> &[f64] {
        &self.knots
    }
}

fn buckets(pieces: &[Piece]) -> Vec<usize> {
    let count = pieces.len().next_power_of_two().clamp(16, 65_536);
    (0..=count)
        .map(|k| {
            let start = k as f64 / count as f64;
            pieces.partition_point(|p| p.lo <= start).saturating_sub(1)
        })
        .collect()
}

#[cfg(test)]
mod tests;
