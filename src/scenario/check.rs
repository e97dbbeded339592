//! A game checked over the lattice of mean fields: every kernel row a law, every reward finite.
//!
//! The lattice is the points j/G of the simplex, with G = `solve.grid`; all periods where something depends on t. Where
//! that is more than [`MAX_POINTS`] points, or more than [`MAX_OPERATIONS`] operations, a coarser lattice is taken
//! (corners at least), and periods spread evenly from 1 to T. What passes here and fails at a mean field between the
//! points ends in a [`GameError`] of the stage that meets it.

use super::compile::Formulas;
use super::document::{Origin, Value};
use super::error::{Fault, Problem};
use super::formula::{Here, Moment, Resolved};
use super::rows::{Next, TransitionRow};
use crate::game::{Game, GameError, KernelRow, LeaderSpot, Point, Quantity, Spot, Tables};

/// The most points of the lattice.
const MAX_POINTS: u64 = 200_000;
/// The most operations, over points and periods.
const MAX_OPERATIONS: u64 = 200_000_000;

/// What was checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checked {
    /// Cells per side of the lattice.
    pub(super) cells: u64,
    /// Points of the lattice.
    pub(super) points: u64,
    /// Periods; one where nothing depends on t.
    pub(super) periods: Vec<usize>,
    /// The larger of the widths of the followers' and the leader's rewards at the points checked.
    pub(super) reward_width: f64,
}

impl Checked {
    /// As much of the lattice with `grid` cells as is affordable.
    fn affordable(game: &Game, grid: usize) -> Self {
        let (types, horizon) = (game.follower_types().len() as u64, game.horizon() as u64);
        let points = (MAX_OPERATIONS / (game.work() as u64 + types)).clamp(1, MAX_POINTS);
        let mut cells = 1;
        while cells < grid as u64 && lattice_points(cells + 1, types) <= points {
            cells += 1;
        }
        let points_taken = lattice_points(cells, types);
        let mut periods = vec![1];
        if game.depends_on_time() && horizon > 1 {
            let affordable =
                (MAX_OPERATIONS / (points_taken * (game.work() as u64 + types))).max(2);
            let count = horizon.min(affordable);
            let spread = |k| (1 + k * (horizon - 1) / (count - 1)) as usize;
            periods = (0..count).map(spread).collect();
        }
        Self {
            cells,
            points: points_taken,
            periods,
            reward_width: 0.0,
        }
    }
}

/// The points of the simplex with coordinates j/`cells`: binomial(cells + types - 1, types - 1), or a bound above it.
fn lattice_points(cells: u64, types: u64) -> u64 {
    let mut points: u64 = 1;
    for k in 1..types {
        // (cells + k)! / (cells! k!) is whole at every step.
        match points.checked_mul(cells + k) {
            Some(product) => points = product / k,
            None => return u64::MAX,
        }
    }
    points
}

/// The next point of the lattice in counts that sum to the number of cells, in reverse lexicographic order.
fn advance(counts: &mut [u64]) -> bool {
    let last = counts.len() - 1;
    let tail = std::mem::take(&mut counts[last]);
    match counts[..last].iter().rposition(|count| *count > 0) {
        Some(place) => {
            counts[place] -= 1;
            counts[place + 1] = tail + 1;
            true
        }
        None => false,
    }
}

/// Check a game; `root` is the scenario's tree.
pub(super) fn check(
    game: &Game,
    formulas: &Formulas,
    root: &Value,
    grid: usize,
) -> Result<Checked, Fault> {
    let mut checked = Checked::affordable(game, grid);
    let mut ranges = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    let mut tables = game.tables();
    let types = game.follower_types().len();
    for t in &checked.periods {
        let mut counts = vec![0; types];
        counts[0] = checked.cells;
        let mut is_point = true;
        while is_point {
            let z: Vec<f64> = counts
                .iter()
                .map(|count| *count as f64 / checked.cells as f64)
                .collect();
            tables
                .evaluate_all(*t, &z)
                .map_err(|error| explain(error, formulas, root))?;
            for x in 0..types {
                game.terminal_reward(&z, x)
                    .map_err(|error| explain(error, formulas, root))?;
            }
            widen(&mut ranges, game, &tables);
            is_point = advance(&mut counts);
        }
    }
    let widths = ranges.map(|(low, high)| high - low);
    checked.reward_width = widths[0].max(widths[1]);
    Ok(checked)
}

/// Take the rewards of one point into the ranges of the followers' and the leader's.
fn widen(ranges: &mut [(f64, f64); 2], game: &Game, tables: &Tables) {
    let include = |range: &mut (f64, f64), low: f64, high: f64| {
        *range = (range.0.min(low), range.1.max(high));
    };
    for l in 0..game.leader_moves() {
        let per_period = tables.leader_period_reward(l);
        // mu is a law: the part per follower lies between the least and the largest of its values.
        let mut per_follower = (f64::INFINITY, f64::NEG_INFINITY);
        for x in 0..game.follower_types().len() {
            for a in (0..game.follower_actions().len()).filter(|a| game.is_available(x, *a)) {
                let reward = tables.follower_reward(l, x, a);
                include(&mut ranges[0], reward, reward);
                let share = tables.leader_follower_reward(l, x, a);
                include(&mut per_follower, share, share);
            }
        }
        include(
            &mut ranges[1],
            per_period + per_follower.0,
            per_period + per_follower.1,
        );
    }
}

