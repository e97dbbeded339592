//! `smfg run`: solve, simulate and validate.

use clap::Args;
use smfg::certify::{Certificate, Certified};
use smfg::report::{Screen, certificate_json, closing_screen, verdict_json};
use smfg::scenario::Scenario;
use smfg::simulate::Start;
use smfg::simulate::Summary;
use smfg::validate::Validation;

use super::failure::Failure;
use super::job::{Called, Job};
use super::options::{
    Changed, OutputOptions, PlayOptions, PolicyOptions, PolicyRows, ResumeOptions, SampleOptions,
    SolutionOptions, SourceOptions, TestOptions,
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
    resume: ResumeOptions,
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
        .play(&options.play)?
        .test(&options.test)?;
    let (command, resume) = ("run", options.resume);
    let mut job = Job::open_called(&changed, &options.output, Called { command, resume })?;
    let found = match work(&mut job, options) {
        Ok(found) => found,
        Err(failure) => return Err(job.fail(failure)),
    };
    let game = job.scenario.game().clone();
    let validate = &job.scenario.validate;
    let (epsilon, confidence) = (validate.epsilon, validate.confidence);
    let files = job.folder.files().to_vec();
    let folder = job.close()?;
    if options.test.json {
        stdout::print_json(&verdict_json(&found.validation, epsilon, confidence))?;
    } else if !options.output.quiet {
        stdout::print(&closing_screen(&Screen {
            game: &game,
            certificate: &found.certificate,
            summaries: &found.summaries,
            validation: &found.validation,
            epsilon,
            confidence,
            conditions: found.conditions,
            notes: &found.notes,
            folder: folder.display().to_string(),
            files: &files,
        }))?;
    }
    Ok(outcome(found.validation.verdict))
}

/// What the closing screen tells.
struct Found {
    certificate: Certificate,
    summaries: Vec<Summary>,
    validation: Validation,
    notes: Vec<String>,
    conditions: String,
}

fn work(job: &mut Job, options: &RunCommand) -> Result<Found, Failure> {
    let Job {
        scenario,
        folder,
        phases,
        state,
        ..
    } = job;
    let game = scenario.game();
    let source = options.policy.source();
    let played = Played::obtain(scenario, source, Selections::All, phases)?;
    let Certified { flow, certificate } = played.certify(scenario, phases)?;
    folder.json("certificate.json", &certificate_json(game, &certificate))?;
    let rows = options.policy_rows;
    let mut notes = write_solution(scenario, &played, &flow, rows, folder, phases)?;
    let parts = (&options.sample, &options.play);
    let simulated = simulate(scenario, (&played, &flow), parts, folder, state, phases)?;
    notes.extend(simulated.notes);
    let validation = validate(scenario, &played, &flow, &options.test, folder, phases)?;
    Ok(Found {
        certificate,
        summaries: simulated.summaries,
        validation,
        notes,
        conditions: conditions(scenario, &played),
    })
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
