//! Whether the followers' equilibria can change unseen between two points.
//!
//! Equilibria come and go where an incentive at a pure prescription crosses zero, where the target d_x of a mixture crosses
//! a value that D has at the end of a branch, or where at D = d_x another incentive does. Each of these numbers is a smooth
//! function of m between breaks. Where enclosures show that it keeps its sign on an interval, or rises or falls
//! throughout, it changes sign at most once there, and the ends show it: no equilibrium comes and goes between.

use super::enclosed::Enclosed;
use super::{Period, StageGames};
use crate::game::jet::Jet;
use crate::solve::pieces::values::Piecewise;
use crate::solve::tolerances::{NO_COUPLING, TIE};
use crate::stats::Interval;

/// Times [`TIE`]: the largest tolerance of ties, whose own range is not known on an interval.
const WIDEST: f64 = 16.0;
/// What varies by less than this share of the tolerance stays on one side of it, or at it, as far as it is known.
const STILL: f64 = 0.01;

/// A function over an interval, and at its middle.
#[derive(Clone, Copy)]
struct Pair<const N: usize> {
    whole: Jet<N>,
    middle: Jet<N>,
}

impl<const N: usize> Pair<N> {
    fn of(whole: Jet<N>, middle: Jet<N>) -> Self {
        Self { whole, middle }
    }

    fn map2(self, other: &Self, f: impl Fn(&Jet<N>, &Jet<N>) -> Jet<N>) -> Self {
        Self {
            whole: f(&self.whole, &other.whole),
            middle: f(&self.middle, &other.middle),
        }
    }

    fn plus(self, other: &Self) -> Self {
        self.map2(other, |a, b| a.plus(b))
    }

    fn times(self, other: &Self) -> Self {
        self.map2(other, |a, b| a.times(b))
    }

    fn scaled(self, factor: f64) -> Self {
        Self {
            whole: self.whole.scaled(factor),
            middle: self.middle.scaled(factor),
        }
    }

    fn range(&self, half: f64) -> Interval {
        self.whole.range_about(&self.middle, half)
    }

    /// Whether it rises or falls throughout, or stands still.
    fn is_monotone(&self, half: f64) -> bool {
        let slope = self.whole.slope_about(&self.middle, half);
        self.whole.smooth && (slope.low >= 0.0 || slope.high <= 0.0)
    }

    /// Whether it crosses the tolerance of ties on either side of zero at most once.
    fn is_simple(&self, half: f64) -> bool {
        let range = self.range(half);
        let far = WIDEST * TIE;
        let definite = range.low > far
            || range.high < -far
            || (range.low >= -TIE && range.high <= TIE)
            || range.width() <= STILL * TIE;
        definite || self.is_monotone(half)
    }
}

/// The games of a period over an interval whose middle is known too.
struct Steady<'a, 'g, const N: usize> {
    games: &'g StageGames<'a>,
    whole: Enclosed<'a, N>,
    middle: Enclosed<'a, N>,
    half: f64,
}

/// Whether every candidate's equilibria change at most once each between two points in a stretch, by the first two
/// derivatives or, where these do not tell, by more.
pub(in crate::solve) fn is_steady(games: &StageGames, period: Period, lo: f64, hi: f64) -> bool {
    Steady::<2>::new(games, period, lo, hi).holds()
        || Steady::<6>::new(games, period, lo, hi).holds()
}

/// What candidates of one group share: D where each pure prescription leads, and the differences of kernels.
struct Group<const N: usize> {
    landings: Vec<Pair<N>>,
    /// delta (P_x(b) - P_x(a)), by type and pair of actions.
    holds: Vec<Pair<N>>,
    /// The hull of all m'.
    reach: Interval,
}

impl<'a, 'g, const N: usize> Steady<'a, 'g, N> {
    fn new(games: &'g StageGames<'a>, period: Period<'a>, lo: f64, hi: f64) -> Self {
        let middle = 0.5 * (lo + hi);
        Self {
            games,
            whole: Enclosed::new(period, lo, hi),
            middle: Enclosed::new(period, middle, middle),
            // The middle as computed is the middle to rounding only.
            half: 0.5 * (hi - lo) * (1.0 + 1e-9) + f64::EPSILON,
        }
    }

    fn holds(&self) -> bool {
        let groups = self.games.groups;
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let mut shared: Vec<Option<Group<N>>> = Vec::with_capacity(count);
        for l in 0..groups.len() {
            if groups[l] == shared.len() {
                shared.push(self.group(l));
            }
            let steady = match &shared[groups[l]] {
                Some(group) => self.pure(l, group) && self.mixed(l, group),
                None => false,
            };
            if !steady {
                return false;
            }
        }
        true
    }

    /// Every pair of actions of a type.
    fn pairs(&self, x: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let all = &self.games.available[x];
        let pairs = (0..all.len()).flat_map(move |i| (i + 1..all.len()).map(move |j| (i, j)));
        pairs.map(|(i, j)| (all[i], all[j]))
    }

