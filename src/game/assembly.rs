//! The tables of a game from code: which of their numbers are constants, and which some model gives.

use super::arrays::Arrays;
use super::builder::BuildError;
use super::closures::{At, Closures, Function, Reads, call, widened};
use super::model::{Entry, Failure, Failures, Model, Models, Table};
use super::program::{Pool, Slot};
use super::sources::{Rows, Source};
use crate::stats::Interval;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A number of a table.
#[derive(Clone, Copy, Debug)]
enum Number {
    Constant(f64),
    /// The place among the numbers of all models.
    OfModel(usize),
}

/// The numbers of a table, in its order.
pub(super) struct Numbers(Vec<Number>);

impl Numbers {
    /// Their slots in a pool of a game with so many types.
    pub(super) fn slots(&self, pool: &mut Pool, types: usize) -> Vec<Slot> {
        let slot = |number: &Number| match number {
            Number::Constant(value) => pool.constant(*value),
            Number::OfModel(k) => Slot::of_model(types, *k),
        };
        self.0.iter().map(slot).collect()
    }
}

/// The sizes of a game, and the models of its tables so far.
pub(super) struct Assembly {
    pub(super) types: usize,
    pub(super) actions: usize,
    pub(super) leader_types: usize,
    pub(super) leader_actions: usize,
    /// By type, then action.
    pub(super) available: Vec<bool>,
    /// `None` for an infinite one.
    pub(super) horizon: Option<usize>,
    pub(super) failures: Arc<Failures>,
    /// How many numbers the models have.
    pub(super) numbers: usize,
    pub(super) models: Models,
    pub(super) terminal: Models,
}

impl Assembly {
    /// The numbers of a table, `argument` being what its source is called; without a source types stay as they are, and
    /// rewards are zero.
    pub(super) fn table(
        &mut self,
        table: Table,
        source: Option<Source>,
        argument: &'static str,
    ) -> Result<Numbers, BuildError> {
        let Some(Source { rows, reads, range }) = source else {
            return Ok(self.constants(table, |_, _, _| {}));
        };
        match rows {
            Rows::Constant(function) => Ok(self.asked_once(table, &function)),
            Rows::Table(values) => self.given(table, &values, argument),
            Rows::PerPeriod(periods) => self.periods(table, &periods, argument),
            Rows::Code(function) => {
                let is_proper = |r: Interval| r.low <= r.high && (r.high - r.low).is_finite();
                match range {
                    Some(range) if !is_proper(range) => Err(BuildError::Range {
                        argument,
                        low: range.low,
                        high: range.high,
                    }),
                    _ if self.horizon.is_none() && reads.time => {
                        Err(BuildError::InfiniteAndTimed { argument })
                    }
                    _ => Ok(self.code(table, function, reads, range)),
                }
            }
        }
    }

    /// Who takes what in each row of a table, in its order.
    fn entries(&self, table: Table) -> Vec<Entry> {
        let moves = self.leader_types * self.leader_actions;
        let (moves, types, actions) = match table {
            Table::Terminal => (1, self.types, 1),
            Table::LeaderPeriodReward | Table::LeaderKernel => (moves, 1, 1),
            _ => (moves, self.types, self.actions),
        };
        let entries = (0..moves * types * actions).map(|i| Entry {
            table,
            leader_move: i / (types * actions),
            x: i / actions % types,
            a: i % actions,
        });
        entries.collect()
    }

    fn width(&self, table: Table) -> usize {
        match table {
            Table::Kernel => self.types,
            Table::LeaderKernel => self.leader_types,
            _ => 1,
        }
    }

    fn is_available(&self, entry: &Entry) -> bool {
        match entry.table {
            Table::Kernel | Table::FollowerReward | Table::LeaderFollowerReward => {
                self.available[entry.x * self.actions + entry.a]
            }
            _ => true,
        }
    }

    /// The row of what cannot happen, or is left out.
    fn default_row(&self, entry: Entry) -> Vec<f64> {
        let mut row = vec![0.0; self.width(entry.table)];
        match entry.table {
            Table::Kernel => row[entry.x] = 1.0,
            Table::LeaderKernel => row[entry.leader_move / self.leader_actions] = 1.0,
            _ => {}
        }
        row
    }

    /// A table of constants: `write` is given each available entry, its place and its row.
    fn constants(&self, table: Table, mut write: impl FnMut(Entry, usize, &mut [f64])) -> Numbers {
        let mut numbers = Vec::new();
        for (place, entry) in self.entries(table).into_iter().enumerate() {
            let mut row = self.default_row(entry);
            if self.is_available(&entry) {
                write(entry, place, &mut row);
            }
            numbers.extend(row.into_iter().map(Number::Constant));
        }
        Numbers(numbers)
    }

