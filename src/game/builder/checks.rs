//! Names and laws that a builder is given.

use super::BuildError;
use crate::game::limits::fault_of_word;
use crate::game::{MeanField, PROBABILITY_TOLERANCE};

/// As of words, but numbers are names too, as tables print them.
pub(super) fn fault_of_word_or_number(name: &str) -> Option<&'static str> {
    let is_number = name.len() <= 32 && name.parse::<f64>().is_ok_and(f64::is_finite);
    if is_number { None } else { fault_of_word(name) }
}

/// A name, refused where it has a fault.
pub(super) fn named(
    argument: &'static str,
    name: &str,
    fault: fn(&str) -> Option<&'static str>,
) -> Result<(), BuildError> {
    fault(name).map_or(Ok(()), |reason| {
        Err(BuildError::BadName {
            argument,
            name: name.chars().take(60).collect(),
            reason,
        })
    })
}

/// The names of a set: at least one, all different.
pub(super) fn set(
    argument: &'static str,
    names: &[String],
    limit: u64,
    fault: fn(&str) -> Option<&'static str>,
) -> Result<(), BuildError> {
    let found = names.len() as u64;
    match found {
        0 => return Err(BuildError::Empty { argument }),
        _ if found > limit => {
            let what = "names";
            return Err(BuildError::TooMany {
                argument,
                what,
                found,
                limit,
            });
        }
        _ => {}
    }
    for (i, name) in names.iter().enumerate() {
        named(argument, name, fault)?;
        if names[..i].contains(name) {
            let name = name.clone();
            return Err(BuildError::Duplicate { argument, name });
        }
    }
    Ok(())
}

/// The place of a declared name.
pub(super) fn place(
    argument: &'static str,
    name: &str,
    known: &[String],
) -> Result<usize, BuildError> {
    let place = known.iter().position(|other| other == name);
    place.ok_or_else(|| BuildError::UnknownName {
        argument,
        name: name.to_owned(),
        known: known.to_vec(),
    })
}

/// Probabilities of types.
pub(super) fn weights(
    argument: &'static str,
    law: &[f64],
    types: usize,
) -> Result<Vec<f64>, BuildError> {
    if law.len() != types {
        return Err(BuildError::LawLength {
            argument,
            found: law.len(),
            expected: types,
        });
    }
    if let Some(found) = law.iter().find(|weight| !(0.0..=1.0).contains(*weight)) {
        return Err(BuildError::OutOfRange {
            argument,
            found: *found,
            range: "between 0 and 1",
        });
    }
    let sum: f64 = law.iter().sum();
    match (sum - 1.0).abs() <= PROBABILITY_TOLERANCE {
        true => Ok(law.iter().map(|weight| weight + 0.0).collect()),
        false => Err(BuildError::LawSum { argument, sum }),
    }
}

/// A law of follower types.
pub(super) fn law(
    argument: &'static str,
    law: &[f64],
    types: usize,
) -> Result<MeanField, BuildError> {
    weights(argument, law, types).map(MeanField::new)
}
