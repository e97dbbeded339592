//! Replications summed up per period: types, actions, and the distance to the mean field.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::game::Flow;

use super::Trajectory;
use super::along::{along, total_variation};
use super::tally::{Sums, Tally};

/// Distinct counts that a run's summaries keep together, 16 bytes each.
pub const SUMMARY_ENTRIES: usize = 1 << 22;
/// Replications between two settlings, at most and at least.
const SETTLE: (usize, usize) = (1 << 15, 16);
/// Distances are rounded to 2^-48, so that their sums are those of integers.
const DISTANCE_UNIT: f64 = 281_474_976_710_656.0;

/// Means and spreads over the replications of one population, in memory that does not grow with them.
///
/// All sums are of integers, and so exact and the same in any order: summaries of shares [join](Summary::absorb) to the
/// summary of the whole. Quantiles are exact while the replications have no more distinct counts of a type in a period
/// than there is room for; beyond, they are those of counts in bins of [`Summary::bin_width`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    population: u64,
    actions: usize,
    entries: usize,
    replications: u64,
    /// n per (t, x).
    counts: Vec<Sums>,
    /// Its order statistics.
    tallies: Vec<Tally>,
    /// The number of followers that took a, per (t, a), over all replications.
    acted: Vec<u128>,
    /// Total variation per t, in units of 2^-48.
    distances: Vec<Sums>,
    /// Replications since the tallies were settled.
    #[serde(skip)]
    unsettled: usize,
}

/// What summaries need of some replications of one population, to be made where the trajectories are.
#[derive(Clone, Debug)]
pub struct Digest {
    replications: u64,
    /// T + 1, and that times the types.
    periods: usize,
    cells: usize,
    /// The periods whose mean field is known.
    compared: usize,
    /// Per (replication, t, x).
    counts: Vec<u64>,
    /// Per (t, a), over the replications.
    acted: Vec<u128>,
    /// Per (replication, t), in units of 2^-48.
    distances: Vec<u64>,
}

impl Digest {
    /// Of these replications, with so many actions. Their z^N_t are held against the nodes of `flow` that the outcomes of
    /// each lead to; an empty flow leaves the distances unknown.
    pub fn new(paths: &[Trajectory], actions: usize, flow: &Flow) -> Self {
        let periods = paths.first().map_or(0, |path| path.horizon() + 1);
        let types = paths.first().map_or(0, |path| path.counts(1).len());
        let compared = flow.main_path().len().min(periods);
        let mut digest = Self {
            replications: paths.len() as u64,
            periods,
            cells: periods * types,
            compared,
            counts: Vec::with_capacity(paths.len() * periods * types),
            acted: vec![0; periods.saturating_sub(1) * actions],
            distances: Vec::with_capacity(paths.len() * compared),
        };
        for path in paths {
            for t in 1..=periods {
                digest.counts.extend_from_slice(path.counts(t));
            }
            for (node, t) in along(flow, path).iter().zip(1..=compared) {
                let distance = total_variation(path.mean_field(t), node.mean_field.weights());
                let distance = (distance * DISTANCE_UNIT).round() as u64;
                digest.distances.push(distance);
            }
            for (index, total) in digest.acted.iter_mut().enumerate() {
                let (t, a) = (index / actions + 1, index % actions);
                *total += u128::from(path.action_count(t, a));
            }
        }
        digest
    }
}

/// Summaries of different games or populations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("summaries of different populations, periods, types or actions cannot be joined")]
pub struct DifferentSummaries;

/// One type of a [`SummaryRow`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TypeSummary {
    /// Mean of z^N(x) over replications.
    pub mean: f64,
    /// Its standard deviation, with divisor R - 1; `NaN` where R = 1.
    pub sd: f64,
    /// The quantile 0.05, of type 7.
    pub q05: f64,
    /// The quantile 0.95, of type 7.
    pub q95: f64,
}

/// One period of summary.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryRow {
    /// N.
    pub population: u64,
    /// From 1 to T + 1.
    pub t: usize,
    /// One per type.
    pub types: Vec<TypeSummary>,
    /// Mean share of followers taking each action; `NaN` at T + 1.
    pub share_means: Vec<f64>,
    /// Mean over replications of the total variation between z^N_t and the mean field that the replication's own outcomes
    /// lead to; `NaN` where none was given.
    pub distance_mean: f64,
    /// Its standard deviation, with divisor R - 1.
    pub distance_sd: f64,
}

impl Summary {
    /// For replications of N = `population` followers with `actions` actions.
    pub fn new(population: u64, actions: usize) -> Self {
        Self {
            population,
            actions,
            entries: SUMMARY_ENTRIES,
            replications: 0,
            counts: Vec::new(),
            tallies: Vec::new(),
            acted: Vec::new(),
            distances: Vec::new(),
            unsettled: 0,
        }
    }

