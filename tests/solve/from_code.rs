//! Games from code beside the same games from scenarios: from functions and from tables.

use crate::brute::compare::right;
use crate::brute::game::Game as Formulas;
use crate::brute::generator;
use smfg::game::{At, Game, GameBuilder, Kernel, Observed, Reads, Reward};
use smfg::scenario::Scenario;
use smfg::solve::{Selection, SolveSettings, Solved, StateValues};
use std::ops::RangeInclusive;
use std::path::Path;

/// A shipped scenario with some of its text replaced.
fn scenario(name: &str, replace: &[(&str, &str)]) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    let mut text = std::fs::read_to_string(file).unwrap();
    for (from, to) in replace {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Scenario::parse(name, &text, &[]).unwrap()
}

/// V_1 at z_1 and pi_1, and the solution.
fn solved<'g>(game: &'g Game, settings: &SolveSettings) -> (StateValues, Solved<'g>) {
    let solution = Solved::compute(game, settings, None).unwrap();
    let (belief, start) = (game.initial_belief(), game.initial());
    let values = solution.resolve(1, belief, start).unwrap().values;
    (values, solution)
}

/// The game has V_1 of the scenario.
fn assert_like(game: &Game, scenario: &Scenario) {
    let right = solved(scenario.game(), &scenario.solve).0;
    let found = solved(game, &scenario.solve).0;
    let all = |v: &StateValues| [&v.followers[..], &v.leader_types, &[v.leader]].concat();
    for (a, b) in all(&found).into_iter().zip(all(&right)) {
        assert!((a - b).abs() <= 1e-9, "{found:?}, right is {right:?}");
    }
}

const SIDE: [f64; 2] = [-1.0, 1.0];

/// scenarios/technology.toml with seven prices and eight periods.
fn technology() -> GameBuilder {
    let prices: Vec<f64> = (0..7).map(|i| f64::from(i) - 2.0).collect();
    let (own, hers) = (prices.clone(), prices.clone());
    Game::builder("technology")
        .horizon(8)
        .discount(0.9)
        .follower_types(["incumbent", "entrant"])
        .follower_actions(["incumbent", "entrant"])
        .initial([0.5, 0.5])
        .leader_actions(prices.iter().map(|price| format!("{price:?}")))
        .transition(Kernel::constant(|at, next| {
            let turns = if at.x == at.a { 0.1 } else { 0.4 };
            next[at.x] = 1.0 - turns;
            next[1 - at.x] = turns;
        }))
        .follower_reward(Reward::code(-6.0..=4.0, move |at| {
            let price = if at.a == 1 {
                own[at.leader_action]
            } else {
                -1.0
            };
            SIDE[at.x] * SIDE[at.a] + (2.0 * at.z[1] - 1.0) * SIDE[at.a] - price
        }))
        .leader_follower_reward(Reward::constant(move |at| {
            if at.a == 1 {
                hers[at.leader_action]
            } else {
                0.0
            }
        }))
}

#[test]
fn technology_from_functions_is_the_scenarios_and_says_what_is_not_proven() {
    let right = scenario(
        "technology",
        &[("count = 61", "count = 7"), ("horizon = 20", "horizon = 8")],
    );
    let game = technology().build().unwrap();
    assert_eq!(game.leader_actions(), right.game().leader_actions());
    assert!(game.is_sampled() && !game.terminal_is_sampled());
    assert_like(&game, &right);
    let unproven = |game| solved(game, &right.solve).1.work().unproven;
    assert_eq!(unproven(right.game()), 0);
    assert!(unproven(&game) >= 1);
}

/// A kernel that reads z, rewards that do not; the prices as tables.
#[test]
fn infection_from_functions_and_tables_is_the_scenarios() {
    let right = scenario(
        "infection",
        &[("count = 41", "count = 5"), ("horizon = 30", "horizon = 8")],
    );
    let price = |l: usize| l as f64 / 10.0;
    let reward =
        |l: usize, x: usize, a: usize| -0.2 * x as f64 - price(l) * f64::from(u8::from(a == 1));
    let own: Vec<f64> = (0..20).map(|i| reward(i / 4, i / 2 % 2, i % 2)).collect();
    let hers = own
        .iter()
        .enumerate()
        .map(|(i, own)| own + (price(i / 4) - 0.2) * (i % 2) as f64);
    let game = Game::builder("infection")
        .horizon(8)
        .discount(0.9)
        .follower_types(["healthy", "infected"])
        .follower_actions(["wait", "repair"])
        .initial([0.9, 0.1])
        .leader_actions((0..5).map(|l| format!("{:?}", price(l))))
        .transition(
            Kernel::code(|at, next| match (at.x, at.a) {
                (_, 1) => next[0] = 1.0,
                (0, _) => {
                    next[1] = 0.9 * at.z[1];
                    next[0] = 1.0 - next[1];
                }
                _ => next[1] = 1.0,
            })
            .reads(Reads::FOLLOWERS),
        )
        .follower_reward(Reward::table(own.clone()))
        .leader_follower_reward(Reward::per_period(vec![hers.collect(); 8]))
        .build()
        .unwrap();
    assert!(game.is_sampled());
    assert_like(&game, &right);
}

