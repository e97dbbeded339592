//! Infinite horizons: the stationary theta against long finite horizons, and iterations that do not converge.

use std::process::Command;

use smfg::certify::certify_path;
use smfg::game::{Belief, MeanField};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Ending, Pieces, Solved, Theta};

fn scenario(name: &str, overrides: &[&str]) -> Scenario {
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    let path = format!("scenarios/{name}.toml");
    Scenario::read(path.as_ref(), &overrides).expect("a shipped scenario")
}

/// Games whose iteration settles, with few prices to be quick.
const SETTLING: [(&str, &[&str]); 3] = [
    ("infection", &["leader.actions.count=5"]),
    ("infection_fixed_price", &["solve.selection=optimistic"]),
    ("infection_as_printed", &["leader.actions.count=3"]),
];

#[test]
fn the_stationary_value_is_the_limit_of_long_horizons() {
    for (name, overrides) in SETTLING {
        let infinite = scenario(name, &[overrides, &["horizon=infinite"][..]].concat());
        let solution = Theta::<Pieces>::compute(infinite.game(), &infinite.solve, None).unwrap();
        let iteration = solution.iteration().unwrap();
        assert_eq!(iteration.ending, Ending::Converged, "{name}: {iteration}");
        assert!(iteration.residual <= iteration.bound);
        // delta^260 is 1.3e-12.
        let long = scenario(name, &[overrides, &["horizon=260"][..]].concat());
        let finite = Theta::<Pieces>::compute(long.game(), &long.solve, None).unwrap();
        for m in [0.0537, 0.1234, 0.3137, 0.5341, 0.7713, 0.9291] {
            let (v, limit) = (
                solution
                    .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                    .unwrap()
                    .values,
                finite
                    .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                    .unwrap()
                    .values,
            );
            for (a, b) in [
                (v.followers[0], limit.followers[0]),
                (v.followers[1], limit.followers[1]),
                (v.leader, limit.leader),
            ] {
                assert!((a - b).abs() < 1e-7, "{name} at {m}: {a} and {b}");
            }
        }
    }
}

#[test]
fn nobody_gains_along_the_stationary_path_but_by_the_tail() {
    let infinite = scenario("infection", &["leader.actions.count=5", "horizon=infinite"]);
    let game = infinite.game();
    let solution = Solved::compute(game, &infinite.solve, None).unwrap();
    // Rewards lie between -k - 0.4 and 0; the periods played leave at most a tenth of epsilon.
    let tail = game.tail(0.6);
    assert!(tail <= 0.1 * infinite.validate.epsilon);
    assert!(0.9f64.powi(game.horizon() as i32 - 1) * 0.6 / 0.1 > 0.1 * infinite.validate.epsilon);
    for i in (1..200).step_by(13) {
        let path = certify_path(&solution, &MeanField::two_types(f64::from(i) / 200.0)).unwrap();
        for gain in path.exploitability.by_type {
            assert!(gain <= tail, "{gain}");
        }
    }
}

#[test]
fn a_cycle_is_no_solution() {
    let cyclic = scenario("infection_fixed_price", &["horizon=infinite"]);
    let solution = Theta::<Pieces>::compute(cyclic.game(), &cyclic.solve, None).unwrap();
    assert_eq!(solution.iteration().unwrap().ending, Ending::Cycle(2));
    assert!(!solution.is_solved());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = Command::new(env!("CARGO_BIN_EXE_smfg"))
        .args([
            "solve",
            "scenarios/infection_fixed_price.toml",
            "--set",
            "horizon=infinite",
            "--out",
        ])
        .arg(&out)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3));
    let message = String::from_utf8(run.stderr).unwrap();
    assert!(
        message.contains("not converged") && message.contains("every 2 iterations"),
        "{message}"
    );
    assert!(!out.exists());
}
