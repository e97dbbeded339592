//! A continuum of equilibria: the mixing type is indifferent on a whole interval of m'.
//!
//! What a selection looks at is not linear there, because V_{t+1}(m') is not. With every action that may be played tied
//! on the interval, it is for a given m' linear in the prescription over the polytope of the laws on tied actions that lead
//! to m': a product of simplices cut by one equation, whose vertices lie on its edges, where one type mixes over one pair.
//! So the best and the worst are among mixtures of one type over a pair, all of which are walked, also where both types or
//! three actions tie; and along one of them, on one piece of V_{t+1},
//!
//! ```text
//! V^l(m') = const + p sum_x z(x) (g(b) - g(a)) + delta V^l_{t+1}(m'),     p affine in m'
//! ```
//!
//! is a polynomial, as is sum_x z(x) V^f_x: its extrema are at the ends or at stationary points, all of which are found.

use super::super::values::{Border, POINTS, Piece, Place};
use super::StageGames;
use super::equilibrium::Equilibria;
use super::mixing::Segment;
use crate::solve::stage::{Kind, Limit};
use crate::solve::tolerances::SAME_EQUILIBRIUM;

/// Rounding of a criterion relative to its coefficients: what differs by less is as good.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// Extrema of one branch: largest and smallest, of the leader's value and of welfare.
pub(super) const EXTREMA: usize = 4;

impl StageGames<'_> {
    /// The points that stand for a continuum on some branches.
    pub(super) fn continuum(&self, segment: &Segment, branches: &[usize], out: &mut Equilibria) {
        // Where V^l alone jumps, the continuum goes on.
        let vertex = |i: usize| segment.label(Kind::Vertex, 2 * i + 1);
        let mut before = branches[0].checked_sub(1).and_then(|i| {
            let reached = out.found.iter().rposition(|e| e.label == vertex(i))?;
            Some((i, reached))
        });
        for &i in branches {
            let mut last = before.filter(|(branch, _)| branch + 1 == i).map(|b| b.1);
            for (kind, number, place) in self.points(segment, i) {
                let label = segment.label(kind, number);
                let values = self.next(segment.candidate).values(place);
                let pushed = self.push_mixed(segment, label, place, 0.0, &values, out);
                if let (Some(a), Some(b)) = (last, pushed) {
                    out.links.push((a, b));
                }
                if let Some(pushed) = pushed {
                    out.found[pushed].limit = self.limit(segment, kind, number);
                }
                last = pushed.or(last);
            }
            before = last.map(|last| (i, last));
        }
        out.tied = true;
    }

    /// The vertices of a continuum on a branch and the extrema between them, with their places in labels, by m'.
    fn points(&self, segment: &Segment, i: usize) -> Vec<(Kind, usize, Place)> {
        let [from, to] = [0, 1].map(|side| (Kind::Vertex, 2 * i + side));
        let vertex = |(kind, number): (Kind, usize), m: f64| {
            let piece = self.next(segment.candidate).branch(i).piece;
            (kind, number, Place { m, piece })
        };
        let ends = self.ends_on(segment, i);
        let mut points = vec![vertex(from, ends[0].m)];
        let inner = (0..EXTREMA).filter_map(|which| {
            let place = self.inside(segment, EXTREMA * i + which)?;
            Some((Kind::Inside, EXTREMA * i + which, place))
        });
        points.extend(inner);
        points[1..].sort_by(|a, b| a.2.m.total_cmp(&b.2.m));
        points.push(vertex(to, ends[1].m));
        points
    }

    /// The extremum of a criterion inside a branch, by its place in a label; `None` where it is at an end.
    pub(super) fn inside(&self, segment: &Segment, number: usize) -> Option<Place> {
        let (i, which) = (number / EXTREMA, number % EXTREMA);
        let next = self.next(segment.candidate);
        let branch = next.branch(i);
        let piece = &next.pieces()[branch.piece];
        let [from, to] = self.ends_on(segment, i).map(|end| end.m);
        let sign = if which.is_multiple_of(2) { 1.0 } else { -1.0 };
        let criterion = match which / 2 {
            0 => self.leader_criterion(segment, piece),
            _ => self.welfare_criterion(segment, piece),
        };
        let value = |m: f64| sign * piece.polynomial(&criterion, m);
        let size: f64 = criterion.iter().map(|c| c.abs()).sum();
        let mut best: Option<f64> = None;
        let mut most = value(from).max(value(to)) + ROUNDING * size;
        for m in piece.stationary(&criterion) {
            if m > from + SAME_EQUILIBRIUM && m < to - SAME_EQUILIBRIUM && value(m) > most {
                (best, most) = (Some(m), value(m));
            }
        }
        best.map(|m| Place {
            m,
            piece: branch.piece,
        })
    }

    /// V^l along a mixture on a piece, but for a constant.
    fn leader_criterion(&self, segment: &Segment, piece: &Piece) -> [f64; POINTS] {
        let (l, x) = (segment.candidate, segment.mixer);
        let discount = self.period.game.discount();
        let mut c = piece.all_coefficients().0[2].map(|c| discount * c);
        let gain =
            self.leader_reward(l, x, segment.second) - self.leader_reward(l, x, segment.profile[x]);
        let sweep = segment.one.raw - segment.zero.raw;
        c[1] += self.mass(x) * gain * 0.5 * (piece.hi - piece.lo) / sweep;
        c
    }

    /// sum_x z(x) V^f_x along a mixture on a piece, but for a constant: the mixing type is indifferent, so that its first
    /// action tells its value.
    fn welfare_criterion(&self, segment: &Segment, piece: &Piece) -> [f64; POINTS] {
        let (l, [first, second, _]) = (segment.candidate, piece.all_coefficients().0);
        let discount = self.period.game.discount();
        let mut c = [0.0; POINTS];
        for x in 0..2 {
            let to = |y: usize| self.transition(l, x, segment.profile[x], y);
            let weight = discount * self.mass(x);
            for (k, c) in c.iter_mut().enumerate() {
                *c += weight * (to(0) * first[k] + to(1) * second[k]);
            }
        }
        c
    }

    /// Whether a point of a continuum is a limit at a jump of V.
    pub(super) fn limit(&self, segment: &Segment, kind: Kind, number: usize) -> Limit {
        if kind != Kind::Vertex {
            return Limit::Attained;
        }
        let next = self.next(segment.candidate);
        let (i, side) = (number / 2, number % 2);
        let (branch, end) = (next.branch(i), self.ends_on(segment, i)[side]);
        // The pieces on the left and on the right of the point.
        let left = match side {
            0 if end.m == branch.lo => branch.piece.checked_sub(1),
            1 if end.m == branch.hi => Some(branch.piece),
            _ => None,
        };
        let sides = left.and_then(|left| Some((left, next.pieces().get(left + 1)?)));
        let Some((left, right)) = sides.filter(|(left, _)| next.border(*left) == Border::Jump)
        else {
            return Limit::Attained;
        };
        let left = &next.pieces()[left];
        if ![left.hi, right.lo].contains(&end.m) {
            return Limit::Attained;
        }
        let width = right.lo - left.hi;
        if let Some(at) = next.break_between(left.hi - width, right.lo + width) {
            // The side that the point itself belongs to ends in it.
            return match at == end.m {
                true => Limit::Attained,
                false => Limit::OfFormula,
            };
        }
        match left.label == right.label {
            true => Limit::OfFormula,
            false => Limit::OfRegime,
        }
    }
}
