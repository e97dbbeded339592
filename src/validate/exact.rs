//! Exact values at finite N by backward induction over (t, belief, own type, count vector), for any number of follower types.
//!
//! At (t, pi, n) theta is played, z^N = n/N, and the group of n_y followers of type y splits by a multinomial with
//! p_y = sum_a gamma(a|y) Q(.|z,y,a^l,a); the next counts of the others are the sum of the groups' splits. With A the sum
//! over Multinomial(n_y - 1, p_y), the others of a tagged follower of type x are A and one more of every other type; the
//! leader's crowd is A and one more of every type.
//!
//! - Followers: V_t(pi, x, n) is theta's value for the tagged follower, B_t(pi, x, n) the best over *all* its deviations,
//!   the others and the leader keeping theta and reacting to z^N.
//! - Leader: at every (t, pi, n) any candidate announcement; the followers play [`Policy::answer`] to it.
//! - A given deviation of either is evaluated by the same recursion, its own law in the place of the best action.
//!
//! The leader's part of the state is the belief pi about her type, of the finitely many that can be reached ([`beliefs`]).
//! Where followers see nothing that depends on a private type, pi is the law of that type given all that they have seen, so
//! that the best response over functions of (t, pi, z, x) is the best over all; elsewhere the game is refused. The
//! leader's value is the average over pi of her types' values, which has a recursion of its own since
//! sum_x pi(x) gamma^l(a|x) Q^l(x'|x,a) = P(a) pi'(x').
//!
//! Binomial tails are cut below 1e-17 a side; [`Exact::truncation`] bounds what that can change in any value. There are
//! C(N + K - 1, K - 1) count vectors of K types, and the cost of each grows like the square of the number that it can
//! reach: N = 10^4 with two types and N = 100 with three are the sizes meant, and on as far as memory and time allow;
//! [`estimated_cost`] says what more would take.

mod beliefs;
mod boxed;
mod cost;
mod counts;
mod departures;
mod deviator;
mod law;
mod stage;

use super::deviations::NamedPolicy;
use super::{EXACT_LIMIT, ValidateError};
use crate::game::{Game, LeaderInformation, LeaderType, MeanField, Policy, Task};
use crate::simulate::Start;
pub use beliefs::MOST_BELIEFS;
use beliefs::{PeriodBeliefs, first_beliefs, reachable};
use boxed::{BoxLaw, Grid, truncated_mass};
pub(super) use cost::cost_within;
pub use cost::{Cost, estimated_cost};
use counts::{CountVectors, grid_points, mean_field};
pub use departures::Departure;
use departures::{Trace, departures, first_states};
pub(in crate::validate) use deviator::Deviator;
use rayon::prelude::*;
use stage::{Stage, State};

/// The most states (t, pi, n) that are held in memory, for two types at about 60 bytes each, for more types that number
/// for every one beyond the first.
pub const MAX_EXACT_STATES: u64 = 20_000_000;

/// States whose values are found before they are put into columns: what is found of one takes a kilobyte.
const GATHERED: usize = 4096;

/// What is to be computed beside theta's value and the best response of a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaderTest {
    /// The leader's best stage-wise deviation, the followers re-answering.
    StageWise,
    /// Nothing for the leader.
    None,
}

/// Theta's value and the deviator's from one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    /// Expected discounted reward under theta.
    pub theta: f64,
    /// Expected discounted reward of the best deviation, or of the one that is evaluated.
    pub best: f64,
}

impl Values {
    /// The gain of deviating.
    pub fn gain(&self) -> f64 {
        self.best - self.theta
    }
}

/// Exact values at one population, by the state at t = 1.
#[derive(Debug, Clone)]
pub struct Exact {
    population: usize,
    /// By the beliefs at t = 1, with their probabilities.
    first: Vec<(f64, Period)>,
    leader: LeaderTest,
    /// The leader's types that pi_1 holds possible; none where she has no types or was not tested.
    possible: Vec<LeaderType>,
    /// Bound on the error in any value from cutting tails (rounding apart).
    pub truncation: f64,
    /// Where the best responder departs from theta, on its way from the start; sorted by t, belief, type, counts.
    pub departures: Vec<Departure>,
}

/// All values at one period and belief.
#[derive(Debug, Clone)]
struct Period {
    /// V_t(x, n), by type.
    theta: Vec<Grid>,
    /// B_t(x, n), by type.
    best: Vec<Grid>,
    leader_theta: Grid,
    leader_best: Grid,
    /// The same two by the leader's type; empty where it is not private.
    leader_types: Vec<[Grid; 2]>,
}

