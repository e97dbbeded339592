//! Of `tests/support`, what these tests use: what a binary takes and does not use is a warning.

#[path = "../support/program.rs"]
pub mod program;
#[path = "../support/random.rs"]
pub mod random;
