//! A dense two-type game with its kernel by hand and a policy of (t, z) for it.

use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::Cohorts;
use smfg::simulate::Engine;

/// A dense game: P(on | off, a) = .1 + .5 z(on) (.3 more for `push`), P(on | on, a) = .8 - .4 z(on) (.1 less for `push`).
pub const MILL: &str = r#"
name = "mill"
horizon = 3
discount = 0.9
[follower]
types = ["off", "on"]
actions = ["hold", "push"]
initial = [0.7, 0.3]
reward = "z[on] * (x == on) - 0.3 * fee * (a == push) - 0.1 * t"
terminal = "2 * (x == on)"
[follower.transition]
"off, hold" = { on = "0.1 + 0.5 * z[on]", off = "rest" }
"off, push" = { on = "0.4 + 0.5 * z[on]", off = "rest" }
"on, hold" = { on = "0.8 - 0.4 * z[on]", off = "rest" }
"on, push" = { on = "0.7 - 0.4 * z[on]", off = "rest" }
[leader]
actions = { name = "fee", values = [1, 2] }
reward = { per_follower = "fee * (a == push)", period = "z[off]" }
"#;

pub fn scenario(text: &str) -> Scenario {
    Scenario::parse("test.toml", text, &[]).unwrap()
}

/// P(push | x) of [`MillPolicy`], a function of t and z.
pub fn push(t: usize, on: f64, x: usize) -> f64 {
    if x == 0 {
        (0.2 * t as f64 + 0.2 * on).min(1.0)
    } else {
        (0.9 - 0.2 * t as f64 * on).max(0.0)
    }
}

pub fn next_on(on: f64, x: usize, a: usize) -> f64 {
    match (x, a) {
        (0, 0) => 0.1 + 0.5 * on,
        (0, _) => 0.4 + 0.5 * on,
        (_, 0) => 0.8 - 0.4 * on,
        _ => 0.7 - 0.4 * on,
    }
}

pub struct MillPolicy;

impl Policy for MillPolicy {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let on = z.weights()[1];
        let rows = (0..2)
            .flat_map(|x| [1.0 - push(t, on, x), push(t, on, x)])
            .collect();
        let leader_action = LeaderAction(usize::from(on > 0.4));
        Ok(Play::pure(leader_action, Prescription::new(2, rows)))
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

pub const SETTINGS: [(Engine, Cohorts); 4] = [
    (Engine::Counts, Cohorts::Together),
    (Engine::Counts, Cohorts::ByInitialType),
    (Engine::Agents, Cohorts::Together),
    (Engine::Agents, Cohorts::ByInitialType),
];
