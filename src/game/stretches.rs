//! Where the formulas of a game with two follower types are smooth in m = z(x_2), proven by enclosures.
//!
//! \[0, 1\] is halved until on every part every kernel entry and reward is smooth, with a jet that says so, and is a line to
//! within [`BEND`] of its range: no spike between two points of this mesh is higher. What stays undecided at the width of
//! rounding is a *break*: a comparison that turns, a corner, a root. A stretch between two breaks is smooth as a whole. Where
//! code reads z its jets are estimates: breaks are found by its values, and every stretch counts as unproven.

use super::jet::Jet;
use super::program::{Program, Slot};
use super::{Game, LeaderInformation};
use crate::stats::Interval;

/// How far a formula may be from a line on one part of the mesh, in its range.
const BEND: f64 = 0.01;
/// No narrower part is divided: a few units in the last place of m.
const NARROW: f64 = 1e-15;
/// Parts narrower than this are not divided for their bend.
const FINE: f64 = 1e-6;
/// How far on both sides of the end of a part it is looked for a break on the end itself.
const ACROSS: f64 = 1e-9;
/// A break is wider than this only if formulas are undecided on a whole interval.
const BREAK: f64 = 1e-13;
/// Parts by which the ranges of formulas are known.
const PARTS: usize = 64;
/// Parts that are looked at, at most.
const MOST_PARTS: usize = 40_000;

/// A point at which some formula may jump or have a corner, with the interval around it that is undecided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Break {
    pub lo: f64,
    /// The point itself, as exactly as it is known.
    pub at: f64,
    pub hi: f64,
}

/// What is computed beside a break stands this far outside of where it is undecided.
const BESIDE: f64 = 5e-15;

impl Break {
    /// A point before the break, and one after it: formulas are smooth from either on.
    pub fn sides(&self) -> [f64; 2] {
        [self.lo.min(self.at) - BESIDE, self.hi.max(self.at) + BESIDE]
    }
}

/// An interval without the breaks at its ends, where these do not take up all of it: what is smooth between them is smooth
/// from their sides on.
pub(crate) fn clear_of(breaks: &[Break], [lo, hi]: [f64; 2]) -> [f64; 2] {
    let at = |m: f64| breaks.iter().find(|b| b.at == m).map(Break::sides);
    let clear = [
        at(lo).map_or(lo, |[_, after]| after),
        at(hi).map_or(hi, |[before, _]| before),
    ];
    if clear[0] < clear[1] { clear } else { [lo, hi] }
}

/// The number of fewest decimals in an interval within \[0, 1\], or its middle where that takes all that a float has: what a
/// game states in decimals is met exactly.
fn roundest(lo: f64, hi: f64) -> f64 {
    let middle = 0.5 * (lo + hi);
    let rounded = (0..15).map(|digits| {
        let power = libm::pow(10.0, f64::from(digits));
        (middle * power).round() / power
    });
    let mut inside = rounded.filter(|m| lo <= *m && *m <= hi);
    inside.next().unwrap_or(middle)
}

/// The smooth stretches of all formulas of one period.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stretches {
    /// Rising; between two of them all is smooth.
    pub breaks: Vec<Break>,
    /// Those of them around which some formula is not proven to have a bound.
    pub poles: Vec<Break>,
    /// The ends of the parts, rising: on each part formulas are nearly lines.
    pub mesh: Vec<f64>,
    /// Intervals on which smoothness could not be decided.
    pub unproven: usize,
    /// How far a formula is from a line on any part, at most.
    pub bend: f64,
}

impl Stretches {
    /// A point where two breaks, or the ends of a part, are less than a width apart.
    fn narrowest(&self, width: f64) -> Option<f64> {
        let breaks = self.breaks.windows(2).map(|pair| [pair[0].at, pair[1].at]);
        let clear = |m: f64| self.breaks.iter().all(|b| (m - b.at).abs() > width);
        let parts = self.mesh.windows(2).map(|pair| [pair[0], pair[1]]);
        let parts = parts.filter(|[lo, hi]| clear(*lo) && clear(*hi));
        let narrow = |[lo, hi]: &[f64; 2]| hi - lo < width;
        breaks.chain(parts).find(narrow).map(|[lo, _]| lo)
    }

