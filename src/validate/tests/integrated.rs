//! The tagged follower integrated out, against exact gains; its weights, its refusals and the coverage of its limits.

use super::lattice_game::{RISING, rising_policy};
use super::sampled::{DOMINATED, agrees, run, settings};
use super::*;
use crate::stats::clopper_pearson;
use crate::validate::MethodChoice;
use crate::validate::*;

/// A policy that jumps in z near the path of [`DOMINATED`].
fn jumping() -> Rule {
    Rule::followers(|_, z| {
        let work = if z.weights()[1] > 0.42 { 0.2 } else { 0.9 };
        [[1.0 - work, work], [0.3, 0.7]]
    })
}

fn rows(found: &Validation) -> impl Iterator<Item = &Row> {
    let working = |row: &&Row| row.deviation == "constant:work";
    found.rows.iter().filter(working)
}

#[test]
fn gains_agree_with_the_exact_ones_at_every_size() {
    let game = game(DOMINATED);
    for population in [30, 100, 1000, 10_000] {
        let populations = [population];
        let exact = run(
            &game,
            &jumping(),
            &settings(&[population], MethodChoice::Exact),
        );
        let setting = Settings {
            replications: 4096,
            // Neither certified nor refuted before the last replication.
            epsilon: 0.7,
            ..settings(&populations, MethodChoice::Integrated)
        };
        let found = run(&game, &jumping(), &setting);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        for row in rows(&found) {
            let truth = exact
                .rows
                .iter()
                .find(|exact| exact.start == row.start)
                .unwrap();
            agrees(row, truth.gain, truth.value);
            // The mean weight is 1; its standard error is that of weights with this effective sample size.
            let n = row.replications as f64;
            let error = ((n / row.effective_replications - 1.0) / n).sqrt();
            assert!(
                (row.mean_weight - 1.0).abs() < 5.0 * error + 1e-9,
                "{row:?}"
            );
            assert!(row.effective_replications > 0.5 * n, "{row:?}");
            // Another policy's gain is told apart.
            assert!(
                (row.gain - 1.05 * truth.gain).abs() > 5.0 * row.std_error,
                "{row:?}"
            );
        }
        let paired = Settings {
            method: MethodChoice::Paired,
            ..setting
        };
        for row in rows(&run(&game, &jumping(), &paired)) {
            let truth = exact.rows.iter().find(|exact| exact.start == row.start);
            let truth = truth.unwrap();
            agrees(row, truth.gain, truth.value);
            assert!(
                (row.gain - 1.25 * truth.gain).abs() > 5.0 * row.std_error,
                "{row:?}"
            );
        }
    }
}

#[test]
fn the_variance_falls_with_the_population() {
    let game = game(DOMINATED);
    let variance = |population: u64, method| {
        let populations = [population];
        let setting = Settings {
            replications: 1024,
            ..settings(&populations, method)
        };
        let found = run(&game, &jumping(), &setting);
        let row = rows(&found).find(|row| row.start == "low").unwrap();
        row.std_error * row.std_error * row.replications as f64
    };
    let (small, large) = (
        variance(100, MethodChoice::Integrated),
        variance(10_000, MethodChoice::Integrated),
    );
    assert!(large < small / 20.0, "{small} {large}");
    assert!(variance(10_000, MethodChoice::Paired) > 100.0 * large);
}

#[test]
fn three_types_agree_with_the_exact_gains() {
    let (game, policy) = (game(RISING), rising_policy());
    let exact = run(&game, &policy, &settings(&[12], MethodChoice::Exact));
    assert!(exact.best_response.iter().all(|row| row.action == 1));
    let setting = Settings {
        replications: 1024,
        epsilon: 2.0,
        ..settings(&[12], MethodChoice::Integrated)
    };
    let found = run(&game, &policy, &setting);
    assert_eq!(rows(&found).count(), 4);
    for row in rows(&found) {
        let truth = exact
            .rows
            .iter()
            .find(|exact| exact.start == row.start)
            .unwrap();
        agrees(row, truth.gain, truth.value);
        assert!(
            (row.gain - 1.2 * truth.gain).abs() > 5.0 * row.std_error,
            "{row:?}"
        );
    }
}

