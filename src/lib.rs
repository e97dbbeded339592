//! Discrete-time Stackelberg mean-field games (Vasal & Berry 2022): solve, simulate, validate.

pub mod game;
pub mod scenario;
pub mod simulate;
pub mod stats;
pub mod stream;
pub mod validate;
