//! The leader's choice (15c)-(15d) and the recursion (15)-(16), every continuation solved at its exact (pi', z').

use super::super::reference::Selection;
use super::game::{Information, TypedGame, words};
use super::search::{Doubt, equilibria};
use super::stage::{Branch, Equilibrium, Prescription, Stage, Values, best, tie_tolerance};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// theta and V at one (t, pi, z).
#[derive(Clone, Debug)]
pub struct Point {
    pub belief: Vec<f64>,
    pub z: Vec<f64>,
    /// gamma^l: an action per leader type. Where her type is public only the row of the type that is seen counts.
    pub chosen: Vec<usize>,
    /// gamma^f.
    pub gamma: Prescription,
    /// V^f per follower type, (16a).
    pub followers: Vec<f64>,
    /// V^l per leader type, (16b); NaN for those that a public type rules out.
    pub leader_types: Vec<f64>,
    /// The mean of V^l over pi.
    pub leader: f64,
    /// Per leader type, the best J_x over all candidates, minus V^l.
    pub regret: Vec<f64>,
    /// Per leader type, the best J_x over the candidates that differ from gamma^l in its row at most, minus V^l.
    pub own_regret: Vec<f64>,
    /// Distinct equilibria of the followers at gamma^l.
    pub equilibria: usize,
    /// The public states that follow, in the order of the leader's actions, then of next types.
    pub next: Vec<Way>,
}

/// A public state that follows.
#[derive(Clone, Debug)]
pub struct Way {
    pub action: usize,
    /// The next type, where it is public.
    pub next_type: Option<usize>,
    pub probability: f64,
    /// pi'.
    pub belief: Vec<f64>,
    /// z'.
    pub z: Vec<f64>,
}

/// The period and the bits of pi and z.
type Key = (usize, Vec<u64>);

/// A game, solved at the points that are asked for.
pub struct TypedReference<'g> {
    game: &'g TypedGame,
    selection: Selection,
    /// Cells of the scan of a mixing probability.
    cells: usize,
    solved: RefCell<BTreeMap<Key, Rc<Values>>>,
    doubts: RefCell<BTreeSet<(usize, Doubt)>>,
}

impl<'g> TypedReference<'g> {
    pub fn new(game: &'g TypedGame, selection: Selection, cells: usize) -> Self {
        Self {
            game,
            selection,
            cells,
            solved: RefCell::default(),
            doubts: RefCell::default(),
        }
    }

    /// What was doubtful in any stage game so far, with its period.
    pub fn doubts(&self) -> Vec<(usize, Doubt)> {
        self.doubts.borrow().iter().copied().collect()
    }

    /// V_t(pi, z), (13)-(14) and (16). Points met before are remembered by the bits of (t, pi, z).
    fn value(&self, t: usize, belief: &[f64], z: &[f64]) -> Rc<Values> {
        let key = (
            t,
            belief
                .iter()
                .chain(z)
                .map(|w| (w + 0.0).to_bits())
                .collect(),
        );
        if let Some(known) = self.solved.borrow().get(&key) {
            return Rc::clone(known);
        }
        let values = if t > self.game.horizon {
            let end = |x| self.game.terminal.as_ref().map_or(0.0, |v| v(z, x));
            Values {
                followers: (0..self.game.follower.0).map(end).collect(),
                leader_types: vec![0.0; self.game.leader.0],
            }
        } else {
            let point = self.at(t, belief, z);
            Values {
                followers: point.followers,
                leader_types: point.leader_types,
            }
        };
        let values = Rc::new(values);
        self.solved.borrow_mut().insert(key, Rc::clone(&values));
        values
    }

    /// Do something with the followers' game at one candidate.
    fn with_stage<R>(
        &self,
        (t, belief, z): (usize, &[f64], &[f64]),
        chosen: &[usize],
        act: impl FnOnce(&Stage) -> R,
    ) -> R {
        let continuation = |pi: &[f64], z: &[f64]| self.value(t + 1, pi, z);
        let ends = t == self.game.horizon && self.game.terminal.is_none();
        act(&Stage {
            game: self.game,
            t,
            belief: belief.to_vec(),
            z: z.to_vec(),
            chosen: chosen.to_vec(),
            continuation: if ends { None } else { Some(&continuation) },
        })
    }

    /// All distinct equilibria of the followers at one candidate.
    pub fn equilibria(
        &self,
        t: usize,
        belief: &[f64],
        z: &[f64],
        chosen: &[usize],
    ) -> Vec<Equilibrium> {
        let (found, doubts) = self.with_stage((t, belief, z), chosen, |stage| {
            equilibria(stage, self.cells)
        });
        self.doubts
            .borrow_mut()
            .extend(doubts.into_iter().map(|doubt| (t, doubt)));
        found
    }

    /// The followers' answer to a candidate: the selected equilibrium, one for all leader types.
    pub fn answer(&self, t: usize, belief: &[f64], z: &[f64], chosen: &[usize]) -> Equilibrium {
        select(self.selection, z, self.equilibria(t, belief, z, chosen))
    }

