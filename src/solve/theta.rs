//! The equilibrium-generating function theta and the value functions of a solved game.

use std::borrow::Cow;

use rayon::prelude::*;

use super::beliefs::Beliefs;
use super::recursion::Recursion;
use super::representation::{Listing, Period, Representation, Stage, StageGames, ValueFunction};
use super::selection::Rule;
use super::stage::{Listed, Outcome, Selected};
use super::triangulation::{self, Lattice};
use super::{
    Archive, ArchiveError, Ending, Iteration, SolveError, SolvedEquilibrium, SolvedPoint, Start,
    StateValues, ValueError, Work,
};
use crate::game::candidates;
use crate::game::{Belief, Flow, Game, LeaderAction, LeaderPrescription, MeanField, Play};
use crate::solve::SolveSettings;

/// Points of a lattice at which theta is listed, at most.
const MOST_POINTS: usize = 1 << 26;

/// A solved game: V_t and theta_t for t = 1..T, (13)-(16), V being held in one way.
///
/// theta is not stored as a table of prescriptions: at any point it is the stage game solved there, against V_{t+1}.
#[derive(Clone, Debug)]
#[allow(private_bounds)] // The ways to hold V are this module's own.
pub struct Theta<'g, R: Representation> {
    game: &'g Game,
    settings: SolveSettings,
    /// The leader's actions among which she chooses.
    actions: Vec<usize>,
    beliefs: Beliefs,
    representation: R,
    /// V_1, ..., V_{T+1} at the beliefs of each period, in units of the players' scales; for an infinite horizon the last
    /// iterate and the one before it.
    values: Vec<Vec<R::Function>>,
    work: Work,
    /// How the iteration of an infinite horizon ended.
    iteration: Option<Iteration>,
}

#[allow(private_bounds)]
impl<'g, R: Representation> Theta<'g, R> {
    /// Solve by backward recursion over all leader actions, or over those given (scenario indices).
    ///
    /// # Errors
    /// [`SolveError`].
    pub fn compute(
        game: &'g Game,
        settings: &SolveSettings,
        actions: Option<Vec<usize>>,
    ) -> Result<Self, SolveError> {
        Self::compute_from(game, settings, actions, &Start::of_game(game))
    }

    /// The same from another belief and period on: V and theta of t = `start.t`, ..., T.
    ///
    /// # Errors
    /// [`SolveError`].
    pub fn compute_from(
        game: &'g Game,
        settings: &SolveSettings,
        actions: Option<Vec<usize>>,
        start: &Start,
    ) -> Result<Self, SolveError> {
        R::fits(game, settings)?;
        let beliefs = Beliefs::from(game, settings, start.t, &start.belief);
        let theta = beliefs.and_then(|at| Self::compute_at(game, settings, actions, at));
        // Where the game's code has failed, whatever came of it follows from that.
        game.check_code()?;
        theta
    }

    /// The same at given beliefs, which (9) does not leave.
    pub(super) fn compute_at(
        game: &'g Game,
        settings: &SolveSettings,
        actions: Option<Vec<usize>>,
        beliefs: Beliefs,
    ) -> Result<Self, SolveError> {
        let mut theta = Self::empty(game, settings, beliefs)?;
        if let Some(actions) = actions {
            theta.actions = actions;
        }
        let mut work = Work::default();
        let recursion = theta.recursion();
        let (values, iteration) = match game.is_infinite() {
            false => (recursion.backward(&theta.actions, &mut work)?, None),
            true => {
                let (values, iteration) = recursion.stationary(&theta.actions, &mut work)?;
                (values, Some(iteration))
            }
        };
        (theta.values, theta.work, theta.iteration) = (values, work, iteration);
        Ok(theta)
    }

