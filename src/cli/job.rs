//! What the commands that write files share: the scenario, the folder, the phases and the manifest.

use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::ThreadPoolBuilder;
use serde_json::{Map, Value, json};
use smfg::game::MeanField;
use smfg::report::{Manifest, OnExisting, OutputFolder, Phase, shell_words};
use smfg::scenario::Scenario;

use super::failure::Failure;
use super::options::{Changed, OutputOptions};

/// A command at work: its input was read and found good, and its folder is being written.
#[derive(Debug)]
pub struct Job {
    /// The scenario, with what the command line changed.
    pub scenario: Scenario,
    /// Where the files go.
    pub folder: OutputFolder,
    /// The phases done so far.
    pub phases: Phases,
    /// For the manifest.
    settings: Map<String, Value>,
}

impl Job {
    /// Read the scenario, refuse a folder that is in use, and begin to write.
    ///
    /// # Errors
    /// [`Failure`]; nothing was written.
    pub fn open(changed: &Changed, output: &OutputOptions) -> Result<Self, Failure> {
        let scenario = changed.read()?;
        if let Some(threads) = output.threads {
            let pool = ThreadPoolBuilder::new().num_threads(threads as usize);
            let failed = |source| Failure::Threads { threads, source };
            pool.build_global().map_err(failed)?;
        }
        let on_existing = match output.force {
            true => OnExisting::Replace,
            false => OnExisting::Refuse,
        };
        let target = output.out.clone();
        let target = target.unwrap_or_else(|| Path::new("output").join(&scenario.name));
        let folder = OutputFolder::create(&target, on_existing)?;
        Ok(Self {
            settings: settings(&scenario, changed.options()),
            scenario,
            folder,
            phases: Phases::new(output),
        })
    }

    /// Write the manifest and give the folder its name, which is returned.
    ///
    /// # Errors
    /// [`Failure`]; the folder is then removed.
    pub fn close(self) -> Result<PathBuf, Failure> {
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        let (command, settings) = (shell_words(words), Value::Object(self.settings));
        let Scenario { text, seed, .. } = self.scenario;
        let mut manifest = Manifest::new(command, text, seed, settings);
        manifest.threads = rayon::current_num_threads();
        manifest.seconds = self.phases.done;
        Ok(self.folder.finish(manifest)?)
    }
}

fn settings(scenario: &Scenario, options: &Map<String, Value>) -> Map<String, Value> {
    let Scenario {
        solve,
        simulate,
        validate,
        ..
    } = scenario;
    let starts: Vec<_> = validate.starts.iter().map(MeanField::weights).collect();
    let sections = [
        (
            "solve",
            json!({
                "selection": solve.selection.word(),
                "grid": solve.grid,
                "tolerance": solve.tolerance,
            }),
        ),
        (
            "simulate",
            json!({
                "populations": simulate.populations,
                "replications": simulate.replications,
                "engine": simulate.engine.word(),
                "start": simulate.start.word(),
            }),
        ),
        (
            "validate",
            json!({
                "epsilon": validate.epsilon,
                "confidence": validate.confidence,
                "method": validate.method.word(),
                "starts": starts,
            }),
        ),
    ];
    let sections = sections.map(|(name, section)| (name.to_owned(), section));
    let options = options
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    sections.into_iter().chain(options).collect()
}

/// Phases of a command, timed, with progress on standard error where it is a terminal.
#[derive(Debug)]
pub struct Phases {
    quiet: bool,
    done: Vec<Phase>,
}

impl Phases {
    /// Without progress.
    pub fn quiet() -> Self {
        Self {
            quiet: true,
            done: Vec::new(),
        }
    }

    fn new(output: &OutputOptions) -> Self {
        Self {
            quiet: output.quiet,
            done: Vec::new(),
        }
    }

    /// Do one phase, which may set the bar's length and advance it.
    ///
    /// # Errors
    /// Those of the work.
    pub fn run<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&ProgressBar) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let bar = match self.quiet {
            true => ProgressBar::hidden(),
            false => ProgressBar::no_length(),
        };
        let style = ProgressStyle::with_template("{msg:9} {wide_bar} {pos}/{len} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name);
        let start = Instant::now();
        let result = work(&bar);
        bar.finish_and_clear();
        self.done.push(Phase {
            name,
            seconds: start.elapsed().as_secs_f64(),
        });
        result
    }
}
