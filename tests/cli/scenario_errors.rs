//! Broken scenarios: each ends with one error that says what, where, and how to mend it.

use proptest::prelude::*;
use smfg::scenario::{MAX_TEXT, Override, Problem, Scenario, ScenarioError, TextName};
use std::path::{Path, PathBuf};

/// A sound scenario; the cases break it in one place each.
const SOUND: &str = r#"name = "sound"
horizon = 30
discount = 0.9

[parameters]
k = 0.2
q = 0.9

[follower]
types = ["healthy", "infected"]
actions = ["wait", "repair"]
initial = [0.9, 0.1]
reward = "-k * (x == infected) - price * (a == repair)"

[follower.transition]
"healthy, wait" = { infected = "q * z[infected]", healthy = "rest" }
"infected, wait" = { infected = 1 }
"*, repair" = { healthy = 1 }

[leader]
actions = { name = "price", from = 0.0, to = 0.4, count = 5 }
reward = { per_follower = "follower_reward", period = "price" }

[solve]
grid = 10

[simulate]
populations = [10, 20]

[validate]
epsilon = 0.02
"#;

/// What gives the leader of [`SOUND`] types.
const TYPES: &str = r#"types = { name = "quality", values = ["good", "bad"] }
initial = [0.75, 0.25]
observed = false

[leader.transition]
"good, *" = { good = "1 - price * z[infected]", bad = "rest" }
"bad, *" = { bad = 1 }

[solve]"#;

fn with_leader_types() -> String {
    SOUND.replacen("\n[solve]", TYPES, 1)
}

fn error(text: &str, overrides: &[&str]) -> ScenarioError {
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::parse("broken.toml", text, &overrides).expect_err("a broken scenario")
}

/// Every line of scenario_errors.txt: the place, the text and the message of the error.
#[test]
fn each_broken_scenario_has_its_error() {
    let mut cases = 0;
    let mut sound = SOUND.to_owned();
    for line in include_str!("scenario_errors.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "@leader types" {
            sound = with_leader_types();
            continue;
        }
        let fields: Vec<&str> = line.split(" | ").collect();
        let [replace, with, position, underlined, says @ ..] = &fields[..] else {
            panic!("a case has four fields and a message: {line}");
        };
        let [replace, with] = [replace, with].map(|text| text.replace("\\n", "\n"));
        assert!(!says.is_empty() && sound.contains(&replace), "{line}");
        let error = error(&sound.replacen(&replace, &with, 1), &[]);
        let shown = error.to_string();
        let place = error.place().expect("a broken text has a place");
        let found: String = place
            .text
            .chars()
            .skip(place.column - 1)
            .take(place.width)
            .collect();
        assert_eq!(found, *underlined, "{line}\n{shown}");
        assert!(
            shown.contains(&format!("--> broken.toml:{position}\n")),
            "{line}\n{shown}"
        );
        for part in says {
            assert!(shown.contains(part), "{part:?} of {line}\n{shown}");
        }
        cases += 1;
    }
    assert_eq!(cases, 153);
}

#[test]
fn the_sound_scenario_is_sound() {
    assert!(Scenario::parse("sound.toml", SOUND, &[]).is_ok());
    assert!(Scenario::parse("sound.toml", &with_leader_types(), &[]).is_ok());
}

#[test]
fn prose_and_nothing_are_no_scenarios() {
    let prose = error("It was a dark and stormy night.", &[]);
    assert!(prose.to_string().starts_with("not TOML"), "{prose}");
    let empty = error("", &[]);
    assert!(
        empty.to_string().starts_with("\"name\" is missing"),
        "{empty}"
    );
}

#[test]
fn columns_must_differ() {
    let text = SOUND
        .replace("\"healthy\"", "\"ill\"")
        .replace("healthy", "ill")
        .replace("infected", "ill_now");
    let text = text
        .replace("\"wait\"", "\"now_wait\"")
        .replace(", wait", ", now_wait")
        .replace("repair", "wait");
    let error = error(&text, &[]).to_string();
    assert!(
        error.contains("two columns of the tables would be called \"gamma_ill_now_wait\""),
        "{error}"
    );
}

