//! policy.csv, mean_field.csv and the listing of a stage game.

use super::table::Misfit;
use super::{Cell, FileTable, OutputFolder, Table, WriteError, columns, leader};
use crate::game::{Belief, Flow, FlowNode, Game, LeaderMixing, MeanField, MeanRewards};
use crate::solve::{SolvedEquilibrium, SolvedPoint};

/// policy.csv: theta and V at points (t, pi, z) of a solved game.
#[derive(Debug)]
pub struct PolicyTable<'g> {
    file: FileTable,
    /// The rows that are not yet in the file.
    rows: Table,
    game: &'g Game,
    mixing: LeaderMixing,
}

/// Rows of policy.csv that are held before they are written.
const HELD: usize = 1 << 12;

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
        let rows = Table::new(columns::policy(game, mixing));
        Ok(Self {
            file: folder.begin_table("policy.csv", rows.header())?,
            rows,
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
        let row = start.chain(gamma).chain(values).chain(end);
        self.rows
            .row(row)
            .map_err(|misfit| self.file.failed(misfit))?;
        match self.rows.len() < HELD {
            true => Ok(()),
            false => self.write(),
        }
    }

    fn write(&mut self) -> Result<(), WriteError> {
        let header = self.rows.header().to_vec();
        let rows = std::mem::replace(&mut self.rows, Table::new(header));
        self.file.append(&rows)
    }

    /// End the table.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.write()?;
        self.file.finish()
    }
}

/// mean_field.csv: a flow with what is played and, from [`Flow::rewards`], what is earned along it.
///
/// Nodes count from 1; the parent of a start is 0.
///
/// # Errors
/// [`Misfit`].
pub fn mean_field_table(
    game: &Game,
    mixing: LeaderMixing,
    flow: &Flow,
    rewards: &[MeanRewards],
) -> Result<Table, Misfit> {
    let mut table = Table::new(columns::mean_field(game, mixing));
    let width = table.header().len();
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
        row.resize(width - earned.len(), Cell::Float(f64::NAN));
        row.extend(earned);
        table.row(row)?;
    }
    Ok(table)
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

