//! theta.npz: a solution in NumPy's format, a zip of `.npy` arrays that `numpy.load` reads as it is.
//!
//! Beside the arrays of [`Archive`] it holds `about`, the bytes of a JSON text: what was solved, how, by which version,
//! and the SHA-256 of all arrays.

use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{OutputFolder, WriteError, npy};
use crate::solve::Archive;

/// The name of the file.
pub const THETA_FILE: &str = "theta.npz";
/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 34;
/// The array of bytes that says what the others are.
const ABOUT: &str = "about";

/// A file that holds no solution.
#[derive(Debug, thiserror::Error)]
pub enum ReadThetaError {
    /// It cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no such file, or not as it was written.
    #[error("`{}` is not a solution as it was written: {what}; write it anew with `smfg solve`", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Write theta.npz.
///
/// # Errors
/// [`WriteError`].
pub fn write_theta(folder: &mut OutputFolder, archive: &Archive) -> Result<(), WriteError> {
    folder.bytes(THETA_FILE, || theta_bytes(archive))
}

/// The bytes of theta.npz.
///
/// # Errors
/// A zip that cannot be made.
pub fn theta_bytes(archive: &Archive) -> std::io::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // A fixed time: the same solution, the same bytes.
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    let mut digest = Sha256::new();
    let mut entry = |name: &str, bytes: &[u8]| -> std::io::Result<()> {
        zip.start_file(format!("{name}.npy"), options)?;
        zip.write_all(bytes)
    };
    for (name, array) in &archive.arrays {
        let bytes = npy::of_array(array);
        digest.update(name.as_bytes());
        digest.update(&bytes);
        entry(name, &bytes)?;
    }
    let mut about = archive.about.clone();
    about["arrays_sha256"] = json!(hexadecimal(digest));
    let text = serde_json::to_vec_pretty(&about)?;
    entry(ABOUT, &npy::of_bytes(&text))?;
    Ok(zip.finish()?.into_inner())
}

fn hexadecimal(digest: Sha256) -> String {
    let bytes = digest.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Read theta.npz; that it belongs to a game is for [`Archive::restore`] to see.
///
/// # Errors
/// [`ReadThetaError`].
pub fn read_theta(path: &Path) -> Result<Archive, ReadThetaError> {
    let unreadable = |source| ReadThetaError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let damaged = |what: String| ReadThetaError::Damaged {
        path: path.to_owned(),
        what,
    };
    if length > MOST_BYTES {
        return Err(damaged(format!("it has {length} bytes")));
    }
    theta_of(file).map_err(damaged)
}

/// The archive in the bytes of a theta.npz.
///
/// # Errors
/// What is wrong with them.
pub fn theta_of<R: Read + Seek>(file: R) -> Result<Archive, String> {
    let mut zip = zip::ZipArchive::new(file).map_err(|error| error.to_string())?;
    let mut digest = Sha256::new();
    let mut arrays = Vec::new();
    let mut about = None;
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?;
        let name = name.trim_end_matches(".npy").to_owned();
        let size = entry.size();
        if size > MOST_BYTES {
            return Err(format!("the array {name} has {size} bytes"));
        }
        let mut bytes = Vec::new();
        let read = entry.by_ref().take(size + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("the array {name}: {error}"))?;
        let unread = |what: String| format!("the array {name}: {what}");
        if name == ABOUT {
            let text = npy::bytes(&bytes).map_err(unread)?;
            let read = serde_json::from_slice::<serde_json::Map<_, _>>(text);
            about = Some(read.map_err(|error| format!("what it is about: {error}"))?);
            continue;
        }
        digest.update(name.as_bytes());
        digest.update(&bytes);
        let array = npy::array(&bytes).map_err(unread)?;
        arrays.push((name, array));
    }
    let mut about = about.ok_or("it does not say what it is")?;
    if about.remove("arrays_sha256") != Some(json!(hexadecimal(digest))) {
        return Err("its arrays are not those that were written".to_owned());
    }
    Ok(Archive {
        about: about.into(),
        arrays,
    })
}
