//! The certificate of a user's own policy along the flow that the scenario names, on a game of two periods by hand.
//!
//! In the first period the weather that the leader makes takes everybody to `high` or to `low`. In the second a bet pays
//! z(high)^2 - 0.3; the policy never bets. Where all are high, betting gains 0.7, where none is it gains nothing, and with a
//! share of a half or less high it gains nothing either. Hence, with probability p of a storm, a follower can gain
//! delta p 0.7 under the realised flow, and nothing under the averaged one.

use std::fs;
use std::path::Path;

use crate::support::program::Place;
use serde_json::Value;
use smfg::certify::Certified;
use smfg::game::{FlowRule, PolicyFile};
use smfg::scenario::Scenario;

const RULES: [FlowRule; 2] = [FlowRule::Averaged, FlowRule::Realised];

/// `high`: the probability of going there. `types`: more lines of [leader].
fn game(high: &str, types: &str) -> String {
    format!(
        r#"
name = "weather"
horizon = 2
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["stay", "bet"]
initial = [0.5, 0.5]
reward = "(t == 2) * (a == bet) * (z[high]^2 - 0.3)"
[follower.transition]
"*, *" = {{ high = "if(t == 1, {high}, x == high)", low = "rest" }}
[leader]
actions = ["calm", "storm"]
reward = {{ period = "0" }}
{types}
[simulate]
populations = [7]
[validate]
method = "exact"
"#
    )
}

const TYPES: &str = r#"types = ["mild", "stern"]
initial = [0.75, 0.25]
[leader.transition]
"mild, *" = { mild = 1 }
"stern, *" = { stern = 1 }
"#;

const STAY: &str = "gamma_low_stay,gamma_low_bet,gamma_high_stay,gamma_high_bet";

/// A policy of one row: these columns of the leader's, and never a bet.
fn policy(columns: &str, row: &str) -> String {
    format!("{columns},{STAY}\n{row},1,0,1,0\n")
}

/// Follower exploitability from z_1 and the nodes of the flow, by rule.
fn certified(text: &str, policy: &str) -> [(f64, usize); 2] {
    let scenario = Scenario::parse("weather.toml", text, &[]).unwrap();
    let game = scenario.game();
    let policy = PolicyFile::from_reader(Path::new("p.csv"), policy.as_bytes(), game).unwrap();
    RULES.map(|rule| {
        let certified = Certified::policy(game, &policy, game.initial(), rule).unwrap();
        let exploitability = certified.certificate.exploitability;
        // Both types of follower are moved alike.
        for gain in &exploitability.by_type {
            assert!((gain - exploitability.initial).abs() < 1e-15);
        }
        (exploitability.initial, certified.flow.nodes.len())
    })
}

#[track_caller]
fn assert_gains(found: [(f64, usize); 2], expected: [(f64, usize); 2]) {
    for ((gain, nodes), (by_hand, count)) in found.into_iter().zip(expected) {
        assert!(
            (gain - by_hand).abs() < 1e-15,
            "{found:?} against {expected:?}"
        );
        assert_eq!(nodes, count, "{found:?} against {expected:?}");
    }
}

#[test]
fn a_leader_who_mixes_is_followed_by_what_she_does() {
    let text = game("leader_action == storm", "");
    let even = policy("leader_prob_calm,leader_prob_storm", "0.5,0.5");
    // Averaged: z_2 = (0.5, 0.5). Realised: all low, or all high.
    assert_gains(certified(&text, &even), [(0.0, 3), (0.9 * 0.5 * 0.7, 5)]);
    // By what the leader does half of the time, a share of 0.6 moves: 0.36 - 0.3.
    let text = game("0.6 * (leader_action == storm)", "");
    assert_gains(certified(&text, &even), [(0.0, 3), (0.9 * 0.5 * 0.06, 5)]);
}

#[test]
fn private_types_that_act_apart_are_followed_apart() {
    let text = game("leader_action == storm", TYPES);
    let apart = policy("leader_action_mild,leader_action_stern", "calm,storm");
    // Beliefs part as well: averaged, there is one z_2 with two beliefs.
    assert_gains(certified(&text, &apart), [(0.0, 5), (0.9 * 0.25 * 0.7, 5)]);
}

/// What is not seen is averaged over under either rule: here followers move by a type that her action does not tell.
#[test]
fn private_types_that_act_alike_are_averaged_over() {
    let text = game("leader_type == stern", TYPES);
    let alike = policy("leader_action_mild,leader_action_stern", "calm,calm");
    assert_gains(certified(&text, &alike), [(0.0, 3), (0.0, 3)]);
    // z_2(high) = 0.25 gains 0.0625 - 0.01 where a bet costs that little.
    let cheap = text.replace("- 0.3", "- 0.01");
    let gain = 0.9 * (0.0625 - 0.01);
    assert_gains(certified(&cheap, &alike), [(gain, 3), (gain, 3)]);
}

fn json(place: &Place, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(place.path(name)).unwrap()).unwrap()
}

/// The program takes the rule from the scenario. At any N everybody moves alike, so that the exact gain there is that of the
/// realised flow: under the averaged one the certificate does not speak of it.
#[test]
fn the_program_certifies_along_the_scenarios_flow() {
    let place = Place::new();
    let text = game("leader_action == storm", "");
    fs::write(place.path("weather.toml"), text).unwrap();
    let even = policy("leader_prob_calm,leader_prob_storm", "0.5,0.5");
    fs::write(place.path("even.csv"), even).unwrap();
    for command in ["validate", "run"] {
        for (flow, gain) in [("averaged", 0.0), ("realised", 0.9 * 0.5 * 0.7)] {
            let (out, setting) = (format!("{command}_{flow}"), format!("solve.flow={flow}"));
            let words = [command, "weather.toml", "--policy", "even.csv", "--quiet"];
            let more = ["--set", &setting, "--out", &out, "--replications", "5"];
            let output = place.smfg(&[&words[..], &more].concat());
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{stderr}");
            let certificate = json(&place, &format!("{out}/certificate.json"));
            let exploitability = &certificate["follower_exploitability"];
            for found in [
                &exploitability["initial"],
                &exploitability["by_type"]["low"],
                &exploitability["by_type"]["high"],
            ] {
                let found = found.as_f64().unwrap();
                assert!((found - gain).abs() < 1e-15, "{out}: {found}");
            }
            let verdict = json(&place, &format!("{out}/verdict.json"));
            let result = &verdict["results"][0];
            assert_eq!(result["player"], "follower");
            assert_eq!(result["method"], "exact");
            let at_seven = result["gain"].as_f64().unwrap();
            assert!(
                (at_seven - 0.9 * 0.5 * 0.7).abs() < 1e-12,
                "{out}: {at_seven}"
            );
        }
    }
}
