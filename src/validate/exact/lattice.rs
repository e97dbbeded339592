//! Exact values at finite N for three and more follower types, by backward induction over (t, own type, count vector).
//!
//! As for two types, but with count vectors: at (t, n) theta is played, the group of n_y followers of type y splits by a
//! multinomial with p_y = sum_a gamma(a|y) Q(.|z,y,a^l,a), and the next counts of the others are the sum of the groups'
//! splits. With A the sum over Multinomial(n_y - 1, p_y), the others of a tagged follower of type x are A and one more of
//! every other type; the leader's crowd is A and one more of every type.
//!
//! There are C(N + K - 1, K - 1) count vectors of K types, and the cost of each grows like the square of the number that it
//! can reach: N = 100 is the size meant, and [`super::estimated_cost`] says what more would take.

mod boxed;
mod cost;
mod departures;

use rayon::prelude::*;

use super::{LeaderTest, MAX_EXACT_STATES, Values, worst};
use crate::game::{
    Belief, Game, LeaderAction, LeaderPrescription, MeanField, Play, Policy, Tables,
};
use crate::scenario::Start;
use crate::validate::paired::crowd::next_type;
use crate::validate::{ValidateError, leader_reward};
use boxed::{BoxLaw, Grid, truncated_mass};
pub(super) use cost::estimated_cost;
use departures::{departures, first_states};

/// A smaller one-stage advantage is rounding.
const MIN_ADVANTAGE: f64 = 1e-12;

/// Next counts of a smaller probability count as not reached where departures are listed.
const UNREACHED: f64 = 1e-12;

/// A state in which the best responder does not do what theta prescribes.
#[derive(Clone, Debug, PartialEq)]
pub struct LatticeDeparture {
    /// The period, from 1.
    pub t: usize,
    /// The tagged follower's type.
    pub x: usize,
    /// N z^N, the tagged follower included.
    pub counts: Vec<usize>,
    /// The best action, the first of equals.
    pub action: usize,
    /// What the action gains over theta's prescription at this state, the best response following in both cases.
    pub gain: f64,
}

/// Exact values at one population, by the state at t = 1.
#[derive(Debug, Clone)]
pub struct LatticeExact {
    population: usize,
    first: Period,
    leader: LeaderTest,
    /// Bound on the error in any value from cutting tails (rounding apart).
    pub truncation: f64,
    /// Where the best responder departs from theta, on its way from the start; sorted by t, type, counts.
    pub departures: Vec<LatticeDeparture>,
}

/// All values at one period.
#[derive(Debug, Clone)]
struct Period {
    /// V_t(x, n), by type.
    theta: Vec<Grid>,
    /// B_t(x, n), by type.
    best: Vec<Grid>,
    leader_theta: Grid,
    leader_best: Grid,
}

/// Values at one (t, n).
#[derive(Clone, Debug, Default)]
struct State {
    theta: Vec<f64>,
    best: Vec<f64>,
    leader_theta: f64,
    leader_best: f64,
    /// By type: the departure's action and gain.
    departure: Vec<Option<(usize, f64)>>,
    /// By type: where the best responder may go.
    moves: Vec<Moves>,
}

/// The types that the best responder may be of next, and a box around the next counts of the others.
#[derive(Clone, Debug, Default)]
struct Moves {
    types: Vec<bool>,
    others: [Vec<usize>; 2],
}

/// What stays of a state once the period before it is solved.
struct Trace {
    departure: Vec<Option<(usize, f64)>>,
    moves: Vec<Moves>,
}

impl Trace {
    fn of(state: State) -> Self {
        Self {
            departure: state.departure,
            moves: state.moves,
        }
    }
}

impl Period {
    fn zeros(population: usize, types: usize) -> Self {
        let zeros = Grid::zeros(population, types);
        Self {
            theta: vec![zeros.clone(); types],
            best: vec![zeros.clone(); types],
            leader_theta: zeros.clone(),
            leader_best: zeros,
        }
    }

    /// The largest spread of any function over the states that exist.
    fn span(&self, states: &[Vec<usize>]) -> f64 {
        let spread = |values: &mut dyn Iterator<Item = f64>| {
            let start = (f64::INFINITY, f64::NEG_INFINITY);
            let (low, high) = values.fold(start, |(low, high), v| (low.min(v), high.max(v)));
            (high - low).max(0.0)
        };
        let follower = |grids: &[Grid]| {
            let each = grids.iter().enumerate().map(|(x, grid)| {
                let own = states.iter().filter(|n| n[x] > 0);
                spread(&mut own.map(|n| grid.at(n)))
            });
            each.fold(0.0, f64::max)
        };
        let leader = |grid: &Grid| spread(&mut states.iter().map(|n| grid.at(n)));
        follower(&self.theta)
            .max(follower(&self.best))
            .max(leader(&self.leader_theta))
            .max(leader(&self.leader_best))
    }
}

