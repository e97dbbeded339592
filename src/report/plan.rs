//! What `smfg plan` prints.

use std::io::Write;

use super::{Cell, Table};
use crate::validate::Need;

/// One row per deviation that will be sampled, and one per claim (`all`, `all`), as CSV.
///
/// # Errors
/// When the writer fails.
pub fn write_plan<W: Write>(writer: W, needs: &[Need]) -> Result<W, csv::Error> {
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
    let mut table = Table::new(writer, &header)?;
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
    table.finish()
}
