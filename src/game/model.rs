//! A model is anything that fills tables: code, or arrays, beside the formulas of a [`Program`](super::program::Program).
//!
//! The numbers of a model are inputs of a game's program, as t and z are. Constants are folded into the program and need no
//! model. What cannot be known of code is said here: its ranges are those that it states, and how it runs between two z is
//! estimated from values ([`Models::jets`]), never proven.

use super::jet::{Jet, WHOLE};
use crate::stats::Interval;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Numbers at a period and a mean field.
pub(crate) trait Model: Send + Sync + fmt::Debug {
    /// Write the numbers at period t and mean field z. One that has no valid value is written as NaN, and the reason kept in
    /// the game's [`Failures`].
    fn fill(&self, t: usize, z: &[f64], numbers: &mut [f64]);

    /// How many numbers there are.
    fn len(&self) -> usize;

    /// What number k cannot leave at period t, whatever z is.
    fn range(&self, t: usize, k: usize) -> Interval;

    /// Whether t is read.
    fn reads_time(&self) -> bool;

    /// Whether z is read.
    fn reads_mean_field(&self) -> bool;
}

/// Which entry of a game's tables a number is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) table: Table,
    pub(super) leader_move: usize,
    /// The follower's type and action; 0 in tables of the leader.
    pub(super) x: usize,
    pub(super) a: usize,
}

/// The tables of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Kernel,
    FollowerReward,
    LeaderFollowerReward,
    LeaderPeriodReward,
    LeaderKernel,
    Terminal,
}

/// Why code gave no valid number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    Panicked(String),
    NotFinite(f64),
    /// The value, and the range that was stated.
    LeftRange(f64, Interval),
    /// Two values at the same place.
    Changed([f64; 2]),
    /// A negative probability.
    Negative(f64),
    /// What a row sums to.
    RowSum(f64),
}

/// A fault of code and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) entry: Entry,
    /// The place in the entry's row.
    pub(super) next: usize,
    pub(super) t: usize,
    pub(super) z: Vec<f64>,
}

/// The first failure of a game's code, after which the code is not asked again.
#[derive(Debug, Default)]
pub(super) struct Failures(OnceLock<Failure>);

impl Failures {
    /// Keep a failure, if it is the first.
    pub(super) fn keep(&self, failure: Failure) {
        // A failure on another thread may have come first: it stays.
        let _ = self.0.set(failure);
    }

    /// The first failure.
    pub(super) fn first(&self) -> Option<&Failure> {
        self.0.get()
    }
}

/// The models of a program, each with the place of its first number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Models(Vec<(usize, Arc<dyn Model>)>);

/// Points at which jets are estimated: the polynomial through those of even number is tested at the others.
const POINTS: usize = 13;
/// The degree of the polynomial.
const DEGREE: usize = POINTS / 2;
/// A function misses its polynomial by less than this share of its spread where it is smooth.
const SMOOTH: f64 = 1e-6;
/// On a narrow interval only jumps are looked for: what changes by more than this share of its range.
const JUMP: f64 = 1e-4;
/// Narrower intervals are narrow.
const NARROW: f64 = 1e-6;
/// Rounding of values, relative to their size.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// How far a monomial of degree j passes its values at the points, over j^2: their distance is at most 0.26.
const BULGE: f64 = 0.01;

impl Models {
    pub(super) fn push(&mut self, first: usize, model: Arc<dyn Model>) {
        self.0.push((first, model));
    }