/// Two private types, all tables: constant ones, or functions that are asked once, and nothing is left unproven.
#[test]
fn signalling_from_tables_is_the_scenarios() {
    let right = scenario("signalling", &[("horizon = 8", "horizon = 3")]);
    // Over leader type, leader action, type, action.
    let follower = |inspects: bool| {
        let caught = if inspects { -1.0 } else { 0.0 };
        [-0.45, caught, -0.45 - 0.1, caught]
    };
    let follower = [follower(true), follower(false)].concat();
    let stay = [[1.0, 0.0], [0.0, 1.0]].concat();
    let built = |transition: Kernel, reward: Reward| {
        Game::builder("signalling")
            .horizon(3)
            .discount(0.9)
            .follower_types(["clean", "dirty"])
            .follower_actions(["comply", "pollute"])
            .initial([0.3, 0.7])
            .leader_actions(["inspect", "trust"])
            .leader_types(["frugal", "busy"], [0.6, 0.4], Observed::ByLeader)
            .transition(transition)
            .follower_reward(reward)
            .leader_follower_reward(Reward::constant(|at| f64::from(u8::from(at.a == 0))))
            .leader_period_reward(Reward::table([-0.1, 0.0, -0.6, 0.0]))
            .build()
            .unwrap()
    };
    let kernel = [stay.clone(), stay].concat().repeat(4);
    let twice = [follower.clone(), follower].concat();
    let tables = built(Kernel::table(kernel.clone()), Reward::table(twice.clone()));
    let functions = built(
        Kernel::constant(|at, next| next[at.a] = 1.0),
        Reward::constant(move |at| twice[(at.leader_action * 2 + at.x) * 2 + at.a]),
    );
    let periods = built(
        Kernel::per_period(vec![kernel; 3]),
        Reward::code(-1.0..=0.0, |at| match (at.x, at.a) {
            (_, 1) => -f64::from(u8::from(at.leader_action == 0)),
            (x, _) => -0.45 - 0.1 * x as f64,
        })
        .reads(Reads {
            leader_type: false,
            ..Reads::EVERYTHING
        }),
    );
    for game in [&tables, &functions] {
        assert!(!game.is_sampled() && game.private_type_leaks().is_none());
        assert_eq!(solved(game, &right.solve).1.work().unproven, 0);
        assert_like(game, &right);
    }
    assert!(periods.depends_on_time() && periods.is_sampled());
    assert_like(&periods, &right);
}

/// On the lattice, from functions of z.
#[test]
fn three_types_from_functions_are_the_scenarios() {
    let right = scenario("rock_paper_scissors", &[("horizon = 5", "horizon = 3")]);
    let game = Game::builder("rock_paper_scissors")
        .horizon(3)
        .discount(1.0)
        .follower_types(["rock", "paper", "scissors"])
        .follower_actions(["to_rock", "to_paper", "to_scissors"])
        .initial([0.6, 0.3, 0.1])
        .transition(Kernel::constant(|at, next| next[at.a] = 1.0))
        .follower_reward(
            Reward::code(-3.0..=6.0, |at| match at.x {
                0 => 2.0 * at.z[2] - at.z[1],
                1 => 4.0 * at.z[0] - 2.0 * at.z[2],
                _ => 6.0 * at.z[1] - 3.0 * at.z[0],
            })
            .reads(Reads::FOLLOWERS),
        )
        .build()
        .unwrap();
    assert_like(&game, &right);
}

/// A function that jumps: the break is found where it is, and V with it.
#[test]
fn a_threshold_in_a_function_is_found() {
    let text = r#"
name = "threshold"
horizon = 4
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["stay", "go"]
initial = [0.4, 0.6]
reward = "if(z[high] > 0.35, 1, 0) * (x == high) - 0.3 * (a == go)"
[follower.transition]
"*, stay" = { high = "0.5 * z[high]", low = "rest" }
"*, go" = { high = 0.8, low = "rest" }
"#;
    let right = Scenario::parse("threshold.toml", text, &[]).unwrap();
    let game = Game::builder("threshold")
        .horizon(4)
        .discount(0.9)
        .follower_types(["low", "high"])
        .follower_actions(["stay", "go"])
        .initial([0.4, 0.6])
        .transition(Kernel::code(|at, next| {
            next[1] = if at.a == 1 { 0.8 } else { 0.5 * at.z[1] };
            next[0] = 1.0 - next[1];
        }))
        .follower_reward(Reward::code(-0.3..=1.0, |at| {
            let is_paid = at.x == 1 && at.z[1] > 0.35;
            f64::from(u8::from(is_paid)) - 0.3 * at.a as f64
        }))
        .build()
        .unwrap();
    assert_like(&game, &right);
}

