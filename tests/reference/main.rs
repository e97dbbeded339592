//! Independent truth: plain games, a slow solver, an exact evaluator and a per-agent simulator that share no code with
//! the library, tested themselves, and the library beside them.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod closed_forms;
mod engines;
mod finite;
mod finite_exact;
mod leader_properties;
mod leader_types;
mod paths;
mod solver;
mod support;
mod tests_of_laws;
mod typed;
mod typed_equilibria;
