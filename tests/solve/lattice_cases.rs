//! Games on the lattice whose V_1 is known by hand, or by the same game with its two moving types alone.

use smfg::certify::{Certificate, Certified};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Solved, SolvedPoint};
use std::path::Path;

fn read(name: &str, overrides: &[&str]) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{name}.toml"));
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(&path, &overrides).expect("the scenario reads")
}

fn certify(scenario: &Scenario) -> (SolvedPoint, Certificate) {
    let game = scenario.game();
    let solved = Solved::compute(game, &scenario.solve, None).expect("solved");
    let point = solved
        .resolve(1, game.initial_belief(), game.initial())
        .expect("values");
    let certified = Certified::solution(&solved, &[]).expect("certified");
    (point, certified.certificate)
}

fn error(certificate: &Certificate) -> f64 {
    let figures = certificate.solution.as_ref().expect("a solution");
    let error = figures.value_error.as_ref();
    error.expect("every solve on a lattice has one").figure
}

/// The coin stands at z[hi] = 0.503, beyond 0.5005 where the leader earns 1, whatever the flow follows.
#[test]
fn a_lottery_is_held_at_its_jump() {
    for overrides in [
        &["solve.grid=40"][..],
        &["solve.grid=41"],
        &["solve.grid=40", "solve.flow=\"realised\""],
    ] {
        let (point, certificate) = certify(&read("lottery_edge2", overrides));
        assert!((point.values.leader - 1.0).abs() < 1e-8, "{point:?}");
        assert!(point.values.followers[0].abs() < 1e-8, "{point:?}");
        assert!(!point.supported && point.next.len() == 2, "{point:?}");
        for way in &point.next {
            assert!((way.mean_field.weights()[2] - 0.503).abs() < 1e-8);
            assert!((way.probability - 0.5).abs() < 1e-8);
        }
        assert!(error(&certificate) < 1e-8);
    }
}

/// Two jumps of V_2 within one cell: with its two moving types alone, jumps tracked, the game gives -0.377779.
#[test]
fn two_jumps_on_one_edge_are_told_apart() {
    for grid in ["solve.grid=40", "solve.grid=25"] {
        let (point, certificate) = certify(&read("lottery_two_jumps", &[grid]));
        assert!((point.values.leader + 0.377779).abs() < 2e-6, "{point:?}");
        assert!(error(&certificate) < 1e-6);
    }
}

/// 10 a period where z[c0] > 0.335, twice, z[c0] = 0.336.
#[test]
fn a_jump_of_a_formula_is_not_interpolated_over() {
    for grid in [20, 100, 101] {
        let grid = format!("solve.grid={grid}");
        let (point, certificate) = certify(&read("lattice_threshold", &[&grid]));
        for v in &point.values.followers {
            assert!((v - 20.0).abs() < 1e-9, "{grid}: {point:?}");
        }
        assert!(error(&certificate) < 1e-6, "{}", error(&certificate));
    }
}

/// All A and all B differ by 0.0005 to the leader, less than what the lattice interpolates over.
#[test]
fn a_near_tie_is_decided_by_the_values_themselves() {
    let (point, certificate) = certify(&read("lattice_neartie", &[]));
    assert!((point.values.leader - 2.55025).abs() < 1e-9, "{point:?}");
    assert!((point.values.followers[0] + 0.12).abs() < 1e-9, "{point:?}");
    assert!(error(&certificate) < 5e-4);
}
