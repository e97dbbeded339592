//! The recursion from its definition: V_t at a point is the stage game solved there, each continuation that it needs
//! solved in the same way at its own z'. Nothing is interpolated.
//!
//! With m' = z'[hi] and D = V_{t+1}(hi) - V_{t+1}(lo), a type that mixes over two actions is indifferent where D(m') = d.
//! Roots are looked for in a dense scan of D, and bisected. What the scan can miss is a pair of roots between two samples of
//! one regime with no extremum of D seen in between.

use super::expression::mix;
use super::game::{Game, Numbers, Selection};
use super::table::{Sample, Table, golden};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Relative to the range of the rewards: equal but for rounding; and what is too close to call.
const EQUAL: f64 = 1e-12;
const CLOSE: f64 = 1e-9;

/// V_t at a point.
#[derive(Clone, Copy, Debug, Default)]
pub struct Value {
    pub follower: [f64; 2],
    pub leader: f64,
    /// A choice on the way was too close to call.
    pub close: bool,
    /// A continuum of more than one dimension, or nothing found: no value.
    pub open: bool,
    pub lottery: bool,
    /// Which formulas' branches, actions and supports it comes from.
    pub regime: u64,
}

pub struct Solver<'g> {
    game: &'g Game,
    /// Of the followers' and the leader's rewards.
    pub ranges: [f64; 2],
    /// V_2, ..., V_{T+1}, where a type's action moves z'.
    tables: Vec<Option<Table>>,
    memo: Vec<RefCell<BTreeMap<u64, Value>>>,
}

/// One equilibrium, or what may be one.
struct Found {
    /// gamma(a_1 | x_1), gamma(a_2 | x_1), ...
    gamma: Vec<f64>,
    value: Value,
    supported: bool,
    doubtful: bool,
}

/// How far an action is from the best.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Loss {
    None,
    Close,
    Real,
}

impl<'g> Solver<'g> {
    pub fn new(game: &'g Game, cells: usize) -> Self {
        let memo = (0..=game.horizon + 1).map(|_| RefCell::default()).collect();
        let tables = (0..=game.horizon + 1).map(|_| None).collect();
        let mut solver = Self {
            game,
            ranges: game.ranges(),
            tables,
            memo,
        };
        for t in (1..=game.horizon).rev() {
            let later = t < game.horizon || game.terminal.is_some();
            if later && solver.moved(t) {
                let table = Table::scan(&|m| solver.value(t + 1, m), cells, &game.features);
                solver.tables[t + 1] = Some(table);
            }
        }
        solver
    }

    /// Whether what a type does in period t moves z'.
    fn moved(&self, t: usize) -> bool {
        let mut places = self.game.features.clone();
        places.extend((0..=50).map(|i| f64::from(i) / 50.0));
        places.push(self.game.initial);
        places.iter().any(|m| {
            (0..self.game.leader_actions()).any(|l| {
                let n = self.game.numbers(t, *m, l);
                n.kernel.iter().any(|row| row.iter().any(|p| *p != row[0]))
            })
        })
    }

    pub fn value(&self, t: usize, m: f64) -> Value {
        if t > self.game.horizon {
            let (follower, regime) = self.game.ending(m);
            return Value {
                follower,
                regime,
                ..Value::default()
            };
        }
        if let Some(value) = self.memo[t].borrow().get(&m.to_bits()) {
            return *value;
        }
        let value = self.leader(t, m);
        self.memo[t].borrow_mut().insert(m.to_bits(), value);
        value
    }

    /// (15c): the first of the leader's best actions.
    fn leader(&self, t: usize, m: f64) -> Value {
        let answers: Vec<Value> = (0..self.game.leader_actions())
            .map(|l| self.answer(t, m, l))
            .collect();
        let best = answers
            .iter()
            .map(|v| v.leader)
            .fold(f64::NEG_INFINITY, f64::max);
        let behind = |v: &Value| (best - v.leader) / self.ranges[1];
        let first = answers
            .iter()
            .position(|v| behind(v) <= 10.0 * EQUAL)
            .unwrap_or(0);
        let mut value = answers[first];
        value.close |= answers.iter().any(|v| {
            let rival = behind(v) > 10.0 * EQUAL && behind(v) < CLOSE;
            rival && self.differ(v, &value) || v.close
        });
        value.open |= answers.iter().any(|v| v.open);
        value.regime = mix(value.regime, first as u64 + 101);
        value
    }

