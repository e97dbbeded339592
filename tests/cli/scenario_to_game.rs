//! What the sections of a scenario mean for the game and the settings.

use smfg::game::{FlowRule, Game, GameError, LeaderInformation};
use smfg::scenario::{Override, Scenario};
use smfg::simulate::{Engine, Start};
use smfg::solve::Selection;
use smfg::validate::MethodChoice;

/// Three types in an order that is not alphabetical, two actions, no leader.
const BASE: &str = r#"
name = "base"
horizon = 4
discount = 1

[parameters]
p = 0.25

[follower]
types = ["young", "adult", "aged"]
actions = ["rest-home", "work"]
initial = [0.5, 0.3, 0.2]
reward = "x - t * (a == work)"

[follower.transition]
"*, *" = { young = "rest" }
"*, work" = { aged = "p", adult = "z[adult] * 0.5", young = "rest" }
"aged, work" = { aged = 1 }
"#;

fn parse(text: &str) -> Scenario {
    Scenario::parse("test.toml", text, &[]).expect("the test's scenario is sound")
}

fn set(text: &str, overrides: &[&str]) -> Scenario {
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::parse("test.toml", text, &overrides).expect("the test's overrides are sound")
}

fn row(game: &Game, z: &[f64], leader_action: usize, x: usize, a: usize) -> Vec<f64> {
    let mut tables = game.tables();
    tables.evaluate(1, z).expect("valid at z");
    (0..z.len())
        .map(|next| tables.transition(leader_action, x, a, next))
        .collect()
}

#[test]
fn types_keep_the_order_of_the_text() {
    let scenario = parse(BASE);
    let game = scenario.game();
    assert_eq!(game.follower_types(), ["young", "adult", "aged"]);
    assert_eq!(game.initial().weights(), [0.5, 0.3, 0.2]);
    let mut tables = game.tables();
    tables.evaluate(3, &[0.2, 0.3, 0.5]).unwrap();
    assert_eq!(
        [0, 1, 2].map(|x| tables.follower_reward(0, x, 0)),
        [0.0, 1.0, 2.0]
    );
    assert_eq!(
        [0, 1, 2].map(|x| tables.follower_reward(0, x, 1)),
        [-3.0, -2.0, -1.0]
    );
    // Names with numbers keep their order too.
    let text = BASE.replace(
        r#"["young", "adult", "aged"]"#,
        "{ young = 3, adult = -1, aged = 0.5 }",
    );
    let scenario = parse(&text);
    let mut tables = scenario.game().tables();
    tables.evaluate(1, &[0.2, 0.3, 0.5]).unwrap();
    assert_eq!(
        [0, 1, 2].map(|x| tables.follower_reward(0, x, 0)),
        [3.0, -1.0, 0.5]
    );
}

#[test]
fn more_exact_rows_win_and_rest_takes_what_is_left() {
    let scenario = parse(BASE);
    let (game, z) = (scenario.game(), [0.2, 0.6, 0.2]);
    for x in 0..3 {
        assert_eq!(row(game, &z, 0, x, 0), [1.0, 0.0, 0.0], "\"*, *\"");
    }
    for x in 0..2 {
        assert_eq!(
            row(game, &z, 0, x, 1),
            [1.0 - (0.3 + 0.25), 0.3, 0.25],
            "\"*, work\""
        );
    }
    assert_eq!(row(game, &z, 0, 2, 1), [0.0, 0.0, 1.0], "\"aged, work\"");
}

#[test]
fn actions_that_are_not_available_need_no_row() {
    let text = BASE
        .replace(
            "\"*, *\" = { young = \"rest\" }",
            "\"*, rest-home\" = { young = 1 }",
        )
        .replace("\"*, work\" =", "\"adult, work\" =")
        .replace(
            "initial =",
            "available = { young = [\"rest-home\"] }\ninitial =",
        );
    let scenario = parse(&text);
    let game = scenario.game();
    let available = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)].map(|(x, a)| game.is_available(x, a));
    assert_eq!(available, [true, false, true, true, true]);
    assert_eq!(
        row(game, &[0.2, 0.6, 0.2], 0, 0, 1),
        [1.0, 0.0, 0.0],
        "stays"
    );
    assert!(
        scenario
            .describe()
            .contains("young, work\n  not available\n")
    );
}

