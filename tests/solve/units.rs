//! What must change nothing: the units of rewards, a constant in them, the order of types and actions, and the rounding of a
//! mean field that lands on a threshold.

// A helper's failure shows the text.
#![allow(clippy::panic)]

use smfg::certify::Certified;
use smfg::game::MeanField;
use smfg::scenario::Scenario;
use smfg::solve::{Solved, StateValues, Work};

/// Numbers of a fixed sequence, in [0, 1).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number of two decimals in [-1, 1].
    fn coefficient(&mut self) -> f64 {
        libm::round(200.0 * self.next() - 100.0) / 100.0
    }
}

/// A random game of two types and three actions, written in any order of them and any units.
struct Random {
    rewards: Vec<String>,
    leader: Vec<String>,
    flows: Vec<String>,
    selection: &'static str,
    has_leader: bool,
    start: f64,
}

const TYPES: [&str; 2] = ["lo", "hi"];
const ACTIONS: [&str; 3] = ["sit", "run", "walk"];

/// The form of a random game.
#[derive(Clone, Copy)]
struct Form {
    reversed: bool,
    /// What rewards are multiplied by, and what is added to them, per player.
    factor: [f64; 2],
    constant: [f64; 2],
}

const PLAIN: Form = Form {
    reversed: false,
    factor: [1.0; 2],
    constant: [0.0; 2],
};

impl Random {
    fn new(seed: u64) -> Self {
        let mut draw = Sequence(seed);
        for _ in 0..8 {
            draw.next();
        }
        let pairs = TYPES.len() * ACTIONS.len();
        let mut value = |kind: f64| {
            let [a, b, c] = [0, 1, 2].map(|_| draw.coefficient());
            match (kind * 4.0) as usize {
                0 => format!("{a} + {b} * z[hi]"),
                1 => format!("{a} + {b} * z[hi] ^ 2"),
                2 => format!("if(z[hi] >= {:.2}, {a}, {b})", 0.5 + 0.4 * c),
                _ => format!("{a} + {b} * abs(z[hi] - {:.2})", 0.5 + 0.4 * c),
            }
        };
        let kinds: Vec<f64> = (0..2 * pairs).map(|k| (k * 7 % 10) as f64 / 10.0).collect();
        let rewards = kinds[..pairs].iter().map(|k| value(*k)).collect();
        let leader = kinds[pairs..].iter().map(|k| value(*k)).collect();
        let flows = (0..pairs)
            .map(|_| {
                let (a, b) = (draw.next(), draw.next());
                format!("{a:.2} + {:.2} * z[hi]", b - a)
            })
            .collect();
        let selections = ["optimistic", "pessimistic", "welfare"];
        Self {
            rewards,
            leader,
            flows,
            selection: selections[(3.0 * draw.next()) as usize],
            has_leader: true,
            start: libm::round(100.0 * draw.next()) / 100.0,
        }
    }

    fn text(&self, form: Form, horizon: usize) -> String {
        let [m, n] = form.factor;
        let [k, l] = form.constant;
        let quoted = |names: &[&str]| {
            let names = names.iter().map(|n| format!("\"{n}\""));
            let mut names: Vec<String> = names.collect();
            if form.reversed {
                names.reverse();
            }
            format!("[{}]", names.join(", "))
        };
        let mut start = [1.0 - self.start, self.start];
        if form.reversed {
            start.reverse();
        }
        let pairs = TYPES
            .iter()
            .flat_map(|x| ACTIONS.iter().map(move |a| (x, a)));
        let pairs: Vec<_> = pairs.collect();
        let mut text = format!(
            "name = \"random\"\nhorizon = {horizon}\ndiscount = 0.9\nseed = 1\n[follower]\ntypes = {}\nactions = {}\n\
             initial = {start:?}\n[follower.reward]\n",
            quoted(&TYPES),
            quoted(&ACTIONS)
        );
        for ((x, a), reward) in pairs.iter().zip(&self.rewards) {
            text += &format!("\"{x}, {a}\" = \"{m:e} * ({reward}) + {k:e}\"\n");
        }
        text += "[follower.transition]\n";
        for ((x, a), flow) in pairs.iter().zip(&self.flows) {
            text += &format!("\"{x}, {a}\" = {{ hi = \"{flow}\", lo = \"rest\" }}\n");
        }
        if self.has_leader {
            let parts = pairs.iter().zip(&self.leader);
            let parts = parts.map(|((x, a), g)| format!("(x == {x}) * (a == {a}) * ({g})"));
            let parts: Vec<String> = parts.collect();
            text += &format!(
                "[leader]\nactions = [\"only\"]\nreward = {{ per_follower = \"{n:e} * ({})\", period = \"{l:e}\" }}\n",
                parts.join(" + ")
            );
        }
        text + &format!("[solve]\nselection = \"{}\"\n", self.selection)
    }
}

