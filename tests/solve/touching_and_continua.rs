//! Equilibria where the incentive touches zero, and the best and worst points inside continua: games solved by hand.

use smfg::game::{Belief, MeanField};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Kind, Pieces, SolvedEquilibrium, Theta};

fn scenario(text: &str, settings: &[(&str, &str)]) -> Scenario {
    let settings: Vec<Override> = settings
        .iter()
        .map(|(key, value)| Override::new(format!("{key}={value}")))
        .collect();
    Scenario::parse("game.toml", text, &settings).expect("the scenario is sound")
}

fn solve(scenario: &Scenario) -> Theta<'_, Pieces> {
    Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None)
        .expect("the game has a solution")
}

/// Every equilibrium at t = 1 from m.
fn equilibria(solution: &Theta<'_, Pieces>, m: f64) -> Vec<SolvedEquilibrium> {
    let belief = solution.game().initial_belief();
    let rows = solution.stage_equilibria(1, belief, &MeanField::two_types(m), None);
    rows.expect("the game has values")
}

/// V^l_1 at z_1, the same over grids; what is selected there.
fn value(text: &str, settings: &[(&str, &str)], expected: f64) -> SolvedEquilibrium {
    let mut selected = None;
    for grid in ["1", "3", "10", "200"] {
        let mut all = settings.to_vec();
        all.push(("solve.grid", grid));
        let scenario = scenario(text, &all);
        let solution = solve(&scenario);
        let m = scenario.game().initial().weights()[1];
        let point = solution
            .resolve(1, &Belief::certain(), &MeanField::two_types(m))
            .expect("the game has values");
        let got = point.values.leader;
        assert!(
            (got - expected).abs() < 1e-9,
            "grid {grid}: {got} {expected}"
        );
        // What is stored is what the stage game solved anew gives.
        let stored = solution
            .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
            .expect("V is held")
            .leader;
        assert!((stored - expected).abs() < 1e-9, "grid {grid}: {stored}");
        assert_eq!((solution.work().failed, solution.work().even), (0, 0));
        let rows = equilibria(&solution, m);
        selected = rows.into_iter().find(|e| e.selected);
        assert!(selected.is_some(), "grid {grid}");
    }
    selected.expect("some grid was tried")
}

/// All are "hi" and indifferent, always, between actions that lead to z[hi] = 0.8 and 0.4; what the leader earns at t = 1
/// per follower, and at t = 2.
fn continuum(selection: &str, gain: &str, later: &str, reward: &str) -> String {
    format!(
        "name = \"continuum\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"lo\", \"hi\"]\n\
         actions = [\"stay\", \"move\"]\ninitial = [0.0, 1.0]\nreward = \"{reward}\"\n[follower.transition]\n\
         \"lo, *\" = {{ lo = 1 }}\n\"hi, stay\" = {{ hi = 0.8, lo = \"rest\" }}\n\
         \"hi, move\" = {{ hi = 0.4, lo = \"rest\" }}\n[leader]\nactions = [\"only\"]\n\
         reward = {{ period = \"if(t == 2, {later}, 0)\", per_follower = \"if(t == 1, {gain}, 0)\" }}\n\
         [solve]\nselection = \"{selection}\"\n"
    )
}

#[test]
fn the_best_of_a_continuum_lies_between_its_vertices() {
    for (selection, later, expected, next) in [
        ("optimistic", "1 - 10 * (z[hi] - 0.6)^2", 1.0, 0.6),
        ("pessimistic", "10 * (z[hi] - 0.6)^2 - 1", -1.0, 0.6),
        // At an end.
        ("pessimistic", "1 - 10 * (z[hi] - 0.55)^2", 0.375, 0.8),
        ("optimistic", "z[hi] - z[hi]^2 / 4", 0.64, 0.8),
        ("optimistic", "-z[hi]", -0.4, 0.4),
        // Two maxima on different pieces, no polynomial.
        (
            "optimistic",
            "max(1 - 100 * (z[hi] - 0.5)^2, 1.25 - 100 * (z[hi] - 0.7)^2)",
            1.25,
            0.7,
        ),
        ("optimistic", "exp(-(z[hi] - 0.5)^2)", 1.0, 0.5),
    ] {
        let e = value(&continuum(selection, "0", later, "0"), &[], expected);
        assert!(
            (e.next.weights()[1] - next).abs() < 1e-5,
            "{later}: {}",
            e.next.weights()[1]
        );
        assert!(e.continuum && !e.supremum, "{later}");
    }
}

