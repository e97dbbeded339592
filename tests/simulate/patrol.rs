//! The game of the leader with a mood by hand: its kernels and a policy of (t, pi, z).

use crate::support::patrol::{Types, text};
use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::scenario::Scenario;

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

pub fn scenario(kind: Kind, horizon: usize) -> Scenario {
    let types = match kind {
        Kind::PrivateMixing | Kind::PrivatePure => Types::Private,
        Kind::Public => Types::Public,
        Kind::NoTypes => Types::None,
    };
    Scenario::parse("patrol.toml", &text(types, horizon), &[]).unwrap()
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
