//! The equilibrium of a known regime over a whole interval of m: enclosures of V and its derivatives, by which the error of
//! a polynomial that stands for V is bounded.

use super::{Equilibrium, Kind, Label, Period};
use crate::game::jet::Jet;
use crate::game::stretches::Jets;
use crate::game::{LeaderAction, LeaderInformation, LeaderType};
use crate::solve::pieces::values::{
    Along, Composed, POINTS, Piecewise, Place, Values, polynomial_error,
};
use crate::stats::Interval;

/// Coefficients of the jets: the last bounds the error of a polynomial through [`POINTS`] values.
const ORDER: usize = POINTS + 1;
/// The games of one period over an interval of m.
pub(in crate::solve) struct Enclosed<'a, const N: usize> {
    pub(super) period: Period<'a>,
    pub(super) jets: Jets<'a, N>,
    z: [Jet<N>; 2],
    half: f64,
}

/// What is known of V over the interval.
struct Regime {
    /// V^f per type, and the mean of V^l.
    values: [Jet<ORDER>; 3],
    /// V^l per leader type, where her type is private.
    leader_types: Vec<Jet<ORDER>>,
    /// How far each of the values may be from smooth, and V^l per leader type.
    kinks: [f64; 3],
    of_types: f64,
}

/// Where an equilibrium leads, over the interval.
struct Path {
    /// m', on both sides of a jump with the probabilities of the coin.
    sides: Vec<(Jet<ORDER>, Jet<ORDER>)>,
    /// V^f and V^l there.
    values: [Along<ORDER>; 3],
    /// The probability of the mixing type's second action.
    probability: Jet<ORDER>,
}

impl<'a, const N: usize> Enclosed<'a, N> {
    /// Over `[lo, hi]`.
    pub fn new(period: Period<'a>, lo: f64, hi: f64) -> Self {
        let m = Interval { low: lo, high: hi };
        Self {
            jets: period.game.jets(period.t, m),
            z: [
                Jet::variable(Interval::point(1.0).minus(m), -1.0),
                Jet::variable(m, 1.0),
            ],
            half: 0.5 * (hi - lo),
            period,
        }
    }

    pub(super) fn next(&self, l: usize) -> &'a Piecewise {
        self.period.candidates.function(l, self.period.next)
    }

    /// A reward, the mean over the moves of a candidate.
    pub(super) fn mean(&self, l: usize, reward: impl Fn(usize) -> Jet<N>) -> Jet<N> {
        let moves = &self.period.candidates.list[l].moves;
        if let [only] = moves[..] {
            return reward(only.index);
        }
        moves.iter().fold(Jet::constant(0.0), |sum, m| {
            sum.plus(&reward(m.index).scaled(m.probability))
        })
    }

    pub(super) fn kernel(&self, l: usize, x: usize, a: usize, to: usize) -> Jet<N> {
        let index = self.period.candidates.list[l].moves[0].index;
        self.jets.transition(index, x, a, to)
    }

    /// (8) for a pure prescription, in the form that does not take z(x_1) and z(x_2) for independent.
    pub(super) fn flow(&self, l: usize, profile: [usize; 2]) -> Jet<N> {
        let [first, second] = [0, 1].map(|x| self.kernel(l, x, profile[x], 1));
        let mut flow = second.plus(&self.z[0].times(&first.minus(&second)));
        flow.c[0] = flow.c[0].meet(Interval {
            low: 0.0,
            high: 1.0,
        });
        flow
    }
}

