//! Certificates in the mean-field limit: what one follower, or the leader, can gain against the flow of a policy.
//!
//! Against a flow z_1, z_2, ... a single follower faces an ordinary decision problem of finite horizon; its best value
//! minus the policy's is the exploitability. The flow and the values along it are computed here from the game alone:
//! the solver's stored V is used for nothing but the comparison called *consistency*.

mod commitment;
mod flow;
mod leader;

pub use commitment::{CommitmentGap, Committed, commitment_gap};
pub use flow::{Exploitability, FlowValues};
pub use leader::{LeaderGain, flow_difference, leader_gain};

use super::RewardRanges;
use crate::game::{
    Belief, Flow, FlowRule, Game, GameError, LeaderInformation, LeaderType, MeanField, Policy,
};
use crate::scenario::Selection;
use crate::solve::{Coin, Iteration, SolveError, Solved, StateValues, ValueError, Work, follow};

/// V_1 and the values along the path may differ by this times max(1, |V_1|): interpolation errors and tie tolerances add up.
const CONSISTENT: f64 = 1e-6;

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
    /// Largest difference between V_1 re-solved at the start and the values along the path, over types and leader.
    pub consistency: f64,
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
    let mut consistency: f64 = 0.0;
    for (i, node) in flow.starts().iter().enumerate() {
        let resolved = solution.resolve(1, &node.belief, start)?.values;
        let followers = values.follower[i].iter().zip(&resolved.followers);
        let away = followers.map(|(along, stored)| (along - stored).abs());
        let leader = (values.leader[i] - resolved.leader).abs();
        consistency = consistency.max(away.fold(leader, f64::max));
    }
    Ok(PathCertificate {
        flow,
        values,
        exploitability,
        without_coin,
        consistency,
    })
}

