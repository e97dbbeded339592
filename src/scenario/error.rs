//! What can be wrong with a scenario, where, and how to mend it.

use super::document::Origin;
use super::overrides::Override;
use super::place::{Place, TextName};
use super::suggest::{nearest, suggest};
use crate::game::GameError;
use std::fmt;
use std::path::PathBuf;

/// A problem and its place among the sources of a scenario.
#[derive(Clone, Debug)]
pub(super) struct Fault(Box<(Origin, Problem)>);

impl Fault {
    pub(super) fn new(origin: Origin, problem: Problem) -> Self {
        Self(Box::new((origin, problem)))
    }

    #[cfg(test)]
    pub(super) fn parts(self) -> (Origin, Problem) {
        *self.0
    }

    /// With file, line and column found in the scenario's text or in the override.
    pub(super) fn locate(self, file: &str, text: &str, overrides: &[Override]) -> ScenarioError {
        let (origin, problem) = *self.0;
        let given = origin
            .source
            .checked_sub(1)
            .and_then(|index| overrides.get(index));
        let place = match given.map(Override::text) {
            Some(given) => Place::locate(TextName::Override(given.to_owned()), given, &origin),
            None => Place::locate(TextName::File(file.to_owned()), text, &origin),
        };
        ScenarioError(Box::new((Some(place), problem)))
    }
}

/// A scenario that cannot be used: what is wrong, where, and the mend.
#[derive(Clone, Debug)]
pub struct ScenarioError(Box<(Option<Place>, Problem)>);

impl ScenarioError {
    /// A problem with the file as a whole.
    pub(super) fn whole(problem: Problem) -> Self {
        Self(Box::new((None, problem)))
    }

    /// Where; `None` where the file could not be read.
    pub fn place(&self) -> Option<&Place> {
        self.0.0.as_ref()
    }

    /// What.
    pub fn problem(&self) -> &Problem {
        &self.0.1
    }
}

impl std::error::Error for ScenarioError {}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.problem().to_string();
        if let Some(place) = self.place() {
            text += &format!("\n{place}");
        }
        if let Some(help) = self.problem().help() {
            text += &format!("\nhelp: {help}");
        }
        // A scenario's control characters are not let through to a terminal.
        f.write_str(&text.replace(
            |character: char| character.is_control() && character != '\n',
            " ",
        ))
    }
}

