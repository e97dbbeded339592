//! Standard output, where the reader may leave before the end.

use std::io::{self, Write};

use super::failure::Failure;

/// Print this text; a reader that has gone away, as `head` does, is no failure.
///
/// # Errors
/// [`Failure::StandardOutput`] where standard output cannot be written to, on a full disk say.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    Ok(accept_broken_pipe(written)?)
}

/// The same result, but fine where the reader has gone away.
pub fn accept_broken_pipe(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Print a JSON document.
///
/// # Errors
/// Those of [`print`].
pub fn print_json(document: &serde_json::Value) -> Result<(), Failure> {
    print(&format!("{document:#}\n"))
}
