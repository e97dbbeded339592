//! Mixtures of one type over a pair of actions: roots of D = d, kinks and jumps on the segment that they sweep. Where D
//! stays near d the `bands` module takes over.

use super::super::values::{Border, Place, Values};
use super::StageGames;
use super::equilibrium::{Equilibria, Equilibrium, Label, Landing};
use crate::solve::stage::{Kind, Outcome};
use crate::solve::tolerances::{NO_COUPLING, SAME_EQUILIBRIUM};

impl StageGames<'_> {
    /// Type x mixes over each pair of its actions while the other type plays each of its own.
    pub(super) fn one_mixing(&self, l: usize, x: usize, out: &mut Equilibria) {
        let y = 1 - x;
        let others = self.tried(y);
        for (i, &a) in self.available[x].iter().enumerate() {
            for &b in &self.available[x][i + 1..] {
                for &c in &self.available[y][..others] {
                    let profile = if x == 0 { [a, c] } else { [c, a] };
                    match self.sweep(l, x, profile, b) {
                        Sweep::Segment(segment) => self.walk(&segment, out),
                        Sweep::Still(ends) => self.link_pure(ends, out),
                        Sweep::Nowhere => {}
                    }
                }
            }
        }
    }

    /// What a mixture of type x over its action in `profile` and `second` can lead to.
    ///
    /// Every other incentive, of x's third actions and of the other type, depends on m' through D alone, and D = d_x at
    /// every root: the whole segment holds equilibria or none.
    pub(super) fn sweep(
        &self,
        l: usize,
        x: usize,
        mut profile: [usize; 2],
        second: usize,
    ) -> Sweep {
        let (y, first) = (1 - x, profile[x]);
        let reward = |a| self.reward(l, x, a);
        let go = |a| self.transition(l, x, a, 1);
        let hold = self.period.game.discount() * (go(second) - go(first));
        let mut at_one = profile;
        at_one[x] = second;
        let (zero, one) = (*self.landing(l, profile), *self.landing(l, at_one));
        if hold.abs() < NO_COUPLING || zero.raw == one.raw {
            return Sweep::Still([profile, at_one]);
        }
        let target = -(reward(second) - reward(first)) / hold;
        let at = Values {
            followers: [0.0, self.next(l).nearest_difference(target)],
            leader: 0.0,
        };
        let best = self.best(l, x, &at);
        let slack = best.tolerance / hold.abs();
        let used = [first, second].map(|a| best.payoff - self.payoff(l, x, a, &at));
        let doubt = self.next(l).difference_error();
        let tolerance = best.tolerance + hold.abs() * doubt;
        // Beyond all values of D, its error included, the two actions never tie; a third action must not beat both.
        if (target - at.followers[1]).abs() > slack + doubt || used[0].min(used[1]) > tolerance {
            return Sweep::Nowhere;
        }
        let third = self.available[x].iter().any(|a| {
            *a != first
                && *a != second
                && best.payoff - self.payoff(l, x, *a, &at) <= best.tolerance
        });
        if self.mass(y) <= 0.0 {
            profile[y] = self.lowest_best_response(l, y, &at);
        }
        let best = self.best(l, y, &at);
        let loss = |a: usize| best.payoff - self.payoff(l, y, a, &at);
        if loss(profile[y]) > best.tolerance {
            return Sweep::Nowhere;
        }
        let rival = |a: &usize| *a != profile[y] && loss(*a) <= best.tolerance;
        Sweep::Segment(Segment {
            candidate: l,
            mixer: x,
            profile,
            second,
            zero,
            one,
            target,
            slack,
            hold,
            loss: loss(profile[y]),
            tied: third || self.mass(y) > 0.0 && self.available[y].iter().any(rival),
        })
    }

    /// The mixture moves nothing: where both ends are equilibria, all between are.
    fn link_pure(&self, ends: [[usize; 2]; 2], out: &mut Equilibria) {
        let end = |profile: [usize; 2]| {
            out.found[..out.pure]
                .iter()
                .position(|e| e.label.profile == profile)
        };
        if let (Some(i), Some(j)) = (end(ends[0]), end(ends[1])) {
            out.links.push((i, j));
            out.tied = true;
        }
    }

    /// All equilibria on a segment: roots, kinks, jumps, touching roots and continua, in rising order of m'.
    fn walk(&self, segment: &Segment, out: &mut Equilibria) {
        let (next, d) = (self.next(segment.candidate), segment.target);
        let (lo, hi) = segment.ends();
        let (first, last) = (next.branch_of(lo.place), next.branch_of(hi.place));
        let reach = segment.slack + next.difference_error();
        let mut at = first;
        while let Some(i) = next.next_candidate(at, last, d, reach) {
            let [from, to] = self.ends_on(segment, i).map(|end| end.d);
            let nearest = (from - d).abs().min((to - d).abs());
            if nearest <= segment.slack {
                at = self.band(segment, [first, last], i, out);
                continue;
            }
            if nearest <= reach {
                out.undecided |= self.may_touch(segment, [first, last], i);
            }
            if (from < d) != (to < d) {
                self.push_root(segment, i, out);
            }
            if i < last {
                self.step_beyond(segment, i, out);
            }
            at = i + 1;
        }
    }

    /// Whether the border before a branch belongs to the band that begins with it.
    pub(super) fn meets_band(&self, segment: &Segment, i: usize) -> bool {
        let next = self.next(segment.candidate);
        let piece = next.branch(i - 1).piece;
        if next.branch(i).piece == piece {
            return false;
        }
        match next.border(piece) {
            Border::Jump => self.is_at_jump(segment, [i, 0]),
            Border::Kink | Border::Smooth => segment.is_near(self.ends_on(segment, i)[0].d),
        }
    }

    /// The equilibrium in the gap after a branch, if the incentive changes sign there.
    pub(super) fn step(&self, segment: &Segment, i: usize, out: &mut Equilibria) {
        if let Some(weight) = self.crossed_after(segment, i) {
            self.at_border(segment, i, weight, out);
        }
    }

    /// The same, unless the border belongs to the band that begins with the branch after it.
    pub(super) fn step_beyond(&self, segment: &Segment, i: usize, out: &mut Equilibria) {
        if let Some(weight) = self.crossed_after(segment, i)
            && !self.meets_band(segment, i + 1)
        {
            self.at_border(segment, i, weight, out);
        }
    }

    /// Where the target lies between D on the sides of the gap after a branch.
    fn crossed_after(&self, segment: &Segment, i: usize) -> Option<f64> {
        let (next, d) = (self.next(segment.candidate), segment.target);
        let (before, after) = (next.branch(i), next.branch(i + 1));
        let crosses = after.piece != before.piece && (before.d_hi < d) != (after.d_lo < d);
        crosses.then(|| (d - before.d_hi) / (after.d_lo - before.d_hi))
    }

    /// The root of D = d on a branch at the ends of which D - d differs in sign.
    pub(super) fn push_root(&self, segment: &Segment, i: usize, out: &mut Equilibria) {
        let next = self.next(segment.candidate);
        let branch = next.branch(i);
        let [from, to] = self.ends_on(segment, i);
        let place = Place {
            m: next.root(i, from.m, to.m, segment.target),
            piece: branch.piece,
        };
        let label = segment.label(Kind::Mixed, branch.run as usize);
        self.push_mixed(segment, label, place, 0.0, &next.values(place), out);
    }

    /// The ends of the part of a branch that lies on a segment.
    pub(super) fn ends_on(&self, segment: &Segment, i: usize) -> [End; 2] {
        let next = self.next(segment.candidate);
        let (branch, (lo, hi)) = (next.branch(i), segment.ends());
        let end = |m: f64, own: f64, d: f64| match m == own {
            true => End { m, d },
            false => End {
                m,
                d: next.difference(i, m),
            },
        };
        [
            end(branch.lo.max(lo.place.m), branch.lo, branch.d_lo),
            end(branch.hi.min(hi.place.m), branch.hi, branch.d_hi),
        ]
    }

    /// The incentive changes sign in the gap after branch i.
    fn at_border(&self, segment: &Segment, i: usize, weight: f64, out: &mut Equilibria) {
        let next = self.next(segment.candidate);
        let piece = next.branch(i).piece;
        let left = Place {
            m: next.branch(i).hi,
            piece,
        };
        let right = Place {
            m: next.branch(i + 1).lo,
            piece: piece + 1,
        };
        let values = next.values(left).mix(next.values(right), weight);
        if next.border(piece) == Border::Jump {
            let label = segment.label(Kind::Lottery, piece);
            self.push_mixed(segment, label, left, weight, &values, out);
        } else {
            let label = segment.label(Kind::MixedAtKink, piece);
            self.push_mixed(segment, label, left, 0.0, &values, out);
        }
    }

    /// Add a mixture; its place in the list, or that of the equilibrium it equals.
    pub(super) fn push_mixed(
        &self,
        segment: &Segment,
        label: Label,
        place: Place,
        coin: f64,
        values: &Values,
        out: &mut Equilibria,
    ) -> Option<usize> {
        let probability = segment.probability(label.kind, place.m);
        let e = self.mixture(segment, label, probability, place, coin, values);
        let same = |other: &Equilibrium| {
            (other.next.m - e.next.m).abs() < SAME_EQUILIBRIUM
                && self.next(segment.candidate).jump_region(other.next.piece)
                    == self.next(segment.candidate).jump_region(e.next.piece)
                && other.is_supported() == e.is_supported()
                && (0..2).all(|x| {
                    self.available[x]
                        .iter()
                        .all(|&a| (other.gamma(x, a) - e.gamma(x, a)).abs() < SAME_EQUILIBRIUM)
                })
        };
        // A mixture can coincide only with a pure prescription, or with the end of the branch before.
        let last = out.found.len().saturating_sub(1).max(out.pure);
        let near = (0..out.pure).chain(last..out.found.len());
        if let Some(i) = near.into_iter().find(|i| same(&out.found[*i])) {
            out.tied = true;
            return Some(i);
        }
        if !segment.admits(label.kind, probability) {
            out.tied = true;
            return None;
        }
        out.tied |= segment.tied;
        out.found.push(e);
        Some(out.found.len() - 1)
    }

    /// The mixture as an equilibrium: its conditions were checked for the whole segment.
    pub(super) fn mixture(
        &self,
        segment: &Segment,
        label: Label,
        probability: f64,
        place: Place,
        coin: f64,
        values: &Values,
    ) -> Equilibrium {
        let miss = values.followers[1] - values.followers[0] - segment.target;
        let residual = (segment.hold * miss).abs().max(segment.loss);
        Equilibrium {
            target: segment.target,
            ..self.finish(label, probability, place, coin, values, residual)
        }
    }
}

