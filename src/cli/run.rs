//! `smfg run`: solve, simulate and validate.

use clap::Args;
use smfg::report::{Screen, certificate_json, closing_screen, verdict_json};
use smfg::scenario::{Scenario, Start};
use smfg::validate::Certified;

use super::failure::Failure;
use super::job::Job;
use super::options::{
    Changed, OutputOptions, PlayOptions, PolicyOptions, PolicyRows, SampleOptions, SolutionOptions,
    SourceOptions, TestOptions,
};
use super::played::{Played, Selections};
use super::simulate::simulate;
use super::solve::write_solution;
use super::validate::{outcome, validate};
use super::{Outcome, stdout};

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
        .test(&options.test)?;
    let mut job = Job::open(&changed, &options.output)?;
    let (game, folder, phases) = (job.scenario.game(), &mut job.folder, &mut job.phases);
    let file = options.policy.policy.as_deref();
    let played = Played::obtain(&job.scenario, file, Selections::All, phases)?;
    let Certified { flow, certificate } = played.certify(game, phases)?;
    folder.json("certificate.json", &certificate_json(game, &certificate))?;
    let mut notes = write_solution(
        &job.scenario,
        &played,
        &flow,
        options.policy_rows,
        folder,
        phases,
    )?;
    let parts = (&options.sample, &options.play);
    let simulated = simulate(&job.scenario, &played, &flow, parts, folder, phases)?;
    notes.extend(simulated.notes);
    let validation = validate(&job.scenario, &played, &flow, &options.test, folder, phases)?;
    let game = game.clone();
    let (epsilon, confidence) = (
        job.scenario.validate.epsilon,
        job.scenario.validate.confidence,
    );
    let files = folder.files().to_vec();
    let conditions = conditions(&job.scenario, &played);
    drop(played);
    let folder = job.close()?;
    if options.test.json {
        stdout::print_json(&verdict_json(&validation, epsilon, confidence))?;
    } else if !options.output.quiet {
        stdout::print(&closing_screen(&Screen {
            game: &game,
            certificate: &certificate,
            summaries: &simulated.summaries,
            validation: &validation,
            epsilon,
            confidence,
            conditions,
            notes: &notes,
            folder: folder.display().to_string(),
            files: &files,
        }))?;
    }
    Ok(outcome(validation.verdict))
}

/// The conditions that all claims of a run share.
fn conditions(scenario: &Scenario, played: &Played) -> String {
    let game = scenario.game();
    let types = game.follower_types().iter().zip(game.initial().weights());
    let law: Vec<String> = types
        .map(|(name, weight)| format!("{name} {weight}"))
        .collect();
    let drawn = match scenario.simulate.start {
        Start::Iid => "i.i.d.",
        Start::Rounded => "rounded",
    };
    let policy = match played {
        Played::Solved(..) => format!("{} selection", played.name()),
        Played::Read(_) => "the policy of the file".to_owned(),
    };
    format!(
        "T = {}, initial types {drawn} ({}), {policy}",
        game.horizon(),
        law.join(", ")
    )
}