#[test]
fn what_a_mixture_earns_at_once_moves_its_best_point() {
    // 0.4 p + 1 - 10 (z - 0.6)^2 with p = (0.8 - z) / 0.4 is largest at z = 0.55.
    let text = continuum(
        "optimistic",
        "0.4 * (a == move)",
        "1 - 10 * (z[hi] - 0.6)^2",
        "0",
    );
    let e = value(&text, &[], 1.225);
    assert!((e.next.weights()[1] - 0.55).abs() < 1e-7);
    assert!((e.prescription.row(1)[1] - 0.625).abs() < 1e-6);
}

#[test]
fn welfare_is_largest_between_the_vertices() {
    // The leader's value is the followers' with the sign turned.
    let reward = "if(t == 2, 1 - 10 * (z[hi] - 0.6)^2, 0)";
    let text = continuum("welfare", "0", "10 * (z[hi] - 0.6)^2 - 1", reward);
    let e = value(&text, &[], -1.0);
    assert!((e.next.weights()[1] - 0.6).abs() < 1e-7 && (e.values.followers[1] - 1.0).abs() < 1e-9);
}

#[test]
fn a_supremum_that_is_not_attained_is_its_limit_and_marked() {
    for (later, expected, supremum) in [
        ("if(z[hi] < 0.6, z[hi], 0)", 0.6, true),
        ("if(z[hi] <= 0.6, z[hi], 0)", 0.6, false),
        ("if(z[hi] > 0.6, 1 - z[hi], 0)", 0.4, true),
        ("if(z[hi] >= 0.6, 1 - z[hi], 0)", 0.4, false),
        // Attained from one side at a threshold that no binary number is.
        ("if(z[hi] >= 0.7, 1 - z[hi], 0)", 0.3, false),
        ("if(z[hi] > 0.7, 1 - z[hi], 0)", 0.3, true),
        // The same by a comparison that is no plain number's.
        ("if(2 * z[hi] >= 1.4, 1 - z[hi], 0)", 0.3, false),
        ("if(2 * z[hi] > 1.4, 1 - z[hi], 0)", 0.3, true),
    ] {
        let text = continuum("optimistic", "0", later, "0");
        let e = value(&text, &[], expected);
        let at = if later.contains("0.6") { 0.6 } else { 0.7 };
        assert!(
            (e.next.weights()[1] - at).abs() < 1e-9,
            "{later}: {}",
            e.next.weights()[1]
        );
        assert_eq!((e.continuum, e.supremum), (true, supremum), "{later}");
        let scenario = scenario(&text, &[]);
        assert_eq!(solve(&scenario).work().suprema > 0, supremum, "{later}");
    }
}

#[test]
fn all_points_of_a_continuum_are_one_equilibrium() {
    let text = continuum(
        "optimistic",
        "0",
        "if(z[hi] < 0.6, 1 - 10 * (z[hi] - 0.5)^2, 0)",
        "0",
    );
    let scenario = scenario(&text, &[]);
    let solution = solve(&scenario);
    let rows = equilibria(&solution, 1.0);
    assert!(rows.len() >= 5 && rows.iter().all(|e| e.continuum));
    assert_eq!(
        solution
            .resolve(1, &Belief::certain(), &MeanField::two_types(1.0))
            .expect("values")
            .equilibria,
        1
    );
}

