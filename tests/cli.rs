//! The program end to end: exit codes, messages, and what is left on the disk.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const SCENARIO: &str = r#"
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
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join("tiny.toml"), SCENARIO).unwrap();
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn smfg(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
        program.args(arguments).current_dir(&self.root);
        program.output().unwrap()
    }

    /// The program run by this shell script as `"$@"`.
    fn shell(&self, script: &str, arguments: &[&str]) -> Output {
        let mut shell = Command::new("bash");
        shell.args(["-c", script, "bash", env!("CARGO_BIN_EXE_smfg")]);
        shell.args(arguments).current_dir(&self.root);
        shell.output().unwrap()
    }

    /// Everything in the folder, sorted.
    fn names(&self) -> Vec<String> {
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
fn assert_fails(output: &Output, code: i32, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[track_caller]
fn assert_succeeds(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn bad_usage_exits_with_2_and_writes_nothing() {
    let place = Place::new();
    let cases: &[(&[&str], &str)] = &[
        (&["frobnicate"], "unrecognized subcommand"),
        (&["solve"], "required"),
        (&["solve", "tiny.toml", "--frobnicate"], "--frobnicate"),
        (&["solve", "tiny.toml", "--selection", "best"], "optimistic"),
        (&["solve", "tiny.toml", "--grid", "0"], "grid"),
        (
            &["solve", "tiny.toml", "--grid", "1000000000000000000"],
            "grid",
        ),
        (&["solve", "tiny.toml", "--threads", "0"], "--threads"),
        (&["solve", "tiny.toml", "--threads", "1000000"], "--threads"),
        (&["solve", "tiny.toml", "--engine", "counts"], "--engine"),
        (&["solve", "nowhere.toml"], "nowhere.toml"),
        (&["solve", "."], "cannot read"),
        (&["solve", "tiny.toml", "--out", ".."], "no name of its own"),
        (
            &["simulate", "tiny.toml", "--population", "0"],
            "--population",
        ),
        (
            &["simulate", "tiny.toml", "--population", "1000000000001"],
            "--population",
        ),
        (&["simulate", "tiny.toml", "--population", "-5"], "-5"),
        (
            &["simulate", "tiny.toml", "--population", "many"],
            "--population",
        ),
        (
            &["simulate", "tiny.toml", "--replications", "0"],
            "--replications",
        ),
        (
            &["simulate", "tiny.toml", "--replications-from", "0"],
            "--replications-from",
        ),
        (
            &["simulate", "tiny.toml", "--seed", "18446744073709551616"],
            "--seed",
        ),
        (&["simulate", "tiny.toml", "--engine", "magic"], "counts"),
        (
            &["simulate", "tiny.toml", "--policy", "nowhere.csv"],
            "nowhere.csv",
        ),
        (&["run", "tiny.toml", "--set", "cost"], "KEY=VALUE"),
        (&["run", "tiny.toml", "--set", "price=1"], "price"),
        (&["run", "tiny.toml", "--set", "cost=nan"], "nan"),
        (
            &["run", "tiny.toml", "--set", "validate.epsilon=0"],
            "epsilon",
        ),
        (&["run", "tiny.toml", "--set", "horizon=0"], "horizon"),
    ];
    for (arguments, message) in cases {
        assert_fails(&place.smfg(arguments), 2, message);
    }
    assert_eq!(place.names(), ["tiny.toml"]);
}

#[test]
fn what_a_later_version_brings_exits_with_2_and_says_so() {
    let place = Place::new();
    let cases: &[&[&str]] = &[
        &["converge", "tiny.toml", "--population", "10"],
        &["new", "game.toml"],
        &["simulate", "tiny.toml", "--theta", "output/tiny"],
        &[
            "stage",
            "tiny.toml",
            "--t",
            "1",
            "--z",
            "1,0",
            "--pi",
            "0.5,0.5",
        ],
    ];
    for arguments in cases {
        assert_fails(
            &place.smfg(arguments),
            2,
            "is not available in this version",
        );
    }
    assert_eq!(place.names(), ["tiny.toml"]);
}

#[test]
fn help_and_version_are_no_failure() {
    let place = Place::new();
    assert!(assert_succeeds(&place.smfg(&["--help"])).contains("Exit codes"));
    assert!(assert_succeeds(&place.smfg(&["run", "--help"])).contains("--population"));
    let version = assert_succeeds(&place.smfg(&["--version"]));
    assert_eq!(version, format!("smfg {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn check_prints_the_game_as_understood() {
    let place = Place::new();
    let game = assert_succeeds(&place.smfg(&["check", "tiny.toml", "--set", "cost=0.5"]));
    for part in [
        "tiny",
        "well",
        "ill",
        "cure",
        "0.75",
        "cost = 0.5",
        "no leader",
    ] {
        assert!(game.contains(part), "{part:?} is not in: {game}");
    }
    assert_eq!(place.names(), ["tiny.toml"]);
}

#[test]
fn a_broken_scenario_exits_with_2_in_every_command_and_writes_nothing() {
    let place = Place::new();
    let broken = SCENARIO.replace("ill = 1", "ill = \"0.9 + 0.2 * z[ill]\"");
    fs::write(place.path("bad.toml"), broken).unwrap();
    for command in ["check", "solve", "simulate", "validate", "run"] {
        assert_fails(&place.smfg(&[command, "bad.toml"]), 2, "bad.toml:");
    }
    let stage = place.smfg(&["stage", "bad.toml", "--t", "1", "--z", "0.5,0.5"]);
    assert_fails(&stage, 2, "bad.toml:");
    assert_eq!(place.names(), ["bad.toml", "tiny.toml"]);
}

#[test]
fn a_stage_game_that_is_not_there_exits_with_2() {
    let place = Place::new();
    let cases: &[(&[&str], &str)] = &[
        (&["--t", "0", "--z", "1,0"], "periods"),
        (&["--t", "3", "--z", "1,0"], "periods"),
        (&["--t", "1", "--z", "1"], "follower types"),
        (&["--t", "1", "--z", "0.5,0.6"], "sum to 1"),
        (&["--t", "1", "--z", "-0.5,1.5"], "negative"),
        (&["--t", "1", "--z", "NaN,1"], "sum to 1"),
        (
            &["--t", "1", "--z", "1,0", "--leader-action", "0.3"],
            "no leader",
        ),
    ];
    for (arguments, message) in cases {
        let arguments = [&["stage", "tiny.toml"], *arguments].concat();
        assert_fails(&place.smfg(&arguments), 2, message);
    }
}

#[test]
fn an_existing_folder_is_refused_before_any_work() {
    let place = Place::new();
    fs::create_dir_all(place.path("output/tiny")).unwrap();
    fs::write(place.path("output/tiny/notes.txt"), "mine").unwrap();
    let before = place.names();
    for command in ["solve", "simulate", "validate", "run"] {
        assert_fails(&place.smfg(&[command, "tiny.toml"]), 2, "exists already");
        // --force removes what a manifest lists, and there is none.
        let forced = place.smfg(&[command, "tiny.toml", "--force"]);
        assert_fails(&forced, 2, "notes.txt");
    }
    assert_eq!(place.names(), before);
}

#[test]
fn a_leftover_of_an_interrupted_run_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("run.partial")).unwrap();
    let refused = place.smfg(&["solve", "tiny.toml", "--out", "run"]);
    assert_fails(&refused, 2, "run.partial");
    assert_eq!(place.names(), ["run.partial", "tiny.toml"]);
}

#[test]
fn a_place_that_cannot_be_written_exits_with_4_and_leaves_nothing() {
    let place = Place::new();
    let under_a_file = place.smfg(&["run", "tiny.toml", "--out", "tiny.toml/deep/run"]);
    assert_fails(&under_a_file, 4, "tiny.toml/deep/run");
    assert_eq!(place.names(), ["tiny.toml"]);
}

/// A limit on the size of files stands in for a full disk: every write beyond it fails.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_exits_with_4_and_leaves_nothing() {
    let place = Place::new();
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let full = place.shell(script, &["run", "tiny.toml", "--out", "new/run"]);
    assert_fails(&full, 4, "has room");
    assert_eq!(place.names(), ["tiny.toml"]);
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let place = Place::new();
    for arguments in [&["check", "tiny.toml"][..], &["run", "--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
        program
            .args(arguments)
            .current_dir(&place.root)
            .stdout(writer)
            .stderr(Stdio::piped());
        let output = program.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(assert_succeeds(&output), "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_exits_with_4() {
    let place = Place::new();
    let full = place.shell("\"$@\" > /dev/full", &["check", "tiny.toml"]);
    assert_fails(&full, 4, "standard output");
}

/// The README's scenario is one that the program takes.
#[test]
fn the_scenario_of_the_readme_is_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, scenario) = readme.split_once("```toml\n").unwrap();
    let (scenario, _) = scenario.split_once("```").unwrap();
    let place = Place::new();
    fs::write(place.path("readme.toml"), scenario).unwrap();
    assert_succeeds(&place.smfg(&["check", "readme.toml"]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_standard_error_changes_no_exit_code() {
    let place = Place::new();
    let closed = place.shell("exec \"$@\" 2>&-", &["check", "nowhere.toml"]);
    assert_eq!(closed.status.code(), Some(2));
}
