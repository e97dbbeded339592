//! The reference solver against closed forms, published numbers, and itself solved another way.

mod support;

use support::affine::{Affine, AffineGame};
use support::finite::exploitability;
use support::games::*;
use support::random::Random;
use support::reference::{Mesh, Reference, Selection, Values};

const MESH: Mesh = Mesh { cells: 2000, tolerance: 1e-8 };
const SELECTIONS: [Selection; 3] = [Selection::Optimistic, Selection::Pessimistic, Selection::Welfare];

fn assert_close(got: f64, expected: f64, within: f64) {
    assert!((got - expected).abs() <= within, "got {got}, expected {expected} within {within}");
}

/// The games of the paper with five prices and a short horizon.
fn paper_games(horizon: usize) -> Vec<PlainGame> {
    let infection = |leader| Infection { horizon, prices: grid(0.0, 0.4, 5), ..Infection::shipped(leader) }.game();
    let technology = Technology { horizon, prices: grid(-2.0, 4.0, 5), ..Technology::shipped() };
    vec![infection(InfectionLeader::PerRepair), infection(InfectionLeader::PerPeriod), technology.game()]
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
            let best = |l: usize, x: usize| (0..3).max_by(|a, b| worth(l, x, *a).total_cmp(&worth(l, x, *b))).unwrap();
            let leader = |l: usize| {
                let shares = (0..2).map(|x| weight(m, x) * (game.leader_share)(1, m, l, x, best(l, x)));
                (game.leader_period)(1, m, l) + shares.sum::<f64>()
            };
            let chosen = (0..3).max_by(|l, k| leader(*l).total_cmp(&leader(*k))).unwrap();
            let values = solved.value(1, m);
            assert_eq!(solved.at(1, m).leader_action, chosen);
            assert_close(values.leader, leader(chosen), 1e-12);
            (0..2).for_each(|x| assert_close(values.follower[x], worth(chosen, x, best(chosen, x)), 1e-12));
        }
    }
}

#[test]
fn without_the_mean_field_followers_solve_an_ordinary_decision_problem() {
    let still = |c: &mut Affine| c.1 = 0.0;
    for seed in 0..4 {
        // The leader's action matters to her reward of the period alone, so she takes the best one at every m.
        let mut affine = AffineGame::random(seed, 6, 3, 3);
        for cube in [&mut affine.kernel, &mut affine.reward, &mut affine.leader_share] {
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
            let best = [0, 1].map(|x| (0..3).max_by(|a, b| worth(x, *a).total_cmp(&worth(x, *b))).unwrap());
            values.insert(0, [0, 1].map(|x| worth(x, best[x])));
            actions.insert(0, best);
        }
        let solved = Reference::solve(&game, Selection::Optimistic, MESH);
        for start in generic_starts(10) {
            let (mut m, mut leader) = (start, 0.0);
            for (t, best) in actions.iter().enumerate() {
                let period = (0..3).map(|l| (game.leader_period)(1, m, l)).fold(f64::NEG_INFINITY, f64::max);
                let share: f64 = (0..2).map(|x| weight(m, x) * (game.leader_share)(1, m, 0, x, best[x])).sum();
                leader += libm::pow(0.9, t as f64) * (period + share);
                m = (0..2).map(|x| weight(m, x) * (game.kernel)(1, m, 0, x, best[x])).sum();
            }
            let got = solved.value(1, start);
            assert_close(got.leader, leader, 1e-7);
            (0..2).for_each(|x| assert_close(got.follower[x], values[0][x], 1e-12));
        }
    }
}

#[test]
fn the_coordination_game_has_its_three_equilibria_and_each_rule_takes_its_own() {
    let numbers = Coordination { discount: 0.9, speed: 0.8, cost: 0.1, gain: 1.0, loss: 0.5 };
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
        assert_close(equilibrium.values.leader, m + 0.9 * switching(probability), 1e-9);
    }
    assert_close(staying.value(1, m).leader, m + 0.9 * m, 1e-9);
    let leader_best = Reference::solve(&game, Selection::Optimistic, MESH);
    assert_close(leader_best.value(1, m).leader, m + 0.9 * switching(1.0), 1e-9);
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
        assert_close(Reference::solve(&game, Selection::Optimistic, MESH).value(1, m).leader, repair, 1e-9);
        assert_close(Reference::solve(&game, Selection::Pessimistic, MESH).value(1, m).leader, wait, 1e-9);
        // Welfare is the same at both ends: the lexicographic rule takes wait.
        assert_close(Reference::solve(&game, Selection::Welfare, MESH).value(1, m).leader, wait, 1e-9);
    }
}

