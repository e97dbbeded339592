//! agent_returns.csv.

use super::columns;
use super::{Cell, FileTable, OutputFolder, WriteError};
use crate::game::Game;
use crate::simulate::Trajectory;

/// agent_returns.csv: how the returns of single followers are spread, one row per replication and initial type.
#[derive(Debug)]
pub struct AgentReturnsTable(FileTable);

impl AgentReturnsTable {
    /// Begin the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin(folder: &mut OutputFolder) -> Result<Self, WriteError> {
        folder
            .table("agent_returns.csv", &columns::agent_returns())
            .map(Self)
    }

    /// The rows of one replication: no row for a type that nobody started with.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn replication(&mut self, game: &Game, path: &Trajectory) -> Result<(), WriteError> {
        let by_type = path
            .agent_returns()
            .map_or(&[][..], |returns| returns.by_type());
        for (name, law) in game.follower_types().iter().zip(by_type) {
            let Some(law) = law else { continue };
            let start: [Cell; 4] = [
                path.population().into(),
                path.replication().into(),
                name.into(),
                law.followers.into(),
            ];
            let moments = [law.mean, law.sd, law.low, law.high].map(Cell::Float);
            let quantiles = law.quantiles.map(Cell::Float);
            let bins = law.histogram.map(Cell::Int);
            self.0.row(
                start
                    .into_iter()
                    .chain(moments)
                    .chain(quantiles)
                    .chain(bins),
            )?;
        }
        Ok(())
    }

    /// End the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(self) -> Result<(), WriteError> {
        self.0.finish()
    }
}
