//! The scale of each player's rewards: what every tolerance of a solution is relative to.
//!
//! Preferences do not change when a player's rewards are all multiplied by c > 0, nor when a constant is added to those
//! of a period. So a solution is computed in units of the width of the range that the player's rewards of one period
//! cannot leave, proven by interval arithmetic: multiplied rewards make the same numbers there.

use super::Game;
use crate::stats::Interval;

/// Boxes of mean fields times periods, about.
const BOXES: usize = 512;
/// Points at which rewards are looked at where no bound is proven.
const SAMPLES: usize = 256;
/// A range below this share of the size of its rewards is their rounding.
const ROUNDING: f64 = 1e-14;

/// The scale of one player's rewards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The unit: the largest width of the range of the rewards of one period, the terminal rewards making one of their
    /// own; the size of rewards that are all equal; 1 where all are 0.
    pub unit: f64,
    /// Their largest absolute value.
    pub size: f64,
    /// Whether both are proven by interval arithmetic; if not they are those of a sample of mean fields.
    pub proven: bool,
}

/// The scales of both players' rewards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// Of the followers' rewards of all types, terminal ones included.
    pub follower: Scale,
    /// Of the leader's, over all her moves and all prescriptions of the followers.
    pub leader: Scale,
}

impl Scales {
    /// Rewards that are their own units.
    pub(super) const UNITS: Self = Self {
        follower: Scale::UNIT,
        leader: Scale::UNIT,
    };

    /// The scales of a game's rewards.
    pub(super) fn of(game: &Game) -> Self {
        let proven = Ranges::proven(game);
        let scale = |ranges: fn(&Ranges) -> &[Interval]| {
            Scale::of(ranges(&proven), true)
                .or_else(|| Scale::of(ranges(&Ranges::sampled(game)), false))
                .unwrap_or(Scale::UNIT)
        };
        Self {
            follower: scale(|ranges| &ranges.follower),
            leader: scale(|ranges| &ranges.leader),
        }
    }
}

impl Scale {
    const UNIT: Self = Self {
        unit: 1.0,
        size: 1.0,
        proven: false,
    };

    /// From the ranges of all periods; `None` where one is not finite.
    fn of(ranges: &[Interval], proven: bool) -> Option<Self> {
        let width = ranges.iter().fold(0.0, |w: f64, r| w.max(r.high - r.low));
        let size = ranges
            .iter()
            .fold(0.0, |s: f64, r| s.max(r.low.abs()).max(r.high.abs()));
        // A NaN is lost by `max`: each range is looked at.
        let known = ranges
            .iter()
            .all(|r| (r.high - r.low).is_finite() && r.low <= r.high);
        let unit = match (width > ROUNDING * size, size > 0.0) {
            (true, _) => width,
            (false, true) => size,
            (false, false) => 1.0,
        };
        // Where rewards are too small to be divided by, as where there is no bound.
        (known && unit.is_normal()).then_some(Self { unit, size, proven })
    }

    /// Decimal digits by which rewards exceed what tells them apart.
    pub fn lost_digits(&self) -> f64 {
        libm::log10(self.size / self.unit).max(0.0)
    }
}

/// What the rewards of each period cannot leave, or are seen to take; the terminal rewards as one more period.
struct Ranges {
    follower: Vec<Interval>,
    leader: Vec<Interval>,
}

impl Ranges {
    fn nothing(periods: usize) -> Self {
        let nothing = Interval {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        };
        Self {
            follower: vec![nothing; periods + 1],
            leader: vec![nothing; periods],
        }
    }

