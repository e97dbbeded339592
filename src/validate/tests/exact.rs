//! Backward induction against hand arithmetic and enumeration.

use super::enumeration::{Leader, Tagged, average_over_starts, follower_value, leader_value};
use super::*;
use crate::simulate::Start;
use crate::validate::{Departure, Exact, LeaderTest};

fn solve(game: &Game, policy: &Rule, population: u64, leader: LeaderTest) -> Exact {
    Exact::solve(game, policy, population, Start::Iid, leader).unwrap()
}

fn always_wait() -> Rule {
    Rule::followers(|_, _| [[1.0, 0.0], [1.0, 0.0]])
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-13,
        "{found} is not {expected}"
    );
}

#[test]
fn a_single_follower_by_hand() {
    let exact = solve(&game(INFECTION), &always_wait(), 1, LeaderTest::None);
    // Alone and infected, waiting twice: -.2 - .9 * .2; repairing at once: -.2 - .15, and healthy ever after.
    let infected = exact.follower_at(1, &[0, 1]).unwrap();
    close(infected.theta, -0.38);
    close(infected.best, -0.35);
    // Alone and healthy: z(infected) = 0, nobody to catch it from.
    let healthy = exact.follower_at(0, &[1, 0]).unwrap();
    assert_eq!((healthy.theta, healthy.best), (0.0, 0.0));
    assert_eq!(
        (exact.follower_at(0, &[0, 1]), exact.follower_at(1, &[1, 0])),
        (None, None)
    );
    close(exact.follower_worst().gain(), 0.03);
    // At t = 2 a repair no longer pays; at t = 1 it brings .38 - .35.
    let [
        Departure {
            t: 1,
            x: 1,
            counts,
            action: 1,
            gain,
            ..
        },
    ] = &exact.departures[..]
    else {
        panic!("{:?}", exact.departures)
    };
    assert_eq!(counts[..], [0, 1]);
    close(*gain, 0.03);
}

#[test]
fn two_followers_by_hand() {
    let exact = solve(&game(INFECTION), &always_wait(), 2, LeaderTest::None);
    // Healthy beside an infected one: infected next with .9 / 2, and waiting is best.
    let mixed = exact.follower_at(0, &[1, 1]).unwrap();
    close(mixed.theta, -0.9 * 0.45 * 0.2);
    close(mixed.best, -0.9 * 0.45 * 0.2);
    // Infected, the other healthy or not: as alone, since a repaired follower is healthy whatever the others are.
    for n in [1, 2] {
        let infected = exact.follower_at(1, &[2 - n, n]).unwrap();
        close(infected.theta, -0.38);
        close(infected.best, -0.35);
    }
    // One of the other two is infected with .1: healthy -.081, else 0.
    let initial = MeanField::two_types(0.1);
    close(exact.follower_iid(&initial, 0).theta, 0.1 * -0.081);
    close(exact.follower_iid(&initial, 1).gain(), 0.03);
}

#[test]
fn values_are_those_of_every_follower_enumerated() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    for population in [1, 2, 3] {
        let exact = solve(&game, &policy, population as u64, LeaderTest::StageWise);
        let values = exact.leader_iid(game.initial()).unwrap();
        let leader = |who| {
            average_over_starts(game.initial(), &[], population, &|types| {
                leader_value(&game, &policy, who, 1, types)
            })
        };
        close(values.theta, leader(Leader::Theta));
        close(values.best, leader(Leader::Best));
        assert!(values.gain() > 0.01);
        for x in 0..2 {
            let values = exact.follower_iid(game.initial(), x);
            let follower = |tagged| {
                let value = |types: &[usize]| follower_value(&game, &policy, tagged, 1, types);
                average_over_starts(game.initial(), &[x], population, &value)
            };
            close(values.theta, follower(Tagged::Theta));
            close(values.best, follower(Tagged::Best));
            assert!(values.gain() > 0.01);
        }
    }
}

