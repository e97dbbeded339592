//! One piece of V: a polynomial through its values at Chebyshev-Lobatto points.

use super::{INNER, OUTER, POINTS};
use crate::game::Scales;
use crate::solve::pieces::stage_game::Label;

/// V^f of both types and V^l at one mean field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values {
    /// V^f(x), one per follower type.
    pub followers: [f64; 2],
    /// V^l.
    pub leader: f64,
}

impl Values {
    /// The coin's mean: `self` with weight 1 - w and `other` with weight w.
    pub(in crate::solve) fn mix(self, other: Self, w: f64) -> Self {
        let blend = |a: f64, b: f64| (1.0 - w) * a + w * b;
        Self {
            followers: [
                blend(self.followers[0], other.followers[0]),
                blend(self.followers[1], other.followers[1]),
            ],
            leader: blend(self.leader, other.leader),
        }
    }

    /// From units of the players' scales to those of rewards.
    pub(in crate::solve) fn in_rewards(self, scales: &Scales) -> Self {
        Self {
            followers: self.followers.map(|v| scales.follower.unit * v),
            leader: scales.leader.unit * self.leader,
        }
    }

    /// Largest absolute value of the three.
    pub(in crate::solve) fn size(&self) -> f64 {
        self.distance(&Self::default())
    }

    /// Largest absolute difference of the three values.
    pub(in crate::solve) fn distance(&self, other: &Self) -> f64 {
        (self.followers[0] - other.followers[0])
            .abs()
            .max((self.followers[1] - other.followers[1]).abs())
            .max((self.leader - other.leader).abs())
    }
}

/// A closed interval on which one regime holds and V is a polynomial to within the tolerance.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Piece {
    pub lo: f64,
    pub hi: f64,
    /// The regime, `None` for the terminal values.
    pub label: Option<Label>,
    /// Coefficients in s = (2 m - lo - hi) / (hi - lo), rising powers: V^f(x_1), V^f(x_2), the mean of V^l over pi.
    pub(super) coefficients: [[f64; POINTS]; 3],
    /// The same of V^l per leader type, where her type is private.
    pub(super) leader_types: Vec<[f64; POINTS]>,
    /// How far D may be from what V says it is.
    pub(super) error: f64,
}

impl Piece {
    /// The piece of a single point.
    pub fn point(m: f64, label: Option<Label>, values: Values) -> Self {
        let constant = |v: f64| [v, 0.0, 0.0, 0.0, 0.0];
        Self {
            lo: m,
            hi: m,
            label,
            coefficients: [
                constant(values.followers[0]),
                constant(values.followers[1]),
                constant(values.leader),
            ],
            leader_types: Vec::new(),
            error: 0.0,
        }
    }

    /// The polynomial through the values at [`Piece::nodes`].
    pub fn interpolate(lo: f64, hi: f64, label: Option<Label>, at: &[Values; POINTS]) -> Self {
        let component =
            |pick: fn(&Values) -> f64| coefficients(&[0, 1, 2, 3, 4].map(|i| pick(&at[i])));
        Self {
            lo,
            hi,
            label,
            coefficients: [
                component(|v| v.followers[0]),
                component(|v| v.followers[1]),
                component(|v| v.leader),
            ],
            leader_types: Vec::new(),
            error: 0.0,
        }
    }

    /// The same piece with V^l per leader type, given at [`Piece::nodes`] (all alike for a single point).
    pub fn with_leader_types(mut self, at: &[Vec<f64>; POINTS]) -> Self {
        let types = 0..at[0].len();
        self.leader_types = types
            .map(|x| coefficients(&[0, 1, 2, 3, 4].map(|i| at[i][x])))
            .collect();
        self
    }

    /// From coefficients as [`all_coefficients`](Self::all_coefficients) gives them.
    pub fn from_coefficients(
        [lo, hi]: [f64; 2],
        label: Option<Label>,
        coefficients: [[f64; POINTS]; 3],
        leader_types: Vec<[f64; POINTS]>,
    ) -> Self {
        Self {
            lo,
            hi,
            label,
            coefficients,
            leader_types,
            error: 0.0,
        }
    }

    /// The same piece, the interpolation error of D being known.
    pub fn with_error(self, error: f64) -> Self {
        Self { error, ..self }
    }

    /// The coefficients of V^f and the mean of V^l, and of V^l per leader type.
    pub fn all_coefficients(&self) -> (&[[f64; POINTS]; 3], &[[f64; POINTS]]) {
        (&self.coefficients, &self.leader_types)
    }

