//! Reading a saved state back.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::STATE;

/// A file of an earlier run that cannot be read, or does not hold what it should.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`", .path.display())]
pub struct ReadError {
    path: PathBuf,
    source: serde_json::Error,
}

/// The JSON document in this file.
///
/// # Errors
/// [`ReadError`].
pub fn read_json<S: DeserializeOwned>(path: PathBuf) -> Result<S, ReadError> {
    let read = File::open(&path).map_err(serde_json::Error::io);
    let read =
        read.and_then(|file| serde_json::from_reader(BufReader::with_capacity(1 << 16, file)));
    read.map_err(|source| ReadError { path, source })
}

/// The state of the share in this folder, or of the run that left it.
///
/// # Errors
/// [`ReadError`].
pub fn read_state<S: DeserializeOwned>(folder: &Path) -> Result<S, ReadError> {
    read_json(folder.join(STATE))
}
