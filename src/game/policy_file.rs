//! A policy read from a table with policy.csv's columns: between rows the nearest z is taken.
//!
//! Only `gamma_TYPE_ACTION` is required (an action that a type may not take can be left out, at probability 0). Without
//! `t` or without `z_TYPE` the policy is constant in them; without `leader_action` the game must have one leader action.
//! Every other column is ignored.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Game, LeaderAction, MeanField, Play, Policy, Prescription};

/// How far probabilities of one law may sum from one.
const SUM_TOLERANCE: f64 = 1e-12;

/// Rows whose distance to z exceeds the smallest by at most this are equally near: it covers the rounding of distances.
const TIE_TOLERANCE: f64 = 1e-12;

/// A Markov policy given by its values at finitely many (t, z).
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyFile {
    /// One list per period, in the order of the file; a single list where the policy is constant in t.
    periods: Vec<Vec<Row>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// z(x), one per type; empty where the policy is constant in z.
    z: Vec<f64>,
    play: Play,
}

impl PolicyFile {
    /// Read the policy of `game` in the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read or is no such table; a row whose probabilities are none.
    pub fn read(path: &Path, game: &Game) -> Result<Self, PolicyFileError> {
        let at_file = |problem| PolicyFileError {
            path: path.to_path_buf(),
            line: None,
            problem,
        };
        let file = File::open(path).map_err(|error| at_file(PolicyProblem::Open(error)))?;
        Self::from_reader(path, file, game)
    }

    /// The same from any source; `path` is its name in messages.
    ///
    /// # Errors
    /// As for [`PolicyFile::read`].
    pub fn from_reader(
        path: &Path,
        source: impl Read,
        game: &Game,
    ) -> Result<Self, PolicyFileError> {
        let error = |line, problem| PolicyFileError {
            path: path.to_path_buf(),
            line,
            problem,
        };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(source);
        let header = reader
            .headers()
            .map_err(|e| error(line_of(&e), PolicyProblem::Table(e)))?
            .clone();
        let columns = Columns::find(&header, game).map_err(|problem| error(Some(1), problem))?;
        let lists = if columns.t.is_some() {
            game.horizon()
        } else {
            1
        };
        let mut periods = vec![Vec::new(); lists];
        for record in reader.records() {
            let record = record.map_err(|e| error(line_of(&e), PolicyProblem::Table(e)))?;
            let line = record.position().map(csv::Position::line);
            let (t, row) = columns
                .row(&record, game)
                .map_err(|problem| error(line, problem))?;
            let rows: &mut Vec<Row> = &mut periods[t - 1];
            if columns.z.is_empty() && !rows.is_empty() {
                return Err(error(line, PolicyProblem::DoubledRow { t }));
            }
            rows.push(row);
        }
        match periods.iter().position(Vec::is_empty) {
            Some(_) if columns.t.is_none() => Err(error(None, PolicyProblem::Empty)),
            Some(index) => Err(error(
                None,
                PolicyProblem::MissingPeriod {
                    t: index + 1,
                    horizon: game.horizon(),
                },
            )),
            None => Ok(Self { periods }),
        }
    }
}

impl Policy for PolicyFile {
    fn play(&self, t: usize, z: &MeanField) -> Play {
        let rows = &self.periods[(t - 1).min(self.periods.len() - 1)];
        let distances = || rows.iter().map(|row| distance(&row.z, z.weights()));
        let smallest = distances().fold(f64::INFINITY, f64::min);
        let nearest = distances().position(|distance| distance <= smallest + TIE_TOLERANCE);
        rows[nearest.unwrap_or(0)].play.clone()
    }

    fn answer(&self, _: usize, _: &MeanField, _: LeaderAction) -> Option<Prescription> {
        None
    }
}

