//! Exact values at finite N by backward induction over (t, own type, n), two follower types.
//!
//! n counts the followers of the second type, the tagged follower among them, so z^N = (1 - n/N, n/N). At (t, n) theta
//! is played; a follower of type y moves to the second type with p_y = sum_a gamma(a|y) Q(2|z,y,a^l,a), and the next
//! count of the others is a sum of two independent binomials. With A = Bin(n_1 - 1, p_1) + Bin(n_2 - 1, p_2), the
//! others of a tagged follower of type x are A plus one Bernoulli of the other group, so every expectation needed is an
//! inner product with the one law A.
//!
//! - Followers: V_t(x, n) is theta's value for the tagged follower, B_t(x, n) the best over *all* its deviations, the
//!   others and the leader keeping theta and reacting to z^N.
//! - Leader: at every (t, n) any candidate action, announced; the followers play [`Policy::answer`] to it.
//! - A given deviation of either is evaluated by the same recursion, its own law in the place of the best action.
//!
//! Binomial tails are cut below 1e-17 a side; [`Exact::truncation`] bounds what that can change in any value.

mod deviator;
mod lattice;
mod law;
mod stage;

use rayon::prelude::*;

use super::deviations::NamedPolicy;
use super::{EXACT_LIMIT, ValidateError};
use crate::game::{Game, LeaderInformation, LeaderType, MeanField, Policy};
use crate::scenario::Start;
use crate::simulate::rounded_counts;
pub(in crate::validate) use deviator::Deviator;
pub use lattice::{LatticeDeparture, LatticeExact, MOST_BELIEFS};
use law::TRUNCATED_MASS;
pub use stage::Departure;
use stage::{Stage, State, Traces, Worker};

/// The most pairs (t, n) that are held in memory, at 24 bytes each.
pub const MAX_EXACT_STATES: u64 = 20_000_000;

/// Values of one function of (type, n), or of n, at one period; index n runs to N, with two zeros of padding that
/// carry probability zero.
type Column = Vec<f64>;

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
    first: Period,
    leader: LeaderTest,
    /// Bound on the error in any value from cutting binomial tails (rounding apart).
    pub truncation: f64,
    /// Where the best responder departs from theta, on its way from the start; sorted by t, type, n.
    pub departures: Vec<Departure>,
}

/// All values at one period.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    /// V_t(x, n), by type.
    theta: [Column; 2],
    /// B_t(x, n), by type.
    best: [Column; 2],
    /// The leader's value of theta, by n.
    leader_theta: Column,
    /// The leader's best value over stage-wise deviations, by n.
    leader_best: Column,
}

impl Period {
    fn zeros(population: usize) -> Self {
        let zeros = vec![0.0; population + 2];
        Self {
            theta: [zeros.clone(), zeros.clone()],
            best: [zeros.clone(), zeros.clone()],
            leader_theta: zeros.clone(),
            leader_best: zeros,
        }
    }

    /// V_{T+1}, (14): the terminal reward.
    fn terminal(game: &Game, population: usize) -> Result<Self, ValidateError> {
        let mut period = Self::zeros(population);
        for n in 0..=population {
            let z = mean_field(population, n);
            for x in 0..2 {
                let reward = game.terminal_reward(z.weights(), x)?;
                period.theta[x][n] = reward;
                period.best[x][n] = reward;
            }
        }
        Ok(period)
    }

    /// The largest spread of any of the columns over the states that exist.
    fn span(&self, population: usize) -> f64 {
        let spread = |values: &[f64]| {
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            high - values.iter().copied().fold(f64::INFINITY, f64::min)
        };
        let follower = |columns: &[Column; 2]| {
            spread(&columns[0][..population]).max(spread(&columns[1][1..=population]))
        };
        let leader =
            spread(&self.leader_theta[..=population]).max(spread(&self.leader_best[..=population]));
        follower(&self.theta).max(follower(&self.best)).max(leader)
    }
}

