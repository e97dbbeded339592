//! Whether simulated populations move as (8) says, step by step: an error of order N^-1/2 that plots hide shows here.
//!
//! Given z^N_t and what is played there, S = N (z^N_{t+1} - phi) is a sum of N independent vectors e_Y - p_x of mean zero,
//! and covariance N Sigma, Sigma = sum_x z(x) (diag p_x - p_x p_x'). So q = S' (N Sigma)^+ S has mean r = rank(Sigma)
//! exactly, it is close to chi-square with r degrees, and S has no part in the null space of Sigma. The variance of q is
//! 2 r and, as N is finite, the sum over the N vectors u of E (u' C u)^2 - 2 tr (C V_u)^2 - (tr C V_u)^2, with C = (N Sigma)^+
//! and V_u their covariances. Over all steps the q are added; their sum Q, of mean M and variance V, is referred to the chi-square law
//! of 2 M^2 / V degrees, scaled to that mean and variance. Both tails count: followers that do not differ enough are wrong
//! too.

use crate::game::{Belief, Game, MeanField, Policy, Tables, next_types};
use crate::simulate::Trajectory;
use crate::stats::{chi_square_lower_tail, chi_square_tail};
use crate::validate::ValidateError;

/// A check fails where its p-value is below this.
pub const CHECK_LEVEL: f64 = 1e-4;

/// Pivots below this share of the largest variance are zero: directions in which nothing moves.
const RANK_TOLERANCE: f64 = 1e-11;

/// Followers that a direction without variance may hold, for the rounding of N phi, relative to N.
const NULL_TOLERANCE: f64 = 1e-9;

/// The result of a check of the simulated populations against theory; the belief's calibration is one more of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// `one_step`, or `belief`.
    pub name: &'static str,
    /// N.
    pub population: u64,
    /// Q; of `belief`, the largest standardised miss.
    pub statistic: f64,
    /// Its mean under the hypothesis, M: the sum of the ranks; of `belief`, how many misses there are.
    pub degrees: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Steps in which followers, or the leader's type, went where theory lets nobody go.
    pub impossible: u64,
    /// Whether `p_value` is at least [`CHECK_LEVEL`] and nothing impossible happened.
    pub passed: bool,
}

impl Check {
    /// What a reader has to know of a check that failed.
    pub fn warning(&self) -> Option<String> {
        let Self {
            name,
            population,
            statistic,
            degrees,
            p_value,
            impossible,
            ..
        } = self;
        (!self.passed).then(|| match *name {
            "belief" => format!(
                "N = {population}: the leader's types do not come as the belief (9) says: the largest of {degrees} misses is \
                 {statistic:.1} standard deviations (p = {p_value:.1e}), {impossible} types were held impossible"
            ),
            _ => format!(
                "N = {population}: simulated populations do not move as (8) says: the one-step statistic is \
                 {statistic:.1} for {degrees:.1} degrees (p = {p_value:.1e}), {impossible} steps leave the possible \
                 directions"
            ),
        })
    }
}

/// The sums over all steps of trajectories.
pub struct OneStep<'a> {
    game: &'a Game,
    policy: &'a dyn Policy,
    tables: Tables<'a>,
    statistic: f64,
    degrees: f64,
    variance: f64,
    impossible: u64,
}

impl<'a> OneStep<'a> {
    /// Nothing observed; `policy` is what the populations are supposed to follow.
    pub fn new(game: &'a Game, policy: &'a dyn Policy) -> Self {
        Self {
            game,
            policy,
            tables: game.tables(),
            statistic: 0.0,
            degrees: 0.0,
            variance: 0.0,
            impossible: 0,
        }
    }

