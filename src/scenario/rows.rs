//! Tables of rows "type, action", in which `*` matches any and a more exact row wins.

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use super::formula::{Formula, Names, Resolved, Use};

/// One row: the types and actions that it matches, and what it says.
#[derive(Clone, Debug)]
struct Row<T> {
    key: String,
    x: Option<usize>,
    a: Option<usize>,
    origin: Origin,
    content: T,
}

impl<T> Row<T> {
    fn matches(&self, x: usize, a: usize) -> bool {
        self.x.is_none_or(|row| row == x) && self.a.is_none_or(|row| row == a)
    }

    fn exactness(&self) -> usize {
        usize::from(self.x.is_some()) + usize::from(self.a.is_some())
    }
}

/// What the rows of a table say about each pair, by type, then action; `None` where the type may not take the action.
#[derive(Clone, Debug)]
pub(super) struct ByPair<T> {
    contents: Vec<T>,
    /// Index into `contents`.
    pairs: Vec<Option<usize>>,
    actions: usize,
}

impl<T> ByPair<T> {
    /// The same for all available pairs.
    pub(super) fn uniform(content: T, available: &[bool], actions: usize) -> Self {
        let pairs = available
            .iter()
            .map(|available| available.then_some(0))
            .collect();
        Self {
            contents: vec![content],
            pairs,
            actions,
        }
    }

    /// What is said about (x, a).
    pub(super) fn get(&self, x: usize, a: usize) -> Option<&T> {
        self.pairs[x * self.actions + a].map(|index| &self.contents[index])
    }

    fn read(
        table: &Value,
        names: &Names,
        available: &[bool],
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Result<Self, Fault> {
        let mut rows = Vec::new();
        for entry in table.entries()? {
            let (x, a) = pair(&entry.name, &entry.name_origin, names)?;
            let (key, origin) = (entry.name.clone(), entry.name_origin.clone());
            rows.push(Row {
                key,
                x,
                a,
                origin,
                content: read(&entry.value)?,
            });
        }
        let mut pairs = Vec::with_capacity(available.len());
        for (index, available) in available.iter().enumerate() {
            let (x, a) = (index / names.actions.len(), index % names.actions.len());
            pairs.push(if *available {
                Some(most_exact(&rows, x, a, table, names)?)
            } else {
                None
            });
        }
        let contents = rows.into_iter().map(|row| row.content).collect();
        Ok(Self {
            contents,
            pairs,
            actions: names.actions.len(),
        })
    }
}

/// The index of the most exact row for (x, a), of which there must be one.
fn most_exact<T>(
    rows: &[Row<T>],
    x: usize,
    a: usize,
    table: &Value,
    names: &Names,
) -> Result<usize, Fault> {
    let (follower_type, follower_action) = (names.types[x].0.clone(), names.actions[a].0.clone());
    let matching = || rows.iter().enumerate().filter(|(_, row)| row.matches(x, a));
    let Some(exactness) = matching().map(|(_, row)| row.exactness()).max() else {
        return table.fault(Problem::MissingRow {
            key: table.key.clone(),
            follower_type,
            follower_action,
        });
    };
    let mut best = matching().filter(|(_, row)| row.exactness() == exactness);
    match (best.next(), best.next()) {
        (Some((_, first)), Some((_, second))) => {
            let (first, second_key) = (first.key.clone(), second.key.clone());
            second.origin.fault(Problem::DoubledRow {
                first,
                second: second_key,
                follower_type,
                follower_action,
            })
        }
        (first, _) => Ok(first.map_or(0, |(index, _)| index)),
    }
}

/// The type and the action of a row's key, `None` for `*`.
fn pair(
    key: &str,
    origin: &Origin,
    names: &Names,
) -> Result<(Option<usize>, Option<usize>), Fault> {
    let parts: Vec<&str> = key.split(',').map(str::trim).collect();
    let [x, a] = parts[..] else {
        return origin.fault(Problem::RowForm {
            row: key.to_owned(),
        });
    };
    let find = |word: &str, set: &[(String, f64)]| {
        if word == "*" {
            return Ok(None);
        }
        match set.iter().position(|(name, _)| name == word) {
            Some(index) => Ok(Some(index)),
            None => {
                let known = set
                    .iter()
                    .map(|(name, _)| name.clone())
                    .chain(["*".to_owned()])
                    .collect();
                origin.fault(Problem::UnknownName {
                    name: word.to_owned(),
                    known,
                })
            }
        }
    };
    Ok((find(x, &names.types)?, find(a, &names.actions)?))
}

/// `reward`: one formula, or a table of rows.
pub(super) fn reward(
    value: &Value,
    names: &Names,
    available: &[bool],
) -> Result<ByPair<Resolved>, Fault> {
    let read =
        |value: &Value| Formula::read(value, &names.unusual())?.resolve(names, Use::FollowerReward);
    match value.kind {
        Kind::Table(_) => ByPair::read(value, names, available, read),
        _ => Ok(ByPair::uniform(
            read(value)?,
            available,
            names.actions.len(),
        )),
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

/// `[follower.transition]`.
pub(super) fn transition(
    value: &Value,
    names: &Names,
    available: &[bool],
) -> Result<ByPair<TransitionRow>, Fault> {
    ByPair::read(value, names, available, |row| transition_row(row, names))
}

fn transition_row(row: &Value, names: &Names) -> Result<TransitionRow, Fault> {
    let mut entries: Vec<Next> = names.types.iter().map(|_| Next::Never).collect();
    let mut has_rest = false;
    for entry in row.entries()? {
        let Some(next) = names.types.iter().position(|(name, _)| *name == entry.name) else {
            let known = names.types.iter().map(|(name, _)| name.clone()).collect();
            return entry.name_origin.fault(Problem::UnknownName {
                name: entry.name.clone(),
                known,
            });
        };
        let is_rest = matches!(&entry.value.kind, Kind::String(text, _) if text.trim() == "rest");
        if is_rest && has_rest {
            return entry.value.fault(Problem::DoubledRest);
        }
        has_rest |= is_rest;
        entries[next] = if is_rest {
            Next::Rest
        } else {
            Next::Formula(
                Formula::read(&entry.value, &names.unusual())?.resolve(names, Use::Transition)?,
            )
        };
    }
    Ok(TransitionRow {
        entries,
        origin: row.origin.clone(),
    })
}
