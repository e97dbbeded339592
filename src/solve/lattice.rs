//! V of any number of follower types at the nodes of a lattice of the simplex P(X^f), linear between them.
//!
//! `field` is a function on the lattice with bounds over blocks; `stage_game` is the followers' game (15a) in numbers;
//! `search` and `simplices`, with `directions`, find all its equilibria, `flows` where several z' follow; `games` are the
//! stage games at one public state; `step` makes V_t from V_{t+1}, (15)-(16). Between nodes V is known less well: `closely`
//! and `look` search stage games with V_{t+1} re-solved by an `oracle`, and `accuracy` says how far V_1 may be off.
//!
//! V jumps where the selected regime switches. `jumps` finds the edges of the lattice on which it does, `regimes` keeps V
//! apart on the two sides within a simplex, of which `choice` takes one per branch. An equilibrium is *supported* if its
//! actions are best responses to V(z') of the regime that holds at its own z'; one that needs z' to be on a jump and the
//! side drawn by a public coin, a lottery, is taken only where there is nothing else, and counted (`Work::only_lottery`).
//!
//! Departure: on an edge one jump is known, to a hundredth of its length, and within a simplex its surface is flat. Where
//! jumps are denser than the lattice V is still interpolated across some; theta there loses what the certificate measures.

mod accuracy;
mod affine;
mod archive;
mod choice;
mod closely;
mod directions;
mod field;
mod flows;
mod games;
mod jumps;
mod look;
mod oracle;
mod regimes;
mod search;
mod simplices;
mod stage_game;
mod step;

#[cfg(test)]
mod tests;

pub use accuracy::ValueError;

use std::ops::Range;

use field::Field;
use games::{Answer, StageGames};

use super::recursion::Recursion;
use super::representation::{Effort, Period, Representation, Stage, Unfit};
use super::stage::Listed;
use super::theta::Theta;
use super::triangulation::{self, Lattice, Location};
use super::{Archive, ArchiveError, Array, SolveError, Work};
use crate::game::{Belief, Flow, Game, LeaderInformation, LeaderPrescription};
use crate::solve::SolveSettings;

/// Numbers that V_1, ..., V_{T+1} and their bounds may take, at most: four gigabytes.
const MOST_NUMBERS: usize = 1 << 29;

/// V at the nodes of a lattice.
#[derive(Clone, Debug)]
pub struct Nodes {
    lattice: Lattice,
    /// Values per node: V^f per type, then V^l: per leader type where it is private, else of the type that she has.
    components: usize,
}

impl Theta<'_, Nodes> {
    /// The number of nodes of the lattice.
    pub fn nodes(&self) -> usize {
        self.representation().lattice.nodes()
    }
}

impl Representation for Nodes {
    const KIND: &'static str = "lattice";

    type Function = Field;
    type Candidates = Vec<LeaderPrescription>;
    type Equilibrium = Answer;
    type Games<'a> = StageGames<'a>;

    fn fits(_: &Game, _: &SolveSettings) -> Result<(), Unfit> {
        Ok(())
    }

    /// The lattice, if it and the values on it fit into memory.
    fn for_game(game: &Game, settings: &SolveSettings, beliefs: usize) -> Result<Self, SolveError> {
        let (types, cells) = (game.follower_types().len(), settings.grid);
        let leader = match game.leader_information() {
            LeaderInformation::Private => game.leader_types().len(),
            LeaderInformation::NoTypes | LeaderInformation::Public => 1,
        };
        let numbers = || {
            let width = types + game.leader_types().len();
            let values = triangulation::count(types, cells)?.checked_mul(width)?;
            values
                .checked_add(field::memory(types, cells)?)?
                .checked_mul(beliefs)
        };
        match numbers() {
            Some(numbers) if numbers <= MOST_NUMBERS => Ok(Self {
                lattice: Lattice::new(types, cells),
                components: types + leader,
            }),
            _ => Err(SolveError::Lattice { types, cells }),
        }
    }

    fn terminal(&self, game: &Game, _: &SolveSettings, _: &mut Work) -> Result<Field, SolveError> {
        Ok(step::terminal(game, self)?)
    }

    fn candidates(
        _: Period<'_, Self>,
        listed: Vec<LeaderPrescription>,
    ) -> Result<Vec<LeaderPrescription>, SolveError> {
        Ok(listed)
    }

    fn games<'a>(stage: Stage<'a, Self>) -> StageGames<'a> {
        StageGames::new(stage.period, stage.candidates)
    }

    fn step(
        period: Period<'_, Self>,
        candidates: Vec<LeaderPrescription>,
        effort: Effort<'_>,
        work: &mut Work,
    ) -> Result<Field, SolveError> {
        let candidates = &candidates;
        step::step(Stage { period, candidates }, effort, work)
    }

    /// V^l of a type that pi rules out may be no number.
    fn overflow(&self, game: &Game, belief: &Belief, v: &Field) -> Option<Vec<f64>> {
        let (scales, types) = (game.scales(), self.lattice.types());
        let infinite = |(i, value): &(usize, &f64)| {
            let (unit, possible) = match (i % self.components).checked_sub(types) {
                None => (scales.follower.unit, true),
                Some(x) => (scales.leader.unit, belief.weights()[x] > 0.0),
            };
            possible && !(unit * **value).is_finite()
        };
        let (i, _) = v.all().iter().enumerate().find(infinite)?;
        Some(self.lattice.mean_field(i / self.components))
    }

    fn values(&self, v: &Field, z: &[f64]) -> Vec<f64> {
        let mut at = Location::default();
        self.lattice.locate(z, &mut at);
        v.at(&at)
    }

    fn equilibria(
        theta: &Theta<'_, Self>,
        games: &mut StageGames<'_>,
        asked: Range<usize>,
    ) -> Result<Vec<Listed<Answer>>, SolveError> {
        Ok(closely::look(theta, games, asked)?.listed)
    }

    fn value_error(
        theta: &Theta<'_, Self>,
        flow: &Flow,
        seen: f64,
    ) -> Result<Option<ValueError>, SolveError> {
        theta.estimate_error(flow, seen).map(Some)
    }

    fn arrays(&self, functions: &[&Field]) -> Vec<(String, Array)> {
        self.to_arrays(functions)
    }

    fn restore(
        of: &Recursion<'_, Self>,
        archive: &Archive,
    ) -> Result<Vec<Vec<Field>>, ArchiveError> {
        Self::from_arrays(of, archive)
    }
}
