//! policy.csv, mean_field.csv and the listing of a stage game.

use std::io::Write;

use super::{Cell, FileTable, OutputFolder, Table, WriteError, columns, leader};
use crate::game::{
    Belief, Flow, FlowNode, Game, LeaderMixing, LeaderPrescription, MeanField, MeanRewards,
};
use crate::solve::{SolvedEquilibrium, SolvedPoint};

/// policy.csv: theta and V at points (t, pi, z) of a solved game.
#[derive(Debug)]
pub struct PolicyTable<'g> {
    table: FileTable,
    game: &'g Game,
    mixing: LeaderMixing,
}

impl<'g> PolicyTable<'g> {
    /// Begin the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin(
        folder: &mut OutputFolder,
        game: &'g Game,
        mixing: LeaderMixing,
    ) -> Result<Self, WriteError> {
        let table = folder.table("policy.csv", &columns::policy(game, mixing))?;
        Ok(Self {
            table,
            game,
            mixing,
        })
    }

    /// One point: period t, belief pi and mean field z.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn row(
        &mut self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        point: &SolvedPoint,
    ) -> Result<(), WriteError> {
        let game = self.game;
        let start = [Cell::from(t)].into_iter();
        let start = start.chain(z.weights().iter().map(|w| Cell::Float(*w)));
        let start = start.chain(leader::belief_cells(game, belief.weights()));
        let played = leader::play_cells(game, self.mixing, belief, &point.play.leader);
        let start = start.chain(played);
        let gamma = point
            .play
            .prescription
            .rows()
            .iter()
            .map(|p| Cell::Float(*p));
        let values = point.values.followers.iter().map(|v| Cell::Float(*v));
        let values = values.chain(leader::value_cells(game, &point.values));
        let end: [Cell; 2] = [point.equilibria.into(), point.residual.into()];
        self.table.row(start.chain(gamma).chain(values).chain(end))
    }

    /// End the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(self) -> Result<(), WriteError> {
        self.table.finish()
    }
}

/// mean_field.csv: a flow with what is played and, from [`Flow::rewards`], what is earned along it.
///
/// Nodes count from 1; the parent of a start is 0.
///
/// # Errors
/// [`WriteError`].
pub fn write_mean_field(
    folder: &mut OutputFolder,
    game: &Game,
    mixing: LeaderMixing,
    flow: &Flow,
    rewards: &[MeanRewards],
) -> Result<(), WriteError> {
    let header = columns::mean_field(game, mixing);
    let mut table = folder.table("mean_field.csv", &header)?;
    for (i, (node, reward)) in flow.nodes.iter().zip(rewards).enumerate() {
        let parent = node.parent.map_or(0, |p| p + 1);
        let start: [Cell; 4] = [
            (i + 1).into(),
            parent.into(),
            node.weight.into(),
            node.t.into(),
        ];
        let z = node.mean_field.weights();
        let start = start
            .into_iter()
            .chain(z.iter().map(|w| Cell::Float(*w)))
            .collect();
        let earned = [reward.follower, reward.leader].map(Cell::Float);
        let mut row = played_cells(start, game, mixing, node);
        // At T + 1 nothing is played.
        row.resize(header.len() - earned.len(), Cell::Float(f64::NAN));
        row.extend(earned);
        table.row(row)?;
    }
    table.finish()
}

/// `row` with pi, what is played, and the shares of the followers' actions, where something is played.
fn played_cells<'a>(
    mut row: Vec<Cell<'a>>,
    game: &'a Game,
    mixing: LeaderMixing,
    node: &'a FlowNode,
) -> Vec<Cell<'a>> {
    let Some(play) = &node.play else {
        return row;
    };
    let (z, gamma) = (node.mean_field.weights(), &play.prescription);
    row.extend(leader::belief_cells(game, node.belief.weights()));
    row.extend(leader::average_cells(
        game,
        mixing,
        &node.belief,
        &play.leader,
    ));
    row.extend(gamma.rows().iter().map(|p| Cell::Float(*p)));
    row.extend((0..gamma.actions()).map(|a| {
        let share = |(x, weight): (usize, &f64)| weight * gamma.row(x)[a];
        Cell::Float(z.iter().enumerate().map(share).sum())
    }));
    row
}

/// The equilibria of one stage game at `belief` as CSV on any writer.
///
/// # Errors
/// When the writer fails.
pub fn write_stage<W: Write>(
    writer: W,
    game: &Game,
    mixing: LeaderMixing,
    belief: &Belief,
    rows: &[SolvedEquilibrium],
) -> Result<W, csv::Error> {
    let mut table = Table::new(writer, &columns::stage(game, mixing))?;
    let mut number = 0;
    for (i, row) in rows.iter().enumerate() {
        let same_game = i > 0 && rows[i - 1].leader_action == row.leader_action;
        number = if same_game { number + 1 } else { 1 };
        // The candidates are constant in her type.
        let constant = vec![row.leader_action; game.leader_types().len()];
        let played = LeaderPrescription::Pure(constant);
        let start = leader::play_cells(game, mixing, belief, &played).into_iter();
        let start = start.chain([Cell::Int(number)]);
        let next = row.next.weights().iter().map(|w| Cell::Float(*w));
        let gamma = row.prescription.rows().iter().map(|p| Cell::Float(*p));
        let values = row.values.followers.iter().map(|v| Cell::Float(*v));
        let values = values.chain(leader::value_cells(game, &row.values));
        let end: [Cell; 4] = [
            row.residual.into(),
            Cell::Int(u64::from(row.selected)),
            row.kind.name().into(),
            row.coin.into(),
        ];
        table.row(start.chain(next).chain(gamma).chain(values).chain(end))?;
    }
    table.finish()
}
