//! What the commands that write files share: the scenario, the folder, the phases and the manifest.

use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use rayon::ThreadPoolBuilder;
use serde_json::{Map, Value, json};
use smfg::game::{FlowRule, LeaderInformation, MeanField};
use smfg::report::{Identity, Manifest, OnExisting, OutputFolder, Phase, RunState, shell_words};
use smfg::scenario::Scenario;
use smfg::simulate::Share;

use super::failure::{Failure, Usage};
use super::interrupt;
use super::options::{Changed, OutputOptions, ResumeOptions};

/// A command at work: its input was read and found good, and its folder is being written.
#[derive(Debug)]
pub struct Job {
    /// The scenario, with what the command line changed.
    pub scenario: Scenario,
    /// Where the files go.
    pub folder: OutputFolder,
    /// The phases done so far.
    pub phases: Phases,
    /// How far a simulation got.
    pub state: RunState,
    /// For the manifest.
    settings: Map<String, Value>,
}

/// A command whose files depend on what it is called with.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// Its name.
    pub command: &'static str,
    /// Whether it goes on with an interrupted run.
    pub resume: ResumeOptions,
}

impl Job {
    /// Read the scenario, refuse a folder that is in use, and begin to write.
    ///
    /// # Errors
    /// [`Failure`]; nothing was written.
    pub fn open(changed: &Changed, output: &OutputOptions) -> Result<Self, Failure> {
        let called = Called {
            command: "",
            resume: ResumeOptions::default(),
        };
        Self::open_called(changed, output, called)
    }

    /// The same for a command that simulates, which may go on with an interrupted run.
    ///
    /// # Errors
    /// [`Failure`]; nothing was written.
    pub fn open_called(
        changed: &Changed,
        output: &OutputOptions,
        called: Called,
    ) -> Result<Self, Failure> {
        let scenario = changed.read()?;
        let (share, replications) = (changed.share(), scenario.simulate.replications);
        if share.of() > replications {
            return Err(Usage::Shares {
                share,
                replications,
            }
            .into());
        }
        if let Some(threads) = output.threads {
            let pool = ThreadPoolBuilder::new().num_threads(threads as usize);
            let failed = |source| Failure::Threads { threads, source };
            pool.build_global().map_err(failed)?;
        }
        let on_existing = match (output.force, called.resume.resume) {
            (true, _) => OnExisting::Replace,
            (false, true) => OnExisting::Continue,
            (false, false) => OnExisting::Refuse,
        };
        let target = output.out.clone();
        let target = target.unwrap_or_else(|| Path::new("output").join(&scenario.name));
        let folder = OutputFolder::create(&target, on_existing)?;
        let mut settings = settings(&scenario, changed.options());
        let identity = Identity::new(called.command, &scenario.text, scenario.seed, &settings);
        let state = continued(&folder, identity, share)?;
        if share != Share::WHOLE {
            settings.insert("shard".to_owned(), share.to_string().into());
        }
        Ok(Self {
            settings,
            scenario,
            folder,
            phases: Phases::new(output),
            state,
        })
    }

    /// The command failed: leave what can be continued, and say so.
    pub fn fail(mut self, failure: Failure) -> Failure {
        let failure = interrupt::told(failure);
        if failure.comes_from_outside() {
            self.folder.leave();
        }
        let partial = self.folder.partial().to_owned();
        drop(self.folder);
        kept(failure, partial)
    }

    /// Write the manifest and give the folder its name, which is returned.
    ///
    /// # Errors
    /// [`Failure`]; the folder is then removed, or left where it can be continued.
    pub fn close(self) -> Result<PathBuf, Failure> {
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        let (command, settings) = (shell_words(words), Value::Object(self.settings));
        let Scenario { text, seed, .. } = self.scenario;
        let mut manifest = Manifest::new(command, text, seed, settings);
        manifest.threads = rayon::current_num_threads();
        manifest.seconds = self.phases.done;
        let partial = self.folder.partial().to_owned();
        let finished = self.folder.finish(manifest).map_err(Failure::from);
        finished.map_err(|failure| kept(failure, partial))
    }
}

/// The state of the run that the folder was left by, or of one that begins.
fn continued(folder: &OutputFolder, identity: Identity, share: Share) -> Result<RunState, Failure> {
    let Some(state) = folder.saved_state::<RunState>()? else {
        return Ok(RunState {
            identity,
            share,
            populations: Vec::new(),
        });
    };
    let path = folder.partial().to_owned();
    if let Some(difference) = identity.difference(&state.identity).map(Box::new) {
        return Err(Failure::OtherRun { path, difference });
    }
    if share != state.share {
        let (ours, theirs) = (share, state.share);
        return Err(Failure::OtherShare { path, ours, theirs });
    }
    Ok(state)
}

fn kept(failure: Failure, partial: PathBuf) -> Failure {
    if !failure.comes_from_outside() || !partial.is_dir() {
        return failure;
    }
    let failure = Box::new(failure);
    Failure::Kept { partial, failure }
}

fn settings(scenario: &Scenario, options: &Map<String, Value>) -> Map<String, Value> {
    let Scenario {
        solve,
        simulate,
        validate,
        ..
    } = scenario;
    let mut solve_settings = json!({
        "selection": solve.selection.word(),
        "grid": solve.grid,
        "tolerance": solve.tolerance,
    });
    let of_leader = [
        (
            "flow",
            json!(solve.flow.word()),
            solve.flow != FlowRule::default(),
        ),
        (
            "leader_mixing",
            json!(solve.leader_mixing),
            solve.leader_mixing > 1,
        ),
        ("belief_grid", json!(solve.belief_grid), false),
    ];
    if !solve.commitment_gap {
        solve_settings["commitment_gap"] = json!(false);
    }
    // Settings that matter only where the leader has types, or that change something where she has none.
    let typed = scenario.game().leader_information() != LeaderInformation::NoTypes;
    for (name, value, matters) in of_leader {
        if typed || matters {
            solve_settings[name] = value;
        }
    }
    let starts: Vec<_> = validate.starts.iter().map(MeanField::weights).collect();
    let sections = [
        ("solve", solve_settings),
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

    /// None yet.
    pub fn new(output: &OutputOptions) -> Self {
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
        self.run_at(name, "{msg:9} {wide_bar} {pos}/{len} {elapsed}", work)
    }

    /// The same with the rate at which the bar advances, in `unit`s, and the time left.
    ///
    /// # Errors
    /// Those of the work.
    pub fn run_measured<T>(
        &mut self,
        name: &'static str,
        unit: &'static str,
        work: impl FnOnce(&ProgressBar) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let template = format!(
            "{{msg:9}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{rate}}, {{eta}} left"
        );
        self.run_at(name, &template, work)
    }

    fn run_at<T>(
        &mut self,
        name: &'static str,
        template: &str,
        work: impl FnOnce(&ProgressBar) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let bar = match self.quiet {
            true => ProgressBar::hidden(),
            false => ProgressBar::no_length(),
        };
        let style = ProgressStyle::with_template(template);
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Where the screen cannot be written there is nobody to tell.
            let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
        };
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("rate", rate));
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