/// The period to solve.
struct Stage<'a> {
    game: &'a Game,
    policy: &'a dyn Policy,
    t: usize,
    next: &'a Period,
    leader: LeaderTest,
}

/// How a crowd of these counts moves under one play.
struct Crowd {
    counts: Vec<usize>,
    /// p_y, by type.
    moves: Vec<Vec<f64>>,
    /// The sum over Multinomial(n_y - 1, p_y).
    base: BoxLaw,
}

impl Crowd {
    fn new(tables: &Tables<'_>, play: &Play, counts: &[usize]) -> Self {
        let types = counts.len();
        let moves = crowd_moves(tables, play, counts);
        let groups = counts.iter().zip(&moves).filter(|(n, _)| **n > 1);
        let mut laws: Vec<BoxLaw> = groups
            .map(|(n, law)| BoxLaw::multinomial(n - 1, law))
            .collect();
        laws.sort_by_key(BoxLaw::len);
        let base = laws
            .iter()
            .fold(BoxLaw::point(types - 1), |sum, law| sum.plus(law));
        Self {
            counts: counts.to_vec(),
            moves,
            base,
        }
    }

    /// The next counts of everybody but one follower of type `without`.
    fn others(&self, without: Option<usize>) -> BoxLaw {
        let types = self.counts.len();
        let more = (0..types).filter(|y| self.counts[*y] > 0 && Some(*y) != without);
        more.fold(self.base.clone(), |sum, y| {
            sum.plus(&BoxLaw::multinomial(1, &self.moves[y]))
        })
    }
}

impl Stage<'_> {
    fn solve(&self, tables: &mut Tables<'_>, counts: &[usize]) -> Result<State, ValidateError> {
        let z = mean_field(counts);
        tables.evaluate(self.t, z.weights())?;
        let play = self.policy.play(self.t, &Belief::certain(), &z);
        let crowd = Crowd::new(tables, &play, counts);
        let types = counts.len();
        let mut state = State {
            theta: vec![0.0; types],
            best: vec![0.0; types],
            departure: vec![None; types],
            moves: vec![Moves::default(); types],
            ..State::default()
        };
        for x in (0..types).filter(|x| counts[*x] > 0) {
            self.solve_follower(tables, &play, x, &crowd.others(Some(x)), &mut state);
        }
        if self.leader == LeaderTest::StageWise {
            self.solve_leader(tables, &z, &play, &crowd, &mut state)?;
        }
        Ok(state)
    }

    fn solve_follower(
        &self,
        tables: &Tables<'_>,
        play: &Play,
        x: usize,
        others: &BoxLaw,
        state: &mut State,
    ) {
        let (leader, types) = (play.leader_action().0, state.theta.len());
        let continued = |grids: &[Grid]| -> Vec<f64> {
            let each = grids.iter().enumerate();
            each.map(|(y, grid)| others.expect(grid, y)).collect()
        };
        let (theta, best) = (continued(&self.next.theta), continued(&self.next.best));
        // Q(a) = R + delta sum_x' Q(x'|z,x,a^l,a) E[value(x', n')], n' counting the tagged follower.
        let action_value = |a: usize, next: &[f64]| {
            let moved = next.iter().enumerate();
            let next: f64 = moved
                .map(|(y, value)| tables.transition(leader, x, a, y) * value)
                .sum();
            tables.follower_reward(leader, x, a) + self.game.discount() * next
        };
        let row = play.prescription.row(x);
        let average = |next: &[f64]| -> f64 {
            let played = row.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
            played
                .map(|(a, weight)| weight * action_value(a, next))
                .sum()
        };
        let (mut action, mut value) = (0, f64::NEG_INFINITY);
        for a in (0..row.len()).filter(|a| self.game.is_available(x, *a)) {
            let candidate = action_value(a, &best);
            if candidate > value {
                (action, value) = (a, candidate);
            }
        }
        let stay = average(&best);
        let departs = value - stay > MIN_ADVANTAGE;
        state.theta[x] = average(&theta);
        state.best[x] = value.max(stay);
        state.departure[x] = departs.then_some((action, value - stay));
        let plays = |a: usize| if departs { a == action } else { row[a] > 0.0 };
        let reached = (0..types)
            .map(|y| (0..row.len()).any(|a| plays(a) && tables.transition(leader, x, a, y) > 0.0));
        state.moves[x] = Moves {
            types: reached.collect(),
            others: others.support(UNREACHED),
        };
    }

    fn solve_leader(
        &self,
        tables: &Tables<'_>,
        z: &MeanField,
        play: &Play,
        crowd: &Crowd,
        state: &mut State,
    ) -> Result<(), ValidateError> {
        let discount = self.game.discount();
        let own = leader_reward(tables, play.leader_action(), &play.prescription, z);
        let everybody = crowd.others(None);
        state.leader_theta = own + discount * everybody.expect(&self.next.leader_theta, 0);
        let continued = everybody.expect(&self.next.leader_best, 0);
        state.leader_best = own + discount * continued;
        // Actions that move the crowd alike share the expectation.
        let mut known = vec![(crowd.moves.clone(), continued)];
        let actions = (0..self.game.leader_actions().len()).map(LeaderAction);
        for leader_action in actions.filter(|l| *l != play.leader_action()) {
            let answer = self.policy.answer(
                self.t,
                &Belief::certain(),
                z,
                &LeaderPrescription::action(leader_action),
            );
            let answer = Play::pure(
                leader_action,
                answer.ok_or(ValidateError::NoAnswer { t: self.t })?,
            );
            let moves = crowd_moves(tables, &answer, &crowd.counts);
            let found = known.iter().find(|(other, _)| *other == moves);
            let continued = match found {
                Some((_, continued)) => *continued,
                None => {
                    let crowd = Crowd::new(tables, &answer, &crowd.counts);
                    let continued = crowd.others(None).expect(&self.next.leader_best, 0);
                    known.push((moves, continued));
                    continued
                }
            };
            let reward = leader_reward(tables, leader_action, &answer.prescription, z);
            state.leader_best = state.leader_best.max(reward + discount * continued);
        }
        Ok(())
    }
}