/// Both types may mix, and three actions tie: every law of the next period between the extreme ones is an equilibrium.
fn three_actions(peak: &str) -> String {
    format!(
        "name = \"three\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"lo\", \"hi\"]\n\
         actions = [\"stay\", \"move\", \"flee\"]\ninitial = [0.5, 0.5]\nreward = \"0\"\n[follower.transition]\n\
         \"lo, stay\" = {{ lo = 1 }}\n\"lo, move\" = {{ hi = 0.5, lo = \"rest\" }}\n\"lo, flee\" = {{ hi = 0.2, lo = \"rest\" }}\n\
         \"hi, stay\" = {{ hi = 0.8, lo = \"rest\" }}\n\"hi, move\" = {{ hi = 0.4, lo = \"rest\" }}\n\
         \"hi, flee\" = {{ hi = 0.1, lo = \"rest\" }}\n[leader]\nactions = [\"only\"]\n\
         reward = {{ period = \"if(t == 2, 1 - 10 * (z[hi] - {peak})^2, 0)\" }}\n"
    )
}

#[test]
fn one_type_that_mixes_over_a_pair_reaches_the_best_point_of_a_larger_continuum() {
    for (peak, expected, next) in [
        ("0.62", 1.0, 0.62),
        ("0.11", 1.0, 0.11),
        ("0.33", 1.0, 0.33),
        ("0.75", 0.9, 0.65),
        ("0.01", 0.984, 0.05),
    ] {
        let e = value(&three_actions(peak), &[], expected);
        assert!(
            (e.next.weights()[1] - next).abs() < 1e-7,
            "{peak}: {}",
            e.next.weights()[1]
        );
    }
}

#[test]
fn the_best_path_through_two_continua_weighs_both() {
    // z_2 = a in [0.4, 0.8], z_3 = b in [0.4 a, 0.8 a]: 2 - 10 (a - 0.6)^2 - 10 (b - 0.55)^2 is largest at b = 0.8 a,
    // 1.64 a = 1.04.
    let text = continuum("optimistic", "0", "0", "0").replace(
        "if(t == 2, 0, 0)",
        "if(t == 2, 1 - 10 * (z[hi] - 0.6)^2, if(t == 3, 1 - 10 * (z[hi] - 0.55)^2, 0))",
    );
    let a = 1.04 / 1.64;
    let squares = (a - 0.6_f64).powi(2) + (0.8 * a - 0.55_f64).powi(2);
    let e = value(&text, &[("horizon", "3")], 2.0 - 10.0 * squares);
    assert!(
        (e.next.weights()[1] - a).abs() < 1e-6,
        "{}",
        e.next.weights()[1]
    );
}

/// Joining costs a fee and brings a member `worth` of the share of members after the choice; the owner earns the fee.
fn club(horizon: usize, worth: &str, fees: &str, reach: &str) -> String {
    format!(
        "name = \"club\"\nhorizon = {horizon}\ndiscount = 1\n[follower]\ntypes = [\"outside\", \"member\"]\n\
         actions = [\"decline\", \"join\"]\ninitial = [1.0, 0.0]\nreward = \"-fee * (a == join)\"\n\
         terminal = \"(x == member) * ({worth})\"\n[follower.transition]\n\"*, decline\" = {{ outside = 1 }}\n\
         \"*, join\" = {{ member = \"{reach}\", outside = \"rest\" }}\n[leader]\n\
         actions = {{ name = \"fee\", values = [{fees}] }}\nreward = {{ per_follower = \"fee * (a == join)\" }}\n"
    )
}

const DEMAND: &str = "z[member] * (2/3 - z[member])";

/// How many equilibria are pure, mixed and touching.
fn kinds(rows: &[SolvedEquilibrium]) -> [usize; 3] {
    [Kind::Pure, Kind::Mixed, Kind::Touching]
        .map(|kind| rows.iter().filter(|e| e.kind == kind).count())
}

