//! How fast N followers approach the mean-field limit: gaps, distances and value errors over a grid of N, and their rates.
//!
//! | quantity | what |
//! |---|---|
//! | `follower_gain`, `leader_gain` | the largest deciding gain of a deviation |
//! | `distance` | E TV(z^N_t, z_t), of order N^-1/2; where the flow branches, z_t at the node that a replication leads to |
//! | `distance_bias` | \|E z^N_t(x) - z_t(x)\|, of order 1/N where nothing jumps |
//! | `distance_spread` | sd z^N_t(x), of order N^-1/2 |
//! | `follower_value_error`, `leader_value_error` | \|V^N_1 - V_1\| of theta, at z_1 |
//!
//! The periods (and types) of the distances are those at which they are largest at the smallest N, the bias measured in
//! its standard errors, and are then kept for all N: the largest of many noisy figures would be none of them. They are
//! chosen on paths of their own, as are the signs of errors that have one: chosen on the paths that are measured, 95% limits
//! of the bias would cover it in 83 cases of 100.
//!
//! Gaps and values are exact where backward induction is affordable and sampled elsewhere, at the largest exact N both. A
//! sampled gap is that of the one deviation that did best in a pilot, on fresh streams; where the overlap shows that
//! the sampled class misses a part of the gap, the rate is fitted to the exact points alone. Where the policy jumps in z
//! within reach of z^N, one power of N says nothing (measured slopes 1.31, .90, 2.01, .29): such N take no part in a fit,
//! and the places are named. Where that leaves fewer than three N, all are fitted, and the rate is kept only if they bear it out.

mod fit;
mod jumps;
mod measure;

use super::deviations::MeanFieldPath;
use super::exact::LeaderTest;
use super::population::Claims;
use super::{Method, Player, Settings, ValidateError};
use crate::certify::FlowValues;
use crate::game::RewardRanges;
use crate::game::{Flow, Game, MeanField, Policy};
use crate::stats::{Interval, normal_quantile};
pub use fit::{Point, Rate, Slope, fit_rate, local_slopes};
pub use jumps::JumpInReach;
use jumps::jumps_in_reach;
use measure::{Chosen, Gap, Simulated, exact_gaps, sampled_gap, simulated};

/// Two-sided quantile of the printed limits of sampled figures: 95%, normal theory, descriptive.
const CONFIDENCE: f64 = 0.95;
/// Exact and sampled figures of one N that differ by more standard errors than this differ.
const MOST_ERRORS: f64 = 4.0;
/// An exact figure below this, with its error bound, is not told from 0.
const ZERO: f64 = 1e-9;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The largest deciding gain of a follower.
    FollowerGain,
    /// The leader's gain from z_1.
    LeaderGain,
    /// Mean total variation to the mean field.
    Distance,
    /// Distance of the mean of z^N to the mean field.
    DistanceBias,
    /// Standard deviation of z^N.
    DistanceSpread,
    /// Error of the followers' value.
    FollowerValueError,
    /// Error of the leader's value.
    LeaderValueError,
}

impl Quantity {
    /// All of them, in the order of convergence.csv.
    pub const ALL: [Self; 7] = [
        Self::FollowerGain,
        Self::LeaderGain,
        Self::Distance,
        Self::DistanceBias,
        Self::DistanceSpread,
        Self::FollowerValueError,
        Self::LeaderValueError,
    ];

    /// The name in convergence.csv.
    pub fn word(self) -> &'static str {
        match self {
            Self::FollowerGain => "follower_gain",
            Self::LeaderGain => "leader_gain",
            Self::Distance => "distance",
            Self::DistanceBias => "distance_bias",
            Self::DistanceSpread => "distance_spread",
            Self::FollowerValueError => "follower_value_error",
            Self::LeaderValueError => "leader_value_error",
        }
    }
}

/// How a figure was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// As a gain is.
    Test(Method),
    /// From simulated populations under theta.
    Simulated,
}

impl Source {
    /// The name in convergence.csv.
    pub fn word(self) -> &'static str {
        match self {
            Self::Test(Method::Exact) => "exact",
            Self::Test(Method::Integrated) => "integrated",
            Self::Test(Method::Paired) => "paired",
            Self::Simulated => "simulated",
        }
    }

    fn is_exact(self) -> bool {
        self == Self::Test(Method::Exact)
    }
}

