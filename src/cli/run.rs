//! `smfg run`: solve, simulate and validate.

use clap::Args;

use super::failure::Failure;
use super::job::Job;
use super::options::{
    Changed, OutputOptions, PlayOptions, PolicyOptions, PolicyRows, SampleOptions, SolutionOptions,
    SourceOptions, TestOptions,
};
use super::{Outcome, simulate, solve, stdout, validate};

/// Arguments of `smfg run`.
#[derive(Debug, Args)]
pub struct RunCommand {
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    solution: SolutionOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    sample: SampleOptions,
    #[command(flatten)]
    play: PlayOptions,
    #[command(flatten)]
    test: TestOptions,
    /// The rows of policy.csv: all, up to a million, or those of the mean-field path
    #[arg(long, value_enum, default_value_t = PolicyRows::All)]
    policy_rows: PolicyRows,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &RunCommand) -> Result<Outcome, Failure> {
    let changed = Changed::new(&options.source)
        .solution(&options.solution)
        .policy(&options.policy)?
        .sample(&options.sample)
        .play(&options.play)
        .test(&options.test);
    let mut job = Job::open(&changed, &options.output)?;
    solve::solve(&mut job, options.policy_rows)?;
    simulate::simulate(&mut job, &options.policy, &options.sample, &options.play)?;
    let verdict = validate::validate(&mut job, &options.policy, &options.sample)?;
    job.close()?;
    if options.test.json {
        stdout::print_json(&verdict)?;
    }
    Ok(validate::outcome(&verdict))
}
