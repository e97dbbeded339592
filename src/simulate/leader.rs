//! The leader of one replication: her type, and the belief about it.
//!
//! x^l_1 is drawn from pi_1; in every period a^l from gamma^l(. | x^l) and the next type from Q^l(. | z^N, x^l, a^l). A law
//! with a single type or action takes no draw, and a leader who leaves nothing to chance no stream. Where the uniforms come
//! from is the caller's: simulations take them in order from one stream, paired replications share them by period.

use rand::RngExt;

use crate::game::{
    Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType, Play, Tables,
    update_belief,
};
use crate::stream::{Role, Stream, StreamFamily};

/// The leader at the start of a period.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leader {
    /// x^l, which she alone sees where it is private.
    pub of_type: LeaderType,
    /// pi.
    pub belief: Belief,
}

/// What becomes of the leader's type, and of the belief about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LeaderNews {
    /// Q^l(. | z, x^l, a^l).
    next_type: Box<[f64]>,
    /// pi', (9); `None` where her type is public, the belief being certain of the next one.
    belief: Option<Belief>,
}

impl LeaderNews {
    /// Of a move at a belief, with tables evaluated at z; `None` for a leader without types.
    pub fn of(
        game: &Game,
        tables: &Tables<'_>,
        (play, belief): (&Play, &Belief),
        leader_move: usize,
    ) -> Option<Self> {
        let belief = match game.leader_information() {
            LeaderInformation::NoTypes => return None,
            LeaderInformation::Public => None,
            LeaderInformation::Private => {
                let ((_, action), any) = (game.type_and_action(leader_move), LeaderType(0));
                let leader = &play.leader;
                Some(update_belief(game, tables, belief, leader, action, any))
            }
        };
        let next = |x| tables.leader_transition(leader_move, x);
        Some(Self {
            next_type: (0..game.leader_types().len()).map(next).collect(),
            belief,
        })
    }
}

impl Leader {
    /// At t = 1; `uniform` is asked for where there is a choice, here as below.
    pub fn first(game: &Game, uniform: impl FnOnce() -> f64) -> Self {
        let initial = game.initial_belief();
        let of_type = LeaderType(pick(initial.weights().iter().copied(), uniform));
        let belief = match game.leader_information() {
            LeaderInformation::Public => Belief::of_type(initial.weights().len(), of_type),
            LeaderInformation::NoTypes | LeaderInformation::Private => initial.clone(),
        };
        Self { of_type, belief }
    }

    /// Her move, [`Game::leader_move`] of her type and an action drawn from her prescription.
    pub fn act(
        &self,
        game: &Game,
        prescription: &LeaderPrescription,
        uniform: impl FnOnce() -> f64,
    ) -> usize {
        let x = self.of_type;
        let action = match prescription {
            LeaderPrescription::Pure(chosen) => chosen[x.0],
            LeaderPrescription::Mixed { actions, rows } => {
                let row = rows[x.0 * actions..(x.0 + 1) * actions].iter();
                LeaderAction(pick(row.copied(), uniform))
            }
        };
        game.leader_move(x, action)
    }

    /// Her next type, and the belief that follows from what was seen.
    pub fn advance(&mut self, news: Option<&LeaderNews>, uniform: impl FnOnce() -> f64) {
        let Some(news) = news else {
            return;
        };
        self.of_type = LeaderType(pick(news.next_type.iter().copied(), uniform));
        self.belief = match &news.belief {
            Some(belief) => belief.clone(),
            None => Belief::of_type(news.next_type.len(), self.of_type),
        };
    }
}

/// The uniforms of one replication in the order in which they are asked for; the stream is made when it is first drawn from.
#[derive(Debug)]
pub(super) struct Draws<'r> {
    family: &'r StreamFamily,
    replication: u64,
    stream: Option<Stream>,
}

impl<'r> Draws<'r> {
    pub(super) fn new(family: &'r StreamFamily, replication: u64) -> Self {
        Self {
            family,
            replication,
            stream: None,
        }
    }

    /// In [0, 1).
    pub(super) fn next(&mut self) -> f64 {
        let stream = || self.family.stream(self.replication, Role::Leader);
        self.stream.get_or_insert_with(stream).random()
    }
}

/// An index of a law whose weights sum to one (to rounding): without a draw where only one has positive weight.
fn pick(law: impl Iterator<Item = f64>, uniform: impl FnOnce() -> f64) -> usize {
    let mut possible = law.enumerate().filter(|(_, p)| *p > 0.0);
    let (mut picked, mut below) = possible.next().unwrap_or((0, 1.0));
    let mut rest = possible.peekable();
    if rest.peek().is_none() {
        return picked;
    }
    let draw = uniform();
    // What rounding leaves of one goes to the last.
    for (index, p) in rest {
        if draw < below {
            break;
        }
        picked = index;
        below += p;
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each index of a law is picked.
    fn picked(law: &[f64], times: usize) -> (Vec<usize>, bool) {
        let family = StreamFamily::new(5, 9);
        let mut draws = Draws::new(&family, 3);
        let mut picked = vec![0; law.len()];
        for _ in 0..times {
            picked[pick(law.iter().copied(), || draws.next())] += 1;
        }
        (picked, draws.stream.is_some())
    }

    #[test]
    fn a_certain_law_takes_no_draw() {
        assert_eq!(picked(&[0.0, 1.0, 0.0], 3), (vec![0, 3, 0], false));
        assert_eq!(picked(&[1.0], 3), (vec![3], false));
    }

    #[test]
    fn indices_come_as_often_as_their_law_says() {
        let law = [0.2, 0.0, 0.5, 0.3, 0.0];
        let times = 20_000;
        let (found, drew) = picked(&law, times);
        assert!(drew);
        for (n, p) in found.iter().zip(law) {
            let (mean, variance) = (times as f64 * p, times as f64 * p * (1.0 - p));
            assert!(
                (*n as f64 - mean).abs() <= 4.5 * variance.sqrt(),
                "{found:?}"
            );
        }
    }
}
