//! Broken scenarios, policy files and options: each ends with one message that names the place, and leaves nothing.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const SCENARIO: &str = r#"
name = "game"
horizon = 3
discount = 0.9
seed = 1

[parameters]
k = 0.2

[follower]
types   = ["up", "down"]
actions = ["wait", "fix"]
initial = [0.9, 0.1]
reward  = "-k * (x == down) - price * (a == fix)"

[follower.transition]
"up, wait"   = { down = "0.9 * z[down]", up = "rest" }
"down, wait" = { down = 1 }
"*, fix"     = { up = 1 }

[leader]
actions = { name = "price", from = 0.0, to = 0.4, count = 3 }
reward  = { per_follower = "follower_reward" }

[solve]
grid = 10

[simulate]
populations = [3]
replications = 2
"#;

/// No message comes near this, whatever the input.
const LONGEST_MESSAGE: usize = 2_000;

/// Run with `scenario` and, where given, a policy file, and expect a refusal with exit code 2 that holds `message`.
#[track_caller]
fn assert_refused(scenario: &[u8], policy: Option<&[u8]>, arguments: &[&str], message: &str) {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("game.toml"), scenario).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
    program.args(["run", "game.toml"]).args(arguments);
    if let Some(policy) = policy {
        fs::write(place.path().join("policy.csv"), policy).unwrap();
        program.args(["--policy", "policy.csv"]);
    }
    let output = program
        .current_dir(&place)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message:?}: {stderr}");
    assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(stderr.len() < LONGEST_MESSAGE, "{} bytes", stderr.len());
    assert!(output.stdout.is_empty());
    let left = fs::read_dir(&place).unwrap().count();
    assert_eq!(left, 1 + usize::from(policy.is_some()), "files are left");
}

/// The scenario with one text replaced, which must be there.
#[track_caller]
fn with(old: &str, new: &str) -> String {
    assert!(SCENARIO.contains(old), "{old:?} is not in the scenario");
    SCENARIO.replace(old, new)
}

#[track_caller]
fn assert_replaced_refused(cases: &[(&str, &str, &str)]) {
    for (old, new, message) in cases {
        assert_refused(with(old, new).as_bytes(), None, &[], message);
    }
}

/// Two rows for one (t, z): neither may be played without a word.
#[test]
fn a_policy_file_with_two_rows_at_one_place_is_refused_with_the_line() {
    let policy = "t,z_up,z_down,leader_action,gamma_up_wait,gamma_up_fix,gamma_down_wait,gamma_down_fix\n\
        1,0.5,0.5,0.2,1,0,1,0\n2,0.5,0.5,0.2,1,0,1,0\n3,0.5,0.5,0.2,1,0,1,0\n1,.50,0.5,0.2,0,1,0,1\n";
    let message = "line 5: a second row for t = 1 at the place of line 2";
    assert_refused(SCENARIO.as_bytes(), Some(policy.as_bytes()), &[], message);
}

/// `price-cap` is a follower action, and the difference of two parameters.
#[test]
fn a_name_that_is_a_difference_too_is_refused() {
    let declared = with("k = 0.2", "k = 0.2\nfix-k = 1\nfix = 3");
    let scenario = declared.replace("\"-k * (x", "\"fix-k * (x");
    assert_refused(
        scenario.as_bytes(),
        None,
        &[],
        "\"fix-k\" is ambiguous here: `fix-k` or `fix - k`",
    );
}

#[test]
fn the_scenario_itself_is_sound() {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("game.toml"), SCENARIO).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
    let output = program.args(["check", "game.toml"]).current_dir(&place);
    assert!(output.output().unwrap().status.success());
}

#[test]
fn settings_out_of_range_or_of_the_wrong_kind_are_refused() {
    assert_replaced_refused(&[
        ("horizon = 3", "horizon = 0", "horizon must be 1 to"),
        ("horizon = 3", "horizon = -1", "horizon must be 1 to"),
        ("horizon = 3", "horizon = 1e18", "whole number"),
        ("horizon = 3", "horizon = \"endless\"", "horizon"),
        ("horizon = 3\n", "", "\"horizon\" is missing"),
        ("discount = 0.9", "discount = nan", "finite number"),
        ("discount = 0.9", "discount = 0", "above 0 and at most 1"),
        ("seed = 1", "seed = -1", "game.toml:5:8"),
        ("\"game\"", "\"../game\"", "cannot be a name"),
        ("[solve]", "[sovle]", "did you mean \"solve\"?"),
        ("grid = 10", "grid = 0", "solve.grid must be 1 to"),
        ("grid = 10", "tolerance = nan", "finite number"),
        ("grid = 10", "tolerance = 0", "above 0"),
        ("grid = 10", "selection = \"best\"", "must be one of"),
        ("[3]", "[]", "is empty"),
        ("[3]", "[3, 3]", "named twice"),
        ("[3]", "[0]", "populations[0] must be 1 to"),
        ("[3]", "[1000000000001]", "populations[0] must be 1 to"),
        (
            "replications = 2",
            "replications = 1000000000000000000",
            "must be 1 to",
        ),
        ("[solve]", "[validate]\nepsilon = 0\n[solve]", "above 0"),
        (
            "[solve]",
            "[validate]\nepsilon = nan\n[solve]",
            "finite number",
        ),
        (
            "[solve]",
            "[validate]\nconfidence = 1\n[solve]",
            "between 0 and 1",
        ),
        (
            "[solve]",
            "[validate]\nstarts = [[0.5, 0.6]]\n[solve]",
            "starts[0] sums to 1.1",
        ),
    ]);
}

