//! `smfg simulate`: populations that follow the policy.

use clap::Args;
use smfg::game::Flow;
use smfg::report::{OutputFolder, RunState};
use smfg::scenario::Scenario;
use smfg::simulate::Engine;
use smfg::simulate::{Cohorts, Ended, Share, Simulation, Summary, simulate_blocks};

use super::failure::Failure;
use super::interrupt::Simulating;
use super::job::{Called, Job, Phases};
use super::ledger::{Block, Ledger, Traced, fits};
use super::options::{
    Changed, OutputOptions, PlayOptions, PolicyOptions, ResumeOptions, SampleOptions, ShardOptions,
    SolutionOptions, SourceOptions, Trace,
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
    resume: ResumeOptions,
    #[command(flatten)]
    shard: ShardOptions,
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
        .play(&options.play)?
        .shard(options.shard);
    let (command, resume) = ("simulate", options.resume);
    let mut job = Job::open_called(&changed, &options.output, Called { command, resume })?;
    let simulated = match work(&mut job, options) {
        Ok(simulated) => simulated,
        Err(failure) => return Err(job.fail(failure)),
    };
    if job.state.share != Share::WHOLE {
        job.folder.publish_state();
    }
    let folder = job.close()?;
    if !options.output.quiet {
        for note in simulated.notes {
            stdout::print(&format!("note: {note}\n"))?;
        }
        stdout::print(&format!("{}\n", folder.display()))?;
    }
    Ok(Outcome::Done)
}

fn work(job: &mut Job, options: &SimulateCommand) -> Result<Simulated, Failure> {
    let Job {
        scenario,
        folder,
        phases,
        state,
        ..
    } = job;
    let source = options.policy.source();
    let played = Played::obtain(scenario, source, Selections::Own, phases)?;
    let flow = played.flow(scenario)?;
    let parts = (&options.sample, &options.play);
    simulate(scenario, (&played, &flow), parts, folder, state, phases)
}

/// Rows of trace.csv at most, unless more are asked for.
const MOST_ROWS: u64 = 1_000_000;

/// What simulating leaves for the closing screen.
#[derive(Debug)]
pub struct Simulated {
    /// One per population.
    pub summaries: Vec<Summary>,
    /// What was left out of the files.
    pub notes: Vec<String>,
}

/// Simulate; write trace.csv, summary.csv, returns.csv and, where asked for, agent_returns.csv.
pub fn simulate(
    scenario: &Scenario,
    (played, flow): (&Played, &Flow),
    (sample, play): (&SampleOptions, &PlayOptions),
    folder: &mut OutputFolder,
    state: &mut RunState,
    phases: &mut Phases,
) -> Result<Simulated, Failure> {
    let (game, settings) = (scenario.game(), &scenario.simulate);
    let part = state.share.part(settings.replications);
    let (first, replications) = (sample.replications_from + part.start, part.end - part.start);
    if !fits(state, game, settings, replications) {
        let path = folder.partial().to_owned();
        return Err(Failure::Damaged { path });
    }
    let mut notes = Vec::new();
    let traced = traced(scenario, sample, play, &mut notes);
    let cohorts = match (play.agent_returns, play.returns_by_type) {
        (true, _) => Cohorts::EachFollower,
        (false, true) => Cohorts::ByInitialType,
        (false, false) => Cohorts::Together,
    };
    // Progress is counted in what costs time: followers one by one, or splits of the whole.
    let (unit, followers): (_, fn(u64) -> u64) = match settings.engine {
        Engine::Counts => ("periods", |_| 1),
        Engine::Agents => ("agent-steps", |population| population),
    };
    let cost = |population| followers(population).saturating_mul(game.horizon() as u64);
    phases.run_measured("simulate", unit, |bar| {
        let costs = settings.populations.iter().map(|n| cost(*n));
        bar.set_length(
            costs
                .fold(0, u64::saturating_add)
                .saturating_mul(replications),
        );
        let simulating = Simulating::begin();
        let mut ledger = Ledger::begin(game, (traced, cohorts), folder, state)?;
        for (index, &population) in settings.populations.iter().enumerate() {
            let of = settings.populations.len();
            let done = ledger.population(index, population, of, game);
            bar.inc(cost(population).saturating_mul(done));
            bar.reset_eta();
            let simulation = Simulation {
                seed: scenario.seed,
                population,
                first_replication: first + done,
                replications: replications - done,
                engine: settings.engine,
                start: settings.start,
                cohorts,
            };
            let ended = simulate_blocks(
                game,
                played.policy(),
                &simulation,
                simulating.asked(),
                |paths| {
                    bar.inc(cost(population).saturating_mul(paths.len() as u64));
                    Block::new(game, (traced, cohorts), flow, &paths)
                },
                |block| ledger.take(&block),
            )?;
            if ended == Ended::Stopped {
                ledger.save()?;
                return Err(Failure::Interrupted);
            }
        }
        ledger.finish(game)
    })?;
    let populations = std::mem::take(&mut state.populations);
    let summaries: Vec<Summary> = populations.into_iter().map(|p| p.summary).collect();
    notes.extend(summaries.iter().filter_map(coarse));
    Ok(Simulated { summaries, notes })
}

/// The replications in trace.csv, and a note where some are left out.
fn traced(
    scenario: &Scenario,
    sample: &SampleOptions,
    play: &PlayOptions,
    notes: &mut Vec<String>,
) -> Traced {
    let settings = &scenario.simulate;
    let (replications, periods) = (settings.replications, scenario.game().horizon() as u64 + 1);
    let rows_each = settings.populations.len() as u64 * periods;
    let rows = rows_each.saturating_mul(replications);
    match (play.trace, play.trace_every) {
        (Some(Trace::All), _) => Traced::UpTo(u64::MAX),
        (Some(Trace::None), _) => Traced::None,
        (_, Some(every)) => Traced::Every(every),
        (Some(Trace::Sample), None) => {
            let every = rows.div_ceil(MOST_ROWS).max(1);
            notes.push(format!("trace.csv holds every replication whose number is 1 more than a multiple of {every}"));
            Traced::Every(every)
        }
        (None, None) if rows <= MOST_ROWS => Traced::UpTo(u64::MAX),
        (None, None) => {
            let kept = MOST_ROWS / rows_each;
            notes.push(format!(
                "trace.csv holds the first {kept} of {replications} replications of each population, {MOST_ROWS} rows at most: --trace all keeps all, --trace sample some of all"
            ));
            Traced::UpTo(sample.replications_from + kept - 1)
        }
    }
}

/// A note where quantiles are not exact.
fn coarse(summary: &Summary) -> Option<String> {
    let (width, population) = (summary.bin_width(), summary.population());
    (width > 1).then(|| {
        format!(
            "quantiles in summary.csv of {population} followers are those of counts in bins of {width}: off by {:.1e} of z at most",
            (width - 1) as f64 / 2.0 / population as f64
        )
    })
}