    /// How many numbers the models have.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|(_, model)| model.len()).sum()
    }

    /// Write the numbers of all models at (t, z) among those of the game.
    #[inline]
    pub(super) fn fill(&self, t: usize, z: &[f64], numbers: &mut [f64]) {
        for (first, model) in &self.0 {
            model.fill(t, z, &mut numbers[*first..first + model.len()]);
        }
    }

    /// What each of the game's numbers cannot leave at period t; 0 for those of another program.
    pub(super) fn ranges(&self, t: usize, count: usize) -> Vec<Interval> {
        let mut ranges = vec![Interval::point(0.0); count];
        for (first, model) in &self.0 {
            for k in 0..model.len() {
                ranges[first + k] = model.range(t, k);
            }
        }
        ranges
    }

    pub(super) fn read_time(&self) -> bool {
        self.0.iter().any(|(_, model)| model.reads_time())
    }

    /// Whether some number is known at single z only.
    pub(super) fn read_mean_field(&self) -> bool {
        self.0.iter().any(|(_, model)| model.reads_mean_field())
    }

    /// Jets of the game's numbers over an interval of m, z being a function of m: estimates from values, of which
    /// [`Jet::smooth`] too is one.
    pub(super) fn jets<const N: usize>(
        &self,
        t: usize,
        m: Interval,
        count: usize,
        z: impl Fn(f64) -> Vec<f64>,
    ) -> Vec<Jet<N>> {
        let mut jets = vec![Jet::constant(0.0); count];
        for (first, model) in &self.0 {
            let at = |m: f64| {
                let mut numbers = vec![0.0; model.len()];
                model.fill(t, &z(m), &mut numbers);
                numbers
            };
            let places: Vec<f64> = match model.reads_mean_field() && m.width() > 0.0 {
                true => (0..POINTS).map(|i| m.low + place(i) * m.width()).collect(),
                false => vec![m.low],
            };
            let values: Vec<Vec<f64>> = places.into_iter().map(at).collect();
            for k in 0..model.len() {
                let values: Vec<f64> = values.iter().map(|numbers| numbers[k]).collect();
                jets[first + k] = match values[..] {
                    _ if values.iter().any(|value| value.is_nan()) => Jet::range(WHOLE),
                    [value] if model.reads_mean_field() => at_a_point(value),
                    [value] => Jet::constant(value),
                    _ => estimate(&values, m, model.range(t, k)),
                };
            }
        }
        jets
    }
}

/// Point i of an interval, in \[0, 1\]: Chebyshev's points and both ends.
fn place(i: usize) -> f64 {
    let angle = std::f64::consts::PI * i as f64 / (POINTS - 1) as f64;
    0.5 - 0.5 * libm::cos(angle)
}

/// One value of a function whose derivatives are not known.
fn at_a_point<const N: usize>(value: f64) -> Jet<N> {
    let mut c = [WHOLE; N];
    c[0] = Interval::point(value);
    Jet::of(c)
}

/// The jet of a function with these values at the points of an interval, and a range that it cannot leave.
fn estimate<const N: usize>(values: &[f64], m: Interval, range: Interval) -> Jet<N> {
    let hull = values.iter().fold(Interval::point(values[0]), |hull, v| {
        hull.hull(Interval::point(*v))
    });
    if hull.width() == 0.0 {
        return Jet::constant(values[0]);
    }
    let rounding = ROUNDING * hull.size();
    if m.width() <= NARROW {
        let mut jet = Jet::variable(hull, (values[POINTS - 1] - values[0]) / m.width());
        jet.smooth = hull.width() <= JUMP * range.width().max(hull.size()) + rounding;
        return if jet.smooth { jet } else { Jet::range(hull) };
    }
    let mut a = polynomial(values);
    for a in &mut a {
        *a = if a.abs() <= rounding { 0.0 } else { *a };
    }
    let value = |s: f64| a.iter().rev().fold(0.0, |sum, a| sum * s + a);
    let missed = (1..POINTS)
        .step_by(2)
        .map(|i| (value(2.0 * place(i) - 1.0) - values[i]).abs());
    let missed = missed.fold(0.0, f64::max);
    let bulge: f64 = (2..=DEGREE)
        .map(|j| BULGE * (j * j) as f64 * a[j].abs())
        .sum();
    let around = |r: f64| Interval { low: -r, high: r };
    let whole = hull.plus(around(bulge + missed));
    if missed > SMOOTH * hull.width() + rounding {
        return Jet::range(whole);
    }
    let mut c = [Interval::point(0.0); N];
    c[0] = whole;
    let mut unit = 1.0;
    for (k, c) in c.iter_mut().enumerate().skip(1) {
        unit *= 0.5 * m.width();
        let others = (k + 1..=DEGREE).map(|j| binomial(j, k) * a[j].abs());
        let own = Interval::point(a.get(k).copied().unwrap_or(0.0));
        *c = own.plus(around(others.sum())).over(Interval::point(unit));
    }
    Jet::of(c)
}

fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |b, i| b * (n - i) as f64 / (i + 1) as f64)
}

/// The coefficients in s, from -1 to 1, of the polynomial through the values of even number: Newton's divided differences,
/// multiplied out.
fn polynomial(values: &[f64]) -> [f64; DEGREE + 1] {
    let s: Vec<f64> = (0..=DEGREE).map(|i| 2.0 * place(2 * i) - 1.0).collect();
    let mut differences: Vec<f64> = (0..=DEGREE).map(|i| values[2 * i]).collect();
    for step in 1..=DEGREE {
        for i in (step..=DEGREE).rev() {
            differences[i] = (differences[i] - differences[i - 1]) / (s[i] - s[i - step]);
        }
    }
    let mut a = [0.0; DEGREE + 1];
    for i in (0..=DEGREE).rev() {
        // a(s) (s - s_i) + difference i.
        for j in (1..=DEGREE).rev() {
            a[j] = a[j - 1] - s[i] * a[j];
        }
        a[0] = differences[i] - s[i] * a[0];
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jet(function: impl Fn(f64) -> f64, low: f64, high: f64) -> Jet<6> {
        let m = Interval { low, high };
        let values: Vec<f64> = (0..POINTS)
            .map(|i| function(low + place(i) * m.width()))
            .collect();
        let range = Interval {
            low: -2.0,
            high: 2.0,
        };
        estimate(&values, m, range)
    }

    #[test]
    fn the_jet_of_a_cubic_encloses_its_derivatives() {
        let cubic = jet(|m| m * m * m - m, 0.2, 0.5);
        assert!(cubic.smooth);
        let taylor = |m: f64| [m * m * m - m, 3.0 * m * m - 1.0, 3.0 * m, 1.0];
        for m in [0.2, 0.31, 0.5] {
            for (c, exact) in cubic.c.iter().zip(taylor(m)) {
                assert!(c.low - 1e-9 <= exact && exact <= c.high + 1e-9, "{c:?}");
            }
        }
        assert!(cubic.c[4].size() < 1e-9 && cubic.c[5].size() < 1e-9);
    }

    #[test]
    fn lines_and_constants_are_known_exactly() {
        let line = jet(|m| 2.0 * m - 1.0, 0.0, 1.0);
        assert!(line.smooth);
        assert_eq!(line.c[2].size(), 0.0);
        assert!((line.c[1].low - 2.0).abs() < 1e-12 && line.c[1].width() < 1e-12);
        let constant = jet(|_| 0.3, 0.0, 1.0);
        assert!(constant.c[0].width() == 0.0 && constant.c[1].size() == 0.0);
    }

    #[test]
    fn jumps_and_corners_are_no_smooth_places_and_rounding_is_one() {
        let step = |m: f64| f64::from(u8::from(m > 0.3));
        assert!(!jet(step, 0.2, 0.9).smooth);
        assert!(!jet(step, 0.3, 0.3 + 1e-12).smooth);
        assert!(jet(step, 0.4, 0.9).smooth);
        assert!(!jet(|m| (m - 0.3).abs(), 0.0, 1.0).smooth);
        assert!(jet(libm::exp, 0.3, 0.3 + 1e-13).smooth);
    }
}
