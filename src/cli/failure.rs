//! What can stop a command, and the exit code that it earns.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use smfg::game::{PolicyError, PolicyFileError};
use smfg::report::{Difference, FolderError, Misfit, ReadError, ReadThetaError, WriteError};
use smfg::scenario::{Problem, ScenarioError};
use smfg::simulate::{Share, SimulateError};
use smfg::solve::{ArchiveError, Iteration, SolveError};
use smfg::validate::ValidateError;

use super::merge::MergeError;

/// Bad usage or a bad scenario.
pub const USAGE: u8 = 2;
/// The iteration did not converge.
pub const NOT_CONVERGED: u8 = 3;
/// A file could not be read or written.
pub const INPUT_OUTPUT: u8 = 4;

/// Interrupted, as shells count it: 128 and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Arguments that do not fit the scenario.
#[derive(Debug, thiserror::Error)]
pub enum Usage {
    /// `--t` outside 1..=T.
    #[error("--t {t}: the periods of this scenario are 1 to {horizon}")]
    Period {
        /// As given.
        t: u64,
        /// T.
        horizon: usize,
    },
    /// `--z` of the wrong length.
    #[error("--z has {got} numbers: give one for each of the {} follower types ({})", .types.len(), .types.join(", "))]
    MeanFieldLength {
        /// Numbers given.
        got: usize,
        /// Names of the types.
        types: Vec<String>,
    },
    /// `--z` is no law.
    #[error(
        "--z {z:?} is no law of follower types: its numbers must not be negative and must sum to 1, and they sum to {sum}"
    )]
    MeanField {
        /// As given.
        z: Vec<f64>,
        /// Their sum.
        sum: f64,
    },
    /// More shares than replications.
    #[error("--shard {share}: {replications} replications cannot be cut into {} shares", .share.of())]
    Shares {
        /// As given.
        share: Share,
        /// R.
        replications: u64,
    },
    /// `--trace-every` without a sample.
    #[error("--trace-every {every} goes with --trace sample, not with --trace {trace}")]
    TraceEvery {
        /// As given.
        every: u64,
        /// As given.
        trace: &'static str,
    },
    /// `smfg new` of a file that is there.
    #[error("`{}` is there already: give a new name, or remove it first", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// `--pi` without leader types.
    #[error("--pi: the leader of this scenario has no types, so there is nothing to believe")]
    NoLeaderTypes,
    /// `--pi` of the wrong length.
    #[error("--pi has {got} numbers: give one for each of the {} leader types ({})", .types.len(), .types.join(", "))]
    BeliefLength {
        /// Numbers given.
        got: usize,
        /// Names of the types.
        types: Vec<String>,
    },
    /// `--pi` is no law.
    #[error(
        "--pi {pi:?} is no law of leader types: its numbers must not be negative and must sum to 1, and they sum to {sum}"
    )]
    Belief {
        /// As given.
        pi: Vec<f64>,
        /// Their sum.
        sum: f64,
    },
    /// A belief about a type that all see.
    #[error(
        "--pi {pi:?}: all see the leader's type, so give 1 for it and 0 for the others, of {}", .types.join(", ")
    )]
    PublicType {
        /// As given, or the scenario's.
        pi: Vec<f64>,
        /// Names of the types.
        types: Vec<String>,
    },
    /// `--leader` with as many actions as she has not types.
    #[error("--leader has {got} actions: give one for each of the {} leader types ({})", .types.len(), .types.join(", "))]
    LeaderLength {
        /// Actions given.
        got: usize,
        /// Names of the types.
        types: Vec<String>,
    },
    /// `--leader-action` or `--leader` names none.
    #[error("{option} {given}: {}", known_actions(.known))]
    LeaderAction {
        /// The option.
        option: &'static str,
        /// As given.
        given: String,
        /// Names of the leader's actions; empty without a leader.
        known: Vec<String>,
    },
}

