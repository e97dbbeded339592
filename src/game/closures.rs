//! A table that a function gives: every value is checked, and asked for twice now and then.

use super::model::{Entry, Failure, Failures, Fault, Model};
use super::tables::PROBABILITY_TOLERANCE;
use crate::stats::Interval;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Where a function of code is asked: the period, the mean field, and who takes what, by index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At<'a> {
    /// The period t, from 1; T + 1 for the terminal reward, 0 for what is constant.
    pub t: usize,
    /// The mean field z, one entry per follower type; empty for what is constant.
    pub z: &'a [f64],
    /// x^l; 0 for a leader without types.
    pub leader_type: usize,
    /// a^l; 0 in a game without a leader.
    pub leader_action: usize,
    /// The follower's type x; 0 where the leader alone is meant.
    pub x: usize,
    /// The follower's action a; 0 where no follower acts.
    pub a: usize,
}

impl<'a> At<'a> {
    pub(super) fn of(entry: &Entry, leader_actions: usize, t: usize, z: &'a [f64]) -> Self {
        Self {
            t,
            z,
            leader_type: entry.leader_move / leader_actions,
            leader_action: entry.leader_move % leader_actions,
            x: entry.x,
            a: entry.a,
        }
    }
}

/// A function that writes a row: the probabilities of the next types, or one reward.
pub(super) type Function = Arc<dyn Fn(&At<'_>, &mut [f64]) + Send + Sync>;

/// What a function reads of the period and of the leader. What it does not read it is not given: [`At::t`] is 1 then, and
/// indices are 0. It decides what a solver may rely on: an infinite horizon asks for functions without time, and followers learn
/// of a private type from a kernel that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// t.
    pub time: bool,
    /// x^l.
    pub leader_type: bool,
    /// a^l.
    pub leader_action: bool,
}

impl Reads {
    /// Everything that there is.
    pub const EVERYTHING: Self = Self {
        time: true,
        leader_type: true,
        leader_action: true,
    };
    /// Neither t nor what the leader is or does: z, x and a alone.
    pub const FOLLOWERS: Self = Self {
        time: false,
        leader_type: false,
        leader_action: false,
    };
}

/// Every value is asked for twice this often at first, and every so often later.
const TWICE_AT_FIRST: u64 = 64;
const TWICE_EVERY: u64 = 16;

/// Rounding by which a value may miss its range.
const RANGE_TOLERANCE: f64 = 1e-12;

/// The rows of a table that a function gives, one after the other.
pub(super) struct Closures {
    pub(super) function: Function,
    pub(super) entries: Vec<Entry>,
    /// |A^l|.
    pub(super) leader_actions: usize,
    /// The length of a row.
    pub(super) width: usize,
    /// What the function states of its values; `None` for a kernel, whose rows are laws.
    pub(super) range: Option<Interval>,
    pub(super) reads: Reads,
    pub(super) failures: Arc<Failures>,
    /// How often the table was filled.
    pub(super) filled: AtomicU64,
    /// The first point at which it was, and the values there.
    pub(super) first: OnceLock<(usize, Vec<f64>, Vec<f64>)>,
}

impl fmt::Debug for Closures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, width, .. } = self;
        write!(f, "Closures({} rows of {width})", entries.len())
    }
}

/// The range with what rounding may add.
pub(super) fn widened(Interval { low, high }: Interval) -> Interval {
    let rounding = RANGE_TOLERANCE * low.abs().max(high.abs());
    Interval {
        low: low - rounding,
        high: high + rounding,
    }
}

/// Call a function for one row.
pub(super) fn call(function: &Function, at: &At<'_>, row: &mut [f64]) -> Result<(), Fault> {
    row.fill(0.0);
    // A row of which nothing is kept cannot be seen half-written.
    catch_unwind(AssertUnwindSafe(|| function(at, row)))
        .map_err(|payload| Fault::Panicked(message(payload.as_ref())))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a message".to_owned())
}

impl Closures {
    /// All rows at (t, z), each checked.
    fn rows(&self, t: usize, z: &[f64], numbers: &mut [f64]) -> Result<(), Failure> {
        for (entry, row) in self
            .entries
            .iter()
            .zip(numbers.chunks_exact_mut(self.width))
        {
            let told = if self.reads.time { t } else { 1 };
            let at = At::of(entry, self.leader_actions, told, z);
            let checked = call(&self.function, &at, row).map_err(|fault| (fault, 0));
            checked
                .and_then(|()| self.check(row))
                .map_err(|(fault, next)| self.failure(fault, *entry, next, t, z))?;
        }
        Ok(())
    }

    fn failure(&self, fault: Fault, entry: Entry, next: usize, t: usize, z: &[f64]) -> Failure {
        Failure {
            fault,
            entry,
            next,
            t,
            z: z.to_vec(),
        }
    }

    /// What is wrong with a row, and its place there.
    fn check(&self, row: &[f64]) -> Result<(), (Fault, usize)> {
        for (k, value) in row.iter().enumerate() {
            if !value.is_finite() {
                return Err((Fault::NotFinite(*value), k));
            }
            match self.range {
                Some(range) if !(range.low <= *value && *value <= range.high) => {
                    return Err((Fault::LeftRange(*value, range), k));
                }
                None if *value < -PROBABILITY_TOLERANCE => {
                    return Err((Fault::Negative(*value), k));
                }
                _ => {}
            }
        }
        let sum: f64 = row.iter().sum();
        match self.range {
            None if (sum - 1.0).abs() > PROBABILITY_TOLERANCE => Err((Fault::RowSum(sum), 0)),
            _ => Ok(()),
        }
    }

    /// Ask again where the values are known.
    fn again(&self, t: usize, z: &[f64], known: &[f64]) -> Result<(), Failure> {
        let mut numbers = vec![0.0; known.len()];
        self.rows(t, z, &mut numbers)?;
        let mut pairs = known.iter().zip(&numbers).enumerate();
        match pairs.find(|(_, (a, b))| a != b) {
            Some((i, (a, b))) => {
                let (entry, next) = (self.entries[i / self.width], i % self.width);
                Err(self.failure(Fault::Changed([*a, *b]), entry, next, t, z))
            }
            None => Ok(()),
        }
    }

    fn checked(&self, t: usize, z: &[f64], numbers: &mut [f64]) -> Result<(), Failure> {
        self.rows(t, z, numbers)?;
        let filled = self.filled.fetch_add(1, Ordering::Relaxed);
        if filled >= TWICE_AT_FIRST && !filled.is_multiple_of(TWICE_EVERY) {
            return Ok(());
        }
        self.again(t, z, numbers)?;
        // What was once answered is answered still.
        let (t, z, known) = self.first.get_or_init(|| (t, z.to_vec(), numbers.to_vec()));
        self.again(*t, z, known)
    }
}

impl Model for Closures {
    fn fill(&self, t: usize, z: &[f64], numbers: &mut [f64]) {
        if self.failures.first().is_none() {
            match self.checked(t, z, numbers) {
                Ok(()) => return,
                Err(failure) => self.failures.keep(failure),
            }
        }
        numbers.fill(f64::NAN);
    }

    fn len(&self) -> usize {
        self.entries.len() * self.width
    }

    fn range(&self, _: usize, _: usize) -> Interval {
        self.range.unwrap_or(Interval {
            low: 0.0,
            high: 1.0,
        })
    }

    fn reads_time(&self) -> bool {
        self.reads.time
    }

    fn reads_mean_field(&self) -> bool {
        true
    }
}
