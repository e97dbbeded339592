//! Tables of rows "type, action", in which `*` matches any and a more exact row wins: the followers' and the leader's.

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use super::formula::{Formula, Names, Resolved, Use, words};
use std::collections::BTreeMap;

/// What the rows of a table are about: types and actions by name, and which types may take which actions.
pub(super) struct Pairs<'a> {
    names: &'a Names,
    types: Vec<String>,
    actions: Vec<String>,
    /// By type, then action.
    available: Vec<bool>,
}

impl<'a> Pairs<'a> {
    /// Follower types and actions.
    pub(super) fn of_followers(names: &'a Names, available: &[bool]) -> Self {
        Self {
            names,
            types: words(&names.types),
            actions: words(&names.actions),
            available: available.to_vec(),
        }
    }

    /// Leader types and actions; `None` for a leader without types.
    pub(super) fn of_leader(names: &'a Names) -> Option<Self> {
        let types = names.leader_types.as_ref()?.printed();
        let actions = names.leader.as_ref()?.printed();
        let available = vec![true; types.len() * actions.len()];
        Some(Self {
            names,
            types,
            actions,
            available,
        })
    }

    /// The type and the action of a row's key, `None` for `*`.
    fn of_key(&self, key: &str, origin: &Origin) -> Result<Pair, Fault> {
        let parts: Vec<&str> = key.split(',').map(str::trim).collect();
        let [x, a] = parts[..] else {
            return origin.fault(Problem::RowForm {
                row: key.to_owned(),
            });
        };
        let find = |word: &str, set: &[String]| {
            if word == "*" {
                return Ok(None);
            }
            match position(set, word) {
                Some(index) => Ok(Some(index)),
                None => {
                    let known = [set, &["*".to_owned()]].concat();
                    origin.fault(Problem::UnknownName {
                        name: word.to_owned(),
                        known,
                    })
                }
            }
        };
        Ok((find(x, &self.types)?, find(a, &self.actions)?))
    }
}

/// A type and an action by index, `None` for any.
type Pair = (Option<usize>, Option<usize>);

/// The index of a name in a set; a number is found however it is written, as 0.10 for 0.1.
fn position(set: &[String], word: &str) -> Option<usize> {
    let found = set.iter().position(|known| known == word);
    let number = || word.parse::<f64>().ok();
    let is = |number: f64| set.iter().position(|known| known.parse() == Ok(number));
    found.or_else(|| number().and_then(is))
}

/// One row: what its key says, and what it says about the pairs that it matches.
#[derive(Clone, Debug)]
pub(super) struct Row<T> {
    pub(super) key: String,
    origin: Origin,
    pub(super) content: T,
}

/// What the rows of a table say about each pair, by type, then action; `None` where the type may not take the action.
#[derive(Clone, Debug)]
pub(super) struct ByPair<T> {
    rows: Vec<Row<T>>,
    /// Index into `rows`.
    pairs: Vec<Option<usize>>,
    actions: usize,
}

impl<T> ByPair<T> {
    /// The same for all available pairs.
    fn uniform(content: T, place: &Value, pairs: &Pairs<'_>) -> Self {
        let row = Row {
            key: "*, *".to_owned(),
            origin: place.origin.clone(),
            content,
        };
        let available = pairs.available.iter();
        Self {
            rows: vec![row],
            pairs: available.map(|available| available.then_some(0)).collect(),
            actions: pairs.actions.len(),
        }
    }

    /// What is said about (x, a).
    pub(super) fn get(&self, x: usize, a: usize) -> Option<&T> {
        self.pairs[x * self.actions + a].map(|index| &self.rows[index].content)
    }

    /// The rows as written.
    pub(super) fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    fn read(
        table: &Value,
        of: &Pairs<'_>,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Result<Self, Fault> {
        let mut rows = Vec::new();
        let mut matching: BTreeMap<Pair, Vec<usize>> = BTreeMap::new();
        for entry in table.entries()? {
            let pair = of.of_key(&entry.name, &entry.name_origin)?;
            matching.entry(pair).or_default().push(rows.len());
            rows.push(Row {
                key: entry.name.clone(),
                origin: entry.name_origin.clone(),
                content: read(&entry.value)?,
            });
        }
        let actions = of.actions.len();
        let mut pairs = Vec::with_capacity(of.available.len());
        for (index, available) in of.available.iter().enumerate() {
            pairs.push(if *available {
                let (x, a) = (index / actions, index % actions);
                Some(most_exact(&rows, &matching, (x, a), table, of)?)
            } else {
                None
            });
        }
        Ok(Self {
            rows,
            pairs,
            actions,
        })
    }
}

