//! A random game of two types, lo and hi, as expressions in m = z[hi]; its text, and its values at a point.

use super::expression::{Expression, Point, mix};
use std::cell::Cell;
use std::fmt::Write;

pub const NAMES: [&str; 2] = ["lo", "hi"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    Optimistic,
    Pessimistic,
    Welfare,
}

impl Selection {
    pub const ALL: [Self; 3] = [Self::Optimistic, Self::Pessimistic, Self::Welfare];

    pub fn word(self) -> &'static str {
        match self {
            Self::Optimistic => "optimistic",
            Self::Pessimistic => "pessimistic",
            Self::Welfare => "welfare",
        }
    }
}

/// What is paid and where one moves in a period; of each type, then of each action.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The probability of being hi next.
    pub kernel: [Vec<Expression>; 2],
    pub reward: [Vec<Expression>; 2],
    /// Of the leader, for each follower.
    pub share: [Vec<Expression>; 2],
    pub period: Expression,
}

#[derive(Clone, Debug)]
pub struct Game {
    pub horizon: usize,
    pub discount: f64,
    pub selection: Selection,
    /// z_1[hi].
    pub initial: f64,
    /// The leader's actions; none without a leader.
    pub prices: Vec<f64>,
    pub actions: usize,
    /// Of t = 1, ..., T; one alone for all.
    pub stages: Vec<Stage>,
    pub terminal: Option<[Expression; 2]>,
    /// Places in [0, 1] where a formula does something.
    pub features: Vec<f64>,
}

/// All numbers of one stage at (m, the leader's action).
pub struct Numbers {
    pub kernel: [Vec<f64>; 2],
    pub reward: [Vec<f64>; 2],
    pub share: [Vec<f64>; 2],
    pub period: f64,
    pub regime: u64,
}

impl Game {
    pub fn stage(&self, t: usize) -> &Stage {
        &self.stages[(t - 1).min(self.stages.len() - 1)]
    }

    pub fn leader_actions(&self) -> usize {
        self.prices.len().max(1)
    }

    pub fn numbers(&self, t: usize, m: f64, l: usize) -> Numbers {
        let (regime, z) = (Cell::new(l as u64), [1.0 - m, m]);
        let price = self.prices.get(l).copied().unwrap_or(0.0);
        let point = Point {
            z: &z,
            price,
            regime: &regime,
        };
        let stage = self.stage(t);
        let of = |rows: &[Vec<Expression>; 2]| {
            [0, 1].map(|x| rows[x].iter().map(|e| e.at(&point)).collect::<Vec<f64>>())
        };
        let (kernel, reward, mut share) = (of(&stage.kernel), of(&stage.reward), of(&stage.share));
        let mut period = stage.period.at(&point);
        if self.prices.is_empty() {
            share.iter_mut().for_each(|row| row.fill(0.0));
            period = 0.0;
        }
        Numbers {
            kernel,
            reward,
            share,
            period,
            regime: regime.get(),
        }
    }

    /// The terminal reward, and its regime.
    pub fn ending(&self, m: f64) -> ([f64; 2], u64) {
        let (regime, z) = (Cell::new(17), [1.0 - m, m]);
        let point = Point {
            z: &z,
            price: 0.0,
            regime: &regime,
        };
        let paid = self
            .terminal
            .as_ref()
            .map_or([0.0; 2], |of| [0, 1].map(|x| of[x].at(&point)));
        (paid, mix(regime.get(), 1))
    }

    /// The range of what followers, and the leader, can earn in all periods.
    pub fn ranges(&self) -> [f64; 2] {
        let mut places: Vec<f64> = (0..=200).map(|i| i as f64 / 200.0).collect();
        places.extend(&self.features);
        let mut ranges = [0.0; 2];
        for t in 1..=self.horizon {
            let mut ends = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
            let mut widen = |player: usize, v: f64| {
                ends[player] = [ends[player][0].min(v), ends[player][1].max(v)];
            };
            for m in &places {
                for l in 0..self.leader_actions() {
                    let n = self.numbers(t, *m, l);
                    for x in 0..2 {
                        n.reward[x].iter().for_each(|v| widen(0, *v));
                        n.share[x].iter().for_each(|v| widen(1, n.period + v));
                    }
                }
            }
            for player in 0..2 {
                ranges[player] += ends[player][1] - ends[player][0];
            }
        }
        let last = places.iter().flat_map(|m| self.ending(*m).0);
        let ends = last.fold([f64::INFINITY, f64::NEG_INFINITY], |e, v| {
            [e[0].min(v), e[1].max(v)]
        });
        ranges[0] += ends[1] - ends[0];
        ranges.map(|r| if r > 0.0 { r } else { 1.0 })
    }

    /// A formula that is one per period.
    fn by_period(&self, of: impl Fn(&Stage) -> String) -> String {
        let mut text = of(&self.stages[self.stages.len() - 1]);
        for (i, stage) in self.stages.iter().enumerate().rev().skip(1) {
            text = format!("if(t == {}, {}, {text})", i + 1, of(stage));
        }
        text
    }

    /// The game as a scenario.
    pub fn text(&self) -> String {
        let actions: Vec<String> = (0..self.actions).map(|a| format!("\"a{a}\"")).collect();
        let (mut text, actions) = (String::new(), actions.join(", "));
        let mut line = |s: String| {
            text.push_str(&s);
            text.push('\n');
        };
        line(format!(
            "name = \"brute\"\nhorizon = {}\ndiscount = {:?}\nseed = 1",
            self.horizon, self.discount
        ));
        line(format!(
            "[follower]\ntypes = [\"lo\", \"hi\"]\nactions = [{actions}]"
        ));
        line(format!(
            "initial = [{:?}, {:?}]",
            1.0 - self.initial,
            self.initial
        ));
        if let Some(of) = &self.terminal {
            let [lo, hi] = [0, 1].map(|x| of[x].text(&NAMES));
            line(format!("terminal = \"if(x == lo, {lo}, {hi})\""));
        }
        line("[follower.reward]".into());
        let cells = || (0..2).flat_map(|x| (0..self.actions).map(move |a| (x, a)));
        for (x, a) in cells() {
            let formula = self.by_period(|s| s.reward[x][a].text(&NAMES));
            line(format!("\"{}, a{a}\" = \"{formula}\"", NAMES[x]));
        }
        line("[follower.transition]".into());
        for (x, a) in cells() {
            let formula = self.by_period(|s| s.kernel[x][a].text(&NAMES));
            line(format!(
                "\"{}, a{a}\" = {{ hi = \"{formula}\", lo = \"rest\" }}",
                NAMES[x]
            ));
        }
        if !self.prices.is_empty() {
            let mut share = String::new();
            for (x, a) in cells() {
                let formula = self.by_period(|s| s.share[x][a].text(&NAMES));
                let plus = if share.is_empty() { "" } else { " + " };
                write!(
                    share,
                    "{plus}(x == {}) * (a == a{a}) * ({formula})",
                    NAMES[x]
                )
                .expect("a string");
            }
            let period = self.by_period(|s| s.period.text(&NAMES));
            line(format!(
                "[leader]\nactions = {{ name = \"price\", values = {:?} }}",
                self.prices
            ));
            line(format!(
                "reward = {{ per_follower = \"{share}\", period = \"{period}\" }}"
            ));
        }
        line(format!(
            "[solve]\nselection = \"{}\"",
            self.selection.word()
        ));
        text
    }
}
