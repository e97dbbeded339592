//! What backward induction takes, before it is spent.

use rayon::prelude::*;

use super::beliefs::{PeriodBeliefs, reachable};
use super::counts::{CountVectors, mean_field};
use super::deviator::{Deviator, announcements};
use super::law::estimated_width;
use super::{LeaderTest, check_memory, checked_population};
use crate::game::{
    Belief, Game, LeaderInformation, LeaderMove, LeaderPrescription, Policy, PolicyError,
    Prescription, Tables, next_types,
};
use crate::validate::deviations::NamedPolicy;
use crate::validate::{EXACT_LIMIT, ValidateError};

/// Periods and, of each, states whose plays are looked up.
const PERIODS: usize = 5;
const STATES: usize = 20;

/// Announcements whose answers are looked up at one state, to estimate what all of them take,
const ASKED: usize = 50;
/// and those of them whose answers are counted.
const COUNTED: usize = 5;

/// Multiply-adds in the time of parts of the work, measured.
struct Rates {
    /// One term of a multinomial,
    term: f64,
    /// a pair of rows in a sum of two laws, apart from its products,
    pair: f64,
    /// one product there,
    product: f64,
    /// a point of a law when one more follower is added or an expectation is taken,
    point: f64,
    /// and one state, apart from its plays and laws.
    state: f64,
}

impl Rates {
    /// A law of two types is one row.
    fn of(types: usize) -> Self {
        match types {
            0..=2 => Self {
                term: 20.0,
                pair: 0.0,
                product: 2.0,
                point: 1.0,
                state: 2e3,
            },
            _ => Self {
                term: 40.0,
                pair: 60.0,
                product: 1.0,
                point: 2.0,
                state: 1e4,
            },
        }
    }
}

/// Multiply-adds that [`super::Exact::solve`] takes at one population, about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Theta's play at every (t, pi, n), and the followers' part.
    pub follower: f64,
    /// What the leader's stage-wise deviations add; 0 where the policy does not answer them, infinite where they reach too
    /// many beliefs.
    pub leader: f64,
}

impl Cost {
    const NONE: Self = Self {
        follower: 0.0,
        leader: 0.0,
    };
}

/// Estimate the cost from the plays and answers at some of the states.
///
/// # Errors
/// As [`super::Exact::solve`].
pub fn estimated_cost(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
) -> Result<Cost, ValidateError> {
    cost_within(game, policy, population, EXACT_LIMIT, &[])
}

/// [`estimated_cost`] and that of evaluating the given deviations, the beliefs that a leader's private type makes reachable
/// collected for at most `budget` each.
pub(in crate::validate) fn cost_within(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
    budget: f64,
    files: &[NamedPolicy],
) -> Result<Cost, ValidateError> {
    let types = game.follower_types().len();
    let states = CountVectors::new(checked_population(game, population)?, types);
    let given = files.iter().map(Deviator::Given);
    let mut total = Cost::NONE;
    for deviator in std::iter::once(Deviator::Best).chain(given) {
        let cost = cost_with(game, policy, &states, budget, deviator);
        let cost = cost.map_err(|error| deviator.blamed(error, population))?;
        total.follower += cost.follower;
        total.leader += cost.leader;
        if total.follower > budget {
            break;
        }
    }
    Ok(total)
}

