//! The program's files byte by byte: at any number of threads, from run to run, and replication by replication.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Two small populations are exact, the large one sampled; a second start and the trace make every table long.
const RUN: [&str; 10] = [
    "run",
    "SCENARIO",
    "--set",
    "horizon=6",
    "--set",
    "leader.actions.count=5",
    "--set",
    "validate.starts=[[0.3, 0.7]]",
    "--population",
    "30",
];

const FORTY: [&str; 2] = ["--replications", "40"];

/// The files of a run of a shipped scenario but the manifest, by name.
fn files(scenario: &str, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let place = TempDir::new().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(scenario);
    let path = path.to_str().unwrap();
    let run = RUN.map(|word| if word == "SCENARIO" { path } else { word });
    let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
    program
        .args(run)
        .args(arguments)
        .args(["--out", "out"])
        .current_dir(&place);
    let output = program.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1 | 3)), "{code:?}: {stderr}");
    let mut files = BTreeMap::from([("standard output".to_owned(), output.stdout)]);
    for entry in fs::read_dir(place.path().join("out")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "manifest.json" {
            files.insert(name, fs::read(path).unwrap());
        }
    }
    files
}

#[track_caller]
fn assert_equal(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert!(left.keys().eq(right.keys()), "{what}");
    for (name, bytes) in left {
        assert!(*bytes == right[name], "{what}: {name} differs");
    }
}

fn text<'f>(files: &'f BTreeMap<String, Vec<u8>>, name: &str) -> &'f str {
    std::str::from_utf8(&files[name]).unwrap()
}

/// Populations of both methods.
const LARGE: [&str; 4] = ["--population", "1000", "--population", "1000000000"];

#[test]
fn no_byte_depends_on_the_number_of_threads_or_on_the_run() {
    for (scenario, engine) in [("technology.toml", "counts"), ("infection.toml", "agents")] {
        let more: &[&str] = if engine == "counts" {
            &LARGE
        } else {
            &LARGE[..2]
        };
        let run = |threads| {
            files(
                scenario,
                &[
                    &FORTY[..],
                    &["--engine", engine, "--threads", threads],
                    more,
                ]
                .concat(),
            )
        };
        let one = run("1");
        assert_equal(&one, &run("2"), "1 and 2 threads");
        assert_equal(&one, &run("7"), "1 and 7 threads");
        assert_equal(&one, &run("7"), "1 and 7 threads again");
        let expected = [
            "best_response.csv",
            "certificate.json",
            "deviations.csv",
            "mean_field.csv",
            "policy.csv",
            "returns.csv",
            "standard output",
            "summary.csv",
            "theta.npz",
            "trace.csv",
            "verdict.json",
        ];
        assert!(one.keys().eq(expected), "{:?}", one.keys());
        if engine == "counts" {
            let methods = text(&one, "deviations.csv");
            assert!(
                methods.contains(",exact,") && methods.contains(",paired,"),
                "{methods}"
            );
        }
    }
}

#[test]
fn another_seed_gives_other_samples_and_the_same_solution() {
    let (one, two) = (
        files("technology.toml", &[&FORTY[..], &["--seed", "1"]].concat()),
        files("technology.toml", &[&FORTY[..], &["--seed", "2"]].concat()),
    );
    for (name, bytes) in &one {
        // verdict.json holds the one-step check of a sample.
        let sampled = [
            "returns.csv",
            "trace.csv",
            "summary.csv",
            "standard output",
            "verdict.json",
        ];
        let same = *bytes == two[name];
        assert_eq!(same, !sampled.contains(&name.as_str()), "{name}");
    }
}

/// The lines of a table that belong to replication k.
fn replication(table: &str, k: usize) -> Vec<&str> {
    let number = k.to_string();
    let is_own = |line: &&str| line.split(',').nth(1) == Some(number.as_str());
    table.lines().filter(is_own).collect()
}

#[test]
fn a_replication_alone_is_the_one_of_the_batch() {
    for engine in ["counts", "agents"] {
        let batch = files(
            "technology.toml",
            &[&FORTY[..], &["--engine", engine]].concat(),
        );
        for k in [1, 9, 40] {
            let from = k.to_string();
            let words = [
                "--engine",
                engine,
                "--replications",
                "1",
                "--replications-from",
                &from,
            ];
            let alone = files("technology.toml", &words);
            for name in ["trace.csv", "returns.csv"] {
                let (all, own) = (text(&batch, name), text(&alone, name));
                let rows = replication(all, k);
                assert!(!rows.is_empty(), "{name}, replication {k}");
                assert_eq!(
                    own.lines().skip(1).collect::<Vec<_>>(),
                    rows,
                    "{name}, replication {k}"
                );
                assert_eq!(own.lines().next(), all.lines().next());
            }
        }
    }
}

#[test]
fn a_population_alone_is_the_one_of_the_list() {
    let (alone, listed) = (
        files("technology.toml", &FORTY),
        files("technology.toml", &[&FORTY[..], &LARGE[..2]].concat()),
    );
    for name in [
        "trace.csv",
        "returns.csv",
        "summary.csv",
        "deviations.csv",
        "best_response.csv",
    ] {
        let own: Vec<&str> = text(&alone, name).lines().collect();
        assert!(own.len() > 1, "{name}");
        let first = text(&listed, name)
            .lines()
            .filter(|line| !line.starts_with("1000,"));
        assert_eq!(first.collect::<Vec<_>>(), own, "{name}");
        // At N = 1000 the best responder may depart nowhere.
        let more = text(&listed, name).lines().count() > own.len();
        assert!(more || name == "best_response.csv", "{name}");
    }
}
