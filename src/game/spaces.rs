//! Indices, laws of types, and laws of actions given types.
//!
//! Laws are made and copied at every step of a simulation and every stage game: short ones stand in place, without a heap.

use std::ops::{Deref, DerefMut};

use smallvec::SmallVec;

/// A list that stands in place up to length N.
#[derive(Debug, PartialEq)]
struct Short<T, const N: usize>(SmallVec<[T; N]>);

impl<T: Copy, const N: usize> From<&[T]> for Short<T, N> {
    #[inline]
    fn from(values: &[T]) -> Self {
        Self(SmallVec::from_slice(values))
    }
}

impl<T: Copy, const N: usize> Clone for Short<T, N> {
    /// All at once, where the list's own clone goes one by one.
    #[inline]
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl<const N: usize> Short<f64, N> {
    #[inline]
    fn zeros(length: usize) -> Self {
        Self(SmallVec::from_elem(0.0, length))
    }
}

impl<T, const N: usize> Deref for Short<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const N: usize> DerefMut for Short<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

/// Index of a follower type, in scenario order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FollowerType(pub usize);

/// Index of a follower action, in scenario order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FollowerAction(pub usize);

/// Index of a leader action, in scenario order. A game without a leader has the single action 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaderAction(pub usize);

/// A law of follower types, z in P(X^f): the mean field, or an empirical law of N followers.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanField(Short<f64, 4>);

impl MeanField {
    /// From weights that are non-negative and sum to one (to rounding); the caller has checked them.
    pub fn new(weights: Vec<f64>) -> Self {
        debug_assert!(weights.iter().all(|w| *w >= 0.0));
        debug_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        Self(weights.as_slice().into())
    }

    /// The empirical law n / N of a count vector.
    pub fn from_counts(counts: &[u64]) -> Self {
        let mut law = Self(Short::zeros(counts.len()));
        law.assign_counts(counts);
        law
    }

    /// Become the empirical law n / N of a count vector of the same length.
    #[inline]
    pub(crate) fn assign_counts(&mut self, counts: &[u64]) {
        debug_assert_eq!(counts.len(), self.0.len());
        // At most 10^12 followers: as signed integers they become floats in one instruction.
        let float = |n: u64| n as i64 as f64;
        let population = float(counts.iter().sum());
        for (weight, n) in self.0.iter_mut().zip(counts) {
            *weight = float(*n) / population;
        }
    }

    /// The law (1 - m, m) of a game with two follower types.
    pub fn two_types(m: f64) -> Self {
        Self([1.0 - m, m][..].into())
    }

    /// z(x), one per type.
    #[inline]
    pub fn weights(&self) -> &[f64] {
        &self.0
    }
}

/// Index of a leader type, in scenario order. A leader without types has the single type 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaderType(pub usize);

/// The common belief, a law of the leader's type, pi in P(X^l).
///
/// A leader without types has one, of probability one. Where her type is public the belief is certain of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief(Short<f64, 2>);

impl Belief {
    /// The belief about a leader without types.
    pub fn certain() -> Self {
        Self([1.0][..].into())
    }

    /// Certain of one of `types` types.
    pub fn of_type(types: usize, LeaderType(x): LeaderType) -> Self {
        let mut weights = Short::zeros(types);
        weights[x] = 1.0;
        Self(weights)
    }

    /// From weights that are non-negative and sum to one (to rounding); the caller has checked them.
    pub fn new(weights: Vec<f64>) -> Self {
        debug_assert!(weights.iter().all(|w| *w >= 0.0));
        debug_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        Self(weights.as_slice().into())
    }

    /// pi(x^l), one per leader type.
    #[inline]
    pub fn weights(&self) -> &[f64] {
        &self.0
    }

    /// The first type of positive probability: the one that a certain belief is certain of.
    pub fn first_type(&self) -> LeaderType {
        let first = self.0.iter().position(|weight| *weight > 0.0);
        LeaderType(first.unwrap_or(0))
    }
}

/// Whether a leader may play a law of actions, which tables then write as probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaderMixing {
    /// One action for each type.
    #[default]
    Pure,
    /// A law of actions.
    Mixed,
}

/// One leader action per leader type, a map X^l -> A^l.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderActions(Short<LeaderAction, 2>);

impl From<Vec<LeaderAction>> for LeaderActions {
    fn from(actions: Vec<LeaderAction>) -> Self {
        Self(actions.as_slice().into())
    }
}

impl Deref for LeaderActions {
    type Target = [LeaderAction];

    fn deref(&self) -> &[LeaderAction] {
        &self.0
    }
}

impl DerefMut for LeaderActions {
    fn deref_mut(&mut self) -> &mut [LeaderAction] {
        &mut self.0
    }
}