    fn differ(&self, a: &Value, b: &Value) -> bool {
        let followers = [0, 1].map(|x| (a.follower[x] - b.follower[x]).abs() / self.ranges[0]);
        let leader = (a.leader - b.leader).abs() / self.ranges[1];
        followers[0].max(followers[1]).max(leader) > 1e-7
    }

    /// The followers' selected answer to one action of the leader.
    fn answer(&self, t: usize, m: f64, l: usize) -> Value {
        let stage = Stage {
            solver: self,
            t,
            m,
            numbers: self.game.numbers(t, m, l),
        };
        let (mut found, mut open) = (Vec::new(), false);
        stage.pure(&mut found);
        for mixer in 0..2 {
            if stage.mass(mixer) > 0.0 {
                open |= stage.mixed(mixer, &mut found);
            }
        }
        let sure: Vec<&Found> = found.iter().filter(|f| !f.doubtful).collect();
        let all: Vec<&Found> = found.iter().collect();
        let Some(mut value) = self.select(&sure, m) else {
            let other = self.select(&all, m).unwrap_or_default();
            return Value {
                open: true,
                ..other
            };
        };
        if sure.len() < all.len() {
            value.close |= self
                .select(&all, m)
                .is_none_or(|other| self.differ(&other, &value));
        }
        value.open |= open;
        value.regime = mix(value.regime, stage.numbers.regime);
        value
    }

    fn criterion(&self, value: &Value, m: f64) -> f64 {
        let [followers, leader] = self.ranges;
        match self.game.selection {
            Selection::Optimistic => value.leader / leader,
            Selection::Pessimistic => -value.leader / leader,
            Selection::Welfare => {
                ((1.0 - m) * value.follower[0] + m * value.follower[1]) / followers
            }
        }
    }

    /// Supported before lotteries, then the criterion, then the lexicographic order.
    fn select(&self, found: &[&Found], m: f64) -> Option<Value> {
        let any = found.iter().any(|f| f.supported);
        let found: Vec<&&Found> = found.iter().filter(|f| f.supported == any).collect();
        let criteria: Vec<f64> = found.iter().map(|f| self.criterion(&f.value, m)).collect();
        let best = criteria.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let tied = found
            .iter()
            .zip(&criteria)
            .filter(|(_, c)| best - **c <= 10.0 * EQUAL);
        let order = |a: &Found, b: &Found| {
            let pairs = a.gamma.iter().zip(&b.gamma);
            let mut apart = pairs.filter(|(p, q)| (*p - *q).abs() > 1e-9);
            apart
                .next()
                .map_or(std::cmp::Ordering::Equal, |(p, q)| p.total_cmp(q))
        };
        let (chosen, _) = tied.max_by(|(a, _), (b, _)| order(a, b))?;
        let mut value = chosen.value;
        for (rival, criterion) in found.iter().zip(&criteria) {
            let behind = best - criterion;
            let close = behind > 10.0 * EQUAL && behind < CLOSE;
            value.close |= close && self.differ(&rival.value, &value) || rival.value.close;
            value.open |= rival.value.open;
        }
        Some(value)
    }
}

/// The followers' game at (t, m, the leader's action).
struct Stage<'s, 'g> {
    solver: &'s Solver<'g>,
    t: usize,
    m: f64,
    numbers: Numbers,
}

/// One type mixes over two actions, the other's is fixed.
struct Mix {
    mixer: usize,
    pair: [usize; 2],
    other: usize,
    /// m' of the first action, and of the second.
    ends: [f64; 2],
    /// Of the incentive, per unit of D.
    hold: f64,
    d: f64,
}

impl Stage<'_, '_> {
    fn mass(&self, x: usize) -> f64 {
        [1.0 - self.m, self.m][x]
    }

    fn later(&self, m: f64) -> Value {
        self.solver.value(self.t + 1, m)
    }

    /// m' of a prescription by each type's probability of hi.
    fn next(&self, go: [f64; 2]) -> f64 {
        self.mass(0) * go[0] + self.mass(1) * go[1]
    }

    /// U_x(a) against a continuation.
    fn payoff(&self, x: usize, a: usize, later: &[f64; 2]) -> f64 {
        let p = self.numbers.kernel[x][a];
        let expected = if p == 0.0 {
            later[0]
        } else if p == 1.0 {
            later[1]
        } else {
            (1.0 - p) * later[0] + p * later[1]
        };
        self.numbers.reward[x][a] + self.solver.game.discount * expected
    }

    fn best(&self, x: usize, later: &[f64; 2]) -> f64 {
        let payoffs = (0..self.solver.game.actions).map(|a| self.payoff(x, a, later));
        payoffs.fold(f64::NEG_INFINITY, f64::max)
    }