impl Period {
    fn zeros(game: &Game, population: usize) -> Self {
        let types = game.follower_types().len();
        let zeros = Grid::zeros(population, types);
        let leader_types = match game.leader_information() {
            LeaderInformation::Private => game.leader_types().len(),
            LeaderInformation::NoTypes | LeaderInformation::Public => 0,
        };
        Self {
            theta: vec![zeros.clone(); types],
            best: vec![zeros.clone(); types],
            leader_types: vec![[zeros.clone(), zeros.clone()]; leader_types],
            leader_theta: zeros.clone(),
            leader_best: zeros,
        }
    }

    /// V_{T+1}, (14): the terminal reward, whatever the belief.
    fn terminal(
        game: &Game,
        population: usize,
        states: &CountVectors,
    ) -> Result<Self, ValidateError> {
        let types = game.follower_types().len();
        let mut period = Self::zeros(game, population);
        for n in states.iter() {
            for x in 0..types {
                let reward = game.terminal_reward(mean_field(n).weights(), x)?;
                period.theta[x].set(n, reward);
                period.best[x].set(n, reward);
            }
        }
        Ok(period)
    }

    fn set(&mut self, counts: &[usize], state: &State) {
        for (x, (theta, best)) in state.theta.iter().zip(&state.best).enumerate() {
            self.theta[x].set(counts, *theta);
            self.best[x].set(counts, *best);
        }
        self.leader_theta.set(counts, state.leader_theta);
        self.leader_best.set(counts, state.leader_best);
        for (grids, values) in self.leader_types.iter_mut().zip(&state.leader_types) {
            grids[0].set(counts, values[0]);
            grids[1].set(counts, values[1]);
        }
    }

    fn follower(&self, x: usize, counts: &[usize]) -> Values {
        Values {
            theta: self.theta[x].at(counts),
            best: self.best[x].at(counts),
        }
    }

    fn leader(&self, counts: &[usize]) -> Values {
        Values {
            theta: self.leader_theta.at(counts),
            best: self.leader_best.at(counts),
        }
    }

    /// The largest spread of any function over the states that exist.
    fn span(&self, states: &CountVectors) -> f64 {
        let spread = |values: &mut dyn Iterator<Item = f64>| {
            let start = (f64::INFINITY, f64::NEG_INFINITY);
            let (low, high) = values.fold(start, |(low, high), v| (low.min(v), high.max(v)));
            (high - low).max(0.0)
        };
        let follower = |grids: &[Grid]| {
            let each = grids.iter().enumerate().map(|(x, grid)| {
                let own = states.iter().filter(move |n| n[x] > 0);
                spread(&mut own.map(|n| grid.at(n)))
            });
            each.fold(0.0, f64::max)
        };
        let leader = |grid: &Grid| spread(&mut states.iter().map(|n| grid.at(n)));
        let by_type = self.leader_types.iter().flatten().map(leader);
        by_type
            .fold(follower(&self.theta).max(follower(&self.best)), f64::max)
            .max(leader(&self.leader_theta))
            .max(leader(&self.leader_best))
    }
}

/// The largest spread of any function at any belief.
fn span(periods: &[Period], states: &CountVectors) -> f64 {
    let spans = periods.iter().map(|period| period.span(states));
    spans.fold(0.0, f64::max)
}

/// All beliefs and counts of one period, and where the best responder goes from each.
fn solve_period(
    stage: &Stage<'_>,
    states: &CountVectors,
) -> Result<(Vec<Period>, Vec<Trace>), ValidateError> {
    let (mut periods, mut traces) = (Vec::new(), Vec::new());
    for at in 0..stage.beliefs.len() {
        let mut period = Period::zeros(stage.game, states.population());
        let mut trace = Trace::default();
        for start in (0..states.len()).step_by(GATHERED) {
            let solved: Vec<State> = (start..states.len().min(start + GATHERED))
                .into_par_iter()
                .map_init(
                    || stage.game.tables(),
                    |tables, index| stage.solve(tables, at, states.at(index)),
                )
                .collect::<Result<_, _>>()?;
            for (index, state) in (start..).zip(&solved) {
                period.set(states.at(index), state);
                trace.push(index, state);
            }
        }
        periods.push(period);
        traces.push(trace);
    }
    Ok((periods, traces))
}

impl Exact {
    /// Solve backward from T to 1 for N = `population` followers, then follow the best responder forward from `start`.
    ///
    /// # Errors
    /// Followers who see more of a private type than the belief says, more states than memory, more beliefs than
    /// [`MOST_BELIEFS`] in a period, a kernel or reward without a value at some z^N, and, with
    /// [`LeaderTest::StageWise`], a policy that does not answer a deviating leader.
    pub fn solve(
        game: &Game,
        policy: &dyn Policy,
        population: u64,
        start: Start,
        leader: LeaderTest,
    ) -> Result<Self, ValidateError> {
        Self::with_deviator(game, policy, population, (start, leader), Deviator::Best)
    }

