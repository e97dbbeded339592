//! What can be wrong with a game from code, and with which argument.

use crate::game::{GameError, Quantity};

/// What cannot be built into a game. `argument` is the builder's method.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An argument that every game needs, or this one does.
    #[error("`{argument}` is missing")]
    Missing {
        /// Which.
        argument: &'static str,
    },
    /// An empty list.
    #[error("`{argument}` is empty; it needs at least one element")]
    Empty {
        /// Which.
        argument: &'static str,
    },
    /// More than can be held.
    #[error("`{argument}`: {found} {what} are too many, at most {limit} can be held")]
    TooMany {
        /// Which.
        argument: &'static str,
        /// Of what.
        what: &'static str,
        /// How many.
        found: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A name that cannot be used.
    #[error("`{argument}`: {name:?} cannot be a name: {reason}")]
    BadName {
        /// Which.
        argument: &'static str,
        /// The name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The same name twice.
    #[error("`{argument}`: {name:?} is named twice")]
    Duplicate {
        /// Which.
        argument: &'static str,
        /// The name.
        name: String,
    },
    /// A name that was not declared.
    #[error("`{argument}`: there is no {name:?} among {}", known.join(", "))]
    UnknownName {
        /// Which.
        argument: &'static str,
        /// The name.
        name: String,
        /// What can stand there.
        known: Vec<String>,
    },
    /// Two columns of a table with one name.
    #[error("`{argument}`: two columns of the tables would be called {column:?}")]
    ColumnCollision {
        /// The set of names that has one of them.
        argument: &'static str,
        /// The column.
        column: String,
    },
    /// A number out of its range.
    #[error("`{argument}` must be {range}, not {found}")]
    OutOfRange {
        /// Which.
        argument: &'static str,
        /// What was found.
        found: f64,
        /// What was asked.
        range: &'static str,
    },
    /// A law with the wrong number of entries.
    #[error("`{argument}` has {found} probabilities for {expected} types")]
    LawLength {
        /// Which.
        argument: &'static str,
        /// The entries given.
        found: usize,
        /// The types.
        expected: usize,
    },
    /// A law that does not sum to one.
    #[error("`{argument}` sums to {sum}, not to 1")]
    LawSum {
        /// Which.
        argument: &'static str,
        /// The sum.
        sum: f64,
    },
    /// A table with the wrong number of entries.
    #[error("a table of `{argument}` has {found} numbers, not {expected}: {axes}")]
    TableLength {
        /// Which.
        argument: &'static str,
        /// The numbers given.
        found: usize,
        /// The numbers that it needs.
        expected: usize,
        /// The axes of the table.
        axes: &'static str,
    },
    /// The wrong number of tables.
    #[error("`{argument}` has {found} tables for {expected} periods")]
    Periods {
        /// Which.
        argument: &'static str,
        /// The tables given.
        found: usize,
        /// The tables that it needs.
        expected: usize,
    },
    /// A stated range that is none.
    #[error(
        "`{argument}` states the range from {low} to {high}, which must be finite and not empty"
    )]
    Range {
        /// Which.
        argument: &'static str,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// Something about a leader who is not there, or about the types of one who has none.
    #[error("`{argument}` is about the leader, and there is no `{needed}`")]
    NoLeader {
        /// Which.
        argument: &'static str,
        /// The argument that would make it mean something.
        needed: &'static str,
    },
    /// A kernel or reward that depends on t, with an infinite horizon.
    #[error(
        "the horizon is infinite, and `{argument}` depends on t: leave t out, and say so by `Reads` with `time: false`"
    )]
    InfiniteAndTimed {
        /// Which.
        argument: &'static str,
    },
    /// A terminal reward, with an infinite horizon.
    #[error("the horizon is infinite, and there is no last period for a `terminal_reward`")]
    InfiniteAndTerminal,
    /// A discount so near 1 that too many periods would have to be played.
    #[error(
        "an `infinite_horizon` with this discount and epsilon takes {periods} periods to play, and {most} is the most"
    )]
    InfiniteTooLong {
        /// Periods needed.
        periods: f64,
        /// Periods at most.
        most: u64,
    },
    /// More prescriptions of the leader than can be tried one by one.
    #[error(
        "`leader_types`: the leader has {found} prescriptions to choose from, one of {actions} actions for each of {types} \
         private types, more than {limit}"
    )]
    TooManyPrescriptions {
        /// How many.
        found: f64,
        /// |A^l|.
        actions: usize,
        /// |X^l|.
        types: usize,
        /// The most allowed.
        limit: u64,
    },
    /// A kernel or reward without a valid value somewhere.
    #[error("`{argument}`: {error}")]
    Value {
        /// Which.
        argument: &'static str,
        /// What and where.
        error: Box<GameError>,
    },
}

impl BuildError {
    /// An invalid value, with the argument that it comes from.
    pub(super) fn of_value(error: GameError) -> Self {
        let of = |quantity: &Quantity| match quantity {
            Quantity::Transition { .. } => "transition",
            Quantity::LeaderTransition { .. } => "leader_transition",
            Quantity::FollowerReward(_) => "follower_reward",
            Quantity::LeaderFollowerReward(_) => "leader_follower_reward",
            Quantity::LeaderPeriodReward(_) => "leader_period_reward",
            Quantity::Terminal { .. } => "terminal_reward",
            Quantity::Row(row) => row.argument(),
        };
        let argument = match &error {
            GameError::NotFinite { quantity, .. }
            | GameError::Unbounded { quantity, .. }
            | GameError::Code { quantity, .. } => of(quantity),
            GameError::Negative { row, .. } | GameError::RowSum { row, .. } => row.argument(),
            // A game that is being built is not watched.
            GameError::Stopped => "",
        };
        let error = Box::new(error);
        BuildError::Value { argument, error }
    }
}
