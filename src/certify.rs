//! Certificates in the mean-field limit: what one follower, or the leader, can gain against the flow of a policy.
//!
//! Against a flow z_1, z_2, ... a single follower faces an ordinary decision problem of finite horizon; its best value
//! minus the policy's is the exploitability. The flow and the values along it are computed here from the game alone:
//! the solver's stored V is used for nothing but the comparison called *consistency*.

mod commitment;
mod flow;
mod leader;
mod mixed;
mod ties;
mod units;
mod warnings;

pub use commitment::{CommitmentGap, Committed, commitment_gap};
pub use flow::{Exploitability, FlowValues};
pub use leader::{LeaderGain, flow_difference, leader_gain};
pub use mixed::{MixedGain, MixedSearch, best_mixed};

use crate::game::{
    Belief, Flow, FlowRule, Game, LeaderInformation, LeaderType, MeanField, Policy, PolicyError,
    RewardRanges, Worth,
};
use crate::solve::Selection;
use crate::solve::{Coin, Iteration, SolveError, Solved, StateValues, ValueError, Work, follow};

/// What the certificate says of the flow of theta from one start.
#[derive(Clone, Debug)]
pub struct PathCertificate {
    /// The flow, coins tossed.
    pub flow: Flow,
    /// Values along it.
    pub values: FlowValues,
    /// Follower exploitability with the coin played where theta holds a lottery.
    pub exploitability: Exploitability,
    /// The same without the coin.
    pub without_coin: Exploitability,
    /// Largest difference between V_1 re-solved at the start and the values along the path, over types and leader. Of an
    /// infinite horizon V at the path's end stands for the periods that are not played.
    pub consistency: f64,
    /// The same less what the iteration left, of each player relative to V_1 and to the width of the rewards of a period.
    pub relative_consistency: f64,
}

/// Certify theta from a start at t = 1 against all deviations of a single follower.
///
/// # Errors
/// [`SolveError`] where the game has no value at a mean field that is met.
pub fn certify_path(solution: &Solved, start: &MeanField) -> Result<PathCertificate, SolveError> {
    let game = solution.game();
    let flow = follow(solution, 1, game.initial_belief(), start, Coin::Tossed)?;
    let values = FlowValues::along(game, &flow)?;
    let exploitability = values.exploitability(&flow);
    let without_coin = if flow.lotteries == 0 {
        exploitability.clone()
    } else {
        let plain = follow(solution, 1, game.initial_belief(), start, Coin::Ignored)?;
        FlowValues::along(game, &plain)?.exploitability(&plain)
    };
    let Consistency { absolute, relative } = Consistency::of(solution, start, &flow, &values)?;
    Ok(PathCertificate {
        flow,
        values,
        exploitability,
        without_coin,
        consistency: absolute,
        relative_consistency: relative,
    })
}

/// V_1 re-solved at the start against the values along a flow.
#[derive(Default)]
struct Consistency {
    absolute: f64,
    relative: f64,
}

impl Consistency {
    fn of(
        solution: &Solved,
        start: &MeanField,
        flow: &Flow,
        values: &FlowValues,
    ) -> Result<Self, SolveError> {
        let game = solution.game();
        let whole = if game.is_infinite() {
            Some(FlowValues::along(game, &with_tail(solution, flow)?)?)
        } else {
            None
        };
        let values = whole.as_ref().unwrap_or(values);
        let ranges = RewardRanges::prove(game);
        // A width that was not proven says nothing.
        let widths = [ranges.follower_width(), ranges.leader_width()]
            .map(|width| if width.is_finite() { width } else { 0.0 });
        let residual = solution.iteration().map_or(0.0, |i| i.residual);
        // What every period adds, for ever, in units of the player's rewards.
        let added = residual / (1.0 - game.discount()).max(f64::MIN_POSITIVE);
        let scales = game.scales();
        let left = [scales.follower.unit, scales.leader.unit].map(|unit| unit * added);
        let mut found = Self::default();
        for (i, node) in flow.starts().iter().enumerate() {
            let resolved = solution.resolve(1, &node.belief, start)?.values;
            let followers = values.follower[i].iter().zip(&resolved.followers);
            let followers: Vec<(f64, f64)> = followers.map(|(a, v)| (*a, *v)).collect();
            let leader = [(values.leader[i], resolved.leader)];
            let players = [&followers[..], &leader].into_iter().zip(widths).zip(left);
            for ((pairs, width), left) in players {
                let away = pairs
                    .iter()
                    .fold(0.0, |most: f64, (a, v)| most.max((a - v).abs()));
                let size = pairs.iter().fold(width, |most, (_, v)| most.max(v.abs()));
                found.absolute = found.absolute.max(away);
                if away > left {
                    found.relative = found.relative.max((away - left) / size);
                }
            }
        }
        Ok(found)
    }
}