    fn both(&self, f: impl Fn(&Enclosed<'a, N>) -> Jet<N>) -> Pair<N> {
        Pair::of(f(&self.whole), f(&self.middle))
    }

    fn group(&self, l: usize) -> Option<Group<N>> {
        let next = self.games.next(l);
        let mut group = Group {
            landings: Vec::new(),
            holds: Vec::new(),
            reach: Interval {
                low: f64::INFINITY,
                high: f64::NEG_INFINITY,
            },
        };
        for &a in &self.games.available[0] {
            for &b in &self.games.available[1] {
                let mut path = self.both(|of| of.flow(l, [a, b]));
                path.whole.c[0] = path.range(self.half).meet(Interval {
                    low: 0.0,
                    high: 1.0,
                });
                group.reach = group.reach.hull(path.whole.c[0]);
                let at = next.locate(0.5 * (path.middle.c[0].low + path.middle.c[0].high));
                let pieces = next.pieces_of_region(next.region(at.piece))?;
                let whole = next.along(&path.whole, pieces)?.difference().jet;
                let middle = next.along(&path.middle, pieces)?.difference().jet;
                group.landings.push(Pair::of(whole, middle));
            }
        }
        let discount = self.whole.period.game.discount();
        for x in 0..2 {
            for (a, b) in self.pairs(x) {
                let hold = self.both(|of| of.kernel(l, x, b, 1).minus(&of.kernel(l, x, a, 1)));
                group.holds.push(hold.scaled(discount));
            }
        }
        Some(group)
    }

    /// R_x(b) - R_x(a).
    fn reward(&self, l: usize, x: usize, (a, b): (usize, usize)) -> Pair<N> {
        self.both(|of| {
            let reward = |a: usize| of.mean(l, |m| of.jets.follower_reward(m, x, a));
            reward(b).minus(&reward(a))
        })
    }

    /// The incentives at every pure prescription.
    fn pure(&self, l: usize, group: &Group<N>) -> bool {
        let pairs = (0..2).flat_map(|x| self.pairs(x).map(move |pair| (x, pair)));
        pairs.zip(&group.holds).all(|((x, pair), hold)| {
            let reward = self.reward(l, x, pair);
            let mut landings = group.landings.iter();
            landings.all(|d| hold.times(d).plus(&reward).is_simple(self.half))
        })
    }

    /// The targets of mixtures, and the incentives of all others there.
    fn mixed(&self, l: usize, group: &Group<N>) -> bool {
        let next = self.games.next(l);
        let pairs = (0..2).flat_map(|x| self.pairs(x).map(move |pair| (x, pair)));
        pairs.zip(&group.holds).all(|((x, pair), hold)| {
            let range = hold.range(self.half);
            if range.size() < NO_COUPLING {
                return true;
            }
            let reward = self.reward(l, x, pair);
            let [low, high] = next.differences();
            let reached = range
                .times(Interval { low, high })
                .plus(reward.range(self.half));
            let far = WIDEST * TIE;
            if reached.low > far || reached.high < -far {
                return true;
            }
            // Equal rewards tie at D = 0, whatever the hold is.
            let target = match reward.whole.is_zero() {
                true => reward,
                false => reward.map2(hold, |reward, hold| reward.negate().over(hold)),
            };
            if !target.whole.smooth {
                return false;
            }
            let targets = target.range(self.half);
            let slack = far / range.size();
            let still = targets.width() * range.size() <= STILL * TIE;
            (still
                || target.is_monotone(self.half)
                || !meets_an_end(next, group.reach, targets, slack))
                && self.others(l, x, pair, &target, group)
        })
    }

    /// The incentives at D = d of the other type's actions and of third ones.
    fn others(
        &self,
        l: usize,
        x: usize,
        of: (usize, usize),
        target: &Pair<N>,
        group: &Group<N>,
    ) -> bool {
        let pairs = (0..2).flat_map(|y| self.pairs(y).map(move |pair| (y, pair)));
        pairs.zip(&group.holds).all(|((y, pair), hold)| {
            (y == x && pair == of)
                || target
                    .times(hold)
                    .plus(&self.reward(l, y, pair))
                    .is_simple(self.half)
        })
    }
}

/// Whether a branch of D that lies in reach ends at a value that is among the targets.
fn meets_an_end(next: &Piecewise, reach: Interval, targets: Interval, slack: f64) -> bool {
    let [first, last] = [reach.low, reach.high].map(|m| next.branch_of(next.locate(m)));
    let (middle, radius) = (
        0.5 * (targets.low + targets.high),
        0.5 * targets.width() + slack,
    );
    let mut at = first;
    while let Some(i) = next.next_candidate(at, last, middle, radius) {
        let branch = next.branch(i);
        let met = |d: f64| (d - middle).abs() <= radius;
        let inside = |m: f64| reach.low <= m && m <= reach.high;
        let (start, end) = next.run(branch.run);
        let begins = i == start && inside(branch.lo) && met(branch.d_lo);
        let ends = i == end && inside(branch.hi) && met(branch.d_hi);
        if begins || ends {
            return true;
        }
        at = i + 1;
    }
    false
}
