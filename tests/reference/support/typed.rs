//! A plain, slow solver of the backward recursion (13)-(16) for a leader with types, private or public.
//!
//! There is no lattice: V_t(pi, z) is the stage game solved at (t, pi, z), and every continuation V_{t+1}(pi', z') that a
//! candidate of the leader or a prescription of the followers leads to is solved in the same way at the exact (pi', z').
//! `game` is a game as closures, with (8) and (9); `stage` the followers' game (15a) at one candidate; `search` finds
//! its equilibria; `leader` the leader's choice (15c) and the recursion; `linear` small linear systems. `random` draws
//! games and `text` writes them as scenarios; `audit`, `hiding` and `chain` are games solved by hand.
//!
//! # What is complete
//!
//! Every pure prescription is checked at its own z'. Mixed ones are looked for by support profile: one unknown by a
//! scan of `cells` cells and bisection, more by the linear system that they are when U is affine in gamma^f. So the list of
//! equilibria is whole, ties aside, where every V_{t+1}(pi', .) is affine in z', and then one cell is enough. Where it is not, one
//! unknown is complete unless an incentive changes sign twice within a cell, and what the search notices is a
//! [`Doubt`](search::Doubt): an incentive that jumps over zero, that vanishes on an interval, a system that is not affine, an
//! even number of equilibria, none at all. Two facts put a game into the class:
//!
//! - at t = T without a terminal reward nothing depends on z', with one that is affine in z' all is affine;
//! - V_t(pi, .) is affine in z if at t nobody's best action depends on z, no kernel does, R^f and r are affine in z,
//!   g is constant in z, and V_{t+1} is affine; [`random::Taste::Settled`] and [`random::Taste::Curious`] are built so.
//!
//! Away from ties at most d unknowns can be indifferent at once, d the number of coordinates of the z' that gamma^f moves:
//! |X^f| - 1 under the averaged flow, but as many for *every* action that the leader's types send under the realised
//! flow, where each action has its own z'. Two follower types may then both mix.

pub mod audit;
pub mod chain;
pub mod game;
pub mod hiding;
pub mod leader;
pub mod linear;
pub mod random;
pub mod search;
pub mod stage;
pub mod text;
