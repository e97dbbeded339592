//! What the screen and the certificate say of leaders, tails and small units, on games whose figures are known by hand.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The screen, the certificate and the verdict (null but for `run`) of one command on a scenario.
struct Seen {
    screen: String,
    certificate: Value,
    verdict: Value,
    place: TempDir,
}

#[track_caller]
fn seen(command: &str, scenario: &str, arguments: &[&str]) -> Seen {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("game.toml"), scenario).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_smfg"))
        .args([command, "game.toml", "--out", "out"])
        .args(arguments)
        .current_dir(&place)
        .output()
        .unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some_and(|c| [0, 1, 3].contains(&c)),
        "{told}"
    );
    let json = |name: &str| {
        let text = fs::read_to_string(place.path().join("out").join(name));
        text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    };
    Seen {
        certificate: json("certificate.json"),
        verdict: json("verdict.json"),
        screen,
        place,
    }
}

impl Seen {
    fn warnings(&self) -> String {
        self.certificate["warnings"].to_string()
    }
}

/// Everybody has 1000 a period, for ever: V_1 = 10000, of which the path's one period has 1000.
fn constant(types: &str, initial: &str) -> String {
    let rows: String = types
        .split(", ")
        .map(|x| format!("\"{x}, *\" = {{ {x} = 1 }}\n"))
        .collect();
    let types: Vec<String> = types.split(", ").map(|x| format!("\"{x}\"")).collect();
    format!(
        "name = \"constant\"\nhorizon = \"infinite\"\ndiscount = 0.9\nseed = 1\n[follower]\ntypes = [{}]\n\
         actions = [\"idle\"]\ninitial = [{initial}]\nreward = \"1000\"\n[follower.transition]\n{rows}\
         [solve]\ngrid = 4\n[simulate]\npopulations = [10]\nreplications = 10\n",
        types.join(", ")
    )
}

#[test]
fn periods_that_are_not_played_are_no_inconsistency() {
    for (types, initial) in [("a0, b0", "0.5, 0.5"), ("a0, b0, c0", "0.5, 0.25, 0.25")] {
        let found = seen("solve", &constant(types, initial), &[]);
        let v = &found.certificate["values"]["optimistic"]["v_follower"]["a0"];
        assert!((v.as_f64().unwrap() - 1e4).abs() < 1e-6, "{v}");
        let away = found.certificate["consistency"].as_f64().unwrap();
        assert!(away < 1e-6, "{away}");
        assert_eq!(found.certificate["warnings"], json!([]));
    }
}

/// Nobody works; V_1 = (1006.240240, 1006.341687).
const SLOW: &str = include_str!("../cases/slow_discount.toml");

#[test]
fn a_slow_discount_has_no_false_note() {
    let found = seen("solve", SLOW, &[]);
    let values = &found.certificate["values"]["optimistic"]["v_follower"];
    for (x, v) in [("lo", 1006.240240), ("hi", 1006.341687)] {
        assert!((values[x].as_f64().unwrap() - v).abs() < 1e-5, "{values}");
    }
    assert!(found.certificate["consistency"].as_f64().unwrap() < 1e-4);
    assert!(
        !found.warnings().contains("differ by"),
        "{}",
        found.warnings()
    );
}

/// Inspecting with q >= .2 makes all comply: 1 - .5 q. Pure .5, mixed .9.
const INSPECTION: &str = include_str!("../cases/pure_only_leader.toml");

