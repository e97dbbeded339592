//! `smfg converge`: how fast N followers approach the mean-field limit.

use clap::Args;
use smfg::report::{convergence_screen, convergence_table};

use super::failure::Failure;
use super::job::Job;
use super::options::{
    Changed, OutputOptions, PolicyOptions, SampleOptions, SolutionOptions, SourceOptions,
    TestOptions,
};
use super::played::{Played, Selections};
use super::{Outcome, stdout};

/// The grid where none is given.
const POPULATIONS: [u64; 8] = [50, 100, 200, 400, 800, 1600, 3200, 6400];

/// Arguments of `smfg converge`.
#[derive(Debug, Args)]
pub struct ConvergeCommand {
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    solution: SolutionOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    /// The grid is given by --population; 50, 100, 200, .., 6400 where it is not
    #[command(flatten)]
    sample: SampleOptions,
    #[command(flatten)]
    test: TestOptions,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &ConvergeCommand) -> Result<Outcome, Failure> {
    let changed = Changed::new(&options.source)
        .solution(&options.solution)
        .policy(&options.policy)?
        .sample(&options.sample)
        .grid(&options.sample, &POPULATIONS)
        .test(&options.test)?;
    let mut job = Job::open(&changed, &options.output)?;
    let (scenario, folder, phases) = (&job.scenario, &mut job.folder, &mut job.phases);
    let game = scenario.game();
    let source = options.policy.source();
    let played = Played::obtain(scenario, source, Selections::Own, phases)?;
    let flow = played.flow(scenario)?;
    let files = super::validate::read_deviations(&options.test.deviation, game)?;
    let switches = match &played {
        Played::Solved(solution, _) => (1..=game.horizon())
            .map(|t| solution.switches(t).to_vec())
            .collect(),
        Played::Read(_) => Vec::new(),
    };
    let found = phases.run("converge", |_| {
        let settings = super::validate::settings(scenario, &files, played.name());
        let widened = played.widened(game, &files)?;
        let policy = super::validate::tested(&played, widened.as_ref());
        Ok(smfg::validate::converge(
            game, policy, &flow, &switches, &settings,
        )?)
    })?;
    folder.table("convergence.csv", &convergence_table(&found)?)?;
    let folder = job.close()?;
    if !options.output.quiet {
        stdout::print(&convergence_screen(&found))?;
        stdout::print(&format!("{}\n", folder.display()))?;
    }
    Ok(Outcome::Done)
}
