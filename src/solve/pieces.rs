//! V of two follower types, whose mean field is one number, in smooth pieces between its jumps.
//!
//! `terminal` gives V_{T+1}; `backward` makes V_t from V_{t+1}; `stage_game` finds every equilibrium of the followers'
//! game (15a), of which `games` tells what it means; `continuation` is what follows a candidate of the leader; `values`
//! holds a V with its jumps.

mod archive;
mod backward;
mod continuation;
mod games;
mod stage_game;
mod terminal;
mod values;

use rayon::prelude::*;

use backward::Step;
use continuation::Candidates;
use stage_game::{Equilibrium, StageGames};
use values::{Piecewise, Place};

use super::recursion::Recursion;
use super::representation::{Effort, Period, Representation, Stage, Unfit};
use super::selection::Rule;
use super::theta::Theta;
use super::tolerances::CLEAR;
use super::{Archive, ArchiveError, Array, SolveError, Work};
use crate::game::stretches::Stretches;
use crate::game::{Belief, Game, GameError, LeaderInformation, LeaderPrescription, MeanField};
use crate::solve::SolveSettings;

/// V in pieces: where the formulas of t = 1, 2, ... are smooth; of one period where they do not depend on t.
#[derive(Clone, Debug)]
pub struct Pieces {
    stretches: Vec<Stretches>,
}

impl Pieces {
    fn of_period(&self, t: usize) -> &Stretches {
        &self.stretches[(t - 1).min(self.stretches.len() - 1)]
    }
}

impl Theta<'_, Pieces> {
    /// Pieces of V_1, ..., V_T, added up (of the stationary V).
    pub fn pieces(&self) -> usize {
        self.functions().map(|v| v.pieces().len()).sum()
    }
}

/// V is not finite at t and z(x_2) = m.
fn overflow(t: usize, m: f64) -> SolveError {
    let z = MeanField::two_types(m).weights().to_vec();
    SolveError::Overflow { t, z }
}

impl Representation for Pieces {
    const KIND: &'static str = "pieces";

    type Function = Piecewise;
    type Candidates = Candidates;
    type Equilibrium = Equilibrium;
    type Games<'a> = StageGames<'a>;

    fn fits(game: &Game, settings: &SolveSettings) -> Result<(), Unfit> {
        match game.follower_types().len() {
            2 if continuation::is_one_function(game, settings) => Ok(()),
            2 => Err(Unfit::SeveralFunctions),
            found => Err(Unfit::FollowerTypes { found }),
        }
    }

    fn for_game(game: &Game, _: &SolveSettings, _: usize) -> Result<Self, SolveError> {
        let last = match game.depends_on_time() {
            true => game.horizon(),
            false => 1,
        };
        let periods = (1..=last).into_par_iter();
        let stretches = |t| -> Result<Stretches, GameError> {
            let stretches = game.stretches(t);
            game.has_bounds(t, &stretches)?;
            Ok(stretches)
        };
        Ok(Self {
            stretches: periods.map(stretches).collect::<Result<_, _>>()?,
        })
    }

    /// As m alone says it.
    fn mean_field(weights: Vec<f64>) -> MeanField {
        MeanField::two_types(weights[1])
    }

    fn terminal(
        &self,
        game: &Game,
        settings: &SolveSettings,
        work: &mut Work,
    ) -> Result<Piecewise, SolveError> {
        let (end, unproven) = terminal::values(game, settings)?;
        work.unproven += unproven;
        Ok(end)
    }

    fn candidates(
        period: Period<'_, Self>,
        listed: Vec<LeaderPrescription>,
    ) -> Result<Candidates, SolveError> {
        Candidates::of(period, listed)
    }

    fn games<'a>(stage: Stage<'a, Self>) -> StageGames<'a> {
        StageGames::new(stage)
    }

    fn step(
        period: Period<'_, Self>,
        candidates: Candidates,
        effort: Effort<'_>,
        work: &mut Work,
    ) -> Result<Piecewise, SolveError> {
        let step = Step {
            period: Stage {
                period,
                candidates: &candidates,
            },
            rule: Rule {
                selection: period.settings.selection,
            },
            grid: period.settings.grid,
            tolerance: effort.tolerance,
            stretches: period.representation.of_period(period.t),
            budget: effort.budget,
        };
        let v = step.solve(work)?;
        Ok(v.with_candidates(candidates))
    }

    fn overflow(&self, game: &Game, _: &Belief, v: &Piecewise) -> Option<Vec<f64>> {
        let m = v.overflow(game.scales())?;
        Some(MeanField::two_types(m).weights().to_vec())
    }

    fn values(&self, v: &Piecewise, z: &[f64]) -> Vec<f64> {
        let at = v.locate(z[1]);
        let values = v.values(at);
        let mut all = values.followers.to_vec();
        match v.leader_types(at) {
            types if types.is_empty() => all.push(values.leader),
            types => all.extend(types),
        }
        all
    }

    fn own_side(&self, v: &Piecewise, z: &MeanField) -> MeanField {
        MeanField::two_types(v.locate(z.weights()[1]).m)
    }

    fn candidates_of(v: &Piecewise) -> Option<&Candidates> {
        v.candidates()
    }

    fn position(
        candidates: &Candidates,
        leader: &LeaderPrescription,
        belief: &Belief,
    ) -> Option<usize> {
        candidates.position(leader, belief)
    }

    fn alone(
        period: Period<'_, Self>,
        leader: &LeaderPrescription,
    ) -> Result<Candidates, SolveError> {
        let only = Candidates::of(period, vec![leader.clone()])?;
        only.check_alike(period.game)?;
        Ok(only)
    }

    /// Inside a piece of V_t the regime is known and only its equilibrium is solved for; near a switch every equilibrium has
    /// to be searched.
    fn known(games: &mut StageGames<'_>, v: &Piecewise) -> Option<Equilibrium> {
        let m = games.m();
        let Place { piece, .. } = v.locate(m);
        let piece = &v.pieces()[piece];
        let clear = m - piece.lo > CLEAR && piece.hi - m > CLEAR;
        let label = piece.label.as_ref().filter(|_| clear)?;
        games.realise(label)
    }

    fn arrays(&self, functions: &[&Piecewise]) -> Vec<(String, Array)> {
        archive::arrays(functions)
    }

    fn restore(
        of: &Recursion<'_, Self>,
        archive: &Archive,
    ) -> Result<Vec<Vec<Piecewise>>, ArchiveError> {
        archive::restore(of, archive)
    }
}

/// Whether her type is private, so that V^l is held per type.
fn is_private(game: &Game) -> bool {
    game.leader_information() == LeaderInformation::Private
}
