//! theta at beliefs that no play of its own leads to, where a deviating leader does.
//!
//! Where V is held at the reachable beliefs alone, a leader who mixes as no candidate does leads to others, and the
//! followers' answer to her needs V there. The same recursion gives it: V_t at a belief needs V_{t+1} at those that (9)
//! leads to from it, so that the visited beliefs and all that follow them are solved for beside the reachable ones.

use super::beliefs::Beliefs;
use super::{SolveError, Solved};
use crate::game::{Belief, LeaderPrescription, MeanField, Play, Prescription};

/// A solution, and theta solved at visited beliefs besides. At the beliefs of the solution it is the solution.
#[derive(Debug)]
pub struct Widened<'s, 'g> {
    theta: &'s Solved<'g>,
    /// Where theta does not hold all of them.
    besides: Option<Solved<'g>>,
}

impl<'s, 'g> Widened<'s, 'g> {
    /// `visited` by period, t = 1, ..., T + 1; solves only where theta is not held at all of them.
    ///
    /// # Errors
    /// Too many beliefs in a period, and as [`Solved::compute`].
    pub fn new(theta: &'s Solved<'g>, visited: &[Vec<Belief>]) -> Result<Self, SolveError> {
        let mut all = visited
            .iter()
            .enumerate()
            .flat_map(|(i, of_period)| of_period.iter().map(move |belief| (i + 1, belief)));
        if all.all(|(t, belief)| theta.holds(t, belief)) {
            return Ok(Self {
                theta,
                besides: None,
            });
        }
        let (game, settings) = (theta.game(), theta.settings());
        let beliefs = Beliefs::visiting(game, settings, visited)?;
        let besides = theta.at_beliefs(beliefs)?;
        Ok(Self {
            theta,
            besides: Some(besides),
        })
    }

    /// What theta says, else what is solved besides.
    fn ask<T>(&self, of: impl Fn(&Solved<'g>) -> Result<T, SolveError>) -> Result<T, SolveError> {
        match (of(self.theta), &self.besides) {
            (Err(SolveError::Belief { .. }), Some(besides)) => of(besides),
            (found, _) => found,
        }
    }

    pub(super) fn play_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Play, SolveError> {
        self.ask(|solved| solved.play_at(t, belief, z))
    }

    pub(super) fn answered_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, SolveError> {
        self.ask(|solved| solved.answered_at(t, belief, z, leader))
    }

    pub(super) fn play_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<f64, SolveError> {
        self.ask(|solved| solved.play_cost_at(t, belief, z))
    }

    pub(super) fn answer_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<f64, SolveError> {
        self.ask(|solved| solved.answer_cost_at(t, belief, z, leader))
    }
}
