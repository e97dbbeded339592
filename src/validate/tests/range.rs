//! Proven ranges: they hold between lattice points, hold for what is sampled, and are known where they are tight.

use super::*;
use crate::game::RewardRanges;
use crate::stats::Interval;
use crate::validate::FollowerDeviation;

/// One period, one action that matters: D is a difference of two rewards at t = 1.
fn reward_game(reward: &str) -> Game {
    game(&format!(
        r#"
name = "range"
horizon = 1
discount = 1.0
[parameters]
two = 2
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.5, 0.5]
reward = "(a == work) * ({reward})"
[follower.transition]
"*, *" = {{ low = 1 }}
"#
    ))
}

/// The range of D of always working, theta idle or not: [low - max(high, 0), high - min(low, 0)] of the reward.
fn working(reward: &str) -> Interval {
    let game = reward_game(reward);
    RewardRanges::prove(&game).follower_difference(&FollowerDeviation::Constant(1), 0)
}

#[test]
fn ranges_are_those_of_simple_rewards() {
    for (reward, low, high) in [
        ("z[high]", 0.0, 1.0),
        ("2 - z[low] * z[low]", 1.0, 2.0),
        ("if(z[high] > 0.3, 1, 3)", 1.0, 3.0),
        ("max(z[low], z[high])", 0.5, 1.0),
        ("abs(z[low] - z[high])", 0.0, 1.0),
        ("1 / (1 + z[high])", 0.5, 1.0),
        ("sqrt(z[high]) + (z[high] == 0.25)", 0.0, 1.5),
        ("(z[high] - 0.5)^two", 0.0, 0.25),
        ("(z[high] - 0.5)^3", -0.125, 0.125),
        ("ln(z[high] + 1)", 0.0, std::f64::consts::LN_2),
        ("not (z[high] < 0.5) and z[low] > 0.9", 0.0, 0.0),
    ] {
        let found = working(reward);
        let expected = Interval {
            low: low - high.max(0.0),
            high: high - low.min(0.0),
        };
        // Never inside, and wider by the dependence within one box only.
        let slack = 2e-2;
        assert!(
            found.low <= expected.low && found.high >= expected.high,
            "{reward}: {found:?} < {expected:?}"
        );
        assert!(
            found.low > expected.low - slack && found.high < expected.high + slack,
            "{reward}: {found:?}"
        );
    }
}

#[test]
fn a_peak_between_lattice_points_is_seen() {
    // Of width 1e-6 around z(high) = 0.12345678901: no lattice of thousands of points sees more than 0.
    let found = working("1e6 * max(0, 1e-6 - abs(z[high] - 0.12345678901))");
    let lattice = (0..=100_000)
        .map(|i| 1e6 * (1e-6 - (f64::from(i) / 1e5 - 0.123_456_789_01).abs()).max(0.0));
    assert_eq!(lattice.fold(0.0, f64::max), 0.0);
    assert!(found.high >= 1.0);
}

#[test]
fn enclosures_hold_every_value() {
    let (game, mut state) = (game(TANGLED), 7_u64);
    let mut tables = game.tables();
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..2000 {
        let (a, b) = (uniform(), uniform());
        let side = Interval {
            low: a.min(b),
            high: a.max(b),
        };
        let rest = Interval {
            low: 1.0 - side.high,
            high: 1.0 - side.low,
        };
        let inside = MeanField::two_types(side.low + uniform() * (side.high - side.low));
        for t in 1..=3 {
            let enclosure = game.enclose(t, &[rest, side]);
            tables.evaluate(t, inside.weights()).unwrap();
            for l in 0..3 {
                let play = tangled_rows(t, &inside, l);
                let prescription = Prescription::new(2, play.concat());
                let leader = crate::game::leader_reward(&tables, l, &inside, &prescription);
                let bounds = enclosure.leader_reward(l);
                assert!(bounds.low - 1e-12 <= leader && leader <= bounds.high + 1e-12);
                for (x, a) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let bounds = enclosure.follower_reward(l, x, a);
                    let reward = tables.follower_reward(l, x, a);
                    assert!(
                        bounds.low - 1e-12 <= reward && reward <= bounds.high + 1e-12,
                        "{bounds:?} {reward}"
                    );
                }
            }
        }
    }
}

#[test]
fn three_types_are_covered() {
    let text = r#"
name = "three"
horizon = 2
discount = 0.5
[follower]
types = ["rock", "scissors", "paper"]
actions = ["idle"]
initial = [0.2, 0.3, 0.5]
reward = "z[rock] * z[scissors] * z[paper] - (x == paper) * z[paper]"
[follower.transition]
"*, *" = { rock = 1 }
"#;
    let game = game(text);
    let range = RewardRanges::prove(&game).follower_difference(&FollowerDeviation::Constant(0), 0);
    // R lies in [-1, 1/27]; the first period is of type rock.
    let width = 1.0 / 27.0 + 0.5 * (1.0 + 1.0 / 27.0);
    assert!(
        range.high >= width && range.high < width + 0.05,
        "{range:?}"
    );
    assert!((range.low + range.high).abs() < 1e-12, "{range:?}");
}

#[test]
fn an_unbounded_reward_has_no_range() {
    // Finite at every lattice point that a check can visit, but not bounded near z(high) = 1/pi or so.
    let found = working("1 / (z[high] - 0.318309886183790671)");
    assert!(found.high.is_infinite());
}