    /// V^l per leader type at m, which lies in the piece; none where her type is not private.
    pub fn leader_types(&self, m: f64) -> Vec<f64> {
        let s = self.scaled(m);
        self.leader_types.iter().map(|c| horner(c, s)).collect()
    }

    /// Chebyshev-Lobatto points of `[lo, hi]`, both ends included exactly.
    pub fn nodes(lo: f64, hi: f64) -> [f64; POINTS] {
        let (middle, half) = (0.5 * (lo + hi), 0.5 * (hi - lo));
        let offset = half * std::f64::consts::FRAC_1_SQRT_2;
        [lo, middle - offset, middle, middle + offset, hi]
    }

    /// Points between the nodes, where the interpolation error is tested.
    pub fn tests(lo: f64, hi: f64) -> [f64; POINTS - 1] {
        let (middle, half) = (0.5 * (lo + hi), 0.5 * (hi - lo));
        [
            middle - half * OUTER,
            middle - half * INNER,
            middle + half * INNER,
            middle + half * OUTER,
        ]
    }

    /// Whether V is a number everywhere on the piece.
    pub fn is_finite(&self) -> bool {
        let all = self.coefficients.iter().chain(&self.leader_types);
        all.flatten().all(|c| c.is_finite())
    }

    pub(super) fn scaled(&self, m: f64) -> f64 {
        let width = self.hi - self.lo;
        if width > 0.0 {
            ((m - self.lo) - (self.hi - m)) / width
        } else {
            0.0
        }
    }

    /// V at m, which lies in the piece.
    pub fn values(&self, m: f64) -> Values {
        let s = self.scaled(m);
        let [first, second, leader] = &self.coefficients;
        Values {
            followers: [horner(first, s), horner(second, s)],
            leader: horner(leader, s),
        }
    }

    /// A polynomial in the piece's own coordinate at m.
    pub fn polynomial(&self, coefficients: &[f64; POINTS], m: f64) -> f64 {
        horner(coefficients, self.scaled(m))
    }

    /// D = V^f(x_2) - V^f(x_1) at m.
    pub(super) fn difference(&self, m: f64) -> f64 {
        let s = self.scaled(m);
        horner(&self.coefficients[1], s) - horner(&self.coefficients[0], s)
    }

    /// Bounds of the first and second derivative of some of the three functions in the piece's own coordinate.
    pub fn steepness(&self, of: std::ops::Range<usize>) -> [f64; 2] {
        let mut bounds = [0.0_f64; 2];
        for c in &self.coefficients[of] {
            let power = |k: usize| c[k].abs() * k as f64;
            let slope: f64 = (1..POINTS).map(power).sum();
            let bend: f64 = (2..POINTS).map(|k| power(k) * (k - 1) as f64).sum();
            bounds = [bounds[0].max(slope), bounds[1].max(bend)];
        }
        bounds
    }

    /// dD/ds in the piece's own coordinate.
    pub(super) fn difference_slope(&self, s: f64) -> f64 {
        let c = self.difference_coefficients();
        c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * 4.0 * c[4]))
    }

    /// Coefficients of D.
    pub(super) fn difference_coefficients(&self) -> [f64; POINTS] {
        [0, 1, 2, 3, 4].map(|i| self.coefficients[1][i] - self.coefficients[0][i])
    }
}

pub(super) fn horner(c: &[f64; POINTS], s: f64) -> f64 {
    c[0] + s * (c[1] + s * (c[2] + s * (c[3] + s * c[4])))
}

/// Power coefficients of the quartic through values at s = -1, -1/sqrt 2, 0, 1/sqrt 2, 1.
pub(super) fn coefficients(v: &[f64; POINTS]) -> [f64; POINTS] {
    let (even_far, odd_far) = (0.5 * (v[4] + v[0]) - v[2], 0.5 * (v[4] - v[0]));
    let (even_near, odd_near) = (
        0.5 * (v[3] + v[1]) - v[2],
        0.5 * (v[3] - v[1]) * std::f64::consts::SQRT_2,
    );
    // even: c2 + c4 = far, c2/2 + c4/4 = near; odd: c1 + c3 = far, c1 + c3/2 = near * sqrt 2.
    let c4 = 2.0 * even_far - 4.0 * even_near;
    let c3 = 2.0 * (odd_far - odd_near);
    [v[2], odd_far - c3, even_far - c4, c3, c4]
}
