//! Every example is run, and says what it has to.

use std::error::Error;

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