#[test]
fn a_game_without_a_leader_has_one_action() {
    let scenario = parse(BASE);
    let game = scenario.game();
    assert!(!game.has_leader());
    assert_eq!(game.leader_actions(), ["none"]);
    let mut tables = game.tables();
    tables.evaluate(1, &[1.0, 0.0, 0.0]).unwrap();
    assert_eq!(
        (
            tables.leader_period_reward(0),
            tables.leader_follower_reward(0, 2, 1)
        ),
        (0.0, 0.0)
    );
}

#[test]
fn time_is_seen_where_something_depends_on_it() {
    assert!(parse(BASE).game().depends_on_time());
    let scenario = parse(&BASE.replace("x - t *", "x - horizon *"));
    assert!(!scenario.game().depends_on_time());
    let mut tables = scenario.game().tables();
    tables.evaluate(2, &[1.0, 0.0, 0.0]).unwrap();
    assert_eq!(tables.follower_reward(0, 0, 1), -4.0);
}

#[test]
fn terminal_rewards_depend_on_type_and_mean_field() {
    let scenario = parse(&BASE.replace("initial =", "terminal = \"10 * x + z[aged]\"\ninitial ="));
    assert_eq!(
        scenario.game().terminal_reward(&[0.0, 0.25, 0.75], 2),
        Ok(20.75)
    );
    assert_eq!(
        scenario.game().terminal_reward(&[0.0, 0.25, 0.75], 0),
        Ok(0.75)
    );
}

#[test]
fn reward_may_be_a_table_of_rows() {
    let rows = "\n[follower.reward]\n\"*, *\" = 7\n\"*, work\" = \"x\"\n\"aged, *\" = 9\n\"aged, work\" = \"p\"\n";
    let scenario = parse(&(BASE.replace("reward = \"x - t * (a == work)\"", "") + rows));
    let mut tables = scenario.game().tables();
    tables.evaluate(1, &[1.0, 0.0, 0.0]).unwrap();
    let rewards =
        [(0, 0), (0, 1), (1, 1), (2, 0), (2, 1)].map(|(x, a)| tables.follower_reward(0, x, a));
    assert_eq!(rewards, [7.0, 0.0, 1.0, 9.0, 0.25]);
}

/// A leader by names whose actions change kernels: `audit` and `inspect` share theirs.
#[test]
fn leader_actions_of_equal_kernels_share_a_group() {
    let leader = r#"
[leader]
actions = ["trust", "audit", "inspect"]
reward = { per_follower = "follower_reward * 2", period = "leader_action - (leader_action == audit)" }
"#;
    let text = BASE.replace("aged = \"p\"", "aged = \"p * (leader_action != trust)\"") + leader;
    let scenario = parse(&text);
    let game = scenario.game();
    assert_eq!(game.leader_actions(), ["trust", "audit", "inspect"]);
    assert_eq!([0, 1, 2].map(|action| game.kernel_group(action)), [0, 1, 1]);
    let mut tables = game.tables();
    tables.evaluate(2, &[0.5, 0.5, 0.0]).unwrap();
    assert_eq!(
        [0, 1, 2].map(|action| tables.transition(action, 0, 1, 2)),
        [0.0, 0.25, 0.25]
    );
    assert_eq!(
        [0, 1, 2].map(|action| tables.leader_period_reward(action)),
        [0.0, 0.0, 2.0]
    );
    assert_eq!(tables.leader_follower_reward(1, 1, 1), -2.0);
}

#[test]
fn leader_grids_are_rounded_and_written_shortest() {
    let actions = |text: &str| {
        let leader = format!("\n[leader]\nactions = {text}\nreward = {{ period = 0 }}\n");
        parse(&(BASE.to_owned() + &leader))
            .game()
            .leader_actions()
            .to_vec()
    };
    assert_eq!(
        actions("{ from = 0, to = 0.3, count = 4 }"),
        ["0.0", "0.1", "0.2", "0.3"]
    );
    assert_eq!(
        actions("{ from = 1, to = 0, count = 4 }"),
        ["1.0", "0.666666666667", "0.333333333333", "0.0"]
    );
    assert_eq!(actions("{ from = -0.3, to = 0.3, count = 7 }")[3], "0.0");
    assert_eq!(
        actions("{ from = \"p\", to = \"1/4\", count = 1 }"),
        ["0.25"]
    );
    assert_eq!(
        actions("{ values = [1e-7, \"2 * p\", 1e300] }"),
        ["1e-7", "0.5", "1e300"]
    );
}

