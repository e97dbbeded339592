//! Work on a game watched from outside: a flag that stops it, and an observer who is told how far it is.
//!
//! All that can take long evaluates kernels and rewards, at every mean field that it comes to, thousands of times a second and more.
//! So the game carries the watch: a clone that [`Game::watched`] makes is handed to the solver, the simulator or the
//! validator, and once the flag is set the next evaluation returns [`GameError::Stopped`](super::GameError::Stopped), which ends
//! the call as any error would. Nothing that was begun is taken for a result.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Game, GameError};

/// What a long call is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The backward recursion, (13)-(16): one period, or one iteration of an infinite horizon.
    Solve,
    /// The exact gains of a deviator: one period.
    Exact,
    /// Sampled gains: one look of a sequential test.
    Sample,
    /// Populations played out: one block of replications.
    Simulate,
}

/// How far a long call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// At what.
    pub task: Task,
    /// How many of its parts are done.
    pub done: u64,
    /// How many there are, at most; not known of the iterations of an infinite horizon.
    pub total: Option<u64>,
}

/// Who is told of progress, from any thread of the work.
pub trait Observer: Send + Sync {
    /// A part is done.
    fn progress(&self, progress: Progress);
}

impl<F: Fn(Progress) + Send + Sync> Observer for F {
    fn progress(&self, progress: Progress) {
        self(progress);
    }
}

/// A stop flag and an observer, both optional.
#[derive(Clone, Default)]
pub struct Watch {
    stop: Option<Arc<AtomicBool>>,
    observer: Option<Arc<dyn Observer>>,
}

impl Watch {
    /// Neither.
    pub fn new() -> Self {
        Self::default()
    }

    /// Work ends with [`GameError::Stopped`] once this flag is set.
    #[must_use]
    pub fn stopped_by(self, flag: Arc<AtomicBool>) -> Self {
        Self {
            stop: Some(flag),
            ..self
        }
    }

    /// This observer is told how far the work is.
    #[must_use]
    pub fn observed_by(self, observer: impl Observer + 'static) -> Self {
        Self {
            observer: Some(Arc::new(observer)),
            ..self
        }
    }
}

/// The same of every game: a watch is no part of what is solved.
impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl Game {
    /// The same game, work on which is watched.
    #[must_use]
    pub fn watched(&self, watch: Watch) -> Self {
        let mut game = self.clone();
        if let Some(in_units) = &mut game.in_units {
            in_units.watch = watch.clone();
        }
        game.watch = watch;
        game
    }

    /// Whether the work may go on.
    ///
    /// # Errors
    /// [`GameError::Stopped`].
    #[inline]
    pub(crate) fn poll(&self) -> Result<(), GameError> {
        match &self.watch.stop {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(GameError::Stopped),
            _ => Ok(()),
        }
    }

    /// Tell the observer that so many parts of a task are done.
    pub(crate) fn report(&self, task: Task, done: u64, total: Option<u64>) {
        if let Some(observer) = &self.watch.observer {
            observer.progress(Progress { task, done, total });
        }
    }
}
