use super::*;
use crate::game::{Belief, MeanField, Policy};
use crate::scenario::Scenario;

fn scenario(horizon: usize, reward: &str, next: &str, rest: &str) -> Scenario {
    let text = format!(
        "name = \"small\"\nhorizon = {horizon}\ndiscount = 0.9\n[follower]\ntypes = [\"one\", \"two\"]\n\
         actions = [\"go\", \"hold\"]\ninitial = [0.5, 0.5]\nreward = \"{reward}\"\n{rest}\n\
         [follower.transition]\n\"*, go\" = {{ two = \"{next}\", one = \"rest\" }}\n\
         \"*, hold\" = {{ two = \"0.6\", one = \"rest\" }}\n"
    );
    Scenario::parse("small.toml", &text, &[]).unwrap()
}

fn solve(scenario: &Scenario) -> Result<Theta<'_, Pieces>, SolveError> {
    Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None)
}

#[test]
fn large_rewards_scale_values_and_pieces_stay_few() {
    // No interpolation can be accurate to 1e-9 where V is 1e8.
    let game = |unit: &str| {
        let reward = format!("{unit} * z[two] * (a == hold) * (1 - z[two]) + {unit} * (x == two)");
        let terminal = format!("terminal = \"{unit} * z[two] * (x == two)\"");
        scenario(6, &reward, "0.3 + 0.3 * z[two]", &terminal)
    };
    let (small, large) = (game("1"), game("100000000"));
    let (small, large) = (solve(&small).unwrap(), solve(&large).unwrap());
    assert!(large.pieces() <= 2 * small.pieces());
    assert_eq!(large.jumps(), small.jumps());
    for i in 0..50 {
        let m = (f64::from(i) + 0.37) / 50.0;
        let (v, w) = (
            small
                .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
                .unwrap(),
            large
                .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
                .unwrap(),
        );
        for x in 0..2 {
            assert!((1e8 * v.followers[x] - w.followers[x]).abs() < 1.0);
        }
    }
}

#[test]
fn rewards_that_overflow_are_an_error() {
    let game = scenario(20, "1e308 * z[two]", "0.3 + 0.7 * z[two]", "");
    assert!(matches!(solve(&game), Err(SolveError::Overflow { .. })));
    // On a lattice too: among values that are no numbers the first would be the best.
    let text = "name = \"three\"\nhorizon = 20\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\", \"three\"]\n\
        actions = [\"go\", \"hold\"]\ninitial = [0.5, 0.5, 0]\nreward = \"1e308 * z[two]\"\n[follower.transition]\n\
        \"*, *\" = { two = 1 }\n[solve]\ngrid = 4\n";
    let three = Scenario::parse("three.toml", text, &[]).unwrap();
    let solved = Solved::compute(three.game(), &three.solve, None);
    assert!(
        matches!(solved, Err(SolveError::Overflow { .. })),
        "{solved:?}"
    );
}

