//! The planted laws as games: staying is theta, going brings the law.

use super::PlantedLaw;
use crate::game::{
    Belief, Game, Kernel, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError,
    Prescription, Reward,
};

impl PlantedLaw {
    /// The game in which a follower who goes, where all others stay, gains -cost at t = 1 and `size` in every later period
    /// in which it finds itself `high`, independently of everything else. Nothing depends on z.
    pub fn game(self, gain: f64) -> Game {
        let (steps, probability, size) = self.shape();
        let cost = self.cost(gain);
        let horizon = steps as usize + 1;
        // By type, then action; going costs at t = 1 alone.
        let mut rewards = vec![vec![0.0, 0.0, size, size]; horizon];
        rewards[0] = vec![0.0, -cost, size, size - cost];
        let built = Game::builder("planted")
            .horizon(horizon)
            .discount(1.0)
            .follower_types(["low", "high"])
            .follower_actions(["stay", "go"])
            .initial([1.0, 0.0])
            .transition(Kernel::constant(move |at, next| {
                let high = [0.0, probability][at.a];
                next.copy_from_slice(&[1.0 - high, high]);
            }))
            .follower_reward(Reward::per_period(rewards))
            .build();
        built.expect("the tables are a game for every finite gain")
    }
}

/// Everybody stays.
#[derive(Clone, Copy, Debug)]
pub struct Stay;

/// The first of two actions, whatever the type.
pub(super) fn always(action: usize) -> Play {
    let row = [0, 1].map(|a| f64::from(u8::from(a == action)));
    Play::pure(LeaderAction(0), Prescription::new(2, [row, row].concat()))
}

impl Policy for Stay {
    fn play(&self, _: usize, _: &Belief, _: &MeanField) -> Result<Play, PolicyError> {
        Ok(always(0))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        _: &MeanField,
        _: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Err(PolicyError::NoAnswer { t })
    }
}