/// What passes on the lattice of the check and fails beside it is an error of the tables.
#[test]
fn faults_off_the_lattice_are_errors_of_the_tables() {
    let z = [0.123, 0.877 - 0.5, 0.5];
    let error = |text: String| {
        let scenario = parse(&text);
        let mut tables = scenario.game().tables();
        tables
            .evaluate(1, &[0.25, 0.25, 0.5])
            .expect("valid on the lattice");
        tables.evaluate(2, &z).expect_err("invalid off the lattice")
    };
    let not_finite = error(BASE.replace("x - t *", "ln(abs(z[young] - 0.123)) - t *"));
    assert!(
        matches!(&not_finite, GameError::NotFinite { value, .. } if *value == f64::NEG_INFINITY),
        "{not_finite}"
    );
    let message = "the follower reward (type young, action rest-home) is -inf at t = 2, z = [0.123, 0.377, 0.5]";
    assert_eq!(not_finite.to_string(), message);
    let sum = error(BASE.replace(
        "\"aged, work\" = { aged = 1 }",
        "\"aged, work\" = { aged = \"1 - (z[young] == 0.123) / 2\" }",
    ));
    assert!(
        matches!(&sum, GameError::RowSum { sum, .. } if *sum == 0.5),
        "{sum}"
    );
    let negative = error(BASE.replace("aged = \"p\"", "aged = \"p - (z[young] == 0.123)\""));
    assert!(
        matches!(&negative, GameError::Negative { value, .. } if *value == -0.75),
        "{negative}"
    );
    let terminal = parse(&BASE.replace(
        "initial =",
        "terminal = \"1 / (z[young] - 0.123)\"\ninitial =",
    ));
    assert!(terminal.game().terminal_reward(&z, 1).is_err());
}

/// A rounding error of a row is let pass and moved into [0, 1].
#[test]
fn probabilities_are_moved_into_the_unit_interval() {
    let scenario = parse(&BASE.replace("aged = \"p\"", "aged = \"-1e-13\""));
    let row = row(scenario.game(), &[1.0, 0.0, 0.0], 0, 0, 1);
    assert_eq!(row, [1.0, 0.0, 0.0]);
}

/// Three leader types, two actions, and rows that tell all of them apart.
const LEADER_WITH_TYPES: &str = r#"
[leader]
actions = { name = "price", values = [0.5, 0.25] }
types = { name = "quality", values = ["good", "fair", "bad"] }
initial = [0.5, 0.125, 0.375]
reward = { period = "10 * price + quality", per_follower = "follower_reward * (quality == bad) + x * leader_action" }

[leader.transition]
"*, *" = { fair = "z[adult] / 2", bad = "rest" }
"bad, *" = { good = "p", bad = "rest" }
"good, 0.5" = { good = "price + t / 10", fair = "0.1 * (quality == good)", bad = "rest" }
"*, 0.250" = { good = 1 }
"bad, 0.25" = { fair = "leader_type / 4", good = "rest" }
"#;

/// BASE with a leader with types, who is seen in the followers' rewards and kernel.
fn with_leader_types() -> String {
    BASE.replace(
        "x - t * (a == work)",
        "x - t * (a == work) + 100 * quality + price",
    )
    .replace("aged = \"p\"", "aged = \"p * (leader_type != fair)\"")
        + LEADER_WITH_TYPES
}

#[test]
fn a_leader_with_types_is_private_unless_she_is_observed() {
    let scenario = parse(&with_leader_types());
    let game = scenario.game();
    assert_eq!(game.leader_types(), ["good", "fair", "bad"]);
    assert_eq!(game.leader_actions(), ["0.5", "0.25"]);
    assert_eq!(game.initial_belief().weights(), [0.5, 0.125, 0.375]);
    assert_eq!(game.leader_information(), LeaderInformation::Private);
    assert_eq!(game.leader_moves(), 6);
    let observed = set(&with_leader_types(), &["leader.observed=true"]);
    assert_eq!(
        observed.game().leader_information(),
        LeaderInformation::Public
    );
    let moved = set(&with_leader_types(), &["leader.initial=[0, 0, 1]"]);
    assert_eq!(moved.game().initial_belief().weights(), [0.0, 0.0, 1.0]);
}

