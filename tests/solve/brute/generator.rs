//! Random games of two types, by family.

use super::designed;
use super::expression::{
    Abs, Exp, Expression, Inverse, Least, Most, Number, Over, Power, Price, Threshold, Window, Z,
    product, sum,
};
use super::game::{Game, Selection, Stage};
use crate::support::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Smooth,
    Steep,
    Thresholds,
    Windows,
    Spikes,
    Kinks,
    Ties,
    NearTies,
    All,
    /// What decides is a narrow feature of V_2, placed where a prescription leads to.
    Hidden,
    /// An incentive touches zero.
    Touching,
    /// A continuum of equilibria.
    Continuum,
}

impl Family {
    pub const ALL: [Self; 12] = [
        Self::Smooth,
        Self::Steep,
        Self::Thresholds,
        Self::Windows,
        Self::Spikes,
        Self::Kinks,
        Self::Ties,
        Self::NearTies,
        Self::All,
        Self::Hidden,
        Self::Touching,
        Self::Continuum,
    ];
}

/// Draws of one game.
pub struct Draw {
    random: Random,
    pub family: Family,
    /// The type whose z formulas are in.
    of: usize,
    pub features: Vec<f64>,
}

impl Draw {
    pub fn below(&mut self, n: usize) -> usize {
        (self.random.uniform() * n as f64) as usize
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.random.uniform() < p
    }

    /// In thousandths.
    pub fn number(&mut self, low: f64, high: f64) -> f64 {
        ((low + (high - low) * self.random.uniform()) * 1000.0).round() / 1000.0
    }

    /// A place in (0, 1): in tenths, or in thousandths.
    fn place(&mut self) -> f64 {
        if self.chance(0.4) {
            (1.0 + self.below(9) as f64) / 10.0
        } else {
            self.number(0.05, 0.95)
        }
    }

    fn z(&self) -> Expression {
        Z(self.of)
    }

    /// z - c.
    fn from(&self, c: f64) -> Expression {
        sum([self.z(), Number(-c)])
    }

    fn linear(&mut self) -> Expression {
        let (c0, c1) = (self.number(-1.0, 1.0), self.number(-1.0, 1.0));
        sum([Number(c0), product([Number(c1), self.z()])])
    }

    fn threshold(&mut self, at: f64) -> Threshold {
        self.features.push(at);
        let comparison = [">", ">=", "<", "<="][self.below(4)];
        Threshold {
            of: self.of,
            comparison,
            number: at,
        }
    }

    fn width(&mut self) -> f64 {
        libm::pow(10.0, -1.0 - 2.0 * self.random.uniform())
    }

    fn family(&mut self) -> Family {
        match self.family {
            Family::All => Family::ALL[self.below(6)],
            family => family,
        }
    }

    /// One formula of the family.
    pub fn formula(&mut self) -> Expression {
        match self.family() {
            Family::Smooth => {
                let (c, k) = (self.number(-1.5, 1.5), 2.0 + self.below(2) as f64);
                let line = self.linear();
                sum([line, product([Number(c), Power(Box::new(self.z()), k)])])
            }
            Family::Steep => {
                let (c, s, at) = (
                    self.number(-1.5, 1.5),
                    [5.0, 50.0][self.below(2)],
                    self.place(),
                );
                self.features.extend([at - 4.0 / s, at, at + 4.0 / s]);
                let power = product([Number(-s), self.from(at)]);
                let logistic = Inverse(Box::new(sum([Number(1.0), Exp(Box::new(power))])));
                let line = self.linear();
                sum([line, product([Number(c), logistic])])
            }
            Family::Thresholds => {
                let at = self.place();
                let threshold = self.threshold(at);
                Over(threshold, Box::new(self.linear()), Box::new(self.linear()))
            }
            Family::Windows => {
                let from = self.place();
                let width = self.width();
                let (line, window) = (self.linear(), self.window(from, width));
                sum([line, window])
            }
            Family::Spikes => {
                let (at, width) = (self.place(), self.width());
                let (line, spike) = (self.linear(), self.spike(at, width));
                sum([line, spike])
            }
            Family::Kinks => self.kink(),
            _ => {
                let near = self.family == Family::NearTies && self.chance(0.3);
                let by = if near {
                    libm::pow(10.0, -6.0 - self.below(7) as f64)
                } else {
                    0.0
                };
                let c = self.below(3) as f64 / 2.0 + by;
                match self.below(4) {
                    0 => sum([Number(c), product([Number(0.5), self.z()])]),
                    1 => {
                        let at = (1.0 + self.below(3) as f64) / 4.0;
                        let threshold = self.threshold(at);
                        Over(threshold, Box::new(Number(c)), Box::new(Number(0.5)))
                    }
                    _ => Number(c),
                }
            }
        }
    }

