//! Bounds that a sum of discounted reward differences cannot leave, proven by interval arithmetic.
//!
//! The simplex is covered with boxes; over each, every reward is enclosed, and the hull over all boxes holds at every z.
//! D = sum_t delta^(t-1) (r'_t - r_t), each reward anything that some type, leader action and z can bring.

use super::deviations::{FollowerDeviation, LeaderDeviation};
use crate::game::{Game, LeaderType, cover_simplex};
use crate::stats::Interval;

/// Boxes times periods, about: finer boxes bring tighter bounds, never other ones.
const BOXES: usize = 4096;

/// What the rewards of one period cannot leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodRange {
    /// The deviator's.
    pub deviation: Interval,
    /// Theta's.
    pub theta: Interval,
}

/// Bounds of the rewards of one game.
#[derive(Clone, Debug)]
pub struct RewardRanges<'g> {
    game: &'g Game,
    /// R^f by (period, type, action), over z and leader moves; one period where nothing depends on t.
    follower: Vec<Interval>,
    /// R^l by (period, leader move), over z and prescriptions.
    leader: Vec<Interval>,
    /// V_{T+1} by type, over z.
    terminal: Vec<Interval>,
    /// How many boxes cover the simplex.
    pub boxes: usize,
}

impl<'g> RewardRanges<'g> {
    /// Enclose the rewards of `game` over the whole simplex; an end is infinite where arithmetic finds none.
    pub fn prove(game: &'g Game) -> Self {
        let periods = if game.depends_on_time() {
            game.horizon()
        } else {
            1
        };
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        let leader_moves = game.leader_moves();
        let nothing = Interval {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        };
        let mut ranges = Self {
            game,
            follower: vec![nothing; periods * types * actions],
            leader: vec![nothing; periods * leader_moves],
            terminal: vec![nothing; types],
            boxes: 0,
        };
        let cover = cover_simplex(types, (BOXES / periods).max(16));
        ranges.boxes = cover.len();
        let widen = |target: &mut Interval, by: Interval| *target = target.hull(by);
        for cell in &cover {
            for period in 0..periods {
                let enclosure = game.enclose(period + 1, cell);
                for l in 0..leader_moves {
                    for (x, a) in (0..types).flat_map(|x| (0..actions).map(move |a| (x, a))) {
                        let entry = (period * types + x) * actions + a;
                        widen(
                            &mut ranges.follower[entry],
                            enclosure.follower_reward(l, x, a),
                        );
                    }
                    widen(
                        &mut ranges.leader[period * leader_moves + l],
                        enclosure.leader_reward(l),
                    );
                }
            }
            for x in 0..types {
                widen(&mut ranges.terminal[x], game.enclose_terminal(cell, x));
            }
        }
        ranges
    }

    /// Width of the followers' rewards of one period, over everything they depend on.
    pub fn follower_width(&self) -> f64 {
        width(&self.follower)
    }

    /// Width of the leader's rewards of one period.
    pub fn leader_width(&self) -> f64 {
        width(&self.leader)
    }

    /// What D cannot leave for a follower of initial type `start` with this deviation.
    pub fn follower_difference(&self, deviation: &FollowerDeviation, start: usize) -> Interval {
        self.discounted(&self.follower_periods(deviation, start))
    }

    /// What the rewards of the deviator and of theta cannot leave, t = 1..=T + 1 (the terminal reward), for a follower of
    /// initial type `start`; `None` where both are the same reward.
    pub fn follower_periods(
        &self,
        deviation: &FollowerDeviation,
        start: usize,
    ) -> Vec<Option<PeriodRange>> {
        let types = self.game.follower_types().len();
        let hull = |t: usize, x: usize, chosen: Option<usize>| {
            let actions =
                (0..self.game.follower_actions().len()).filter(|a| self.game.is_available(x, *a));
            let played = actions.filter(|a| chosen.is_none_or(|c| c == *a));
            played
                .map(|a| self.follower_at(t, x, a))
                .reduce(Interval::hull)
        };
        let period = |t: usize| {
            let possible = if t == 1 { start..start + 1 } else { 0..types };
            let theta = possible
                .clone()
                .filter_map(|x| hull(t, x, None))
                .reduce(Interval::hull);
            let deviant = possible.filter_map(|x| hull(t, x, deviation.action(self.game, t, x)));
            Some(PeriodRange {
                deviation: deviant.reduce(Interval::hull)?,
                theta: theta?,
            })
        };
        let end = self.terminal.iter().copied().reduce(Interval::hull);
        let end = end.map(|end| PeriodRange {
            deviation: end,
            theta: end,
        });
        let first = deviation.first_period();
        let periods = (1..=self.game.horizon()).map(|t| (t >= first).then(|| period(t)).flatten());
        periods.chain([end]).collect()
    }

    /// What D cannot leave for a leader with this deviation.
    pub fn leader_difference(&self, deviation: &LeaderDeviation) -> Interval {
        let moves = self.game.leader_moves();
        let period = |t: usize| {
            let row = &self.leader[self.period(t) * moves..][..moves];
            let any = row.iter().copied().reduce(Interval::hull)?;
            // Of whatever type she is.
            let chosen = deviation.actions(t).and_then(|actions| {
                let made = actions.iter().enumerate();
                let made = made.map(|(x, a)| row[self.game.leader_move(LeaderType(x), *a)]);
                made.reduce(Interval::hull)
            });
            Some(PeriodRange {
                deviation: chosen.unwrap_or(any),
                theta: any,
            })
        };
        let first = deviation.first_period();
        let periods: Vec<_> = (1..=self.game.horizon())
            .map(|t| (t >= first).then(|| period(t)).flatten())
            .collect();
        self.discounted(&periods)
    }

    /// sum_t delta^(t-1) (r'_t - r_t), the terminal difference, if any, at delta^T.
    fn discounted(&self, periods: &[Option<PeriodRange>]) -> Interval {
        let (mut total, mut factor) = (Interval::point(0.0), 1.0);
        for range in periods {
            if let Some(PeriodRange { deviation, theta }) = range {
                total.low += factor * (deviation.low - theta.high);
                total.high += factor * (deviation.high - theta.low);
            }
            factor *= self.game.discount();
        }
        total
    }

    fn follower_at(&self, t: usize, x: usize, a: usize) -> Interval {
        let (types, actions) = (
            self.game.follower_types().len(),
            self.game.follower_actions().len(),
        );
        self.follower[(self.period(t) * types + x) * actions + a]
    }

    fn period(&self, t: usize) -> usize {
        if self.game.depends_on_time() {
            t - 1
        } else {
            0
        }
    }
}

/// Width of the hull of intervals.
fn width(intervals: &[Interval]) -> f64 {
    let hull = intervals.iter().copied().reduce(Interval::hull);
    hull.map_or(0.0, |hull| hull.high - hull.low)
}
