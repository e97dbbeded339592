//! The sections that say what to do with the game: [solve], [simulate], [validate].

use super::document::Value;
use super::error::{Fault, Problem};
use super::spaces::law;
use crate::game::FlowRule;
use crate::simulate::split::MAX_POPULATION;
use crate::simulate::{Engine, SimulateSettings, Start};
use crate::solve::{Selection, SolveSettings};
use crate::validate::{MethodChoice, ValidateSettings};

/// The finest mesh, in cells.
pub const MAX_GRID: u64 = 1_000_000;
/// The largest budget of stage games.
const MAX_BUDGET: u64 = 1_000_000_000_000_000;
/// The most populations, and the most starts.
const MAX_LIST: u64 = 1_000;
/// The most replications.
pub const MAX_REPLICATIONS: u64 = 1_000_000_000;

/// The rules of the flow that a scenario can choose from.
const FLOW_RULES: &[FlowRule] = &[FlowRule::Averaged, FlowRule::Realised];

impl FlowRule {
    /// The word of the scenario.
    pub fn word(self) -> &'static str {
        match self {
            FlowRule::Averaged => "averaged",
            FlowRule::Realised => "realised",
        }
    }
}

/// A section of the file, empty where it is left out.
fn section<'a>(
    root: &'a Value,
    name: &str,
    known: &'static [&'static str],
) -> Result<Option<&'a Value>, Fault> {
    let section = root.get(name);
    section.map_or(Ok(()), |section| section.only(known))?;
    Ok(section)
}

/// The value under a name of a section that may be left out, read by `read`; else `default`.
fn or<T>(
    section: Option<&Value>,
    name: &str,
    default: T,
    read: impl FnOnce(&Value) -> Result<T, Fault>,
) -> Result<T, Fault> {
    section
        .and_then(|section| section.get(name))
        .map_or(Ok(default), read)
}

fn word<T: Copy>(
    value: &Value,
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> Result<T, Fault> {
    let found = value.string()?;
    all.iter()
        .copied()
        .find(|choice| word(*choice) == found)
        .ok_or_else(|| {
            let choices = all.iter().map(|choice| word(*choice)).collect();
            Fault::new(
                value.origin.clone(),
                Problem::UnknownChoice {
                    key: value.key.clone(),
                    found: found.to_owned(),
                    choices,
                },
            )
        })
}

/// A number for which `holds`, written so that NaN is refused.
fn number(value: &Value, range: &'static str, holds: impl Fn(f64) -> bool) -> Result<f64, Fault> {
    let number = value.number()?;
    if holds(number) {
        return Ok(number);
    }
    let (key, found) = (value.key.clone(), value.found());
    value.fault(Problem::OutOfRange {
        key,
        found,
        range: range.to_owned(),
    })
}

pub(super) fn read_solve(root: &Value, types: usize) -> Result<SolveSettings, Fault> {
    let default = SolveSettings::of_types(types);
    let solve = section(
        root,
        "solve",
        &[
            "selection",
            "grid",
            "tolerance",
            "flow",
            "leader_mixing",
            "belief_grid",
            "commitment_gap",
            "budget",
        ],
    )?;
    let cells = |value: &Value| Ok(value.count(1, MAX_GRID)? as usize);
    Ok(SolveSettings {
        selection: or(solve, "selection", default.selection, |value| {
            word(value, Selection::ALL, Selection::word)
        })?,
        grid: or(solve, "grid", default.grid, cells)?,
        tolerance: or(solve, "tolerance", default.tolerance, |value| {
            number(value, "above 0", |number| number > 0.0)
        })?,
        flow: or(solve, "flow", default.flow, |value| {
            word(value, FLOW_RULES, FlowRule::word)
        })?,
        leader_mixing: or(solve, "leader_mixing", default.leader_mixing, cells)?,
        belief_grid: or(solve, "belief_grid", default.belief_grid, cells)?,
        commitment_gap: or(
            solve,
            "commitment_gap",
            default.commitment_gap,
            Value::boolean,
        )?,
        budget: or(solve, "budget", default.budget, |value| {
            value.count(1, MAX_BUDGET)
        })?,
    })
}

pub(super) fn read_simulate(root: &Value) -> Result<SimulateSettings, Fault> {
    let simulate = section(
        root,
        "simulate",
        &["populations", "replications", "engine", "start"],
    )?;
    let default = SimulateSettings::default();
    Ok(SimulateSettings {
        populations: or(simulate, "populations", default.populations, populations)?,
        replications: or(simulate, "replications", default.replications, |value| {
            value.count(1, MAX_REPLICATIONS)
        })?,
        engine: or(simulate, "engine", default.engine, |value| {
            word(value, Engine::ALL, Engine::word)
        })?,
        start: or(simulate, "start", default.start, |value| {
            word(value, Start::ALL, Start::word)
        })?,
    })
}

fn check_length(value: &Value, length: usize, what: &'static str) -> Result<(), Fault> {
    let (found, limit) = (length as u64, MAX_LIST);
    if found > limit {
        value.fault(Problem::TooMany { what, found, limit })
    } else {
        Ok(())
    }
}

fn populations(value: &Value) -> Result<Vec<u64>, Fault> {
    let elements = value.elements()?;
    if elements.is_empty() {
        return value.fault(Problem::Empty {
            key: value.key.clone(),
        });
    }
    check_length(value, elements.len(), "populations")?;
    let mut populations = Vec::with_capacity(elements.len());
    for element in elements {
        let population = element.count(1, MAX_POPULATION)?;
        if populations.contains(&population) {
            return element.fault(Problem::Duplicate {
                name: population.to_string(),
            });
        }
        populations.push(population);
    }
    Ok(populations)
}

pub(super) fn read_validate(root: &Value, types: usize) -> Result<ValidateSettings, Fault> {
    let validate = section(
        root,
        "validate",
        &["epsilon", "confidence", "method", "starts"],
    )?;
    let between = |value: &Value| {
        number(value, "between 0 and 1", |number| {
            number > 0.0 && number < 1.0
        })
    };
    let default = ValidateSettings::default();
    Ok(ValidateSettings {
        epsilon: or(validate, "epsilon", default.epsilon, |value| {
            number(value, "above 0", |number| number > 0.0)
        })?,
        confidence: or(validate, "confidence", default.confidence, between)?,
        method: or(validate, "method", default.method, |value| {
            word(value, MethodChoice::ALL, MethodChoice::word)
        })?,
        starts: or(validate, "starts", default.starts, |value| {
            let elements = value.elements()?;
            check_length(value, elements.len(), "starts")?;
            elements.iter().map(|start| law(start, types)).collect()
        })?,
    })
}
