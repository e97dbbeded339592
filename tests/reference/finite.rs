//! The plain finite-N evaluator, the plain simulator and the mean-field exploitability against each other, against
//! hand-made enumeration, and against published numbers.

use crate::support::affine::AffineGame;
use crate::support::agents::{Run, independent_types, simulate};
use crate::support::finite::{count_law, exploitability, laws, leader, next_law, tagged};
use crate::support::games::*;
use crate::support::law::{chi_square_against, histogram, standard_errors_off};
use crate::support::random::Random;
use crate::support::reference::{Mesh, Reference, Selection};

fn assert_close(got: f64, expected: f64, within: f64) {
    assert!(
        (got - expected).abs() <= within,
        "got {got}, expected {expected} within {within}"
    );
}

/// The policy that draws every action with the same probability.
fn uniform(game: &PlainGame) -> Play {
    Play {
        leader_action: 0,
        gamma: [0, 1].map(|_| vec![1.0 / game.actions as f64; game.actions]),
    }
}

/// A policy of two actions and no meaning, which depends on t and n and mixes.
fn uneven(t: usize, n: usize) -> Play {
    let p = 0.1 + 0.8 * ((t * 7 + n * 3) % 11) as f64 / 10.0;
    Play {
        leader_action: (t + n) % 2,
        gamma: [vec![p, 1.0 - p], vec![1.0 - p / 2.0, p / 2.0]],
    }
}

#[test]
fn the_uniform_policy_of_the_infection_game_has_the_published_exploitability() {
    for (horizon, published) in [(20, 1.576_209_6), (50, 4.470_123_1)] {
        let game = Infection::undiscounted(horizon).game();
        let play = uniform(&game);
        assert_close(
            exploitability(&game, 0.5, &|_, _| play.clone()).initial,
            published,
            5e-8,
        );
    }
}

#[test]
fn a_lone_follower_moves_the_mean_field_all_by_itself() {
    let game = AffineGame::random(3, 4, 2, 2).game();
    let values = tagged(&game, 1, &uneven);
    let mut after = [0, 1].map(|x| (game.terminal)(x as f64, x));
    for t in (1..=4).rev() {
        after = [0, 1].map(|x| {
            let play = uneven(t, x);
            let worth = |a: usize| {
                let p = (game.kernel)(t, x as f64, play.leader_action, x, a);
                (game.reward)(t, x as f64, play.leader_action, x, a)
                    + 0.9 * (after[0] * (1.0 - p) + after[1] * p)
            };
            play.gamma[x][0] * worth(0) + play.gamma[x][1] * worth(1)
        });
        (0..2).for_each(|x| assert_close(values.policy[t - 1][x][x], after[x], 1e-13));
    }
}

/// The value of follower 0 among labelled followers, over every joint action and every joint next state.
fn labelled_value(game: &PlainGame, t: usize, types: &[usize], deviate: bool) -> f64 {
    let n: usize = types.iter().sum();
    let m = n as f64 / types.len() as f64;
    if t > game.horizon {
        return (game.terminal)(m, types[0]);
    }
    let play = uneven(t, n);
    let by_action = [0, 1].map(|action| {
        // Every joint next state, as bits.
        let continued: f64 = (0..1_usize << types.len())
            .map(|bits| {
                let next: Vec<usize> = (0..types.len()).map(|i| bits >> i & 1).collect();
                let probability: f64 = (0..types.len())
                    .map(|i| {
                        let p = if i == 0 {
                            (game.kernel)(t, m, play.leader_action, types[0], action)
                        } else {
                            game.follower_next(t, m, &play, types[i])
                        };
                        weight(p, next[i])
                    })
                    .product();
                probability * labelled_value(game, t + 1, &next, deviate)
            })
            .sum();
        (game.reward)(t, m, play.leader_action, types[0], action) + game.discount * continued
    });
    if deviate {
        by_action[0].max(by_action[1])
    } else {
        by_action
            .iter()
            .zip(&play.gamma[types[0]])
            .map(|(v, p)| v * p)
            .sum()
    }
}

