//! The leader on the way of a run: her type, the belief about it, and her draws.
//!
//! x^l_1 ~ pi_1, and in every period a^l ~ gamma^l(. | x^l) and x^l' ~ Q^l(. | z^N, x^l, a^l), then (9) under what she
//! announced. The base run and the deviations of one replication share the uniform of every draw, by period.

use std::cell::OnceCell;

use rand::RngExt;

use super::follower::pick;
use crate::game::{Belief, Game, LeaderInformation, LeaderType, Play, Tables, update_belief};
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

    /// The outcome of a law at the uniform of this index; a certain one takes no draw.
    fn pick(&self, law: &[f64], index: usize) -> usize {
        let mut possible = law.iter().enumerate().filter(|(_, p)| **p > 0.0);
        if let (Some((only, _)), None) = (possible.next(), possible.next()) {
            return only;
        }
        let uniforms = self.uniforms.get_or_init(|| {
            let mut stream = self.streams.stream(self.replication, Role::Leader);
            (0..2 * self.periods + 1).map(|_| stream.random()).collect()
        });
        pick(law, uniforms[index])
    }
}

/// The leader at the start of a period.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::validate) struct Leadership {
    /// x^l.
    pub leader_type: LeaderType,
    /// pi.
    pub belief: Belief,
}

impl Leadership {
    /// At t = 1.
    pub fn first(game: &Game, draws: &LeaderDraws<'_>) -> Self {
        let initial = game.initial_belief();
        let leader_type = LeaderType(draws.pick(initial.weights(), 0));
        let belief = match game.leader_information() {
            LeaderInformation::Public => Belief::of_type(initial.weights().len(), leader_type),
            LeaderInformation::NoTypes | LeaderInformation::Private => initial.clone(),
        };
        Self {
            leader_type,
            belief,
        }
    }

    /// Her move at t.
    pub fn act(&self, game: &Game, t: usize, play: &Play, draws: &LeaderDraws<'_>) -> usize {
        let support = play.leader.support(self.leader_type);
        let law: Vec<f64> = support.iter().map(|(_, p)| *p).collect();
        let (action, _) = support[draws.pick(&law, 2 * t - 1)];
        game.leader_move(self.leader_type, action)
    }

    /// Her next type and the belief that follows the move at t, with tables evaluated at z.
    pub fn advance(
        &mut self,
        game: &Game,
        tables: &Tables<'_>,
        (t, play, leader_move): (usize, &Play, usize),
        draws: &LeaderDraws<'_>,
    ) {
        if game.leader_information() == LeaderInformation::NoTypes {
            return;
        }
        let types = 0..game.leader_types().len();
        let law: Vec<f64> = types
            .map(|next| tables.leader_transition(leader_move, next))
            .collect();
        self.leader_type = LeaderType(draws.pick(&law, 2 * t));
        let (_, action) = game.type_and_action(leader_move);
        self.belief = update_belief(
            game,
            tables,
            &self.belief,
            &play.leader,
            action,
            self.leader_type,
        );
    }
}
