//! The mean of several value functions: what followers expect where the leader's step decides which of them comes.

use super::{Border, Piece, Piecewise, Values, accuracy, least_jump};
use crate::solve::tolerances::JUMP;

/// One of the functions.
pub(in crate::solve) struct Part<'a> {
    pub function: &'a Piecewise,
    /// Of V^f, and of V^l in the mean over pi where no weights per type are given.
    pub weight: f64,
    /// Of V^l per leader type, where her type is private: the belief that V stands for may lie between those it is held at.
    pub leader_types: Vec<f64>,
}

/// A place in one of the functions.
struct Cursor<'a> {
    part: Part<'a>,
    piece: usize,
}

impl Cursor<'_> {
    fn piece(&self) -> &Piece {
        &self.part.function.pieces()[self.piece]
    }

    /// Go on to the next piece; what was crossed, or `None` at the end.
    fn advance(&mut self) -> Option<Border> {
        let border = self.part.function.borders.get(self.piece).copied()?;
        self.piece += 1;
        Some(border)
    }
}

impl Piecewise {
    /// sum_k w_k V_k, to within an error: the parts that pieces of all functions have in common, joined where one polynomial
    /// stands for several. From period to period kinks double in number, and their size is halved.
    pub fn mixture(parts: Vec<Part>, error: f64) -> Self {
        let parts = parts.into_iter().map(|part| Cursor { part, piece: 0 });
        let mut cursors: Vec<Cursor> = parts.collect();
        let least = cursors.iter().map(|c| least_jump(c.part.function.pieces()));
        let least = least.fold(JUMP, f64::max);
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
                    borders.push(border(before, &piece, crossed, least));
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
                let (pieces, borders) = Exact { pieces, borders }.joined(error);
                let breaks = cursors.iter().flat_map(|c| &c.part.function.breaks);
                let breaks = breaks.copied().collect();
                return Self::assemble(pieces, borders).with_breaks(breaks);
            }
        }
    }
}

/// Pieces that are exact, and what lies between them.
struct Exact {
    pieces: Vec<Piece>,
    borders: Vec<Border>,
}

impl Exact {
    /// Fewer pieces, with the largest error as given.
    fn joined(self, error: f64) -> (Vec<Piece>, Vec<Border>) {
        let (mut pieces, mut borders) = (Vec::new(), Vec::new());
        let mut from = 0;
        while from < self.pieces.len() {
            let (last, piece) = self.longest(from, error);
            pieces.push(piece);
            if let Some(border) = self.borders.get(last) {
                borders.push(*border);
            }
            from = last + 1;
        }
        (pieces, borders)
    }

    /// The longest run of pieces from one on that one piece can stand for, by doubling and halving: its last, and the piece.
    fn longest(&self, from: usize, error: f64) -> (usize, Piece) {
        let mut best = (from, self.pieces[from].clone());
        let (mut step, mut growing) = (1, true);
        while step > 0 {
            let last = best.0 + step;
            match self.join(from, last, error) {
                Some(piece) => best = (last, piece),
                None => growing = false,
            }
            step = if growing { 2 * step } else { step / 2 };
        }
        best
    }

    /// The pieces from one to another as one, unless V jumps between, or it errs by more than this.
    fn join(&self, from: usize, last: usize, error: f64) -> Option<Piece> {
        let run = self.pieces.get(from..=last)?;
        if self.borders[from..last].contains(&Border::Jump) {
            return None;
        }
        let (lo, hi) = (run[0].lo, run[run.len() - 1].hi);
        let at = |m: f64| {
            let after = run.partition_point(|piece| piece.hi < m);
            run[after.min(run.len() - 1)].values(m)
        };
        let values = Piece::nodes(lo, hi).map(at);
        let piece = Piece::interpolate(lo, hi, None, &values);
        let error = accuracy(error, &values);
        let errs = |m: f64, v: Values| piece.values(m).distance(&v) > error;
        let inside = run.iter().flat_map(|piece| {
            let middle = 0.5 * (piece.lo + piece.hi);
            [piece.lo, middle, piece.hi].map(|m| (m, piece.values(m)))
        });
        let tests = Piece::tests(lo, hi).into_iter().map(|m| (m, at(m)));
        let held = run
            .iter()
            .fold(0.0_f64, |most, piece| most.max(piece.error));
        (!inside.chain(tests).any(|(m, v)| errs(m, v)))
            .then(|| piece.with_error(held + 2.0 * error))
    }
}

