//! Bands: the stretches of a segment on which the incentive is within the tie tolerance.
//!
//! Best responses are closed, and a tie is a tie within the tolerance: what lies in one band is one equilibrium, not one
//! for each root that rounding leaves there. By what happens at the two ends of the band it is
//!
//! - where the band holds an end of the segment, the pure prescription there;
//! - where it ends at a jump of V with D at the target, the point on that side, and no lottery;
//! - where the incentive enters on one side of zero and leaves on the other, its root;
//! - where it enters and leaves on the same side, its extremum: two roots that have met, and for the count a tie.
//!
//! Only where D is constant in truth is the band a continuum. A band of a curve of order p about its extremum is within a
//! share q of the tolerance on a share q^(1/p) of its width: [`FLAT`] and [`SHARE`] tell the two apart up to p = 8.

use super::super::values::{Border, Place};
use super::StageGames;
use super::equilibrium::Equilibria;
use super::mixing::{End, Segment};
use crate::solve::stage::Kind;
use crate::solve::tolerances::SAME_EQUILIBRIUM;

/// D that varies by less than this share of the tie tolerance on a branch is constant there; D that is so near to the target
/// at the side of a jump is there.
const FLAT: f64 = 1e-3;
/// The share of a band that constant branches must take up.
const SHARE: f64 = 0.5;

/// How D comes to one end of a band.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    /// The segment ends there.
    Segment,
    /// V jumps there.
    Jump,
    /// Beyond it D is smaller than the target, or larger.
    Below,
    Above,
}

/// Branches on which D comes within the tolerance of the target without leaving it between them.
struct Band {
    first: usize,
    last: usize,
    entry: Edge,
    exit: Edge,
}