#[test]
fn two_roots_that_meet_are_one_equilibrium_at_any_grid() {
    // Joining at the fee 1/9 is worth -(f - 1/3)^2. The grids of 3 and 9 have a point at the extremum.
    for horizon in 1..=3 {
        let e = value(
            &club(horizon, DEMAND, "0.05, \"1/9\"", "1"),
            &[("solve.grid", "9")],
            1.0 / 27.0 * horizon as f64 - (horizon - 1) as f64 / 27.0,
        );
        // Before the last period nothing depends on who is a member: nobody joins.
        if horizon == 1 {
            assert_eq!(e.kind, Kind::Touching);
            assert!((e.next.weights()[1] - 1.0 / 3.0).abs() < 1e-12);
        }
    }
    for grid in 1..=40 {
        let grid = grid.to_string();
        let scenario = scenario(&club(1, DEMAND, "\"1/9\"", "1"), &[("solve.grid", &grid)]);
        let solution = solve(&scenario);
        let rows = equilibria(&solution, 0.0);
        assert_eq!((rows.len(), kinds(&rows)), (2, [1, 0, 1]), "grid {grid}");
        assert!(
            (rows[1].next.weights()[1] - 1.0 / 3.0).abs() < 1e-12,
            "grid {grid}"
        );
        assert_eq!(solution.work().undecided, 0);
        // Whoever is a member already, a third of all join.
        for i in 0..=20 {
            let m = f64::from(i) / 20.0;
            assert!(
                (solution
                    .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
                    .expect("V is held")
                    .leader
                    - 1.0 / 27.0)
                    .abs()
                    < 1e-12,
                "{m}"
            );
        }
    }
}

#[test]
fn the_roots_part_beyond_the_tie_tolerance() {
    for (away, expected) in [
        ("-0.00000001", [1, 2, 0]),
        ("-0.000000000002", [1, 0, 1]),
        ("+0.000000000002", [1, 0, 1]),
        ("+0.00000001", [1, 0, 0]),
    ] {
        let scenario = scenario(&club(1, DEMAND, &format!("\"1/9 {away}\""), "1"), &[]);
        let rows = equilibria(&solve(&scenario), 0.0);
        assert_eq!(kinds(&rows), expected, "{away}");
    }
}

#[test]
fn an_incentive_may_touch_zero_from_above() {
    // Joining brings (f - 1/3)^2 at the fee -1/9, a subsidy: all join, or a third does and is indifferent.
    let text = club(1, "z[member] * (z[member] - 2/3)", "\"-1/9\"", "1");
    let e = value(&text, &[], -1.0 / 27.0);
    assert_eq!(e.kind, Kind::Touching);
    let scenario = scenario(&text, &[]);
    assert_eq!(kinds(&equilibria(&solve(&scenario), 0.0)), [1, 0, 1]);
}

#[test]
fn an_incentive_that_touches_at_a_corner_or_a_higher_order_is_no_continuum() {
    for worth in [
        "1/9 - abs(z[member] - 1/3)",
        "1/9 - (z[member] - 1/3)^4",
        "min(z[member], 4/9 - z[member]) - 1/9",
    ] {
        for grid in ["1", "7", "9", "200"] {
            let scenario = scenario(&club(1, worth, "\"1/9\"", "1"), &[("solve.grid", grid)]);
            let rows = equilibria(&solve(&scenario), 0.0);
            // The corner of the last lies at 2/9.
            let at = if worth.starts_with("min") {
                2.0 / 9.0
            } else {
                1.0 / 3.0
            };
            assert_eq!(
                (rows.len(), kinds(&rows)[0]),
                (2, 1),
                "{worth} {grid}: {rows:?}"
            );
            // Where the order is four, rounding leaves the extremum open by its cube root.
            let open = if worth.ends_with("^4") { 1e-4 } else { 1e-9 };
            assert!(
                (rows[1].next.weights()[1] - at).abs() < open,
                "{worth} {grid}"
            );
        }
    }
}