    /// Take in one trajectory, with the leader's actions that were realised.
    ///
    /// # Errors
    /// A kernel or reward without a value on its path.
    pub fn push(&mut self, trajectory: &Trajectory) -> Result<(), ValidateError> {
        for t in 1..=trajectory.horizon() {
            let counts = trajectory.counts(t);
            let z = MeanField::from_counts(counts);
            self.tables.evaluate(t, z.weights())?;
            let belief = Belief::new(trajectory.belief(t).to_vec());
            let prescription = self.policy.play(t, &belief, &z)?.prescription;
            // phi at the move that was made.
            let (x, action) = (trajectory.leader_type(t), trajectory.leader_action(t));
            let leader = self.game.leader_move(x, action);
            let moves = next_types(&self.tables, leader, &prescription);
            let step = Step::new(counts, &moves, trajectory.counts(t + 1));
            self.statistic += step.statistic;
            self.degrees += step.rank as f64;
            self.variance += step.variance;
            self.impossible += u64::from(step.impossible);
        }
        Ok(())
    }

    /// The check of all that was taken in.
    pub fn result(&self, population: u64) -> Check {
        let (statistic, degrees) = (self.statistic, self.degrees);
        let p_value = if degrees > 0.0 && self.variance > 0.0 {
            let scale = 2.0 * degrees / self.variance;
            let tail = chi_square_tail(statistic * scale, degrees * scale);
            let lower = chi_square_lower_tail(statistic * scale, degrees * scale);
            (2.0 * tail.min(lower)).min(1.0)
        } else {
            1.0
        };
        Check {
            name: "one_step",
            population,
            statistic,
            degrees,
            p_value,
            impossible: self.impossible,
            passed: p_value >= CHECK_LEVEL && self.impossible == 0,
        }
    }
}

/// One step's part.
struct Step {
    statistic: f64,
    rank: usize,
    /// Of `statistic`.
    variance: f64,
    impossible: bool,
}

impl Step {
    fn new(counts: &[u64], moves: &[Vec<f64>], next: &[u64]) -> Self {
        let types = counts.len();
        let population = counts.iter().sum::<u64>() as f64;
        let groups = || {
            let sizes = counts.iter().map(|n| *n as f64).zip(moves);
            sizes.filter(|(n, _)| *n > 0.0)
        };
        // S and N Sigma.
        let mut residual: Vec<f64> = next.iter().map(|n| *n as f64).collect();
        let mut covariance = vec![vec![0.0; types]; types];
        for (n, law) in groups() {
            for y in 0..types {
                residual[y] -= n * law[y];
                for other in 0..types {
                    let product = law[y] * law[other];
                    covariance[y][other] += n * if y == other {
                        law[y] - product
                    } else {
                        -product
                    };
                }
            }
        }
        let whitening = Whitening::of(covariance);
        let white = whitening.apply(&residual);
        let statistic = white.score.iter().map(|s| s * s).sum();
        let rank = whitening.pivots.len();
        // E (u'Cu)^2 and the traces, u'Cu being the squared length of the whitened u.
        let mut variance = 2.0 * rank as f64;
        for (n, law) in groups() {
            let outcomes = law.iter().enumerate().filter(|(_, p)| **p > 0.0);
            let mut fourth = 0.0;
            let mut second = vec![vec![0.0; rank]; rank];
            for (outcome, p) in outcomes {
                let mut u: Vec<f64> = law.iter().map(|p| -p).collect();
                u[outcome] += 1.0;
                let score = whitening.apply(&u).score;
                let length: f64 = score.iter().map(|s| s * s).sum();
                fourth += p * length * length;
                for (row, a) in second.iter_mut().zip(&score) {
                    row.iter_mut()
                        .zip(&score)
                        .for_each(|(cell, b)| *cell += p * a * b);
                }
            }
            let trace: f64 = (0..rank).map(|i| second[i][i]).sum();
            let squares: f64 = second.iter().flatten().map(|cell| cell * cell).sum();
            variance += n * (fourth - 2.0 * squares - trace * trace);
        }
        Self {
            statistic,
            rank,
            variance: variance.max(0.0),
            impossible: white.rest > NULL_TOLERANCE * population.max(1.0),
        }
    }
}

