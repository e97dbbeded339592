//! Whether unilateral deviations from a policy profit at finite N, and the claim that may be made of it.
//!
//! A follower who deviates faces everybody else at theta, reacting to z^N with the deviator in it; a leader who deviates
//! announces another action and the followers re-answer, (15c)-(15d). The gain is the expected discounted sum of reward
//! differences from t = 1. Only the policy and the game are used, never the solver's own values.
//!
//! [`Exact`] covers all deviations by backward induction and comes first; where it costs too much, paired replications
//! ([`FollowerDeviation`] and the leader's constant actions) take its place, and the claim is about those alone.
//!
//! Where the leader has types, deviations are functions of (t, pi, z, x), pi the common belief (9). That is all there is to
//! deviate by unless followers see more of a private type than her actions tell ([`Game::private_type_leaks`]); those games
//! are sampled, and the claim says what its deviations may depend on.

mod belief_check;
mod calibrate;
mod convergence;
mod deviations;
mod exact;
mod integrated;
mod one_step;
mod paired;
mod plan;
mod population;
mod range;
mod settings;
mod trial;
mod verdict;

#[cfg(test)]
mod tests;

use crate::game::{
    Belief, Game, GameError, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType,
    MeanField, Policy, PolicyError, TypeLeak,
};
use crate::simulate::split::MAX_POPULATION;
use crate::simulate::{SimulateError, Start};
use crate::stats::BettingError;

pub use belief_check::BeliefCheck;
pub use calibrate::{
    Calibration, CalibrationRow, PLANTED_CLASSES, PLANTED_EPSILON, PLANTED_GAINS, PlantedCase,
    PlantedLaw, PlantedSource, RATE_CONFIDENCE, Stay,
};
pub use convergence::{
    Convergence, Estimate, Fitted, JumpInReach, Point, Quantity, Rate, Slope, Source, converge,
    fit_rate, local_slopes,
};
pub use deviations::{
    FollowerDeviation, LeaderChoices, LeaderDeviation, MAX_MAPS, MAX_ONE_SHOTS, MOST_VISITED,
    MeanFieldPath, NamedPolicy, PERTURBATIONS, ResponseTable, SampledPath, SampledResponse,
    one_shot_periods, visited_beliefs,
};
pub use exact::{
    Cost, Departure, Exact, LeaderTest, MAX_EXACT_STATES, MOST_BELIEFS, Values, estimated_cost,
};
pub use one_step::{CHECK_LEVEL, Check, OneStep};
pub use plan::{Need, PILOT, plan};
pub use range::PeriodRange;
pub use settings::{MethodChoice, ValidateSettings};
pub use verdict::{ClaimResult, Method, Player, Row, Verdict, WORST, Weight};

/// Multiply-adds that `auto` spends on one player's exact gain at one population: 20 to 50 s of one core.
pub const EXACT_BUDGET: f64 = 2e11;

/// Multiply-adds that the method `exact` spends where it is asked for: 20 to 40 minutes of one core.
pub const EXACT_LIMIT: f64 = 1e13;

