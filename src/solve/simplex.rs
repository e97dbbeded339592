//! The solver for any number of follower types: V on a lattice of the simplex P(X^f), linear between its nodes.
//!
//! `lattice` is the lattice and its triangulation, `field` a function on it with bounds over blocks; `stage_game` is the
//! followers' game (15a) in numbers; `search` and `simplices`, with `directions`, find all its equilibria; `backward`
//! makes V_t from V_{t+1} by (15)-(16); `theta` is the result.
//!
//! Departure: V jumps where the selected regime switches, and a lattice does not resolve where. Across a jump the
//! interpolated V supports equilibria that no continuation does; theta there loses what the certificate measures.

mod backward;
mod directions;
mod field;
mod jumps;
mod lattice;
mod regimes;
mod search;
mod simplices;
mod stage_game;
mod theta;

#[cfg(test)]
mod tests;

pub use theta::SimplexSolution;
