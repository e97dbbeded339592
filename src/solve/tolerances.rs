//! Every tolerance of the solver with its unit and its reason: what counts as equal, and what is too fine to be looked at.
//!
//! Payoffs and V are in units of the players' scales, the width of the range of the rewards of one period: a tolerance of
//! 1e-10 is a share of that. Shares and counts that only steer a search stand beside it.

// Payoffs.

/// Best responses are the actions within this times the range of U, but at least of the rewards, of the maximum (a closed
/// correspondence): 1e-10, and a thousandth more, so that a loss of 1e-10 that a game states is within it whatever its
/// rounding.
pub const TIE: f64 = 1.001e-10;
/// What a search over many prescriptions takes for a tie, before each is tested by [`TIE`]: payoffs are summed there in
/// another order, or are affine functions through vertices, and nothing that the test may accept must be left out.
pub(super) const TIE_OF_SEARCH: f64 = 4.0 * TIE;
/// A root of an incentive is found to this: it is then far within a tie.
pub(super) const ROOT: f64 = 0.1 * TIE;
/// Of a linear system whose rows are scaled to entries of at most one, an entry that is less says nothing: rows that
/// differ by less are one equation.
pub(super) const INDEPENDENT: f64 = 1.001e-10;
/// Rounding of payoffs relative to their size: where they are large no tie is closer.
pub(super) const ROUNDING: f64 = 4e-15;
/// A difference of two kernels, a probability, below which it gives no hold on z'.
pub(super) const NO_COUPLING: f64 = 1e-14;

// V.

/// Rounding of V relative to its size: no interpolation is more accurate, and no jump smaller is seen.
pub(super) const ROUNDING_OF_V: f64 = 1e-13;
/// Rounding allows no finer a V than this.
pub(super) const FINEST: f64 = 1e-13;
/// Sums of a few values of V that differ by less are the same but for rounding: it is no turning point, no rival.
pub(super) const SAME_VALUE: f64 = 1e-12;
/// What rises by less than this changes V by no more, which is the default accuracy of V.
pub(super) const SLIGHT: f64 = 1e-9;
/// V differs by more than this across a gap: a jump; by less: a kink. Above the errors of two pieces that meet (1e-9 each).
pub(super) const JUMP: f64 = 1e-8;

// z, m = z(x_2), and the probabilities of mixtures.

/// Width of the gap that is left at a jump of V_t: a hundred numbers, enough to tell its sides apart.
pub(super) const GAP: f64 = 2e-14;
/// Rounding of z'.
pub(super) const ROUNDING_OF_Z: f64 = 1e-13;
/// A coordinate in cells of a lattice so near to an integer is that integer: a node is a node whatever the rounding of its
/// sums.
pub(super) const SNAP: f64 = 1e-12;
/// Width in the probability of a mixture to which a root or a jump is narrowed down.
pub(super) const WIDTH: f64 = 1e-12;
/// Width to which changes of the equilibria are located: a window that is narrower is stepped over.
pub(super) const WINDOW: f64 = 1e-11;
/// Equilibria closer than this in (gamma, z') are one; a continuum is at least so wide.
pub(super) const SAME_EQUILIBRIUM: f64 = 1e-9;
/// Slack of all comparisons of z' in cells of a lattice: far above rounding; what it lets in twice is found to be the same.
pub(super) const SLACK: f64 = 1e-9;
/// Below this width a cell of a mesh is not divided: what happens within is a change of regime, and is found as one.
pub(super) const NARROW: f64 = 1e-9;
/// Inside a piece of V, this far from its ends, its regime is the one that a full search finds.
pub(super) const CLEAR: f64 = 1e-9;
/// Nor is a cell below this width whose equilibria are not known to be steady: it is counted.
pub(super) const UNSTEADY: f64 = 1e-7;
/// Nearer to a jump of V than this, a change of V from one iterate to the next is the jump's own.
pub(super) const JUMP_WIDTH: f64 = 1e-7;
/// A piece of V whose error is not proven is halved down to this width before it is counted.
pub(super) const LEAST_UNPROVEN: f64 = 1e-4;
/// Mesh points and pieces of V in one period: beyond it V is too fine to be held, and the work might not end.
pub(super) const MOST_PIECES: usize = 1_000_000;

// pi.

/// A belief is taken for one that V is held at from so near: the rounding of (9) over all periods.
pub(super) const NEAR_BELIEF: f64 = 1e-9;

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
