//! The solver on a lattice against closed forms, an algorithm of another kind, the two-type solver and identities.

use smfg::certify::certify_path;
use smfg::game::{Belief, Game, MeanField, Policy};
use smfg::scenario::{Override, Scenario};
use smfg::solve::Selection;
use smfg::solve::{Coin, Kind, Nodes, Pieces, Solved, Theta, Work, follow};
use std::path::Path;

fn shipped(name: &str, overrides: &[&str]) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(format!("{name}.toml"));
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(&path, &overrides).expect("a shipped scenario reads")
}

fn parse(text: &str) -> Scenario {
    Scenario::parse("test.toml", text, &[]).expect("a good scenario")
}

fn solve(scenario: &Scenario) -> Theta<'_, Nodes> {
    let solution = Theta::<Nodes>::compute(scenario.game(), &scenario.solve, None).expect("solved");
    assert!(solution.work().is_complete(), "{:?}", solution.work());
    solution
}

fn assert_close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} and {b}");
}

/// Three places that crowd, one with a leader who rents them out. `names` gives the order of places, `moves` of actions.
fn places(names: [usize; 3], moves: [usize; 3], grid: usize, bonus: f64) -> String {
    let name = ["hill", "lake", "wood"];
    let worth = [1.0, 1.3, 0.8];
    let list = |prefix: &str, order: [usize; 3]| {
        let words = order.map(|i| format!("\"{prefix}{}\"", name[i]));
        words.join(", ")
    };
    let initial = names.map(|i| [0.7, 0.2, 0.1][i].to_string()).join(", ");
    let mut text = format!(
        "name = \"places\"\nhorizon = 5\ndiscount = 0.9\n[follower]\ntypes = [{}]\nactions = [{}]\ninitial = [{initial}]\n",
        list("", names),
        list("to_", moves)
    );
    let own: Vec<String> = (0..3)
        .map(|i| {
            let n = name[i];
            format!(
                "(x == {n}) * ({} - 2 * z[{n}] - fee * (x == lake))",
                worth[i]
            )
        })
        .collect();
    let cost: Vec<String> = (0..3)
        .map(|i| format!("0.15 * (a == to_{0}) * (x != {0})", name[i]))
        .collect();
    text += &format!(
        "reward = \"{bonus} + {} - {}\"\n",
        own.join(" + "),
        cost.join(" - ")
    );
    text += "[follower.transition]\n";
    for (i, n) in name.iter().enumerate() {
        let others = [name[(i + 1) % 3], name[(i + 2) % 3]];
        text += &format!(
            "\"*, to_{n}\" = {{ {n} = 0.8, {} = 0.1, {} = \"rest\" }}\n",
            others[0], others[1]
        );
    }
    text += "[leader]\nactions = { name = \"fee\", values = [0.0, 0.2] }\nreward = { per_follower = \"fee * (x == lake)\" }\n";
    text + &format!("[solve]\ngrid = {grid}\n")
}

const STARTS: [[f64; 3]; 4] = [
    [0.7, 0.2, 0.1],
    [0.31, 0.33, 0.36],
    [0.05, 0.9, 0.05],
    [0.0, 0.4, 0.6],
];

#[test]
fn relabelling_types_or_actions_relabels_the_solution() {
    let plain = parse(&places([0, 1, 2], [0, 1, 2], 12, 0.0));
    let plain = solve(&plain);
    for (names, moves) in [
        ([1, 2, 0], [0, 1, 2]),
        ([2, 1, 0], [0, 1, 2]),
        ([0, 1, 2], [2, 0, 1]),
    ] {
        let other = parse(&places(names, moves, 12, 0.0));
        let other = solve(&other);
        for start in STARTS {
            let a = plain
                .resolve(1, &Belief::certain(), &MeanField::new(start.to_vec()))
                .unwrap();
            let z = names.map(|i| start[i]).to_vec();
            let b = other
                .resolve(1, &Belief::certain(), &MeanField::new(z))
                .unwrap();
            assert_eq!(a.play.leader_action(), b.play.leader_action());
            assert_eq!(a.equilibria, b.equilibria);
            assert_close(a.values.leader, b.values.leader, 1e-9);
            for (x, from) in names.into_iter().enumerate() {
                assert_close(b.values.followers[x], a.values.followers[from], 1e-9);
                for (action, same) in moves.into_iter().enumerate() {
                    let gamma = b.play.prescription.row(x)[action];
                    assert_close(gamma, a.play.prescription.row(from)[same], 1e-9);
                }
            }
        }
    }
}

