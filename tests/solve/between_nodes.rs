//! What happens between two points of the mesh, where no point shows it: spikes on the way of an action or an equilibrium
//! that nobody plays elsewhere, and jumps that a state leads to exactly. All solved by hand.

use smfg::scenario::{Override, Scenario};
use smfg::solve::{Solved, Work};

const GRIDS: [&str; 4] = ["1", "3", "10", "200"];

/// V_1 at z_1, the followers' of the first type and the leader's, and the work.
fn solve(text: &str, grid: &str) -> ([f64; 2], Work) {
    let settings = [Override::new(format!("solve.grid={grid}"))];
    let scenario = Scenario::parse("game.toml", text, &settings).expect("the scenario is sound");
    let game = scenario.game();
    let solution = Solved::compute(game, &scenario.solve, None).expect("the game has a solution");
    let values = solution.resolve(1, game.initial_belief(), game.initial());
    let values = values.expect("z_1 has values").values;
    ([values.followers[0], values.leader], *solution.work())
}

/// z stays at t = 1. At t = 2 one action leads to z[hi] = 0.2 and pays the leader one half, the other to
/// z[hi] = (1 + m) / 2, where at t = 3 she earns the spike.
fn rival_action(spike: &str, stake: &str) -> String {
    format!(
        "name = \"spike\"\nhorizon = 3\ndiscount = 1\n[follower]\ntypes = [\"lo\", \"hi\"]\nactions = [\"stay\"]\n\
         initial = [0.49669, 0.50331]\nreward = \"0\"\n[follower.transition]\n\
         \"lo, *\" = {{ hi = \"if(t == 1, if(s == 2, 1, 0), if(s == 0, 0.2, 0.5))\", lo = \"rest\" }}\n\
         \"hi, *\" = {{ hi = \"if(t == 1, 1, if(s == 0, 0.2, 1))\", lo = \"rest\" }}\n[leader]\n\
         actions = {{ name = \"s\", values = [0, 1, 2] }}\n\
         reward = {{ period = \"if(t == 1, {stake} * (s == 2), if(t == 3, {spike}, 0.5 * (s == 0)))\" }}\n"
    )
}

/// The spike is a thousandth or less of a half wide; z[hi] comes to 0.751655, its top is at 0.75165.
const SPIKES: [(&str, f64); 4] = [
    ("exp(-(1e4 * (z[hi] - 0.75165))^2)", 0.997_503_122_397_46),
    ("max(0, 1 - (1e4 * (z[hi] - 0.75165))^2)", 0.9975),
    (
        "1 / (1 + (1e4 * (z[hi] - 0.75165))^2)",
        0.997_506_234_413_965,
    ),
    ("max(0, 1 - abs(2e3 * (z[hi] - 0.75165)))", 0.99),
];

#[test]
fn a_spike_on_the_way_of_an_action_that_is_chosen_nowhere_else_is_found() {
    for (spike, right) in SPIKES {
        for grid in GRIDS {
            let ([_, leader], _) = solve(&rival_action(spike, "0"), grid);
            assert!(
                (leader - right).abs() < 1e-6,
                "{spike} grid {grid}: {leader}"
            );
        }
    }
}

#[test]
fn what_is_missed_would_turn_an_earlier_choice_where_no_path_shows_it() {
    // At t = 1 all can be moved to "hi" for 0.3: with the half of t = 2 that is 0.8, less than the spike.
    for (spike, right) in SPIKES {
        for grid in GRIDS {
            let ([_, leader], _) = solve(&rival_action(spike, "0.3"), grid);
            assert!(
                (leader - right).abs() < 1e-6,
                "{spike} grid {grid}: {leader}"
            );
        }
    }
}

#[test]
fn a_spike_on_the_way_of_an_equilibrium_that_is_selected_nowhere_else_is_found() {
    for (spike, right) in SPIKES {
        let text = format!(
            "name = \"spike\"\nhorizon = 3\ndiscount = 1\n[follower]\ntypes = [\"lo\", \"hi\"]\n\
             actions = [\"low\", \"high\"]\ninitial = [0.49669, 0.50331]\n\
             reward = \"if(t == 3, (x == hi) * (z[hi] - 0.4), 0)\"\n[follower.transition]\n\
             \"lo, low\" = {{ hi = \"if(t == 1, 0, 0.2)\", lo = \"rest\" }}\n\
             \"hi, low\" = {{ hi = \"if(t == 1, 1, 0.2)\", lo = \"rest\" }}\n\
             \"lo, high\" = {{ hi = \"if(t == 1, 0, 0.5)\", lo = \"rest\" }}\n\
             \"hi, high\" = {{ hi = 1 }}\n[leader]\nactions = [\"only\"]\n\
             reward = {{ period = \"if(t == 3, {spike}, 0)\", per_follower = \"if(t == 2, 0.5 * (a == low), 0)\" }}\n"
        );
        for grid in GRIDS {
            let ([lo, leader], _) = solve(&text, grid);
            assert!(
                (leader - right).abs() < 1e-6,
                "{spike} grid {grid}: {leader}"
            );
            assert!(
                (lo - 0.5 * 0.351_655).abs() < 1e-9,
                "{spike} grid {grid}: {lo}"
            );
        }
    }
}

