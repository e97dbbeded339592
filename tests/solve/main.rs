//! The solver: games with values by hand, random games beside a recursion that shares nothing with it, and invariances.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod between_nodes;
mod brute;
mod budget;
mod cases;
mod code_errors;
mod from_code;
mod infinite_horizon;
mod invariance;
mod lattice_cases;
mod simplex_solver;
mod support;
mod touching_and_continua;
mod units;
