//! Whole policies of the leader against theta: the commitment gap.
//!
//! Departure from Theorem 1, part 2: the recursion makes each prescription of the leader optimal given theta afterwards,
//! but the claim that no *whole* policy of hers does better, followers re-answering to all of it, can fail. Compared are
//! all constant actions and, where they are few, all sequences of actions fixed beforehand, the same for all her types;
//! the followers are solved for each by the same recursion and selection.

use rayon::prelude::*;

use crate::game::{Game, LeaderAction, MeanField, public_beliefs};
use crate::solve::{SolveError, Solved};

/// Periods solved for sequences, at most.
const MOST_STEPS: usize = 600;
/// Work on them, at most: some seconds.
const MOST_WORK: u64 = 3_000_000;
/// All comparisons together take this many times the work of the solution itself at most,
const SOLUTIONS: u64 = 2;
/// or, where that is little, this: about a second.
const LITTLE: u64 = 300_000;
/// Constant actions that are solved side by side, before the next are forecast.
const BATCH: usize = 8;

/// A whole policy of the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// One action for ever.
    Constant(LeaderAction),
    /// An action per period.
    Sequence(Vec<LeaderAction>),
}

/// The best whole policy of the leader among those compared, against theta: the commitment gap.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitmentGap {
    /// V^l_1 of the best policy minus theta's; negative where theta beats them all.
    pub value: f64,
    /// The policy.
    pub policy: Committed,
    /// Constant actions for which the iteration of an infinite horizon did not converge; they are not compared.
    pub unsolved: usize,
    /// Constant actions that are not compared, because that was forecast to take too long or V became too detailed.
    pub skipped: usize,
    /// Whether all sequences of actions were compared, not the constant ones alone.
    pub sequences: bool,
}

/// V^l_1 at a start, in the mean over what the leader may be.
///
/// # Errors
/// Where the game has no value.
pub(super) fn leader_value(solution: &Solved, start: &MeanField) -> Result<f64, SolveError> {
    let game = solution.game();
    let mut mean = 0.0;
    for (belief, weight) in public_beliefs(game, game.initial_belief()) {
        mean += weight * solution.resolve(1, &belief, start)?.values.leader;
    }
    Ok(mean)
}

/// Solve the followers' game for every policy that is compared.
///
/// With a single action she is committed already. Each constant costs about what a solution with one action does.
///
/// # Errors
/// Where the game has no value.
pub fn commitment_gap(solution: &Solved, start: &MeanField) -> Result<CommitmentGap, SolveError> {
    let game = solution.game();
    let mut best = CommitmentGap {
        value: 0.0,
        policy: Committed::Constant(LeaderAction(0)),
        unsolved: 0,
        skipped: 0,
        sequences: false,
    };
    if game.leader_actions().len() == 1 {
        return Ok(best);
    }
    best.value = f64::NAN;
    let own = leader_value(solution, start)?;
    let most = LITTLE.max(SOLUTIONS.saturating_mul(solution.work().steps()));
    let spent = constants(solution, start, (own, most), &mut best)?;
    let Some(steps) = steps(game).filter(|steps| *steps <= MOST_STEPS) else {
        return Ok(best);
    };
    // A sequence's period takes about what one of theta takes for one of her actions.
    let periods = (game.horizon() * game.leader_actions().len()) as u64;
    let forecast = solution.work().steps() / periods.max(1) * steps as u64;
    let left = most.saturating_sub(spent).min(MOST_WORK);
    if forecast <= left {
        let compared = solution.best_sequence(start, left)?;
        best.sequences = compared.is_some();
        // Beyond the accuracy of the values that are compared.
        if let Some((value, sequence)) =
            compared.filter(|(value, _)| value - own > best.value + 1e-8)
        {
            best.value = value - own;
            best.policy = Committed::Sequence(sequence);
        }
    }
    Ok(best)
}

/// Compare the constant actions with theta's value, as far as the work allows; the work done.
fn constants(
    solution: &Solved,
    start: &MeanField,
    (own, most): (f64, u64),
    best: &mut CommitmentGap,
) -> Result<u64, SolveError> {
    let game = solution.game();
    let actions: Vec<usize> = (0..game.leader_actions().len()).collect();
    let mut spent: u64 = 0;
    for batch in actions.chunks(BATCH) {
        let done = batch[0] as u64;
        let forecast = (spent * batch.len() as u64).checked_div(done).unwrap_or(0);
        if spent.saturating_add(forecast) > most {
            best.skipped += actions.len() - batch[0];
            break;
        }
        let solve = |action: &usize| {
            let constant = Solved::compute(game, solution.settings(), Some(vec![*action]))?;
            let value = leader_value(&constant, start)? - own;
            let value = Some(value).filter(|_| constant.is_solved());
            Ok((value, constant.work().steps()))
        };
        let found: Vec<Result<(Option<f64>, u64), SolveError>> =
            batch.par_iter().map(solve).collect();
        for (action, found) in batch.iter().zip(found) {
            let (gap, work) = match found {
                Err(error) if error.is_of_length() => {
                    best.skipped += 1;
                    continue;
                }
                found => found?,
            };
            spent += work;
            match gap {
                Some(value) if best.value.is_nan() || value > best.value => {
                    best.value = value;
                    best.policy = Committed::Constant(LeaderAction(*action));
                }
                Some(_) => {}
                None => best.unsolved += 1,
            }
        }
    }
    Ok(spent)
}

/// Periods that all sequences take: one for every way to end, |A| + |A|^2 + ... + |A|^T.
fn steps(game: &Game) -> Option<usize> {
    if game.is_infinite() {
        return None;
    }
    let mut sum: usize = 0;
    let mut power: usize = 1;
    for _ in 0..game.horizon() {
        power = power.checked_mul(game.leader_actions().len())?;
        sum = sum.checked_add(power)?;
        if sum > MOST_STEPS {
            return None;
        }
    }
    Some(sum)
}
