//! A folder of its own to run the program in.

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

/// The program ended with this code and had nothing to say on standard error; what it printed.
#[track_caller]
pub fn ended(output: &Output, code: i32) -> String {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(code));
    String::from_utf8(output.stdout.clone()).unwrap()
}