#[test]
fn a_constant_in_the_rewards_shifts_values_by_its_discounted_sum_and_values_are_bounded() {
    let (plain, paid) = (
        places([0, 1, 2], [0, 1, 2], 8, 0.0),
        places([0, 1, 2], [0, 1, 2], 8, 0.5),
    );
    let (plain, paid) = (parse(&plain), parse(&paid));
    let (plain, paid) = (solve(&plain), solve(&paid));
    for t in 1..=5 {
        let sum: f64 = (t..=5).map(|s| 0.9_f64.powi(s - t)).sum();
        for start in STARTS {
            let z = MeanField::new(start.to_vec());
            let (a, b) = (
                plain.resolve(t as usize, &Belief::certain(), &z).unwrap(),
                paid.resolve(t as usize, &Belief::certain(), &z).unwrap(),
            );
            assert_eq!(a.play.leader_action(), b.play.leader_action());
            for x in 0..3 {
                assert_close(
                    b.values.followers[x] - a.values.followers[x],
                    0.5 * sum,
                    1e-9,
                );
                // A period pays from 0.8 - 2 - 0.2 - 0.15 to 1.3.
                assert!(a.values.followers[x] >= -1.55 * sum && a.values.followers[x] <= 1.3 * sum);
            }
            assert!(a.values.leader >= 0.0 && a.values.leader <= 0.2 * sum);
            assert!(a.residual < 1e-10);
        }
    }
}

/// Two types that crowd; with `split` the second one twice, told apart by nothing.
fn crowd(split: bool, grid: usize) -> String {
    let (types, initial, lake, into, out) = match split {
        false => (
            "\"hill\", \"lake\"",
            "0.3, 0.7",
            "z[lake]",
            "lake = 0.9",
            "lake = 0.2",
        ),
        true => (
            "\"hill\", \"lake\", \"shore\"",
            "0.3, 0.5, 0.2",
            "(z[lake] + z[shore])",
            "lake = 0.45, shore = 0.45",
            "lake = 0.1, shore = 0.1",
        ),
    };
    format!(
        "name = \"crowd\"\nhorizon = 6\ndiscount = 0.9\n[follower]\ntypes = [{types}]\nactions = [\"up\", \"down\"]\n\
         initial = [{initial}]\nreward = \"if(x == hill, 1 - z[hill] * z[hill], 1.2 - 1.5 * {lake}) - 0.1 * (a == down)\"\n\
         [follower.transition]\n\"*, down\" = {{ {into}, hill = \"rest\" }}\n\"*, up\" = {{ {out}, hill = \"rest\" }}\n\
         [solve]\ngrid = {grid}\n"
    )
}

#[test]
fn splitting_a_type_into_two_identical_ones_changes_nothing() {
    let (one, two) = (parse(&crowd(false, 10)), parse(&crowd(true, 10)));
    let (one, two) = (solve(&one), solve(&two));
    for t in [1, 4, 6] {
        for [hill, lake, shore] in STARTS {
            let a = one
                .follow_at(
                    t,
                    &Belief::certain(),
                    &MeanField::new(vec![hill, lake + shore]),
                )
                .unwrap();
            let b = two
                .follow_at(
                    t,
                    &Belief::certain(),
                    &MeanField::new(vec![hill, lake, shore]),
                )
                .unwrap();
            assert_close(b.values.followers[0], a.values.followers[0], 1e-9);
            assert_close(b.values.followers[1], a.values.followers[1], 1e-9);
            assert_close(b.values.followers[2], a.values.followers[1], 1e-9);
            assert_close(
                b.next[0].mean_field.weights()[0],
                a.next[0].mean_field.weights()[0],
                1e-9,
            );
        }
    }
}

/// One equilibrium everywhere, so that V is continuous and the lattice converges to the tracked solution.
#[test]
fn with_two_types_it_agrees_with_the_solver_that_tracks_jumps() {
    let scenario = parse(&crowd(false, 400));
    let lattice = solve(&scenario);
    let tracked = Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None).unwrap();
    assert_eq!(tracked.jumps(), Some(0));
    for t in 1..=6 {
        for m in [0.0, 0.123, 0.5, 0.77, 1.0] {
            let a = tracked
                .resolve(t, &Belief::certain(), &MeanField::two_types(m))
                .unwrap();
            let b = lattice
                .resolve(t, &Belief::certain(), &MeanField::two_types(m))
                .unwrap();
            assert_close(a.values.followers[0], b.values.followers[0], 2e-5);
            assert_close(a.values.followers[1], b.values.followers[1], 2e-5);
            assert_close(
                a.next[0].mean_field.weights()[1],
                b.next[0].mean_field.weights()[1],
                2e-4,
            );
        }
    }
}

