//! Exact values at finite N for three and more follower types, and for leaders with types or who mix, by backward induction
//! over (t, belief, own type, count vector).
//!
//! As for two types, but with count vectors: at (t, pi, n) theta is played, the group of n_y followers of type y splits by a
//! multinomial with p_y = sum_a gamma(a|y) Q(.|z,y,a^l,a), and the next counts of the others are the sum of the groups'
//! splits. With A the sum over Multinomial(n_y - 1, p_y), the others of a tagged follower of type x are A and one more of
//! every other type; the leader's crowd is A and one more of every type.
//!
//! The leader's part of the state is the belief pi about her type, of the finitely many that can be reached ([`beliefs`]).
//! Where followers see nothing that depends on a private type, pi is the law of that type given all that they have seen, so
//! that the best response over functions of (t, pi, z, x) is the best over all; elsewhere the game is refused. The
//! leader's value is the average over pi of her types' values, which has a recursion of its own since
//! sum_x pi(x) gamma^l(a|x) Q^l(x'|x,a) = P(a) pi'(x').
//!
//! There are C(N + K - 1, K - 1) count vectors of K types, and the cost of each grows like the square of the number that it
//! can reach: N = 100 is the size meant, and on as far as memory and time allow; [`super::estimated_cost`] says what more would take.

mod beliefs;
mod boxed;
mod cost;
mod departures;
mod stage;

use rayon::prelude::*;

use super::deviator::Deviator;
use super::{LeaderTest, MAX_EXACT_STATES, Values, worst};
use crate::game::{Belief, Game, LeaderInformation, LeaderType, MeanField, Policy};
use crate::scenario::Start;
use crate::validate::deviations::NamedPolicy;
use crate::validate::{EXACT_LIMIT, ValidateError};
pub use beliefs::MOST_BELIEFS;
use beliefs::{BeliefSet, first_beliefs, reachable};
pub(super) use beliefs::{candidates, same_law};
use boxed::{BoxLaw, Grid, truncated_mass};
pub(super) use cost::estimated_cost;
use departures::{departures, first_states};
use stage::{Stage, State};

/// Next counts of a smaller probability count as not reached where departures are listed.
const UNREACHED: f64 = 1e-12;

/// A state in which the best responder does not do what theta prescribes.
#[derive(Clone, Debug, PartialEq)]
pub struct LatticeDeparture {
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

/// Exact values at one population, by the state at t = 1.
#[derive(Debug, Clone)]
pub struct LatticeExact {
    population: usize,
    /// By the beliefs at t = 1, with their probabilities.
    first: Vec<(f64, Period)>,
    leader: LeaderTest,
    /// The leader's types that pi_1 holds possible; none where she has no types or was not tested.
    possible: Vec<LeaderType>,
    /// Bound on the error in any value from cutting tails (rounding apart).
    pub truncation: f64,
    /// Where the best responder departs from theta, on its way from the start; sorted by t, belief, type, counts.
    pub departures: Vec<LatticeDeparture>,
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

/// The types that the best responder may be of next, and a box around the next counts of the others.
#[derive(Clone, Debug, Default)]
struct Moves {
    /// Index of the belief of t + 1.
    next: usize,
    types: Vec<bool>,
    others: [Vec<usize>; 2],
}

/// What stays of a state once the period before it is solved.
struct Trace {
    departure: Vec<Option<(usize, f64)>>,
    moves: Vec<Vec<Moves>>,
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
        states: &[Vec<usize>],
    ) -> Result<Self, ValidateError> {
        let types = game.follower_types().len();
        let mut period = Self::zeros(game, population);
        for n in states {
            for x in 0..types {
                let reward = game.terminal_reward(mean_field(n).weights(), x)?;
                period.theta[x].set(n, reward);
                period.best[x].set(n, reward);
            }
        }
        Ok(period)
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
        let by_type = self.leader_types.iter().flatten().map(leader);
        by_type
            .fold(follower(&self.theta).max(follower(&self.best)), f64::max)
            .max(leader(&self.leader_theta))
            .max(leader(&self.leader_best))
    }
}

/// The largest spread of any function at any belief.
fn span(periods: &[Period], states: &[Vec<usize>]) -> f64 {
    let spans = periods.iter().map(|period| period.span(states));
    spans.fold(0.0, f64::max)
}

/// All beliefs and counts of one period, and where the best responder goes from each.
fn solve_period(
    stage: &Stage<'_>,
    population: usize,
    states: &[Vec<usize>],
) -> Result<(Vec<Period>, Vec<Vec<Trace>>), ValidateError> {
    let types = stage.game.follower_types().len();
    let (mut periods, mut traces) = (Vec::new(), Vec::new());
    for at in 0..stage.beliefs.len() {
        let solved: Vec<State> = states
            .par_iter()
            .map_init(
                || stage.game.tables(),
                |tables, n| stage.solve(tables, at, n),
            )
            .collect::<Result<_, _>>()?;
        let mut period = Period::zeros(stage.game, population);
        for (n, state) in states.iter().zip(&solved) {
            for x in 0..types {
                period.theta[x].set(n, state.theta[x]);
                period.best[x].set(n, state.best[x]);
            }
            period.leader_theta.set(n, state.leader_theta);
            period.leader_best.set(n, state.leader_best);
            for (grids, values) in period.leader_types.iter_mut().zip(&state.leader_types) {
                grids[0].set(n, values[0]);
                grids[1].set(n, values[1]);
            }
        }
        periods.push(period);
        traces.push(solved.into_iter().map(Trace::of).collect());
    }
    Ok((periods, traces))
}

impl LatticeExact {
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
        Self::beside(game, policy, population, (start, leader), Deviator::Best)
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
        Self::beside(game, policy, population, (Start::Iid, leader), deviator)
    }

    pub(in crate::validate) fn beside(
        game: &Game,
        policy: &dyn Policy,
        population: u64,
        (start, leader): (Start, LeaderTest),
        deviator: Deviator<'_>,
    ) -> Result<Self, ValidateError> {
        let types = game.follower_types().len();
        let size = checked_population(game, population)?;
        let states = count_vectors(size, types);
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
            let (periods, trace) = solve_period(&stage, size, &states)?;
            next = periods;
            traces.push(trace);
        }
        traces.reverse();
        truncation += truncated_mass(types) * span(&next, &states);
        let start = first_states(game.initial(), size, start);
        let departures = departures(&traces, &beliefs, &states, start);
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
        let states = count_vectors(self.population, types);
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
        let states = count_vectors(self.population, self.types());
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

/// Grids of all beliefs that fit into memory.
fn check_memory(game: &Game, population: u64, beliefs: &[BeliefSet]) -> Result<(), ValidateError> {
    let (types, horizon) = (game.follower_types().len(), game.horizon());
    let number: usize = beliefs[..horizon].iter().map(BeliefSet::len).sum();
    let held = grid_points(population, types).saturating_mul((number * types) as u64);
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
    let held = grid_points(population, types).saturating_mul((horizon * types) as u64);
    if held > MAX_EXACT_STATES {
        return Err(ValidateError::ExactStates {
            population,
            horizon,
        });
    }
    Ok(population as usize)
}
