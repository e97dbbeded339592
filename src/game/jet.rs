//! Taylor coefficients over intervals: what a formula and its derivatives cannot leave on a stretch of m = z(x_2).
//!
//! A [`Jet`] of `N` coefficients over an interval I encloses f^(k)(m) / k! for every m in I and k < N (Moore; Neumaier, *Interval
//! methods*, ch. 2). The rules are the recurrences of automatic differentiation with every operation rounded outward. Where a
//! formula may not be smooth on I (a comparison, `abs`, `min`, `max`, `if` that is not decided there, a root, power or
//! quotient at zero) its jet says so, and keeps the range alone.

use super::enclosure::apply;
use super::program::Op;
use crate::stats::Interval;

/// Outward rounding of one operation, two units in the last place.
const ROUND: f64 = 2.0 * f64::EPSILON;
/// Operands of `min`, `max` and `abs` closer than this, relative to their size, are taken as equal: the value moves by no more.
const EQUAL: f64 = 4.0 * f64::EPSILON;
/// Whole exponents up to this are powers by multiplication, smooth at zero too.
const WHOLE_POWERS: f64 = 64.0;

pub(crate) const ZERO: Interval = Interval {
    low: 0.0,
    high: 0.0,
};
pub(crate) const WHOLE: Interval = Interval {
    low: f64::NEG_INFINITY,
    high: f64::INFINITY,
};

/// An interval with its ends rounded outward; all numbers where an end is none.
#[inline]
fn outward(low: f64, high: f64) -> Interval {
    if low <= high {
        Interval {
            low: low - ROUND * low.abs(),
            high: high + ROUND * high.abs(),
        }
    } else {
        WHOLE
    }
}

impl Interval {
    #[inline]
    pub(crate) fn plus(self, other: Self) -> Self {
        outward(self.low + other.low, self.high + other.high)
    }

    #[inline]
    pub(crate) fn minus(self, other: Self) -> Self {
        outward(self.low - other.high, self.high - other.low)
    }

    #[inline]
    pub(crate) fn times(self, other: Self) -> Self {
        if self == ZERO || other == ZERO {
            return ZERO;
        }
        let (a, b) = (self.low * other.low, self.low * other.high);
        let (c, d) = (self.high * other.low, self.high * other.high);
        if (a + b + c + d).is_nan() {
            return WHOLE;
        }
        outward(a.min(b).min(c.min(d)), a.max(b).max(c.max(d)))
    }

    /// All numbers where the divisor may be zero.
    #[inline]
    pub(crate) fn over(self, other: Self) -> Self {
        if !(other.low > 0.0 || other.high < 0.0) {
            return WHOLE;
        }
        let inverse = outward(1.0 / other.high, 1.0 / other.low);
        self.times(inverse)
    }

    /// The numbers of both; where rounding leaves none, those of the first.
    #[inline]
    pub(crate) fn meet(self, other: Self) -> Self {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        if low <= high {
            Self { low, high }
        } else {
            self
        }
    }

    /// Largest absolute value.
    #[inline]
    pub(crate) fn size(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// Length.
    pub(crate) fn width(self) -> f64 {
        self.high - self.low
    }
}

/// Enclosures of the Taylor coefficients of a function at every point of an interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jet<const N: usize> {
    /// f^(k) / k!, k = 0, ..., N - 1.
    pub c: [Interval; N],
    /// The coefficients above this are zero.
    degree: usize,
    /// Whether f is smooth on the interval; if not only its range c\[0\] is meant.
    pub smooth: bool,
}

impl<const N: usize> Jet<N> {
    /// The same number everywhere.
    #[inline]
    pub fn constant(value: f64) -> Self {
        Self::spread(Interval::point(value))
    }

    /// A number known to lie in an interval, the same everywhere.
    pub fn spread(value: Interval) -> Self {
        let mut c = [ZERO; N];
        c[0] = value;
        Self {
            c,
            degree: 0,
            smooth: true,
        }
    }

    /// Whether it is zero everywhere.
    pub fn is_zero(&self) -> bool {
        self.c == [ZERO; N]
    }

    /// slope times the variable plus a number, of the range given.
    pub fn variable(range: Interval, slope: f64) -> Self {
        let mut jet = Self::spread(range);
        jet.c[1] = Interval::point(slope);
        jet.degree = 1;
        jet
    }

