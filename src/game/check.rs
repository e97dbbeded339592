//! A game checked over the lattice of mean fields: every kernel row a law, every reward finite.
//!
//! The lattice is the points j/G of the simplex, with G the cells wished for; all periods where something depends on t. Where
//! that is more points than are allowed, or more than [`MAX_OPERATIONS`] operations, a coarser lattice is taken
//! (corners at least), and periods spread evenly from 1 to T. What passes here and fails at a mean field between the
//! points ends in a [`GameError`] of the stage that meets it.

use super::{Game, GameError, Tables};

/// The most points of the lattice.
pub(crate) const MAX_POINTS: u64 = 200_000;
/// The most operations, over points and periods.
const MAX_OPERATIONS: u64 = 200_000_000;

/// What was checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checked {
    /// Cells per side of the lattice.
    pub(crate) cells: u64,
    /// Points of the lattice.
    pub(crate) points: u64,
    /// Periods; one where nothing depends on t.
    pub(crate) periods: Vec<usize>,
    /// The larger of the widths of the followers' and the leader's rewards at the points checked.
    pub(crate) reward_width: f64,
}

impl Checked {
    /// As much of the lattice with `grid` cells as is affordable.
    fn affordable(game: &Game, grid: usize, most_points: u64) -> Self {
        let (types, horizon) = (game.follower_types().len() as u64, game.horizon() as u64);
        let points = (MAX_OPERATIONS / (game.work() as u64 + types)).clamp(1, most_points);
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

/// Check a game.
///
/// # Errors
/// The first kernel row that is no law, or reward that is not finite, in the order of periods and points.
pub(crate) fn check(game: &Game, grid: usize, most_points: u64) -> Result<Checked, GameError> {
    let mut checked = Checked::affordable(game, grid, most_points);
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
            tables.evaluate_all(*t, &z)?;
            for x in 0..types {
                game.terminal_reward(&z, x)?;
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
