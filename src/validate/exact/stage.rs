//! One period of the backward induction, and the best responder's way forward.

use std::ops::Range;

use rayon::prelude::*;

use super::deviator::{Deviator, announcements};
use super::law::{Law, Scratch, estimated_width};
use super::{Column, Cost, LeaderTest, Period, ValidateError, mean_field};
use crate::game::{
    Belief, Game, LeaderAction, MeanField, Play, Policy, PolicyError, Prescription, Tables,
};

/// A smaller one-stage advantage is rounding.
const MIN_ADVANTAGE: f64 = 1e-12;

/// Counts in a tail of at most this mass, a step and side, count as not reached where departures are listed.
pub(super) const UNREACHED: f64 = 1e-12;

/// Multiply-adds in the time of one term of a binomial,
const TERM: f64 = 20.0;
/// of one product in a sum of two,
const PRODUCT: f64 = 2.0;
/// and of one state, apart from its plays and laws.
const STATE: f64 = 2e3;

/// A state in which the best responder does not do what theta prescribes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    /// The period, from 1.
    pub t: usize,
    /// The tagged follower's type.
    pub x: usize,
    /// How many of the N followers are of the second type, the tagged one included.
    pub n: usize,
    /// The best action, the first of equals.
    pub action: usize,
    /// What the action gains over theta's prescription at this state, the best response following in both cases.
    pub gain: f64,
}

/// The period to solve.
pub(super) struct Stage<'a> {
    pub game: &'a Game,
    pub policy: &'a dyn Policy,
    pub t: usize,
    pub population: usize,
    /// Values at t + 1.
    pub next: &'a Period,
    pub leader: LeaderTest,
    pub deviator: Deviator<'a>,
}

/// Values at one (t, n), and what the tagged follower can reach from it.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub theta: [f64; 2],
    pub best: [f64; 2],
    pub leader_theta: f64,
    pub leader_best: f64,
    pub trace: Trace,
    departure: [Option<(usize, f64)>; 2],
}

/// Where the best responder can go from one (t, n), by its type.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trace {
    /// The least and largest next count of the others.
    others: [(u32, u32); 2],
    /// Whether it can be of either type next.
    moves: [[bool; 2]; 2],
}

/// What stays of a period once the one before it is solved.
#[derive(Debug, Clone)]
pub(super) struct Traces {
    /// By n.
    states: Vec<Trace>,
    /// By type, then n.
    departures: Vec<Departure>,
}

impl Traces {
    /// Of the states n = 0..=N at period t.
    pub fn of(t: usize, states: &[State]) -> Self {
        let departures = (0..2).flat_map(|x| {
            let of_type = states
                .iter()
                .enumerate()
                .filter_map(move |(n, state)| Some((n, state.departure[x]?)));
            of_type.map(move |(n, (action, gain))| Departure {
                t,
                x,
                n,
                action,
                gain,
            })
        });
        Self {
            departures: departures.collect(),
            states: states.iter().map(|state| state.trace).collect(),
        }
    }
}

/// The room one thread works in.
pub(super) struct Worker<'g> {
    tables: Tables<'g>,
    game: &'g Game,
    law: Law,
    scratch: Scratch,
    candidates: Vec<Candidate>,
}

/// What one law of the crowd's movement is worth to the leader.
struct Candidate {
    moves: [f64; 2],
    continuation: f64,
}

impl Stage<'_> {
    /// All states n = 0..=N of this period.
    pub fn solve(&self) -> Result<Vec<State>, ValidateError> {
        (0..=self.population)
            .into_par_iter()
            .map_init(|| Worker::new(self.game), |worker, n| worker.solve(self, n))
            .collect()
    }
}

impl<'g> Worker<'g> {
    pub fn new(game: &'g Game) -> Self {
        let (law, scratch) = (Law::default(), Scratch::default());
        Self {
            tables: game.tables(),
            game,
            law,
            scratch,
            candidates: Vec::new(),
        }
    }

    fn solve(&mut self, stage: &Stage<'_>, n: usize) -> Result<State, ValidateError> {
        let z = mean_field(stage.population, n);
        self.tables.evaluate(stage.t, z.weights())?;
        let play = stage.policy.play(stage.t, &Belief::certain(), &z)?;
        let given = stage.deviator.play(stage.t, &Belief::certain(), &z)?;
        if play.leader.single_action().is_none() {
            return Err(ValidateError::MixedLeader { t: stage.t });
        }
        let counts = [stage.population - n, n];
        let moves = self.moves(&play, counts);
        self.law.assign_sum(
            counts.map(|c| c.saturating_sub(1)),
            moves,
            &mut self.scratch,
        );
        let mut state = State::default();
        let central = self.law.central(UNREACHED);
        for x in (0..2).filter(|x| counts[*x] > 0) {
            self.solve_follower(
                stage,
                (&play, given.as_ref()),
                (x, moves[1 - x]),
                &mut state,
            );
            // The others are A and one Bernoulli of the other group; counts are below MAX_EXACT_STATES.
            let other = moves[1 - x];
            let (least, most) = (
                central.0 + usize::from(other >= 1.0),
                central.1 + usize::from(other > 0.0),
            );
            state.trace.others[x] = (least as u32, most as u32);
        }
        if stage.leader == LeaderTest::StageWise {
            let played = (&play, given.as_ref());
            self.solve_leader(stage, &z, played, (moves, counts), &mut state)?;
        }
        Ok(state)
    }

