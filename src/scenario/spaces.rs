//! The sets of a scenario: names, parameters, types, actions, the leader's actions, and laws of types.

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use super::formula::{Formula, LeaderNames, Names, Use};
use crate::game::MeanField;
use crate::game::program::{Pool, Slot};

/// The most follower types.
pub const MAX_TYPES: u64 = 64;
/// The most follower actions.
pub const MAX_ACTIONS: u64 = 256;
/// The most leader actions.
pub const MAX_LEADER_ACTIONS: u64 = 10_000;
/// The most parameters.
pub const MAX_PARAMETERS: u64 = 10_000;
/// The longest name, in characters.
pub const MAX_NAME: usize = 64;

/// Probabilities of a law sum to one within this.
const LAW_TOLERANCE: f64 = 1e-12;

/// Words of the formula language, which nothing else can be called.
const RESERVED: [&str; 19] = [
    "x",
    "a",
    "z",
    "t",
    "horizon",
    "follower_reward",
    "leader_action",
    "leader_type",
    "rest",
    "and",
    "or",
    "not",
    "if",
    "min",
    "max",
    "abs",
    "exp",
    "ln",
    "sqrt",
];

/// What other programs read as a missing value where they read tables.
const MISSING_VALUES: [&str; 7] = ["NA", "NULL", "null", "None", "NaN", "nan", "N/A"];

/// Check a name of anything: it becomes a path, a column or a word of formulas.
pub(super) fn check_name(name: &str, origin: &Origin) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.len() > MAX_NAME {
        "it is longer than 64 characters"
    } else if !name.bytes().all(allowed) {
        "a name is letters (a-z, A-Z), digits, - and _"
    } else {
        return Ok(());
    };
    origin.fault(Problem::BadName {
        name: super::place::shorten(name),
        reason,
    })
}

/// Check the name of something that formulas or tables name.
fn check_word(name: &str, origin: &Origin) -> Result<(), Fault> {
    check_name(name, origin)?;
    let reason = if RESERVED.contains(&name) {
        "it is a word of formulas"
    } else if name.parse::<f64>().is_ok() {
        "it reads as a number"
    } else if MISSING_VALUES.contains(&name) {
        "programs that read tables take it for a missing value"
    } else {
        return Ok(());
    };
    origin.fault(Problem::BadName {
        name: name.to_owned(),
        reason,
    })
}

fn check_count(value: &Value, found: usize, what: &'static str, limit: u64) -> Result<(), Fault> {
    if found == 0 {
        return value.fault(Problem::Empty {
            key: value.key.clone(),
        });
    }
    if found as u64 > limit {
        return value.fault(Problem::TooMany {
            what,
            found: found as u64,
            limit,
        });
    }
    Ok(())
}

/// Section `[parameters]`.
pub(super) fn parameters(root: &Value) -> Result<Vec<(String, f64)>, Fault> {
    let Some(section) = root.get("parameters") else {
        return Ok(Vec::new());
    };
    let entries = section.entries()?;
    if entries.len() as u64 > MAX_PARAMETERS {
        let found = entries.len() as u64;
        return section.fault(Problem::TooMany {
            what: "parameters",
            found,
            limit: MAX_PARAMETERS,
        });
    }
    let mut parameters = Vec::with_capacity(entries.len());
    for entry in entries {
        check_word(&entry.name, &entry.name_origin)?;
        parameters.push((entry.name.clone(), entry.value.number()?));
    }
    Ok(parameters)
}

/// A set of names with numbers: `["a", "b"]` (numbers 0, 1, ..) or `{ a = -1, b = 1 }`.
pub(super) fn named_set(
    value: &Value,
    what: &'static str,
    limit: u64,
) -> Result<Vec<(String, f64)>, Fault> {
    let mut set: Vec<(String, f64)> = Vec::new();
    let mut add = |name: &str, number: f64, origin: &Origin| {
        check_word(name, origin)?;
        if set.iter().any(|(known, _)| known == name) {
            return origin.fault(Problem::Duplicate {
                name: name.to_owned(),
            });
        }
        set.push((name.to_owned(), number));
        Ok(())
    };
    match &value.kind {
        Kind::Array(names) => {
            check_count(value, names.len(), what, limit)?;
            for (index, name) in names.iter().enumerate() {
                add(name.string()?, index as f64, &name.origin)?;
            }
        }
        Kind::Table(table) => {
            check_count(value, table.entries.len(), what, limit)?;
            for entry in &table.entries {
                add(&entry.name, entry.value.number()?, &entry.name_origin)?;
            }
        }
        _ => {
            let (key, found) = (value.key.clone(), value.found());
            let expected = "a list of names, or names with numbers such as { low = -1, high = 1 }";
            return value.fault(Problem::WrongKind {
                key,
                expected,
                found,
            });
        }
    }
    Ok(set)
}

/// `[follower] types`.
pub(super) fn follower_types(value: &Value) -> Result<Vec<(String, f64)>, Fault> {
    let types = named_set(value, "follower types", MAX_TYPES)?;
    // Tables say `initial` and `worst` where they say from which type a deviation starts.
    match types
        .iter()
        .find(|(name, _)| name == "initial" || name == "worst")
    {
        Some((name, _)) => value.fault(Problem::BadName {
            name: name.clone(),
            reason: "tables use it for a start",
        }),
        None => Ok(types),
    }
}

