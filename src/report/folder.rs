//! An output folder that appears under its name only when it is whole.
//!
//! Files are written in `DIR.partial`; [`OutputFolder::finish`] writes the manifest and renames the folder. Dropped
//! unfinished, after an error, it removes the partial folder and the parents that it made. A run that was killed leaves
//! `DIR.partial` behind, with a manifest of the files begun, so that `--force` knows what is the program's own: it
//! removes the files that a manifest lists and refuses a folder that holds anything else.
//!
//! A long run [saves its state](OutputFolder::save_state) beside its tables from time to time. A folder with a state can
//! be [left](OutputFolder::leave) where the run cannot go on, and [continued](OnExisting::Continue).

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Manifest, Misfit, Table};

mod rows;
mod state;

pub use rows::RowFile;
pub use state::{ReadError, read_json, read_state};

const MANIFEST: &str = "manifest.json";
/// Its name while it is being written: a run that is killed leaves a whole manifest, the last one or the next.
const NEW_MANIFEST: &str = "manifest.json.new";
/// The state of a run under way, or of a share.
const STATE: &str = "state.json";
/// Its name while it is being written.
const NEW_STATE: &str = "state.json.new";

/// What to do where the output folder, or what an interrupted run left of it, is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExisting {
    /// Refuse it.
    Refuse,
    /// Replace the files that its manifest lists, once the new ones are whole.
    Replace,
    /// Go on with what an interrupted run left; refuse a folder that is whole.
    Continue,
}

/// Why a folder cannot be written to without losing something: the user has to choose.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// `.`, `..` or `/`.
    #[error("the output folder `{}` has no name of its own: name a folder to be made, such as `output/first`", .path.display())]
    NoName {
        /// As given.
        path: PathBuf,
    },
    /// The folder is there.
    #[error("the output folder `{}` exists already: name another with --out, or replace its files with --force", .path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A run is writing there, or was interrupted.
    #[error("`{}` is left from a run that was interrupted, or that is still going on: name another folder with --out, replace it with --force, or continue a simulation with --resume", .path.display())]
    Leftover {
        /// The partial folder.
        path: PathBuf,
    },
    /// Another process writes there.
    #[error("`{}` is being written by another run: wait for it to end", .path.display())]
    Running {
        /// The partial folder.
        path: PathBuf,
    },
    /// A file or a link stands where the folder should.
    #[error("`{}` is not a folder: name another with --out", .path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds files that its manifest does not list.
    #[error("`{}` holds files that no run of smfg lists in its manifest ({}), and --force removes no others: move them, or name another folder with --out", .path.display(), .files.join(", "))]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The first few of the files.
        files: Vec<String>,
    },
}

/// A file or folder could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: check that the place is writable and has room, or name another with --out", .path.display())]
pub struct WriteError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// What can stop an output folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder is in use; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The file system failed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A folder being written.
#[derive(Debug)]
pub struct OutputFolder {
    target: PathBuf,
    partial: PathBuf,
    on_existing: OnExisting,
    /// The first parent that had to be made, to be removed again if the run fails.
    made: Option<PathBuf>,
    files: Vec<String>,
    /// Files of the run that is continued, which may not have been begun again yet.
    inherited: Vec<String>,
    /// Whether there is a state to continue from.
    resumable: bool,
    /// Whether the partial folder stays when this is dropped.
    settled: bool,
    /// Held while the folder is written, so that no other process continues it.
    _lock: Option<File>,
}

/// Lock a folder against other processes; `None` where the system or the file system knows no such locks.
fn lock(folder: &Path) -> Result<Option<File>, FolderError> {
    let Ok(file) = File::open(folder) else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let path = folder.to_owned();
            Err(Refused::Running { path }.into())
        }
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