fn known_actions(known: &[String]) -> String {
    match known {
        [] => "this scenario has no leader".to_owned(),
        known => format!("the leader's actions are {}", known.join(", ")),
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Arguments that do not fit the scenario.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A file that could not be written.
    #[error("cannot write `{}`", .path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file given as an option.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that should hold a solution.
    #[error(transparent)]
    ReadTheta(#[from] ReadThetaError),
    /// A solution that is not one of this game.
    #[error("{} cannot be used", .path.display())]
    Theta {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<ArchiveError>,
    },
    /// The game cannot be solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The iteration of an infinite horizon did not converge: there is no theta to play.
    #[error("{selection} selection: {iteration}")]
    NotConverged {
        /// Under which selection.
        selection: &'static str,
        /// How it ended.
        iteration: Iteration,
    },
    /// The populations cannot be played.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// A policy without a play at a state that is met.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The deviations cannot be tested.
    #[error(transparent)]
    Validate(#[from] ValidateError),
    /// The policy file.
    #[error(transparent)]
    PolicyFile(#[from] PolicyFileError),
    /// The output folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file in the output folder.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Rows that cannot be made.
    #[error("cannot make the rows of a table")]
    Rows(#[from] Misfit),
    /// What an interrupted run or a share left.
    #[error(transparent)]
    State(#[from] ReadError),
    /// A state that does not belong to its tables.
    #[error("`{}` does not fit the scenario or its tables: start anew with --force", .path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
    },
    /// `--resume` of another run.
    #[error("`{}` cannot be continued: {difference}; name another folder with --out, or start anew with --force", .path.display())]
    OtherRun {
        /// The partial folder.
        path: PathBuf,
        /// How it differs.
        difference: Box<Difference>,
    },
    /// `--resume` of another share.
    #[error("`{}` cannot be continued: it is share {theirs}, not {ours}; name another folder with --out, or start anew with --force", .path.display())]
    OtherShare {
        /// The partial folder.
        path: PathBuf,
        /// Asked for.
        ours: Share,
        /// Found.
        theirs: Share,
    },
    /// Shares that cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// By Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// A failure after which the run can be continued.
    #[error("{failure}")]
    Kept {
        /// The partial folder.
        partial: PathBuf,
        /// What failed.
        failure: Box<Failure>,
    },
    /// Threads that the system does not give.
    #[error("cannot start {threads} threads: try fewer with --threads")]
    Threads {
        /// As asked for.
        threads: u64,
        /// Why.
        source: rayon::ThreadPoolBuildError,
    },
    /// Standard output, other than a reader that went away.
    #[error("cannot write to standard output")]
    StandardOutput(#[from] io::Error),
}

/// A name that names no file is a slip of the command line; a file that cannot be read is not.
fn unreadable(path: &Path) -> u8 {
    match path.is_file() {
        true => INPUT_OUTPUT,
        false => USAGE,
    }
}

impl Failure {
    /// Whether the run could go on if this had not come from outside: a full disk, or Ctrl-C.
    pub fn comes_from_outside(&self) -> bool {
        [INPUT_OUTPUT, INTERRUPTED].contains(&self.code())
    }

    /// The program's exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Kept { failure, .. } => failure.code(),
            Self::Interrupted => INTERRUPTED,
            Self::Rows(_) | Self::Create { .. } => INPUT_OUTPUT,
            Self::State(_) | Self::Damaged { .. } | Self::Merge(_) => USAGE,
            Self::OtherRun { .. } | Self::OtherShare { .. } => USAGE,
            Self::Folder(FolderError::Write(_)) | Self::Write(_) | Self::StandardOutput(_) => {
                INPUT_OUTPUT
            }
            Self::Scenario(error) => match error.problem() {
                Problem::Unreadable { path, .. } => unreadable(path),
                _ => USAGE,
            },
            Self::Read { path, .. } | Self::ReadTheta(ReadThetaError::Unreadable { path, .. }) => {
                unreadable(path)
            }
            Self::ReadTheta(ReadThetaError::Damaged { .. }) | Self::Theta { .. } => USAGE,
            Self::NotConverged { .. } => NOT_CONVERGED,
            Self::Usage(_) | Self::Policy(_) | Self::PolicyFile(_) => USAGE,
            Self::Solve(_) | Self::Simulate(_) | Self::Validate(_) => USAGE,
            Self::Folder(FolderError::Refused(_)) | Self::Threads { .. } => USAGE,
        }
    }

    /// The error and its causes on standard error, once.
    pub fn print(&self) {
        let (failure, partial) = match self {
            Self::Kept { failure, partial } => (&**failure, Some(partial)),
            failure => (failure, None),
        };
        let mut text = format!("error: {failure}\n");
        let mut cause = failure.source();
        while let Some(error) = cause {
            text.push_str(&format!("  because: {error}\n"));
            cause = error.source();
        }
        if let Some(partial) = partial {
            let partial = partial.display();
            text.push_str(&format!(
                "what was done is kept in `{partial}`: the same command with --resume goes on from there\n"
            ));
        }
        // Where standard error is closed too, the exit code has to do.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