    fn loss(&self, x: usize, a: usize, later: &[f64; 2]) -> Loss {
        let lost = (self.best(x, later) - self.payoff(x, a, later)) / self.solver.ranges[0];
        if lost <= EQUAL {
            Loss::None
        } else if lost < CLOSE {
            Loss::Close
        } else {
            Loss::Real
        }
    }

    /// A type of mass zero moves nothing: its lowest best response.
    fn lowest(&self, x: usize, later: &[f64; 2]) -> usize {
        let mut actions = 0..self.solver.game.actions;
        actions
            .find(|a| self.loss(x, *a, later) == Loss::None)
            .unwrap_or(0)
    }

    /// An equilibrium by each type's law of actions, and the continuation.
    fn record(&self, rows: [Vec<f64>; 2], later: &Value, kind: u64) -> Found {
        let game = self.solver.game;
        let mut value = Value {
            regime: mix(later.regime, kind),
            ..*later
        };
        value.leader = self.numbers.period + game.discount * later.leader;
        for x in 0..2 {
            value.follower[x] = self.best(x, &later.follower);
            for a in 0..game.actions {
                value.leader += self.mass(x) * rows[x][a] * self.numbers.share[x][a];
                if rows[x][a] > 0.0 {
                    value.regime = mix(value.regime, (x * 10 + a) as u64);
                }
            }
        }
        Found {
            gamma: rows.concat(),
            value,
            supported: true,
            doubtful: false,
        }
    }

    fn row(&self, a: usize) -> Vec<f64> {
        (0..self.solver.game.actions)
            .map(|b| f64::from(u8::from(a == b)))
            .collect()
    }

    fn pure(&self, found: &mut Vec<Found>) {
        let actions = self.solver.game.actions;
        for a in 0..actions * actions {
            let mut profile = [a / actions, a % actions];
            if [0, 1]
                .iter()
                .any(|x| self.mass(*x) == 0.0 && profile[*x] != 0)
            {
                continue;
            }
            let next = self.next([0, 1].map(|x| self.numbers.kernel[x][profile[x]]));
            let later = self.later(next);
            for x in 0..2 {
                if self.mass(x) == 0.0 {
                    profile[x] = self.lowest(x, &later.follower);
                }
            }
            let losses = [0, 1].map(|x| self.loss(x, profile[x], &later.follower));
            let worst = if losses[0] > losses[1] {
                losses[0]
            } else {
                losses[1]
            };
            if worst != Loss::Real {
                let mut one = self.record(profile.map(|a| self.row(a)), &later, 1);
                one.doubtful = worst == Loss::Close;
                found.push(one);
            }
        }
    }

    /// All with one mixing type; whether a continuum has more dimensions than one.
    fn mixed(&self, mixer: usize, found: &mut Vec<Found>) -> bool {
        let actions = self.solver.game.actions;
        let mut open = false;
        for first in 0..actions {
            for second in first + 1..actions {
                for other in 0..actions {
                    if self.mass(1 - mixer) == 0.0 && other > 0 {
                        continue;
                    }
                    let go = |a: usize, b: usize| {
                        let kernel = &self.numbers.kernel;
                        self.next(if mixer == 0 {
                            [kernel[0][a], kernel[1][b]]
                        } else {
                            [kernel[0][b], kernel[1][a]]
                        })
                    };
                    let reward = &self.numbers.reward[mixer];
                    let kernel = &self.numbers.kernel[mixer];
                    let hold = self.solver.game.discount * (kernel[second] - kernel[first]);
                    let one = Mix {
                        mixer,
                        pair: [first, second],
                        other,
                        ends: [go(first, other), go(second, other)],
                        hold,
                        d: -(reward[second] - reward[first]) / hold,
                    };
                    if hold.abs() > 1e-14 && one.ends[0] != one.ends[1] {
                        open |= self.walk(&one, found);
                    }
                }
            }
        }
        open
    }

    /// The prescription that leads to m', and what is lost by it.
    fn at(&self, mix: &Mix, m: f64, later: &Value, kind: u64) -> Option<Found> {
        let share = (m - mix.ends[0]) / (mix.ends[1] - mix.ends[0]);
        let mut row = self.row(mix.pair[0]);
        row[mix.pair[0]] = 1.0 - share;
        row[mix.pair[1]] = share;
        let y = 1 - mix.mixer;
        let other = if self.mass(y) == 0.0 {
            self.lowest(y, &later.follower)
        } else {
            mix.other
        };
        let losses = [
            self.loss(y, other, &later.follower),
            self.loss(mix.mixer, mix.pair[0], &later.follower),
        ];
        let worst = if losses[0] > losses[1] {
            losses[0]
        } else {
            losses[1]
        };
        let rows = if y == 0 {
            [self.row(other), row]
        } else {
            [row, self.row(other)]
        };
        let mut one = self.record(rows, later, kind);
        one.doubtful = worst == Loss::Close;
        (worst != Loss::Real).then_some(one)
    }

