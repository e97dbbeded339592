//! A solved game, in whichever way V is held: the choice of one, and calls passed on to it.

use super::beliefs::Beliefs;
use super::lattice::Nodes;
use super::pieces::Pieces;
use super::representation::{Representation, Unfit};
use super::theta::Theta;
use super::{
    Archive, ArchiveError, Iteration, SolveError, SolvedEquilibrium, SolvedPoint, Start,
    ValueError, Work,
};
use crate::game::{
    Belief, Flow, Game, LeaderAction, LeaderPrescription, MeanField, Play, Prescription,
};
use crate::solve::SolveSettings;

/// A solved game: theta and V, (13)-(16), for any number of follower types.
#[derive(Clone, Debug)]
pub enum Solved<'g> {
    /// Two types: jumps of V tracked.
    Pieces(Theta<'g, Pieces>),
    /// V at the nodes of a lattice of the simplex.
    Nodes(Theta<'g, Nodes>),
}

/// What is the same for every way to hold V.
macro_rules! each {
    ($solved:expr, $theta:ident => $call:expr) => {
        match $solved {
            $crate::solve::Solved::Pieces($theta) => $call,
            $crate::solve::Solved::Nodes($theta) => $call,
        }
    };
}
pub(super) use each;

/// Methods that are those of [`Theta`].
macro_rules! pass_on {
    ($($(#[$doc:meta])* $visibility:vis fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $result:ty;)+) => {
        $($(#[$doc])* $visibility fn $name(&self $(, $argument: $type)*) -> $result {
            each!(self, theta => theta.$name($($argument),*))
        })+
    };
}

impl<'g> Solved<'g> {
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
        match Pieces::fits(game, settings) {
            Ok(()) => Theta::compute_from(game, settings, actions, start).map(Self::Pieces),
            // Kept for whoever asks: `unfit`.
            Err(_) => Theta::compute_from(game, settings, actions, start).map(Self::Nodes),
        }
    }

    /// Why the jumps of V are not tracked.
    pub fn unfit(&self) -> Option<Unfit> {
        match self {
            Self::Pieces(_) => None,
            Self::Nodes(theta) => Pieces::fits(theta.game(), theta.settings()).err(),
        }
    }

    /// The same game solved in the same way at given beliefs, which (9) does not leave.
    pub(super) fn at_beliefs(&self, beliefs: Beliefs) -> Result<Self, SolveError> {
        let (game, settings) = (self.game(), self.settings());
        match self {
            Self::Pieces(_) => Theta::compute_at(game, settings, None, beliefs).map(Self::Pieces),
            Self::Nodes(_) => Theta::compute_at(game, settings, None, beliefs).map(Self::Nodes),
        }
    }

    /// What was kept in an archive of one kind; `None` for a kind that is unknown.
    pub(super) fn restored(
        archive: &Archive,
        kind: Option<&str>,
        game: &'g Game,
        settings: &SolveSettings,
        done: (Work, Option<Iteration>),
    ) -> Result<Option<Self>, ArchiveError> {
        match kind {
            Some(Pieces::KIND) => {
                let theta = Theta::restored(archive, game, settings, done)?;
                Ok(Some(Self::Pieces(theta)))
            }
            Some(Nodes::KIND) => {
                let theta = Theta::restored(archive, game, settings, done)?;
                Ok(Some(Self::Nodes(theta)))
            }
            _ => Ok(None),
        }
    }

    /// The game that was solved.
    pub fn game(&self) -> &'g Game {
        each!(self, theta => theta.game())
    }

    pass_on! {
        /// How it was solved.
        pub fn settings(&self) -> &SolveSettings;
        /// Work done by the backward recursion.
        pub fn work(&self) -> &Work;
        /// How the iteration of an infinite horizon ended; `None` for a finite one.
        pub fn iteration(&self) -> Option<&Iteration>;
        /// [`Theta::is_solved`].
        pub fn is_solved(&self) -> bool;
        /// [`Theta::jumps`].
        pub fn jumps(&self) -> Option<usize>;
        /// [`Theta::switches`].
        pub fn switches(&self, t: usize) -> &[f64];
        /// The beliefs of period t at which V is held.
        pub fn beliefs(&self, t: usize) -> &[Belief];
        /// Whether V between beliefs is interpolated.
        pub fn interpolates_beliefs(&self) -> bool;
        /// Whether V_t is held, or interpolated, at a belief; `t` runs to T + 1.
        pub(super) fn holds(&self, t: usize, belief: &Belief) -> bool;
        /// [`Theta::takes_mixed`].
        pub fn takes_mixed(&self) -> bool;
        /// [`Theta::candidates`].
        ///
        /// # Errors
        /// As there.
        pub fn candidates(&self, belief: &Belief) -> Result<Vec<LeaderPrescription>, SolveError>;
        /// [`Theta::own_side`].
        pub fn own_side(&self, t: usize, belief: &Belief, z: &MeanField) -> MeanField;
        /// [`Theta::resolve`].
        ///
        /// # Errors
        /// As there.
        pub fn resolve(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<SolvedPoint, SolveError>;
        /// [`Theta::follow_at`].
        ///
        /// # Errors
        /// As there.
        pub fn follow_at(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<SolvedPoint, SolveError>;
        /// [`Theta::answer_at`].
        ///
        /// # Errors
        /// As there.
        pub fn answer_at(
            &self, t: usize, belief: &Belief, z: &MeanField, leader: &LeaderPrescription
        ) -> Result<SolvedPoint, SolveError>;
        /// [`Theta::stage_equilibria`].
        ///
        /// # Errors
        /// As there.
        pub fn stage_equilibria(
            &self, t: usize, belief: &Belief, z: &MeanField, leader: Option<&LeaderPrescription>
        ) -> Result<Vec<SolvedEquilibrium>, SolveError>;
        /// [`Theta::lattice`].
        ///
        /// # Errors
        /// As there.
        pub fn lattice(&self, t: usize, cells: usize) -> Result<Vec<(Belief, MeanField, SolvedPoint)>, SolveError>;
        /// [`Theta::lattice_points`].
        pub fn lattice_points(&self, t: usize) -> usize;
        /// [`Theta::best_sequence`].
        ///
        /// # Errors
        /// As there.
        pub fn best_sequence(
            &self, z: &MeanField, most_work: u64
        ) -> Result<Option<(f64, Vec<LeaderAction>)>, SolveError>;
        /// [`Theta::value_error`].
        ///
        /// # Errors
        /// As there.
        pub fn value_error(&self, flow: &Flow, seen: f64) -> Result<Option<ValueError>, SolveError>;
        pub(super) fn play_at(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, SolveError>;
        pub(super) fn answered_at(
            &self, t: usize, belief: &Belief, z: &MeanField, leader: &LeaderPrescription
        ) -> Result<Prescription, SolveError>;
        pub(super) fn play_cost_at(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<f64, SolveError>;
        pub(super) fn answer_cost_at(
            &self, t: usize, belief: &Belief, z: &MeanField, leader: &LeaderPrescription
        ) -> Result<f64, SolveError>;
    }
}
