//! The draws of the leader on the way of a run.
//!
//! The base run and the deviations of one replication share the uniform of every draw, by period: where the runs have
//! parted, her moves stay as alike as their laws.

use std::cell::OnceCell;

use rand::RngExt;

use crate::game::{Game, Play, Tables};
use crate::simulate::{Leader, LeaderNews};
use crate::stream::{Role, StreamFamily};

/// The uniforms of one replication: for x^l_1, then for the action and the next type of every period.
///
/// A leader who leaves nothing to chance takes none.
pub(in crate::validate) struct LeaderDraws<'s> {
    streams: &'s StreamFamily,
    replication: u64,
    periods: usize,
    uniforms: OnceCell<Vec<f64>>,
}

impl<'s> LeaderDraws<'s> {
    pub fn new(game: &Game, streams: &'s StreamFamily, replication: u64) -> Self {
        Self {
            streams,
            replication,
            periods: game.horizon(),
            uniforms: OnceCell::new(),
        }
    }

    fn at(&self, index: usize) -> f64 {
        self.uniforms.get_or_init(|| {
            let mut stream = self.streams.stream(self.replication, Role::Leader);
            (0..2 * self.periods + 1).map(|_| stream.random()).collect()
        })[index]
    }

    /// The leader at t = 1.
    pub fn first(&self, game: &Game) -> Leader {
        Leader::first(game, || self.at(0))
    }

    /// Her move at t.
    pub fn act(&self, game: &Game, t: usize, leader: &Leader, play: &Play) -> usize {
        leader.act(game, &play.leader, || self.at(2 * t - 1))
    }

    /// Her next type and the belief that follows the move at t, with tables evaluated at z.
    pub fn advance(
        &self,
        game: &Game,
        tables: &Tables<'_>,
        (t, play, leader_move): (usize, &Play, usize),
        leader: &mut Leader,
    ) {
        let news = LeaderNews::of(game, tables, (play, &leader.belief), leader_move);
        leader.advance(news.as_ref(), || self.at(2 * t));
    }
}