/// One figure at one N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// N.
    pub population: u64,
    /// What was measured.
    pub quantity: Quantity,
    /// How.
    pub source: Source,
    /// The figure.
    pub value: f64,
    /// Its standard error; 0 where it is exact.
    pub std_error: f64,
}

impl Estimate {
    /// Limits at 95% confidence, by normal theory; the figure itself where it is exact.
    pub fn limits(&self) -> Interval {
        let reach = normal_quantile(0.5 + 0.5 * CONFIDENCE) * self.std_error;
        Interval {
            low: self.value - reach,
            high: self.value + reach,
        }
    }

    fn point(&self) -> Point {
        Point {
            population: self.population,
            value: self.value,
            std_error: self.std_error,
        }
    }
}

/// The rate of one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Of what.
    pub quantity: Quantity,
    /// C N^-a; `None` where fewer than three N can take part.
    pub rate: Option<Rate>,
    /// The N that took part.
    pub populations: Vec<u64>,
    /// Between all neighbours, also those that took no part.
    pub slopes: Vec<Slope>,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Convergence {
    /// By quantity, then N; exact before sampled.
    pub estimates: Vec<Estimate>,
    /// One per quantity that was measured.
    pub fits: Vec<Fitted>,
    /// Where the policy jumps within reach, nearest first.
    pub jumps: Vec<JumpInReach>,
    /// What the reader has to know besides.
    pub warnings: Vec<String>,
}

/// Measure at every population of `settings`, and fit. `switches` holds, for every t, the z(x_2) at which the regime of
/// the policy switches; empty where they are not known.
///
/// # Errors
/// As [`super::validate`].
pub fn converge(
    game: &Game,
    policy: &dyn Policy,
    flow: &Flow,
    switches: &[Vec<f64>],
    settings: &Settings<'_>,
) -> Result<Convergence, ValidateError> {
    super::check_settings(settings)?;
    let path = MeanFieldPath::of_flow(game, flow);
    let limit = limit_values(game, flow)?;
    let mut populations = settings.populations.to_vec();
    populations.sort_unstable();
    populations.dedup();
    let leader = super::leader_test(game, policy)?;
    let claims: Vec<Claims<'_>> = populations
        .iter()
        .map(|population| Claims {
            game,
            policy,
            path: &path,
            settings,
            leader,
            population: *population,
        })
        .collect();
    let simulated = simulated(&claims, flow)?;
    let mut measured = Measured::default();
    if let Some(smallest) = claims.first() {
        let chosen = Chosen::by(smallest, flow)?;
        measured.signs(&chosen, limit);
        measured.distances(&simulated, &chosen);
    }
    measured.values(game, &simulated, limit);
    measured.gaps(&claims, limit)?;
    let jumps = match claims.first() {
        Some(claims) => jumps_in_reach(claims, &path.z, switches, &simulated)?,
        None => Vec::new(),
    };
    measured
        .warnings
        .extend(jumps::warning(game, &jumps, &populations));
    Ok(measured.finish(jumps))
}

/// The followers' z_1-weighted value and the leader's, in the mean-field limit.
#[derive(Clone, Copy, Debug)]
struct Limit {
    follower: f64,
    leader: f64,
}

fn limit_values(game: &Game, flow: &Flow) -> Result<Limit, ValidateError> {
    let values = FlowValues::along(game, flow)?;
    let initial = game.initial().weights();
    // A public type has a start each.
    let starts = flow.starts().iter().enumerate();
    let mean =
        |value: &dyn Fn(usize) -> f64| starts.clone().map(|(i, s)| s.weight * value(i)).sum();
    let mean_follower = |i: usize| {
        let values = values.follower[i].iter().zip(initial);
        values.map(|(value, share)| share * value).sum()
    };
    Ok(Limit {
        follower: mean(&mean_follower),
        leader: mean(&|i| values.leader[i]),
    })
}

/// Estimates as they come in, errors still with their signs.
#[derive(Default)]
struct Measured {
    estimates: Vec<Estimate>,
    /// Those whose error is below zero at the smallest N.
    turned: Vec<Quantity>,
    warnings: Vec<String>,
}

