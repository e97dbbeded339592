//! theta and V of a game with any number of follower types.

use rayon::prelude::*;

use super::backward::{
    Answer, Period, PublicValues, Selected, StageGames, components, step, terminal,
};
use super::field::{self, Field};
use super::regimes::{Cut, Cuts};
use crate::game::{
    Belief, Game, LeaderPrescription, MeanField, Play, Prescription, Way, public_beliefs,
};
use crate::scenario::SolveSettings;
use crate::solve::beliefs::Beliefs;
use crate::solve::growth::Growth;
use crate::solve::leader::{Rule, Work};
use crate::solve::solved::{Backward, SolvedPoint, Start, StateValues};
use crate::solve::stationary::{self, Snapshot};
use crate::solve::triangulation::{self, Lattice};
use crate::solve::{Iteration, Kind, SolveError, candidates};

/// Numbers that V_1, ..., V_{T+1} and their bounds may take, at most: four gigabytes.
const MOST_NUMBERS: usize = 1 << 29;

/// A game solved on a lattice: V_t at its nodes for t = 1..T, (13)-(16), linear between them.
///
/// theta is not stored: at any point it is the stage game solved there, against V_{t+1}.
#[derive(Clone, Debug)]
pub struct SimplexSolution<'g> {
    game: &'g Game,
    settings: SolveSettings,
    /// The leader's actions among which she chooses.
    pub(super) actions: Vec<usize>,
    beliefs: Beliefs,
    pub(super) lattice: Lattice,
    /// V_1, ..., V_{T+1} in units of the players' scales; for an infinite horizon the last iterate and the one before it.
    values: Vec<PublicValues>,
    work: Work,
    /// How the iteration of an infinite horizon ended.
    iteration: Option<Iteration>,
}