/// What only a solution has.
#[derive(Clone, Debug)]
pub struct SolutionFigures {
    /// The largest one-stage gain of the leader along the path.
    pub leader_gain: LeaderGain,
    /// Follower exploitability where lotteries are played without their coin.
    pub without_coin: Exploitability,
    /// V_1 re-solved at the start against the values along the path.
    pub consistency: f64,
    /// Whether V between the beliefs that it is held at is interpolated.
    pub interpolates_beliefs: bool,
    /// Jumps of V_1, ..., V_T; `None` where V is held on a lattice, which tracks none.
    pub jumps: Option<usize>,
    /// Work and counts of the backward recursion.
    pub work: Work,
    /// The best whole policy of the leader, among those compared, against theta.
    pub commitment_gap: CommitmentGap,
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
        let figures = SolutionFigures {
            leader_gain: leader_gain(solution, &path.flow)?,
            without_coin: path.without_coin,
            consistency: path.consistency,
            interpolates_beliefs: solution.interpolates_beliefs(),
            jumps: solution.jumps(),
            work: *solution.work(),
            commitment_gap: commitment_gap(solution, start)?,
            flow_difference: flow_difference(solution.game(), &path.flow)?,
            iteration: solution.iteration().copied(),
            tail: tail(solution.game()),
            value_error: solution.value_error(&path.flow)?,
            values,
        };
        let mut warnings = warnings(&path.flow, &path.exploitability, &figures);
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
    /// [`GameError`] where the game has no value at a mean field that is met.
    pub fn policy(
        game: &Game,
        policy: &dyn Policy,
        start: &MeanField,
        rule: FlowRule,
    ) -> Result<Self, GameError> {
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

/// The tail of an infinite horizon over the proven range of the followers' rewards.
fn tail(game: &Game) -> f64 {
    if game.is_infinite() {
        game.tail(RewardRanges::prove(game).follower_width())
    } else {
        0.0
    }
}

fn warnings(flow: &Flow, gain: &Exploitability, figures: &SolutionFigures) -> Vec<String> {
    let mut warnings = Vec::new();
    if figures.work.failed > 0 {
        warnings.push(format!(
            "{} stage games without an equilibrium were met: theta is not an equilibrium there",
            figures.work.failed
        ));
    }
    if figures.work.even > 0 {
        warnings.push(format!(
            "{} stage games away from ties have an even number of equilibria: one was missed in each",
            figures.work.even
        ));
    }
    // Beyond rounding.
    if figures.jumps.is_none() && gain.initial > 1e-9 {
        warnings.push(format!(
            "values between the points of the lattice are interpolated, and of their jumps (in {:.1} % of its simplices) one is \
             known per edge: that leaves a follower the gain {:.1e} in the mean-field limit; try another `grid`",
            100.0 * figures.work.mixed_share().unwrap_or(0.0),
            gain.initial
        ));
    }
    if figures.work.incomplete > 0 {
        warnings.push(format!(
            "the search of {} stage games ended at its limit on work: equilibria may be missing there",
            figures.work.incomplete
        ));
    }
    if flow.lotteries > 0 {
        warnings.push(format!(
            "theta holds a public lottery at {} nodes of the path: without the coin, and at finite N, a gain may remain",
            flow.lotteries
        ));
    }
    if let Some(t) = flow.cut {
        warnings.push(format!(
            "the path's tree of public states was cut at t = {t}, where it is too large to be followed to the end: deviations \
             are checked before that, and V_{t} stands for what follows"
        ));
    }
    if figures.commitment_gap.unsolved > 0 {
        warnings.push(format!(
            "{} constant actions of the leader are not compared with theta: the iteration did not converge for them",
            figures.commitment_gap.unsolved
        ));
    }
    if let Some(error) = &figures.value_error {
        warnings.extend(error.warnings.iter().cloned());
    }
    let size = figures.values.iter().fold(1.0, |size: f64, (_, v)| {
        size.max(v.leader.abs())
            .max(v.followers.iter().fold(0.0, |size, v| size.max(v.abs())))
    });
    // Periods that are not played are in V_1 alone.
    if figures.consistency > CONSISTENT * size + figures.tail {
        let why = match (figures.interpolates_beliefs, figures.jumps) {
            (true, Some(_)) => {
                "that is what interpolation between beliefs adds up to, less with a larger solve.belief_grid"
            }
            (true, None) => {
                "that is what interpolation between beliefs and between the points of the lattice adds up to, less with a \
                 larger solve.belief_grid and solve.grid"
            }
            (false, Some(_)) => {
                "the mesh missed a switch of regime, a larger solve.grid may find it"
            }
            (false, None) => {
                "that is what interpolation between the points of the lattice adds up to, less with a larger solve.grid"
            }
        };
        warnings.push(format!(
            "V_1 at the start and the values along the path differ by {:.1e}: {why}",
            figures.consistency
        ));
    }
    // Beyond the accuracy of the values that are compared.
    if figures.commitment_gap.value > 1e-6 {
        let whole = match figures.commitment_gap.policy {
            Committed::Constant(_) => "one constant action",
            Committed::Sequence(_) => "a sequence of actions",
        };
        warnings.push(format!(
            "committing to {whole} would give the leader {:.6} more than theta: theta is optimal stage by stage, not \
             against every whole policy",
            figures.commitment_gap.value
        ));
    }
    match figures.leader_gain.until {
        Some(1) => warnings.push(
            "the leader's one-stage gains are not computed: her candidates lead to too many public states".into(),
        ),
        Some(t) => warnings.push(format!(
            "the leader's one-stage gains are those before t = {t}: later her candidates lead to too many public states"
        )),
        None => {}
    }
    let regret = figures
        .leader_gain
        .regret
        .iter()
        .fold(0.0, |most: f64, r| most.max(*r));
    if regret > 1e-9 {
        warnings.push(format!(
            "a type of the leader would gain {regret:.6} by another prescription: (15c) asks for one that is best for every \
             type at once, and theta's is best in the mean over the belief"
        ));
    }
    if figures.flow_difference > 1e-12 {
        warnings.push(format!(
            "a population moves with what the leader does, and then strays from a flow averaged over it by up to {:.6} in \
             one period (total variation)",
            figures.flow_difference
        ));
    }
    warnings
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