/// Of one backward induction. The beliefs that are reached are collected first; where the leader's candidates reach too many,
/// her cost is infinite.
fn cost_with(
    game: &Game,
    policy: &dyn Policy,
    states: &CountVectors,
    budget: f64,
    deviator: Deviator<'_>,
) -> Result<Cost, ValidateError> {
    let collect = |leader| {
        let beliefs = reachable(game, policy, states, (leader, deviator), budget)?;
        check_memory(game, states.population() as u64, &beliefs)?;
        Ok((leader, beliefs))
    };
    let (tested, beliefs) =
        collect(LeaderTest::StageWise).or_else(|error: ValidateError| match error {
            ValidateError::ExactBeliefs { .. }
            | ValidateError::ExactStates { .. }
            | ValidateError::ExactCost { .. } => collect(LeaderTest::None),
            other => Err(other),
        })?;
    let costs: Vec<Cost> = sampled_states(game, states, &beliefs)
        .into_par_iter()
        .map_init(
            || game.tables(),
            |tables, sampled| {
                let Sampled {
                    t,
                    at,
                    counts,
                    scale,
                } = sampled;
                let belief = &beliefs[t - 1].beliefs()[at];
                let cost = state_cost(game, policy, tables, (t, belief, counts), deviator)?;
                let follower = if beliefs[t - 1].is_on_path(at) {
                    cost.follower
                } else {
                    0.0
                };
                Ok(Cost {
                    follower: scale * follower,
                    leader: scale * cost.leader,
                })
            },
        )
        .collect::<Result<_, ValidateError>>()?;
    let total = |part: fn(&Cost) -> f64| costs.iter().map(part).sum::<f64>();
    Ok(Cost {
        follower: total(|cost| cost.follower),
        leader: match tested {
            LeaderTest::StageWise => total(|cost| cost.leader),
            LeaderTest::None => f64::INFINITY,
        },
    })
}

/// A state that stands for `scale` of them.
struct Sampled<'a> {
    t: usize,
    /// Index of the belief.
    at: usize,
    counts: &'a [usize],
    scale: f64,
}

/// Spread evenly over periods, beliefs and counts.
fn sampled_states<'a>(
    game: &Game,
    states: &'a CountVectors,
    beliefs: &[PeriodBeliefs],
) -> Vec<Sampled<'a>> {
    let periods = game.horizon().min(PERIODS);
    let of_period = |i: usize| {
        let t = 1 + spread_index(i, periods, game.horizon());
        let all = beliefs[t - 1].len() * states.len();
        let sampled = all.min(STATES);
        (0..sampled).map(move |j| {
            let place = spread_index(j, sampled, all);
            Sampled {
                t,
                at: place / states.len(),
                counts: states.at(place % states.len()),
                scale: game.horizon() as f64 * all as f64 / (periods * sampled) as f64,
            }
        })
    };
    (0..periods).flat_map(of_period).collect()
}

/// The i-th of `samples` indices spread evenly over 0..length, both ends included.
pub(super) fn spread_index(i: usize, samples: usize, length: usize) -> usize {
    if samples <= 1 {
        0
    } else {
        i * (length - 1) / (samples - 1)
    }
}

fn state_cost(
    game: &Game,
    policy: &dyn Policy,
    tables: &mut Tables<'_>,
    (t, belief, counts): (usize, &Belief, &[usize]),
    deviator: Deviator<'_>,
) -> Result<Cost, ValidateError> {
    let z = mean_field(counts);
    tables.evaluate(t, z.weights())?;
    let play = policy.play(t, belief, &z)?;
    let given = deviator.play(t, belief, &z)?;
    let mut seen = Vec::new();
    let mut new_crowds = |leader: &LeaderPrescription, followers: &Prescription| -> Crowds {
        let mut cost = Crowds::default();
        for leader_move in LeaderMove::law(game, belief, leader) {
            let moves = next_types(tables, leader_move.index, followers);
            if !seen.contains(&moves) {
                cost.add(counts, &moves);
                seen.push(moves);
            }
        }
        cost
    };
    let own = new_crowds(&play.leader, &play.prescription);
    // The beliefs that follow a private type are collected by the same plays before.
    let plays = match game.leader_information() {
        LeaderInformation::Private => 2.0,
        LeaderInformation::NoTypes | LeaderInformation::Public => 1.0,
    };
    let play_cost = game.evaluation_cost() + policy.play_cost(t, belief, &z)?;
    let mut cost = Cost {
        follower: Rates::of(counts.len()).state + plays * play_cost + own.sum + own.others,
        leader: 0.0,
    };
    let Ok(announced) = announcements(game, belief, &play.leader, given.as_ref()) else {
        cost.leader = f64::INFINITY;
        return Ok(cost);
    };
    let asked = announced.len().min(ASKED);
    let mut answers = Vec::new();
    for i in 0..asked {
        let candidate = &announced[spread_index(i, asked, announced.len())];
        let answer = match policy.answer(t, belief, &z, candidate) {
            // She is not tested.
            Err(PolicyError::NoAnswer { .. }) => break,
            answer => answer?,
        };
        if i % asked.div_ceil(COUNTED) == 0 {
            answers.push(policy.answer_cost(t, belief, &z, candidate)?);
        }
        let crowds = new_crowds(candidate, &answer);
        cost.leader += crowds.sum + crowds.whole;
    }
    let each = answers.iter().sum::<f64>() / answers.len().max(1) as f64;
    cost.leader *= announced.len() as f64 / asked.max(1) as f64;
    cost.leader += each * announced.len() as f64 + own.whole;
    Ok(cost)
}

