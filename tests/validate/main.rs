//! Certificates and verdicts: exact gains, given deviations, and what they cost.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod certificates;
mod exact_cost;
mod given_deviations;
mod support;
mod watched;
