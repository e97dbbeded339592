//! The sets of a scenario: names, parameters, types and actions, and laws of types.

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use crate::game::{Belief, MeanField, PROBABILITY_TOLERANCE};

/// The most follower types.
const MAX_TYPES: u64 = 64;
/// The most follower actions.
pub(super) const MAX_ACTIONS: u64 = 256;
/// The most parameters.
const MAX_PARAMETERS: u64 = 1_000;
/// The longest name, in characters.
pub(super) const MAX_NAME: usize = 64;

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
    } else if name.starts_with('-') || name.ends_with('-') {
        "a name neither begins nor ends with -, which formulas read as a minus"
    } else {
        return Ok(());
    };
    origin.fault(Problem::BadName {
        name: super::place::shorten(name),
        reason,
    })
}

/// Check the name of something that formulas or tables name.
pub(super) fn check_word(name: &str, origin: &Origin) -> Result<(), Fault> {
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

pub(super) fn check_count(
    value: &Value,
    found: usize,
    what: &'static str,
    limit: u64,
) -> Result<(), Fault> {
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
    check_starts(value, types.iter().map(|(name, _)| name))?;
    Ok(types)
}

/// Refuse names of types that tables use for other things.
pub(super) fn check_starts<'a>(
    value: &Value,
    mut names: impl Iterator<Item = &'a String>,
) -> Result<(), Fault> {
    // Tables say `initial` and `worst` where they say from which type a deviation starts.
    match names.find(|name| *name == "initial" || *name == "worst") {
        Some(name) => value.fault(Problem::BadName {
            name: name.clone(),
            reason: "tables use it for a start",
        }),
        None => Ok(()),
    }
}

/// A law of follower types, in their order.
pub(super) fn law(value: &Value, types: usize) -> Result<MeanField, Fault> {
    weights(value, types, "follower types").map(MeanField::new)
}

/// A law of leader types, in their order.
pub(super) fn belief(value: &Value, types: usize) -> Result<Belief, Fault> {
    weights(value, types, "leader types").map(Belief::new)
}

fn weights(value: &Value, types: usize, what: &'static str) -> Result<Vec<f64>, Fault> {
    let elements = value.elements()?;
    if elements.len() != types {
        let (key, found) = (value.key.clone(), elements.len());
        return value.fault(Problem::LawLength {
            key,
            found,
            expected: types,
            types: what,
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
    if (sum - 1.0).abs() <= PROBABILITY_TOLERANCE {
        return Ok(weights);
    }
    value.fault(Problem::LawSum {
        key: value.key.clone(),
        sum,
    })
}
