//! TOML text to a checked scenario: the game, and what to do with it.
//!
//! A scenario is read in the order of its text ([`Scenario::read`]); names are looked up, formulas are compiled with
//! everything but t and z put in, and the resulting [`Game`] is checked over the whole lattice. What is wrong is shown
//! with its place and its mend ([`ScenarioError`]); no text makes the reading panic, loop or touch files.

mod build;
mod check;
mod columns;
mod compile;
mod describe;
mod document;
mod error;
mod formula;
mod leader;
mod overrides;
mod place;
mod prescriptions;
mod rows;
mod settings;
mod spaces;
mod suggest;

pub use document::MAX_TEXT;
pub use error::{Problem, ScenarioError};
pub use overrides::Override;
pub use place::{Place, TextName};
pub use settings::{MAX_GRID, MAX_REPLICATIONS};

use crate::game::{Game, Watch};
use crate::simulate::SimulateSettings;
use crate::solve::SolveSettings;
use crate::validate::ValidateSettings;
use std::path::Path;

/// A scenario as read: a game, and the settings of the stages.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name: letters, digits, - and _.
    pub name: String,
    /// Free text; empty where it is left out.
    pub description: String,
    /// The seed of all streams; default 0.
    pub seed: u64,
    /// Section `[solve]`.
    pub solve: SolveSettings,
    /// Section `[simulate]`.
    pub simulate: SimulateSettings,
    /// Section `[validate]`.
    pub validate: ValidateSettings,
    /// The text that was read, before overrides.
    pub text: String,
    game: Game,
    formulas: compile::Formulas,
    checked: crate::game::check::Checked,
}

impl Scenario {
    /// Read a scenario's text; `file_name` is what errors call it.
    ///
    /// # Errors
    /// Whatever is wrong with the text, an override, or the game that they describe.
    pub fn parse(
        file_name: &str,
        text: &str,
        overrides: &[Override],
    ) -> Result<Self, ScenarioError> {
        build::scenario(text, overrides).map_err(|fault| fault.locate(file_name, text, overrides))
    }

    /// Read a scenario's file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or a file that cannot be read or is no text.
    pub fn read(path: &Path, overrides: &[Override]) -> Result<Self, ScenarioError> {
        let unreadable = |error: std::io::Error| {
            ScenarioError::whole(Problem::Unreadable {
                path: path.to_owned(),
                reason: error.to_string(),
            })
        };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        // One byte more than is allowed tells a text that is too long from one that is not.
        let mut start = std::io::Read::take(file, MAX_TEXT as u64 + 1);
        std::io::Read::read_to_end(&mut start, &mut bytes).map_err(unreadable)?;
        if bytes.len() > MAX_TEXT {
            return Err(ScenarioError::whole(Problem::TooLong { limit: MAX_TEXT }));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            ScenarioError::whole(Problem::NotText {
                path: path.to_owned(),
                byte,
            })
        })?;
        Self::parse(&path.display().to_string(), &text, overrides)
    }

    /// The game: its kernels and rewards are valid at every point that was checked.
    pub fn game(&self) -> &Game {
        &self.game
    }

    /// Work on its game is watched from now on.
    pub fn watch(&mut self, watch: Watch) {
        self.game = self.game.watched(watch);
    }
}
