//! The shipped scenarios against the paper's formulas, written out by hand.

use smfg::scenario::{Override, Scenario, Selection};
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