/// Everything by leader move: type by type, her actions in each.
#[test]
fn kernels_and_rewards_of_a_leader_with_types_stand_by_move() {
    let scenario = parse(&with_leader_types());
    let game = scenario.game();
    let mut tables = game.tables();
    tables.evaluate(2, &[0.25, 0.5, 0.25]).unwrap();
    let rows: Vec<Vec<f64>> = (0..6)
        .map(|l| {
            (0..3)
                .map(|next| tables.leader_transition(l, next))
                .collect()
        })
        .collect();
    let first = 0.5 + 2.0 / 10.0;
    let expected = [
        vec![first, 0.1, 1.0 - (first + 0.1)],
        vec![1.0, 0.0, 0.0],
        vec![0.0, 0.25, 0.75],
        vec![1.0, 0.0, 0.0],
        vec![0.25, 0.0, 0.75],
        vec![0.5, 0.5, 0.0],
    ];
    assert_eq!(rows, expected);
    let by_move = |value: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..6).map(value).collect() };
    assert_eq!(
        by_move(&|l| tables.leader_period_reward(l)),
        [5.0, 2.5, 6.0, 3.5, 7.0, 4.5]
    );
    assert_eq!(
        by_move(&|l| tables.follower_reward(l, 1, 1)),
        [-0.5, -0.75, 99.5, 99.25, 199.5, 199.25]
    );
    assert_eq!(
        by_move(&|l| tables.leader_follower_reward(l, 1, 1)),
        [0.5, 0.25, 0.5, 0.25, 200.0, 199.5]
    );
    assert_eq!(
        by_move(&|l| tables.transition(l, 0, 1, 2)),
        [0.25, 0.25, 0.0, 0.0, 0.25, 0.25]
    );
    assert_eq!([0, 2, 4].map(|l| game.kernel_group(l)), [0, 1, 0]);
}

#[test]
fn leader_types_that_have_no_kernel_never_change() {
    let text = with_leader_types();
    let scenario = parse(text.split("[leader.transition]").next().unwrap_or(""));
    let mut tables = scenario.game().tables();
    tables.evaluate(1, &[1.0, 0.0, 0.0]).unwrap();
    for l in 0..6 {
        let row = [0, 1, 2].map(|next| tables.leader_transition(l, next));
        let mut stays = [0.0; 3];
        stays[l / 2] = 1.0;
        assert_eq!(row, stays);
    }
    assert!(
        scenario
            .describe()
            .contains("\nleader type never changes\n")
    );
}

#[test]
fn leader_types_have_names_numbers_or_both() {
    let read = |types: &str, reward: &str| {
        let leader = format!(
            "\n[leader]\nactions = [\"audit\", \"trust\"]\ntypes = {types}\ninitial = [0.5, 0.5]\nreward = {{ period = {reward:?} }}\n"
        );
        parse(&(BASE.to_owned() + &leader))
    };
    for (types, reward, names, rewards) in [
        (
            "[\"low\", \"high\"]",
            "leader_type",
            ["low", "high"],
            [0.0, 1.0],
        ),
        (
            "{ low = 3, high = -1.5 }",
            "leader_type",
            ["low", "high"],
            [3.0, -1.5],
        ),
        (
            "{ name = \"cost\", names = { low = 3, high = 3 } }",
            "cost * (cost == high)",
            ["low", "high"],
            [0.0, 3.0],
        ),
        (
            "{ name = \"cost\", values = [\"low\", \"high\"] }",
            "if(cost == high, 7, low)",
            ["low", "high"],
            [0.0, 7.0],
        ),
        (
            "{ values = [0.1, \"p\"] }",
            "leader_type",
            ["0.1", "0.25"],
            [0.1, 0.25],
        ),
        (
            "{ values = [\"p\", \"2 * p\"] }",
            "leader_type",
            ["0.25", "0.5"],
            [0.25, 0.5],
        ),
        (
            "{ name = \"cost\", from = \"p\", to = 1, count = 2 }",
            "cost",
            ["0.25", "1.0"],
            [0.25, 1.0],
        ),
    ] {
        let scenario = read(types, reward);
        let game = scenario.game();
        assert_eq!(game.leader_types(), names, "{types}");
        let mut tables = game.tables();
        tables.evaluate(1, &[1.0, 0.0, 0.0]).unwrap();
        let found = [0, 1, 2, 3].map(|l| tables.leader_period_reward(l));
        assert_eq!(
            found,
            [rewards[0], rewards[0], rewards[1], rewards[1]],
            "{types}"
        );
    }
}

