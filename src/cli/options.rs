//! Options shared by commands. Those that change a setting of the scenario become overrides, `KEY=VALUE`, and are
//! checked where the scenario's own settings are; the command line wins over the scenario, and an option over `--set`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use smfg::report::sha256;
use smfg::scenario::{MAX_REPLICATIONS, Override, Scenario};
use smfg::simulate::Engine;
use smfg::simulate::split::MAX_POPULATION;
use smfg::simulate::{Share, SimulateError};

use super::failure::{Failure, Usage};
use super::interrupt;

/// The largest number of threads.
const MAX_THREADS: u64 = 1024;

/// The scenario, and what the command line changes in it.
#[derive(Debug, Args)]
pub struct SourceOptions {
    /// The scenario, a TOML file
    pub scenario: PathBuf,
    /// Change a parameter (bare key) or a setting (dotted key): --set lambda=0.21 --set solve.grid=100
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// Where files go, and how the work is done.
#[derive(Debug, Args)]
pub struct OutputOptions {
    /// The folder to write [default: output/<scenario name>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace an existing output folder: the files that its manifest lists
    #[arg(long)]
    pub force: bool,
    /// The number of threads; no result depends on it [default: all cores]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=MAX_THREADS))]
    pub threads: Option<u64>,
    /// No progress and no closing screen; errors stay
    #[arg(long)]
    pub quiet: bool,
}

/// Where the policy comes from.
#[derive(Debug, Args)]
pub struct SolutionOptions {
    /// Which stage equilibrium is played where there are several
    #[arg(long, value_parser = ["optimistic", "pessimistic", "welfare"])]
    pub selection: Option<String>,
    /// The first mesh, and the points of policy.csv
    #[arg(long, value_name = "G")]
    pub grid: Option<u64>,
}

/// A policy from elsewhere.
#[derive(Debug, Args)]
pub struct PolicyOptions {
    /// Use the policy in this file, with policy.csv's columns, instead of solving
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Use the solution in this theta.npz, which `smfg solve` wrote for the same game, instead of solving
    #[arg(long, value_name = "FILE", conflicts_with = "policy")]
    pub theta: Option<PathBuf>,
}

/// Where the policy is to come from.
#[derive(Clone, Copy, Debug)]
pub enum PolicySource<'a> {
    /// It is solved for.
    Solve,
    /// A policy file.
    Policy(&'a Path),
    /// A solution on disk.
    Theta(&'a Path),
}

impl PolicyOptions {
    /// What is asked for.
    pub fn source(&self) -> PolicySource<'_> {
        match (&self.policy, &self.theta) {
            (Some(path), _) => PolicySource::Policy(path),
            (None, Some(path)) => PolicySource::Theta(path),
            (None, None) => PolicySource::Solve,
        }
    }
}

/// Which populations are played, and how often.
#[derive(Debug, Args)]
pub struct SampleOptions {
    /// The number of followers, 1 to 10^12 (repeatable)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_POPULATION))]
    pub population: Vec<u64>,
    /// The number of replications
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u64).range(1..=MAX_REPLICATIONS))]
    pub replications: Option<u64>,
    /// The first replication
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=MAX_REPLICATIONS))]
    pub replications_from: u64,
    /// The followers' first types: drawn from the initial law, or its largest-remainder rounding
    #[arg(long, value_parser = ["iid", "rounded"])]
    pub start: Option<String>,
    /// The seed of every random stream
    #[arg(long, value_name = "U64")]
    pub seed: Option<u64>,
}

/// How populations are played and what is kept of them.
#[derive(Debug, Args)]
pub struct PlayOptions {
    /// Splits of the count vector, or followers one by one: the same law
    #[arg(long, value_parser = ["counts", "agents"])]
    pub engine: Option<String>,
    /// The replications in trace.csv [default: all, or the first ones that make a million rows]
    #[arg(long, value_enum)]
    pub trace: Option<Trace>,
    /// With --trace sample: every K-th replication [default: the least K that makes a million rows at most]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=MAX_REPLICATIONS))]
    pub trace_every: Option<u64>,
    /// Split returns.csv by initial type
    #[arg(long)]
    pub returns_by_type: bool,
    /// Move followers one by one and write agent_returns.csv: per replication and initial type the number of followers, and
    /// mean, sd, least, largest, quantiles and a histogram of 20 bins of their returns
    #[arg(long)]
    pub agent_returns: bool,
}

/// How deviations are tested.
#[derive(Debug, Args)]
pub struct TestOptions {
    /// Exact gains by backward induction, sampled ones with the follower integrated out, or paired replications
    #[arg(long, value_parser = ["auto", "exact", "integrated", "paired"])]
    pub method: Option<String>,
    /// Try the policy in this file, with policy.csv's columns, as a deviation (repeatable)
    #[arg(long, value_name = "FILE")]
    pub deviation: Vec<PathBuf>,
    /// Print the verdict as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

/// Interrupted runs.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ResumeOptions {
    /// Go on with what an interrupted run left in DIR.partial, to the same files
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,
}

/// Runs cut into shares.
#[derive(Clone, Copy, Debug, Args)]
pub struct ShardOptions {
    /// Simulate share I of N of the replications only; `smfg merge` joins the shares
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Share>,
}

/// The replications in trace.csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// All of them, however many.
    All,
    /// Every K-th of them.
    Sample,
    /// None.
    None,
}

/// The rows of policy.csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyRows {
    /// Every period and lattice point, up to a million rows.
    All,
    /// Only the mean fields along the path.
    Path,
}