    /// Add points at which what is solved breaks for another reason.
    pub fn add(&mut self, points: Vec<f64>) {
        for at in points {
            let is_known = |b: &Break| b.sides()[0] <= at && at <= b.sides()[1];
            if !self.breaks.iter().any(is_known) {
                let (lo, hi) = (at, at);
                self.breaks.push(Break { lo, at, hi });
            }
        }
        self.breaks.sort_by(|a, b| a.at.total_cmp(&b.at));
    }
}

impl Game {
    /// The stretches of kernels and rewards at period t. For games with two follower types.
    pub(crate) fn stretches(&self, t: usize) -> Stretches {
        Search::new(&self.program, t, self.outputs(), Line::TWO).run()
    }

    /// Every kernel entry and reward.
    fn outputs(&self) -> Vec<Slot> {
        let mut outputs: Vec<Slot> = Vec::new();
        for l in 0..self.leader_moves() {
            let types = self.types.len();
            for x in 0..types {
                for a in (0..self.actions.len()).filter(|a| self.is_available(x, *a)) {
                    let pair = self.pair(l, x, a);
                    outputs.extend([
                        self.follower_reward[pair],
                        self.leader_follower_reward[pair],
                    ]);
                    outputs.extend(&self.kernel[types * pair..types * (pair + 1)]);
                }
            }
            outputs.push(self.leader_period_reward[l]);
        }
        if self.information != LeaderInformation::NoTypes {
            outputs.extend(&self.leader_kernel);
        }
        outputs
    }

    /// The stretches of the terminal reward.
    pub(crate) fn terminal_stretches(&self) -> Stretches {
        let outputs = self.terminal.clone();
        Search::new(&self.terminal_program, self.horizon + 1, outputs, Line::TWO).run()
    }

    /// A mean field on a line between two types, all of the crowd being of these, at which a formula of period t, or of the
    /// terminal reward, is within less than a width what it is not around.
    pub(crate) fn narrow_feature(&self, t: Option<usize>, width: f64) -> Option<Vec<f64>> {
        let types = self.types.len();
        let pairs = (0..types).flat_map(|x| (x + 1..types).map(move |y| [x, y]));
        pairs
            .map(|between| Line { types, between })
            .find_map(|line| {
                let search = match t {
                    Some(t) => Search::new(&self.program, t, self.outputs(), line),
                    None => {
                        let outputs = self.terminal.clone();
                        Search::new(&self.terminal_program, self.horizon + 1, outputs, line)
                    }
                };
                let s = search.run().narrowest(width)?;
                Some(line.mean_field(s))
            })
    }

    /// Jets of everything at period t over the m of an interval.
    pub(crate) fn jets<const N: usize>(&self, t: usize, m: Interval) -> Jets<'_, N> {
        Jets {
            game: self,
            memory: run(&self.program, t, m, Line::TWO),
        }
    }

    /// The jet of the terminal reward of type x over the m of an interval.
    pub(crate) fn terminal_jet<const N: usize>(&self, m: Interval, x: usize) -> Jet<N> {
        run(&self.terminal_program, self.horizon + 1, m, Line::TWO)[self.terminal[x].index()]
    }
}

/// The mean fields that are 1 - m in one type and m in another.
#[derive(Clone, Copy)]
struct Line {
    types: usize,
    between: [usize; 2],
}

impl Line {
    /// All mean fields of two types.
    const TWO: Self = Self {
        types: 2,
        between: [0, 1],
    };

    fn mean_field(&self, m: f64) -> Vec<f64> {
        let mut z = vec![0.0; self.types];
        (z[self.between[0]], z[self.between[1]]) = (1.0 - m, m);
        z
    }
}

/// z on a line, and what follows.
fn run<const N: usize>(program: &Program, t: usize, m: Interval, line: Line) -> Vec<Jet<N>> {
    let mut inputs = vec![Jet::constant(0.0); 1 + line.types];
    inputs[0] = Jet::constant(t as f64);
    inputs[1 + line.between[0]] = Jet::variable(Interval::point(1.0).minus(m), -1.0);
    inputs[1 + line.between[1]] = Jet::variable(m, 1.0);
    let numbers = program.numbers_of_models();
    inputs.extend(program.models().jets(t, m, numbers, |m| line.mean_field(m)));
    program.run_with(&inputs, Jet::constant, |op, [a, b, c]| {
        Jet::apply(op, [&a, &b, &c])
    })
}

