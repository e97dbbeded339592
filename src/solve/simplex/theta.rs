//! theta and V of a game with any number of follower types.

use rayon::prelude::*;

use super::backward::{Period, Selected, StageGames, step, terminal};
use super::field::{self, Field};
use super::lattice::{self, Lattice};
use crate::game::{Belief, Game, LeaderAction, MeanField, Play, Policy, Prescription};
use crate::scenario::SolveSettings;
use crate::solve::leader::{Rule, Work};
use crate::solve::solved::{SolvedEquilibrium, SolvedPoint, StateValues, Successor};
use crate::solve::stationary;
use crate::solve::{Iteration, Kind, SolveError, theta::first_actions};

/// Numbers that V_1, ..., V_{T+1} and their bounds may take, at most: four gigabytes.
const MOST_NUMBERS: usize = 1 << 29;

/// A game solved on a lattice: V_t at its nodes for t = 1..T, (13)-(16), linear between them.
///
/// theta is not stored: at any point it is the stage game solved there, against V_{t+1}.
#[derive(Clone, Debug)]
pub struct SimplexSolution<'g> {
    game: &'g Game,
    settings: SolveSettings,
    /// The leader's candidates.
    actions: Vec<usize>,
    lattice: Lattice,
    /// V_1, ..., V_{T+1}; for an infinite horizon the last iterate and the one before it.
    values: Vec<Field>,
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
        let lattice = lattice_of(game, settings.grid)?;
        let actions = actions.unwrap_or_else(|| (0..game.leader_actions().len()).collect());
        let rule = Rule {
            selection: settings.selection,
            actions: &actions,
        };
        let mut work = Work::default();
        let end = terminal(game, &lattice)?;
        let mut back = |t: usize, next: &Field| {
            let period = Period {
                game,
                lattice: &lattice,
                t,
                next,
            };
            step(period, &rule, &mut work)
        };
        let (values, iteration) = if game.is_infinite() {
            let bound = stationary::bound(game, settings);
            let look = |v: &Field| v.snapshot();
            let (values, iteration) =
                stationary::iterate(game.discount(), bound, end, |v| Ok(back(1, v)?), look)?;
            (values, Some(iteration))
        } else {
            let mut values = vec![end];
            for t in (1..=game.horizon()).rev() {
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
            lattice,
            values,
            work,
            iteration,
        })
    }

    /// How the iteration of an infinite horizon ended; `None` for a finite one.
    pub fn iteration(&self) -> Option<&Iteration> {
        self.iteration.as_ref()
    }

    /// V_t; for an infinite horizon the same at every t.
    fn value_function(&self, t: usize) -> &Field {
        match self.iteration {
            None => &self.values[t - 1],
            Some(_) => &self.values[0],
        }
    }

    /// V_{t+1} as the stage games of period t see it.
    fn continuation(&self, t: usize) -> &Field {
        match self.iteration {
            None => &self.values[t],
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

    /// V_t as it is stored, interpolated at z; `t` runs to T + 1.
    pub fn stored_values(&self, t: usize, z: &MeanField) -> StateValues {
        let mut at = lattice::Location::default();
        self.lattice.locate(z.weights(), &mut at);
        let mut followers = self.value_function(t).at(&at);
        let leader = followers.pop().unwrap_or(f64::NAN);
        StateValues { followers, leader }
    }

    fn games(&self, t: usize) -> StageGames<'_> {
        StageGames::new(Period {
            game: self.game,
            lattice: &self.lattice,
            t,
            next: self.continuation(t),
        })
    }

    fn rule(&self) -> Rule<'_> {
        Rule {
            selection: self.settings.selection,
            actions: &self.actions,
        }
    }

    /// theta_t and V_t re-solved at z, every equilibrium at every leader action searched.
    ///
    /// # Errors
    /// A kernel or reward without a value at z.
    pub fn resolve(&self, t: usize, z: &MeanField) -> Result<SolvedPoint, SolveError> {
        let mut games = self.games(t);
        games.move_to(z.weights())?;
        Ok(self.point(games.choose(&self.rule(), &mut Work::default())))
    }

    /// The followers' answer to one leader action at (t, z), and the values it gives.
    ///
    /// # Errors
    /// A kernel or reward without a value at z.
    pub fn answer_at(
        &self,
        t: usize,
        z: &MeanField,
        leader_action: LeaderAction,
    ) -> Result<SolvedPoint, SolveError> {
        let mut games = self.games(t);
        games.move_to(z.weights())?;
        let selected = games.select(&self.rule(), leader_action.0, &mut Work::default());
        Ok(self.point(selected))
    }

    /// theta_t and V_t at every node of the lattice with `cells` cells per side.
    ///
    /// # Errors
    /// A kernel or reward without a value at a node, or too many nodes.
    pub fn lattice(
        &self,
        t: usize,
        cells: usize,
    ) -> Result<Vec<(MeanField, SolvedPoint)>, SolveError> {
        let lattice = lattice_of(self.game, cells)?;
        let points: Vec<Result<_, SolveError>> = (0..lattice.nodes())
            .into_par_iter()
            .map(|node| {
                let z = MeanField::new(lattice.mean_field(node));
                let point = self.resolve(t, &z)?;
                Ok((z, point))
            })
            .collect();
        points.into_iter().collect()
    }

    /// Every equilibrium of the stage games at (t, z), for one leader action or all.
    ///
    /// # Errors
    /// A kernel or reward without a value at z.
    pub fn stage_equilibria(
        &self,
        t: usize,
        z: &MeanField,
        leader_action: Option<LeaderAction>,
    ) -> Result<Vec<SolvedEquilibrium>, SolveError> {
        let mut games = self.games(t);
        games.move_to(z.weights())?;
        let mut work = Work::default();
        let chosen = games.choose(&self.rule(), &mut work).answer;
        let mut rows = Vec::new();
        let asked = |l: &&usize| leader_action.is_none_or(|only| only.0 == **l);
        for &l in self.actions.iter().filter(asked) {
            let (answers, _) = games.enumerate(l, &mut work);
            rows.extend(answers.into_iter().map(|answer| {
                let e = answer.equilibrium;
                SolvedEquilibrium {
                    leader_action: LeaderAction(l),
                    kind: e.kind,
                    selected: chosen.leader_action == l && chosen.equilibrium.gamma == e.gamma,
                    next: MeanField::new(e.next),
                    // The probability of the sides after the first.
                    coin: 1.0 - answer.sides[0].probability,
                    prescription: Prescription::new(self.game.follower_actions().len(), e.gamma),
                    values: StateValues {
                        followers: e.followers,
                        leader: answer.leader,
                    },
                    residual: e.residual,
                }
            }));
        }
        Ok(rows)
    }

    fn point(&self, selected: Selected) -> SolvedPoint {
        let Selected { answer, count } = selected;
        let e = answer.equilibrium;
        let leader_action = LeaderAction(answer.leader_action);
        let next = answer.sides.into_iter().map(|side| Successor {
            leader_action,
            belief: Belief::certain().update(leader_action),
            mean_field: MeanField::new(side.mean_field),
            probability: side.probability,
        });
        SolvedPoint {
            play: Play {
                leader_action,
                prescription: Prescription::new(self.game.follower_actions().len(), e.gamma),
            },
            next: next.collect(),
            values: StateValues {
                followers: e.followers,
                leader: answer.leader,
            },
            equilibria: count,
            residual: e.residual,
            supported: e.kind != Kind::Lottery,
        }
    }
}

impl Policy for SimplexSolution<'_> {
    /// theta_t at z, re-solved. A mean field at which the game has no valid value plays the first actions: the caller
    /// evaluates the same kernels there and reports the error.
    fn play(&self, t: usize, z: &MeanField) -> Play {
        let point = self.resolve(t, z);
        point.map_or_else(|_| first_actions(self.game), |point| point.play)
    }

    fn answer(&self, t: usize, z: &MeanField, leader_action: LeaderAction) -> Option<Prescription> {
        let answer = self.answer_at(t, z, leader_action);
        let play = answer.map_or_else(|_| first_actions(self.game), |point| point.play);
        Some(play.prescription)
    }
}

/// The lattice, if it and the values on it fit into memory.
fn lattice_of(game: &Game, cells: usize) -> Result<Lattice, SolveError> {
    let types = game.follower_types().len();
    let numbers = || {
        let values = lattice::count(types, cells)?.checked_mul(types + 1)?;
        values
            .checked_add(field::memory(types, cells)?)?
            .checked_mul(game.horizon() + 1)
    };
    match numbers() {
        Some(numbers) if numbers <= MOST_NUMBERS => Ok(Lattice::new(types, cells)),
        _ => Err(SolveError::Lattice { types, cells }),
    }
}
