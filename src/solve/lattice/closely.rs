//! The stage games at one point, looked at closely: V_{t+1} re-solved where it decides.

use std::ops::Range;

use super::Nodes;
use super::games::{Answer, StageGames};
use super::look::Close;
use super::oracle::{self, Oracle};
use super::stage_game::Across;
use crate::game::Scales;
use crate::solve::Selection;
use crate::solve::stage::{Listed, Outcome};
use crate::solve::theta::Theta;
use crate::solve::triangulation::Lattice;
use crate::solve::{Kind, SolveError, Work};

/// Share of what the lattice took for one period that a closer look at one point may take,
const SHARE: f64 = 0.1;
/// and in any case this many stage games.
const LEAST_EFFORT: u64 = 3_000;

/// What is found at one point.
pub(super) struct Looked {
    /// Per candidate of the leader its equilibria,
    pub listed: Vec<Listed<Answer>>,
    /// and the least by which a pure prescription of the followers is an equilibrium, or is none.
    margins: Vec<f64>,
    /// Whether the number of equilibria says that one was missed, or none was found where they were looked for.
    pub missed: bool,
    /// Whether the work ended the search.
    pub cut_short: bool,
}

/// Another selection that was close.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rival {
    /// By how much the criterion preferred the one taken.
    pub gap: f64,
    /// The largest difference of V between them.
    pub difference: f64,
    /// Whether it is another action of the leader.
    pub of_leader: bool,
}

/// The stage games at the point where they stand under some candidates.
pub(super) fn look(
    theta: &Theta<'_, Nodes>,
    games: &mut StageGames<'_>,
    asked: Range<usize>,
) -> Result<Looked, SolveError> {
    let lattice = &theta.representation().lattice;
    let cells = lattice.cells();
    let coarse = cells
        .is_multiple_of(2)
        .then(|| Lattice::new(lattice.types(), cells / 2));
    let t = games.period.t;
    let lists = oracle::lists(theta, t);
    let mut oracle = Oracle::after(theta, t, &lists);
    let most = LEAST_EFFORT.max((SHARE * effort_of_period(theta)) as u64);
    let mut work = Work::default();
    let mut all = Looked {
        listed: Vec::new(),
        margins: Vec::new(),
        missed: false,
        cut_short: false,
    };
    for l in asked.clone() {
        let spent = oracle.work.steps();
        let left = most.saturating_sub(spent) / (asked.end - l) as u64;
        let leader = games.candidate(l);
        let mut close = Close {
            games: &mut *games,
            oracle: &mut oracle,
            coarse: coarse.as_ref(),
            limit: spent + left,
            across: Across::Kept,
            cut_short: false,
            margin: f64::INFINITY,
        };
        let found = close.answers(leader, &mut work)?;
        all.margins.push(close.margin);
        all.missed |= found.missed;
        all.cut_short |= close.cut_short;
        let answers = found.answers.iter();
        all.listed.push(Listed {
            continua: answers.map(|a| a.kind() == Kind::Vertex).collect(),
            found: found.answers,
            count: found.count,
        });
    }
    Ok(all)
}

/// Stage games, and what takes as long, that the lattice took for one period.
fn effort_of_period(theta: &Theta<'_, Nodes>) -> f64 {
    let periods = match theta.iteration() {
        Some(iteration) => iteration.count,
        None => theta.game().horizon(),
    };
    let work = theta.work();
    // Known regimes are none on a lattice.
    work.steps() as f64 / periods.max(1) as f64
}

impl Looked {
    /// In units of rewards, the margin under a candidate.
    pub fn margin(&self, theta: &Theta<'_, Nodes>, l: usize) -> f64 {
        theta.game().scales().follower.unit * self.margins[l]
    }

    /// What else could have been selected, the best candidate and the places of what is selected being given.
    pub fn rivals(
        &self,
        theta: &Theta<'_, Nodes>,
        z: &[f64],
        (best, places): (usize, &[usize]),
    ) -> Vec<Rival> {
        let rule = theta.rule();
        let scales = theta.game().scales();
        let of_criterion = match rule.selection {
            Selection::Welfare => scales.follower.unit,
            Selection::Optimistic | Selection::Pessimistic => scales.leader.unit,
        };
        let selected = |l: usize| &self.listed[l].found[places[l]];
        let taken = selected(best);
        let mut rivals = Vec::new();
        for (l, listed) in self.listed.iter().enumerate() {
            for (i, answer) in listed.found.iter().enumerate() {
                let own = i == places[l];
                if own && l == best {
                    continue;
                }
                let among = match own {
                    true => 0.0,
                    false => of_criterion * (rule.score(selected(l), z) - rule.score(answer, z)),
                };
                let leader = match l == best {
                    true => 0.0,
                    false => scales.leader.unit * (taken.mean - answer.mean),
                };
                rivals.push(Rival {
                    gap: among.max(leader).max(0.0),
                    difference: distance(taken, answer, scales),
                    of_leader: own,
                });
            }
        }
        rivals
    }
}

/// The largest difference of V between two answers, in rewards.
fn distance(a: &Answer, b: &Answer, scales: &Scales) -> f64 {
    let followers = a.followers().iter().zip(b.followers());
    let leader = scales.leader.unit * (a.mean - b.mean).abs();
    followers
        .map(|(a, b)| scales.follower.unit * (a - b).abs())
        .fold(leader, f64::max)
}
