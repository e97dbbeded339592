//! Random games of three and four types and two periods, in which all equilibria can be enumerated.
//!
//! In t = 2 what a type earns, V_2, is a formula of z: either of one coordinate, with whatever the formulas of two types do
//! and a leader whose choice depends on it, or affine in all coordinates. The leader's V_2 has a square of another coordinate
//! on top.

use super::expression::{
    Expression, Number, Over, Point, Power, Price, Threshold, Z, product, sum,
};
use super::game::Selection;
use crate::support::random::Random;
use std::cell::Cell;

pub const NAMES: [&str; 4] = ["t0", "t1", "t2", "t3"];
pub const ACTIONS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coupling {
    /// V_2 of one coordinate: smooth,
    Smooth,
    /// with a kink,
    Kinked,
    /// with a threshold,
    Threshold,
    /// with the leader's choice at t = 2.
    Led,
    /// V_2 affine in all coordinates: several types may mix.
    Affine,
}

impl Coupling {
    pub const ALL: [Self; 5] = [
        Self::Smooth,
        Self::Kinked,
        Self::Threshold,
        Self::Led,
        Self::Affine,
    ];
}

#[derive(Clone, Debug)]
pub struct Crowd {
    pub coupling: Coupling,
    pub types: usize,
    pub discount: f64,
    pub selection: Selection,
    pub initial: Vec<f64>,
    pub prices: Vec<f64>,
    /// The coordinate that V_2 depends on.
    pub of: usize,
    pub features: Vec<f64>,
    /// Q(. | x, a) at t = 1, by type, action and next type; nobody moves after.
    pub kernel: Vec<Vec<Vec<f64>>>,
    /// R^f at t = 1: a number, and how much the price counts.
    pub first: Vec<Vec<[f64; 2]>>,
    /// g at t = 1.
    pub share: Vec<Vec<f64>>,
    /// r at t = 1, times the price.
    pub period: f64,
    /// R^f at t = 2 of each type, whatever it does.
    pub second: Vec<Expression>,
    /// r at t = 2 that depends on the price.
    pub led: Expression,
    /// r at t = 2 on top of it.
    pub square: Expression,
}

/// V_2 at a point.
#[derive(Clone, Debug)]
pub struct Later {
    pub followers: Vec<f64>,
    pub leader: f64,
    pub regime: u64,
}

impl Crowd {
    /// V_2(z), and the regime it comes from.
    pub fn later(&self, z: &[f64]) -> Later {
        let at = |price: f64, regime: &Cell<u64>| {
            let point = Point { z, price, regime };
            let followers: Vec<f64> = self.second.iter().map(|e| e.at(&point)).collect();
            (self.led.at(&point), followers)
        };
        let first = Cell::new(3);
        let mut best = (at(self.prices[0], &first), first.get());
        for (l, price) in self.prices.iter().enumerate().skip(1) {
            let regime = Cell::new(3 + l as u64);
            let one = at(*price, &regime);
            if one.0 > best.0.0 {
                best = (one, regime.get());
            }
        }
        let ((led, followers), regime) = best;
        let calm = Cell::new(0);
        let square = self.square.at(&Point {
            z,
            price: 0.0,
            regime: &calm,
        });
        Later {
            followers,
            leader: led + square,
            regime,
        }
    }

    /// The range of what a follower, and the leader, can earn.
    pub fn ranges(&self) -> [f64; 2] {
        let mut ends = [[f64::INFINITY, f64::NEG_INFINITY]; 4];
        let mut widen = |i: usize, v: f64| {
            let e: &mut [f64; 2] = &mut ends[i];
            *e = [e[0].min(v), e[1].max(v)];
        };
        for i in 0..=10 {
            for j in 0..=10 - i {
                let mut z = vec![0.0; self.types];
                (z[0], z[1], z[2]) = (
                    f64::from(i) / 10.0,
                    f64::from(j) / 10.0,
                    f64::from(10 - i - j) / 10.0,
                );
                for turn in 0..self.types {
                    z.rotate_left(turn.min(1));
                    let later = self.later(&z);
                    later.followers.iter().for_each(|v| widen(0, *v));
                    widen(1, later.leader);
                }
            }
        }
        for price in &self.prices {
            self.first
                .iter()
                .flatten()
                .for_each(|[c, p]| widen(2, c + p * price));
            self.share
                .iter()
                .flatten()
                .for_each(|s| widen(3, s + self.period * price));
        }
        let width = |i: usize| ends[i][1] - ends[i][0];
        [width(0) + width(2), width(1) + width(3)]
    }

