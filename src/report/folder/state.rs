//! The state of a long run: saving it, leaving the folder with it, and reading it back.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{NEW_STATE, OutputFolder, STATE, WriteError, failed};

impl OutputFolder {
    /// The state that an interrupted run saved.
    ///
    /// # Errors
    /// [`ReadError`] where it cannot be read.
    pub fn saved_state<S: DeserializeOwned>(&self) -> Result<Option<S>, ReadError> {
        match self.resumable {
            true => read_state(&self.partial).map(Some),
            false => Ok(None),
        }
    }

    /// Save the state of the run, in place of the last one, which stays where this fails. What the state says of a table
    /// has to be [stored](super::RowFile::store) before.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn save_state(&mut self, state: &impl Serialize) -> Result<(), WriteError> {
        let (path, new) = (self.partial.join(STATE), self.partial.join(NEW_STATE));
        let file = File::create(&new).map_err(failed("write", &new))?;
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        let written = serde_json::to_writer(&mut writer, state).map_err(io::Error::from);
        let stored = written
            .and_then(|()| writer.flush())
            .and_then(|()| writer.get_ref().sync_all());
        stored
            .and_then(|()| fs::rename(&new, &path))
            .map_err(failed("write", &path))?;
        self.resumable = true;
        Ok(())
    }

    /// The state becomes one of the folder's files.
    pub fn publish_state(&mut self) {
        self.files.push(STATE.to_owned());
    }

    /// Leave the partial folder as it is, if there is a state to continue from.
    pub fn leave(&mut self) {
        self.settled |= self.resumable;
    }
}

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
