//! theta as a policy: what is played at any public state, and the work that it takes.

use super::{Solution, first_actions};
use crate::game::{Belief, LeaderPrescription, MeanField, Play, Policy, Prescription};
use crate::solve::SolveError;
use crate::solve::continuation::Candidates;
use crate::solve::leader::Work;
use crate::solve::stage_game::StageGames;

/// Multiply-adds in the time that goes by before the first stage game at a point, apart from the game's own formulas,
const SETUP: f64 = 6e3;
/// of listing one candidate of the leader,
const CANDIDATE: f64 = 100.0;
/// of where one pair of actions leads,
const LANDING: f64 = 200.0;
/// and of one stage game.
const STAGE_GAME: f64 = 5e3;

impl Solution<'_> {
    fn play_at(&self, t: usize, belief: &Belief, m: f64) -> Result<Play, SolveError> {
        let candidates = self.candidates(t, belief)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        let selected = self.selected_at(&mut games, t, m, &mut Work::default())?;
        self.play_of(&games, &selected.equilibrium)
    }

    fn answered_at(
        &self,
        t: usize,
        belief: &Belief,
        m: f64,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, SolveError> {
        let held = self.candidates(t, belief)?;
        let (candidates, place) = self.including(t, belief, held, leader)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        games.move_to(m)?;
        let rule = self.rule();
        let selected = rule.select(&mut games, place, &mut Work::default());
        let actions = self.game.follower_actions().len();
        Ok(selected.equilibrium.prescription(actions))
    }

    /// Multiply-adds before the first stage game at a point: the formulas, and where every pure prescription leads.
    fn setup_cost(&self, candidates: &Candidates) -> f64 {
        // Candidates that move the followers alike share it.
        let groups = candidates.groups();
        let distinct = groups.iter().max().map_or(0, |last| last + 1);
        let pairs = distinct * self.game.follower_actions().len().pow(2);
        let listing = CANDIDATE * groups.len() as f64 + LANDING * pairs as f64;
        SETUP + self.game.evaluation_cost() + listing
    }
}

impl Policy for Solution<'_> {
    /// theta_t at (pi, z). Where the game has no valid value, or theta is not held, the first actions are played: the
    /// caller evaluates the same kernels there and reports the error.
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Play {
        let play = self.play_at(t, belief, z.weights()[1]);
        play.unwrap_or_else(|_| first_actions(self.game))
    }

    fn answer(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Option<Prescription> {
        let answer = self.answered_at(t, belief, z.weights()[1], leader);
        Some(answer.unwrap_or_else(|_| first_actions(self.game).prescription))
    }

    fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> f64 {
        let cost = self.candidates(t, belief).and_then(|candidates| {
            let mut games = StageGames::new(self.period(t, belief, &candidates));
            let mut work = Work::default();
            self.selected_at(&mut games, t, z.weights()[1], &mut work)?;
            Ok(self.setup_cost(&candidates) + STAGE_GAME * work.stage_games.max(1) as f64)
        });
        cost.unwrap_or(0.0)
    }

    fn answer_cost(
        &self,
        t: usize,
        belief: &Belief,
        _: &MeanField,
        leader: &LeaderPrescription,
    ) -> f64 {
        let cost = self.candidates(t, belief).and_then(|held| {
            let (candidates, _) = self.including(t, belief, held, leader)?;
            Ok(self.setup_cost(&candidates) + STAGE_GAME)
        });
        cost.unwrap_or(0.0)
    }
}
