//! Simulations that were interrupted and continued leave the same files as one that was not.

#![cfg(target_os = "linux")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::{assert_code, assert_same, simulate};
use crate::support::program::Place;

/// A simulation of fifty followers and then of a crowd that takes some seconds, follower by follower.
struct Long {
    crowd: String,
}

impl Long {
    fn call<'a>(&'a self, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let options = [
            "--agent-returns",
            "--population",
            "50",
            "--population",
            &self.crowd,
        ];
        simulate(
            &[
                &options,
                more,
                &["--set", "simulate.replications=900", "--out", out],
            ]
            .concat(),
        )
    }

    /// What the state holds once the crowd is under way.
    fn marker(&self) -> String {
        format!("\"population\":{}", self.crowd)
    }
}

fn state(place: &Place) -> String {
    fs::read_to_string(place.path("cut.partial/state.json")).unwrap()
}

/// How a run with so many followers went.
#[derive(PartialEq)]
enum Run {
    /// It was over too early to be interrupted: more are needed on this machine.
    TooShort,
    /// All was seen.
    Seen,
}

#[test]
fn a_run_killed_and_then_interrupted_continues_to_the_same_files() {
    let crowds = (0..10).map(|k| 10_000 << k);
    assert!(
        crowds
            .map(killed_and_interrupted)
            .any(|run| run == Run::Seen)
    );
}