/// What is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not UTF-8.
    #[error("{} is not UTF-8 text (byte {byte})", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is no text.
        byte: usize,
    },
    /// The text is too long.
    #[error("the text is longer than {limit} bytes")]
    TooLong {
        /// The most allowed.
        limit: usize,
    },
    /// Not TOML.
    #[error("not TOML: {message}")]
    Syntax {
        /// What the TOML reader said.
        message: String,
    },
    /// Tables nested too deeply.
    #[error("tables are nested too deeply, or a key has too many dots")]
    TooDeep,
    /// An override that is not KEY=VALUE.
    #[error("an override reads KEY=VALUE")]
    OverrideForm,
    /// An override of a parameter that the scenario does not have.
    #[error("there is no parameter {name:?}")]
    UnknownParameter {
        /// As given.
        name: String,
        /// Those the scenario has.
        parameters: Vec<String>,
    },
    /// A number beyond all ranges.
    #[error("{key} = {text} is too large a number")]
    NumberTooLarge {
        /// Its key.
        key: String,
        /// As written.
        text: String,
    },
    /// A value of the wrong kind.
    #[error("{key} must be {expected}, not {found}")]
    WrongKind {
        /// Its key.
        key: String,
        /// What was asked.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// A number out of its range.
    #[error("{key} must be {range}, not {found}")]
    OutOfRange {
        /// Its key.
        key: String,
        /// What was found.
        found: String,
        /// What was asked.
        range: String,
    },
    /// A word that is none of the choices.
    #[error("{key} must be one of {}, not {found:?}", choices.join(", "))]
    UnknownChoice {
        /// Its key.
        key: String,
        /// What was found.
        found: String,
        /// What can stand there.
        choices: Vec<&'static str>,
    },
    /// A key that means nothing here.
    #[error("unknown key {name:?}{}", within(section))]
    UnknownKey {
        /// The key.
        name: String,
        /// The table that it stands in; empty at the top.
        section: String,
        /// What can stand there.
        known: Vec<&'static str>,
    },
    /// A key that is required.
    #[error("{name:?} is missing{}", within(section))]
    Missing {
        /// The key.
        name: &'static str,
        /// The table that lacks it; empty at the top.
        section: String,
    },
    /// An empty set.
    #[error("{key} is empty; it needs at least one element")]
    Empty {
        /// Its key.
        key: String,
    },
    /// More than the program can hold.
    #[error("{found} {what} are too many, at most {limit} can be held")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A name that cannot be used.
    #[error("{name:?} cannot be a name: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The same name twice.
    #[error("{name:?} is named twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// Two columns of a table with one name.
    #[error("two columns of the tables would be called {column:?}")]
    ColumnCollision {
        /// The column.
        column: String,
    },
    /// A law with the wrong number of entries.
    #[error("{key} has {found} entries for {expected} {types}")]
    LawLength {
        /// Its key.
        key: String,
        /// The entries given.
        found: usize,
        /// The types.
        expected: usize,
        /// Whose types.
        types: &'static str,
    },
    /// A law that does not sum to one.
    #[error("{key} sums to {sum}, not to 1")]
    LawSum {
        /// Its key.
        key: String,
        /// The sum.
        sum: f64,
    },
    /// A row key that is not "type, action".
    #[error("{row:?} is not of the form \"type, action\"")]
    RowForm {
        /// As written.
        row: String,
    },
    /// A pair without a row.
    #[error("{key} has no row for \"{row_type}, {row_action}\"")]
    MissingRow {
        /// The table.
        key: String,
        /// The type.
        row_type: String,
        /// The action.
        row_action: String,
    },
    /// Two equally exact rows for one pair.
    #[error("rows {first:?} and {second:?} both give \"{row_type}, {row_action}\"")]
    DoubledRow {
        /// One row.
        first: String,
        /// The other.
        second: String,
        /// The type.
        row_type: String,
        /// The action.
        row_action: String,
    },
    /// Two entries of one row that take what is left.
    #[error("a row has \"rest\" once at most")]
    DoubledRest,
    /// A kernel or reward that depends on t, with an infinite horizon.
    #[error("the horizon is infinite, and a kernel or reward depends on t")]
    InfiniteAndTimed,
    /// A terminal reward, with an infinite horizon.
    #[error("the horizon is infinite, and there is no last period for a terminal reward")]
    InfiniteAndTerminal,
    /// A discount so near 1 that too many periods would have to be played.
    #[error(
        "an infinite horizon with this discount and epsilon takes {periods} periods to play, and {most} is the most"
    )]
    InfiniteTooLong {
        /// Periods needed.
        periods: f64,
        /// Periods at most.
        most: u64,
    },
    /// Something about the types of a leader who has none.
    #[error("{what:?} is about the leader's types, and she has none")]
    NoLeaderTypes {
        /// A key of `[leader]`, or a name of a formula.
        what: String,
    },
    /// More prescriptions of the leader than can be tried one by one.
    #[error("the leader has {found} prescriptions to choose from ({form}), more than {limit}")]
    TooManyPrescriptions {
        /// How many; infinite where that is no number of this machine.
        found: f64,
        /// Where they come from.
        form: String,
        /// The most allowed.
        limit: u64,
        /// How to have fewer.
        mend: &'static str,
    },
    /// A text that is no formula.
    #[error("in a formula, {expected} was expected, not {found}")]
    Unexpected {
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Brackets or signs nested too deeply.
    #[error("the formula is nested more than {limit} deep")]
    FormulaTooDeep {
        /// The most allowed.
        limit: usize,
    },
    /// Too long a formula.
    #[error("the formula has {length} bytes, more than {limit}")]
    FormulaTooLong {
        /// Its length.
        length: usize,
        /// The most allowed.
        limit: usize,
    },
    /// A function with the wrong number of arguments.
    #[error("{function} takes {expected}, not {found}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: usize,
    },
    /// A name that means nothing.
    #[error("unknown name {name:?}")]
    UnknownName {
        /// The name.
        name: String,
        /// What can stand there.
        known: Vec<String>,
    },
    /// A name that means several things.
    #[error("{name:?} is ambiguous here: {}", meanings.join(" or "))]
    AmbiguousName {
        /// The name.
        name: String,
        /// What it can mean.
        meanings: Vec<&'static str>,
    },
    /// A text with hyphens that is a name, or a difference, of declared names in two ways.
    #[error("{text:?} is ambiguous here: `{}` or `{}`", readings[0], readings[1])]
    TwoReadings {
        /// The text.
        text: String,
        /// What it can mean, minuses with spaces around them.
        readings: [String; 2],
    },
    /// A list that is one of names or of formulas.
    #[error(
        "{key} is ambiguous: {name:?} is a name, or a difference of parameters, and so is every other element"
    )]
    NamesOrNumbers {
        /// Its key.
        key: String,
        /// The first element.
        name: String,
    },
    /// A name compared with a variable of which it is no value.
    #[error("{name:?} is {what}, which {variable} never is")]
    UnlikeNames {
        /// The name.
        name: String,
        /// What it is.
        what: &'static str,
        /// What it is compared with.
        variable: String,
        /// What it could be compared with.
        instead: &'static str,
    },
    /// A name that has no meaning in this formula.
    #[error("{name:?} cannot be used in {formula}")]
    NotHere {
        /// The name.
        name: String,
        /// Which formula.
        formula: &'static str,
    },
    /// Formulas that are too large for the number of types and actions.
    #[error(
        "the formulas are too large: {work} operations for all types and actions, more than {limit}"
    )]
    TooMuchWork {
        /// Operations.
        work: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A formula without a valid value somewhere.
    #[error("{error}")]
    Value {
        /// What and where.
        error: Box<GameError>,
        /// How to mend it.
        mend: String,
    },
    /// The leader's actions or types in none of their forms.
    #[error("the leader's {set} are one of: from, to and count; values; names")]
    LeaderSetForm {
        /// Actions or types.
        set: &'static str,
    },
    /// A grid of one point between two ends.
    #[error("a grid of one {element} needs from = to, not {from:?} and {to:?}")]
    SinglePoint {
        /// Action or type.
        element: &'static str,
        /// The first.
        from: f64,
        /// The last.
        to: f64,
    },
    /// A number of the leader's that is not finite.
    #[error("{key} is {value}")]
    LeaderValue {
        /// Its key.
        key: String,
        /// The value.
        value: f64,
    },
}