impl Exact {
    /// Solve backward from T to 1 for N = `population` followers, then follow the best responder forward from `start`.
    ///
    /// # Errors
    /// A game without exactly two follower types, a leader who mixes, no followers or too many, a kernel or reward without a value at some z^N, and, with
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
    /// As [`solve`](Self::solve); a leader who mixes in the given policy too.
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
        let population = checked_population(game, population)?;
        let mut next = Period::terminal(game, population)?;
        let mut truncation = 0.0;
        let mut periods = Vec::with_capacity(game.horizon());
        for t in (1..=game.horizon()).rev() {
            // Laws of the others at total variation distance e differ by at most e times the spread in an expectation.
            truncation = game.discount() * (truncation + TRUNCATED_MASS * next.span(population));
            let stage = Stage {
                game,
                policy,
                t,
                population,
                next: &next,
                leader,
                deviator,
            };
            let states = stage.solve()?;
            next = gather(&states, population);
            periods.push(Traces::of(t, &states));
        }
        periods.reverse();
        truncation += TRUNCATED_MASS * next.span(population);
        let departures = stage::departures(
            &periods,
            population,
            first_states(game.initial(), population, start),
        );
        Ok(Self {
            population,
            first: next,
            leader,
            truncation,
            departures,
        })
    }

    /// Values of the tagged follower of type x, the others drawn i.i.d. from `initial`.
    pub fn follower_iid(&self, initial: &MeanField, x: usize) -> Values {
        let law = others_law(self.population - 1, initial);
        Values {
            theta: law.expect(&self.first.theta[x], x),
            best: law.expect(&self.first.best[x], x),
        }
    }

    /// Values of a tagged follower of type x where n followers are of the second type, it among them; `None` where
    /// there is no follower of type x.
    pub fn follower_at(&self, x: usize, n: usize) -> Option<Values> {
        let own = if x == 0 {
            self.population.checked_sub(n)?
        } else {
            n.min(self.population)
        };
        (own > 0).then(|| Values {
            theta: self.first.theta[x][n],
            best: self.first.best[x][n],
        })
    }

    /// The state (type, n) with the largest gain of a follower at t = 1, the first of equals.
    pub fn follower_worst(&self) -> Values {
        let states =
            (0..=self.population).flat_map(|n| (0..2).filter_map(move |x| self.follower_at(x, n)));
        worst(states)
    }

    /// Values of the leader, types drawn i.i.d. from `initial`; `None` where the leader was not tested.
    pub fn leader_iid(&self, initial: &MeanField) -> Option<Values> {
        let law = others_law(self.population, initial);
        self.tested().map(|first| Values {
            theta: law.expect(&first.leader_theta, 0),
            best: law.expect(&first.leader_best, 0),
        })
    }

    /// None: this recursion is for leaders without types.
    fn leader_types_iid(&self, _: &MeanField) -> Vec<(LeaderType, Values)> {
        Vec::new()
    }

    /// None.
    fn leader_types_at(&self, _: usize) -> Vec<(LeaderType, Values)> {
        Vec::new()
    }

    /// Values of the leader where n followers are of the second type; `None` where the leader was not tested.
    pub fn leader_at(&self, n: usize) -> Option<Values> {
        let first = self.tested()?;
        (n <= self.population).then(|| Values {
            theta: first.leader_theta[n],
            best: first.leader_best[n],
        })
    }

    /// The count with the largest gain of the leader at t = 1; `None` where the leader was not tested.
    pub fn leader_worst(&self) -> Option<Values> {
        self.tested()?;
        Some(worst(
            (0..=self.population).filter_map(|n| self.leader_at(n)),
        ))
    }

    fn tested(&self) -> Option<&Period> {
        (self.leader == LeaderTest::StageWise).then_some(&self.first)
    }
}

