//! The reference solver against closed forms.

use crate::support::affine::{Affine, AffineGame};
use crate::support::games::*;
use crate::support::random::Random;
use crate::support::reference::{Mesh, Reference, Selection};

const MESH: Mesh = Mesh {
    cells: 2000,
    tolerance: 1e-8,
};
const SELECTIONS: [Selection; 3] = [
    Selection::Optimistic,
    Selection::Pessimistic,
    Selection::Welfare,
];

fn assert_close(got: f64, expected: f64, within: f64) {
    assert!(
        (got - expected).abs() <= within,
        "got {got}, expected {expected} within {within}"
    );
}

/// Starts without a pattern.
fn generic_starts(count: usize) -> Vec<f64> {
    let mut random = Random::new(20_220_105);
    (0..count).map(|_| random.uniform()).collect()
}

#[test]
fn one_period_with_a_constant_terminal_reward_is_a_choice_of_the_best_action() {
    for seed in 0..6 {
        let mut affine = AffineGame::random(seed, 1, 3, 3);
        affine.terminal = [Affine(0.3, 0.0), Affine(-0.4, 0.0)];
        let game = affine.game();
        let solved = Reference::solve(&game, Selection::Optimistic, MESH);
        for m in generic_starts(20) {
            let worth = |l: usize, x: usize, a: usize| {
                let end = 0.3 - 0.7 * (game.kernel)(1, m, l, x, a);
                (game.reward)(1, m, l, x, a) + 0.9 * end
            };
            let best = |l: usize, x: usize| {
                (0..3)
                    .max_by(|a, b| worth(l, x, *a).total_cmp(&worth(l, x, *b)))
                    .unwrap()
            };
            let leader = |l: usize| {
                let shares =
                    (0..2).map(|x| weight(m, x) * (game.leader_share)(1, m, l, x, best(l, x)));
                (game.leader_period)(1, m, l) + shares.sum::<f64>()
            };
            let chosen = (0..3)
                .max_by(|l, k| leader(*l).total_cmp(&leader(*k)))
                .unwrap();
            let values = solved.value(1, m);
            assert_eq!(solved.at(1, m).leader_action, chosen);
            assert_close(values.leader, leader(chosen), 1e-12);
            (0..2).for_each(|x| {
                assert_close(values.follower[x], worth(chosen, x, best(chosen, x)), 1e-12)
            });
        }
    }
}

#[test]
fn without_the_mean_field_followers_solve_an_ordinary_decision_problem() {
    let still = |c: &mut Affine| c.1 = 0.0;
    for seed in 0..4 {
        // The leader's action matters to her reward of the period alone, so she takes the best one at every m.
        let mut affine = AffineGame::random(seed, 6, 3, 3);
        for cube in [
            &mut affine.kernel,
            &mut affine.reward,
            &mut affine.leader_share,
        ] {
            cube[0].iter_mut().flatten().for_each(still);
            *cube = vec![cube[0].clone(); 3];
        }
        affine.terminal.iter_mut().for_each(still);
        let game = affine.game();
        // values[t - 1] and the best action of each type at t.
        let mut values = vec![[0, 1].map(|x| (game.terminal)(0.5, x))];
        let mut actions = Vec::new();
        for _ in 0..6 {
            let after = values[0];
            let worth = |x: usize, a: usize| {
                let p = (game.kernel)(1, 0.5, 0, x, a);
                (game.reward)(1, 0.5, 0, x, a) + 0.9 * (after[0] + p * (after[1] - after[0]))
            };
            let best = [0, 1].map(|x| {
                (0..3)
                    .max_by(|a, b| worth(x, *a).total_cmp(&worth(x, *b)))
                    .unwrap()
            });
            values.insert(0, [0, 1].map(|x| worth(x, best[x])));
            actions.insert(0, best);
        }
        let solved = Reference::solve(&game, Selection::Optimistic, MESH);
        for start in generic_starts(10) {
            let (mut m, mut leader) = (start, 0.0);
            for (t, best) in actions.iter().enumerate() {
                let period = (0..3)
                    .map(|l| (game.leader_period)(1, m, l))
                    .fold(f64::NEG_INFINITY, f64::max);
                let share: f64 = (0..2)
                    .map(|x| weight(m, x) * (game.leader_share)(1, m, 0, x, best[x]))
                    .sum();
                leader += libm::pow(0.9, t as f64) * (period + share);
                m = (0..2)
                    .map(|x| weight(m, x) * (game.kernel)(1, m, 0, x, best[x]))
                    .sum();
            }
            let got = solved.value(1, start);
            assert_close(got.leader, leader, 1e-7);
            (0..2).for_each(|x| assert_close(got.follower[x], values[0][x], 1e-12));
        }
    }
}