    fn proven(game: &Game) -> Self {
        let periods = periods(game);
        let mut ranges = Self::nothing(periods);
        let widen = |range: &mut Interval, by: Interval| {
            // What is no number is no bound.
            let known = by.low <= by.high;
            *range = match known {
                true => range.hull(by),
                false => Interval {
                    low: f64::NEG_INFINITY,
                    high: f64::INFINITY,
                },
            };
        };
        for cell in &cover_simplex(game.types.len(), (BOXES / periods).max(16)) {
            for t in 0..periods {
                let enclosure = game.enclose(t + 1, cell);
                for l in 0..game.leader_moves() {
                    for (x, a) in game.pairs_of_types_and_actions() {
                        let reward = enclosure.follower_reward(l, x, a);
                        widen(&mut ranges.follower[t], reward);
                    }
                    widen(&mut ranges.leader[t], enclosure.leader_reward(l));
                }
            }
            for x in 0..game.types.len() {
                let terminal = game.enclose_terminal(cell, x);
                widen(&mut ranges.follower[periods], terminal);
            }
        }
        ranges
    }

    /// At points spread over the simplex; points and rewards without a value are passed over.
    fn sampled(game: &Game) -> Self {
        let periods = periods(game);
        let mut ranges = Self::nothing(periods);
        let mut tables = game.tables();
        let widen = |range: &mut Interval, value: f64| {
            if value.is_finite() {
                *range = range.hull(Interval::point(value));
            }
        };
        for cell in &cover_simplex(game.types.len(), SAMPLES) {
            let middle: Vec<f64> = cell.iter().map(|s| 0.5 * (s.low + s.high)).collect();
            let total: f64 = middle.iter().sum();
            let z: Vec<f64> = middle.iter().map(|z| z / total).collect();
            for x in 0..game.types.len() {
                if let Ok(value) = game.terminal_reward(&z, x) {
                    widen(&mut ranges.follower[periods], value);
                }
            }
            for t in 0..periods {
                if tables.evaluate(t + 1, &z).is_err() {
                    continue;
                }
                for l in 0..game.leader_moves() {
                    let own = tables.leader_period_reward(l);
                    for (x, a) in game.pairs_of_types_and_actions() {
                        widen(&mut ranges.follower[t], tables.follower_reward(l, x, a));
                        let each = tables.leader_follower_reward(l, x, a);
                        widen(&mut ranges.leader[t], own + each);
                    }
                }
            }
        }
        ranges
    }
}

/// Periods whose rewards differ.
fn periods(game: &Game) -> usize {
    match game.depends_on_time() {
        true => game.horizon,
        false => 1,
    }
}

/// Boxes that cover P(X^f), about `wanted` of them: a grid over all coordinates but the first, which takes the rest.
pub(crate) fn cover_simplex(types: usize, wanted: usize) -> Vec<Vec<Interval>> {
    let free = types.saturating_sub(1);
    let mut steps = 1;
    while free > 0
        && (steps + 1_usize)
            .checked_pow(free as u32)
            .is_some_and(|count| count <= wanted)
    {
        steps += 1;
    }
    let edge = |i: usize| i as f64 / steps as f64;
    let mut cover = vec![Vec::new()];
    for _ in 0..free {
        let grown = cover.iter().flat_map(|cell: &Vec<Interval>| {
            let used: f64 = cell.iter().map(|side| side.low).sum();
            let sides = (0..steps).map(|i| Interval {
                low: edge(i),
                high: edge(i + 1),
            });
            sides
                .filter(move |side| used + side.low <= 1.0)
                .map(|side| {
                    let mut longer = cell.clone();
                    longer.push(side);
                    longer
                })
        });
        cover = grown.collect();
    }
    let total = |cell: &[Interval], end: fn(&Interval) -> f64| cell.iter().map(end).sum::<f64>();
    for cell in &mut cover {
        let rest = Interval {
            low: (1.0 - total(cell, |side| side.high)).max(0.0),
            high: (1.0 - total(cell, |side| side.low)).max(0.0),
        };
        // Rounding of z^N itself: n/N and its sum are within an ulp or two of a point of the box.
        cell.insert(0, rest);
        for side in cell.iter_mut() {
            side.low = (side.low - 1e-12).max(0.0);
            side.high = (side.high + 1e-12).min(1.0);
        }
    }
    cover
}