/// What stops a validation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValidateError {
    /// A kernel or reward has no value at some z^N.
    #[error(transparent)]
    Game(#[from] GameError),
    /// A test cannot be set up, or a gain left its proven range.
    #[error(transparent)]
    Betting(#[from] BettingError),
    /// More states than memory.
    #[error(
        "the exact method would hold {horizon} periods of {population} followers, more than {MAX_EXACT_STATES} states: \
         use the method `integrated` or `paired`"
    )]
    ExactStates {
        /// N.
        population: u64,
        /// T.
        horizon: usize,
    },
    /// More work than is done even where it is asked for.
    #[error(
        "the exact method would take about {cost:.1e} multiply-adds at N = {population}, more than {EXACT_LIMIT:.0e}: use \
         the method `integrated` or `paired`"
    )]
    ExactCost {
        /// N.
        population: u64,
        /// As estimated.
        cost: f64,
    },
    /// More beliefs about the leader's type than are kept.
    #[error(
        "the exact method would need more than {MOST_BELIEFS} beliefs about the leader's type at t = {t}: use the method \
         `paired`"
    )]
    ExactBeliefs {
        /// The period.
        t: usize,
    },
    /// Followers can learn more of a private type than the belief says.
    #[error(
        "the exact method takes the belief for all that followers know of the leader's type, and {leak}: use the method \
         `paired`"
    )]
    ExactLeak {
        /// What tells it.
        leak: TypeLeak,
    },
    /// A policy that plays differently when asked again.
    #[error("the policy does not play the same when it is asked again at t = {t}")]
    UnsteadyPolicy {
        /// The period.
        t: usize,
    },
    /// More maps from leader types to actions than are tried.
    #[error("the leader has too many announcements to be tried one by one at t = {t}")]
    Announcements {
        /// The period.
        t: usize,
    },
    /// The tagged follower cannot be integrated out.
    #[error(
        "the method `integrated` is for leaders without types who do not mix: use the method `paired`"
    )]
    IntegratedLeader,
    /// More types than the angles of a crowd's characteristic function can be summed for.
    #[error(
        "the method `integrated` treats at most {} follower types and this game has {types}: use the method `paired`",
        integrated::MAX_TYPES
    )]
    IntegratedTypes {
        /// |X^f|.
        types: usize,
    },
    /// A population cannot be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// No followers, or more than the sampler can split.
    #[error("N = {population} is not between 1 and {MAX_POPULATION}")]
    Population {
        /// N.
        population: u64,
    },
    /// Epsilon is not positive.
    #[error("epsilon = {epsilon} is not a positive number")]
    Epsilon {
        /// As asked for.
        epsilon: f64,
    },
    /// Confidence is not a probability.
    #[error("confidence = {confidence} is not between 0 and 1")]
    Confidence {
        /// As asked for.
        confidence: f64,
    },
    /// The policy names no play, or no answer to a deviating leader, at a state that is met.
    #[error(transparent)]
    Policy(PolicyError),
    /// The same on the way of a deviation.
    #[error("the {player}'s deviation `{deviation}` cannot be tested at N = {population}")]
    Deviation {
        /// Who deviates.
        player: Player,
        /// As deviations.csv names it.
        deviation: String,
        /// N.
        population: u64,
        /// Where and why, and what may be done.
        source: Box<PolicyError>,
    },
    /// The leader's deviation leads to too many beliefs.
    #[error(
        "the leader's deviation `{deviation}` leads to more than {MOST_VISITED} beliefs about her type at t = {t}, too many \
         for theta to be solved at: a file with fewer different laws of her actions may do"
    )]
    Visited {
        /// As deviations.csv names it.
        deviation: String,
        /// The period.
        t: usize,
    },
}

impl From<PolicyError> for ValidateError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Game(error) => Self::Game(error),
            error => Self::Policy(error),
        }
    }
}

impl ValidateError {
    /// Met where this deviation leads, `deviation` as deviations.csv names it.
    fn on_the_way_of(
        self,
        player: Player,
        population: u64,
        deviation: impl FnOnce() -> String,
    ) -> Self {
        match self {
            Self::Policy(source) => Self::Deviation {
                player,
                deviation: deviation(),
                population,
                source: Box::new(source),
            },
            error => error,
        }
    }
}

/// What to validate and how.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// The populations N.
    pub populations: &'a [u64],
    /// The gain that refutes, in reward units; positive.
    pub epsilon: f64,
    /// 1 - alpha of every (population, player) claim.
    pub confidence: f64,
    /// Which method; `Auto` is exact where its estimated cost is within [`EXACT_BUDGET`], else paired, decided for each
    /// player and population.
    pub method: MethodChoice,
    /// The types at t = 1.
    pub start: Start,
    /// Of the streams of paired replications.
    pub seed: u64,
    /// The most paired replications per (population, player).
    pub replications: u64,
    /// Policies to be tried as deviations, of followers and leader.
    pub files: &'a [NamedPolicy],
    /// Laws off the path from which the gain is printed besides, types i.i.d.
    pub starts: &'a [MeanField],
    /// The selection that the policy was solved with, for the claim's words.
    pub selection: &'a str,
}

