//! Rewards over a box of mean fields, by interval arithmetic: what the values of a formula cannot leave.
//!
//! Every operation is replaced by its range over intervals, so the result holds for every z of the box, between lattice
//! points too. Sums, products and quotients round monotonically in floating point, and the bounds are computed with the
//! same operations, so they hold for the computed values; `exp`, `ln` and powers are widened by [`LIBM_ERROR`]. Values
//! that are no number stop a run where they are used, and are left out here.

use super::Game;
use super::program::{Op, Program, Slot, slack};
use crate::stats::Interval;

/// Relative error allowed for `exp`, `ln` and powers, a thousand times that of libm.
const LIBM_ERROR: f64 = 1e-12;

const WHOLE: Interval = Interval {
    low: f64::NEG_INFINITY,
    high: f64::INFINITY,
};
const TRUE: Interval = Interval {
    low: 1.0,
    high: 1.0,
};
const FALSE: Interval = Interval {
    low: 0.0,
    high: 0.0,
};
const UNKNOWN: Interval = Interval {
    low: 0.0,
    high: 1.0,
};

impl Interval {
    /// One number.
    pub(crate) fn point(value: f64) -> Self {
        Self {
            low: value,
            high: value,
        }
    }

    /// The smallest interval that holds both.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The hull of values at the corners; anything where one of them is no number.
    fn corners(values: [f64; 4]) -> Self {
        let hull = values
            .iter()
            .fold(Self::point(values[0]), |hull, v| hull.hull(Self::point(*v)));
        if values.iter().any(|v| v.is_nan()) {
            WHOLE
        } else {
            hull
        }
    }

    /// The image under a function that does not fall.
    fn rising(self, function: impl Fn(f64) -> f64) -> Self {
        Self::corners([
            function(self.low),
            function(self.high),
            function(self.low),
            function(self.high),
        ])
    }

    /// The hull of f at the four pairs of ends: the range of a function monotone in each argument.
    fn pairs(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        let Self { low, high } = other;
        Self::corners([
            function(self.low, low),
            function(self.low, high),
            function(self.high, low),
            function(self.high, high),
        ])
    }

    fn widened(self) -> Self {
        let low = self.low - LIBM_ERROR * self.low.abs().max(f64::MIN_POSITIVE);
        Self {
            low,
            high: self.high + LIBM_ERROR * self.high.abs().max(f64::MIN_POSITIVE),
        }
    }

    /// 1, 0, or either.
    fn truth(self) -> Self {
        match (self.contains(0.0), self == FALSE) {
            (_, true) => FALSE,
            (true, false) => UNKNOWN,
            (false, false) => TRUE,
        }
    }

    fn magnitude(self) -> Self {
        let high = self.low.abs().max(self.high.abs());
        Self {
            low: if self.contains(0.0) {
                0.0
            } else {
                self.low.abs().min(self.high.abs())
            },
            high,
        }
    }

    fn power(self, exponent: Self) -> Self {
        let raised = |base: Self| base.pairs(exponent, libm::pow);
        if self.low >= 0.0 {
            return raised(self);
        }
        let whole_number =
            exponent.low == exponent.high && exponent.low.fract() == 0.0 && exponent.low > 0.0;
        match whole_number {
            true if exponent.low % 2.0 == 0.0 => raised(self.magnitude()),
            true => raised(self),
            false => WHOLE,
        }
    }

    /// By how much numbers of two intervals that are compared may differ and be equal.
    fn slack(self, other: Self, tolerance: Self) -> f64 {
        slack(
            tolerance.high,
            self.magnitude().high,
            other.magnitude().high,
        )
    }

    /// Whether a < b for all, some or no a and b.
    fn less(self, other: Self, tolerance: Self) -> Self {
        if self.high < other.low - self.slack(other, tolerance) {
            TRUE
        } else if self.low >= other.high {
            FALSE
        } else {
            UNKNOWN
        }
    }

    fn equal(self, other: Self, tolerance: Self) -> Self {
        let slack = self.slack(other, tolerance);
        if self.high < other.low - slack || other.high < self.low - slack {
            FALSE
        } else if self.low == self.high && self == other {
            TRUE
        } else {
            UNKNOWN
        }
    }

    fn not(self) -> Self {
        Self {
            low: 1.0 - self.truth().high,
            high: 1.0 - self.truth().low,
        }
    }

    fn select(self, yes: Self, no: Self) -> Self {
        match self.truth() {
            TRUE => yes,
            FALSE => no,
            _ => yes.hull(no),
        }
    }
}