/// The flow of a stationary theta, its last nodes worth the stationary V.
fn with_tail(solution: &Solved, flow: &Flow) -> Result<Flow, SolveError> {
    let mut whole = flow.clone();
    for node in whole.nodes.iter_mut().filter(|node| node.play.is_none()) {
        let values = solution.resolve(1, &node.belief, &node.mean_field)?.values;
        node.worth = Some(Box::new(Worth {
            followers: values.followers,
            leader: values.leader,
            leader_types: values.leader_types,
        }));
    }
    Ok(whole)
}

/// What only a solution has.
#[derive(Clone, Debug)]
pub struct SolutionFigures {
    /// The largest one-stage gain of the leader along the path; `None` without a leader.
    pub leader_gain: Option<LeaderGain>,
    /// What mixing in the first period would bring her; `None` without a leader.
    pub mixed: Option<MixedSearch>,
    /// Her prescriptions are laws in multiples of 1 over this.
    pub leader_mixing: usize,
    /// Follower exploitability where lotteries are played without their coin.
    pub without_coin: Exploitability,
    /// V_1 re-solved at the start against the values along the path; see [`PathCertificate`].
    pub consistency: f64,
    /// The same relative to each player's V_1.
    pub relative_consistency: f64,
    /// Whether V between the beliefs that it is held at is interpolated.
    pub interpolates_beliefs: bool,
    /// Jumps of V_1, ..., V_T; `None` where V is held on a lattice, which tracks none.
    pub jumps: Option<usize>,
    /// Work and counts of the backward recursion.
    pub work: Work,
    /// The best whole policy of the leader, among those compared, against theta; `None` without a leader, and where
    /// `solve.commitment_gap` turns it off.
    pub commitment_gap: Option<CommitmentGap>,
    /// A gain of the leader up to this is within the accuracy of the values compared.
    pub leader_accuracy: f64,
    /// How far a population that moves with what the leader does strays from the flow by (8) in one period, in total
    /// variation.
    pub flow_difference: f64,
    /// How the iteration of an infinite horizon ended.
    pub iteration: Option<Iteration>,
    /// What periods that are not played can add to a follower's gain, for an infinite horizon; else 0.
    pub tail: f64,
    /// How far V_1 at the start may be off, and where; `None` where jumps of V are tracked.
    pub value_error: Option<ValueError>,
    /// V_1 re-solved at the start, for each selection that was solved.
    pub values: Vec<(Selection, StateValues)>,
}

impl SolutionFigures {
    /// The prescriptions that the leader chooses from.
    pub fn class(&self) -> String {
        match self.leader_mixing {
            0 | 1 => "pure".to_owned(),
            cells => format!("1/{cells}-multiple"),
        }
    }
}

/// The certificate of a policy from z_1, in the mean-field limit.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Follower exploitability along the flow.
    pub exploitability: Exploitability,
    /// Figures that need a solution; `None` for a policy from elsewhere.
    pub solution: Option<SolutionFigures>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// A certificate with the flow that it speaks of.
#[derive(Clone, Debug)]
pub struct Certified {
    /// From z_1.
    pub flow: Flow,
    /// What is known of it.
    pub certificate: Certificate,
}

