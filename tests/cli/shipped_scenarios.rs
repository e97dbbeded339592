//! The shipped scenarios against the paper's formulas, written out by hand.

use smfg::game::{FlowRule, Game, LeaderInformation};
use smfg::scenario::{Override, Scenario};
use smfg::solve::Selection;
use std::path::Path;

fn read(name: &str, overrides: &[&str]) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(format!("{name}.toml"));
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(&path, &overrides).expect("a shipped scenario reads")
}

/// (37), (38) and the leader's reward per repair at every price, type and action.
#[test]
fn infection_has_the_papers_kernel_and_rewards() {
    let scenario = read("infection", &[]);
    let game = scenario.game();
    assert_eq!(
        (game.name(), game.horizon(), game.discount()),
        ("infection", 30, 0.9)
    );
    assert_eq!(game.initial().weights(), [0.9, 0.1]);
    assert_eq!(game.leader_actions().len(), 41);
    assert_eq!(&game.leader_actions()[..4], ["0.0", "0.01", "0.02", "0.03"]);
    assert_eq!(game.leader_actions()[40], "0.4");
    assert!(!game.depends_on_time());
    let mut tables = game.tables();
    for m in [0.0, 0.25, 0.5, 1.0] {
        tables.evaluate(1, &[1.0 - m, m]).unwrap();
        for price in 0..41 {
            let c = price as f64 / 100.0;
            assert_eq!(game.kernel_group(price), 0);
            assert_eq!(tables.leader_period_reward(price), 0.0);
            for x in 0..2 {
                assert_eq!(tables.transition(price, x, 1, 0), 1.0);
                assert_eq!(tables.transition(price, x, 1, 1), 0.0);
                for a in 0..2 {
                    let reward = -0.2 * x as f64 - c * a as f64;
                    assert!((tables.follower_reward(price, x, a) - reward).abs() < 1e-15);
                    let leader = reward + (c - 0.2) * a as f64;
                    assert!((tables.leader_follower_reward(price, x, a) - leader).abs() < 1e-15);
                }
            }
            assert_eq!(tables.transition(price, 0, 0, 1), 0.9 * m);
            assert_eq!(tables.transition(price, 0, 0, 0), 1.0 - 0.9 * m);
            assert_eq!(tables.transition(price, 1, 0, 1), 1.0);
        }
    }
    assert_eq!(game.terminal_reward(&[0.3, 0.7], 1), Ok(0.0));
}

#[test]
fn infection_as_printed_counts_the_price_once_per_period() {
    let scenario = read("infection_as_printed", &[]);
    let game = scenario.game();
    assert_eq!(game.horizon(), 20);
    let mut tables = game.tables();
    tables.evaluate(1, &[0.5, 0.5]).unwrap();
    for price in 0..41 {
        assert!((tables.leader_period_reward(price) - (price as f64 / 100.0 - 0.2)).abs() < 1e-15);
        assert_eq!(
            tables.leader_follower_reward(price, 1, 1),
            tables.follower_reward(price, 1, 1)
        );
    }
}

#[test]
fn the_fixed_price_is_lambda_also_when_it_is_set() {
    let scenario = read("infection_fixed_price", &[]);
    assert_eq!(scenario.game().leader_actions(), ["0.2"]);
    assert_eq!(scenario.game().initial().weights(), [0.2, 0.8]);
    assert_eq!(scenario.solve.selection, Selection::Pessimistic);
    let scenario = read(
        "infection_fixed_price",
        &["lambda=0.21", "solve.grid = 100"],
    );
    assert_eq!(scenario.game().leader_actions(), ["0.21"]);
    assert_eq!(scenario.solve.grid, 100);
}

/// (41), (44) and (45) with types and actions -1, 1.
#[test]
fn technology_has_the_papers_kernel_and_rewards() {
    let scenario = read("technology", &[]);
    let game = scenario.game();
    assert_eq!((game.horizon(), game.leader_actions().len()), (20, 61));
    assert_eq!(game.leader_actions()[0], "-2.0");
    assert_eq!(game.leader_actions()[20], "0.0");
    assert_eq!(game.leader_actions()[60], "4.0");
    let mut tables = game.tables();
    for m in [0.0, 0.3, 0.5, 1.0] {
        tables.evaluate(7, &[1.0 - m, m]).unwrap();
        for price in 0..61 {
            let c = -2.0 + price as f64 / 10.0;
            for (x, sign) in [-1.0, 1.0].into_iter().enumerate() {
                for (a, product) in [-1.0, 1.0].into_iter().enumerate() {
                    let cost = if a == 1 { c } else { -1.0 };
                    let reward = sign * product + (2.0 * m - 1.0) * product - cost;
                    assert!((tables.follower_reward(price, x, a) - reward).abs() < 1e-14);
                    let leader = if a == 1 { c } else { 0.0 };
                    assert!((tables.leader_follower_reward(price, x, a) - leader).abs() < 1e-14);
                    let change = if a == x { 0.1 } else { 0.4 };
                    assert_eq!(tables.transition(price, x, a, 1 - x), change);
                    assert_eq!(tables.transition(price, x, a, x), 1.0 - change);
                }
            }
        }
    }
}