/// Total variation; 0 from a row that has no z.
fn distance(row: &[f64], z: &[f64]) -> f64 {
    0.5 * row.iter().zip(z).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

fn line_of(error: &csv::Error) -> Option<u64> {
    error.position().map(csv::Position::line)
}

/// Where the columns stand.
struct Columns {
    t: Option<usize>,
    /// One per type, or none.
    z: Vec<usize>,
    leader_action: Option<usize>,
    /// Per (type, action), types by actions.
    gamma: Vec<Option<usize>>,
}

impl Columns {
    fn find(header: &csv::StringRecord, game: &Game) -> Result<Self, PolicyProblem> {
        let find = |column: &str| {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, name)| *name == column)
                .map(|(place, _)| place);
            match (places.next(), places.next()) {
                (_, Some(_)) => Err(PolicyProblem::DoubledColumn {
                    column: column.to_owned(),
                }),
                (place, None) => Ok(place),
            }
        };
        let missing = |column: String| PolicyProblem::MissingColumn { column };
        let mut z = Vec::new();
        for (x, name) in game.follower_types().iter().enumerate() {
            let column = format!("z_{name}");
            match find(&column)? {
                Some(place) if z.len() == x => z.push(place),
                // Columns of some types only: name the first that is missing.
                None if z.is_empty() => {}
                None => return Err(missing(column)),
                Some(_) => return Err(missing(format!("z_{}", game.follower_types()[0]))),
            }
        }
        let mut gamma = Vec::new();
        for (x, type_name) in game.follower_types().iter().enumerate() {
            for (a, action) in game.follower_actions().iter().enumerate() {
                let column = format!("gamma_{type_name}_{action}");
                match find(&column)? {
                    None if game.is_available(x, a) => return Err(missing(column)),
                    place => gamma.push(place),
                }
            }
        }
        let leader_action = find("leader_action")?;
        if leader_action.is_none() && game.leader_actions().len() > 1 {
            return Err(PolicyProblem::NoLeader {
                actions: game.leader_actions().len(),
            });
        }
        Ok(Self {
            t: find("t")?,
            z,
            leader_action,
            gamma,
        })
    }

    /// The period (1 where the policy is constant in t) and the row of one record.
    fn row(&self, record: &csv::StringRecord, game: &Game) -> Result<(usize, Row), PolicyProblem> {
        let text = |place: usize| record.get(place).unwrap_or("");
        let t = self
            .t
            .map_or(Ok(1), |place| period(text(place), game.horizon()))?;
        let mut z = Vec::with_capacity(self.z.len());
        for (place, name) in self.z.iter().zip(game.follower_types()) {
            z.push(probability(text(*place), || format!("z_{name}"))?);
        }
        if !z.is_empty() {
            sums_to_one(&z, || "z".to_owned())?;
        }
        let leader_action = match self.leader_action {
            Some(place) => leader_action(text(place), game)?,
            None => LeaderAction(0),
        };
        let mut rows = Vec::with_capacity(self.gamma.len());
        let actions = game.follower_actions();
        for (x, name) in game.follower_types().iter().enumerate() {
            for (a, action) in actions.iter().enumerate() {
                let column = || format!("gamma_{name}_{action}");
                let place = self.gamma[x * actions.len() + a];
                let p = place.map_or(Ok(0.0), |place| probability(text(place), column))?;
                if p > 0.0 && !game.is_available(x, a) {
                    return Err(PolicyProblem::Unavailable {
                        column: column(),
                        found: p,
                    });
                }
                rows.push(p);
            }
            sums_to_one(&rows[x * actions.len()..], || format!("gamma_{name}"))?;
        }
        Ok((
            t,
            Row {
                z,
                play: Play {
                    leader_action,
                    prescription: Prescription::new(actions.len(), rows),
                },
            },
        ))
    }
}

fn period(text: &str, horizon: usize) -> Result<usize, PolicyProblem> {
    let found = text.parse().ok().filter(|t| (1..=horizon).contains(t));
    found.ok_or_else(|| PolicyProblem::Period {
        found: text.to_owned(),
        horizon,
    })
}

fn probability(text: &str, column: impl Fn() -> String) -> Result<f64, PolicyProblem> {
    let found = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    found.ok_or_else(|| PolicyProblem::Probability {
        column: column(),
        found: text.to_owned(),
    })
}

fn sums_to_one(law: &[f64], columns: impl Fn() -> String) -> Result<(), PolicyProblem> {
    let sum: f64 = law.iter().sum();
    if (sum - 1.0).abs() <= SUM_TOLERANCE {
        Ok(())
    } else {
        Err(PolicyProblem::Sum {
            columns: columns(),
            sum,
        })
    }
}

/// The action written as `text`: by its own text, else by its value (0.30 for 0.3).
fn leader_action(text: &str, game: &Game) -> Result<LeaderAction, PolicyProblem> {
    let known = game.leader_actions();
    let by_value = || {
        let value = text.parse::<f64>().ok()?;
        known
            .iter()
            .position(|action| action.parse::<f64>().is_ok_and(|known| known == value))
    };
    let found = known
        .iter()
        .position(|action| action == text)
        .or_else(by_value);
    found
        .map(LeaderAction)
        .ok_or_else(|| PolicyProblem::LeaderAction {
            found: text.to_owned(),
            known: abbreviated(known),
        })
}

/// At most eight names, for a message.
fn abbreviated(names: &[String]) -> String {
    match names {
        [first, .., last] if names.len() > 8 => {
            format!("{first} .. {last} ({} actions)", names.len())
        }
        _ => names.join(", "),
    }
}

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
    /// Not a table in UTF-8, or not readable to its end.
    #[error("the policy file is no CSV table: {0}")]
    Table(csv::Error),
    /// A header without a column that is needed.
    #[error(
        "the column {column} is missing: add it (z_TYPE columns are for all types or for none)"
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
    #[error("leader_action = `{found}`: write one of hers, {known}")]
    LeaderAction {
        /// As written.
        found: String,
        /// Her actions.
        known: String,
    },
    /// Two rows for one period without z columns to tell them apart.
    #[error(
        "a second row for t = {t}, and no z_TYPE columns to tell the rows apart: remove one (without a t column, one row is the whole policy)"
    )]
    DoubledRow {
        /// The period.
        t: usize,
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