    pub fn text(&self) -> String {
        let names = &NAMES[..self.types];
        let list = |of: &[String]| of.join(", ");
        let quoted: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
        let mut text = format!(
            "name = \"crowd\"\nhorizon = 2\ndiscount = {:?}\nseed = 1\n[follower]\ntypes = [{}]\nactions = [\"a0\", \"a1\"]\n\
             initial = {:?}\n[follower.reward]\n",
            self.discount,
            list(&quoted),
            self.initial
        );
        let mut share = Vec::new();
        let mut kernel = String::from("[follower.transition]\n");
        for (x, name) in names.iter().enumerate() {
            for a in 0..ACTIONS {
                let ([c, p], second) = (self.first[x][a], self.second[x].text(names));
                text += &format!(
                    "\"{name}, a{a}\" = \"if(t == 1, {c:?} + {p:?} * price, {second})\"\n"
                );
                share.push(format!(
                    "(x == {name}) * (a == a{a}) * ({:?})",
                    self.share[x][a]
                ));
                let of = |y: usize| {
                    let stay = f64::from(u8::from(x == y));
                    format!(
                        "{} = \"if(t == 1, {:?}, {stay:?})\"",
                        names[y], self.kernel[x][a][y]
                    )
                };
                let moves: Vec<String> = (1..self.types).map(of).collect();
                kernel += &format!("\"{name}, a{a}\" = {{ {}, t0 = \"rest\" }}\n", list(&moves));
            }
        }
        text + &kernel
            + &format!(
                "[leader]\nactions = {{ name = \"price\", values = {:?} }}\n\
                 reward = {{ per_follower = \"if(t == 1, {}, 0)\", period = \"if(t == 1, {:?} * price, {} + {})\" }}\n\
                 [solve]\nselection = \"{}\"\ngrid = {}\n",
                self.prices,
                share.join(" + "),
                self.period,
                self.led.text(names),
                self.square.text(names),
                self.selection.word(),
                if self.types == 3 { 20 } else { 10 },
            )
    }
}

/// The game of a seed.
pub fn crowd(seed: u64) -> Crowd {
    let mut random = Random::new(0xc0de ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut number =
        |low: f64, high: f64| ((low + (high - low) * random.uniform()) * 1000.0).round() / 1000.0;
    let coupling = Coupling::ALL[seed as usize % 5];
    let types = 3 + (seed as usize / 5) % 2;
    let law = |number: &mut dyn FnMut(f64, f64) -> f64| -> Vec<f64> {
        let weights: Vec<f64> = (0..types).map(|_| number(0.01, 1.0).powi(2)).collect();
        let total: f64 = weights.iter().sum();
        let mut law: Vec<f64> = weights
            .iter()
            .map(|w| (w / total * 1000.0).floor() / 1000.0)
            .collect();
        law[0] = 1.0 - law[1..].iter().sum::<f64>();
        law
    };
    let of = (number(0.0, 0.999) * types as f64) as usize;
    let initial = law(&mut number);
    let kernel = (0..types)
        .map(|_| (0..ACTIONS).map(|_| law(&mut number)).collect())
        .collect();
    let first = (0..types)
        .map(|_| {
            (0..ACTIONS)
                .map(|_| [number(-0.3, 0.3), number(-0.3, 0.3)])
                .collect()
        })
        .collect();
    let share = (0..types)
        .map(|_| (0..ACTIONS).map(|_| number(-1.0, 1.0)).collect())
        .collect();
    let period = number(-0.3, 0.3);
    let count = 1 + (number(0.0, 0.999) * 3.0) as usize;
    let prices: Vec<f64> = (0..count.max(1 + usize::from(coupling == Coupling::Led)))
        .map(|i| i as f64 / 2.0)
        .collect();
    let mut features = Vec::new();
    let mut led = Number(0.0);
    let mut second = Vec::new();
    let at = number(0.15, 0.6);
    for _ in 0..types {
        let (c0, c1, c2) = (number(-1.0, 1.0), number(-3.0, 3.0), number(-3.0, 3.0));
        let line = sum([Number(c0), product([Number(c1), Z(of)])]);
        second.push(match coupling {
            Coupling::Smooth => sum([line, product([Number(c2), Power(Box::new(Z(of)), 2.0)])]),
            Coupling::Kinked => {
                let from = sum([Z(of), Number(-at)]);
                sum([line, product([Number(c2), Expression::Abs(Box::new(from))])])
            }
            Coupling::Threshold => {
                let threshold = Threshold {
                    of,
                    comparison: ">",
                    number: at,
                };
                Over(
                    threshold,
                    Box::new(sum([line.clone(), Number(c2 / 2.0)])),
                    Box::new(line),
                )
            }
            Coupling::Led => sum([line, product([Number(c2), Price])]),
            Coupling::Affine => {
                let others = (0..types - 1).map(|y| product([Number(number(-3.0, 3.0)), Z(y)]));
                Expression::Sum(std::iter::once(Number(c0)).chain(others).collect())
            }
        });
    }
    if matches!(coupling, Coupling::Kinked | Coupling::Threshold) {
        features.push(at);
    }
    if coupling == Coupling::Led {
        let slope = number(0.2, 1.0);
        led = product([Number(slope), Price, sum([Z(of), Number(-at)])]);
    }
    let square = Power(
        Box::new(sum([Z((of + 1) % types), Number(-number(0.0, 1.0))])),
        2.0,
    );
    let square = product([Number(number(-2.0, 2.0)), square]);
    let discount = [1.0, 0.95, 0.9][(number(0.0, 0.999) * 3.0) as usize];
    let selection = Selection::ALL[(number(0.0, 0.999) * 3.0) as usize];
    Crowd {
        coupling,
        types,
        discount,
        selection,
        initial,
        prices,
        of,
        features,
        kernel,
        first,
        share,
        period,
        second,
        led,
        square,
    }
}
