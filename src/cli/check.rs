//! `smfg check`: read and check a scenario, and print the game as understood.

use clap::Args;

use super::failure::Failure;
use super::options::{Changed, SourceOptions};
use super::{Outcome, stdout};

/// Arguments of `smfg check`.
#[derive(Debug, Args)]
pub struct CheckCommand {
    #[command(flatten)]
    source: SourceOptions,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &CheckCommand) -> Result<Outcome, Failure> {
    let scenario = Changed::new(&options.source).read()?;
    stdout::print(&scenario.describe())?;
    Ok(Outcome::Done)
}