    fn walk(&self, one: &Mix, found: &mut Vec<Found>) -> bool {
        let Some(table) = &self.solver.tables[self.t + 1] else {
            return false;
        };
        let (lo, hi) = (one.ends[0].min(one.ends[1]), one.ends[0].max(one.ends[1]));
        let unit = self.solver.ranges[0] / one.hold.abs();
        let (equal, close) = (EQUAL * unit, CLOSE * unit);
        let sample = |m: f64| Sample {
            m,
            value: self.later(m),
        };
        let (mut open, mut last) = (false, f64::NEG_INFINITY);
        let mut ranges = table.near(lo, hi, one.d, close);
        let inner = |[from, to]: &[usize; 2]| table.samples[*from..*to].to_vec();
        let mut runs: Vec<Vec<Sample>> = ranges.drain(..).map(|r| inner(&r)).collect();
        // The ends belong to the runs that reach them; alone they make one where nothing lies between.
        let (first, end) = (sample(lo), sample(hi));
        let before = table.samples.iter().filter(|s| s.m > lo && s.m < hi);
        let mut before = before.peekable();
        match before.peek() {
            None => runs = vec![vec![first, end]],
            Some(start) => {
                let start = **start;
                runs.push(vec![first, start]);
                let all = table.samples.partition_point(|s| s.m < hi);
                runs.push(vec![table.samples[all - 1], end]);
                runs.sort_by(|a, b| a[0].m.total_cmp(&b[0].m));
                // Join what touches, so that a continuum is whole.
                let mut joined: Vec<Vec<Sample>> = Vec::new();
                for run in runs {
                    match joined.last_mut() {
                        Some(previous) if previous[previous.len() - 1].m >= run[0].m => {
                            let after = previous[previous.len() - 1].m;
                            previous.extend(run.into_iter().filter(|s| s.m > after));
                        }
                        _ => joined.push(run),
                    }
                }
                runs = joined;
            }
        }
        for run in &runs {
            let mut i = 0;
            while i + 1 < run.len() {
                let near = |j: usize, within: f64| (run[j].d() - one.d).abs() <= within;
                // A continuum: the incentive vanishes on an interval.
                let mut j = i;
                while j < run.len() && near(j, equal) {
                    j += 1;
                }
                if j > i + 1 && run[j - 1].m - run[i].m > 1e-7 {
                    open |= self.continuum(one, &run[i..j], &sample, found);
                    i = j - 1;
                    if i + 1 >= run.len() {
                        break;
                    }
                } else {
                    self.touch(one, run, i, close, equal, found);
                }
                let (a, b) = (run[i], run[i + 1]);
                if (a.d() < one.d) != (b.d() < one.d) && !(j > i + 1 && near(i, equal)) {
                    self.cross(one, [a, b], &sample, &mut last, found);
                }
                i += 1;
            }
        }
        open
    }