impl Certified {
    /// Certify theta from z_1; `others` are solutions under other selections, of which only the values are reported.
    ///
    /// # Errors
    /// [`SolveError`] where the game has no value at a mean field that is met.
    pub fn solution(solution: &Solved, others: &[Solved]) -> Result<Self, SolveError> {
        let start = solution.game().initial();
        let path = certify_path(solution, start)?;
        let mut values = Vec::new();
        for solved in std::iter::once(solution)
            .chain(others)
            .filter(|s| s.is_solved())
        {
            values.push((solved.settings().selection, initial_values(solved, start)?));
        }
        let game = solution.game();
        let settings = solution.settings();
        let has_leader = game.has_leader();
        let figures = SolutionFigures {
            leader_gain: has_leader
                .then(|| leader_gain(solution, &path.flow))
                .transpose()?,
            mixed: has_leader
                .then(|| best_mixed(solution, start))
                .transpose()?,
            leader_mixing: settings.leader_mixing,
            without_coin: path.without_coin,
            consistency: path.consistency,
            relative_consistency: path.relative_consistency,
            interpolates_beliefs: solution.interpolates_beliefs(),
            jumps: solution.jumps(),
            work: *solution.work(),
            commitment_gap: (has_leader && settings.commitment_gap)
                .then(|| commitment_gap(solution, start))
                .transpose()?,
            leader_accuracy: leader_accuracy(game, &values),
            flow_difference: flow_difference(game, &path.flow)?,
            iteration: solution.iteration().copied(),
            tail: tail(game),
            value_error: solution.value_error(&path.flow, path.consistency)?,
            values,
        };
        let mut warnings = warnings::of(game, &path.flow, &path.exploitability, &figures);
        warnings.extend(ties::warnings(solution, &path.flow)?);
        let tolerance = solution.settings().tolerance;
        warnings.extend(units::warnings(game, tolerance, &figures.values));
        for other in others.iter().filter(|s| !s.is_solved()) {
            if let Some(iteration) = other.iteration() {
                warnings.push(format!(
                    "{} selection: {iteration}",
                    other.settings().selection
                ));
            }
        }
        let certificate = Certificate {
            exploitability: path.exploitability,
            solution: Some(figures),
            warnings,
        };
        Ok(Self {
            flow: path.flow,
            certificate,
        })
    }

    /// Certify any policy from a start: its flow by `rule`, and its exploitability.
    ///
    /// # Errors
    /// [`PolicyError`] where the policy names no play, or the game has no value, at a mean field that is met.
    pub fn policy(
        game: &Game,
        policy: &dyn Policy,
        start: &MeanField,
        rule: FlowRule,
    ) -> Result<Self, PolicyError> {
        let flow = Flow::of_policy(game, policy, start, rule)?;
        let exploitability = FlowValues::along(game, &flow)?.exploitability(&flow);
        let cut = flow.cut.map(|t| {
            format!(
                "the tree of public states was cut at t = {t}, where it is too large to be followed to the end: from there \
                 on only the likeliest way from each is followed"
            )
        });
        let certificate = Certificate {
            exploitability,
            solution: None,
            warnings: cut.into_iter().collect(),
        };
        Ok(Self { flow, certificate })
    }
}

/// V_1 re-solved at a start; of public leader types in the mean over pi_1, and the leader's for each.
fn initial_values(solution: &Solved, start: &MeanField) -> Result<StateValues, SolveError> {
    let game = solution.game();
    let pi = game.initial_belief();
    if game.leader_information() != LeaderInformation::Public {
        return Ok(solution.resolve(1, pi, start)?.values);
    }
    let mut mean = StateValues {
        followers: vec![0.0; game.follower_types().len()],
        leader: 0.0,
        leader_types: vec![f64::NAN; game.leader_types().len()],
    };
    for (x, weight) in pi.weights().iter().enumerate().filter(|(_, w)| **w > 0.0) {
        let belief = Belief::of_type(pi.weights().len(), LeaderType(x));
        let values = solution.resolve(1, &belief, start)?.values;
        let followers = mean.followers.iter_mut().zip(values.followers);
        followers.for_each(|(sum, v)| *sum += weight * v);
        mean.leader += weight * values.leader;
        mean.leader_types[x] = values.leader;
    }
    Ok(mean)
}

/// A share of the width of the leader's rewards of one period, and the rounding of V^l; of V^l alone where no width is proven.
fn leader_accuracy(game: &Game, values: &[(Selection, StateValues)]) -> f64 {
    const OF_REWARDS: f64 = 1e-6;
    const OF_VALUES: f64 = 1e-12;
    let size = values
        .iter()
        .fold(0.0, |size: f64, (_, v)| size.max(v.leader.abs()));
    let width = RewardRanges::prove(game).leader_width();
    if width.is_finite() {
        OF_REWARDS * width + OF_VALUES * size
    } else {
        OF_REWARDS * size
    }
}

/// The tail of an infinite horizon over the proven range of the followers' rewards.
fn tail(game: &Game) -> f64 {
    if game.is_infinite() {
        game.tail(RewardRanges::prove(game).follower_width())
    } else {
        0.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