    fn empty(
        game: &'g Game,
        settings: &SolveSettings,
        beliefs: Beliefs,
    ) -> Result<Self, SolveError> {
        R::fits(game, settings)?;
        Ok(Self {
            game,
            settings: settings.clone(),
            actions: (0..game.leader_actions().len()).collect(),
            representation: R::for_game(game.in_units(), settings, beliefs.count(game))?,
            beliefs,
            values: Vec::new(),
            work: Work::default(),
            iteration: None,
        })
    }

    /// A solution of a whole game that was kept.
    pub(super) fn restored(
        archive: &Archive,
        game: &'g Game,
        settings: &SolveSettings,
        (work, iteration): (Work, Option<Iteration>),
    ) -> Result<Self, ArchiveError> {
        let start = Start::of_game(game);
        let beliefs = Beliefs::from(game, settings, start.t, &start.belief)?;
        let mut theta = Self::empty(game, settings, beliefs)?;
        theta.values = R::restore(&theta.recursion(), archive)?;
        (theta.work, theta.iteration) = (work, iteration);
        Ok(theta)
    }

    fn recursion(&self) -> Recursion<'_, R> {
        Recursion {
            game: self.game,
            settings: &self.settings,
            representation: &self.representation,
            beliefs: &self.beliefs,
        }
    }

    /// The game that was solved.
    pub fn game(&self) -> &'g Game {
        self.game
    }

    /// How it was solved.
    pub fn settings(&self) -> &SolveSettings {
        &self.settings
    }

    /// How V is held.
    pub(super) fn representation(&self) -> &R {
        &self.representation
    }

    /// The leader's actions among which she chooses.
    pub(super) fn actions(&self) -> &[usize] {
        &self.actions
    }

    /// Work done by the backward recursion.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// How the iteration of an infinite horizon ended; `None` for a finite one.
    pub fn iteration(&self) -> Option<&Iteration> {
        self.iteration.as_ref()
    }

    /// Whether theta solves the game: always for a finite horizon, and where the iteration of an infinite one converged.
    pub fn is_solved(&self) -> bool {
        self.iteration
            .is_none_or(|iteration| iteration.ending == Ending::Converged)
    }

    /// Jumps of V_1, ..., V_T, added up (of the stationary V), where they are tracked.
    pub fn jumps(&self) -> Option<usize> {
        self.functions().map(ValueFunction::jumps).sum()
    }

    /// The z(x_2) at which the regime of theta_t switches at the first belief, rising, where these are tracked: there theta
    /// may jump, and V with it.
    pub fn switches(&self, t: usize) -> &[f64] {
        self.value_functions(t)[0].switches()
    }

    /// V of the periods and beliefs, of one period where theta is stationary.
    pub(super) fn functions(&self) -> impl Iterator<Item = &R::Function> {
        self.values[..self.values.len() - 1].iter().flatten()
    }

    /// V as it is stored: t = 1, ..., T + 1, or the last two iterates, with the beliefs of each.
    pub(super) fn stored(&self) -> impl Iterator<Item = (&[Belief], &[R::Function])> {
        let first = self.beliefs.first();
        let periods = self.values.iter().enumerate();
        periods.map(move |(i, v)| (self.beliefs(first + i), &v[..]))
    }

    /// V_t at the beliefs of the period; for an infinite horizon the same at every t.
    pub(super) fn value_functions(&self, t: usize) -> &[R::Function] {
        match self.iteration {
            None => &self.values[t - self.beliefs.first()],
            Some(_) => &self.values[0],
        }
    }

    /// V_{t+1} as the stage games of period t see it.
    fn continuation(&self, t: usize) -> &[R::Function] {
        match self.iteration {
            None => &self.values[t + 1 - self.beliefs.first()],
            Some(_) => &self.values[1],
        }
    }

    /// The beliefs of period t at which V is held.
    pub fn beliefs(&self, t: usize) -> &[Belief] {
        self.beliefs.at(t).nodes()
    }

    /// Whether V between the beliefs is interpolated.
    pub fn interpolates_beliefs(&self) -> bool {
        self.beliefs.at(self.beliefs.first()).is_lattice()
    }

    /// Whether V_t is held, or interpolated, at a belief; `t` runs to T + 1.
    pub(super) fn holds(&self, t: usize, belief: &Belief) -> bool {
        self.beliefs.at(t).locate(belief).is_some()
    }

    /// V_t at a belief, if it is held just there.
    fn function_at(&self, t: usize, belief: &Belief) -> Option<&R::Function> {
        match self.beliefs.at(t).locate(belief).as_deref() {
            Some([(node, _)]) => self.value_functions(t).get(*node),
            _ => None,
        }
    }

    /// V_t as it is stored, interpolated at (pi, z); `t` runs to T + 1.
    ///
    /// # Errors
    /// A belief that V is not held at.
    pub fn stored_values(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<StateValues, SolveError> {
        let v = self.value_functions(t);
        let values = self.recursion().values(t, v, belief, z)?;
        Ok(values.in_rewards(self.game))
    }

    /// z moved to the nearer side where it lies in the gap of a tracked jump of V_t; `t` runs to T + 1.
    pub fn own_side(&self, t: usize, belief: &Belief, z: &MeanField) -> MeanField {
        match self.function_at(t, belief) {
            Some(v) => self.representation.own_side(v, z),
            None => z.clone(),
        }
    }

    /// How the leader chooses and equilibria are selected.
    pub(super) fn rule(&self) -> Rule {
        Rule {
            selection: self.settings.selection,
        }
    }

    /// The prescriptions among which the leader chooses at a belief.
    ///
    /// # Errors
    /// Too many.
    pub fn candidates(&self, belief: &Belief) -> Result<Vec<LeaderPrescription>, SolveError> {
        let mixing = self.settings.leader_mixing;
        let listed = candidates::at_belief(self.game, &self.actions, mixing, belief);
        Ok(listed?)
    }

    /// Whether [`answer_at`](Self::answer_at) takes mixed prescriptions of a leader whose type nobody has to guess.
    pub fn takes_mixed(&self) -> bool {
        let mut mixing = self.settings.clone();
        mixing.leader_mixing = mixing.leader_mixing.max(2);
        R::fits(self.game, &mixing).is_ok()
    }

    /// Period t at a belief.
    pub(super) fn period<'a>(&'a self, t: usize, belief: &'a Belief) -> Period<'a, R> {
        self.recursion().period(t, belief, self.continuation(t))
    }

    /// The leader's candidates at a belief, made anew where V does not keep them; or one prescription, among them or
    /// alone, and its place.
    fn listing<'a>(
        &'a self,
        period: Period<'a, R>,
        leader: Option<&LeaderPrescription>,
    ) -> Result<(Listing<'a, R>, Option<usize>), SolveError> {
        let (t, belief) = (period.t, period.belief);
        let kept = self.function_at(t, belief).and_then(R::candidates_of);
        match (leader, kept) {
            (None, Some(kept)) => Ok((Cow::Borrowed(kept), None)),
            (None, None) => {
                let all = R::candidates(period, self.candidates(belief)?)?;
                Ok((Cow::Owned(all), None))
            }
            (Some(leader), kept) => {
                let place = kept.and_then(|kept| R::position(kept, leader, belief));
                match (kept, place) {
                    (Some(kept), Some(_)) => Ok((Cow::Borrowed(kept), place)),
                    _ => Ok((Cow::Owned(R::alone(period, leader)?), Some(0))),
                }
            }
        }
    }

    /// The stage games at (t, pi, z) under all candidates, or for one prescription of the leader, with its place.
    pub(super) fn at<T>(
        &self,
        (t, belief, z): (usize, &Belief, &MeanField),
        leader: Option<&LeaderPrescription>,
        ask: impl FnOnce(&mut R::Games<'_>, usize) -> Result<T, SolveError>,
    ) -> Result<T, SolveError> {
        let period = self.period(t, belief);
        let (candidates, place) = self.listing(period, leader)?;
        let mut games = R::games(Stage {
            period,
            candidates: &candidates,
        });
        games.move_to(z.weights())?;
        ask(&mut games, place.unwrap_or(0))
    }

    /// theta there. Where V_t knows the regime only its equilibrium is solved for, and not counted; elsewhere every
    /// equilibrium at every candidate is searched, against V_{t+1} as it is held.
    pub(super) fn followed(
        &self,
        games: &mut R::Games<'_>,
        (t, belief): (usize, &Belief),
        work: &mut Work,
    ) -> Result<Selected<R::Equilibrium>, SolveError> {
        let v = self.function_at(t, belief);
        match v.and_then(|v| R::known(games, v)) {
            Some(equilibrium) => Ok(Selected {
                equilibrium,
                count: 0,
            }),
            None => self.rule().choose(games, work),
        }
    }

    /// The best of some listed stage games.
    fn best(
        &self,
        games: &R::Games<'_>,
        mut all: Vec<Listed<R::Equilibrium>>,
    ) -> Selected<R::Equilibrium> {
        let (l, places) = self.choose_listed(games, &all);
        let Listed {
            mut found, count, ..
        } = all.swap_remove(l);
        Selected {
            equilibrium: found.swap_remove(places[l]),
            count,
        }
    }

    /// The place of the leader's best among listed stage games, and of the selected equilibrium in each.
    pub(super) fn choose_listed(
        &self,
        games: &R::Games<'_>,
        all: &[Listed<R::Equilibrium>],
    ) -> (usize, Vec<usize>) {
        let rule = self.rule();
        rule.choose_listed(all, games.mean_field(), games.actions())
    }

    /// theta_t and V_t re-solved at (pi, z), every equilibrium at every candidate of the leader searched.
    ///
    /// # Errors
    /// A kernel or reward without a value at z, or a belief that theta is not held at.
    pub fn resolve(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<SolvedPoint, SolveError> {
        self.at((t, belief, z), None, |games, _| {
            let all = 0..games.candidates();
            let listed = R::equilibria(self, games, all)?;
            self.point(games, self.best(games, listed))
        })
    }

    /// The same where theta is followed at many points: where V_t knows the regime only its equilibrium is solved for, and
    /// V_{t+1} is taken as it is held.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn follow_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<SolvedPoint, SolveError> {
        self.at((t, belief, z), None, |games, _| {
            let selected = self.followed(games, (t, belief), &mut Work::default())?;
            self.point(games, selected)
        })
    }

    /// The followers' answer to one prescription of the leader at (t, pi, z), and the values it gives.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn answer_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<SolvedPoint, SolveError> {
        self.at((t, belief, z), Some(leader), |games, place| {
            let listed = R::equilibria(self, games, place..place + 1)?;
            self.point(games, self.best(games, listed))
        })
    }

    /// Every equilibrium of the stage games at (t, pi, z), for one prescription of the leader or all candidates.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn stage_equilibria(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: Option<&LeaderPrescription>,
    ) -> Result<Vec<SolvedEquilibrium>, SolveError> {
        let at = (t, belief, z);
        let (theta, rows) = self.at(at, None, |games, _| {
            let all = 0..games.candidates();
            let listed = R::equilibria(self, games, all)?;
            let chosen = self.best(games, listed.clone()).equilibrium;
            let theta = (games.play(&chosen)?, games.successor(&chosen));
            let rows = match leader {
                None => self.rows(games, &listed, &theta)?,
                Some(_) => Vec::new(),
            };
            Ok((theta, rows))
        })?;
        match leader {
            None => Ok(rows),
            Some(_) => self.at(at, leader, |games, place| {
                let listed = R::equilibria(self, games, place..place + 1)?;
                self.rows(games, &listed, &theta)
            }),
        }
    }

    /// All listed equilibria; theta plays the first of `theta` and leads to the second.
    fn rows(
        &self,
        games: &R::Games<'_>,
        all: &[Listed<R::Equilibrium>],
        theta: &(Play, MeanField),
    ) -> Result<Vec<SolvedEquilibrium>, SolveError> {
        let listed = all.iter().flat_map(|l| l.found.iter().zip(&l.continua));
        listed
            .map(|(e, continuum)| {
                let (play, next) = (games.play(e)?, games.successor(e));
                Ok(SolvedEquilibrium {
                    kind: e.kind(),
                    coin: e.coin(),
                    values: games.values(e)?.in_rewards(self.game),
                    residual: self.game.scales().follower.unit * e.residual(),
                    selected: play == theta.0 && next == theta.1,
                    continuum: *continuum,
                    supremum: self.rule().is_supremum(e),
                    leader: play.leader,
                    prescription: play.prescription,
                    next,
                })
            })
            .collect()
    }

    /// What is selected, in the units of rewards.
    pub(super) fn point(
        &self,
        games: &R::Games<'_>,
        selected: Selected<R::Equilibrium>,
    ) -> Result<SolvedPoint, SolveError> {
        let e = &selected.equilibrium;
        Ok(SolvedPoint {
            play: games.play(e)?,
            next: games.successors(e)?,
            values: games.values(e)?.in_rewards(self.game),
            equilibria: selected.count,
            residual: self.game.scales().follower.unit * e.residual(),
            supported: e.is_supported(),
        })
    }

    /// theta_t and V_t at every belief of the period and every point j / cells of the simplex, in the order of falling
    /// pi(x^l_1), pi(x^l_2), ..., z(x_1), z(x_2), and so on; every equilibrium searched, against V_{t+1} as it is held.
    ///
    /// # Errors
    /// A kernel or reward without a value at a point, or too many points.
    pub fn lattice(
        &self,
        t: usize,
        cells: usize,
    ) -> Result<Vec<(Belief, MeanField, SolvedPoint)>, SolveError> {
        let types = self.game.follower_types().len();
        if triangulation::count(types, cells).is_none_or(|points| points > MOST_POINTS) {
            return Err(SolveError::Lattice { types, cells });
        }
        let lattice = Lattice::new(types, cells);
        let beliefs = self.beliefs(t).iter();
        let points = beliefs.flat_map(|pi| (0..lattice.nodes()).map(move |node| (pi, node)));
        let points: Vec<(&Belief, usize)> = points.collect();
        let points: Vec<Result<_, SolveError>> = points
            .into_par_iter()
            .map(|(belief, node)| {
                let z = R::mean_field(lattice.mean_field(node));
                let point = self.at((t, belief, &z), None, |games, _| {
                    let selected = self.rule().choose(games, &mut Work::default())?;
                    self.point(games, selected)
                })?;
                Ok((belief.clone(), z, point))
            })
            .collect();
        points.into_iter().collect()
    }

    /// The number of points of [`lattice`](Self::lattice) at the settings' grid and period t.
    pub fn lattice_points(&self, t: usize) -> usize {
        let (types, cells) = (self.game.follower_types().len(), self.settings.grid);
        let points = triangulation::count(types, cells).unwrap_or(usize::MAX);
        self.beliefs(t).len().saturating_mul(points)
    }

    /// Of all sequences of leader actions, one per period and the same for all her types, the one that is worth most to
    /// her at z in the mean over pi_1, followers re-solved for each by the same recursion and selection; the first of
    /// equals. The value is that of V_1 as it is stored. `None` where the search takes more work than this: stage games and
    /// known regimes, and an eighth of blocks and linear systems.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn best_sequence(
        &self,
        z: &MeanField,
        most_work: u64,
    ) -> Result<Option<(f64, Vec<LeaderAction>)>, SolveError> {
        self.recursion().best_sequence(z, most_work)
    }

    /// By how much V_1 at the starts of a flow of theta may be off, no less than a difference that was seen there, with what
    /// decides it; `None` where V is as accurate as the settings ask for.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn value_error(&self, flow: &Flow, seen: f64) -> Result<Option<ValueError>, SolveError> {
        R::value_error(self, flow, seen)
    }
}
