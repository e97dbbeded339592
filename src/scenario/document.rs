//! TOML as a tree in which every value knows its key and its place in the text; overrides are put into that tree.

use super::error::{Fault, Problem};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The longest scenario text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// The most dots between two other delimiters: a dotted key makes one table per dot.
const MAX_DOTS: usize = 64;

/// A setting given outside the file, `KEY=VALUE`: a bare key is a parameter (or, where the scenario has no parameter
/// of that name, one of the keys at the top of the file), a dotted key a setting.
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
}

/// A place: a range of bytes of the scenario's text (source 0) or of override k (source k + 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: usize,
    pub(super) span: Range<usize>,
}

impl Origin {
    fn file(span: Range<usize>) -> Self {
        Self { source: 0, span }
    }

    /// Raise a problem here.
    pub(super) fn fault<T>(&self, problem: Problem) -> Result<T, Fault> {
        Err(Fault::new(self.clone(), problem))
    }
}

/// A value with its dotted key and its place.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) key: String,
    pub(super) origin: Origin,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The text, and where it starts: `None` where escapes hide the place of its characters.
    String(String, Option<usize>),
    Integer(i128),
    Float(f64),
    Boolean,
    Datetime,
    Array(Vec<Value>),
    Table(Table),
}

/// Entries in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

/// One `name = value` of a table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) name_origin: Origin,
    pub(super) value: Value,
}

/// The tree of a scenario's text with the overrides put in.
pub(super) fn read(text: &str, overrides: &[Override]) -> Result<Value, Fault> {
    if text.len() > MAX_TEXT {
        return Origin::file(0..0).fault(Problem::TooLong {
            bytes: text.len(),
            limit: MAX_TEXT,
        });
    }
    refuse_deep_keys(text, 0)?;
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Fault::new(
            Origin::file(span),
            Problem::Syntax {
                message: error.message().to_owned(),
            },
        )
    })?;
    let origin = Origin::file(0..0);
    let kind = Kind::Table(convert_table(table.get_ref(), "", text, 0, 0)?);
    let mut root = Value {
        key: String::new(),
        origin,
        kind,
    };
    for (index, given) in overrides.iter().enumerate() {
        put(&mut root, index + 1, &given.text)?;
    }
    Ok(root)
}

/// `a.a.a. ..` makes one table per dot, and dropping 100,000 nested tables overflows the stack: refuse the text first.
fn refuse_deep_keys(text: &str, source: usize) -> Result<(), Fault> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut dots = 0;
        if !line.trim_start().starts_with('#') {
            for (offset, byte) in line.bytes().enumerate() {
                match byte {
                    b'.' => dots += 1,
                    b'=' | b',' | b'{' | b'[' => dots = 0,
                    _ => {}
                }
                if dots > MAX_DOTS {
                    let span = start + offset..start + offset + 1;
                    return Origin { source, span }.fault(Problem::TooDeep);
                }
            }
        }
        start += line.len();
    }
    Ok(())
}

fn convert_table(
    table: &DeTable<'_>,
    key: &str,
    text: &str,
    source: usize,
    shift: usize,
) -> Result<Table, Fault> {
    let mut entries = Vec::with_capacity(table.len());
    for (name, value) in table {
        let child = if key.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{key}.{}", name.get_ref())
        };
        let place = Place {
            text,
            source,
            shift,
        };
        entries.push(Entry {
            name: name.get_ref().to_string(),
            name_origin: place.origin(name.span()),
            value: convert(value, child, place)?,
        });
    }
    Ok(Table { entries })
}

/// The text that spans refer to: `source` from byte `shift` on.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    source: usize,
    shift: usize,
}

impl Place<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        Origin {
            source: self.source,
            span: span.start + self.shift..span.end + self.shift,
        }
    }
}