/// A law of follower types, in their order.
pub(super) fn law(value: &Value, types: usize) -> Result<MeanField, Fault> {
    let elements = value.elements()?;
    if elements.len() != types {
        let (key, found) = (value.key.clone(), elements.len());
        return value.fault(Problem::LawLength {
            key,
            found,
            expected: types,
        });
    }
    let mut weights = Vec::with_capacity(types);
    for element in elements {
        let weight = element.number()?;
        if !(0.0..=1.0).contains(&weight) {
            let (key, found) = (element.key.clone(), element.found());
            return element.fault(Problem::OutOfRange {
                key,
                found,
                range: "between 0 and 1".to_owned(),
            });
        }
        weights.push(weight + 0.0);
    }
    let sum: f64 = weights.iter().sum();
    if (sum - 1.0).abs() <= LAW_TOLERANCE {
        return Ok(MeanField::new(weights));
    }
    value.fault(Problem::LawSum {
        key: value.key.clone(),
        sum,
    })
}

/// The leader's actions, `[leader] actions`: names, or a table with a grid, a list of numbers, or names.
pub(super) fn leader_actions(value: &Value, names: &Names) -> Result<LeaderNames, Fault> {
    if let Kind::Array(_) = value.kind {
        return leader_names(value, "leader_action".to_owned());
    }
    match ["names", "values", "from"].map(|key| value.get(key)) {
        [Some(list), None, None] => {
            value.only(&["name", "names"])?;
            leader_names(list, leader_variable(value, names)?)
        }
        [None, Some(list), None] => {
            value.only(&["name", "values"])?;
            let values = listed(list, names)?;
            Ok(LeaderNames {
                variable: leader_variable(value, names)?,
                names: Vec::new(),
                values,
            })
        }
        [None, None, Some(from)] => {
            value.only(&["name", "from", "to", "count"])?;
            let values = grid(value, from, names)?;
            Ok(LeaderNames {
                variable: leader_variable(value, names)?,
                names: Vec::new(),
                values,
            })
        }
        _ => value.fault(Problem::LeaderActionForm),
    }
}

/// What formulas call the leader's action.
fn leader_variable(value: &Value, names: &Names) -> Result<String, Fault> {
    const DEFAULT: &str = "leader_action";
    let Some(name) = value.get("name") else {
        return Ok(DEFAULT.to_owned());
    };
    let word = name.string()?;
    if word != DEFAULT {
        check_word(word, &name.origin)?;
    }
    let mut taken = [&names.parameters, &names.types, &names.actions]
        .into_iter()
        .flatten();
    if taken.any(|(known, _)| known == word) {
        return name.fault(Problem::Duplicate {
            name: word.to_owned(),
        });
    }
    Ok(word.to_owned())
}

const LEADER_ACTIONS: &str = "leader actions";

fn leader_names(list: &Value, variable: String) -> Result<LeaderNames, Fault> {
    list.elements()?;
    let (names, values) = named_set(list, LEADER_ACTIONS, MAX_LEADER_ACTIONS)?
        .into_iter()
        .unzip();
    Ok(LeaderNames {
        variable,
        names,
        values,
    })
}

/// Numbers, or formulas in the parameters.
fn listed(list: &Value, names: &Names) -> Result<Vec<f64>, Fault> {
    let elements = list.elements()?;
    check_count(list, elements.len(), LEADER_ACTIONS, MAX_LEADER_ACTIONS)?;
    let mut values = Vec::with_capacity(elements.len());
    for element in elements {
        push_distinct(&mut values, number(element, names)?, element)?;
    }
    Ok(values)
}

/// from + i (to - from)/(count - 1), rounded to 12 significant digits.
fn grid(value: &Value, from: &Value, names: &Names) -> Result<Vec<f64>, Fault> {
    let (first, last) = (number(from, names)?, number(value.require("to")?, names)?);
    let count = value.require("count")?;
    let points = count.count(1, MAX_LEADER_ACTIONS)?;
    if points == 1 && first != last {
        return count.fault(Problem::SinglePoint {
            from: first,
            to: last,
        });
    }
    let scale = first.abs().max(last.abs());
    let mut values = Vec::with_capacity(points as usize);
    for i in 0..points {
        let step = if i == 0 {
            0.0
        } else {
            i as f64 * (last - first) / (points - 1) as f64
        };
        push_distinct(&mut values, round(first + step, scale), value)?;
    }
    Ok(values)
}

/// To 12 significant digits; what rounding has left of zero, beside numbers of size `scale`, is zero.
fn round(value: f64, scale: f64) -> f64 {
    if value.abs() <= 1e-13 * scale {
        return 0.0;
    }
    format!("{value:.11e}").parse().unwrap_or(value)
}

fn push_distinct(values: &mut Vec<f64>, number: f64, place: &Value) -> Result<(), Fault> {
    if !number.is_finite() {
        return place.fault(Problem::LeaderValue {
            key: place.key.clone(),
            value: number,
        });
    }
    if values.contains(&number) {
        return place.fault(Problem::Duplicate {
            name: format!("{number:?}"),
        });
    }
    values.push(number + 0.0);
    Ok(())
}

/// A number, or a formula in the parameters.
fn number(value: &Value, names: &Names) -> Result<f64, Fault> {
    let formula = Formula::read(value, &names.unusual())?.resolve(names, Use::LeaderAction)?;
    let mut pool = Pool::new(0);
    let slot = formula.compile(names, Default::default(), &mut pool, Slot::TIME);
    let number = pool.value(slot).unwrap_or(f64::NAN);
    if number.is_finite() {
        return Ok(number);
    }
    value.fault(Problem::LeaderValue {
        key: value.key.clone(),
        value: number,
    })
}
