//! policy.csv, mean_field.csv and the listing of a stage game.

use std::io::Write;

use super::columns;
use super::{Cell, FileTable, OutputFolder, Table, WriteError};
use crate::game::{Flow, Game, LeaderType, MeanField, MeanRewards};
use crate::solve::{SolvedEquilibrium, SolvedPoint};

/// policy.csv: theta and V at points (t, z) of a solved game.
#[derive(Debug)]
pub struct PolicyTable(FileTable);

impl PolicyTable {
    /// Begin the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin(folder: &mut OutputFolder, game: &Game) -> Result<Self, WriteError> {
        folder.table("policy.csv", &columns::policy(game)).map(Self)
    }

    /// One point: period t and mean field z.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn row(
        &mut self,
        game: &Game,
        t: usize,
        z: &MeanField,
        point: &SolvedPoint,
    ) -> Result<(), WriteError> {
        let leader_action = &game.leader_actions()[point.play.leader_action().0];
        let start = [Cell::from(t)].into_iter();
        let start = start.chain(z.weights().iter().map(|w| Cell::Float(*w)));
        let start = start.chain([leader_action.into()]);
        let gamma = point
            .play
            .prescription
            .rows()
            .iter()
            .map(|p| Cell::Float(*p));
        let values = point
            .values
            .followers
            .iter()
            .chain([&point.values.leader])
            .map(|v| Cell::Float(*v));
        let end: [Cell; 2] = [point.equilibria.into(), point.residual.into()];
        self.0.row(start.chain(gamma).chain(values).chain(end))
    }

    /// End the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(self) -> Result<(), WriteError> {
        self.0.finish()
    }
}

/// mean_field.csv: a flow with what is played and, from [`Flow::rewards`], what is earned along it.
///
/// Nodes count from 1; the parent of the start is 0.
///
/// # Errors
/// [`WriteError`].
pub fn write_mean_field(
    folder: &mut OutputFolder,
    game: &Game,
    flow: &Flow,
    rewards: &[MeanRewards],
) -> Result<(), WriteError> {
    let mut table = folder.table("mean_field.csv", &columns::mean_field(game))?;
    let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
    for (i, (node, reward)) in flow.nodes.iter().zip(rewards).enumerate() {
        let parent = node.parent.map_or(0, |p| p + 1);
        let start: [Cell; 4] = [
            (i + 1).into(),
            parent.into(),
            node.weight.into(),
            node.t.into(),
        ];
        let z = node.mean_field.weights();
        let mut row: Vec<Cell> = start
            .into_iter()
            .chain(z.iter().map(|w| Cell::Float(*w)))
            .collect();
        match &node.play {
            Some(play) => {
                row.push((&game.leader_actions()[play.leader_action().0]).into());
                row.extend(play.prescription.rows().iter().map(|p| Cell::Float(*p)));
                row.extend((0..actions).map(|a| {
                    Cell::Float((0..types).map(|x| z[x] * play.prescription.row(x)[a]).sum())
                }));
            }
            None => row.extend(vec![Cell::Float(f64::NAN); 1 + types * actions + actions]),
        }
        row.extend([Cell::Float(reward.follower), Cell::Float(reward.leader)]);
        table.row(row)?;
    }
    table.finish()
}

/// The equilibria of one stage game as CSV on any writer.
///
/// # Errors
/// When the writer fails.
pub fn write_stage<W: Write>(
    writer: W,
    game: &Game,
    rows: &[SolvedEquilibrium],
) -> Result<W, csv::Error> {
    let mut table = Table::new(writer, &columns::stage(game))?;
    let mut number = 0;
    for (i, row) in rows.iter().enumerate() {
        let same_game = i > 0 && rows[i - 1].leader == row.leader;
        number = if same_game { number + 1 } else { 1 };
        let start: [Cell; 2] = [
            (&game.leader_actions()[row.leader.support(LeaderType(0))[0].0.0]).into(),
            Cell::Int(number),
        ];
        let next = row.next[0].weights().iter().map(|w| Cell::Float(*w));
        let gamma = row.prescription.rows().iter().map(|p| Cell::Float(*p));
        let values = row
            .values
            .followers
            .iter()
            .chain([&row.values.leader])
            .map(|v| Cell::Float(*v));
        let end: [Cell; 4] = [
            row.residual.into(),
            Cell::Int(u64::from(row.selected)),
            row.kind.name().into(),
            row.coin.into(),
        ];
        let start = start.into_iter().chain(next);
        table.row(start.chain(gamma).chain(values).chain(end))?;
    }
    table.finish()
}
