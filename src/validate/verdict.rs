//! Rows of gains, and the verdict that they support.
//!
//! Per (population, player): certified where no tested gain reaches epsilon, refuted where one does, else inconclusive.
//! The rows that decide are those of the initial types with z_1(x) > 0, and of the leader's one start; the averages,
//! the worst states and the declared starts stand beside them. Overall refuted if any claim is, else inconclusive if any
//! is. Each (population, player) claim has the stated confidence; none is joint.

use std::fmt;

use super::exact::Values;
use super::trial::Hypothesis;
use crate::stats::Digits;

/// Who deviates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Player {
    /// One of the N followers.
    Follower,
    /// The leader.
    Leader,
}

impl fmt::Display for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Follower => "follower",
            Self::Leader => "leader",
        })
    }
}

/// How a gain was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Backward induction over all deviations.
    Exact,
    /// Sampled crowds, the tagged follower integrated out, for listed deviations.
    Integrated,
    /// Paired replications of listed deviations.
    Paired,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Integrated => "integrated",
            Self::Paired => "paired",
        })
    }
}

/// What is known of the claim that no gain reaches epsilon.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds.
    Certified,
    /// Neither, by the replication limit or within the error bound.
    Inconclusive,
    /// A deviation gains epsilon or more.
    Refuted,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certified => "certified",
            Self::Inconclusive => "inconclusive",
            Self::Refuted => "refuted",
        })
    }
}

/// Whether a row enters the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The verdict is the largest of these.
    Decides,
    /// Printed beside them.
    Beside,
}

/// The start of the rows that hold the largest gain over all states of the first period: it may be one of which z_1 knows
/// nothing, so that the rows say nothing of the claim and their verdict is not printed.
pub const WORST: &str = "worst";

/// One line of deviations.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// N.
    pub population: u64,
    /// Who deviates.
    pub player: Player,
    /// `initial`, a type, `worst`, or a declared start.
    pub start: String,
    /// The deviation's name.
    pub deviation: String,
    /// How the gain was found.
    pub method: Method,
    /// The expected discounted gain, or its estimate.
    pub gain: f64,
    /// 0 for exact rows.
    pub std_error: f64,
    /// Lower limit of the gain; the gain itself for exact rows.
    pub low: f64,
    /// Upper limit of the gain; the gain itself for exact rows.
    pub high: f64,
    /// 0 for exact rows.
    pub replications: u64,
    /// Theta's value from that start.
    pub value: f64,
    /// The deviator's value from that start.
    pub value_deviation: f64,
    /// The mean likelihood weight, 1 in expectation; `NaN` where there are no weights.
    pub mean_weight: f64,
    /// (sum w)^2 / sum w^2 of the weights; `NaN` where there are none.
    pub effective_replications: f64,
    /// Of this row alone.
    pub verdict: Verdict,
    /// Whether the claim rests on it.
    pub weight: Weight,
}

/// The claim about one (population, player): its verdict, and the deciding row with the largest gain.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimResult {
    /// The row that the verdict is shown by.
    pub row: Row,
    /// The verdict on all deciding rows.
    pub verdict: Verdict,
    /// The class of deviations that the claim is about.
    pub class: String,
    /// The smallest epsilon that the evidence certifies: the largest upper limit of the deciding rows.
    pub smallest_epsilon: f64,
    /// The claim with all its conditions, and the verdict on it.
    pub sentence: String,
}

/// What names a row.
#[derive(Clone, Debug)]
pub(super) struct RowName {
    pub population: u64,
    pub player: Player,
    pub start: String,
    pub deviation: String,
    pub weight: Weight,
}

/// By how much an exact gain may be off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slack {
    /// Of either value, by computation.
    pub error: f64,
    /// What periods of an infinite horizon that are not played can add or take.
    pub tail: f64,
}