#[test]
fn without_interaction_everybody_solves_the_decision_problem() {
    let scenario = shipped("no_interaction", &[]);
    let solution = solve(&scenario);
    assert_eq!(solution.work().max_equilibria, 1);
    let kernel = [
        [[0.7, 0.3, 0.0], [0.95, 0.05, 0.0]],
        [[0.0, 0.6, 0.4], [0.95, 0.05, 0.0]],
        [[0.0, 0.0, 1.0], [0.95, 0.05, 0.0]],
    ];
    let mut value = [0.0; 3];
    let mut overhauls = [false; 3];
    for _ in 0..12 {
        let worth = |x: usize, a: usize| {
            let mean: f64 = (0..3).map(|to| kernel[x][a][to] * value[to]).sum();
            [1.0, 0.6, 0.0][x] - 0.7 * a as f64 + 0.9 * mean
        };
        overhauls = [0, 1, 2].map(|x| worth(x, 1) > worth(x, 0));
        value = [0, 1, 2].map(|x| worth(x, 0).max(worth(x, 1)));
    }
    assert_eq!(overhauls, [false, true, true]);
    for start in STARTS {
        let point = solution
            .resolve(1, &Belief::certain(), &MeanField::new(start.to_vec()))
            .unwrap();
        for x in 0..3 {
            assert_close(point.values.followers[x], value[x], 1e-12);
            assert_eq!(
                point.play.prescription.row(x)[1],
                f64::from(u8::from(overhauls[x]))
            );
        }
    }
}

#[test]
fn rock_paper_and_scissors_are_worth_the_same_from_the_second_period_on() {
    let scenario = shipped("rock_paper_scissors", &[]);
    let solution = Solved::Nodes(solve(&scenario));
    let flow = follow(
        &solution,
        1,
        &Belief::certain(),
        scenario.game().initial(),
        Coin::Tossed,
    )
    .unwrap();
    for z in &flow.mean_fields()[1..5] {
        for (weight, share) in z.weights().iter().zip([26.0, 20.0, 31.0]) {
            assert_close(*weight, share / 77.0, 1e-12);
        }
    }
    let path = certify_path(&solution, scenario.game().initial()).unwrap();
    assert!(path.exploitability.initial < 1e-12);
    let values = solution
        .resolve(2, &Belief::certain(), &flow.mean_fields()[1])
        .unwrap()
        .values;
    values
        .followers
        .iter()
        .for_each(|v| assert_close(*v, 4.0 * 42.0 / 77.0, 1e-12));
}

#[test]
fn meeting_at_one_of_three_places_has_seven_equilibria() {
    let scenario = shipped("coordination", &[]);
    let solution = solve(&scenario);
    for start in [[0.5, 0.3, 0.2], [0.21, 0.33, 0.46]] {
        let z = MeanField::new(start.to_vec());
        assert_eq!(
            solution
                .resolve(1, &Belief::certain(), &z)
                .unwrap()
                .equilibria,
            7
        );
        let mut found = Vec::new();
        for e in solution
            .stage_equilibria(1, &Belief::certain(), &z, None)
            .unwrap()
        {
            let near = |w: &f64| (w * 6.0).round() as u8;
            let next: Vec<u8> = e.next.weights().iter().map(near).collect();
            for (w, sixths) in e.next.weights().iter().zip(&next) {
                assert_close(*w, f64::from(*sixths) / 6.0, 1e-12);
            }
            if !found.contains(&next) {
                found.push(next);
            }
        }
        found.sort();
        let uniform = [
            [0, 0, 6],
            [0, 3, 3],
            [0, 6, 0],
            [2, 2, 2],
            [3, 0, 3],
            [3, 3, 0],
            [6, 0, 0],
        ];
        assert_eq!(found, uniform.map(|sixths| sixths.to_vec()));
    }
    // Welfare: all at one place.
    let z = scenario.game().initial();
    assert_close(
        solution
            .resolve(1, &Belief::certain(), z)
            .unwrap()
            .values
            .followers[0],
        1.5,
        1e-12,
    );
}

