//! The tagged follower integrated out (Rao-Blackwell): only the crowd is sampled.
//!
//! The crowd n of the N - 1 others is simulated under theta. For every deviation d the weights
//! alpha_d(x) = P_d(own type = x and the crowd's path) / q(path) are carried along, q the law by which the path is drawn:
//!
//! alpha'_d(x') = sum_x alpha_d(x) L(x) sum_a d(a|x) Q(x'|z_x, x, a^l, a),   z_x = (n + e_x)/N,
//! L(x) = P(n'|n, tagged x) / sum_y w(y) P(n'|n, tagged y),
//!
//! and the gain is sum_t delta^(t-1) (sum_x alpha_d(x) r_d(x) - sum_x alpha_theta(x) r_theta(x)). The w are alpha_theta
//! normalised, with a floor on types that a deviation reaches: q is the *marginal* law of the crowd. With the ratio to one
//! simulated follower of theta in its place, the estimate is biased wherever policies jump in z.
//!
//! The leader must leave nothing to chance but the crowd: a leader with types or who mixes is refused. The belief of (9) is a
//! function of what she announces at z^N, which holds the tagged follower: where that moves it, the belief depends on its own
//! past types, which are summed out, so that no weights alpha(x) alone would do. Paired replications treat these games.
//!
//! One pass serves all deviations, and its cost does not grow with N. The luck of the tagged follower, of order 1, is gone,
//! and with it a factor of order N of the variance. What can go wrong: at small N the weights have heavy tails. Their mean,
//! which is 1, and the effective sample size are printed, and [`refusal`] says when nothing may be concluded.
//!
//! The estimates are unbounded, and the verdict rests on bounded ones: with lo <= r <= hi proven per period,
//!
//! S = sum_t delta^(t-1) (sum_x alpha_d(x) (hi - r_d(x)) + sum_x alpha_theta(x) (r_theta(x) - lo)) >= 0
//!
//! has mean (H - L) - gain, where H - L = sum_t delta^(t-1) (hi - lo). So (H - L) - min(S, c) is bounded, and its mean is at
//! least the gain for every c: cutting the heavy tail can only weaken the certificate, never make it false. The mirror
//! image bounds the gain from below and refutes.

mod law;

use super::deviations::FollowerDeviation;
use super::paired::crowd::{Announced, advance};
use super::paired::{Setting, Worker, discounted, pick, with_tagged};
use super::range::PeriodRange;
use super::trial::{Bounds, Difference, Experiment, Hypothesis};
use super::{Player, ValidateError};
use crate::game::RewardRanges;
use crate::game::{Game, MeanField, Play, next_types};
use crate::stats::Interval;
use crate::stream::{Purpose, Role};
pub(super) use law::MAX_TYPES;
use law::Movement;
use rand::RngExt;

/// The least w of a type that a deviation reaches, so that L <= 1/FLOOR there.
const FLOOR: f64 = 0.05;

/// c, in units of the proven width H - L.
const CAP: f64 = 4.0;

/// Below this share of effective replications nothing is concluded.
const MIN_EFFECTIVE_SHARE: f64 = 0.01;

/// Nor where the mean weight is this many standard errors from 1.
const MAX_WEIGHT_ERROR: f64 = 4.0;

/// Starts: the initial types of positive weight in order, then their average with those weights.
pub(super) struct IntegratedExperiment<'a> {
    setting: Setting<'a>,
    /// (type, weight) of the tagged follower at t = 1; the weights sum to one.
    types: Vec<(usize, f64)>,
    deviations: Vec<FollowerDeviation>,
    /// By start, then deviation.
    ranges: Vec<Vec<Vec<Option<PeriodRange>>>>,
}

/// What the tagged follower of one type meets at one (t, n).
struct Local {
    z: MeanField,
    /// p_y(y') of the others, types by types.
    moves: Vec<f64>,
    /// gamma(. | x) of theta.
    row: Vec<f64>,
    /// By action.
    rewards: Vec<f64>,
    /// By action, then next type.
    kernel: Vec<f64>,
    /// L(x).
    ratio: f64,
}