#[test]
fn settings_of_leaders_who_have_types_or_mix() {
    let scenario = parse(&with_leader_types());
    let solve = &scenario.solve;
    assert_eq!(
        (solve.flow, solve.leader_mixing, solve.belief_grid),
        (FlowRule::Averaged, 1, 20)
    );
    let overrides = [
        "solve.flow=\"realised\"",
        "solve.leader_mixing=4",
        "solve.belief_grid=7",
        "leader.types=[\"good\", \"fair\", \"bad\"]",
        "leader.transition.'good, 0.5'={ fair = 1 }",
        "follower.reward='leader_type == bad'",
        "follower.transition.'*, work'={ young = 1 }",
        "leader.reward.per_follower='leader_type == fair'",
        "leader.reward.period=0",
    ];
    // The variable `quality` is gone with its declaration.
    let text = with_leader_types().replace("quality == good", "leader_type == good");
    let scenario = set(&text, &overrides);
    let solve = &scenario.solve;
    assert_eq!(
        (solve.flow, solve.leader_mixing, solve.belief_grid),
        (FlowRule::Realised, 4, 7)
    );
    let mut tables = scenario.game().tables();
    tables.evaluate(1, &[1.0, 0.0, 0.0]).unwrap();
    assert_eq!(tables.leader_transition(0, 1), 1.0);
    assert_eq!(
        [0, 2, 4].map(|l| tables.follower_reward(l, 0, 0)),
        [0.0, 0.0, 1.0]
    );
}

#[test]
fn settings_have_the_documented_defaults() {
    let Scenario {
        seed,
        solve,
        simulate,
        validate,
        description,
        ..
    } = parse(BASE);
    assert_eq!((seed, description.as_str()), (0, ""));
    assert_eq!(
        (solve.selection, solve.grid, solve.tolerance),
        (Selection::Optimistic, 100, 1e-9)
    );
    assert_eq!(
        (simulate.populations, simulate.replications),
        (vec![100, 1_000, 10_000], 20_000)
    );
    assert_eq!(
        (simulate.engine, simulate.start),
        (Engine::Counts, Start::Iid)
    );
    assert_eq!(
        (validate.epsilon, validate.confidence, validate.method),
        (0.02, 0.99, MethodChoice::Auto)
    );
    assert!(validate.starts.is_empty());
}

#[test]
fn settings_are_read_from_the_file_and_from_overrides() {
    let text = BASE.to_owned()
        + "[solve]\nselection = \"welfare\"\ngrid = 50\nflow = \"averaged\"\nleader_mixing = 1\n[simulate]\nengine = \"agents\"\n";
    let overrides = [
        "solve.grid=100",
        "simulate.populations=[7, 1_000_000_000_000]",
        "simulate.start = rounded",
        "validate.starts=[[0, 1, 0]]",
        "validate.method=exact",
        "follower.initial=[0.2, 0.2, 0.6]",
        "follower.transition.'aged, work'={ young = 1 }",
        "p=0.125",
        "horizon=9",
        "discount = 0.5",
        "seed=18446744073709551615",
    ];
    let scenario = set(&text, &overrides);
    assert_eq!(
        (scenario.solve.selection, scenario.solve.grid),
        (Selection::Welfare, 100)
    );
    assert_eq!(scenario.simulate.populations, [7, 1_000_000_000_000]);
    assert_eq!(
        (scenario.simulate.engine, scenario.simulate.start),
        (Engine::Agents, Start::Rounded)
    );
    assert_eq!(scenario.validate.starts[0].weights(), [0.0, 1.0, 0.0]);
    assert_eq!(scenario.validate.method, MethodChoice::Exact);
    assert_eq!(
        (
            scenario.game().horizon(),
            scenario.game().discount(),
            scenario.seed
        ),
        (9, 0.5, u64::MAX)
    );
    assert_eq!(scenario.game().initial().weights(), [0.2, 0.2, 0.6]);
    assert_eq!(
        row(scenario.game(), &[0.2, 0.6, 0.2], 0, 2, 1),
        [1.0, 0.0, 0.0]
    );
    assert_eq!(
        row(scenario.game(), &[1.0, 0.0, 0.0], 0, 0, 1),
        [0.875, 0.0, 0.125]
    );
}

#[test]
fn the_description_says_what_was_understood() {
    let description = set(BASE, &["solve.grid=20"]).describe();
    for line in [
        "base",
        "horizon 4, discount 1.0, seed 0",
        "parameters: p = 0.25",
        "follower types: young (0.0), adult (1.0), aged (2.0)",
        "initial: 0.5, 0.3, 0.2",
        "no leader",
        "adult, work",
        "  moves to young: rest, adult: z[adult] * 0.5, aged: p",
        "  reward x - t * (a == work)",
        "checked at 231 mean fields (multiples of 1/20); 4 of 4 periods",
    ] {
        assert!(
            description.lines().any(|found| found == line),
            "{line:?} in\n{description}"
        );
    }
}