    /// The values of a given deviation, of a follower and of the leader, in the place of the best ones. No departures are
    /// listed.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    pub fn evaluate(
        game: &Game,
        policy: &dyn Policy,
        population: u64,
        leader: LeaderTest,
        deviation: &NamedPolicy,
    ) -> Result<Self, ValidateError> {
        let deviator = Deviator::Given(deviation);
        Self::with_deviator(game, policy, population, (Start::Iid, leader), deviator)
    }

    pub(in crate::validate) fn with_deviator(
        game: &Game,
        policy: &dyn Policy,
        population: u64,
        (start, leader): (Start, LeaderTest),
        deviator: Deviator<'_>,
    ) -> Result<Self, ValidateError> {
        let types = game.follower_types().len();
        let size = checked_population(game, population)?;
        let states = CountVectors::new(size, types);
        let beliefs = reachable(game, policy, &states, (leader, deviator), EXACT_LIMIT)?;
        check_memory(game, population, &beliefs)?;
        let terminal = Period::terminal(game, size, &states)?;
        let mut next = vec![terminal; beliefs[game.horizon()].len()];
        let (mut truncation, mut traces) = (0.0, Vec::with_capacity(game.horizon()));
        for t in (1..=game.horizon()).rev() {
            // Laws of the others at total variation distance e differ by at most e times the spread in an expectation.
            truncation =
                game.discount() * (truncation + truncated_mass(types) * span(&next, &states));
            let stage = Stage {
                game,
                policy,
                t,
                beliefs: &beliefs[t - 1],
                beliefs_after: &beliefs[t],
                next: &next,
                leader,
                deviator,
            };
            let (periods, trace) = solve_period(&stage, &states)?;
            next = periods;
            traces.push(trace);
            game.report(
                Task::Exact,
                traces.len() as u64,
                Some(game.horizon() as u64),
            );
        }
        traces.reverse();
        truncation += truncated_mass(types) * span(&next, &states);
        let start = first_states(game.initial(), size, start);
        let departures = departures(&traces, &beliefs, &states, &start);
        // The first period holds the first beliefs in their order.
        let weights = first_beliefs(game).into_iter().map(|(weight, _)| weight);
        let typed = game.leader_information() != LeaderInformation::NoTypes;
        let prior = game.initial_belief().weights().iter().enumerate();
        let possible =
            prior.filter(|(_, weight)| typed && leader == LeaderTest::StageWise && **weight > 0.0);
        Ok(Self {
            population: size,
            departures,
            first: weights.zip(next).collect(),
            leader,
            possible: possible.map(|(x, _)| LeaderType(x)).collect(),
            truncation,
        })
    }

    /// Values averaged over the beliefs at t = 1.
    fn average(&self, of: impl Fn(&Period) -> Values) -> Values {
        let parts = self
            .first
            .iter()
            .map(|(weight, period)| (*weight, of(period)));
        let parts: Vec<(f64, Values)> = parts.collect();
        let total = |pick: fn(&Values) -> f64| parts.iter().map(|(w, v)| w * pick(v)).sum();
        Values {
            theta: total(|values| values.theta),
            best: total(|values| values.best),
        }
    }

    /// Values of the tagged follower of type x, the others drawn i.i.d. from `initial`.
    pub fn follower_iid(&self, initial: &MeanField, x: usize) -> Values {
        let law = BoxLaw::multinomial(self.population - 1, initial.weights());
        self.average(|first| Values {
            theta: law.expect(&first.theta[x], x),
            best: law.expect(&first.best[x], x),
        })
    }

    /// Values of a tagged follower of type x at these counts, it among them; `None` where there is no such follower.
    pub fn follower_at(&self, x: usize, counts: &[u64]) -> Option<Values> {
        let counts = self.checked(counts)?;
        (counts[x] > 0).then(|| self.average(|first| first.follower(x, &counts)))
    }

    /// The values with the largest gain of a follower at t = 1, over all counts and types, and public leader types.
    pub fn follower_worst(&self) -> Values {
        let types = self.types();
        let states = CountVectors::new(self.population, types);
        worst(self.first.iter().flat_map(|(_, first)| {
            states.iter().flat_map(move |n| {
                let own = (0..types).filter(|x| n[*x] > 0);
                own.map(move |x| first.follower(x, n))
            })
        }))
    }

    /// Values of the leader, types drawn i.i.d. from `initial`; `None` where the leader was not tested.
    pub fn leader_iid(&self, initial: &MeanField) -> Option<Values> {
        let law = BoxLaw::multinomial(self.population, initial.weights());
        let of = |first: &Period| Values {
            theta: law.expect(&first.leader_theta, 0),
            best: law.expect(&first.leader_best, 0),
        };
        (self.leader == LeaderTest::StageWise).then(|| self.average(of))
    }

    /// Values of the leader at these counts; `None` where the leader was not tested.
    pub fn leader_at(&self, counts: &[u64]) -> Option<Values> {
        let counts = self.checked(counts)?;
        (self.leader == LeaderTest::StageWise).then(|| self.average(|first| first.leader(&counts)))
    }

    /// Values by the leader's type, of the types that pi_1 holds possible: theta's, and those of the deviation that is
    /// best for her where the type is public, in the mean over pi where it is private (a type may lose by it). Followers'
    /// types are drawn i.i.d. from `initial`. Empty without types and where the leader was not tested.
    pub fn leader_types_iid(&self, initial: &MeanField) -> Vec<(LeaderType, Values)> {
        let law = BoxLaw::multinomial(self.population, initial.weights());
        self.by_leader_type(|grid| law.expect(grid, 0))
    }

    /// The same at these counts.
    pub fn leader_types_at(&self, counts: &[u64]) -> Vec<(LeaderType, Values)> {
        let counts = self.checked(counts);
        counts.map_or(Vec::new(), |counts| {
            self.by_leader_type(|grid| grid.at(&counts))
        })
    }

    fn by_leader_type(&self, of: impl Fn(&Grid) -> f64) -> Vec<(LeaderType, Values)> {
        let possible = self.possible.iter().enumerate().map(|(i, x)| {
            // A public type has a first belief of its own.
            let first = match &self.first[..] {
                [(_, only)] if !only.leader_types.is_empty() => only,
                all => &all[i].1,
            };
            let [theta, best] = match first.leader_types.get(x.0) {
                Some([theta, best]) => [theta, best],
                None => [&first.leader_theta, &first.leader_best],
            };
            let values = Values {
                theta: of(theta),
                best: of(best),
            };
            (*x, values)
        });
        possible.collect()
    }

    /// The values with the largest gain of the leader at t = 1, over all counts, and her types where they are public;
    /// `None` where the leader was not tested.
    pub fn leader_worst(&self) -> Option<Values> {
        let states = CountVectors::new(self.population, self.types());
        (self.leader == LeaderTest::StageWise).then(|| {
            let each = self.first.iter();
            worst(each.flat_map(|(_, first)| states.iter().map(move |n| first.leader(n))))
        })
    }

    fn types(&self) -> usize {
        self.first.first().map_or(0, |(_, first)| first.theta.len())
    }

    fn checked(&self, counts: &[u64]) -> Option<Vec<usize>> {
        let counts: Vec<usize> = counts.iter().map(|n| *n as usize).collect();
        let fits = counts.len() == self.types() && counts.iter().sum::<usize>() == self.population;
        fits.then_some(counts)
    }
}