    /// Of given coefficients.
    pub fn of(c: [Interval; N]) -> Self {
        Self {
            c,
            degree: N - 1,
            smooth: true,
        }
    }

    /// A function of which only the range is known.
    pub fn range(range: Interval) -> Self {
        let mut c = [WHOLE; N];
        c[0] = range;
        Self {
            c,
            degree: N - 1,
            smooth: false,
        }
    }

    #[inline]
    pub fn plus(mut self, other: &Self) -> Self {
        for k in 0..=other.degree {
            self.c[k] = self.c[k].plus(other.c[k]);
        }
        self.degree = self.degree.max(other.degree);
        self.smooth &= other.smooth;
        self
    }

    #[inline]
    pub fn minus(mut self, other: &Self) -> Self {
        for k in 0..=other.degree {
            self.c[k] = self.c[k].minus(other.c[k]);
        }
        self.degree = self.degree.max(other.degree);
        self.smooth &= other.smooth;
        self
    }

    pub fn negate(mut self) -> Self {
        for c in &mut self.c[..=self.degree] {
            *c = Interval {
                low: -c.high,
                high: -c.low,
            };
        }
        self
    }

    #[inline]
    pub fn times(&self, other: &Self) -> Self {
        let mut c = [ZERO; N];
        for i in 0..=self.degree {
            for j in 0..=other.degree.min(N - 1 - i) {
                c[i + j] = c[i + j].plus(self.c[i].times(other.c[j]));
            }
        }
        Self {
            c,
            degree: (self.degree + other.degree).min(N - 1),
            smooth: self.smooth && other.smooth,
        }
    }

    #[inline]
    pub fn scaled(mut self, factor: f64) -> Self {
        let factor = Interval::point(factor);
        for c in &mut self.c[..=self.degree] {
            *c = c.times(factor);
        }
        self
    }

    pub fn over(&self, other: &Self) -> Self {
        if other.degree == 0 && other.c[0].low == other.c[0].high && other.c[0].low != 0.0 {
            let inverse = Interval::point(1.0).over(other.c[0]);
            let mut quotient = *self;
            for c in &mut quotient.c[..=self.degree] {
                *c = c.times(inverse);
            }
            return quotient;
        }
        let divisor = other.c[0];
        if !(divisor.low > 0.0 || divisor.high < 0.0) {
            return Self::range(WHOLE);
        }
        let mut c = [ZERO; N];
        for k in 0..N {
            let mut rest = self.c[k];
            for j in 1..=k.min(other.degree) {
                rest = rest.minus(other.c[j].times(c[k - j]));
            }
            c[k] = rest.over(divisor);
        }
        Self {
            smooth: self.smooth && other.smooth,
            ..Self::of(c)
        }
    }

    fn exp(&self, range: Interval) -> Self {
        let mut c = [range; N];
        for k in 1..N {
            let mut sum = ZERO;
            for j in 1..=k.min(self.degree) {
                sum = sum.plus(self.weighted(j, j as f64).times(c[k - j]));
            }
            c[k] = sum.over(Interval::point(k as f64));
        }
        self.same_kind(c)
    }

    fn ln(&self, range: Interval) -> Self {
        if self.c[0].low <= 0.0 {
            return Self::range(range);
        }
        let mut c = [range; N];
        for k in 1..N {
            let mut sum = ZERO;
            for (j, known) in c.iter().enumerate().take(k).skip(1) {
                let weighted = known.times(Interval::point(j as f64));
                sum = sum.plus(weighted.times(self.c[k - j]));
            }
            let rest = self.c[k].minus(sum.over(Interval::point(k as f64)));
            c[k] = rest.over(self.c[0]);
        }
        self.same_kind(c)
    }

    /// The power of a positive base with a constant exponent.
    fn power_of_positive(&self, exponent: f64, range: Interval) -> Self {
        if self.c[0].low <= 0.0 {
            return Self::range(range);
        }
        let mut c = [range; N];
        for k in 1..N {
            let mut sum = ZERO;
            for j in 1..=k.min(self.degree) {
                let weight = exponent * j as f64 - (k - j) as f64;
                sum = sum.plus(self.weighted(j, weight).times(c[k - j]));
            }
            c[k] = sum.over(self.c[0].times(Interval::point(k as f64)));
        }
        self.same_kind(c)
    }

