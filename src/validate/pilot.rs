//! Replications of every deviation of a class outside any verdict: what `plan` resamples and `convergence` estimates from.
//!
//! Its streams are those of replications from [`FIRST_TRIAL`] on, which no verdict reaches, so that nothing that is found
//! here has been seen there.

use rayon::prelude::*;

use super::ValidateError;
use super::deviations::LeaderDeviation;
use super::integrated::IntegratedExperiment;
use super::paired::{Bounds, Difference, Experiment, FollowerExperiment, LeaderExperiment, Worker};
use super::population::Claims;
use super::range::RewardRanges;
use super::{Method, Player};

/// The first replication of a pilot; the integrated method adds 2^40 to it.
pub(super) const FIRST_TRIAL: u64 = 1 << 52;

/// One deciding (start, deviation).
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub start: String,
    pub deviation: String,
    pub bounds: Bounds,
}

/// A class of deviations of one player, to be replicated by one method.
pub(super) struct Trial<'a> {
    pub method: Method,
    pub player: Player,
    /// Deciding cells by start, then deviation.
    pub cells: Vec<Cell>,
    /// What periods of an infinite horizon that are not played can add to a gain, or take from it; the cells' bounds leave
    /// it out.
    pub tail: f64,
    deviations: usize,
    experiment: Box<dyn Experiment + 'a>,
}

impl<'a> Trial<'a> {
    /// Every deviation of a follower, from every initial type that some follower has.
    pub fn follower(
        claims: &Claims<'a>,
        method: Method,
        ranges: &RewardRanges<'_>,
    ) -> Result<Self, ValidateError> {
        let (deviations, _) = claims.follower_class()?;
        let (game, types) = (claims.game, claims.tagged_types());
        let names: Vec<String> = deviations.iter().map(|d| d.name(game)).collect();
        let starts = types.iter().map(|(x, _)| game.follower_types()[*x].clone());
        let starts: Vec<String> = starts.collect();
        let setting = claims.setting();
        let tail = game.tail(ranges.follower_width());
        if method == Method::Integrated {
            let experiment = IntegratedExperiment::new(setting, types, deviations, ranges);
            let cells = cells(&starts, &names, |start, d| experiment.bounds(start, d));
            let trial = Self::of(method, Player::Follower, cells, names.len(), experiment);
            return Ok(Self { tail, ..trial });
        }
        let cells = cells(&starts, &names, |start, d| {
            Bounds::Proven(ranges.follower_difference(&deviations[d], types[start].0))
        });
        let experiment = FollowerExperiment {
            setting,
            types,
            deviations,
        };
        let trial = Self::of(method, Player::Follower, cells, names.len(), experiment);
        Ok(Self { tail, ..trial })
    }

    /// Every deviation of the leader.
    pub fn leader(claims: &Claims<'a>, ranges: &RewardRanges<'_>) -> Self {
        let mut deviations = LeaderDeviation::class(claims.game);
        let files = claims.settings.files.iter().cloned();
        deviations.extend(files.map(LeaderDeviation::File));
        let names: Vec<String> = deviations.iter().map(|d| d.name(claims.game)).collect();
        let cells = cells(&["initial".to_string()], &names, |_, d| {
            Bounds::Proven(ranges.leader_difference(&deviations[d]))
        });
        let setting = claims.setting();
        let experiment = LeaderExperiment {
            setting,
            deviations,
        };
        let number = names.len();
        Self {
            tail: claims.game.tail(ranges.leader_width()),
            ..Self::of(Method::Paired, Player::Leader, cells, number, experiment)
        }
    }

    fn of(
        method: Method,
        player: Player,
        cells: Vec<Cell>,
        deviations: usize,
        experiment: impl Experiment + 'a,
    ) -> Self {
        Self {
            method,
            player,
            cells,
            tail: 0.0,
            deviations,
            experiment: Box::new(experiment),
        }
    }

    /// All cells.
    pub fn all(&self) -> Vec<usize> {
        (0..self.cells.len()).collect()
    }

    /// Index of the (start, deviation) of a cell.
    pub fn place(&self, cell: usize) -> (usize, usize) {
        (cell / self.deviations, cell % self.deviations)
    }

    /// Replications `first` .. `first + count` of the trial, counted from 1: per replication the differences of `cells`
    /// (rising), handed to `sink` in order.
    pub fn replicate(
        &self,
        cells: &[usize],
        first: u64,
        count: u64,
        mut sink: impl FnMut(&[Difference]),
    ) -> Result<(), ValidateError> {
        const CHUNK: u64 = 256;
        let mut open: Vec<usize> = cells.iter().map(|cell| self.place(*cell).1).collect();
        open.sort_unstable();
        open.dedup();
        // Differences come by start, then by the deviations asked for.
        let position = |cell: &usize| {
            let (start, deviation) = self.place(*cell);
            let among = open.partition_point(|d| *d < deviation);
            start * open.len() + among
        };
        let positions: Vec<usize> = cells.iter().map(position).collect();
        let begin = FIRST_TRIAL + first;
        for low in (begin..begin + count).step_by(CHUNK as usize) {
            let block: Vec<Vec<Difference>> = (low..(low + CHUNK).min(begin + count))
                .into_par_iter()
                .map_init(
                    || Worker::new(self.experiment.game()),
                    |worker, k| self.experiment.replicate(worker, k, &open),
                )
                .collect::<Result<_, _>>()?;
            for differences in block {
                let wanted: Vec<Difference> = positions.iter().map(|i| differences[*i]).collect();
                sink(&wanted);
            }
        }
        Ok(())
    }
}

fn cells(
    starts: &[String],
    deviations: &[String],
    bounds: impl Fn(usize, usize) -> Bounds,
) -> Vec<Cell> {
    let cell = |(i, start): (usize, &String), (d, deviation): (usize, &String)| Cell {
        start: start.clone(),
        deviation: deviation.clone(),
        bounds: bounds(i, d),
    };
    let by_start = starts.iter().enumerate().flat_map(|start| {
        let deviations = deviations.iter().enumerate();
        deviations.map(move |d| (start, d))
    });
    by_start.map(|(start, d)| cell(start, d)).collect()
}
