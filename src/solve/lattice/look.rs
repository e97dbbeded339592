//! A stage game looked at closely: its equilibria with V_{t+1} re-solved at every z' that decides.
//!
//! The lattice's V is interpolated, and where it jumps more than once within a cell, or a formula does, it is wrong there.
//! At the points of a path the equilibria are therefore searched again with V_{t+1} from an [`Oracle`]: every pure
//! prescription at its own z'; one type that mixes over a pair, along the segment on which z' moves (in p also where
//! several z' follow); prescriptions with more mixing from those that the lattice has, by Newton's method. A jump of V on a
//! segment that brackets indifference is a lottery, held *at* the jump, of which both sides are known. On a segment the
//! points at which a formula of t + 1 may jump are isolated by interval arithmetic, whatever they depend on; elsewhere the
//! lattice's own values say where nothing can be indifferent, with the error of their interpolation (from every second
//! node) as margin, and V is re-solved in what remains.

mod newton;

use std::rc::Rc;

use super::games::{Answer, Known, StageGames};
use super::oracle::{Oracle, Resolved};
use super::regimes::Side;
use super::stage_game::{Across, Equilibrium, StageGame};
use crate::game::LeaderPrescription;
use crate::solve::stage::Kind;
use crate::solve::tolerances::{JUMP, ROOT, TIE, TIE_OF_SEARCH, WIDTH};
use crate::solve::triangulation::{Lattice, Location};
use crate::solve::{SolveError, Work};
use crate::stats::Interval;

/// Boxes that are enclosed on one segment, at most.
const MOST_BOXES: usize = 400;
/// Points of one segment at which the lattice is asked, at most.
const MOST_POINTS: f64 = 400.0;
/// Segments of one stage game, at most.
const MOST_SEGMENTS: usize = 4000;

/// The search at one stage game.
pub(super) struct Close<'w, 'p, 's, 'g> {
    pub games: &'w mut StageGames<'p>,
    pub oracle: &'w mut Oracle<'s, 'g>,
    /// Every second node, where that is a lattice.
    pub coarse: Option<&'w Lattice>,
    /// The oracle's steps of work after which it is asked no more.
    pub limit: u64,
    /// What V on the lattice is taken to be across its jumps.
    pub across: Across,
    /// Whether something was left out for it.
    pub cut_short: bool,
    /// The least by which a pure prescription is an equilibrium, or is none.
    pub margin: f64,
}

/// A prescription with V_{t+1} re-solved.
#[derive(Clone)]
struct Probe {
    gamma: Vec<f64>,
    next: Vec<f64>,
    /// Per branch.
    resolved: Vec<Rc<Resolved>>,
    /// All components, one branch after the other.
    values: Vec<f64>,
}

/// A point of a segment.
#[derive(Clone)]
struct At {
    p: f64,
    /// The incentive to take the second action.
    g: f64,
    probe: Probe,
}

/// One type mixes over a pair of actions, the others take one each.
struct Segment {
    gamma: Vec<f64>,
    x: usize,
    actions: [usize; 2],
}

/// An equilibrium, with what is known of V at its z', and where a coin sends the mean field.
struct Draft {
    equilibrium: Equilibrium,
    known: Vec<Known>,
    sides: Option<Vec<Vec<Side>>>,
}

impl Segment {
    fn gamma(&self, actions: usize, p: f64) -> Vec<f64> {
        let mut gamma = self.gamma.clone();
        let [a, b] = self.actions.map(|a| self.x * actions + a);
        gamma[a] = 1.0 - p;
        gamma[b] = p;
        gamma
    }

    fn gain(&self, stage: &StageGame, values: &[f64]) -> f64 {
        let [a, b] = self.actions.map(|a| stage.payoff(self.x, a, values));
        b - a
    }
}

/// The equilibria under one prescription of the leader.
pub(super) struct Listed {
    pub answers: Vec<Answer>,
    /// Whether their number says that one was missed, or none was found where they were looked for.
    pub missed: bool,
    /// Distinct ones, a continuum counted once.
    pub count: usize,
}

