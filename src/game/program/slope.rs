//! How fast an expression changes with z: by how much a rounding of z moves it.

use super::Op;

/// The most that an expression changes with any z(x), where it is made of straight parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Slope {
    Straight(f64),
    /// It depends on z in another way: no one slope fits all places, and only its own rounding is known.
    Curved,
}

impl Slope {
    /// Of what does not depend on z.
    pub(super) const NONE: Self = Self::Straight(0.0);
    /// Of z(x) itself.
    pub(super) const MEAN_FIELD: Self = Self::Straight(1.0);

    /// Of the difference of two.
    pub(super) fn apart(self, other: Self) -> Self {
        match (self, other) {
            (Self::Straight(a), Self::Straight(b)) => Self::Straight(a + b),
            _ => Self::Curved,
        }
    }

    /// By how much equal numbers may differ where z is off by this: 0 where they may not, and next to nothing beyond their
    /// own rounding where they are curved.
    pub(super) fn tolerance(self, mean_field: f64) -> f64 {
        match self {
            Self::Straight(slope) => mean_field * slope,
            Self::Curved => f64::MIN_POSITIVE,
        }
    }

    /// Of an operation on operands, and the values of those that are constants.
    pub(super) fn of(op: Op, [a, b, c]: [Self; 3], values: [Option<f64>; 3]) -> Self {
        match op {
            Op::Negate | Op::Abs | Op::Clamp => a,
            Op::Add | Op::Subtract => a.apart(b),
            Op::Min | Op::Max => a.steeper(b),
            Op::Select => b.steeper(c),
            Op::Multiply => match values {
                [Some(factor), ..] => b.times(factor),
                [_, Some(factor), _] => a.times(factor),
                _ => a.curved_with(b),
            },
            Op::Divide => match values[1] {
                Some(divisor) => a.times(1.0 / divisor),
                None => a.curved_with(b),
            },
            Op::Power => a.curved_with(b),
            Op::Exp | Op::Ln | Op::Sqrt => a.curved_with(a),
            // Truth is 0 or 1 however far z is from where it turns.
            _ => Self::NONE,
        }
    }

    fn steeper(self, other: Self) -> Self {
        match (self, other) {
            (Self::Straight(a), Self::Straight(b)) => Self::Straight(a.max(b)),
            _ => Self::Curved,
        }
    }

    fn times(self, factor: f64) -> Self {
        match self {
            Self::Straight(slope) if (slope * factor).is_finite() => {
                Self::Straight((slope * factor).abs())
            }
            Self::Straight(0.0) => self,
            _ => Self::Curved,
        }
    }

    fn curved_with(self, other: Self) -> Self {
        match (self, other) {
            (Self::NONE, Self::NONE) => Self::NONE,
            _ => Self::Curved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_expressions_have_their_steepest_slope_and_curved_ones_none() {
        let z = Slope::MEAN_FIELD;
        let number = |op, factor| Slope::of(op, [z, Slope::NONE, z], [None, Some(factor), None]);
        assert_eq!(number(Op::Multiply, -100.0), Slope::Straight(100.0));
        assert_eq!(number(Op::Divide, 4.0), Slope::Straight(0.25));
        assert_eq!(number(Op::Divide, 0.0), Slope::Curved);
        let of = |op, a, b| Slope::of(op, [a, b, b], [None; 3]);
        assert_eq!(of(Op::Subtract, z, z), Slope::Straight(2.0));
        assert_eq!(of(Op::Max, z, Slope::Straight(3.0)), Slope::Straight(3.0));
        for op in [Op::Multiply, Op::Divide, Op::Power, Op::Exp, Op::Sqrt] {
            assert_eq!(of(op, z, z), Slope::Curved);
            assert_eq!(of(op, Slope::NONE, Slope::NONE), Slope::NONE);
        }
        assert_eq!(of(Op::Less, z, Slope::Curved), Slope::NONE);
        assert_eq!(Slope::NONE.tolerance(1e-15), 0.0);
        assert!(Slope::Curved.tolerance(1e-15) > 0.0);
    }
}
