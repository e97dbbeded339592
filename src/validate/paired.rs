//! Paired replications with common random numbers, for any N and any number of types.
//!
//! One replication of a follower's deviation d, given the tagged follower's initial type x: a base run in which it plays
//! theta and one in which it plays d, both from the same others and on the same streams; D = sum_t delta^(t-1)
//! (r'_t - r_t), differenced step by step, so that identical runs give exactly 0. The others are a count vector split by
//! multinomials; r_t is the expectation over the tagged follower's action at (z_t, x_t), which costs nothing and has the
//! mean of the realised reward. The leader's: she announces one action at every t, and the followers answer; r_t is
//! her expected reward at z_t. A leader with types, or who mixes, draws both in every run ([`leadership`]); r_t is then
//! taken at the move that she makes.
//!
//! Replications are independent and alike, and D lies in a proven range ([`super::range`]).

pub(super) mod crowd;
mod follower;
mod leader;
mod leadership;

pub(super) use crowd::{Setting, Worker};
pub(super) use follower::{FollowerExperiment, discounted, pick, with_tagged};
pub(super) use leader::LeaderExperiment;
pub(super) use leadership::LeaderDraws;
