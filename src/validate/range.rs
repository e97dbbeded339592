//! Bounds that a sum of discounted reward differences cannot leave: D = sum_t delta^(t-1) (r'_t - r_t), each reward anything
//! that some type, leader action and z can bring.

use super::deviations::{FollowerDeviation, LeaderDeviation};
use crate::game::{LeaderType, RewardRanges};
use crate::stats::Interval;

/// What the rewards of one period cannot leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodRange {
    /// The deviator's.
    pub deviation: Interval,
    /// Theta's.
    pub theta: Interval,
}

impl RewardRanges<'_> {
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
        let end = self.terminal().map(|end| PeriodRange {
            deviation: end,
            theta: end,
        });
        let first = deviation.first_period();
        let periods = (1..=self.game.horizon()).map(|t| (t >= first).then(|| period(t)).flatten());
        periods.chain([end]).collect()
    }

    /// What D cannot leave for a leader with this deviation.
    pub fn leader_difference(&self, deviation: &LeaderDeviation) -> Interval {
        let period = |t: usize| {
            let row = self.leader_at(t);
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
}
