//! The tree of a scenario to its game.

use super::compile::{Compiled, Formulas};
use super::document::{self, Kind, Value};
use super::error::{Fault, Problem};
use super::formula::{Formula, Names, Use, words};
use super::overrides::Override;
use super::prescriptions;
use super::rows::{self, Pairs};
use super::settings::{read_simulate, read_solve, read_validate};
use super::{Scenario, check, columns, leader, spaces};
use crate::game::check::MAX_POINTS;
use crate::game::limits::{MAX_ACTIONS, MAX_HORIZON, range_of_discount};
use crate::game::{Code, Game, LeaderTypes, Primitives};

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

pub(super) fn scenario(text: &str, overrides: &[Override]) -> Result<Scenario, Fault> {
    let root = document::read(text, overrides)?;
    root.only(TOP)?;
    let name = root.require("name")?;
    spaces::check_name(name.string()?, &name.origin)?;
    let description = root.get("description").map_or(Ok(""), Value::string)?;
    let seed = root
        .get("seed")
        .map_or(Ok(0), |seed| seed.count(0, u64::MAX))?;
    let follower = root.require("follower")?;
    follower.only(FOLLOWER)?;
    let names = names(&root, follower)?;
    let available = available(follower, &names)?;
    let solve = read_solve(&root, names.types.len())?;
    let simulate = read_simulate(&root)?;
    let validate = read_validate(&root, names.types.len())?;
    let initial = spaces::law(follower.require("initial")?, names.types.len())?;
    let leader_types = leader_types(&root, &names)?;
    prescriptions::limit(&names, leader_types.as_ref(), &solve, &root)?;
    columns::check(&names, &solve, &root)?;
    let formulas = formulas(&root, follower, names, &available)?;
    let compiled = Compiled::new(&formulas, &available, &root)?;
    let mut game = Game::new(Primitives {
        name: name.string()?.to_owned(),
        horizon: horizon(&root)?.map(|horizon| horizon as usize),
        discount: discount(&root)?,
        types: words(&formulas.names.types),
        actions: words(&formulas.names.actions),
        leader_actions: formulas
            .names
            .leader
            .as_ref()
            .map(|leader| leader.printed()),
        leader_types,
        initial,
        available,
        pool: compiled.pool,
        kernel: compiled.kernel,
        leader_kernel: compiled.leader_kernel,
        follower_reward: compiled.follower_reward,
        leader_period_reward: compiled.leader_period_reward,
        leader_follower_reward: compiled.leader_follower_reward,
        terminal: compiled.terminal,
        code: Code::default(),
    });
    let checked = crate::game::check::check(&game, solve.grid, MAX_POINTS)
        .map_err(|error| check::explain(error, &formulas, &root))?;
    if game.is_infinite() {
        if let Some(terminal) = follower.get("terminal") {
            return terminal.fault(Problem::InfiniteAndTerminal);
        }
        infinite(&mut game, &root, checked.reward_width, validate.epsilon)?;
    }
    Ok(Scenario {
        name: game.name().to_owned(),
        description: description.to_owned(),
        seed,
        solve,
        simulate,
        validate,
        text: text.to_owned(),
        game,
        formulas,
        checked,
    })
}

/// T, or `None` for an infinite horizon.
fn horizon(root: &Value) -> Result<Option<u64>, Fault> {
    let horizon = root.require("horizon")?;
    match &horizon.kind {
        Kind::String(text, _) if text == "infinite" => Ok(None),
        _ => horizon.count(1, MAX_HORIZON).map(Some),
    }
}

/// In (0, 1], and below 1 where the horizon is infinite.
fn discount(root: &Value) -> Result<f64, Fault> {
    let value = root.require("discount")?;
    let discount = value.number()?;
    match range_of_discount(discount, horizon(root)?.is_none()) {
        None => Ok(discount),
        Some(range) => value.fault(Problem::OutOfRange {
            key: value.key.clone(),
            found: value.found(),
            range: range.to_owned(),
        }),
    }
}

