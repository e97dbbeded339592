//! Ctrl-C: work on a scenario's game stops at its next evaluation and leaves nothing half-written, a simulation finishes
//! what is in flight and saves its state; what reads and writes only, or is asked twice, ends at once.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};

use smfg::game::Watch;

use super::failure::{Failure, INTERRUPTED};

/// What is under way: nothing that has to be wound up,
const ANYTHING: u8 = 0;
/// work on a watched game,
const WATCHED: u8 = 1;
/// or a simulation.
const SIMULATION: u8 = 2;

static UNDER_WAY: AtomicU8 = AtomicU8::new(ANYTHING);
/// A simulation is to come to its end.
static ASKED: AtomicBool = AtomicBool::new(false);
/// Work on watched games is to stop.
static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on the first Ctrl-C only asks for the end, where there is something to wind up.
pub fn listen() {
    let handler = || {
        let again = match UNDER_WAY.load(Ordering::SeqCst) {
            SIMULATION => ASKED.swap(true, Ordering::SeqCst),
            WATCHED => STOP.swap(true, Ordering::SeqCst),
            _ => true,
        };
        if again {
            std::process::exit(i32::from(INTERRUPTED));
        }
    };
    // Where the system refuses a handler, Ctrl-C stays what it was: the saved state serves.
    let _ = ctrlc::set_handler(handler);
}

/// A watch that Ctrl-C stops.
pub fn watch() -> Watch {
    UNDER_WAY.store(WATCHED, Ordering::SeqCst);
    Watch::new().stopped_by(STOP.clone())
}

/// What failed because of Ctrl-C was interrupted.
pub fn told(failure: Failure) -> Failure {
    match STOP.load(Ordering::SeqCst) {
        true => Failure::Interrupted,
        false => failure,
    }
}

/// While this lives, Ctrl-C asks a simulation for its end.
#[derive(Debug)]
pub struct Simulating(());

impl Simulating {
    /// From now on.
    pub fn begin() -> Self {
        UNDER_WAY.store(SIMULATION, Ordering::SeqCst);
        Self(())
    }

    /// Set once the end is asked for.
    pub fn asked(&self) -> &'static AtomicBool {
        &ASKED
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        UNDER_WAY.store(WATCHED, Ordering::SeqCst);
    }
}