/// An exact row; `error` bounds the error of either value.
pub(super) fn exact_row(name: RowName, values: Values, slack: Slack, epsilon: f64) -> Row {
    let gain = values.gain();
    let Slack { error, tail } = slack;
    let unsure = 2.0 * error + tail;
    let verdict = if gain + unsure < epsilon {
        Verdict::Certified
    } else if gain - unsure >= epsilon {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    let RowName {
        population,
        player,
        start,
        deviation,
        weight,
    } = name;
    Row {
        population,
        player,
        start,
        deviation,
        method: Method::Exact,
        gain,
        std_error: 0.0,
        low: gain - tail,
        high: gain + tail,
        replications: 0,
        value: values.theta,
        value_deviation: values.best,
        mean_weight: f64::NAN,
        effective_replications: f64::NAN,
        verdict,
        weight,
    }
}

/// A sampled row. It is refuted on its own evidence among `tested` deviations: an e-value of `tested` / alpha.
pub(super) fn sampled_row(
    name: RowName,
    method: Method,
    hypothesis: &Hypothesis,
    tested: usize,
    alpha: f64,
) -> Row {
    let RowName {
        population,
        player,
        start,
        deviation,
        weight,
    } = name;
    let limits = hypothesis.bets.as_ref().map(|bets| bets.interval());
    let (gain, value) = (hypothesis.gains.mean(), hypothesis.theta.mean());
    let replications = hypothesis.gains.count();
    let (mean_weight, effective_replications) = match method {
        Method::Integrated => (
            hypothesis.weights.mean(),
            hypothesis.effective_share() * replications as f64,
        ),
        Method::Paired | Method::Exact => (f64::NAN, f64::NAN),
    };
    let verdict = if hypothesis.is_certified() {
        Verdict::Certified
    } else if hypothesis.e_value() >= tested as f64 / alpha {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    Row {
        population,
        player,
        start,
        deviation,
        method,
        gain,
        std_error: hypothesis.gains.std_error(),
        low: limits.map_or(f64::NEG_INFINITY, |limits| limits.low),
        high: limits.map_or(f64::INFINITY, |limits| limits.high),
        replications,
        value,
        value_deviation: value + gain,
        mean_weight,
        effective_replications,
        verdict,
        weight,
    }
}

/// The conditions of a claim, in words.
#[derive(Clone, Debug)]
pub(super) struct Conditions<'a> {
    pub horizon: usize,
    pub initial: String,
    pub selection: &'a str,
    pub class: &'a str,
    pub epsilon: f64,
    /// How the verdict was reached.
    pub evidence: String,
    /// What has to be added to a row's upper limit: the error of an exact gain.
    pub error: f64,
}

/// The claim that the deciding rows of one (population, player) bear on, with the `verdict` reached; `None` without rows.
pub(super) fn conclude(
    rows: &[Row],
    verdict: Verdict,
    conditions: &Conditions<'_>,
) -> Option<ClaimResult> {
    let deciding = rows.iter().filter(|row| row.weight == Weight::Decides);
    let row = deciding.reduce(|largest, row| {
        if row.gain > largest.gain {
            row
        } else {
            largest
        }
    })?;
    let Conditions {
        horizon,
        initial,
        selection,
        class,
        epsilon,
        evidence,
        error,
    } = conditions;
    let deciding = rows.iter().filter(|row| row.weight == Weight::Decides);
    let highest = deciding
        .map(|row| row.high)
        .fold(f64::NEG_INFINITY, f64::max);
    let smallest_epsilon = highest + error;
    let Row {
        population,
        start,
        deviation,
        gain,
        ..
    } = row;
    let player = match row.player {
        Player::Follower => "a follower",
        Player::Leader => "the leader",
    };
    let digits = Digits::of([*epsilon, *gain, smallest_epsilon]);
    let sentence = format!(
        "At N = {population}, T = {horizon}, initial law {initial}, {selection} selection: \"no unilateral deviation of \
         {player} among {class} gains {epsilon} or more\" is {verdict} by {evidence} (largest gain {}, {deviation} \
         from {start}; smallest epsilon that could be certified {}).",
        digits.show(*gain),
        digits.show(smallest_epsilon)
    );
    Some(ClaimResult {
        row: row.clone(),
        verdict,
        class: class.to_string(),
        smallest_epsilon,
        sentence,
    })
}

/// The worst verdict: refuted if any is, else inconclusive if any is; inconclusive where there is no claim.
pub(super) fn overall(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.max().unwrap_or(Verdict::Inconclusive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(theta: f64, best: f64, error: f64) -> Row {
        let name = RowName {
            population: 10,
            player: Player::Follower,
            start: "healthy".into(),
            deviation: "best_response".into(),
            weight: Weight::Decides,
        };
        exact_row(
            name,
            Values { theta, best },
            Slack { error, tail: 0.0 },
            0.25,
        )
    }

    #[test]
    fn what_is_not_played_leaves_a_gain_open() {
        let name = || RowName {
            population: 10,
            player: Player::Follower,
            start: "healthy".into(),
            deviation: "best_response".into(),
            weight: Weight::Decides,
        };
        let judge = |best: f64| {
            let values = Values { theta: 0.0, best };
            let slack = Slack {
                error: 0.0,
                tail: 0.0625,
            };
            exact_row(name(), values, slack, 0.25)
        };
        assert_eq!(judge(0.1874).verdict, Verdict::Certified);
        assert_eq!(judge(0.1875).verdict, Verdict::Inconclusive);
        assert_eq!(judge(0.3124).verdict, Verdict::Inconclusive);
        assert_eq!(judge(0.3125).verdict, Verdict::Refuted);
        assert_eq!((judge(0.25).low, judge(0.25).high), (0.1875, 0.3125));
    }

    #[test]
    fn a_gain_of_epsilon_is_refuted_and_one_below_certified() {
        assert_eq!(row(0.0, 0.25, 0.0).verdict, Verdict::Refuted);
        assert_eq!(row(0.0, 0.2499, 0.0).verdict, Verdict::Certified);
        // Within twice the error bound of either value, nothing can be said.
        assert_eq!(row(0.0, 0.2499, 1e-4).verdict, Verdict::Inconclusive);
        assert_eq!(row(0.0, 0.2501, 1e-4).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn one_refuted_claim_refutes_and_one_open_claim_leaves_open() {
        use Verdict::{Certified, Inconclusive, Refuted};
        assert_eq!(overall([Certified, Certified].into_iter()), Certified);
        assert_eq!(overall([Certified, Inconclusive].into_iter()), Inconclusive);
        assert_eq!(
            overall([Inconclusive, Refuted, Certified].into_iter()),
            Refuted
        );
        assert_eq!(overall(std::iter::empty()), Inconclusive);
    }

    #[test]
    fn the_sentence_names_every_condition_and_the_largest_deciding_gain() {
        let mut beside = row(0.0, 0.9, 0.0);
        beside.weight = Weight::Beside;
        let rows = [row(1.0, 1.125, 0.0), beside, row(0.0, 0.0, 0.0)];
        let conditions = Conditions {
            horizon: 30,
            initial: "i.i.d. (0.9, 0.1)".into(),
            selection: "optimistic",
            class: "all its deviations",
            epsilon: 0.25,
            evidence: "exact backward induction".into(),
            error: 0.0,
        };
        let result = conclude(&rows, Verdict::Certified, &conditions).unwrap();
        assert_eq!(result.row.gain, 0.125);
        assert_eq!(
            result.sentence,
            "At N = 10, T = 30, initial law i.i.d. (0.9, 0.1), optimistic selection: \"no unilateral deviation of a \
             follower among all its deviations gains 0.25 or more\" is certified by exact backward induction \
             (largest gain 0.125000, best_response from healthy; smallest epsilon that could be certified 0.125000)."
        );
        assert_eq!(conclude(&[], Verdict::Certified, &conditions), None);
    }
}
