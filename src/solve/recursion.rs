//! The recursion over periods and beliefs, (13)-(16), whatever V is held in.

use rayon::prelude::*;

use super::beliefs::Beliefs;
use super::budget::{Budget, Growth};
use super::representation::{Effort, Period, Representation, ValueFunction};
use super::stage::StateValues;
use super::stationary::{self, Snapshot};
use super::tolerances::FINEST;
use super::{Iteration, SolveError, Work};
use crate::game::candidates;
use crate::game::{Belief, Game, LeaderAction, MeanField, Task, public_beliefs};
use crate::solve::SolveSettings;

/// V of one period at each of its beliefs.
type PublicValues<R> = Vec<<R as Representation>::Function>;

/// What the recursion runs on.
pub(super) struct Recursion<'a, R: Representation> {
    pub game: &'a Game,
    pub settings: &'a SolveSettings,
    pub representation: &'a R,
    pub beliefs: &'a Beliefs,
}

impl<'a, R: Representation> Recursion<'a, R> {
    /// A period at a belief, given V_{t+1}.
    pub fn period(&self, t: usize, belief: &'a Belief, next: &'a [R::Function]) -> Period<'a, R> {
        Period {
            game: self.game.in_units(),
            settings: self.settings,
            representation: self.representation,
            t,
            belief,
            mesh: self.beliefs.at(t + 1),
            next,
        }
    }

    /// V_{T+1}, or where an infinite iteration starts: the same at every belief.
    fn end(&self, work: &mut Work) -> Result<PublicValues<R>, SolveError> {
        let game = self.game.in_units();
        let end = self.representation.terminal(game, self.settings, work)?;
        let last = self.beliefs.at(self.game.horizon() + 1);
        Ok(vec![end; last.nodes().len()])
    }

    /// V_t, the leader choosing among some actions.
    fn step(
        &self,
        t: usize,
        next: &[R::Function],
        actions: &[usize],
        effort: Effort,
        work: &mut Work,
    ) -> Result<PublicValues<R>, SolveError> {
        let at = |belief: &Belief| -> Result<(R::Function, Work), SolveError> {
            let mixing = self.settings.leader_mixing;
            let listed = candidates::at_belief(self.game, actions, mixing, belief)?;
            let here = Recursion { ..*self };
            let period = here.period(t, belief, next);
            let mut work = Work::default();
            let v = R::step(period, R::candidates(period, listed)?, effort, &mut work)?;
            match self.representation.overflow(self.game, belief, &v) {
                Some(z) => Err(SolveError::Overflow { t, z }),
                None => Ok((v, work)),
            }
        };
        let beliefs = self.beliefs.at(t).nodes().par_iter();
        let parts: Vec<Result<_, SolveError>> = beliefs.map(at).collect();
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            let (v, done) = part?;
            work.add(&done);
            all.push(v);
        }
        Ok(all)
    }

    /// V_t, ..., V_{T+1} from the first period on.
    pub fn backward(
        &self,
        actions: &[usize],
        work: &mut Work,
    ) -> Result<Vec<PublicValues<R>>, SolveError> {
        let mut growth = Growth::new(self.settings.budget);
        let budget = Budget::new(self.settings.budget);
        let effort = Effort {
            tolerance: self.settings.tolerance,
            budget: &budget,
        };
        let mut values = vec![self.end(work)?];
        let periods = self.beliefs.first()..=self.game.horizon();
        let total = periods.clone().count() as u64;
        for t in periods.rev() {
            let next = &values[values.len() - 1];
            let v = self.step(t, next, actions, effort, work)?;
            growth.record(t, most_detail(&v), work.steps())?;
            values.push(v);
            let done = (values.len() - 1) as u64;
            self.game.report(Task::Solve, done, Some(total));
        }
        values.reverse();
        Ok(values)
    }

    /// The last iterate of an infinite horizon, and the one before it.
    pub fn stationary(
        &self,
        actions: &[usize],
        work: &mut Work,
    ) -> Result<(Vec<PublicValues<R>>, Iteration), SolveError> {
        let bound = stationary::bound(self.game, self.settings);
        let mut growth = Growth::new(self.settings.budget);
        let budget = Budget::new(self.settings.budget);
        let effort = Effort {
            tolerance: (stationary::FINER * bound).max(FINEST),
            budget: &budget,
        };
        let start = self.end(work)?;
        let mut done = 0;
        let step = |next: &PublicValues<R>| {
            let v = self.step(1, next, actions, effort, work)?;
            growth.record(1, most_detail(&v), work.steps())?;
            done += 1;
            self.game.report(Task::Solve, done, None);
            Ok(v)
        };
        let look = |all: &PublicValues<R>| {
            let mut snapshot = Snapshot::default();
            all.iter().for_each(|v| v.look(&mut snapshot));
            snapshot
        };
        stationary::iterate(self.game.discount(), bound, start, step, look)
    }

    /// V_t at (pi, z), in units of the players' scales.
    ///
    /// # Errors
    /// A belief that V is not held at.
    pub fn values(
        &self,
        t: usize,
        v: &[R::Function],
        belief: &Belief,
        z: &MeanField,
    ) -> Result<StateValues, SolveError> {
        let nodes = self.beliefs.at(t).locate(belief);
        let nodes = nodes.ok_or_else(|| SolveError::Belief {
            t,
            belief: belief.weights().to_vec(),
        })?;
        let mut followers: Vec<f64> = Vec::new();
        for (node, share) in nodes {
            let values = self.representation.values(&v[node], z.weights());
            followers.resize(values.len(), 0.0);
            let sums = followers.iter_mut().zip(values);
            sums.for_each(|(sum, v)| *sum += share * v);
        }
        let leader_types = followers.split_off(self.game.follower_types().len());
        // Where her type is public there is one value, of the type that she has.
        let private = leader_types.len() > 1;
        let weights = belief.weights().iter().filter(|w| private || **w > 0.0);
        Ok(StateValues {
            followers,
            leader: weights.zip(&leader_types).map(|(w, v)| w * v).sum(),
            leader_types,
        })
    }

    /// V^l_1 at z, in the mean over pi_1.
    fn leader_value(&self, first: &[R::Function], z: &MeanField) -> Result<f64, SolveError> {
        let mut mean = 0.0;
        for (belief, weight) in public_beliefs(self.game, self.game.initial_belief()) {
            mean += weight * self.values(1, first, &belief, z)?.leader;
        }
        Ok(self.game.scales().leader.unit * mean)
    }

    /// Of all sequences of leader actions the best from z on; `None` where the search takes more work than this.
    pub fn best_sequence(
        &self,
        z: &MeanField,
        most: u64,
    ) -> Result<Option<(f64, Vec<LeaderAction>)>, SolveError> {
        let mut search = Sequences {
            recursion: self,
            z,
            budget: Budget::new(self.settings.budget),
            most,
            work: Work::default(),
            ending: Vec::new(),
            best: (f64::NEG_INFINITY, Vec::new()),
        };
        let end = self.end(&mut Work::default())?;
        let all = search.before(self.game.horizon(), &end)?;
        Ok(all.then_some(search.best))
    }
}

