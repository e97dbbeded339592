//! How declared names are spelt, and texts without spaces that can be read in two ways.
//!
//! A hyphen may belong to a name and is the sign of a difference too: where `price-cap`, `price` and `cap` are all declared,
//! the text `price-cap` is a name or a difference, and neither reading may be taken without a word. With spaces around it
//! a minus is never part of a name; inside `z[...]` nothing is a difference.

use super::super::error::Problem;
use super::Function;
use super::lexer::{leading, number_text};
use crate::game::limits::MAX_NAME;
use std::collections::BTreeSet;

/// Every word that can be a value in a formula.
#[derive(Clone, Debug, Default)]
pub(in crate::scenario) struct Spelling {
    words: BTreeSet<String>,
    /// Those that the rules for bare names would take apart: with a hyphen, or starting with a digit.
    unusual: Vec<String>,
}

/// A text without spaces and signs other than minuses.
pub(super) struct Run {
    /// Its bytes.
    pub(super) length: usize,
    /// What is wrong where it can be read in two ways.
    pub(super) problem: Option<Problem>,
}

impl Spelling {
    pub(super) fn new(words: impl Iterator<Item = String>) -> Self {
        let words: BTreeSet<String> = words.collect();
        let is_unusual =
            |name: &&String| name.contains('-') || name.starts_with(|c: char| c.is_ascii_digit());
        let unusual = words.iter().filter(is_unusual).cloned().collect();
        Self { words, unusual }
    }

    /// Names that are no bare names.
    pub(super) fn unusual(&self) -> impl Iterator<Item = &str> {
        self.unusual.iter().map(String::as_str)
    }

    /// What `text` begins with up to the next space or sign but a minus.
    pub(super) fn run(&self, text: &str) -> Run {
        let belongs = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let run = leading(text, belongs);
        let after = text.as_bytes().get(run.len()).copied();
        let run = run.trim_end_matches('-');
        let may_be_ambiguous =
            run.contains('-') && self.unusual.iter().any(|name| run.contains(&name[..]));
        let found = if may_be_ambiguous {
            self.readings(run, after)
        } else {
            Vec::new()
        };
        let problem = match &found[..] {
            [first, second] => Some(Problem::TwoReadings {
                text: run.to_owned(),
                readings: [first.join(" - "), second.join(" - ")],
            }),
            _ => None,
        };
        Run {
            length: run.len(),
            problem,
        }
    }

    /// Whether a text that is a name could be a difference, or a value, of these words and numbers.
    pub(in crate::scenario) fn is_value(&self, text: &str) -> bool {
        !self.readings(text, None).is_empty()
    }

    /// The ways to read all of a run as values with minuses between them, the one with the longest names first; two at most.
    fn readings<'t>(&self, run: &'t str, after: Option<u8>) -> Vec<Vec<&'t str>> {
        // From each place to the end, from the last place on.
        let mut from: Vec<Vec<Vec<&str>>> = vec![Vec::new(); run.len() + 1];
        for start in (0..run.len()).rev() {
            let rest = &run[start..];
            let mut ends: Vec<usize> = self.values(rest, after).collect();
            ends.sort_unstable();
            let mut found: Vec<Vec<&str>> = Vec::new();
            for length in ends.into_iter().rev() {
                let value = &rest[..length];
                let left = rest[length..].trim_start_matches('-');
                if left.is_empty() {
                    found.push(vec![value]);
                }
                let later = from[run.len() - left.len()].iter();
                found.extend(later.map(|later| [&[value], &later[..]].concat()));
            }
            found.truncate(2);
            from[start] = found;
        }
        from.swap_remove(0)
    }

    /// The lengths of the values that `rest` can begin with; each ends the run, or stands before a minus.
    fn values<'s>(&'s self, rest: &'s str, after: Option<u8>) -> impl Iterator<Item = usize> + 's {
        let number = number_text(rest).len();
        let ends = rest.match_indices('-').map(|(place, _)| place);
        let ends = ends.chain([rest.len()]).filter(|end| *end > 0);
        let ends = ends.take_while(move |end| *end <= MAX_NAME.max(number));
        let is_value = move |end: &usize| {
            let word = &rest[..*end];
            let is_called = *end == rest.len()
                && (after == Some(b'(') && Function::of(word).is_some()
                    || after == Some(b'[') && word == "z");
            is_called
                || self.words.contains(word)
                || *end == number && word.parse().is_ok_and(f64::is_finite)
        };
        ends.filter(is_value)
    }
}
