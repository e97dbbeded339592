//! A best response learnt from sampled paths of the population.
//!
//! Paths under theta are cut at every t into bins of equal numbers of paths, by the share of the type (or the probability of the
//! leader type) that varies most. Backward from T + 1 the follower's value at (t, bin, x) is the largest mean, over the paths in the bin, of
//! R + delta sum_y Q(y|.) V_{t+1}(bin of z_{t+1}, y). That neglects the deviator's own 1/N and the spread inside a bin; what
//! the response gains is for other samples to say, and it is tested on streams that it has not seen.

use super::available;
use crate::game::{Belief, Game, action_value, best_action};
use crate::simulate::Trajectory;
use crate::validate::ValidateError;

/// Bins a period.
const BINS: usize = 8;

/// One path of the public state.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledPath {
    /// z^N_t for t = 1..=T + 1.
    z: Vec<Vec<f64>>,
    /// pi_t likewise.
    beliefs: Vec<Vec<f64>>,
    /// (x^l_t, a^l_t) for t = 1..=T.
    leader_moves: Vec<usize>,
}

impl SampledPath {
    /// The public part of a trajectory, and the leader's moves.
    pub fn of(game: &Game, trajectory: &Trajectory) -> Self {
        let horizon = trajectory.horizon();
        let made = |t| game.leader_move(trajectory.leader_type(t), trajectory.leader_action(t));
        Self {
            z: (1..=horizon + 1)
                .map(|t| trajectory.mean_field(t).collect())
                .collect(),
            beliefs: (1..=horizon + 1)
                .map(|t| trajectory.belief(t).to_vec())
                .collect(),
            leader_moves: (1..=horizon).map(made).collect(),
        }
    }
}

/// An action for every (t, bin of z, type).
#[derive(Clone, Debug, PartialEq)]
pub struct SampledResponse {
    types: usize,
    periods: Vec<Period>,
}

/// The bins of one period and the actions in them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Period {
    /// The type by whose share paths are told apart; after the follower types, the leader type by whose probability.
    coordinate: usize,
    /// Ascending: bin b holds shares from `edges[b - 1]` to below `edges[b]`.
    edges: Vec<f64>,
    /// By bin, then type.
    actions: Vec<usize>,
}

impl Period {
    /// Bins of equal numbers of `points`, along the coordinate of the largest variance.
    fn cut(points: &[Vec<f64>]) -> Self {
        let types = points.first().map_or(0, Vec::len);
        let variance = |x: usize| {
            let mut moments = crate::stats::Moments::default();
            moments.extend(points.iter().map(|z| z[x]));
            moments.sd()
        };
        let coordinate = (0..types)
            .reduce(|best, x| {
                if variance(x) > variance(best) {
                    x
                } else {
                    best
                }
            })
            .unwrap_or(0);
        let mut shares: Vec<f64> = points.iter().map(|z| z[coordinate]).collect();
        shares.sort_by(f64::total_cmp);
        let mut edges: Vec<f64> = (1..BINS).map(|b| shares[b * shares.len() / BINS]).collect();
        edges.dedup();
        Self {
            coordinate,
            edges,
            actions: Vec::new(),
        }
    }

    fn bin(&self, z: &[f64], belief: &[f64]) -> usize {
        let share = match z.get(self.coordinate) {
            Some(share) => *share,
            None => belief[self.coordinate - z.len()],
        };
        self.edges.partition_point(|edge| *edge <= share)
    }
}

impl SampledResponse {
    /// Learn from `paths`, at least one.
    ///
    /// # Errors
    /// A kernel or reward without a value on a path.
    pub fn learn(game: &Game, paths: &[SampledPath]) -> Result<Self, ValidateError> {
        let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
        let mut tables = game.tables();
        // V_{t+1} at the end of each path, by type.
        let mut next = Vec::with_capacity(paths.len());
        for path in paths {
            let last = &path.z[game.horizon()];
            let values = (0..types).map(|x| game.terminal_reward(last, x));
            next.push(values.collect::<Result<Vec<f64>, _>>()?);
        }
        let mut periods = Vec::with_capacity(game.horizon());
        for t in (1..=game.horizon()).rev() {
            let public = |path: &SampledPath| [&path.z[t - 1][..], &path.beliefs[t - 1]].concat();
            let points: Vec<Vec<f64>> = paths.iter().map(public).collect();
            let mut period = Period::cut(&points);
            let bins = period.edges.len() + 1;
            // Sums over the paths of a bin, by (bin, x, a).
            let mut sums = vec![0.0; bins * types * actions];
            let mut counts = vec![0.0_f64; bins];
            for (path, next) in paths.iter().zip(&next) {
                let z = &path.z[t - 1];
                tables.evaluate(t, z)?;
                let (bin, leader) = (
                    period.bin(z, &path.beliefs[t - 1]),
                    path.leader_moves[t - 1],
                );
                counts[bin] += 1.0;
                for (x, a) in (0..types).flat_map(|x| available(game, x).map(move |a| (x, a))) {
                    sums[(bin * types + x) * actions + a] +=
                        action_value(game, &tables, (leader, x, a), next);
                }
            }
            let best = |(bin, x): (usize, usize)| {
                let row = &sums[(bin * types + x) * actions..][..actions];
                best_action(game, x, |a| row[a]).0
            };
            let cells = (0..bins).flat_map(|bin| (0..types).map(move |x| (bin, x)));
            period.actions = cells.map(best).collect();
            let value = |bin: usize, x: usize| {
                let action = period.actions[bin * types + x];
                sums[(bin * types + x) * actions + action] / counts[bin].max(1.0)
            };
            for (path, next) in paths.iter().zip(&mut next) {
                let bin = period.bin(&path.z[t - 1], &path.beliefs[t - 1]);
                *next = (0..types).map(|x| value(bin, x)).collect();
            }
            periods.push(period);
        }
        periods.reverse();
        Ok(Self { types, periods })
    }

    /// The action at period t (from 1), belief and mean field z of a follower of type x.
    pub fn action(&self, t: usize, belief: &Belief, z: &[f64], x: usize) -> usize {
        let period = &self.periods[t - 1];
        period.actions[period.bin(z, belief.weights()) * self.types + x]
    }
}