impl<'g> SimplexSolution<'g> {
    /// Solve by backward recursion over all leader actions, or over those given (scenario indices), with
    /// `settings.grid` cells per side.
    ///
    /// # Errors
    /// A lattice beyond memory, or a kernel or reward without a value at a node.
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
    /// As [`compute`](Self::compute).
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
        let first = beliefs.first();
        let lattice = lattice_of(game, settings.grid, beliefs.count(game))?;
        let actions = actions.unwrap_or_else(|| (0..game.leader_actions().len()).collect());
        let rule = Rule {
            selection: settings.selection,
        };
        let units = game.in_units();
        let (mut work, mut growth) = (Work::default(), Growth::new(settings.budget));
        let mut back = |t: usize, next: &PublicValues| {
            let mesh = beliefs.at(t);
            let mixing = settings.leader_mixing;
            let listed = mesh.nodes().iter();
            let listed = listed.map(|pi| candidates::at_belief(game, &actions, mixing, pi));
            let listed: Vec<_> = listed.collect::<Result<_, _>>()?;
            let period = Period {
                game: units,
                rule: settings.flow,
                lattice: &lattice,
                t,
                next,
            };
            let v = step(period, mesh, &rule, &listed, &mut work)?;
            check_finite(game, &lattice, t, &v)?;
            growth.record(t, 0, work.steps())?;
            Ok(v)
        };
        let (values, iteration) = if game.is_infinite() {
            let end = terminal(units, &lattice, beliefs.at(1))?;
            let bound = stationary::bound(game, settings);
            let (values, iteration) =
                stationary::iterate(game.discount(), bound, end, |v| back(1, v), look)?;
            (values, Some(iteration))
        } else {
            let mut values = vec![terminal(units, &lattice, beliefs.at(game.horizon() + 1))?];
            for t in (first..=game.horizon()).rev() {
                let v = back(t, &values[values.len() - 1])?;
                values.push(v);
            }
            values.reverse();
            (values, None)
        };
        Ok(Self {
            game,
            settings: settings.clone(),
            actions,
            beliefs,
            lattice,
            values,
            work,
            iteration,
        })
    }

    /// V_{T+1}.
    pub(in crate::solve) fn end(&self) -> Result<PublicValues, SolveError> {
        let last = self.beliefs.at(self.game.horizon() + 1);
        Ok(terminal(self.game.in_units(), &self.lattice, last)?)
    }

    /// How the iteration of an infinite horizon ended; `None` for a finite one.
    pub fn iteration(&self) -> Option<&Iteration> {
        self.iteration.as_ref()
    }

    /// V_t; for an infinite horizon the same at every t.
    fn value_function(&self, t: usize) -> &PublicValues {
        match self.iteration {
            None => &self.values[t - self.beliefs.first()],
            Some(_) => &self.values[0],
        }
    }

    /// V_{t+1} as the stage games of period t see it.
    fn continuation(&self, t: usize) -> &PublicValues {
        match self.iteration {
            None => &self.values[t + 1 - self.beliefs.first()],
            Some(_) => &self.values[1],
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

    /// Work done by the backward recursion.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// The number of nodes of the lattice.
    pub fn nodes(&self) -> usize {
        self.lattice.nodes()
    }

    /// The beliefs of period t at which V is held.
    pub fn beliefs(&self, t: usize) -> &[Belief] {
        self.beliefs.at(t).nodes()
    }

    /// Whether V_t is held, or interpolated, at a belief; `t` runs to T + 1.
    pub(in crate::solve) fn holds(&self, t: usize, belief: &Belief) -> bool {
        self.beliefs.at(t).locate(belief).is_some()
    }

    /// Whether V between the beliefs is interpolated.
    pub fn interpolates_beliefs(&self) -> bool {
        self.beliefs.at(self.beliefs.first()).is_lattice()
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
        self.interpolate(self.value_function(t), t, belief, z)
    }

    fn interpolate(
        &self,
        held: &PublicValues,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<StateValues, SolveError> {
        let mut at = triangulation::Location::default();
        self.lattice.locate(z.weights(), &mut at);
        let nodes = held.mesh.locate(belief).ok_or_else(|| SolveError::Belief {
            t,
            belief: belief.weights().to_vec(),
        })?;
        let mut mean = vec![0.0; held.fields[0].components()];
        for (node, share) in nodes {
            let values = held.fields[node].at(&at);
            mean.iter_mut()
                .zip(values)
                .for_each(|(sum, v)| *sum += share * v);
        }
        let mut leader_types = mean.split_off(self.game.follower_types().len());
        self.in_rewards(&mut mean, &mut leader_types);
        let weights = belief
            .weights()
            .iter()
            .filter(|w| leader_types.len() > 1 || **w > 0.0);
        Ok(StateValues {
            followers: mean,
            leader: weights.zip(&leader_types).map(|(w, v)| w * v).sum(),
            leader_types,
        })
    }

    pub(super) fn games(&self, t: usize) -> StageGames<'_> {
        StageGames::new(Period {
            game: self.game.in_units(),
            rule: self.settings.flow,
            lattice: &self.lattice,
            t,
            next: self.continuation(t),
        })
    }

    pub(super) fn rule(&self) -> Rule {
        Rule {
            selection: self.settings.selection,
        }
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

    /// theta_t and V_t at (pi, z), every equilibrium at every candidate of the leader searched against the lattice's V_{t+1}.
    ///
    /// # Errors
    /// A kernel or reward without a value at z, or a belief that theta is not held at.
    pub fn follow_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<SolvedPoint, SolveError> {
        let mut games = self.games(t);
        games.move_to(belief, z.weights())?;
        let listed = self.candidates_at(belief)?;
        let selected = games.choose(&self.rule(), &listed, &mut Work::default())?;
        self.point(&games, selected)
    }

    /// The followers' answer to one prescription of the leader, likewise.
    pub(super) fn plain_answer(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<SolvedPoint, SolveError> {
        let mut games = self.games(t);
        games.move_to(belief, z.weights())?;
        let selected = games.select(&self.rule(), leader, &mut Work::default())?;
        self.point(&games, selected)
    }

    /// theta_t and V_t at every belief of the period and every node of the lattice with `cells` cells per side.
    ///
    /// # Errors
    /// A kernel or reward without a value at a node, or too many nodes.
    pub fn lattice(
        &self,
        t: usize,
        cells: usize,
    ) -> Result<Vec<(Belief, MeanField, SolvedPoint)>, SolveError> {
        let lattice = lattice_of(self.game, cells, 1)?;
        let beliefs = self.beliefs(t).iter();
        let points = beliefs.flat_map(|pi| (0..lattice.nodes()).map(move |node| (pi, node)));
        let points: Vec<(&Belief, usize)> = points.collect();
        let points: Vec<Result<_, SolveError>> = points
            .into_par_iter()
            .map(|(belief, node)| {
                let z = MeanField::new(lattice.mean_field(node));
                let point = self.follow_at(t, belief, &z)?;
                Ok((belief.clone(), z, point))
            })
            .collect();
        points.into_iter().collect()
    }

    pub(super) fn values_of(&self, answer: &Answer) -> StateValues {
        let mut followers = answer.equilibrium.followers.clone();
        let mut leader_types = answer.leader_types.clone();
        self.in_rewards(&mut followers, &mut leader_types);
        StateValues {
            followers,
            leader: self.game.scales().leader.unit * answer.mean,
            leader_types,
        }
    }

    /// V from units of the players' scales to those of rewards.
    fn in_rewards(&self, followers: &mut [f64], leader: &mut [f64]) {
        let scales = self.game.scales();
        followers
            .iter_mut()
            .for_each(|v| *v *= scales.follower.unit);
        leader.iter_mut().for_each(|v| *v *= scales.leader.unit);
    }

    pub(super) fn point(
        &self,
        games: &StageGames,
        selected: Selected,
    ) -> Result<SolvedPoint, SolveError> {
        let Selected { answer, count } = selected;
        let values = self.values_of(&answer);
        let ahead = games.ahead(&answer.leader)?;
        let ways = ahead.iter().flat_map(|after| {
            games
                .sides(&answer, after.outcome.action)
                .into_iter()
                .map(|side| Way {
                    mean_field: MeanField::new(side.mean_field),
                    belief: after.outcome.belief.clone(),
                    probability: after.outcome.probability * side.probability,
                    action: after.outcome.action,
                    moves: after.outcome.moves.clone(),
                })
        });
        let next = ways.collect();
        let e = answer.equilibrium;
        Ok(SolvedPoint {
            play: Play {
                leader: answer.leader,
                prescription: Prescription::new(self.game.follower_actions().len(), e.gamma),
            },
            next,
            values,
            equilibria: count,
            residual: self.game.scales().follower.unit * e.residual,
            supported: e.kind != Kind::Lottery,
        })
    }
}

/// V at one period and belief.
pub(in crate::solve) struct Function<'s> {
    /// By node, then component.
    pub values: &'s [f64],
    pub cuts: &'s [Cut],
}

/// What an archive keeps of a solution.
pub(in crate::solve) struct Parts<'s> {
    /// The beliefs of the stored periods.
    pub beliefs: Vec<&'s [Belief]>,
    /// Period by period, belief by belief.
    pub functions: Vec<Function<'s>>,
    pub nodes: usize,
    pub components: usize,
    pub cells: usize,
}

impl<'g> SimplexSolution<'g> {
    pub(in crate::solve) fn parts(&self) -> Parts<'_> {
        let fields = self.values.iter().flat_map(|period| &period.fields);
        Parts {
            beliefs: self
                .values
                .iter()
                .map(|period| period.mesh.nodes())
                .collect(),
            functions: fields
                .map(|field| Function {
                    values: field.all(),
                    cuts: field.cuts().all(),
                })
                .collect(),
            nodes: self.nodes(),
            components: self.components(),
            cells: self.settings.grid,
        }
    }

    /// Values per node.
    pub(in crate::solve) fn components(&self) -> usize {
        components(self.game)
    }

    /// A solution of a whole game to which V is added period by period.
    pub(in crate::solve) fn empty(
        game: &'g Game,
        settings: &SolveSettings,
        beliefs: Beliefs,
        (work, iteration): (Work, Option<Iteration>),
    ) -> Result<Self, SolveError> {
        Ok(Self {
            game,
            settings: settings.clone(),
            actions: (0..game.leader_actions().len()).collect(),
            lattice: lattice_of(game, settings.grid, beliefs.count(game))?,
            beliefs,
            values: Vec::new(),
            work,
            iteration,
        })
    }

    /// Add V of the next period, as [`parts`](Self::parts) gives it.
    pub(in crate::solve) fn push_period(&mut self, period: Vec<(Vec<f64>, Vec<Cut>)>) {
        let t = self.values.len() + 1;
        let components = self.components();
        let fields = period.into_iter().map(|(values, cuts)| {
            let field = Field::new(&self.lattice, components, values);
            match cuts.is_empty() {
                true => field,
                false => field.with_cuts(&self.lattice, Cuts::new(cuts, self.lattice.nodes())),
            }
        });
        let values = PublicValues {
            fields: fields.collect(),
            mesh: self.beliefs.at(t).clone(),
        };
        self.values.push(values);
    }
}