/// A point of a segment and D there.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub m: f64,
    pub d: f64,
}

/// What a mixture of one type over a pair of actions can lead to.
pub(super) enum Sweep {
    /// m' does not move, or the incentive does not feel it: the two pure ends.
    Still([[usize; 2]; 2]),
    /// No root on it can be an equilibrium.
    Nowhere,
    /// Every root on it is.
    Segment(Segment),
}

/// The line of m' that one type's mixture over a pair of actions sweeps, the other type playing one action.
pub(super) struct Segment {
    pub(super) candidate: usize,
    pub(super) mixer: usize,
    /// The actions at mixing probability 0.
    pub(super) profile: [usize; 2],
    /// The mixing type's other action.
    pub(super) second: usize,
    pub(super) zero: Landing,
    pub(super) one: Landing,
    /// d_x: the value of D at which the mixing type is indifferent.
    pub(super) target: f64,
    /// The tie tolerance in units of D.
    pub(super) slack: f64,
    /// delta dP_x, what D is worth to the mixing type's incentive.
    pub(super) hold: f64,
    /// What the other type's action loses at d_x, within its tie tolerance.
    pub(super) loss: f64,
    /// Whether an action that is not played ties with the played ones at d_x.
    pub(super) tied: bool,
}

impl Segment {
    /// Whether the two actions tie where D has this value.
    pub(super) fn is_near(&self, d: f64) -> bool {
        (d - self.target).abs() <= self.slack
    }

    pub(super) fn ends(&self) -> (&Landing, &Landing) {
        if self.zero.raw <= self.one.raw {
            (&self.zero, &self.one)
        } else {
            (&self.one, &self.zero)
        }
    }

    /// The mixing probability that leads to m. At a border m' may lie anywhere in the gap, and an end of the segment
    /// may lie there too: the probability is then that end's.
    pub(super) fn probability(&self, kind: Kind, m: f64) -> f64 {
        let p = (m - self.zero.raw) / (self.one.raw - self.zero.raw);
        if matches!(kind, Kind::Lottery | Kind::MixedAtKink) {
            p.clamp(0.0, 1.0)
        } else {
            p
        }
    }

    /// Whether a probability is a mixture: strictly between 0 and 1 but at a border.
    pub(super) fn admits(&self, kind: Kind, probability: f64) -> bool {
        matches!(kind, Kind::Lottery | Kind::MixedAtKink)
            || (probability > 0.0 && probability < 1.0)
    }

    pub(super) fn label(&self, kind: Kind, place: usize) -> Label {
        Label {
            candidate: self.candidate,
            kind,
            profile: self.profile,
            mixing: Some((self.mixer, self.second)),
            place,
        }
    }
}