impl Close<'_, '_, '_, '_> {
    /// All equilibria under a prescription of the leader, those that need a coin only where there are no others; and
    /// whether an even number of them says that one was missed.
    pub fn answers(
        &mut self,
        leader: &LeaderPrescription,
        work: &mut Work,
    ) -> Result<Listed, SolveError> {
        let (mut plain, found) = self.games.enumerate(leader, work)?;
        self.across = found.across;
        if plain.is_empty() {
            plain.push(self.games.least(leader)?);
        }
        let listed = |answers, missed, count| Listed {
            answers,
            missed,
            count,
        };
        if self.is_exact() {
            return Ok(listed(plain, false, found.count));
        }
        let ahead = self.games.ahead(leader)?;
        let mut drafts = Vec::new();
        let continuum = plain.iter().any(|a| a.equilibrium.kind == Kind::Vertex);
        if continuum {
            for answer in &plain {
                drafts.push(self.evaluate(&answer.equilibrium)?);
            }
        } else {
            self.pure(&mut drafts)?;
            self.segments(&mut drafts)?;
            for answer in &plain {
                if mixing(&answer.equilibrium.gamma) > self.games.stage.types + 1 {
                    drafts.extend(self.newton(&answer.equilibrium)?);
                }
            }
        }
        if drafts.is_empty() {
            return Ok(listed(plain, true, found.count));
        }
        let tied = continuum || found.tied || drafts.iter().any(|d| d.equilibrium.tied);
        // Where something ties several of them may belong to one continuum: the lattice's search joins these.
        let count = if tied { found.count } else { drafts.len() };
        let even = !tied && drafts.len().is_multiple_of(2);
        let supported = |d: &Draft| d.equilibrium.kind != Kind::Lottery;
        if drafts.iter().any(supported) {
            drafts.retain(supported);
        }
        let mut answers = Vec::with_capacity(drafts.len());
        for draft in drafts {
            self.games.known = draft.known;
            let mut answer = self.games.answer(leader, &ahead, draft.equilibrium)?;
            if let Some(sides) = draft.sides {
                answer.sides = sides;
            }
            self.games.known.clear();
            answers.push(answer);
        }
        Ok(listed(answers, even, count))
    }

    /// Whether the lattice's V_{t+1} is V_{t+1} itself: a terminal reward that is the same everywhere.
    fn is_exact(&self) -> bool {
        let period = &self.games.period;
        let whole = Interval {
            low: 0.0,
            high: 1.0,
        };
        self.oracle.is_terminal()
            && period.next.iter().all(|field| field.is_constant())
            && !period
                .game
                .may_branch(self.oracle.t, &vec![whole; self.games.stage.types])
    }

    fn exhausted(&mut self) -> bool {
        let spent = self.oracle.work.steps() >= self.limit;
        self.cut_short |= spent;
        spent
    }

    fn probe(&mut self, gamma: Vec<f64>) -> Result<Probe, SolveError> {
        let stage = &self.games.stage;
        let next = stage.advance(&gamma);
        let mut resolved = Vec::with_capacity(stage.branches.len());
        let mut values = Vec::new();
        for branch in &stage.branches {
            let z = &next[branch.flow * stage.types..(branch.flow + 1) * stage.types];
            let here = self.oracle.look(branch.node, z)?;
            values.extend_from_slice(&here.values);
            resolved.push(here);
        }
        Ok(Probe {
            gamma,
            next,
            resolved,
            values,
        })
    }

    /// V on the lattice at the z' of a prescription, and by how much a difference of payoffs may be off there.
    fn rough(&mut self, gamma: &[f64]) -> (Vec<f64>, f64) {
        let stage = &self.games.stage;
        let next = stage.advance(gamma);
        let at = &mut self.games.location;
        let values = stage.continuation(&next, self.across, at);
        let mut margin = TIE_OF_SEARCH;
        for (b, branch) in stage.branches.iter().enumerate() {
            let z = &next[branch.flow * stage.types..(branch.flow + 1) * stage.types];
            let held: f64 = stage.hold(b, 0, stage.available[0][0]).iter().sum();
            let lattice = stage.lattice;
            margin += match self.coarse {
                Some(coarse) => 2.0 * held * error(lattice, coarse, branch.next, z),
                None => f64::INFINITY,
            };
        }
        (values, margin)
    }

    /// Whether a formula of the next period may jump within a cell of the z' of a prescription, or between those of two.
    fn may_branch(&self, from: &[f64], to: &[f64], around: f64) -> bool {
        let stage = &self.games.stage;
        let ends = [from, to].map(|gamma| stage.advance(gamma));
        (0..stage.flows).any(|flow| {
            let coordinates = flow * stage.types..(flow + 1) * stage.types;
            let reach = coordinates.map(|i| Interval {
                low: (ends[0][i].min(ends[1][i]) - around).max(0.0),
                high: (ends[0][i].max(ends[1][i]) + around).min(1.0),
            });
            let reach: Vec<Interval> = reach.collect();
            self.games.period.game.may_branch(self.oracle.t, &reach)
        })
    }

