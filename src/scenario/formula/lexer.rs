//! Text to tokens with their places.

use super::super::error::Problem;
use super::spelling::Spelling;
use std::ops::Range;

/// A piece of a formula.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    /// One of `+ - * / ^ ( ) , [ ] == != < <= > >=`.
    Sign(&'static str),
    End,
}

impl Token {
    /// What this is, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Number(number) => format!("the number {number}"),
            Token::Name(name) => format!("{name:?}"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        }
    }
}

/// Longer signs first.
const SIGNS: [&str; 15] = [
    "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",", "[",
];

/// Reads one token after the other.
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// Up to here the text is known to have one reading.
    looked_to: usize,
    spelling: &'a Spelling,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, spelling: &'a Spelling) -> Self {
        Self {
            text,
            position: 0,
            looked_to: 0,
            spelling,
        }
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>), (Range<usize>, Problem)> {
        let rest = self.text[self.position..].trim_start();
        let start = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.position = start;
            return Ok((Token::End, start..start));
        };
        if start >= self.looked_to {
            let run = self.spelling.run(rest);
            self.looked_to = start + run.length;
            if let Some(problem) = run.problem {
                return Err((start..self.looked_to, problem));
            }
        }
        let (token, length) = if let Some(name) = self.unusual_name(rest) {
            (Token::Name(name.to_owned()), name.len())
        } else if first.is_ascii_alphabetic() || first == '_' {
            let name = leading(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (Token::Name(name.to_owned()), name.len())
        } else if first.is_ascii_digit() || first == '.' {
            let number = number_text(rest);
            let value: f64 = match number.parse() {
                Ok(value) if f64::is_finite(value) => value,
                _ => {
                    return Err((
                        start..start + number.len(),
                        unexpected("a finite number", number),
                    ));
                }
            };
            (Token::Number(value), number.len())
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let found = rest.get(..first.len_utf8()).unwrap_or("");
            return Err((
                start..start + found.len(),
                unexpected("a number, a name or an operator", found),
            ));
        };
        self.position = start + length;
        Ok((token, start..start + length))
    }

    /// After `z[`: everything up to `]`, as a name.
    pub(super) fn bracketed(&mut self) -> Result<(String, Range<usize>), (Range<usize>, Problem)> {
        let start = self.position;
        let Some(length) = self.text[start..].find(']') else {
            let end = self.text.len();
            return Err((end..end, unexpected("`]`", "the end")));
        };
        self.position = start + length + 1;
        let inside = &self.text[start..start + length];
        let offset = start + inside.len() - inside.trim_start().len();
        let name = inside.trim();
        Ok((name.to_owned(), offset..offset + name.len()))
    }

    fn unusual_name(&self, rest: &str) -> Option<&'a str> {
        let fits = |name: &&str| {
            let after = rest
                .strip_prefix(*name)
                .and_then(|after| after.bytes().next());
            rest.starts_with(*name)
                && !after.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        self.spelling
            .unusual()
            .filter(fits)
            .max_by_key(|name| name.len())
    }
}

fn unexpected(expected: &'static str, found: &str) -> Problem {
    Problem::Unexpected {
        expected,
        found: format!("{found:?}"),
    }
}

pub(super) fn leading(text: &str, belongs: impl Fn(u8) -> bool) -> &str {
    let length = text
        .bytes()
        .position(|byte| !belongs(byte))
        .unwrap_or(text.len());
    &text[..length]
}

/// Digits, a decimal point, an exponent: the longest start of `text` of that form.
pub(super) fn number_text(text: &str) -> &str {
    let mantissa = leading(text, |byte| byte.is_ascii_digit() || byte == b'.');
    let rest = &text[mantissa.len()..];
    let mut exponent = 0;
    if rest.starts_with(['e', 'E']) {
        let signed = 1 + usize::from(rest[1..].starts_with(['+', '-']));
        let digits = leading(&rest[signed..], |byte| byte.is_ascii_digit()).len();
        if digits > 0 {
            exponent = signed + digits;
        }
    }
    &text[..mantissa.len() + exponent]
}
