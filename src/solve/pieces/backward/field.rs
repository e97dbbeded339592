//! What is known of each leader action's stage game between the points of the mesh.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::super::stage_game::{Label, StageGames};
use super::super::values::{Piecewise, Place};
use super::{MOST_CHANGES, Node};
use crate::solve::SolveError;
use crate::solve::Work;
use crate::solve::pieces::overflow;
use crate::solve::selection::Rule;
use crate::solve::stage::Kind;
use crate::solve::tolerances::{MOST_PIECES, TIE, WINDOW};

/// What is known of one leader action's stage game at a point.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Answer {
    /// The selected regime.
    pub label: Label,
    /// All equilibria, hashed.
    pub signature: u64,
}

/// A point at which every leader action's stage game was enumerated.
pub(super) struct MeshNode {
    pub node: Node,
    /// One per candidate action of the leader.
    pub answers: Vec<Answer>,
    /// The range of V^l over the actions.
    pub spread: f64,
    /// V^l of each action, and the largest.
    pub leaders: Vec<f64>,
    pub best: f64,
    /// The equilibria of each action.
    pub found: Vec<Vec<Recorded>>,
}

/// What is kept of an equilibrium for the cells on both sides.
#[derive(Clone, Copy)]
pub(super) struct Recorded {
    /// m' and its piece of V_{t+1}.
    pub next: f64,
    pub piece: u32,
    pub mixes: bool,
    /// By how much the selection's criterion is below the selected one's: as known in single precision.
    pub below: f32,
}

/// One end of a window in which one leader action's equilibria change.
#[derive(Clone, Copy)]
struct Mark {
    candidate: usize,
    m: f64,
    answer: Answer,
    /// V^l of the selected equilibrium.
    leader: f64,
}

/// The windows between two neighbouring points of the mesh: by action, then m; two marks each.
#[derive(Default)]
pub(super) struct Cell(Vec<Mark>);

/// The mesh with what lies between.
pub(super) struct Field<'n> {
    pub mesh: &'n [MeshNode],
    pub cells: Vec<Cell>,
    pub progress: &'n Progress,
}

/// What all workers have made so far in one period: beyond [`MOST_PIECES`] of either they end together.
#[derive(Default)]
pub(super) struct Progress {
    pub pieces: AtomicUsize,
    marks: AtomicUsize,
}

impl Field<'_> {
    /// The neighbours of m in the mesh and what lies between.
    pub fn around(&self, m: f64) -> (&Cell, [&MeshNode; 2]) {
        let after = self.mesh.partition_point(|mesh| mesh.node.m <= m);
        let at = after.saturating_sub(1).min(self.cells.len() - 1);
        (&self.cells[at], [&self.mesh[at], &self.mesh[at + 1]])
    }
}

impl Cell {
    /// Find every window between two points of the mesh.
    pub fn between(
        [lo, hi]: [&MeshNode; 2],
        rule: Rule,
        games: &mut StageGames,
        work: &mut Work,
        progress: &Progress,
    ) -> Result<Self, SolveError> {
        let mut marks = Vec::new();
        if hi.node.m - lo.node.m <= WINDOW {
            return Ok(Self(marks));
        }
        for l in 0..games.candidates() {
            if lo.answers[l].signature != hi.answers[l].signature {
                let before = marks.len();
                let mut search = Search {
                    l,
                    before,
                    rule,
                    games: &mut *games,
                    work: &mut *work,
                    marks: &mut marks,
                    progress,
                };
                let ends = [search.probe(lo.node.m)?, search.probe(hi.node.m)?];
                search.between(&ends[0], &ends[1], 0)?;
            }
        }
        Ok(Self(marks))
    }

    /// The answer of an action at m, where it is the same on both sides.
    pub fn known(&self, m: f64, l: usize, [lo, hi]: [&MeshNode; 2]) -> Option<Answer> {
        let own = self.0.partition_point(|mark| mark.candidate < l);
        let own = &self.0[own..];
        let own = &own[..own.partition_point(|mark| mark.candidate == l)];
        let after = own.partition_point(|mark| mark.m <= m);
        let before = after
            .checked_sub(1)
            .map_or(lo.answers[l], |k| own[k].answer);
        let next = own.get(after).map_or(hi.answers[l], |mark| mark.answer);
        (before == next).then_some(before)
    }

