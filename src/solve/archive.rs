//! A solution as named arrays, to be kept in a file, and back.
//!
//! What is kept is V at every period and belief; theta is the stage game solved against it, as in a fresh solution. A
//! solution that is restored is the one that was kept, number by number, so everything made from it has the same bytes.
//!
//! An archive belongs to one game, one way of solving it and one version of this program: another is refused.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::beliefs::Beliefs;
use super::representation::Representation;
use super::solved::each;
use super::theta::Theta;
use super::{Ending, Iteration, SolveError, Solved, Work};
use crate::game::Game;
use crate::solve::SolveSettings;

/// The form of the arrays; it counts up when that changes.
pub const ARCHIVE_FORMAT: u64 = 2;

/// Numbers of one array, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Floating point.
    Floats(Vec<f64>),
    /// Integers.
    Integers(Vec<i64>),
}

/// An array.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The length of each dimension.
    pub shape: Vec<u64>,
    /// As many numbers as the shape says.
    pub numbers: Numbers,
}

/// A solution as named arrays, and what it is a solution of.
#[derive(Clone, Debug, PartialEq)]
pub struct Archive {
    /// What was solved and how.
    pub about: Value,
    /// In a fixed order.
    pub arrays: Vec<(String, Array)>,
}

/// Why an archive is refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ArchiveError {
    /// Of another form.
    #[error("its form is {found}, and this program reads form {ARCHIVE_FORMAT}: solve again")]
    Format {
        /// As written.
        found: String,
    },
    /// Of another version of the program.
    #[error(
        "it was written by smfg {found}, and this is {}: results may differ between versions, solve again",
        env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// As written.
        found: String,
    },
    /// Of another game.
    #[error(
        "it is a solution of another game (\"{found}\"): kernels, rewards, names, horizon, discount and parameters have to \
         be the same"
    )]
    Game {
        /// The name of that game.
        found: String,
    },
    /// Solved in another way.
    #[error("it was solved with {key} = {found}, and {expected} is asked for")]
    Setting {
        /// The setting.
        key: &'static str,
        /// As written.
        found: String,
        /// As asked for.
        expected: String,
    },
    /// Not what was written.
    #[error("it is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// The game has no value where one is needed.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

