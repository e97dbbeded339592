//! Where D turns on a piece.

use super::{FLAT, Piece};

/// The ends of a piece and, between them, the points where D turns.
pub(super) fn turning_points(piece: &Piece) -> Vec<f64> {
    let mut cuts = vec![piece.lo];
    let c = piece.difference_coefficients();
    let spread = c[1..].iter().map(|c| c.abs()).sum::<f64>();
    if spread > FLAT {
        let slope = |s: f64| c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * 4.0 * c[4]));
        let (middle, half) = (0.5 * (piece.lo + piece.hi), 0.5 * (piece.hi - piece.lo));
        for s in cubic_roots(&slope, [c[2], 3.0 * c[3], 6.0 * c[4]]) {
            let m = middle + half * s;
            let before = piece.difference(cuts[cuts.len() - 1]);
            if m > cuts[cuts.len() - 1]
                && m < piece.hi
                && (piece.difference(m) - before).abs() > FLAT
            {
                cuts.push(m);
            }
        }
    }
    cuts.push(piece.hi);
    cuts
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
