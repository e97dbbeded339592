//! `smfg simulate`: populations that follow the policy.

use clap::Args;
use smfg::game::Flow;
use smfg::report::{AgentReturnsTable, OutputFolder, ReturnsTable, TraceTable, write_summary};
use smfg::scenario::Scenario;
use smfg::simulate::{Cohorts, Simulation, Summary};

use super::failure::Failure;
use super::job::{Job, Phases};
use super::options::{
    Changed, OutputOptions, PlayOptions, PolicyOptions, SampleOptions, SolutionOptions,
    SourceOptions, Trace,
};
use super::played::{Played, Selections};
use super::{Outcome, stdout};

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
    let (game, folder, phases) = (job.scenario.game(), &mut job.folder, &mut job.phases);
    let file = options.policy.policy.as_deref();
    let played = Played::obtain(&job.scenario, file, Selections::Own, phases)?;
    let flow = played.flow(game)?;
    let (sample, play) = (&options.sample, &options.play);
    let simulated = simulate(
        &job.scenario,
        &played,
        &flow,
        (sample, play),
        folder,
        phases,
    )?;
    let folder = job.close()?;
    if !options.output.quiet {
        for note in simulated.notes {
            stdout::print(&format!("note: {note}\n"))?;
        }
        stdout::print(&format!("{}\n", folder.display()))?;
    }
    Ok(Outcome::Done)
}

/// Rows of trace.csv at most.
const MOST_ROWS: u64 = 1_000_000;

/// What simulating leaves for the closing screen.
#[derive(Debug)]
pub struct Simulated {
    /// One per population.
    pub summaries: Vec<Summary>,
    /// What was left out of the files.
    pub notes: Vec<String>,
}

/// Simulate; write trace.csv, summary.csv and returns.csv.
pub fn simulate(
    scenario: &Scenario,
    played: &Played,
    flow: &Flow,
    (sample, play): (&SampleOptions, &PlayOptions),
    folder: &mut OutputFolder,
    phases: &mut Phases,
) -> Result<Simulated, Failure> {
    let game = scenario.game();
    let settings = &scenario.simulate;
    let rows_each = settings.populations.len() as u64 * (game.horizon() as u64 + 1);
    let traced = match play.trace {
        Trace::All => settings.replications.min(MOST_ROWS / rows_each.max(1)),
        Trace::None => 0,
    };
    let mut notes = Vec::new();
    if play.trace == Trace::All && traced < settings.replications {
        notes.push(format!(
            "trace.csv holds the first {traced} of {} replications of each population: {MOST_ROWS} rows at most",
            settings.replications
        ));
    }
    let cohorts = if play.agent_returns {
        Cohorts::EachFollower
    } else if play.returns_by_type {
        Cohorts::ByInitialType
    } else {
        Cohorts::Together
    };
    let mean_fields = flow.mean_fields();
    phases.run("simulate", |bar| {
        bar.set_length(settings.replications * settings.populations.len() as u64);
        let mut trace = match play.trace {
            Trace::All => Some(TraceTable::begin(folder, game)?),
            Trace::None => None,
        };
        let mut returns = ReturnsTable::begin(folder, game, cohorts)?;
        let mut agents = match cohorts {
            Cohorts::EachFollower => Some(AgentReturnsTable::begin(folder)?),
            Cohorts::Together | Cohorts::ByInitialType => None,
        };
        let mut summaries = Vec::new();
        for &population in &settings.populations {
            let simulation = Simulation {
                seed: scenario.seed,
                population,
                first_replication: sample.replications_from,
                replications: settings.replications,
                engine: settings.engine,
                start: settings.start,
                cohorts,
            };
            let mut summary = Summary::new(population, game.follower_actions().len(), &mean_fields);
            let untraced_from = sample.replications_from + traced;
            smfg::simulate::simulate(
                game,
                played.policy(),
                &simulation,
                |path| -> Result<(), Failure> {
                    if let Some(trace) = trace
                        .as_mut()
                        .filter(|_| path.replication() < untraced_from)
                    {
                        trace.replication(game, path)?;
                    }
                    returns.replication(path)?;
                    if let Some(agents) = &mut agents {
                        agents.replication(game, path)?;
                    }
                    summary.push(path);
                    bar.inc(1);
                    Ok(())
                },
            )?;
            summaries.push(summary);
        }
        trace.map_or(Ok(()), TraceTable::finish)?;
        returns.finish()?;
        agents.map_or(Ok(()), AgentReturnsTable::finish)?;
        write_summary(folder, game, &summaries)?;
        Ok(Simulated { summaries, notes })
    })
}
