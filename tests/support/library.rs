//! Scenarios, solved, and theta ahead of its time.

use crate::support::affine::AffineGame;
use smfg::game::{Belief, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription};
use smfg::scenario::{Override, Scenario};
use smfg::solve::Selection;
use smfg::solve::{Pieces, Theta};
use std::path::Path;

/// A shipped scenario with some of its settings changed.
pub fn shipped(name: &str, overrides: &[&str]) -> Scenario {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("scenarios").join(format!("{name}.toml"));
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(&path, &overrides).expect("a shipped scenario reads")
}

/// A random game as a scenario.
pub fn affine(numbers: &AffineGame) -> Scenario {
    let text = numbers.scenario("optimistic");
    Scenario::parse("affine.toml", &text, &[]).expect("a random game reads")
}

/// Solved under one selection.
pub fn solve(scenario: &Scenario, selection: Selection) -> Theta<'_, Pieces> {
    let mut settings = scenario.solve.clone();
    settings.selection = selection;
    Theta::<Pieces>::compute(scenario.game(), &settings, None).expect("the game can be solved")
}

/// A policy that plays `shift` periods of theta ahead, as long as there are any; it answers like theta.
pub struct Shifted<'s, 'g> {
    pub theta: &'s Theta<'g, Pieces>,
    pub shift: usize,
}

impl Policy for Shifted<'_, '_> {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        self.theta.play(
            (t + self.shift).min(self.theta.game().horizon()),
            &Belief::certain(),
            z,
        )
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        self.theta.answer(t, &Belief::certain(), z, leader)
    }
}
