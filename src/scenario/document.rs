//! TOML as a tree in which every value knows its key and its place in the text; overrides are put into that tree.

use super::error::{Fault, Problem};
use super::overrides::Override;
use super::place::shorten;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The longest scenario text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// The most dots between two other delimiters: a dotted key makes one table per dot.
const MAX_DOTS: usize = 32;
/// The deepest nesting of tables and arrays; scenarios need four levels.
const MAX_NESTING: usize = 16;

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
    Boolean(bool),
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
        return Origin::file(0..0).fault(Problem::TooLong { limit: MAX_TEXT });
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
    let source = Source {
        text,
        index: 0,
        shift: 0,
    };
    let kind = Kind::Table(source.table(table.get_ref(), "", 0)?);
    let mut root = Value {
        key: String::new(),
        origin,
        kind,
    };
    for (index, given) in overrides.iter().enumerate() {
        given.put(&mut root, index + 1)?;
    }
    Ok(root)
}

/// `a.a.a. ..` makes one table per dot, and dropping 100,000 nested tables overflows the stack: refuse the text first.
pub(super) fn refuse_deep_keys(text: &str, source: usize) -> Result<(), Fault> {
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

/// The text that spans refer to: byte 0 of `text` is byte `shift` of source `index`.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) index: usize,
    pub(super) shift: usize,
}

impl Source<'_> {
    pub(super) fn origin(&self, span: Range<usize>) -> Origin {
        Origin {
            source: self.index,
            span: span.start + self.shift..span.end + self.shift,
        }
    }

    fn table(&self, table: &DeTable<'_>, key: &str, depth: usize) -> Result<Table, Fault> {
        let mut entries = Vec::with_capacity(table.len());
        for (name, value) in table {
            entries.push(Entry {
                name: name.get_ref().to_string(),
                name_origin: self.origin(name.span()),
                value: self.value(value, join(key, name.get_ref()), depth + 1)?,
            });
        }
        Ok(Table { entries })
    }

    /// A value at a depth of nesting, which is limited.
    pub(super) fn value(
        &self,
        value: &toml::Spanned<DeValue<'_>>,
        key: String,
        depth: usize,
    ) -> Result<Value, Fault> {
        let origin = self.origin(value.span());
        if depth > MAX_NESTING {
            return origin.fault(Problem::TooDeep);
        }
        let kind = match value.get_ref() {
            DeValue::String(string) => {
                let raw = self.text.get(value.span()).unwrap_or("");
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
            DeValue::Boolean(holds) => Kind::Boolean(*holds),
            DeValue::Datetime(_) => Kind::Datetime,
            DeValue::Array(array) => {
                let element =
                    |(index, value)| self.value(value, format!("{key}[{index}]"), depth + 1);
                Kind::Array(
                    array
                        .iter()
                        .enumerate()
                        .map(element)
                        .collect::<Result<_, _>>()?,
                )
            }
            DeValue::Table(table) => Kind::Table(self.table(table, &key, depth)?),
        };
        Ok(Value { key, origin, kind })
    }
}

/// The dotted key of `name` in the table `key`, which is empty at the top.
pub(super) fn join(key: &str, name: &str) -> String {
    if key.is_empty() {
        name.to_owned()
    } else {
        format!("{key}.{name}")
    }
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
            Kind::Boolean(_) => "a boolean".to_owned(),
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

    pub(super) fn names(&self) -> Vec<String> {
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

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Result<bool, Fault> {
        match self.kind {
            Kind::Boolean(holds) => Ok(holds),
            _ => self.wrong_kind("true or false"),
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
