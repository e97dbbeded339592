//! theta as a policy: what is played at any public state, and the work that it takes.

use super::theta::SimplexSolution;
use crate::game::{Belief, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription};
use crate::solve::leader::Work;
use crate::solve::{SolveError, unsolved};

/// Multiply-adds in the time that goes by before the first stage game at a point, apart from the game's own formulas.
const SETUP: f64 = 1e4;

impl SimplexSolution<'_> {
    /// Multiply-adds before the first stage game at a point.
    fn setup_cost(&self) -> f64 {
        SETUP + self.game().evaluation_cost()
    }

    pub(in crate::solve) fn play_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Play, SolveError> {
        Ok(self.follow_at(t, belief, z)?.play)
    }

    pub(in crate::solve) fn answered_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, SolveError> {
        Ok(self.plain_answer(t, belief, z, leader)?.play.prescription)
    }

    pub(in crate::solve) fn play_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<f64, SolveError> {
        let listed = self.candidates_at(belief)?;
        let mut games = self.games(t);
        games.move_to(belief, z.weights())?;
        let mut work = Work::default();
        games.choose(&self.rule(), &listed, &mut work)?;
        Ok(self.setup_cost() + games.cost(&listed[0], &work)?)
    }

    pub(in crate::solve) fn answer_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<f64, SolveError> {
        let mut games = self.games(t);
        let mut work = Work::default();
        games.move_to(belief, z.weights())?;
        games.select(&self.rule(), leader, &mut work)?;
        Ok(self.setup_cost() + games.cost(leader, &work)?)
    }
}

solved_policy!(SimplexSolution<'_>);
