//! Random affine games as closures.

use super::affine::{Affine, AffineGame};
use super::games::PlainGame;
use std::sync::Arc;

impl Affine {
    fn at(self, m: f64) -> f64 {
        self.0 + self.1 * m
    }
}

impl AffineGame {
    /// The game as closures.
    pub fn game(&self) -> PlainGame {
        let numbers = Arc::new(self.clone());
        let [kernel, reward, period, share, terminal] = [0; 5].map(|_| Arc::clone(&numbers));
        PlainGame {
            horizon: self.horizon,
            discount: self.discount,
            actions: self.actions,
            leader_actions: self.kernel.len(),
            kernel: Box::new(move |_, m, l, x, a| kernel.kernel[l][x][a].at(m)),
            reward: Box::new(move |_, m, l, x, a| reward.reward[l][x][a].at(m)),
            leader_period: Box::new(move |_, m, l| period.leader_period[l].at(m)),
            leader_share: Box::new(move |_, m, l, x, a| share.leader_share[l][x][a].at(m)),
            terminal: Box::new(move |m, x| terminal.terminal[x].at(m)),
            initial: self.initial,
        }
    }
}
