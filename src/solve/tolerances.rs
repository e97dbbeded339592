//! What counts as equal, and what is too fine to be looked at.

/// Best responses are the actions within this times the range of U, but at least of the rewards, of the maximum (a closed
/// correspondence): 1e-10, and a thousandth more, so that a loss of 1e-10 that a game states is within it whatever its
/// rounding.
pub const TIE: f64 = 1.001e-10;
/// Rounding of payoffs relative to their size: where they are large no tie is closer.
pub(super) const ROUNDING: f64 = 4e-15;
/// Rounding of V relative to its size: no interpolation is more accurate, and no jump smaller is seen.
pub(super) const ROUNDING_OF_V: f64 = 1e-13;
/// Rounding allows no finer a V than this, in units of rewards.
pub(super) const FINEST: f64 = 1e-13;
/// Mesh points and pieces of V in one period: beyond it V is too fine to be held, and the work might not end.
pub(super) const MOST_PIECES: usize = 1_000_000;

/// What counts as equally good among payoffs from the least to the largest.
pub(super) fn tie(low: f64, high: f64) -> f64 {
    let size = low.abs().max(high.abs());
    (TIE * (high - low).max(1.0)).max(ROUNDING * size)
}

/// What the rounding of values of one size, in the units of rewards, leaves undecided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounding {
    /// V is no more accurate than this.
    pub values: f64,
    /// What differs by less counts as equally good.
    pub ties: f64,
}

impl Rounding {
    /// Of values as large as this.
    pub fn of(size: f64) -> Self {
        Self {
            values: ROUNDING_OF_V * size,
            ties: ROUNDING * size,
        }
    }

    /// Whether it is more than a tolerance, or what counts as a tie, relative to rewards in these units.
    pub fn exceeds(&self, tolerance: f64, unit: f64) -> bool {
        self.values > tolerance * unit || self.ties > TIE * unit
    }
}
