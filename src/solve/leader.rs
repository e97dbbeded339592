//! What an equilibrium is worth to each type of the leader, (16).

use super::SolveError;
use crate::game::{Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType};

/// V^l per leader type, and what types do that the belief rules out.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeValues {
    /// Where her type is public, of the one that she has.
    pub values: Vec<f64>,
    /// The mean over pi.
    pub mean: f64,
    /// A private type of probability zero moves nothing and takes its own best action.
    pub own: Vec<(LeaderType, LeaderAction)>,
}

impl TypeValues {
    /// Per type, the mean over her actions of what each is worth to it, all else as announced.
    pub fn of(
        game: &Game,
        belief: &Belief,
        leader: &LeaderPrescription,
        mut value: impl FnMut(LeaderType, LeaderAction) -> Result<f64, SolveError>,
    ) -> Result<Self, SolveError> {
        let public = game.leader_information() == LeaderInformation::Public;
        let mut all = Self::default();
        for (x, weight) in belief.weights().iter().enumerate() {
            let x = LeaderType(x);
            if *weight > 0.0 {
                let mut mean = 0.0;
                for (action, gamma) in leader.support(x) {
                    mean += gamma * value(x, action)?;
                }
                all.mean += weight * mean;
                all.values.push(mean);
            } else if !public {
                let mut best = (f64::NEG_INFINITY, LeaderAction(0));
                for action in (0..game.leader_actions().len()).map(LeaderAction) {
                    let own = value(x, action)?;
                    if own > best.0 {
                        best = (own, action);
                    }
                }
                all.values.push(best.0);
                all.own.push((x, best.1));
            }
        }
        Ok(all)
    }

    /// The prescription that is played: announced by the possible types, their own best by the others.
    pub fn played(&self, game: &Game, announced: &LeaderPrescription) -> LeaderPrescription {
        let actions = game.leader_actions().len();
        let own = self.own.iter();
        own.fold(announced.clone(), |leader, (x, action)| {
            leader.with_row(actions, *x, *action)
        })
    }
}
