//! How V is held, and the stage games that are searched against it: all in which solvers differ.
//!
//! A representation says where a game fits it, how V_{T+1} and V_t from V_{t+1} are made at one belief, what V is at a
//! point, how a stage game's equilibria are found, and how V is kept in an archive. Everything else stands once, in
//! `recursion`, `selection` and `theta`. A further one is a folder that implements the traits, and a variant of
//! [`Solved`](super::Solved).

use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::{Deref, Range};

use super::beliefs::BeliefMesh;
use super::budget::Budget;
use super::recursion::Recursion;
use super::stage::{Listed, Outcome, StateValues};
use super::stationary::Snapshot;
use super::theta::Theta;
use super::{Archive, ArchiveError, Array, SolveError, ValueError, Work};
use crate::game::{
    Belief, Flow, Game, GameError, LeaderPrescription, MeanField, Play, Prescription, Way,
};
use crate::solve::SolveSettings;

/// Why a representation of V does not fit a game.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Jumps of V are tracked for two follower types only.
    #[error("jumps of V are tracked for two follower types, this game has {found}")]
    FollowerTypes {
        /// |X^f| of the game.
        found: usize,
    },
    /// Jumps of V are tracked where the followers face one function, whatever is seen of the leader.
    #[error(
        "jumps of V are tracked where all moves of the leader that may be taken for one another move followers alike, and \
         her types change at rates that depend on neither t nor z"
    )]
    SeveralFunctions,
}

/// V_t at one belief.
pub(super) trait ValueFunction: Clone + Debug + Send + Sync {
    /// Numbers by which two iterates of an infinite horizon are compared, added to those of other beliefs.
    fn look(&self, snapshot: &mut Snapshot);

    /// By how much detail it is held, where that depends on V: what is forecast from period to period.
    fn detail(&self) -> usize {
        0
    }

    /// How often it jumps, where that is known.
    fn jumps(&self) -> Option<usize> {
        None
    }

    /// The z(x_2) at which the regime switches, rising, where these are known.
    fn switches(&self) -> &[f64] {
        &[]
    }
}

/// One period at one belief, and V_{t+1}.
pub(super) struct Period<'a, R: Representation> {
    /// In units of the players' scales, as V is.
    pub game: &'a Game,
    pub settings: &'a SolveSettings,
    pub representation: &'a R,
    pub t: usize,
    pub belief: &'a Belief,
    /// The beliefs of t + 1, and V_{t+1} at each.
    pub mesh: &'a BeliefMesh,
    pub next: &'a [R::Function],
}

impl<R: Representation> Clone for Period<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Representation> Copy for Period<'_, R> {}

impl<R: Representation> Period<'_, R> {
    /// The beliefs of t + 1 whose mean V_{t+1} at pi' is, with their weights.
    pub fn nodes_of(&self, belief: &Belief) -> Result<Vec<(usize, f64)>, SolveError> {
        let unheld = || SolveError::Belief {
            t: self.t + 1,
            belief: belief.weights().to_vec(),
        };
        self.mesh.locate(belief).ok_or_else(unheld)
    }
}

/// The same with the leader's candidates.
pub(super) struct Stage<'a, R: Representation> {
    pub period: Period<'a, R>,
    pub candidates: &'a R::Candidates,
}

impl<R: Representation> Clone for Stage<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Representation> Copy for Stage<'_, R> {}

impl<'a, R: Representation> Deref for Stage<'a, R> {
    type Target = Period<'a, R>;

    fn deref(&self) -> &Period<'a, R> {
        &self.period
    }
}

/// How finely V_t is made, and how much work that may take.
#[derive(Clone, Copy)]
pub(super) struct Effort<'a> {
    /// Largest error of V between the points at which it is solved, where that is chosen.
    pub tolerance: f64,
    pub budget: &'a Budget,
}

/// What a search for equilibria found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Distinct equilibria, a continuum counted once.
    pub count: usize,
    /// Whether nothing ties or jumps, so that an even number says that one was missed.
    pub must_be_odd: bool,
}

/// The stage games at one (t, pi), one per candidate of the leader, (15a). Made once and moved from point to point.
pub(super) trait StageGames {
    /// A followers' equilibrium under one candidate.
    type Equilibrium: Outcome;

    /// Move to the mean field z.
    fn move_to(&mut self, z: &[f64]) -> Result<(), GameError>;
    /// z.
    fn mean_field(&self) -> &[f64];
    /// The number of candidates.
    fn candidates(&self) -> usize;
    /// |A^f|.
    fn actions(&self) -> usize;
    /// Find all equilibria under a candidate, into [`found`](Self::found).
    fn search(&mut self, l: usize, work: &mut Work) -> Result<Found, SolveError>;
    /// What the last search found.
    fn found(&self) -> &[Self::Equilibrium];
    /// One of these; after that they may be in another order.
    fn take(&mut self, place: usize) -> Self::Equilibrium;
    /// For each of these whether it is a point of a continuum.
    fn continua(&self) -> Vec<bool>;
    /// What is played where a search found nothing.
    fn least_loss(&mut self, l: usize) -> Result<Self::Equilibrium, SolveError>;