/// What an archive is about is told by what a game is made of: its formulas as compiled, and its names and numbers.
fn fingerprint(game: &Game) -> String {
    let digest = Sha256::digest(format!("{game:?}").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn settings_of(settings: &SolveSettings) -> [(&'static str, String); 6] {
    let SolveSettings {
        selection,
        grid,
        tolerance,
        flow,
        leader_mixing,
        belief_grid,
        // Of the certificate, and of the work, not of the solution.
        commitment_gap: _,
        budget: _,
    } = settings;
    [
        ("selection", selection.word().to_owned()),
        ("grid", grid.to_string()),
        ("tolerance", format!("{tolerance:?}")),
        ("flow", format!("{flow:?}").to_lowercase()),
        ("leader_mixing", leader_mixing.to_string()),
        ("belief_grid", belief_grid.to_string()),
    ]
}

impl Archive {
    /// The arrays of a solution of a whole game.
    pub fn of(solution: &Solved) -> Self {
        each!(solution, theta => Self::of_theta(theta))
    }

    fn of_theta<R: Representation>(solution: &Theta<'_, R>) -> Self {
        let (game, settings) = (solution.game(), solution.settings());
        let (beliefs, values): (Vec<_>, Vec<_>) = solution.stored().unzip();
        let functions: Vec<&R::Function> = values.into_iter().flatten().collect();
        let mut arrays = belief_arrays(game, &beliefs);
        arrays.extend(solution.representation().arrays(&functions));
        let settings = settings_of(settings).map(|(key, value)| (key.to_owned(), json!(value)));
        let iteration = solution.iteration().map(|i| {
            let ending = match i.ending {
                Ending::Converged => json!("converged"),
                Ending::Cycle(period) => json!(period),
                Ending::Open => json!("open"),
            };
            // Bits, as a residual need not be a finite number.
            json!({
                "ending": ending, "count": i.count, "residual": i.residual.to_bits(), "bound": i.bound.to_bits()
            })
        });
        let about = json!({
            "format": ARCHIVE_FORMAT,
            "smfg_version": env!("CARGO_PKG_VERSION"),
            "name": game.name(),
            "game_sha256": fingerprint(game),
            "settings": settings.into_iter().collect::<serde_json::Map<_, _>>(),
            "kind": R::KIND,
            "follower_types": game.follower_types(),
            "follower_actions": game.follower_actions(),
            "leader_types": game.leader_types(),
            "leader_actions": game.leader_actions(),
            "horizon": if game.is_infinite() { json!("infinite") } else { json!(game.horizon()) },
            "work": solution.work(),
            "iteration": iteration,
        });
        Self { about, arrays }
    }

    /// The solution, for the same game solved in the same way by the same version.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn restore<'g>(
        &self,
        game: &'g Game,
        settings: &SolveSettings,
    ) -> Result<Solved<'g>, ArchiveError> {
        self.check(game, settings)?;
        if self.floats("unit", 2)? != units(game) {
            return Err(damaged("its units of V are not those of this game"));
        }
        let done = (self.work()?, self.iteration(game)?);
        let kind = self.about["kind"].as_str();
        let restored = Solved::restored(self, kind, game, settings, done)?;
        restored.ok_or_else(|| damaged("its kind is unknown"))
    }

    fn check(&self, game: &Game, settings: &SolveSettings) -> Result<(), ArchiveError> {
        let word = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        if self.about["format"] != json!(ARCHIVE_FORMAT) {
            let found = word(&self.about["format"]);
            return Err(ArchiveError::Format { found });
        }
        let found = word(&self.about["smfg_version"]);
        if found != env!("CARGO_PKG_VERSION") {
            return Err(ArchiveError::Version { found });
        }
        if self.about["game_sha256"] != json!(fingerprint(game)) {
            let found = word(&self.about["name"]);
            return Err(ArchiveError::Game { found });
        }
        for (key, expected) in settings_of(settings) {
            let found = word(&self.about["settings"][key]);
            if found != expected {
                return Err(ArchiveError::Setting {
                    key,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    fn work(&self) -> Result<Work, ArchiveError> {
        let work = serde_json::from_value(self.about["work"].clone());
        work.map_err(|_| damaged("its counts of work cannot be read"))
    }

    fn iteration(&self, game: &Game) -> Result<Option<Iteration>, ArchiveError> {
        let unread = || damaged("how its iteration ended cannot be read");
        let value = &self.about["iteration"];
        if !game.is_infinite() {
            return Ok(None);
        }
        let whole = |key: &str| value[key].as_u64().ok_or_else(unread);
        let ending = match (value["ending"].as_str(), value["ending"].as_u64()) {
            (Some("converged"), _) => Ending::Converged,
            (Some("open"), _) => Ending::Open,
            (_, Some(period)) => Ending::Cycle(period as usize),
            _ => return Err(unread()),
        };
        Ok(Some(Iteration {
            ending,
            count: whole("count")? as usize,
            residual: f64::from_bits(whole("residual")?),
            bound: f64::from_bits(whole("bound")?),
        }))
    }

    pub(super) fn array(&self, name: &str) -> Result<&Array, ArchiveError> {
        let found = self.arrays.iter().find(|(known, _)| known == name);
        found
            .map(|(_, array)| array)
            .ok_or_else(|| damaged(&format!("the array {name} is missing")))
    }

    pub(super) fn floats(&self, name: &str, length: usize) -> Result<&[f64], ArchiveError> {
        match &self.array(name)?.numbers {
            Numbers::Floats(numbers) if numbers.len() == length => Ok(numbers),
            _ => Err(damaged(&format!(
                "the array {name} has not {length} floats"
            ))),
        }
    }

    pub(super) fn integers(&self, name: &str, length: usize) -> Result<&[i64], ArchiveError> {
        match &self.array(name)?.numbers {
            Numbers::Integers(numbers) if numbers.len() == length => Ok(numbers),
            _ => Err(damaged(&format!(
                "the array {name} has not {length} integers"
            ))),
        }
    }

    /// An array of places where parts begin, `parts` of them and the end.
    pub(super) fn starts(&self, name: &str, parts: usize) -> Result<Vec<usize>, ArchiveError> {
        let starts = self.integers(name, parts + 1)?;
        let rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        if starts[0] != 0 || !rising {
            return Err(damaged(&format!("the array {name} does not rise from 0")));
        }
        Ok(starts.iter().map(|start| *start as usize).collect())
    }
}

/// The number of beliefs of each stored period: t = 1, ..., T + 1, or the last two iterates.
pub(super) fn counts(game: &Game, beliefs: &Beliefs) -> Vec<usize> {
    let periods = match game.is_infinite() {
        true => 2,
        false => game.horizon() + 1,
    };
    let periods = 1..=periods;
    periods.map(|t| beliefs.at(t).nodes().len()).collect()
}

pub(super) fn damaged(what: &str) -> ArchiveError {
    ArchiveError::Damaged {
        what: what.to_owned(),
    }
}

pub(super) fn floats(name: &str, shape: &[usize], numbers: Vec<f64>) -> (String, Array) {
    array(name, shape, Numbers::Floats(numbers))
}

pub(super) fn integers(name: &str, shape: &[usize], numbers: Vec<i64>) -> (String, Array) {
    array(name, shape, Numbers::Integers(numbers))
}

fn array(name: &str, shape: &[usize], numbers: Numbers) -> (String, Array) {
    let shape = shape.iter().map(|length| *length as u64).collect();
    (name.to_owned(), Array { shape, numbers })
}

/// What V^f, and what V^l, is held in units of.
fn units(game: &Game) -> [f64; 2] {
    let scales = game.scales();
    [scales.follower.unit, scales.leader.unit]
}

/// The units of V, the beliefs of all stored functions, and which functions belong to each period.
fn belief_arrays(game: &Game, periods: &[&[crate::game::Belief]]) -> Vec<(String, Array)> {
    let types = game.leader_types().len();
    let all = periods.iter().flat_map(|period| period.iter());
    let weights: Vec<f64> = all.flat_map(|belief| belief.weights().to_vec()).collect();
    let mut starts = vec![0];
    for period in periods {
        starts.push(starts[starts.len() - 1] + period.len() as i64);
    }
    let functions = weights.len() / types;
    vec![
        floats("unit", &[2], units(game).to_vec()),
        floats("belief", &[functions, types], weights),
        integers("period_start", &[starts.len()], starts),
    ]
}

/// Where parts of these lengths begin, and the end.
pub(super) fn starts_of(lengths: impl Iterator<Item = usize>) -> Vec<i64> {
    let mut starts = vec![0];
    for length in lengths {
        starts.push(starts[starts.len() - 1] + length as i64);
    }
    starts
}
