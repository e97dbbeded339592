//! Policies given as deviations, from the file to the verdict: beliefs that no play of theta's leads to, the exact method,
//! and what is refused.

use std::fs;
use std::path::Path;

use crate::support::program::{Place, assert_fails, ended};
use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Policy, PolicyError, PolicyFile,
};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Solved, Start, Widened};
use smfg::validate::{NamedPolicy, visited_beliefs};

const SCENARIO: &str = "scenarios/signalling.toml";

/// A policy by which the frugal inspect with the first probability and the busy with the second, all firms complying.
fn inspecting(laws: &[[f64; 2]]) -> String {
    let names = "leader_prob_frugal_inspect,leader_prob_frugal_trust,leader_prob_busy_inspect,leader_prob_busy_trust,\
                 gamma_clean_comply,gamma_clean_pollute,gamma_dirty_comply,gamma_dirty_pollute";
    let law = |[f, b]: &[f64; 2]| format!("{f},{},{b},{},1,0,1,0\n", 1.0 - f, 1.0 - b);
    match laws {
        [only] => format!("{names}\n{}", law(only)),
        all => {
            let rows = all.iter().enumerate();
            let rows: String = rows.map(|(i, l)| format!("{},{}", i + 1, law(l))).collect();
            format!("t,{names}\n{rows}")
        }
    }
}

/// V^l_1 of the scenario's theta, by hand in its file.
const THETA: f64 = 4.226_729_53;

/// sum of 0.9^(t-1) over the 8 periods.
const PERIODS: f64 = 5.695_327_9;

/// The leader's value where she plays these laws in all 8 periods and firms answer, in the mean over pi = `frugal`; a share
/// `dirty` of firms is dirty.
///
/// Under theta all firms comply from the next period on, so that a clean firm is worth a retrofit more. At q the probability
/// of an inspection, one complies if q + 0.9 (0.1) >= 0.45, a dirty one if that is 0.55 or more; without the second term in
/// the last period. Firms of a type do the same, so that shares move by certain steps.
fn by_hand(t: usize, frugal: f64, dirty: f64, [f, b]: [f64; 2]) -> f64 {
    if t > 8 {
        return 0.0;
    }
    let q = f * frugal + b * (1.0 - frugal);
    let worth = q + if t < 8 { 0.09 } else { 0.0 };
    let (stay, mend) = (
        f64::from(u8::from(worth >= 0.45)),
        f64::from(u8::from(worth >= 0.55)),
    );
    let comply = (1.0 - dirty) * stay + dirty * mend;
    let cost = 0.1 * f * frugal + 0.6 * b * (1.0 - frugal);
    let next = |belief: f64| by_hand(t + 1, belief, 1.0 - comply, [f, b]);
    let (seen, not) = (f * frugal / q, (1.0 - f) * frugal / (1.0 - q));
    comply - cost + 0.9 * (q * next(seen) + (1.0 - q) * next(not))
}

/// The leader's row of a file at start `initial`: gain, lowest, highest and verdict.
fn leader_row(place: &Place, folder: &str) -> (f64, f64, f64, String) {
    let mut rows = csv::Reader::from_path(place.path(folder).join("deviations.csv")).unwrap();
    let all = rows.records().map(Result::unwrap);
    let mut own =
        all.filter(|r| [&r[1], &r[2]] == ["leader", "initial"] && r[3].starts_with("file:"));
    let row = own.next().unwrap();
    assert_eq!(own.next(), None);
    let number = |i: usize| row[i].parse::<f64>().unwrap();
    (number(5), number(7), number(8), row[12].to_owned())
}

