//! The manifest: what was run, with all that is needed to run it again.

use serde::ser::{SerializeMap, Serializer};
use sha2::{Digest, Sha256};

/// One phase of a run and its wall-clock time, the only part of a run's output that is not reproducible.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// `solve`, `simulate` or `validate`.
    pub name: &'static str,
    /// Seconds.
    pub seconds: f64,
}

/// What was run: the scenario's text, the seed and every setting after the command line was applied.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Manifest {
    smfg_version: &'static str,
    /// The command line as typed, quoted for a shell.
    pub command: String,
    scenario_sha256: String,
    /// The seed of every random stream.
    pub seed: u64,
    /// Every setting in force, in the order of the scenario's sections.
    pub settings: serde_json::Value,
    /// Threads used; no result depends on them.
    pub threads: usize,
    /// Time spent, in the order of the phases.
    #[serde(serialize_with = "phases_as_map")]
    pub seconds: Vec<Phase>,
    files: Vec<String>,
    scenario: String,
}

impl Manifest {
    /// The manifest of a run of the scenario with this text, by this version of the program.
    pub fn new(command: String, scenario: String, seed: u64, settings: serde_json::Value) -> Self {
        Self {
            smfg_version: env!("CARGO_PKG_VERSION"),
            command,
            scenario_sha256: sha256(scenario.as_bytes()),
            seed,
            settings,
            threads: 1,
            seconds: Vec::new(),
            files: Vec::new(),
            scenario,
        }
    }

    pub(super) fn with_files(mut self, files: &[String]) -> Self {
        self.files = files.to_vec();
        self
    }
}

/// The SHA-256 of these bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn phases_as_map<S: Serializer>(phases: &[Phase], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(phases.len()))?;
    for phase in phases {
        map.serialize_entry(phase.name, &phase.seconds)?;
    }
    map.end()
}

/// Words joined so that a POSIX shell splits them again into the same words.
pub fn shell_words<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let quoted = words.into_iter().map(|word| quote(word.as_ref()));
    quoted.collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn holds_the_scenario_and_its_digest() {
        let mut manifest = Manifest::new("smfg run a.toml".into(), "abc".into(), 7, json!({}));
        manifest.seconds = vec![
            Phase {
                name: "solve",
                seconds: 1.0,
            },
            Phase {
                name: "simulate",
                seconds: f64::NAN,
            },
        ];
        let read: Value = serde_json::to_value(manifest.with_files(&["a.csv".into()])).unwrap();
        // FIPS 180-2, appendix B.1.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read["scenario_sha256"], digest);
        assert_eq!(read["scenario"], "abc");
        assert_eq!(read["files"], json!(["a.csv"]));
        assert_eq!(
            read["seconds"].to_string(),
            r#"{"solve":1.0,"simulate":null}"#
        );
        assert_eq!(read["smfg_version"], env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn a_command_is_quoted_for_a_shell() {
        let words = ["smfg", "--set", "k=0.2", "my file", "it's", ""];
        assert_eq!(
            shell_words(words),
            r"smfg --set k=0.2 'my file' 'it'\''s' ''"
        );
    }
}
