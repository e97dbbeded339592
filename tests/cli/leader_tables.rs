//! The program with a leader who has types or mixes: headers and rows, at any number of threads, cut into shares, continued
//! after a full disk; and what `smfg stage` is asked about her.

#![cfg(target_os = "linux")]

use std::fs;

use crate::place::{assert_code, assert_same};
use crate::support::patrol::{Types, text};
use crate::support::program::Place;

/// One policy for every kind, far from and near to the belief that she is grim.
const POLICY: &str = "\
pi_kind,pi_grim,leader_prob_kind_strict,leader_prob_kind_lax,leader_prob_grim_strict,leader_prob_grim_lax,\
gamma_calm_hold,gamma_calm_push,gamma_wild_hold,gamma_wild_push
1,0,0.5,0.5,0.75,0.25,0.5,0.5,0.25,0.75
0,1,1,0,0.25,0.75,0.25,0.75,1,0
";

/// A leader without types who mixes.
const PLAIN: &str = "\
leader_prob_strict,leader_prob_lax,gamma_calm_hold,gamma_calm_push,gamma_wild_hold,gamma_wild_push
0.25,0.75,0.5,0.5,0.25,0.75
";

const KINDS: [(Types, &str); 3] = [
    (Types::Private, POLICY),
    (Types::Public, POLICY),
    (Types::None, PLAIN),
];

fn place(kind: Types, policy: &str) -> Place {
    let place = Place::new();
    fs::write(place.path("patrol.toml"), text(kind, 6)).unwrap();
    fs::write(place.path("policy.csv"), policy).unwrap();
    place
}

fn simulate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let start = [
        "simulate",
        "patrol.toml",
        "--policy",
        "policy.csv",
        "--quiet",
    ];
    [&start, more].concat()
}

fn read(place: &Place, name: &str) -> Vec<Vec<String>> {
    let table = fs::read_to_string(place.path(name)).unwrap();
    let rows = table.lines().map(|row| row.split(',').map(str::to_owned));
    rows.map(Iterator::collect).collect()
}

#[test]
fn the_trace_tells_belief_type_and_action() {
    for (kind, policy) in KINDS {
        let place = place(kind, policy);
        assert_code(&place.smfg(&simulate(&["--out", "out"])), 0, "");
        let rows = read(&place, "out/trace.csv");
        let leader = match kind {
            Types::None => "leader_action",
            _ => "pi_kind,pi_grim,leader_type,leader_action",
        };
        let header = format!(
            "population,replication,t,z_calm,z_wild,{leader},share_hold,share_push,follower_reward,leader_reward"
        );
        assert_eq!(rows[0].join(","), header);
        let mut types_seen = [0, 0];
        for row in &rows[1..] {
            let cell = |name: &str| &row[rows[0].iter().position(|column| column == name).unwrap()];
            if cell("t") == "7" {
                assert!(row[5..].iter().all(|cell| cell == "NaN"));
                continue;
            }
            assert!(["strict", "lax"].contains(&cell("leader_action").as_str()));
            if kind == Types::None {
                continue;
            }
            let is_grim = usize::from(cell("leader_type") == "grim");
            assert!(is_grim == 1 || cell("leader_type") == "kind");
            types_seen[is_grim] += 1;
            let pi = ["pi_kind", "pi_grim"].map(|name| cell(name).parse::<f64>().unwrap());
            assert!((pi[0] + pi[1] - 1.0).abs() < 1e-12);
            if kind == Types::Public {
                assert_eq!(pi[is_grim], 1.0);
            }
        }
        assert!(kind == Types::None || types_seen.iter().all(|n| *n > 100));
        for row in &read(&place, "out/summary.csv")[1..] {
            assert!(
                row.iter().rev().take(2).all(|cell| cell != "NaN"),
                "{row:?}"
            );
        }
    }
}

#[test]
fn files_are_the_same_at_any_number_of_threads_and_from_shares() {
    for (kind, policy) in KINDS {
        let place = place(kind, policy);
        for threads in ["1", "2", "7"] {
            let call = simulate(&["--threads", threads, "--out", threads]);
            assert_code(&place.smfg(&call), 0, "");
            assert_same(&place.path(threads), &place.path("1"));
        }
        for index in 1..=3 {
            let (out, shard) = (format!("share{index}"), format!("{index}/3"));
            let call = simulate(&["--shard", &shard, "--out", &out]);
            assert_code(&place.smfg(&call), 0, "");
        }
        let merge = [
            "merge", "--quiet", "--out", "merged", "share2", "share1", "share3",
        ];
        assert_code(&place.smfg(&merge), 0, "");
        assert_same(&place.path("merged"), &place.path("1"));
    }
}

