//! The solver for any number of follower types: V on a lattice of the simplex P(X^f), linear between its nodes.
//!
//! `lattice` is the lattice and its triangulation, `field` a function on it with bounds over blocks; `stage_game` is the
//! followers' game (15a) in numbers; `search` and `simplices`, with `directions`, find all its equilibria, `flows` where
//! several z' follow; `backward` makes V_t from V_{t+1} by (15)-(16); `theta` is the result.
//!
//! V jumps where the selected regime switches. `jumps` finds the edges of the lattice on which it does, `regimes` keeps V
//! apart on the two sides within a simplex, of which `choice` takes one per branch. An equilibrium is *supported* if its
//! actions are best responses to V(z') of the regime that holds at its own z'; one that needs z' to be on a jump and the
//! side drawn by a public coin, a lottery, is taken only where there is nothing else, and counted (`Work::only_lottery`).
//!
//! Departure: on an edge one jump is known, to a hundredth of its length, and within a simplex its surface is flat. Where
//! jumps are denser than the lattice V is still interpolated across some; theta there loses what the certificate measures.

mod accuracy;
mod affine;
mod backward;
mod choice;
mod closely;
mod directions;
mod field;
mod flows;
mod jumps;
mod look;
mod oracle;
mod play;
mod regimes;
mod search;
mod simplices;
mod stage_game;
mod theta;

#[cfg(test)]
mod tests;

pub use accuracy::ValueError;
pub(super) use regimes::Cut;
pub(super) use theta::Parts;
pub use theta::SimplexSolution;