    /// The same with room for so many distinct counts, over all periods and types; to be chosen before the first
    /// replication.
    pub fn within(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// Take in one replication, held against `flow`; all of them have the same N, horizon and types.
    pub fn push(&mut self, path: &Trajectory, flow: &Flow) {
        debug_assert_eq!(path.population(), self.population);
        let digest = Digest::new(std::slice::from_ref(path), self.actions, flow);
        self.take(&digest);
    }

    /// Take in some replications.
    pub fn take(&mut self, digest: &Digest) {
        let (cells, periods) = (digest.cells, digest.periods);
        let room = (self.entries / cells.max(1)).max(8);
        self.counts.resize(cells, Sums::default());
        self.tallies.resize_with(cells, || Tally::new(room));
        self.acted.resize(digest.acted.len(), 0);
        self.distances.resize(periods, Sums::default());
        for counts in digest.counts.chunks_exact(cells.max(1)) {
            let cells = self.counts.iter_mut().zip(&mut self.tallies);
            for ((sums, tally), n) in cells.zip(counts) {
                sums.push(*n);
                tally.push(*n);
            }
        }
        for distances in digest.distances.chunks_exact(digest.compared.max(1)) {
            for (sums, distance) in self.distances.iter_mut().zip(distances) {
                sums.push(*distance);
            }
        }
        for (total, number) in self.acted.iter_mut().zip(&digest.acted) {
            *total += number;
        }
        self.replications += digest.replications;
        self.unsettled += digest.replications as usize;
        if self.unsettled >= (room / 4).clamp(SETTLE.1, SETTLE.0) {
            self.settle();
        }
    }

    /// Bring the order statistics up to date: before rows are made, summaries joined, or one written to a file.
    pub fn settle(&mut self) {
        self.unsettled = 0;
        self.tallies.par_iter_mut().for_each(Tally::settle);
    }

    /// Take in the replications of another share, settled as this one.
    ///
    /// # Errors
    /// [`DifferentSummaries`].
    pub fn absorb(&mut self, other: &Self) -> Result<(), DifferentSummaries> {
        let shape = |s: &Self| {
            let lengths = (s.counts.len(), s.tallies.len(), s.acted.len());
            (
                s.population,
                s.actions,
                s.entries,
                lengths,
                s.distances.len(),
            )
        };
        if shape(self) != shape(other) {
            return Err(DifferentSummaries);
        }
        self.replications += other.replications;
        let pairs = |(ours, theirs): (&mut Sums, &Sums)| ours.absorb(theirs);
        self.counts.iter_mut().zip(&other.counts).for_each(pairs);
        self.distances
            .iter_mut()
            .zip(&other.distances)
            .for_each(pairs);
        for (ours, theirs) in self.tallies.iter_mut().zip(&other.tallies) {
            ours.absorb(theirs);
        }
        for (ours, theirs) in self.acted.iter_mut().zip(&other.acted) {
            *ours += theirs;
        }
        Ok(())
    }

    /// Whether this, settled, is a summary of T = `horizon` periods and so many types and actions.
    pub fn is_of(&self, population: u64, horizon: usize, types: usize, actions: usize) -> bool {
        let begun = self.counts.len() == (horizon + 1) * types
            && self.acted.len() == horizon * actions
            && self.distances.len() == horizon + 1;
        self.population == population
            && self.actions == actions
            && self.is_sound()
            && (begun || self.replications == 0 && self.counts.is_empty())
    }

    /// Whether this, settled and read from a file, can be a summary at all.
    pub fn is_sound(&self) -> bool {
        let cells = self.counts.len();
        let periods = self.distances.len();
        let shape = self.tallies.len() == cells && cells.checked_rem(periods.max(1)) == Some(0);
        shape
            && self
                .tallies
                .iter()
                .all(|tally| tally.is_sound(self.replications))
    }

    /// N.
    pub fn population(&self) -> u64 {
        self.population
    }

    /// The number of replications, R.
    pub fn replications(&self) -> u64 {
        self.replications
    }

    /// How many consecutive counts the quantiles take for one, at most: 1 where they are exact; a quantile is then wrong
    /// by (width - 1) / 2 followers at most.
    pub fn bin_width(&self) -> u64 {
        self.tallies.iter().map(Tally::width).max().unwrap_or(1)
    }

    /// One row per period, t = 1..T + 1; settled.
    pub fn rows(&self) -> Vec<SummaryRow> {
        debug_assert_eq!(self.unsettled, 0);
        let periods = self.distances.len();
        let types = self.counts.len().checked_div(periods).unwrap_or(0);
        let row = |index: usize| SummaryRow {
            population: self.population,
            t: index + 1,
            types: (index * types..(index + 1) * types)
                .map(|cell| self.of_type(cell))
                .collect(),
            share_means: (0..self.actions)
                .map(|a| self.share_mean(index * self.actions + a))
                .collect(),
            distance_mean: self.distances[index].mean(DISTANCE_UNIT),
            distance_sd: self.distances[index].sd(DISTANCE_UNIT),
        };
        (0..periods).map(row).collect()
    }

    fn of_type(&self, cell: usize) -> TypeSummary {
        let (population, tally) = (self.population as f64, &self.tallies[cell]);
        TypeSummary {
            mean: self.counts[cell].mean(population),
            sd: self.counts[cell].sd(population),
            q05: tally.quantile(0.05, population),
            q95: tally.quantile(0.95, population),
        }
    }

    fn share_mean(&self, index: usize) -> f64 {
        let followers = self.population as f64 * self.replications() as f64;
        self.acted
            .get(index)
            .map_or(f64::NAN, |number| *number as f64 / followers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{Belief, LeaderAction, MeanField, Play, Prescription, Way};

    /// One period, two types, two actions; `first` and `last` followers of the second type out of ten.
    fn path(replication: u64, first: u64, last: u64, acting: u64) -> Trajectory {
        Trajectory {
            population: 10,
            replication,
            types: 2,
            actions: 2,
            counts: vec![10 - first, first, 10 - last, last],
            leader_types: 1,
            leader_type: Vec::new(),
            beliefs: Vec::new(),
            leader_actions: vec![LeaderAction(0)],
            acted: vec![10 - first, 0, first - acting, acting],
            follower_rewards: vec![0.0],
            leader_rewards: vec![0.0],
            follower_return: first as f64,
            leader_return: last as f64,
            follower_returns_by_type: None,
            agent_returns: None,
        }
    }

    /// The flow from m = .5 to m = .2.
    fn flow() -> Flow {
        let mut flow = Flow::from_start(1, Belief::certain(), MeanField::two_types(0.5));
        let (action, stay) = (LeaderAction(0), Prescription::new(1, vec![1.0, 1.0]));
        let way = Way {
            belief: Belief::certain(),
            mean_field: MeanField::two_types(0.2),
            probability: 1.0,
            action,
            moves: Vec::new(),
        };
        flow.extend(0, Play::pure(action, stay), vec![way]);
        flow
    }

    #[test]
    fn rows_by_hand() {
        let (flow, mut summary) = (flow(), Summary::new(10, 2));
        for (k, first, last, acting) in [(1, 2, 2, 1), (2, 4, 1, 4), (3, 9, 3, 1)] {
            summary.push(&path(k, first, last, acting), &flow);
        }
        summary.settle();
        let rows = summary.rows();
        assert_eq!(rows.iter().map(|row| row.t).collect::<Vec<_>>(), [1, 2]);
        let infected = rows[0].types[1];
        assert!((infected.mean - 0.5).abs() < 1e-15);
        assert!((infected.sd - 0.13f64.sqrt()).abs() < 1e-15);
        assert!((infected.q05 - 0.22).abs() < 1e-15 && (infected.q95 - 0.85).abs() < 1e-15);
        assert!(
            (rows[0].share_means[1] - 0.2).abs() < 1e-15
                && (rows[0].share_means[0] - 0.8).abs() < 1e-15
        );
        // Distances .3, .1, .4 at t = 1 and 0, .1, .1 at t = 2.
        assert!((rows[0].distance_mean - 0.8 / 3.0).abs() < 1e-14);
        assert!((rows[1].distance_mean - 0.2 / 3.0).abs() < 1e-14);
        assert!((rows[1].distance_sd - (0.01f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!(rows[1].share_means.iter().all(|share| share.is_nan()));
        assert_eq!((summary.replications(), summary.bin_width()), (3, 1));
    }

    #[test]
    fn one_replication_has_no_spread_and_no_mean_field_no_distance() {
        let mut summary = Summary::new(10, 2);
        assert!(summary.rows().is_empty());
        summary.push(&path(1, 3, 3, 0), &Flow::default());
        summary.settle();
        let row = &summary.rows()[0];
        assert!(row.types[0].sd.is_nan() && row.distance_mean.is_nan() && row.distance_sd.is_nan());
        assert_eq!(
            (row.types[0].mean, row.types[0].q05, row.types[0].q95),
            (0.7, 0.7, 0.7)
        );
    }

    #[test]
    fn shares_join_to_the_whole_and_only_their_like() {
        let flow = flow();
        let of = |paths: std::ops::Range<u64>| {
            let mut summary = Summary::new(10, 2).within(4);
            paths.for_each(|k| summary.push(&path(k, k % 7, k % 3, k % 7 / 2), &flow));
            summary.settle();
            summary
        };
        let whole = of(1..200);
        for cut in [2, 50, 199] {
            let mut joined = of(cut..200);
            joined.absorb(&of(1..cut)).unwrap();
            assert_eq!(
                format!("{:?}", joined.rows()),
                format!("{:?}", whole.rows())
            );
            let text = serde_json::to_string(&joined).unwrap();
            let read: Summary = serde_json::from_str(&text).unwrap();
            assert_eq!(format!("{:?}", read.rows()), format!("{:?}", whole.rows()));
            assert!(read.is_of(10, 1, 2, 2) && !read.is_of(10, 2, 2, 2) && !read.is_of(9, 1, 2, 2));
        }
        let mut other = Summary::new(11, 2);
        assert_eq!(other.absorb(&whole), Err(DifferentSummaries));
    }
}