    fn power(&self, exponent: &Self, range: Interval) -> Self {
        let constant = exponent.degree == 0 && exponent.c[0].low == exponent.c[0].high;
        if !constant {
            if self.c[0].low <= 0.0 {
                return Self::range(range);
            }
            let logarithm = self.ln(apply(Op::Ln, [self.c[0]; 3]));
            return exponent.times(&logarithm).exp(range);
        }
        let exponent = exponent.c[0].low;
        if exponent.fract() != 0.0 || exponent.abs() > WHOLE_POWERS {
            return self.power_of_positive(exponent, range);
        }
        let mut power = Self::constant(1.0);
        for _ in 0..exponent.abs() as u32 {
            power = power.times(self);
        }
        if exponent < 0.0 {
            power = Self::constant(1.0).over(&power);
        }
        power.c[0] = power.c[0].meet(range);
        power
    }

    fn weighted(&self, k: usize, weight: f64) -> Interval {
        self.c[k].times(Interval::point(weight))
    }

    fn same_kind(&self, c: [Interval; N]) -> Self {
        Self {
            smooth: self.smooth,
            ..Self::of(c)
        }
    }

    /// One of two, where the interval that the difference of what is compared lies in decides; else the range of both.
    fn decided(difference: Interval, size: f64, [low, high]: [Self; 2], range: Interval) -> Self {
        let slack = EQUAL * size;
        if difference.low >= -slack {
            high
        } else if difference.high <= slack {
            low
        } else {
            Self::range(range)
        }
    }

    /// An operation of a formula.
    pub fn apply(op: Op, [a, b, c]: [&Self; 3]) -> Self {
        let range = || apply(op, [a.c[0], b.c[0], c.c[0]]);
        match op {
            Op::Negate => a.negate(),
            Op::Add => a.plus(b),
            Op::Subtract => a.minus(b),
            Op::Multiply => a.times(b),
            Op::Divide => a.over(b),
            Op::Exp => a.exp(range()),
            Op::Ln => a.ln(range()),
            Op::Sqrt => a.power_of_positive(0.5, range()),
            Op::Power => a.power(b, range()),
            // Kernel entries miss [0, 1] by rounding only, or are refused where they are met.
            Op::Clamp => Self {
                c: {
                    let mut c = a.c;
                    c[0] = range();
                    c
                },
                ..*a
            },
            Op::Abs => Self::decided(a.c[0], a.c[0].size(), [a.negate(), *a], range()),
            Op::Min | Op::Max => {
                let difference = a.c[0].minus(b.c[0]);
                let size = a.c[0].size().max(b.c[0].size());
                let [low, high] = if op == Op::Max { [*b, *a] } else { [*a, *b] };
                Self::decided(difference, size, [low, high], range())
            }
            Op::Select => match truth(a) {
                Some(true) => *b,
                Some(false) => *c,
                None => Self::range(range()),
            },
            Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual | Op::Not | Op::And | Op::Or => {
                let range = range();
                match range.low == range.high {
                    true => Self::spread(range),
                    false => Self::range(range),
                }
            }
        }
    }

    /// The range over an interval of half-width h, given the jet at its middle: both by the values and by Taylor's theorem.
    pub fn range_about(&self, middle: &Self, h: f64) -> Interval {
        if !self.smooth {
            return self.c[0];
        }
        let mut sum = ZERO;
        for k in (0..N).rev() {
            let c = if k + 1 == N { self.c[k] } else { middle.c[k] };
            sum = c.plus(sum.times(Interval { low: -h, high: h }));
        }
        self.c[0].meet(sum)
    }

    /// The range of the derivative, likewise.
    pub fn slope_about(&self, middle: &Self, h: f64) -> Interval {
        if !self.smooth {
            return WHOLE;
        }
        let mut sum = ZERO;
        for k in (1..N).rev() {
            let c = if k + 1 == N { self.c[k] } else { middle.c[k] };
            let c = c.times(Interval::point(k as f64));
            sum = c.plus(sum.times(Interval { low: -h, high: h }));
        }
        self.c[1].meet(sum)
    }
}

fn truth<const N: usize>(condition: &Jet<N>) -> Option<bool> {
    let Interval { low, high } = condition.c[0];
    if low > 0.0 || high < 0.0 {
        Some(true)
    } else {
        (low == 0.0 && high == 0.0).then_some(false)
    }
}
