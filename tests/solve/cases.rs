//! Games with right values by hand, one test each: the scenario of a test is `tests/cases/<name of the test>.toml`.

use crate::support::program::{Place, assert_fails, ended};
use serde_json::Value;
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Kind, Solved, SolvedEquilibrium, StateValues};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/cases").join(format!("{name}.toml"))
}

fn scenario(name: &str, settings: &[&str]) -> Scenario {
    let settings: Vec<Override> = settings.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(&path(name), &settings).expect("a case reads")
}

/// V_1 at z_1.
fn values_of(scenario: &Scenario) -> StateValues {
    let game = scenario.game();
    let solved = Solved::compute(game, &scenario.solve, None).expect("a case can be solved");
    let point = solved.resolve(1, game.initial_belief(), game.initial());
    point.expect("a case has values").values
}

fn values(name: &str, settings: &[&str]) -> StateValues {
    values_of(&scenario(name, settings))
}

/// The stage equilibria of t = 1 at z_1, all actions of the leader.
fn first_stage(name: &str, settings: &[&str]) -> Vec<SolvedEquilibrium> {
    let scenario = scenario(name, settings);
    let game = scenario.game();
    let solved = Solved::compute(game, &scenario.solve, None).expect("a case can be solved");
    let rows = solved.stage_equilibria(1, game.initial_belief(), game.initial(), None);
    rows.expect("a case has values")
}

#[track_caller]
fn assert_close(got: f64, right: f64, within: f64) {
    assert!(
        (got - right).abs() <= within,
        "got {got}, right is {right} within {within}"
    );
}

/// Meshes that share no points with the features of a case.
const GRIDS: [&str; 3] = ["solve.grid=40", "solve.grid=200", "solve.grid=333"];

/// A folder with the case in it.
fn place(name: &str) -> (Place, String) {
    let (place, file) = (Place::new(), format!("{name}.toml"));
    fs::copy(path(name), place.path(&file)).unwrap();
    (place, file)
}

/// What the program prints when it solves a case, and its certificate.
fn printed(name: &str, settings: &[&str]) -> (String, Value) {
    let (place, file) = place(name);
    let mut arguments = vec!["solve", file.as_str(), "--out", "out"];
    settings.iter().for_each(|s| arguments.extend(["--set", s]));
    let screen = ended(&place.smfg(&arguments), 0);
    let certificate = fs::read_to_string(place.path("out/certificate.json")).unwrap();
    (screen, serde_json::from_str(&certificate).unwrap())
}

/// Wait for a program that may not end; `None`, and it is stopped, where it takes longer.
fn ended_within(mut child: Child, seconds: u64) -> Option<(i32, String)> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        if child.try_wait().unwrap().is_some() {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            return Some((output.status.code().unwrap(), said));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
    program.args(arguments).current_dir(&place.root);
    program.stdout(Stdio::null()).stderr(Stdio::piped());
    program.spawn().unwrap()
}

fn warnings(certificate: &Value) -> Vec<&str> {
    let all = certificate["warnings"].as_array().unwrap();
    all.iter().map(|w| w.as_str().unwrap()).collect()
}

/// What the certificate says that V_1 may be off by on a lattice.
fn stated_error(certificate: &Value) -> f64 {
    let stated = certificate["v_error"].as_f64();
    stated.expect("a certificate of a lattice states v_error")
}

fn stated_values(certificate: &Value, selection: &str) -> (f64, Vec<f64>) {
    let values = &certificate["values"][selection];
    let followers = values["v_follower"].as_object().unwrap();
    (
        values["v_leader"].as_f64().unwrap(),
        followers.values().map(|v| v.as_f64().unwrap()).collect(),
    )
}

#[test]
fn continuum_curved() {
    for tolerance in ["solve.tolerance=1e-9", "solve.tolerance=1e-6"] {
        for grid in GRIDS {
            let v = values("continuum_curved", &[grid, tolerance]);
            assert_close(v.leader, 1.0, 1e-8);
        }
    }
    let stage = first_stage("continuum_curved", &[]);
    assert!(
        stage
            .iter()
            .any(|e| e.kind == Kind::Vertex || e.kind == Kind::Inside),
        "{stage:?}"
    );
}

