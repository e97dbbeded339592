//! The columns of all tables that carry names of the scenario must differ.

use super::document::Value;
use super::error::{Fault, Problem};
use super::formula::Names;
use std::collections::BTreeSet;

/// What summary.csv tells of a type's share, after `z_TYPE_`.
const STATISTICS: [&str; 4] = ["mean", "sd", "q05", "q95"];

/// Refuse names of types or actions that would give two columns of one table the same name.
pub(super) fn check(names: &Names, follower: &Value) -> Result<(), Fault> {
    let types: Vec<&str> = names.types.iter().map(|(name, _)| name.as_str()).collect();
    let actions: Vec<&str> = names
        .actions
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    for table in [
        policy(&types, &actions),
        mean_field(&types, &actions),
        summary(&types, &actions),
        stage(&types, &actions),
    ] {
        let mut seen = BTreeSet::new();
        for column in table {
            if let Some(column) = seen.replace(column) {
                return follower.fault(Problem::ColumnCollision { column });
            }
        }
    }
    Ok(())
}

fn fixed(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn by_type(columns: &mut Vec<String>, prefix: &str, types: &[&str]) {
    columns.extend(types.iter().map(|name| format!("{prefix}_{name}")));
}

fn prescriptions(columns: &mut Vec<String>, types: &[&str], actions: &[&str]) {
    for x in types {
        columns.extend(actions.iter().map(|a| format!("gamma_{x}_{a}")));
    }
}

fn policy(types: &[&str], actions: &[&str]) -> Vec<String> {
    let mut columns = fixed(&["t", "leader_action", "v_leader", "equilibria", "residual"]);
    by_type(&mut columns, "z", types);
    prescriptions(&mut columns, types, actions);
    by_type(&mut columns, "v_follower", types);
    columns
}

/// mean_field.csv, which holds the columns of trace.csv.
fn mean_field(types: &[&str], actions: &[&str]) -> Vec<String> {
    let mut columns = fixed(&[
        "node",
        "parent",
        "weight",
        "t",
        "leader_action",
        "follower_reward",
        "leader_reward",
    ]);
    columns.extend(fixed(&["population", "replication"]));
    by_type(&mut columns, "z", types);
    prescriptions(&mut columns, types, actions);
    by_type(&mut columns, "share", actions);
    columns
}

fn summary(types: &[&str], actions: &[&str]) -> Vec<String> {
    let mut columns = fixed(&["population", "t", "distance_mean", "distance_sd"]);
    for (what, names) in [("z", types), ("share", actions)] {
        for name in names {
            columns.extend(STATISTICS.map(|statistic| format!("{what}_{name}_{statistic}")));
        }
    }
    columns
}

fn stage(types: &[&str], actions: &[&str]) -> Vec<String> {
    let mut columns = fixed(&[
        "leader_action",
        "equilibrium",
        "v_leader",
        "residual",
        "selected",
    ]);
    by_type(&mut columns, "z_next", types);
    prescriptions(&mut columns, types, actions);
    by_type(&mut columns, "v_follower", types);
    columns
}
