//! What the fuzzer begins from, and what it has found, run once.

use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
mod targets;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn all(target: fn(&[u8]), folders: &[&str]) {
    let mut count = 0;
    for file in folders.iter().flat_map(|folder| files(folder)) {
        target(&std::fs::read(&file).expect("a seed can be read"));
        count += 1;
    }
    assert!(count > 0, "{folders:?} hold no seed");
}

#[test]
fn no_text_of_a_scenario_stops_its_reader() {
    all(
        targets::scenario,
        &["fuzz/seeds/scenario", "scenarios", "tests/cases"],
    );
}

#[test]
fn no_formula_stops_its_reader() {
    all(targets::formula, &["fuzz/seeds/formula"]);
}

#[test]
fn no_policy_file_stops_its_reader() {
    all(targets::policy, &["fuzz/seeds/policy"]);
}

#[test]
fn no_solution_in_a_file_stops_its_reader() {
    all(targets::theta, &["fuzz/seeds/theta"]);
}

#[test]
fn no_state_of_a_share_stops_its_reader() {
    all(targets::state, &["fuzz/seeds/state"]);
}