/// The equilibrium of Doncel, Gast & Gaujal is a threshold in time; here by their kind of algorithm: the first time until
/// which to vaccinate that is its own best response. Returns it with the costs of susceptible and infected.
fn threshold(steps: usize, [s0, i0]: [f64; 2]) -> (usize, f64, f64) {
    let per_step = 1.0 / steps as f64;
    for until in 0..=steps {
        let (mut s, mut i) = (s0, i0);
        let mut path = Vec::new();
        for t in 0..steps {
            path.push(i);
            let leave = 73.0 * i + if t < until { 10.0 } else { 0.0 };
            (s, i) = (
                s - leave * s * per_step,
                i + (73.0 * s - 36.5) * i * per_step,
            );
        }
        let (mut susceptible, mut infected, mut vaccinations) = (0.0, 0.0, 0);
        for i in path.into_iter().rev() {
            let catch = 73.0 * i * per_step;
            let gain: f64 = (susceptible - 0.5_f64).max(0.0);
            vaccinations += usize::from(gain > 0.0);
            susceptible += catch * (infected - susceptible) - 10.0 * per_step * gain;
            infected += 36.5 * per_step * (1.0 - infected);
        }
        if vaccinations == until {
            return (until, susceptible, infected);
        }
    }
    unreachable!("no pure threshold is its own best response")
}

#[test]
fn vaccination_stops_at_the_published_equilibriums_threshold() {
    let scenario = shipped("sir_vaccination", &[]);
    let solution = Solved::Nodes(solve(&scenario));
    let start = scenario.game().initial();
    let (until, susceptible, infected) = threshold(100, [0.4, 0.4]);
    assert_eq!(until, 2);
    let path = certify_path(&solution, start).unwrap();
    for node in path.flow.nodes.iter().filter(|node| node.play.is_some()) {
        let play = node.play.as_ref().unwrap();
        let vaccinates = f64::from(u8::from(node.t <= until));
        assert_eq!(play.prescription.row(0)[1], vaccinates, "t = {}", node.t);
    }
    assert_close(path.values.follower[0][0], -susceptible, 1e-12);
    assert_close(path.values.follower[0][1], -infected, 1e-12);
    let stored = solution
        .resolve(1, &Belief::certain(), start)
        .unwrap()
        .values;
    assert_close(stored.followers[0], -susceptible, 1e-3);
    assert!(path.exploitability.initial < 1e-12);
}

#[test]
fn exploitability_falls_as_the_lattice_is_refined() {
    let gains = [4, 8, 16, 32].map(|grid| {
        let scenario = parse(&places([0, 1, 2], [0, 1, 2], grid, 0.0));
        let solution = Solved::Nodes(
            Theta::<Nodes>::compute(scenario.game(), &scenario.solve, Some(vec![1])).unwrap(),
        );
        certify_path(&solution, scenario.game().initial())
            .unwrap()
            .exploitability
            .initial
    });
    println!("{gains:?}");
    assert!(gains[0] > 1e-6, "{gains:?}");
    assert!(gains[3] < 0.1 * gains[0], "{gains:?}");
}

/// Follower exploitability from a start, and the solution it belongs to.
fn exploitability(scenario: &Scenario, start: &MeanField) -> (f64, Work) {
    let solution = Solved::Nodes(solve(scenario));
    let path = certify_path(&solution, start).expect("values everywhere");
    (path.exploitability.initial, *solution.work())
}

/// V jumps where users tip from one product to another. Interpolated across the jumps it left a follower 0.15, 0.14, 0.11
/// and 0.12 at 12, 24, 48 and 96 cells.
#[test]
fn regimes_kept_apart_leave_nothing_to_gain_in_the_tipping_game() {
    for grid in [12, 16] {
        let scenario = shipped("tipping", &[&format!("solve.grid={grid}")]);
        let starts = STARTS.map(|z| MeanField::new(z.to_vec()));
        for start in starts.iter().chain([scenario.game().initial()]) {
            let (gain, work) = exploitability(&scenario, start);
            assert!(gain < 1e-9, "{gain}");
            assert!(work.cuts > 0 && work.mixed_simplices > 0);
            assert_eq!(work.only_lottery, 0);
        }
    }
}

/// Interpolated across the jumps, V left a follower 0.007 at 50 cells and 0.008 at 100, 200 and 400.
#[test]
fn with_two_types_and_jumps_it_converges_to_the_solver_that_tracks_them() {
    let far = |grid: usize| {
        let scenario = shipped("infection_fixed_price", &[&format!("solve.grid={grid}")]);
        let lattice = solve(&scenario);
        let tracked = Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None).unwrap();
        assert!(tracked.jumps() > Some(0));
        let mut differences: Vec<f64> = (0..200)
            .map(|i| {
                let m = (f64::from(i) + 0.37) / 200.0;
                let a = tracked
                    .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                    .unwrap()
                    .values
                    .followers;
                let b = lattice
                    .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                    .unwrap();
                let pairs = a.iter().zip(&b.values.followers);
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
            })
            .collect();
        differences.sort_by(f64::total_cmp);
        let (gain, _) = exploitability(&scenario, scenario.game().initial());
        (gain, differences[190])
    };
    let (coarse, fine) = (far(50), far(200));
    assert!(coarse.0 < 2e-5 && fine.0 < 2e-6, "{coarse:?} {fine:?}");
    assert!(
        fine.1 < 1e-3 && fine.1 < 0.25 * coarse.1,
        "{coarse:?} {fine:?}"
    );
}

