//! Independent truth for the tests: plain games, a slow reference solver, an exact finite-N evaluator, a per-agent
//! simulator and tests of laws. Nothing here uses the library under test.

#![allow(dead_code)]

pub mod affine;
pub mod agents;
pub mod finite;
pub mod games;
pub mod law;
pub mod random;
pub mod reference;
pub mod typed;
