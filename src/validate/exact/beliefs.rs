//! The beliefs about the leader's type that a game can reach: the leader's part of the state.
//!
//! From pi_1 on, period by period, over all counts: the pi' of (9) under theta's play and, where the leader is tested,
//! under every candidate that she may announce, or under what a given policy announces. A public type has the beliefs that
//! are certain of one type.

use rayon::prelude::*;

use super::LeaderTest;
use super::cost::spread_index;
use super::counts::{CountVectors, mean_field};
use super::deviator::{Deviator, announcements};
use crate::game::{
    Belief, BeliefSet, Game, LeaderInformation, LeaderType, Policy, PolicyError, Tables, outcomes,
};
use crate::validate::ValidateError;

/// States of a period whose plays are counted, to estimate what all of them take.
const SAMPLED: usize = 30;

/// The most beliefs of one period.
pub const MOST_BELIEFS: usize = 2000;

/// The beliefs of one period.
#[derive(Clone, Debug, Default)]
pub(super) struct PeriodBeliefs {
    set: BeliefSet,
    /// Whether theta alone leads there: followers are solved for.
    on_path: Vec<bool>,
}

impl PeriodBeliefs {
    /// All of them, in the order in which they were met.
    pub fn beliefs(&self) -> &[Belief] {
        self.set.beliefs()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.on_path.len()
    }

    /// Whether theta alone leads to one.
    pub fn is_on_path(&self, index: usize) -> bool {
        self.on_path[index]
    }

    /// The place of a belief.
    pub fn find(&self, belief: &Belief) -> Option<usize> {
        self.set.find(belief)
    }

    fn add(&mut self, belief: Belief, on_path: bool) {
        match self.set.add(belief) {
            Some(known) => self.on_path[known] |= on_path,
            None => self.on_path.push(on_path),
        }
    }
}

/// The beliefs at t = 1 with the probability of each: pi_1, or the type that everybody sees.
pub(super) fn first_beliefs(game: &Game) -> Vec<(f64, Belief)> {
    let initial = game.initial_belief();
    if game.leader_information() != LeaderInformation::Public {
        return vec![(1.0, initial.clone())];
    }
    let types = initial.weights().len();
    let seen = initial.weights().iter().enumerate();
    seen.filter(|(_, weight)| **weight > 0.0)
        .map(|(x, weight)| (*weight, Belief::of_type(types, LeaderType(x))))
        .collect()
}

/// The beliefs of t = 1..=T + 1; at T + 1, where nothing depends on them, one stands for all.
///
/// # Errors
/// More than [`MOST_BELIEFS`] in a period, plays that, made twice, take more than `budget` multiply-adds, and a game without a
/// value at some z^N.
pub(super) fn reachable(
    game: &Game,
    policy: &dyn Policy,
    states: &CountVectors,
    tested: (LeaderTest, Deviator<'_>),
    budget: f64,
) -> Result<Vec<PeriodBeliefs>, ValidateError> {
    let mut first = PeriodBeliefs::default();
    for (_, belief) in first_beliefs(game) {
        first.add(belief, true);
    }
    let mut periods = vec![first];
    let mut cost = 0.0;
    for t in 1..=game.horizon() {
        let now = &periods[t - 1];
        let last = t == game.horizon();
        let next = match game.leader_information() {
            _ if last => one(now),
            LeaderInformation::NoTypes => now.clone(),
            LeaderInformation::Public => every_type(game),
            LeaderInformation::Private => {
                let period = plays_cost(game, policy, (t, now), states)?;
                let population = states.population() as u64;
                cost += period;
                // All plays are made once more when values are found; later periods seldom hold fewer beliefs.
                let rest = (game.horizon() - t) as f64 * period;
                if cost + rest > 0.5 * budget {
                    let cost = 2.0 * (cost + rest);
                    return Err(ValidateError::ExactCost { population, cost });
                }
                after(game, policy, (t, now), states, tested)?
            }
        };
        periods.push(next);
    }
    Ok(periods)
}

/// Multiply-adds of theta's plays at all beliefs and counts of a period, from some of them.
fn plays_cost(
    game: &Game,
    policy: &dyn Policy,
    (t, now): (usize, &PeriodBeliefs),
    states: &CountVectors,
) -> Result<f64, ValidateError> {
    let all = now.len() * states.len();
    let sampled = all.min(SAMPLED);
    let each = (0..sampled).map(|j| {
        let place = spread_index(j, sampled, all);
        let (belief, n) = (place / states.len(), place % states.len());
        policy.play_cost(t, &now.beliefs()[belief], &mean_field(states.at(n)))
    });
    let sum: f64 = each.sum::<Result<f64, PolicyError>>()?;
    Ok(all as f64 * (game.evaluation_cost() + sum / sampled.max(1) as f64))
}

fn one(now: &PeriodBeliefs) -> PeriodBeliefs {
    let mut set = PeriodBeliefs::default();
    for belief in now.beliefs().iter().take(1) {
        set.add(belief.clone(), true);
    }
    set
}

fn every_type(game: &Game) -> PeriodBeliefs {
    let mut set = PeriodBeliefs::default();
    let types = game.leader_types().len();
    for x in 0..types {
        set.add(Belief::of_type(types, LeaderType(x)), true);
    }
    set
}

/// Where the beliefs of period t lead.
fn after(
    game: &Game,
    policy: &dyn Policy,
    (t, now): (usize, &PeriodBeliefs),
    states: &CountVectors,
    tested: (LeaderTest, Deviator<'_>),
) -> Result<PeriodBeliefs, ValidateError> {
    let mut next = PeriodBeliefs::default();
    for (i, belief) in now.beliefs().iter().enumerate() {
        let found: Vec<Vec<(Belief, bool)>> = (0..states.len())
            .into_par_iter()
            .map_init(
                || game.tables(),
                |tables, n| from_state(game, policy, tables, (t, belief, states.at(n)), tested),
            )
            .collect::<Result<_, _>>()?;
        for (belief, by_theta) in found.into_iter().flatten() {
            next.add(belief, by_theta && now.is_on_path(i));
        }
        if next.len() > MOST_BELIEFS {
            return Err(ValidateError::ExactBeliefs { t: t + 1 });
        }
    }
    Ok(next)
}

/// The pi' of one state, and whether theta leads there.
fn from_state(
    game: &Game,
    policy: &dyn Policy,
    tables: &mut Tables<'_>,
    (t, belief, n): (usize, &Belief, &[usize]),
    (leader, deviator): (LeaderTest, Deviator<'_>),
) -> Result<Vec<(Belief, bool)>, ValidateError> {
    let z = mean_field(n);
    tables.evaluate(t, z.weights())?;
    let theta = policy.play(t, belief, &z)?.leader;
    let given = deviator.play(t, belief, &z)?;
    let announced = match leader {
        // Where they are too many the leader cannot be tested, which is said when values are found.
        LeaderTest::StageWise => {
            announcements(game, belief, &theta, given.as_ref()).unwrap_or_default()
        }
        LeaderTest::None => Vec::new(),
    };
    let mut set = PeriodBeliefs::default();
    for (i, leader) in [theta].iter().chain(&announced).enumerate() {
        for outcome in outcomes(game, tables, belief, leader) {
            set.add(outcome.belief, i == 0);
        }
    }
    let beliefs = set.beliefs().iter().cloned();
    Ok(beliefs.zip(set.on_path.iter().copied()).collect())
}
