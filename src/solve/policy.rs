//! theta as a policy: what it cannot solve it does not play.

use super::representation::{Representation, StageGames};
use super::theta::Theta;
use super::{SolveError, Solved, Widened, Work};
use crate::game::{Belief, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription};

/// [`Policy`](crate::game::Policy) by the type's own `play_at`, `answered_at`, `play_cost_at` and `answer_cost_at`.
macro_rules! solved_policy {
    () => {
        fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
            self.play_at(t, belief, z).map_err(unsolved(t, belief, z))
        }

        fn answer(
            &self,
            t: usize,
            belief: &Belief,
            z: &MeanField,
            leader: &LeaderPrescription,
        ) -> Result<Prescription, PolicyError> {
            let answer = self.answered_at(t, belief, z, leader);
            answer.map_err(unsolved(t, belief, z))
        }

        fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<f64, PolicyError> {
            let cost = self.play_cost_at(t, belief, z);
            cost.map_err(unsolved(t, belief, z))
        }

        fn answer_cost(
            &self,
            t: usize,
            belief: &Belief,
            z: &MeanField,
            leader: &LeaderPrescription,
        ) -> Result<f64, PolicyError> {
            let cost = self.answer_cost_at(t, belief, z, leader);
            cost.map_err(unsolved(t, belief, z))
        }
    };
}

#[allow(private_bounds)]
impl<R: Representation> Policy for Theta<'_, R> {
    solved_policy!();
}

impl Policy for Solved<'_> {
    solved_policy!();
}

impl Policy for Widened<'_, '_> {
    solved_policy!();
}

#[allow(private_bounds)]
impl<R: Representation> Theta<'_, R> {
    pub(super) fn play_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Play, SolveError> {
        self.at((t, belief, z), None, |games, _| {
            let selected = self.followed(games, (t, belief), &mut Work::default())?;
            games.play(&selected.equilibrium)
        })
    }

    pub(super) fn answered_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, SolveError> {
        self.at((t, belief, z), Some(leader), |games, place| {
            let selected = self.rule().select(games, place, &mut Work::default())?;
            Ok(games.prescription(&selected.equilibrium))
        })
    }

    pub(super) fn play_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<f64, SolveError> {
        self.at((t, belief, z), None, |games, _| {
            let mut work = Work::default();
            self.followed(games, (t, belief), &mut work)?;
            games.cost(&work)
        })
    }

    pub(super) fn answer_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<f64, SolveError> {
        self.at((t, belief, z), Some(leader), |games, place| {
            let mut work = Work::default();
            self.rule().select(games, place, &mut work)?;
            games.cost(&work)
        })
    }
}

/// What a policy says where it cannot be solved.
fn unsolved(t: usize, belief: &Belief, z: &MeanField) -> impl Fn(SolveError) -> PolicyError {
    move |error| match error {
        SolveError::Game(error) => PolicyError::Game(error),
        error => PolicyError::Unsolved {
            t,
            belief: belief.weights().to_vec(),
            z: z.weights().to_vec(),
            reason: error.to_string(),
        },
    }
}
