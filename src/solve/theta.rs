//! The equilibrium-generating function theta and the value functions of a solved game.

use rayon::prelude::*;

use super::backward::Step;
use super::leader::{Rule, Selected, Work};
use super::stage_game::{Equilibrium, Kind, Period, StageGames};
use super::values::{Place, ValueFunction, Values};
use super::{Ending, Iteration, SolveError, stationary, terminal};
use crate::game::{
    Belief, Game, LeaderAction, LeaderPrescription, LeaderType, MeanField, Play, Policy,
    Prescription,
};
use crate::scenario::SolveSettings;

/// Inside a piece, this far from its ends, the regime of the piece is the one that a full search finds.
const CLEAR: f64 = 1e-9;

/// A solved game: V_t and theta_t for t = 1..T, (13)-(16).
///
/// theta is not stored as a table of prescriptions: at any point it is the stage game solved there, against V_{t+1}.
#[derive(Clone, Debug)]
pub struct Solution<'g> {
    game: &'g Game,
    settings: SolveSettings,
    /// The leader's candidates.
    actions: Vec<usize>,
    /// V_1, ..., V_{T+1}; for an infinite horizon the last iterate and the one before it.
    values: Vec<ValueFunction>,
    work: Work,
    /// How the iteration of an infinite horizon ended.
    iteration: Option<Iteration>,
}

/// theta and V at one point.
#[derive(Clone, Debug)]
pub struct StagePoint {
    /// What leader and followers play.
    pub play: Play,
    /// Where the mean field goes: one place, or the two sides of a jump with their probabilities under a public coin.
    pub next: Vec<Next>,
    /// V^f_t per type and V^l_t.
    pub values: Values,
    /// Distinct equilibria of the stage game at the leader's action.
    pub equilibria: usize,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether the equilibrium needs no public coin.
    pub supported: bool,
}

/// One possible next mean field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// z'(x_2).
    pub m: f64,
    /// Its probability: 1 but for a lottery.
    pub probability: f64,
}

/// One equilibrium of a stage game, as `smfg stage` lists it.
#[derive(Clone, Debug)]
pub struct StageEquilibrium {
    /// The leader action at which the followers' game is played.
    pub leader_action: LeaderAction,
    /// How it comes about.
    pub kind: Kind,
    /// z'(x_2); the left side of the jump for a lottery.
    pub next: f64,
    /// Probability of the right side of the jump under the public coin; 0 without one.
    pub coin: f64,
    /// gamma^f.
    pub prescription: Prescription,
    /// V^f and V^l of this equilibrium.
    pub values: Values,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether theta plays it: the leader's action and the followers' selected equilibrium.
    pub selected: bool,
}

impl<'g> Solution<'g> {
    /// Solve by backward recursion over all leader actions, or over those given (scenario indices).
    pub fn compute(
        game: &'g Game,
        settings: &SolveSettings,
        actions: Option<Vec<usize>>,
    ) -> Result<Self, SolveError> {
        super::check(game)?;
        let actions = actions.unwrap_or_else(|| (0..game.leader_actions().len()).collect());
        let rule = Rule {
            selection: settings.selection,
            actions: &actions,
        };
        let mut work = Work::default();
        let end = terminal::values(game, settings)?;
        let (values, iteration) = if game.is_infinite() {
            let (values, iteration) = stationary::two_types(game, settings, rule, end, &mut work)?;
            (values, Some(iteration))
        } else {
            let mut backward = vec![end];
            for t in (1..=game.horizon()).rev() {
                let step = Step {
                    period: Period {
                        game,
                        t,
                        next: &backward[backward.len() - 1],
                    },
                    rule,
                    grid: settings.grid,
                    tolerance: settings.tolerance,
                };
                let v = step.solve(&mut work)?;
                backward.push(v);
            }
            backward.reverse();
            (backward, None)
        };
        Ok(Self {
            game,
            settings: settings.clone(),
            actions,
            values,
            work,
            iteration,
        })
    }

    /// V_t, and V_{t+1} at t + 1; for an infinite horizon the same at every t.
    fn value_function(&self, t: usize) -> &ValueFunction {
        match self.iteration {
            None => &self.values[t - 1],
            Some(_) => &self.values[0],
        }
    }

    /// V_{t+1} as the stage games of period t see it.
    fn continuation(&self, t: usize) -> &ValueFunction {
        match self.iteration {
            None => &self.values[t],
            Some(_) => &self.values[1],
        }
    }

    /// The value functions of the periods, one where theta is stationary.
    fn periods(&self) -> &[ValueFunction] {
        &self.values[..self.values.len() - 1]
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
        self.periods().iter().map(ValueFunction::jumps).sum()
    }

    /// The z(x_2) at which the regime of theta_t switches, rising: there theta may jump, and V with it.
    pub fn switches(&self, t: usize) -> Vec<f64> {
        self.value_function(t).knots()
    }

    /// Pieces of V_1, ..., V_T, added up (of the stationary V).
    pub fn pieces(&self) -> usize {
        self.periods().iter().map(|v| v.pieces().len()).sum()
    }

    /// V_t as it is stored, at m; in the gap of a switch the nearer side. `t` runs to T + 1.
    pub fn stored_values(&self, t: usize, m: f64) -> Values {
        let v = self.value_function(t);
        v.values(v.locate(m))
    }

    /// m moved to the nearer side where it lies in the gap of a switch of V_t.
    pub fn settle(&self, t: usize, m: f64) -> f64 {
        self.value_function(t).locate(m).m
    }

