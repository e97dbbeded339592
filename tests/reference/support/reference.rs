//! A plain, slow solver of the backward recursion (15)-(16) for two follower types and a finite horizon.
//!
//! V_t is tabulated from t = T down: its value at any m is the stage game solved at m against the table of V_{t+1}.
//! A table is a list of nodes joined by straight lines. A cell is halved as long as its line misses the re-solved value
//! at the middle, down to a width of 2e-14; what still differs there is a jump. No regime is ever labelled or compared.
//!
//! [`Reference::value`] reads V_t off by one more stage game; [`Reference::value_by_recursion`] re-solves every stage
//! that an equilibrium candidate can reach, so that tables serve only to find where D passes an incentive. The two agree
//! unless a window of m narrower than a cell was missed.
//!
//! Accuracy: V_1 is off by a few times the mesh's tolerance. Two meshes, 3e-8 and 2e-9, give the same V_1 to 1e-7 at
//! 200 starts of each of nine games (T = 8 and 20), one of which has more than ten thousand jumps.
//!
//! Not valid: within about 1e-9 of a jump of V_1 or of a tie; where a continuum of equilibria is selected from and the
//! criterion is curved on it (here the ends of all mesh cells stand for the continuum, a finer list than the vertices of
//! its smooth pieces); where V has windows narrower than half a cell. Every type may take every action.

pub mod stage;
pub mod table;

use super::games::{PlainGame, Play};
use stage::{Equilibrium, equilibria, leader_choice, select};
use std::cell::RefCell;
use std::collections::BTreeMap;

pub use stage::{Selection, distinct};
pub use table::{Mesh, Table, Values};

/// A solved game.
pub struct Reference<'g> {
    game: &'g PlainGame,
    selection: Selection,
    /// V_2, .., V_{T+1}.
    tables: Vec<Table>,
    solved: RefCell<BTreeMap<(usize, u64), Values>>,
}

/// What is played at one (t, m), and what it is worth.
#[derive(Clone, Debug)]
pub struct Solution {
    /// a^l.
    pub leader_action: usize,
    /// The followers' selected equilibrium.
    pub equilibrium: Equilibrium,
}

impl Solution {
    /// The play without its values.
    pub fn play(&self) -> Play {
        Play {
            leader_action: self.leader_action,
            gamma: self.equilibrium.gamma.clone(),
        }
    }
}

impl<'g> Reference<'g> {
    /// Tabulate V_{T+1}, .., V_2.
    pub fn solve(game: &'g PlainGame, selection: Selection, mesh: Mesh) -> Self {
        let terminal = |m: f64| Values {
            follower: [0, 1].map(|x| (game.terminal)(m, x)),
            leader: 0.0,
        };
        let mut backward = vec![Table::build(mesh, terminal)];
        for t in (2..=game.horizon).rev() {
            let after = backward.last().expect("begun with one");
            backward.push(Table::build(mesh, |m| {
                solve_stage(game, selection, t, m, after, &|next| after.at(next))
                    .equilibrium
                    .values
            }));
        }
        backward.reverse();
        Self {
            game,
            selection,
            tables: backward,
            solved: RefCell::default(),
        }
    }

    /// V_{t+1}.
    fn after(&self, t: usize) -> &Table {
        &self.tables[t - 1]
    }

    /// The play at (t, m), solved at that point against V_{t+1}.
    pub fn at(&self, t: usize, m: f64) -> Solution {
        let after = self.after(t);
        solve_stage(self.game, self.selection, t, m, after, &|next| {
            after.at(next)
        })
    }

    /// The followers' answer to any leader action, theta resuming at t + 1.
    pub fn answer(&self, t: usize, m: f64, leader_action: usize) -> Equilibrium {
        let after = self.after(t);
        let found = equilibria(self.game, (t, m, leader_action), after, &|next| {
            after.at(next)
        });
        select(m, self.selection, found).expect("every stage game has an equilibrium")
    }

    /// All distinct equilibria of a stage game.
    pub fn equilibria(&self, t: usize, m: f64, leader_action: usize) -> Vec<Equilibrium> {
        let after = self.after(t);
        distinct(equilibria(
            self.game,
            (t, m, leader_action),
            after,
            &|next| after.at(next),
        ))
    }

    /// V_t(m).
    pub fn value(&self, t: usize, m: f64) -> Values {
        self.at(t, m).equilibrium.values
    }

    /// V_t(m), re-solving V_{t+1} at every m' that a candidate leads to, and so on to the end.
    pub fn value_by_recursion(&self, t: usize, m: f64) -> Values {
        if t > self.game.horizon {
            return self.after(self.game.horizon).at(m);
        }
        if let Some(known) = self.solved.borrow().get(&(t, m.to_bits())) {
            return *known;
        }
        let resolve = |next: f64| self.value_by_recursion(t + 1, next);
        let values = solve_stage(self.game, self.selection, t, m, self.after(t), &resolve)
            .equilibrium
            .values;
        self.solved.borrow_mut().insert((t, m.to_bits()), values);
        values
    }

    /// theta followed forward from m_1: (m_t, play at t) for t = 1..T, `None` where a coin would be needed.
    pub fn path(&self, start: f64) -> Option<Vec<(f64, Play)>> {
        let mut m = start;
        (1..=self.game.horizon)
            .map(|t| {
                let solution = self.at(t, m);
                let here = std::mem::replace(&mut m, solution.equilibrium.next);
                solution
                    .equilibrium
                    .coin
                    .is_none()
                    .then(|| (here, solution.play()))
            })
            .collect()
    }
}

/// (15c): the leader's best action, each answered by the selected equilibrium.
fn solve_stage(
    game: &PlainGame,
    selection: Selection,
    t: usize,
    m: f64,
    after: &Table,
    continuation: &dyn Fn(f64) -> Values,
) -> Solution {
    let answer = |l| {
        select(
            m,
            selection,
            equilibria(game, (t, m, l), after, continuation),
        )
    };
    let mut answers: Vec<Equilibrium> = (0..game.leader_actions)
        .map(|l| answer(l).expect("every stage game has an equilibrium"))
        .collect();
    let values: Vec<f64> = answers.iter().map(|e| e.values.leader).collect();
    let leader_action = leader_choice(&values);
    Solution {
        leader_action,
        equilibrium: answers.swap_remove(leader_action),
    }
}
