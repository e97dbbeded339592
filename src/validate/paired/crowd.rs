//! The population around a deviator: first types, and one step of a count vector.

use crate::game::{Game, LeaderAction, Play, Policy, Tables};
use crate::simulate::split::split;
use crate::simulate::{Start, rounded_counts};
use crate::stream::{Role, Stream, StreamFamily};

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
    pub(super) fn first_counts(&self, replication: u64, tagged: Option<usize>) -> Vec<u64> {
        let initial = self.game.initial();
        match self.start {
            Start::Iid => {
                let mut counts = vec![0; initial.weights().len()];
                let mut stream = self.streams.stream(replication, Role::InitialTypes);
                let drawn = self.population - u64::from(tagged.is_some());
                split(&mut stream, drawn, initial.weights(), &mut counts);
                counts
            }
            Start::Rounded => {
                let mut counts = rounded_counts(initial, self.population);
                tagged
                    .into_iter()
                    .for_each(|x| counts[x] = counts[x].saturating_sub(1));
                counts
            }
        }
    }
}

/// Everybody in `counts` acts and moves.
pub(super) fn advance(
    tables: &Tables<'_>,
    play: &Play,
    counts: &mut Vec<u64>,
    stream: &mut Stream,
) {
    let mut next = vec![0; counts.len()];
    let mut moved = vec![0; counts.len()];
    for (x, number) in counts.iter().enumerate().filter(|(_, number)| **number > 0) {
        let law = next_type(
            tables,
            play.leader_action,
            x,
            play.prescription.row(x),
            counts.len(),
        );
        split(stream, *number, &law, &mut moved);
        next.iter_mut()
            .zip(&moved)
            .for_each(|(total, part)| *total += part);
    }
    *counts = next;
}

/// sum_a row(a) Q(y|z,x,a^l,a) for every type y.
pub(super) fn next_type(
    tables: &Tables<'_>,
    leader: LeaderAction,
    x: usize,
    row: &[f64],
    types: usize,
) -> Vec<f64> {
    let mut law = vec![0.0; types];
    for (a, weight) in row.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        for (y, mass) in law.iter_mut().enumerate() {
            *mass += weight * tables.transition(leader.0, x, a, y);
        }
    }
    law
}
