//! Shares of a simulation: merged they are the single run, byte for byte, and what is not one run is refused.

use std::fs;

use crate::place::{TABLES, assert_code, assert_same, simulate};
use crate::support::program::Place;

/// The shares 1/N to N/N under `name`1, .., with more options.
fn shares(place: &Place, name: &str, of: usize, more: &[&str]) -> Vec<String> {
    let share = |index: usize| {
        let (out, shard) = (format!("{name}{index}"), format!("{index}/{of}"));
        let call = simulate(&[&["--out", &out, "--shard", &shard][..], more].concat());
        assert_code(&place.smfg(&call), 0, "");
        out
    };
    (1..=of).map(share).collect()
}

fn merge(place: &Place, shares: &[&str]) -> std::process::Output {
    place.smfg(&[&["merge", "--quiet", "--out", "merged"][..], shares].concat())
}

#[test]
fn merged_shares_are_the_single_run() {
    let place = Place::with_crowd();
    for (case, more) in [
        &["--replications", "100"][..],
        &[
            "--replications",
            "100",
            "--trace",
            "none",
            "--returns-by-type",
        ],
        &[
            "--replications",
            "101",
            "--trace-every",
            "7",
            "--engine",
            "agents",
        ],
        &["--replications", "20", "--agent-returns"],
        &[
            "--replications",
            "3",
            "--trace",
            "all",
            "--replications-from",
            "12",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let (whole, name) = (format!("whole{case}"), format!("case{case}-"));
        let call = simulate(&[&["--out", &whole][..], more].concat());
        assert_code(&place.smfg(&call), 0, "");
        let shares = shares(&place, &name, 3, more);
        let (out, order) = (
            format!("merged{case}"),
            [&shares[1], &shares[2], &shares[0]],
        );
        let mut call = vec!["merge", "--quiet", "--out", &out];
        call.extend(order.map(String::as_str));
        assert_code(&place.smfg(&call), 0, "");
        assert_same(&place.path(&out), &place.path(&whole));
        let manifest = fs::read_to_string(place.path(&out).join("manifest.json")).unwrap();
        assert!(
            manifest.contains("Two types") || manifest.contains("crowd"),
            "{manifest}"
        );
    }
}

#[test]
fn shares_that_are_not_one_run_are_refused() {
    let place = Place::with_crowd();
    let base = ["--replications", "30"];
    let good = shares(&place, "good", 3, &base);
    let [one, two, three] = [&good[0], &good[1], &good[2]].map(String::as_str);
    let other = |name: &str, shard: &str, more: &[&str]| {
        let call = simulate(&[&["--out", name, "--shard", shard][..], more].concat());
        assert_code(&place.smfg(&call), 0, "");
    };
    other("seed", "2/3", &["--replications", "30", "--seed", "9"]);
    other("replications", "2/3", &["--replications", "31"]);
    other("quarter", "2/4", &base);
    assert_code(
        &place.smfg(&simulate(&["--out", "single", "--replications", "30"])),
        0,
        "",
    );
    let text = fs::read_to_string(place.path("crowd.toml")).unwrap();
    fs::write(
        place.path("crowd.toml"),
        text.replace("0.25 * (a", "0.26 * (a"),
    )
    .unwrap();
    other("scenario", "2/3", &base);
    let edit = |name: &str, file: &str, from: &str, to: &str| {
        fs::create_dir(place.path(name)).unwrap();
        for entry in fs::read_dir(place.path(two)).unwrap() {
            let path = entry.unwrap().path();
            let mut text = fs::read_to_string(&path).unwrap();
            if path.ends_with(file) {
                assert!(text.contains(from));
                text = text.replacen(from, to, 1);
            }
            fs::write(place.path(name).join(path.file_name().unwrap()), text).unwrap();
        }
    };
    let version = format!("\"smfg_version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    edit(
        "version",
        "state.json",
        &version,
        "\"smfg_version\":\"0.0.1\"",
    );
    edit("shorter", "returns.csv", "\n50,", "\n5,");
    edit("damaged", "state.json", "\"done\":10", "\"done\":11");
    edit("torn", "state.json", "\"done\":10", "\"done\":");
    edit("types", "state.json", "\"actions\":2", "\"actions\":1");
    for (second, message) in [
        ("seed", "its seed is 9, not 0"),
        (
            "replications",
            "its setting `simulate.replications` is 31, not 30",
        ),
        ("quarter", "the run was cut differently"),
        ("scenario", "its scenario is another"),
        ("version", "was made by smfg 0.0.1"),
        ("single", "`single` holds no finished share"),
        ("nowhere", "`nowhere` holds no finished share"),
        (one, "overlap: both are share 1/3"),
        ("damaged", "is not what its state.json tells"),
        ("shorter", "is not what its state.json tells"),
        ("torn", "cannot read `torn/state.json`"),
        ("types", "cannot be joined"),
    ] {
        assert_code(&merge(&place, &[one, second, three]), 2, message);
    }
    assert_code(
        &merge(&place, &[one, three]),
        2,
        "1 of 3 shares are missing, the first of them 2/3",
    );
    assert_code(
        &merge(&place, &[two]),
        2,
        "2 of 3 shares are missing, the first of them 1/3",
    );
    assert_code(&place.smfg(&["merge", one, two, three]), 2, "--out");
    assert_code(&merge(&place, &[]), 2, "required");
    assert!(!place.exists("merged") && !place.exists("merged.partial"));
    assert_code(&merge(&place, &[one, two, three]), 0, "");
    assert_code(&merge(&place, &[one, two, three]), 2, "exists already");
}

#[test]
fn shares_that_cannot_be_are_refused() {
    let place = Place::with_crowd();
    for (shard, message) in [
        ("0/3", "I/N"),
        ("4/3", "I/N"),
        ("1", "I/N"),
        ("1/901", "cannot be cut into 901 shares"),
    ] {
        let call = simulate(&["--out", "share", "--shard", shard]);
        assert_code(&place.smfg(&call), 2, message);
    }
    assert_code(
        &place.smfg(&simulate(&["--trace", "none", "--trace-every", "3"])),
        2,
        "--trace sample",
    );
    assert!(!place.exists("share") && !place.exists("share.partial"));
}

#[test]
fn threads_change_no_byte() {
    let place = Place::with_crowd();
    for (engine, replications) in [("counts", "900"), ("agents", "40")] {
        let out = |threads: &str| format!("{engine}{threads}");
        for threads in ["1", "2", "7"] {
            let out = out(threads);
            let more = [
                "--engine",
                engine,
                "--replications",
                replications,
                "--threads",
                threads,
                "--out",
                &out,
            ];
            assert_code(&place.smfg(&simulate(&more)), 0, "");
        }
        assert_same(&place.path(&out("1")), &place.path(&out("2")));
        assert_same(&place.path(&out("1")), &place.path(&out("7")));
    }
}

#[test]
fn a_trace_holds_the_replications_asked_for() {
    let place = Place::with_crowd();
    let replications = |more: &[&str]| -> Vec<u64> {
        let call = simulate(
            &[
                &[
                    "--force",
                    "--out",
                    "traced",
                    "--replications",
                    "10",
                    "--population",
                    "5",
                ][..],
                more,
            ]
            .concat(),
        );
        assert_code(&place.smfg(&call), 0, "");
        let Ok(text) = fs::read_to_string(place.path("traced/trace.csv")) else {
            return Vec::new();
        };
        let mut found: Vec<u64> = text
            .lines()
            .skip(1)
            .map(|row| row.split(',').nth(1).unwrap().parse().unwrap())
            .collect();
        assert_eq!(found.len() % 6, 0);
        found.dedup();
        found
    };
    assert_eq!(replications(&[]), (1..=10).collect::<Vec<_>>());
    assert_eq!(
        replications(&["--trace", "all"]),
        (1..=10).collect::<Vec<_>>()
    );
    assert_eq!(
        replications(&["--trace", "sample"]),
        (1..=10).collect::<Vec<_>>()
    );
    assert_eq!(replications(&["--trace-every", "4"]), [1, 5, 9]);
    assert_eq!(
        replications(&[
            "--trace",
            "sample",
            "--trace-every",
            "5",
            "--replications-from",
            "3"
        ]),
        [6, 11]
    );
    assert_eq!(replications(&["--trace", "none"]), Vec::<u64>::new());
    assert!(
        TABLES
            .iter()
            .filter(|name| place.path("traced").join(name).exists())
            .count()
            == 2
    );
}

/// Peak memory does not grow with the replications; their counts alone, kept, would be 38 MB more.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    let place = Place::with_crowd();
    let peak = |replications: &str| -> f64 {
        let more = [
            "--force",
            "--out",
            "large",
            "--trace",
            "none",
            "--population",
            "1000",
        ];
        let call = simulate(&[&more[..], &["--replications", replications]].concat());
        let mut running = place.command(&call).spawn().unwrap();
        let (status, mut peak) = (format!("/proc/{}/status", running.id()), 0.0);
        while running.try_wait().unwrap().is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = kilobytes.map_or(peak, |kilobytes: f64| kilobytes / 1024.0);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(running.wait().unwrap().success());
        peak
    };
    let (few, many) = (peak("20000"), peak("400000"));
    assert!(few > 2.0 && many < few + 15.0, "{few} MB and {many} MB");
}
