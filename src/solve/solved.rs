//! A solved game, whichever solver it took: two types with jumps tracked, or any number of types on a lattice.

use super::lattice::{SimplexSolution, ValueError};
use super::pieces::theta::{Solution, StageEquilibrium, StagePoint};
use super::pieces::values::Values;
use super::{Ending, Iteration, Kind, SolveError, Work, unsolved};
use crate::game::{
    Belief, Flow, Game, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError,
    Prescription, Way,
};
use crate::scenario::SolveSettings;

/// V^f per follower type and V^l at one (t, z).
#[derive(Clone, Debug, PartialEq)]
pub struct StateValues {
    /// V^f(x), one per follower type.
    pub followers: Vec<f64>,
    /// The mean of V^l over pi.
    pub leader: f64,
    /// V^l(x^l), one per leader type; `NaN` for a type that no theta speaks of.
    pub leader_types: Vec<f64>,
}

/// theta and V at one point.
#[derive(Clone, Debug)]
pub struct SolvedPoint {
    /// What leader and followers play.
    pub play: Play,
    /// The public states that follow: one per outcome of the leader's step, or two, for the sides of a jump, with their
    /// probabilities under a public coin.
    pub next: Vec<Way>,
    /// V^f_t and V^l_t.
    pub values: StateValues,
    /// Distinct equilibria of the stage game at the leader's action.
    pub equilibria: usize,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether the equilibrium needs no public coin.
    pub supported: bool,
}

/// Where a solution begins: it holds what can follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The first period.
    pub t: usize,
    /// pi there.
    pub belief: Belief,
}

impl Start {
    /// t = 1 and pi_1.
    pub fn of_game(game: &Game) -> Self {
        Self {
            t: 1,
            belief: game.initial_belief().clone(),
        }
    }
}

/// One equilibrium of a stage game, as `smfg stage` lists it.
#[derive(Clone, Debug)]
pub struct SolvedEquilibrium {
    /// The leader's prescription at which the followers' game is played.
    pub leader: LeaderPrescription,
    /// How it comes about.
    pub kind: Kind,
    /// z' of (8), the mean over what the leader may do; the left side of the jump for a lottery.
    pub next: MeanField,
    /// Probability of the right side of the jump under the public coin; 0 without one.
    pub coin: f64,
    /// gamma^f.
    pub prescription: Prescription,
    /// V^f and V^l of this equilibrium.
    pub values: StateValues,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether theta plays it: the leader's action and the followers' selected equilibrium.
    pub selected: bool,
    /// Whether it is a point of a continuum of equilibria.
    pub continuum: bool,
    /// Whether it is a one-sided limit at a jump inside a continuum, which no equilibrium of it attains.
    pub supremum: bool,
}