impl OutputFolder {
    /// Whether a run could write to `target`; changes nothing.
    ///
    /// # Errors
    /// [`Refused`] where something is there that `on_existing` does not cover.
    pub fn check(target: &Path, on_existing: OnExisting) -> Result<(), FolderError> {
        let partial = partial_path(target)?;
        check_existing(target, on_existing, |path| Refused::Exists { path })?;
        let on_leftover = match on_existing {
            OnExisting::Continue => OnExisting::Replace,
            other => other,
        };
        check_existing(&partial, on_leftover, |path| Refused::Leftover { path })
    }

    /// Begin to write `target`, in `target.partial`; to be called once the input is known to be good.
    ///
    /// # Errors
    /// Those of [`OutputFolder::check`], or [`WriteError`] where the folder cannot be made.
    pub fn create(target: &Path, on_existing: OnExisting) -> Result<Self, FolderError> {
        Self::check(target, on_existing)?;
        let partial = partial_path(target)?;
        if on_existing == OnExisting::Continue && kind(&partial)?.is_some() {
            return Self::reopen(target, partial);
        }
        remove_listed(&partial)?;
        let parent = parent(target);
        let made = missing_ancestor(parent);
        fs::create_dir_all(parent).map_err(failed("make the folder", parent))?;
        let mut folder = Self {
            target: target.to_owned(),
            partial,
            on_existing,
            made,
            files: Vec::new(),
            inherited: Vec::new(),
            resumable: false,
            settled: false,
            _lock: None,
        };
        fs::create_dir(&folder.partial).map_err(failed("make the folder", &folder.partial))?;
        folder._lock = lock(&folder.partial)?;
        folder.list_files()?;
        Ok(folder)
    }

    /// What an interrupted run left, which is never removed but by finishing it.
    fn reopen(target: &Path, partial: PathBuf) -> Result<Self, FolderError> {
        let lock = lock(&partial)?;
        let name = |path: PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
        let left = listed_files(&partial)?.into_iter().filter_map(name);
        Ok(Self {
            target: target.to_owned(),
            on_existing: OnExisting::Refuse,
            made: None,
            files: Vec::new(),
            inherited: left.filter(|file| file != MANIFEST).collect(),
            resumable: partial.join(STATE).is_file(),
            partial,
            settled: true,
            _lock: lock,
        })
    }

    /// Where files are written until the run is whole.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Write the table `name`.
    ///
    /// # Errors
    /// [`WriteError`] where the file cannot be written.
    pub fn table(&mut self, name: &str, table: &Table) -> Result<(), WriteError> {
        let mut file = self.begin_table(name, table.header())?;
        file.append(table)?;
        file.finish()
    }

    /// Begin the table `name` with this header; [`FileTable::finish`] ends it.
    ///
    /// # Errors
    /// [`WriteError`] where the file cannot be written.
    pub fn begin_table(&mut self, name: &str, header: &[String]) -> Result<FileTable, WriteError> {
        let (path, file) = self.begin(name)?;
        let begun = Table::new(header.to_vec()).write_csv(file);
        let file = begun.map_err(failed("write", &path))?;
        Ok(FileTable { path, file })
    }

    /// Begin the table `name` to which rows are appended as bytes, or go on with it after so many bytes.
    ///
    /// # Errors
    /// [`FolderError`] where the file cannot be written, is shorter than that, or is being written by another process.
    pub fn row_file(
        &mut self,
        name: &str,
        header: &[String],
        kept: Option<u64>,
    ) -> Result<RowFile, FolderError> {
        self.files.push(name.to_owned());
        self.list_files()?;
        RowFile::open(&self.partial, name, header, kept)
    }

    /// Write the document `name`, as JSON in which a number that is not finite is `null`.
    ///
    /// # Errors
    /// [`WriteError`] where the file cannot be written.
    pub fn json(&mut self, name: &str, document: &impl Serialize) -> Result<(), WriteError> {
        let (path, file) = self.begin(name)?;
        write_json(&path, file, document)
    }