/// What both kinds of backward induction know at t = 1, by counts of all types.
pub(super) trait Gains {
    /// Values of the tagged follower of type x, the others drawn i.i.d.
    fn follower_iid(&self, initial: &MeanField, x: usize) -> Values;
    /// Values of the tagged follower of type x at these counts, it among them.
    fn follower_at(&self, x: usize, counts: &[u64]) -> Option<Values>;
    /// Those with the largest gain, over all types and counts.
    fn follower_worst(&self) -> Values;
    /// Values of the leader, types drawn i.i.d.
    fn leader_iid(&self, initial: &MeanField) -> Option<Values>;
    /// Values by the leader's type, types of followers drawn i.i.d.; none without leader types.
    fn leader_types_iid(&self, initial: &MeanField) -> Vec<(LeaderType, Values)>;
    /// The same at these counts.
    fn leader_types_at(&self, counts: &[u64]) -> Vec<(LeaderType, Values)>;
    /// Values of the leader at these counts.
    fn leader_at(&self, counts: &[u64]) -> Option<Values>;
    /// Those with the largest gain, over all counts.
    fn leader_worst(&self) -> Option<Values>;
    /// Bound on the error in any value.
    fn truncation(&self) -> f64;
}

/// [`Gains`] by the methods of the same names, counts read by `$counts`.
macro_rules! gains {
    ($kind:ty, $counts:expr) => {
        impl Gains for $kind {
            fn follower_iid(&self, initial: &MeanField, x: usize) -> Values {
                self.follower_iid(initial, x)
            }
            fn follower_at(&self, x: usize, counts: &[u64]) -> Option<Values> {
                self.follower_at(x, $counts(counts))
            }
            fn follower_worst(&self) -> Values {
                self.follower_worst()
            }
            fn leader_iid(&self, initial: &MeanField) -> Option<Values> {
                self.leader_iid(initial)
            }
            fn leader_types_iid(&self, initial: &MeanField) -> Vec<(LeaderType, Values)> {
                self.leader_types_iid(initial)
            }
            fn leader_types_at(&self, counts: &[u64]) -> Vec<(LeaderType, Values)> {
                self.leader_types_at($counts(counts))
            }
            fn leader_at(&self, counts: &[u64]) -> Option<Values> {
                self.leader_at($counts(counts))
            }
            fn leader_worst(&self) -> Option<Values> {
                self.leader_worst()
            }
            fn truncation(&self) -> f64 {
                self.truncation
            }
        }
    };
}

gains!(Exact, |counts: &[u64]| counts[1] as usize);
gains!(LatticeExact, std::convert::identity::<&[u64]>);

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

/// z^N with n of N followers of the second type.
fn mean_field(population: usize, n: usize) -> MeanField {
    MeanField::from_counts(&[(population - n) as u64, n as u64])
}

/// The law of how many of `others` i.i.d. followers are of the second type.
fn others_law(others: usize, initial: &MeanField) -> law::Law {
    let mut law = law::Law::default();
    law.assign_sum(
        [others, 0],
        [initial.weights()[1], 0.0],
        &mut law::Scratch::default(),
    );
    law
}

/// Which (type, n) the tagged follower can be in at t = 1: per type a range of n.
fn first_states(
    initial: &MeanField,
    population: usize,
    start: Start,
) -> [std::ops::Range<usize>; 2] {
    match start {
        Start::Iid => {
            let (low, high) = others_law(population - 1, initial).central(stage::UNREACHED);
            let possible = |x: usize| initial.weights()[x] > 0.0;
            [0, 1].map(|x| {
                if possible(x) {
                    low + x..high + x + 1
                } else {
                    0..0
                }
            })
        }
        Start::Rounded => {
            let n = rounded_counts(initial, population as u64)[1] as usize;
            [
                if n < population { n..n + 1 } else { 0..0 },
                if n > 0 { n..n + 1 } else { 0..0 },
            ]
        }
    }
}

/// The stage's states as columns.
fn gather(states: &[State], population: usize) -> Period {
    let mut period = Period::zeros(population);
    for (n, state) in states.iter().enumerate() {
        for x in 0..2 {
            period.theta[x][n] = state.theta[x];
            period.best[x][n] = state.best[x];
        }
        period.leader_theta[n] = state.leader_theta;
        period.leader_best[n] = state.leader_best;
    }
    period
}