#[test]
fn a_jump_that_a_state_leads_to_exactly_belongs_to_the_side_that_the_comparison_says() {
    // z_2[hi] = 0.528 and z_3[hi] = 0.4888 from a kernel that does not depend on z.
    let kernel = "\"lo, *\" = { hi = 0.7, lo = \"rest\" }\n\"hi, *\" = { hi = 0.3, lo = \"rest\" }";
    for (condition, right) in [
        ("z[hi] > 0.4888", 0.0),
        ("z[hi] >= 0.4888", 1.0),
        ("z[hi] < 0.4888", 0.0),
        ("z[hi] <= 0.4888", 1.0),
        ("z[lo] > 0.5112", 0.0),
        ("z[lo] >= 0.5112", 1.0),
        ("z[lo] < 0.5112", 0.0),
        ("z[lo] <= 0.5112", 1.0),
        ("z[hi]^2 >= 0.4888^2", 1.0),
        ("z[hi] / 0.4888 >= 1", 1.0),
        ("2 * z[hi] > 0.9776", 0.0),
    ] {
        for types in ["\"lo\", \"hi\"", "\"hi\", \"lo\""] {
            let initial = if types.starts_with("\"lo") {
                "0.57, 0.43"
            } else {
                "0.43, 0.57"
            };
            let text = format!(
                "name = \"landing\"\nhorizon = 3\ndiscount = 1\n[follower]\ntypes = [{types}]\nactions = [\"stay\"]\n\
                 initial = [{initial}]\nreward = \"if(t == 3, if({condition}, 1, 0), 0)\"\n[follower.transition]\n{kernel}\n"
            );
            for grid in GRIDS {
                let ([value, _], work) = solve(&text, grid);
                assert_eq!(value, right, "{condition}, {types}, grid {grid}");
                assert_eq!(
                    (work.unproven, work.undecided),
                    (0, 0),
                    "{condition}, {types}"
                );
            }
        }
    }
}

#[test]
fn a_rival_that_ties_at_the_end_of_a_cell_and_is_better_just_before_it_is_found() {
    // Her actions tie where all are hi. Just before, from z[hi] = 0.9994 on, the second brings up to 0.25.
    let text = "name = \"tie\"\nhorizon = 1\ndiscount = 1\n[follower]\ntypes = [\"lo\", \"hi\"]\nactions = [\"stay\"]\n\
         initial = [0.0003, 0.9997]\nreward = \"0\"\n[follower.transition]\n\"lo, *\" = { lo = 1 }\n\"hi, *\" = { hi = 1 }\n[leader]\n\
         actions = { name = \"s\", values = [0, 1] }\n\
         reward = { period = \"s * z[lo] * (0.0006 - z[lo]) / 0.0006^2\" }\n";
    for (settings, initial) in [("", 0.25), ("0.9994, 0.0006", 0.0)] {
        let text = match settings {
            "" => text.to_owned(),
            swapped => text.replace("0.0003, 0.9997", swapped),
        };
        for grid in GRIDS {
            let ([_, leader], work) = solve(&text, grid);
            assert!((leader - initial).abs() < 1e-9, "grid {grid}: {leader}");
            assert_eq!(work.unproven, 0, "grid {grid}");
        }
    }
}

#[test]
fn a_peak_of_any_width_is_found_or_counted() {
    // The peak is worth 0.5, the other action 0.4999.
    let peak = |steep: &str| {
        format!(
            "name = \"peak\"\nhorizon = 1\ndiscount = 1\n[follower]\ntypes = [\"lo\", \"hi\"]\nactions = [\"stay\"]\n\
             initial = [0.5, 0.5]\nreward = \"0\"\n[follower.transition]\n\"lo, *\" = {{ lo = 1 }}\n\"hi, *\" = {{ hi = 1 }}\n[leader]\n\
             actions = {{ name = \"s\", values = [0, 1] }}\n\
             reward = {{ period = \"if(s == 0, 0.4999, 0.5 * exp(-({steep} * (z[hi] - 0.43217))^2))\" }}\n"
        )
    };
    for steep in ["1e3", "1e5", "1e7"] {
        let text = peak(steep).replace("0.5, 0.5", "0.56783, 0.43217");
        for grid in GRIDS {
            let ([_, leader], work) = solve(&text, grid);
            assert!(
                (leader - 0.5).abs() < 1e-9 || work.unproven > 0,
                "width 1/{steep}, grid {grid}: {leader}"
            );
        }
    }
}
