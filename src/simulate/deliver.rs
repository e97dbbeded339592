//! Pieces of work made on all threads of the pool and delivered one after another, in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How work ended that was not cut short by an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Ended {
    /// All of it was done.
    Whole,
    /// It was stopped; what was begun was delivered.
    Stopped,
}

/// Make the pieces 0, 1, .., `pieces` - 1 on the threads of the current rayon pool and hand them to `sink` in order, at
/// most `ahead` of them (and one per thread) waiting. Once `stop` is set no piece is begun.
///
/// # Errors
/// The first error in the order of the pieces; nothing after it is delivered.
pub(super) fn in_order<B: Send, E: Send>(
    pieces: u64,
    ahead: u64,
    stop: &AtomicBool,
    make: impl Fn(u64) -> Result<B, E> + Sync,
    sink: impl FnMut(B) -> Result<(), E> + Send,
) -> Result<Ended, E> {
    let belt = Belt {
        pieces,
        ahead: ahead.max(2 * rayon::current_num_threads() as u64),
        stop,
        state: Mutex::new(State {
            taken: 0,
            next: 0,
            ready: BTreeMap::new(),
            sink: Some(sink),
            failed: None,
            over: false,
        }),
        moved: Condvar::new(),
    };
    // One loop per thread. A thread that waits for room waits for a piece that another one is making.
    rayon::broadcast(|_| belt.work(&make));
    let state = belt.state.into_inner();
    let state = state.unwrap_or_else(PoisonError::into_inner);
    match state.failed {
        Some(error) => Err(error),
        None if state.next < pieces => Ok(Ended::Stopped),
        None => Ok(Ended::Whole),
    }
}

struct Belt<'a, B, E, S> {
    pieces: u64,
    ahead: u64,
    stop: &'a AtomicBool,
    state: Mutex<State<B, E, S>>,
    /// A piece was delivered, or it is all over.
    moved: Condvar,
}

struct State<B, E, S> {
    /// Pieces begun.
    taken: u64,
    /// The piece to be delivered next.
    next: u64,
    /// Pieces made and not delivered.
    ready: BTreeMap<u64, Result<B, E>>,
    /// Away while a thread is delivering.
    sink: Option<S>,
    failed: Option<E>,
    over: bool,
}

impl<B, E, S: FnMut(B) -> Result<(), E>> Belt<'_, B, E, S> {
    fn work(&self, make: &impl Fn(u64) -> Result<B, E>) {
        let guard = OverOnPanic(self);
        while let Some(index) = self.take() {
            let piece = make(index);
            self.state().ready.insert(index, piece);
            self.deliver();
        }
        drop(guard);
    }

    /// The next piece to be made, once there is room for it.
    fn take(&self) -> Option<u64> {
        let state = self.state();
        let full = |state: &mut State<B, E, S>| {
            !state.over && state.taken >= state.next.saturating_add(self.ahead)
        };
        let waited = self.moved.wait_while(state, full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let done = state.over || state.taken == self.pieces || self.stop.load(Ordering::Relaxed);
        (!done).then(|| {
            state.taken += 1;
            state.taken - 1
        })
    }

    /// Deliver what is ready, unless another thread is at it.
    fn deliver(&self) {
        let mut state = self.state();
        let Some(mut sink) = state.sink.take() else {
            return;
        };
        while !state.over {
            let next = state.next;
            let Some(piece) = state.ready.remove(&next) else {
                break;
            };
            drop(state);
            let delivered = piece.and_then(&mut sink);
            state = self.state();
            match delivered {
                Ok(()) => state.next += 1,
                Err(error) => {
                    state.failed = Some(error);
                    state.over = true;
                }
            }
            self.moved.notify_all();
        }
        state.sink = Some(sink);
    }

    fn state(&self) -> MutexGuard<'_, State<B, E, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Threads must not wait for a piece whose thread died.
struct OverOnPanic<'a, 'b, B, E, S: FnMut(B) -> Result<(), E>>(&'a Belt<'b, B, E, S>);

impl<B, E, S: FnMut(B) -> Result<(), E>> Drop for OverOnPanic<'_, '_, B, E, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().over = true;
            self.0.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    /// What arrives of `pieces`, some of which take long, on so many threads.
    fn delivered(
        threads: usize,
        pieces: u64,
        fails_at: Option<u64>,
    ) -> (Vec<u64>, Result<Ended, u64>, u64) {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let (mut arrived, begun, most) = (Vec::new(), AtomicU64::new(0), AtomicU64::new(0));
        let make = |index| {
            begun.fetch_add(1, Ordering::SeqCst);
            if index % 7 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            if fails_at == Some(index) {
                Err(index)
            } else {
                Ok(index)
            }
        };
        let sink = |index| {
            most.fetch_max(begun.load(Ordering::SeqCst) - index, Ordering::SeqCst);
            arrived.push(index);
            Ok(())
        };
        let stop = AtomicBool::new(false);
        let ended = pool.install(|| in_order(pieces, 1, &stop, make, sink));
        (arrived, ended, most.into_inner())
    }

    #[test]
    fn pieces_arrive_in_order_and_few_wait() {
        for threads in [1, 2, 7] {
            let (arrived, ended, most) = delivered(threads, 200, None);
            assert_eq!(arrived, (0..200).collect::<Vec<_>>());
            assert_eq!(ended, Ok(Ended::Whole));
            assert!(most <= 2 * threads as u64 + 1, "{threads} threads: {most}");
        }
        assert_eq!(delivered(2, 0, None).1, Ok(Ended::Whole));
    }

    #[test]
    fn nothing_arrives_after_the_first_error() {
        for threads in [1, 2, 7] {
            let (arrived, ended, _) = delivered(threads, 200, Some(50));
            assert_eq!((arrived, ended), ((0..50).collect(), Err(50)));
        }
    }

    #[test]
    fn a_stop_delivers_what_was_begun() {
        let stop = AtomicBool::new(false);
        let begun = AtomicU64::new(0);
        let mut arrived = Vec::new();
        let make = |index| {
            begun.fetch_add(1, Ordering::SeqCst);
            stop.fetch_or(index == 20, Ordering::SeqCst);
            Ok::<_, u64>(index)
        };
        let ended = in_order(1000, 8, &stop, make, |index| {
            arrived.push(index);
            Ok(())
        });
        assert_eq!(ended, Ok(Ended::Stopped));
        assert_eq!(arrived, (0..begun.into_inner()).collect::<Vec<_>>());
        assert!((21..1000).contains(&arrived.len()));
    }

    #[test]
    #[should_panic(expected = "broken")]
    fn a_panic_hangs_nobody() {
        let stop = AtomicBool::new(false);
        let make = |index| {
            assert!(index != 5, "broken");
            Ok::<_, u64>(index)
        };
        let _ = in_order(1000, 2, &stop, make, |_| Ok(()));
    }
}
