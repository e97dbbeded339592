//! The stage games as the rest of the solver sees them: what an equilibrium means, and the work that it takes.

use super::continuation::After;
use super::is_private;
use super::stage_game::{Equilibrium, StageGames};
use crate::game::{GameError, MeanField, Play, Prescription, Way};
use crate::solve::representation::{self, Found};
use crate::solve::stage::Outcome;
use crate::solve::{SolveError, StateValues, Work};

/// Multiply-adds in the time that goes by before the first stage game at a point, apart from the game's own formulas,
const SETUP: f64 = 6e3;
/// of listing one candidate of the leader,
const CANDIDATE: f64 = 100.0;
/// of where one pair of actions leads,
const LANDING: f64 = 200.0;
/// and of one stage game.
const STAGE_GAME: f64 = 5e3;

impl StageGames<'_> {
    /// m' with its probability: one, or the two sides of a jump.
    fn sides(&self, e: &Equilibrium) -> Vec<(f64, f64)> {
        if e.is_supported() {
            return vec![(e.next.m, 1.0)];
        }
        let right = self.next(e.label.candidate).pieces()[e.next.piece + 1].lo;
        vec![(e.next.m, 1.0 - e.coin), (right, e.coin)]
    }
}

impl representation::StageGames for StageGames<'_> {
    type Equilibrium = Equilibrium;

    fn move_to(&mut self, z: &[f64]) -> Result<(), GameError> {
        StageGames::move_to(self, z[1])
    }

    fn mean_field(&self) -> &[f64] {
        self.z()
    }

    fn candidates(&self) -> usize {
        StageGames::candidates(self)
    }

    fn actions(&self) -> usize {
        self.period.game.follower_actions().len()
    }

    fn search(&mut self, l: usize, _: &mut Work) -> Result<Found, SolveError> {
        self.enumerate(l);
        Ok(Found {
            count: self.equilibria.count(),
            must_be_odd: !self.equilibria.tied,
        })
    }

    fn found(&self) -> &[Equilibrium] {
        &self.equilibria.found
    }

    fn take(&mut self, place: usize) -> Equilibrium {
        self.equilibria.found[place]
    }

    fn continua(&self) -> Vec<bool> {
        self.equilibria.in_continua()
    }

    fn least_loss(&mut self, l: usize) -> Result<Equilibrium, SolveError> {
        Ok(StageGames::least_loss(self, l))
    }

    fn prescription(&self, e: &Equilibrium) -> Prescription {
        e.prescription(self.period.game.follower_actions().len())
    }

    fn play(&self, e: &Equilibrium) -> Result<Play, SolveError> {
        let game = self.period.game;
        let announced = &self.period.candidates.list[e.label.candidate].leader;
        let ruled_out = self.period.belief.weights().contains(&0.0);
        Ok(Play {
            leader: match ruled_out && is_private(game) {
                true => self.leader_types(e)?.played(game, announced),
                false => announced.clone(),
            },
            prescription: self.prescription(e),
        })
    }

    fn values(&self, e: &Equilibrium) -> Result<StateValues, SolveError> {
        Ok(StateValues {
            followers: e.values.followers.to_vec(),
            leader: e.values.leader,
            leader_types: match is_private(self.period.game) {
                true => self.leader_types(e)?.values,
                false => vec![e.values.leader],
            },
        })
    }

    fn successor(&self, e: &Equilibrium) -> MeanField {
        MeanField::two_types(e.next.m)
    }

    fn successors(&self, e: &Equilibrium) -> Result<Vec<Way>, SolveError> {
        let sides = self.sides(e);
        let after = &self.period.candidates.list[e.label.candidate].after;
        let ways = after.iter().flat_map(|After { outcome, .. }| {
            sides.iter().map(|(m, probability)| Way {
                belief: outcome.belief.clone(),
                mean_field: MeanField::two_types(*m),
                probability: outcome.probability * probability,
                action: outcome.action,
                moves: outcome.moves.clone(),
            })
        });
        Ok(ways.collect())
    }

    /// The formulas, where every pure prescription leads, and the stage games; a known regime counts as one.
    fn cost(&self, work: &Work) -> Result<f64, SolveError> {
        // Candidates that move the followers alike share it.
        let groups = self.period.candidates.groups();
        let distinct = groups.iter().max().map_or(0, |last| last + 1);
        let pairs = distinct * self.period.game.follower_actions().len().pow(2);
        let listing = CANDIDATE * groups.len() as f64 + LANDING * pairs as f64;
        let setup = SETUP + self.period.game.evaluation_cost() + listing;
        Ok(setup + STAGE_GAME * work.stage_games.max(1) as f64)
    }
}
