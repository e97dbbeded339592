//! Sets of beliefs that can be reached, period by period.

use std::collections::BTreeMap;

use super::{Belief, Game, LeaderPrescription, Tables, outcomes};

/// Beliefs within this of each other in every entry are one: they differ by rounding.
const SAME: f64 = 1e-12;

/// Distinct beliefs, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub struct BeliefSet {
    beliefs: Vec<Belief>,
    /// By the place of pi(first type) on a grid of [`SAME`].
    index: BTreeMap<i64, Vec<usize>>,
}

impl BeliefSet {
    /// All of them.
    pub fn beliefs(&self) -> &[Belief] {
        &self.beliefs
    }

    /// The place of a belief.
    pub fn find(&self, belief: &Belief) -> Option<usize> {
        let cell = Self::cell(belief);
        let near = (cell - 1..=cell + 1).filter_map(|cell| self.index.get(&cell));
        let same = |at: &&usize| {
            let mut pairs = self.beliefs[**at].weights().iter().zip(belief.weights());
            pairs.all(|(a, b)| (a - b).abs() <= SAME)
        };
        near.flatten().find(same).copied()
    }

    /// Add a belief unless it is there, in which case its place is returned.
    pub fn add(&mut self, belief: Belief) -> Option<usize> {
        let known = self.find(&belief);
        if known.is_none() {
            let places = self.index.entry(Self::cell(&belief)).or_default();
            places.push(self.beliefs.len());
            self.beliefs.push(belief);
        }
        known
    }

    /// Add what (9) leads to under a prescription, with tables evaluated at z.
    pub fn add_posteriors(
        &mut self,
        game: &Game,
        tables: &Tables<'_>,
        belief: &Belief,
        leader: &LeaderPrescription,
    ) {
        for outcome in outcomes(game, tables, belief, leader) {
            self.add(outcome.belief);
        }
    }

    fn cell(belief: &Belief) -> i64 {
        (belief.weights()[0] / SAME) as i64
    }
}

impl From<Vec<Belief>> for BeliefSet {
    fn from(beliefs: Vec<Belief>) -> Self {
        let mut set = Self::default();
        for belief in beliefs {
            set.add(belief);
        }
        set
    }
}
