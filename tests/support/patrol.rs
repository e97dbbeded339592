//! A leader with a mood whose rule moves the followers, its kernels and a policy of (t, pi, z) by hand.

#![allow(dead_code)]

use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::scenario::Scenario;

const PATROL: &str = r#"
name = "patrol"
horizon = 2
discount = 0.5
[follower]
types = ["calm", "wild"]
actions = ["hold", "push"]
initial = [0.6, 0.4]
reward = "(x == wild) + 0.5 * (a == push) * (leader_type == grim) - (leader_action == strict) * z[wild]"
[follower.transition]
"calm, hold" = { wild = "0.1 + 0.3 * (leader_type == grim) + 0.2 * (leader_action == strict) + 0.3 * z[wild]", calm = "rest" }
"calm, push" = { wild = "0.5 + 0.2 * (leader_action == strict) * z[wild]", calm = "rest" }
"wild, hold" = { wild = "0.8 - 0.4 * (leader_type == kind) * (leader_action == strict)", calm = "rest" }
"wild, push" = { wild = "0.7 - 0.4 * (leader_type == kind) * (leader_action == strict)", calm = "rest" }
[leader]
actions = ["strict", "lax"]
types = ["kind", "grim"]
initial = [0.7, 0.3]
observed = false
reward = { period = "2 * (leader_type == grim) + (leader_action == strict)", per_follower = "3 * (a == push)" }
[leader.transition]
"kind, strict" = { grim = "0.2 + 0.5 * z[wild]", kind = "rest" }
"kind, lax" = { grim = 0.1, kind = "rest" }
"grim, strict" = { grim = "0.4 + 0.3 * z[wild]", kind = "rest" }
"grim, lax" = { grim = 0.75, kind = "rest" }
[simulate]
populations = [20, 300]
replications = 200
"#;

/// Who sees the leader's type, and whether she mixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    PrivateMixing,
    PrivatePure,
    Public,
    /// A kind leader, who mixes.
    NoTypes,
}

impl Kind {
    pub const ALL: [Self; 4] = [
        Self::PrivateMixing,
        Self::PrivatePure,
        Self::Public,
        Self::NoTypes,
    ];

    /// P(x^l_1 = grim).
    pub fn initial_grim(self) -> f64 {
        match self {
            Self::NoTypes => 0.0,
            _ => 0.3,
        }
    }

    /// pi_1(grim) where her first type is `x`.
    pub fn belief_at_first(self, x: usize) -> f64 {
        match self {
            Self::Public => x as f64,
            _ => self.initial_grim(),
        }
    }

    /// P(grim next | x, a).
    pub fn next_grim(self, wild: f64, x: usize, a: usize) -> f64 {
        match self {
            Self::NoTypes => 0.0,
            _ => advance_leader(wild, x, a),
        }
    }

    /// (9) for two types.
    pub fn belief_after(self, grim: f64, wild: f64, a: usize, next: usize) -> f64 {
        let likelihood = |x| {
            let strict = strict(self, grim, wild, x);
            if a == 0 { strict } else { 1.0 - strict }
        };
        let (mut kind_mass, mut grim_mass) = ((1.0 - grim) * likelihood(0), grim * likelihood(1));
        if kind_mass + grim_mass == 0.0 {
            (kind_mass, grim_mass) = (1.0 - grim, grim);
        }
        match self {
            Self::NoTypes => 0.0,
            Self::Public => next as f64,
            Self::PrivateMixing | Self::PrivatePure => {
                let moved =
                    kind_mass * advance_leader(wild, 0, a) + grim_mass * advance_leader(wild, 1, a);
                moved / (kind_mass + grim_mass)
            }
        }
    }
}

/// The game as text, over so many periods.
pub fn text(kind: Kind, horizon: usize) -> String {
    let text = PATROL.replace("horizon = 2", &format!("horizon = {horizon}"));
    match kind {
        Kind::PrivateMixing | Kind::PrivatePure => text,
        Kind::Public => text.replace("observed = false", "observed = true"),
        Kind::NoTypes => {
            let plain = text
                .replace("(leader_type == grim)", "0")
                .replace("(leader_type == kind)", "1")
                .replace(
                    "types = [\"kind\", \"grim\"]\ninitial = [0.7, 0.3]\nobserved = false\n",
                    "",
                );
            let (before, rest) = plain.split_once("[leader.transition]").unwrap();
            let (_, after) = rest.split_once("[simulate]").unwrap();
            format!("{before}[simulate]{after}")
        }
    }
}

pub fn scenario(kind: Kind, horizon: usize) -> Scenario {
    Scenario::parse("patrol.toml", &text(kind, horizon), &[]).unwrap()
}

/// P(grim next) of a leader of type x who takes action a.
pub fn advance_leader(wild: f64, x: usize, a: usize) -> f64 {
    match (x, a) {
        (0, 0) => 0.2 + 0.5 * wild,
        (0, _) => 0.1,
        (_, 0) => 0.4 + 0.3 * wild,
        _ => 0.75,
    }
}

/// P(strict | x) of [`Patrol`].
pub fn strict(kind: Kind, grim: f64, wild: f64, x: usize) -> f64 {
    match (kind, x) {
        // A kind leader is strict unless she is thought to be grim; a grim one among many wild ones.
        (Kind::PrivatePure, 0) => f64::from(u8::from(grim < 0.35)),
        (Kind::PrivatePure, _) => f64::from(u8::from(wild > 0.25)),
        (_, 0) => 0.3 + 0.4 * grim,
        (_, _) => 0.8 - 0.5 * wild,
    }
}

/// P(push | x) of [`Patrol`].
pub fn push(t: usize, grim: f64, wild: f64, x: usize) -> f64 {
    match x {
        0 => 0.2 + 0.6 * grim,
        _ => (0.5 - 0.3 * wild + 0.1 * t as f64).min(1.0),
    }
}

/// P(wild next | x, a) under a leader of type `leader` who takes action `rule`.
pub fn next_wild(wild: f64, leader: usize, rule: usize, x: usize, a: usize) -> f64 {
    let grim = leader as f64;
    let strict = 1.0 - rule as f64;
    match (x, a) {
        (0, 0) => 0.1 + 0.3 * grim + 0.2 * strict + 0.3 * wild,
        (0, _) => 0.5 + 0.2 * strict * wild,
        (_, a) => 0.8 - 0.1 * a as f64 - 0.4 * (1.0 - grim) * strict,
    }
}

pub struct Patrol(pub Kind);

impl Policy for Patrol {
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let wild = z.weights()[1];
        let grim = belief.weights().get(1).copied().unwrap_or(0.0);
        let types = 0..belief.weights().len();
        let leader = match self.0 {
            Kind::PrivatePure => {
                let lax = |x| usize::from(strict(self.0, grim, wild, x) == 0.0);
                LeaderPrescription::pure(types.map(|x| LeaderAction(lax(x))).collect())
            }
            _ => {
                let row = |x| {
                    let strict = strict(self.0, grim, wild, x);
                    [strict, 1.0 - strict]
                };
                LeaderPrescription::Mixed {
                    actions: 2,
                    rows: types.flat_map(row).collect(),
                }
            }
        };
        let row = |x| [1.0 - push(t, grim, wild, x), push(t, grim, wild, x)];
        Ok(Play {
            leader,
            prescription: Prescription::new(2, (0..2).flat_map(row).collect()),
        })
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
