//! `smfg validate`: whether deviations profit at N.

use clap::Args;
use std::path::PathBuf;

use smfg::game::{Flow, Game, Policy, PolicyFile};
use smfg::report::{
    OutputFolder, best_response_table, certificate_json, deviations_table, verdict_json,
};
use smfg::scenario::Scenario;
use smfg::solve::Widened;
use smfg::validate::{MeanFieldPath, NamedPolicy, Validation, Verdict};

use super::failure::Failure;
use super::job::{Job, Phases};
use super::options::{
    Changed, OutputOptions, PolicyOptions, SampleOptions, SolutionOptions, SourceOptions,
    TestOptions,
};
use super::played::{Played, Selections};
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
        .test(&options.test)?;
    let mut job = Job::open(&changed, &options.output)?;
    let (game, folder, phases) = (job.scenario.game(), &mut job.folder, &mut job.phases);
    let source = options.policy.source();
    let played = Played::obtain(&job.scenario, source, Selections::Own, phases)?;
    let certified = played.certify(&job.scenario, phases)?;
    folder.json(
        "certificate.json",
        &certificate_json(game, &certified.certificate),
    )?;
    let validation = validate(
        &job.scenario,
        &played,
        &certified.flow,
        &options.test,
        folder,
        phases,
    )?;
    let settings = &job.scenario.validate;
    let verdict = verdict_json(&validation, settings.epsilon, settings.confidence);
    let folder = job.close()?;
    if options.test.json {
        stdout::print_json(&verdict)?;
    } else if !options.output.quiet {
        for result in &validation.results {
            stdout::print(&format!("{}\n", result.sentence))?;
        }
        for warning in &validation.warnings {
            stdout::print(&format!("note: {warning}\n"))?;
        }
        stdout::print(&format!("{}\n", folder.display()))?;
    }
    Ok(outcome(validation.verdict))
}

/// Validate; write deviations.csv, best_response.csv and verdict.json.
pub fn validate(
    scenario: &Scenario,
    played: &Played,
    flow: &Flow,
    options: &TestOptions,
    folder: &mut OutputFolder,
    phases: &mut Phases,
) -> Result<Validation, Failure> {
    let game = scenario.game();
    let settings = &scenario.validate;
    let path = MeanFieldPath::of_flow(game, flow);
    let files = read_deviations(&options.deviation, game)?;
    let validation = phases.run("validate", |_| {
        let widened = played.widened(game, &files)?;
        let policy = tested(played, widened.as_ref());
        let claims = self::settings(scenario, &files, played.name());
        Ok(smfg::validate::validate(game, policy, &path, &claims)?)
    })?;
    folder.table("deviations.csv", &deviations_table(&validation.rows)?)?;
    let departures = best_response_table(game, &validation.best_response)?;
    folder.table("best_response.csv", &departures)?;
    folder.json(
        "verdict.json",
        &verdict_json(&validation, settings.epsilon, settings.confidence),
    )?;
    Ok(validation)
}

/// The policy that deviations are tested against.
pub fn tested<'a>(played: &'a Played, widened: Option<&'a Widened>) -> &'a dyn Policy {
    match widened {
        Some(widened) => widened,
        None => played.policy(),
    }
}

/// The scenario's settings, with the user's policies, for a policy of this name.
pub fn settings<'a>(
    scenario: &'a Scenario,
    files: &'a [NamedPolicy],
    selection: &'a str,
) -> smfg::validate::Settings<'a> {
    let Scenario {
        simulate,
        validate,
        seed,
        ..
    } = scenario;
    smfg::validate::Settings {
        populations: &simulate.populations,
        epsilon: validate.epsilon,
        confidence: validate.confidence,
        method: validate.method,
        start: simulate.start,
        seed: *seed,
        replications: simulate.replications,
        files,
        starts: &validate.starts,
        selection,
    }
}

/// The user's policies, called by their files' names without extension; a number tells equal names apart.
pub fn read_deviations(paths: &[PathBuf], game: &Game) -> Result<Vec<NamedPolicy>, Failure> {
    let mut found: Vec<NamedPolicy> = Vec::new();
    for path in paths {
        let policy = PolicyFile::read(path, game)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let taken = |name: &str| found.iter().any(|file| file.name == name);
        let mut name = stem.to_string();
        let mut number = 2;
        while taken(&name) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        found.push(NamedPolicy { name, policy });
    }
    Ok(found)
}

/// The outcome of a verdict.
pub fn outcome(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Certified => Outcome::Done,
        Verdict::Refuted => Outcome::Refuted,
        Verdict::Inconclusive => Outcome::Inconclusive,
    }
}