    /// p_y = sum_a gamma(a|y) Q(2|z,y,a^l,a), and 0 for a group without members.
    fn moves(&self, play: &Play, counts: [usize; 2]) -> [f64; 2] {
        let leader = play.leader_action().0;
        [0, 1].map(|y| {
            let row = play.prescription.row(y).iter().enumerate();
            let moving: f64 = row
                .map(|(a, weight)| weight * self.tables.transition(leader, y, a, 1))
                .sum();
            if counts[y] == 0 {
                0.0
            } else {
                moving.clamp(0.0, 1.0)
            }
        })
    }

    /// V_t(x, n) and B_t(x, n): the law of the others is A and one Bernoulli of the other group, `other` its chance.
    fn solve_follower(
        &self,
        stage: &Stage<'_>,
        (play, given): (&Play, Option<&Play>),
        (x, other): (usize, f64),
        state: &mut State,
    ) {
        let leader = play.leader_action().0;
        let continuation = |values: &[Column; 2]| {
            [0, 1].map(|next| {
                (1.0 - other) * self.law.expect(&values[next], next)
                    + other * self.law.expect(&values[next], next + 1)
            })
        };
        let (theta, best) = (
            continuation(&stage.next.theta),
            continuation(&stage.next.best),
        );
        // Q(a) = R + delta sum_x' Q(x'|z,x,a^l,a) E[value(x', n')], n' counting the tagged follower.
        let action_value = |a: usize, next: [f64; 2]| {
            let [stay, move_] = [0, 1].map(|y| self.tables.transition(leader, x, a, y) * next[y]);
            self.tables.follower_reward(leader, x, a) + self.game.discount() * (stay + move_)
        };
        let row = play.prescription.row(x);
        let average = |row: &[f64], next: [f64; 2]| -> f64 {
            let played = row.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
            played
                .map(|(a, weight)| weight * action_value(a, next))
                .sum()
        };
        state.theta[x] = average(row, theta);
        if let Some(given) = given {
            state.best[x] = average(given.prescription.row(x), best);
            return;
        }
        let (mut action, mut value) = (0, f64::NEG_INFINITY);
        for a in (0..row.len()).filter(|a| self.game.is_available(x, *a)) {
            let candidate = action_value(a, best);
            if candidate > value {
                (action, value) = (a, candidate);
            }
        }
        let stay = average(row, best);
        let departs = value - stay > MIN_ADVANTAGE;
        state.best[x] = value.max(stay);
        state.departure[x] = departs.then_some((action, value - stay));
        let plays = |a: usize| if departs { a == action } else { row[a] > 0.0 };
        state.trace.moves[x] = [0, 1].map(|y| {
            (0..row.len()).any(|a| plays(a) && self.tables.transition(leader, x, a, y) > 0.0)
        });
    }

    /// The leader's value of theta and of her best announced action, continuing with either.
    fn solve_leader(
        &mut self,
        stage: &Stage<'_>,
        z: &MeanField,
        (play, given): (&Play, Option<&Play>),
        (moves, counts): ([f64; 2], [usize; 2]),
        state: &mut State,
    ) -> Result<(), ValidateError> {
        let own = play.leader_action();
        let reward = self.leader_reward(own, &play.prescription, z);
        state.leader_theta =
            reward + self.game.discount() * self.crowd_value(&stage.next.leader_theta, moves);
        let continuation = self.crowd_value(&stage.next.leader_best, moves);
        state.leader_best = reward + self.game.discount() * continuation;
        self.candidates.clear();
        self.candidates.push(Candidate {
            moves,
            continuation,
        });
        for announced in announcements(self.game, &Belief::certain(), &play.leader, given) {
            let mixed = ValidateError::MixedLeader { t: stage.t };
            let leader_action = announced.single_action().ok_or(mixed)?;
            let prescription = stage
                .policy
                .answer(stage.t, &Belief::certain(), z, &announced)?;
            let answer = Play::pure(leader_action, prescription);
            let moves = self.moves(&answer, counts);
            // Actions that move the crowd alike share the expectation; the laws are compared by their two numbers.
            let known = self
                .candidates
                .iter()
                .find(|c| c.moves == moves)
                .map(|c| c.continuation);
            let continuation = known.unwrap_or_else(|| {
                self.law.assign_sum(
                    counts.map(|c| c.saturating_sub(1)),
                    moves,
                    &mut self.scratch,
                );
                let continuation = self.crowd_value(&stage.next.leader_best, moves);
                self.candidates.push(Candidate {
                    moves,
                    continuation,
                });
                continuation
            });
            let reward = self.leader_reward(leader_action, &answer.prescription, z);
            let value = reward + self.game.discount() * continuation;
            state.leader_best = match given {
                Some(_) => value,
                None => state.leader_best.max(value),
            };
        }
        Ok(())
    }

