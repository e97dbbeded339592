//! Every example is run, and says what it has to.

use smfg::scenario::Scenario;
use std::error::Error;

#[allow(dead_code, reason = "`main` is the example's own")]
#[path = "../../examples/closures.rs"]
mod closures;
#[allow(dead_code, reason = "`main` is the example's own")]
#[path = "../../examples/method_variance.rs"]
mod method_variance;
#[allow(dead_code, reason = "`main` is the example's own")]
#[path = "../../examples/own_policy.rs"]
mod own_policy;
#[allow(dead_code, reason = "`main` is the example's own")]
#[path = "../../examples/scenario.rs"]
mod scenario;

fn printed(report: impl Fn(&mut Vec<u8>) -> Result<(), Box<dyn Error>>) -> String {
    let mut out = Vec::new();
    report(&mut out).expect("the example runs");
    String::from_utf8(out).expect("an example prints text")
}

/// The values and gains are those of the README's second block.
#[test]
fn a_scenario_is_solved_certified_and_validated() {
    let text = printed(scenario::report);
    let lines = [
        "V_1(healthy) = -0.473455",
        "V_1(infected) = -0.729455",
        "mean-field limit: below 1e-9: true",
        "N = 10, follower: gain 0.172425, refuted",
        "N = 10, leader: gain 0.000000, certified",
    ];
    for line in lines {
        assert!(
            text.lines().any(|l| l == line),
            "`{line}` is missing in\n{text}"
        );
    }
    assert_eq!(text.lines().count(), 7, "{text}");
}

/// Exact gains: neither threshold is an equilibrium of this game with a thousand followers.
#[test]
fn a_policy_of_ones_own_is_validated() {
    let text = printed(own_policy::report);
    let verdict = |threshold: &str| {
        let mut lines = text.lines();
        let line =
            lines.find(|line| line.starts_with(&format!("repair above {threshold}, N = 1000")));
        line.map(|line| line.rsplit(", ").next().expect("a verdict").to_owned())
    };
    println!("{text}");
    assert_eq!(verdict("0.3").as_deref(), Some("refuted"), "{text}");
    assert_eq!(verdict("0").as_deref(), Some("refuted"), "{text}");
}

/// The table of docs/validation.md is the example's, to the digit.
#[test]
fn the_variance_table_is_what_the_example_prints() {
    let docs = include_str!("../../docs/validation.md");
    let table = docs.split_once("| policy | N |").map(|(_, rest)| rest);
    let (table, _) = table
        .and_then(|rest| rest.split_once("\n\n"))
        .expect("the docs hold the table");
    assert_eq!(
        printed(method_variance::report).trim_end(),
        format!("| policy | N |{table}")
    );
}

/// The technology game with seven prices and six periods: all 61 and 20 take a minute.
#[test]
fn a_game_from_closures_has_the_values_of_its_scenario() {
    let text = include_str!("../../scenarios/technology.toml");
    let text = text.replace("count = 61", "count = 7");
    let text = text.replace("horizon = 20", "horizon = 6");
    let scenario = Scenario::parse("technology.toml", &text, &[]).expect("a scenario");
    let prices: Vec<f64> = (0..7).map(|i| f64::from(i) - 2.0).collect();
    let game = closures::technology(6, &prices).expect("a game");
    let printed = printed(|out| closures::compare(out, &game, &scenario));
    let equal = printed.matches("the scenario's to 1e-9: true");
    assert_eq!(equal.count(), 3, "{printed}");
    assert!(printed.ends_with("of the scenario's 0\n"), "{printed}");
}