impl LatticeExact {
    /// Solve backward from T to 1 for N = `population` followers, then follow the best responder forward from `start`.
    ///
    /// # Errors
    /// More states than memory, a kernel or reward without a value at some z^N, and, with [`LeaderTest::StageWise`], a
    /// policy that does not answer a deviating leader.
    pub fn solve(
        game: &Game,
        policy: &dyn Policy,
        population: u64,
        start: Start,
        leader: LeaderTest,
    ) -> Result<Self, ValidateError> {
        let types = game.follower_types().len();
        let size = checked_population(game, population)?;
        let states = count_vectors(size, types);
        let mut next = Period::zeros(size, types);
        for n in &states {
            for x in 0..types {
                let reward = game.terminal_reward(mean_field(n).weights(), x)?;
                next.theta[x].set(n, reward);
                next.best[x].set(n, reward);
            }
        }
        let (mut truncation, mut traces) = (0.0, Vec::with_capacity(game.horizon()));
        for t in (1..=game.horizon()).rev() {
            // Laws of the others at total variation distance e differ by at most e times the spread in an expectation.
            truncation =
                game.discount() * (truncation + truncated_mass(types) * next.span(&states));
            let stage = Stage {
                game,
                policy,
                t,
                next: &next,
                leader,
            };
            let solved: Vec<State> = states
                .par_iter()
                .map_init(|| game.tables(), |tables, n| stage.solve(tables, n))
                .collect::<Result<_, _>>()?;
            let mut period = Period::zeros(size, types);
            for (n, state) in states.iter().zip(&solved) {
                for x in 0..types {
                    period.theta[x].set(n, state.theta[x]);
                    period.best[x].set(n, state.best[x]);
                }
                period.leader_theta.set(n, state.leader_theta);
                period.leader_best.set(n, state.leader_best);
            }
            next = period;
            traces.push(solved.into_iter().map(Trace::of).collect());
        }
        traces.reverse();
        truncation += truncated_mass(types) * next.span(&states);
        let first = first_states(game.initial(), size, start);
        Ok(Self {
            population: size,
            departures: departures(&traces, &states, first),
            first: next,
            leader,
            truncation,
        })
    }

