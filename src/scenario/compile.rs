//! The formulas of a scenario at every leader move, type and action: the slots of its game.

use super::document::Value;
use super::error::{Fault, Problem};
use super::formula::{Here, Names, Resolved};
use super::rows::{ByPair, Next, TransitionRow};
use crate::game::limits::MAX_KERNEL;
use crate::game::program::{Op, Pool, Slot};

/// The most formula operations that are put together into one game.
const MAX_WORK: u64 = 5_000_000;

/// The formulas of a game, their names looked up.
#[derive(Clone, Debug)]
pub(super) struct Formulas {
    pub(super) names: Names,
    pub(super) transition: ByPair<TransitionRow>,
    pub(super) follower_reward: ByPair<Resolved>,
    pub(super) terminal: Option<Resolved>,
    /// `None` for a leader who has no types, or whose type never changes.
    pub(super) leader_transition: Option<ByPair<TransitionRow>>,
    pub(super) leader_period: Option<Resolved>,
    pub(super) leader_per_follower: Option<Resolved>,
}

/// The formulas at every leader move, type and action.
pub(super) struct Compiled {
    pub(super) pool: Pool,
    pub(super) kernel: Vec<Slot>,
    pub(super) leader_kernel: Vec<Slot>,
    pub(super) follower_reward: Vec<Slot>,
    pub(super) leader_period_reward: Vec<Slot>,
    pub(super) leader_follower_reward: Vec<Slot>,
    pub(super) terminal: Vec<Slot>,
}

impl Compiled {
    pub(super) fn new(
        formulas: &Formulas,
        available: &[bool],
        root: &Value,
    ) -> Result<Self, Fault> {
        let names = &formulas.names;
        limit_work(formulas, available, root)?;
        let mut compiled = Self {
            pool: Pool::new(names.types.len()),
            kernel: Vec::new(),
            leader_kernel: Vec::new(),
            follower_reward: Vec::new(),
            leader_period_reward: Vec::new(),
            leader_follower_reward: Vec::new(),
            terminal: Vec::new(),
        };
        for leader_type in 0..names.leader_type_count() {
            for leader in 0..names.leader_actions() {
                compiled.push_move(formulas, leader_type, leader);
            }
        }
        for x in 0..names.types.len() {
            let here = Here {
                x,
                ..Here::default()
            };
            let slot = compiled.slot(formulas.terminal.as_ref(), names, here);
            compiled.terminal.push(slot);
        }
        Ok(compiled)
    }

    /// Everything at one leader move.
    fn push_move(&mut self, formulas: &Formulas, leader_type: usize, leader: usize) {
        let names = &formulas.names;
        let here = Here {
            leader_type,
            leader,
            ..Here::default()
        };
        for x in 0..names.types.len() {
            for a in 0..names.actions.len() {
                self.push_pair(formulas, Here { x, a, ..here });
            }
        }
        let period = self.slot(formulas.leader_period.as_ref(), names, here);
        self.leader_period_reward.push(period);
        let rows = formulas.leader_transition.as_ref();
        let row = rows.and_then(|rows| rows.get(leader_type, leader));
        let next = Moves {
            types: names.leader_type_count(),
            from: leader_type,
        };
        let slots = compile_row(row, next, names, here, &mut self.pool);
        self.leader_kernel.extend(slots);
    }

    /// What followers of one type and action meet at one leader move.
    fn push_pair(&mut self, formulas: &Formulas, here: Here) {
        let names = &formulas.names;
        let row = formulas.transition.get(here.x, here.a);
        let next = Moves {
            types: names.types.len(),
            from: here.x,
        };
        let slots = compile_row(row, next, names, here, &mut self.pool);
        self.kernel.extend(slots);
        let reward = self.slot(formulas.follower_reward.get(here.x, here.a), names, here);
        self.follower_reward.push(reward);
        let per_follower = formulas.leader_per_follower.as_ref();
        let per_follower = per_follower.filter(|_| row.is_some());
        let zero = self.pool.constant(0.0);
        self.leader_follower_reward
            .push(per_follower.map_or(zero, |formula| {
                formula.compile(names, here, &mut self.pool, reward)
            }));
    }

    /// The slot of a formula; zero where there is none.
    fn slot(&mut self, formula: Option<&Resolved>, names: &Names, here: Here) -> Slot {
        let zero = self.pool.constant(0.0);
        formula.map_or(zero, |formula| {
            formula.compile(names, here, &mut self.pool, zero)
        })
    }
}

/// The types that a kernel row moves among, and the one that it moves from.
#[derive(Clone, Copy)]
struct Moves {
    types: usize,
    from: usize,
}

/// The slots of one kernel row; where there is none, the type stays as it is.
fn compile_row(
    row: Option<&TransitionRow>,
    Moves { types, from }: Moves,
    names: &Names,
    here: Here,
    pool: &mut Pool,
) -> Vec<Slot> {
    let (zero, one) = (pool.constant(0.0), pool.constant(1.0));
    let Some(row) = row else {
        return (0..types)
            .map(|next| if next == from { one } else { zero })
            .collect();
    };
    let mut slots = Vec::with_capacity(row.entries.len());
    let mut named = None;
    for entry in &row.entries {
        let Next::Formula(formula) = entry else {
            slots.push(zero);
            continue;
        };
        let slot = formula.compile(names, here, pool, zero);
        named = Some(named.map_or(slot, |sum| pool.apply(Op::Add, [sum, slot, slot])));
        slots.push(slot);
    }
    // rest = 1 - (sum of the others), summed in the order of types.
    if let Some(place) = row
        .entries
        .iter()
        .position(|entry| matches!(entry, Next::Rest))
    {
        slots[place] = named.map_or(one, |sum| pool.apply(Op::Subtract, [one, sum, sum]));
    }
    slots
}

/// Refuse games that would not fit.
fn limit_work(formulas: &Formulas, available: &[bool], root: &Value) -> Result<(), Fault> {
    let names = &formulas.names;
    let (types, leader_types) = (names.types.len() as u64, names.leader_type_count() as u64);
    let moves = leader_types * names.leader_actions() as u64;
    let entries = (moves * available.len() as u64 * types).max(moves * leader_types);
    if entries > MAX_KERNEL {
        return root.fault(Problem::TooMany {
            what: "kernel entries",
            found: entries,
            limit: MAX_KERNEL,
        });
    }
    let size = |formula: &Resolved| formula.len() as u64;
    let mut work = 0;
    for x in 0..names.types.len() {
        for a in 0..names.actions.len() {
            let row = formulas.transition.get(x, a);
            work += row.map_or(0, |row| row.len() as u64);
            work += formulas.follower_reward.get(x, a).map_or(0, size);
            work += formulas.leader_per_follower.as_ref().map_or(0, size);
        }
    }
    work += formulas.leader_period.as_ref().map_or(0, size);
    work = work.saturating_mul(moves);
    if let Some(rows) = &formulas.leader_transition {
        for x in 0..names.leader_type_count() {
            let rows = (0..names.leader_actions()).filter_map(|a| rows.get(x, a));
            work = work.saturating_add(rows.map(|row| row.len() as u64).sum());
        }
    }
    work = work.saturating_add(types * formulas.terminal.as_ref().map_or(0, size));
    if work > MAX_WORK {
        return root.fault(Problem::TooMuchWork {
            work,
            limit: MAX_WORK,
        });
    }
    Ok(())
}