/// The index of the most exact row for (x, a), of which there must be one.
fn most_exact<T>(
    rows: &[Row<T>],
    matching: &BTreeMap<Pair, Vec<usize>>,
    (x, a): (usize, usize),
    table: &Value,
    of: &Pairs<'_>,
) -> Result<usize, Fault> {
    let (row_type, row_action) = (&of.types[x], &of.actions[a]);
    // From the most exact to the least; the rows of one line are equally exact.
    let exactness: [&[Pair]; 3] = [
        &[(Some(x), Some(a))],
        &[(Some(x), None), (None, Some(a))],
        &[(None, None)],
    ];
    for pairs in exactness {
        let found = pairs.iter().filter_map(|pair| matching.get(pair));
        let mut best: Vec<usize> = found.flatten().copied().collect();
        best.sort_unstable();
        match best[..] {
            [] => {}
            [only] => return Ok(only),
            [first, second, ..] => {
                return rows[second].origin.fault(Problem::DoubledRow {
                    first: rows[first].key.clone(),
                    second: rows[second].key.clone(),
                    row_type: row_type.clone(),
                    row_action: row_action.clone(),
                });
            }
        }
    }
    table.fault(Problem::MissingRow {
        key: table.key.clone(),
        row_type: row_type.clone(),
        row_action: row_action.clone(),
    })
}

/// `reward`: one formula, or a table of rows.
pub(super) fn reward(value: &Value, of: &Pairs<'_>) -> Result<ByPair<Resolved>, Fault> {
    let read = |value: &Value| {
        Formula::read(value, &of.names.spelling())?.resolve(of.names, Use::FollowerReward)
    };
    match value.kind {
        Kind::Table(_) => ByPair::read(value, of, read),
        _ => Ok(ByPair::uniform(read(value)?, value, of)),
    }
}

/// The law of the next type, as a row gives it.
#[derive(Clone, Debug)]
pub(super) struct TransitionRow {
    /// By next type.
    pub(super) entries: Vec<Next>,
    /// The place of the row.
    pub(super) origin: Origin,
}

/// The probability of one next type.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// Not named in the row: zero.
    Never,
    Formula(Resolved),
    /// What is left.
    Rest,
}

impl TransitionRow {
    /// The number of operations.
    pub(super) fn len(&self) -> usize {
        let of = |entry: &Next| match entry {
            Next::Formula(formula) => formula.len(),
            Next::Never | Next::Rest => 1,
        };
        self.entries.iter().map(of).sum()
    }

    /// The formulas among its entries.
    pub(super) fn formulas(&self) -> impl Iterator<Item = &Resolved> {
        self.entries.iter().filter_map(|entry| match entry {
            Next::Formula(formula) => Some(formula),
            Next::Never | Next::Rest => None,
        })
    }
}

/// `[follower.transition]` or `[leader.transition]`; `used` says which.
pub(super) fn transition(
    value: &Value,
    of: &Pairs<'_>,
    used: Use,
) -> Result<ByPair<TransitionRow>, Fault> {
    ByPair::read(value, of, |row| transition_row(row, of, used))
}

fn transition_row(row: &Value, of: &Pairs<'_>, used: Use) -> Result<TransitionRow, Fault> {
    let mut entries: Vec<Next> = of.types.iter().map(|_| Next::Never).collect();
    let mut has_rest = false;
    for entry in row.entries()? {
        let Some(next) = position(&of.types, &entry.name) else {
            return entry.name_origin.fault(Problem::UnknownName {
                name: entry.name.clone(),
                known: of.types.clone(),
            });
        };
        if !matches!(entries[next], Next::Never) {
            // TOML refuses the same key twice, not the same number written in two ways.
            return entry.name_origin.fault(Problem::Duplicate {
                name: entry.name.clone(),
            });
        }
        let is_rest = matches!(&entry.value.kind, Kind::String(text, _) if text.trim() == "rest");
        if is_rest && has_rest {
            return entry.value.fault(Problem::DoubledRest);
        }
        has_rest |= is_rest;
        entries[next] = if is_rest {
            Next::Rest
        } else {
            let formula = Formula::read(&entry.value, &of.names.spelling())?;
            Next::Formula(formula.resolve(of.names, used)?)
        };
    }
    Ok(TransitionRow {
        entries,
        origin: row.origin.clone(),
    })
}