    /// The leader's candidates, in lexicographic order: X^l -> A^l, or an action for the type that is seen.
    pub fn candidates(&self, belief: &[f64]) -> Vec<Vec<usize>> {
        let (types, actions) = self.game.leader;
        let varies = |x: usize| match self.game.information {
            Information::Private => true,
            Information::Public => belief[x] > 0.0,
        };
        words(actions, types)
            .into_iter()
            .filter(|word| (0..types).all(|x| varies(x) || word[x] == 0))
            .collect()
    }

    /// theta_t[pi, z] and V_t(pi, z).
    pub fn at(&self, t: usize, belief: &[f64], z: &[f64]) -> Point {
        let public = self.game.information == Information::Public;
        assert!(!public || belief.iter().all(|p| *p == 0.0 || *p == 1.0));
        let here = (t, belief, z);
        let candidates = self.candidates(belief);
        let found: Vec<Vec<Equilibrium>> = candidates
            .iter()
            .map(|chosen| self.equilibria(t, belief, z, chosen))
            .collect();
        let counts: Vec<usize> = found.iter().map(Vec::len).collect();
        // (15d): one answer for all leader types.
        let answers: Vec<Equilibrium> = found
            .into_iter()
            .map(|found| select(self.selection, z, found))
            .collect();
        // (15c): the largest pi-average, the first of equally good candidates.
        let means: Vec<f64> = answers.iter().map(|e| e.leader).collect();
        let place = best(&means)[0];
        let mut chosen = candidates[place].clone();
        let mut leader_types = answers[place].leader_types.clone();
        let gamma = answers[place].gamma.clone();
        // pi(x) = 0: the row moves nobody, and is the type's own best action.
        for x in (0..belief.len()).filter(|x| !public && belief[*x] <= 0.0) {
            let worth: Vec<f64> = self.with_stage(here, &chosen, |stage| {
                let action = |a| stage.leader_worth(x, a, &gamma);
                (0..self.game.leader.1).map(action).collect()
            });
            chosen[x] = best(&worth)[0];
            leader_types[x] = worth[chosen[x]];
        }
        let regret = |x: usize, compared: &dyn Fn(&[usize]) -> bool| {
            let gains = candidates.iter().zip(&answers);
            gains
                .filter(|(candidate, _)| compared(candidate))
                .map(|(_, answer)| answer.leader_types[x] - leader_types[x])
                .fold(f64::NAN, f64::max)
        };
        let others =
            |x: usize, other: &[usize]| (0..other.len()).all(|y| y == x || other[y] == chosen[y]);
        let types = 0..self.game.leader.0;
        Point {
            belief: belief.to_vec(),
            z: z.to_vec(),
            regret: types.clone().map(|x| regret(x, &|_| true)).collect(),
            own_regret: types.map(|x| regret(x, &|c| others(x, c))).collect(),
            equilibria: counts[place],
            next: self.with_stage(here, &chosen, |stage| ways(stage, &gamma)),
            followers: answers[place].followers.clone(),
            leader: answers[place].leader,
            chosen,
            gamma,
            leader_types,
        }
    }
}

/// The public states that follow a play.
fn ways(stage: &Stage, gamma: &Prescription) -> Vec<Way> {
    let mut ways = Vec::new();
    for action in stage.actions_on_path() {
        let present = stage.present().into_iter();
        let taken: f64 = present
            .filter(|(x, _)| stage.chosen[*x] == action)
            .map(|(_, pi)| pi)
            .sum();
        let z = stage.next_mean_field(action, gamma);
        let branches = stage.branches(action).into_iter();
        ways.extend(branches.map(
            |Branch {
                 next_type,
                 weight,
                 belief,
             }| Way {
                action,
                next_type,
                probability: taken * weight,
                belief,
                z: z.clone(),
            },
        ));
    }
    ways
}

/// The best by the criterion, and of equally good ones the lexicographically largest (gamma(a_1|x_1), gamma(a_2|x_1), ..).
fn select(selection: Selection, z: &[f64], found: Vec<Equilibrium>) -> Equilibrium {
    let score = |e: &Equilibrium| match selection {
        Selection::Optimistic => e.leader,
        Selection::Pessimistic => -e.leader,
        Selection::Welfare => z.iter().zip(&e.followers).map(|(z, v)| z * v).sum(),
    };
    let scores: Vec<f64> = found.iter().map(score).collect();
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let slack = tie_tolerance(&scores);
    found
        .into_iter()
        .zip(scores)
        .filter(|(_, score)| largest - score <= slack)
        .map(|(e, _)| e)
        .reduce(|a, b| {
            let entries = a.gamma.iter().flatten().zip(b.gamma.iter().flatten());
            match entries.into_iter().find(|(p, q)| p != q) {
                Some((p, q)) if q > p => b,
                _ => a,
            }
        })
        .expect("every stage game has an equilibrium")
}