    /// A sign change between two samples: a root, or a jump.
    fn cross(
        &self,
        one: &Mix,
        [mut a, mut b]: [Sample; 2],
        sample: &dyn Fn(f64) -> Sample,
        last: &mut f64,
        found: &mut Vec<Found>,
    ) {
        let below = a.d() < one.d;
        let unit = self.solver.ranges[0] / one.hold.abs();
        // Bisection, with a secant's guess in between to end early where D is smooth.
        for step in 0.. {
            let share = if step % 2 == 0 {
                (one.d - a.d()) / (b.d() - a.d())
            } else {
                0.5
            };
            let mut middle = a.m + share * (b.m - a.m);
            if middle <= a.m || middle >= b.m {
                middle = 0.5 * (a.m + b.m);
            }
            if middle <= a.m || middle >= b.m {
                break;
            }
            let middle = sample(middle);
            if (middle.d() - one.d).abs() <= 1e-15 * unit {
                (a, b) = (middle, middle);
                break;
            }
            if (middle.d() < one.d) == below {
                a = middle;
            } else {
                b = middle;
            }
        }
        if (a.m - *last).abs() < 1e-11 {
            return;
        }
        *last = a.m;
        let inside = |m: f64| {
            let share = (m - one.ends[0]) / (one.ends[1] - one.ends[0]);
            share > 1e-12 && share < 1.0 - 1e-12
        };
        if !inside(a.m) {
            return;
        }
        // Where D is steep one step of m' moves it: at 1e4 ranges per unit of m' by 1e-12.
        if (a.d() - b.d()).abs() <= 1e-7 * unit.max(self.solver.ranges[0]) {
            let nearer = if (a.d() - one.d).abs() <= (b.d() - one.d).abs() {
                a
            } else {
                b
            };
            let mut later = nearer.value;
            // Exactly indifferent: V moved along the step to D = d.
            let w = if a.m == b.m {
                0.0
            } else {
                ((one.d - a.d()) / (b.d() - a.d())).clamp(0.0, 1.0)
            };
            for x in 0..2 {
                later.follower[x] = (1.0 - w) * a.value.follower[x] + w * b.value.follower[x];
            }
            later.leader = (1.0 - w) * a.value.leader + w * b.value.leader;
            if (a.value.leader - b.value.leader).abs() > 1e-7 * self.solver.ranges[1] {
                later.leader = nearer.value.leader;
                later.close = true;
            }
            found.extend(self.at(one, nearer.m, &later, 2));
            return;
        }
        let w = (one.d - a.d()) / (b.d() - a.d());
        let mut later = a.value;
        for x in 0..2 {
            later.follower[x] = (1.0 - w) * a.value.follower[x] + w * b.value.follower[x];
        }
        later.leader = (1.0 - w) * a.value.leader + w * b.value.leader;
        later.lottery = true;
        // On both sides of a jump the choice that makes it is close.
        later.close = false;
        if let Some(mut lottery) = self.at(one, a.m, &later, 3) {
            lottery.supported = false;
            found.push(lottery);
        }
    }

    /// An extremum of D at d: one equilibrium if it is there but for rounding, a doubt if it is close.
    fn touch(
        &self,
        one: &Mix,
        run: &[Sample],
        i: usize,
        close: f64,
        equal: f64,
        found: &mut Vec<Found>,
    ) {
        if i == 0 || i + 1 >= run.len() {
            return;
        }
        let away = |j: usize| run[j].d() - one.d;
        let (left, here, right) = (away(i - 1), away(i), away(i + 1));
        let nearest = here.abs() <= left.abs() && here.abs() <= right.abs();
        let crossed = (left < 0.0) != (right < 0.0);
        let share = (run[i].m - one.ends[0]) / (one.ends[1] - one.ends[0]);
        if nearest && !crossed && here.abs() <= close && share > 1e-12 && share < 1.0 - 1e-12 {
            if let Some(mut touching) = self.at(one, run[i].m, &run[i].value, 4) {
                touching.doubtful |= here.abs() > equal;
                found.push(touching);
            }
        }
    }

    /// D = d on an interval: its ends, and the best by the criterion inside.
    fn continuum(
        &self,
        one: &Mix,
        run: &[Sample],
        sample: &dyn Fn(f64) -> Sample,
        found: &mut Vec<Found>,
    ) -> bool {
        let later = &run[run.len() / 2].value.follower;
        let y = 1 - one.mixer;
        let rival = |x: usize, a: usize| self.loss(x, a, later) != Loss::Real;
        let actions = 0..self.solver.game.actions;
        let third = actions
            .clone()
            .any(|a| !one.pair.contains(&a) && rival(one.mixer, a));
        let open =
            third || self.mass(y) > 0.0 && actions.clone().any(|a| a != one.other && rival(y, a));
        if self.at(one, run[0].m, &run[0].value, 5).is_none() {
            return false;
        }
        let height = |s: &Sample| {
            let one = self.at(one, s.m, &s.value, 5);
            one.map_or(f64::NEG_INFINITY, |f| {
                self.solver.criterion(&f.value, self.m)
            })
        };
        let heights: Vec<f64> = run.iter().map(height).collect();
        let highest = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut kept = vec![run[0], run[run.len() - 1]];
        for i in 0..run.len() {
            if heights[i] >= highest - 1e-4 && (i == 0 || heights[i - 1] <= heights[i]) {
                kept.push(run[i]);
                let (from, to) = (run[i.saturating_sub(1)], run[(i + 1).min(run.len() - 1)]);
                // A plateau needs no search.
                if heights[i] > heights[i.saturating_sub(1)]
                    || heights[i] > heights[(i + 1).min(run.len() - 1)]
                {
                    kept.push(golden(sample, from.m, to.m, &height));
                }
            }
        }
        found.extend(kept.iter().filter_map(|s| self.at(one, s.m, &s.value, 5)));
        open
    }
}