fn within(section: &str) -> String {
    if section.is_empty() {
        String::new()
    } else {
        format!(" in [{section}]")
    }
}

impl Problem {
    /// How to mend it, where there is more to say than the message.
    pub fn help(&self) -> Option<String> {
        match self {
            Problem::UnknownKey { name, known, .. } => Some(suggest(name, known)),
            Problem::UnknownName { name, known } => Some(suggest(name, known)),
            Problem::UnknownParameter { name, parameters } if !parameters.is_empty() => {
                Some(suggest(name, parameters))
            }
            Problem::UnknownParameter { .. } => Some("the scenario has no [parameters]".to_owned()),
            Problem::UnknownChoice { found, choices, .. } => {
                nearest(found, choices).map(|word| format!("did you mean {word:?}?"))
            }
            Problem::Value { mend, .. } => Some(mend.clone()).filter(|mend| !mend.is_empty()),
            Problem::AmbiguousName { name, meanings } if meanings.contains(&"a leader type") => {
                Some(format!(
                    "compare it with what it is one of (`leader_type == {name}`), or rename one of the two"
                ))
            }
            Problem::AmbiguousName { name, .. } => Some(format!(
                "compare it with x or a (`x == {name}`), or rename one of the two"
            )),
            Problem::TwoReadings { readings, .. } => Some(format!(
                "write a difference with spaces, `{}`; to use a name with a hyphen here, rename it or what it is made of",
                readings[1]
            )),
            Problem::NamesOrNumbers { .. } => Some(
                "names stand under `names`; write differences with spaces around the minus"
                    .to_owned(),
            ),
            Problem::NoLeaderTypes { what } => Some(format!(
                "give [leader] `types` and `initial`, or leave {what:?} out"
            )),
            Problem::TooManyPrescriptions { mend, .. } => Some((*mend).to_owned()),
            Problem::UnlikeNames { name, instead, .. } => {
                Some(format!("`{instead} == {name}` can hold"))
            }
            Problem::OverrideForm => {
                Some("`lambda=0.21` changes a parameter, `solve.grid=100` a setting".to_owned())
            }
            Problem::MissingRow { .. } => {
                Some("`*` stands for any type or action, as in \"*, repair\"".to_owned())
            }
            Problem::DoubledRow {
                row_type,
                row_action,
                ..
            } => Some(format!(
                "add the row \"{row_type}, {row_action}\", or leave one of the two out"
            )),
            Problem::LawSum { .. } => Some("probabilities sum to one within 1e-12".to_owned()),
            Problem::ColumnCollision { .. } => Some("rename a type or an action".to_owned()),
            Problem::RowForm { .. } => {
                Some("write the type, a comma and the action, as in \"healthy, wait\"".to_owned())
            }
            _ => None,
        }
    }
}