fn killed_and_interrupted(crowd: u64) -> Run {
    let place = Place::with_crowd();
    let long = Long {
        crowd: crowd.to_string(),
    };
    let begun = Instant::now();
    assert_code(&place.smfg(&long.call("reference", &[])), 0, "");
    if begun.elapsed() < Duration::from_millis(1200) {
        return Run::TooShort;
    }
    let (cut, resume) = (long.call("cut", &[]), long.call("cut", &["--resume"]));
    let Some(mut killed) = place.begun(&cut, "cut.partial", &long.marker()) else {
        return Run::TooShort;
    };
    killed.kill().unwrap();
    assert!(!killed.wait().unwrap().success());
    assert!(!place.exists("cut"));

    // A killed run leaves rows that its state does not count, the last of them cut short.
    for table in ["returns.csv", "agent_returns.csv"] {
        let table = place.path("cut.partial").join(table);
        let mut rows = fs::read(&table).unwrap();
        rows.extend_from_slice(b"40000,17,-0.12");
        fs::write(&table, rows).unwrap();
    }

    assert_code(&place.smfg(&cut), 2, "--resume");
    for (more, message) in [
        (["--seed", "5"], "its seed is 0, not 5"),
        (["--set", "discount=0.8"], "its setting `set`"),
        (
            ["--replications", "901"],
            "its setting `simulate.replications` is 900, not 901",
        ),
        (
            ["--trace", "none"],
            "its setting `trace` is null, not \"none\"",
        ),
        (["--shard", "1/2"], "it is share 1/1, not 1/2"),
        (["--force", "--quiet"], "cannot be used with"),
    ] {
        let other = match more[0] {
            "--force" => [&resume[..], &more[..1]].concat(),
            _ => [&resume[..], &more].concat(),
        };
        assert_code(&place.smfg(&other), 2, message);
    }
    damaged_states_are_refused(&place, &resume);

    // Continued, and interrupted once it has saved something more.
    let before = state(&place).len();
    let mut interrupted = place
        .command(&resume)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while state(&place).len() <= before {
        if interrupted.try_wait().unwrap().is_some() {
            return Run::TooShort;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = interrupted.id().to_string();
    let signal = |name: &str| {
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        )
    };
    signal("-STOP");
    if place.exists("cut") {
        // It ended between the last look and the signal.
        signal("-CONT");
        interrupted.wait_with_output().unwrap();
        return Run::TooShort;
    }
    assert_code(&place.smfg(&resume), 2, "is being written by another run");
    signal("-INT");
    signal("-CONT");
    let interrupted = interrupted.wait_with_output().unwrap();
    // All was simulated already: what is left ends well, or at once and without a word.
    if interrupted.status.success() || interrupted.stderr.is_empty() {
        return Run::TooShort;
    }
    assert_code(&interrupted, 130, "what was done is kept in `cut.partial`");

    assert_code(
        &place.smfg(&[&resume[..], &["--threads", "1"]].concat()),
        0,
        "",
    );
    assert!(!place.exists("cut.partial"));
    assert_same(&place.path("cut"), &place.path("reference"));
    assert_code(&place.smfg(&resume), 2, "exists already");
    full_disk_after_a_while(&place, &long)
}

fn damaged_states_are_refused(place: &Place, resume: &[&str]) {
    let good = state(place);
    for (bad, code, message) in [
        ("{", 2, "state.json"),
        ("", 2, "state.json"),
        (
            &good.replacen("\"done\":", "\"done\":1", 1),
            2,
            "does not fit",
        ),
        (
            &good.replacen("\"actions\":2", "\"actions\":3", 1),
            2,
            "does not fit",
        ),
        (
            &good.replacen("\"shift\":0", "\"shift\":99", 1),
            2,
            "does not fit",
        ),
        (
            &good.replace("\"returns\":", "\"returns\":9"),
            4,
            "its state says",
        ),
    ] {
        assert_ne!(bad, good);
        fs::write(place.path("cut.partial/state.json"), bad).unwrap();
        assert_code(&place.smfg(resume), code, message);
        assert!(place.exists("cut.partial/returns.csv"));
    }
    fs::write(place.path("cut.partial/state.json"), good).unwrap();
}

/// The disk fills up while the crowd is under way.
fn full_disk_after_a_while(place: &Place, long: &Long) -> Run {
    fs::remove_dir_all(place.path("cut")).unwrap();
    let full = "trap '' XFSZ; ulimit -f 640; exec \"$@\"";
    let none = ["--trace", "none"];
    assert_code(&place.shell(full, &long.call("cut", &none)), 4, "--resume");
    if !state(place).contains("\"done\":900") {
        return Run::TooShort;
    }
    let resume = long.call("cut", &["--trace", "none", "--resume"]);
    assert_code(&place.smfg(&resume), 0, "");
    fs::remove_file(place.path("reference/trace.csv")).unwrap();
    assert_same(&place.path("cut"), &place.path("reference"));
    Run::Seen
}

/// A limit on the size of files stands in for a full disk.
#[test]
fn a_full_disk_leaves_what_can_be_continued() {
    let place = Place::with_crowd();
    let full = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    for command in ["simulate", "run"] {
        let call = |out| {
            let mut words = simulate(&[
                "--trace",
                "all",
                "--set",
                "validate.epsilon=9",
                "--out",
                out,
            ]);
            words[0] = command;
            words
        };
        let (reference, cut) = (format!("{command}-reference"), format!("{command}-cut"));
        assert_code(&place.smfg(&call(&reference)), 0, "");
        let failed = place.shell(full, &call(&cut));
        assert_code(&failed, 4, "has room");
        assert_code(
            &failed,
            4,
            &format!("what was done is kept in `{cut}.partial`"),
        );
        assert!(!place.exists(&cut));
        // Still full: what is there stays.
        let resume = [&call(&cut)[..], &["--resume"]].concat();
        assert_code(&place.shell(full, &resume), 4, "--resume");
        assert_code(&place.smfg(&resume), 0, "");
        assert_same(&place.path(&cut), &place.path(&reference));
    }
}

#[test]
fn nothing_to_resume_is_a_run_from_the_start() {
    let place = Place::with_crowd();
    let call = |more| simulate(&[&["--replications", "20"][..], more].concat());
    assert_code(&place.smfg(&call(&["--out", "first"])), 0, "");
    assert_code(&place.smfg(&call(&["--out", "second", "--resume"])), 0, "");
    assert_same(&place.path("first"), &place.path("second"));
    // A partial folder without a state, from a run killed early: its tables are begun again.
    let early = place.path("third.partial");
    fs::create_dir(&early).unwrap();
    fs::write(early.join("returns.csv"), "popul").unwrap();
    fs::write(early.join("policy.csv"), "t,").unwrap();
    let manifest = r#"{ "smfg_version": "0.1.0", "files": ["returns.csv", "policy.csv"] }"#;
    fs::write(early.join("manifest.json"), manifest).unwrap();
    assert_code(&place.smfg(&call(&["--out", "third", "--resume"])), 0, "");
    assert_same(&place.path("first"), &place.path("third"));
}