impl Backward for SimplexSolution<'_> {
    type Values = PublicValues;

    fn back(
        &self,
        t: usize,
        next: &Self::Values,
        action: usize,
        work: &mut Work,
    ) -> Result<Self::Values, SolveError> {
        let mesh = self.beliefs.at(t);
        let nodes = mesh.nodes().iter();
        let listed = nodes.map(|pi| candidates::at_belief(self.game, &[action], 1, pi));
        let listed: Vec<_> = listed.collect::<Result<_, _>>()?;
        let period = Period {
            game: self.game.in_units(),
            rule: self.settings.flow,
            lattice: &self.lattice,
            t,
            next,
        };
        let v = step(period, mesh, &self.rule(), &listed, work)?;
        check_finite(self.game, &self.lattice, t, &v)?;
        Ok(v)
    }

    fn leader_value(&self, first: &Self::Values, z: &MeanField) -> Result<f64, SolveError> {
        let mut mean = 0.0;
        for (belief, weight) in public_beliefs(self.game, self.game.initial_belief()) {
            mean += weight * self.interpolate(first, 1, &belief, z)?.leader;
        }
        Ok(mean)
    }

    fn actions(&self) -> usize {
        self.game.leader_actions().len()
    }
}

/// Refuses a V_t that in units of rewards is more than a number can hold: where values are not numbers, none is largest.
/// V^l of a type that pi rules out may be none.
fn check_finite(
    game: &Game,
    lattice: &Lattice,
    t: usize,
    v: &PublicValues,
) -> Result<(), SolveError> {
    let (scales, types) = (game.scales(), game.follower_types().len());
    for (field, belief) in v.fields.iter().zip(v.mesh.nodes()) {
        for (i, value) in field.all().iter().enumerate() {
            let (node, component) = (i / field.components(), i % field.components());
            let (unit, possible) = match component.checked_sub(types) {
                None => (scales.follower.unit, true),
                Some(x) => (scales.leader.unit, belief.weights()[x] > 0.0),
            };
            if possible && !(unit * value).is_finite() {
                let z = lattice.mean_field(node);
                return Err(SolveError::Overflow { t, z });
            }
        }
    }
    Ok(())
}

/// All values of an iterate, for comparison with another.
fn look(v: &PublicValues) -> Snapshot {
    let parts = v.fields.iter().map(Field::snapshot);
    let mut whole = Snapshot {
        values: Vec::new(),
        comparable: Vec::new(),
    };
    for part in parts {
        whole.values.extend(part.values);
        whole.comparable.extend(part.comparable);
    }
    whole
}

/// The lattice, if it and the values on it, for so many beliefs of all periods, fit into memory.
fn lattice_of(game: &Game, cells: usize, beliefs: usize) -> Result<Lattice, SolveError> {
    let types = game.follower_types().len();
    let numbers = || {
        let width = types + game.leader_types().len();
        let values = triangulation::count(types, cells)?.checked_mul(width)?;
        values
            .checked_add(field::memory(types, cells)?)?
            .checked_mul(beliefs)
    };
    match numbers() {
        Some(numbers) if numbers <= MOST_NUMBERS => Ok(Lattice::new(types, cells)),
        _ => Err(SolveError::Lattice { types, cells }),
    }
}