/// A pivoted Cholesky factor of a covariance: it tells the range from the null space and whitens the range.
struct Whitening {
    /// The coordinates eliminated, in order.
    pivots: Vec<usize>,
    /// One column per pivot.
    columns: Vec<Vec<f64>>,
}

/// A vector in whitened coordinates, and what of it lies outside the range.
struct White {
    score: Vec<f64>,
    rest: f64,
}

impl Whitening {
    fn of(mut matrix: Vec<Vec<f64>>) -> Self {
        let size = matrix.len();
        let largest = (0..size).map(|y| matrix[y][y]).fold(0.0, f64::max);
        let (mut pivots, mut columns) = (Vec::new(), Vec::new());
        loop {
            let open = (0..size).filter(|y| !pivots.contains(y));
            let pivot = open.reduce(|best, y| {
                if matrix[y][y] > matrix[best][best] {
                    y
                } else {
                    best
                }
            });
            // Rounding leaves the last pivot of a law, whose entries sum to nothing, near zero.
            let Some(pivot) = pivot.filter(|y| matrix[*y][*y] > RANK_TOLERANCE * largest) else {
                return Self { pivots, columns };
            };
            let root = matrix[pivot][pivot].sqrt();
            let column: Vec<f64> = (0..size).map(|y| matrix[y][pivot] / root).collect();
            for y in 0..size {
                for other in 0..size {
                    matrix[y][other] -= column[y] * column[other];
                }
            }
            pivots.push(pivot);
            columns.push(column);
        }
    }

    /// Forward substitution: v' C v is the squared length of the score for v in the range.
    fn apply(&self, vector: &[f64]) -> White {
        let mut left = vector.to_vec();
        let mut score = Vec::with_capacity(self.pivots.len());
        for (pivot, column) in self.pivots.iter().zip(&self.columns) {
            let s = left[*pivot] / column[*pivot];
            left.iter_mut().zip(column).for_each(|(l, c)| *l -= s * c);
            score.push(s);
        }
        let rest = left.iter().map(|l| l.abs()).fold(0.0, f64::max);
        White { score, rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E q and Var q over every outcome of three followers.
    #[test]
    fn the_statistic_has_the_mean_and_variance_that_are_claimed() {
        let moves = vec![
            vec![0.2, 0.5, 0.3],
            vec![0.9, 0.0, 0.1],
            vec![0.0, 1.0, 0.0],
        ];
        for counts in [[2, 1, 0], [1, 1, 1], [0, 3, 0], [3, 0, 0]] {
            let each: Vec<usize> = (0..3)
                .flat_map(|x| std::iter::repeat_n(x, counts[x] as usize))
                .collect();
            let (mut mean, mut square) = (0.0, 0.0);
            for code in 0..27_usize {
                let outcome = [code % 3, code / 3 % 3, code / 9];
                let places = each.iter().zip(outcome);
                let probability: f64 = places.map(|(x, y)| moves[*x][y]).product();
                if probability > 0.0 {
                    let mut next = [0; 3];
                    outcome.iter().for_each(|y| next[*y] += 1);
                    let step = Step::new(&counts, &moves, &next);
                    assert!(!step.impossible, "{counts:?} {outcome:?}");
                    mean += probability * step.statistic;
                    square += probability * step.statistic * step.statistic;
                }
            }
            let step = Step::new(&counts, &moves, &[1, 1, 1]);
            assert!(
                (mean - step.rank as f64).abs() < 1e-12,
                "{counts:?}: {mean}"
            );
            assert!(
                (square - mean * mean - step.variance).abs() < 1e-11,
                "{counts:?}"
            );
        }
    }

    #[test]
    fn nobody_may_appear_where_nobody_can_go() {
        let moves = vec![vec![0.5, 0.5, 0.0]; 3];
        assert!(Step::new(&[2, 0, 0], &moves, &[1, 0, 1]).impossible);
        assert!(!Step::new(&[2, 0, 0], &moves, &[1, 1, 0]).impossible);
    }
}
