//! Where a table of a game from code comes from: a function, or numbers.

use super::closures::{At, Function, Reads};
use crate::stats::Interval;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The rows of a table.
#[derive(Clone)]
pub(super) enum Rows {
    /// Asked at every (t, z).
    Code(Function),
    /// Asked once.
    Constant(Function),
    Table(Vec<f64>),
    /// From t = 1 on.
    PerPeriod(Vec<Vec<f64>>),
}

/// A table, and what is said of it.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) rows: Rows,
    pub(super) reads: Reads,
    /// Of a reward that is code.
    pub(super) range: Option<Interval>,
}

impl From<Rows> for Source {
    fn from(rows: Rows) -> Self {
        Self {
            rows,
            reads: Reads::EVERYTHING,
            range: None,
        }
    }
}

/// A transition kernel: for every (x^l, a^l, x, a) the law of the follower's next type, or for every (x^l, a^l) that of the
/// leader's.
#[derive(Clone)]
pub struct Kernel(pub(super) Source);

impl Kernel {
    /// A function of t, z and who takes what. It writes the probabilities of the next types; the row is zero before.
    pub fn code(function: impl Fn(&At<'_>, &mut [f64]) + Send + Sync + 'static) -> Self {
        Self(Rows::Code(Arc::new(function)).into())
    }

    /// A function of who takes what, which is asked once for each: [`At::t`] is 0 and [`At::z`] empty. What does not depend on
    /// z is proven like a formula, where [`code`](Self::code) is known at single mean fields only.
    pub fn constant(function: impl Fn(&At<'_>, &mut [f64]) + Send + Sync + 'static) -> Self {
        Self(Rows::Constant(Arc::new(function)).into())
    }

    /// Numbers, row-major over leader type, leader action, type, action, next type, or for the leader's kernel over leader type,
    /// leader action, next leader type. An axis of which the game has one element has length 1. Rows of actions that are not
    /// available are not read.
    pub fn table(values: impl Into<Vec<f64>>) -> Self {
        Self(Rows::Table(values.into()).into())
    }

    /// Such a table for each period.
    pub fn per_period(periods: Vec<Vec<f64>>) -> Self {
        Self(Rows::PerPeriod(periods).into())
    }

    /// What a function reads, if it is less than everything.
    #[must_use]
    pub fn reads(mut self, reads: Reads) -> Self {
        self.0.reads = reads;
        self
    }
}

/// Rewards: for every (x^l, a^l, x, a), for every (x^l, a^l) where they are the leader's per period, or for every x where they
/// are terminal.
#[derive(Clone)]
pub struct Reward(pub(super) Source);

impl Reward {
    /// A function of t, z and who takes what, with the range that its values stay in. The range is the scale of what the game
    /// proves of rewards: state it as narrow as it is known. Every value is held against it.
    pub fn code(
        range: RangeInclusive<f64>,
        function: impl Fn(&At<'_>) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let rows = Rows::Code(Arc::new(move |at, row| row[0] = function(at)));
        Self(Source {
            range: Some(Interval {
                low: *range.start(),
                high: *range.end(),
            }),
            ..rows.into()
        })
    }

    /// A function of who takes what, as [`Kernel::constant`].
    pub fn constant(function: impl Fn(&At<'_>) -> f64 + Send + Sync + 'static) -> Self {
        let rows = Rows::Constant(Arc::new(move |at, row| row[0] = function(at)));
        Self(rows.into())
    }

    /// Numbers, row-major over leader type, leader action, type, action, as [`Kernel::table`]. The leader's rewards per period
    /// have the first two of these axes, terminal ones that of types alone.
    pub fn table(values: impl Into<Vec<f64>>) -> Self {
        Self(Rows::Table(values.into()).into())
    }

    /// Such a table for each period.
    pub fn per_period(periods: Vec<Vec<f64>>) -> Self {
        Self(Rows::PerPeriod(periods).into())
    }

    /// What a function reads, if it is less than everything.
    #[must_use]
    pub fn reads(mut self, reads: Reads) -> Self {
        self.0.reads = reads;
        self
    }
}