fn scenario(text: &str) -> Scenario {
    Scenario::parse("a.toml", text, &[]).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn solved(text: &str) -> (StateValues, Work) {
    let scenario = scenario(text);
    let game = scenario.game();
    let solved = Solved::compute(game, &scenario.solve, None).unwrap();
    let point = solved
        .resolve(1, game.initial_belief(), game.initial())
        .unwrap();
    (point.values, *solved.work())
}

fn warnings(text: &str) -> Vec<String> {
    let scenario = scenario(text);
    let solved = Solved::compute(scenario.game(), &scenario.solve, None).unwrap();
    let certified = Certified::solution(&solved, &[]).unwrap();
    certified.certificate.warnings
}

#[track_caller]
fn assert_close(got: f64, right: f64, within: f64, what: &str) {
    assert!(
        (got - right).abs() <= within,
        "got {got:e}, right is {right:e} within {within:e}\n{what}"
    );
}

#[test]
fn rewards_in_other_units_multiply_v_and_change_no_decision() {
    for seed in 0..10 {
        let game = Random::new(seed);
        let (v, work) = solved(&game.text(PLAIN, 3));
        for factor in [[1e-10, 1.0], [1.0, 1e-9], [1e-9, 1e9], [3e8, 7e-6]] {
            let text = game.text(Form { factor, ..PLAIN }, 3);
            let (scaled, more) = solved(&text);
            for (got, right) in scaled.followers.iter().zip(&v.followers) {
                assert_close(got / factor[0], *right, 1e-11, &text);
            }
            assert_close(scaled.leader / factor[1], v.leader, 1e-11, &text);
            let (games, before) = (more.stage_games as f64, work.stage_games as f64);
            assert_close(games, before, 0.02 * before, &text);
        }
    }
}

#[test]
fn a_constant_each_period_is_added_to_v_as_its_discounted_sum() {
    let sum = 1.0 + 0.9 + 0.81;
    for seed in 0..10 {
        let game = Random::new(seed);
        let (v, _) = solved(&game.text(PLAIN, 3));
        for constant in [[1.0, 0.0], [-50.0, 20.0], [0.0, 1000.0]] {
            let text = game.text(Form { constant, ..PLAIN }, 3);
            let (moved, _) = solved(&text);
            for (got, right) in moved.followers.iter().zip(&v.followers) {
                assert_close(got - sum * constant[0], *right, 1e-9, &text);
            }
            assert_close(moved.leader - sum * constant[1], v.leader, 1e-9, &text);
        }
        assert!(
            !warnings(&game.text(PLAIN, 3))
                .iter()
                .any(|w| w.contains("digits"))
        );
    }
}

#[test]
fn a_constant_that_takes_the_digits_is_named() {
    let constant = [1e6, 0.0];
    let text = Random::new(1).text(Form { constant, ..PLAIN }, 2);
    let said = warnings(&text);
    let named = |w: &String| w.contains("followers' rewards") && w.contains("digits");
    assert!(said.iter().any(named), "{said:?}");
    assert!(
        !said.iter().any(|w| w.contains("leader's rewards")),
        "{said:?}"
    );
}

#[test]
fn rewards_that_are_all_equal_are_solved() {
    for (reward, right) in [("0", 0.0), ("7", 7.0 * 2.71), ("-3e-12", -3e-12 * 2.71)] {
        let mut game = Random::new(3);
        game.rewards.iter_mut().for_each(|r| *r = reward.to_owned());
        game.leader.iter_mut().for_each(|r| *r = reward.to_owned());
        let text = game.text(PLAIN, 3);
        let (v, _) = solved(&text);
        for got in v.followers.iter().chain([&v.leader]) {
            assert_close(*got, right, 1e-14 * right.abs(), &text);
        }
    }
}

/// The equilibria of t = 1 at a few mean fields: z'[hi], then the probability of each action by name, rising.
fn equilibria(game: &Random, reversed: bool) -> Vec<Vec<[f64; 7]>> {
    let scenario = scenario(&game.text(Form { reversed, ..PLAIN }, 2));
    let game = scenario.game();
    let solved = Solved::compute(game, &scenario.solve, None).unwrap();
    let place = |names: &[String], name: &str| names.iter().position(|n| n == name).unwrap();
    [0.13, 0.5, 0.77]
        .map(|m| {
            let mut z = vec![1.0 - m, m];
            if reversed {
                z.reverse();
            }
            let z = MeanField::new(z);
            let found = solved.stage_equilibria(1, game.initial_belief(), &z, None);
            let mut found: Vec<[f64; 7]> = found
                .unwrap()
                .iter()
                .map(|e| {
                    let mut row = [0.0; 7];
                    row[0] = e.next.weights()[place(game.follower_types(), "hi")];
                    for (i, x) in TYPES.iter().enumerate() {
                        for (j, a) in ACTIONS.iter().enumerate() {
                            let x = place(game.follower_types(), x);
                            let a = place(game.follower_actions(), a);
                            let width = game.follower_actions().len();
                            row[1 + 3 * i + j] = e.prescription.rows()[x * width + a];
                        }
                    }
                    row
                })
                .collect();
            found.sort_by(|a, b| {
                let round = |v: f64| libm::round(1e7 * v);
                let order = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| round(*a).total_cmp(&round(*b)));
                order
                    .into_iter()
                    .fold(std::cmp::Ordering::Equal, |all, one| all.then(one))
            });
            found
        })
        .to_vec()
}