    /// Values of the tagged follower of type x, the others drawn i.i.d. from `initial`.
    pub fn follower_iid(&self, initial: &MeanField, x: usize) -> Values {
        let law = BoxLaw::multinomial(self.population - 1, initial.weights());
        Values {
            theta: law.expect(&self.first.theta[x], x),
            best: law.expect(&self.first.best[x], x),
        }
    }

    /// Values of a tagged follower of type x at these counts, it among them; `None` where there is no such follower.
    pub fn follower_at(&self, x: usize, counts: &[u64]) -> Option<Values> {
        let counts = self.checked(counts)?;
        (counts[x] > 0).then(|| Values {
            theta: self.first.theta[x].at(&counts),
            best: self.first.best[x].at(&counts),
        })
    }

    /// The values with the largest gain of a follower at t = 1, over all counts and types.
    pub fn follower_worst(&self) -> Values {
        let types = self.first.theta.len();
        let states = count_vectors(self.population, types);
        worst(states.iter().flat_map(|n| {
            let own = (0..types).filter(|x| n[*x] > 0);
            own.map(|x| Values {
                theta: self.first.theta[x].at(n),
                best: self.first.best[x].at(n),
            })
        }))
    }

    /// Values of the leader, types drawn i.i.d. from `initial`; `None` where the leader was not tested.
    pub fn leader_iid(&self, initial: &MeanField) -> Option<Values> {
        let law = BoxLaw::multinomial(self.population, initial.weights());
        (self.leader == LeaderTest::StageWise).then(|| Values {
            theta: law.expect(&self.first.leader_theta, 0),
            best: law.expect(&self.first.leader_best, 0),
        })
    }

    /// Values of the leader at these counts; `None` where the leader was not tested.
    pub fn leader_at(&self, counts: &[u64]) -> Option<Values> {
        let counts = self.checked(counts)?;
        (self.leader == LeaderTest::StageWise).then(|| Values {
            theta: self.first.leader_theta.at(&counts),
            best: self.first.leader_best.at(&counts),
        })
    }

    /// The values with the largest gain of the leader at t = 1; `None` where the leader was not tested.
    pub fn leader_worst(&self) -> Option<Values> {
        let states = count_vectors(self.population, self.first.theta.len());
        (self.leader == LeaderTest::StageWise).then(|| {
            worst(states.iter().map(|n| Values {
                theta: self.first.leader_theta.at(n),
                best: self.first.leader_best.at(n),
            }))
        })
    }

    fn checked(&self, counts: &[u64]) -> Option<Vec<usize>> {
        let counts: Vec<usize> = counts.iter().map(|n| *n as usize).collect();
        let fits = counts.len() == self.first.theta.len()
            && counts.iter().sum::<usize>() == self.population;
        fits.then_some(counts)
    }
}

fn mean_field(counts: &[usize]) -> MeanField {
    let counts: Vec<u64> = counts.iter().map(|n| *n as u64).collect();
    MeanField::from_counts(&counts)
}

/// All count vectors of `population` over `types`, in ascending order of (n_0, n_1, ..).
fn count_vectors(population: usize, types: usize) -> Vec<Vec<usize>> {
    if types <= 1 {
        return vec![vec![population; types]];
    }
    let first = (0..=population).flat_map(|n| {
        let rest = count_vectors(population - n, types - 1).into_iter();
        rest.map(move |rest| [vec![n], rest].concat())
    });
    first.collect()
}

/// The points of the grid that holds the values, (N + 1)^(K - 1).
fn grid_points(population: u64, types: usize) -> u64 {
    let side = population.saturating_add(1);
    (1..types).fold(1_u64, |points, _| points.saturating_mul(side))
}

/// At least one follower, and grids that fit into memory.
fn checked_population(game: &Game, population: u64) -> Result<usize, ValidateError> {
    let (types, horizon) = (game.follower_types().len(), game.horizon());
    if population == 0 {
        return Err(ValidateError::Population { population });
    }
    let held = grid_points(population, types).saturating_mul((horizon * types) as u64);
    if held > MAX_EXACT_STATES {
        return Err(ValidateError::ExactStates {
            population,
            horizon,
        });
    }
    Ok(population as usize)
}

fn crowd_moves(tables: &Tables<'_>, play: &Play, counts: &[usize]) -> Vec<Vec<f64>> {
    let types = counts.len();
    (0..types)
        .map(|y| {
            next_type(
                tables,
                play.leader_action(),
                y,
                play.prescription.row(y),
                types,
            )
        })
        .collect()
}
