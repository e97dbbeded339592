//! The sets of a scenario: names, parameters, types and actions, and laws of types.

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use crate::game::limits::{MAX_TYPES, fault_of_name, fault_of_type, fault_of_word};
use crate::game::{Belief, MeanField, PROBABILITY_TOLERANCE};

/// The most parameters.
const MAX_PARAMETERS: u64 = 1_000;

/// Check a name of anything.
pub(super) fn check_name(name: &str, origin: &Origin) -> Result<(), Fault> {
    refuse(name, fault_of_name(name), origin)
}

/// Check the name of something that formulas or tables name.
pub(super) fn check_word(name: &str, origin: &Origin) -> Result<(), Fault> {
    refuse(name, fault_of_word(name), origin)
}

fn refuse(name: &str, reason: Option<&'static str>, origin: &Origin) -> Result<(), Fault> {
    let name = || super::place::shorten(name);
    reason.map_or(Ok(()), |reason| {
        origin.fault(Problem::BadName {
            name: name(),
            reason,
        })
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
    match names.find_map(|name| Some((name, fault_of_type(name)?))) {
        Some((name, reason)) => value.fault(Problem::BadName {
            name: name.clone(),
            reason,
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