#[test]
fn equilibria_lost() {
    for grid in GRIDS {
        let stage = first_stage("equilibria_lost", &[grid]);
        let mut next: Vec<f64> = stage.iter().map(|e| e.next.weights()[1]).collect();
        next.sort_by(f64::total_cmp);
        assert_eq!(next.len(), 3, "{next:?}");
        for (got, right) in next.iter().zip([0.0, 0.195, 0.265]) {
            assert_close(*got, right, 1e-9);
        }
        assert_close(values("equilibria_lost", &[grid]).leader, 0.265, 1e-9);
    }
}

#[test]
fn hyphen_name() {
    let (place, file) = place("hyphen_name");
    let output = place.smfg(&["check", &file]);
    assert_fails(&output, 2, "price-cap");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("ambiguous"), "{said}");
}

#[test]
fn infinite_constant_reward() {
    let v = values("infinite_constant_reward", &[]);
    v.followers
        .iter()
        .for_each(|v| assert_close(*v, 10_000.0, 1e-6));
    let (screen, certificate) = printed("infinite_constant_reward", &[]);
    assert_eq!(warnings(&certificate), Vec::<&str>::new(), "{screen}");
    let consistency = certificate["consistency"].as_f64().unwrap();
    assert!(consistency < 1e-6, "{consistency}");
}

#[test]
fn lattice_neartie() {
    let (screen, certificate) = printed("lattice_neartie", &[]);
    let (leader, followers) = stated_values(&certificate, "optimistic");
    let error = stated_error(&certificate).max(1e-6);
    // Either what is played is right, or the reader is told that the choice was closer than the error.
    let told = warnings(&certificate)
        .iter()
        .any(|w| w.contains("is selected by"));
    assert!(
        (followers[0] + 0.12).abs() <= error || told,
        "{followers:?} within {error}: {screen}"
    );
    assert_close(leader, 2.55025, error);
}

#[test]
fn lattice_threshold() {
    for grid in ["solve.grid=20", "solve.grid=40", "solve.grid=53"] {
        let v = values("lattice_threshold", &[grid]);
        v.followers
            .iter()
            .for_each(|v| assert_close(*v, 20.0, 1e-9));
    }
}

#[test]
fn leaderless_note() {
    let (screen, _) = printed("leaderless_note", &[]);
    assert!(!screen.contains("note: the leader"), "{screen}");
}

#[test]
fn lottery_edge2() {
    for grid in ["solve.grid=20", "solve.grid=100", "solve.grid=200"] {
        for flow in ["solve.flow=averaged", "solve.flow=realised"] {
            let v = values("lottery_edge2", &[grid, flow]);
            assert_close(v.leader, 1.0, 1e-6);
            assert_close(v.followers[0], 0.0, 1e-6);
        }
    }
}

/// From the same game of its two moving types, jumps tracked, and from the recursion of `brute`.
#[test]
fn lottery_two_jumps() {
    let (_, certificate) = printed("lottery_two_jumps", &[]);
    let (leader, _) = stated_values(&certificate, "welfare");
    assert_close(leader, -0.3778, stated_error(&certificate).max(5e-5));
    assert!(stated_error(&certificate) < 0.05);
    for grid in ["solve.grid=40", "solve.grid=100"] {
        assert_close(values("lottery_two_jumps", &[grid]).leader, -0.3778, 1e-2);
    }
}

#[test]
fn policy_rows_conflict() {
    let place = Place::new();
    fs::write(
        place.path("two.csv"),
        "t,z_well,z_ill,gamma_well_wait,gamma_well_cure,gamma_ill_wait,gamma_ill_cure\n\
         1,0.5,0.5,1,0,1,0\n1,0.5,0.5,0,1,0,1\n2,0.5,0.5,0,1,0,1\n",
    )
    .unwrap();
    let output = place.smfg(&["simulate", "tiny.toml", "--policy", "two.csv"]);
    assert_fails(&output, 2, "line 3");
}

