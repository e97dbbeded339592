//! The columns of all tables that carry names of the scenario must differ.

use super::document::Value;
use super::error::{Fault, Problem};
use super::formula::{LeaderNames, Names};
use crate::game::columns::{Sets, doubled};
use crate::solve::SolveSettings;

/// Refuse names of types or actions that would give two columns of one table the same name.
pub(super) fn check(names: &Names, solve: &SolveSettings, root: &Value) -> Result<(), Fault> {
    let printed =
        |set: &Option<LeaderNames>| set.as_ref().map_or_else(Vec::new, |set| set.printed());
    let mixes = solve.leader_mixing > 1;
    let sets = Sets {
        types: names.types.iter().map(|(name, _)| name.as_str()).collect(),
        actions: names
            .actions
            .iter()
            .map(|(name, _)| name.as_str())
            .collect(),
        leader_types: printed(&names.leader_types),
        mixed_actions: if mixes {
            printed(&names.leader)
        } else {
            Vec::new()
        },
    };
    let Some(column) = doubled(&sets) else {
        return Ok(());
    };
    let leader_types = root.get("leader").and_then(|leader| leader.get("types"));
    let of_leader = leader_types.filter(|_| column.starts_with("leader_"));
    let place = of_leader.or(root.get("follower")).unwrap_or(root);
    place.fault(Problem::ColumnCollision { column })
}