#[test]
fn the_class_of_the_leader_is_said_and_the_best_mixture_named() {
    let found = seen("solve", INSPECTION, &[]);
    let pure = &found.certificate["values"]["optimistic"]["v_leader"];
    assert!((pure.as_f64().unwrap() - 0.5).abs() < 1e-12, "{pure}");
    assert_eq!(found.certificate["leader_class"], "pure");
    let mixed = &found.certificate["leader_gain_mixed"];
    assert!(
        (mixed["value"].as_f64().unwrap() - 0.9).abs() < 1e-9,
        "{mixed}"
    );
    assert!(
        (mixed["gain"].as_f64().unwrap() - 0.4).abs() < 1e-9,
        "{mixed}"
    );
    assert_eq!(mixed["policy"], json!({ "inspect": 0.2, "trust": 0.8 }));
    assert!(
        found
            .screen
            .contains("the leader 0 in one stage over pure prescriptions"),
        "{}",
        found.screen
    );
    assert!(
        found.screen.contains(
            "by mixing (inspect 0.2, trust 0.8) in the first period the leader would have 0.900000"
        ),
        "{}",
        found.screen
    );
    // Off the lattice of a scenario that lets her mix in halves; none is left in fifths.
    let halves = seen("solve", INSPECTION, &["--set", "solve.leader_mixing=2"]);
    assert_eq!(halves.certificate["leader_class"], "1/2-multiple");
    let gain = halves.certificate["leader_gain_mixed"]["gain"]
        .as_f64()
        .unwrap();
    assert!((gain - 0.15).abs() < 1e-9, "{gain}");
    let fifths = seen("solve", INSPECTION, &["--set", "solve.leader_mixing=5"]);
    let gain = fifths.certificate["leader_gain_mixed"]["gain"]
        .as_f64()
        .unwrap();
    assert!(gain.abs() < 1e-9, "{gain}");
    assert!(
        !fifths.warnings().contains("mixing"),
        "{}",
        fifths.warnings()
    );
}

/// A threshold at q = 1/3 with three actions, one of which is never of use; and at 1/7, where no lattice of the first look is.
#[test]
fn the_best_mixture_is_found_off_the_lattice() {
    let text = INSPECTION
        .replace(
            "[\"inspect\", \"trust\"]",
            "[\"inspect\", \"trust\", \"waste\"]",
        )
        .replace("(0.2 - (leader", "(1 / 7 - (leader")
        .replace(
            "-0.5 * (leader_action == inspect)",
            "-0.5 * (leader_action == inspect) - (leader_action == waste)",
        );
    let found = seen("solve", &text, &[]);
    let value = found.certificate["leader_gain_mixed"]["value"]
        .as_f64()
        .unwrap();
    assert!((value - (1.0 - 0.5 / 7.0)).abs() < 1e-8, "{value}");
}

#[test]
fn the_commitment_gap_can_be_left_out() {
    let on = seen("solve", INSPECTION, &[]);
    assert!(on.screen.contains("commitment gap"));
    assert_eq!(on.certificate["commitment_gap"]["constants_skipped"], 0);
    let off = seen(
        "solve",
        INSPECTION,
        &["--set", "solve.commitment_gap=false"],
    );
    assert!(!off.screen.contains("commitment gap"), "{}", off.screen);
    assert_eq!(off.certificate["commitment_gap"], Value::Null);
}

/// Nobody leads.
const LEADERLESS: &str = include_str!("../cases/leaderless_note.toml");

#[test]
fn a_game_without_a_leader_names_none() {
    let text =
        LEADERLESS.replace("0.99", "0.9") + "[simulate]\npopulations = [4]\nreplications = 20\n";
    for (command, text) in [("solve", LEADERLESS), ("run", &text)] {
        let found = seen(command, text, &[]);
        // The name of the game aside.
        let screen = found.screen.to_lowercase().replace("leaderless", "");
        assert!(!screen.contains("leader"), "{screen}");
        assert!(!found.warnings().contains("leader"), "{}", found.warnings());
        assert!(
            !found.verdict.to_string().contains("leader"),
            "{}",
            found.verdict
        );
        let certificate = found.certificate.as_object().unwrap();
        for (key, value) in certificate.iter().filter(|(key, _)| key.contains("leader")) {
            assert_eq!(*value, Value::Null, "{key}");
        }
        for key in ["commitment_gap", "flow_difference"] {
            assert_eq!(found.certificate[key], Value::Null, "{key}");
        }
        assert_eq!(
            found.certificate["values"]["optimistic"]["v_leader"],
            Value::Null
        );
    }
}