#[test]
fn counts_give_what_labelled_followers_give() {
    let game = AffineGame::random(5, 3, 2, 2).game();
    let values = tagged(&game, 4, &uneven);
    for bits in 0..1_usize << 4 {
        let types: Vec<usize> = (0..4).map(|i| bits >> i & 1).collect();
        let (x, n) = (types[0], types.iter().sum::<usize>());
        assert_close(
            values.policy[0][x][n],
            labelled_value(&game, 1, &types, false),
            1e-12,
        );
        assert_close(
            values.best[0][x][n],
            labelled_value(&game, 1, &types, true),
            1e-12,
        );
    }
}

#[test]
fn a_leader_paid_the_followers_mean_reward_earns_their_mean_value() {
    let game = Infection {
        horizon: 6,
        ..Infection::fixed_price(0.2)
    }
    .game();
    let policy = |t: usize, n: usize| Play {
        leader_action: 0,
        ..uneven(t, n)
    };
    let population = 12;
    let followers = tagged(&game, population, &policy);
    let leaders = leader(&game, population, &policy, &|t, n, _| policy(t, n).gamma);
    for n in 1..population {
        let m = n as f64 / population as f64;
        let mean = (0..2)
            .map(|x| weight(m, x) * followers.policy[0][x][n])
            .sum();
        assert_close(leaders.policy[0][n], mean, 1e-12);
        // With one action and the same answer there is no deviation.
        assert_close(leaders.best[0][n], leaders.policy[0][n], 1e-12);
    }
}

#[test]
fn the_law_of_counts_forward_gives_the_leaders_value_backward() {
    let game = AffineGame::random(2, 5, 2, 2).game();
    let population = 9;
    let law = laws(&game, population, &uneven);
    let forward: f64 = (1..=5)
        .map(|t| {
            let reward =
                |n: usize| game.leader_reward(t, n as f64 / population as f64, &uneven(t, n));
            let mean: f64 = law[t - 1]
                .iter()
                .enumerate()
                .map(|(n, p)| p * reward(n))
                .sum();
            libm::pow(0.9, (t - 1) as f64) * mean
        })
        .sum();
    let values = leader(&game, population, &uneven, &|t, n, _| uneven(t, n).gamma);
    let backward: f64 = law[0]
        .iter()
        .zip(&values.policy[0])
        .map(|(p, v)| p * v)
        .sum();
    assert_close(forward, backward, 1e-12);
    // The answer is the policy's own, so choosing the action can only help, and here it does.
    assert!(
        values.best[0]
            .iter()
            .zip(&values.policy[0])
            .all(|(b, v)| b >= v)
    );
    assert!(values.best[0][4] > values.policy[0][4] + 0.01);
    assert_close(law[5].iter().sum(), 1.0, 1e-12);
    assert_close(
        next_law(&game, population, 1, 4, &uneven(1, 4))
            .iter()
            .sum(),
        1.0,
        1e-12,
    );
}

#[test]
fn count_laws_are_binomial() {
    // 0.3^k 0.7^(5 - k) C(5, k).
    for (got, expected) in count_law(&[(5, 0.3)])
        .iter()
        .zip([0.16807, 0.36015, 0.3087, 0.1323, 0.02835, 0.00243])
    {
        assert_close(*got, expected, 1e-15);
    }
    assert_eq!(
        count_law(&[(2, 0.0), (3, 1.0)]),
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    );
}

#[test]
fn gains_vanish_at_a_best_response_and_not_elsewhere() {
    // Repairing costs nothing here, so that everybody repairs is an equilibrium at any N.
    let game = Infection {
        horizon: 5,
        ..Infection::fixed_price(0.0)
    }
    .game();
    let repair = Play {
        leader_action: 0,
        gamma: [vec![0.0, 1.0], vec![0.0, 1.0]],
    };
    let gains = tagged(&game, 10, &|_, _| repair.clone()).gains(0.5);
    assert!(gains.initial.abs() < 1e-15 && gains.worst.abs() < 1e-15);
    let wait = Play {
        leader_action: 0,
        gamma: [vec![1.0, 0.0], vec![1.0, 0.0]],
    };
    let gains = tagged(&game, 10, &|_, _| wait.clone()).gains(0.5);
    // An infected follower saves 0.2 in each of the periods 2 to 5.
    assert_close(gains.by_type[1], 0.2 * (0.9 + 0.81 + 0.729 + 0.6561), 1e-12);
    assert!(gains.initial > 0.3 && gains.worst >= gains.by_type[1]);
}