impl Measured {
    fn add(&mut self, population: u64, quantity: Quantity, source: Source, figure: (f64, f64)) {
        let (value, std_error) = figure;
        self.estimates.push(Estimate {
            population,
            quantity,
            source,
            value,
            std_error,
        });
    }

    /// The errors that are reported with their sign turned, where no exact one says so.
    fn signs(&mut self, chosen: &Chosen, limit: Limit) {
        let errors = [
            (Quantity::DistanceBias, chosen.bias_is_negative),
            (
                Quantity::FollowerValueError,
                chosen.follower < limit.follower,
            ),
            (Quantity::LeaderValueError, chosen.leader < limit.leader),
        ];
        let turned = errors.into_iter().filter(|(_, negative)| *negative);
        self.turned.extend(turned.map(|(quantity, _)| quantity));
    }

    fn distances(&mut self, simulated: &[Simulated], chosen: &Chosen) {
        for found in simulated {
            let figures = [
                (Quantity::Distance, found.distance(chosen.farthest)),
                (Quantity::DistanceBias, found.bias(chosen.most_biased)),
                (Quantity::DistanceSpread, found.spread(chosen.widest)),
            ];
            for (quantity, figure) in figures {
                self.add(found.population, quantity, Source::Simulated, figure);
            }
        }
    }

    fn values(&mut self, game: &Game, simulated: &[Simulated], limit: Limit) {
        for found in simulated {
            let (value, error) = found.follower_value();
            let figure = (value - limit.follower, error);
            self.add(
                found.population,
                Quantity::FollowerValueError,
                Source::Simulated,
                figure,
            );
            if game.has_leader() {
                let (value, error) = found.leader_value();
                let figure = (value - limit.leader, error);
                self.add(
                    found.population,
                    Quantity::LeaderValueError,
                    Source::Simulated,
                    figure,
                );
            }
        }
    }

