//! `smfg validate`: whether deviations profit at N.

use clap::Args;

use super::failure::{Failure, Later};
use super::job::Job;
use super::options::{
    Changed, OutputOptions, PolicyOptions, SampleOptions, SolutionOptions, SourceOptions,
    TestOptions,
};
use super::{Outcome, stdout};

/// Arguments of `smfg validate`.
#[derive(Debug, Args)]
pub struct ValidateCommand {
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
    test: TestOptions,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &ValidateCommand) -> Result<Outcome, Failure> {
    let changed = Changed::new(&options.source)
        .solution(&options.solution)
        .policy(&options.policy)?
        .sample(&options.sample)
        .test(&options.test);
    let mut job = Job::open(&changed, &options.output)?;
    let verdict = validate(&mut job, &options.policy, &options.sample)?;
    job.close()?;
    if options.test.json {
        stdout::print_json(&verdict)?;
    }
    Ok(outcome(&verdict))
}

/// Validate; write certificate.json, deviations.csv, best_response.csv and verdict.json.
pub fn validate(
    job: &mut Job,
    policy: &PolicyOptions,
    sample: &SampleOptions,
) -> Result<serde_json::Value, Failure> {
    let _ = (&policy.policy, sample.replications_from);
    job.phases
        .run("validate", |_| Err(Later("validating").into()))
}

/// The outcome of a verdict.
pub fn outcome(verdict: &serde_json::Value) -> Outcome {
    match verdict["verdict"].as_str() {
        Some("certified") => Outcome::Done,
        Some("refuted") => Outcome::Refuted,
        _ => Outcome::Inconclusive,
    }
}