/// A departure of the best responder at one population.
#[derive(Clone, Debug, PartialEq)]
pub struct BestResponseRow {
    /// N.
    pub population: u64,
    /// The period, from 1.
    pub t: usize,
    /// The deviator's type.
    pub x: usize,
    /// z^N, the deviator included.
    pub z: MeanField,
    /// The belief about the leader's type.
    pub belief: Belief,
    /// The best action, the first of equals.
    pub action: usize,
    /// What the action gains over theta's prescription at this state, the best response following in both cases.
    pub gain: f64,
}

/// Everything that a validation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// deviations.csv, by population, player, method, start and deviation.
    pub rows: Vec<Row>,
    /// best_response.csv, by population, t, type and count.
    pub best_response: Vec<BestResponseRow>,
    /// One claim per (population, player) that was tested.
    pub results: Vec<ClaimResult>,
    /// Of all claims together.
    pub verdict: Verdict,
    /// The one-step checks of simulator and policy, one per population.
    pub checks: Vec<Check>,
    /// What the reader has to know besides.
    pub warnings: Vec<String>,
}

impl Validation {
    fn empty() -> Self {
        Self {
            rows: Vec::new(),
            best_response: Vec::new(),
            results: Vec::new(),
            verdict: Verdict::Inconclusive,
            checks: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Epsilon and confidence in their ranges.
fn check_settings(settings: &Settings<'_>) -> Result<(), ValidateError> {
    let Settings {
        epsilon,
        confidence,
        ..
    } = *settings;
    if !(epsilon > 0.0 && epsilon.is_finite()) {
        return Err(ValidateError::Epsilon { epsilon });
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(ValidateError::Confidence { confidence });
    }
    Ok(())
}

/// Validate `policy` at every population; `path` is the mean-field limit's, which one of the deviations answers.
///
/// # Errors
/// Settings out of range, a kernel or reward without a value at some z^N, and, for [`MethodChoice::Exact`], a game or
/// population that it cannot treat.
pub fn validate(
    game: &Game,
    policy: &dyn Policy,
    path: &MeanFieldPath,
    settings: &Settings<'_>,
) -> Result<Validation, ValidateError> {
    check_settings(settings)?;
    let mut validation = Validation::empty();
    let leader = leader_test(game, policy)?;
    if game.has_leader() && leader == LeaderTest::None {
        validation.warnings.push(
            "the leader's deviations are not tested: the policy names no answer to them".into(),
        );
    }
    if let Some(leak) = game.private_type_leaks() {
        validation.warnings.push(format!(
            "{leak}: a follower's own past tells more of it than the belief (9), which is made from the leader's actions \
             alone. The policy and all deviations are functions of (t, pi, z, x); nothing is said of followers who remember \
             more, and the belief is not compared with the leader's types"
        ));
    }
    for population in settings.populations {
        population::Claims {
            game,
            policy,
            path,
            settings,
            leader,
            population: *population,
        }
        .decide(&mut validation)?;
    }
    validation.verdict = verdict::overall(validation.results.iter().map(|result| result.verdict));
    Ok(validation)
}

/// Whether the leader's deviations can be tested: the policy names the followers' answers.
///
/// # Errors
/// A policy that is not known at the start.
fn leader_test(game: &Game, policy: &dyn Policy) -> Result<LeaderTest, ValidateError> {
    if !game.has_leader() {
        return Ok(LeaderTest::None);
    }
    let types = game.leader_types().len();
    let likeliest = game.initial_belief().weights().iter().enumerate();
    let likeliest = likeliest.reduce(|a, b| if b.1 > a.1 { b } else { a });
    let belief = match game.leader_information() {
        LeaderInformation::Public => {
            Belief::of_type(types, LeaderType(likeliest.map_or(0, |(x, _)| x)))
        }
        LeaderInformation::NoTypes | LeaderInformation::Private => game.initial_belief().clone(),
    };
    let announced = LeaderPrescription::pure(vec![LeaderAction(0); types]);
    match policy.answer(1, &belief, game.initial(), &announced) {
        Ok(_) => Ok(LeaderTest::StageWise),
        Err(PolicyError::NoAnswer { .. }) => Ok(LeaderTest::None),
        Err(error) => Err(error.into()),
    }
}