#[test]
fn a_rounded_start_is_one_count() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    let exact = Exact::solve(&game, &policy, 3, Start::Rounded, LeaderTest::StageWise).unwrap();
    // 3 * (.35, .65) = (1.05, 1.95): (1, 2).
    let low = follower_value(&game, &policy, Tagged::Best, 1, &[0, 1, 1]);
    close(exact.follower_at(0, &[1, 2]).unwrap().best, low);
    close(
        exact.leader_at(&[1, 2]).unwrap().best,
        leader_value(&game, &policy, Leader::Best, 1, &[1, 0, 1]),
    );
    assert!(
        exact
            .departures
            .iter()
            .filter(|d| d.t == 1)
            .all(|d| d.counts == [1, 2])
    );
}

#[test]
fn the_gain_is_what_theta_forgoes_along_its_own_path() {
    // B_1 - V_1 = sum_t delta^(t-1) E_theta[gain of the departure at (t, x, n)], here with N = 1 and n = x.
    let (game, policy) = (game(TANGLED), tangled_policy());
    let exact = solve(&game, &policy, 1, LeaderTest::None);
    let forgone = |t: usize, x: usize| {
        let here = exact.departures.iter().find(|d| (d.t, d.x) == (t, x));
        here.map_or(0.0, |d| d.gain)
    };
    let (mut law, mut total, mut factor) = ([0.0, 1.0], 0.0, 1.0);
    let mut tables = game.tables();
    for t in 1..=3 {
        total += factor * (law[0] * forgone(t, 0) + law[1] * forgone(t, 1));
        factor *= 0.8;
        let mut next = [0.0, 0.0];
        for (x, share) in law.into_iter().enumerate() {
            let z = MeanField::from_counts(&[1 - x as u64, x as u64]);
            tables.evaluate(t, z.weights()).unwrap();
            let play = policy.play(t, &Belief::certain(), &z).unwrap();
            for (a, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                next[y] += share
                    * play.prescription.row(x)[a]
                    * tables.transition(play.leader_action().0, x, a, y);
            }
        }
        law = next;
    }
    close(exact.follower_at(1, &[0, 1]).unwrap().gain(), total);
}

#[test]
fn an_optimal_plan_leaves_nothing_to_gain_and_a_stale_one_does() {
    let game = game(DECISION);
    let optimum = solve(&game, &decision_policy(|t| t), 50, LeaderTest::None);
    assert!(
        optimum.follower_worst().gain() < 1e-12,
        "{}",
        optimum.follower_worst().gain()
    );
    assert!(optimum.departures.is_empty());
    for late in [stale, |t| 7 - t] {
        let exact = solve(&game, &decision_policy(late), 50, LeaderTest::None);
        let best = exact.follower_iid(game.initial(), 0).best;
        close(best, optimum.follower_iid(game.initial(), 0).theta);
        assert!(exact.follower_iid(game.initial(), 0).gain() > 0.2);
        assert!(!exact.departures.is_empty());
    }
}

#[test]
fn the_truncation_bound_is_far_below_what_is_printed() {
    let exact = solve(
        &game(TANGLED),
        &tangled_policy(),
        400,
        LeaderTest::StageWise,
    );
    assert!(
        exact.truncation > 0.0 && exact.truncation < 1e-14,
        "{}",
        exact.truncation
    );
}

#[test]
fn the_leader_by_hand() {
    // One period: announcing tax 0, 1 or 2 to one follower of type high at z = (0, 1).
    let text = TANGLED.replace("horizon = 3", "horizon = 1");
    let exact = solve(&game(&text), &tangled_policy(), 1, LeaderTest::StageWise);
    // Theta announces tax 1 at t = 1: 1 + .3 * (.1 + .2); the best is tax 2: 2 + .3 * (.1 + .4).
    let high = exact.leader_at(&[0, 1]).unwrap();
    close(high.theta, 1.09);
    close(high.best, 2.15);
    // At z = (1, 0), gamma(work|low) = .35: tax 0 earns .105, tax 1 -.2 + .105; theta announces 0.
    let low = exact.leader_at(&[1, 0]).unwrap();
    close(low.theta, 0.105);
    close(low.best, 0.105);
}

