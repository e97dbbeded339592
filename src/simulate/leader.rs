//! The leader of one replication: her type, the belief about it, and what she draws.
//!
//! x^l_1 is drawn from pi_1; in every period a^l from gamma^l(. | x^l) and the next type from Q^l(. | z^N, x^l, a^l), in this
//! order, from one stream. A law with a single type or action takes no draw, and a leader who leaves nothing to chance no
//! stream.

use rand::Rng;

use crate::game::{Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType};
use crate::stream::{Role, Stream, StreamFamily};

use super::stage::Stage;

/// The leader at the start of a period.
#[derive(Debug)]
pub(super) struct Leader<'r> {
    of_type: LeaderType,
    belief: Belief,
    draws: Draws<'r>,
}

/// The leader's stream, made when it is first drawn from.
#[derive(Debug)]
struct Draws<'r> {
    family: &'r StreamFamily,
    replication: u64,
    stream: Option<Stream>,
}

impl<'r> Leader<'r> {
    /// At t = 1 of a replication.
    pub(super) fn new(game: &Game, family: &'r StreamFamily, replication: u64) -> Self {
        let mut draws = Draws {
            family,
            replication,
            stream: None,
        };
        let initial = game.initial_belief();
        let of_type = LeaderType(draws.pick(initial.weights().iter().copied()));
        let belief = match game.leader_information() {
            LeaderInformation::Public => Belief::of_type(initial.weights().len(), of_type),
            LeaderInformation::NoTypes | LeaderInformation::Private => initial.clone(),
        };
        Self {
            of_type,
            belief,
            draws,
        }
    }

    /// x^l, which she alone sees where it is private.
    pub(super) fn of_type(&self) -> LeaderType {
        self.of_type
    }

    /// pi.
    pub(super) fn belief(&self) -> &Belief {
        &self.belief
    }

    /// Her move, [`Game::leader_move`] of her type and an action drawn from her prescription.
    pub(super) fn act(&mut self, game: &Game, prescription: &LeaderPrescription) -> usize {
        let x = self.of_type;
        let action = match prescription {
            LeaderPrescription::Pure(chosen) => chosen[x.0],
            LeaderPrescription::Mixed { actions, rows } => {
                let row = rows[x.0 * actions..(x.0 + 1) * actions].iter();
                LeaderAction(self.draws.pick(row.copied()))
            }
        };
        game.leader_move(x, action)
    }

    /// Her next type, and the belief that follows from what was seen at `stage`.
    pub(super) fn advance(&mut self, stage: &Stage) {
        let Some(news) = stage.news() else {
            return;
        };
        self.of_type = LeaderType(self.draws.pick(news.next_type.iter().copied()));
        self.belief = match &news.belief {
            Some(belief) => belief.clone(),
            None => Belief::of_type(news.next_type.len(), self.of_type),
        };
    }
}

impl Draws<'_> {
    /// An index of a law whose weights sum to one (to rounding): without a draw where only one has positive weight.
    fn pick(&mut self, law: impl Iterator<Item = f64> + Clone) -> usize {
        const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
        let mut possible = law.enumerate().filter(|(_, p)| *p > 0.0);
        let (mut picked, mut below) = possible.next().unwrap_or((0, 1.0));
        let mut rest = possible.peekable();
        if rest.peek().is_none() {
            return picked;
        }
        let stream = self
            .stream
            .get_or_insert_with(|| self.family.stream(self.replication, Role::Leader));
        let draw = (stream.next_u64() >> 11) as f64 * UNIT;
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each index of a law is picked.
    fn picked(law: &[f64], times: usize) -> (Vec<usize>, bool) {
        let family = StreamFamily::new(5, 9);
        let mut draws = Draws {
            family: &family,
            replication: 3,
            stream: None,
        };
        let mut picked = vec![0; law.len()];
        for _ in 0..times {
            picked[draws.pick(law.iter().copied())] += 1;
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