    /// Every pure prescription that the lattice does not rule out.
    fn pure(&mut self, drafts: &mut Vec<Draft>) -> Result<(), SolveError> {
        let cell = 1.0 / self.games.stage.lattice.cells() as f64;
        for gamma in profiles(&self.games.stage, None) {
            let (values, margin) = self.rough(&gamma);
            let next = self.games.stage.advance(&gamma);
            let (e, _) = self.games.stage.test(gamma.clone(), next, &values, 0.0);
            if e.residual > margin && !self.may_branch(&gamma, &gamma, cell) {
                continue;
            }
            if self.exhausted() {
                return Ok(());
            }
            let probe = self.probe(gamma)?;
            let (draft, holds) = self.test(&probe, 0.0, None);
            self.margin = self.margin.min(match holds {
                true => least_gain(&self.games.stage, &probe),
                false => draft.equilibrium.residual,
            });
            if holds {
                drafts.push(draft);
            }
        }
        Ok(())
    }

    /// A prescription with V known, and whether it is an equilibrium; at a jump the other side with its probability.
    fn test(&self, probe: &Probe, slack: f64, other: Option<(&Probe, f64)>) -> (Draft, bool) {
        let stage = &self.games.stage;
        let mix = |a: &[f64], b: &[f64], w: f64| -> Vec<f64> {
            let pairs = a.iter().zip(b);
            pairs.map(|(a, b)| (1.0 - w) * a + w * b).collect()
        };
        let values = match other {
            None => probe.values.clone(),
            Some((other, w)) => mix(&probe.values, &other.values, w),
        };
        let known = stage.branches.iter().enumerate().map(|(b, branch)| Known {
            node: branch.node,
            next: probe.next[branch.flow * stage.types..(branch.flow + 1) * stage.types].to_vec(),
            values: match other {
                None => probe.resolved[b].values.clone(),
                Some((other, w)) => mix(&probe.resolved[b].values, &other.resolved[b].values, w),
            },
        });
        let known = known.collect();
        let (gamma, next) = (probe.gamma.clone(), probe.next.clone());
        let (mut equilibrium, holds) = stage.test(gamma, next, &values, slack);
        equilibrium.across = self.across;
        if other.is_some() {
            equilibrium.kind = Kind::Lottery;
        }
        let sides = other.map(|(other, w)| self.sides(probe, other, w));
        let draft = Draft {
            equilibrium,
            known,
            sides,
        };
        (draft, holds)
    }

    /// Per flow, the points on the two sides of a jump; one where V does not jump.
    fn sides(&self, left: &Probe, right: &Probe, w: f64) -> Vec<Vec<Side>> {
        let stage = &self.games.stage;
        let side = |probe: &Probe, flow: usize, probability: f64| Side {
            probability,
            mean_field: probe.next[flow * stage.types..(flow + 1) * stage.types].to_vec(),
        };
        let jumps = |flow: usize| {
            let branches = stage.branches.iter().enumerate();
            branches.filter(|(_, b)| b.flow == flow).any(|(b, _)| {
                let pairs = left.resolved[b]
                    .values
                    .iter()
                    .zip(&right.resolved[b].values);
                pairs.map(|(l, r)| (l - r).abs()).fold(0.0, f64::max) > JUMP
            })
        };
        let flows = (0..stage.flows).map(|flow| match jumps(flow) {
            true => vec![side(left, flow, 1.0 - w), side(right, flow, w)],
            false => vec![side(left, flow, 1.0)],
        });
        flows.collect()
    }

    /// A prescription of the lattice's with V at its z' re-solved, whatever that makes of it.
    fn evaluate(&mut self, e: &Equilibrium) -> Result<Draft, SolveError> {
        let probe = self.probe(e.gamma.clone())?;
        let (mut draft, _) = self.test(&probe, 0.0, None);
        draft.equilibrium.kind = e.kind;
        draft.equilibrium.tied = true;
        Ok(draft)
    }

