//! The planted laws as games: staying is theta, going brings the law.

use super::PlantedLaw;
use crate::game::{
    Belief, Game, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError,
    Prescription,
};
use crate::scenario::Scenario;

impl PlantedLaw {
    /// The game in which a follower who goes, where all others stay, gains -cost at t = 1 and `size` in every later period
    /// in which it finds itself `high`, independently of everything else. Nothing depends on z.
    pub fn game(self, gain: f64) -> Game {
        let (steps, probability, size) = self.shape();
        let cost = self.cost(gain);
        let (horizon, rest) = (steps + 1, 1.0 - probability);
        let text = format!(
            r#"
name = "planted"
horizon = {horizon}
discount = 1.0
[follower]
types = ["low", "high"]
actions = ["stay", "go"]
initial = [1.0, 0.0]
reward = "({size:?}) * (x == high) - ({cost:?}) * (t == 1) * (a == go)"
[follower.transition]
"*, stay" = {{ low = 1 }}
"*, go" = {{ high = {probability:?}, low = {rest:?} }}
"#
        );
        Scenario::parse("planted.toml", &text, &[])
            .expect("the text is a game for every finite gain")
            .game()
            .clone()
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