    /// The ends of the windows in which what their action selects changes and may be what the leader chooses. `rivals`
    /// gives V^l at a point for the actions chosen at the ends of the cell.
    pub fn relevant(
        &self,
        [lo, hi]: [&MeshNode; 2],
        mut rivals: impl FnMut(f64) -> Result<[(usize, f64); 2], SolveError>,
    ) -> Result<Vec<f64>, SolveError> {
        // Of the range of V^l: far above what counts as a tie.
        const MARGIN: f64 = 1e-6;
        let margin = MARGIN * lo.spread.max(hi.spread).max(1.0);
        let windows = self.0.chunks_exact(2);
        let windows = windows.filter(|w| w[0].answer.label != w[1].answer.label);
        let mut points: Vec<f64> = windows.clone().flatten().map(|mark| mark.m).collect();
        points.sort_by(f64::total_cmp);
        points.dedup();
        let rivals: Vec<_> = points
            .iter()
            .map(|m| rivals(*m))
            .collect::<Result<_, _>>()?;
        let may_be_chosen = |mark: &Mark| {
            let at = points.partition_point(|m| *m < mark.m);
            rivals[at]
                .iter()
                .all(|(l, value)| match mark.candidate.cmp(l) {
                    // Of equally good actions the leader takes the first.
                    Ordering::Greater => mark.leader > value + 0.01 * TIE,
                    Ordering::Less => mark.leader >= value - margin,
                    Ordering::Equal => true,
                })
        };
        let mut ends: Vec<f64> = windows
            .filter(|window| window.iter().any(may_be_chosen))
            .flat_map(|window| [window[0].m, window[1].m])
            .collect();
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        ends.retain(|m| lo.node.m < *m && *m < hi.node.m);
        Ok(ends)
    }
}

/// The search for changes of one action's equilibria.
struct Search<'s, 'a> {
    l: usize,
    /// The marks of other actions.
    before: usize,
    rule: Rule,
    games: &'s mut StageGames<'a>,
    work: &'s mut Work,
    marks: &'s mut Vec<Mark>,
    progress: &'s Progress,
}

/// One enumerated stage game, with what tells how far away a change is.
struct Probe {
    mark: Mark,
    /// Per pure prescription and type, what the type can gain beyond the tie tolerance.
    excess: Vec<f64>,
    /// Every mixture.
    mixtures: Vec<Mixture>,
}

/// An equilibrium in which a type mixes.
#[derive(Clone, Copy)]
struct Mixture {
    label: Label,
    next: Place,
    /// The value of D at which the type is indifferent.
    target: f64,
}

impl Mixture {
    /// The values of D between which the target lies: at another regime, branch or side of a gap begins.
    fn edges(&self, next: &Piecewise) -> [f64; 2] {
        let i = next.branch_of(self.next);
        let branch = next.branch(i);
        match self.label.kind {
            Kind::Lottery | Kind::MixedAtKink => [branch.d_hi, next.branch(i + 1).d_lo],
            _ => [branch.d_lo, branch.d_hi],
        }
    }

    fn is_like(&self, other: &Self, next: &Piecewise) -> bool {
        let crosses_gap = |m: &Self| matches!(m.label.kind, Kind::Lottery | Kind::MixedAtKink);
        self.is_of_segment(other)
            && crosses_gap(self) == crosses_gap(other)
            && next.region(self.next.piece) == next.region(other.next.piece)
    }

    fn is_of_segment(&self, other: &Self) -> bool {
        self.label.profile == other.label.profile && self.label.mixing == other.label.mixing
    }
}

impl Search<'_, '_> {
    fn probe(&mut self, m: f64) -> Result<Probe, SolveError> {
        self.games.move_to(m)?;
        let selected = self.rule.select(self.games, self.l, self.work)?;
        let t = self.games.period.t;
        if self.games.equilibria.overflows {
            return Err(overflow(t, m));
        }
        let answer = Answer {
            label: selected.equilibrium.label,
            signature: signature(self.games, self.l),
        };
        let mixtures = self.games.equilibria.found.iter();
        let mixtures = mixtures.filter(|e| e.label.kind != Kind::Pure);
        let mixtures = mixtures.map(|e| Mixture {
            label: e.label,
            next: e.next,
            target: e.target,
        });
        Ok(Probe {
            mark: Mark {
                candidate: self.l,
                m,
                answer,
                leader: selected.equilibrium.values.leader,
            },
            mixtures: mixtures.collect(),
            excess: self.games.equilibria.excess.clone(),
        })
    }

    /// Mark both ends of every window, at most [`WINDOW`] wide, in which the signature changes. `slow` counts the steps
    /// that left more than half.
    fn between(&mut self, lo: &Probe, hi: &Probe, slow: u32) -> Result<(), SolveError> {
        let ends = [lo.mark.m, hi.mark.m];
        if lo.mark.answer.signature == hi.mark.answer.signature {
            return Ok(());
        }
        if ends[1] - ends[0] <= WINDOW {
            if self.progress.marks.fetch_add(2, Relaxed) >= MOST_PIECES {
                let (t, limit) = (self.games.period.t, MOST_PIECES);
                return Err(SolveError::TooManyPieces { t, limit });
            }
            if self.marks.len() - self.before > MOST_CHANGES {
                let (t, m, limit) = (self.games.period.t, ends[0], MOST_CHANGES);
                return Err(SolveError::Unsettled { t, m, limit });
            }
            self.marks.extend([lo.mark, hi.mark]);
            return Ok(());
        }
        let guess = match slow {
            0 | 1 => self.gauge(lo, hi).map(|f| beside_root(ends, f)),
            _ => None,
        };
        let m = guess.unwrap_or(0.5 * (ends[0] + ends[1]));
        let middle = self.probe(m)?;
        let slow_after = |width: f64| match width > 0.5 * (ends[1] - ends[0]) {
            true => slow + 1,
            false => 0,
        };
        self.between(lo, &middle, slow_after(m - ends[0]))?;
        self.between(&middle, hi, slow_after(ends[1] - m))
    }