#[test]
fn an_incentive_that_is_flat_at_zero_is_a_continuum() {
    let worth = "1/9 - max(0, abs(z[member] - 0.4) - 0.15)";
    for grid in ["1", "7", "40", "200"] {
        let scenario = scenario(&club(1, worth, "\"1/9\"", "1"), &[("solve.grid", grid)]);
        let rows = equilibria(&solve(&scenario), 0.0);
        let (alone, flat): (Vec<_>, Vec<_>) = rows.iter().partition(|e| !e.continuum);
        assert_eq!((alone.len(), alone[0].kind), (1, Kind::Pure), "{grid}");
        let ends = flat.iter().map(|e| e.next.weights()[1]);
        let (low, high) = ends.fold((1.0, 0.0), |(l, h): (f64, f64), m| (l.min(m), h.max(m)));
        assert!(
            (low - 0.25).abs() < 1e-9 && (high - 0.55).abs() < 1e-9,
            "{grid}: {low} {high}"
        );
        assert_eq!(
            solve(&scenario)
                .resolve(1, &Belief::certain(), &MeanField::two_types(0.0))
                .expect("values")
                .equilibria,
            2,
            "{grid}"
        );
    }
}

#[test]
fn an_incentive_that_touches_zero_at_an_end_of_the_segment_is_the_pure_prescription_there() {
    // If all join a third become members, at the extremum: a fee of 1/27 is what joining is worth then.
    for grid in ["1", "3", "9", "200"] {
        let scenario = scenario(&club(1, DEMAND, "\"1/27\"", "1/3"), &[("solve.grid", grid)]);
        let solution = solve(&scenario);
        let rows = equilibria(&solution, 0.0);
        assert_eq!((rows.len(), kinds(&rows)), (2, [2, 0, 0]), "grid {grid}");
        let value = solution
            .resolve(1, &Belief::certain(), &MeanField::two_types(0.0))
            .expect("values")
            .values
            .leader;
        assert!((value - 1.0 / 27.0).abs() < 1e-12, "grid {grid}");
    }
}

#[test]
fn a_touching_equilibrium_of_an_earlier_period_is_found_against_the_values_that_were_solved() {
    // The worth of membership is what members get at t = 2, not a terminal value.
    let text = club(2, "0", "0.05, \"1/9\"", "1")
        .replace(
            "-fee * (a == join)",
            &format!("-fee * (a == join) * (t == 1) + (t == 2) * (x == member) * {DEMAND}"),
        )
        .replace("\"fee * (a == join)\"", "\"(t == 1) * fee * (a == join)\"");
    let e = value(&text, &[], 1.0 / 27.0);
    assert_eq!(e.kind, Kind::Touching);
    // From t = 1 of three periods on it comes a period later, and what comes before leads there from anywhere.
    let text = text
        .replace("horizon = 2", "horizon = 3")
        .replace("(t == 1)", "(t == 2)")
        .replace("(t == 2) * (x", "(t == 3) * (x");
    value(&text, &[], 1.0 / 27.0);
}

#[test]
fn where_the_error_of_v_leaves_a_touching_root_open_it_is_counted() {
    // No polynomial: its extremum is known to within the error of V alone.
    let worth = "z[member] * exp(-3 * z[member])";
    for grid in ["1", "5", "37", "200"] {
        let scenario = scenario(
            &club(1, worth, "\"exp(-1) / 3\"", "1"),
            &[("solve.grid", grid)],
        );
        let solution = solve(&scenario);
        let value = solution
            .resolve(1, &Belief::certain(), &MeanField::two_types(0.0))
            .expect("values")
            .values
            .leader;
        let right = (value - libm::exp(-1.0) / 9.0).abs() < 1e-6;
        assert!(
            right || solution.work().undecided > 0,
            "grid {grid}: {value}"
        );
    }
}
