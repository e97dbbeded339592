//! What must not change V_1: the unit of one player's rewards, a constant a period, the order of types and of actions.
//! Random games of two types, without those in which a tie of the selection decides.

// Loops over types and actions read as the formulas do; a helper's failure names its seed.
#![allow(
    clippy::needless_range_loop,
    clippy::collapsible_if,
    clippy::panic,
    clippy::print_stderr
)]

use crate::brute::change::{Player, actions_reversed, scaled, shifted, types_reversed};
use crate::brute::compare::{Solution, library, right};
use crate::brute::game::Game;
use crate::brute::generator;

/// Of V_1, relative to the range of the rewards.
const WITHIN: f64 = 1e-7;
const CELLS: usize = 1000;
const GAMES: usize = 8;

/// Small random games of two periods in which no selection is close, with their ranges.
fn games() -> Vec<(u64, Game, [f64; 2])> {
    let small = |(_, game): &(u64, Game)| game.horizon == 2 && game.leader_actions() <= 3;
    let seeds = (5000..).map(|seed| (seed, generator::game(seed).1));
    let clear = |(seed, game): (u64, Game)| {
        let (value, ranges) = right(&game, CELLS);
        (!value.close && !value.open).then_some((seed, game, ranges))
    };
    seeds.filter(small).filter_map(clear).take(GAMES).collect()
}

fn solved(seed: u64, game: &Game) -> Solution {
    library(&game.text()).unwrap_or_else(|why| panic!("seed {seed}: {why}"))
}

/// The largest difference relative to the ranges, `right` being what it should be.
fn distance(got: &Solution, right: [f64; 3], ranges: [f64; 2]) -> f64 {
    let of = [ranges[0], ranges[0], ranges[1]];
    (0..3)
        .map(|i| (got.values[i] - right[i]).abs() / of[i])
        .fold(0.0, f64::max)
}

#[test]
fn the_unit_of_a_players_rewards_changes_its_values_alone_and_no_work() {
    let factors = [1e-10, 1e9, 1e-6, 1e6, 1e-3, 1e3, 1e-8, 1e8];
    for (i, (seed, game, ranges)) in games().into_iter().enumerate() {
        let base = solved(seed, &game);
        for (player, by) in [
            (Player::Followers, factors[i % factors.len()]),
            (Player::Leader, factors[(i + 3) % factors.len()]),
        ] {
            let got = solved(seed, &scaled(&game, player, by));
            let [f, l] = if player == Player::Followers {
                [by, 1.0]
            } else {
                [1.0, by]
            };
            let right = [base.values[0] * f, base.values[1] * f, base.values[2] * l];
            let away = distance(&got, right, [ranges[0] * f, ranges[1] * l]);
            assert!(
                away <= WITHIN,
                "seed {seed}, {player:?} times {by:e}: {:?}, right is {right:?}",
                got.values
            );
            let [more, less] = [got.work.max(base.work), got.work.min(base.work)];
            assert!(
                10 * more <= 11 * less + 100,
                "seed {seed}, {player:?} times {by:e}: work {} for {}",
                got.work,
                base.work
            );
        }
    }
}

#[test]
fn a_constant_a_period_adds_its_discounted_sum() {
    for (seed, game, ranges) in games() {
        let base = solved(seed, &game);
        let periods: f64 = (0..game.horizon)
            .map(|t| game.discount.powi(t as i32))
            .sum();
        for player in [Player::Followers, Player::Leader] {
            if player == Player::Leader && game.prices.is_empty() {
                continue;
            }
            let unit = if player == Player::Followers {
                ranges[0]
            } else {
                ranges[1]
            };
            for by in [7.0 * unit, -1e4 * unit] {
                let got = solved(seed, &shifted(&game, player, by));
                let [f, l] = if player == Player::Followers {
                    [by, 0.0]
                } else {
                    [0.0, by]
                };
                let right = [0, 1, 2].map(|i| base.values[i] + periods * if i < 2 { f } else { l });
                assert!(
                    distance(&got, right, ranges) <= WITHIN,
                    "seed {seed}, {player:?} and {by:e}: {:?}, right is {right:?}",
                    got.values
                );
            }
        }
    }
}

#[test]
fn the_order_of_types_and_actions_changes_nothing() {
    let mut compared = 0;
    for (seed, game, ranges) in games() {
        let base = solved(seed, &game);
        let v = right(&game, CELLS).0;
        for (other, turned) in [
            (actions_reversed(&game), false),
            (types_reversed(&game), true),
        ] {
            let order = if turned { [1, 0] } else { [0, 1] };
            // Where the recursion has another value, too, a tie was decided by the order.
            let w = right(&other, CELLS).0;
            let moved = [0, 1].map(|x| (w.follower[order[x]] - v.follower[x]).abs() / ranges[0]);
            let moved = moved[0]
                .max(moved[1])
                .max((w.leader - v.leader).abs() / ranges[1]);
            if w.close || moved > 1e-9 {
                continue;
            }
            compared += 1;
            let got = solved(seed, &other);
            let right = [base.values[order[0]], base.values[order[1]], base.values[2]];
            assert!(
                distance(&got, right, ranges) <= WITHIN,
                "seed {seed}, types turned {turned}: {:?}, right is {right:?}",
                got.values
            );
        }
    }
    assert!(compared >= GAMES, "too few are compared: {compared}");
}
