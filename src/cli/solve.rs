//! `smfg solve`: theta and its certificate.

use clap::Args;

use super::failure::{Failure, Later};
use super::job::Job;
use super::options::{Changed, OutputOptions, PolicyRows, SolutionOptions, SourceOptions};
use super::{Outcome, stdout};

/// Arguments of `smfg solve`.
#[derive(Debug, Args)]
pub struct SolveCommand {
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    solution: SolutionOptions,
    /// The rows of policy.csv: all, up to a million, or those of the mean-field path
    #[arg(long, value_enum, default_value_t = PolicyRows::All)]
    policy_rows: PolicyRows,
    /// Print the certificate as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &SolveCommand) -> Result<Outcome, Failure> {
    let changed = Changed::new(&options.source).solution(&options.solution);
    let mut job = Job::open(&changed, &options.output)?;
    let certificate = solve(&mut job, options.policy_rows)?;
    job.close()?;
    if options.json {
        stdout::print_json(&certificate)?;
    }
    Ok(Outcome::Done)
}

/// Solve; write policy.csv, mean_field.csv and certificate.json.
pub fn solve(job: &mut Job, _rows: PolicyRows) -> Result<serde_json::Value, Failure> {
    job.phases.run("solve", |_| Err(Later("solving").into()))
}