    /// One type mixes over a pair of actions, the others take one each.
    fn segments(&mut self, drafts: &mut Vec<Draft>) -> Result<(), SolveError> {
        let mut count = 0;
        for x in self.games.stage.active.clone() {
            let available = self.games.stage.available[x].clone();
            for (i, a) in available.iter().enumerate() {
                for b in &available[i + 1..] {
                    for gamma in profiles(&self.games.stage, Some(x)) {
                        count += 1;
                        if count > MOST_SEGMENTS {
                            self.cut_short = true;
                            return Ok(());
                        }
                        let segment = Segment {
                            gamma,
                            x,
                            actions: [*a, *b],
                        };
                        self.segment(&segment, drafts)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn segment(&mut self, segment: &Segment, drafts: &mut Vec<Draft>) -> Result<(), SolveError> {
        let actions = self.games.stage.actions;
        let gamma = |p: f64| segment.gamma(actions, p);
        let stage = &self.games.stage;
        let (from, to) = (stage.advance(&gamma(0.0)), stage.advance(&gamma(1.0)));
        let length: f64 = from.iter().zip(&to).map(|(a, b)| (a - b).abs()).sum();
        let count = (2.0 * length * stage.lattice.cells() as f64).ceil();
        let count = count.clamp(2.0, MOST_POINTS) as usize;
        let mut places: Vec<(f64, bool)> = (0..=count)
            .map(|i| (i as f64 / count as f64, false))
            .collect();
        let mut boxes = 0;
        self.breaks(segment, [0.0, 1.0], &mut boxes, &mut places);
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Per place: whether the type may be indifferent by the lattice, and with which sign.
        let mut known: Vec<(f64, f64, bool)> = Vec::with_capacity(places.len());
        for (p, _) in &places {
            let gamma = gamma(*p);
            let (values, margin) = self.rough(&gamma);
            let stage = &self.games.stage;
            let g = segment.gain(stage, &values);
            let others = stage.active.iter().filter(|x| **x != segment.x);
            let open = others
                .clone()
                .all(|x| loss(stage, *x, &gamma, &values) <= margin);
            known.push((g, margin, open));
        }
        let mut last: Option<At> = None;
        for i in 1..places.len() {
            let [u, v] = [known[i - 1], known[i]];
            let margin = u.1.max(v.1);
            let near = (u.0 < 0.0) != (v.0 < 0.0) || u.0.abs().min(v.0.abs()) <= margin;
            let is_break = places[i - 1].1 || places[i].1;
            if !(is_break || near && (u.2 || v.2)) {
                continue;
            }
            if self.exhausted() {
                return Ok(());
            }
            let start = match last.take().filter(|at| at.p == places[i - 1].0) {
                Some(at) => at,
                None => self.at(segment, places[i - 1].0)?,
            };
            let end = self.at(segment, places[i].0)?;
            self.hunt(segment, &start, &end, 0, drafts)?;
            last = Some(end);
        }
        Ok(())
    }

    /// Where on a segment a formula may jump: both ends of narrow intervals.
    fn breaks(
        &self,
        segment: &Segment,
        [from, to]: [f64; 2],
        boxes: &mut usize,
        found: &mut Vec<(f64, bool)>,
    ) {
        *boxes += 1;
        let actions = self.games.stage.actions;
        let ends = [from, to].map(|p| segment.gamma(actions, p));
        if *boxes > MOST_BOXES || !self.may_branch(&ends[0], &ends[1], 0.0) {
            return;
        }
        if to - from <= WIDTH {
            found.extend([(from, true), (to, true)]);
            return;
        }
        let middle = 0.5 * (from + to);
        self.breaks(segment, [from, middle], boxes, found);
        self.breaks(segment, [middle, to], boxes, found);
    }

    fn at(&mut self, segment: &Segment, p: f64) -> Result<At, SolveError> {
        let actions = self.games.stage.actions;
        let probe = self.probe(segment.gamma(actions, p))?;
        let g = segment.gain(&self.games.stage, &probe.values);
        Ok(At { p, g, probe })
    }

    /// All equilibria between two points: roots where one regime holds, and jumps.
    fn hunt(
        &mut self,
        segment: &Segment,
        u: &At,
        v: &At,
        depth: usize,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), SolveError> {
        let labels = |at: &At| -> Vec<Rc<Resolved>> { at.probe.resolved.clone() };
        let pairs = labels(u).into_iter().zip(labels(v));
        let differs = pairs.into_iter().any(|(a, b)| a.label != b.label);
        let crosses = (u.g < 0.0) != (v.g < 0.0);
        if !(differs || crosses) {
            return Ok(());
        }
        let size = 1.0
            + self
                .games
                .stage
                .payoff(segment.x, segment.actions[0], &u.probe.values)
                .abs();
        let good = |at: &At| at.g.abs() <= ROOT * size;
        if v.p - u.p <= WIDTH || crosses && !differs && (good(u) || good(v)) {
            if crosses {
                self.record(segment, u, v, size, drafts);
            }
            return Ok(());
        }
        if self.exhausted() {
            return Ok(());
        }
        let middle = 0.5 * (u.p + v.p);
        let chord = u.p + (v.p - u.p) * u.g / (u.g - v.g);
        let inside = chord > u.p && chord < v.p;
        let p = match !differs && inside && depth.is_multiple_of(2) {
            true => chord,
            false => middle,
        };
        let m = self.at(segment, p)?;
        self.hunt(segment, u, &m, depth + 1, drafts)?;
        self.hunt(segment, &m, v, depth + 1, drafts)
    }

    /// An equilibrium between two points next to each other: at a jump with a coin.
    fn record(&self, segment: &Segment, u: &At, v: &At, size: f64, drafts: &mut Vec<Draft>) {
        let jumps = v.p - u.p <= WIDTH && (u.g - v.g).abs() > JUMP * size;
        let (draft, holds) = match jumps {
            true => {
                let w = u.g / (u.g - v.g);
                self.test(&u.probe, 2.0 * TIE * size, Some((&v.probe, w)))
            }
            false => {
                let at = if u.g.abs() <= v.g.abs() { u } else { v };
                self.test(&at.probe, at.g.abs(), None)
            }
        };
        let actions = self.games.stage.actions;
        let row = &draft.equilibrium.gamma[segment.x * actions..(segment.x + 1) * actions];
        let mixes = row.iter().filter(|p| **p > 0.0 && **p < 1.0).count() == 2;
        if holds && mixes {
            let mut draft = draft;
            if draft.equilibrium.kind != Kind::Lottery {
                draft.equilibrium.kind = Kind::Mixed;
            }
            drafts.push(draft);
        }
    }
}

/// Actions taken, over all types.
fn mixing(gamma: &[f64]) -> usize {
    gamma.iter().filter(|p| **p > 0.0).count()
}

/// Every choice of one action per active type but one; types without mass take none.
fn profiles(stage: &StageGame, but: Option<usize>) -> Vec<Vec<f64>> {
    let mut all = vec![vec![0.0; stage.types * stage.actions]];
    for &x in stage.active.iter().filter(|x| Some(**x) != but) {
        let longer = all.iter().flat_map(|gamma| {
            stage.available[x].iter().map(|a| {
                let mut gamma = gamma.clone();
                gamma[x * stage.actions + a] = 1.0;
                gamma
            })
        });
        all = longer.take(MOST_SEGMENTS).collect();
    }
    all
}

/// What a type loses by the worst action that it takes.
fn loss(stage: &StageGame, x: usize, gamma: &[f64], values: &[f64]) -> f64 {
    let payoff = |a: &usize| stage.payoff(x, *a, values);
    let best = stage.available[x]
        .iter()
        .map(payoff)
        .fold(f64::NEG_INFINITY, f64::max);
    let taken = stage.available[x]
        .iter()
        .filter(|a| gamma[x * stage.actions + **a] > 0.0);
    taken.map(|a| best - payoff(a)).fold(0.0, f64::max)
}

/// The least by which a type prefers what it takes to what it does not.
fn least_gain(stage: &StageGame, probe: &Probe) -> f64 {
    let mut least = f64::INFINITY;
    for &x in &stage.active {
        let payoff = |a: usize| stage.payoff(x, a, &probe.values);
        let taken = |a: &&usize| probe.gamma[x * stage.actions + **a] > 0.0;
        let Some(own) = stage.available[x].iter().find(taken) else {
            continue;
        };
        for a in stage.available[x].iter().filter(|a| !taken(a)) {
            least = least.min(payoff(*own) - payoff(*a));
        }
    }
    least
}

/// By how much V^f at z differs from its interpolation between every second node; without bound next to a jump.
fn error(lattice: &Lattice, coarse: &Lattice, field: &super::field::Field, z: &[f64]) -> f64 {
    let mut at = Location::default();
    lattice.locate(z, &mut at);
    let mut difference = vec![0.0; lattice.types()];
    let mut add = |node: usize, weight: f64| -> bool {
        let pairs = difference.iter_mut().zip(field.at_node(node));
        pairs.for_each(|(sum, v)| *sum += weight * v);
        field.cuts().is_marked(node)
    };
    let mut near_jump = false;
    for (node, weight) in &at.vertices {
        near_jump |= add(*node, *weight);
    }
    coarse.locate(z, &mut at);
    for (node, weight) in &at.vertices {
        let sums: Vec<usize> = coarse.sums(*node).iter().map(|s| 2 * s).collect();
        near_jump |= add(lattice.rank(&sums), -weight);
    }
    match near_jump {
        true => f64::INFINITY,
        false => difference
            .iter()
            .fold(0.0, |most: f64, d| most.max(d.abs())),
    }
}
