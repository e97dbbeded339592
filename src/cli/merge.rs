//! `smfg merge`: the shares of a simulation, joined to the files of a single run.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use smfg::report::{
    Difference, Manifest, OnExisting, OutputFolder, PopulationState, RowFile, RunState, read_json,
    read_state, shell_words, summary_table,
};
use smfg::simulate::{DifferentSummaries, Share, Summary};

use super::failure::Failure;
use super::job::Phases;
use super::options::OutputOptions;
use super::{Outcome, stdout};

/// Arguments of `smfg merge`.
#[derive(Debug, Args)]
pub struct MergeCommand {
    /// The folders of all shares, in any order
    #[arg(required = true, value_name = "DIR")]
    shares: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputOptions,
}

/// Shares that do not make one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// No `--out`.
    #[error("a merge needs a folder to write: name it with --out")]
    NoTarget,
    /// A folder without a state.
    #[error("`{}` holds no finished share: simulate with --shard I/N, to the end", .path.display())]
    NoShare {
        /// The folder.
        path: PathBuf,
    },
    /// Made by another version of the program.
    #[error("`{}` was made by smfg {theirs}: merge it with that version, not {}", .path.display(), env!("CARGO_PKG_VERSION"))]
    Version {
        /// The folder.
        path: PathBuf,
        /// The version that made it.
        theirs: String,
    },
    /// Not shares of one run.
    #[error("`{}` and `{}` are not shares of one run: of the second, {difference}", .first.display(), .second.display())]
    Different {
        /// A folder.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// How they differ.
        difference: Box<Difference>,
    },
    /// Runs cut differently.
    #[error("`{}` is share {ours} and `{}` is share {theirs}: the run was cut differently", .first.display(), .second.display())]
    Cut {
        /// A folder.
        first: PathBuf,
        /// Its share.
        ours: Share,
        /// Another.
        second: PathBuf,
        /// Its share.
        theirs: Share,
    },
    /// A share that is there twice.
    #[error("`{}` and `{}` overlap: both are share {share}", .first.display(), .second.display())]
    Overlap {
        /// A folder.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// Of both.
        share: Share,
    },
    /// Shares that are not there.
    #[error("{number} of {of} shares are missing, the first of them {first}/{of}")]
    Missing {
        /// How many.
        number: u64,
        /// Of how many.
        of: u64,
        /// The first of them.
        first: u64,
    },
    /// A table that is not as long as its state says.
    #[error("`{}` is not what its state.json tells of it: simulate the share again", .path.display())]
    Changed {
        /// The table or folder.
        path: PathBuf,
    },
    /// States that fit nothing.
    #[error(transparent)]
    Summaries(#[from] DifferentSummaries),
}

/// What merging needs of a share's manifest.
#[derive(Deserialize)]
struct Made {
    scenario: String,
}

/// A finished share, but for its summaries.
struct Part {
    path: PathBuf,
    state: RunState,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &MergeCommand) -> Result<Outcome, Failure> {
    let target = options.output.out.as_ref().ok_or(MergeError::NoTarget)?;
    let on_existing = match options.output.force {
        true => OnExisting::Replace,
        false => OnExisting::Refuse,
    };
    OutputFolder::check(target, on_existing)?;
    let mut phases = Phases::new(&options.output);
    let (folder, manifest) = phases.run("merge", |bar| {
        bar.set_length(options.shares.len() as u64);
        let (parts, summaries) = read(&options.shares, || bar.inc(1))?;
        let first = &parts[0];
        let made: Made = read_json(first.path.join("manifest.json"))?;
        let mut folder = OutputFolder::create(target, on_existing)?;
        for (name, end) in TABLES {
            if first.path.join(name).is_file() {
                join(&mut folder, name, end, &parts)?;
            }
        }
        let header = header(&first.path.join("summary.csv"))?;
        let header = header.trim_end().split(',').map(str::to_owned).collect();
        let summary = summary_table(header, summaries.iter().flat_map(Summary::rows))?;
        folder.table("summary.csv", &summary)?;
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        let identity = &first.state.identity;
        let settings = identity.settings().clone().into();
        let manifest = Manifest::new(shell_words(words), made.scenario, identity.seed(), settings);
        Ok((folder, manifest))
    })?;
    let folder = folder.finish(manifest)?;
    if !options.output.quiet {
        stdout::print(&format!("{}\n", folder.display()))?;
    }
    Ok(Outcome::Done)
}

