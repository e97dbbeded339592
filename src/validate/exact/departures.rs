//! The best responder's way forward, and where on it theta is left.

use super::beliefs::PeriodBeliefs;
use super::boxed::{BoxLaw, Marks};
use super::counts::CountVectors;
use super::stage::State;
use crate::game::{Belief, MeanField};
use crate::simulate::Start;
use crate::simulate::rounded_counts;

/// Next counts in a tail of at most this mass, or of a smaller probability, count as not reached.
pub(super) const UNREACHED: f64 = 1e-12;

/// A state in which the best responder does not do what theta prescribes.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    /// The period, from 1.
    pub t: usize,
    /// pi_t.
    pub belief: Belief,
    /// The tagged follower's type.
    pub x: usize,
    /// N z^N, the tagged follower included.
    pub counts: Vec<usize>,
    /// The best action, the first of equals.
    pub action: usize,
    /// What the action gains over theta's prescription at this state, the best response following in both cases.
    pub gain: f64,
}

/// The types that the best responder may be of next, and a box around the next counts of the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    /// Index of the belief of t + 1.
    pub next: usize,
    pub types: Vec<bool>,
    pub others: [Vec<usize>; 2],
}

/// What stays of all states of a period and belief once the period before it is solved. It is held for all periods at
/// once, hence flat and in short integers: 20 + K + 8 (K - 1) bytes a state and type where the leader is seen to do one
/// thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// By state, then type: the type, the best action and its gain.
    departures: Vec<(u32, u32, u32, f64)>,
    /// By state, then type: the state, the type and the index of the next belief,
    from: Vec<[u32; 3]>,
    /// of each, K answers to whether the type may come next,
    types: Vec<bool>,
    /// and the lowest and the highest counts of the others, K - 1 numbers each.
    corners: Vec<u32>,
}

impl Trace {
    /// Add a state, by its index. Counts and indices are below [`super::MAX_EXACT_STATES`].
    pub fn push(&mut self, index: usize, state: &State) {
        for (x, departure) in state.departure.iter().enumerate() {
            let departure = departure.map(|(a, gain)| (index as u32, x as u32, a as u32, gain));
            self.departures.extend(departure);
        }
        for (x, successors) in state.moves.iter().enumerate() {
            for moves in successors {
                self.from.push([index as u32, x as u32, moves.next as u32]);
                self.types.extend_from_slice(&moves.types);
                let corners = moves.others.iter().flatten();
                self.corners.extend(corners.map(|n| *n as u32));
            }
        }
    }
}

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

/// Which (belief, type, counts) of one period are reached.
struct Reached(Vec<Vec<Marks>>);

impl Reached {
    fn none(beliefs: &PeriodBeliefs, states: &CountVectors) -> Self {
        let none = vec![Marks::none(states.population(), states.types()); states.types()];
        Self(vec![none; beliefs.len()])
    }

    /// The departures that are reached at the belief of one index, by type and counts, and what they lead to marked in
    /// `next`.
    fn follow(
        &self,
        at: usize,
        (t, belief): (usize, &Belief),
        (trace, states): (&Trace, &CountVectors),
        next: &mut Self,
    ) -> Vec<Departure> {
        let types = states.types();
        let counted: Vec<_> = self.0[at].iter().map(Marks::counted).collect();
        let is_reached =
            |x: u32, state: u32| counted[x as usize].at(states.at(state as usize)) > 0.0;
        let departures = trace.departures.iter().filter(|d| is_reached(d.1, d.0));
        let mut found: Vec<Departure> = departures
            .map(|(state, x, action, gain)| Departure {
                t,
                belief: belief.clone(),
                x: *x as usize,
                counts: states.at(*state as usize).to_vec(),
                action: *action as usize,
                gain: *gain,
            })
            .collect();
        found.sort_by_key(|departure| departure.x);
        let allowed = trace.types.chunks_exact(types);
        // With one type there are no corners, and the box is the one state there is.
        let corners = (0..).map(|i| &trace.corners[i * 2 * (types - 1)..(i + 1) * 2 * (types - 1)]);
        for (([state, x, belief], allowed), corners) in trace.from.iter().zip(allowed).zip(corners)
        {
            if is_reached(*x, *state) {
                let (low, high) = corners.split_at(types - 1);
                for y in (0..types).filter(|y| allowed[*y]) {
                    next.0[*belief as usize][y].mark(low, high, y);
                }
            }
        }
        found
    }
}

/// Follow the best responder from `first` and list where it departs from theta; the others and the leader play theta.
///
/// `periods` hold the traces by period and belief.
pub(super) fn departures(
    periods: &[Vec<Trace>],
    beliefs: &[PeriodBeliefs],
    states: &CountVectors,
    first: &[Option<[Vec<usize>; 2]>],
) -> Vec<Departure> {
    let mut reached = Reached::none(&beliefs[0], states);
    for marks in &mut reached.0 {
        for (x, others) in first.iter().enumerate() {
            if let Some(corners) = others {
                let [low, high] = corners.each_ref().map(|corner| short(corner));
                marks[x].mark(&low, &high, x);
            }
        }
    }
    let mut found = Vec::new();
    for (index, period) in periods.iter().enumerate() {
        let mut next = Reached::none(&beliefs[index + 1], states);
        for (at, trace) in period.iter().enumerate() {
            let here = (index + 1, &beliefs[index].beliefs()[at]);
            found.extend(reached.follow(at, here, (trace, states), &mut next));
        }
        reached = next;
    }
    found
}

fn short(corner: &[usize]) -> Vec<u32> {
    corner.iter().map(|n| *n as u32).collect()
}
