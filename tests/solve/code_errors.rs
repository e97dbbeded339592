//! Code that cannot be relied on ends the work with its place; what cannot be built is named.

#![allow(clippy::panic, reason = "a test fails where another error is met")]

use smfg::game::{
    At, Belief, BuildError, CodeFault, Game, GameBuilder, GameError, Kernel, LeaderAction,
    LeaderPrescription, MeanField, Observed, Play, Policy, PolicyError, Prescription, Reads,
    Reward,
};
use smfg::simulate::{Cohorts, Engine, SimulateError, Simulation, Start, simulate};
use smfg::solve::SolveSettings;
use smfg::solve::{SolveError, Solved};
use smfg::validate::{MeanFieldPath, MethodChoice, Settings, validate};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a function does at the mean fields where it is bad.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bad {
    Panics,
    IsNan,
    LeavesRange,
    Changes,
    IsNegative,
    SumsToMore,
}

const ALL: [Bad; 6] = [
    Bad::Panics,
    Bad::IsNan,
    Bad::LeavesRange,
    Bad::Changes,
    Bad::IsNegative,
    Bad::SumsToMore,
];

/// Two types and two actions, bad for those of type `high` who go, where `at_bad` says so.
fn game(bad: Bad, at_bad: impl Fn(&At<'_>) -> bool + Send + Sync + 'static) -> GameBuilder {
    let at_bad = Arc::new(at_bad);
    let of_kernel = at_bad.clone();
    let asked = AtomicU64::new(0);
    Game::builder("bad")
        .horizon(3)
        .discount(0.9)
        .follower_types(["low", "high"])
        .follower_actions(["stay", "go"])
        .initial([0.3, 0.7])
        .transition(Kernel::code(move |at, next| {
            next[1] = 0.2 + 0.3 * at.z[1] + 0.2 * at.a as f64;
            next[0] = 1.0 - next[1];
            if (at.x, at.a) == (1, 1) && of_kernel(at) {
                match bad {
                    Bad::IsNegative => (next[0], next[1]) = (1.5, -0.5),
                    Bad::SumsToMore => next[0] += 0.25,
                    _ => {}
                }
            }
        }))
        .follower_reward(Reward::code(-1.0..=1.0, move |at| {
            let value = at.z[0] * at.x as f64 - 0.3 * at.z[1] * at.a as f64;
            if (at.x, at.a) != (1, 1) || !at_bad(at) {
                return value;
            }
            match bad {
                Bad::Panics => panic!("no number for {}", at.x),
                Bad::IsNan => f64::NAN,
                Bad::LeavesRange => 1.25,
                Bad::Changes => 1e-6 * asked.fetch_add(1, Ordering::Relaxed) as f64,
                Bad::IsNegative | Bad::SumsToMore => value,
            }
        }))
}

/// The error is that of the fault, and says (t, z, x, a).
fn assert_is(error: &GameError, bad: Bad) {
    let point = match (bad, error) {
        (Bad::IsNan, GameError::NotFinite { value, point, .. }) if value.is_nan() => point,
        (Bad::IsNegative, GameError::Negative { value, point, .. }) if *value == -0.5 => point,
        (Bad::SumsToMore, GameError::RowSum { sum, point, .. }) if *sum > 1.24 => point,
        (_, GameError::Code { fault, point, .. }) => {
            let is_right = match (bad, &**fault) {
                (Bad::Panics, CodeFault::Panicked(message)) => message == "no number for 1",
                (Bad::LeavesRange, CodeFault::LeftRange { value, .. }) => *value == 1.25,
                (Bad::Changes, CodeFault::Changed([first, second])) => first != second,
                _ => false,
            };
            assert!(is_right, "{bad:?}: {error}");
            point
        }
        _ => panic!("{bad:?}: {error}"),
    };
    assert!((1..=3).contains(&point.t) && point.z.len() == 2, "{error}");
    let text = error.to_string();
    assert!(text.contains("type high, action go"), "{text}");
}

#[test]
fn bad_code_is_refused_where_a_game_is_built() {
    for bad in ALL {
        let error = game(bad, |at| at.z[1] > 0.5).build().unwrap_err();
        let BuildError::Value { argument, error } = &error else {
            panic!("{bad:?}: {error}");
        };
        let of_kernel = matches!(bad, Bad::IsNegative | Bad::SumsToMore);
        let right = if of_kernel {
            "transition"
        } else {
            "follower_reward"
        };
        assert_eq!(*argument, right);
        assert_is(error, bad);
    }
}

/// A game that was good when it was built, and is bad once the switch is thrown.
fn later(bad: Bad) -> (Game, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    let thrown = switch.clone();
    let game = game(bad, move |_| thrown.load(Ordering::Relaxed)).build();
    (game.unwrap(), switch)
}

#[test]
fn code_that_turns_bad_ends_a_solution() {
    for bad in ALL {
        let (game, switch) = later(bad);
        let settings = SolveSettings::of(&game);
        assert!(Solved::compute(&game, &settings, None).is_ok());
        switch.store(true, Ordering::Relaxed);
        match Solved::compute(&game, &settings, None) {
            Err(SolveError::Game(error)) => assert_is(&error, bad),
            other => panic!("{bad:?}: {:?}", other.map(|_| ())),
        }
        // It has failed for good.
        switch.store(false, Ordering::Relaxed);
        assert!(Solved::compute(&game, &settings, None).is_err());
        assert!(game.check_code().is_err());
    }
}

/// Everybody goes.
struct Go;

impl Policy for Go {
    fn play(&self, _: usize, _: &Belief, _: &MeanField) -> Result<Play, PolicyError> {
        let prescription = Prescription::new(2, vec![0.0, 1.0, 0.0, 1.0]);
        Ok(Play::pure(LeaderAction(0), prescription))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        _: &MeanField,
        _: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Err(PolicyError::NoAnswer { t })
    }
}

#[test]
fn code_that_turns_bad_ends_a_simulation() {
    let simulation = Simulation {
        seed: 1,
        population: 37,
        first_replication: 1,
        replications: 20,
        engine: Engine::Counts,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    };
    for bad in ALL {
        let (game, switch) = later(bad);
        switch.store(true, Ordering::Relaxed);
        let error = simulate::<SimulateError>(&game, &Go, &simulation, |_| Ok(())).unwrap_err();
        match error {
            SimulateError::Game { source, .. } => assert_is(&source, bad),
            other => panic!("{bad:?}: {other}"),
        }
    }
}

#[test]
fn code_that_turns_bad_ends_a_validation() {
    for (bad, method) in ALL.into_iter().flat_map(|bad| {
        [
            MethodChoice::Exact,
            MethodChoice::Integrated,
            MethodChoice::Paired,
        ]
        .map(|method| (bad, method))
    }) {
        let (game, switch) = later(bad);
        let path = MeanFieldPath::follow(&game, &Go).unwrap();
        switch.store(true, Ordering::Relaxed);
        let settings = Settings {
            populations: &[13],
            epsilon: 0.02,
            confidence: 0.99,
            method,
            start: Start::Iid,
            seed: 1,
            replications: 50,
            files: &[],
            starts: &[],
            selection: "optimistic",
        };
        let error = validate(&game, &Go, &path, &settings)
            .map(|_| ())
            .unwrap_err();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        assert!(game.check_code().is_err());
        assert!(
            cause.to_string().contains("type high, action go"),
            "{bad:?}, {method}: {error}"
        );
    }
}

/// On the lattice, and in the terminal reward.
#[test]
fn bad_code_on_the_lattice_is_met() {
    let switch = Arc::new(AtomicBool::new(false));
    let thrown = switch.clone();
    let game = Game::builder("bad")
        .horizon(2)
        .discount(1.0)
        .follower_types(["a1", "b1", "c1"])
        .follower_actions(["stay", "go"])
        .initial([0.2, 0.3, 0.5])
        .transition(Kernel::constant(|at, next| next[(at.x + at.a) % 3] = 1.0))
        .follower_reward(Reward::constant(|at| -0.1 * at.a as f64))
        .terminal_reward(Reward::code(-1.0..=0.0, move |at| {
            if at.x == 2 && thrown.load(Ordering::Relaxed) {
                return 7.0;
            }
            -at.z[at.x]
        }))
        .build()
        .unwrap();
    let mut settings = SolveSettings::of(&game);
    settings.grid = 12;
    assert!(Solved::compute(&game, &settings, None).is_ok());
    switch.store(true, Ordering::Relaxed);
    let error = Solved::compute(&game, &settings, None)
        .map(|_| ())
        .unwrap_err();
    let SolveError::Game(GameError::Code { fault, point, .. }) = &error else {
        panic!("{error}");
    };
    let is_right = matches!(**fault, CodeFault::LeftRange { value, .. } if value == 7.0);
    assert!(is_right && point.t == 3, "{error}");
    assert!(error.to_string().contains("type c1"), "{error}");
}

fn good() -> GameBuilder {
    Game::builder("good")
        .horizon(2)
        .discount(0.9)
        .follower_types(["low", "high"])
        .follower_actions(["stay", "go"])
        .initial([0.5, 0.5])
        .transition(Kernel::constant(|at, next| next[at.a] = 1.0))
        .follower_reward(Reward::constant(|at| at.x as f64))
}

fn with_leader() -> GameBuilder {
    good()
        .leader_actions(["one", "two"])
        .leader_period_reward(Reward::table([0.0, 1.0]))
}

/// Every argument that cannot be, with what is said of it.
#[test]
fn bad_arguments_are_named() {
    let zero = || Reward::constant(|_| 0.0);
    let stay = || Kernel::constant(|at, next| next[at.leader_type] = 1.0);
    let many: Vec<String> = (0..65).map(|i| format!("t{i}")).collect();
    let timed = |at: &At<'_>| at.t as f64 / 10.0;
    let cases: Vec<(GameBuilder, &str)> = vec![
        (Game::builder("good"), "`horizon` is missing"),
        (
            Game::builder("no good").horizon(1),
            "`builder`: \"no good\" cannot be a name",
        ),
        (
            good().horizon(0),
            "`horizon` must be from 1 to 100000, not 0",
        ),
        (
            good().discount(1.5),
            "`discount` must be above 0 and at most 1, not 1.5",
        ),
        (
            good().discount(f64::NAN),
            "`discount` must be above 0 and at most 1, not NaN",
        ),
        (
            good().discount(1.0).infinite_horizon(0.1),
            "`discount` must be above 0 and below 1, the horizon being infinite",
        ),
        (
            good().infinite_horizon(0.0),
            "`infinite_horizon` must be above 0",
        ),
        (
            good().discount(0.999_999).infinite_horizon(1e-6),
            "an `infinite_horizon` with",
        ),
        (
            good().infinite_horizon(0.1).terminal_reward(zero()),
            "there is no last period for a `terminal_reward`",
        ),
        (
            good()
                .infinite_horizon(0.1)
                .follower_reward(Reward::code(0.0..=1.0, timed)),
            "the horizon is infinite, and `follower_reward` depends on t",
        ),
        (
            good()
                .infinite_horizon(0.1)
                .follower_reward(Reward::per_period(vec![vec![0.0; 4]])),
            "the horizon is infinite, and `follower_reward` depends on t",
        ),
        (good().follower_types([""; 0]), "`follower_types` is empty"),
        (
            good().follower_types(many),
            "`follower_types`: 65 names are too many, at most 64",
        ),
        (
            good().follower_types(["low", "low"]),
            "`follower_types`: \"low\" is named twice",
        ),
        (
            good().follower_types(["low", "worst"]),
            "`follower_types`: \"worst\" cannot be a name",
        ),
        (
            good().follower_actions(["stay", "if"]),
            "`follower_actions`: \"if\" cannot be a name",
        ),
        (
            good()
                .follower_types(["a", "a_b"])
                .follower_actions(["b_c", "c"]),
            "`follower_types`: \"a\" cannot be a name: it is a word of formulas",
        ),
        (
            good()
                .follower_types(["l", "l_b"])
                .follower_actions(["b_c", "c"]),
            "`follower_types`: two columns of the tables would be called \"gamma_l_b_c\"",
        ),
        (
            good().initial([1.0]),
            "`initial` has 1 probabilities for 2 types",
        ),
        (
            good().initial([0.5, 0.6]),
            "`initial` sums to 1.1, not to 1",
        ),
        (
            good().initial([1.5, -0.5]),
            "`initial` must be between 0 and 1, not 1.5",
        ),
        (good().available("high", [""; 0]), "`available` is empty"),
        (
            good().available("hi", ["go"]),
            "`available`: there is no \"hi\" among low, high",
        ),
        (
            good().available("high", ["gone"]),
            "`available`: there is no \"gone\" among stay, go",
        ),
        (
            good().available("high", ["go", "go"]),
            "`available`: \"go\" is named twice",
        ),
        (
            good().available("high", ["go"]).available("high", ["stay"]),
            "`available`: \"high\" is named twice",
        ),
        (
            good().transition(Kernel::table([1.0, 0.0])),
            "a table of `transition` has 2 numbers, not 8: leader types x leader actions x types x actions x types",
        ),
        (
            good().follower_reward(Reward::per_period(vec![vec![0.0; 4]; 3])),
            "`follower_reward` has 3 tables for 2 periods",
        ),
        (
            good().follower_reward(Reward::code(1.0..=0.0, |_| 0.0)),
            "`follower_reward` states the range from 1 to 0",
        ),
        (
            good().follower_reward(Reward::code(0.0..=f64::INFINITY, |_| 0.0)),
            "`follower_reward` states the range from 0 to inf",
        ),
        (
            good().follower_reward(Reward::table([0.0, f64::NAN, 0.0, 0.0])),
            "`follower_reward`: the follower reward (type low, action go) is NaN",
        ),
        (
            good().follower_reward(Reward::constant(|at| at.z[0])),
            "`follower_reward`: the follower reward (type low, action stay) has a function that panicked",
        ),
        (
            good().transition(Kernel::constant(|_, _| {})),
            "`transition`: the transition row (type low, action stay) sums to 0, not to 1",
        ),
        (
            good().leader_period_reward(zero()),
            "`leader_period_reward` is about the leader, and there is no `leader_actions`",
        ),
        (
            good().leader_types(["l1"], [1.0], Observed::ByAll),
            "`leader_types` is about the leader, and there is no `leader_actions`",
        ),
        (
            good().leader_actions(["one"]),
            "`leader_follower_reward` is missing",
        ),
        (
            with_leader().leader_transition(stay()),
            "`leader_transition` is about the leader, and there is no `leader_types`",
        ),
        (
            with_leader().leader_types(["l1", "l2"], [0.5, 0.6], Observed::ByAll),
            "`leader_types` sums to 1.1, not to 1",
        ),
        (
            with_leader().leader_types(
                (0..17).map(|i| format!("l{i}")),
                [1.0 / 17.0; 17],
                Observed::ByLeader,
            ),
            "`leader_types`: the leader has 131072 prescriptions to choose from",
        ),
        (
            with_leader().leader_actions(["1", "1"]),
            "`leader_actions`: \"1\" is named twice",
        ),
        (
            with_leader().leader_actions(["NaN", "1"]),
            "`leader_actions`: \"NaN\" cannot be a name",
        ),
        (
            with_leader()
                .leader_types(["l1", "l2"], [0.5, 0.5], Observed::ByAll)
                .leader_period_reward(zero())
                .leader_transition(Kernel::constant(|_, next| next.fill(0.6))),
            "`leader_transition`: the transition row (leader type l1, leader action one) sums to 1.2",
        ),
    ];
    for (builder, right) in cases {
        let error = builder.build().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(right), "{error:?} is not {right:?}");
    }
    for reads in [Reads::EVERYTHING, Reads::FOLLOWERS] {
        let reward = Reward::code(0.0..=1.0, |at| at.z[at.x]).reads(reads);
        assert!(good().follower_reward(reward).build().is_ok());
    }
}
