//! `--set KEY=VALUE`: settings put into the tree of a scenario's text.

use super::document::{
    Entry, Kind, MAX_TEXT, Origin, Source, Table, Value, join, refuse_deep_keys,
};
use super::error::{Fault, Problem};
use toml::de::{DeTable, DeValue};

/// The keys at the top of a scenario that are neither tables nor parameters.
const TOP_KEYS: [&str; 5] = ["name", "description", "horizon", "discount", "seed"];

/// A setting given outside the file, `KEY=VALUE`: a bare key is a parameter (or, where the scenario has no parameter
/// of that name, one of the keys at the top of the file, such as `horizon`), a dotted key a setting. The value is read
/// as TOML, and as a string where it is a bare word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    text: String,
}

impl Override {
    /// From `KEY=VALUE`, as given to `--set`; it is read together with the scenario.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The text as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Put this into the tree of a scenario; `source` is its number in origins.
    pub(super) fn put(&self, root: &mut Value, source: usize) -> Result<(), Fault> {
        let text = self.text.as_str();
        let whole = Origin {
            source,
            span: 0..text.len(),
        };
        if text.len() > MAX_TEXT {
            return whole.fault(Problem::TooLong { limit: MAX_TEXT });
        }
        refuse_deep_keys(text, source)?;
        let Some((key, value)) = text.split_once('=') else {
            return whole.fault(Problem::OverrideForm);
        };
        let path = key_path(key).ok_or_else(|| Fault::new(whole.clone(), Problem::OverrideForm))?;
        let path = full_path(path, root).map_err(|problem| Fault::new(whole, problem))?;
        let name_origin = Origin {
            source,
            span: 0..key.trim_end().len(),
        };
        let value_source = Source {
            text: value,
            index: source,
            shift: key.len() + 1,
        };
        let value = read_value(value_source, path.join("."))?;
        insert(root, &path, name_origin, value)
    }
}

/// The names of a dotted key, read as TOML reads it; `None` where it is no key.
fn key_path(key: &str) -> Option<Vec<String>> {
    let text = format!("{key} = 0");
    let table = DeTable::parse(&text).ok()?;
    let mut path = Vec::new();
    let mut level = table.get_ref();
    loop {
        let (name, value) = level.iter().next().filter(|_| level.len() == 1)?;
        path.push(name.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(table) => level = table,
            DeValue::Integer(_) => return Some(path),
            _ => return None,
        }
    }
}

/// Where a key leads: a bare one to a parameter, or to a key at the top. A new parameter would change nothing.
fn full_path(mut path: Vec<String>, root: &Value) -> Result<Vec<String>, Problem> {
    let parameters = root.get("parameters").map(Value::names).unwrap_or_default();
    let (name, dotted) = match &path[..] {
        [name] => (name.clone(), false),
        [section, name] if section == "parameters" => (name.clone(), true),
        _ => return Ok(path),
    };
    let is_parameter = parameters.contains(&name);
    if is_parameter && !dotted {
        path.insert(0, "parameters".to_owned());
    }
    if is_parameter || !dotted && TOP_KEYS.contains(&name.as_str()) {
        return Ok(path);
    }
    Err(Problem::UnknownParameter { name, parameters })
}

/// The value: TOML, or else a bare word as a string.
fn read_value(source: Source<'_>, key: String) -> Result<Value, Fault> {
    let text = source.text.trim();
    let blanks = source.text.len() - source.text.trim_start().len();
    let source = Source {
        text,
        shift: source.shift + blanks,
        ..source
    };
    match DeValue::parse(text) {
        Ok(value) => source.value(&value, key, 0),
        Err(_) if is_bare_word(text) => {
            let origin = source.origin(0..text.len());
            let kind = Kind::String(text.to_owned(), Some(origin.span.start));
            Ok(Value { key, origin, kind })
        }
        Err(error) => {
            let span = error.span().unwrap_or(0..text.len());
            source.origin(span).fault(Problem::Syntax {
                message: error.message().to_owned(),
            })
        }
    }
}

fn is_bare_word(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Put `value` under a path, making the tables that are missing. A path has at most as many names as a key has dots.
fn insert(
    node: &mut Value,
    path: &[String],
    name_origin: Origin,
    value: Value,
) -> Result<(), Fault> {
    let Some((name, rest)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    let (key, found) = (node.key.clone(), node.found());
    let Kind::Table(table) = &mut node.kind else {
        return name_origin.fault(Problem::WrongKind {
            key,
            expected: "a table",
            found,
        });
    };
    let position = table.entries.iter().position(|entry| entry.name == *name);
    let index = position.unwrap_or_else(|| {
        let kind = Kind::Table(Table::default());
        let empty = Value {
            key: join(&key, name),
            origin: name_origin.clone(),
            kind,
        };
        table.entries.push(Entry {
            name: name.clone(),
            name_origin: name_origin.clone(),
            value: empty,
        });
        table.entries.len() - 1
    });
    insert(&mut table.entries[index].value, rest, name_origin, value)
}
