//! The equilibrium of a known regime.

use super::super::values::{Piecewise, Place, Values};
use super::mixing::Sweep;
use super::{Equilibrium, Kind, Label, StageGames};

impl StageGames<'_> {
    /// The equilibrium of a known regime at the present point, or `None` where the regime does not hold there.
    /// Whether the equilibrium conditions hold is the caller's to know; this is (15a) solved inside a piece of theta.
    pub fn realise(&mut self, label: &Label) -> Option<Equilibrium> {
        self.prepare(label.candidate);
        self.realised(label)
    }

    fn realised(&self, label: &Label) -> Option<Equilibrium> {
        let next = self.next(label.candidate);
        if (0..2).any(|x| self.mass(x) <= 0.0) {
            return None;
        }
        let Some((mixer, second)) = label.mixing else {
            let landing = self.landing(label.candidate, label.profile);
            let holds = |x: usize| {
                let payoff = |a| self.payoff(label.candidate, x, a, &landing.values);
                let best = self.best_of(x, payoff);
                best.payoff - payoff(label.profile[x]) <= best.tolerance
            };
            if next.region(landing.place.piece) as usize != label.place || !(holds(0) && holds(1)) {
                return None;
            }
            return Some(self.finish(*label, 0.0, landing.place, 0.0, &landing.values, 0.0));
        };
        let Sweep::Segment(segment) = self.sweep(label.candidate, mixer, label.profile, second)
        else {
            return None;
        };
        let d = segment.target;
        let (lo, hi) = segment.ends();
        let (place, coin, values) = match label.kind {
            Kind::Mixed => {
                let place = root_in_run(next, label.place as u32, [lo.place.m, hi.place.m], d)?;
                (place, 0.0, next.values(place))
            }
            Kind::Vertex => {
                let branch = next.branch(label.place / 2);
                let m = if label.place.is_multiple_of(2) {
                    branch.lo.max(lo.place.m)
                } else {
                    branch.hi.min(hi.place.m)
                };
                let place = Place {
                    m,
                    piece: branch.piece,
                };
                (place, 0.0, next.values(place))
            }
            Kind::Touching => {
                let place = self.touching(&segment, [label.place / 2, label.place % 2]);
                if !segment.is_near(next.difference(next.branch_of(place), place.m)) {
                    return None;
                }
                (place, 0.0, next.values(place))
            }
            Kind::Inside => {
                let place = self.inside(&segment, label.place)?;
                (place, 0.0, next.values(place))
            }
            Kind::Lottery | Kind::MixedAtKink => {
                let (left, right) = (&next.pieces()[label.place], &next.pieces()[label.place + 1]);
                let (before, after) = (left.values(left.hi), right.values(right.lo));
                let gap = |v: &Values| v.followers[1] - v.followers[0];
                let w = (d - gap(&before)) / (gap(&after) - gap(&before));
                if !(0.0..=1.0).contains(&w) {
                    return None;
                }
                let coin = if label.kind == Kind::Lottery { w } else { 0.0 };
                (
                    Place {
                        m: left.hi,
                        piece: label.place,
                    },
                    coin,
                    before.mix(after, w),
                )
            }
            Kind::Pure => return None,
        };
        let probability = segment.probability(label.kind, place.m);
        segment
            .admits(label.kind, probability)
            .then(|| Equilibrium {
                limit: self.limit(&segment, label.kind, label.place),
                ..self.mixture(&segment, *label, probability, place, coin, &values)
            })
    }
}

/// The root of D = d in one run, where D is monotone: bisection over branches, then inside one.
fn root_in_run(next: &Piecewise, run: u32, [lo, hi]: [f64; 2], d: f64) -> Option<Place> {
    let (first, last) = next.run(run);
    let (from, to) = (next.branch(first).lo.max(lo), next.branch(last).hi.min(hi));
    if from > to {
        return None;
    }
    let within = |m: f64| {
        let (mut i, mut j) = (first, last);
        while i < j {
            let k = (i + j) / 2;
            if next.branch(k).hi < m {
                i = k + 1
            } else {
                j = k
            }
        }
        i
    };
    let (mut i, mut j) = (within(from), within(to));
    let above_at_start = next.difference(i, from) < d;
    if above_at_start == (next.difference(j, to) < d) {
        return None;
    }
    while i < j {
        let k = (i + j) / 2;
        if (next.branch(k).d_hi < d) == above_at_start {
            i = k + 1
        } else {
            j = k
        }
    }
    let branch = next.branch(i);
    let m = next.root(i, branch.lo.max(from), branch.hi.min(to), d);
    Some(Place {
        m,
        piece: branch.piece,
    })
}
