//! The sections that say what to do with the game: [solve], [simulate], [validate].

use super::document::Value;
use super::error::{Fault, Problem};
use super::spaces::law;
use crate::choice::choice;
use crate::game::{FlowRule, Game, LeaderMixing};
use crate::simulate::split::MAX_POPULATION;
use crate::simulate::{Engine, SimulateSettings, Start};
use crate::validate::{MethodChoice, ValidateSettings};

/// The finest mesh, in cells.
pub const MAX_GRID: u64 = 1_000_000;
/// The largest budget of stage games, and the default.
pub const MAX_BUDGET: u64 = 1_000_000_000_000_000;
const BUDGET: u64 = 200_000_000;
/// The most populations, and the most starts.
const MAX_LIST: u64 = 1_000;
/// The most replications.
pub const MAX_REPLICATIONS: u64 = 1_000_000_000;

choice!(
    /// Which stage equilibrium is played where there are several (mathematics, section 3).
    Selection {
        /// The largest value of the leader: strong Stackelberg.
        Optimistic = "optimistic",
        /// The smallest value of the leader: weak Stackelberg.
        Pessimistic = "pessimistic",
        /// The largest sum over x of z(x) V^f(x).
        Welfare = "welfare",
    }
);

/// Section `[solve]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SolveSettings {
    /// Which stage equilibrium is played; default optimistic.
    pub selection: Selection,
    /// Cells per side of the lattice of V and policy.csv, with two types of the first mesh, 1 to [`MAX_GRID`]; default 200 with
    /// two types, 100 with three, 40 with four, fewer with more.
    pub grid: usize,
    /// Accuracy of V between jumps, > 0, relative to the range of each player's rewards; default 1e-9.
    pub tolerance: f64,
    /// Which leader moves the mean field follows; default averaged, (8) as printed.
    pub flow: FlowRule,
    /// The leader's mixed prescriptions are laws of multiples of 1/this; default 1, pure prescriptions only.
    pub leader_mixing: usize,
    /// Cells per side of the lattice of beliefs where they cannot be enumerated, 1 to [`MAX_GRID`]; default 20.
    pub belief_grid: usize,
    /// Whether the certificate compares the leader's whole policies with theta; default true.
    pub commitment_gap: bool,
    /// The most stage games of one solution, and what takes as long, 1 to [`MAX_BUDGET`]; default 2e8. More is refused, where it
    /// can by forecast.
    pub budget: u64,
}

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

/// Cells of the lattice where the scenario names none: some thousands of points whatever the number of types.
fn default_grid(types: usize) -> usize {
    match types {
        0..=2 => 200,
        3 => 100,
        4 => 40,
        5 => 20,
        6 => 12,
        7 => 8,
        _ => 4,
    }
}

impl SolveSettings {
    /// Whether the leader may mix.
    pub fn mixing(&self) -> LeaderMixing {
        match self.leader_mixing {
            0 | 1 => LeaderMixing::Pure,
            _ => LeaderMixing::Mixed,
        }
    }

    /// Those of a scenario that says nothing, for this game.
    pub fn of(game: &Game) -> Self {
        Self::of_types(game.follower_types().len())
    }

    fn of_types(types: usize) -> Self {
        Self {
            selection: Selection::Optimistic,
            grid: default_grid(types),
            tolerance: 1e-9,
            flow: FlowRule::default(),
            leader_mixing: 1,
            belief_grid: 20,
            commitment_gap: true,
            budget: BUDGET,
        }
    }

    pub(super) fn read(root: &Value, types: usize) -> Result<Self, Fault> {
        let default = Self::of_types(types);
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
        Ok(Self {
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
