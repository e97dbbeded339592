//! The equilibrium-generating function theta and the value functions of a solved game.

mod parts;
mod play;
mod point;

use std::borrow::Cow;

use rayon::prelude::*;

use super::backward::Step;
use super::continuation::Candidates;
use super::stage_game::{Equilibrium, Period, StageGames};
use super::terminal;
use super::values::{ValueFunction, Values};
use crate::game::stretches::Stretches;
use crate::game::{Belief, Game, LeaderInformation, LeaderPrescription, MeanField, Play, Way};
use crate::scenario::SolveSettings;
use crate::solve::beliefs::Beliefs;
use crate::solve::growth::Growth;
use crate::solve::leader::{Rule, Selected, Work};
use crate::solve::solved::Start;
use crate::solve::{Ending, Iteration, SolveError, candidates, stationary};

pub(in crate::solve) use parts::Parts;
pub use point::{Next, StageEquilibrium, StagePoint};

/// A solved game: V_t and theta_t for t = 1..T, (13)-(16).
///
/// theta is not stored as a table of prescriptions: at any point it is the stage game solved there, against V_{t+1}.
#[derive(Clone, Debug)]
pub struct Solution<'g> {
    game: &'g Game,
    settings: SolveSettings,
    /// The leader's actions among which she chooses.
    actions: Vec<usize>,
    beliefs: Beliefs,
    /// V_1, ..., V_{T+1} at the beliefs of each period, in units of the players' scales; for an infinite horizon the last iterate and the one before it.
    values: Vec<Vec<ValueFunction>>,
    /// The leader's candidates at the beliefs of t = 1, ..., T; of an infinite horizon at those of the last iterate.
    candidates: Vec<Vec<Candidates>>,
    work: Work,
    /// How the iteration of an infinite horizon ended.
    iteration: Option<Iteration>,
    /// Where the formulas of t = 1, 2, ... are smooth; of one period where they do not depend on t.
    stretches: Vec<Stretches>,
}

/// The stretches of every period that differs.
fn stretches(game: &Game) -> Vec<Stretches> {
    let last = if game.depends_on_time() {
        game.horizon()
    } else {
        1
    };
    (1..=last)
        .into_par_iter()
        .map(|t| game.stretches(t))
        .collect()
}