/// The range of an operation over intervals.
pub(super) fn apply(op: Op, [a, b, c]: [Interval; 3]) -> Interval {
    match op {
        Op::Negate => Interval {
            low: -a.high,
            high: -a.low,
        },
        Op::Not => a.not(),
        Op::Abs => a.magnitude(),
        Op::Exp => a.rising(libm::exp).widened(),
        Op::Ln => Interval {
            low: a.low.max(0.0),
            high: a.high,
        }
        .rising(libm::log)
        .widened(),
        Op::Sqrt => Interval {
            low: a.low.max(0.0),
            high: a.high,
        }
        .rising(f64::sqrt),
        Op::Clamp => a.rising(|v| v.clamp(0.0, 1.0)),
        Op::Add => a.pairs(b, |l, r| l + r),
        Op::Subtract => a.pairs(b, |l, r| l - r),
        Op::Multiply => a.pairs(b, |l, r| l * r),
        Op::Divide if b.contains(0.0) => WHOLE,
        Op::Divide => a.pairs(b, |l, r| l / r),
        Op::Power => a.power(b).widened(),
        Op::Min => a.pairs(b, f64::min),
        Op::Max => a.pairs(b, f64::max),
        Op::Less => a.less(b, c),
        Op::LessEqual => b.less(a, c).not(),
        Op::Equal => a.equal(b, c),
        Op::NotEqual => a.equal(b, c).not(),
        Op::And => a.select(b.truth(), FALSE),
        Op::Or => a.select(TRUE, b.truth()),
        Op::Select => a.select(b, c),
    }
}

/// t, z, and what models give.
fn inputs(program: &Program, t: usize, mean_field: &[Interval]) -> Vec<Interval> {
    let mut inputs = vec![Interval::point(t as f64)];
    inputs.extend_from_slice(mean_field);
    inputs.extend(program.models().ranges(t, program.numbers_of_models()));
    inputs
}

/// What the rewards of a game cannot leave over one box of mean fields, at one period.
#[derive(Clone, Debug)]
pub(crate) struct Enclosure<'g> {
    game: &'g Game,
    memory: Vec<Interval>,
    mean_field: Vec<Interval>,
}

impl Game {
    /// Enclose everything at period t (from 1) over the z with z(x) in `mean_field[x]`.
    pub(crate) fn enclose(&self, t: usize, mean_field: &[Interval]) -> Enclosure<'_> {
        let inputs = inputs(&self.program, t, mean_field);
        let memory = self.program.run_with(&inputs, Interval::point, apply);
        Enclosure {
            game: self,
            memory,
            mean_field: mean_field.to_vec(),
        }
    }

    /// Enclose the terminal reward of type x over the z with z(y) in `mean_field[y]`.
    pub(crate) fn enclose_terminal(&self, mean_field: &[Interval], x: usize) -> Interval {
        let inputs = inputs(&self.terminal_program, self.horizon + 1, mean_field);
        self.terminal_program
            .run_with(&inputs, Interval::point, apply)[self.terminal[x].index()]
    }
}

impl Game {
    /// Whether a comparison of some formula may go both ways over the z with z(x) in `mean_field[x]`: rewards and kernels
    /// of period t, or for T + 1 the terminal reward. Where it may not, they do not jump there. Code may jump anywhere.
    pub(crate) fn may_branch(&self, t: usize, mean_field: &[Interval]) -> bool {
        let program = match t > self.horizon {
            true => &self.terminal_program,
            false => &self.program,
        };
        if program.models().read_mean_field() {
            return true;
        }
        let inputs = inputs(program, t, mean_field);
        let open = std::cell::Cell::new(false);
        let compare = |op: Op, operands: [Interval; 3]| {
            let range = apply(op, operands);
            let compares = matches!(op, Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual);
            open.set(open.get() || compares && range == UNKNOWN);
            range
        };
        program.run_with(&inputs, Interval::point, compare);
        open.get()
    }
}

impl Enclosure<'_> {
    /// R^f(z, x, a^l, a).
    pub(crate) fn follower_reward(&self, leader_move: usize, x: usize, a: usize) -> Interval {
        self.at(self.game.follower_reward[self.game.pair(leader_move, x, a)])
    }

    /// R^l = r(z, a^l) + sum_x z(x) sum_a gamma(a|x) g(z, a^l, x, a), over all prescriptions of available actions.
    pub(crate) fn leader_reward(&self, leader_move: usize) -> Interval {
        let period = self.at(self.game.leader_period_reward[leader_move]);
        self.mean_field
            .iter()
            .enumerate()
            .fold(period, |total, (x, share)| {
                let available = (0..self.game.follower_actions().len())
                    .filter(|a| self.game.is_available(x, *a));
                let each = available.map(|a| {
                    self.at(self.game.leader_follower_reward[self.game.pair(leader_move, x, a)])
                });
                let of_type = each.reduce(Interval::hull).unwrap_or(FALSE);
                let part = share.pairs(of_type, |share, reward| share * reward);
                Interval {
                    low: total.low + part.low,
                    high: total.high + part.high,
                }
            })
    }

    fn at(&self, slot: Slot) -> Interval {
        self.memory[slot.index()]
    }
}
