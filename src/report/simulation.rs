//! trace.csv, returns.csv and summary.csv. The rows of the first two are made where the trajectories are, on any thread.

use super::table::Misfit;
use super::{Cell, FolderError, OutputFolder, RowFile, Table, columns, leader};
use crate::game::{Game, LeaderInformation};
use crate::simulate::{Cohorts, SummaryRow, Trajectory};

/// Begin trace.csv, every period of replications, or go on with it after so many bytes.
///
/// # Errors
/// [`FolderError`].
pub fn begin_trace(
    folder: &mut OutputFolder,
    game: &Game,
    kept: Option<u64>,
) -> Result<RowFile, FolderError> {
    folder.row_file("trace.csv", &columns::trace(game), kept)
}

/// Begin returns.csv, with the returns by initial type where they are kept, or go on with it after so many bytes.
///
/// # Errors
/// [`FolderError`].
pub fn begin_returns(
    folder: &mut OutputFolder,
    game: &Game,
    cohorts: Cohorts,
    kept: Option<u64>,
) -> Result<RowFile, FolderError> {
    folder.row_file("returns.csv", &returns_header(game, cohorts), kept)
}

/// trace.csv of these replications, t = 1..T + 1.
///
/// # Errors
/// [`Misfit`].
pub fn trace_table<'a>(
    game: &Game,
    paths: impl Iterator<Item = &'a Trajectory>,
) -> Result<Table, Misfit> {
    let actions = game.follower_actions().len();
    let typed = game.leader_information() != LeaderInformation::NoTypes;
    let mut rows = Table::new(columns::trace(game));
    let unknown = rows.header().len() - 3 - game.follower_types().len();
    for path in paths {
        let population = path.population();
        for t in 1..=path.horizon() + 1 {
            let start: [Cell; 3] = [population.into(), path.replication().into(), t.into()];
            let z = path.mean_field(t).map(Cell::Float);
            let share = |a| path.action_count(t, a) as f64 / population as f64;
            if t <= path.horizon() {
                let pi = leader::belief_cells(game, path.belief(t));
                let leader_type = &game.leader_types()[path.leader_type(t).0];
                let leader_type = typed.then_some(Cell::from(leader_type));
                let leader_action = &game.leader_actions()[path.leader_action(t).0];
                let leader = pi.chain(leader_type).chain([leader_action.into()]);
                let shares = (0..actions).map(|a| Cell::Float(share(a)));
                let rewards = [path.follower_reward(t), path.leader_reward(t)].map(Cell::Float);
                let row = start.into_iter().chain(z).chain(leader);
                rows.row(row.chain(shares).chain(rewards))?;
            } else {
                let unknown = std::iter::repeat_n(Cell::Float(f64::NAN), unknown);
                rows.row(start.into_iter().chain(z).chain(unknown))?;
            }
        }
    }
    Ok(rows)
}

/// returns.csv of these replications.
///
/// # Errors
/// [`Misfit`].
pub fn returns_table(game: &Game, cohorts: Cohorts, paths: &[Trajectory]) -> Result<Table, Misfit> {
    let mut rows = Table::new(returns_header(game, cohorts));
    for path in paths {
        let start: [Cell; 4] = [
            path.population().into(),
            path.replication().into(),
            path.follower_return().into(),
            path.leader_return().into(),
        ];
        let by_type = path.follower_returns_by_type().unwrap_or_default();
        let by_type = by_type.iter().map(|value| Cell::Float(*value));
        rows.row(start.into_iter().chain(by_type))?;
    }
    Ok(rows)
}

fn returns_header(game: &Game, cohorts: Cohorts) -> Vec<String> {
    match cohorts {
        Cohorts::Together => columns::returns(game),
        Cohorts::ByInitialType | Cohorts::EachFollower => columns::returns_by_type(game),
    }
}

/// summary.csv, with this header: the rows of all populations.
///
/// # Errors
/// [`Misfit`].
pub fn summary_table(
    header: Vec<String>,
    rows: impl Iterator<Item = SummaryRow>,
) -> Result<Table, Misfit> {
    let mut table = Table::new(header);
    for row in rows {
        let start: [Cell; 2] = [row.population.into(), row.t.into()];
        let types = row.types.iter().flat_map(|x| [x.mean, x.sd, x.q05, x.q95]);
        let end = [row.distance_mean, row.distance_sd];
        let values = types.chain(row.share_means.iter().copied()).chain(end);
        table.row(start.into_iter().chain(values.map(Cell::Float)))?;
    }
    Ok(table)
}
