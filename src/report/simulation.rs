//! trace.csv, returns.csv and summary.csv.

use super::columns;
use super::{Cell, FileTable, OutputFolder, WriteError};
use crate::game::Game;
use crate::simulate::{Cohorts, Summary, Trajectory};

/// trace.csv: every period of replications.
#[derive(Debug)]
pub struct TraceTable(FileTable);

impl TraceTable {
    /// Begin the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin(folder: &mut OutputFolder, game: &Game) -> Result<Self, WriteError> {
        folder.table("trace.csv", &columns::trace(game)).map(Self)
    }

    /// The rows of one replication, t = 1..T + 1.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn replication(&mut self, game: &Game, path: &Trajectory) -> Result<(), WriteError> {
        let actions = game.follower_actions().len();
        let population = path.population();
        for t in 1..=path.horizon() + 1 {
            let start: [Cell; 3] = [population.into(), path.replication().into(), t.into()];
            let z = path.mean_field(t).map(Cell::Float);
            let share = |a| path.action_count(t, a) as f64 / population as f64;
            if t <= path.horizon() {
                let leader_action = &game.leader_actions()[path.leader_action(t).0];
                let shares = (0..actions).map(|a| Cell::Float(share(a)));
                let rewards = [path.follower_reward(t), path.leader_reward(t)].map(Cell::Float);
                let row = start.into_iter().chain(z).chain([leader_action.into()]);
                self.0.row(row.chain(shares).chain(rewards))?;
            } else {
                let unknown = std::iter::repeat_n(Cell::Float(f64::NAN), actions + 3);
                self.0.row(start.into_iter().chain(z).chain(unknown))?;
            }
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

/// returns.csv: the returns of replications.
#[derive(Debug)]
pub struct ReturnsTable(FileTable);

impl ReturnsTable {
    /// Begin the table, with the returns by initial type where they are kept.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin(
        folder: &mut OutputFolder,
        game: &Game,
        cohorts: Cohorts,
    ) -> Result<Self, WriteError> {
        let header = match cohorts {
            Cohorts::Together => columns::returns(game),
            Cohorts::ByInitialType | Cohorts::EachFollower => columns::returns_by_type(game),
        };
        folder.table("returns.csv", &header).map(Self)
    }

    /// The row of one replication.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn replication(&mut self, path: &Trajectory) -> Result<(), WriteError> {
        let start: [Cell; 4] = [
            path.population().into(),
            path.replication().into(),
            path.follower_return().into(),
            path.leader_return().into(),
        ];
        let by_type = path.follower_returns_by_type().unwrap_or_default();
        self.0.row(
            start
                .into_iter()
                .chain(by_type.iter().map(|value| Cell::Float(*value))),
        )
    }

    /// End the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(self) -> Result<(), WriteError> {
        self.0.finish()
    }
}

/// summary.csv: one summary per population.
///
/// # Errors
/// [`WriteError`].
pub fn write_summary(
    folder: &mut OutputFolder,
    game: &Game,
    summaries: &[Summary],
) -> Result<(), WriteError> {
    let mut table = folder.table("summary.csv", &columns::summary(game))?;
    for row in summaries.iter().flat_map(Summary::rows) {
        let start: [Cell; 2] = [row.population.into(), row.t.into()];
        let types = row.types.iter().flat_map(|x| [x.mean, x.sd, x.q05, x.q95]);
        let end = [row.distance_mean, row.distance_sd];
        let values = types.chain(row.share_means.iter().copied()).chain(end);
        table.row(start.into_iter().chain(values.map(Cell::Float)))?;
    }
    table.finish()
}
