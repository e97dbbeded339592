//! What can be wrong with a policy file.

use std::path::PathBuf;

/// What is wrong with a policy file, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {problem}", path.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct PolicyFileError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, where one is to blame.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: PolicyProblem,
}

/// What is wrong with a policy file.
#[derive(Debug, thiserror::Error)]
pub enum PolicyProblem {
    /// The file cannot be opened.
    #[error("the policy file cannot be opened: {0}")]
    Open(std::io::Error),
    /// Not readable to its end.
    #[error("the policy file is no CSV table: {0}")]
    Table(csv::Error),
    /// A byte that is no UTF-8.
    #[error("the policy file is no UTF-8 text: save it as UTF-8 or ASCII")]
    NotText,
    /// A row longer or shorter than the header.
    #[error("the row has {found} fields, the header {expected}: write one per column")]
    RowLength {
        /// Fields of the row.
        found: u64,
        /// Columns.
        expected: u64,
    },
    /// A header without a column that is needed.
    #[error(
        "the column {column} is missing: add it (columns by type or leader action are for all of them or for none)"
    )]
    MissingColumn {
        /// Its name.
        column: String,
    },
    /// A header with one column twice.
    #[error("the column {column} stands there twice: remove one")]
    DoubledColumn {
        /// Its name.
        column: String,
    },
    /// No column for a leader with a choice.
    #[error(
        "the column leader_action is missing, and the leader has {actions} actions: add it, or fix her action in the scenario"
    )]
    NoLeader {
        /// The number of her actions.
        actions: usize,
    },
    /// Columns that give the leader's part of the play twice.
    #[error("the columns {first} and {second} both say what the leader plays: keep one of the two")]
    TwoLeaders {
        /// One of the first kind.
        first: String,
        /// One of the second kind.
        second: String,
    },
    /// A period that is none of the game's.
    #[error("t = `{found}`: write a whole number from 1 to the horizon, {horizon}")]
    Period {
        /// As written.
        found: String,
        /// T.
        horizon: usize,
    },
    /// Not a number in [0, 1].
    #[error("{column} = `{found}`: write a number from 0 to 1")]
    Probability {
        /// The column.
        column: String,
        /// As written.
        found: String,
    },
    /// Probabilities that do not sum to one.
    #[error(
        "the columns {columns}_* sum to {sum}: make them sum to 1 within 1e-12 (write all digits)"
    )]
    Sum {
        /// What their names begin with.
        columns: String,
        /// Their sum.
        sum: f64,
    },
    /// An action that the type may not take.
    #[error("{column} = {found}, but the type may not take that action: write 0")]
    Unavailable {
        /// The column.
        column: String,
        /// As written.
        found: f64,
    },
    /// An action that the leader does not have.
    #[error("{column} = `{found}`: write one of hers, {known}")]
    LeaderAction {
        /// The column.
        column: String,
        /// As written.
        found: String,
        /// Her actions.
        known: String,
    },
    /// Two rows for one period without columns to tell them apart.
    #[error(
        "a second row for t = {t}, and no z_TYPE columns to tell the rows apart: remove one (without a t column, one row is the whole policy)"
    )]
    DoubledRow {
        /// The period.
        t: usize,
    },
    /// Two rows of one period at one belief and mean field.
    #[error(
        "a second row for t = {t} at the place of line {first} (the same pi and z, within 1e-12): it would never be played, remove one"
    )]
    SamePlace {
        /// The period; 1 where the policy is constant in t.
        t: usize,
        /// The line of the first.
        first: u64,
    },
    /// A period without rows.
    #[error(
        "no row for t = {t}: write one for every period from 1 to {horizon}, or leave the column t out"
    )]
    MissingPeriod {
        /// The first such period.
        t: usize,
        /// T.
        horizon: usize,
    },
    /// No rows at all.
    #[error("the policy file has no rows: write at least one")]
    Empty,
}
