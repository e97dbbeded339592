//! `converge`, `plan` and `calibrate` end to end.

use std::fs;

use crate::place::assert_succeeds;
use crate::support::program::{Place, assert_fails};

const GRID: [&str; 8] = [
    "--population",
    "10",
    "--population",
    "20",
    "--population",
    "40",
    "--replications",
    "300",
];

fn converge(place: &Place, more: &[&str]) -> String {
    let arguments = [&["converge", "tiny.toml"], &GRID[..], more].concat();
    assert_succeeds(&place.smfg(&arguments))
}

#[test]
fn convergence_has_a_row_per_population_and_quantity_and_the_fits() {
    let place = Place::new();
    let screen = converge(&place, &[]);
    assert!(screen.contains("distance_spread: "), "{screen}");
    let table = fs::read_to_string(place.path("output/tiny/convergence.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(
        lines.next().unwrap(),
        "population,quantity,method,estimate,low,high"
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let count = |quantity: &str, method: &str| {
        let own = rows
            .iter()
            .filter(|row| row[1] == quantity && row[2] == method);
        own.count()
    };
    for (quantity, method, rows) in [
        ("follower_gain", "exact", 3),
        ("follower_gain", "integrated", 1),
        ("distance_spread", "simulated", 3),
        ("distance_spread", "exponent", 1),
        ("distance_spread", "slope", 2),
        ("follower_value_error", "exact", 3),
        ("leader_gain", "exact", 0),
    ] {
        assert_eq!(
            count(quantity, method),
            rows,
            "{quantity}, {method}: {table}"
        );
    }
    // Independent followers: the spread falls as N^-1/2.
    let exponent = rows
        .iter()
        .find(|row| row[1] == "distance_spread" && row[2] == "exponent");
    let exponent = exponent.unwrap();
    let exponents = exponent[3..]
        .iter()
        .map(|text| text.parse::<f64>().unwrap());
    let [estimate, low, high] = exponents.collect::<Vec<_>>()[..] else {
        panic!("{exponent:?}")
    };
    assert_eq!(exponent[0], "NaN");
    assert!(low <= estimate && estimate <= high && (estimate - 0.5).abs() < 0.2);
}

#[test]
fn convergence_does_not_depend_on_threads() {
    let place = Place::new();
    let tables = ["1", "2", "5"].map(|threads| {
        converge(&place, &["--threads", threads, "--out", threads, "--quiet"]);
        fs::read(place.path(&format!("{threads}/convergence.csv"))).unwrap()
    });
    assert!(tables[0] == tables[1] && tables[0] == tables[2]);
}

#[test]
fn a_policy_file_converges_without_switches() {
    let place = Place::new();
    let policy = "gamma_well_wait,gamma_well_cure,gamma_ill_wait,gamma_ill_cure\n0.5,0.5,0.5,0.5\n";
    fs::write(place.path("half.csv"), policy).unwrap();
    let screen = converge(&place, &["--policy", "half.csv"]);
    assert!(!screen.contains("jumps"), "{screen}");
}

#[test]
fn a_plan_says_what_each_deviation_and_the_claim_will_need() {
    let place = Place::new();
    let planned = |method: &str| {
        let arguments = [
            "plan",
            "tiny.toml",
            "--population",
            "10",
            "--method",
            method,
        ];
        assert_succeeds(&place.smfg(&arguments))
    };
    let paired = planned("paired");
    let lines: Vec<&str> = paired.lines().collect();
    assert_eq!(
        lines[0],
        "population,player,start,deviation,method,gain,std_error,verdict,replications,seconds"
    );
    assert!(lines[1].starts_with("10,follower,well,constant:wait,paired,"));
    let claim = lines.last().unwrap();
    assert!(claim.starts_with("10,follower,all,all,paired,"), "{claim}");
    let exact = planned("auto");
    assert!(
        exact.contains("10,follower,all,all,exact,NaN,NaN,decided,0.0,"),
        "{exact}"
    );
    assert_eq!(place.names(), ["tiny.toml"]);
}

#[test]
fn the_calibration_is_a_table_of_every_cell() {
    let place = Place::new();
    let arguments = ["calibrate", "--runs", "1", "--replications", "1024"];
    let table = assert_succeeds(&place.smfg(&arguments));
    // 4 laws times 7 gains times 3 classes drawn, 4 laws times 3 gains played by 2 methods.
    let rows = table.lines().filter(|line| {
        line.starts_with("| drawn")
            || line.starts_with("| paired")
            || line.starts_with("| integrated")
    });
    assert_eq!(rows.count(), 84 + 24);
    assert!(
        table.contains("exceeds alpha = 0.0500: 0 of 108."),
        "{table}"
    );
    for bad in ["0", "1", "nan"] {
        let output = place.smfg(&["calibrate", "--confidence", bad]);
        assert_fails(&output, 2, "between 0 and 1");
    }
}