    /// Exact where affordable, sampled elsewhere, and both at the largest N that is exact for the player.
    fn gaps(&mut self, claims: &[Claims<'_>], limit: Limit) -> Result<(), ValidateError> {
        let plans: Vec<_> = claims.iter().map(Claims::plan).collect::<Result<_, _>>()?;
        let last = |exact: &dyn Fn(usize) -> bool| (0..claims.len()).rev().find(|i| exact(*i));
        let overlap = last(&|i| plans[i].follower == Method::Exact);
        let leader_overlap = last(&|i| plans[i].leader == Method::Exact);
        let ranges = RewardRanges::prove(claims[0].game);
        for (i, (claims, plan)) in claims.iter().zip(&plans).enumerate() {
            let with_leader = claims.leader == LeaderTest::StageWise;
            if plan.follower == Method::Exact {
                self.exact(claims, plan.leader == Method::Exact && with_leader, limit)?;
            }
            if plan.follower != Method::Exact || overlap == Some(i) {
                let method = match plan.follower {
                    Method::Exact => claims.best_sampled(),
                    sampled => sampled,
                };
                let gap = sampled_gap(claims, Player::Follower, method, &ranges)?;
                self.sampled(claims.population, Quantity::FollowerGain, gap);
            }
            if with_leader && (plan.leader != Method::Exact || leader_overlap == Some(i)) {
                let gap = sampled_gap(claims, Player::Leader, Method::Paired, &ranges)?;
                self.sampled(claims.population, Quantity::LeaderGain, gap);
            }
        }
        Ok(())
    }

    fn exact(
        &mut self,
        claims: &Claims<'_>,
        with_leader: bool,
        limit: Limit,
    ) -> Result<(), ValidateError> {
        let found = exact_gaps(claims, with_leader)?;
        let (population, exact) = (claims.population, Source::Test(Method::Exact));
        self.add(
            population,
            Quantity::FollowerGain,
            exact,
            (found.follower.gain, 0.0),
        );
        let error = found.follower.value - limit.follower;
        self.add(
            population,
            Quantity::FollowerValueError,
            exact,
            (error, 0.0),
        );
        if let Some(leader) = found.leader {
            self.add(population, Quantity::LeaderGain, exact, (leader.gain, 0.0));
            let error = leader.value - limit.leader;
            self.add(population, Quantity::LeaderValueError, exact, (error, 0.0));
        }
        Ok(())
    }

    fn sampled(&mut self, population: u64, quantity: Quantity, gap: Gap) {
        self.warnings.extend(gap.warning);
        self.add(population, quantity, Source::Test(gap.method), gap.figure);
    }

    fn finish(mut self, jumps: Vec<JumpInReach>) -> Convergence {
        let reach = jumps
            .iter()
            .map(|jump| jump.out_of_reach_from)
            .fold(0.0, f64::max);
        let mut fits = Vec::new();
        let mut estimates = Vec::new();
        for quantity in Quantity::ALL {
            let mut own: Vec<Estimate> = self
                .estimates
                .iter()
                .filter(|e| e.quantity == quantity)
                .copied()
                .collect();
            own.sort_by_key(|e| (e.population, !e.source.is_exact()));
            if own.is_empty() {
                continue;
            }
            let is_negative = match own[0].source.is_exact() {
                true => own[0].value < 0.0,
                false => self.turned.contains(&quantity),
            };
            if has_sign(quantity) && is_negative {
                own.iter_mut().for_each(|e| e.value = -e.value);
            }
            fits.push(fit(quantity, &own, reach, &mut self.warnings));
            estimates.extend(own);
        }
        Convergence {
            estimates,
            fits,
            jumps,
            warnings: self.warnings,
        }
    }
}

/// Whether a figure may be negative for want of its modulus.
fn has_sign(quantity: Quantity) -> bool {
    use Quantity::{DistanceBias, FollowerValueError, LeaderValueError};
    matches!(
        quantity,
        DistanceBias | FollowerValueError | LeaderValueError
    )
}

/// Fit one quantity; `own` by N, exact before sampled. N up to `reach` have a jump of the policy within reach.
fn fit(quantity: Quantity, own: &[Estimate], reach: f64, warnings: &mut Vec<String>) -> Fitted {
    let overlaps = own
        .windows(2)
        .filter(|pair| pair[0].population == pair[1].population);
    let apart = overlaps.filter(|pair| {
        let error = pair[0].std_error.hypot(pair[1].std_error);
        (pair[0].value - pair[1].value).abs() > MOST_ERRORS * error + ZERO
    });
    let mut joined = true;
    for pair in apart {
        joined = false;
        warnings.push(format!(
            "{}, N = {}: {:.3e} {}, {:.3e} (standard error {:.1e}) {}: the two are not joined in one fit (a sampled class holds \
             some deviations, an exact one all)",
            quantity.word(),
            pair[0].population,
            pair[0].value,
            pair[0].source.word(),
            pair[1].value,
            pair[1].std_error,
            pair[1].source.word(),
        ));
    }
    let mut line: Vec<Estimate> = own.to_vec();
    line.dedup_by_key(|e| e.population);
    if !joined {
        line.retain(|e| e.source.is_exact());
    }
    let points: Vec<Point> = line.iter().map(Estimate::point).collect();
    let told = |p: &&Point| p.std_error > 0.0 || p.value > ZERO;
    let told: Vec<Point> = points.iter().filter(told).copied().collect();
    let clear = told.iter().filter(|p| p.population as f64 >= reach);
    let clear: Vec<Point> = clear.copied().collect();
    let (fitted, rate) = if clear.len() >= 3 {
        let rate = fit_rate(&clear);
        (clear, rate)
    } else {
        let rate = fit_rate(&told).filter(Rate::is_borne_out);
        (told, rate)
    };
    if let Some(rate) = rate.filter(|rate| !rate.is_borne_out()) {
        let by = match rate.lack_of_fit.is_nan() {
            true => format!("relative misfit {:.2}", rate.misfit),
            false => format!("lack of fit p = {:.1e}", rate.lack_of_fit),
        };
        warnings.push(format!(
            "{}: the points do not lie on one power of N ({by}): see the local slopes",
            quantity.word()
        ));
    }
    Fitted {
        quantity,
        rate,
        populations: fitted.iter().map(|p| p.population).collect(),
        slopes: local_slopes(&points),
    }
}

/// z with the weight m on the second of two types.
fn at(m: f64) -> MeanField {
    MeanField::two_types(m.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