fn convert(
    value: &toml::Spanned<DeValue<'_>>,
    key: String,
    place: Place<'_>,
) -> Result<Value, Fault> {
    let origin = place.origin(value.span());
    let kind = match value.get_ref() {
        DeValue::String(string) => {
            let raw = place.text.get(value.span()).unwrap_or("");
            let found = raw.find(&**string).filter(|_| !string.is_empty());
            Kind::String(
                string.to_string(),
                found.map(|offset| origin.span.start + offset),
            )
        }
        DeValue::Integer(integer) => {
            match i128::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(integer) => Kind::Integer(integer),
                Err(_) => {
                    return origin.fault(Problem::NumberTooLarge {
                        key,
                        text: integer.to_string(),
                    });
                }
            }
        }
        DeValue::Float(float) => match float.as_str().parse() {
            Ok(float) => Kind::Float(float),
            Err(_) => {
                return origin.fault(Problem::NumberTooLarge {
                    key,
                    text: float.to_string(),
                });
            }
        },
        DeValue::Boolean(_) => Kind::Boolean,
        DeValue::Datetime(_) => Kind::Datetime,
        DeValue::Array(array) => {
            let element = |(index, value)| convert(value, format!("{key}[{index}]"), place);
            Kind::Array(
                array
                    .iter()
                    .enumerate()
                    .map(element)
                    .collect::<Result<_, _>>()?,
            )
        }
        DeValue::Table(table) => Kind::Table(convert_table(
            table,
            &key,
            place.text,
            place.source,
            place.shift,
        )?),
    };
    Ok(Value { key, origin, kind })
}

/// Put one `KEY=VALUE` into the tree.
fn put(root: &mut Value, source: usize, text: &str) -> Result<(), Fault> {
    let whole = Origin {
        source,
        span: 0..text.len(),
    };
    if text.len() > MAX_TEXT {
        return whole.fault(Problem::TooLong {
            bytes: text.len(),
            limit: MAX_TEXT,
        });
    }
    refuse_deep_keys(text, source)?;
    let Some((key, value)) = text.split_once('=') else {
        return whole.fault(Problem::OverrideForm);
    };
    let mut path = key_path(key).ok_or_else(|| Fault::new(whole.clone(), Problem::OverrideForm))?;
    if let [name] = &path[..] {
        let parameters = root.entry("parameters").map(|entry| &entry.value);
        let is_parameter = parameters.is_some_and(|parameters| parameters.entry(name).is_some());
        let is_top_key =
            ["name", "description", "horizon", "discount", "seed"].contains(&name.as_str());
        if !is_parameter && !is_top_key {
            let names = parameters.map(Value::names).unwrap_or_default();
            return whole.fault(Problem::UnknownParameter {
                name: name.clone(),
                parameters: names,
            });
        }
        if is_parameter {
            path.insert(0, "parameters".to_owned());
        }
    }
    let name_origin = Origin {
        source,
        span: 0..key.trim_end().len(),
    };
    let value = override_value(
        value,
        path.join("."),
        Place {
            text: value,
            source,
            shift: key.len() + 1,
        },
    )?;
    insert(root, &path, name_origin, value)
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

/// The value of an override: TOML, or else a bare word as a string.
fn override_value(text: &str, key: String, place: Place<'_>) -> Result<Value, Fault> {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    let place = Place {
        text: trimmed,
        shift: place.shift + start,
        ..place
    };
    match DeValue::parse(trimmed) {
        Ok(value) => convert(&value, key, place),
        Err(_) if is_bare_word(trimmed) => {
            let origin = place.origin(0..trimmed.len());
            let kind = Kind::String(trimmed.to_owned(), Some(origin.span.start));
            Ok(Value { key, origin, kind })
        }
        Err(error) => {
            let span = error.span().unwrap_or(0..trimmed.len());
            place.origin(span).fault(Problem::Syntax {
                message: error.message().to_owned(),
            })
        }
    }
}

fn is_bare_word(text: &str) -> bool {
    let first = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
}

fn insert(
    node: &mut Value,
    path: &[String],
    name_origin: Origin,
    value: Value,
) -> Result<(), Fault> {
    let (name, rest) = path
        .split_first()
        .expect("a TOML key has at least one name");
    let (key, origin) = (node.key.clone(), value.origin.clone());
    let Kind::Table(table) = &mut node.kind else {
        return name_origin.fault(Problem::WrongKind {
            key,
            expected: "a table",
            found: node.found(),
        });
    };
    let position = table.entries.iter().position(|entry| entry.name == *name);
    let index = position.unwrap_or_else(|| {
        let key = if key.is_empty() {
            name.clone()
        } else {
            format!("{key}.{name}")
        };
        let empty = Value {
            key,
            origin,
            kind: Kind::Table(Table::default()),
        };
        table.entries.push(Entry {
            name: name.clone(),
            name_origin: name_origin.clone(),
            value: empty,
        });
        table.entries.len() - 1
    });
    let entry = &mut table.entries[index];
    if rest.is_empty() {
        entry.name_origin = name_origin;
        entry.value = value;
        return Ok(());
    }
    insert(&mut entry.value, rest, name_origin, value)
}

