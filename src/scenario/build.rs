//! The tree of a scenario to its game.

use super::document::{self, Kind, Override, Value};
use super::error::{Fault, Problem};
use super::formula::{Formula, Here, Names, Resolved, Use};
use super::rows::{self, ByPair, Next, TransitionRow};
use super::settings::{SimulateSettings, SolveSettings, ValidateSettings};
use super::{Scenario, spaces};
use crate::game::program::{Op, Pool, Slot};
use crate::game::{Game, Primitives};

/// The longest horizon.
pub const MAX_HORIZON: u64 = 100_000;
/// The most kernel entries, over leader actions, types, actions and next types.
pub const MAX_KERNEL: u64 = 4_000_000;
/// The most formula operations that are put together into one game.
pub const MAX_WORK: u64 = 50_000_000;

const TOP: &[&str] = &[
    "name",
    "description",
    "horizon",
    "discount",
    "seed",
    "parameters",
    "follower",
    "leader",
    "solve",
    "simulate",
    "validate",
];
const FOLLOWER: &[&str] = &[
    "types",
    "actions",
    "initial",
    "reward",
    "terminal",
    "available",
    "transition",
];
const LEADER: &[&str] = &[
    "actions",
    "reward",
    "types",
    "initial",
    "transition",
    "observed",
];

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

pub(super) fn scenario(text: &str, overrides: &[Override]) -> Result<Scenario, Fault> {
    let root = document::read(text, overrides)?;
    root.only(TOP)?;
    let name = root.require("name")?;
    spaces::check_name(name.string()?, &name.origin)?;
    let description = root
        .get("description")
        .map_or(Ok(""), Value::string)?
        .to_owned();
    let seed = root
        .get("seed")
        .map_or(Ok(0), |seed| seed.count(0, u64::MAX))?;
    let follower = root.require("follower")?;
    follower.only(FOLLOWER)?;
    let names = names(&root, follower)?;
    let available = available(follower, &names)?;
    let solve = SolveSettings::read(&root)?;
    let simulate = SimulateSettings::read(&root)?;
    let validate = ValidateSettings::read(&root, names.types.len())?;
    let initial = spaces::law(follower.require("initial")?, names.types.len())?;
    let formulas = formulas(&root, follower, names, &available)?;
    let compiled = Compiled::new(&formulas, &available, &root)?;
    let game = Game::new(Primitives {
        name: name.string()?.to_owned(),
        horizon: formulas.names.horizon as usize,
        discount: discount(&root)?,
        types: formulas
            .names
            .types
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        actions: formulas
            .names
            .actions
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        leader_actions: formulas
            .names
            .leader
            .as_ref()
            .map(|leader| leader.printed()),
        initial,
        available,
        pool: compiled.pool,
        kernel: compiled.kernel,
        follower_reward: compiled.follower_reward,
        leader_period_reward: compiled.leader_period_reward,
        leader_follower_reward: compiled.leader_follower_reward,
        terminal: compiled.terminal,
    });
    Ok(Scenario {
        name: game.name().to_owned(),
        description,
        seed,
        solve,
        simulate,
        validate,
        text: text.to_owned(),
        game,
    })
}

fn horizon(root: &Value) -> Result<u64, Fault> {
    let horizon = root.require("horizon")?;
    match &horizon.kind {
        Kind::String(text, _) if text == "infinite" => horizon.fault(Problem::NotSupportedYet {
            what: "horizon = \"infinite\"",
        }),
        _ => horizon.count(1, MAX_HORIZON),
    }
}

fn discount(root: &Value) -> Result<f64, Fault> {
    let value = root.require("discount")?;
    let discount = value.number()?;
    if discount > 0.0 && discount <= 1.0 {
        return Ok(discount);
    }
    let range = "above 0 and at most 1".to_owned();
    value.fault(Problem::OutOfRange {
        key: value.key.clone(),
        found: value.found(),
        range,
    })
}