/// Two types, at least one follower, and states that fit into memory.
fn checked_population(game: &Game, population: u64) -> Result<usize, ValidateError> {
    let (types, horizon) = (game.follower_types().len(), game.horizon());
    if types != 2 {
        return Err(ValidateError::ExactTypes { types });
    }
    if population == 0 {
        return Err(ValidateError::Population { population });
    }
    if population.saturating_add(1).saturating_mul(horizon as u64) > MAX_EXACT_STATES {
        return Err(ValidateError::ExactStates {
            population,
            horizon,
        });
    }
    Ok(population as usize)
}

/// Multiply-adds that [`Exact::solve`] takes at one population, about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Theta's play at every (t, n), and the followers' part.
    pub follower: f64,
    /// What the leader's stage-wise deviations add; 0 where the policy does not answer them.
    pub leader: f64,
}

/// Estimate the cost from the plays and answers at some of the states: at most 5 periods of 17 counts each.
///
/// # Errors
/// As [`Exact::solve`].
pub fn estimated_cost(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
) -> Result<Cost, ValidateError> {
    cost_within(game, policy, population, EXACT_LIMIT, &[])
}

/// [`estimated_cost`] and that of evaluating the given deviations, the beliefs that a leader's private type makes reachable
/// collected for at most `budget` each.
pub(super) fn cost_within(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
    budget: f64,
    files: &[NamedPolicy],
) -> Result<Cost, ValidateError> {
    let given = files.iter().map(Deviator::Given);
    let mut total = Cost {
        follower: 0.0,
        leader: 0.0,
    };
    for deviator in std::iter::once(Deviator::Best).chain(given) {
        let lattice = || lattice::estimated_cost(game, policy, population, budget, deviator);
        let cost = match needs_lattice(game) {
            true => lattice(),
            false => match counts_cost(game, policy, population, deviator) {
                Err(ValidateError::MixedLeader { .. }) => lattice(),
                cost => cost,
            },
        };
        let cost = cost.map_err(|error| deviator.blamed(error, population))?;
        total.follower += cost.follower;
        total.leader += cost.leader;
        if total.follower > budget {
            break;
        }
    }
    Ok(total)
}

/// Whether the game is beyond two follower types and a leader without types; a leader who mixes shows in her plays.
pub(super) fn needs_lattice(game: &Game) -> bool {
    game.follower_types().len() > 2 || game.leader_information() != LeaderInformation::NoTypes
}

/// [`estimated_cost`] of [`Exact::solve`].
fn counts_cost(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
    deviator: Deviator<'_>,
) -> Result<Cost, ValidateError> {
    let population = checked_population(game, population)?;
    let (periods, counts) = (game.horizon().min(5), (population + 1).min(17));
    let states: Vec<(usize, usize)> = (0..periods)
        .flat_map(|i| (0..counts).map(move |j| (i, j)))
        .map(|(i, j)| {
            (
                1 + spread_index(i, periods, game.horizon()),
                spread_index(j, counts, population + 1),
            )
        })
        .collect();
    let costs: Vec<Cost> = states
        .par_iter()
        .map_init(
            || Worker::new(game),
            |worker, (t, n)| worker.cost(policy, population, (*t, *n), deviator),
        )
        .collect::<Result<_, _>>()?;
    let scale = game.horizon() as f64 * (population as f64 + 1.0) / states.len() as f64;
    let total = |part: fn(&Cost) -> f64| scale * costs.iter().map(part).sum::<f64>();
    Ok(Cost {
        follower: total(|c| c.follower),
        leader: total(|c| c.leader),
    })
}

/// The i-th of `samples` indices spread evenly over 0..length, both ends included.
fn spread_index(i: usize, samples: usize, length: usize) -> usize {
    if samples <= 1 {
        0
    } else {
        i * (length - 1) / (samples - 1)
    }
}
