//! theta and V at one point, and the equilibria of a stage game there.

use super::super::stage_game::Kind;
use super::super::values::Values;
use crate::game::{LeaderPrescription, Play, Prescription, Way};

/// theta and V at one point.
#[derive(Clone, Debug)]
pub struct StagePoint {
    /// What leader and followers play.
    pub play: Play,
    /// Where the mean field goes: one place, or the two sides of a jump with their probabilities under a public coin.
    pub next: Vec<Next>,
    /// The public states that follow.
    pub ways: Vec<Way>,
    /// V^f_t per type and the mean of V^l_t over pi.
    pub values: Values,
    /// V^l_t per leader type.
    pub leader_types: Vec<f64>,
    /// Distinct equilibria of the stage game at the leader's action.
    pub equilibria: usize,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether the equilibrium needs no public coin.
    pub supported: bool,
}

/// One possible next mean field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// z'(x_2).
    pub m: f64,
    /// Its probability: 1 but for a lottery.
    pub probability: f64,
}

/// One equilibrium of a stage game, as `smfg stage` lists it.
#[derive(Clone, Debug)]
pub struct StageEquilibrium {
    /// The leader's prescription at which the followers' game is played.
    pub leader: LeaderPrescription,
    /// How it comes about.
    pub kind: Kind,
    /// z'(x_2); the left side of the jump for a lottery.
    pub next: f64,
    /// Probability of the right side of the jump under the public coin; 0 without one.
    pub coin: f64,
    /// gamma^f.
    pub prescription: Prescription,
    /// V^f and the mean of V^l over pi.
    pub values: Values,
    /// V^l per leader type.
    pub leader_types: Vec<f64>,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether theta plays it: the leader's action and the followers' selected equilibrium.
    pub selected: bool,
    /// Whether it is a point of a continuum of equilibria.
    pub continuum: bool,
    /// Whether it is a one-sided limit at a jump inside a continuum, which no equilibrium of it attains.
    pub supremum: bool,
}