/// Multiply-adds of the laws of crowds.
#[derive(Clone, Copy, Debug, Default)]
struct Crowds {
    /// Of the groups, and of their sums.
    sum: f64,
    /// Of what is expected of everybody but one follower, of every type.
    others: f64,
    /// Of what is expected of everybody.
    whole: f64,
}

/// The size of a law on a box.
#[derive(Clone, Debug)]
struct Size {
    /// By coordinate.
    widths: Vec<f64>,
    points: f64,
}

impl Size {
    /// Of a multinomial: one conditional binomial after the other, of those that are left in the mean.
    fn of(n: usize, law: &[f64]) -> Self {
        let mut points = 1.0;
        let mut widths = Vec::with_capacity(law.len() - 1);
        for (d, p) in law[1..].iter().enumerate() {
            let left = law[0] + law[d + 1..].iter().sum::<f64>();
            let success = if *p > 0.0 { (p / left).min(1.0) } else { 0.0 };
            points *= estimated_width((n as f64 * left).ceil() as usize, success);
            widths.push(estimated_width(n, *p));
        }
        Self { widths, points }
    }

    fn rows(&self) -> f64 {
        let outer = self.widths.split_last().map_or(&[][..], |(_, outer)| outer);
        self.points.min(outer.iter().product())
    }
}

impl Crowds {
    fn add(&mut self, counts: &[usize], moves: &[Vec<f64>]) {
        let types = counts.len();
        let Rates {
            term,
            pair,
            product,
            point,
            ..
        } = Rates::of(types);
        let groups = counts.iter().zip(moves).filter(|(n, _)| **n > 1);
        let mut groups: Vec<Size> = groups.map(|(n, law)| Size::of(n - 1, law)).collect();
        groups.sort_by(|a, b| a.points.total_cmp(&b.points));
        let mut sum = Size {
            widths: vec![1.0; types - 1],
            points: 1.0,
        };
        let most = simplex(counts.iter().sum::<usize>() as f64, types);
        for group in &groups {
            self.sum += term * group.points;
            self.sum += pair * sum.rows() * group.rows() + product * sum.points * group.points;
            let widths = sum.widths.iter_mut().zip(&group.widths);
            widths.for_each(|(s, w)| *s += w - 1.0);
            sum.points = sum.widths.iter().product::<f64>().min(most);
        }
        let types = types as f64;
        // One more follower of up to K outcomes, (K - 1)(K + 2) / 2 times, and K expectations of two functions for each type.
        let more = types * (types - 1.0) * (types + 2.0) / 2.0;
        self.others += point * sum.points * (more + 2.0 * types * types);
        self.whole += point * sum.points * (types * types + 2.0);
    }
}

/// C(N + K - 1, K - 1), the number of count vectors.
fn simplex(followers: f64, types: usize) -> f64 {
    (1..types).fold(1.0, |number, k| number * (followers + k as f64) / k as f64)
}
