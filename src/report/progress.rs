//! The state of a long run: what was run, and how far it got. Saved beside its tables, it is all that continuing the run
//! or merging its shares needs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::sha256;
use crate::simulate::{Share, Summary};

/// What a run's results depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    smfg_version: String,
    command: String,
    scenario_sha256: String,
    seed: u64,
    settings: Map<String, Value>,
}

/// How two runs differ.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Difference {
    /// Made by different versions of the program.
    #[error("it was made by smfg {theirs}, not {ours}")]
    Version {
        /// Expected.
        ours: String,
        /// Found.
        theirs: String,
    },
    /// `run` or `simulate`.
    #[error("it was made by `smfg {theirs}`, not `smfg {ours}`")]
    Command {
        /// Expected.
        ours: String,
        /// Found.
        theirs: String,
    },
    /// Different texts of the scenario.
    #[error("its scenario is another: their texts differ")]
    Scenario,
    /// Different seeds.
    #[error("its seed is {theirs}, not {ours}")]
    Seed {
        /// Expected.
        ours: u64,
        /// Found.
        theirs: u64,
    },
    /// A setting.
    #[error("its setting `{key}` is {theirs}, not {ours}")]
    Setting {
        /// Its name.
        key: String,
        /// Expected.
        ours: Value,
        /// Found.
        theirs: Value,
    },
}

impl Identity {
    /// Of a run by this version of the program.
    pub fn new(command: &str, scenario: &str, seed: u64, settings: &Map<String, Value>) -> Self {
        // Numbers as a reader of the text sees them.
        let text = Value::Object(settings.clone()).to_string();
        Self {
            smfg_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_owned(),
            scenario_sha256: sha256(scenario.as_bytes()),
            seed,
            settings: serde_json::from_str(&text).expect("what is written as JSON is read as JSON"),
        }
    }

    /// The version that made it.
    pub fn smfg_version(&self) -> &str {
        &self.smfg_version
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// All settings.
    pub fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    /// The first thing in which `other` is not the same.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let texts = |ours: &String, theirs: &String| (ours.clone(), theirs.clone());
        if self.smfg_version != other.smfg_version {
            let (ours, theirs) = texts(&self.smfg_version, &other.smfg_version);
            return Some(Difference::Version { ours, theirs });
        }
        if self.command != other.command {
            let (ours, theirs) = texts(&self.command, &other.command);
            return Some(Difference::Command { ours, theirs });
        }
        if self.scenario_sha256 != other.scenario_sha256 {
            return Some(Difference::Scenario);
        }
        if self.seed != other.seed {
            let (ours, theirs) = (self.seed, other.seed);
            return Some(Difference::Seed { ours, theirs });
        }
        setting("", &self.settings, &other.settings)
    }
}

/// The first setting in which two sections differ.
fn setting(
    section: &str,
    ours: &Map<String, Value>,
    theirs: &Map<String, Value>,
) -> Option<Difference> {
    for name in ours.keys().chain(theirs.keys()) {
        let value = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
        let key = format!("{section}{name}");
        match (value(ours), value(theirs)) {
            (ours, theirs) if ours == theirs => {}
            (Value::Object(ours), Value::Object(theirs)) => {
                return setting(&format!("{key}."), &ours, &theirs);
            }
            (ours, theirs) => return Some(Difference::Setting { key, ours, theirs }),
        }
    }
    None
}

/// A run under way, or a share that is whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunState {
    /// What is run.
    pub identity: Identity,
    /// Which part of it.
    pub share: Share,
    /// The populations begun, in order; all but the last are whole.
    pub populations: Vec<PopulationState>,
}

/// The replications done of one population.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PopulationState {
    /// How many.
    pub done: u64,
    /// Bytes of trace.csv up to the last of them; without trace.csv, 0.
    pub trace: u64,
    /// Bytes of returns.csv up to the last of them.
    pub returns: u64,
    /// Bytes of agent_returns.csv up to the last of them; without it, 0.
    pub agent_returns: u64,
    /// Their summary.
    pub summary: Summary,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity(seed: u64, settings: Value) -> Identity {
        let Value::Object(settings) = settings else {
            panic!("{settings}");
        };
        Identity::new("simulate", "text", seed, &settings)
    }

    #[test]
    fn the_first_difference_is_named() {
        let ours = identity(
            1,
            json!({ "simulate": { "replications": 5, "start": "iid" }, "set": [] }),
        );
        assert_eq!(ours.difference(&ours.clone()), None);
        let theirs = identity(2, json!({}));
        assert_eq!(
            ours.difference(&theirs),
            Some(Difference::Seed { ours: 1, theirs: 2 })
        );
        let theirs = identity(
            1,
            json!({ "simulate": { "start": "iid", "replications": 6 }, "set": [] }),
        );
        let difference = ours.difference(&theirs).unwrap();
        assert_eq!(
            difference.to_string(),
            "its setting `simulate.replications` is 6, not 5"
        );
        let theirs = identity(
            1,
            json!({ "simulate": { "replications": 5, "start": "iid" }, "set": [], "more": 1 }),
        );
        let difference = ours.difference(&theirs).unwrap();
        assert_eq!(difference.to_string(), "its setting `more` is 1, not null");
        let theirs = Identity::new("simulate", "other", 1, ours.settings());
        assert_eq!(ours.difference(&theirs), Some(Difference::Scenario));
        let theirs = Identity::new("run", "text", 1, ours.settings());
        assert!(matches!(
            ours.difference(&theirs),
            Some(Difference::Command { .. })
        ));
        let theirs = Identity {
            smfg_version: "0.0.9".into(),
            ..ours.clone()
        };
        assert!(matches!(
            ours.difference(&theirs),
            Some(Difference::Version { .. })
        ));
    }

    #[test]
    fn a_setting_read_back_is_the_same() {
        let ours = identity(
            1,
            json!({ "epsilon": 0.1 + 0.2, "tiny": 4.9e-300, "starts": [0.3333333333333333] }),
        );
        let read: Identity = serde_json::from_str(&serde_json::to_string(&ours).unwrap()).unwrap();
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(ours.difference(&read), None, "{again}");
    }
}
