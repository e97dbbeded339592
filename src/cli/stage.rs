//! `smfg stage`: every equilibrium of one stage game, as CSV on standard output.

use clap::Args;
use smfg::game::{Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, MeanField};
use smfg::report::stage_table;
use smfg::scenario::Scenario;
use smfg::solve::{Solved, Start};

use super::failure::{Failure, Usage};
use super::options::{Changed, SolutionOptions, SourceOptions};
use super::{Outcome, stdout};

/// Numbers of `--z` and of `--pi` sum to one within this.
const LAW_TOLERANCE: f64 = 1e-12;

/// Arguments of `smfg stage`.
#[derive(Debug, Args)]
pub struct StageCommand {
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    solution: SolutionOptions,
    /// The period, from 1
    #[arg(long, value_name = "T")]
    t: u64,
    /// The mean field, one number per follower type
    #[arg(
        long,
        value_name = "Z,Z..",
        value_delimiter = ',',
        required = true,
        allow_hyphen_values = true
    )]
    z: Vec<f64>,
    /// The common belief, one number per leader type [default: the law of her first type]
    #[arg(
        long,
        value_name = "P,..",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pi: Option<Vec<f64>>,
    /// The leader's action, whatever her type, by its value or name [default: each prescription in turn]
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    leader_action: Option<String>,
    /// The leader's prescription, one action per type
    #[arg(
        long,
        value_name = "A,A..",
        value_delimiter = ',',
        allow_hyphen_values = true,
        conflicts_with = "leader_action"
    )]
    leader: Option<Vec<String>>,
}

/// A stage game as asked for.
struct StageGame {
    t: usize,
    belief: Belief,
    z: MeanField,
    /// `None` for each of the leader's candidates in turn.
    leader: Option<LeaderPrescription>,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &StageCommand) -> Result<Outcome, Failure> {
    let scenario = Changed::new(&options.source)
        .solution(&options.solution)
        .read()?;
    let stage = StageGame::new(options, scenario.game())?;
    stdout::print(&equilibria(&scenario, &stage)?)?;
    Ok(Outcome::Done)
}

impl StageGame {
    fn new(options: &StageCommand, game: &Game) -> Result<Self, Usage> {
        let horizon = game.horizon();
        let t = usize::try_from(options.t).ok();
        let Some(t) = t.filter(|t| (1..=horizon).contains(t)) else {
            return Err(Usage::Period {
                t: options.t,
                horizon,
            });
        };
        let (z, types) = (options.z.clone(), game.follower_types());
        if z.len() != types.len() {
            return Err(Usage::MeanFieldLength {
                got: z.len(),
                types: types.to_vec(),
            });
        }
        if let Some(sum) = no_law(&z) {
            return Err(Usage::MeanField { z, sum });
        }
        Ok(Self {
            t,
            belief: belief(game, options.pi.as_deref())?,
            z: MeanField::new(z),
            leader: leader(game, options)?,
        })
    }
}

/// The sum of what is no law.
fn no_law(weights: &[f64]) -> Option<f64> {
    let sum: f64 = weights.iter().sum();
    let is_law = weights.iter().all(|w| *w >= 0.0) && (sum - 1.0).abs() <= LAW_TOLERANCE;
    (!is_law).then_some(sum)
}

/// The belief of `--pi`, or pi_1.
fn belief(game: &Game, given: Option<&[f64]>) -> Result<Belief, Usage> {
    let information = game.leader_information();
    let types = || game.leader_types().to_vec();
    if given.is_some() && information == LeaderInformation::NoTypes {
        return Err(Usage::NoLeaderTypes);
    }
    let pi = given.unwrap_or(game.initial_belief().weights()).to_vec();
    if pi.len() != game.leader_types().len() {
        return Err(Usage::BeliefLength {
            got: pi.len(),
            types: types(),
        });
    }
    if let Some(sum) = no_law(&pi) {
        return Err(Usage::Belief { pi, sum });
    }
    let possible = pi.iter().filter(|weight| **weight > 0.0).count();
    if information == LeaderInformation::Public && possible > 1 {
        return Err(Usage::PublicType { pi, types: types() });
    }
    Ok(Belief::new(pi))
}

/// The prescription of `--leader-action` or `--leader`.
fn leader(game: &Game, options: &StageCommand) -> Result<Option<LeaderPrescription>, Usage> {
    let types = game.leader_types();
    let actions = match (&options.leader_action, &options.leader) {
        (None, None) => return Ok(None),
        (Some(given), _) => {
            vec![find_leader_action(game, "--leader-action", given)?; types.len()]
        }
        (None, Some(given)) => {
            let found = given
                .iter()
                .map(|a| find_leader_action(game, "--leader", a));
            found.collect::<Result<_, _>>()?
        }
    };
    match actions.len() == types.len() {
        true => Ok(Some(LeaderPrescription::pure(actions))),
        false => Err(Usage::LeaderLength {
            got: actions.len(),
            types: types.to_vec(),
        }),
    }
}

/// The leader's action of this name or value.
fn find_leader_action(
    game: &Game,
    option: &'static str,
    given: &str,
) -> Result<LeaderAction, Usage> {
    let known = if game.has_leader() {
        game.leader_actions()
    } else {
        &[]
    };
    let value = given.parse::<f64>().ok();
    let is_given = |name: &String| name == given || value.is_some() && name.parse().ok() == value;
    let position = known.iter().position(is_given);
    position
        .map(LeaderAction)
        .ok_or_else(|| Usage::LeaderAction {
            option,
            given: given.to_owned(),
            known: known.to_vec(),
        })
}

/// Solve, and list all equilibria of the stage game as CSV.
fn equilibria(scenario: &Scenario, stage: &StageGame) -> Result<String, Failure> {
    let game = scenario.game();
    let start = Start {
        t: stage.t,
        belief: stage.belief.clone(),
    };
    let start = match game.leader_information() {
        LeaderInformation::Private => start,
        LeaderInformation::NoTypes | LeaderInformation::Public => Start::of_game(game),
    };
    let solution = Solved::compute_from(game, &scenario.solve, None, &start)?;
    let rows =
        solution.stage_equilibria(stage.t, &stage.belief, &stage.z, stage.leader.as_ref())?;
    let mixing = scenario.solve.mixing();
    let table = stage_table(game, mixing, &stage.belief, &rows)?.write_csv(Vec::new())?;
    Ok(String::from_utf8_lossy(&table).into_owned())
}