/// A solved game: theta and V, (13)-(16), for any number of follower types.
#[derive(Clone, Debug)]
pub enum Solved<'g> {
    /// Two types: jumps of V tracked.
    TwoTypes(Solution<'g>),
    /// V on a lattice of the simplex.
    Simplex(SimplexSolution<'g>),
}

/// Call a method of whichever solver it is.
macro_rules! either {
    ($solved:expr, $solution:ident => $call:expr) => {
        match $solved {
            Solved::TwoTypes($solution) => $call,
            Solved::Simplex($solution) => $call,
        }
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
        let solved = match super::check(game, settings) {
            Ok(()) => Solution::compute_from(game, settings, actions, start).map(Self::TwoTypes),
            Err(_) => {
                SimplexSolution::compute_from(game, settings, actions, start).map(Self::Simplex)
            }
        };
        // Where the game's code has failed, whatever came of it follows from that.
        game.check_code()?;
        solved
    }

    /// The game that was solved.
    pub fn game(&self) -> &'g Game {
        either!(self, solution => solution.game())
    }

    /// How it was solved.
    pub fn settings(&self) -> &SolveSettings {
        either!(self, solution => solution.settings())
    }

    /// Work done by the backward recursion.
    pub fn work(&self) -> &Work {
        either!(self, solution => solution.work())
    }

    /// How the iteration of an infinite horizon ended; `None` for a finite one.
    pub fn iteration(&self) -> Option<&Iteration> {
        either!(self, solution => solution.iteration())
    }

    /// Whether theta solves the game: always for a finite horizon, and where the iteration of an infinite one converged.
    pub fn is_solved(&self) -> bool {
        self.iteration()
            .is_none_or(|iteration| iteration.ending == Ending::Converged)
    }

    /// Jumps of V_1, ..., V_T, added up, where they are tracked.
    pub fn jumps(&self) -> Option<usize> {
        match self {
            Self::TwoTypes(solution) => Some(solution.jumps()),
            Self::Simplex(_) => None,
        }
    }

    /// theta_t and V_t re-solved at (pi, z), every equilibrium at every candidate of the leader searched.
    ///
    /// # Errors
    /// A kernel or reward without a value at z.
    pub fn resolve(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<SolvedPoint, SolveError> {
        match self {
            Self::TwoTypes(solution) => Ok(solution.resolve_at(t, belief, second(z))?.into()),
            Self::Simplex(solution) => solution.resolve(t, belief, z),
        }
    }

    /// theta_t and V_t at (pi, z) where theta is followed at many points: as [`resolve`](Self::resolve), but inside a piece
    /// of V_t, where jumps are tracked, only the equilibrium of its regime is solved for, and on a lattice its own V_{t+1}
    /// is taken.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn follow_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<SolvedPoint, SolveError> {
        match self {
            Self::TwoTypes(solution) => Ok(solution.follow_at(t, belief, second(z))?.into()),
            Self::Simplex(solution) => solution.follow_at(t, belief, z),
        }
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
        let mut best = (f64::NEG_INFINITY, Vec::new());
        let mut work = Work::default();
        let all = either!(self, solution => {
            let end = solution.end()?;
            let last = (solution.game().horizon(), &end);
            sequences(solution, z, last, &mut Vec::new(), (&mut work, most_work), &mut best)?
        });
        Ok(all.then_some(best))
    }

    /// Whether [`answer_at`](Self::answer_at) takes mixed prescriptions of a leader whose type nobody has to guess.
    pub fn takes_mixed(&self) -> bool {
        match self {
            Self::TwoTypes(solution) => {
                let mut mixing = solution.settings().clone();
                mixing.leader_mixing = mixing.leader_mixing.max(2);
                super::check(solution.game(), &mixing).is_ok()
            }
            Self::Simplex(_) => true,
        }
    }

    /// By how much V_1 at the starts of a flow of theta may be off, with what decides it; `None` where jumps are tracked.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn value_error(&self, flow: &Flow, seen: f64) -> Result<Option<ValueError>, SolveError> {
        match self {
            Self::TwoTypes(_) => Ok(None),
            Self::Simplex(solution) => solution.value_error(flow, seen).map(Some),
        }
    }

    /// The prescriptions among which the leader chooses at a belief.
    ///
    /// # Errors
    /// Too many.
    pub fn candidates(&self, belief: &Belief) -> Result<Vec<LeaderPrescription>, SolveError> {
        either!(self, solution => solution.candidates_at(belief))
    }

    /// The followers' answer to one prescription of the leader at (t, pi, z), and the values it gives.
    ///
    /// # Errors
    /// A kernel or reward without a value at z.
    pub fn answer_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<SolvedPoint, SolveError> {
        match self {
            Self::TwoTypes(solution) => {
                Ok(solution.answer_at(t, belief, second(z), leader)?.into())
            }
            Self::Simplex(solution) => solution.answer_at(t, belief, z, leader),
        }
    }

    /// z moved to the nearer side where it lies in the gap of a tracked switch of V_t; `t` runs to T + 1.
    pub fn settle(&self, t: usize, belief: &Belief, z: &MeanField) -> MeanField {
        match self {
            Self::TwoTypes(solution) => MeanField::two_types(solution.settle(t, belief, second(z))),
            Self::Simplex(_) => z.clone(),
        }
    }

    /// theta_t and V_t at every belief of the period and every lattice point j / cells, in the order of falling pi(x^l_1),
    /// pi(x^l_2), ..., z(x_1), z(x_2), and so on.
    ///
    /// # Errors
    /// A kernel or reward without a value at a point, or too many points.
    pub fn lattice(
        &self,
        t: usize,
        cells: usize,
    ) -> Result<Vec<(Belief, MeanField, SolvedPoint)>, SolveError> {
        match self {
            Self::TwoTypes(solution) => {
                let points = solution.lattice(t, cells)?.into_iter();
                Ok(points
                    .map(|(belief, m, point)| (belief, MeanField::two_types(m), point.into()))
                    .collect())
            }
            Self::Simplex(solution) => solution.lattice(t, cells),
        }
    }

    /// The number of points of [`lattice`](Self::lattice) at the settings' grid and period t.
    pub fn lattice_points(&self, t: usize) -> usize {
        match self {
            Self::TwoTypes(solution) => solution.beliefs(t).len() * (solution.settings().grid + 1),
            Self::Simplex(solution) => solution.beliefs(t).len() * solution.nodes(),
        }
    }

    /// The beliefs of period t at which V is held, and whether V between them is interpolated.
    pub fn beliefs(&self, t: usize) -> &[Belief] {
        either!(self, solution => solution.beliefs(t))
    }

    /// Whether V between beliefs is interpolated.
    pub fn interpolates_beliefs(&self) -> bool {
        either!(self, solution => solution.interpolates_beliefs())
    }

    /// Every equilibrium of the stage games at (t, pi, z), for one prescription of the leader or all candidates.
    ///
    /// # Errors
    /// A kernel or reward without a value at z.
    pub fn stage_equilibria(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: Option<&LeaderPrescription>,
    ) -> Result<Vec<SolvedEquilibrium>, SolveError> {
        match self {
            Self::TwoTypes(solution) => {
                let rows = solution.stage_equilibria(t, belief, second(z), leader)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
            Self::Simplex(solution) => solution.stage_equilibria(t, belief, z, leader),
        }
    }
}

