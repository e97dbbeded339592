//! A solution in parts: to be kept in an archive, and one period at a time.

use super::super::continuation::Candidates;
use super::super::values::ValueFunction;
use super::Solution;
use crate::game::{Belief, Game, LeaderInformation, MeanField, public_beliefs};
use crate::scenario::SolveSettings;
use crate::solve::beliefs::Beliefs;
use crate::solve::solved::Backward;
use crate::solve::{Iteration, SolveError, Work, check};

/// What an archive keeps of a solution.
pub(in crate::solve) struct Parts<'s> {
    /// V by stored period and belief.
    pub values: &'s [Vec<ValueFunction>],
    /// The beliefs of the stored periods.
    pub beliefs: Vec<&'s [Belief]>,
}

impl<'g> Solution<'g> {
    pub(in crate::solve) fn parts(&self) -> Parts<'_> {
        let periods = 0..self.values.len();
        Parts {
            values: &self.values,
            beliefs: periods
                .map(|i| self.beliefs(self.beliefs.first() + i))
                .collect(),
        }
    }

    /// A solution of a whole game from V at its stored periods.
    pub(in crate::solve) fn from_parts(
        game: &'g Game,
        settings: &SolveSettings,
        beliefs: Beliefs,
        values: Vec<Vec<ValueFunction>>,
        (work, iteration): (Work, Option<Iteration>),
    ) -> Result<Self, SolveError> {
        check(game, settings)?;
        let mut solution = Self {
            game,
            settings: settings.clone(),
            actions: (0..game.leader_actions().len()).collect(),
            beliefs,
            values,
            candidates: Vec::new(),
            work,
            iteration,
            stretches: super::stretches(game.in_units()),
        };
        let periods = 1..solution.values.len();
        let listed = periods.map(|t| solution.list(t, &solution.values[t]));
        let candidates = listed.collect::<Result<_, _>>()?;
        solution.candidates = candidates;
        Ok(solution)
    }

    /// Whether every label names a candidate.
    pub(in crate::solve) fn labels_are_known(&self) -> bool {
        let nodes = self
            .values
            .iter()
            .zip(&self.candidates)
            .flat_map(|(v, c)| v.iter().zip(c));
        nodes.into_iter().all(|(v, candidates)| {
            let mut labels = v.pieces().iter().filter_map(|piece| piece.label.as_ref());
            labels.all(|label| label.candidate < candidates.list.len())
        })
    }
}

impl Backward for Solution<'_> {
    type Values = Vec<ValueFunction>;

    fn back(
        &self,
        t: usize,
        next: &Self::Values,
        action: usize,
        work: &mut Work,
    ) -> Result<Self::Values, SolveError> {
        let nodes = self.beliefs.at(t).nodes().iter();
        let listed = nodes.map(|belief| self.list_at(t, belief, next, &[action]));
        let listed: Vec<Candidates> = listed.collect::<Result<_, _>>()?;
        self.step(t, next, &listed, self.settings.tolerance, work)
    }

    fn leader_value(&self, first: &Self::Values, z: &MeanField) -> Result<f64, SolveError> {
        let mut mean = 0.0;
        let m = z.weights()[1];
        for (belief, weight) in public_beliefs(self.game, self.game.initial_belief()) {
            let unheld = || SolveError::Belief {
                t: 1,
                belief: belief.weights().to_vec(),
            };
            let nodes = self.beliefs.at(1).locate(&belief).ok_or_else(unheld)?;
            for (node, share) in nodes {
                let v = &first[node];
                let at = v.locate(m);
                let by_type = v.leader_types(at);
                let by_type = by_type.iter().zip(belief.weights());
                let value = match self.game.leader_information() {
                    LeaderInformation::Private => by_type.map(|(v, pi)| pi * v).sum(),
                    _ => v.values(at).leader,
                };
                mean += weight * share * value;
            }
        }
        Ok(self.game.scales().leader.unit * mean)
    }

    fn actions(&self) -> usize {
        self.game.leader_actions().len()
    }
}