/// The jets of a game's kernels and rewards over one interval of m.
pub(crate) struct Jets<'g, const N: usize> {
    game: &'g Game,
    memory: Vec<Jet<N>>,
}

impl<const N: usize> Jets<'_, N> {
    /// Q^f(next | x, a) at a leader move.
    #[inline]
    pub fn transition(&self, leader_move: usize, x: usize, a: usize, next: usize) -> Jet<N> {
        let pair = self.game.pair(leader_move, x, a);
        self.memory[self.game.kernel[2 * pair + next].index()]
    }

    /// R^f.
    #[inline]
    pub fn follower_reward(&self, leader_move: usize, x: usize, a: usize) -> Jet<N> {
        self.memory[self.game.follower_reward[self.game.pair(leader_move, x, a)].index()]
    }

    /// g, the leader's reward per follower.
    #[inline]
    pub fn leader_follower_reward(&self, leader_move: usize, x: usize, a: usize) -> Jet<N> {
        self.memory[self.game.leader_follower_reward[self.game.pair(leader_move, x, a)].index()]
    }

    /// Q^l(next | ..) at a leader move.
    pub fn leader_transition(&self, leader_move: usize, next: usize) -> Jet<N> {
        let types = self.game.leader_types.names.len();
        self.memory[self.game.leader_kernel[leader_move * types + next].index()]
    }

    /// r, the leader's reward per period.
    #[inline]
    pub fn leader_period_reward(&self, leader_move: usize) -> Jet<N> {
        self.memory[self.game.leader_period_reward[leader_move].index()]
    }
}

struct Search<'p> {
    program: &'p Program,
    t: usize,
    line: Line,
    outputs: Vec<Slot>,
    /// The range of each output.
    ranges: Vec<f64>,
    /// Parts that may still be looked at.
    left: usize,
    /// The ends of decided parts, and the intervals that stayed undecided.
    mesh: Vec<f64>,
    undecided: Vec<[f64; 2]>,
    bend: f64,
}

impl<'p> Search<'p> {
    fn new(program: &'p Program, t: usize, mut outputs: Vec<Slot>, line: Line) -> Self {
        outputs.retain(|slot| program.constant(*slot).is_none());
        outputs.sort_unstable();
        outputs.dedup();
        Self {
            program,
            t,
            line,
            outputs,
            ranges: Vec::new(),
            left: MOST_PARTS,
            mesh: vec![0.0],
            undecided: Vec::new(),
            bend: 0.0,
        }
    }

    fn run(mut self) -> Stretches {
        if self.outputs.is_empty() {
            return Stretches {
                mesh: vec![0.0, 1.0],
                ..Stretches::default()
            };
        }
        let end = |i: usize| i as f64 / PARTS as f64;
        let parts: Vec<[f64; 2]> = (0..PARTS).map(|i| [end(i), end(i + 1)]).collect();
        let jets: Vec<Vec<Jet<3>>> = parts.into_iter().map(|part| self.jets(part)).collect();
        self.ranges = (0..self.outputs.len())
            .map(|k| {
                let all = jets.iter().map(|jets| jets[k].c[0]);
                all.reduce(Interval::hull).map_or(0.0, Interval::width)
            })
            .collect();
        let whole = [0.0, 1.0];
        let jets = self.jets(whole);
        self.part(whole, &jets);
        self.look_across();
        self.finish()
    }

