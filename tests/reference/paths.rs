//! The reference solver along its paths: published values, no gain from leaving theta, the same values by recursion.

use crate::support::affine::AffineGame;
use crate::support::finite::exploitability;
use crate::support::games::*;
use crate::support::random::Random;
use crate::support::reference::{Mesh, Reference, Selection, Values};

const MESH: Mesh = Mesh {
    cells: 1000,
    tolerance: 3e-8,
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

/// The games of the paper with five prices and a short horizon.
fn paper_games(horizon: usize) -> Vec<PlainGame> {
    let infection = |leader| {
        Infection {
            horizon,
            prices: grid(0.0, 0.4, 5),
            ..Infection::shipped(leader)
        }
        .game()
    };
    let technology = Technology {
        horizon,
        prices: grid(-2.0, 4.0, 5),
        ..Technology::shipped()
    };
    vec![
        infection(InfectionLeader::PerRepair),
        infection(InfectionLeader::PerPeriod),
        technology.game(),
    ]
}

/// Starts without a pattern.
fn generic_starts(count: usize) -> Vec<f64> {
    let mut random = Random::new(20_220_105);
    (0..count).map(|_| random.uniform()).collect()
}

/// Followers' mean value of every equilibrium path in pure prescriptions of the infection game with one price.
///
/// A path is a word over "all wait" and "the infected repair", which may end in "all repair"; after that m = 0, where
/// nobody has a reason to repair. (The healthy gain less from repairing than the infected, so never repair alone.)
fn pure_path_values(numbers: &Infection) -> Vec<f64> {
    let (k, q, price, delta, horizon) = (
        numbers.k,
        numbers.q,
        numbers.prices[0],
        numbers.discount,
        numbers.horizon,
    );
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
                let (healthy, infected) =
                    (delta * (v[0] + q * m * (v[1] - v[0])), -k + delta * v[1]);
                let (cured, mended) = (-price + delta * v[0], -k - price + delta * v[0]);
                let (all, some) = (t == cleared_at, t == cleared_at || repairs(t));
                optimal &= if all {
                    cured >= healthy
                } else {
                    healthy >= cured
                };
                optimal &= if some {
                    mended >= infected
                } else {
                    infected >= mended
                };
                v = [
                    if all { cured } else { healthy },
                    if some { mended } else { infected },
                ];
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
    let numbers = Infection {
        horizon: 20,
        initial: 0.5,
        ..Infection::fixed_price(0.3)
    };
    let paths = pure_path_values(&numbers);
    let (least, largest) = paths
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    assert_close(least, -1.589, 5e-4);
    assert_close(largest, -0.584, 5e-4);
    let game = numbers.game();
    let followers = |selection| {
        let v = Reference::solve(&game, selection, MESH)
            .value(1, 0.5)
            .follower;
        0.5 * v[0] + 0.5 * v[1]
    };
    assert_close(followers(Selection::Optimistic), largest, 1e-6);
    assert_close(followers(Selection::Pessimistic), least, 1e-6);
}

#[test]
fn tables_agree_with_the_recursion_that_re_solves_every_stage() {
    let random =
        [(5, 3), (6, 3)].map(|(seed, actions)| AffineGame::random(seed, 4, actions, 2).game());
    for game in paper_games(5).iter().chain(&random) {
        for selection in [Selection::Optimistic, Selection::Pessimistic] {
            let solved = Reference::solve(game, selection, MESH);
            for m in generic_starts(5) {
                let distance = solved
                    .value(1, m)
                    .distance(&solved.value_by_recursion(1, m));
                assert!(distance < 3e-7, "{selection:?} at {m}: {distance:e}");
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
                assert!(
                    count % 2 == 1,
                    "seed {seed}, t {t}, m {m}, action {l}: {count}"
                );
                several += usize::from(count > 1);
            }
        }
    }
    assert!(
        several > 100,
        "the games must be hard enough to tell: {several}"
    );
}

#[test]
fn following_theta_is_worth_its_value_and_nobody_gains_by_leaving_it() {
    let random = [1, 5, 7].map(|seed| AffineGame::random(seed, 4, 2, 2).game());
    for game in paper_games(6).iter().chain(&random) {
        for selection in SELECTIONS {
            let solved = Reference::solve(game, selection, MESH);
            let mut followed = 0;
            for start in generic_starts(8) {
                let Some(path) = solved.path(start) else {
                    continue;
                };
                followed += 1;
                let result = exploitability(game, start, &|t, _| path[t - 1].1.clone());
                assert!(
                    result.initial < 1e-6,
                    "{selection:?} from {start}: {}",
                    result.initial
                );
                let leader = leader_from(game, 1, start, &solved).expect("the path meets no coin");
                let along = Values {
                    follower: result.value,
                    leader,
                };
                assert!(along.distance(&solved.value(1, start)) < 1e-6);
                assert!(leader_gain(game, start, &solved) < 1e-6);
            }
            assert!(followed > 0);
        }
    }
}

/// The leader's return when theta is followed from (t, m); `None` where it meets a coin.
fn leader_from(game: &PlainGame, t: usize, m: f64, solved: &Reference) -> Option<f64> {
    if t > game.horizon {
        return Some(0.0);
    }
    let solution = solved.at(t, m);
    if solution.equilibrium.coin.is_some() {
        return None;
    }
    let reward = game.leader_reward(t, m, &solution.play());
    Some(reward + game.discount * leader_from(game, t + 1, solution.equilibrium.next, solved)?)
}

/// The largest one-stage gain of the leader along the path, every deviation continued by following theta.
fn leader_gain(game: &PlainGame, start: f64, solved: &Reference) -> f64 {
    let (mut m, mut gain) = (start, f64::NEG_INFINITY);
    for t in 1..=game.horizon {
        let kept = leader_from(game, t, m, solved).expect("the path meets no coin");
        for leader_action in 0..game.leader_actions {
            let answer = solved.answer(t, m, leader_action);
            let play = Play {
                leader_action,
                gamma: answer.gamma,
            };
            if let (None, Some(after)) =
                (answer.coin, leader_from(game, t + 1, answer.next, solved))
            {
                gain = gain.max(game.leader_reward(t, m, &play) + game.discount * after - kept);
            }
        }
        m = solved.at(t, m).equilibrium.next;
    }
    gain
}