#[test]
fn a_run_is_continued_to_the_same_files() {
    for (kind, policy) in KINDS {
        let place = place(kind, policy);
        assert_code(&place.smfg(&simulate(&["--out", "whole"])), 0, "");
        // A limit on the size of files stands in for a full disk.
        let full = "trap '' XFSZ; ulimit -f 32; exec \"$@\"";
        let cut = simulate(&["--out", "cut"]);
        assert_code(&place.shell(full, &cut), 4, "what was done is kept");
        let resume = [&cut[..], &["--resume"]].concat();
        assert_code(&place.smfg(&resume), 0, "");
        assert_same(&place.path("cut"), &place.path("whole"));
    }
}

#[test]
fn a_stage_is_asked_for_at_a_law_of_the_leaders_types() {
    let private = place(Types::Private, POLICY);
    let stage = |more: &[&str]| {
        let start = ["stage", "patrol.toml", "--t", "1", "--z", "0.5,0.5"];
        private.smfg(&[&start, more].concat())
    };
    for (more, message) in [
        (
            &["--pi", "0.5"][..],
            "--pi has 1 numbers: give one for each of the 2 leader types (kind, grim)",
        ),
        (&["--pi", "0.5,0.6"], "they sum to 1.1"),
        (&["--pi=-1,2"], "is no law of leader types"),
        (
            &["--leader", "strict"],
            "--leader has 1 actions: give one for each of the 2 leader types (kind, grim)",
        ),
        (
            &["--leader", "strict,loud"],
            "--leader loud: the leader's actions are strict, lax",
        ),
        (
            &["--leader-action", "loud"],
            "--leader-action loud: the leader's actions are strict, lax",
        ),
        (
            &["--leader-action", "lax", "--leader", "lax,lax"],
            "cannot be used with",
        ),
    ] {
        assert_code(&stage(more), 2, message);
    }
    let public = place(Types::Public, POLICY);
    let stage = ["stage", "patrol.toml", "--t", "1", "--z", "0.5,0.5"];
    assert_code(&public.smfg(&stage), 2, "all see the leader's type");
    let plain = place(Types::None, PLAIN);
    assert_code(
        &plain.smfg(&[&stage[..], &["--pi", "1"]].concat()),
        2,
        "has no types",
    );
}

/// The shipped games with a leader who has types: solved, played and written, the realised flow followed closely.
#[test]
fn solved_leaders_with_types_are_played_and_written() {
    for (name, leader, values) in [
        (
            "signalling",
            "pi_frugal,pi_busy,leader_action_frugal,leader_action_busy",
            "v_leader_frugal,v_leader_busy",
        ),
        (
            "public_state",
            "pi_summer,pi_winter,leader_action",
            "v_leader",
        ),
    ] {
        let place = Place::new();
        let file = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let small = [
            "--quiet",
            "--grid",
            "10",
            "--set",
            "horizon=3",
            "--set",
            "solve.flow=realised",
        ];
        let solve = [&["solve", &file, "--out", "solved"], &small[..]].concat();
        assert_code(&place.smfg(&solve), 0, "");
        let policy = read(&place, "solved/policy.csv");
        let header = policy[0].join(",");
        assert!(header.contains(&format!("{leader},gamma_")), "{header}");
        assert!(
            header.ends_with(&format!("{values},equilibria,residual")),
            "{header}"
        );
        assert!(policy.len() > 30 && !policy.iter().flatten().any(|cell| cell == "NaN"));
        let play = [
            "simulate",
            &file,
            "--population",
            "1000000",
            "--replications",
            "50",
            "--out",
            "played",
        ];
        assert_code(&place.smfg(&[&play, &small[..]].concat()), 0, "");
        let summary = read(&place, "played/summary.csv");
        let distance = summary[0]
            .iter()
            .position(|column| column == "distance_mean")
            .unwrap();
        for row in &summary[1..] {
            assert!(
                row[distance].parse::<f64>().unwrap() < 0.01,
                "{name}: {row:?}"
            );
        }
    }
}