impl Value {
    /// Raise a problem at this value.
    pub(super) fn fault<T>(&self, problem: Problem) -> Result<T, Fault> {
        self.origin.fault(problem)
    }

    /// What this is, for messages.
    pub(super) fn found(&self) -> String {
        match &self.kind {
            Kind::String(text, _) => format!("the string {:?}", shorten(text)),
            Kind::Integer(integer) => integer.to_string(),
            Kind::Float(float) => format!("{float:?}"),
            Kind::Boolean => "a boolean".to_owned(),
            Kind::Datetime => "a date".to_owned(),
            Kind::Array(_) => "an array".to_owned(),
            Kind::Table(_) => "a table".to_owned(),
        }
    }

    fn wrong_kind<T>(&self, expected: &'static str) -> Result<T, Fault> {
        self.fault(Problem::WrongKind {
            key: self.key.clone(),
            expected,
            found: self.found(),
        })
    }

    /// The entry of a table; `None` also where this is no table.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Table(table) => table.entries.iter().find(|entry| entry.name == name),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        match &self.kind {
            Kind::Table(table) => table
                .entries
                .iter()
                .map(|entry| entry.name.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a table.
    pub(super) fn entries(&self) -> Result<&[Entry], Fault> {
        match &self.kind {
            Kind::Table(table) => Ok(&table.entries),
            _ => self.wrong_kind("a table"),
        }
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Result<&[Value], Fault> {
        match &self.kind {
            Kind::Array(values) => Ok(values),
            _ => self.wrong_kind("an array"),
        }
    }

    /// A string.
    pub(super) fn string(&self) -> Result<&str, Fault> {
        match &self.kind {
            Kind::String(text, _) => Ok(text),
            _ => self.wrong_kind("a string"),
        }
    }

    /// A finite number, written with or without a decimal point.
    pub(super) fn number(&self) -> Result<f64, Fault> {
        match self.kind {
            Kind::Integer(integer) => Ok(integer as f64),
            Kind::Float(float) if float.is_finite() => Ok(float),
            Kind::Float(_) => self.wrong_kind("a finite number"),
            _ => self.wrong_kind("a number"),
        }
    }

    /// A whole number.
    pub(super) fn integer(&self) -> Result<i128, Fault> {
        match self.kind {
            Kind::Integer(integer) => Ok(integer),
            _ => self.wrong_kind("a whole number"),
        }
    }

    /// A whole number in a range.
    pub(super) fn count(&self, least: u64, most: u64) -> Result<u64, Fault> {
        let integer = self.integer()?;
        match u64::try_from(integer) {
            Ok(count) if (least..=most).contains(&count) => Ok(count),
            _ => self.fault(Problem::OutOfRange {
                key: self.key.clone(),
                found: integer.to_string(),
                range: format!("{least} to {most}"),
            }),
        }
    }

    /// Refuse entries whose names are not among `known`.
    pub(super) fn only(&self, known: &'static [&'static str]) -> Result<(), Fault> {
        for entry in self.entries()? {
            if !known.contains(&entry.name.as_str()) {
                let (name, section) = (entry.name.clone(), self.key.clone());
                return entry.name_origin.fault(Problem::UnknownKey {
                    name,
                    section,
                    known: known.to_vec(),
                });
            }
        }
        Ok(())
    }

    /// The value under `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// The value under `name`, which must be there.
    pub(super) fn require(&self, name: &'static str) -> Result<&Value, Fault> {
        let missing = || {
            Fault::new(
                self.origin.clone(),
                Problem::Missing {
                    name,
                    section: self.key.clone(),
                },
            )
        };
        self.get(name).ok_or_else(missing)
    }
}

/// The start of a text that may be long.
pub(super) fn shorten(text: &str) -> String {
    const KEPT: usize = 60;
    if text.chars().count() <= KEPT {
        return text.to_owned();
    }
    text.chars().take(KEPT).chain("...".chars()).collect()
}