/// The scenario as it is, and with the firms' actions listed the other way round.
fn orders(place: &Place) -> [&'static str; 2] {
    let text = fs::read_to_string(SCENARIO).unwrap();
    let listed = r#"actions = ["comply", "pollute"]"#;
    assert!(text.contains(listed));
    fs::write(place.path("one.toml"), &text).unwrap();
    let other = text.replace(listed, r#"actions = ["pollute", "comply"]"#);
    fs::write(place.path("other.toml"), other).unwrap();
    ["one.toml", "other.toml"]
}

/// Wherever a deviation leads, firms answer it as theta says: in both orders of their actions, by both methods.
#[test]
fn a_deviation_to_other_beliefs_has_its_value_by_hand_whatever_the_order_of_actions() {
    let place = Place::new();
    for (name, law) in [("far", [0.9, 0.3]), ("near", [0.9, 0.8])] {
        let file = format!("{name}.csv");
        fs::write(place.path(&file), inspecting(&[law])).unwrap();
        let gain = by_hand(1, 0.6, 0.7, law) - THETA;
        let expected = if gain >= 0.02 { "refuted" } else { "certified" };
        for scenario in orders(&place) {
            for method in ["exact", "paired"] {
                let arguments = [
                    "validate",
                    scenario,
                    "--population",
                    "100",
                    "--method",
                    method,
                    "--deviation",
                    &file,
                    "--out",
                    "out",
                    "--force",
                    "--quiet",
                    "--replications",
                    "8000",
                ];
                let refuted = place.smfg(&arguments).status.code() == Some(1);
                assert_eq!(refuted, expected == "refuted", "{name} {scenario} {method}");
                let (found, low, high, verdict) = leader_row(&place, "out");
                assert_eq!(verdict, expected, "{name} {scenario} {method}");
                let within = if method == "exact" { 1e-9 } else { high - low };
                assert!(
                    (found - gain).abs() <= within,
                    "{name} {scenario}: {found} is not {gain}"
                );
                assert!(
                    low - 1e-9 <= gain && gain <= high + 1e-9,
                    "{low} {gain} {high}"
                );
            }
        }
    }
    // At a burden that all of her inspections outweigh, every firm complies and the gain is what they cost less.
    let cost = 0.6 * 0.9 * 0.1 + 0.4 * 0.8 * 0.6;
    let gain = (1.0 - cost) * PERIODS - THETA;
    assert!((by_hand(1, 0.6, 0.7, [0.9, 0.8]) - THETA - gain).abs() < 1e-9);
}

/// Both types alike keep pi at 0.6; half the inspections of theta deter as well, 0.5 + 0.09 >= 0.55.
#[test]
fn a_policy_that_gains_refutes_by_the_exact_method_too() {
    let place = Place::new();
    fs::write(place.path("half.csv"), inspecting(&[[0.5, 0.5]])).unwrap();
    let gain = (1.0 - 0.5 * (0.6 * 0.1 + 0.4 * 0.6)) * PERIODS
        // Without a retrofit to save in the last period, only clean firms comply: all are by then.
        - THETA;
    for method in ["exact", "auto", "paired"] {
        let scenario = fs::canonicalize(SCENARIO).unwrap();
        let arguments = [
            "validate",
            scenario.to_str().unwrap(),
            "--population",
            "60",
            "--method",
            method,
            "--deviation",
            "half.csv",
            "--out",
            "out",
            "--force",
            "--replications",
            "4000",
        ];
        let screen = ended(&place.smfg(&arguments), 1);
        let (found, low, high, verdict) = leader_row(&place, "out");
        assert_eq!(verdict, "refuted", "{method}");
        assert!(
            low - 1e-9 <= gain && gain <= high + 1e-9,
            "{low} {gain} {high}"
        );
        if method != "paired" {
            assert!((found - gain).abs() < 1e-9, "{found} is not {gain}");
            assert!(screen.contains("file:half from initial"), "{screen}");
            assert!(screen.contains("and the policies given"), "{screen}");
        }
    }
}

fn signalling(settings: &[&str]) -> Scenario {
    let overrides: Vec<Override> = settings.iter().map(|s| Override::new(*s)).collect();
    Scenario::read(Path::new(SCENARIO), &overrides).unwrap()
}

fn named(scenario: &Scenario, csv: &str) -> NamedPolicy {
    let policy = PolicyFile::from_reader(Path::new("given.csv"), csv.as_bytes(), scenario.game());
    NamedPolicy {
        name: "given".into(),
        policy: policy.unwrap(),
    }
}

/// At its own beliefs theta stays as it is; at the others it is what the recursion from there finds.
#[test]
fn theta_is_solved_where_a_deviation_leads() {
    let scenario = signalling(&[]);
    let game = scenario.game();
    let theta = Solved::compute(game, &scenario.solve, None).unwrap();
    let files = [named(&scenario, &inspecting(&[[0.9, 0.3]]))];
    let visited = visited_beliefs(game, &files).unwrap();
    let numbers: Vec<usize> = visited.iter().map(Vec::len).collect();
    // pi depends on how many of the actions so far were inspections; pi_1 is not counted.
    assert_eq!(numbers, [0, 2, 3, 4, 5, 6, 7, 8, 9]);
    let wide = Widened::new(&theta, &visited).unwrap();
    for m in [0.0, 0.3, 1.0] {
        let z = MeanField::two_types(m);
        for t in 1..=8 {
            for belief in theta.beliefs(t) {
                assert_eq!(
                    wide.play(t, belief, &z).unwrap(),
                    theta.play(t, belief, &z).unwrap()
                );
            }
        }
        for (t, belief) in [(3, &visited[2][0]), (6, &visited[5][3])] {
            let start = Start {
                t,
                belief: belief.clone(),
            };
            let anew = Solved::compute_from(game, &scenario.solve, None, &start).unwrap();
            assert_eq!(
                wide.play(t, belief, &z).unwrap(),
                anew.play(t, belief, &z).unwrap()
            );
            let pooling = LeaderPrescription::pure(vec![LeaderAction(1); 2]);
            assert_eq!(
                wide.answer(t, belief, &z, &pooling).unwrap(),
                anew.answer(t, belief, &z, &pooling).unwrap()
            );
        }
    }
}

/// Where theta is not held it plays nothing, and says where.
#[test]
fn a_solution_names_what_it_cannot_play() {
    let scenario = signalling(&[]);
    let theta = Solved::compute(scenario.game(), &scenario.solve, None).unwrap();
    let (belief, z) = (Belief::new(vec![0.25, 0.75]), MeanField::two_types(0.5));
    let error = theta.play(3, &belief, &z).unwrap_err();
    assert!(
        matches!(&error, PolicyError::Unsolved { t: 3, .. }),
        "{error:?}"
    );
    let said = error.to_string();
    for part in [
        "t = 3",
        "[0.25, 0.75]",
        "z = [0.5, 0.5]",
        "solve from there",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(theta.play_cost(3, &belief, &z).is_err());
    let mixed = LeaderPrescription::Mixed {
        actions: 2,
        rows: vec![0.9, 0.1, 0.3, 0.7],
    };
    let held = scenario.game().initial_belief();
    assert!(theta.answer(1, held, &z, &mixed).is_err());
}

/// The laws of all periods differ, and with them the beliefs after every sequence of actions.
#[test]
fn a_deviation_to_too_many_beliefs_is_refused_with_the_reason() {
    let place = Place::new();
    let laws = |periods: usize| -> Vec<[f64; 2]> {
        (0..periods)
            .map(|i| [0.9 - 0.037 * i as f64, 0.3 + 0.011 * i as f64])
            .collect()
    };
    let scenario = fs::canonicalize(SCENARIO).unwrap();
    for (horizon, said) in [
        ("8", "there are more than 400 in a period"),
        (
            "10",
            "`file:many` leads to more than 400 beliefs about her type at t = 10",
        ),
    ] {
        fs::write(
            place.path("many.csv"),
            inspecting(&laws(horizon.parse().unwrap())),
        )
        .unwrap();
        let set = format!("horizon={horizon}");
        let arguments = [
            "validate",
            scenario.to_str().unwrap(),
            "--set",
            &set,
            "--population",
            "20",
            "--deviation",
            "many.csv",
        ];
        let output = place.smfg(&arguments);
        assert_fails(&output, 2, said);
        assert_fails(&output, 2, "fewer different laws");
    }
}

/// Guarding costs 0.3 and keeps well in a storm; idle ones fall ill in it. The leader likes idle followers, and storms a little.
const STORMS: &str = r#"
name = "storms"
horizon = 2
discount = 0.9
[follower]
types = ["well", "ill"]
actions = ["idle", "guard"]
initial = [1, 0]
reward = "-(x == ill) - 0.3 * (a == guard)"
[follower.transition]
"*, idle" = { ill = "leader_action == storm", well = "rest" }
"*, guard" = { well = 1 }
[leader]
actions = ["calm", "storm"]
reward = { per_follower = "a == idle", period = "0.2 * (leader_action == storm)" }
[validate]
epsilon = 0.005
"#;

/// theta: calm while there is something to guard, then a storm: 1 + 0.9 (1.2) = 2.08. Against storms of probability 1/2
/// followers guard at t = 1, 0.9 / 2 > 0.3, and she has 0.1 + 0.9 (1.1) = 1.09. Where jumps are tracked there is one value
/// function for one movement of the crowd, and no answer.
#[test]
fn a_leader_who_mixes_movements_is_answered_on_a_lattice_or_refused() {
    let place = Place::new();
    fs::write(place.path("storms.toml"), STORMS).unwrap();
    let header = "leader_prob_calm,leader_prob_storm,gamma_well_idle,gamma_well_guard,gamma_ill_idle,gamma_ill_guard";
    fs::write(
        place.path("coin.csv"),
        format!("{header}\n0.5,0.5,1,0,1,0\n"),
    )
    .unwrap();
    for method in ["exact", "paired"] {
        let arguments = [
            "validate",
            "storms.toml",
            "--population",
            "4",
            "--method",
            method,
            "--deviation",
            "coin.csv",
            "--out",
            "out",
            "--force",
            "--replications",
            "8000",
        ];
        let output = place.smfg(&arguments);
        for part in [
            "leader's deviation `file:coin`",
            "N = 4",
            "t = 1",
            "--set solve.leader_mixing=2",
        ] {
            assert_fails(&output, 2, part);
        }
        let mixing = [&arguments[..], &["--set", "solve.leader_mixing=2"]].concat();
        place.smfg(&mixing);
        let (found, low, high, verdict) = leader_row(&place, "out");
        let gain = 1.09 - 2.08;
        assert!(
            low - 1e-9 <= gain && gain <= high + 1e-9,
            "{low} {gain} {high}"
        );
        assert_eq!(verdict, "certified");
        if method == "exact" {
            assert!((found - gain).abs() < 1e-9, "{found}");
        }
    }
}