impl<'g> Solution<'g> {
    /// Solve by backward recursion over all leader actions, or over those given (scenario indices).
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
        let beliefs = Beliefs::from(game, settings, start.t, &start.belief)?;
        Self::compute_at(game, settings, actions, beliefs)
    }

    /// The same at given beliefs, which (9) does not leave.
    pub(in crate::solve) fn compute_at(
        game: &'g Game,
        settings: &SolveSettings,
        actions: Option<Vec<usize>>,
        beliefs: Beliefs,
    ) -> Result<Self, SolveError> {
        crate::solve::check(game, settings)?;
        let actions = actions.unwrap_or_else(|| (0..game.leader_actions().len()).collect());
        let first = beliefs.first();
        let mut solution = Self {
            game,
            settings: settings.clone(),
            actions,
            beliefs,
            values: Vec::new(),
            candidates: Vec::new(),
            work: Work::default(),
            iteration: None,
            stretches: stretches(game.in_units()),
        };
        let (end, unproven) = solution.ending()?;
        if game.is_infinite() {
            solution.iterate(end)?;
        } else {
            let mut backward = vec![end];
            let mut candidates = Vec::new();
            let (mut work, mut growth) = (Work::default(), Growth::new(settings.budget));
            for t in (first..=game.horizon()).rev() {
                let next = &backward[backward.len() - 1];
                let listed = solution.list(t, next)?;
                let v = solution.step(t, next, &listed, settings.tolerance, &mut work)?;
                let pieces = v.iter().map(|v| v.pieces().len()).max();
                growth.record(t, pieces.unwrap_or(0), work.steps())?;
                backward.push(v);
                candidates.push(listed);
            }
            backward.reverse();
            candidates.reverse();
            (solution.values, solution.candidates) = (backward, candidates);
            solution.work = work;
        }
        solution.work.unproven += unproven;
        Ok(solution)
    }

    /// V_{T+1}, or where an infinite iteration starts.
    pub(in crate::solve) fn end(&self) -> Result<Vec<ValueFunction>, SolveError> {
        Ok(self.ending()?.0)
    }

    /// The same, and for how many of its pieces the error is not proven.
    fn ending(&self) -> Result<(Vec<ValueFunction>, u64), SolveError> {
        let (end, unproven) = terminal::values(self.game.in_units(), &self.settings)?;
        let last = self.beliefs.at(self.game.horizon() + 1);
        Ok((vec![end; last.nodes().len()], unproven))
    }

    /// Iterate V of an infinite horizon.
    fn iterate(&mut self, start: Vec<ValueFunction>) -> Result<(), SolveError> {
        let bound = stationary::bound(self.game, &self.settings);
        // Rounding allows no finer a V than this.
        let tolerance = (stationary::FINER * bound).max(1e-13);
        let mut work = Work::default();
        let step = |next: &Vec<ValueFunction>| {
            let listed = self.list(1, next)?;
            self.step(1, next, &listed, tolerance, &mut work)
        };
        let discount = self.game.discount();
        let (values, iteration) =
            stationary::iterate(discount, bound, start, step, |all| stationary::look(all))?;
        self.candidates = vec![self.list(1, &values[1])?];
        self.values = values;
        self.iteration = Some(iteration);
        self.work = work;
        Ok(())
    }

    /// The leader's candidates at the beliefs of period t.
    fn list(&self, t: usize, next: &[ValueFunction]) -> Result<Vec<Candidates>, SolveError> {
        let nodes = self.beliefs.at(t).nodes().iter();
        let listed = nodes.map(|belief| self.list_at(t, belief, next, &self.actions));
        listed.collect()
    }

    fn list_at(
        &self,
        t: usize,
        belief: &Belief,
        next: &[ValueFunction],
        actions: &[usize],
    ) -> Result<Candidates, SolveError> {
        let after = (self.beliefs.at(t + 1), next);
        Candidates::at(self.game, &self.settings, actions, (t, belief), after)
    }

    /// V_t at the beliefs of the period.
    fn step(
        &self,
        t: usize,
        next: &[ValueFunction],
        listed: &[Candidates],
        tolerance: f64,
        work: &mut Work,
    ) -> Result<Vec<ValueFunction>, SolveError> {
        let (mesh, after) = (self.beliefs.at(t), self.beliefs.at(t + 1));
        let (rule, grid) = (self.rule(), self.settings.grid);
        let nodes = mesh.nodes().iter().zip(listed);
        let mut values = Vec::with_capacity(listed.len());
        for (belief, candidates) in nodes {
            let period = Period {
                game: self.game.in_units(),
                t,
                belief,
                candidates,
                mesh: after,
                held: next,
            };
            let step = Step {
                period,
                rule,
                grid,
                tolerance,
                stretches: &self.stretches[(t - 1).min(self.stretches.len() - 1)],
                budget: self.settings.budget,
            };
            let v = step.solve(work)?;
            match v.overflow(self.game.scales()) {
                Some(m) => return Err(crate::solve::overflow(t, m)),
                None => values.push(v),
            }
        }
        Ok(values)
    }

    /// V_t, and V_{t+1} at t + 1; for an infinite horizon the same at every t.
    fn value_functions(&self, t: usize) -> &[ValueFunction] {
        match self.iteration {
            None => &self.values[t - self.beliefs.first()],
            Some(_) => &self.values[0],
        }
    }

    /// V_{t+1} as the stage games of period t see it.
    fn continuation(&self, t: usize) -> &[ValueFunction] {
        match self.iteration {
            None => &self.values[t + 1 - self.beliefs.first()],
            Some(_) => &self.values[1],
        }
    }

    /// The value functions of the periods and beliefs, of one period where theta is stationary.
    fn all_functions(&self) -> impl Iterator<Item = &ValueFunction> {
        self.values[..self.values.len() - 1].iter().flatten()
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
    pub(in crate::solve) fn holds(&self, t: usize, belief: &Belief) -> bool {
        self.beliefs.at(t).locate(belief).is_some()
    }

    /// The place of a belief among those of period t, if V is held just there.
    fn node(&self, t: usize, belief: &Belief) -> Option<usize> {
        match self.beliefs.at(t).locate(belief).as_deref() {
            Some([(node, _)]) => Some(*node),
            _ => None,
        }
    }

    /// The leader's candidates at a belief, made anew where V is not held just there.
    fn candidates(&self, t: usize, belief: &Belief) -> Result<Cow<'_, Candidates>, SolveError> {
        let period = match self.iteration {
            None => t - self.beliefs.first(),
            Some(_) => 0,
        };
        match self.node(t, belief) {
            Some(node) => Ok(Cow::Borrowed(&self.candidates[period][node])),
            None => Ok(Cow::Owned(self.list_at(
                t,
                belief,
                self.continuation(t),
                &self.actions,
            )?)),
        }
    }

    /// Whether theta solves the game: always for a finite horizon, and where the iteration of an infinite one converged.
    pub fn is_solved(&self) -> bool {
        self.iteration
            .is_none_or(|iteration| iteration.ending == Ending::Converged)
    }

    /// How the iteration of an infinite horizon ended; `None` for a finite one.
    pub fn iteration(&self) -> Option<&Iteration> {
        self.iteration.as_ref()
    }

    /// The game that was solved.
    pub fn game(&self) -> &'g Game {
        self.game
    }

    /// How it was solved.
    pub fn settings(&self) -> &SolveSettings {
        &self.settings
    }

    /// Work done by the backward recursion.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Jumps of V_1, ..., V_T, added up (of the stationary V).
    pub fn jumps(&self) -> usize {
        self.all_functions().map(ValueFunction::jumps).sum()
    }

    /// The z(x_2) at which the regime of theta_t switches at the first belief, rising: there theta may jump, and V with it.
    pub fn switches(&self, t: usize) -> Vec<f64> {
        self.value_functions(t)[0].knots().to_vec()
    }

    /// Pieces of V_1, ..., V_T, added up (of the stationary V).
    pub fn pieces(&self) -> usize {
        self.all_functions().map(|v| v.pieces().len()).sum()
    }

    /// V_t as it is stored at the first belief, at m; in the gap of a switch the nearer side. `t` runs to T + 1.
    pub fn stored_values(&self, t: usize, m: f64) -> Values {
        let v = &self.value_functions(t)[0];
        v.values(v.locate(m)).in_rewards(self.game.scales())
    }

    /// m moved to the nearer side where it lies in the gap of a switch of V_t.
    pub fn settle(&self, t: usize, belief: &Belief, m: f64) -> f64 {
        let node = self.node(t, belief);
        node.map_or(m, |node| self.value_functions(t)[node].locate(m).m)
    }

    fn period<'a>(
        &'a self,
        t: usize,
        belief: &'a Belief,
        candidates: &'a Candidates,
    ) -> Period<'a> {
        Period {
            game: self.game.in_units(),
            t,
            belief,
            candidates,
            mesh: self.beliefs.at(t + 1),
            held: self.continuation(t),
        }
    }

    fn rule(&self) -> Rule {
        Rule {
            selection: self.settings.selection,
        }
    }

    /// theta_t and V_t re-solved at m and the initial belief, every equilibrium at every leader action searched.
    ///
    /// # Errors
    /// As [`resolve_at`](Self::resolve_at).
    pub fn resolve(&self, t: usize, m: f64) -> Result<StagePoint, SolveError> {
        self.resolve_at(t, self.game.initial_belief(), m)
    }

    /// theta_t and V_t re-solved at (pi, m), every equilibrium at every candidate of the leader searched.
    ///
    /// # Errors
    /// A kernel or reward without a value, or a belief that theta is not held at.
    pub fn resolve_at(&self, t: usize, belief: &Belief, m: f64) -> Result<StagePoint, SolveError> {
        let candidates = self.candidates(t, belief)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        games.move_to(m)?;
        let selected = self.rule().choose(&mut games, &mut Work::default());
        self.point(&games, &selected)
    }

    /// theta_t and V_t at every belief of the period and m = j / cells, j = 0..=cells.
    ///
    /// # Errors
    /// A kernel or reward without a value.
    pub fn lattice(
        &self,
        t: usize,
        cells: usize,
    ) -> Result<Vec<(Belief, f64, StagePoint)>, SolveError> {
        let beliefs = self.beliefs(t).iter();
        let points = beliefs.flat_map(|pi| (0..=cells).map(move |j| (pi, j)));
        let points: Vec<(&Belief, usize)> = points.collect();
        let points: Vec<Result<_, SolveError>> = points
            .into_par_iter()
            .map(|(belief, j)| {
                let m = j as f64 / cells as f64;
                Ok((belief.clone(), m, self.resolve_at(t, belief, m)?))
            })
            .collect();
        points.into_iter().collect()
    }

    /// The followers' answer to one prescription of the leader at (t, pi, m), and the values it gives.
    ///
    /// # Errors
    /// As [`resolve_at`](Self::resolve_at).
    pub fn answer_at(
        &self,
        t: usize,
        belief: &Belief,
        m: f64,
        leader: &LeaderPrescription,
    ) -> Result<StagePoint, SolveError> {
        let held = self.candidates(t, belief)?;
        let (candidates, place) = self.including(t, belief, held, leader)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        games.move_to(m)?;
        let selected = self.rule().select(&mut games, place, &mut Work::default());
        self.point(&games, &selected)
    }

    /// Candidates among which a prescription is, and its place.
    fn including<'a>(
        &self,
        t: usize,
        belief: &Belief,
        held: Cow<'a, Candidates>,
        leader: &LeaderPrescription,
    ) -> Result<(Cow<'a, Candidates>, usize), SolveError> {
        if let Some(place) = held.position(leader, belief) {
            return Ok((held, place));
        }
        let after = (self.beliefs.at(t + 1), self.continuation(t));
        let only = vec![leader.clone()];
        let only = Candidates::of(self.game, &self.settings, only, (t, belief), after)?;
        only.check_alike(self.game)?;
        Ok((Cow::Owned(only), 0))
    }

    /// Every equilibrium of the stage games at (t, pi, m), for one prescription of the leader or all candidates.
    ///
    /// # Errors
    /// As [`resolve_at`](Self::resolve_at).
    pub fn stage_equilibria(
        &self,
        t: usize,
        belief: &Belief,
        m: f64,
        leader: Option<&LeaderPrescription>,
    ) -> Result<Vec<StageEquilibrium>, SolveError> {
        let theta = self.resolve_at(t, belief, m)?;
        let held = self.candidates(t, belief)?;
        let (candidates, asked) = match leader {
            None => {
                let all = 0..held.list.len();
                (held, all)
            }
            Some(leader) => {
                let (candidates, place) = self.including(t, belief, held, leader)?;
                (candidates, place..place + 1)
            }
        };
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        games.move_to(m)?;
        let mut rows = Vec::new();
        for l in asked {
            games.enumerate(l);
            let continua = games.equilibria.in_continua();
            for (e, continuum) in games.equilibria.found.iter().zip(continua) {
                let play = self.play_of(&games, e)?;
                rows.push(StageEquilibrium {
                    kind: e.label.kind,
                    next: e.next.m,
                    coin: e.coin,
                    values: e.values.in_rewards(self.game.scales()),
                    leader_types: self.leader_types(&games, e)?,
                    residual: self.game.scales().follower.unit * e.residual,
                    selected: play == theta.play && e.next.m == theta.next[0].m,
                    continuum,
                    supremum: self.rule().is_supremum(e),
                    leader: play.leader,
                    prescription: play.prescription,
                });
            }
        }
        Ok(rows)
    }

    fn point(&self, games: &StageGames, selected: &Selected) -> Result<StagePoint, SolveError> {
        let e = &selected.equilibrium;
        let function = games.next(e.label.candidate);
        let side = |m: f64, probability: f64| Next { m, probability };
        let next = if e.is_supported() {
            vec![side(e.next.m, 1.0)]
        } else {
            let right = function.pieces()[e.next.piece + 1].lo;
            vec![side(e.next.m, 1.0 - e.coin), side(right, e.coin)]
        };
        let after = &games.period.candidates.list[e.label.candidate].after;
        let ways = after.iter().flat_map(|after| {
            next.iter().map(|next| Way {
                belief: after.outcome.belief.clone(),
                mean_field: MeanField::two_types(next.m),
                probability: after.outcome.probability * next.probability,
                action: after.outcome.action,
                moves: after.outcome.moves.clone(),
            })
        });
        Ok(StagePoint {
            ways: ways.collect(),
            play: self.play_of(games, e)?,
            next,
            values: e.values.in_rewards(self.game.scales()),
            leader_types: self.leader_types(games, e)?,
            equilibria: selected.count,
            residual: self.game.scales().follower.unit * e.residual,
            supported: e.is_supported(),
        })
    }

    /// V^l per leader type, in the units of rewards.
    fn leader_types(&self, games: &StageGames, e: &Equilibrium) -> Result<Vec<f64>, SolveError> {
        let mut values = match self.game.leader_information() {
            LeaderInformation::Private => games.leader_types(e)?.values,
            LeaderInformation::NoTypes | LeaderInformation::Public => vec![e.values.leader],
        };
        let unit = self.game.scales().leader.unit;
        values.iter_mut().for_each(|v| *v *= unit);
        Ok(values)
    }

    /// What is played in an equilibrium; types of the leader that pi rules out take their own best action.
    fn play_of(&self, games: &StageGames, e: &Equilibrium) -> Result<Play, SolveError> {
        let mut leader = games.period.candidates.list[e.label.candidate]
            .leader
            .clone();
        let null = games.period.belief.weights().contains(&0.0);
        if null && self.game.leader_information() == LeaderInformation::Private {
            for (x, action) in games.leader_types(e)?.own {
                leader = leader.with_row(self.game.leader_actions().len(), x, action);
            }
        }
        Ok(Play {
            leader,
            prescription: e.prescription(self.game.follower_actions().len()),
        })
    }

    /// The leader's candidates at a belief.
    ///
    /// # Errors
    /// Too many.
    pub fn candidates_at(&self, belief: &Belief) -> Result<Vec<LeaderPrescription>, SolveError> {
        let mixing = self.settings.leader_mixing;
        Ok(candidates::at_belief(
            self.game,
            &self.actions,
            mixing,
            belief,
        )?)
    }

    /// theta_t and V_t at (pi, m) where theta is followed: the equilibria of a known regime are not counted.
    ///
    /// # Errors
    /// As [`resolve_at`](Self::resolve_at).
    pub fn follow_at(&self, t: usize, belief: &Belief, m: f64) -> Result<StagePoint, SolveError> {
        let candidates = self.candidates(t, belief)?;
        let mut games = StageGames::new(self.period(t, belief, &candidates));
        let selected = self.selected_at(&mut games, t, m, &mut Work::default())?;
        self.point(&games, &selected)
    }
}
