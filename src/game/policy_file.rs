//! A policy read from a table with policy.csv's columns: between rows the nearest (pi, z) is taken, by the sum of the two
//! total variations.
//!
//! Only `gamma_TYPE_ACTION` is required (an action that a type may not take can be left out, at probability 0). Without
//! `t`, without `pi_LTYPE` or without `z_TYPE` the policy is constant in them. What the leader plays is read from one of
//! `leader_action`, `leader_action_LTYPE`, `leader_prob_ACTION` and `leader_prob_LTYPE_ACTION`; the first and third are the
//! same for all of her types. Without any of them the game must have one leader action. Every other column is ignored.

mod columns;
mod error;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use error::{PolicyFileError, PolicyProblem};

use columns::Columns;

use super::{
    Belief, Game, LeaderMixing, LeaderPrescription, MeanField, Play, Policy, PolicyError,
    Prescription,
};

/// Rows whose distance to (pi, z) exceeds the smallest by at most this are equally near: it covers the rounding of distances.
const TIE_TOLERANCE: f64 = 1e-12;

/// Rows as near as this may be nearest at a belief that differs by rounding.
const NEAR: f64 = 1e-9;

/// A Markov policy given by its values at finitely many (t, pi, z).
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyFile {
    /// One list per period, in the order of the file; a single list where the policy is constant in t.
    periods: Vec<Vec<Row>>,
    mixing: LeaderMixing,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// pi(x^l), one per leader type; empty where the policy is constant in pi.
    belief: Vec<f64>,
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
            .map_err(|e| error(line_of(&e), unread(e)))?
            .clone();
        let columns = Columns::find(&header, game).map_err(|problem| error(Some(1), problem))?;
        let lists = if columns.has_periods() {
            game.horizon()
        } else {
            1
        };
        let mut periods = vec![Vec::new(); lists];
        let mut lines = vec![Vec::new(); lists];
        for record in reader.records() {
            let record = record.map_err(|e| error(line_of(&e), unread(e)))?;
            let line = record.position().map(csv::Position::line);
            let (t, row) = columns
                .row(&record, game)
                .map_err(|problem| error(line, problem))?;
            let rows: &mut Vec<Row> = &mut periods[t - 1];
            if columns.are_constant() && !rows.is_empty() {
                return Err(error(line, PolicyProblem::DoubledRow { t }));
            }
            rows.push(row);
            lines[t - 1].push(line);
        }
        for (index, (rows, lines)) in periods.iter().zip(&lines).enumerate() {
            if let Some(Twins { first, second }) = twins(rows) {
                let problem = PolicyProblem::SamePlace {
                    t: index + 1,
                    first: lines[first].unwrap_or(0),
                };
                return Err(error(lines[second], problem));
            }
        }
        match periods.iter().position(Vec::is_empty) {
            Some(_) if !columns.has_periods() => Err(error(None, PolicyProblem::Empty)),
            Some(index) => Err(error(
                None,
                PolicyProblem::MissingPeriod {
                    t: index + 1,
                    horizon: game.horizon(),
                },
            )),
            None => Ok(Self {
                periods,
                mixing: columns.mixing(),
            }),
        }
    }

    /// Whether the file gives laws of leader actions.
    pub fn leader_mixing(&self) -> LeaderMixing {
        self.mixing
    }

    /// The rows of period t.
    fn rows(&self, t: usize) -> &[Row] {
        &self.periods[(t - 1).min(self.periods.len() - 1)]
    }

    /// Each of the prescriptions that the leader may play at (t, pi), whatever z is, once: those of the rows that no other
    /// row of the same z is nearer than.
    pub fn leaders_at(&self, t: usize, belief: &Belief) -> Vec<&LeaderPrescription> {
        let place = |row: &Row| -> Vec<u64> { row.z.iter().map(|z| z.to_bits()).collect() };
        let away = |row: &Row| distance(&row.belief, belief.weights());
        let mut nearest: BTreeMap<Vec<u64>, f64> = BTreeMap::new();
        for row in self.rows(t) {
            let least = nearest.entry(place(row)).or_insert(f64::INFINITY);
            *least = least.min(away(row));
        }
        let mut found = Vec::new();
        for row in self.rows(t) {
            let is_near = away(row) <= nearest[&place(row)] + NEAR;
            if is_near && !found.contains(&&row.play.leader) {
                found.push(&row.play.leader);
            }
        }
        found
    }
}