/// A game without jumps: nothing is cut, so that V is what interpolation makes it.
#[test]
fn a_game_without_jumps_is_not_cut() {
    for (grid, split) in [(10, true), (40, false), (100, false)] {
        let scenario = parse(&crowd(split, grid));
        let work = *solve(&scenario).work();
        assert_eq!(
            (work.cuts, work.mixed_simplices, work.only_lottery),
            (0, 0, 0)
        );
    }
}

fn bytes(game: &Game, solution: &Theta<'_, Nodes>) -> Vec<u64> {
    let mut bytes = Vec::new();
    for t in 1..=game.horizon() {
        for start in STARTS {
            let z = MeanField::new(start.to_vec());
            let play = solution.play(t, &Belief::certain(), &z).expect("a play");
            let values = solution
                .stored_values(t, &Belief::certain(), &z)
                .expect("a belief that V is held at");
            bytes.extend(play.prescription.rows().iter().map(|p| p.to_bits()));
            bytes.extend(values.followers.iter().map(|v| v.to_bits()));
            bytes.push(values.leader.to_bits());
        }
    }
    bytes
}

#[test]
fn the_solution_does_not_depend_on_the_number_of_threads() {
    let scenario = parse(&places([0, 1, 2], [0, 1, 2], 10, 0.0));
    let runs = [1, 2, 7].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let solution = solve(&scenario);
            (bytes(scenario.game(), &solution), *solution.work())
        })
    });
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
    // The work of this solution: a golden number, to be changed only with a reason.
    let work = runs[0].1;
    assert_eq!((work.states, work.stage_games), (1459, 2918));
    assert_eq!((work.cuts, work.probes), (100, 1129));
    assert_eq!((work.blocks, work.systems), (67_640, 524_506));
}

#[test]
fn a_lattice_beyond_memory_is_refused() {
    let scenario = shipped("routing", &["solve.grid = 100000"]);
    let refused = Theta::<Nodes>::compute(scenario.game(), &scenario.solve, None);
    assert_eq!(
        refused.err().map(|e| e.to_string()).as_deref(),
        Some(
            "a lattice with 100000 cells per side for 4 follower types does not fit into memory: choose a smaller `grid`"
        )
    );
}

/// A price of delta k makes the infected indifferent wherever the mean field goes at t = T - 1: a continuum on a whole
/// segment, on which V^l bends at every node of the lattice; the tracked solver holds it as one piece.
#[test]
fn a_continuum_is_searched_for_what_the_leader_likes_best_and_least() {
    for selection in ["optimistic", "pessimistic"] {
        let scenario = shipped(
            "infection_fixed_price",
            &[
                "horizon=2",
                "lambda=0.18",
                &format!("solve.selection=\"{selection}\""),
                "solve.grid=50",
            ],
        );
        let lattice = solve(&scenario);
        let tracked = Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None).unwrap();
        for m in [0.13, 0.5, 0.8] {
            let z = MeanField::two_types(m);
            let a = tracked
                .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                .unwrap();
            let b = lattice.resolve(1, &Belief::certain(), &z).unwrap();
            assert_close(a.values.leader, b.values.leader, 1e-9);
            assert_close(
                a.next[0].mean_field.weights()[1],
                b.next[0].mean_field.weights()[1],
                1e-9,
            );
            assert_eq!((a.equilibria, b.equilibria), (1, 1));
            let listed = lattice
                .stage_equilibria(1, &Belief::certain(), &z, None)
                .unwrap();
            assert!(listed.len() > 2 && listed.iter().all(|e| e.kind == Kind::Vertex));
        }
    }
}

#[test]
fn no_stage_game_of_the_shipped_scenarios_is_without_an_equilibrium() {
    for name in ["sir_vaccination", "routing"] {
        let scenario = shipped(name, &["solve.grid=9"]);
        for selection in Selection::ALL {
            let mut settings = scenario.solve.clone();
            settings.selection = *selection;
            let solution = Theta::<Nodes>::compute(scenario.game(), &settings, None).unwrap();
            assert!(
                solution.work().is_complete(),
                "{name}: {:?}",
                solution.work()
            );
        }
    }
}
