//! A table to which rows are appended as bytes, and which can be continued after any of them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::Table;
use super::{FolderError, Refused, WriteError, failed};

/// A table in an [`OutputFolder`](super::OutputFolder), locked against other processes.
#[derive(Debug)]
#[must_use = "rows are in the file only after `store`"]
pub struct RowFile {
    path: PathBuf,
    writer: BufWriter<File>,
    length: u64,
}

impl RowFile {
    pub(super) fn open(
        folder: &Path,
        name: &str,
        header: &[String],
        kept: Option<u64>,
    ) -> Result<Self, FolderError> {
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(failed("write", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = folder.to_owned();
                return Err(Refused::Running { path }.into());
            }
            // Some file systems know no locks.
            Err(TryLockError::Error(_)) => {}
        }
        let length = kept.unwrap_or(0);
        let found = file.metadata().map_err(failed("reach", &path))?.len();
        if found < length {
            let short = io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!(
                    "it has {found} bytes, and its state says {length}: use --force to start anew"
                ),
            );
            return Err(failed("continue", &path)(short).into());
        }
        file.set_len(length).map_err(failed("write", &path))?;
        file.seek(SeekFrom::Start(length))
            .map_err(failed("write", &path))?;
        let mut rows = Self {
            path,
            writer: BufWriter::with_capacity(1 << 18, file),
            length,
        };
        if kept.is_none() {
            let header = Table::new(header.to_vec()).write_csv(Vec::new());
            rows.append(&header.map_err(failed("write", &rows.path))?)?;
        }
        Ok(rows)
    }

    /// Append whole rows.
    ///
    /// # Errors
    /// [`WriteError`], which may come as late as on [`RowFile::store`].
    pub fn append(&mut self, rows: &[u8]) -> Result<(), WriteError> {
        self.writer
            .write_all(rows)
            .map_err(failed("write", &self.path))?;
        self.length += rows.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Write what is buffered and wait until the file is stored.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn store(&mut self) -> Result<(), WriteError> {
        let flushed = self.writer.flush();
        let stored = flushed.and_then(|()| self.writer.get_ref().sync_data());
        stored.map_err(failed("write", &self.path))
    }
}