/// V^l_1 of a game of one period in which nobody minds the mean field, and her value by type, by trying everything.
fn best_of_one_period(game: &Game) -> (f64, Vec<f64>) {
    let (types, actions) = (game.leader_types().len(), game.leader_actions().len());
    let (belief, z) = (game.initial_belief().weights(), game.initial().weights());
    let mut tables = game.tables();
    tables.evaluate(1, z).expect("valid at z_1");
    let mut best = (f64::NEG_INFINITY, Vec::new());
    for index in 0..actions.pow(types as u32) {
        let moves: Vec<usize> = (0..types)
            .map(|x| x * actions + index / actions.pow(x as u32) % actions)
            .collect();
        // Each follower type takes its best action against the moves; the first of equals.
        let expected = |x: usize, a: usize| -> f64 {
            let terms = moves.iter().zip(belief);
            terms
                .map(|(l, pi)| pi * tables.follower_reward(*l, x, a))
                .sum()
        };
        let taken: Vec<usize> = (0..z.len())
            .map(|x| usize::from(expected(x, 1) > expected(x, 0)))
            .collect();
        let of_type = |l: &usize| -> f64 {
            let shares = z.iter().enumerate();
            let per_follower: f64 = shares
                .map(|(x, share)| share * tables.leader_follower_reward(*l, x, taken[x]))
                .sum();
            tables.leader_period_reward(*l) + per_follower
        };
        let values: Vec<f64> = moves.iter().map(of_type).collect();
        let average: f64 = values.iter().zip(belief).map(|(v, pi)| v * pi).sum();
        if average > best.0 {
            best = (average, values);
        }
    }
    best
}

#[test]
fn known_signalling_has_the_values_of_its_comment() {
    for (fee, value, by_type) in [
        ("fee=0.5", 0.94, [0.9, 1.0]),
        ("fee=0.8", 0.7, [0.9, 0.4]),
        ("fee=1.2", 0.44, [0.4, 0.5]),
    ] {
        let scenario = read("known_signalling", &[fee]);
        let (found, values) = best_of_one_period(scenario.game());
        assert!((found - value).abs() < 1e-12, "{fee}: {found}");
        for (found, value) in values.iter().zip(by_type) {
            assert!((found - value).abs() < 1e-12, "{fee}: {values:?}");
        }
    }
}

/// Inspections and what they cost, by leader move: frugal inspects, frugal trusts, busy inspects, busy trusts.
#[test]
fn signalling_shows_followers_nothing_but_the_action() {
    let scenario = read("signalling", &[]);
    let game = scenario.game();
    assert_eq!(game.leader_information(), LeaderInformation::Private);
    assert_eq!(game.initial_belief().weights(), [0.6, 0.4]);
    let mut tables = game.tables();
    tables.evaluate(1, &[0.3, 0.7]).unwrap();
    for (l, (fine, cost)) in [(1.0, 0.1), (0.0, 0.0), (1.0, 0.6), (0.0, 0.0)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(tables.leader_period_reward(l), -cost);
        assert_eq!(game.kernel_group(l), 0);
        for (x, retrofit) in [0.0, 0.1].into_iter().enumerate() {
            assert_eq!(tables.follower_reward(l, x, 0), -0.45 - retrofit);
            assert_eq!(tables.follower_reward(l, x, 1), -fine);
            assert_eq!([0, 1].map(|a| tables.transition(l, x, a, a)), [1.0, 1.0]);
            assert_eq!(
                [0, 1].map(|a| tables.leader_follower_reward(l, x, a)),
                [1.0, 0.0]
            );
        }
        let stays = [0, 1].map(|next| tables.leader_transition(l, next));
        assert_eq!(stays, if l < 2 { [1.0, 0.0] } else { [0.0, 1.0] });
    }
}

/// The seasons of the infection game: alike where their infectiousness is.
#[test]
fn the_public_state_is_a_season_of_the_infection_game() {
    let scenario = read("public_state", &[]);
    let game = scenario.game();
    assert_eq!(game.leader_information(), LeaderInformation::Public);
    assert_eq!(game.leader_moves(), 10);
    let mut tables = game.tables();
    tables.evaluate(1, &[0.5, 0.5]).unwrap();
    for l in 0..10 {
        let q = if l < 5 { 0.3 } else { 0.9 };
        assert_eq!(tables.transition(l, 0, 0, 1), q * 0.5);
        let price = (l % 5) as f64 / 10.0;
        assert!((tables.follower_reward(l, 1, 1) + 0.2 + price).abs() < 1e-15);
        let turns = tables.leader_transition(l, 1 - l / 5);
        assert_eq!((turns, tables.leader_transition(l, l / 5)), (0.25, 0.75));
    }
    let alike = read("public_state", &["q_summer=0.9"]);
    assert_eq!([0, 4, 5, 9].map(|l| alike.game().kernel_group(l)), [0; 4]);
}

#[test]
fn the_lockdown_slows_the_epidemic_whatever_it_costs() {
    let scenario = read("sir_lockdown_private", &[]);
    assert_eq!(scenario.solve.flow, FlowRule::Realised);
    let mut tables = scenario.game().tables();
    tables.evaluate(1, &[0.5, 0.5, 0.0]).unwrap();
    let infected = [0, 1, 2, 3].map(|l| tables.transition(l, 0, 0, 1));
    for (found, expected) in infected.into_iter().zip([0.45, 0.18, 0.45, 0.18]) {
        assert!((found - expected).abs() < 1e-15);
    }
    let costs = [0, 1, 2, 3].map(|l| tables.leader_period_reward(l));
    assert_eq!(costs, [0.0, -0.02, 0.0, -0.2]);
}