#[test]
fn the_infection_game_has_the_published_gaps_at_finite_n() {
    let game = Infection {
        horizon: 20,
        ..Infection::fixed_price(0.2)
    }
    .game();
    let worst = |selection, population: usize| {
        let solved = Reference::solve(
            &game,
            selection,
            Mesh {
                cells: 2000,
                tolerance: 1e-8,
            },
        );
        let policy = |t: usize, n: usize| solved.at(t, n as f64 / population as f64).play();
        let plays: Vec<Vec<Play>> = (1..=20)
            .map(|t| (0..=population).map(|n| policy(t, n)).collect())
            .collect();
        tagged(&game, population, &|t, n| plays[t - 1][n].clone())
            .gains(game.initial)
            .worst
    };
    assert_close(worst(Selection::Pessimistic, 50), 0.0116, 5e-5);
    assert_close(worst(Selection::Pessimistic, 100), 0.0015, 5e-5);
    assert_close(worst(Selection::Optimistic, 50), 0.0, 1e-12);
}

fn runs(game: &PlainGame, population: usize, seed: u64) -> Vec<Run> {
    let mut random = Random::new(seed);
    (0..4000)
        .map(|_| {
            let types = independent_types(game, population, &mut random);
            simulate(game, &uneven, types, &mut random)
        })
        .collect()
}

/// Standard errors between the sampled returns of followers and leader and the exact values.
fn returns_off(game: &PlainGame, population: usize, sample: &[Run]) -> [f64; 2] {
    let value = tagged(game, population, &uneven).gains(game.initial).value;
    let follower = (0..2).map(|x| weight(game.initial, x) * value[x]).sum();
    let leaders = leader(game, population, &uneven, &|t, n, _| uneven(t, n).gamma);
    let start = count_law(&[(population, game.initial)]);
    let leader = start
        .iter()
        .zip(&leaders.policy[0])
        .map(|(p, v)| p * v)
        .sum();
    let column = |of: fn(&Run) -> f64| sample.iter().map(of).collect::<Vec<_>>();
    [
        standard_errors_off(&column(Run::follower_return), follower),
        standard_errors_off(&column(|run| run.leader_return), leader),
    ]
}

#[test]
fn simulated_counts_and_returns_have_the_exact_law() {
    let numbers = AffineGame::random(4, 4, 2, 2);
    let (game, population) = (numbers.game(), 20);
    let law = laws(&game, population, &uneven);
    let p_values = |runs: &[Run]| {
        let at = |t: usize| histogram(runs.iter().map(|run| run.counts[t]), population);
        (0..=4)
            .map(|t| chi_square_against(&at(t), &law[t]))
            .fold(1.0, f64::min)
    };
    let sample = runs(&game, population, 11);
    assert!(p_values(&sample) > 1e-4, "{}", p_values(&sample));
    assert!(
        returns_off(&game, population, &sample)
            .iter()
            .all(|z| z.abs() < 4.5)
    );

    // Planted faults: the rows of the two types exchanged, a leader whose action does nothing, late discounting.
    let mut exchanged = numbers.clone();
    exchanged.kernel.iter_mut().for_each(|rows| rows.swap(0, 1));
    assert!(p_values(&runs(&exchanged.game(), population, 11)) < 1e-6);
    let mut idle = numbers.clone();
    idle.kernel[1] = idle.kernel[0].clone();
    assert!(p_values(&runs(&idle.game(), population, 11)) < 1e-6);
    let late = AffineGame {
        discount: 0.8,
        ..numbers
    }
    .game();
    assert!(
        returns_off(&late, population, &sample)
            .iter()
            .all(|z| z.abs() > 6.0)
    );
}
