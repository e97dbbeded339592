//! The program end to end: exit codes, messages, and what is left on the disk.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::place::assert_succeeds;
use crate::support::program::{Place, SCENARIO, assert_fails, ended};

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
fn a_new_scenario_runs_and_no_file_is_replaced() {
    let place = Place::new();
    let said = assert_succeeds(&place.smfg(&["new", "my game.toml"]));
    assert!(said.contains("smfg run \"my game.toml\""), "{said}");
    assert_fails(&place.smfg(&["new", "my game.toml"]), 2, "is there already");
    assert_fails(&place.smfg(&["new", "no/folder.toml"]), 4, "no/folder.toml");
    let game = assert_succeeds(&place.smfg(&["check", "my game.toml"]));
    assert!(game.starts_with("my_game: "), "{game}");
    let run = [
        "run",
        "my game.toml",
        "--population",
        "20",
        "--replications",
        "50",
        "--out",
        "out",
    ];
    assert!(assert_succeeds(&place.smfg(&run)).contains("CERTIFIED"));
    assert!(place.path("out/verdict.json").is_file());
}

/// The lines of the new scenario that can be put in as they stand.
#[test]
fn what_a_new_scenario_leaves_out_fits_in() {
    let place = Place::new();
    let _ = assert_succeeds(&place.smfg(&["new", "game.toml"]));
    let file = place.path("game.toml");
    let text = std::fs::read_to_string(&file).expect("the new file");
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(key) if key.contains(" = ") || key.starts_with('[') => key.to_owned(),
        _ => line.to_owned(),
    };
    let whole: Vec<String> = text.lines().map(line).collect();
    std::fs::write(&file, whole.join("\n")).expect("the file can be written");
    let game = assert_succeeds(&place.smfg(&["check", "game.toml"]));
    for part in ["leader types: budget", "not available", "terminal reward"] {
        assert!(game.contains(part), "{game}");
    }
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

#[test]
fn the_closing_screen_speaks_of_a_leader_only_where_there_is_one() {
    let place = Place::new();
    let with_leader = format!(
        "{SCENARIO}[leader]\nactions = [\"low\", \"high\"]\nreward = {{ period = \"0\" }}\n"
    );
    fs::write(place.path("led.toml"), with_leader).unwrap();
    for (file, expected) in [("tiny.toml", false), ("led.toml", true)] {
        let screen =
            assert_succeeds(&place.smfg(&["run", file, "--out", file.trim_end_matches(".toml")]));
        for text in ["best constant action", "the leader 0 in one stage"] {
            assert_eq!(screen.contains(text), expected, "{text:?} in {screen}");
        }
        assert!(screen.contains("a follower can gain 0"), "{screen}");
        assert!(screen.trim_end().ends_with("manifest.json"), "{screen}");
    }
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

#[test]
fn a_stage_game_is_listed_with_its_header() {
    let place = Place::new();
    let table = assert_succeeds(&place.smfg(&["stage", "tiny.toml", "--t", "1", "--z", "0.5,0.5"]));
    let header = "leader_action,equilibrium,z_next_well,z_next_ill,gamma_well_wait,gamma_well_cure,gamma_ill_wait,\
                  gamma_ill_cure,v_follower_well,v_follower_ill,v_leader,residual,selected,kind,coin,continuum,supremum";
    let row = "none,1,1.0,0.0,0.0,1.0,0.0,1.0,-0.25,-1.25,0.0,0.0,1,pure,0.0,0,0";
    assert_eq!(table, format!("{header}\n{row}\n"));
    assert_eq!(place.names(), ["tiny.toml"]);
    // With a leader: one selected row in all, and the rows of her action alone where it is named.
    let technology = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/technology.toml");
    let common = [
        "--t",
        "1",
        "--z",
        "0.3,0.7",
        "--set",
        "horizon=6",
        "--set",
        "leader.actions.count=5",
    ];
    let words = [&["stage", technology.to_str().unwrap()], &common[..]].concat();
    let all = assert_succeeds(&place.smfg(&words));
    let selected = |table: &str| {
        table
            .lines()
            .skip(1)
            .filter(|line| line.split(',').nth(12) == Some("1"))
            .count()
    };
    assert!(all.lines().count() > 5 + 1);
    assert_eq!(selected(&all), 1, "{all}");
    let prices: Vec<&str> = all
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert!(
        ["-2.0", "-0.5", "1.0", "2.5", "4.0"]
            .iter()
            .all(|price| prices.contains(price)),
        "{prices:?}"
    );
    let one = assert_succeeds(&place.smfg(&[&words[..], &["--leader-action", "-2"]].concat()));
    let own: Vec<&str> = all
        .lines()
        .filter(|line| line.starts_with("-2.0,"))
        .collect();
    assert_eq!(one.lines().skip(1).collect::<Vec<_>>(), own);
}

#[test]
fn force_replaces_an_earlier_run_and_nothing_else() {
    let place = Place::new();
    ended(&place.smfg(&["run", "tiny.toml"]), 0);
    let before = fs::read_to_string(place.path("output/tiny/returns.csv")).unwrap();
    assert_fails(
        &place.smfg(&["run", "tiny.toml", "--seed", "5"]),
        2,
        "exists already",
    );
    assert_eq!(
        fs::read_to_string(place.path("output/tiny/returns.csv")).unwrap(),
        before
    );
    // A file that the manifest does not list stays, and so does the whole folder.
    fs::write(place.path("output/tiny/notes.txt"), "mine").unwrap();
    assert_fails(
        &place.smfg(&["run", "tiny.toml", "--force"]),
        2,
        "notes.txt",
    );
    assert_eq!(
        fs::read_to_string(place.path("output/tiny/returns.csv")).unwrap(),
        before
    );
    fs::remove_file(place.path("output/tiny/notes.txt")).unwrap();
    let longer = ["validate", "tiny.toml", "--force", "--quiet"];
    ended(&place.smfg(&longer), 0);
    assert!(!place.path("output/tiny/returns.csv").exists());
    assert!(place.path("output/tiny/verdict.json").is_file());
}

/// A limit on the size of files stands in for a disk that fills up half way: every write beyond it fails.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_exits_with_4_and_leaves_nothing() {
    let place = Place::new();
    for kibibytes in [1, 4, 16] {
        let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\"");
        let full = place.shell(&script, &["run", "tiny.toml", "--out", "new/run"]);
        assert_fails(&full, 4, "has room");
        assert_eq!(place.names(), ["tiny.toml"], "{kibibytes} KiB");
    }
    // With room enough the same run is whole.
    let roomy = place.shell(
        "trap '' XFSZ; ulimit -f 1024; exec \"$@\"",
        &["run", "tiny.toml", "--out", "new/run"],
    );
    assert!(ended(&roomy, 0).contains("CERTIFIED"));
    assert!(place.path("new/run/manifest.json").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_force_leaves_the_earlier_run() {
    let place = Place::new();
    ended(&place.smfg(&["run", "tiny.toml", "--out", "out"]), 0);
    let names = place.names();
    let before = fs::read_to_string(place.path("out/policy.csv")).unwrap();
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$@\"";
    let full = place.shell(
        script,
        &[
            "run",
            "tiny.toml",
            "--out",
            "out",
            "--force",
            "--set",
            "cost=0.3",
        ],
    );
    assert_fails(&full, 4, "has room");
    assert_eq!(place.names(), names);
    assert_eq!(
        fs::read_to_string(place.path("out/policy.csv")).unwrap(),
        before
    );
}