    /// Write the file `name`, whose bytes are made by `make`.
    ///
    /// # Errors
    /// [`WriteError`] where they cannot be made or written.
    pub fn bytes(
        &mut self,
        name: &str,
        make: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> Result<(), WriteError> {
        let (path, mut file) = self.begin(name)?;
        let written = make().and_then(|bytes| file.write_all(&bytes));
        written
            .and_then(|()| file.sync_all())
            .map_err(failed("write", &path))
    }

    /// The files begun so far, in order.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Add the manifest and give the folder its name, in place of the one there was under [`OnExisting::Replace`].
    ///
    /// # Errors
    /// [`FolderError`]; the folder is then removed, or left where there is a state to continue from.
    pub fn finish(mut self, manifest: Manifest) -> Result<PathBuf, FolderError> {
        self.leave();
        let manifest = manifest.with_files(&self.files);
        self.write_manifest(&manifest)?;
        // Somebody may have made the folder in the meantime.
        check_existing(&self.target, self.on_existing, |path| Refused::Exists {
            path,
        })?;
        remove_listed(&self.target)?;
        fs::rename(&self.partial, &self.target).map_err(failed("make the folder", &self.target))?;
        self.settled = true;
        // A whole folder with a file too many is still whole.
        let inherited = self.inherited.iter().map(String::as_str);
        for file in inherited.chain([STATE, NEW_STATE, NEW_MANIFEST]) {
            if !self.files.iter().any(|kept| kept == file) {
                let _ = fs::remove_file(self.target.join(file));
            }
        }
        Ok(self.target.clone())
    }

    fn begin(&mut self, name: &str) -> Result<(PathBuf, File), WriteError> {
        self.files.push(name.to_owned());
        self.list_files()?;
        let path = self.partial.join(name);
        let file = match self.inherited.iter().any(|file| file == name) {
            true => File::create(&path),
            false => File::create_new(&path),
        };
        let file = file.map_err(failed("write", &path))?;
        Ok((path, file))
    }

    /// The manifest of a run under way: only what --force needs.
    fn list_files(&self) -> Result<(), WriteError> {
        let begun = self.files.iter().chain(&self.inherited).cloned();
        let state = [STATE, NEW_STATE].map(str::to_owned);
        self.write_manifest(&FileList {
            smfg_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: begun.chain(state).collect(),
        })
    }

    fn write_manifest(&self, manifest: &impl Serialize) -> Result<(), WriteError> {
        let (path, new) = (self.partial.join(MANIFEST), self.partial.join(NEW_MANIFEST));
        let file = File::create(&new).map_err(failed("write", &new))?;
        write_json(&new, file, manifest)?;
        fs::rename(&new, &path).map_err(failed("write", &path))
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        // Nothing more can be done where this fails as well: the error that led here is the one to report.
        for file in
            self.files
                .iter()
                .map(String::as_str)
                .chain([STATE, NEW_STATE, NEW_MANIFEST, MANIFEST])
        {
            let _ = fs::remove_file(self.partial.join(file));
        }
        let _ = fs::remove_dir(&self.partial);
        if let Some(first) = &self.made {
            let parents = parent(&self.target).ancestors();
            for folder in parents.take_while(|folder| folder.starts_with(first)) {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// A table in an [`OutputFolder`].
#[derive(Debug)]
#[must_use = "a table is whole only after `finish`"]
pub struct FileTable {
    path: PathBuf,
    file: File,
}

impl FileTable {
    /// Append the rows of a table with the same header.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn append(&mut self, rows: &Table) -> Result<(), WriteError> {
        let written = rows.write_csv_rows(&self.file);
        written.map(|_| ()).map_err(failed("write", &self.path))
    }

    /// The error of this file for a row that cannot be made.
    pub(super) fn failed(&self, misfit: Misfit) -> WriteError {
        failed("write", &self.path)(misfit)
    }

    /// Wait until the file is stored.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(self) -> Result<(), WriteError> {
        self.file.sync_all().map_err(failed("write", &self.path))
    }
}

/// What [`listed_files`] reads of a manifest.
#[derive(Serialize, Deserialize)]
struct FileList {
    smfg_version: String,
    files: Vec<String>,
}

enum Kind {
    Folder,
    Other,
}

/// What stands at this path, links not followed.
fn kind(path: &Path) -> Result<Option<Kind>, WriteError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(Some(Kind::Folder)),
        Ok(_) => Ok(Some(Kind::Other)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("reach", path)(error)),
    }
}

fn partial_path(target: &Path) -> Result<PathBuf, Refused> {
    let name = target.file_name().ok_or_else(|| Refused::NoName {
        path: target.to_owned(),
    })?;
    let mut partial = OsString::from(name);
    partial.push(".partial");
    Ok(target.with_file_name(partial))
}

/// The folder that `target` stands in.
fn parent(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The outermost of a path's ancestors, itself included, that is not there.
fn missing_ancestor(path: &Path) -> Option<PathBuf> {
    let missing = path
        .ancestors()
        .take_while(|folder| *folder != Path::new("") && !folder.exists());
    missing.last().map(Path::to_owned)
}

/// Refuse what stands at this path, unless it may be replaced; `refused` names a folder that may not.
fn check_existing(
    path: &Path,
    on_existing: OnExisting,
    refused: impl FnOnce(PathBuf) -> Refused,
) -> Result<(), FolderError> {
    let owned = path.to_owned();
    match (kind(path)?, on_existing) {
        (None, _) => Ok(()),
        (Some(Kind::Other), _) => Err(Refused::NotAFolder { path: owned }.into()),
        (Some(Kind::Folder), OnExisting::Refuse | OnExisting::Continue) => {
            Err(refused(owned).into())
        }
        (Some(Kind::Folder), OnExisting::Replace) => listed_files(path).map(drop),
    }
}

/// The files of a folder, all of which its manifest lists, the manifest last.
fn listed_files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let manifest = fs::read(folder.join(MANIFEST)).ok();
    let manifest = manifest.and_then(|text| serde_json::from_slice::<FileList>(&text).ok());
    let mut listed = vec![NEW_MANIFEST.to_owned()];
    if let Some(manifest) = manifest {
        listed.extend(manifest.files);
        // A run that is killed while it gives its folder the name has the last manifest and still its state.
        listed.extend([MANIFEST, STATE, NEW_STATE].map(str::to_owned));
    }
    let (mut files, mut foreign) = (Vec::new(), Vec::new());
    let entries = fs::read_dir(folder).map_err(failed("read the folder", folder))?;
    for entry in entries {
        let entry = entry.map_err(failed("read the folder", folder))?;
        let name = entry.file_name();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder && listed.iter().any(|file| name == file.as_str()) {
            files.push(entry.path());
        } else {
            foreign.push(name.to_string_lossy().into_owned());
        }
    }
    if !foreign.is_empty() {
        foreign.sort();
        foreign.truncate(5);
        let path = folder.to_owned();
        return Err(Refused::Foreign {
            path,
            files: foreign,
        }
        .into());
    }
    files.sort_by_key(|file| file.ends_with(MANIFEST));
    Ok(files)
}

/// Remove a folder with the files that its manifest lists; one that is not there, or holds others, is left alone.
fn remove_listed(folder: &Path) -> Result<(), FolderError> {
    if kind(folder)?.is_none() {
        return Ok(());
    }
    for file in listed_files(folder)? {
        fs::remove_file(&file).map_err(failed("remove", &file))?;
    }
    Ok(fs::remove_dir(folder).map_err(failed("remove", folder))?)
}

fn write_json(path: &Path, file: File, document: &impl Serialize) -> Result<(), WriteError> {
    let mut writer = BufWriter::new(file);
    let written = serde_json::to_writer_pretty(&mut writer, document).map_err(io::Error::from);
    let written = written
        .and_then(|()| writer.write_all(b"\n"))
        .and_then(|()| writer.flush())
        .and_then(|()| writer.get_ref().sync_all());
    written.map_err(failed("write", path))
}

fn failed<E: Into<io::Error>>(action: &'static str, path: &Path) -> impl FnOnce(E) -> WriteError {
    let path = path.to_owned();
    move |error| WriteError {
        action,
        path,
        source: error.into(),
    }
}

#[cfg(test)]
mod tests;