#[test]
fn sets_and_laws_that_are_none_are_refused() {
    assert_replaced_refused(&[
        ("[\"up\", \"down\"]", "[]", "follower.types is empty"),
        ("[\"up\", \"down\"]", "[\"up\", \"up\"]", "named twice"),
        ("[\"up\", \"down\"]", "[\"up\", \"worst\"]", "for a start"),
        (
            "[\"up\", \"down\"]",
            "[\"up\", \"ä\"]",
            "letters (a-z, A-Z)",
        ),
        ("[\"wait\", \"fix\"]", "[\"wait\", \"1e5\"]", "as a number"),
        ("[\"wait\", \"fix\"]", "\"wait\"", "a list of names"),
        ("[0.9, 0.1]", "[0.9, 0.2]", "sums to 1.1"),
        ("[0.9, 0.1]", "[1.5, -0.5]", "between 0 and 1"),
        ("[0.9, 0.1]", "[nan, 1]", "finite number"),
        ("[0.9, 0.1]", "[1]", "1 entries for 2 follower types"),
        (
            "initial",
            "available = { up = [\"fix\", \"fix\"] }\ninitial",
            "\"fix\" is named twice",
        ),
        (
            "initial",
            "available = { up = [] }\ninitial",
            "available.up is empty",
        ),
        ("count = 3", "count = 1", "needs from = to"),
        ("count = 3", "count = 1000000000000000000", "must be 1 to"),
        ("to = 0.4", "to = \"1/0\"", "leader.actions.to is inf"),
        ("from = 0.0, to = 0.4, count = 3", "values = []", "is empty"),
        ("\"price\"", "\"down\"", "named twice"),
    ]);
}

#[test]
fn leaders_whose_types_are_none_are_refused() {
    let typed = |lines: &str| with("[solve]", &format!("{lines}\n[solve]"));
    const TYPES: &str = "types = [\"good\", \"bad\"]\ninitial = [0.5, 0.5]\n";
    for (lines, message) in [
        ("initial = [1]", "leader's types, and she has none"),
        ("types = [\"good\"]", "\"initial\" is missing in [leader]"),
        (
            "types = [\"good\", \"bad\"]\ninitial = [0.5, 0.6]",
            "leader.initial sums to 1.1",
        ),
        (
            &format!("{TYPES}[leader.transition]\n\"*, *\" = {{ bad = 2 }}"),
            "leader type good, leader action 0.0",
        ),
        (
            &format!("{TYPES}[leader.transition]\n\"good, *\" = {{ bad = 1 }}"),
            "no row for \"bad, 0.0\"",
        ),
    ] {
        assert_refused(typed(lines).as_bytes(), None, &[], message);
    }
}

#[test]
fn formulas_without_a_value_are_refused_where_they_stand() {
    const REWARD: &str = "-k * (x == down) - price * (a == fix)";
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let nested = format!("{}1{}", "(".repeat(1_000), ")".repeat(1_000));
    assert_replaced_refused(&[
        (REWARD, "0/0", "game.toml:14:"),
        (REWARD, "1 / z[down]", "z = ["),
        (REWARD, "ln(z[up])", "ln(max(z[up], 1e-6))"),
        (REWARD, "exp(1e9)", "exp(1e9)"),
        (REWARD, "if(t == 2, sqrt(-1), 0)", "sqrt(-1)"),
        (REWARD, "(x == fix)", "is an action, which x never is"),
        (REWARD, "(a == down)", "is a type, which a never is"),
        (REWARD, "z[dwon]", "did you mean \"down\"?"),
        (REWARD, "1 +", "a value was expected"),
        (REWARD, "", "a value was expected"),
        (REWARD, &nested, "nested more than"),
        (REWARD, &deep, "bytes, more than"),
        (REWARD, "π", "game.toml:14:"),
        ("0.9 * z[down]", "2 * z[down]", "z = ["),
        ("0.9 * z[down]", "z[down] - 0.1", "z = ["),
        ("0.9 * z[down]", "0 / z[down]", "z = ["),
        ("{ down = 1 }", "{ down = 0.5 }", "game.toml:18:"),
        ("{ down = 1 }", "{ down = \"rest\", up = \"rest\" }", "once"),
        ("{ down = 1 }", "{ dwon = 1 }", "did you mean \"down\"?"),
        ("\"down, wait\"", "\"down\"", "\"type, action\""),
        ("\"down, wait\" = { down = 1 }\n", "", "no row for"),
        (
            "\"down, wait\"",
            "\"*, wait\" = { up = 1 }\n\"down, *\"",
            "both give",
        ),
    ]);
}

