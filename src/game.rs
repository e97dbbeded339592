//! The game: spaces, kernels and rewards (paper, section II), tabulated at a period and a mean field.
//!
//! A [`Game`] is built from a scenario. Its kernels and rewards are formulas of `t` and `z` with everything else
//! already put in, and [`Tables`] holds their values at one `(t, z)`.

mod policy;
mod policy_file;
mod spaces;

pub use policy::{Play, Policy};
pub use policy_file::{PolicyFile, PolicyFileError, PolicyProblem};
pub use spaces::{FollowerAction, FollowerType, LeaderAction, MeanField, Prescription};

/// A point at which a kernel or reward has no valid value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GameError {}

/// The primitives of one game.
#[derive(Debug, Clone)]
pub struct Game {}

impl Game {
    /// The scenario's name.
    pub fn name(&self) -> &str {
        todo!()
    }
    /// T >= 1.
    pub fn horizon(&self) -> usize {
        todo!()
    }
    /// delta in (0, 1].
    pub fn discount(&self) -> f64 {
        todo!()
    }
    /// Names of the follower types, in scenario order; the length is |X^f|.
    pub fn follower_types(&self) -> &[String] {
        todo!()
    }
    /// Names of the follower actions; the length is |A^f|.
    pub fn follower_actions(&self) -> &[String] {
        todo!()
    }
    /// The leader's actions as tables print them (value or name); one, "none", without a leader.
    pub fn leader_actions(&self) -> &[String] {
        todo!()
    }
    /// Whether the scenario has a leader section.
    pub fn has_leader(&self) -> bool {
        todo!()
    }
    /// z_1.
    pub fn initial(&self) -> &MeanField {
        todo!()
    }
    /// Whether followers of type x may take action a.
    pub fn is_available(&self, _x: usize, _a: usize) -> bool {
        todo!()
    }
    /// Leader actions of one group share all kernel rows at every (t, z); groups are numbered from 0 in order of first use.
    pub fn kernel_group(&self, _leader_action: usize) -> usize {
        todo!()
    }
    /// Whether any kernel or reward depends on t.
    pub fn depends_on_time(&self) -> bool {
        todo!()
    }
    /// Reward of ending in type x at z_{T+1}: V_{T+1}(z, x), (14).
    pub fn terminal_reward(&self, _z: &[f64], _x: usize) -> Result<f64, GameError> {
        todo!()
    }
    /// Room for the values at one (t, z).
    pub fn tables(&self) -> Tables<'_> {
        todo!()
    }
}

/// The kernels and rewards of a game at one (t, z), for every leader action, type and action.
#[derive(Debug, Clone)]
pub struct Tables<'g> {
    _game: &'g Game,
}

impl Tables<'_> {
    /// Evaluate everything at period t (from 1) and mean field z (length |X^f|).
    pub fn evaluate(&mut self, _t: usize, _z: &[f64]) -> Result<(), GameError> {
        todo!()
    }
    /// Q^f(next | z, x, a^l, a).
    pub fn transition(&self, _leader_action: usize, _x: usize, _a: usize, _next: usize) -> f64 {
        todo!()
    }
    /// R^f(z, x, a^l, a).
    pub fn follower_reward(&self, _leader_action: usize, _x: usize, _a: usize) -> f64 {
        todo!()
    }
    /// r(z, a^l), the part of R^l per period.
    pub fn leader_period_reward(&self, _leader_action: usize) -> f64 {
        todo!()
    }
    /// g(z, a^l, x, a), the part of R^l per follower.
    pub fn leader_follower_reward(&self, _leader_action: usize, _x: usize, _a: usize) -> f64 {
        todo!()
    }
}
