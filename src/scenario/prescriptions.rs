//! How many prescriptions the leader chooses from: they are tried one by one at every state.
//!
//! A row gamma^l(. | x^l) is one of |A^l| actions, or, where `solve.leader_mixing` = r > 1, one of the binomial(r + |A^l| - 1, r)
//! laws of multiples of 1/r. Where her type is private a prescription has such a row for every type.

use super::document::Value;
use super::error::{Fault, Problem};
use super::formula::Names;
use crate::game::LeaderTypes;
use crate::game::limits::MAX_PRESCRIPTIONS;
use crate::solve::SolveSettings;

/// Refuse a leader with too many prescriptions.
pub(super) fn limit(
    names: &Names,
    types: Option<&LeaderTypes>,
    solve: &SolveSettings,
    root: &Value,
) -> Result<(), Fault> {
    let actions = names.leader_actions();
    let private = types.filter(|types| !types.observed);
    let rows = private.map_or(1, |types| types.names.len());
    let fault = |section: &str, key: &str, row: f64, form: String, mend: &'static str| {
        let found = row.powi(rows as i32);
        let value = root.get(section).and_then(|section| section.get(key));
        if found <= MAX_PRESCRIPTIONS as f64 {
            return Ok(());
        }
        value.unwrap_or(root).fault(Problem::TooManyPrescriptions {
            found,
            form,
            limit: MAX_PRESCRIPTIONS,
            mend,
        })
    };
    fault(
        "leader",
        "types",
        actions as f64,
        format!("one of {actions} actions for each of {rows} types"),
        "give her fewer types or actions, or `observed = true` where everybody sees her type",
    )?;
    if solve.leader_mixing == 1 {
        return Ok(());
    }
    let row = laws(actions, solve.leader_mixing);
    let form = match rows {
        1 => format!("laws of {actions} actions"),
        _ => format!("a law of {actions} actions for each of {rows} types"),
    };
    let mend = "lower leader_mixing, or give her fewer actions";
    fault("solve", "leader_mixing", row, form, mend)
}

/// binomial(resolution + actions - 1, resolution), or, once it is past all limits, something as large.
fn laws(actions: usize, resolution: usize) -> f64 {
    let (least, most) = (resolution.min(actions - 1), resolution.max(actions - 1));
    let mut laws = 1.0;
    for k in 1..=least {
        laws = laws * (most + k) as f64 / k as f64;
        if laws > 1e12 {
            return laws;
        }
    }
    laws.round()
}

#[cfg(test)]
mod tests {
    use super::laws;

    #[test]
    fn laws_of_a_resolution_are_counted() {
        for (actions, resolution, count) in [
            (1, 7, 1.0),
            (2, 1, 2.0),
            (2, 10, 11.0),
            (3, 4, 15.0),
            (5, 2, 15.0),
        ] {
            assert_eq!(laws(actions, resolution), count, "{actions} {resolution}");
        }
        assert!(laws(10_000, 1_000_000) > 1e12);
    }
}
