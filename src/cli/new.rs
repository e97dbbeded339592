//! `smfg new`: write a commented scenario that runs.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, Usage};
use super::{Outcome, stdout};

/// Arguments of `smfg new`.
#[derive(Debug, Args)]
pub struct NewCommand {
    /// The file to write; it must not be there yet
    file: PathBuf,
}

/// The scenario, its name left open.
const SCENARIO: &str = include_str!("new/scenario.toml");

/// Run the command.
///
/// # Errors
/// [`Failure`]; a file that was there stays as it is.
pub fn execute(options: &NewCommand) -> Result<Outcome, Failure> {
    let file = &options.file;
    let created = OpenOptions::new().write(true).create_new(true).open(file);
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => Failure::from(Usage::Exists { path: file.clone() }),
        _ => Failure::Create {
            path: file.clone(),
            source,
        },
    };
    let text = SCENARIO.replacen("\"NAME\"", &format!("{:?}", name(file)), 1);
    if let Err(source) = created.map_err(failed)?.write_all(text.as_bytes()) {
        // Nothing half-written is left; that it cannot be removed either would say no more.
        let _ = std::fs::remove_file(file);
        return Err(failed(source));
    }
    stdout::print(&format!(
        "{}: a game that runs, to be changed; next: smfg check {file:?}, smfg run {file:?}\n",
        file.display()
    ))?;
    Ok(Outcome::Done)
}

/// The scenario's name: the file's, with what no name may hold replaced.
fn name(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let allowed = |c: char| match c {
        c if c.is_ascii_alphanumeric() || c == '-' => c,
        _ => '_',
    };
    stem.chars().map(allowed).collect()
}
