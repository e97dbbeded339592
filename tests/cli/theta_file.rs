//! theta.npz: what is solved once is taken up again, number by number, and refused where it does not belong.

use std::fs;
use std::path::Path;

use crate::support::program::{Place, assert_fails};
use smfg::game::{Belief, Game, LeaderInformation, MeanField, Policy};
use smfg::report::read_theta;
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Archive, ArchiveError, Solved};

/// Shipped scenarios of every kind, made small.
const KINDS: [(&str, &[&str]); 7] = [
    ("infection", &["horizon=4", "solve.grid=20"]),
    (
        "infection_fixed_price",
        &[
            "horizon=\"infinite\"",
            "solve.selection=\"optimistic\"",
            "solve.grid=20",
        ],
    ),
    ("signalling", &["horizon=3", "solve.grid=20"]),
    ("public_state", &["horizon=3", "solve.grid=20"]),
    ("tipping", &["horizon=3", "solve.grid=6"]),
    ("sir_vaccination", &["horizon=3", "solve.grid=6"]),
    ("sir_lockdown_private", &["horizon=2", "solve.grid=5"]),
];

fn shipped(name: &str, set: &[&str]) -> Scenario {
    let overrides: Vec<Override> = set.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(Path::new(&format!("scenarios/{name}.toml")), &overrides).unwrap()
}

/// The beliefs that a game starts from, and the law of types at m or around it.
fn points(game: &Game) -> Vec<(Belief, MeanField)> {
    let pi = game.initial_belief();
    let beliefs = match game.leader_information() {
        LeaderInformation::Public => {
            let types = 0..pi.weights().len();
            types
                .map(|x| Belief::of_type(pi.weights().len(), smfg::game::LeaderType(x)))
                .collect()
        }
        _ => vec![pi.clone()],
    };
    let types = game.follower_types().len();
    let shares = [0.0, 0.21, 0.5, 0.83, 1.0];
    let laws = shares.map(|m| {
        let mut weights = vec![m / (types - 1) as f64; types];
        weights[0] = 1.0 - m;
        MeanField::new(weights)
    });
    let pairs = beliefs
        .iter()
        .flat_map(|pi| laws.iter().map(|z| (pi.clone(), z.clone())));
    pairs.collect()
}

#[test]
fn what_is_restored_is_what_was_solved() {
    for (name, set) in KINDS {
        let scenario = shipped(name, set);
        let game = scenario.game();
        let solved = Solved::compute(game, &scenario.solve, None).unwrap();
        let archive = Archive::of(&solved);
        let restored = archive.restore(game, &scenario.solve).unwrap();
        assert_eq!(Archive::of(&restored), archive, "{name}");
        assert_eq!(restored.work(), solved.work(), "{name}");
        assert_eq!(restored.iteration(), solved.iteration(), "{name}");
        for (belief, z) in points(game) {
            let (a, b) = (
                solved.resolve(1, &belief, &z).unwrap(),
                restored.resolve(1, &belief, &z).unwrap(),
            );
            // Debug prints every digit.
            assert_eq!(format!("{a:?}"), format!("{b:?}"), "{name}");
            assert_eq!(
                solved.play(1, &belief, &z).unwrap(),
                restored.play(1, &belief, &z).unwrap(),
                "{name}"
            );
        }
    }
}