    fn period(&self, t: usize) -> Period<'_> {
        Period {
            game: self.game,
            t,
            next: self.continuation(t),
        }
    }

    fn rule(&self) -> Rule<'_> {
        Rule {
            selection: self.settings.selection,
            actions: &self.actions,
        }
    }

    /// theta_t and V_t re-solved at m, every equilibrium at every leader action searched.
    pub fn resolve(&self, t: usize, m: f64) -> Result<StagePoint, SolveError> {
        let mut games = StageGames::new(self.period(t));
        games.move_to(m)?;
        let selected = self.rule().choose(&mut games, &mut Work::default());
        Ok(self.point(t, &selected))
    }

    /// theta_t and V_t at m = j / cells, j = 0..=cells, each with its m.
    pub fn lattice(&self, t: usize, cells: usize) -> Result<Vec<(f64, StagePoint)>, SolveError> {
        let points: Vec<Result<_, SolveError>> = (0..=cells)
            .into_par_iter()
            .map(|j| {
                let m = j as f64 / cells as f64;
                Ok((m, self.resolve(t, m)?))
            })
            .collect();
        points.into_iter().collect()
    }

    /// The followers' answer to one leader action at (t, m), and the values it gives.
    pub fn answer_at(
        &self,
        t: usize,
        m: f64,
        leader_action: LeaderAction,
    ) -> Result<StagePoint, SolveError> {
        let mut games = StageGames::new(self.period(t));
        games.move_to(m)?;
        let selected = self
            .rule()
            .select(&mut games, leader_action.0, &mut Work::default());
        Ok(self.point(t, &selected))
    }

    /// Every equilibrium of the stage games at (t, m), for one leader action or all.
    pub fn stage_equilibria(
        &self,
        t: usize,
        m: f64,
        leader_action: Option<LeaderAction>,
    ) -> Result<Vec<StageEquilibrium>, SolveError> {
        let mut games = StageGames::new(self.period(t));
        games.move_to(m)?;
        let mut work = Work::default();
        let chosen = self.rule().choose(&mut games, &mut work).equilibrium;
        let mut rows = Vec::new();
        for &l in self
            .actions
            .iter()
            .filter(|l| leader_action.is_none_or(|only| only.0 == **l))
        {
            games.enumerate(l);
            rows.extend(games.equilibria.found.iter().map(|e| StageEquilibrium {
                leader_action: LeaderAction(l),
                kind: e.label.kind,
                next: e.next.m,
                coin: e.coin,
                prescription: e.prescription(self.game.follower_actions().len()),
                values: e.values,
                residual: e.residual,
                selected: e.label == chosen.label && e.probability == chosen.probability,
            }));
        }
        Ok(rows)
    }

    fn point(&self, t: usize, selected: &Selected) -> StagePoint {
        let e = &selected.equilibrium;
        let next = self.continuation(t);
        let right = |piece: usize| next.pieces()[piece + 1].lo;
        StagePoint {
            play: self.play_of(e),
            next: if e.is_supported() {
                vec![Next {
                    m: e.next.m,
                    probability: 1.0,
                }]
            } else {
                vec![
                    Next {
                        m: e.next.m,
                        probability: 1.0 - e.coin,
                    },
                    Next {
                        m: right(e.next.piece),
                        probability: e.coin,
                    },
                ]
            },
            values: e.values,
            equilibria: selected.count,
            residual: e.residual,
            supported: e.is_supported(),
        }
    }

    fn play_of(&self, e: &Equilibrium) -> Play {
        Play::pure(
            LeaderAction(e.label.leader_action),
            e.prescription(self.game.follower_actions().len()),
        )
    }

    /// The regime of the piece at m, where m is clear of the piece's ends.
    fn by_regime(&self, games: &mut StageGames, t: usize, m: f64) -> Option<Equilibrium> {
        let v = self.value_function(t);
        let Place { piece, .. } = v.locate(m);
        let piece = &v.pieces()[piece];
        let clear = m - piece.lo > CLEAR && piece.hi - m > CLEAR;
        piece
            .label
            .as_ref()
            .filter(|_| clear)
            .and_then(|label| games.realise(label))
    }
}

impl Policy for Solution<'_> {
    /// theta_t at z. Inside a piece of V_t the regime is known and only its equilibrium is solved for; near a switch
    /// every equilibrium is searched. A mean field at which the game has no valid value plays the first actions:
    /// the caller evaluates the same kernels there and reports the error.
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Play {
        let m = z.weights()[1];
        let mut games = StageGames::new(self.period(t));
        if games.move_to(m).is_err() {
            return first_actions(self.game);
        }
        match self.by_regime(&mut games, t, m) {
            Some(e) => self.play_of(&e),
            None => self.play_of(
                &self
                    .rule()
                    .choose(&mut games, &mut Work::default())
                    .equilibrium,
            ),
        }
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Option<Prescription> {
        let leader_action = leader.support(LeaderType(0))[0].0;
        let answer = self.answer_at(t, z.weights()[1], leader_action);
        Some(answer.map_or_else(
            |_| first_actions(self.game).prescription,
            |point| point.play.prescription,
        ))
    }
}

pub(super) fn first_actions(game: &Game) -> Play {
    let actions = game.follower_actions().len();
    let rows = (0..game.follower_types().len())
        .flat_map(|x| {
            let first = (0..actions).find(|a| game.is_available(x, *a)).unwrap_or(0);
            (0..actions).map(move |a| f64::from(u8::from(a == first)))
        })
        .collect();
    Play::pure(LeaderAction(0), Prescription::new(actions, rows))
}