    /// A corner or jump that lies on the end of two parts belongs to neither: what is compared is equal there and decided on
    /// both sides.
    fn look_across(&mut self) {
        let mut found = Vec::new();
        for &m in self.mesh.iter().filter(|m| 0.0 < **m && **m < 1.0) {
            let after = self.undecided.partition_point(|[lo, _]| *lo <= m);
            let before = after.checked_sub(1).map(|i| m - self.undecided[i][1]);
            let next = self.undecided.get(after).map(|[lo, _]| lo - m);
            let nearest = before.into_iter().chain(next).fold(1.0, f64::min);
            let reach = ACROSS.min(0.25 * nearest);
            if reach > NARROW && !self.jets([m - reach, m + reach]).iter().all(|j| j.smooth) {
                found.push([m - 0.5 * NARROW, m + 0.5 * NARROW]);
            }
        }
        self.undecided.extend(found);
        self.undecided.sort_by(|a, b| a[0].total_cmp(&b[0]));
    }

    fn jets(&self, [low, high]: [f64; 2]) -> Vec<Jet<3>> {
        let memory = run::<3>(self.program, self.t, Interval { low, high }, self.line);
        let jets = self.outputs.iter().map(|slot| memory[slot.index()]);
        jets.collect()
    }

    fn part(&mut self, [lo, hi]: [f64; 2], jets: &[Jet<3>]) {
        let smooth = jets.iter().all(|jet| jet.smooth);
        let half = 0.5 * (hi - lo);
        // A function is off the line through its ends by max |f''| / 2 times half the width squared, at most.
        let mut bends = jets.iter().zip(&self.ranges);
        let straight =
            smooth && bends.all(|(jet, range)| jet.c[2].size() * half * half <= BEND * range.abs());
        if straight || (smooth && hi - lo <= FINE) {
            let bends = jets.iter().map(|jet| jet.c[2].size() * half * half);
            self.bend = bends.fold(self.bend, f64::max);
            self.mesh.push(hi);
        } else if hi - lo <= NARROW || self.left == 0 {
            self.mesh.push(hi);
            if !smooth {
                self.undecided.push([lo, hi]);
            }
        } else {
            self.left = self.left.saturating_sub(2);
            let middle = lo + half;
            for part in [[lo, middle], [middle, hi]] {
                let jets = self.jets(part);
                self.part(part, &jets);
            }
        }
    }

    fn finish(mut self) -> Stretches {
        let mut joined: Vec<[f64; 2]> = Vec::new();
        for [lo, hi] in std::mem::take(&mut self.undecided) {
            match joined.last_mut() {
                Some(last) if lo - last[1] <= 2.0 * NARROW => last[1] = hi,
                _ => joined.push([lo, hi]),
            }
        }
        let wide = |[lo, hi]: &[f64; 2]| hi - lo > BREAK;
        let unproven = joined.iter().filter(|window| wide(window)).count();
        let thresholds = self.program.thresholds();
        let numbers = thresholds
            .iter()
            .map(|(x, number)| if *x == 0 { 1.0 - number } else { *number });
        let numbers: Vec<f64> = numbers.collect();
        let breaks = joined.iter().filter(|window| !wide(window));
        let breaks: Vec<Break> = breaks
            .map(|&[lo, hi]| {
                let near = |m: &&f64| lo - 2.0 * NARROW <= **m && **m <= hi + 2.0 * NARROW;
                let at = numbers.iter().find(near).copied();
                let at = at.unwrap_or_else(|| roundest(lo, hi));
                Break { lo, at, hi }
            })
            .collect();
        // Between two values of code anything may be.
        let sampled = match self.program.models().read_mean_field() {
            true => breaks.len() + 1,
            false => 0,
        };
        // The halvings on the way to a break are of no use afterwards.
        let close = |m: f64| {
            let after = breaks.partition_point(|b| b.hi < m);
            let around = &breaks[after.saturating_sub(1)..(after + 1).min(breaks.len())];
            around.iter().any(|b| (m - b.at).abs() < FINE)
        };
        let mut mesh = std::mem::take(&mut self.mesh);
        mesh.retain(|m| *m == 0.0 || *m == 1.0 || !close(*m));
        let unbounded = |b: &&Break| {
            let jets = self.jets([b.lo, b.hi]);
            jets.iter().any(|jet| !jet.c[0].size().is_finite())
        };
        Stretches {
            poles: breaks.iter().filter(unbounded).copied().collect(),
            breaks,
            mesh,
            unproven: unproven + sampled,
            bend: self.bend,
        }
    }
}
