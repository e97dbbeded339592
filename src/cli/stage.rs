//! `smfg stage`: every equilibrium of one stage game, as CSV on standard output.

use clap::Args;
use smfg::game::{Game, LeaderAction, LeaderPrescription, MeanField};
use smfg::report::write_stage;
use smfg::scenario::Scenario;
use smfg::solve::Solved;

use super::failure::{Failure, Later, Usage};
use super::options::{Changed, SolutionOptions, SourceOptions};
use super::{Outcome, stdout};

/// Numbers of `--z` sum to one within this.
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
    /// The leader's action, by its value or name [default: each in turn]
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    leader_action: Option<String>,
    /// (not in this version) The common belief about the leader's type
    #[arg(long, value_name = "P,..", hide = true)]
    pi: Option<String>,
}

/// A stage game as asked for.
struct StageGame {
    t: usize,
    z: MeanField,
    /// `None` for each of the leader's actions in turn.
    leader_action: Option<LeaderAction>,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &StageCommand) -> Result<Outcome, Failure> {
    if options.pi.is_some() {
        return Err(Later("the option `--pi`").into());
    }
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
        let sum: f64 = z.iter().sum();
        let is_law = z.iter().all(|weight| *weight >= 0.0) && (sum - 1.0).abs() <= LAW_TOLERANCE;
        if !is_law {
            return Err(Usage::MeanField { z, sum });
        }
        let leader_action = options.leader_action.as_deref();
        let leader_action = leader_action
            .map(|given| find_leader_action(game, given))
            .transpose()?;
        Ok(Self {
            t,
            z: MeanField::new(z),
            leader_action,
        })
    }
}

/// The leader's action of this name or value.
fn find_leader_action(game: &Game, given: &str) -> Result<LeaderAction, Usage> {
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
            given: given.to_owned(),
            known: known.to_vec(),
        })
}

/// Solve, and list all equilibria of the stage game as CSV.
fn equilibria(scenario: &Scenario, stage: &StageGame) -> Result<String, Failure> {
    let game = scenario.game();
    let solution = Solved::compute(game, &scenario.solve, None)?;
    let leader = stage.leader_action.map(LeaderPrescription::action);
    let belief = game.initial_belief();
    let rows = solution.stage_equilibria(stage.t, belief, &stage.z, leader.as_ref())?;
    let table = write_stage(Vec::new(), game, &rows).map_err(std::io::Error::from)?;
    Ok(String::from_utf8_lossy(&table).into_owned())
}
