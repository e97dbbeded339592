//! More that a folder is used for: a crowd that takes a while, programs at work, and what is left there.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::support::program::Place;

/// Two types that meet, follower by follower: a run that takes a while, and rows in all tables.
const CROWD: &str = r#"
name = "crowd"
horizon = 5
discount = 0.9
[follower]
types = ["well", "ill"]
actions = ["wait", "cure"]
initial = [0.75, 0.25]
reward = "-(x == ill) - 0.25 * (a == cure)"
[follower.transition]
"well, wait" = { ill = "0.5 * z[ill]", well = "rest" }
"ill, wait" = { ill = 1 }
"*, cure" = { well = "0.9", ill = "rest" }
[simulate]
populations = [50, 3000]
replications = 900
"#;

/// Half of the followers of either type cure.
const POLICY: &str =
    "gamma_well_wait,gamma_well_cure,gamma_ill_wait,gamma_ill_cure\n0.5,0.5,0.4,0.6\n";

/// The tables that have to be the same, however they were made.
pub const TABLES: [&str; 3] = ["returns.csv", "summary.csv", "trace.csv"];

impl Place {
    /// With the crowd and a policy for it, too.
    pub fn with_crowd() -> Self {
        let place = Self::new();
        fs::write(place.path("crowd.toml"), CROWD).unwrap();
        fs::write(place.path("policy.csv"), POLICY).unwrap();
        place
    }

    /// The program with these arguments, in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
        program.args(arguments).current_dir(&self.root);
        program
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

    /// The program at work, once its state in `partial` holds `marker`; `None` if it is over before.
    pub fn begun(&self, arguments: &[&str], partial: &str, marker: &str) -> Option<Child> {
        let mut program = self.command(arguments);
        let mut child = program
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let state = self.path(partial).join("state.json");
        while !fs::read_to_string(&state).is_ok_and(|text| text.contains(marker)) {
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(child)
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }
}

/// `smfg simulate crowd.toml --policy policy.csv` and more words.
pub fn simulate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let start = [
        "simulate",
        "crowd.toml",
        "--policy",
        "policy.csv",
        "--quiet",
    ];
    [&start, more].concat()
}

/// The program succeeded and had nothing to say on standard error; what it printed.
#[track_caller]
pub fn assert_succeeds(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
pub fn assert_code(output: &Output, code: i32, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// All files of the two folders but their manifests are the same.
#[track_caller]
pub fn assert_same(left: &Path, right: &Path) {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(left), names(right));
    for name in names(left).iter().filter(|name| *name != "manifest.json") {
        let read = |folder: &Path| fs::read(folder.join(name)).unwrap();
        assert!(read(left) == read(right), "{name} differs");
    }
}