/// One follower policy on its way: theta or a deviation.
#[derive(Clone)]
struct Carried {
    /// alpha(x).
    weights: Vec<f64>,
    /// sum_x alpha(x) and sum_x alpha(x) r(x), by period.
    totals: Vec<(f64, f64)>,
}

impl Carried {
    fn new(types: usize, start: usize) -> Self {
        let mut weights = vec![0.0; types];
        weights[start] = 1.0;
        Self {
            weights,
            totals: Vec::new(),
        }
    }

    fn total(&self) -> f64 {
        self.weights.iter().sum()
    }
}

impl<'a> IntegratedExperiment<'a> {
    /// The experiment; `types` as for paired replications.
    pub fn new(
        setting: Setting<'a>,
        types: Vec<(usize, f64)>,
        deviations: Vec<FollowerDeviation>,
        ranges: &RewardRanges<'_>,
    ) -> Self {
        let by_type = types.iter().map(|(x, _)| {
            let periods = deviations.iter().map(|d| ranges.follower_periods(d, *x));
            periods.collect()
        });
        let ranges = by_type.collect();
        Self {
            setting,
            types,
            deviations,
            ranges,
        }
    }

    /// What the bounded estimates of (start, deviation) cannot leave; the start after the last type is the average.
    pub fn bounds(&self, start: usize, deviation: usize) -> Bounds {
        let mut above = Interval::point(0.0);
        let mut below = Interval::point(0.0);
        let weighted = |i: usize| match self.types.get(start) {
            Some(_) => f64::from(i == start),
            None => self.types[i].1,
        };
        for (i, by_deviation) in self.ranges.iter().enumerate() {
            let share = weighted(i);
            if share > 0.0 {
                let width = self.width(&by_deviation[deviation]);
                let cap = CAP * (width.high - width.low);
                above.low += share * (width.high - cap);
                above.high += share * width.high;
                below.low += share * width.low;
                below.high += share * (width.low + cap);
            }
        }
        Bounds::OneSided(above, below)
    }

    /// The range of the gain: [L' - H', H - L] in the notation above.
    fn width(&self, ranges: &[Option<PeriodRange>]) -> Interval {
        let side = |end: fn(&PeriodRange) -> f64| {
            let parts = ranges.iter().map(|range| range.as_ref().map_or(0.0, end));
            discounted(parts, self.setting.game.discount())
        };
        Interval {
            low: side(|range| range.deviation.low - range.theta.high),
            high: side(|range| range.deviation.high - range.theta.low),
        }
    }

    /// One crowd path for the tagged follower's initial type `x`: theta, then the deviations asked for.
    fn path(
        &self,
        worker: &mut Worker<'_>,
        replication: u64,
        x: usize,
        deviations: &[usize],
    ) -> Result<Vec<Carried>, ValidateError> {
        let Setting { game, streams, .. } = &self.setting;
        let types = game.follower_types().len();
        let replication = Purpose::Integrated.offset() + replication;
        let mut crowd = streams.stream(replication, Role::Followers);
        let mut tagged = streams.stream(replication, Role::TaggedFollower);
        let mut others = self.setting.first_counts(replication, Some(x));
        let mut carried = vec![Carried::new(types, x); deviations.len() + 1];
        for t in 1..=game.horizon() {
            let reached: Vec<bool> = (0..types)
                .map(|x| carried.iter().any(|c| c.weights[x] > 0.0))
                .collect();
            let mut locals = Vec::with_capacity(types);
            for (x, reached) in reached.iter().enumerate() {
                let local = reached.then(|| self.local(worker, t, &others, x));
                locals.push(local.transpose()?);
            }
            let reference = reference(&carried[0], &reached);
            let y = pick(&reference, tagged.random());
            let (policy, counts) = (self.setting.policy, with_tagged(&others, y));
            let state = (game.initial_belief(), &counts[..]);
            let play = worker.play(policy, t, state, Announced::Theta)?;
            let before = others.clone();
            let leader_move = leader_move(&play)?;
            advance(&worker.tables, &play, leader_move, &mut others, &mut crowd);
            set_ratios(&mut locals, &before, &others, &reference);
            for (i, carried) in carried.iter_mut().enumerate() {
                let deviation = i.checked_sub(1).map(|i| &self.deviations[deviations[i]]);
                self.carry(t, deviation, &locals, carried)?;
            }
        }
        let mut terminal = vec![0.0; types];
        for (x, reward) in terminal.iter_mut().enumerate() {
            if carried.iter().any(|c| c.weights[x] > 0.0) {
                let z = MeanField::from_counts(&with_tagged(&others, x));
                *reward = game.terminal_reward(z.weights(), x)?;
            }
        }
        for carried in &mut carried {
            let paid = carried.weights.iter().zip(&terminal).map(|(w, r)| w * r);
            let paid = paid.sum();
            carried.totals.push((carried.total(), paid));
        }
        Ok(carried)
    }

