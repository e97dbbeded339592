//! Finite populations that follow a policy.

pub mod split;
