//! The best responder's way forward, and where on it theta is left.

use super::beliefs::BeliefSet;
use super::boxed::{BoxLaw, Marks};
use super::{LatticeDeparture, Trace, UNREACHED};
use crate::game::MeanField;
use crate::scenario::Start;
use crate::simulate::rounded_counts;

/// Where the tagged follower can be at t = 1: per type a box around the others' counts (of the types after the first).
pub(super) fn first_states(
    initial: &MeanField,
    population: usize,
    start: Start,
) -> Vec<Option<[Vec<usize>; 2]>> {
    let weights = initial.weights();
    match start {
        Start::Iid => {
            let others = BoxLaw::multinomial(population - 1, weights).support(UNREACHED);
            let possible = weights.iter().map(|z| *z > 0.0);
            possible
                .map(|possible| possible.then(|| others.clone()))
                .collect()
        }
        Start::Rounded => {
            let counts = rounded_counts(initial, population as u64);
            (0..weights.len())
                .map(|x| {
                    let mut others: Vec<usize> = counts.iter().map(|n| *n as usize).collect();
                    others[x] = others[x].checked_sub(1)?;
                    let corner = others[1..].to_vec();
                    Some([corner.clone(), corner])
                })
                .collect()
        }
    }
}

/// Follow the best responder from `first` and list where it departs from theta; the others and the leader play theta.
///
/// `periods` hold the states by period, belief and counts.
pub(super) fn departures(
    periods: &[Vec<Vec<Trace>>],
    beliefs: &[BeliefSet],
    states: &[Vec<usize>],
    first: Vec<Option<[Vec<usize>; 2]>>,
) -> Vec<LatticeDeparture> {
    let types = first.len();
    let population: usize = states.first().map_or(0, |n| n.iter().sum());
    let none =
        |beliefs: &BeliefSet| vec![vec![Marks::none(population, types); types]; beliefs.len()];
    let mut reached = none(&beliefs[0]);
    for reached in &mut reached {
        for (x, others) in first.iter().enumerate() {
            if let Some([low, high]) = others {
                reached[x].mark(low, high, x);
            }
        }
    }
    let mut found = Vec::new();
    for (index, period) in periods.iter().enumerate() {
        let mut next = none(&beliefs[index + 1]);
        let cells = (0..period.len()).flat_map(|at| (0..types).map(move |x| (at, x)));
        for (at, x) in cells {
            let belief = &beliefs[index].beliefs()[at];
            let reached = reached[at][x].counted();
            let here = states.iter().zip(&period[at]);
            for (n, trace) in here.filter(|(n, _)| n[x] > 0 && reached.at(n) > 0.0) {
                found.extend(trace.departure[x].map(|(action, gain)| LatticeDeparture {
                    t: index + 1,
                    belief: belief.clone(),
                    x,
                    counts: n.clone(),
                    action,
                    gain,
                }));
                for moves in &trace.moves[x] {
                    let [low, high] = &moves.others;
                    for y in (0..types).filter(|y| moves.types[*y]) {
                        next[moves.next][y].mark(low, high, y);
                    }
                }
            }
        }
        reached = next;
    }
    found
}