    /// gamma^f in an equilibrium.
    fn prescription(&self, e: &Self::Equilibrium) -> Prescription;
    /// What is played in it; types of the leader that pi rules out take their own best action.
    fn play(&self, e: &Self::Equilibrium) -> Result<Play, SolveError>;
    /// V there, (16).
    fn values(&self, e: &Self::Equilibrium) -> Result<StateValues, SolveError>;
    /// z' of (8), the mean over what the leader may do; the left side of the jump for a lottery.
    fn successor(&self, e: &Self::Equilibrium) -> MeanField;
    /// The public states that follow.
    fn successors(&self, e: &Self::Equilibrium) -> Result<Vec<Way>, SolveError>;
    /// Multiply-adds of what was done here since they were made, searches counted in `work`.
    fn cost(&self, work: &Work) -> Result<f64, SolveError>;
}

/// All equilibria under a candidate, and what loses least where there are none.
pub(super) fn list<G: StageGames>(
    games: &mut G,
    l: usize,
) -> Result<Listed<G::Equilibrium>, SolveError>
where
    G::Equilibrium: Clone,
{
    let Found { count, .. } = games.search(l, &mut Work::default())?;
    if games.found().is_empty() {
        return Ok(Listed {
            found: vec![games.least_loss(l)?],
            continua: vec![false],
            count: 0,
        });
    }
    Ok(Listed {
        found: games.found().to_vec(),
        continua: games.continua(),
        count,
    })
}

/// A way to hold V.
pub(super) trait Representation: Clone + Debug + Send + Sync + Sized {
    /// Its name in archives.
    const KIND: &'static str;

    /// V_t at one belief.
    type Function: ValueFunction;
    /// What is made once per (t, pi) of the leader's candidates.
    type Candidates: Clone + Debug;
    /// A followers' equilibrium under one candidate.
    type Equilibrium: Outcome + Clone;
    /// The stage games at one (t, pi).
    type Games<'a>: StageGames<Equilibrium = Self::Equilibrium>
    where
        Self: 'a;

    /// Whether it takes a game.
    fn fits(game: &Game, settings: &SolveSettings) -> Result<(), Unfit>;

    /// For a game in units of the players' scales, of which V is held at so many beliefs, all periods counted.
    fn for_game(game: &Game, settings: &SolveSettings, beliefs: usize) -> Result<Self, SolveError>;

    /// V_{T+1}: the terminal reward for followers, (14), nothing for the leader.
    fn terminal(
        &self,
        game: &Game,
        settings: &SolveSettings,
        work: &mut Work,
    ) -> Result<Self::Function, SolveError>;

    /// Prescriptions of the leader as candidates.
    fn candidates(
        period: Period<'_, Self>,
        listed: Vec<LeaderPrescription>,
    ) -> Result<Self::Candidates, SolveError>;

    /// The stage games, at no z yet.
    fn games<'a>(stage: Stage<'a, Self>) -> Self::Games<'a>;

    /// V_t from V_{t+1}, (15)-(16).
    fn step(
        period: Period<'_, Self>,
        candidates: Self::Candidates,
        effort: Effort<'_>,
        work: &mut Work,
    ) -> Result<Self::Function, SolveError>;

    /// A z at which V_t is not finite in the units of rewards.
    fn overflow(&self, game: &Game, belief: &Belief, v: &Self::Function) -> Option<Vec<f64>>;

    /// V_t at z: V^f per type, then V^l, per leader type where that is private.
    fn values(&self, v: &Self::Function, z: &[f64]) -> Vec<f64>;

    /// The mean field with these weights, j / cells each.
    fn mean_field(weights: Vec<f64>) -> MeanField {
        MeanField::new(weights)
    }

    /// z moved to the side of a jump that V there is taken from.
    fn own_side(&self, _: &Self::Function, z: &MeanField) -> MeanField {
        z.clone()
    }

    /// The candidates that V_t was made from, where they are kept.
    fn candidates_of(_: &Self::Function) -> Option<&Self::Candidates> {
        None
    }

    /// The place of a prescription among candidates.
    fn position(_: &Self::Candidates, _: &LeaderPrescription, _: &Belief) -> Option<usize> {
        None
    }

    /// A prescription that is none of the candidates as the only one.
    fn alone(
        period: Period<'_, Self>,
        leader: &LeaderPrescription,
    ) -> Result<Self::Candidates, SolveError> {
        Self::candidates(period, vec![leader.clone()])
    }

    /// theta at the point where the games stand, where V_t knows it without a search.
    fn known(_: &mut Self::Games<'_>, _: &Self::Function) -> Option<Self::Equilibrium> {
        None
    }

    /// All equilibria under some candidates, by number, as well as they can be known: against V_{t+1} itself where V is
    /// held too roughly.
    fn equilibria(
        _: &Theta<'_, Self>,
        games: &mut Self::Games<'_>,
        asked: Range<usize>,
    ) -> Result<Vec<Listed<Self::Equilibrium>>, SolveError> {
        asked.map(|l| list(games, l)).collect()
    }

    /// By how much V_1 at the starts of a flow of theta may be off, no less than a difference that was seen there, with what
    /// decides it; `None` where V is as accurate as the settings ask for.
    fn value_error(
        _: &Theta<'_, Self>,
        _: &Flow,
        _: f64,
    ) -> Result<Option<ValueError>, SolveError> {
        Ok(None)
    }

    /// V at all periods and beliefs, in this order, as arrays.
    fn arrays(&self, functions: &[&Self::Function]) -> Vec<(String, Array)>;

    /// V by period and belief from these: of t = 1, ..., T + 1, or the last two iterates.
    fn restore(
        of: &Recursion<'_, Self>,
        archive: &Archive,
    ) -> Result<Vec<Vec<Self::Function>>, ArchiveError>;
}

/// Candidates as they are kept, or made anew.
pub(super) type Listing<'a, R> = Cow<'a, <R as Representation>::Candidates>;