#[test]
fn pure_only_leader() {
    assert_close(values("pure_only_leader", &[]).leader, 0.5, 1e-12);
    let (screen, _) = printed("pure_only_leader", &[]);
    assert!(screen.contains("pure"), "{screen}");
    // The best mixed prescription is named with its value: the plain 0.9 is nowhere else on the screen.
    assert!(screen.contains("0.9"), "{screen}");
}

#[test]
fn scale_1e6_slow() {
    let text = fs::read_to_string(path("scale_1e6_slow")).unwrap();
    let unit = Scenario::parse("unit.toml", &text.replace("1000000.0", "1.0"), &[]).unwrap();
    let right = values_of(&unit);
    assert_close(right.leader, 0.772_849, 1e-6);
    let (place, file) = place("scale_1e6_slow");
    let child = start(&place, &["solve", &file, "--out", "out"]);
    let ended = ended_within(child, 60).expect("in about the time of the unit 1: a second or two");
    assert_eq!(ended.0, 0, "{}", ended.1);
    let certificate = fs::read_to_string(place.path("out/certificate.json")).unwrap();
    let certificate = serde_json::from_str(&certificate).unwrap();
    let (leader, followers) = stated_values(&certificate, "optimistic");
    assert_close(leader, right.leader * 1e6, 1e-2);
    for (got, unit) in followers.iter().zip(&right.followers) {
        assert_close(*got, unit * 1e6, 1e-2);
    }
}

#[test]
fn sis_published_length() {
    let (place, file) = place("sis_published_length");
    let child = start(&place, &["solve", &file, "--out", "out"]);
    let (code, said) = ended_within(child, 60).expect("solved in seconds, or refused at once");
    match code {
        0 => {
            let certificate = fs::read_to_string(place.path("out/certificate.json")).unwrap();
            let certificate: Value = serde_json::from_str(&certificate).unwrap();
            assert!(stated_error(&certificate) < 1e-6, "{certificate}");
        }
        // Refused by forecast, with the reason.
        2 => assert!(
            said.contains("error:") && said.contains("solve.budget"),
            "{said}"
        ),
        _ => panic!("exit code {code}: {said}"),
    }
}

#[test]
fn slow_discount() {
    let (screen, certificate) = printed("slow_discount", &[]);
    let (_, followers) = stated_values(&certificate, "optimistic");
    assert_close(followers[0], 1006.240240, 1e-6);
    assert_close(followers[1], 1006.341687, 1e-6);
    let blamed = warnings(&certificate)
        .iter()
        .any(|w| w.contains("solve.grid"));
    assert!(!blamed, "{screen}");
}

#[test]
fn tangency() {
    for grid in GRIDS {
        let v = values("tangency", &[grid]);
        assert_close(v.leader, 1.0 / 27.0, 1e-8);
        let stage = first_stage("tangency", &[grid]);
        let dear = stage
            .iter()
            .filter(|e| e.leader.single_action().is_some_and(|a| a.0 == 1));
        let mut next: Vec<f64> = dear.map(|e| e.next.weights()[1]).collect();
        next.sort_by(f64::total_cmp);
        assert_eq!(next.len(), 2, "{next:?}");
        assert_close(next[0], 0.0, 1e-12);
        assert_close(next[1], 1.0 / 3.0, 1e-6);
    }
}

#[test]
fn terminal_window() {
    let text = fs::read_to_string(path("terminal_window")).unwrap();
    let wide = text.replace("0.3708", "0.3702").replace("0.3716", "0.3748");
    for grid in GRIDS {
        for text in [&text, &wide] {
            let set = [Override::new(grid)];
            let v = values_of(&Scenario::parse("window.toml", text, &set).unwrap());
            v.followers
                .iter()
                .for_each(|v| assert_close(*v, 10.0, 1e-9));
        }
    }
}

#[test]
fn threshold_landing() {
    let text = fs::read_to_string(path("threshold_landing")).unwrap();
    for (comparison, right) in [(">", 0.0), (">=", 1.0), ("<", 0.0), ("<=", 1.0)] {
        let text = text.replace("z[hi] > 0.3", &format!("z[hi] {comparison} 0.3"));
        let v = values_of(&Scenario::parse("landing.toml", &text, &[]).unwrap());
        for got in v.followers.iter().chain([&v.leader]) {
            assert_close(*got, right, 1e-12);
        }
    }
}

