//! The simulator: laws, limits and reproducibility of both engines, with and without leader types.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod engine_laws;
mod engines;
mod leader_play;
mod mill;
mod patrol;
mod support;
mod trajectories;
