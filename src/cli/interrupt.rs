//! Ctrl-C: a simulation finishes what is in flight, anything else ends at once, and so does a simulation asked twice.

use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::INTERRUPTED;

static LISTENING: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);

/// While this lives, the first Ctrl-C only asks for the end.
#[derive(Debug)]
pub struct Listening(());

impl Listening {
    /// From now on.
    pub fn begin() -> Self {
        let handler = || {
            if !LISTENING.load(Ordering::SeqCst) || ASKED.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(INTERRUPTED));
            }
        };
        // A second handler is refused, and one that the system refuses leaves Ctrl-C what it was: the saved state serves.
        let _ = ctrlc::set_handler(handler);
        LISTENING.store(true, Ordering::SeqCst);
        Self(())
    }

    /// Set once the end is asked for.
    pub fn asked(&self) -> &'static AtomicBool {
        &ASKED
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.store(false, Ordering::SeqCst);
    }
}
