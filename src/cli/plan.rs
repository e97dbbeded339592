//! `smfg plan`: the replications and the time that a verdict will need, as CSV on standard output.

use clap::Args;
use smfg::report::plan_table;
use smfg::validate::MeanFieldPath;

use super::failure::Failure;
use super::job::Phases;
use super::options::{
    Changed, PolicyOptions, SampleOptions, SolutionOptions, SourceOptions, TestOptions,
};
use super::played::{Played, Selections};
use super::{Outcome, stdout};

/// Arguments of `smfg plan`.
#[derive(Debug, Args)]
pub struct PlanCommand {
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    solution: SolutionOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    sample: SampleOptions,
    /// How deviations will be tested, as of `validate`
    #[command(flatten)]
    test: TestOptions,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &PlanCommand) -> Result<Outcome, Failure> {
    let scenario = Changed::new(&options.source)
        .solution(&options.solution)
        .policy(&options.policy)?
        .sample(&options.sample)
        .test(&options.test)?
        .read()?;
    let (game, mut phases) = (scenario.game(), Phases::quiet());
    let source = options.policy.source();
    let played = Played::obtain(&scenario, source, Selections::Own, &mut phases)?;
    let path = MeanFieldPath::of_flow(game, &played.flow(&scenario)?);
    let files = super::validate::read_deviations(&options.test.deviation, game)?;
    let settings = super::validate::settings(&scenario, &files, played.name());
    let widened = played.widened(game, &files)?;
    let policy = super::validate::tested(&played, widened.as_ref());
    let needs = smfg::validate::plan(game, policy, &path, &settings)?;
    let table = plan_table(&needs)?.write_csv(Vec::new())?;
    stdout::print(&String::from_utf8_lossy(&table))?;
    Ok(Outcome::Done)
}