impl Solved<'_> {
    pub(super) fn play_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Play, SolveError> {
        either!(self, solution => solution.play_at(t, belief, z))
    }

    pub(super) fn answered_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, SolveError> {
        either!(self, solution => solution.answered_at(t, belief, z, leader))
    }

    pub(super) fn play_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<f64, SolveError> {
        either!(self, solution => solution.play_cost_at(t, belief, z))
    }

    pub(super) fn answer_cost_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<f64, SolveError> {
        either!(self, solution => solution.answer_cost_at(t, belief, z, leader))
    }

    /// Whether V_t is held, or interpolated, at a belief; `t` runs to T + 1.
    pub(super) fn holds(&self, t: usize, belief: &Belief) -> bool {
        either!(self, solution => solution.holds(t, belief))
    }
}

solved_policy!(Solved<'_>);

/// What both solvers do, one period at a time, under one action of the leader.
pub(super) trait Backward {
    /// V of one period at all beliefs.
    type Values;
    /// V_t from V_{t+1} where the leader takes one action, whatever her type.
    fn back(
        &self,
        t: usize,
        next: &Self::Values,
        action: usize,
        work: &mut Work,
    ) -> Result<Self::Values, SolveError>;
    /// V^l_1 at z, in the mean over pi_1.
    fn leader_value(&self, first: &Self::Values, z: &MeanField) -> Result<f64, SolveError>;
    /// The actions of the leader.
    fn actions(&self) -> usize;
}

/// Every sequence that ends as `ending`, played from period t + 1 on with the values `next`; whether the work was enough.
fn sequences<B: Backward>(
    solver: &B,
    z: &MeanField,
    (t, next): (usize, &B::Values),
    ending: &mut Vec<LeaderAction>,
    (work, most): (&mut Work, u64),
    best: &mut (f64, Vec<LeaderAction>),
) -> Result<bool, SolveError> {
    if t == 0 {
        let value = solver.leader_value(next, z)?;
        if value > best.0 {
            *best = (value, ending.iter().rev().copied().collect());
        }
        return Ok(true);
    }
    for action in 0..solver.actions() {
        let v = match solver.back(t, next, action, work) {
            Err(error) if error.is_of_length() => return Ok(false),
            v => v?,
        };
        if work.steps() > most {
            return Ok(false);
        }
        ending.push(LeaderAction(action));
        let enough = sequences(solver, z, (t - 1, &v), ending, (work, most), best)?;
        ending.pop();
        if !enough {
            return Ok(false);
        }
    }
    Ok(true)
}

/// m = z(x_2).
fn second(z: &MeanField) -> f64 {
    z.weights()[1]
}

impl StateValues {
    fn of(values: Values, leader_types: Vec<f64>) -> Self {
        Self {
            followers: values.followers.to_vec(),
            leader: values.leader,
            leader_types,
        }
    }
}

impl From<StagePoint> for SolvedPoint {
    fn from(point: StagePoint) -> Self {
        Self {
            play: point.play,
            next: point.ways,
            values: StateValues::of(point.values, point.leader_types),
            equilibria: point.equilibria,
            residual: point.residual,
            supported: point.supported,
        }
    }
}

impl From<StageEquilibrium> for SolvedEquilibrium {
    fn from(e: StageEquilibrium) -> Self {
        Self {
            leader: e.leader,
            kind: e.kind,
            next: MeanField::two_types(e.next),
            coin: e.coin,
            prescription: e.prescription,
            values: StateValues::of(e.values, e.leader_types),
            residual: e.residual,
            selected: e.selected,
            continuum: e.continuum,
            supremum: e.supremum,
        }
    }
}