fn worst(states: impl Iterator<Item = Values>) -> Values {
    let none = Values {
        theta: f64::NAN,
        best: f64::NAN,
    };
    states.fold(none, |worst, values| {
        if worst.gain() >= values.gain() {
            worst
        } else {
            values
        }
    })
}

/// Numbers that a count vector is kept as, and what is held grows with.
fn coordinates(types: usize) -> usize {
    types.saturating_sub(1).max(1)
}

/// Grids of all beliefs that fit into memory.
fn check_memory(
    game: &Game,
    population: u64,
    beliefs: &[PeriodBeliefs],
) -> Result<(), ValidateError> {
    let (types, horizon) = (game.follower_types().len(), game.horizon());
    let number: usize = beliefs[..horizon].iter().map(PeriodBeliefs::len).sum();
    let held = grid_points(population, types).saturating_mul((number * coordinates(types)) as u64);
    if held > MAX_EXACT_STATES {
        return Err(ValidateError::ExactStates {
            population,
            horizon,
        });
    }
    Ok(())
}

/// Followers who see no more than the belief says, at least one of them, and grids that fit into memory.
fn checked_population(game: &Game, population: u64) -> Result<usize, ValidateError> {
    let (types, horizon) = (game.follower_types().len(), game.horizon());
    if let Some(leak) = game.private_type_leaks() {
        return Err(ValidateError::ExactLeak { leak });
    }
    if population == 0 {
        return Err(ValidateError::Population { population });
    }
    let held = grid_points(population, types).saturating_mul((horizon * coordinates(types)) as u64);
    if held > MAX_EXACT_STATES {
        return Err(ValidateError::ExactStates {
            population,
            horizon,
        });
    }
    Ok(population as usize)
}