/// The largest detail at one belief.
fn most_detail<V: ValueFunction>(v: &[V]) -> usize {
    v.iter().map(V::detail).max().unwrap_or(0)
}

/// The search through all sequences of leader actions, from the last period to the first.
struct Sequences<'s, 'a, R: Representation> {
    recursion: &'s Recursion<'a, R>,
    z: &'s MeanField,
    budget: Budget,
    most: u64,
    work: Work,
    /// The last actions, the last one first.
    ending: Vec<LeaderAction>,
    best: (f64, Vec<LeaderAction>),
}

impl<R: Representation> Sequences<'_, '_, R> {
    /// Every sequence that ends so, from period t + 1 on with V_{t+1} = `next`; whether the work was enough.
    fn before(&mut self, t: usize, next: &[R::Function]) -> Result<bool, SolveError> {
        if t == 0 {
            let value = self.recursion.leader_value(next, self.z)?;
            if value > self.best.0 {
                self.best = (value, self.ending.iter().rev().copied().collect());
            }
            return Ok(true);
        }
        for action in 0..self.recursion.game.leader_actions().len() {
            let effort = Effort {
                tolerance: self.recursion.settings.tolerance,
                budget: &self.budget,
            };
            let step = self
                .recursion
                .step(t, next, &[action], effort, &mut self.work);
            let v = match step {
                Err(error) if error.is_of_length() => return Ok(false),
                v => v?,
            };
            if self.work.steps() > self.most {
                return Ok(false);
            }
            self.ending.push(LeaderAction(action));
            let enough = self.before(t - 1, &v)?;
            self.ending.pop();
            if !enough {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