#[test]
fn ties_of_mixtures_are_not_counted_as_missed_equilibria() {
    // hold and wait are the same action for both types: whatever mixes with one mixes with the other.
    let text = "name = \"twins\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
        actions = [\"go\", \"hold\", \"wait\"]\ninitial = [0.5, 0.5]\n\
        terminal = \"if(x == two, 0.5 - z[two], z[two] - 0.5)\"\n\
        [follower.reward]\n\"*, *\" = \"0\"\n[follower.transition]\n\"*, go\" = { two = 0.9, one = 0.1 }\n\
        \"*, hold\" = { two = 0.2, one = 0.8 }\n\"*, wait\" = { two = 0.2, one = 0.8 }\n";
    let scenario = Scenario::parse("twins.toml", text, &[]).unwrap();
    let solution = solve(&scenario).unwrap();
    assert_eq!(solution.work().failed, 0);
    assert_eq!(solution.work().even, 0);
}

/// One period; V_2(x_2) - V_2(x_1) drops from .2 to -.3 at 1/2, and only a coin makes type one indifferent.
fn lottery() -> Scenario {
    let text = "name = \"drop\"\nhorizon = 1\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
        actions = [\"go\", \"hold\"]\ninitial = [0.75, 0.25]\nreward = \"0.1 * (x == two) * (a == go)\"\n\
        terminal = \"(x == two) * if(z[two] > 0.5, -0.3, 0.2)\"\n[follower.transition]\n\
        \"*, go\" = { two = 0.8, one = 0.2 }\n\"*, hold\" = { two = 0.2, one = 0.8 }\n";
    Scenario::parse("drop.toml", text, &[]).unwrap()
}

#[test]
fn the_flow_branches_at_a_lottery_with_the_weights_of_its_coin() {
    let scenario = lottery();
    let solution = solve(&scenario).unwrap();
    let point = solution
        .resolve(1, &Belief::certain(), &MeanField::two_types(0.25))
        .unwrap();
    assert!(!point.supported);
    assert!((point.play.prescription.row(0)[1] - 2.0 / 3.0).abs() < 1e-9);
    let start = MeanField::two_types(0.25);
    let solved = Solved::Pieces(solution);
    let flow = follow(&solved, 1, &Belief::certain(), &start, Coin::Tossed).unwrap();
    let weights: Vec<f64> = flow.nodes.iter().map(|node| node.weight).collect();
    assert_eq!((flow.lotteries, weights.len()), (1, 3));
    assert!((weights[1] - 0.6).abs() < 1e-9 && (weights[2] - 0.4).abs() < 1e-9);
    let sides = [1, 2].map(|i| flow.nodes[i].mean_field.weights()[1]);
    assert!(sides[0] <= 0.5 && sides[1] > 0.5 && sides[1] - sides[0] < 1e-13);
    let plain = follow(&solved, 1, &Belief::certain(), &start, Coin::Ignored).unwrap();
    assert_eq!((plain.lotteries, plain.nodes.len()), (1, 2));
}

#[test]
fn nobody_gains_at_a_lottery_while_the_coin_is_tossed() {
    let scenario = lottery();
    let solution = solve(&scenario).unwrap();
    let solved = Solved::Pieces(solution);
    let path = crate::certify::certify_path(&solved, &MeanField::two_types(0.25)).unwrap();
    // Without the coin m' stays on the left, where going gains .6 * .2 on the 2/3 that hold.
    assert!(path.exploitability.by_type[0].abs() < 1e-9);
    assert!((path.without_coin.by_type[0] - 0.08).abs() < 1e-9);
    assert!(path.consistency < 1e-9);
}

/// The leader switches at z(two) = .37, where followers lose 1; they go where z(two) > .8.
fn switches() -> Scenario {
    let text = "name = \"switches\"\nhorizon = 1\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
        actions = [\"go\", \"hold\"]\ninitial = [0.5, 0.5]\nreward = \"(a == go) * (z[two] - 0.8) - level\"\n\
        [follower.transition]\n\"*, *\" = { two = 0.5, one = 0.5 }\n\
        [leader]\nactions = { name = \"level\", values = [0, 1] }\nreward = { period = \"level * (z[two] - 0.37)\" }\n";
    Scenario::parse("switches.toml", text, &[]).unwrap()
}

#[test]
fn a_switch_of_the_leader_is_a_jump_and_one_of_the_followers_a_kink() {
    let scenario = switches();
    let solution = solve(&scenario).unwrap();
    assert_eq!(solution.jumps(), Some(1));
    let at = |m: f64| {
        solution
            .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap()
            .followers[0]
    };
    // The leader's tie tolerance of 1e-10 moves her switch by as much.
    assert_eq!(at(0.37), 0.0);
    assert!((at(0.37 + 2e-10) + 1.0).abs() < 1e-12);
    for i in 0..200 {
        let m = (f64::from(i) + 0.61) / 200.0;
        let expected = (m - 0.8).max(0.0) - f64::from(u8::from(m > 0.37));
        assert!((at(m) - expected).abs() < 1e-9, "{m}");
    }
}

#[test]
fn play_inside_a_piece_is_what_a_full_search_finds() {
    let scenario = switches();
    let solution = solve(&scenario).unwrap();
    for i in 0..200 {
        let m = (f64::from(i) + 0.61) / 200.0;
        let play = solution
            .play(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap();
        assert_eq!(
            play,
            solution
                .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                .unwrap()
                .play
        );
        assert_eq!(play.leader_action().0, usize::from(m > 0.37));
        assert_eq!(play.prescription.row(0)[0], f64::from(u8::from(m > 0.8)));
    }
}

#[test]
fn an_equilibrium_that_is_selected_only_around_a_kink_of_v_is_found() {
    // V^l_2 = min(.02, 10 |z(two) - .5|), with a kink at .5, where the mixed equilibrium of t = 1 leads from m = .2525.
    // Every other equilibrium gives the leader .02: the pessimistic selection is the mixed one within .0012 of there.
    let text = "name = \"kink\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
        actions = [\"go\", \"hold\"]\ninitial = [0.75, 0.25]\n\
        reward = \"(t == 2) * (x == two) * (z[two] - 0.5) + (t == 1) * (a == go) * (z[two] - 0.2525 + 0.1 * (x == two))\"\n\
        [follower.transition]\n\"*, go\" = { two = 0.8, one = 0.2 }\n\"*, hold\" = { two = 0.2, one = 0.8 }\n\
        [leader]\nactions = { name = \"side\", values = [-1, 1] }\n\
        reward = { period = \"(t == 2) * side * max(-0.02, min(0.02, 10 * (z[two] - 0.5)))\" }\n\
        [solve]\nselection = \"pessimistic\"\n";
    let scenario = Scenario::parse("kink.toml", text, &[]).unwrap();
    let solution = solve(&scenario).unwrap();
    for (m, mixed) in [
        (0.2502, false),
        (0.2525, true),
        (0.2533, true),
        (0.2548, false),
    ] {
        let point = solution
            .resolve(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap();
        let held = point.play.prescription.row(0)[1];
        assert_eq!(held > 0.0 && held < 1.0, mixed, "{m}");
        let stored = solution
            .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap();
        assert!(stored.distance(&point.values) < 1e-8, "{m}: {stored:?}");
    }
}

/// At t = 2 the incentive of type u to play a0 crosses zero twice between two points of the mesh, at which the equilibria are
/// the same. Inside a0 is an equilibrium too, and the leader's better one, also where a1 still is.
#[test]
fn a_window_that_the_mesh_steps_over_is_found_with_its_selection() {
    let text = "name = \"hump\"\nhorizon = 3\ndiscount = 1\n[follower]\ntypes = [\"u\", \"v\"]\n\
        actions = [\"a0\", \"a1\"]\ninitial = [0.5, 0.5]\n\
        reward = \"if(t == 2, (x == u) * (a == a0) * 10000 * (0.002^2 - (z[v] - 0.5)^2), \
        if(t == 3, (x == v) * 0.1 * z[v], 0))\"\n[follower.transition]\n\
        \"u, a0\" = { v = \"if(t == 1, 0.5024, 0.8)\", u = \"rest\" }\n\
        \"u, a1\" = { v = \"if(t == 1, 0.5024, 0.5)\", u = \"rest\" }\n\
        \"v, *\" = { v = \"if(t == 1, 0.5024, 0.5)\", u = \"rest\" }\n\
        [leader]\nactions = { name = \"p\", values = [0, 1] }\n\
        reward = { per_follower = \"(t == 2) * (x == u) * (a == a0)\" }\n";
    for grid in ["201", "67", "200"] {
        let text = format!("{text}[solve]\ngrid = {grid}\n");
        let scenario = Scenario::parse("hump.toml", &text, &[]).unwrap();
        let solution = solve(&scenario).unwrap();
        for j in 0..=1000 {
            let m = 0.495 + 0.00001 * f64::from(j);
            let (held, searched) = (
                solution
                    .stored_values(2, &Belief::certain(), &MeanField::two_types(m))
                    .unwrap(),
                solution
                    .resolve(2, &Belief::certain(), &MeanField::two_types(m))
                    .unwrap()
                    .values,
            );
            assert!(
                (held.leader - searched.leader).abs() < 1e-7,
                "grid {grid}, {m}: {held:?} {searched:?}"
            );
        }
    }
}

/// Both actions lead to the same place, so that their payoffs differ by what the game states everywhere: by rounding
/// alone it is above or below 1e-10.
#[test]
fn a_loss_that_equals_the_tie_tolerance_as_written_is_a_tie_whatever_its_rounding() {
    let text = "name = \"edge\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"u\", \"v\"]\n\
        actions = [\"a0\", \"a1\"]\ninitial = [0.5, 0.5]\nreward = \"0.7 * z[v] + 1e-10 * (a == a1)\"\n\
        [follower.transition]\n\"u, *\" = { v = 0.3, u = \"rest\" }\n\"v, *\" = { v = 0.6, u = \"rest\" }\n\
        [leader]\nactions = { name = \"p\", from = 0, to = 1, count = 3 }\n\
        reward = { period = \"p * z[v]\" }\n";
    for grid in [2, 10, 200] {
        let text = format!("{text}[solve]\ngrid = {grid}\n");
        let scenario = Scenario::parse("edge.toml", &text, &[]).unwrap();
        let solution = solve(&scenario).unwrap();
        assert_eq!(solution.jumps(), Some(0));
        let point = solution
            .resolve(1, &Belief::certain(), &MeanField::two_types(0.4))
            .unwrap();
        // z(v) is .42 at t = 2, and the leader's price 1.
        assert!(
            (point.values.leader - (0.4 + 0.42)).abs() < 1e-9,
            "grid {grid}"
        );
    }
}

/// One period in which the leader's second action pays her `second` and the first nothing, and the second pays followers
/// one more: V^f jumps where she changes.
fn two_prices(first: &str, second: &str) -> Scenario {
    let text = format!(
        "name = \"prices\"\nhorizon = 1\ndiscount = 1\n[follower]\ntypes = [\"u\", \"v\"]\nactions = [\"wait\"]\n\
         initial = [0.5, 0.5]\nreward = \"{first} + p\"\n[follower.transition]\n\"*, *\" = {{ v = 0.5, u = 0.5 }}\n\
         [leader]\nactions = {{ name = \"p\", values = [0, 1] }}\nreward = {{ period = \"p * ({second})\" }}\n\
         [solve]\ngrid = 1\n"
    );
    Scenario::parse("prices.toml", &text, &[]).unwrap()
}

/// No point at which all actions are compared lies in the window but the middle, where the piece is halved, once.
#[test]
fn where_a_piece_is_halved_the_leader_may_prefer_another_action() {
    let scenario = two_prices("0.000001 * z[v]^5", "0.1 - 20 * abs(z[v] - 0.5)");
    let solution = solve(&scenario).unwrap();
    assert_eq!(solution.jumps(), Some(2));
    for (m, inside) in [
        (0.494, false),
        (0.4951, true),
        (0.5049, true),
        (0.506, false),
    ] {
        let prices = solution
            .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap()
            .followers[0];
        assert!(
            (prices - f64::from(u8::from(inside))).abs() < 1e-5,
            "{m}: {prices}"
        );
    }
}

/// V is one polynomial but for the window, which no point lies in.
#[test]
fn a_rival_of_the_leaders_action_that_passes_it_between_two_points_is_found() {
    let window = "0.0001 - (z[v] - 0.6)^2 * (1 + z[v]^2)";
    let scenario = two_prices("z[v]", window);
    let solution = solve(&scenario).unwrap();
    assert_eq!(solution.jumps(), Some(2));
    for (m, inside) in [
        (0.59, false),
        (0.592, true),
        (0.6, true),
        (0.608, true),
        (0.61, false),
    ] {
        let prices = solution
            .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap()
            .followers[0]
            - m;
        assert!(
            (prices - f64::from(u8::from(inside))).abs() < 1e-8,
            "{m}: {prices}"
        );
    }
}

/// Both ends of the window are numbers that a formula compares z with; the first is a point of the mesh.
#[test]
fn a_window_between_two_thresholds_of_a_formula_is_found() {
    let window = "if(z[v] > 0.42, if(z[v] <= 0.4224, 0.1, -0.1), -0.1)";
    for grid in [1, 200] {
        let mut scenario = two_prices("z[v]", window);
        scenario.solve.grid = grid;
        let solution = solve(&scenario).unwrap();
        assert_eq!(solution.jumps(), Some(2));
        for (m, inside) in [
            (0.42, false),
            (0.42 + 1e-10, true),
            (0.4224, true),
            (0.4225, false),
        ] {
            let prices = solution
                .stored_values(1, &Belief::certain(), &MeanField::two_types(m))
                .unwrap()
                .followers[0]
                - m;
            assert!(
                (prices - f64::from(u8::from(inside))).abs() < 1e-8,
                "{m}: {prices}"
            );
        }
    }
}

/// Payoffs of a million have no more digits than 1e-10 after the point.
#[test]
fn mixtures_among_large_payoffs_are_told_from_rounding() {
    let text = "name = \"large\"\nhorizon = 2\ndiscount = 0.9\n[follower]\ntypes = [\"u\", \"v\"]\n\
        actions = [\"s\", \"t1\"]\ninitial = [0.5, 0.5]\n\
        reward = \"-300000 * (a == t1) - 1000000 * z[v] * (x == v)\"\n[follower.transition]\n\
        \"*, s\" = { v = \"0.8 * z[v] + 0.1\", u = \"rest\" }\n\"*, t1\" = { v = 0.1, u = \"rest\" }\n\
        [solve]\ngrid = 20\n";
    let scenario = Scenario::parse("large.toml", text, &[]).unwrap();
    let solution = solve(&scenario).unwrap();
    assert!(solution.pieces() < 100, "{}", solution.pieces());
    assert_eq!(solution.work().failed, 0);
}

/// A leader who may mix prices that move followers at different rates: they would face one function per price.
#[test]
fn a_game_whose_jumps_cannot_be_tracked_is_held_on_a_lattice_and_says_why() {
    let mut scenario = scenario(
        1,
        "z[two]",
        "0.3 + 0.2 * level",
        "[leader]\nactions = { name = \"level\", values = [0, 1] }\nreward = { period = \"level\" }\n",
    );
    let solved = |settings: &SolveSettings| {
        let solved = Solved::compute(scenario.game(), settings, None).unwrap();
        (matches!(solved, Solved::Pieces(_)), solved.unfit())
    };
    assert_eq!(solved(&scenario.solve), (true, None));
    let mixing = SolveSettings {
        leader_mixing: 2,
        ..scenario.solve.clone()
    };
    assert_eq!(solved(&mixing), (false, Some(Unfit::SeveralFunctions)));
    scenario.solve = mixing;
    let refused = solve(&scenario);
    assert!(matches!(
        refused,
        Err(SolveError::Unfit(Unfit::SeveralFunctions))
    ));
}
