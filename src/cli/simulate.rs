//! `smfg simulate`: populations that follow the policy.

use clap::Args;

use super::Outcome;
use super::failure::{Failure, Later};
use super::job::Job;
use super::options::{
    Changed, OutputOptions, PlayOptions, PolicyOptions, SampleOptions, SolutionOptions,
    SourceOptions,
};

/// Arguments of `smfg simulate`.
#[derive(Debug, Args)]
pub struct SimulateCommand {
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
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &SimulateCommand) -> Result<Outcome, Failure> {
    let changed = Changed::new(&options.source)
        .solution(&options.solution)
        .policy(&options.policy)?
        .sample(&options.sample)
        .play(&options.play);
    let mut job = Job::open(&changed, &options.output)?;
    simulate(&mut job, &options.policy, &options.sample, &options.play)?;
    job.close()?;
    Ok(Outcome::Done)
}

/// Simulate; write trace.csv, summary.csv and returns.csv.
pub fn simulate(
    job: &mut Job,
    policy: &PolicyOptions,
    sample: &SampleOptions,
    play: &PlayOptions,
) -> Result<(), Failure> {
    let _ = (
        &policy.policy,
        sample.replications_from,
        play.trace,
        play.returns_by_type,
    );
    job.phases
        .run("simulate", |_| Err(Later("simulating").into()))
}