/// A private type that the first belief rules out, and that no other becomes.
#[test]
fn a_type_that_is_ruled_out_has_no_regret() {
    let text = INSPECTION.replace(
        "[leader]\n",
        "[leader]\ntypes = [\"weak\", \"firm\"]\ninitial = [1, 0]\nobserved = false\n",
    );
    let found = seen("solve", &text, &[]);
    let certificate = &found.certificate;
    for key in ["leader_regret", "leader_own_row_regret"] {
        assert_eq!(certificate[key]["weak"], 0.0, "{key}");
        assert_eq!(certificate[key]["firm"], Value::Null, "{key}");
    }
    assert!(certificate["leader_gain_mixed"]["not_searched"].is_string());
}

/// Rewards times `unit`; V_1 = unit (-1.8394714, -3.4096360).
const UNITS: &str = include_str!("../cases/tiny_units.toml");

#[test]
fn figures_keep_their_digits_and_columns_in_every_unit() {
    for (unit, shown) in [
        ("1", ["-1.839471", "-3.409636"]),
        ("1e6", ["-1839471.365", "-3409635.974"]),
        ("1e12", ["-1.839471e12", "-3.409636e12"]),
    ] {
        let found = seen("solve", UNITS, &["--set", &format!("unit={unit}")]);
        let mut rows = found
            .screen
            .lines()
            .skip_while(|line| !line.starts_with("V_1 at z_1"));
        let head: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
        assert_eq!(head[3..], ["well", "ill"], "{}", found.screen);
        let row: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
        assert_eq!(row[0], "optimistic");
        for (figure, text) in row[1..3].iter().zip(shown) {
            assert!(figure.starts_with(text), "{figure} is not {text}");
        }
    }
    // Whatever the solver makes of it, it is not printed as zero.
    let found = seen("solve", UNITS, &[]);
    assert!(
        found.screen.contains("e-8") && !found.screen.contains("-0.000000"),
        "{}",
        found.screen
    );
}

#[test]
fn the_worst_start_has_no_verdict_of_its_own() {
    let found = seen(
        "run",
        include_str!("../cases/worst_row.toml"),
        &["--grid", "4"],
    );
    assert_eq!(found.verdict["verdict"], "certified");
    let table = fs::read_to_string(found.place.path().join("out/deviations.csv")).unwrap();
    let mut worst = 0;
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        if cells[2] == "worst" {
            worst += 1;
            assert_eq!(cells[12], "none", "{row}");
        } else {
            assert_eq!(cells[12], "certified", "{row}");
        }
    }
    assert_eq!(worst, 2);
    assert!(
        !found.verdict.to_string().contains("0e0"),
        "{}",
        found.verdict
    );
}

/// Two actions that the follower is indifferent between; one leaves the leader nothing, the other one.
fn indifferent(actions: &str) -> String {
    format!(
        "name = \"indifferent\"\nhorizon = 1\ndiscount = 1\nseed = 1\n[follower]\ntypes = [\"a0\", \"b0\"]\n\
         actions = [{actions}]\ninitial = [0.5, 0.5]\nreward = \"0\"\n[follower.transition]\n\"*, *\" = {{ a0 = 1 }}\n\
         [leader]\nactions = [\"only\"]\nreward = {{ per_follower = \"a == up\" }}\n[solve]\nselection = \"welfare\"\n"
    )
}

#[test]
fn a_tie_that_decides_what_the_leader_has_is_named() {
    for actions in ["\"up\", \"down\"", "\"down\", \"up\""] {
        let found = seen("solve", &indifferent(actions), &[]);
        let said = found.warnings();
        assert!(
            said.contains("several equilibria are equally good by the criterion"),
            "{said}"
        );
    }
    // By what is best for the leader there is no tie.
    let found = seen(
        "solve",
        &indifferent("\"up\", \"down\""),
        &["--set", "solve.selection=optimistic"],
    );
    assert!(!found.warnings().contains("equally good"));
}