#[test]
fn the_coordination_game_has_its_three_equilibria_and_each_rule_takes_its_own() {
    let numbers = Coordination {
        discount: 0.9,
        speed: 0.8,
        cost: 0.1,
        gain: 1.0,
        loss: 0.5,
    };
    let game = numbers.game();
    let m = 0.2;
    let p = numbers.mixed_probability(m);
    let switching = |p: f64| m + (1.0 - m) * 0.8 * p;
    let staying = Reference::solve(&game, Selection::Pessimistic, MESH);
    let mut found = staying.equilibria(1, m, 0);
    found.sort_by(|e, f| e.next.total_cmp(&f.next));
    assert_eq!(found.len(), 3);
    for (equilibrium, probability) in found.iter().zip([0.0, p, 1.0]) {
        assert_close(equilibrium.gamma[0][1], probability, 1e-9);
        assert_close(equilibrium.next, switching(probability), 1e-9);
        assert_close(
            equilibrium.values.leader,
            m + 0.9 * switching(probability),
            1e-9,
        );
    }
    assert_close(staying.value(1, m).leader, m + 0.9 * m, 1e-9);
    let leader_best = Reference::solve(&game, Selection::Optimistic, MESH);
    assert_close(
        leader_best.value(1, m).leader,
        m + 0.9 * switching(1.0),
        1e-9,
    );
    // Staying earns type 2 a late loss, 0.9 (0.2 - 0.5); all switching earns both more.
    let welfare = Reference::solve(&game, Selection::Welfare, MESH);
    let late = 0.9 * (switching(1.0) - 0.5);
    assert_close(welfare.value(1, m).follower[1], late, 1e-9);
    assert_close(welfare.value(1, m).follower[0], 0.8 * late - 0.1, 1e-9);
}

#[test]
fn at_a_tie_over_an_interval_the_selection_takes_its_end() {
    // T = 2, price delta k: the infected are indifferent at t = 1 whatever the others do.
    let numbers = Infection {
        horizon: 2,
        lambda: 0.1,
        prices: vec![0.18],
        ..Infection::shipped(InfectionLeader::PerRepair)
    };
    let game = numbers.game();
    for m in generic_starts(10) {
        let infections = 0.9 * m * (1.0 - m);
        let repair = -0.2 * m - 0.1 * m - 0.9 * 0.2 * infections;
        let wait = -0.2 * m - 0.9 * 0.2 * (infections + m);
        assert_close(
            Reference::solve(&game, Selection::Optimistic, MESH)
                .value(1, m)
                .leader,
            repair,
            1e-9,
        );
        assert_close(
            Reference::solve(&game, Selection::Pessimistic, MESH)
                .value(1, m)
                .leader,
            wait,
            1e-9,
        );
        // Welfare is the same at both ends: the lexicographic rule takes wait.
        assert_close(
            Reference::solve(&game, Selection::Welfare, MESH)
                .value(1, m)
                .leader,
            wait,
            1e-9,
        );
    }
}

#[test]
fn where_only_a_public_coin_supports_play_the_coin_is_the_known_one() {
    // At t = 2 the leader rewards type 2 below m = 0.6 and punishes it above; at t = 1 type 1 may become type 2 at a
    // cost of 0.09. Staying and switching both defeat themselves, and D jumps over the indifferent value 0.1.
    let game = PlainGame {
        horizon: 2,
        discount: 0.9,
        actions: 2,
        leader_actions: 2,
        kernel: Box::new(|t, _, _, x, a| if x == 1 || (t, a) == (1, 1) { 1.0 } else { 0.0 }),
        reward: Box::new(|t, _, l, x, a| {
            let late = if (t, x) == (2, 1) {
                1.0 - 2.0 * l as f64
            } else {
                0.0
            };
            late - 0.09 * a as f64
        }),
        leader_period: Box::new(|t, m, l| if (t, l) == (2, 1) { m - 0.6 } else { 0.0 }),
        leader_share: Box::new(|_, _, _, _, _| 0.0),
        terminal: Box::new(|_, _| 0.0),
        initial: 0.2,
    };
    for selection in SELECTIONS {
        let solved = Reference::solve(&game, selection, MESH);
        assert_eq!(solved.equilibria(1, 0.2, 0).len(), 1);
        let equilibrium = solved.at(1, 0.2).equilibrium;
        assert_close(equilibrium.coin.expect("a lottery"), 0.45, 1e-9);
        assert_close(equilibrium.next, 0.6, 1e-9);
        assert_close(equilibrium.gamma[0][1], 0.5, 1e-9);
        assert_close(equilibrium.values.follower[0], 0.0, 1e-9);
        assert_close(equilibrium.values.follower[1], 0.09, 1e-9);
        assert_close(equilibrium.values.leader, 0.0, 1e-9);
        // Above 0.6 there is no way back: all stay, and that is the only equilibrium.
        assert!(solved.at(1, 0.7).equilibrium.coin.is_none());
        assert_close(solved.value(1, 0.7).leader, 0.9 * 0.1, 1e-9);
    }
}

#[test]
fn a_random_game_is_also_a_scenario() {
    let game = AffineGame::random(9, 4, 3, 2);
    let text = game.scenario("pessimistic");
    let scenario: toml::Table = text.parse().expect("TOML");
    let follower = scenario["follower"].as_table().expect("a section");
    assert_eq!(follower["transition"].as_table().expect("rows").len(), 6);
    assert_eq!(follower["reward"].as_table().expect("rows").len(), 6);
    let row = follower["transition"]["two, a2"]["two"]
        .as_str()
        .expect("a formula");
    let [Affine(a, b), Affine(c, d)] = [0, 1].map(|l: usize| game.kernel[l][1][2]);
    assert_eq!(
        row,
        format!("if(level == 0, ({a:?} + {b:?} * z[two]), ({c:?} + {d:?} * z[two]))")
    );
    assert_eq!(
        scenario["leader"]["actions"]["values"]
            .as_array()
            .expect("values")
            .len(),
        2
    );
}