#[test]
fn departures_are_those_on_the_way_of_the_best_responder() {
    // Being up pays at t = 2 and costs at t = 3; moving is certain and costs .1; theta stays. Two start down, one up.
    let text = r#"
name = "certain"
horizon = 3
discount = 1.0
[follower]
types = ["down", "up"]
actions = ["stay", "move"]
initial = [0.6, 0.4]
reward = "(x == up) * ((t == 2) - (t == 3)) - 0.1 * (a == move)"
[follower.transition]
"down, stay" = { down = 1 }
"down, move" = { up = 1 }
"up, stay" = { up = 1 }
"up, move" = { down = 1 }
"#;
    let exact = Exact::solve(
        &game(text),
        &always_wait(),
        3,
        Start::Rounded,
        LeaderTest::None,
    )
    .unwrap();
    let found: Vec<[usize; 4]> = exact
        .departures
        .iter()
        .map(|d| [d.t, d.x, d.counts[1], d.action])
        .collect();
    // Down moves up at once, so that two are up, and down again at t = 2; the one that began up only the latter.
    assert_eq!(found, [[1, 0, 1, 1], [2, 1, 1, 1], [2, 1, 2, 1]]);
    let gains: Vec<f64> = exact.departures.iter().map(|d| d.gain).collect();
    [0.8, 0.9, 0.9]
        .iter()
        .zip(gains)
        .for_each(|(expected, gain)| close(gain, *expected));
}

#[test]
fn large_populations_approach_the_known_exploitability() {
    // The uniform policy in the infection game, q = .9, k = c = .2, no discount, from (.5, .5): in the limit 1.5762096
    // over 20 periods, found by two other programs.
    let text = INFECTION
        .replace("horizon = 2", "horizon = 20")
        .replace("discount = 0.9", "discount = 1.0")
        .replace("[0.9, 0.1]", "[0.5, 0.5]")
        .replace("0.15 *", "0.2 *");
    let game = game(&text);
    let uniform = Rule::followers(|_, _| [[0.5, 0.5], [0.5, 0.5]]);
    let distance = |population| {
        let exact = solve(&game, &uniform, population, LeaderTest::None);
        let [healthy, infected] = [0, 1].map(|x| exact.follower_iid(game.initial(), x).gain());
        0.5 * (healthy + infected) - 1.576_209_6
    };
    // The distance is c / N and 11 / N^2 beside it: the first term cancels in 2 d(2N) - d(N).
    let (small, large) = (distance(800), distance(1600));
    assert!(
        small > 1e-3 && (2.0 * large - small).abs() < 1.2e-5,
        "{small} {large}"
    );
}

#[test]
fn one_type_has_one_state_a_period() {
    // Work pays at even t and costs .2 at odd ones; theta always idles, and the gain is .9 (1 + .9^2) at T = 5.
    let text = r#"
name = "alone"
horizon = 5
discount = 0.9
[follower]
types = ["all"]
actions = ["idle", "work"]
initial = [1]
reward = "(a == work) * (1.2 * (t == 2) + 1.2 * (t == 4) - 0.2)"
[follower.transition]
"all, idle" = { all = 1 }
"all, work" = { all = 1 }
"#;
    let idles = Rule {
        play: Box::new(|_, _| Play::pure(LeaderAction(0), Prescription::new(2, vec![1.0, 0.0]))),
        answer: Box::new(|_, _, _| None),
    };
    let game = game(text);
    let exact = solve(&game, &idles, 12, LeaderTest::None);
    close(exact.follower_iid(game.initial(), 0).gain(), 1.629);
    close(exact.follower_worst().best, 1.629);
    let found = exact
        .departures
        .iter()
        .map(|d| (d.t, d.counts[0], d.action));
    assert_eq!(found.collect::<Vec<_>>(), [(2, 12, 1), (4, 12, 1)]);
}
