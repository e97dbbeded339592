//! Whether unilateral deviations from a policy profit at finite N, and the claim that may be made of it.
//!
//! A follower who deviates faces everybody else at theta, reacting to z^N with the deviator in it; a leader who deviates
//! announces another action and the followers re-answer, (15c)-(15d). The gain is the expected discounted sum of reward
//! differences from t = 1. Only the policy and the game are used, never the solver's own values.

pub mod exact;

use crate::game::{GameError, LeaderAction, MeanField, Prescription, Tables};

/// What stops a validation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ValidateError {
    /// A kernel or reward has no value at some z^N.
    #[error(transparent)]
    Game(#[from] GameError),
    /// Backward induction over counts is written for two types.
    #[error(
        "the exact method needs two follower types and this game has {types}: use the method `paired`"
    )]
    ExactTypes {
        /// |X^f|.
        types: usize,
    },
    /// The policy answers some deviating leader actions and not others.
    #[error("the policy names no answer of the followers to a deviating leader at t = {t}")]
    NoAnswer {
        /// The period.
        t: usize,
    },
}

/// How the followers' types begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All types drawn independently from z_1.
    Iid,
    /// Counts fixed at N z_1, rounded by largest remainders.
    Rounded,
}

/// N z rounded to integers that sum to N, by largest remainders, the first type first among equals.
pub fn rounded_counts(z: &MeanField, population: u64) -> Vec<u64> {
    let shares: Vec<f64> = z.weights().iter().map(|w| w * population as f64).collect();
    let mut counts: Vec<u64> = shares.iter().map(|s| s.floor() as u64).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|i, j| {
        (shares[*j] - shares[*j].floor()).total_cmp(&(shares[*i] - shares[*i].floor()))
    });
    let left = population.saturating_sub(counts.iter().sum());
    for x in order.into_iter().cycle().take(left as usize) {
        counts[x] += 1;
    }
    counts
}

/// R^l = r(z, a^l) + sum_{x,a} E[mu(x, a)] g(z, a^l, x, a), where E[mu(x, a)] = z(x) gamma(a|x) at any N.
fn leader_reward(
    tables: &Tables<'_>,
    leader_action: LeaderAction,
    prescription: &Prescription,
    z: &MeanField,
) -> f64 {
    let per_follower = z
        .weights()
        .iter()
        .enumerate()
        .filter(|(_, share)| **share > 0.0)
        .map(|(x, share)| {
            let row = prescription
                .row(x)
                .iter()
                .enumerate()
                .filter(|(_, weight)| **weight > 0.0);
            let of_type: f64 = row
                .map(|(a, weight)| weight * tables.leader_follower_reward(leader_action.0, x, a))
                .sum();
            share * of_type
        });
    tables.leader_period_reward(leader_action.0) + per_follower.sum::<f64>()
}