#[test]
fn a_tie_of_the_leader_s_actions_that_decides_what_followers_have_is_named() {
    let game = |bonus: &str| {
        format!(
            "name = \"gift\"\nhorizon = 1\ndiscount = 1\nseed = 1\n[follower]\ntypes = [\"a0\", \"b0\"]\nactions = [\"only\"]\n\
             initial = [0.5, 0.5]\nreward = \"gift\"\n[follower.transition]\n\"*, *\" = {{ a0 = 1 }}\n\
             [leader]\nactions = {{ name = \"gift\", values = [0, 1] }}\nreward = {{ period = \"z[a0] + {bonus} * gift\" }}\n"
        )
    };
    let said = |bonus: &str| seen("solve", &game(bonus), &[]).warnings();
    for tie in ["0", "1e-11", "-1e-11"] {
        let said = said(tie);
        assert!(
            said.contains("equally good for the leader"),
            "{tie}: {said}"
        );
    }
    assert!(!said("1e-6").contains("equally good"));
}

#[test]
fn a_feature_within_a_cell_of_a_lattice_is_named() {
    let game = |worth: &str| {
        format!(
            "name = \"tent\"\nhorizon = 1\ndiscount = 1\nseed = 1\n[follower]\ntypes = [\"out\", \"in\", \"other\"]\n\
             actions = [\"stay\", \"join\"]\ninitial = [0.5, 0.2, 0.3]\nreward = \"-0.1 * (a == join)\"\n\
             terminal = \"(x == in) * ({worth})\"\n[follower.transition]\n\"out, stay\" = {{ out = 1 }}\n\
             \"out, join\" = {{ in = 1 }}\n\"in, *\" = {{ in = 1 }}\n\"other, *\" = {{ other = 1 }}\n[solve]\ngrid = 20\n"
        )
    };
    let said = |worth: &str| seen("solve", &game(worth), &[]).warnings();
    for narrow in [
        "max(0, 1 - abs(z[in] - 0.4371) / 4e-4)",
        "if(z[in] > 0.4371 and z[in] < 0.4373, 1, 0)",
        "exp(-((z[in] - 0.4371) / 1e-3)^2)",
        "1 / (1 + ((z[other] - 0.3) / 1e-3)^2)",
    ] {
        let said = said(narrow);
        assert!(said.contains("within less than a cell"), "{narrow}: {said}");
    }
    for wide in [
        "z[in]^2",
        "exp(-z[in])",
        "if(z[in] > 0.4371, 1, 0)",
        "max(z[in], 0.5)",
    ] {
        let said = said(wide);
        assert!(!said.contains("within less than a cell"), "{wide}: {said}");
    }
}

#[test]
fn what_is_not_proven_is_said() {
    // No derivative is bounded at the cusp, which lies on no point that a formula names.
    let text = |worth: &str| {
        format!(
            "name = \"cusp\"\nhorizon = 1\ndiscount = 1\nseed = 1\n[follower]\ntypes = [\"a0\", \"b0\"]\nactions = [\"only\"]\n\
             initial = [0.5, 0.5]\nreward = \"0\"\nterminal = \"{worth}\"\n[follower.transition]\n\"*, *\" = {{ a0 = 1 }}\n"
        )
    };
    let cusp = seen("solve", &text("sqrt(abs(z[b0] - 0.3137))"), &[]);
    assert!(cusp.certificate["unproven_pieces"].as_u64().unwrap() > 0);
    assert!(cusp.warnings().contains("V is not proven in"));
    let smooth = seen("solve", &text("exp(z[b0])"), &[]);
    assert_eq!(smooth.certificate["unproven_pieces"], json!(0));
    assert_eq!(smooth.certificate["warnings"], json!([]));
}