/// A scenario to be read, with what the command line changes in it, in the order in which it applies.
#[derive(Debug)]
pub struct Changed<'a> {
    source: &'a SourceOptions,
    overrides: Vec<Override>,
    /// For the manifest: options that are no settings of a scenario.
    options: Map<String, Value>,
    /// Whether single followers' returns are asked for.
    agent_returns: bool,
    /// Not an override, because a parameter may be called `seed` as well.
    seed: Option<u64>,
    share: Share,
}

impl<'a> Changed<'a> {
    /// By `--set`.
    pub fn new(source: &'a SourceOptions) -> Self {
        Self {
            source,
            overrides: source.set.iter().map(Override::new).collect(),
            options: Map::new(),
            agent_returns: false,
            seed: None,
            share: Share::WHOLE,
        }
        .option("set", source.set.clone())
    }

    /// And by the options of the solution.
    pub fn solution(mut self, options: &SolutionOptions) -> Self {
        self.text("solve.selection", options.selection.as_deref());
        self.number("solve.grid", options.grid);
        self
    }

    /// And by a policy from elsewhere, of which the manifest keeps the digest.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn policy(self, options: &PolicyOptions) -> Result<Self, Failure> {
        let (name, path) = match options.source() {
            PolicySource::Solve => return Ok(self),
            PolicySource::Policy(path) => ("policy", path),
            PolicySource::Theta(path) => ("theta", path),
        };
        let failed = |source| Failure::Read {
            path: path.to_owned(),
            source,
        };
        // It is read twice, and to its end: a pipe or a device will not do.
        let read = match path.metadata().map_err(failed)?.is_file() {
            true => std::fs::read(path),
            false => Err(std::io::Error::other("it is not a regular file")),
        };
        let digest = sha256(&read.map_err(failed)?);
        let file = path.to_string_lossy();
        Ok(self.option(name, json!({ "file": file, "sha256": digest })))
    }

    /// And by those of the populations.
    pub fn sample(mut self, options: &SampleOptions) -> Self {
        if !options.population.is_empty() {
            self.set("simulate.populations", format!("{:?}", options.population));
        }
        self.number("simulate.replications", options.replications);
        self.text("simulate.start", options.start.as_deref());
        self.seed = options.seed;
        self.option("replications_from", options.replications_from)
    }

    /// And by this grid of populations where the options of the sample give none.
    pub fn grid(mut self, options: &SampleOptions, populations: &[u64]) -> Self {
        if options.population.is_empty() {
            self.set("simulate.populations", format!("{populations:?}"));
        }
        self
    }

    /// And by those of the play.
    ///
    /// # Errors
    /// [`Usage::TraceEvery`].
    pub fn play(mut self, options: &PlayOptions) -> Result<Self, Failure> {
        let engine = options.engine.as_deref();
        let alone = options.agent_returns.then_some("agents");
        self.text("simulate.engine", engine.or(alone));
        self.agent_returns = options.agent_returns;
        let word = options.trace.map(|trace| match trace {
            Trace::All => "all",
            Trace::Sample => "sample",
            Trace::None => "none",
        });
        if let (Some(every), Some(trace @ ("all" | "none"))) = (options.trace_every, word) {
            return Err(Usage::TraceEvery { every, trace }.into());
        }
        let changed = self.option("returns_by_type", options.returns_by_type);
        let changed = changed.option("agent_returns", options.agent_returns);
        let changed = changed.option("trace", word);
        Ok(changed.option("trace_every", options.trace_every))
    }

    /// And by the share of the replications.
    pub fn shard(mut self, options: ShardOptions) -> Self {
        self.share = options.shard.unwrap_or(self.share);
        self
    }

    /// The share of the replications.
    pub fn share(&self) -> Share {
        self.share
    }

    /// And by those of the test; the manifest keeps the digests of the deviations.
    ///
    /// # Errors
    /// A deviation that cannot be read.
    pub fn test(mut self, options: &TestOptions) -> Result<Self, Failure> {
        self.text("validate.method", options.method.as_deref());
        let files = options.deviation.iter().map(|path| {
            let failed = |source| Failure::Read {
                path: path.clone(),
                source,
            };
            let digest = sha256(&std::fs::read(path).map_err(failed)?);
            Ok::<Value, Failure>(json!({ "file": path.to_string_lossy(), "sha256": digest }))
        });
        let files = files.collect::<Result<Vec<Value>, _>>()?;
        Ok(if files.is_empty() {
            self
        } else {
            self.option("deviation", files)
        })
    }

    /// Read the scenario.
    ///
    /// # Errors
    /// A bad scenario, or one that asks for what a later version brings.
    pub fn read(&self) -> Result<Scenario, Failure> {
        let mut scenario = Scenario::read(&self.source.scenario, &self.overrides)?;
        scenario.watch(interrupt::watch());
        scenario.seed = self.seed.unwrap_or(scenario.seed);
        if self.agent_returns && scenario.simulate.engine == Engine::Counts {
            return Err(SimulateError::NoSingleFollowers.into());
        }
        Ok(scenario)
    }

    /// What the manifest keeps beside the settings of the scenario.
    pub fn options(&self) -> &Map<String, Value> {
        &self.options
    }

    fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(key, format!("{value:?}"));
        }
    }

    fn number(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.set(key, value.to_string());
        }
    }

    fn set(&mut self, key: &str, value: String) {
        self.overrides.push(Override::new(format!("{key}={value}")));
    }
}
