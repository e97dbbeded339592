//! The commands that write files, end to end: verdicts and exit codes, tables, manifest, screen.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::program::{Place, SCENARIO, assert_fails, ended};
use serde_json::{Value, json};

/// The tables of `smfg run tiny.toml` and their headers, as the interface names them.
const HEADERS: [(&str, &str); 7] = [
    (
        "policy.csv",
        "t,z_well,z_ill,leader_action,gamma_well_wait,gamma_well_cure,gamma_ill_wait,gamma_ill_cure,\
         v_follower_well,v_follower_ill,v_leader,equilibria,residual",
    ),
    (
        "mean_field.csv",
        "node,parent,weight,t,z_well,z_ill,leader_action,gamma_well_wait,gamma_well_cure,gamma_ill_wait,\
         gamma_ill_cure,share_wait,share_cure,follower_reward,leader_reward",
    ),
    (
        "trace.csv",
        "population,replication,t,z_well,z_ill,leader_action,share_wait,share_cure,follower_reward,leader_reward",
    ),
    (
        "summary.csv",
        "population,t,z_well_mean,z_well_sd,z_well_q05,z_well_q95,z_ill_mean,z_ill_sd,z_ill_q05,z_ill_q95,\
         share_wait_mean,share_cure_mean,distance_mean,distance_sd",
    ),
    (
        "returns.csv",
        "population,replication,follower_return,leader_return",
    ),
    (
        "deviations.csv",
        "population,player,start,deviation,method,gain,std_error,low,high,replications,value,value_deviation,verdict,mean_weight,effective_replications",
    ),
    (
        "best_response.csv",
        "population,t,type,z_well,z_ill,action,gain",
    ),
];

/// Everybody cures in both periods, where the last cure is of no use: it costs .25, discounted to .125.
const CURE: &str = "gamma_well_wait,gamma_well_cure,gamma_ill_wait,gamma_ill_cure\n0,1,0,1\n";

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn json_at(path: PathBuf) -> Value {
    serde_json::from_str(&read(&path)).unwrap()
}

#[test]
fn a_run_is_certified_and_leaves_its_tables() {
    let place = Place::new();
    let screen = ended(&place.smfg(&["run", "tiny.toml"]), 0);
    for part in [
        "optimistic         -0.250000     -1.250000  <- played",
        "pessimistic",
        "welfare",
        "output/tiny: ",
        "CERTIFIED: with T = 2",
        "follower at N = 3: all its deviations, by exact backward induction",
    ] {
        assert!(screen.contains(part), "{part:?} is not in: {screen}");
    }
    let folder = place.path("output/tiny");
    for (name, header) in HEADERS {
        let table = read(&folder.join(name));
        assert_eq!(table.lines().next(), Some(header), "{name}");
        let columns = header.split(',').count();
        assert!(
            table.lines().all(|line| line.split(',').count() == columns),
            "{name}"
        );
        assert!(
            table.ends_with('\n') && !table.contains(",,") && !table.contains('\r'),
            "{name}"
        );
    }
    let mut names: Vec<String> = HEADERS.map(|(name, _)| name.to_owned()).to_vec();
    let others = [
        "certificate.json",
        "manifest.json",
        "theta.npz",
        "verdict.json",
    ];
    names.extend(others.map(str::to_owned));
    names.sort();
    let found = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut found: Vec<String> = found.map(|name| name.into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, names);
}

