//! Of `tests/support`, what these tests use: what a binary takes and does not use is a warning.

#[path = "../support/chi_square.rs"]
pub mod chi_square;
#[path = "../support/patrol.rs"]
pub mod patrol;
#[path = "../support/simulated.rs"]
pub mod simulated;