    /// E value(n'), n' = A and one Bernoulli of each group.
    fn crowd_value(&self, values: &Column, [p, q]: [f64; 2]) -> f64 {
        let weights = [(1.0 - p) * (1.0 - q), p * (1.0 - q) + q * (1.0 - p), p * q];
        let terms = weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0);
        terms
            .map(|(shift, weight)| weight * self.law.expect(values, shift))
            .sum()
    }

    /// R^l = r(z, a^l) + sum_{x,a} E[mu(x, a)] g(z, a^l, x, a), E[mu(x, a)] = z(x) gamma(a|x).
    fn leader_reward(
        &self,
        leader_action: LeaderAction,
        prescription: &Prescription,
        z: &MeanField,
    ) -> f64 {
        super::super::leader_reward(&self.tables, leader_action.0, prescription, z)
    }

    /// The cost of one state.
    pub fn cost(
        &mut self,
        policy: &dyn Policy,
        population: usize,
        (t, n): (usize, usize),
        deviator: Deviator<'_>,
    ) -> Result<Cost, ValidateError> {
        let z = mean_field(population, n);
        self.tables.evaluate(t, z.weights())?;
        let (belief, counts) = (Belief::certain(), [population - n, n]);
        let play = policy.play(t, &belief, &z)?;
        let given = deviator.play(t, &belief, &z)?;
        if play.leader.single_action().is_none() {
            return Err(ValidateError::MixedLeader { t });
        }
        let law_cost = |moves: [f64; 2]| {
            let [narrow, wide] =
                [0, 1].map(|y| estimated_width(counts[y].saturating_sub(1), moves[y]));
            // Terms by ratios, their sum by a convolution, and six expectations.
            TERM * (narrow + wide) + PRODUCT * narrow * wide + 12.0 * (narrow + wide)
        };
        let mut seen = vec![self.moves(&play, counts)];
        let follower = STATE
            + self.game.evaluation_cost()
            + policy.play_cost(t, &belief, &z)?
            + law_cost(seen[0]);
        let mut leader = 0.0;
        let mut answer_cost = None;
        for announced in announcements(self.game, &belief, &play.leader, given.as_ref()) {
            let prescription = match policy.answer(t, &belief, &z, &announced) {
                // She is not tested.
                Err(PolicyError::NoAnswer { .. }) => {
                    return Ok(Cost {
                        follower,
                        leader: 0.0,
                    });
                }
                answer => answer?,
            };
            let mixed = ValidateError::MixedLeader { t };
            let leader_action = announced.single_action().ok_or(mixed)?;
            let moves = self.moves(&Play::pure(leader_action, prescription), counts);
            // One answer is as good as another.
            leader += match answer_cost {
                Some(cost) => cost,
                None => *answer_cost.insert(policy.answer_cost(t, &belief, &z, &announced)?),
            };
            if !seen.contains(&moves) {
                leader += law_cost(moves);
                seen.push(moves);
            }
        }
        Ok(Cost { follower, leader })
    }
}

/// Follow the best responder from `first` (per type, the counts it may start at) and list where it departs from theta:
/// it plays theta where theta is a best response, else the first best action; the others play theta.
pub(super) fn departures(
    periods: &[Traces],
    population: usize,
    first: [Range<usize>; 2],
) -> Vec<Departure> {
    let mut reached = first.map(|range| {
        (0..=population)
            .map(|n| range.contains(&n))
            .collect::<Vec<bool>>()
    });
    let mut found = Vec::new();
    for period in periods {
        found.extend(period.departures.iter().filter(|d| reached[d.x][d.n]));
        // Ranges of next counts are opened and closed, then counted once.
        let mut steps = [vec![0_i64; population + 2], vec![0_i64; population + 2]];
        for (x, reached) in reached.iter().enumerate() {
            for (_, trace) in reached
                .iter()
                .zip(&period.states)
                .filter(|(reached, _)| **reached)
            {
                let (low, high) = trace.others[x];
                for y in (0..2).filter(|y| trace.moves[x][*y]) {
                    steps[y][low as usize + y] += 1;
                    steps[y][high as usize + y + 1] -= 1;
                }
            }
        }
        reached = steps.map(|steps| {
            let running = steps[..=population].iter().scan(0, |open, step| {
                *open += step;
                Some(*open > 0)
            });
            running.collect()
        });
    }
    found
}