/// At t = 1 curing costs .25 and spares an ill period worth .5; at t = 2 it spares nothing.
#[test]
fn the_tables_hold_the_values_worked_out_by_hand() {
    let place = Place::new();
    ended(
        &place.smfg(&["run", "tiny.toml", "--replications", "50"]),
        0,
    );
    let folder = place.path("output/tiny");
    let policy = read(&folder.join("policy.csv"));
    let rows: Vec<&str> = policy.lines().skip(1).collect();
    assert_eq!(rows.len(), 2 * 201);
    assert_eq!(
        rows[0],
        "1,1.0,0.0,none,0.0,1.0,0.0,1.0,-0.25,-1.25,0.0,1,0.0"
    );
    // Rows of t = 1 stand first; of the values at t = 2 one is the negative zero of `-(x == ill)`.
    assert!(
        rows[..201]
            .iter()
            .all(|row| row.contains(",none,0.0,1.0,0.0,1.0,-0.25,-1.25,"))
    );
    assert!(
        rows[201..]
            .iter()
            .all(|row| row.starts_with("2,") && row.contains(",none,1.0,0.0,1.0,0.0,"))
    );
    let flow = read(&folder.join("mean_field.csv"));
    let rows: Vec<&str> = flow.lines().skip(1).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        rows[0],
        "1,0,1.0,1,0.75,0.25,none,0.0,1.0,0.0,1.0,0.0,1.0,-0.5,0.0"
    );
    assert!(
        rows[2].starts_with("3,2,1.0,3,0.0,1.0,NaN,NaN,"),
        "{}",
        rows[2]
    );
    let trace = read(&folder.join("trace.csv"));
    assert_eq!(trace.lines().count(), 1 + 50 * 3);
    assert_eq!(read(&folder.join("summary.csv")).lines().count(), 1 + 3);
    for row in read(&folder.join("returns.csv")).lines().skip(1) {
        let values: Vec<f64> = row.split(',').map(|value| value.parse().unwrap()).collect();
        // -.25 and, for each of 0 to 3 ill followers, -1/3.
        let ill = (-0.25 - values[2]) * 3.0;
        assert!(
            (ill - ill.round()).abs() < 1e-12 && (0.0..=3.0).contains(&ill.round()),
            "{row}"
        );
    }
    let certificate = json_at(folder.join("certificate.json"));
    assert_eq!(certificate["failed_stage_games"], 0);
    assert_eq!(certificate["enumeration_complete"], true);
    assert_eq!(certificate["follower_exploitability"]["initial"], 0.0);
    assert_eq!(certificate["consistency"], 0.0);
    for selection in ["optimistic", "pessimistic", "welfare"] {
        let expected = json!({ "v_leader": null, "v_follower": { "well": -0.25, "ill": -1.25 } });
        assert_eq!(certificate["values"][selection], expected);
    }
    let verdict = json_at(folder.join("verdict.json"));
    assert_eq!(verdict["verdict"], "certified");
    assert_eq!(
        (&verdict["epsilon"], &verdict["confidence"]),
        (&json!(0.02), &json!(0.99))
    );
    assert_eq!(verdict["results"][0]["method"], "exact");
}

