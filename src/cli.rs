//! The command line: clap's derivation, one file per command, and the exit codes. No mathematics.

mod calibrate;
mod check;
mod converge;
mod failure;
mod interrupt;
mod job;
mod ledger;
mod merge;
mod new;
mod options;
mod plan;
mod played;
mod run;
mod simulate;
mod solve;
mod stage;
mod stdout;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Discrete-time Stackelberg mean-field games: solve, simulate, validate.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done (run, validate: certified), 1 refuted, 2 bad usage or scenario, 3 inconclusive or not converged, \
4 input/output failure, 130 interrupted.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Solve, simulate and validate: the main job
    Run(run::RunCommand),
    /// Solve, and certify the solution in the mean-field limit
    Solve(solve::SolveCommand),
    /// Play the solution out in populations of N followers
    Simulate(simulate::SimulateCommand),
    /// Join the shares of a simulation, made with --shard, to the files of a single run
    Merge(merge::MergeCommand),
    /// Decide whether deviations profit at N
    Validate(validate::ValidateCommand),
    /// Forecast the replications and the time that a verdict will need
    Plan(plan::PlanCommand),
    /// Print every equilibrium of one stage game as CSV
    Stage(stage::StageCommand),
    /// Read and check a scenario, and print the game as understood
    Check(check::CheckCommand),
    /// Measure how often the validator's verdicts err, on gains that are known
    Calibrate(calibrate::CalibrateCommand),
    /// Measure how fast N followers approach the mean-field limit
    Converge(converge::ConvergeCommand),
    /// Write a commented scenario that runs, to begin a game of your own
    New(new::NewCommand),
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Done; for `run` and `validate`, certified.
    Done,
    /// A deviation profits.
    Refuted,
    /// The evidence decides neither way.
    Inconclusive,
}

impl Outcome {
    /// The program's exit code.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Refuted => 1,
            Self::Inconclusive => 3,
        })
    }
}

/// Run one command.
///
/// # Errors
/// [`Failure`], which knows its exit code.
pub fn execute(command: Command) -> Result<Outcome, Failure> {
    interrupt::listen();
    let ended = match command {
        Command::Run(options) => run::execute(&options),
        Command::Solve(options) => solve::execute(&options),
        Command::Simulate(options) => simulate::execute(&options),
        Command::Merge(options) => merge::execute(&options),
        Command::Validate(options) => validate::execute(&options),
        Command::Plan(options) => plan::execute(&options),
        Command::Stage(options) => stage::execute(&options),
        Command::Check(options) => check::execute(&options),
        Command::Calibrate(options) => calibrate::execute(&options),
        Command::Converge(options) => converge::execute(&options),
        Command::New(options) => new::execute(&options),
    };
    ended.map_err(|failure| match failure {
        Failure::Kept { .. } => failure,
        failure => interrupt::told(failure),
    })
}

/// Print clap's message, which may be the help or the version that was asked for.
pub fn usage(message: &clap::Error) -> ExitCode {
    let printed = stdout::accept_broken_pipe(message.print());
    match (message.use_stderr(), printed) {
        (true, _) => ExitCode::from(failure::USAGE),
        (false, Ok(())) => ExitCode::SUCCESS,
        (false, Err(_)) => ExitCode::from(failure::INPUT_OUTPUT),
    }
}
