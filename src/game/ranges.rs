//! What the rewards of a game cannot leave, proven by interval arithmetic.
//!
//! The simplex is covered with boxes; over each, every reward is enclosed, and the hull over all boxes holds at every z.

use super::{Game, cover_simplex};
use crate::stats::Interval;

/// Boxes times periods, about: finer boxes bring tighter bounds, never other ones.
const BOXES: usize = 4096;

/// Bounds of the rewards of one game.
#[derive(Clone, Debug)]
pub struct RewardRanges<'g> {
    pub(crate) game: &'g Game,
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

    /// R^f at t of a type and action.
    pub(crate) fn follower_at(&self, t: usize, x: usize, a: usize) -> Interval {
        let (types, actions) = (
            self.game.follower_types().len(),
            self.game.follower_actions().len(),
        );
        self.follower[(self.period(t) * types + x) * actions + a]
    }

    /// R^l at t, by leader move.
    pub(crate) fn leader_at(&self, t: usize) -> &[Interval] {
        let moves = self.game.leader_moves();
        &self.leader[self.period(t) * moves..][..moves]
    }

    /// V_{T+1}, of whatever type.
    pub(crate) fn terminal(&self) -> Option<Interval> {
        self.terminal.iter().copied().reduce(Interval::hull)
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