/// Everything that the scenario declares.
fn names(root: &Value, follower: &Value) -> Result<Names, Fault> {
    let mut names = Names {
        horizon: horizon(root)? as f64,
        parameters: spaces::parameters(root)?,
        types: spaces::named_set(
            follower.require("types")?,
            "follower types",
            spaces::MAX_TYPES,
        )?,
        actions: spaces::named_set(
            follower.require("actions")?,
            "follower actions",
            spaces::MAX_ACTIONS,
        )?,
        leader: None,
    };
    if let Some(leader) = root.get("leader") {
        leader.only(LEADER)?;
        for key in ["types", "initial", "transition", "observed"] {
            if let Some(value) = leader.get(key) {
                return value.fault(Problem::NotSupportedYet {
                    what: "a leader with types",
                });
            }
        }
        names.leader = Some(spaces::leader_actions(leader.require("actions")?, &names)?);
    }
    Ok(names)
}

/// `available`: by type, then action.
fn available(follower: &Value, names: &Names) -> Result<Vec<bool>, Fault> {
    let actions = names.actions.len();
    let mut available = vec![true; names.types.len() * actions];
    let Some(section) = follower.get("available") else {
        return Ok(available);
    };
    let known = |set: &[(String, f64)]| set.iter().map(|(name, _)| name.clone()).collect();
    for entry in section.entries()? {
        let Some(x) = names.types.iter().position(|(name, _)| *name == entry.name) else {
            let (name, known) = (entry.name.clone(), known(&names.types));
            return entry
                .name_origin
                .fault(Problem::UnknownName { name, known });
        };
        let row = &mut available[x * actions..(x + 1) * actions];
        row.fill(false);
        let list = entry.value.elements()?;
        if list.is_empty() {
            return entry.value.fault(Problem::Empty {
                key: entry.value.key.clone(),
                what: "action",
            });
        }
        for element in list {
            let word = element.string()?;
            match names.actions.iter().position(|(name, _)| name == word) {
                Some(a) => row[a] = true,
                None => {
                    let (name, known) = (word.to_owned(), known(&names.actions));
                    return element.fault(Problem::UnknownName { name, known });
                }
            }
        }
    }
    Ok(available)
}

fn formulas(
    root: &Value,
    follower: &Value,
    names: Names,
    available: &[bool],
) -> Result<Formulas, Fault> {
    let optional = |section: Option<&Value>, key: &str, used: Use| {
        let value = section.and_then(|section| section.get(key));
        value
            .map(|value| Formula::read(value, &names.unusual())?.resolve(&names, used))
            .transpose()
    };
    let mut leader_reward = None;
    if let Some(leader) = root.get("leader") {
        let reward = leader.require("reward")?;
        reward.only(&["per_follower", "period"])?;
        if reward.entries()?.is_empty() {
            return reward.fault(Problem::Empty {
                key: reward.key.clone(),
                what: "of per_follower and period",
            });
        }
        leader_reward = Some(reward);
    }
    Ok(Formulas {
        transition: rows::transition(follower.require("transition")?, &names, available)?,
        follower_reward: rows::reward(follower.require("reward")?, &names, available)?,
        terminal: optional(Some(follower), "terminal", Use::Terminal)?,
        leader_period: optional(leader_reward, "period", Use::LeaderPeriod)?,
        leader_per_follower: optional(leader_reward, "per_follower", Use::LeaderPerFollower)?,
        names,
    })
}

/// The formulas at every leader action, type and action.
struct Compiled {
    pool: Pool,
    kernel: Vec<Slot>,
    follower_reward: Vec<Slot>,
    leader_period_reward: Vec<Slot>,
    leader_follower_reward: Vec<Slot>,
    terminal: Vec<Slot>,
}

impl Compiled {
    fn new(formulas: &Formulas, available: &[bool], root: &Value) -> Result<Self, Fault> {
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
        let zero = pool.constant(0.0);
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
    work = work.saturating_mul(leader_actions as u64);
    if work > MAX_WORK {
        return root.fault(Problem::TooMuchWork {
            work,
            limit: MAX_WORK,
        });
    }
    Ok(())
}
