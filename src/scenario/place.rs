//! Where in the text an error is, and how that is shown.

use super::document::Origin;
use std::fmt;

/// Which text an error is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextName {
    /// The scenario's file.
    File(String),
    /// An override, `KEY=VALUE`.
    Override(String),
}

/// A place in a scenario, as an error shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file or the override.
    pub source: TextName,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text.
    pub text: String,
    /// The offending part of the line, in characters; at least 1.
    pub width: usize,
}

/// The longest stretch of a line that an error shows, in characters.
const SHOWN: usize = 160;

impl Place {
    pub(super) fn locate(source: TextName, text: &str, origin: &Origin) -> Self {
        let start = floor_boundary(text, origin.span.start);
        let end = floor_boundary(text, origin.span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |newline| start + newline);
        Self {
            source,
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end.min(line_end)].chars().count().max(1),
        }
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    let index = index.min(text.len());
    (0..=index)
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or(0)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        // A line longer than the screen is shown around the place.
        let skipped = if self.column > SHOWN / 2 {
            self.column - SHOWN / 4
        } else {
            0
        };
        let shown: String = self.text.chars().skip(skipped).take(SHOWN).collect();
        let before = " ".repeat(self.column - 1 - skipped);
        let width = self
            .width
            .min(SHOWN.saturating_sub(self.column - 1 - skipped))
            .max(1);
        match &self.source {
            TextName::File(file) => {
                writeln!(f, "{margin}--> {file}:{}:{}", self.line, self.column)?
            }
            TextName::Override(text) => writeln!(f, "{margin}--> --set {}", shorten(text))?,
        }
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {shown}")?;
        write!(f, "{margin} | {before}{}", "^".repeat(width))
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