    fn local(
        &self,
        worker: &mut Worker<'_>,
        t: usize,
        others: &[u64],
        x: usize,
    ) -> Result<Local, ValidateError> {
        let counts = with_tagged(others, x);
        let state = (self.setting.game.initial_belief(), &counts[..]);
        let play = worker.play(self.setting.policy, t, state, Announced::Theta)?;
        let (tables, leader, types) = (&worker.tables, leader_move(&play)?, others.len());
        let actions = 0..play.prescription.actions();
        let cells = actions
            .clone()
            .flat_map(|a| (0..types).map(move |y| (a, y)));
        let moves = next_types(tables, leader, &play.prescription).concat();
        Ok(Local {
            z: MeanField::from_counts(&counts),
            moves,
            row: play.prescription.row(x).to_vec(),
            rewards: actions
                .map(|a| tables.follower_reward(leader, x, a))
                .collect(),
            kernel: cells
                .map(|(a, y)| tables.transition(leader, x, a, y))
                .collect(),
            ratio: 0.0,
        })
    }

    /// From alpha at t to alpha at t + 1; None for theta.
    fn carry(
        &self,
        t: usize,
        deviation: Option<&FollowerDeviation>,
        locals: &[Option<Local>],
        carried: &mut Carried,
    ) -> Result<(), ValidateError> {
        let (total, mut paid) = (carried.total(), 0.0);
        let mut next = vec![0.0; locals.len()];
        let mut law = vec![0.0; self.setting.game.follower_actions().len()];
        let present = locals.iter().zip(&carried.weights).enumerate();
        for (x, (local, weight)) in present.filter(|(_, (_, weight))| **weight > 0.0) {
            let Some(local) = local else { continue };
            match deviation {
                Some(d) => {
                    let here = (t, self.setting.game.initial_belief(), &local.z);
                    let written = d.write_law(self.setting.game, here, x, &local.row, &mut law);
                    written.map_err(|error| {
                        let population = self.setting.population;
                        let name = || d.name(self.setting.game);
                        ValidateError::from(error).on_the_way_of(Player::Follower, population, name)
                    })?;
                }
                None => law.copy_from_slice(&local.row),
            }
            for (a, p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                paid += weight * p * local.rewards[a];
                let kernel = &local.kernel[a * next.len()..][..next.len()];
                for (to, q) in next.iter_mut().zip(kernel) {
                    *to += weight * local.ratio * p * q;
                }
            }
        }
        carried.totals.push((total, paid));
        carried.weights = next;
        Ok(())
    }

    /// The estimates of one deviation from one start.
    fn difference(
        &self,
        theta: &Carried,
        deviant: &Carried,
        ranges: &[Option<PeriodRange>],
    ) -> Difference {
        let discount = self.setting.game.discount();
        let periods = || theta.totals.iter().zip(&deviant.totals).zip(ranges);
        let gains =
            periods().map(|(((_, base), (_, paid)), range)| range.map_or(0.0, |_| paid - base));
        // S and its mirror image, period by period.
        let short = periods().map(|(((w, base), (v, paid)), range)| {
            range.map_or(0.0, |r| {
                (v * r.deviation.high - paid) + (base - w * r.theta.low)
            })
        });
        let excess = periods().map(|(((w, base), (v, paid)), range)| {
            range.map_or(0.0, |r| {
                (paid - v * r.deviation.low) + (w * r.theta.high - base)
            })
        });
        let width = self.width(ranges);
        let cap = CAP * (width.high - width.low);
        let cut = |total: f64| total.clamp(0.0, cap);
        Difference {
            theta: discounted(theta.totals.iter().map(|(_, base)| *base), discount),
            gain: discounted(gains, discount),
            above: width.high - cut(discounted(short, discount)),
            below: width.low + cut(discounted(excess, discount)),
            weight: deviant.total(),
        }
    }
}

