//! The columns of all tables that carry names of a game must differ.

use std::collections::BTreeSet;

/// What summary.csv tells of a type's share, after `z_TYPE_`.
const STATISTICS: [&str; 4] = ["mean", "sd", "q05", "q95"];

/// The names that stand in columns.
pub(crate) struct Sets<'a> {
    pub(crate) types: Vec<&'a str>,
    pub(crate) actions: Vec<&'a str>,
    /// Empty for a leader without types.
    pub(crate) leader_types: Vec<String>,
    /// Of a leader who may mix, else empty.
    pub(crate) mixed_actions: Vec<String>,
}

/// A column that two names of types or actions would give one table.
pub(crate) fn doubled(sets: &Sets<'_>) -> Option<String> {
    let tables = [policy(sets), mean_field(sets), summary(sets), stage(sets)];
    tables.into_iter().find_map(|table| {
        let mut seen = BTreeSet::new();
        table.into_iter().find_map(|column| seen.replace(column))
    })
}

/// What tables tell of a leader who has types or mixes.
fn leader(columns: &mut Vec<String>, sets: &Sets<'_>) {
    for leader_type in &sets.leader_types {
        let one = ["pi", "leader_action", "v_leader"].map(|what| format!("{what}_{leader_type}"));
        columns.extend(one);
        let actions = sets.mixed_actions.iter();
        columns.extend(actions.map(|action| format!("leader_prob_{leader_type}_{action}")));
    }
    let actions = sets.mixed_actions.iter();
    columns.extend(actions.map(|action| format!("leader_prob_{action}")));
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

fn policy(sets: &Sets<'_>) -> Vec<String> {
    let (types, actions) = (&sets.types[..], &sets.actions[..]);
    let mut columns = fixed(&["t", "leader_action", "v_leader", "equilibria", "residual"]);
    by_type(&mut columns, "z", types);
    prescriptions(&mut columns, types, actions);
    by_type(&mut columns, "v_follower", types);
    leader(&mut columns, sets);
    columns
}

/// mean_field.csv, which holds the columns of trace.csv.
fn mean_field(sets: &Sets<'_>) -> Vec<String> {
    let (types, actions) = (&sets.types[..], &sets.actions[..]);
    let mut columns = fixed(&[
        "node",
        "parent",
        "weight",
        "t",
        "leader_action",
        "leader_type",
        "follower_reward",
        "leader_reward",
    ]);
    columns.extend(fixed(&["population", "replication"]));
    by_type(&mut columns, "z", types);
    prescriptions(&mut columns, types, actions);
    by_type(&mut columns, "share", actions);
    leader(&mut columns, sets);
    columns
}

fn summary(sets: &Sets<'_>) -> Vec<String> {
    let (types, actions) = (&sets.types[..], &sets.actions[..]);
    let mut columns = fixed(&["population", "t", "distance_mean", "distance_sd"]);
    for (what, names) in [("z", types), ("share", actions)] {
        for name in names {
            columns.extend(STATISTICS.map(|statistic| format!("{what}_{name}_{statistic}")));
        }
    }
    columns
}

fn stage(sets: &Sets<'_>) -> Vec<String> {
    let (types, actions) = (&sets.types[..], &sets.actions[..]);
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
    leader(&mut columns, sets);
    columns
}
