//! The population around a deviator: first types, what is played, and one step of a count vector.

use std::collections::BTreeMap;

use crate::game::{Belief, Game, LeaderPrescription, MeanField, Play, Policy, Tables, next_type};
use crate::simulate::Start;
use crate::simulate::{first_counts, move_followers};
use crate::stream::{Role, Stream, StreamFamily};
use crate::validate::ValidateError;

/// What the experiments of both players have in common.
#[derive(Clone)]
pub(in crate::validate) struct Setting<'a> {
    pub game: &'a Game,
    pub policy: &'a dyn Policy,
    /// N.
    pub population: u64,
    pub start: Start,
    pub streams: StreamFamily,
}

impl Setting<'_> {
    /// The counts at t = 1, without one follower of type `tagged`.
    pub(in crate::validate) fn first_counts(
        &self,
        replication: u64,
        tagged: Option<usize>,
    ) -> Vec<u64> {
        let stream = self.streams.stream(replication, Role::InitialTypes);
        let number = (self.population, tagged);
        first_counts(self.start, self.game.initial(), number, stream)
    }
}

/// Who announces the leader's prescription.
#[derive(Clone, Copy, Debug)]
pub(in crate::validate) enum Announced<'p> {
    /// Theta.
    Theta,
    /// A deviating leader, this one; the followers answer.
    Deviating(&'p LeaderPrescription),
}

impl Announced<'_> {
    /// What a play is remembered by, with the public state: of one length and beginning for each kind.
    fn key(self, belief: &Belief, counts: &[u64]) -> Vec<u64> {
        let mut key = match self {
            Self::Theta => vec![0],
            Self::Deviating(LeaderPrescription::Pure(chosen)) => {
                let actions = chosen.iter().map(|a| a.0 as u64);
                [1].into_iter().chain(actions).collect()
            }
            Self::Deviating(LeaderPrescription::Mixed { rows, .. }) => {
                let rows = rows.iter().map(|p| p.to_bits());
                [2].into_iter().chain(rows).collect()
            }
        };
        key.extend(belief.weights().iter().map(|p| p.to_bits()));
        key.extend_from_slice(counts);
        key
    }
}

/// Plays remembered per period; a play is a function of its key, so forgetting them changes the speed only.
const REMEMBERED: usize = 4096;

/// What one thread works with: tables, and the plays that it has looked up.
pub(in crate::validate) struct Worker<'g> {
    pub(in crate::validate) tables: Tables<'g>,
    plays: Vec<BTreeMap<Vec<u64>, Play>>,
}

impl<'g> Worker<'g> {
    /// Nothing remembered.
    pub(in crate::validate) fn new(game: &'g Game) -> Self {
        Self {
            tables: game.tables(),
            plays: vec![BTreeMap::new(); game.horizon()],
        }
    }

    /// Evaluate the tables at z^N and look up what is played there.
    pub(in crate::validate) fn play(
        &mut self,
        policy: &dyn Policy,
        t: usize,
        (belief, counts): (&Belief, &[u64]),
        announced: Announced<'_>,
    ) -> Result<Play, ValidateError> {
        let z = MeanField::from_counts(counts);
        self.tables.evaluate(t, z.weights())?;
        let known = &mut self.plays[t - 1];
        let key = announced.key(belief, counts);
        if let Some(play) = known.get(&key) {
            return Ok(play.clone());
        }
        let play = match announced {
            Announced::Theta => policy.play(t, belief, &z)?,
            Announced::Deviating(leader) => Play {
                leader: leader.clone(),
                prescription: policy.answer(t, belief, &z, leader)?,
            },
        };
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, play.clone());
        Ok(play)
    }
}

/// Everybody in `counts` acts and moves, at the leader's move.
pub(in crate::validate) fn advance(
    tables: &Tables<'_>,
    play: &Play,
    leader_move: usize,
    counts: &mut Vec<u64>,
    stream: &mut Stream,
) {
    let law = |x: usize| next_type(tables, leader_move, x, play.prescription.row(x));
    move_followers(law, counts, stream);
}