    /// A number on an interval that begins here, 0 elsewhere.
    fn window(&mut self, from: f64, width: f64) -> Expression {
        let c = self.number(-1.5, 1.5);
        let to = ((from + width) * 1e5).round() / 1e5;
        self.features.extend([from, to]);
        let above = [">", ">="][self.below(2)];
        let below = ["<", "<="][self.below(2)];
        let of = self.of;
        let window = Window(
            Threshold {
                of,
                comparison: above,
                number: from,
            },
            Threshold {
                of,
                comparison: below,
                number: to,
            },
        );
        product([Number(c), window])
    }

    /// A tent or a Gaussian bump.
    fn spike(&mut self, at: f64, width: f64) -> Expression {
        let c = self.number(-1.5, 1.5);
        let width = (width * 1e5).round() / 1e5;
        for by in [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0] {
            self.features.extend([at - by * width, at + by * width]);
        }
        let scaled = product([self.from(at), Number(1.0 / width)]);
        let spike = if self.chance(0.5) {
            let tent = sum([Number(1.0), product([Number(-1.0), Abs(Box::new(scaled))])]);
            Most(vec![Number(0.0), tent])
        } else {
            let square = Power(Box::new(scaled), 2.0);
            Exp(Box::new(product([Number(-1.0), square])))
        };
        product([Number(c), spike])
    }

    /// A window or a spike that holds a point.
    pub fn feature(&mut self, at: f64) -> Expression {
        let width = self.width();
        if self.chance(0.4) {
            self.window(((at - 0.3 * width) * 1e5).round() / 1e5, width)
        } else {
            let off = self.number(-0.5, 0.5);
            self.spike(((at + off * width) * 1e5).round() / 1e5, width)
        }
    }

    fn kink(&mut self) -> Expression {
        let (at, c) = (self.place(), self.number(-1.5, 1.5));
        self.features.push(at);
        let line = self.linear();
        let from = Box::new(self.from(at));
        let kink = match self.below(6) {
            0 => Abs(from),
            1 => Power(Box::new(Abs(from)), 0.5),
            2 => Power(Box::new(self.z()), 0.5),
            3 => Power(Box::new(self.z()), 1.5),
            4 => return Most(vec![line, self.linear()]),
            _ => return Least(vec![line, self.linear()]),
        };
        sum([line, product([Number(c), kink])])
    }

    pub fn reward(&mut self, priced: bool, unit: f64) -> Expression {
        let mut formula = self.formula();
        if priced && self.chance(0.5) {
            let c = if matches!(self.family, Family::Ties | Family::NearTies) {
                0.5
            } else {
                self.number(-1.0, 1.0)
            };
            formula = sum([formula, product([Number(c), Price])]);
        }
        formula.times(unit)
    }

