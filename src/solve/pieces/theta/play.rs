//! theta as a policy: what is played at any public state, and the work that it takes.

use super::super::stage_game::Equilibrium;
use super::super::values::Place;
use super::Solution;
use crate::game::{Belief, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription};
use crate::solve::leader::Selected;
use crate::solve::leader::Work;
use crate::solve::pieces::continuation::Candidates;
use crate::solve::pieces::stage_game::StageGames;
use crate::solve::{SolveError, unsolved};

/// Multiply-adds in the time that goes by before the first stage game at a point, apart from the game's own formulas,
const SETUP: f64 = 6e3;
/// of listing one candidate of the leader,
const CANDIDATE: f64 = 100.0;
/// of where one pair of actions leads,
const LANDING: f64 = 200.0;
/// and of one stage game.
const STAGE_GAME: f64 = 5e3;

/// Inside a piece, this far from its ends, the regime of the piece is the one that a full search finds.
const CLEAR: f64 = 1e-9;

impl Solution<'_> {
    /// The regime of the piece at m, where m is clear of the piece's ends.
    fn by_regime(
        &self,
        games: &mut StageGames,
        (t, node): (usize, usize),
        m: f64,
    ) -> Option<Equilibrium> {
        let v = &self.value_functions(t)[node];
        let Place { piece, .. } = v.locate(m);
        let piece = &v.pieces()[piece];
        let clear = m - piece.lo > CLEAR && piece.hi - m > CLEAR;
        piece
            .label
            .as_ref()
            .filter(|_| clear)
            .and_then(|label| games.realise(label))
    }

    /// theta_t at (pi, m), the games there being given. Inside a piece of V_t the regime is known and only its equilibrium
    /// is solved for; near a switch every equilibrium is searched.
    pub(super) fn selected_at(
        &self,
        games: &mut StageGames,
        t: usize,
        m: f64,
        work: &mut Work,
    ) -> Result<Selected, SolveError> {
        games.move_to(m)?;
        let node = self.node(t, games.period.belief);
        let known = node.and_then(|node| self.by_regime(games, (t, node), m));
        Ok(match known {
            Some(equilibrium) => Selected {
                equilibrium,
                count: 0,
            },
            None => self.rule().choose(games, work),
        })
    }

    pub(in crate::solve) fn play_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Play, SolveError> {
        let candidates = self.candidates(t, belief)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        let selected = self.selected_at(&mut games, t, z.weights()[1], &mut Work::default())?;
        self.play_of(&games, &selected.equilibrium)
    }

    pub(in crate::solve) fn answered_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, SolveError> {
        let held = self.candidates(t, belief)?;
        let (candidates, place) = self.including(t, belief, held, leader)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        games.move_to(z.weights()[1])?;
        let rule = self.rule();
        let selected = rule.select(&mut games, place, &mut Work::default());
        let actions = self.game.follower_actions().len();
        Ok(selected.equilibrium.prescription(actions))
    }

    pub(in crate::solve) fn play_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<f64, SolveError> {
        let candidates = self.candidates(t, belief)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        let mut work = Work::default();
        self.selected_at(&mut games, t, z.weights()[1], &mut work)?;
        Ok(self.setup_cost(&candidates) + STAGE_GAME * work.stage_games.max(1) as f64)
    }

    pub(in crate::solve) fn answer_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        _: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<f64, SolveError> {
        let held = self.candidates(t, belief)?;
        let (candidates, _) = self.including(t, belief, held, leader)?;
        Ok(self.setup_cost(&candidates) + STAGE_GAME)
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

solved_policy!(Solution<'_>);
