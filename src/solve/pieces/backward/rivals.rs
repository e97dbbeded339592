//! Where another action of the leader may be better than the one chosen, between points at which all were compared.
//!
//! On a piece V^l of every action is smooth. Its distance below the chosen one's, known at four points, is taken for the
//! cubic through them: where that dips a rival may pass and fall back without any of the points showing it.

use super::super::values::{INNER, OUTER, POINTS};
use crate::solve::tolerances::SAME_VALUE;

/// Points at which all actions are compared.
const SEEN: usize = POINTS - 1;
/// A rival is looked at where it comes to less than this share of its least distance at the points, by more than rounding.
const DIP: f64 = 0.5;
/// Rivals of one piece that are looked at, the nearest first.
const MOST: usize = 4;
/// Looks at one rival, while each promises to come a tenth closer,
pub(super) const LOOKS: usize = 6;
const CLOSER: f64 = 0.9;
/// no closer together than this share of the piece.
const CLOSE: f64 = 1e-6;

/// A rival of the chosen action on a piece.
#[derive(Debug)]
pub(super) struct Rival {
    pub candidate: usize,
    /// The places at which it was compared, rising, and how far below the chosen action it is there.
    seen: Vec<[f64; 2]>,
    /// Where it may come closest.
    pub place: f64,
    /// How close.
    depth: f64,
}

/// The rivals that may pass the chosen action, from V^l of all at the four points.
pub(super) fn find(leaders: &[Vec<f64>; SEEN], chosen: usize) -> Vec<Rival> {
    let all = leaders.iter().flatten();
    let low = all.clone().fold(f64::INFINITY, |low, v| low.min(*v));
    let high = all.fold(f64::NEG_INFINITY, |high, v| high.max(*v));
    let rounding = SAME_VALUE * (high - low).max(1.0);
    let mut rivals: Vec<Rival> = Vec::new();
    for candidate in (0..leaders[0].len()).filter(|l| *l != chosen) {
        let below = [0, 1, 2, 3].map(|i| leaders[i][chosen] - leaders[i][candidate]);
        let least = below.into_iter().fold(f64::INFINITY, f64::min);
        let Some([place, depth]) = dip(below) else {
            continue;
        };
        if depth < DIP * least - rounding {
            let places = [-OUTER, -INNER, INNER, OUTER].into_iter().zip(below);
            rivals.push(Rival {
                candidate,
                seen: places.map(|(place, below)| [place, below]).collect(),
                place,
                depth,
            });
        }
    }
    rivals.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    rivals.truncate(MOST);
    rivals
}

impl Rival {
    /// Take note of how far below the chosen action it is at its place, and whether there is another place to look.
    pub fn look(&mut self, below: f64) -> bool {
        let at = self.seen.partition_point(|[place, _]| *place < self.place);
        self.seen.insert(at, [self.place, below]);
        if at == 0 || at + 1 == self.seen.len() {
            return false;
        }
        // The parabola through it and its neighbours.
        let [before, here, after] = [self.seen[at - 1], self.seen[at], self.seen[at + 1]];
        let slopes = [[before, here], [here, after]].map(|[a, b]| (b[1] - a[1]) / (b[0] - a[0]));
        let bend = (slopes[1] - slopes[0]) / (after[0] - before[0]);
        let place = 0.5 * (before[0] + here[0]) - 0.5 * slopes[0] / bend;
        let far = |other: [f64; 2]| (place - other[0]).abs() > CLOSE;
        // Written so that a NaN ends it.
        let inside = place > before[0] && place < after[0];
        if !(inside && bend > 0.0 && far(before) && far(here) && far(after)) {
            return false;
        }
        let depth = here[1] - bend * (place - here[0]) * (place - here[0]);
        self.place = place;
        depth < CLOSER * below
    }
}

/// Place and value of the least point inside of the cubic through four values.
fn dip(v: [f64; SEEN]) -> Option<[f64; 2]> {
    let [outer, inner] = [OUTER * OUTER, INNER * INNER];
    let even = [0.5 * (v[3] + v[0]), 0.5 * (v[2] + v[1])];
    let odd = [0.5 * (v[3] - v[0]) / OUTER, 0.5 * (v[2] - v[1]) / INNER];
    let c2 = (even[0] - even[1]) / (outer - inner);
    let c3 = (odd[0] - odd[1]) / (outer - inner);
    let (c0, c1) = (even[0] - c2 * outer, odd[0] - c3 * outer);
    let root = libm::sqrt(c2 * c2 - 3.0 * c3 * c1);
    // c1 + 2 c2 s + 3 c3 s^2 = 0 where it rises, in the form that does not cancel.
    let place = match c2 > 0.0 {
        true => -c1 / (c2 + root),
        false => (root - c2) / (3.0 * c3),
    };
    let value = c0 + place * (c1 + place * (c2 + place * c3));
    (place.abs() < 1.0 && value.is_finite()).then_some([place, value])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Actions whose V^l are given functions, the first chosen.
    fn leaders(actions: &[fn(f64) -> f64]) -> [Vec<f64>; SEEN] {
        [-OUTER, -INNER, INNER, OUTER].map(|s| actions.iter().map(|v| v(s)).collect())
    }

    #[test]
    fn the_dip_of_a_cubic_is_its_local_minimum() {
        let cubic = |s: f64| 0.3 + (s - 0.2) * (s - 0.2) * (1.0 + 0.5 * s);
        let [place, value] = dip([-OUTER, -INNER, INNER, OUTER].map(cubic)).unwrap();
        assert!((place - 0.2).abs() < 1e-12 && (value - 0.3).abs() < 1e-12);
        for line in [|s: f64| s, |s: f64| 1.0 - 0.0 * s, |s: f64| -s * s] {
            assert!(dip([-OUTER, -INNER, INNER, OUTER].map(line)).is_none());
        }
    }

    #[test]
    fn a_rival_that_passes_between_the_points_is_found_within_a_few_looks() {
        let quartic = |s: f64| 1e-4 - (s - 0.613).powi(2) * (1.0 + 0.4 * s + 0.3 * s * s);
        let all = leaders(&[|_| 0.0, quartic, |s| -1.0 + 0.1 * s, |_| 0.0]);
        let mut rivals = find(&all, 0);
        assert_eq!(rivals.len(), 1);
        let rival = &mut rivals[0];
        assert_eq!(rival.candidate, 1);
        let mut looks = 1;
        while quartic(rival.place) <= 0.0 {
            assert!(rival.look(-quartic(rival.place)) && looks < LOOKS);
            looks += 1;
        }
        // One that only comes near is left after some looks.
        let near = |s: f64| -1e-2 - (s - 0.613).powi(2);
        let mut rivals = find(&leaders(&[|_| 0.0, near]), 0);
        let rival = &mut rivals[0];
        assert!((1..LOOKS).any(|_| !rival.look(-near(rival.place))));
    }
}