impl Enclosed<'_, ORDER> {
    /// A bound of |V - p|, of V^f and of V^l (all her types), for the polynomial p through V's values at a piece's nodes where one regime holds; `None` where
    /// enclosures give none.
    pub fn error(&self, label: &Label, like: &Equilibrium) -> Option<Values> {
        let regime = self.regime(label, like)?;
        let bound = |jet: &Jet<ORDER>, kinks: f64| {
            let bound = polynomial_error(jet, kinks, self.half);
            bound.is_finite().then_some(bound)
        };
        let [first, second, leader] = [0, 1, 2].map(|k| bound(&regime.values[k], regime.kinks[k]));
        let mut leader = leader?;
        for jet in &regime.leader_types {
            leader = leader.max(bound(jet, regime.of_types)?);
        }
        Some(Values {
            followers: [first?, second?],
            leader,
        })
    }

    fn regime(&self, label: &Label, like: &Equilibrium) -> Option<Regime> {
        let path = self.path(label, like)?;
        let l = label.candidate;
        let discount = self.period.game.discount();
        let mut values = [Jet::constant(0.0); 3];
        values[2] = self
            .mean(l, |m| self.jets.leader_period_reward(m))
            .plus(&path.values[2].jet.scaled(discount));
        let mut kinks = path.values.map(|v| discount * v.kinks);
        kinks[0] = kinks[0].max(kinks[1]);
        kinks[1] = kinks[0];
        for x in 0..2 {
            for (a, gamma) in self.played(label, &path, x) {
                let [stay, go] = [0, 1].map(|to| self.kernel(l, x, a, to));
                let later = stay
                    .times(&path.values[0].jet)
                    .plus(&go.times(&path.values[1].jet));
                let payoff = self
                    .mean(l, |m| self.jets.follower_reward(m, x, a))
                    .plus(&later.scaled(discount));
                values[x] = values[x].plus(&gamma.times(&payoff));
                let paid = self.mean(l, |m| self.jets.leader_follower_reward(m, x, a));
                values[2] = values[2].plus(&self.z[x].times(&gamma).times(&paid));
            }
        }
        let (leader_types, of_types) = match self.period.game.leader_information() {
            LeaderInformation::Private => self.leader_types(label, &path)?,
            LeaderInformation::NoTypes | LeaderInformation::Public => (Vec::new(), 0.0),
        };
        Some(Regime {
            values,
            leader_types,
            kinks,
            of_types,
        })
    }

    /// The actions that a type plays, with their probabilities.
    fn played(&self, label: &Label, path: &Path, x: usize) -> Vec<(usize, Jet<ORDER>)> {
        match label.mixing {
            Some((mixer, second)) if mixer == x => {
                let p = path.probability;
                let rest = Jet::constant(1.0).minus(&p);
                vec![(label.profile[x], rest), (second, p)]
            }
            _ => vec![(label.profile[x], Jet::constant(1.0))],
        }
    }

    fn path(&self, label: &Label, like: &Equilibrium) -> Option<Path> {
        let l = label.candidate;
        let next = self.next(l);
        let zero = self.flow(l, label.profile);
        let Some((mixer, second)) = label.mixing else {
            let pieces = next.pieces_of_region(label.place as u32)?;
            let values = next.along(&zero, pieces)?.values();
            return Some(Path {
                sides: vec![(zero, Jet::constant(1.0))],
                values,
                probability: Jet::constant(0.0),
            });
        };
        let target = self.target(l, mixer, label.profile[mixer], second)?;
        let mut sides = Vec::new();
        let (path, values) = match label.kind {
            Kind::Mixed => {
                let (path, pieces) = inverse(next, like.next, &target)?;
                let values = next.along(&path, pieces)?.values();
                (path, values)
            }
            Kind::Lottery | Kind::MixedAtKink => {
                let both = [like.next.piece, like.next.piece + 1];
                let [left, right] = both.map(|i| next.pieces().get(i));
                let (left, right) = (left?, right?);
                let ends = [left.values(left.hi), right.values(right.lo)];
                let d = ends.map(|v| v.followers[1] - v.followers[0]);
                let weight = target
                    .minus(&Jet::constant(d[0]))
                    .over(&Jet::constant(d[1] - d[0]));
                let mix = |a: f64, b: f64| Along {
                    jet: Jet::constant(a).plus(&weight.times(&Jet::constant(b - a))),
                    kinks: 0.0,
                };
                if label.kind == Kind::Lottery {
                    let rest = Jet::constant(1.0).minus(&weight);
                    sides = vec![
                        (Jet::constant(left.hi), rest),
                        (Jet::constant(right.lo), weight),
                    ];
                }
                let [a, b] = ends;
                let values = [
                    mix(a.followers[0], b.followers[0]),
                    mix(a.followers[1], b.followers[1]),
                    mix(a.leader, b.leader),
                ];
                (Jet::constant(left.hi), values)
            }
            Kind::Touching => self.standing(next, like.next),
            Kind::Vertex => {
                let branch = next.branch(label.place / 2);
                let moves = like.next.m != branch.lo && like.next.m != branch.hi;
                let mut profile = label.profile;
                let ends = [zero, {
                    profile[mixer] = second;
                    self.flow(l, profile)
                }];
                let holds =
                    |end: &&Jet<ORDER>| end.c[0].low <= like.next.m && like.next.m <= end.c[0].high;
                match ends.iter().find(holds).filter(|_| moves) {
                    // A vertex at the end of the segment goes where a pure prescription does.
                    Some(path) => {
                        let pieces = next.pieces_of_region(next.region(like.next.piece))?;
                        (*path, next.along(path, pieces)?.values())
                    }
                    None => self.standing(next, like.next),
                }
            }
            // The best point inside a continuum moves with the criterion: it is tested only.
            Kind::Inside | Kind::Pure => return None,
        };
        if sides.is_empty() {
            sides.push((path, Jet::constant(1.0)));
        }
        let mut profile = label.profile;
        profile[mixer] = second;
        let one = self.flow(l, profile);
        let probability = path.minus(&zero).over(&one.minus(&zero));
        Some(Path {
            sides,
            values,
            probability,
        })
    }

    /// A path that stands still.
    fn standing(&self, next: &Piecewise, at: Place) -> (Jet<ORDER>, [Along<ORDER>; 3]) {
        let v = next.values(at);
        let values = [v.followers[0], v.followers[1], v.leader].map(|v| Along {
            jet: Jet::constant(v),
            kinks: 0.0,
        });
        (Jet::constant(at.m), values)
    }

    /// d_x, the value of D at which the mixing type is indifferent.
    fn target(&self, l: usize, x: usize, first: usize, second: usize) -> Option<Jet<ORDER>> {
        let reward = |a: usize| self.mean(l, |m| self.jets.follower_reward(m, x, a));
        let go = |a: usize| self.kernel(l, x, a, 1);
        let hold = go(second)
            .minus(&go(first))
            .scaled(self.period.game.discount());
        let target = reward(first).minus(&reward(second)).over(&hold);
        target.smooth.then_some(target)
    }

    /// V^l per type of a leader whose type is private, and how far they may be from smooth. That of a type which pi rules out is
    /// left to tests: it takes its own best action, and nothing else depends on it.
    fn leader_types(&self, label: &Label, path: &Path) -> Option<(Vec<Jet<ORDER>>, f64)> {
        let (mut all, mut kinks) = (Vec::new(), 0.0_f64);
        let candidate = &self.period.candidates.list[label.candidate];
        let possible = self.period.belief.weights().iter().enumerate();
        for (x, _) in possible.filter(|(_, weight)| **weight > 0.0) {
            let x = LeaderType(x);
            let mut value = Jet::constant(0.0);
            for (action, gamma) in candidate.leader.support(x) {
                let (value_of, bend) = self.value_of_action(label, path, x, action)?;
                value = value.plus(&value_of.scaled(gamma));
                kinks = kinks.max(bend);
            }
            all.push(value);
        }
        Some((all, kinks))
    }

    /// What a type of the leader gets by an action, all else as announced.
    fn value_of_action(
        &self,
        label: &Label,
        path: &Path,
        x: LeaderType,
        action: LeaderAction,
    ) -> Option<(Jet<ORDER>, f64)> {
        let game = self.period.game;
        let index = game.leader_move(x, action);
        let mut value = self.jets.leader_period_reward(index);
        for y in 0..2 {
            for (a, gamma) in self.played(label, path, y) {
                let paid = self.jets.leader_follower_reward(index, y, a);
                value = value.plus(&self.z[y].times(&gamma).times(&paid));
            }
        }
        let mut kinks = 0.0;
        let candidate = &self.period.candidates.list[label.candidate];
        let after = candidate
            .after
            .iter()
            .find(|a| a.outcome.action == action)?;
        for (node, share) in &after.nodes {
            let (node, share) = (*node, *share);
            let held = &self.period.next[node];
            for (next, probability) in &path.sides {
                // Of this node's own pieces those around the path, which no border but smooth ones may part.
                let place = held.locate(0.5 * (next.c[0].low + next.c[0].high));
                let pieces = held.pieces_of_region(held.region(place.piece))?;
                let along: Composed<ORDER> = held.along(next, pieces)?;
                for to in 0..game.leader_types().len() {
                    let along = along.leader_type(to);
                    let q = self.jets.leader_transition(index, to);
                    let later = q.times(&along.jet).times(probability);
                    value = value.plus(&later.scaled(share * game.discount()));
                    kinks += game.discount() * share * along.kinks;
                }
            }
        }
        Some((value, kinks))
    }
}

/// m' with D(m') = d on the run of pieces around a known root, and these pieces.
fn inverse(next: &Piecewise, root: Place, target: &Jet<ORDER>) -> Option<(Jet<ORDER>, [usize; 2])> {
    let run = next.branch(next.branch_of(root)).run;
    let (first, last) = next.run(run);
    let ends = [target.c[0].low, target.c[0].high].map(|d| next.root_or_end(run, d));
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    let pieces = [next.branch(first).piece, next.branch(last).piece];
    let range = Interval { low, high };
    let mut path = Jet::spread(range);
    // The coefficients one after the other, from D(m'(m)) = d(m).
    let mut c = path.c;
    let unit: Jet<ORDER> = Jet::variable(path.c[0], 1.0);
    let slope = next.along(&unit, pieces)?.difference().jet.c[1];
    for k in 1..ORDER {
        let along = next.along(&path, pieces)?.difference().jet;
        c[k] = target.c[k].minus(along.c[k]).over(slope);
        if !c[k].size().is_finite() {
            // At a fold m' moves infinitely fast.
            return Some((Jet::range(range), pieces));
        }
        path = Jet::of(c);
    }
    Some((path, pieces))
}