impl StageGames<'_> {
    /// The equilibrium or continuum in the band that branch i leads into; the branch to go on with.
    pub(super) fn band(
        &self,
        segment: &Segment,
        range: [usize; 2],
        i: usize,
        out: &mut Equilibria,
    ) -> usize {
        let band = self.gather(segment, range, i);
        out.undecided |= (band.first..=band.last).any(|i| self.may_touch(segment, range, i));
        self.settle_band(segment, &band, out);
        // What lies beyond the band on its last branch is monotone and holds no root; a border after it may.
        let after = band.last + 1;
        let inside = self.ends_on(segment, band.last)[1];
        if after <= range[1] && !segment.is_near(inside.d) {
            self.step_beyond(segment, band.last, out);
        }
        after
    }

    fn gather(&self, segment: &Segment, [first, end]: [usize; 2], i: usize) -> Band {
        let next = self.next(segment.candidate);
        let side = |d: f64| match d < segment.target {
            true => Edge::Below,
            false => Edge::Above,
        };
        let [start, _] = self.ends_on(segment, i);
        let entry = if !segment.is_near(start.d) {
            side(start.d)
        } else if i == first {
            Edge::Segment
        } else if self.jumps_after(segment, i - 1) {
            Edge::Jump
        } else {
            side(next.branch(i - 1).d_hi)
        };
        let mut last = i;
        let exit = loop {
            let [_, stop] = self.ends_on(segment, last);
            if !segment.is_near(stop.d) {
                break side(stop.d);
            }
            if last == end {
                break Edge::Segment;
            }
            if self.jumps_after(segment, last) {
                break Edge::Jump;
            }
            let [beyond, _] = self.ends_on(segment, last + 1);
            if !segment.is_near(beyond.d) {
                break side(beyond.d);
            }
            last += 1;
        };
        Band {
            first: i,
            last,
            entry,
            exit,
        }
    }

    /// Whether V jumps after a branch.
    fn jumps_after(&self, segment: &Segment, i: usize) -> bool {
        let next = self.next(segment.candidate);
        let piece = next.branch(i).piece;
        next.branch(i + 1).piece != piece && next.border(piece) == Border::Jump
    }

    fn settle_band(&self, segment: &Segment, band: &Band, out: &mut Equilibria) {
        let flat = self.constant_branches(segment, band);
        if !flat.is_empty() {
            return self.continuum(segment, &flat, out);
        }
        // Which side of the target D is on at an end.
        let entry = self.side_of(segment, band, [band.first, 0]);
        let exit = self.side_of(segment, band, [band.last, 1]);
        match (entry, exit) {
            (Edge::Segment, _) | (_, Edge::Segment) if self.is_pure_end(segment, band, out) => {
                out.tied = true;
            }
            (Edge::Jump, _) => self.push_touching(segment, [band.first, 0], out),
            (_, Edge::Jump) => self.push_touching(segment, [band.last, 1], out),
            (Edge::Below, Edge::Below) => self.push_extremum(segment, band, 1.0, out),
            (Edge::Above, Edge::Above) => self.push_extremum(segment, band, -1.0, out),
            _ => self.push_crossing(segment, band, out),
        }
        // A band that ends at a jump: the other side may lie beyond the target.
        if band.exit == Edge::Jump
            && exit != Edge::Jump
            && !self.is_at_jump(segment, [band.last + 1, 0])
        {
            self.step(segment, band.last, out);
        }
    }

    /// Whether D is at the target on the side of a jump at which a branch ends.
    pub(super) fn is_at_jump(&self, segment: &Segment, [branch, side]: [usize; 2]) -> bool {
        let d = self.ends_on(segment, branch)[side].d;
        (d - segment.target).abs() <= FLAT * segment.slack
    }

    /// How D comes to an end of a band; to a jump, from which side of the target, unless it is there.
    fn side_of(&self, segment: &Segment, band: &Band, [branch, side]: [usize; 2]) -> Edge {
        let edge = if side == 0 { band.entry } else { band.exit };
        if edge != Edge::Jump || self.is_at_jump(segment, [branch, side]) {
            return edge;
        }
        match self.ends_on(segment, branch)[side].d < segment.target {
            true => Edge::Below,
            false => Edge::Above,
        }
    }

    /// The branches of a band on which D is constant, if they make up a continuum.
    fn constant_branches(&self, segment: &Segment, band: &Band) -> Vec<usize> {
        let (mut flat, mut width) = (Vec::new(), 0.0);
        for i in band.first..=band.last {
            let [from, to] = self.ends_on(segment, i);
            let both = segment.is_near(from.d) && segment.is_near(to.d);
            if both && (to.d - from.d).abs() <= FLAT * segment.slack && to.m > from.m {
                flat.push(i);
                width += to.m - from.m;
            }
        }
        if width <= SAME_EQUILIBRIUM || width < SHARE * self.width(segment, band) {
            flat.clear();
        }
        flat
    }

    fn width(&self, segment: &Segment, band: &Band) -> f64 {
        let next = self.next(segment.candidate);
        // Where D enters the tolerance on a branch, or leaves it.
        let edge = |i: usize, outside: f64| {
            let [from, to] = self.ends_on(segment, i);
            let level = segment.target + (outside - segment.target).signum() * segment.slack;
            next.root(i, from.m, to.m, level)
        };
        let [start, _] = self.ends_on(segment, band.first);
        let [_, stop] = self.ends_on(segment, band.last);
        let lo = match segment.is_near(start.d) {
            true => start.m,
            false => edge(band.first, start.d),
        };
        let hi = match segment.is_near(stop.d) {
            true => stop.m,
            false => edge(band.last, stop.d),
        };
        hi - lo
    }

    /// Whether the pure prescription at an end of the segment that the band holds was found.
    fn is_pure_end(&self, segment: &Segment, band: &Band, out: &Equilibria) -> bool {
        let (lo, hi) = segment.ends();
        let held = [(band.entry, lo), (band.exit, hi)].into_iter();
        let mut held = held.filter(|(edge, _)| *edge == Edge::Segment);
        held.any(|(_, end)| {
            let mut profile = segment.profile;
            if std::ptr::eq(end, &segment.one) {
                profile[segment.mixer] = segment.second;
            }
            let pure = out.found[..out.pure].iter();
            pure.into_iter().any(|e| e.label.profile == profile)
        })
    }

    /// The root of a band that D crosses: on a branch, or in a gap.
    fn push_crossing(&self, segment: &Segment, band: &Band, out: &mut Equilibria) {
        let below = |d: f64| d < segment.target;
        for i in band.first..=band.last {
            let [from, to] = self.ends_on(segment, i);
            if below(from.d) != below(to.d) {
                return self.push_root(segment, i, out);
            }
            let next = self.next(segment.candidate);
            let inside = i < band.last
                || segment.is_near(to.d) && !matches!(band.exit, Edge::Segment | Edge::Jump);
            if inside && below(to.d) != below(next.branch(i + 1).d_lo) {
                return self.step(segment, i, out);
            }
        }
        // The border before the band, where its other side is out of the tolerance.
        let [from, _] = self.ends_on(segment, band.first);
        if segment.is_near(from.d) && !matches!(band.entry, Edge::Segment | Edge::Jump) {
            self.step(segment, band.first - 1, out);
        }
    }

    /// The extremum of a band that D enters and leaves on the same side; `sign` 1 for a maximum of D. None where D comes
    /// nearest at the side of a jump.
    fn push_extremum(&self, segment: &Segment, band: &Band, sign: f64, out: &mut Equilibria) {
        let mut best = ([band.first, 0], f64::NEG_INFINITY);
        for i in band.first..=band.last {
            for (side, end) in self.ends_on(segment, i).into_iter().enumerate() {
                if sign * end.d > best.1 {
                    best = ([i, side], sign * end.d);
                }
            }
        }
        let is_edge = |at: [usize; 2], edge: Edge| best.0 == at && edge == Edge::Jump;
        if is_edge([band.first, 0], band.entry) || is_edge([band.last, 1], band.exit) {
            return;
        }
        self.push_touching(segment, best.0, out);
    }

    /// The equilibrium at an end of a branch, where the incentive touches zero.
    fn push_touching(&self, segment: &Segment, [branch, side]: [usize; 2], out: &mut Equilibria) {
        let place = self.touching(segment, [branch, side]);
        let label = segment.label(Kind::Touching, 2 * branch + side);
        let values = self.next(segment.candidate).values(place);
        self.push_mixed(segment, label, place, 0.0, &values, out);
        out.tied = true;
    }

    /// The point of an end of a branch; where D turns next to it, the turning point.
    pub(super) fn touching(&self, segment: &Segment, [branch, side]: [usize; 2]) -> Place {
        let next = self.next(segment.candidate);
        let own = next.branch(branch);
        let m = if side == 0 { own.lo } else { own.hi };
        let piece = own.piece;
        next.turn_next_to(Place { m, piece })
    }

    /// Whether the error of D leaves open if the incentive touches zero at an end of a branch: where D turns there or jumps,
    /// and its distance to the target might be within the tolerance, or not.
    pub(super) fn may_touch(&self, segment: &Segment, [first, last]: [usize; 2], i: usize) -> bool {
        let next = self.next(segment.candidate);
        let is_open = |end: &End, side: usize| {
            let miss = ((end.d - segment.target).abs() - segment.slack).abs();
            miss <= next.difference_error_of(next.branch(i).piece)
                && miss <= next.end_error(i, side)
        };
        let [from, to] = self.ends_on(segment, i);
        (i > first && is_open(&from, 0) && self.turns_or_jumps(segment, i - 1))
            || (i < last && is_open(&to, 1) && self.turns_or_jumps(segment, i))
    }

    /// Whether D turns or jumps after a branch.
    fn turns_or_jumps(&self, segment: &Segment, i: usize) -> bool {
        let next = self.next(segment.candidate);
        let (before, after) = (next.branch(i), next.branch(i + 1));
        let goes_on = (before.d_lo < before.d_hi && after.d_lo < after.d_hi)
            || (before.d_lo > before.d_hi && after.d_lo > after.d_hi);
        !goes_on || self.jumps_after(segment, i)
    }
}
