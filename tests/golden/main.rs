//! Golden files: a scenario, its overrides and a seed, and the results that they gave when the file was last written.
//!
//! They say "unchanged" and nothing more. Integers are compared exactly, floats within 1e-12. `SMFG_BLESS=1 cargo test
//! --test golden` rewrites the results; a file that holds the inputs alone is filled in.

mod compare;
mod two_types;
mod wider;