#[test]
fn the_set_of_equilibria_does_not_depend_on_the_order_of_types_and_actions() {
    let mut several = 0;
    for seed in 100..230 {
        let mut game = Random::new(seed);
        // V of the next period must be the same function: a criterion that ties decides nothing.
        game.selection = "welfare";
        let (one, other) = (equilibria(&game, false), equilibria(&game, true));
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one.len(), other.len(), "{seed}: {one:?} {other:?}");
            several += usize::from(one.len() > 1);
            for (a, b) in one.iter().zip(other) {
                for (a, b) in a.iter().zip(b) {
                    assert_close(*a, *b, 1e-8, &format!("{seed}: {one:?} {other:?}"));
                }
            }
        }
    }
    assert!(several >= 5, "{several}");
}

/// All want to do what all do: everybody at home, everybody out, or one half.
const MEET: &str = r#"
name = "meet"
horizon = 1
discount = 1
seed = 1
[follower]
types = ["in", "out"]
actions = ["home", "away"]
initial = [0.4, 0.6]
terminal = "if(x == out, z[out], z[in])"
reward = "0"
[follower.transition]
"*, home" = { in = 1 }
"*, away" = { out = 1 }
"#;

#[test]
fn a_tie_of_the_criterion_that_decides_is_named_with_its_place() {
    let said = warnings(MEET);
    let tie = said.iter().find(|w| w.contains("equally good"));
    let tie = tie.unwrap_or_else(|| panic!("{said:?}"));
    assert!(tie.contains("t = 1, z = [0.4, 0.6]"), "{tie}");
    assert!(
        tie.contains("first in scenario order") && tie.contains("welfare"),
        "{tie}"
    );
    // Two that are not equally good for the followers, and one alone.
    let welfare = MEET.replace("z[in])", "0.5 * z[in])") + "[solve]\nselection = \"welfare\"\n";
    let alone = MEET.replace("if(x == out, z[out], z[in])", "if(x == out, 1, 0)");
    for text in [welfare, alone] {
        let said = warnings(&text);
        assert!(!said.iter().any(|w| w.contains("equally good")), "{said:?}");
    }
}

