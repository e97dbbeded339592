//! agent_returns.csv: how the returns of single followers are spread, one row per replication and initial type.

use super::table::Misfit;
use super::{Cell, FolderError, OutputFolder, RowFile, Table, columns};
use crate::game::Game;
use crate::simulate::Trajectory;

/// Begin agent_returns.csv, or go on with it after so many bytes.
///
/// # Errors
/// [`FolderError`].
pub fn begin_agent_returns(
    folder: &mut OutputFolder,
    kept: Option<u64>,
) -> Result<RowFile, FolderError> {
    folder.row_file("agent_returns.csv", &columns::agent_returns(), kept)
}

/// agent_returns.csv of these replications: no row for a type that nobody started with, or where the returns of
/// single followers were not kept.
///
/// # Errors
/// [`Misfit`].
pub fn agent_returns_table(game: &Game, paths: &[Trajectory]) -> Result<Table, Misfit> {
    let mut rows = Table::new(columns::agent_returns());
    for path in paths {
        let by_type = path.agent_returns().map_or(&[][..], |all| all.by_type());
        for (name, law) in game.follower_types().iter().zip(by_type) {
            let Some(law) = law else { continue };
            let start: [Cell; 4] = [
                path.population().into(),
                path.replication().into(),
                name.into(),
                law.followers.into(),
            ];
            let moments = [law.mean, law.sd, law.low, law.high].map(Cell::Float);
            let row = start.into_iter().chain(moments);
            let row = row.chain(law.quantiles.map(Cell::Float));
            rows.row(row.chain(law.histogram.map(Cell::Int)))?;
        }
    }
    Ok(rows)
}
