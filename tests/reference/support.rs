//! Independent truth: plain games, a slow solver, an exact finite-N evaluator, a per-agent simulator and tests of laws,
//! none of which uses the library; [`beside`] is its side of a comparison.

mod affine_plain;
pub mod agents;
pub mod beside;
pub mod finite;
pub mod games;
pub mod law;
pub mod reference;
pub mod typed;

#[path = "../support/affine.rs"]
pub mod affine;
#[path = "../support/chi_square.rs"]
pub mod chi_square;
#[path = "../support/library.rs"]
pub mod library;
#[path = "../support/random.rs"]
pub mod random;
#[path = "../support/simulated.rs"]
pub mod simulated;