/// The mean on an interval on which every function is one polynomial.
fn common(cursors: &[Cursor], lo: f64, hi: f64) -> Piece {
    let at = |m: f64| {
        let mut mean = Values::default();
        for c in cursors {
            let v = c.piece().values(m);
            mean.followers[0] += c.part.weight * v.followers[0];
            mean.followers[1] += c.part.weight * v.followers[1];
            if c.part.leader_types.is_empty() {
                mean.leader += c.part.weight * v.leader;
            }
            let by_type = c.part.leader_types.iter();
            let by_type = by_type.zip(c.piece().leader_types(m));
            mean.leader += by_type.map(|(w, v)| w * v).sum::<f64>();
        }
        mean
    };
    let errors = cursors.iter().map(|c| c.part.weight * c.piece().error);
    let error = errors.sum();
    if lo == hi {
        return Piece::point(lo, None, at(lo)).with_error(error);
    }
    Piece::interpolate(lo, hi, None, &Piece::nodes(lo, hi).map(at)).with_error(error)
}

fn border(before: &Piece, after: &Piece, crossed: Border, least: f64) -> Border {
    let sides = [before.values(before.hi), after.values(after.lo)];
    let jumps = sides[0].distance(&sides[1]) > least;
    match crossed {
        Border::Smooth => Border::Smooth,
        _ if jumps => Border::Jump,
        _ => Border::Kink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::representation::ValueFunction;

    fn mixture(parts: &[(f64, &Piecewise)], error: f64) -> Piecewise {
        let part = |&(weight, function)| Part {
            function,
            weight,
            leader_types: Vec::new(),
        };
        Piecewise::mixture(parts.iter().map(part).collect(), error)
    }

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
        let first = Piecewise::new(vec![
            Piece::point(0.0, None, constant(9.0)),
            flat(2e-14, 0.5, 1.0),
            flat(0.5 + gap, 1.0, 3.0),
        ]);
        let bent = |m: f64| Values {
            followers: [m * m, m.powi(4)],
            leader: m,
        };
        let second = Piecewise::new(vec![
            Piece::interpolate(0.0, 0.25, None, &Piece::nodes(0.0, 0.25).map(bent)),
            Piece::interpolate(0.25, 1.0, None, &Piece::nodes(0.25, 1.0).map(bent)),
        ]);
        let mixed = mixture(&[(0.25, &first), (0.75, &second)], 0.0);
        assert_eq!(mixed.jumps(), Some(2));
        // The second function is one polynomial all over.
        assert_eq!(mixed.pieces().len(), 3);
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
        let alone = mixture(&[(1.0, &first)], 0.0);
        assert_eq!(alone.pieces().len(), first.pieces().len());
        assert_eq!(alone.jumps(), first.jumps());
    }

    /// Lines that bend by `size` at so many points.
    fn bends(points: usize, size: f64) -> Piecewise {
        let step = 1.0 / points as f64;
        let at = |m: f64| {
            let crossed = (1..points).map(|k| (m - k as f64 * step).max(0.0));
            let bent = size * crossed.sum::<f64>();
            Values {
                followers: [m, 2.0 * m + bent],
                leader: -m,
            }
        };
        let piece = |k: usize| {
            let (lo, hi) = (
                k as f64 * step,
                if k + 1 == points {
                    1.0
                } else {
                    (k + 1) as f64 * step
                },
            );
            Piece::interpolate(lo, hi, None, &Piece::nodes(lo, hi).map(at))
        };
        let pieces = (0..points).map(piece).collect();
        let borders = vec![Border::Kink; points - 1];
        Piecewise::assemble(pieces, borders)
    }

    #[test]
    fn kinks_that_are_smaller_than_the_error_are_joined_and_others_are_not() {
        let error = 1e-11;
        let join = |f: &Piecewise| mixture(&[(1.0, f)], error);
        for (points, size, most) in [
            (2, 1e-3, 2),
            (2, 1e-12, 1),
            (64, 1e-12, 1),
            (64, 1e-9, 16),
            (64, 1e-6, 64),
        ] {
            let exact = bends(points, size);
            let joined = join(&exact);
            let count = joined.pieces().len();
            assert!(
                count <= most && (most < points || count == points),
                "{points} {size}: {count}"
            );
            for i in 0..=1000 {
                let m = f64::from(i) / 1000.0;
                let (a, b) = (
                    exact.values(exact.locate(m)),
                    joined.values(joined.locate(m)),
                );
                assert!(a.distance(&b) <= 1.01 * error, "{points} {size} {m}");
            }
        }
        // Not across a jump, however small what it joins would err.
        let flat = |lo, hi, v| Piece::interpolate(lo, hi, None, &[constant(v); 5]);
        let jump = Piecewise::new(vec![
            flat(0.0, 0.5, 1.0),
            flat(0.5 + 1e-14, 1.0, 1.0 + 1e-7),
        ]);
        assert_eq!(
            (jump.jumps(), mixture(&[(1.0, &jump)], 1.0).jumps()),
            (Some(1), Some(1))
        );
    }
}