#[test]
fn an_infinite_horizon_wants_a_stationary_game_that_is_discounted() {
    let infinite = SOUND.replace("horizon = 30", "horizon = \"infinite\"");
    assert!(
        Scenario::parse("s.toml", &infinite, &[])
            .unwrap()
            .game()
            .is_infinite()
    );
    for (replace, with, part) in [
        (
            "discount = 0.9",
            "discount = 1",
            "above 0 and below 1, the horizon being infinite",
        ),
        (
            "discount = 0.9",
            "discount = 0.9999999",
            "periods to play, and 100000 is the most",
        ),
    ] {
        let error = error(&infinite.replacen(replace, with, 1), &[]).to_string();
        assert!(error.contains(part), "{error}");
    }
    let terminal = infinite.replacen(
        "[follower.transition]",
        "terminal = \"x\"\n[follower.transition]",
        1,
    );
    let timed = infinite.replacen("-k *", "-k * t *", 1);
    for (text, part) in [
        (terminal, "no last period for a terminal reward"),
        (timed, "depends on t"),
    ] {
        let error = error(&text, &[]).to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_is_about_leader_types_needs_them() {
    for (replace, with, what) in [
        ("[solve]", "initial = [0.5, 0.5]\n[solve]", "initial"),
        ("[solve]", "observed = false\n[solve]", "observed"),
        ("[solve]", "[leader.transition]\n[solve]", "transition"),
        ("\"price\" }", "\"leader_type\" }", "leader_type"),
    ] {
        let error = error(&SOUND.replacen(replace, with, 1), &[]);
        assert!(
            matches!(error.problem(), Problem::NoLeaderTypes { what: found } if found == what),
            "{error}"
        );
        let help = format!("give [leader] `types` and `initial`, or leave {what:?} out");
        assert!(error.to_string().contains(&help), "{error}");
    }
}

/// A leader with private types chooses among |A^l|^|X^l| prescriptions, one who mixes among laws.
#[test]
fn prescriptions_of_the_leader_are_limited() {
    let types = |count: usize| {
        let names: Vec<String> = (0..count).map(|i| format!("\"n{i}\"")).collect();
        let initial = format!("initial = [1{}]", ", 0".repeat(count - 1));
        let text = with_leader_types().replace("initial = [0.75, 0.25]", &initial);
        let mut text = text.replace("\"good\", \"bad\"", &names.join(", "));
        let rows = text.find("[leader.transition]").expect("the kernel")
            ..text.find("[solve]").expect("the settings");
        text.replace_range(rows, "");
        text
    };
    assert!(Scenario::parse("s.toml", &types(7), &[]).is_ok());
    for (text, given, says) in [
        (
            types(8),
            "k=0.2",
            "the leader has 390625 prescriptions to choose from (one of 5 actions for each of 8 types), more than 100000",
        ),
        (
            types(64),
            "k=0.2",
            "for each of 64 types), more than 100000",
        ),
        (
            types(2),
            "solve.leader_mixing=10",
            "the leader has 1002001 prescriptions to choose from (a law of 5 actions for each of 2 types), more than 100000",
        ),
        (
            SOUND.to_owned(),
            "solve.leader_mixing=1000",
            "(laws of 5 actions), more than 100000",
        ),
    ] {
        let error = error(&text, &[given]).to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains("help: "), "{error}");
    }
    let observed = ["leader.observed=true", "solve.leader_mixing=10"].map(Override::new);
    assert!(Scenario::parse("s.toml", &types(64), &observed).is_ok());
}

/// One column of a leader who mixes, from two pairs of a type and an action.
#[test]
fn columns_of_leaders_who_mix_must_differ() {
    let text = with_leader_types()
        .replace(
            "actions = { name = \"price\", from = 0.0, to = 0.4, count = 5 }",
            "actions = { name = \"price\", names = [\"low\", \"now_low\"] }",
        )
        .replace("\"good\", \"bad\"", "\"good\", \"good_now\"")
        .replace("bad", "good_now");
    assert!(Scenario::parse("s.toml", &text, &[]).is_ok());
    let error = error(&text, &["solve.leader_mixing=2"]);
    let column = "two columns of the tables would be called \"leader_prob_good_now_low\"";
    assert!(error.to_string().starts_with(column), "{error}");
    assert_eq!(error.place().expect("a place").line, 23);
}

#[test]
fn sizes_are_limited_before_memory_is_taken() {
    let quoted = |count: usize| {
        (0..count)
            .map(|i| format!("\"n{i}\""))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let numbers = (0..10_001)
        .map(|i| i.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let types = quoted(64);
    for (text, says) in [
        (
            SOUND.replace("\"healthy\", \"infected\"", &quoted(65)),
            "65 follower types are too many, at most 64",
        ),
        (
            SOUND.replace("\"wait\", \"repair\"", &quoted(300)),
            "300 follower actions are too many, at most 256",
        ),
        (
            SOUND.replace(
                "from = 0.0, to = 0.4, count = 5",
                &format!("values = [{numbers}]"),
            ),
            "10001 leader actions are too many",
        ),
        (" ".repeat(MAX_TEXT + 1), "longer than 1048576 bytes"),
        (
            SOUND.replace("q * z", &format!("{}q * z", "0 + ".repeat(3_000))),
            "the formula has 12015 bytes, more than 10000",
        ),
    ] {
        let error = error(&text, &[]).to_string();
        assert!(error.contains(says), "{error:.300}");
    }
    let many = SOUND
        .replace("\"healthy\", \"infected\"", &types)
        .replace("[0.9, 0.1]", &format!("[1{}]", ", 0".repeat(63)))
        .replace("x == infected", "x == n1")
        .replace("count = 5", "count = 1000");
    let rows = many.find("\"healthy, wait\"").expect("the rows")
        ..many.find("[leader]").expect("the leader");
    let mut rowed = many.clone();
    rowed.replace_range(rows.clone(), "\"*, *\" = { n0 = \"rest\" }\n\n");
    let found = error(&rowed, &[]).to_string();
    assert!(
        found.contains("8192000 kernel entries are too many, at most 4000000"),
        "{found}"
    );
    let heavy = format!("{}0", "z[n1] + ".repeat(1_000));
    let mut worked = many.replace("count = 1000", "count = 200").replacen(
        "-k * (",
        &format!("{heavy} - k * ("),
        1,
    );
    worked.replace_range(
        worked.find("\"healthy, wait\"").expect("the rows")
            ..worked.find("[leader]").expect("the leader"),
        "\"*, *\" = { n0 = 1 }\n\n",
    );
    let found = error(&worked, &[]).to_string();
    assert!(found.contains("the formulas are too large"), "{found:.300}");
}

/// In a thread with a small stack: nothing recurses as deeply as a text can nest.
#[test]
fn deep_nesting_is_an_error() {
    let nested = |open: &str, middle: &str, close: &str, n: usize| {
        open.repeat(n) + middle + &close.repeat(n)
    };
    let formula = |text: String| SOUND.replace("q * z[infected]", &text);
    let value = |text: String| format!("{SOUND}\nextra = {text}\n");
    let n = 100_000;
    let texts = [
        value(nested("[", "", "]", n)),
        value(nested("{a=", "1", "}", n)),
        value(nested("{a.a.a.a.a.a.a.a=", "1", "}", 79)),
        value("[".repeat(n)),
        format!("{}a = 1\n{SOUND}", "a.".repeat(n)),
        format!("{SOUND}\n[{}a]\n", "a.".repeat(n)),
        format!("{SOUND}\n[[{}a]]\n", "a.".repeat(n)),
        formula(nested("(", "1", ")", n)),
        formula(nested("(", "1", ")", 4_000)),
        formula(nested("-", "1", "", 9_000)),
        formula(nested("not ", "1", "", 2_000)),
        formula(nested("2^", "1", "", 4_000)),
        formula(nested("abs(", "1", ")", 1_500)),
        formula(nested("if(1,", "1", ",0)", 1_000)),
        formula(nested("1+(", "1", ")", 2_000)),
    ];
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || {
            for text in &texts {
                let error = error(text, &[]).to_string();
                assert!(
                    error.contains("nested")
                        || error.contains("recurse")
                        || error.contains("more than"),
                    "{error:.300}"
                );
            }
            // Left-associative chains are long but not deep.
            let chain = formula(nested("0+", "0", "", 4_000));
            assert!(Scenario::parse("chain.toml", &chain, &[]).is_ok());
        });
    thread.expect("a thread starts").join().expect("no panic");
}

#[test]
fn overrides_are_named_where_they_are_wrong() {
    for (given, shown, says) in [
        ("kk=1", "kk=1", "there is no parameter \"kk\""),
        ("lamda", "lamda", "an override reads KEY=VALUE"),
        ("=3", "=3", "an override reads KEY=VALUE"),
        ("a b=3", "a b=3", "an override reads KEY=VALUE"),
        ("k=", "k=", "not TOML"),
        ("k=1 2", "k=1 2", "not TOML"),
        ("k=[1", "k=[1", "not TOML"),
        (
            "k=much",
            "k=much",
            "parameters.k must be a number, not the string \"much\"",
        ),
        ("k=nan", "k=nan", "parameters.k must be a finite number"),
        ("solve.gird=3", "solve.gird=3", "did you mean \"grid\"?"),
        ("solver.grid=3", "solver.grid=3", "did you mean \"solve\"?"),
        (
            "solve.grid.fine=3",
            "solve.grid.fine=3",
            "solve.grid must be a table, not 10",
        ),
        (
            "solve.selection=best",
            "solve.selection=best",
            "one of optimistic, pessimistic, welfare",
        ),
        ("horizon=0", "horizon=0", "horizon must be 1 to 100000"),
        (
            "follower.reward='k * prise'",
            "follower.reward='k * prise'",
            "unknown name \"prise\"",
        ),
        ("q=1.5", "", "sum to more than 1"),
    ] {
        let error = error(SOUND, &[given]);
        let place = error.place().expect("an override is a place");
        match &place.source {
            TextName::Override(text) => assert_eq!(text, shown, "{error}"),
            TextName::File(_) => assert_eq!(shown, "", "{error}"),
        }
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(
            error.to_string().contains(&format!("--> --set {shown}\n")),
            !shown.is_empty(),
            "{error}"
        );
    }
    let error = error(SOUND, &["q=0.5", "follower.reward='k * prise'"]);
    let place = error.place().expect("an override is a place");
    assert_eq!((place.column, place.width), (22, 5), "{error}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    for text in [
        "\"\\u001b[31m\" = 1",
        "[parameters]\n\"\\u001b[31m\" = 1\n",
        "name = \"a\u{7}b\"",
    ] {
        let shown = error(text, &[]).to_string();
        assert!(
            !shown
                .chars()
                .any(|character| character.is_control() && character != '\n'),
            "{shown:?}"
        );
    }
}

fn in_folder(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file in it");
    (folder, path)
}

#[test]
fn files_that_are_no_text() {
    let (folder, path) = in_folder("latin.toml", b"name = \"caf\xe9\"");
    let error = Scenario::read(&path, &[]).expect_err("no UTF-8");
    assert!(
        matches!(error.problem(), Problem::NotText { byte: 11, .. }),
        "{error}"
    );
    let error = Scenario::read(folder.path(), &[]).expect_err("a folder");
    assert!(
        matches!(error.problem(), Problem::Unreadable { .. }),
        "{error}"
    );
    let error = Scenario::read(Path::new("/no/such/file.toml"), &[]).expect_err("no file");
    assert!(
        error
            .to_string()
            .starts_with("cannot read /no/such/file.toml: "),
        "{error}"
    );
    let (_folder, path) = in_folder("long.toml", &vec![b'#'; MAX_TEXT + 1]);
    let error = Scenario::read(&path, &[]).expect_err("too long");
    assert!(
        matches!(error.problem(), Problem::TooLong { .. }),
        "{error}"
    );
}

/// The whole message as a user sees it.
#[test]
fn an_error_shows_text_place_and_mend() {
    let error = error(
        &SOUND.replace("-k * (x == infected)", "-k * ln(z[infected])"),
        &[],
    );
    let expected = "\
the follower reward (type healthy, action wait, leader action 0.0) is inf at t = 1, z = [1.0, 0.0]
  --> broken.toml:13:16
   |
13 | reward = \"-k * ln(z[infected]) - price * (a == repair)\"
   |                ^^^^^^^^^^^^^^^
help: write `ln(max(z[infected], 1e-6))`";
    assert_eq!(error.to_string(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is cut out of a scenario or put into it, reading it ends without a panic.
    #[test]
    fn no_damage_makes_the_reader_panic(
        start in 0..SOUND.len(),
        length in 0usize..40,
        put in prop_oneof!["\\PC{0,12}", prop::sample::select(vec!["[", "]", "{", "}", "\"", "=", ",", "\n", "0", "-", "1e9", "nan", "é"]).prop_map(str::to_owned)],
    ) {
        let mut text = SOUND.to_owned();
        text.replace_range(start..(start + length).min(SOUND.len()), &put);
        if let Err(error) = Scenario::parse("damaged.toml", &text, &[]) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_override_makes_the_reader_panic(text in "\\PC{0,30}", key in prop::sample::select(vec!["", "k=", "solve.grid=", "follower.initial="])) {
        let given = Override::new(format!("{key}{text}"));
        if let Err(error) = Scenario::parse("sound.toml", SOUND, &[given]) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