/// The shares in their order, checked to make one run, and their summaries joined.
fn read(paths: &[PathBuf], mut one: impl FnMut()) -> Result<(Vec<Part>, Vec<Summary>), Failure> {
    let (mut parts, mut joined): (Vec<Part>, Vec<Summary>) = (Vec::new(), Vec::new());
    for path in paths {
        let mut state = read_share(path)?;
        let summaries: Vec<Summary> = state.populations.iter_mut().map(take_summary).collect();
        if let Some(first) = parts.first() {
            same_run(first, path, &state)?;
        }
        if let Some(twin) = parts.iter().find(|part| part.state.share == state.share) {
            let (first, second) = (twin.path.clone(), path.clone());
            let share = state.share;
            return Err(MergeError::Overlap {
                first,
                second,
                share,
            }
            .into());
        }
        if parts.is_empty() {
            joined = summaries;
        } else if joined.len() == summaries.len() {
            for (whole, more) in joined.iter_mut().zip(&summaries) {
                whole.absorb(more).map_err(MergeError::from)?;
            }
        } else {
            return Err(MergeError::Changed { path: path.clone() }.into());
        }
        let path = path.clone();
        parts.push(Part { path, state });
        one();
    }
    parts.sort_by_key(|part| part.state.share.index());
    let present = |index: u64| {
        parts
            .binary_search_by_key(&index, |part| part.state.share.index())
            .is_ok()
    };
    let of = parts.first().map_or(1, |part| part.state.share.of());
    if let Some(first) = (1..=of).find(|index| !present(*index)) {
        let number = of - parts.len() as u64;
        return Err(MergeError::Missing { number, of, first }.into());
    }
    Ok((parts, joined))
}

/// The state of a finished share, its summaries sound.
fn read_share(path: &Path) -> Result<RunState, Failure> {
    let there =
        ["state.json", "summary.csv", "manifest.json"].map(|name| path.join(name).is_file());
    let unfinished = path
        .extension()
        .is_some_and(|extension| extension == "partial");
    if there.contains(&false) || unfinished {
        return Err(MergeError::NoShare {
            path: path.to_owned(),
        }
        .into());
    }
    let state: RunState = read_state(path)?;
    let theirs = state.identity.smfg_version();
    if theirs != env!("CARGO_PKG_VERSION") {
        let (path, theirs) = (path.to_owned(), theirs.to_owned());
        return Err(MergeError::Version { path, theirs }.into());
    }
    let whole = |begun: &PopulationState| {
        begun.summary.replications() == begun.done && begun.summary.is_sound()
    };
    if Share::new(state.share.index(), state.share.of()).is_err()
        || !state.populations.iter().all(whole)
    {
        return Err(MergeError::Changed {
            path: path.to_owned(),
        }
        .into());
    }
    Ok(state)
}

/// The summary, with none left in its place.
fn take_summary(begun: &mut PopulationState) -> Summary {
    let empty = Summary::new(begun.summary.population(), 0);
    std::mem::replace(&mut begun.summary, empty)
}

fn same_run(first: &Part, path: &Path, state: &RunState) -> Result<(), MergeError> {
    let (first, second, ours) = (first.path.clone(), path.to_owned(), &first.state);
    if let Some(difference) = ours.identity.difference(&state.identity).map(Box::new) {
        return Err(MergeError::Different {
            first,
            second,
            difference,
        });
    }
    let (ours, theirs) = (ours.share, state.share);
    if ours.of() != theirs.of() {
        return Err(MergeError::Cut {
            first,
            ours,
            second,
            theirs,
        });
    }
    Ok(())
}

/// How long a table is after a population.
type End = fn(&PopulationState) -> u64;

/// The tables that are joined.
const TABLES: [(&str, End); 3] = [
    ("trace.csv", |population| population.trace),
    ("returns.csv", |population| population.returns),
    ("agent_returns.csv", |population| population.agent_returns),
];

/// The rows of a table, population by population and share by share.
fn join(folder: &mut OutputFolder, name: &str, end: End, parts: &[Part]) -> Result<(), Failure> {
    let header = header(&parts[0].path.join(name))?;
    let columns: Vec<String> = header.trim_end().split(',').map(str::to_owned).collect();
    let mut table = folder.row_file(name, &columns, None)?;
    for index in 0..parts[0].state.populations.len() {
        for part in parts {
            let populations = &part.state.populations;
            let start = match index.checked_sub(1) {
                None => header.len() as u64,
                Some(before) => end(&populations[before]),
            };
            let last = end(&populations[populations.len() - 1]);
            copy(
                &mut table,
                &part.path.join(name),
                (start, end(&populations[index])),
                last,
            )?;
        }
    }
    Ok(table.store()?)
}

/// Append the bytes from `start` to `end` of a table of `length` bytes.
fn copy(
    table: &mut RowFile,
    path: &Path,
    (start, end): (u64, u64),
    length: u64,
) -> Result<(), Failure> {
    let failed = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let changed = || MergeError::Changed {
        path: path.to_owned(),
    };
    if file.metadata().map_err(failed)?.len() != length || end > length {
        return Err(changed().into());
    }
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut left = end.checked_sub(start).ok_or_else(changed)?;
    let mut buffer = vec![0; 1 << 18];
    while left > 0 {
        let room = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = file.read(&mut buffer[..room]).map_err(failed)?;
        if read == 0 {
            return Err(changed().into());
        }
        table.append(&buffer[..read])?;
        left -= read as u64;
    }
    Ok(())
}

/// The first line of a table; names of columns hold no quotes.
fn header(path: &Path) -> Result<String, Failure> {
    let mut line = String::new();
    let file = File::open(path);
    let read = file.and_then(|file| BufReader::new(file).read_line(&mut line));
    let failed = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    read.map(|_| line).map_err(failed)
}
