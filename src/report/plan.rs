//! What `smfg plan` prints.

use super::table::Misfit;
use super::{Cell, Table};
use crate::validate::Need;

/// One row per deviation that will be sampled, and one per claim (`all`, `all`), .
///
/// # Errors
/// [`Misfit`].
pub fn plan_table(needs: &[Need]) -> Result<Table, Misfit> {
    let header = [
        "population",
        "player",
        "start",
        "deviation",
        "method",
        "gain",
        "std_error",
        "verdict",
        "replications",
        "seconds",
    ];
    let mut table = Table::new(header.map(str::to_owned).to_vec());
    for need in needs {
        let (player, method) = (need.player.to_string(), need.method.to_string());
        let verdict = need
            .verdict
            .map_or("decided".into(), |verdict| verdict.to_string());
        let cells: [Cell; 10] = [
            need.population.into(),
            Cell::Text(&player),
            (&need.start).into(),
            (&need.deviation).into(),
            Cell::Text(&method),
            need.gain.into(),
            need.std_error.into(),
            Cell::Text(&verdict),
            need.replications.into(),
            need.seconds.into(),
        ];
        table.row(cells)?;
    }
    Ok(table)
}
