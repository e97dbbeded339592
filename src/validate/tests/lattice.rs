//! Backward induction with three types against every follower enumerated.

use super::enumeration::{Leader, Tagged, average_over_starts, follower_value, leader_value};
use super::*;
use crate::simulate::Start;
use crate::validate::{Exact, LeaderTest};

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-13,
        "{found} is not {expected}"
    );
}

/// Three types that chase each other; everything depends on z, t and the leader's action.
const CHASE: &str = r#"
name = "chase"
horizon = 3
discount = 0.9
[follower]
types = ["rock", "paper", "scissors"]
actions = ["stay", "turn"]
initial = [0.5, 0.2, 0.3]
reward = "(x == rock) * (z[scissors] - z[paper]) + (x == paper) * (z[rock] - 2 * z[scissors]) + (x == scissors) * z[paper] - (0.05 + 0.1 * fee) * (a == turn)"
terminal = "0.3 * (x == paper) * z[rock]"
[follower.transition]
"rock, stay" = { paper = "0.2 * z[paper]", rock = "rest" }
"rock, turn" = { paper = "0.6 + 0.1 * z[rock]", scissors = 0.1, rock = "rest" }
"paper, stay" = { rock = 0.1, scissors = "0.1 * t * z[scissors]", paper = "rest" }
"paper, turn" = { scissors = 0.9, paper = "rest" }
"scissors, stay" = { scissors = 1 }
"scissors, turn" = { rock = "0.5 + 0.2 * z[paper]", scissors = "rest" }
[leader]
actions = { name = "fee", values = [0, 1] }
reward = { per_follower = "fee * (a == turn)", period = "z[rock] - 0.1 * fee" }
"#;

fn chase_rows(t: usize, z: &MeanField, fee: usize) -> Vec<f64> {
    let turn = |x: usize| {
        let share =
            0.1 * t as f64 + 0.5 * z.weights()[x] + if z.weights()[0] > 0.45 { 0.2 } else { 0.0 };
        (share / (1.0 + fee as f64)).min(1.0)
    };
    (0..3).flat_map(|x| [1.0 - turn(x), turn(x)]).collect()
}

fn chase_policy() -> Rule {
    let play = |t: usize, z: &MeanField| {
        let fee = usize::from(z.weights()[1] > 0.3);
        Play::pure(
            LeaderAction(fee),
            Prescription::new(2, chase_rows(t, z, fee)),
        )
    };
    let answer = |t: usize, z: &MeanField, fee: LeaderAction| {
        Some(Prescription::new(2, chase_rows(t, z, fee.0)))
    };
    Rule {
        play: Box::new(play),
        answer: Box::new(answer),
    }
}

#[test]
fn three_types_have_the_values_of_every_follower_enumerated() {
    let (game, policy) = (game(CHASE), chase_policy());
    for population in [1, 2] {
        let exact = Exact::solve(
            &game,
            &policy,
            population as u64,
            Start::Iid,
            LeaderTest::StageWise,
        )
        .unwrap();
        for x in 0..3 {
            let values = exact.follower_iid(game.initial(), x);
            let follower = |tagged| {
                let value = |types: &[usize]| follower_value(&game, &policy, tagged, 1, types);
                average_over_starts(game.initial(), &[x], population, &value)
            };
            close(values.theta, follower(Tagged::Theta));
            close(values.best, follower(Tagged::Best));
            assert!(values.gain() > 0.001, "{}", values.gain());
        }
        let values = exact.leader_iid(game.initial()).unwrap();
        let leader = |who| {
            average_over_starts(game.initial(), &[], population, &|types| {
                leader_value(&game, &policy, who, 1, types)
            })
        };
        close(values.theta, leader(Leader::Theta));
        close(values.best, leader(Leader::Best));
    }
}

#[test]
fn cost_is_estimated_and_grows_with_the_population() {
    let (game, policy) = (game(CHASE), chase_policy());
    let cost = |population| crate::validate::estimated_cost(&game, &policy, population).unwrap();
    let (small, large) = (cost(20), cost(80));
    assert!(
        large.follower > 100.0 * small.follower,
        "{small:?} {large:?}"
    );
    assert!(small.leader > 0.0);
    assert!(matches!(
        crate::validate::estimated_cost(&game, &policy, 100_000),
        Err(crate::validate::ValidateError::ExactStates { .. })
    ));
}