/// z[hi] of the next period is p z[lo] + q z[hi]; then a reward of 1 while z[hi] compares with .3 as asked.
fn landing(comparison: &str, [p, q]: [f64; 2], m: f64, reversed: bool) -> String {
    let (types, initial) = match reversed {
        false => ("[\"lo\", \"hi\"]", [1.0 - m, m]),
        true => ("[\"hi\", \"lo\"]", [m, 1.0 - m]),
    };
    format!(
        "name = \"landing\"\nhorizon = 2\ndiscount = 1\nseed = 1\n[follower]\ntypes = {types}\nactions = [\"stay\"]\n\
         initial = {initial:?}\nreward = \"if(t == 2, if({comparison}, 1, 0), 0)\"\n[follower.transition]\n\
         \"lo, *\" = {{ hi = {p}, lo = \"rest\" }}\n\"hi, *\" = {{ hi = {q}, lo = \"rest\" }}\n"
    )
}

#[test]
fn a_landing_on_a_threshold_takes_the_side_that_the_comparison_gives() {
    let at = [
        ("z[hi] > 0.3", 0.0),
        ("z[hi] >= 0.3", 1.0),
        ("z[hi] < 0.3", 0.0),
        ("z[hi] <= 0.3", 1.0),
        ("z[hi] == 0.3", 1.0),
        ("z[hi] != 0.3", 0.0),
        ("z[lo] >= 0.7", 1.0),
        ("z[lo] > 0.7", 0.0),
    ];
    // Ways to .3 that round up, round down, and round not at all.
    let ways = [
        ([0.2, 0.4], 0.5),
        ([0.1, 0.6], 0.4),
        ([0.3, 0.3], 0.37),
        ([0.9, 0.1], 0.75),
    ];
    for (comparison, right) in at {
        for (flow, m) in ways {
            for reversed in [false, true] {
                let text = landing(comparison, flow, m, reversed);
                let (v, _) = solved(&text);
                for got in &v.followers {
                    assert_close(*got, right, 1e-12, &text);
                }
                // The path, and the point itself, have the same.
                let scenario = scenario(&text);
                let game = scenario.game();
                let solved = Solved::compute(game, &scenario.solve, None).unwrap();
                let certified = Certified::solution(&solved, &[]).unwrap();
                let landed = &certified.flow.nodes[1].mean_field;
                let there = solved.resolve(2, game.initial_belief(), landed).unwrap();
                assert_close(there.values.followers[0], right, 1e-12, &text);
                let count = [0.7, 0.3].map(|share: f64| libm::round(10.0 * share) / 10.0);
                let count = if reversed {
                    [count[1], count[0]]
                } else {
                    count
                };
                let mut tables = game.tables();
                tables.evaluate(2, &count).unwrap();
                assert_close(tables.follower_reward(0, 0, 0), right, 0.0, &text);
            }
        }
    }
    // A hair beside it is beside it.
    for (comparison, right) in [("z[hi] >= 0.3", 0.0), ("z[hi] < 0.3", 1.0)] {
        let (v, _) = solved(&landing(comparison, [0.3 - 1e-12, 0.3 - 1e-12], 0.5, false));
        assert_close(v.followers[0], right, 1e-12, comparison);
    }
}