impl Experiment for IntegratedExperiment<'_> {
    fn replicate(
        &self,
        worker: &mut Worker<'_>,
        replication: u64,
        deviations: &[usize],
    ) -> Result<Vec<Difference>, ValidateError> {
        let mut differences = Vec::with_capacity((self.types.len() + 1) * deviations.len());
        let mut average = vec![Difference::default(); deviations.len()];
        for ((x, weight), ranges) in self.types.iter().zip(&self.ranges) {
            let carried = self.path(worker, replication, *x, deviations)?;
            let (theta, deviants) = carried.split_at(1);
            let each = deviants.iter().zip(deviations).zip(&mut average);
            for ((deviant, d), average) in each {
                let difference = self.difference(&theta[0], deviant, &ranges[*d]);
                differences.push(difference);
                average.add(*weight, &difference);
            }
        }
        differences.extend(average);
        Ok(differences)
    }

    fn game(&self) -> &Game {
        self.setting.game
    }
}

/// The move of a leader without types who does not mix.
fn leader_move(play: &Play) -> Result<usize, ValidateError> {
    let action = play.leader.single_action();
    action.map(|a| a.0).ok_or(ValidateError::IntegratedLeader)
}

/// w: alpha_theta normalised, and at least about [`FLOOR`] on every type reached.
fn reference(theta: &Carried, reached: &[bool]) -> Vec<f64> {
    let total = theta.total();
    let raised = theta.weights.iter().zip(reached).map(|(weight, reached)| {
        let own = if total > 0.0 { weight / total } else { 0.0 };
        if *reached { own.max(FLOOR) } else { 0.0 }
    });
    let raised: Vec<f64> = raised.collect();
    let sum: f64 = raised.iter().sum();
    raised.into_iter().map(|w| w / sum).collect()
}

/// L(x) = P(n'|n, tagged x) / sum_y w(y) P(n'|n, tagged y).
fn set_ratios(locals: &mut [Option<Local>], before: &[u64], after: &[u64], reference: &[f64]) {
    let mut mixture = 0.0;
    for (local, weight) in locals.iter_mut().zip(reference) {
        if let Some(local) = local {
            let movement = Movement {
                counts: before,
                laws: &local.moves,
            };
            local.ratio = movement.probability(after);
            mixture += weight * local.ratio;
        }
    }
    for local in locals.iter_mut().flatten() {
        // A path so unlikely that its probability is lost to rounding (below 1e-15 a step) tells nothing.
        local.ratio = if mixture > 0.0 {
            local.ratio / mixture
        } else {
            1.0
        };
    }
}

/// Why nothing may be concluded from the deciding hypotheses, if so.
pub(super) fn refusal(
    hypotheses: &[Hypothesis],
    name: impl Fn(&Hypothesis) -> String,
) -> Option<String> {
    hypotheses
        .iter()
        .filter(|h| h.weight == super::Weight::Decides && h.weights.count() > 1)
        .find_map(|h| {
            let (mean, error) = (h.weights.mean(), h.weights.std_error());
            let share = h.effective_share();
            // Weights that never vary are 1 to rounding.
            let away = (mean - 1.0).abs() > MAX_WEIGHT_ERROR * error + 1e-9;
            if share < MIN_EFFECTIVE_SHARE {
                return Some(format!(
                    "the effective sample size of {} is {share:.2e} of the replications, below {MIN_EFFECTIVE_SHARE}",
                    name(h)
                ));
            }
            away.then(|| {
                format!(
                    "the mean weight of {} is {mean:.4}, more than {MAX_WEIGHT_ERROR} standard errors ({error:.1e}) \
                     from 1",
                    name(h)
                )
            })
        })
}
