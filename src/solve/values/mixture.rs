//! The mean of several value functions: what followers expect where the leader's step decides which of them comes.

use super::{Border, JUMP, Piece, ValueFunction, Values, accuracy};

/// A place in one of the functions.
struct Cursor<'a> {
    weight: f64,
    function: &'a ValueFunction,
    piece: usize,
}

impl Cursor<'_> {
    fn piece(&self) -> &Piece {
        &self.function.pieces()[self.piece]
    }

    /// Go on to the next piece; what was crossed, or `None` at the end.
    fn advance(&mut self) -> Option<Border> {
        let border = self.function.borders.get(self.piece).copied()?;
        self.piece += 1;
        Some(border)
    }
}

impl ValueFunction {
    /// sum_k w_k V_k: exact, each piece being the part that pieces of all have in common.
    pub fn mixture(parts: &[(f64, &ValueFunction)]) -> Self {
        let parts = parts.iter().map(|&(weight, function)| Cursor {
            weight,
            function,
            piece: 0,
        });
        let mut cursors: Vec<Cursor> = parts.collect();
        let (mut pieces, mut borders): (Vec<Piece>, Vec<Border>) = (Vec::new(), Vec::new());
        let mut crossed = Border::Smooth;
        loop {
            let lo = cursors.iter().map(|c| c.piece().lo).fold(0.0, f64::max);
            let hi = cursors.iter().map(|c| c.piece().hi).fold(1.0, f64::min);
            let last = pieces.last().map(|p| p.hi);
            let repeated = lo == hi && last == Some(lo) && crossed == Border::Smooth;
            if lo <= hi && !repeated {
                let piece = common(&cursors, lo, hi);
                if let Some(before) = pieces.last() {
                    borders.push(border(before, &piece, crossed));
                }
                pieces.push(piece);
                crossed = Border::Smooth;
            }
            let mut moved = false;
            for c in cursors.iter_mut().filter(|c| c.piece().hi <= hi) {
                if let Some(border) = c.advance() {
                    crossed = crossed.max(border);
                    moved = true;
                }
            }
            if !moved {
                return Self::assemble(pieces, borders);
            }
        }
    }
}

/// The mean on an interval on which every function is one polynomial.
fn common(cursors: &[Cursor], lo: f64, hi: f64) -> Piece {
    let at = |m: f64| {
        let mut mean = Values::default();
        for c in cursors {
            let v = c.piece().values(m);
            mean.followers[0] += c.weight * v.followers[0];
            mean.followers[1] += c.weight * v.followers[1];
            mean.leader += c.weight * v.leader;
        }
        mean
    };
    if lo == hi {
        return Piece::point(lo, None, at(lo));
    }
    Piece::interpolate(lo, hi, None, &Piece::nodes(lo, hi).map(at))
}

fn border(before: &Piece, after: &Piece, crossed: Border) -> Border {
    let sides = [before.values(before.hi), after.values(after.lo)];
    let jumps = sides[0].distance(&sides[1]) > 10.0 * accuracy(0.1 * JUMP, &sides);
    match crossed {
        Border::Smooth => Border::Smooth,
        _ if jumps => Border::Jump,
        _ => Border::Kink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(v: f64) -> Values {
        Values {
            followers: [v, -v],
            leader: 2.0 * v,
        }
    }

    #[test]
    fn a_mixture_has_every_jump_of_its_parts_and_their_mean_between() {
        let flat = |lo, hi, v| Piece::interpolate(lo, hi, None, &[constant(v); 5]);
        let gap = 1e-14;
        let first = ValueFunction::new(vec![
            Piece::point(0.0, None, constant(9.0)),
            flat(2e-14, 0.5, 1.0),
            flat(0.5 + gap, 1.0, 3.0),
        ]);
        let bent = |m: f64| Values {
            followers: [m * m, m.powi(4)],
            leader: m,
        };
        let second = ValueFunction::new(vec![
            Piece::interpolate(0.0, 0.25, None, &Piece::nodes(0.0, 0.25).map(bent)),
            Piece::interpolate(0.25, 1.0, None, &Piece::nodes(0.25, 1.0).map(bent)),
        ]);
        let mixed = ValueFunction::mixture(&[(0.25, &first), (0.75, &second)]);
        assert_eq!(mixed.jumps(), 2);
        assert_eq!(mixed.pieces().len(), 4);
        for (m, v) in [
            (0.0, 9.0),
            (0.1, 1.0),
            (0.25, 1.0),
            (0.4, 1.0),
            (0.75, 3.0),
            (1.0, 3.0),
        ] {
            let got = mixed.values(mixed.locate(m));
            let want = constant(v).mix(bent(m), 0.75);
            assert!(got.distance(&want) < 1e-13, "{m}: {got:?} {want:?}");
        }
        let alone = ValueFunction::mixture(&[(1.0, &first)]);
        assert_eq!(alone.pieces().len(), first.pieces().len());
        assert_eq!(alone.jumps(), first.jumps());
    }
}