/// Followers' mean value of every equilibrium path in pure prescriptions of the infection game with one price.
///
/// A path is a word over "all wait" and "the infected repair", which may end in "all repair"; after that m = 0, where
/// nobody has a reason to repair. (The healthy gain less from repairing than the infected, so never repair alone.)
fn pure_path_values(numbers: &Infection) -> Vec<f64> {
    let (k, q, price, delta, horizon) = (numbers.k, numbers.q, numbers.prices[0], numbers.discount, numbers.horizon);
    let mut values = Vec::new();
    for cleared_at in 1..=horizon + 1 {
        for word in 0..1_u32 << (cleared_at - 1) {
            let repairs = |t: usize| word >> (t - 1) & 1 == 1;
            let mut flow = vec![numbers.initial];
            for t in 1..cleared_at {
                let m = flow[t - 1];
                flow.push(q * m * (1.0 - m) + if repairs(t) { 0.0 } else { m });
            }
            // From `cleared_at` + 1 on a single infected follower repairs where that is better.
            let mut v = [0.0, 0.0];
            for _ in cleared_at + 1..=horizon {
                v = [0.0, -k + f64::max(-price, delta * v[1])];
            }
            let mut optimal = true;
            for t in (1..=cleared_at.min(horizon)).rev() {
                let m = flow[t - 1];
                let (healthy, infected) = (delta * (v[0] + q * m * (v[1] - v[0])), -k + delta * v[1]);
                let (cured, mended) = (-price + delta * v[0], -k - price + delta * v[0]);
                let (all, some) = (t == cleared_at, t == cleared_at || repairs(t));
                optimal &= if all { cured >= healthy } else { healthy >= cured };
                optimal &= if some { mended >= infected } else { infected >= mended };
                v = [if all { cured } else { healthy }, if some { mended } else { infected }];
            }
            if optimal {
                values.push((1.0 - numbers.initial) * v[0] + numbers.initial * v[1]);
            }
        }
    }
    values
}

#[test]
fn equilibrium_paths_at_a_fixed_price_span_the_published_range() {
    let numbers = Infection { horizon: 20, initial: 0.5, ..Infection::fixed_price(0.3) };
    let paths = pure_path_values(&numbers);
    let (least, largest) = paths.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    assert_close(least, -1.589, 5e-4);
    assert_close(largest, -0.584, 5e-4);
    let game = numbers.game();
    let followers = |selection| {
        let v = Reference::solve(&game, selection, MESH).value(1, 0.5).follower;
        0.5 * v[0] + 0.5 * v[1]
    };
    assert_close(followers(Selection::Optimistic), largest, 1e-6);
    assert_close(followers(Selection::Pessimistic), least, 1e-6);
}

#[test]
fn tables_agree_with_the_recursion_that_re_solves_every_stage() {
    let random = [(1, 2), (5, 3), (6, 3), (8, 2)].map(|(seed, actions)| AffineGame::random(seed, 4, actions, 2).game());
    for game in paper_games(5).iter().chain(&random) {
        for selection in SELECTIONS {
            let solved = Reference::solve(game, selection, MESH);
            for m in generic_starts(8) {
                let distance = solved.value(1, m).distance(&solved.value_by_recursion(1, m));
                assert!(distance < 1e-7, "{selection:?} at {m}: {distance:e}");
            }
        }
    }
}

#[test]
fn stage_games_have_an_odd_number_of_equilibria() {
    let mut several = 0;
    for seed in 0..12 {
        let game = AffineGame::random(seed, 3, 2 + seed as usize % 2, 2).game();
        let solved = Reference::solve(&game, Selection::Optimistic, MESH);
        for m in generic_starts(40) {
            for (t, l) in [(1, 0), (1, 1), (2, 0), (3, 1)] {
                let count = solved.equilibria(t, m, l).len();
                assert!(count % 2 == 1, "seed {seed}, t {t}, m {m}, action {l}: {count}");
                several += usize::from(count > 1);
            }
        }
    }
    assert!(several > 100, "the games must be hard enough to tell: {several}");
}

#[test]
fn following_theta_is_worth_its_value_and_nobody_gains_by_leaving_it() {
    let random = [1, 5, 7].map(|seed| AffineGame::random(seed, 4, 2, 2).game());
    for game in paper_games(6).iter().chain(&random) {
        for selection in SELECTIONS {
            let solved = Reference::solve(game, selection, MESH);
            let mut followed = 0;
            for start in generic_starts(8) {
                let Some(path) = solved.path(start) else { continue };
                followed += 1;
                let result = exploitability(game, start, &|t, _| path[t - 1].1.clone());
                assert!(result.initial < 1e-6, "{selection:?} from {start}: {}", result.initial);
                let leader = leader_return(game, start, &solved);
                let along = Values { follower: result.value, leader };
                assert!(along.distance(&solved.value(1, start)) < 1e-6);
                assert!(leader_gain(game, start, &solved) < 1e-6);
            }
            assert!(followed > 0);
        }
    }
}

/// The leader's return when theta is followed from (1, m).
fn leader_return(game: &PlainGame, m: f64, solved: &Reference) -> f64 {
    leader_from(game, 1, m, solved)
}

fn leader_from(game: &PlainGame, t: usize, m: f64, solved: &Reference) -> f64 {
    if t > game.horizon {
        return 0.0;
    }
    let solution = solved.at(t, m);
    let reward = game.leader_reward(t, m, &solution.play());
    reward + game.discount * leader_from(game, t + 1, solution.equilibrium.next, solved)
}

/// The largest one-stage gain of the leader along the path, every deviation continued by following theta.
fn leader_gain(game: &PlainGame, start: f64, solved: &Reference) -> f64 {
    let (mut m, mut gain) = (start, f64::NEG_INFINITY);
    for t in 1..=game.horizon {
        let kept = leader_from(game, t, m, solved);
        for leader_action in 0..game.leader_actions {
            let answer = solved.answer(t, m, leader_action);
            let play = Play { leader_action, gamma: answer.gamma };
            let after = leader_from(game, t + 1, answer.next, solved);
            if answer.coin.is_none() {
                gain = gain.max(game.leader_reward(t, m, &play) + game.discount * after - kept);
            }
        }
        m = solved.at(t, m).equilibrium.next;
    }
    gain
}