/// An infinite horizon is played as long as the scenario's.
#[test]
fn an_infinite_horizon_is_the_scenarios() {
    let text = r#"
name = "steady"
horizon = "infinite"
discount = 0.8
[follower]
types = ["low", "high"]
actions = ["stay", "go"]
initial = [0.5, 0.5]
reward = "(x == high) - 0.4 * z[high] * (a == go)"
[follower.transition]
"*, stay" = { low = 0.9, high = 0.1 }
"*, go" = { high = 0.7, low = "rest" }
"#;
    let right = Scenario::parse("steady.toml", text, &[]).unwrap();
    let game = Game::builder("steady")
        .infinite_horizon(right.validate.epsilon)
        .discount(0.8)
        .follower_types(["low", "high"])
        .follower_actions(["stay", "go"])
        .initial([0.5, 0.5])
        .transition(Kernel::constant(|at, next| {
            next[1] = [0.1, 0.7][at.a];
            next[0] = 1.0 - next[1];
        }))
        .follower_reward(
            Reward::code(-0.4..=1.0, |at| at.x as f64 - 0.4 * at.z[1] * at.a as f64)
                .reads(Reads::FOLLOWERS),
        )
        .build()
        .unwrap();
    assert_eq!(game.horizon(), right.game().horizon());
    assert_like(&game, &right);
}

/// A range around the values that a number takes where formulas do something, and between.
fn range(
    formulas: &Formulas,
    values: impl Fn(&Formulas, usize, f64, usize) -> Vec<f64>,
) -> RangeInclusive<f64> {
    let even = (0..=200).map(|i| f64::from(i) / 200.0);
    let places: Vec<f64> = even.chain(formulas.features.iter().copied()).collect();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (t, l) in
        (1..=formulas.horizon).flat_map(|t| (0..formulas.leader_actions()).map(move |l| (t, l)))
    {
        for value in places.iter().flat_map(|m| values(formulas, t, *m, l)) {
            (low, high) = (low.min(value), high.max(value));
        }
    }
    let margin = 0.2 * (high - low);
    low - margin..=high + margin
}

/// A random game with functions in place of its formulas.
fn from_functions(formulas: &Formulas) -> Game {
    let numbers = |own: Formulas| move |at: &At<'_>| own.numbers(at.t, at.z[1], at.leader_action);
    let [kernel, reward, share, period] = [0; 4].map(|_| numbers(formulas.clone()));
    let of_reward = range(formulas, |f, t, m, l| f.numbers(t, m, l).reward.concat());
    let of_share = range(formulas, |f, t, m, l| f.numbers(t, m, l).share.concat());
    let of_period = range(formulas, |f, t, m, l| vec![f.numbers(t, m, l).period]);
    let of_ending = range(formulas, |f, _, m, _| f.ending(m).0.to_vec());
    let ending = formulas.clone();
    let mut builder = Game::builder("brute")
        .horizon(formulas.horizon)
        .discount(formulas.discount)
        .follower_types(["lo", "hi"])
        .follower_actions((0..formulas.actions).map(|a| format!("a{a}")))
        .initial([1.0 - formulas.initial, formulas.initial])
        .transition(Kernel::code(move |at, next| {
            next[1] = kernel(at).kernel[at.x][at.a];
            next[0] = 1.0 - next[1];
        }))
        .follower_reward(Reward::code(of_reward, move |at| {
            reward(at).reward[at.x][at.a]
        }));
    if !formulas.prices.is_empty() {
        builder = builder
            .leader_actions(formulas.prices.iter().map(|price| format!("{price:?}")))
            .leader_follower_reward(Reward::code(of_share, move |at| {
                share(at).share[at.x][at.a]
            }))
            .leader_period_reward(Reward::code(of_period, move |at| period(at).period));
    }
    if ending.terminal.is_some() {
        builder = builder.terminal_reward(Reward::code(of_ending, move |at| {
            ending.ending(at.z[1]).0[at.x]
        }));
    }
    builder.build().unwrap()
}

/// Jumps, corners and curves that nobody has told the solver of.
#[test]
fn random_games_from_functions_have_the_values_of_an_independent_recursion() {
    let small = |(_, game): &(u64, Formulas)| game.horizon == 2 && game.leader_actions() <= 3;
    let seeds = (7000..).map(|seed| (seed, generator::game(seed).1));
    let mut compared = 0;
    for (seed, formulas) in seeds.filter(small).take(8) {
        let (value, ranges) = right(&formulas, 1000);
        if value.close || value.open {
            continue;
        }
        compared += 1;
        let game = from_functions(&formulas);
        let mut settings = SolveSettings::of(&game);
        let words = Selection::ALL.iter();
        let mut chosen = words.filter(|s| s.word() == formulas.selection.word());
        settings.selection = *chosen.next().unwrap();
        let found = solved(&game, &settings).0;
        for (found, right, range) in [
            (found.followers[0], value.follower[0], ranges[0]),
            (found.followers[1], value.follower[1], ranges[0]),
            (found.leader, value.leader, ranges[1]),
        ] {
            assert!(
                (found - right).abs() <= 1e-6 * range,
                "seed {seed}: {found}, right is {right}"
            );
        }
    }
    assert!(compared >= 2, "{compared}");
}
