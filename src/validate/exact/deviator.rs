//! Whose values stand beside theta's in a backward induction.

use crate::game::candidates::{self, TooManyCandidates, same_law};
use crate::game::{Belief, Game, LeaderPrescription, MeanField, Play, Policy};
use crate::validate::deviations::NamedPolicy;
use crate::validate::{Player, ValidateError};

/// Who deviates, follower or leader: the recursion is the same, and where the best response takes a maximum a given
/// policy is evaluated.
#[derive(Clone, Copy, Debug)]
pub(in crate::validate) enum Deviator<'a> {
    /// The best of all deviations; of the leader, of all stage-wise ones to a map from types to actions.
    Best,
    /// A policy of the user.
    Given(&'a NamedPolicy),
}

impl Deviator<'_> {
    /// What a given policy plays at (t, pi, z).
    ///
    /// # Errors
    /// A policy without a play there.
    pub fn play(
        self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Option<Play>, ValidateError> {
        match self {
            Self::Best => Ok(None),
            Self::Given(file) => Ok(Some(file.policy.play(t, belief, z)?)),
        }
    }

    /// An error that is met with this deviator and not without: in beliefs that the leader leads to.
    pub fn blamed(self, error: ValidateError, population: u64) -> ValidateError {
        match self {
            Self::Best => error,
            Self::Given(file) => {
                error.on_the_way_of(Player::Leader, population, || file.deviation_name())
            }
        }
    }
}

/// What the leader may announce at a belief in the place of theta's own prescription: every map from the types of positive
/// probability to actions, or the given play's prescription, if it is another one there.
///
/// # Errors
/// Too many maps.
pub(super) fn announcements(
    game: &Game,
    belief: &Belief,
    theta: &LeaderPrescription,
    given: Option<&Play>,
) -> Result<Vec<LeaderPrescription>, TooManyCandidates> {
    let mut announced = match given {
        None => {
            let actions: Vec<usize> = (0..game.leader_actions().len()).collect();
            candidates::at_belief(game, &actions, 1, belief)?
        }
        Some(play) => vec![play.leader.clone()],
    };
    announced.retain(|leader| !same_law(belief, leader, theta));
    Ok(announced)
}