    fn asked_once(&self, table: Table, function: &Function) -> Numbers {
        self.constants(table, |entry, _, row| {
            let at = At::of(&entry, self.leader_actions, 0, &[]);
            if let Err(fault) = call(function, &at, row) {
                row.fill(f64::NAN);
                self.failures.keep(Failure {
                    fault,
                    entry,
                    next: 0,
                    t: 0,
                    z: Vec::new(),
                });
            }
        })
    }

    fn given(
        &self,
        table: Table,
        values: &[f64],
        argument: &'static str,
    ) -> Result<Numbers, BuildError> {
        let width = self.width(table);
        self.check_length(table, values.len(), argument)?;
        Ok(self.constants(table, |_, place, row| {
            row.copy_from_slice(&values[place * width..][..width]);
        }))
    }

    fn check_length(
        &self,
        table: Table,
        found: usize,
        argument: &'static str,
    ) -> Result<(), BuildError> {
        let expected = self.entries(table).len() * self.width(table);
        let axes = match table {
            Table::Kernel => "leader types x leader actions x types x actions x types",
            Table::FollowerReward | Table::LeaderFollowerReward => {
                "leader types x leader actions x types x actions"
            }
            Table::LeaderPeriodReward => "leader types x leader actions",
            Table::LeaderKernel => "leader types x leader actions x leader types",
            Table::Terminal => "types",
        };
        match found == expected {
            true => Ok(()),
            false => Err(BuildError::TableLength {
                argument,
                found,
                expected,
                axes,
            }),
        }
    }

    fn periods(
        &mut self,
        table: Table,
        periods: &[Vec<f64>],
        argument: &'static str,
    ) -> Result<Numbers, BuildError> {
        let Some(horizon) = self.horizon else {
            return Err(BuildError::InfiniteAndTimed { argument });
        };
        // There is one end.
        let expected = if table == Table::Terminal { 1 } else { horizon };
        if periods.len() != expected {
            let found = periods.len();
            return Err(BuildError::Periods {
                argument,
                found,
                expected,
            });
        }
        for values in periods {
            self.check_length(table, values.len(), argument)?;
        }
        let (entries, width) = (self.entries(table), self.width(table));
        let available: Vec<bool> = entries
            .iter()
            .map(|entry| self.is_available(entry))
            .collect();
        let kept = |values: &Vec<f64>| -> Vec<f64> {
            let rows = values.chunks_exact(width).zip(&available);
            rows.filter(|(_, available)| **available)
                .flat_map(|(row, _)| row.iter().copied())
                .collect()
        };
        let arrays = Arrays::new(periods.iter().map(kept).collect());
        let rows = entries.iter().zip(&available);
        let mut count = 0;
        let rows = rows.map(|(_, available)| {
            count += usize::from(*available);
            available.then(|| count - 1)
        });
        let rows: Vec<Option<usize>> = rows.collect();
        Ok(self.add(table, &rows, Arc::new(arrays)))
    }

    fn code(
        &mut self,
        table: Table,
        function: Function,
        reads: Reads,
        range: Option<Interval>,
    ) -> Numbers {
        // Places that differ in what is not read share a row.
        let mut asked: Vec<Entry> = Vec::new();
        let mut known = BTreeMap::new();
        let mut rows = Vec::new();
        for mut entry in self.entries(table) {
            if !self.is_available(&entry) {
                rows.push(None);
                continue;
            }
            let (x, a) = (
                entry.leader_move / self.leader_actions,
                entry.leader_move % self.leader_actions,
            );
            let x = if reads.leader_type { x } else { 0 };
            let a = if reads.leader_action { a } else { 0 };
            entry.leader_move = x * self.leader_actions + a;
            let row = known.entry((entry.leader_move, entry.x, entry.a));
            rows.push(Some(*row.or_insert_with(|| {
                asked.push(entry);
                asked.len() - 1
            })));
        }
        let closures = Closures {
            function,
            entries: asked,
            leader_actions: self.leader_actions,
            width: self.width(table),
            range: range.map(widened),
            reads,
            failures: self.failures.clone(),
            filled: Default::default(),
            first: Default::default(),
        };
        self.add(table, &rows, Arc::new(closures))
    }

    /// Add a model, and the table whose entries have these of its rows.
    fn add(&mut self, table: Table, rows: &[Option<usize>], model: Arc<dyn Model>) -> Numbers {
        let (first, width) = (self.numbers, self.width(table));
        self.numbers += model.len();
        let models = match table {
            Table::Terminal => &mut self.terminal,
            _ => &mut self.models,
        };
        models.push(first, model);
        let mut numbers = Vec::new();
        for (entry, row) in self.entries(table).into_iter().zip(rows) {
            match row {
                Some(row) => {
                    numbers.extend((0..width).map(|k| Number::OfModel(first + row * width + k)))
                }
                None => numbers.extend(self.default_row(entry).into_iter().map(Number::Constant)),
            }
        }
        Numbers(numbers)
    }
}
