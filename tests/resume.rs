//! Simulations that were interrupted and continued leave the same files as one that was not.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "support/place.rs"]
#[allow(dead_code)]
mod place;

use std::fs;
use std::process::Command;

use place::{Place, assert_code, assert_same, simulate};

/// A run that takes some seconds in the second of its populations, follower by follower.
const LONG: [&str; 9] = [
    "--engine",
    "agents",
    "--population",
    "50",
    "--population",
    "40000",
    "--replications",
    "900",
    "--trace=sample",
];

fn long<'a>(more: &[&'a str]) -> Vec<&'a str> {
    simulate(&[&LONG, more].concat())
}

#[test]
fn a_run_killed_and_then_interrupted_continues_to_the_same_files() {
    let place = Place::new();
    let reference = long(&["--out", "reference"]);
    assert_code(&place.smfg(&reference), 0, "");

    let cut = long(&["--out", "cut"]);
    // Once the second population is under way.
    let mut killed = place.begun(&cut, "cut.partial", "\"population\":40000");
    killed.kill().unwrap();
    assert!(!killed.wait().unwrap().success());
    assert!(place.exists("cut.partial/state.json") && !place.exists("cut"));

    // Kill -9 leaves rows beyond the state, the last of them cut short.
    let table = place.path("cut.partial/returns.csv");
    let mut rows = fs::read(&table).unwrap();
    rows.extend_from_slice(b"40000,17,-0.12");
    fs::write(&table, rows).unwrap();

    // Without --resume it is refused; with it, another run is.
    assert_code(&place.smfg(&cut), 2, "--resume");
    for (more, message) in [
        (&["--seed", "5"][..], "its seed is 0, not 5"),
        (&["--set", "discount=0.8"], "its setting `set`"),
        (
            &["--replications", "901"],
            "its setting `simulate.replications` is 900, not 901",
        ),
        (&["--shard", "1/2"], "it is share 1/1, not 1/2"),
        (&["--force"], "cannot be used with"),
    ] {
        let other = [&long(&["--out", "cut", "--resume"])[..], more].concat();
        let other: Vec<&str> = match more[0] {
            "--replications" => other
                .iter()
                .enumerate()
                .filter(|(i, _)| !(11..13).contains(i))
                .map(|(_, w)| *w)
                .collect(),
            _ => other,
        };
        assert_code(&place.smfg(&other), 2, message);
    }

    let resumed = long(&["--out", "cut", "--resume"]);
    let progress = |place: &Place| {
        fs::read_to_string(place.path("cut.partial/state.json"))
            .unwrap()
            .len()
    };
    let before = progress(&place);
    let mut interrupted = place.command(&resumed).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    // Another run of the same folder is refused meanwhile.
    assert_code(&place.smfg(&resumed), 2, "is being written by another run");
    let id = interrupted.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(interrupted.wait().unwrap().code(), Some(130));
    assert!(
        progress(&place) > before,
        "the interrupted run saved nothing"
    );

    assert_code(
        &place.smfg(&[&resumed[..], &["--threads", "1"]].concat()),
        0,
        "",
    );
    assert!(!place.exists("cut.partial"));
    assert_same(&place.path("cut"), &place.path("reference"));
    assert_code(&place.smfg(&resumed), 2, "exists already");
}

/// A limit on the size of files stands in for a full disk.
#[test]
fn a_full_disk_leaves_what_can_be_continued() {
    let place = Place::new();
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
    let place = Place::new();
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

#[test]
fn a_state_that_is_damaged_is_refused_and_kept() {
    let place = Place::new();
    let cut = simulate(&["--trace", "all", "--out", "cut"]);
    let full = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    assert_code(&place.shell(full, &cut), 4, "has room");
    let state = place.path("cut.partial/state.json");
    let good = fs::read_to_string(&state).unwrap();
    let resume = [&cut[..], &["--resume"]].concat();
    let longer = good.replacen("\"returns\":", "\"returns\":9", 1);
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
        (&longer, 4, "its state says"),
    ] {
        assert_ne!(bad, good);
        fs::write(&state, bad).unwrap();
        assert_code(&place.smfg(&resume), code, message);
        assert!(place.exists("cut.partial/returns.csv"));
    }
}
