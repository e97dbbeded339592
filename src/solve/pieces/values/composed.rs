//! V_{t+1} along a smooth path of m': enclosures of V_{t+1}(m'(m)) and its derivatives.
//!
//! Pieces between which V is smooth differ in their polynomials by what interpolation leaves. The one of which the
//! path may meet most, the base, stands for all; how far the others are from it is bounded on each.

use super::{POINTS, Piece, Piecewise};
use crate::game::jet::Jet;
use crate::solve::tolerances::ROUNDING_OF_Z;
use crate::stats::Interval;

/// Pieces that one path may meet.
const MOST: usize = 48;
/// Bounds the Lebesgue constant of a piece's interpolation points.
const LEBESGUE: f64 = 2.0;

/// The largest |(s - s_1) .. (s - s_5)| on \[-1, 1\], the s_i being the interpolation points.
const NODES: f64 = 0.116_1;
/// One plus the Lebesgue constant: what interpolation may make of an error of the values.
const SPREAD: f64 = 1.0 + LEBESGUE;

/// A bound of |f - p| for the polynomial p through f's values at the nodes of an interval of half-width h, where f is as the
/// jet says, but for `kinks`; infinite where the jet says nothing.
pub(in crate::solve) fn polynomial_error(jet: &Jet<{ POINTS + 1 }>, kinks: f64, h: f64) -> f64 {
    // Neither f nor the polynomial is farther from f's values at the nodes than they spread.
    let spread = SPREAD * jet.c[0].width();
    if !jet.smooth {
        return spread;
    }
    let power = h.powi(POINTS as i32);
    spread.min(NODES * power * jet.c[POINTS].size() + SPREAD * kinks)
}

/// One path through V.
pub(in crate::solve) struct Composed<'v, const N: usize> {
    function: &'v Piecewise,
    base: usize,
    /// The path in the base's own coordinate.
    s: Jet<N>,
    /// The first and the last piece that it may meet.
    met: [usize; 2],
    /// Where it may be, and how fast it moves.
    range: Interval,
    speed: f64,
}

/// A function along the path, and how far it may be from one that is smooth.
#[derive(Clone, Copy, Debug)]
pub(in crate::solve) struct Along<const N: usize> {
    pub jet: Jet<N>,
    pub kinks: f64,
}

impl Piecewise {
    /// The first and the last piece of a region.
    pub fn pieces_of_region(&self, region: u32) -> Option<[usize; 2]> {
        let first = self.regions.partition_point(|r| r.0 < region);
        let end = self.regions.partition_point(|r| r.0 <= region);
        (first < end).then(|| [first, end - 1])
    }

    /// V along a path that stays on the pieces given; `None` where it may leave them, or meets too many.
    pub fn along<const N: usize>(
        &self,
        path: &Jet<N>,
        [first, last]: [usize; 2],
    ) -> Option<Composed<'_, N>> {
        let (ends, range) = ([self.pieces[first].lo, self.pieces[last].hi], path.c[0]);
        let inside = range.low >= ends[0] - ROUNDING_OF_Z && range.high <= ends[1] + ROUNDING_OF_Z;
        // A path that turns nowhere, but by rounding, stays between its ends, and these are known to lie in.
        let monotone = path.c[1].low >= -ROUNDING_OF_Z || path.c[1].high <= ROUNDING_OF_Z;
        if !(inside || monotone) {
            return None;
        }
        let mut path = *path;
        path.c[0] = range.meet(Interval {
            low: ends[0],
            high: ends[1],
        });
        let Interval { low, high } = path.c[0];
        let pieces = &self.pieces[first..=last];
        let at = |m: f64| first + pieces.partition_point(|p| p.hi < m).min(last - first);
        let (from, to) = (at(low), at(high));
        if to - from > MOST {
            return None;
        }
        let width = |i: &usize| self.pieces[*i].hi.min(high) - self.pieces[*i].lo.max(low);
        let base = (from..=to).max_by(|i, j| width(i).total_cmp(&width(j)))?;
        Some(Composed {
            function: self,
            base,
            s: scaled(&self.pieces[base], &path),
            met: [from, to],
            range: path.c[0],
            speed: path.c[1].size(),
        })
    }
}

/// A path in a piece's own coordinate.
fn scaled<const N: usize>(piece: &Piece, path: &Jet<N>) -> Jet<N> {
    let width = piece.hi - piece.lo;
    if width <= 0.0 {
        return Jet::constant(0.0);
    }
    let middle = Jet::spread(
        Interval::point(0.5).times(Interval::point(piece.lo).plus(Interval::point(piece.hi))),
    );
    path.minus(&middle).over(&Jet::constant(0.5 * width))
}

impl<const N: usize> Composed<'_, N> {
    /// One of the functions along the path, by its coefficients on a piece.
    pub fn function(&self, pick: impl Fn(&Piece) -> [f64; POINTS]) -> Along<N> {
        let pieces = &self.function.pieces;
        let mut jet = Jet::constant(0.0);
        for c in pick(&pieces[self.base]).into_iter().rev() {
            jet = jet.times(&self.s).plus(&Jet::constant(c));
        }
        let base = &pieces[self.base];
        let of_base = pick(base);
        let (mut value, mut slope) = (0.0_f64, 0.0_f64);
        for i in (self.met[0]..=self.met[1]).filter(|i| *i != self.base) {
            let piece = &pieces[i];
            let own = pick(piece);
            let (lo, hi) = (piece.lo.max(self.range.low), piece.hi.min(self.range.high));
            for m in Piece::nodes(lo.min(hi), hi.max(lo)) {
                let [a, b] =
                    [(piece, &own), (base, &of_base)].map(|(p, c)| value_and_slope(p, c, m));
                value = value.max((a[0] - b[0]).abs());
                slope = slope.max((a[1] - b[1]).abs());
            }
        }
        // Between the points a quartic may be larger by the Lebesgue constant.
        let (value, slope) = (LEBESGUE * value, LEBESGUE * slope);
        let around = |r: f64| Interval { low: -r, high: r };
        jet.c[0] = jet.c[0].plus(around(value));
        if jet.smooth {
            jet.c[1] = jet.c[1].plus(around(slope * self.speed));
        }
        Along { jet, kinks: value }
    }

    /// V^f of both types and V^l.
    pub fn values(&self) -> [Along<N>; 3] {
        [0, 1, 2].map(|k| self.function(|piece| piece.coefficients[k]))
    }

    /// D.
    pub fn difference(&self) -> Along<N> {
        self.function(Piece::difference_coefficients)
    }

    /// V^l of a type of the leader.
    pub fn leader_type(&self, x: usize) -> Along<N> {
        // Terminal values have none: V^l ends at 0.
        self.function(|piece| piece.leader_types.get(x).copied().unwrap_or([0.0; POINTS]))
    }
}

/// A polynomial of a piece and its slope at m, which may lie beyond.
fn value_and_slope(piece: &Piece, c: &[f64; POINTS], m: f64) -> [f64; 2] {
    let half = 0.5 * (piece.hi - piece.lo);
    if half <= 0.0 {
        return [c[0], 0.0];
    }
    let s = ((m - piece.lo) - (piece.hi - m)) / (2.0 * half);
    let slope = c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * 4.0 * c[4]));
    [super::horner(c, s), slope / half]
}