/// The equilibria of one stage game at `belief`.
///
/// # Errors
/// [`Misfit`].
pub fn stage_table(
    game: &Game,
    mixing: LeaderMixing,
    belief: &Belief,
    rows: &[SolvedEquilibrium],
) -> Result<Table, Misfit> {
    let mut table = Table::new(columns::stage(game, mixing));
    let mut number = 0;
    for (i, row) in rows.iter().enumerate() {
        let same_game = i > 0 && rows[i - 1].leader == row.leader;
        number = if same_game { number + 1 } else { 1 };
        let start = leader::play_cells(game, mixing, belief, &row.leader).into_iter();
        let start = start.chain([Cell::Int(number)]);
        let next = row.next.weights().iter().map(|w| Cell::Float(*w));
        let gamma = row.prescription.rows().iter().map(|p| Cell::Float(*p));
        let values = row.values.followers.iter().map(|v| Cell::Float(*v));
        let values = values.chain(leader::value_cells(game, &row.values));
        let end: [Cell; 6] = [
            row.residual.into(),
            Cell::Int(u64::from(row.selected)),
            row.kind.name().into(),
            row.coin.into(),
            Cell::Int(u64::from(row.continuum)),
            Cell::Int(u64::from(row.supremum)),
        ];
        table.row(start.chain(next).chain(gamma).chain(values).chain(end))?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::game::{FlowRule, LeaderAction, LeaderPrescription, PolicyFile, Prescription};
    use crate::report::OnExisting;
    use crate::scenario::Scenario;
    use crate::solve::{Kind, StateValues};

    const SCENARIO: &str = r#"
name = "g"
horizon = 1
discount = 1
[follower]
types = ["low", "high"]
actions = ["stay"]
initial = [0.5, 0.5]
reward = "0"
[follower.transition]
"*, *" = { low = 1 }
[leader]
actions = ["audit", "trust"]
types = ["weak", "firm"]
initial = [0.25, 0.75]
observed = false
reward = { period = "1 + leader_action" }
"#;

    /// Weak audits with .5, firm never.
    const POLICY: &str = "\
leader_prob_weak_audit,leader_prob_weak_trust,leader_prob_firm_audit,leader_prob_firm_trust,\
gamma_low_stay,gamma_high_stay
0.5,0.5,0,1,1,1
";

    /// The rows of mean_field.csv and of a policy.csv of one point, without their headers.
    fn tables(text: &str, mixing: LeaderMixing) -> [Vec<String>; 2] {
        let scenario = Scenario::parse("g.toml", text, &[]).unwrap();
        let game = scenario.game();
        let policy = PolicyFile::from_reader(Path::new("p.csv"), POLICY.as_bytes(), game).unwrap();
        let flow = Flow::of_policy(game, &policy, game.initial(), FlowRule::Averaged).unwrap();
        let place = tempfile::TempDir::new().unwrap();
        let target = place.path().join("out");
        let mut folder = OutputFolder::create(&target, OnExisting::Refuse).unwrap();
        let rewards = flow.rewards(game).unwrap();
        let table = mean_field_table(game, mixing, &flow, &rewards).unwrap();
        folder.table("mean_field.csv", &table).unwrap();
        let node = &flow.nodes[0];
        let point = SolvedPoint {
            play: node.play.clone().unwrap(),
            next: Vec::new(),
            values: StateValues {
                followers: vec![1.0, 2.0],
                leader: 3.0,
                leader_types: vec![4.0, 5.0],
            },
            equilibria: 1,
            residual: 0.0,
            supported: true,
        };
        let mut table = PolicyTable::begin(&mut folder, game, mixing).unwrap();
        table
            .row(1, &node.belief, &node.mean_field, &point)
            .unwrap();
        table.finish().unwrap();
        ["mean_field.csv", "policy.csv"].map(|name| {
            let table = std::fs::read_to_string(folder.partial().join(name)).unwrap();
            table.lines().skip(1).map(str::to_owned).collect()
        })
    }

    #[test]
    fn a_private_leader_is_averaged_for_the_followers_and_told_by_type_in_the_policy() {
        let [flow, policy] = tables(SCENARIO, LeaderMixing::Mixed);
        // Audit with .25 of .5: the leader has 1 + .875. Both actions lead to a belief of their own.
        assert_eq!(
            flow,
            [
                "1,0,1.0,1,0.5,0.5,0.25,0.75,0.125,0.875,1.0,1.0,1.0,0.0,1.875",
                "2,1,0.125,2,1.0,0.0,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN",
                "3,1,0.875,2,1.0,0.0,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN",
            ]
        );
        assert_eq!(
            policy,
            ["1,0.5,0.5,0.25,0.75,0.5,0.5,0.0,1.0,1.0,1.0,1.0,2.0,4.0,5.0,1,0.0"]
        );
    }

    #[test]
    fn a_public_leader_is_told_by_the_type_that_all_see() {
        let text = SCENARIO
            .replace("observed = false", "observed = true")
            .replace("[0.25, 0.75]", "[0, 1]");
        let [flow, policy] = tables(&text, LeaderMixing::Pure);
        assert_eq!(
            flow,
            [
                "1,0,1.0,1,0.5,0.5,0.0,1.0,trust,1.0,1.0,1.0,0.0,2.0",
                "2,1,1.0,2,1.0,0.0,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN",
            ]
        );
        assert_eq!(
            policy,
            ["1,0.5,0.5,0.0,1.0,trust,1.0,1.0,1.0,2.0,3.0,1,0.0"]
        );
    }

    #[test]
    fn a_stage_tells_the_candidate_by_type() {
        let scenario = Scenario::parse("g.toml", SCENARIO, &[]).unwrap();
        let game = scenario.game();
        let row = SolvedEquilibrium {
            leader: LeaderPrescription::pure(vec![LeaderAction(1), LeaderAction(0)]),
            kind: Kind::Pure,
            next: MeanField::two_types(0.0),
            coin: 0.0,
            prescription: Prescription::new(1, vec![1.0, 1.0]),
            values: StateValues {
                followers: vec![1.0, 2.0],
                leader: 3.0,
                leader_types: vec![4.0, 5.0],
            },
            residual: 0.0,
            selected: true,
            continuum: true,
            supremum: false,
        };
        let belief = game.initial_belief();
        let table = stage_table(game, LeaderMixing::Pure, belief, &[row]).unwrap();
        let table = String::from_utf8(table.write_csv(Vec::new()).unwrap()).unwrap();
        let expected = "trust,audit,1,1.0,0.0,1.0,1.0,1.0,2.0,4.0,5.0,0.0,1,pure,0.0,1,0";
        assert_eq!(table.lines().nth(1), Some(expected));
    }
}
