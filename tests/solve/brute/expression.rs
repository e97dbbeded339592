//! Formulas of the random games: evaluated here, and printed as the text of a scenario.

use std::cell::Cell;

/// A coordinate of z this close to a threshold is on it: a few units in the last place.
const ON: f64 = 4e-15;

#[derive(Clone, Debug)]
pub enum Expression {
    Number(f64),
    /// z of a type.
    Z(usize),
    /// The leader's action.
    Price,
    Sum(Vec<Expression>),
    Product(Vec<Expression>),
    Least(Vec<Expression>),
    Most(Vec<Expression>),
    Abs(Box<Expression>),
    Exp(Box<Expression>),
    /// 1 / e.
    Inverse(Box<Expression>),
    Power(Box<Expression>, f64),
    Over(Threshold, Box<Expression>, Box<Expression>),
    Window(Threshold, Threshold),
}

pub use Expression::{Abs, Exp, Inverse, Least, Most, Number, Over, Power, Price, Window, Z};

/// z of a type compared with a number.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    pub of: usize,
    pub comparison: &'static str,
    pub number: f64,
}

/// Where a formula is evaluated; the outcomes of all that is compared are mixed into `regime`.
pub struct Point<'a> {
    pub z: &'a [f64],
    pub price: f64,
    pub regime: &'a Cell<u64>,
}

pub fn mix(hash: u64, word: u64) -> u64 {
    (hash ^ word.wrapping_add(0x9e37_79b9))
        .wrapping_mul(0x0000_0100_0000_01b3)
        .rotate_left(23)
}

impl Point<'_> {
    fn note(&self, outcome: u64) {
        self.regime.set(mix(self.regime.get(), outcome));
    }
}

impl Threshold {
    fn holds(&self, at: &Point) -> bool {
        let away = at.z[self.of] - self.number;
        let side = if away.abs() <= ON {
            0
        } else if away > 0.0 {
            1
        } else {
            2
        };
        at.note(side);
        match self.comparison {
            ">" => side == 1,
            ">=" => side != 2,
            "<" => side == 2,
            _ => side != 1,
        }
    }

    fn text(&self, names: &[&str]) -> String {
        let name = names[self.of];
        format!("z[{name}] {} {:?}", self.comparison, self.number)
    }
}

impl Expression {
    pub fn at(&self, at: &Point) -> f64 {
        let chosen = |all: &[Self], better: fn(f64, f64) -> bool| {
            let values: Vec<f64> = all.iter().map(|e| e.at(at)).collect();
            let mut best = 0;
            for i in 1..values.len() {
                if better(values[i], values[best]) {
                    best = i;
                }
            }
            at.note(best as u64);
            values[best]
        };
        match self {
            Number(v) => *v,
            Z(i) => at.z[*i],
            Price => at.price,
            Self::Sum(all) => all.iter().map(|e| e.at(at)).sum(),
            Self::Product(all) => all.iter().map(|e| e.at(at)).product(),
            Least(all) => chosen(all, |new, old| new < old),
            Most(all) => chosen(all, |new, old| new > old),
            Abs(e) => {
                let v = e.at(at);
                at.note(u64::from(v > 0.0) + 2 * u64::from(v < 0.0));
                v.abs()
            }
            Exp(e) => libm::exp(e.at(at)),
            Inverse(e) => 1.0 / e.at(at),
            Power(e, by) => libm::pow(e.at(at), *by),
            Over(threshold, yes, no) => {
                if threshold.holds(at) {
                    yes.at(at)
                } else {
                    no.at(at)
                }
            }
            Window(from, to) => {
                let (above, below) = (from.holds(at), to.holds(at));
                f64::from(u8::from(above && below))
            }
        }
    }

    pub fn text(&self, names: &[&str]) -> String {
        let list = |all: &[Self], by: &str| {
            let parts: Vec<String> = all.iter().map(|e| e.text(names)).collect();
            parts.join(by)
        };
        match self {
            Number(v) if *v < 0.0 => format!("({v:?})"),
            Number(v) => format!("{v:?}"),
            Z(i) => format!("z[{}]", names[*i]),
            Price => "price".into(),
            Self::Sum(all) => format!("({})", list(all, " + ")),
            Self::Product(all) => format!("({})", list(all, " * ")),
            Least(all) => format!("min({})", list(all, ", ")),
            Most(all) => format!("max({})", list(all, ", ")),
            Abs(e) => format!("abs({})", e.text(names)),
            Exp(e) => format!("exp({})", e.text(names)),
            Inverse(e) => format!("(1 / ({}))", e.text(names)),
            Power(e, by) => format!("(({}) ^ {by:?})", e.text(names)),
            Over(c, yes, no) => {
                format!(
                    "if({}, {}, {})",
                    c.text(names),
                    yes.text(names),
                    no.text(names)
                )
            }
            Window(from, to) => format!("if({} and {}, 1, 0)", from.text(names), to.text(names)),
        }
    }

    /// The expression in another unit.
    pub fn times(self, unit: f64) -> Self {
        if unit == 1.0 {
            self
        } else {
            Self::Product(vec![Number(unit), self])
        }
    }
}

pub fn sum<const N: usize>(parts: [Expression; N]) -> Expression {
    Expression::Sum(parts.into())
}

pub fn product<const N: usize>(parts: [Expression; N]) -> Expression {
    Expression::Product(parts.into())
}