#[test]
fn texts_that_are_no_scenario_are_refused() {
    let garbage: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let brackets = format!("a = {}", "[".repeat(100_000));
    let tables = format!("a = {}", "{a = ".repeat(100_000));
    let dots = format!("{} = 1", vec!["a"; 100_000].join("."));
    let long = format!("{SCENARIO}#{}", "x".repeat(2_000_000));
    let cases: [(&[u8], &str); 10] = [
        (b"", "is missing"),
        (&garbage, "not UTF-8"),
        (&[0; 1_000], "not TOML"),
        (b"\xff\xfen\0a\0m\0e\0", "not UTF-8"),
        (b"<html></html>", "game.toml:1:1"),
        (brackets.as_bytes(), "game.toml:1:"),
        (tables.as_bytes(), "game.toml:1:"),
        (dots.as_bytes(), "too many dots"),
        (long.as_bytes(), "longer than"),
        (&SCENARIO.as_bytes()[..100], "not TOML"),
    ];
    for (text, message) in cases {
        assert_refused(text, None, &[], message);
    }
}

#[test]
fn overrides_that_change_nothing_or_break_the_game_are_refused() {
    let deep = format!("k={}", "[".repeat(100_000));
    for (given, message) in [
        ("kk=1", "did you mean \"k\"?"),
        ("parameters.kk=1", "there is no parameter \"kk\""),
        ("k", "KEY=VALUE"),
        ("=1", "KEY=VALUE"),
        ("k=", "not TOML"),
        ("k=1=2", "--set k=1=2"),
        ("k=1e400", "finite number"),
        ("k=word", "parameters.k must be a number"),
        ("a.b.c=1", "unknown key \"a\""),
        ("follower.reward=1/z[up]", "not TOML"),
        ("follower.reward=\"1/z[up]\"", "z = ["),
        (&deep, "--set k=["),
    ] {
        assert_refused(SCENARIO.as_bytes(), None, &["--set", given], message);
    }
}

const HEADER: &str = "leader_action,gamma_up_wait,gamma_up_fix,gamma_down_wait,gamma_down_fix";

#[test]
fn policy_files_that_are_no_policy_are_refused() {
    let long = format!("0.0,{},0,1,0", "9".repeat(1_000_000));
    for (row, message) in [
        ("", "has no rows"),
        ("0.0,1,0,1", "line 2: the row has 4 fields, the header 5"),
        (
            "0.0,1,0,1,0,7",
            "line 2: the row has 6 fields, the header 5",
        ),
        ("0.0,nan,0,1,0", "line 2: gamma_up_wait = `nan`"),
        ("0.0,inf,0,1,0", "line 2: gamma_up_wait = `inf`"),
        ("0.0,1.5,-0.5,1,0", "line 2: gamma_up_wait = `1.5`"),
        ("0.0,0.5,0.4,1,0", "gamma_up_* sum to 0.9"),
        ("0.3,1,0,1,0", "write one of hers, 0.0, 0.2, 0.4"),
        ("NaN,1,0,1,0", "leader_action = `NaN`"),
        (&long, "99...`: write a number from 0 to 1"),
    ] {
        let text = format!("{HEADER}\n{row}\n");
        assert_refused(SCENARIO.as_bytes(), Some(text.as_bytes()), &[], message);
    }
    let files: [(&[u8], &str); 4] = [
        (b"", "is missing"),
        (b"gamma_up_wait\xff\n", "no UTF-8 text"),
        (b"t;z_up;z_down\n1;1;0\n", "is missing"),
        (&[0; 5_000], "is missing"),
    ];
    for (text, message) in files {
        assert_refused(SCENARIO.as_bytes(), Some(text), &[], message);
    }
}

/// A device never ends, and a pipe can be read once only.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_no_policy() {
    for path in ["/dev/zero", "/dev/null", "."] {
        let arguments = ["--policy", path];
        assert_refused(SCENARIO.as_bytes(), None, &arguments, "not a regular file");
    }
    assert_refused(b"", None, &["--out", "/"], "is missing");
}

/// Text that editors of other systems make is read like any other.
#[test]
fn a_byte_order_mark_and_line_ends_of_other_systems_are_read() {
    let place = TempDir::new().unwrap();
    let check = |text: &str| {
        fs::write(place.path().join("game.toml"), text).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
        program.args(["check", "game.toml"]).current_dir(&place);
        program.output().unwrap()
    };
    let plain = check(SCENARIO);
    assert!(plain.status.success());
    for text in [
        format!("\u{feff}{SCENARIO}"),
        SCENARIO.replace('\n', "\r\n"),
    ] {
        assert_eq!(check(&text).stdout, plain.stdout);
    }
}
