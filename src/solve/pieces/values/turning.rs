//! Where D turns on a piece, and where polynomials on it are stationary.

use super::{Border, POINTS, Piece, Piecewise, Place};
use crate::solve::tolerances::SAME_VALUE;

/// The ends of a piece and, between them, the points where D turns.
pub(super) fn turning_points(piece: &Piece) -> Vec<f64> {
    let mut cuts = vec![piece.lo];
    let c = piece.difference_coefficients();
    let spread = c[1..].iter().map(|c| c.abs()).sum::<f64>();
    if spread > SAME_VALUE {
        for m in piece.stationary(&c) {
            let before = piece.difference(cuts[cuts.len() - 1]);
            if m > cuts[cuts.len() - 1]
                && m < piece.hi
                && (piece.difference(m) - before).abs() > SAME_VALUE
            {
                cuts.push(m);
            }
        }
    }
    cuts.push(piece.hi);
    cuts
}

impl Piece {
    /// The points inside at which a polynomial in the piece's own coordinate turns, rising.
    pub fn stationary(&self, c: &[f64; POINTS]) -> Vec<f64> {
        let slope = |s: f64| c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * 4.0 * c[4]));
        let (middle, half) = (0.5 * (self.lo + self.hi), 0.5 * (self.hi - self.lo));
        let roots = cubic_roots(&slope, [c[2], 3.0 * c[3], 6.0 * c[4]]);
        roots.into_iter().map(|s| middle + half * s).collect()
    }
}

impl Piecewise {
    /// Where D turns next to an end of a branch, on its piece or on that which borders on it: branches are not cut where D
    /// turns by less than rounding from an end of a piece. The end itself where it does not turn.
    pub fn turn_next_to(&self, end: Place) -> Place {
        let own = &self.pieces[end.piece];
        let mut sides = vec![end.piece];
        let is_open = |left: usize| self.borders.get(left).is_some_and(|b| *b != Border::Jump);
        if end.m == own.hi && is_open(end.piece) {
            sides.push(end.piece + 1);
        }
        if end.m == own.lo && end.piece > 0 && is_open(end.piece - 1) {
            sides.push(end.piece - 1);
        }
        let reached = own.difference(end.m);
        let turns = sides.into_iter().flat_map(|i| {
            let piece = &self.pieces[i];
            let turns = piece.stationary(&piece.difference_coefficients());
            turns.into_iter().map(move |m| Place { m, piece: i })
        });
        let near = turns.filter(|turn| {
            let d = self.pieces[turn.piece].difference(turn.m);
            (d - reached).abs() <= SAME_VALUE
        });
        let nearest = near.min_by(|a, b| (a.m - end.m).abs().total_cmp(&(b.m - end.m).abs()));
        nearest.unwrap_or(end)
    }
}

/// Roots in (-1, 1) where a cubic changes sign; `half_second` are the coefficients of half its derivative.
fn cubic_roots(f: &dyn Fn(f64) -> f64, half_second: [f64; 3]) -> Vec<f64> {
    let [c, b, a] = half_second;
    let mut ends = vec![-1.0];
    let discriminant = b * b - 4.0 * a * c;
    if a != 0.0 && discriminant > 0.0 {
        let q = -0.5 * (b + discriminant.sqrt().copysign(b));
        let mut pair = [q / a, if q != 0.0 { c / q } else { 0.0 }];
        pair.sort_by(f64::total_cmp);
        ends.extend(pair.into_iter().filter(|s| *s > -1.0 && *s < 1.0));
    } else if a == 0.0 && b != 0.0 {
        ends.extend(Some(-c / b).filter(|s| *s > -1.0 && *s < 1.0));
    }
    ends.push(1.0);
    let mut roots = Vec::new();
    for pair in ends.windows(2) {
        let (mut lo, mut hi) = (pair[0], pair[1]);
        let rising = f(hi) > 0.0;
        if (f(lo) > 0.0) == rising {
            continue;
        }
        for _ in 0..60 {
            let s = 0.5 * (lo + hi);
            if (f(s) > 0.0) == rising {
                hi = s;
            } else {
                lo = s;
            }
        }
        roots.push(0.5 * (lo + hi));
    }
    roots
}
