//! What the reader of a certificate should know besides its figures.

use super::commitment::{CommitmentGap, Committed};
use super::flow::Exploitability;
use super::leader::LeaderGain;
use super::mixed::{MixedGain, MixedSearch};
use super::{Flow, Game, LeaderInformation, SolutionFigures};
use crate::stats::digits;

/// V_1 and the values along the path may differ by this, relative to V_1 and to the rewards of a period: interpolation
/// errors and tie tolerances add up.
const CONSISTENT: f64 = 1e-6;
/// Regrets compare values of one stage, which are this much more accurate than those of whole policies.
const OF_ONE_STAGE: f64 = 1e-3;

pub(super) fn of(
    game: &Game,
    flow: &Flow,
    gain: &Exploitability,
    figures: &SolutionFigures,
) -> Vec<String> {
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
    if let Some(error) = &figures.value_error {
        warnings.extend(error.warnings.iter().cloned());
    }
    if figures.work.unproven > 0 {
        warnings.push(format!(
            "V is not proven in {} places: there the error of a piece, or what equilibria do between two points, was tested \
             and not bounded",
            figures.work.unproven
        ));
    }
    if figures.work.undecided > 0 {
        warnings.push(format!(
            "in {} stage games the error of V leaves open whether actions tie: an equilibrium may be one by less than it; a \
             smaller solve.tolerance may decide",
            figures.work.undecided
        ));
    }
    if figures.work.suprema > 0 {
        warnings.push(format!(
            "in {} stage games the selected point of a continuum of equilibria is a limit at a jump of V, which is approached \
             and not attained",
            figures.work.suprema
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
    if figures.relative_consistency > CONSISTENT {
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
    if let Some(gap) = &figures.commitment_gap {
        commitment(gap, figures, &mut warnings);
    }
    if let Some(gain) = &figures.leader_gain {
        leader(gain, figures, &mut warnings);
    }
    if let Some(search) = &figures.mixed {
        warnings.extend(mixture(game, search, figures));
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

/// Whole policies that do better than theta, and those that were not compared.
fn commitment(gap: &CommitmentGap, figures: &SolutionFigures, warnings: &mut Vec<String>) {
    if gap.unsolved > 0 {
        warnings.push(format!(
            "{} constant actions of the leader are not compared with theta: the iteration did not converge for them",
            gap.unsolved
        ));
    }
    if gap.skipped > 0 {
        warnings.push(format!(
            "{} constant actions of the leader are not compared with theta: that would take longer than the solution itself \
             (solve.commitment_gap = false leaves the comparison out)",
            gap.skipped
        ));
    }
    if gap.value > figures.leader_accuracy {
        let whole = match gap.policy {
            Committed::Constant(_) => "one constant action",
            Committed::Sequence(_) => "a sequence of actions",
        };
        warnings.push(format!(
            "committing to {whole} would give the leader {} more than theta: theta is optimal stage by stage, not against \
             every whole policy",
            digits(gap.value)
        ));
    }
}

/// Periods in which her candidates were not tried, and types that would choose otherwise.
fn leader(gain: &LeaderGain, figures: &SolutionFigures, warnings: &mut Vec<String>) {
    match gain.until {
        Some(1) => warnings.push(
            "the leader's one-stage gains are not computed: her candidates lead to too many public states".into(),
        ),
        Some(t) => warnings.push(format!(
            "the leader's one-stage gains are those before t = {t}: later her candidates lead to too many public states"
        )),
        None => {}
    }
    let regret = gain.regret.iter().fold(0.0, |most: f64, r| most.max(*r));
    if regret > OF_ONE_STAGE * figures.leader_accuracy {
        warnings.push(format!(
            "a type of the leader would gain {} by another prescription: (15c) asks for one that is best for every type at \
             once, and theta's is best in the mean over the belief",
            digits(regret)
        ));
    }
}

/// A mixed prescription that does better than theta in the first period.
fn mixture(game: &Game, search: &MixedSearch, figures: &SolutionFigures) -> Option<String> {
    let MixedSearch::Found(MixedGain {
        value, gain, laws, ..
    }) = search
    else {
        return None;
    };
    if *gain <= figures.leader_accuracy {
        return None;
    }
    let laws: Vec<String> = laws
        .iter()
        .map(|(x, law)| {
            let named = game.leader_actions().iter().zip(law);
            let used = named.filter(|(_, p)| **p > 0.0);
            let law: Vec<String> = used.map(|(name, p)| format!("{name} {p}")).collect();
            let law = law.join(", ");
            match game.leader_information() {
                LeaderInformation::NoTypes => law,
                _ => format!("{}: {law}", game.leader_types()[x.0]),
            }
        })
        .collect();
    Some(format!(
        "by mixing ({}) in the first period the leader would have {}, {} more than theta, which is best over {} prescriptions: a \
         larger solve.leader_mixing lets her mix",
        laws.join("; "),
        digits(*value),
        digits(*gain),
        figures.class()
    ))
}
