//! Indices, laws of types, and laws of actions given types.

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
pub struct MeanField(Vec<f64>);

impl MeanField {
    /// From weights that are non-negative and sum to one (to rounding); the caller has checked them.
    pub fn new(weights: Vec<f64>) -> Self {
        debug_assert!(weights.iter().all(|w| *w >= 0.0));
        debug_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        Self(weights)
    }

    /// The empirical law n / N of a count vector.
    pub fn from_counts(counts: &[u64]) -> Self {
        let mut law = Self(vec![0.0; counts.len()]);
        law.assign_counts(counts);
        law
    }

    /// Become the empirical law n / N of a count vector of the same length.
    pub(crate) fn assign_counts(&mut self, counts: &[u64]) {
        debug_assert_eq!(counts.len(), self.0.len());
        let population = counts.iter().sum::<u64>() as f64;
        for (weight, n) in self.0.iter_mut().zip(counts) {
            *weight = *n as f64 / population;
        }
    }

    /// The law (1 - m, m) of a game with two follower types.
    pub fn two_types(m: f64) -> Self {
        Self(vec![1.0 - m, m])
    }

    /// z(x), one per type.
    pub fn weights(&self) -> &[f64] {
        &self.0
    }
}

/// The common belief, a law of the leader's type, pi in P(X^l).
///
/// A leader without types has one, and the belief is the point of a simplex of dimension 0: it holds no number, and (9)
/// leaves it as it is.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Belief {
    /// pi of every type but the first.
    weights: Vec<f64>,
}

impl Belief {
    /// The belief about a leader without types.
    pub fn certain() -> Self {
        Self::default()
    }

    /// The dimension of P(X^l).
    pub fn dimension(&self) -> usize {
        self.weights.len()
    }

    /// (9) after a leader action: the belief about a leader without types stays what it is.
    pub fn update(&self, _leader_action: LeaderAction) -> Self {
        self.clone()
    }
}

/// A conditional law of follower actions given the type, gamma^f(a | x).
#[derive(Clone, Debug, PartialEq)]
pub struct Prescription {
    actions: usize,
    rows: Vec<f64>,
}

impl Prescription {
    /// From rows, types by actions, row-major; each row sums to one.
    pub fn new(actions: usize, rows: Vec<f64>) -> Self {
        debug_assert!(actions > 0 && rows.len().is_multiple_of(actions));
        Self { actions, rows }
    }

    /// gamma^f(. | x), one probability per action.
    pub fn row(&self, x: usize) -> &[f64] {
        &self.rows[x * self.actions..(x + 1) * self.actions]
    }

    /// All rows, types by actions, row-major.
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// The number of actions, the length of a row.
    pub fn actions(&self) -> usize {
        self.actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_belief_about_a_leader_without_types_has_dimension_zero_and_stays() {
        let belief = Belief::certain();
        assert_eq!(belief.dimension(), 0);
        assert_eq!(belief.update(LeaderAction(3)), belief);
    }
}
