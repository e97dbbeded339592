//! Replications summed up per period: types, actions, and the distance to the mean field.

use crate::game::MeanField;
use crate::stats::{Moments, quantile};

use super::Trajectory;

/// Means and spreads over the replications of one population.
///
/// Counts are kept, 8 bytes per (replication, period, type), so that means, deviations and quantiles come from integers;
/// everything else takes no room that grows with the replications.
#[derive(Clone, Debug)]
pub struct Summary {
    population: u64,
    actions: usize,
    mean_field: Vec<MeanField>,
    /// n per (t, x), then per replication.
    counts: Vec<Vec<u64>>,
    /// The number of followers that took a, per (t, a), over all replications.
    acted: Vec<u128>,
    distances: Vec<Moments>,
    follower_return: Moments,
    leader_return: Moments,
}

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
    /// Mean over replications of the total variation between z^N_t and the mean field; `NaN` where none was given.
    pub distance_mean: f64,
    /// Its standard deviation, with divisor R - 1.
    pub distance_sd: f64,
}

impl Summary {
    /// For replications of N = `population` followers with `actions` actions; `mean_field` is z_t, t = 1..T + 1.
    pub fn new(population: u64, actions: usize, mean_field: &[MeanField]) -> Self {
        Self {
            population,
            actions,
            mean_field: mean_field.to_vec(),
            counts: Vec::new(),
            acted: Vec::new(),
            distances: Vec::new(),
            follower_return: Moments::default(),
            leader_return: Moments::default(),
        }
    }

    /// Take in one replication; all of them have the same N, horizon and types.
    pub fn push(&mut self, path: &Trajectory) {
        debug_assert_eq!(path.population(), self.population);
        let (horizon, types) = (path.horizon(), path.counts(1).len());
        self.counts.resize((horizon + 1) * types, Vec::new());
        self.acted.resize(horizon * self.actions, 0);
        self.distances.resize(horizon + 1, Moments::default());
        for t in 1..=horizon + 1 {
            for (kept, n) in self.counts[(t - 1) * types..]
                .iter_mut()
                .zip(path.counts(t))
            {
                kept.push(*n);
            }
            if let Some(z) = self.mean_field.get(t - 1) {
                self.distances[t - 1].push(total_variation(path.mean_field(t), z));
            }
        }
        for t in 1..=horizon {
            for a in 0..self.actions {
                self.acted[(t - 1) * self.actions + a] += u128::from(path.action_count(t, a));
            }
        }
        self.follower_return.push(path.follower_return());
        self.leader_return.push(path.leader_return());
    }

    /// N.
    pub fn population(&self) -> u64 {
        self.population
    }

    /// The number of replications, R.
    pub fn replications(&self) -> u64 {
        self.follower_return.count()
    }

    /// The followers' mean return, over replications.
    pub fn follower_return(&self) -> &Moments {
        &self.follower_return
    }

    /// The leader's return, over replications.
    pub fn leader_return(&self) -> &Moments {
        &self.leader_return
    }

    /// One row per period, t = 1..T + 1.
    pub fn rows(&self) -> Vec<SummaryRow> {
        let periods = self.distances.len();
        let types = self.counts.len().checked_div(periods).unwrap_or(0);
        let row = |index: usize| SummaryRow {
            population: self.population,
            t: index + 1,
            types: self.counts[index * types..(index + 1) * types]
                .iter()
                .map(|n| self.of_type(n))
                .collect(),
            share_means: (0..self.actions)
                .map(|a| self.share_mean(index * self.actions + a))
                .collect(),
            distance_mean: self.distances[index].mean(),
            distance_sd: self.distances[index].sd(),
        };
        (0..periods).map(row).collect()
    }

    fn of_type(&self, counts: &[u64]) -> TypeSummary {
        let population = self.population as f64;
        let total: u128 = counts.iter().map(|n| u128::from(*n)).sum();
        let mut weights: Vec<f64> = counts.iter().map(|n| *n as f64 / population).collect();
        weights.sort_by(f64::total_cmp);
        let mut moments = Moments::default();
        moments.extend(weights.iter().copied());
        TypeSummary {
            mean: total as f64 / (population * counts.len() as f64),
            sd: moments.sd(),
            q05: quantile(&weights, 0.05),
            q95: quantile(&weights, 0.95),
        }
    }

    fn share_mean(&self, index: usize) -> f64 {
        let followers = self.population as f64 * self.replications() as f64;
        self.acted
            .get(index)
            .map_or(f64::NAN, |number| *number as f64 / followers)
    }
}

/// Half the sum of |z^N(x) - z(x)|.
fn total_variation(empirical: impl Iterator<Item = f64>, z: &MeanField) -> f64 {
    0.5 * empirical
        .zip(z.weights())
        .map(|(share, weight)| (share - weight).abs())
        .sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::LeaderAction;

    /// One period, two types, two actions; `first` and `last` followers of the second type out of ten.
    fn path(replication: u64, first: u64, last: u64, acting: u64) -> Trajectory {
        Trajectory {
            population: 10,
            replication,
            types: 2,
            actions: 2,
            counts: vec![10 - first, first, 10 - last, last],
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

    #[test]
    fn rows_by_hand() {
        let mean_field = [MeanField::two_types(0.5), MeanField::two_types(0.2)];
        let mut summary = Summary::new(10, 2, &mean_field);
        for (k, first, last, acting) in [(1, 2, 2, 1), (2, 4, 1, 4), (3, 9, 3, 1)] {
            summary.push(&path(k, first, last, acting));
        }
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
        assert!((rows[0].distance_mean - 0.8 / 3.0).abs() < 1e-15);
        assert!((rows[1].distance_mean - 0.2 / 3.0).abs() < 1e-15);
        assert!((rows[1].distance_sd - (0.01f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!(rows[1].share_means.iter().all(|share| share.is_nan()));
        assert_eq!(
            (
                summary.follower_return().mean(),
                summary.leader_return().mean()
            ),
            (5.0, 2.0)
        );
    }

    #[test]
    fn one_replication_has_no_spread_and_no_mean_field_no_distance() {
        let mut summary = Summary::new(10, 2, &[]);
        assert!(summary.rows().is_empty());
        summary.push(&path(1, 3, 3, 0));
        let row = &summary.rows()[0];
        assert!(row.types[0].sd.is_nan() && row.distance_mean.is_nan() && row.distance_sd.is_nan());
        assert_eq!(
            (row.types[0].mean, row.types[0].q05, row.types[0].q95),
            (0.7, 0.7, 0.7)
        );
    }
}