/// Followers who see one of them up nearly all rise, else hardly any: three followers who rise tell who deviates.
const TELLING: &str = r#"
name = "telling"
horizon = 40
discount = 1.0
[follower]
types = ["down", "up"]
actions = ["stay", "rise"]
initial = [1.0, 0.0]
reward = "z[up] - 0.1 * (x == up)"
[follower.transition]
"down, stay" = { up = 0.002, down = "rest" }
"down, rise" = { up = 0.95, down = "rest" }
"up, stay" = { up = 0.01, down = "rest" }
"up, rise" = { up = 0.99, down = "rest" }
"#;

fn answering() -> Rule {
    Rule::followers(|_, z| {
        let rise = if z.weights()[1] > 0.1 { 1.0 } else { 0.0 };
        [[1.0 - rise, rise], [1.0, 0.0]]
    })
}

#[test]
fn heavy_weights_refuse_to_conclude() {
    let game = game(TELLING);
    let setting = Settings {
        replications: 2048,
        ..settings(&[4], MethodChoice::Integrated)
    };
    let found = run(&game, &answering(), &setting);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    let refused = |w: &String| w.contains("`integrated` refuses to conclude");
    assert!(found.warnings.iter().any(refused), "{:?}", found.warnings);
    assert!(
        found
            .rows
            .iter()
            .all(|row| row.verdict == Verdict::Inconclusive)
    );
    assert!(
        found
            .rows
            .iter()
            .any(|row| row.effective_replications < 0.01 * row.replications as f64)
    );
}

#[test]
fn limits_cover_the_gain_at_every_stopping_time() {
    // Few followers and heavy weights; the limits at level .1 on either side, where sampling stops of itself.
    let game = game(&DOMINATED.replace("horizon = 5", "horizon = 2"));
    let exact = run(&game, &jumping(), &settings(&[6], MethodChoice::Exact));
    let truth = |start: &str| {
        exact
            .rows
            .iter()
            .find(|row| row.start == start)
            .unwrap()
            .gain
    };
    for (method, epsilon) in [
        (MethodChoice::Integrated, 0.3),
        (MethodChoice::Paired, 0.28),
    ] {
        let runs = 60;
        let (mut above, mut below) = (0, 0);
        for seed in 0..runs {
            let setting = Settings {
                seed,
                epsilon,
                confidence: 0.9,
                replications: 1024,
                ..settings(&[6], method)
            };
            let found = run(&game, &jumping(), &setting);
            let row = rows(&found).find(|row| row.start == "low").unwrap();
            above += u64::from(row.high < truth("low"));
            below += u64::from(row.low > truth("low"));
            assert!(row.low.is_finite() && row.high.is_finite());
        }
        for missed in [above, below] {
            assert!(
                clopper_pearson(missed, runs, 0.01).low <= 0.1,
                "{method:?}: {missed} of {runs}"
            );
        }
    }
}

#[test]
fn a_policy_file_is_tried_by_name_for_both_players() {
    let game = game(TANGLED);
    let text = "t,gamma_low_idle,gamma_low_work,gamma_high_idle,gamma_high_work,leader_action\n\
                1,0,1,0,1,2\n2,1,0,1,0,0\n3,0.5,0.5,0.5,0.5,1\n";
    let policy = crate::game::PolicyFile::from_reader(
        std::path::Path::new("mine.csv"),
        text.as_bytes(),
        &game,
    );
    let files = [NamedPolicy {
        name: "mine".into(),
        policy: policy.unwrap(),
    }];
    for method in [MethodChoice::Integrated, MethodChoice::Paired] {
        let setting = Settings {
            files: &files,
            replications: 1024,
            ..settings(&[40], method)
        };
        let found = run(&game, &tangled_policy(), &setting);
        let named: Vec<&Row> = found
            .rows
            .iter()
            .filter(|row| row.deviation == "file:mine")
            .collect();
        assert_eq!(named.len(), 4);
        assert!(
            named
                .iter()
                .all(|row| row.gain != 0.0 && row.std_error > 0.0)
        );
        assert!(
            found
                .results
                .iter()
                .all(|result| result.class.contains("the policies given"))
        );
    }
}