/// Multiply-adds in the time of looking a row up, apart from its search,
const LOOK_UP: f64 = 1e3;
/// and of comparing one entry of a row.
const ENTRY: f64 = 6.0;

impl Policy for PolicyFile {
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let rows = self.rows(t);
        let to =
            |row: &Row| distance(&row.belief, belief.weights()) + distance(&row.z, z.weights());
        let smallest = rows.iter().map(to).fold(f64::INFINITY, f64::min);
        let mut near = rows
            .iter()
            .filter(|row| to(row) <= smallest + TIE_TOLERANCE);
        let nearest = near.next().ok_or_else(|| PolicyError::NoRow {
            t,
            belief: belief.weights().to_vec(),
            z: z.weights().to_vec(),
        })?;
        Ok(nearest.play.clone())
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        _: &MeanField,
        _: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Err(PolicyError::NoAnswer { t })
    }

    /// Every row of the period is compared with (pi, z).
    fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<f64, PolicyError> {
        let numbers = belief.weights().len() + z.weights().len();
        Ok(LOOK_UP + 2.0 * ENTRY * (self.rows(t).len() * numbers) as f64)
    }
}

/// Total variation; 0 from a row without that law.
fn distance(row: &[f64], law: &[f64]) -> f64 {
    0.5 * row.iter().zip(law).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

/// Two rows of one period at one (pi, z), by their places in its list.
struct Twins {
    first: usize,
    second: usize,
}

/// A row of a period that an earlier one stands in the way of: their distance is at most the tolerance of ties, so
/// that wherever it is nearest the earlier one is taken.
///
/// Rows are compared in the order of one weighted sum of their numbers, in which twins stand next to each other.
fn twins(rows: &[Row]) -> Option<Twins> {
    let sum = |row: &Row| -> f64 {
        let numbers = row.belief.iter().chain(&row.z).enumerate();
        // Weights of at most 1 that lattice points do not share.
        numbers.map(|(i, w)| w / ((i + 1) as f64).sqrt()).sum()
    };
    let mut order: Vec<(f64, usize)> = rows.iter().map(sum).zip(0..).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A total variation d moves the sum by 2 d at most, for each law; the rest covers the rounding of sums.
    let reach = 8.0 * TIE_TOLERANCE;
    let mut found: Option<Twins> = None;
    for (i, (sum, a)) in order.iter().enumerate() {
        let near = order[i + 1..].iter();
        for (_, b) in near.take_while(|(other, _)| *other <= sum + reach) {
            let (first, second) = (*a.min(b), *a.max(b));
            let (one, other) = (&rows[first], &rows[second]);
            let away = distance(&one.belief, &other.belief) + distance(&one.z, &other.z);
            let is_earlier = found
                .as_ref()
                .is_none_or(|f| (second, first) < (f.second, f.first));
            if away <= TIE_TOLERANCE {
                found = if is_earlier {
                    Some(Twins { first, second })
                } else {
                    found
                };
                // Rows alike need not all be compared.
                break;
            }
        }
    }
    found
}

/// What the reader of CSV found.
fn unread(error: csv::Error) -> PolicyProblem {
    match *error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len: expected,
            len: found,
            ..
        } => PolicyProblem::RowLength { found, expected },
        csv::ErrorKind::Utf8 { .. } => PolicyProblem::NotText,
        _ => PolicyProblem::Table(error),
    }
}

fn line_of(error: &csv::Error) -> Option<u64> {
    error.position().map(csv::Position::line)
}

#[cfg(test)]
mod tests;
