//! theta and V at one point, looked at closely: V_{t+1} re-solved where it decides.

use super::backward::{Answer, Selected};
use super::look::Close;
use super::oracle::{Oracle, effort};
use super::theta::SimplexSolution;
use crate::game::{Belief, LeaderPrescription, MeanField, Prescription, Scales};
use crate::scenario::Selection;
use crate::solve::leader::{Outcome, Work};
use crate::solve::solved::{SolvedEquilibrium, SolvedPoint};
use crate::solve::triangulation::Lattice;
use crate::solve::{Kind, SolveError};

/// Share of what the lattice took for one period that a closer look at one point may take,
const SHARE: f64 = 0.1;
/// and in any case this many stage games.
const LEAST_EFFORT: u64 = 3_000;

/// What is found at one point.
pub(super) struct Looked {
    pub point: SolvedPoint,
    /// Per prescription of the leader its equilibria.
    pub answers: Vec<Vec<Answer>>,
    /// What else could have been selected.
    pub rivals: Vec<Rival>,
    /// The least by which, under what the leader plays, a pure prescription of the followers is an equilibrium, or is none.
    pub margin: f64,
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

impl SimplexSolution<'_> {
    /// theta_t and V_t re-solved at (pi, z): every equilibrium at every candidate of the leader, V_{t+1} re-solved at the z'
    /// that decide.
    ///
    /// # Errors
    /// A kernel or reward without a value at z, or a belief that theta is not held at.
    pub fn resolve(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<SolvedPoint, SolveError> {
        Ok(self
            .looked(t, belief, z, &self.candidates_at(belief)?)?
            .point)
    }

    /// The followers' answer to one prescription of the leader at (t, pi, z), and the values it gives.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn answer_at(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<SolvedPoint, SolveError> {
        Ok(self
            .looked(t, belief, z, std::slice::from_ref(leader))?
            .point)
    }

    /// The stage games under some prescriptions of the leader, and the best of them.
    pub(super) fn looked(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leaders: &[LeaderPrescription],
    ) -> Result<Looked, SolveError> {
        let cells = self.lattice.cells();
        let coarse = cells
            .is_multiple_of(2)
            .then(|| Lattice::new(self.lattice.types(), cells / 2));
        let mut games = self.games(t);
        games.move_to(belief, z.weights())?;
        let mut oracle = Oracle::after(self, t);
        let most = LEAST_EFFORT.max((SHARE * self.effort_of_period()) as u64);
        let mut work = Work::default();
        let (mut all, mut margins, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut missed, mut cut_short) = (false, false);
        for (i, leader) in leaders.iter().enumerate() {
            let left = most.saturating_sub(effort(&oracle.work));
            let limit = effort(&oracle.work) + left / (leaders.len() - i) as u64;
            let mut close = Close {
                games: &mut games,
                oracle: &mut oracle,
                coarse: coarse.as_ref(),
                limit,
                cut_short: false,
                margin: f64::INFINITY,
            };
            let listed = close.answers(leader, &mut work)?;
            margins.push(close.margin);
            missed |= listed.missed;
            counts.push(listed.count);
            cut_short |= close.cut_short;
            all.push(listed.answers);
        }
        let rule = self.rule();
        let scales = self.game().scales();
        let (of_followers, of_leader) = (scales.follower.unit, scales.leader.unit);
        let of_criterion = match rule.selection {
            Selection::Welfare => of_followers,
            Selection::Optimistic | Selection::Pessimistic => of_leader,
        };
        let actions = self.game().follower_actions().len();
        let place = |answers: &[Answer]| -> usize {
            let preferred = rule.preferred(answers.iter(), z.weights(), actions);
            let same = |a: &Answer| preferred.is_some_and(|p| std::ptr::eq(a, p));
            answers.iter().position(same).unwrap_or(0)
        };
        let places: Vec<usize> = all.iter().map(|answers| place(answers)).collect();
        let selected = |l: usize| &all[l][places[l]];
        let best = rule.prefer_value((0..all.len()).map(|l| selected(l).mean));
        let taken = selected(best).clone();
        let mut rivals = Vec::new();
        for (l, answers) in all.iter().enumerate() {
            for (i, answer) in answers.iter().enumerate() {
                let own = i == places[l];
                if own && l == best {
                    continue;
                }
                let among = match own {
                    true => 0.0,
                    false => {
                        let score = |a: &Answer| rule.score(a, z.weights());
                        of_criterion * (score(selected(l)) - score(answer))
                    }
                };
                let leader = if l == best {
                    0.0
                } else {
                    of_leader * (taken.mean - answer.mean)
                };
                rivals.push(Rival {
                    gap: among.max(leader).max(0.0),
                    difference: distance(&taken, answer, scales),
                    of_leader: own,
                });
            }
        }
        let count = counts[best];
        let selected = Selected {
            answer: taken,
            count,
        };
        Ok(Looked {
            point: self.point(&games, selected)?,
            answers: all,
            rivals,
            margin: of_followers * margins[best],
            missed,
            cut_short,
        })
    }

    /// Stage games, and what takes as long, that the lattice took for one period.
    fn effort_of_period(&self) -> f64 {
        let periods = match self.iteration() {
            Some(iteration) => iteration.count,
            None => self.game().horizon(),
        };
        effort(self.work()) as f64 / periods.max(1) as f64
    }

    /// Every equilibrium of the stage games at (t, pi, z), for one prescription of the leader or all candidates.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn stage_equilibria(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: Option<&LeaderPrescription>,
    ) -> Result<Vec<SolvedEquilibrium>, SolveError> {
        let listed = self.candidates_at(belief)?;
        let mut looked = self.looked(t, belief, z, &listed)?;
        let chosen = looked.point.play.clone();
        if let Some(leader) = leader {
            looked = self.looked(t, belief, z, std::slice::from_ref(leader))?;
        }
        let mut games = self.games(t);
        games.move_to(belief, z.weights())?;
        let of_followers = self.game().scales().follower.unit;
        let mut rows = Vec::new();
        for answers in looked.answers {
            games.enumerate(&answers[0].leader, &mut Work::default())?;
            for answer in answers {
                let values = self.values_of(&answer);
                let next = games.mean_next(&answer);
                let e = answer.equilibrium;
                let gamma = chosen.prescription.rows();
                rows.push(SolvedEquilibrium {
                    kind: e.kind,
                    continuum: e.kind == Kind::Vertex,
                    supremum: false,
                    selected: chosen.leader == answer.leader && gamma == e.gamma,
                    leader: answer.leader,
                    next: MeanField::new(next),
                    // The probability of the sides after the first, the largest of all flows'.
                    coin: answer
                        .sides
                        .iter()
                        .map(|sides| 1.0 - sides[0].probability)
                        .fold(0.0, f64::max),
                    prescription: Prescription::new(self.game().follower_actions().len(), e.gamma),
                    values,
                    residual: of_followers * e.residual,
                });
            }
        }
        Ok(rows)
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