/// The place and the mend of an error.
fn explain(error: GameError, formulas: &Formulas, root: &Value) -> Fault {
    let explained = match &error {
        GameError::NotFinite {
            quantity, point, ..
        } => not_finite(quantity, point, formulas),
        GameError::Negative { row, next, .. } => negative(row, next, formulas),
        GameError::RowSum { row, .. } => {
            let mend = "give one type \"rest\", which takes what the others leave".to_owned();
            transition_row(row, formulas).map(|row| (row.origin.clone(), mend))
        }
    };
    let (origin, mend) = explained.unwrap_or_else(|| (root.origin.clone(), String::new()));
    let error = Box::new(error);
    Fault::new(origin, Problem::Value { error, mend })
}

/// The row of the scenario that a row of a kernel comes from.
fn transition_row<'f>(row: &KernelRow, formulas: &'f Formulas) -> Option<&'f TransitionRow> {
    match row {
        KernelRow::Follower(spot) => {
            let Here { x, a, .. } = here(spot);
            formulas.transition.get(x, a)
        }
        KernelRow::Leader(spot) => {
            let here = here_of_leader(spot);
            let rows = formulas.leader_transition.as_ref()?;
            rows.get(here.leader_type, here.leader)
        }
    }
}

fn here_of_leader(spot: &LeaderSpot) -> Here {
    let leader_type = spot.leader_type.as_ref();
    let leader_action = spot.leader_action.as_ref();
    Here {
        leader_type: leader_type.map_or(0, |(leader_type, _)| leader_type.0),
        leader: leader_action.map_or(0, |(leader_action, _)| leader_action.0),
        ..Here::default()
    }
}

fn here(spot: &Spot) -> Here {
    Here {
        x: spot.follower_type.0.0,
        a: spot.follower_action.0.0,
        ..here_of_leader(&spot.leader)
    }
}

/// What makes a quantity NaN or infinite.
fn not_finite(quantity: &Quantity, point: &Point, formulas: &Formulas) -> Option<(Origin, String)> {
    let names = &formulas.names;
    let moment = |here, follower_reward| Moment {
        here,
        t: point.t,
        z: &point.z,
        follower_reward,
    };
    let of_reward = |formula: &Resolved, here| formula.blame(names, moment(here, f64::NAN));
    // The formula itself, or the first of those that `rest` is taken from.
    let of_row = |row: &TransitionRow, here| {
        let moment = moment(here, f64::NAN);
        let mut bad = row
            .formulas()
            .filter(|formula| !formula.value(names, moment).is_finite());
        bad.next().map(|formula| formula.blame(names, moment))
    };
    match quantity {
        Quantity::Transition { spot, .. } => {
            let row = KernelRow::Follower(spot.clone());
            of_row(transition_row(&row, formulas)?, here(spot))
        }
        Quantity::LeaderTransition { spot, .. } => {
            let row = KernelRow::Leader(spot.clone());
            of_row(transition_row(&row, formulas)?, here_of_leader(spot))
        }
        Quantity::FollowerReward(spot) => {
            let here = here(spot);
            let formula = formulas.follower_reward.get(here.x, here.a)?;
            Some(of_reward(formula, here))
        }
        Quantity::LeaderFollowerReward(spot) => {
            let here = here(spot);
            let reward = formulas.follower_reward.get(here.x, here.a)?;
            let reward = reward.value(names, moment(here, f64::NAN));
            let formula = formulas.leader_per_follower.as_ref()?;
            Some(formula.blame(names, moment(here, reward)))
        }
        Quantity::LeaderPeriodReward(spot) => {
            let formula = formulas.leader_period.as_ref()?;
            Some(of_reward(formula, here_of_leader(spot)))
        }
        Quantity::Terminal { follower_type, .. } => {
            let here = Here {
                x: follower_type.0,
                ..Here::default()
            };
            Some(of_reward(formulas.terminal.as_ref()?, here))
        }
    }
}

/// The formula of a negative probability, or the row whose others leave less than nothing.
fn negative(of: &KernelRow, next: &str, formulas: &Formulas) -> Option<(Origin, String)> {
    let row = transition_row(of, formulas)?;
    let names = &formulas.names;
    let next = match of {
        KernelRow::Follower(_) => names.types.iter().position(|(name, _)| name == next),
        KernelRow::Leader(_) => {
            let types = names.leader_types.as_ref()?.printed();
            types.iter().position(|name| name == next)
        }
    };
    Some(match &row.entries[next?] {
        Next::Formula(formula) => {
            let mend = "keep the probability within 0 and 1, as in `min(max(p, 0), 1)`".to_owned();
            (formula.origin().clone(), mend)
        }
        Next::Never | Next::Rest => (
            row.origin.clone(),
            "the other probabilities of the row sum to more than 1".to_owned(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lattice_has_the_binomial_number_of_points() {
        for (cells, types) in [(1, 1), (5, 1), (4, 2), (3, 3), (2, 5), (1, 7)] {
            let mut counts = vec![0; types];
            counts[0] = cells;
            let mut seen = std::collections::BTreeSet::from([counts.clone()]);
            while advance(&mut counts) {
                assert_eq!(counts.iter().sum::<u64>(), cells);
                assert!(seen.insert(counts.clone()), "{counts:?} twice");
            }
            assert_eq!(
                seen.len() as u64,
                lattice_points(cells, types as u64),
                "{cells} {types}"
            );
        }
        assert_eq!(lattice_points(200, 2), 201);
        assert_eq!(lattice_points(1 << 40, 64), u64::MAX);
    }
}