    /// A probability; without z where z' has to be one of few.
    fn kernel(&mut self, priced: bool) -> Expression {
        if matches!(self.family, Family::Ties | Family::NearTies) {
            return Number(self.below(5) as f64 / 4.0);
        }
        let p = self.number(0.0, 1.0);
        match self.below(5) {
            0 => Number([0.0, 1.0][self.below(2)]),
            1 => {
                let c = self.number(-0.8, 0.8);
                let line = sum([Number(p), product([Number(c), self.z()])]);
                Most(vec![Number(0.0), Least(vec![Number(1.0), line])])
            }
            2 => {
                let c = self.number(-0.5, 0.5);
                let moved = product([Number(c), self.formula()]);
                let moved = if priced {
                    sum([moved, product([Number(0.2), Price])])
                } else {
                    moved
                };
                Most(vec![
                    Number(0.0),
                    Least(vec![Number(1.0), sum([Number(p), moved])]),
                ])
            }
            _ => Number(p),
        }
    }

    fn stage(&mut self, shape: &Shape) -> Stage {
        let priced = !shape.prices.is_empty();
        let rows = |draw: &mut Self, unit: f64| {
            [0, 1].map(|_| {
                (0..shape.actions)
                    .map(|_| draw.reward(priced, unit))
                    .collect()
            })
        };
        let (reward, share) = (rows(self, shape.units[0]), rows(self, shape.units[1]));
        let period = self.reward(priced, shape.units[1]);
        let kernel = [0, 1].map(|_| {
            // Where nobody moves z' it is finite whatever is played.
            let one = self.kernel(priced);
            (0..shape.actions)
                .map(|_| {
                    if shape.still {
                        one.clone()
                    } else {
                        self.kernel(priced)
                    }
                })
                .collect()
        });
        Stage {
            kernel,
            reward,
            share,
            period,
        }
    }
}

struct Shape {
    actions: usize,
    prices: Vec<f64>,
    units: [f64; 2],
    still: bool,
}

/// The game of a seed: mostly of two periods, some of three, and of four where z' takes few values.
pub fn game(seed: u64) -> (Family, Game) {
    let family = Family::ALL[seed as usize % Family::ALL.len()];
    let mut draw = Draw {
        random: Random::new(0xb407e ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        family,
        of: 1,
        features: Vec::new(),
    };
    match family {
        Family::Hidden => return (family, designed::hidden(&mut draw)),
        Family::Touching => return (family, designed::touching(&mut draw)),
        Family::Continuum => return (family, designed::continuum(&mut draw)),
        _ => {}
    }
    // Formulas in z of the first type, too.
    draw.of = usize::from(!draw.chance(0.15));
    let horizon = [2, 2, 2, 2, 2, 2, 3, 4, 2, 2][draw.below(10)];
    let still = horizon == 4;
    let terminal = horizon != 3 && draw.chance(0.3);
    let large = horizon == 2 && !terminal && draw.chance(0.25);
    let actions = if large {
        1 + draw.below(4)
    } else {
        2 + draw.below(2)
    };
    let count = if large { draw.below(9) } else { draw.below(4) };
    let prices = (0..count).map(|i| i as f64 / 4.0).collect();
    let mut unit = || {
        let scaled = draw.chance(0.5);
        let power = draw.below(19) as f64 - 9.0;
        if scaled {
            format!("1e{power}").parse().expect("a number")
        } else {
            1.0
        }
    };
    let units = [unit(), unit()];
    let shape = Shape {
        actions,
        prices,
        units,
        still,
    };
    let varied = draw.chance(0.4);
    let stages = (0..if varied { horizon } else { 1 })
        .map(|_| draw.stage(&shape))
        .collect();
    let terminal = terminal.then(|| [0, 1].map(|_| draw.reward(false, shape.units[0])));
    let initial = match draw.below(8) {
        0 => [0.0, 1.0][draw.below(2)],
        1..3 => (1.0 + draw.below(9) as f64) / 10.0,
        _ => draw.number(0.0, 1.0),
    };
    if draw.of == 0 {
        draw.features.iter_mut().for_each(|c| *c = 1.0 - *c);
    }
    let game = Game {
        horizon,
        discount: [1.0, 0.95, 0.9, 0.5][draw.below(4)],
        selection: Selection::ALL[draw.below(3)],
        initial,
        prices: shape.prices,
        actions,
        stages,
        terminal,
        features: draw.features,
    };
    (family, game)
}
