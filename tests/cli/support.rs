//! Of `tests/support`, what these tests use: what a binary takes and does not use is a warning.

#[path = "../support/patrol.rs"]
pub mod patrol;
#[path = "../support/program.rs"]
pub mod program;