/// What an infinite horizon asks of a game; it is played as long as epsilon asks.
fn infinite(game: &mut Game, root: &Value, width: f64, epsilon: f64) -> Result<(), Fault> {
    let horizon = root.require("horizon")?;
    if game.depends_on_time() {
        return horizon.fault(Problem::InfiniteAndTimed);
    }
    game.play_within(width, epsilon).or_else(|periods| {
        horizon.fault(Problem::InfiniteTooLong {
            periods,
            most: MAX_HORIZON,
        })
    })
}

/// Everything that the scenario declares.
fn names(root: &Value, follower: &Value) -> Result<Names, Fault> {
    let mut names = Names {
        horizon: horizon(root)?.map_or(f64::INFINITY, |horizon| horizon as f64),
        parameters: spaces::parameters(root)?,
        types: spaces::follower_types(follower.require("types")?)?,
        actions: spaces::named_set(
            follower.require("actions")?,
            "follower actions",
            MAX_ACTIONS,
        )?,
        leader: None,
        leader_types: None,
    };
    if let Some(leader) = root.get("leader") {
        leader.only(LEADER)?;
        let of_types = ["initial", "transition", "observed"];
        let stray = of_types.iter().find_map(|key| leader.entry(key));
        if let Some(entry) = stray.filter(|_| leader.get("types").is_none()) {
            let what = entry.name.clone();
            return entry.name_origin.fault(Problem::NoLeaderTypes { what });
        }
        names.leader = Some(leader::actions(leader.require("actions")?, &names)?);
        if let Some(types) = leader.get("types") {
            names.leader_types = Some(leader::types(types, &names)?);
        }
    }
    Ok(names)
}

/// The leader's types, who sees them, and their first law; `None` where she has none.
fn leader_types(root: &Value, names: &Names) -> Result<Option<LeaderTypes>, Fault> {
    let (Some(leader), Some(types)) = (root.get("leader"), &names.leader_types) else {
        return Ok(None);
    };
    let names = types.printed();
    let initial = spaces::belief(leader.require("initial")?, names.len())?;
    let observed = leader.get("observed").map_or(Ok(false), Value::boolean)?;
    Ok(Some(LeaderTypes {
        names,
        observed,
        initial,
    }))
}

/// `available`: by type, then action.
fn available(follower: &Value, names: &Names) -> Result<Vec<bool>, Fault> {
    let actions = names.actions.len();
    let mut available = vec![true; names.types.len() * actions];
    let Some(section) = follower.get("available") else {
        return Ok(available);
    };
    for entry in section.entries()? {
        let Some(x) = names.types.iter().position(|(name, _)| *name == entry.name) else {
            let (name, known) = (entry.name.clone(), words(&names.types));
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
            });
        }
        for element in list {
            let word = element.string()?;
            match names.actions.iter().position(|(name, _)| name == word) {
                Some(a) if row[a] => {
                    let name = word.to_owned();
                    return element.fault(Problem::Duplicate { name });
                }
                Some(a) => row[a] = true,
                None => {
                    let (name, known) = (word.to_owned(), words(&names.actions));
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
            .map(|value| Formula::read(value, &names.spelling())?.resolve(&names, used))
            .transpose()
    };
    let mut leader_reward = None;
    if let Some(leader) = root.get("leader") {
        let reward = leader.require("reward")?;
        reward.only(&["per_follower", "period"])?;
        if reward.entries()?.is_empty() {
            return reward.fault(Problem::Empty {
                key: reward.key.clone(),
            });
        }
        leader_reward = Some(reward);
    }
    let pairs = Pairs::of_followers(&names, available);
    let transition = rows::transition(follower.require("transition")?, &pairs, Use::Transition)?;
    let follower_reward = rows::reward(follower.require("reward")?, &pairs)?;
    let leader_rows = root
        .get("leader")
        .and_then(|leader| leader.get("transition"));
    let leader_transition = match (leader_rows, Pairs::of_leader(&names)) {
        (Some(table), Some(pairs)) => Some(rows::transition(table, &pairs, Use::LeaderTransition)?),
        _ => None,
    };
    Ok(Formulas {
        transition,
        follower_reward,
        leader_transition,
        terminal: optional(Some(follower), "terminal", Use::Terminal)?,
        leader_period: optional(leader_reward, "period", Use::LeaderPeriod)?,
        leader_per_follower: optional(leader_reward, "per_follower", Use::LeaderPerFollower)?,
        names,
    })
}