    /// A number that depends smoothly on m and changes sign where the signature changes, at both ends: what a type can
    /// gain at a pure prescription, or how far the incentive of a mixture is from one of D's ends on its branch.
    fn gauge(&self, lo: &Probe, hi: &Probe) -> Option<[f64; 2]> {
        let mut excess = lo.excess.iter().zip(&hi.excess);
        if let Some((a, b)) = excess.find(|(a, b)| (**a <= 0.0) != (**b <= 0.0)) {
            return Some([*a, *b]);
        }
        let next = self.games.next(self.l);
        let pairs = lo.mixtures.iter().zip(&hi.mixtures);
        let alike = pairs.take_while(|(a, b)| a.is_like(b, next)).count();
        let (first, second) = (lo.mixtures.get(alike), hi.mixtures.get(alike));
        for mixture in [first, second].into_iter().flatten() {
            let target = |probe: &Probe| {
                let mut same = probe.mixtures.iter().filter(|m| m.is_of_segment(mixture));
                same.next().map(|m| m.target)
            };
            let targets = [target(lo)?, target(hi)?];
            for edge in mixture.edges(next) {
                let gauge = targets.map(|target| target - edge);
                if gauge[0] * gauge[1] < 0.0 {
                    return Some(gauge);
                }
            }
        }
        None
    }
}

/// A point next to the root of the line through f at both ends, beyond it as seen from the nearer end and by about what
/// curvature may move it: where f is smooth two such steps close in from both sides, and their error is that of the chord.
fn beside_root([lo, hi]: [f64; 2], [f_lo, f_hi]: [f64; 2]) -> f64 {
    let share = (f_lo / (f_lo - f_hi)).clamp(0.0, 1.0);
    let root = lo + share * (hi - lo);
    let (left, right) = (root - lo, hi - root);
    let aside = (4.0 * left * right).max(0.4 * WINDOW).min(0.25 * (hi - lo));
    let m = match left <= right {
        true => root + aside,
        false => root - aside,
    };
    // A share that is no number is no help.
    if lo < m && m < hi { m } else { 0.5 * (lo + hi) }
}

/// Who is content with which pure prescription, and the kinds, supports and sides of jumps and kinks of all equilibria
/// that were just enumerated, as one number (after FNV-1a, a word at a time).
pub(super) fn signature(games: &StageGames, l: usize) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |word: u64| hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    // A pure equilibrium that comes and goes between two nodes comes with one type's incentive and goes with the
    // other's: neither is back where it was.
    for excess in games.equilibria.excess.chunks(64) {
        let bit = |excess: &f64| u64::from(*excess <= 0.0);
        eat(excess.iter().fold(0, |bits, e| bits << 1 | bit(e)));
    }
    for e in &games.equilibria.found {
        let kind = match e.label.kind {
            Kind::Pure => 1,
            Kind::Mixed | Kind::MixedAtKink => 2,
            Kind::Vertex => 3,
            Kind::Lottery => 4,
            Kind::Touching => 5,
            Kind::Inside => 6,
        };
        let (mixer, second) = e.label.mixing.unwrap_or((2, 0));
        let next = games.next(l);
        // The mesh has a node wherever a pure prescription's m' passes a kink; a mixture's shows here alone.
        let region = match e.label.kind {
            Kind::Pure => next.jump_region(e.next.piece),
            _ => next.region(e.next.piece),
        };
        let [first, other, second] =
            [e.label.profile[0], e.label.profile[1], second].map(|a| a as u64);
        eat(first << 32 | other);
        eat(second << 32 | u64::from(region));
        eat(kind << 2 | mixer as u64);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_closed_in_within_a_few_steps() {
        for (root, f) in [
            (0.3, (|m, c| (m - c) * (1.0 + m)) as fn(f64, f64) -> f64),
            (0.45, |m, c| m.powi(3) - c.powi(3)),
            (0.5, |m, c| c - m),
        ] {
            let (mut lo, mut hi, mut steps) = (0.25, 0.75, 0);
            while hi - lo > WINDOW {
                let m = beside_root([lo, hi], [f(lo, root), f(hi, root)]);
                if m < root {
                    lo = m
                } else {
                    hi = m
                }
                steps += 1;
            }
            assert!(lo <= root && root <= hi);
            assert!(steps <= 14, "{steps}");
        }
        assert_eq!(beside_root([0.0, 1.0], [f64::NAN, 1.0]), 0.5);
    }
}