#[test]
fn a_policy_with_a_profitable_deviation_is_refuted_and_exits_with_1() {
    let place = Place::new();
    fs::write(place.path("cure.csv"), CURE).unwrap();
    let screen = ended(
        &place.smfg(&["run", "tiny.toml", "--policy", "cure.csv"]),
        1,
    );
    assert!(screen.contains("REFUTED: with T = 2"), "{screen}");
    let folder = place.path("output/tiny");
    let certificate = json_at(folder.join("certificate.json"));
    let gains = json!({ "initial": 0.125, "by_type": { "well": 0.125, "ill": 0.125 } });
    assert_eq!(certificate["follower_exploitability"], gains);
    for key in [
        "failed_stage_games",
        "leader_gain",
        "consistency",
        "jumps",
        "commitment_gap",
        "values",
    ] {
        assert_eq!(certificate[key], Value::Null, "{key}");
    }
    assert!(!folder.join("policy.csv").exists());
    let table = read(&folder.join("deviations.csv"));
    for start in ["initial", "well", "ill", "worst"] {
        let row = format!("3,follower,{start},best_response,exact,0.125,0.0,0.125,0.125,0,");
        let of_start = table.lines().find(|line| line.starts_with(&row));
        let verdict = if start == "worst" {
            ",none,"
        } else {
            ",refuted,"
        };
        assert!(
            of_start.is_some_and(|line| line.contains(verdict)),
            "{start}: {table}"
        );
    }
    let departures = read(&folder.join("best_response.csv"));
    assert!(
        departures
            .lines()
            .skip(1)
            .all(|line| line.starts_with("3,2,") && line.ends_with(",wait,0.25")),
        "{departures}"
    );
    // A larger epsilon lets the same gain pass.
    let words = [
        "validate",
        "tiny.toml",
        "--policy",
        "cure.csv",
        "--out",
        "lax",
        "--set",
        "validate.epsilon=0.13",
    ];
    let sentence = ended(&place.smfg(&words), 0);
    for part in [
        "is certified by exact backward induction",
        "(largest gain 0.125000",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn few_replications_are_inconclusive_and_exit_with_3() {
    let place = Place::new();
    for command in ["run", "validate"] {
        let words = [command, "tiny.toml", "--method", "paired", "--out", command];
        let screen = ended(&place.smfg(&words), 3);
        let said = match command {
            "run" => "by paired replications at confidence 0.99",
            _ => "is inconclusive by paired replications",
        };
        assert!(screen.contains(said), "{screen}");
        assert_eq!(
            json_at(place.path(command).join("verdict.json"))["verdict"],
            "inconclusive"
        );
    }
    // And paired replications refute, given enough of them.
    fs::write(place.path("cure.csv"), CURE).unwrap();
    let words = [
        "validate",
        "tiny.toml",
        "--method",
        "paired",
        "--replications",
        "5000",
        "--policy",
        "cure.csv",
    ];
    let sentence = ended(&place.smfg(&words), 1);
    assert!(
        sentence.contains("is refuted by paired replications"),
        "{sentence}"
    );
}

#[test]
fn the_manifest_tells_how_to_run_it_again() {
    let place = Place::new();
    let words = [
        "run",
        "tiny.toml",
        "--set",
        "cost=0.3",
        "--seed",
        "9",
        "--replications",
        "4",
        "--threads",
        "2",
    ];
    ended(&place.smfg(&words), 0);
    let manifest = json_at(place.path("output/tiny/manifest.json"));
    assert_eq!(manifest["smfg_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["scenario"], SCENARIO);
    assert_eq!(
        (&manifest["seed"], &manifest["threads"]),
        (&json!(9), &json!(2))
    );
    let command = manifest["command"].as_str().unwrap();
    assert!(command.ends_with(&words.join(" ")), "{command}");
    let digest = manifest["scenario_sha256"].as_str().unwrap();
    assert_eq!(digest, smfg::report::sha256(SCENARIO.as_bytes()));
    let settings = &manifest["settings"];
    assert_eq!(settings["set"], json!(["cost=0.3"]));
    assert_eq!(
        settings["solve"],
        json!({ "selection": "optimistic", "grid": 200, "tolerance": 1e-9 })
    );
    let simulate =
        json!({ "populations": [3], "replications": 4, "engine": "counts", "start": "iid" });
    assert_eq!(settings["simulate"], simulate);
    let validate = json!({ "epsilon": 0.02, "confidence": 0.99, "method": "auto", "starts": [] });
    assert_eq!(settings["validate"], validate);
    for phase in ["solve", "simulate", "validate"] {
        assert!(
            manifest["seconds"][phase].as_f64().unwrap() >= 0.0,
            "{phase}"
        );
    }
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), 10);
    assert!(files.iter().all(|name| {
        place
            .path("output/tiny")
            .join(name.as_str().unwrap())
            .is_file()
    }));
    // Run again from the manifest alone.
    fs::write(
        place.path("again.toml"),
        manifest["scenario"].as_str().unwrap(),
    )
    .unwrap();
    let again = [
        "run",
        "again.toml",
        "--set",
        "cost=0.3",
        "--seed",
        "9",
        "--replications",
        "4",
        "--out",
        "again",
    ];
    ended(&place.smfg(&again), 0);
    for name in files {
        let name = name.as_str().unwrap();
        let bytes = |folder: &str| fs::read(place.path(folder).join(name)).unwrap();
        assert!(bytes("output/tiny") == bytes("again"), "{name}");
    }
}

#[test]
fn json_on_standard_output_is_the_file() {
    let place = Place::new();
    for (command, file) in [
        ("run", "verdict.json"),
        ("validate", "verdict.json"),
        ("solve", "certificate.json"),
    ] {
        let printed = ended(
            &place.smfg(&[command, "tiny.toml", "--json", "--out", command]),
            0,
        );
        let printed: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(
            printed,
            json_at(place.path(command).join(file)),
            "{command}"
        );
    }
}

#[test]
fn quiet_prints_nothing() {
    let place = Place::new();
    for command in ["run", "solve", "simulate", "validate"] {
        let words = [command, "tiny.toml", "--quiet", "--out", command];
        assert_eq!(ended(&place.smfg(&words), 0), "", "{command}");
    }
}

#[test]
fn every_command_writes_its_own_files() {
    let place = Place::new();
    for (command, files) in [
        (
            "solve",
            &[
                "certificate.json",
                "mean_field.csv",
                "policy.csv",
                "theta.npz",
            ][..],
        ),
        ("simulate", &["returns.csv", "summary.csv", "trace.csv"]),
        (
            "validate",
            &[
                "best_response.csv",
                "certificate.json",
                "deviations.csv",
                "verdict.json",
            ],
        ),
    ] {
        ended(&place.smfg(&[command, "tiny.toml", "--out", command]), 0);
        let mut found: Vec<String> = place.names();
        found.retain(|name| {
            name.starts_with(&format!("{command}/")) && !name.ends_with("manifest.json")
        });
        let expected: Vec<String> = files
            .iter()
            .map(|file| format!("{command}/{file}"))
            .collect();
        assert_eq!(found, expected);
        assert!(place.path(command).join("manifest.json").is_file());
    }
    let words = [
        "simulate",
        "tiny.toml",
        "--trace",
        "none",
        "--returns-by-type",
        "--out",
        "short",
    ];
    ended(&place.smfg(&words), 0);
    assert!(!place.path("short/trace.csv").exists());
    let header = "population,replication,follower_return,leader_return,follower_return_well,follower_return_ill\n";
    assert!(read(&place.path("short/returns.csv")).starts_with(header));
    ended(
        &place.smfg(&[
            "solve",
            "tiny.toml",
            "--policy-rows",
            "path",
            "--out",
            "path",
        ]),
        0,
    );
    assert_eq!(read(&place.path("path/policy.csv")).lines().count(), 3);
}

#[test]
fn a_solved_policy_read_back_is_the_same_policy() {
    let place = Place::new();
    ended(&place.smfg(&["run", "tiny.toml", "--out", "solved"]), 0);
    let words = [
        "run",
        "tiny.toml",
        "--policy",
        "solved/policy.csv",
        "--out",
        "read",
    ];
    ended(&place.smfg(&words), 0);
    for name in [
        "trace.csv",
        "returns.csv",
        "deviations.csv",
        "best_response.csv",
    ] {
        assert_eq!(
            read(&place.path("read").join(name)),
            read(&place.path("solved").join(name)),
            "{name}"
        );
    }
}

#[test]
fn a_leader_with_a_policy_file_is_not_tested() {
    let place = Place::new();
    let led = format!(
        "{SCENARIO}\n[leader]\nactions = {{ name = \"fee\", values = [0.1, 0.2] }}\nreward = {{ per_follower = \"-fee\" }}\n"
    );
    fs::write(place.path("led.toml"), led).unwrap();
    let lines: Vec<String> = CURE
        .lines()
        .zip(["leader_action", "0.1"])
        .map(|(row, l)| format!("{l},{row}"))
        .collect();
    fs::write(place.path("led.csv"), lines.join("\n")).unwrap();
    let screen = ended(
        &place.smfg(&["run", "led.toml", "--policy", "led.csv", "--out", "led"]),
        1,
    );
    assert!(screen.contains("not tested"), "{screen}");
    let verdict = json_at(place.path("led/verdict.json"));
    let players: Vec<&Value> = verdict["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["player"])
        .collect();
    assert_eq!(players, ["follower"]);
    assert!(
        verdict["warnings"]
            .to_string()
            .contains("leader's deviations are not tested")
    );
    // Solved, she is tested; she takes the smaller fee.
    ended(&place.smfg(&["run", "led.toml", "--out", "solved"]), 0);
    let verdict = json_at(place.path("solved/verdict.json"));
    assert_eq!(verdict["results"].as_array().unwrap().len(), 2);
    assert!(
        read(&place.path("solved/policy.csv"))
            .lines()
            .skip(1)
            .all(|row| row.split(',').nth(3) == Some("0.1"))
    );
    // A table without the column of her action is none of this game's.
    fs::write(place.path("cure.csv"), CURE).unwrap();
    let refused = place.smfg(&["run", "led.toml", "--policy", "cure.csv", "--out", "no"]);
    assert_fails(&refused, 2, "leader_action");
}

#[test]
fn a_bad_policy_file_exits_with_2_and_writes_nothing() {
    let place = Place::new();
    for (text, message) in [
        ("", "gamma_well_wait"),
        ("gamma_well_wait\n1\n", "gamma_well_cure"),
        (&CURE.replace("0,1,0,1", "0,2,0,1"), "line 2"),
        (&CURE.replace("0,1,0,1", "0,NaN,0,1"), "line 2"),
        (&CURE.replace("0,1,0,1", "0,-1,1,1"), "line 2"),
        (&CURE.replace("0,1,0,1", "0.5,0.4,0,1"), "line 2"),
    ] {
        fs::write(place.path("policy.csv"), text).unwrap();
        let output = place.smfg(&[
            "validate",
            "tiny.toml",
            "--policy",
            "policy.csv",
            "--out",
            "out",
        ]);
        assert_fails(&output, 2, message);
        assert_eq!(place.names(), ["policy.csv", "tiny.toml"]);
    }
}