/// V_1 = 1 for both types, no deviation gains, and the run is certified.
#[track_caller]
fn assert_few_go_up(name: &str) {
    let v = values(name, &[]);
    v.followers
        .iter()
        .for_each(|v| assert_close(*v, 1.0, 1e-12));
    let (place, file) = place(name);
    ended(&place.smfg(&["run", &file, "--out", "out"]), 0);
    let certificate = fs::read_to_string(place.path("out/certificate.json")).unwrap();
    let certificate: Value = serde_json::from_str(&certificate).unwrap();
    let gain = certificate["follower_exploitability"]["initial"].as_f64();
    assert_close(gain.unwrap(), 0.0, 1e-12);
}

#[test]
fn threshold_round_number() {
    assert_few_go_up("threshold_round_number");
}

#[test]
fn threshold_round_number_swapped() {
    assert_few_go_up("threshold_round_number_swapped");
}

#[test]
fn tiny_units() {
    let right = [-1.839_471_4, -3.409_636_0];
    for unit in ["1", "1e-3", "1e-6", "1e-8", "1e-10", "1e6", "1e9"] {
        let v = values("tiny_units", &[&format!("unit={unit}")]);
        for (got, right) in v.followers.iter().zip(right) {
            assert_close(got / unit.parse::<f64>().unwrap(), right, 1e-6);
        }
    }
    let (small, _) = printed("tiny_units", &["unit=1e-8"]);
    assert!(!small.contains("-0.000000"), "{small}");
    let (large, _) = printed("tiny_units", &["unit=1e6"]);
    let row = large.lines().find(|l| l.contains("<- played")).unwrap();
    let numbers = row.split_whitespace().filter(|w| w.parse::<f64>().is_ok());
    // One per type: nobody leads.
    assert_eq!(numbers.count(), 2, "two columns apart: {row}");
}

#[test]
fn wide_bump_lost() {
    let text = fs::read_to_string(path("wide_bump_lost")).unwrap();
    let smooth = text.replace(
        "max(0, 1 - abs(z[right] - 0.23) / 0.07)",
        "exp(-((z[right] - 0.23) / 0.02)^2)",
    );
    assert_ne!(text, smooth);
    for grid in GRIDS {
        for text in [&text, &smooth] {
            let set = [Override::new(grid)];
            let v = values_of(&Scenario::parse("bump.toml", text, &set).unwrap());
            assert_close(v.leader, 0.9, 1e-8);
        }
    }
}

#[test]
fn wide_window() {
    for grid in GRIDS {
        assert_close(values("wide_window", &[grid]).leader, 1.0, 1e-9);
    }
}

#[test]
fn wide_window_follower() {
    for grid in GRIDS {
        let v = values("wide_window_follower", &[grid]);
        assert_close(v.followers[1], 0.13, 1e-9);
        assert_close(v.leader, 0.13, 1e-9);
    }
}

#[test]
fn wide_window_value() {
    for grid in GRIDS {
        let v = values("wide_window_value", &[grid]);
        v.followers
            .iter()
            .for_each(|v| assert_close(*v, 20.0, 1e-9));
    }
}

/// Rows of the worst start stand beside the run's verdict: they must not say the opposite.
#[test]
fn worst_row() {
    let (place, file) = place("worst_row");
    let arguments = ["run", &file, "--grid", "4", "--out", "out"];
    ended(&place.smfg(&arguments), 0);
    let mut rows = csv::Reader::from_path(place.path("out/deviations.csv")).unwrap();
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (start, verdict) = (column("start"), column("verdict"));
    let rows: Vec<csv::StringRecord> = rows.records().map(|r| r.unwrap()).collect();
    let worst: Vec<_> = rows.iter().filter(|r| &r[start] == "worst").collect();
    assert!(!worst.is_empty());
    worst
        .iter()
        .for_each(|r| assert_ne!(&r[verdict], "refuted", "{r:?}"));
}
