//! The program as it is used: scenarios read, commands run, files written.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod bad_input;
mod determinism;
mod examples;
mod exit_codes;
mod figures;
mod fuzz_seeds;
mod interrupt;
mod leader_tables;
mod place;
mod policy_flow;
mod rates_and_forecasts;
mod readme;
mod resume;
mod run;
mod scenario_errors;
mod scenario_to_game;
mod shards;
mod shipped_scenarios;
mod support;
mod theta_file;
