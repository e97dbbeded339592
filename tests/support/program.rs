//! A folder of its own to run the program in. Taken in by path.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(dead_code)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Two types that never meet: waiting makes ill, curing makes well.
pub const SCENARIO: &str = r#"
name = "tiny"
description = "Two types that never meet"
horizon = 2
discount = 0.5

[parameters]
cost = 0.25

[follower]
types   = ["well", "ill"]
actions = ["wait", "cure"]
initial = [0.75, 0.25]
reward  = "-(x == ill) - cost * (a == cure)"

[follower.transition]
"*, wait" = { ill = 1 }
"*, cure" = { well = 1 }

[simulate]
populations = [3]
replications = 2
"#;

/// A folder of its own with the scenario in it, in which the program runs.
pub struct Place {
    pub root: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join("tiny.toml"), SCENARIO).unwrap();
        Self { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn smfg(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
        program.args(arguments).current_dir(&self.root);
        program.output().unwrap()
    }

    /// The program run by this shell script as `"$@"`.
    pub fn shell(&self, script: &str, arguments: &[&str]) -> Output {
        let mut shell = Command::new("bash");
        shell.args(["-c", script, "bash", env!("CARGO_BIN_EXE_smfg")]);
        shell.args(arguments).current_dir(&self.root);
        shell.output().unwrap()
    }

    /// Everything in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&self.root).unwrap();
                names.push(name.to_str().unwrap().to_owned());
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        names.sort();
        names
    }
}

/// The program failed with this code, one message that holds `message`, and nothing on standard output.
#[track_caller]
pub fn assert_fails(output: &Output, code: i32, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[track_caller]
pub fn assert_succeeds(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The program ended with this code and had nothing to say on standard error; what it printed.
#[track_caller]
pub fn ended(output: &Output, code: i32) -> String {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(code));
    String::from_utf8(output.stdout.clone()).unwrap()
}