#[test]
fn another_game_setting_version_or_form_is_refused() {
    let set = ["horizon=3", "solve.grid=20"];
    let scenario = shipped("infection", &set);
    let (game, settings) = (scenario.game(), &scenario.solve);
    let archive = Archive::of(&Solved::compute(game, settings, None).unwrap());
    // What is done with a solution does not matter.
    let same = shipped(
        "infection",
        &[&set[..], &["validate.epsilon=0.5", "seed=9"]].concat(),
    );
    assert!(archive.restore(same.game(), &same.solve).is_ok());
    for change in ["lambda=0.21", "discount=0.8", "horizon=4"] {
        let other = shipped("infection", &[&set[..], &[change]].concat());
        let refused = archive.restore(other.game(), &other.solve);
        assert!(
            matches!(refused, Err(ArchiveError::Game { .. })),
            "{change}"
        );
    }
    for (change, key) in [
        ("solve.grid=21", "grid"),
        ("solve.selection=\"welfare\"", "selection"),
        ("solve.tolerance=1e-8", "tolerance"),
    ] {
        let other = shipped("infection", &[&set[..], &[change]].concat());
        match archive.restore(other.game(), &other.solve) {
            Err(ArchiveError::Setting { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{change}: {:?}", other.map(|_| ())),
        }
    }
    let mut old = archive.clone();
    old.about["smfg_version"] = "0.0.1".into();
    assert!(matches!(
        old.restore(game, settings),
        Err(ArchiveError::Version { .. })
    ));
    let mut new = archive.clone();
    new.about["format"] = 99.into();
    assert!(matches!(
        new.restore(game, settings),
        Err(ArchiveError::Format { .. })
    ));
    for gone in 0..archive.arrays.len() {
        let mut part = archive.clone();
        part.arrays.remove(gone);
        let name = &archive.arrays[gone].0;
        // The beliefs are there for other readers.
        let needed = !["belief", "period_start"].contains(&&name[..]);
        let refused = matches!(
            part.restore(game, settings),
            Err(ArchiveError::Damaged { .. })
        );
        assert_eq!(refused, needed, "{name}");
    }
}

#[test]
fn the_program_takes_up_a_solution_to_the_same_bytes() {
    let place = Place::new();
    let out = |name: &str| ["--quiet", "--out", name].map(str::to_owned);
    let run = |command: &str, more: &[&str], folder: &str| {
        let out = out(folder);
        let mut words = vec![command, "tiny.toml"];
        words.extend(more);
        words.extend(out.iter().map(String::as_str));
        place.smfg(&words)
    };
    assert!(run("solve", &[], "solved").status.success());
    let theta = "solved/theta.npz";
    assert!(read_theta(&place.path(theta)).is_ok());
    for command in ["simulate", "validate", "run"] {
        let fresh = run(command, &[], &format!("{command}-fresh"));
        let reused = run(command, &["--theta", theta], &format!("{command}-reused"));
        assert_eq!(fresh.status.code(), reused.status.code(), "{command}");
        for file in fs::read_dir(place.path(&format!("{command}-fresh"))).unwrap() {
            let name = file.unwrap().file_name();
            let name = name.to_str().unwrap();
            if name != "manifest.json" {
                let read = |folder: &str| fs::read(place.path(folder).join(name)).unwrap();
                let (a, b) = (format!("{command}-fresh"), format!("{command}-reused"));
                assert!(read(&a) == read(&b), "{command}: {name}");
            }
        }
    }
}

#[test]
fn files_that_are_no_solution_are_refused_with_the_reason() {
    let place = Place::new();
    let solve = ["solve", "tiny.toml", "--quiet", "--out", "solved"];
    assert!(place.smfg(&solve).status.success());
    let bytes = fs::read(place.path("solved/theta.npz")).unwrap();
    let simulate = |file: &str, more: &[&str]| {
        let words = ["simulate", "tiny.toml", "--quiet", "--theta", file];
        place.smfg(&[&words[..], more].concat())
    };
    assert_fails(&simulate("none.npz", &[]), 2, "none.npz");
    fs::write(place.path("text.npz"), "not a zip").unwrap();
    assert_fails(
        &simulate("text.npz", &[]),
        2,
        "is not a solution as it was written",
    );
    for cut in [1, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(place.path("cut.npz"), &bytes[..cut]).unwrap();
        assert_fails(
            &simulate("cut.npz", &[]),
            2,
            "is not a solution as it was written",
        );
    }
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(place.path("bad.npz"), &damaged).unwrap();
        // A byte that says nothing (a time, a name kept twice) may be another; nothing else may.
        if let Ok(archive) = read_theta(&place.path("bad.npz")) {
            let whole = read_theta(&place.path("solved/theta.npz")).unwrap();
            assert_eq!(archive.arrays, whole.arrays, "byte {at}");
        }
    }
    let other = simulate("solved/theta.npz", &["--set", "cost=0.5"]);
    assert_fails(&other, 2, "another game");
    let other = simulate("solved/theta.npz", &["--set", "solve.grid=3"]);
    assert_fails(&other, 2, "grid");
    let both = simulate("solved/theta.npz", &["--policy", "policy.csv"]);
    assert_fails(&both, 2, "cannot be used with");
}
