//! The formulas of a scenario at every leader action, type and action: the slots of its game.

use super::document::Value;
use super::error::{Fault, Problem};
use super::formula::{Here, Names, Resolved};
use super::rows::{ByPair, Next, TransitionRow};
use crate::game::program::{Op, Pool, Slot};

/// The most kernel entries, over leader actions, types, actions and next types.
const MAX_KERNEL: u64 = 4_000_000;
/// The most formula operations that are put together into one game.
const MAX_WORK: u64 = 5_000_000;

/// The formulas of a game, their names looked up.
#[derive(Clone, Debug)]
pub(super) struct Formulas {
    pub(super) names: Names,
    pub(super) transition: ByPair<TransitionRow>,
    pub(super) follower_reward: ByPair<Resolved>,
    pub(super) terminal: Option<Resolved>,
    pub(super) leader_period: Option<Resolved>,
    pub(super) leader_per_follower: Option<Resolved>,
}

/// The formulas at every leader action, type and action.
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
        let (types, leader_actions) = (
            names.types.len(),
            names
                .leader
                .as_ref()
                .map_or(1, |leader| leader.values.len()),
        );
        limit_work(formulas, available, leader_actions, root)?;
        let mut pool = Pool::new(types);
        let (zero, one) = (pool.constant(0.0), pool.constant(1.0));
        let (mut kernel, mut follower_reward, mut leader_follower_reward) =
            (Vec::new(), Vec::new(), Vec::new());
        let mut leader_period_reward = Vec::with_capacity(leader_actions);
        for leader in 0..leader_actions {
            for x in 0..types {
                for a in 0..names.actions.len() {
                    let here = Here { leader, x, a };
                    let row = formulas.transition.get(x, a);
                    kernel.extend(compile_row(row, names, here, &mut pool));
                    let reward = formulas.follower_reward.get(x, a);
                    let reward = reward.map_or(zero, |formula| {
                        formula.compile(names, here, &mut pool, zero)
                    });
                    follower_reward.push(reward);
                    let per_follower = formulas
                        .leader_per_follower
                        .as_ref()
                        .filter(|_| row.is_some());
                    leader_follower_reward.push(per_follower.map_or(zero, |formula| {
                        formula.compile(names, here, &mut pool, reward)
                    }));
                }
            }
            let here = Here {
                leader,
                ..Here::default()
            };
            let period = formulas.leader_period.as_ref();
            leader_period_reward.push(period.map_or(zero, |formula| {
                formula.compile(names, here, &mut pool, zero)
            }));
        }
        let terminal = (0..types).map(|x| {
            let here = Here {
                x,
                ..Here::default()
            };
            formulas.terminal.as_ref().map_or(zero, |formula| {
                formula.compile(names, here, &mut pool, zero)
            })
        });
        let terminal = terminal.collect();
        Ok(Self {
            pool,
            kernel,
            leader_kernel: vec![one; leader_actions],
            follower_reward,
            leader_period_reward,
            leader_follower_reward,
            terminal,
        })
    }
}

/// The slots of one kernel row; a pair that is not available stays where it is.
fn compile_row(
    row: Option<&TransitionRow>,
    names: &Names,
    here: Here,
    pool: &mut Pool,
) -> Vec<Slot> {
    let (zero, one) = (pool.constant(0.0), pool.constant(1.0));
    let Some(row) = row else {
        return (0..names.types.len())
            .map(|next| if next == here.x { one } else { zero })
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
fn limit_work(
    formulas: &Formulas,
    available: &[bool],
    leader_actions: usize,
    root: &Value,
) -> Result<(), Fault> {
    let types = formulas.names.types.len() as u64;
    let pairs = leader_actions as u64 * available.len() as u64;
    if pairs * types > MAX_KERNEL {
        return root.fault(Problem::TooMany {
            what: "kernel entries",
            found: pairs * types,
            limit: MAX_KERNEL,
        });
    }
    let size = |formula: &Resolved| formula.len() as u64;
    let mut work = 0;
    for x in 0..formulas.names.types.len() {
        for a in 0..formulas.names.actions.len() {
            let row = formulas
                .transition
                .get(x, a)
                .into_iter()
                .flat_map(|row| &row.entries);
            let entries = row.map(|entry| {
                if let Next::Formula(formula) = entry {
                    size(formula)
                } else {
                    1
                }
            });
            work += entries.sum::<u64>() + formulas.follower_reward.get(x, a).map_or(0, size);
            work += formulas.leader_per_follower.as_ref().map_or(0, size);
        }
    }
    work += formulas.leader_period.as_ref().map_or(0, size);
    work = work.saturating_mul(leader_actions as u64);
    work += types * formulas.terminal.as_ref().map_or(0, size);
    if work > MAX_WORK {
        return root.fault(Problem::TooMuchWork {
            work,
            limit: MAX_WORK,
        });
    }
    Ok(())
}