/// The leader's prescription, gamma^l(a^l | x^l): an action, or a law of actions, for each of her types.
///
/// Where her type is public only the row of the type that all see is played.
#[derive(Clone, Debug, PartialEq)]
pub enum LeaderPrescription {
    /// One action per leader type.
    Pure(LeaderActions),
    /// A law of actions per leader type, types by actions, row-major.
    Mixed {
        /// |A^l|, the length of a row.
        actions: usize,
        /// The rows; each sums to one.
        rows: Vec<f64>,
    },
}

impl LeaderPrescription {
    /// An action for each leader type.
    pub fn pure(actions: Vec<LeaderAction>) -> Self {
        Self::Pure(actions.into())
    }

    /// The action of a leader without types.
    #[inline]
    pub fn action(action: LeaderAction) -> Self {
        Self::Pure(LeaderActions([action][..].into()))
    }

    /// gamma^l(a | x).
    pub fn weight(&self, LeaderType(x): LeaderType, a: LeaderAction) -> f64 {
        match self {
            Self::Pure(chosen) => f64::from(u8::from(chosen[x] == a)),
            Self::Mixed { actions, rows } => rows[x * actions + a.0],
        }
    }

    /// The probability of an action under a belief, sum over x of pi(x) gamma^l(a|x).
    pub fn probability(&self, belief: &Belief, a: LeaderAction) -> f64 {
        let types = belief.weights().iter().enumerate();
        let possible = types.filter(|(_, weight)| **weight > 0.0);
        possible
            .map(|(x, weight)| weight * self.weight(LeaderType(x), a))
            .sum()
    }

    /// The actions of positive probability for a type, with their probabilities, in scenario order.
    pub fn support(&self, LeaderType(x): LeaderType) -> Vec<(LeaderAction, f64)> {
        match self {
            Self::Pure(chosen) => vec![(chosen[x], 1.0)],
            Self::Mixed { actions, rows } => {
                let row = rows[x * actions..(x + 1) * actions].iter().enumerate();
                row.filter(|(_, p)| **p > 0.0)
                    .map(|(a, p)| (LeaderAction(a), *p))
                    .collect()
            }
        }
    }

    /// The same, but for one type, which takes one of `count` actions.
    #[must_use]
    pub fn with_row(&self, count: usize, LeaderType(x): LeaderType, action: LeaderAction) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Pure(chosen) => chosen[x] = action,
            Self::Mixed { rows, .. } => {
                rows[x * count..(x + 1) * count].fill(0.0);
                rows[x * count + action.0] = 1.0;
            }
        }
        other
    }

    /// The one action of a leader without types who does not mix.
    pub fn single_action(&self) -> Option<LeaderAction> {
        if let Self::Pure(chosen) = self {
            return chosen.first().copied().filter(|_| chosen.len() == 1);
        }
        match self.support(LeaderType(0))[..] {
            [(action, _)] if self.types() == 1 => Some(action),
            _ => None,
        }
    }

    /// The number of leader types, of rows.
    pub fn types(&self) -> usize {
        match self {
            Self::Pure(chosen) => chosen.len(),
            Self::Mixed { actions, rows } => rows.len() / actions,
        }
    }
}

/// A conditional law of follower actions given the type, gamma^f(a | x).
#[derive(Clone, Debug, PartialEq)]
pub struct Prescription {
    actions: usize,
    rows: Short<f64, 4>,
}

impl Prescription {
    /// From rows, types by actions, row-major; each row sums to one.
    pub fn new(actions: usize, rows: Vec<f64>) -> Self {
        debug_assert!(actions > 0 && rows.len().is_multiple_of(actions));
        let rows = rows.as_slice().into();
        Self { actions, rows }
    }

    /// gamma^f(. | x), one probability per action.
    #[inline]
    pub fn row(&self, x: usize) -> &[f64] {
        &self.rows[x * self.actions..(x + 1) * self.actions]
    }

    /// All rows, types by actions, row-major.
    #[inline]
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// The number of actions, the length of a row.
    #[inline]
    pub fn actions(&self) -> usize {
        self.actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_prescription_is_the_mixed_one_of_the_same_laws() {
        let pure = LeaderPrescription::pure(vec![LeaderAction(1), LeaderAction(0)]);
        let rows = vec![0.0, 1.0, 1.0, 0.0];
        let mixed = LeaderPrescription::Mixed { actions: 2, rows };
        assert_eq!((pure.types(), mixed.types()), (2, 2));
        for x in [LeaderType(0), LeaderType(1)] {
            assert_eq!(pure.support(x), mixed.support(x));
            for a in [LeaderAction(0), LeaderAction(1)] {
                assert_eq!(pure.weight(x, a), mixed.weight(x, a));
            }
        }
        let belief = Belief::new(vec![0.25, 0.75]);
        assert_eq!(mixed.probability(&belief, LeaderAction(0)), 0.75);
        assert_eq!(pure.probability(&belief, LeaderAction(1)), 0.25);
    }
}
