//! Simulated trajectories: limits, rewards, returns, reproducibility, and what is refused.

use crate::mill::{MILL, MillPolicy, SETTINGS, next_on, push, scenario};
use crate::support::simulated::{simulation, trajectories};
use rayon::ThreadPoolBuilder;
use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::simulate::{Cohorts, SimulateError, Simulation, Trajectory, simulate};
use smfg::simulate::{Engine, Start};

/// Kernels of zeros and ones, and a type without return: `gone` absorbs, `wait` moves nobody, `repair` everybody.
const STEPS: &str = r#"
name = "steps"
horizon = 4
discount = 1.0
[follower]
types = ["new", "old", "gone"]
actions = ["wait", "move"]
initial = [0.5, 0.5, 0.0]
reward = "1.0 * (x == old)"
[follower.transition]
"*, wait" = { new = "1.0 * (x == new)", old = "1.0 * (x == old)", gone = "rest" }
"new, move" = { old = 1 }
"old, move" = { gone = 1 }
"gone, move" = { gone = 1 }
"#;

/// The same prescription always, leader action 0.
struct Always(Prescription);

impl Policy for Always {
    fn play(&self, _: usize, _: &Belief, _: &MeanField) -> Result<Play, PolicyError> {
        Ok(Play::pure(LeaderAction(0), self.0.clone()))
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
fn large_populations_follow_the_mean_field() {
    let scenario = scenario(MILL);
    let mut path = vec![0.3];
    for t in 1..=3 {
        let on = path[t - 1];
        let step = |x: usize, weight: f64| {
            let p = push(t, on, x);
            weight * (p * next_on(on, x, 1) + (1.0 - p) * next_on(on, x, 0))
        };
        path.push(step(0, 1.0 - on) + step(1, on)); // (8)
    }
    for (engine, population, replications) in [
        (Engine::Counts, 1_000_000_000_000, 50),
        (Engine::Agents, 1_000_000, 2),
    ] {
        for replication in trajectories(
            scenario.game(),
            &MillPolicy,
            &simulation(engine, population, replications),
        ) {
            for (t, on) in path.iter().enumerate().map(|(k, on)| (k + 1, on)) {
                assert_eq!(replication.counts(t).iter().sum::<u64>(), population);
                let distance = (replication.counts(t)[1] as f64 / population as f64 - on).abs();
                // A standard deviation is below 1/sqrt(N); and there is luck in it.
                assert!(
                    distance < 6.0 / (population as f64).sqrt(),
                    "{engine:?} t = {t}: {distance}"
                );
                assert!(distance > 0.0);
            }
        }
    }
}

#[test]
fn rewards_and_returns_come_from_the_counts() {
    let scenario = scenario(MILL);
    for (engine, cohorts) in SETTINGS {
        let simulation = Simulation {
            cohorts,
            ..simulation(engine, 30, 20)
        };
        for path in trajectories(scenario.game(), &MillPolicy, &simulation) {
            let (mut follower_return, mut leader_return) = (0.0, 0.0);
            for t in 1..=3 {
                let on = path.counts(t)[1] as f64 / 30.0;
                let fee = if on > 0.4 { 2.0 } else { 1.0 };
                assert_eq!(path.leader_action(t), LeaderAction(usize::from(on > 0.4)));
                let pushing = path.action_count(t, 1) as f64 / 30.0;
                for x in 0..2 {
                    assert_eq!(
                        path.acted(t)[2 * x..2 * x + 2].iter().sum::<u64>(),
                        path.counts(t)[x]
                    );
                }
                let follower = on * on - 0.3 * fee * pushing - 0.1 * t as f64;
                let leader = (1.0 - on) + fee * pushing;
                assert!((path.follower_reward(t) - follower).abs() < 1e-12);
                assert!((path.leader_reward(t) - leader).abs() < 1e-12);
                follower_return += 0.9f64.powi(t as i32 - 1) * follower;
                leader_return += 0.9f64.powi(t as i32 - 1) * leader;
            }
            follower_return += 0.9f64.powi(3) * 2.0 * path.counts(4)[1] as f64 / 30.0;
            assert!((path.follower_return() - follower_return).abs() < 1e-12);
            assert!((path.leader_return() - leader_return).abs() < 1e-12);
            assert_eq!(
                path.follower_returns_by_type().is_some(),
                cohorts == Cohorts::ByInitialType
            );
            if let Some(returns) = path.follower_returns_by_type() {
                let of_cohort = |(n, value): (&u64, &f64)| {
                    if *n > 0 {
                        *n as f64 / 30.0 * value
                    } else {
                        0.0
                    }
                };
                let total: f64 = path.counts(1).iter().zip(returns).map(of_cohort).sum();
                assert!((total - follower_return).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn returns_by_initial_type_are_those_followers_own() {
    // new -> old -> gone under `move`: whoever starts new is old at t = 2 and earns 1; whoever starts old earns 1 at t = 1.
    let scenario = scenario(STEPS);
    let moving = Always(Prescription::new(2, [0.0, 1.0].repeat(3)));
    for (engine, population) in [
        (Engine::Counts, 11),
        (Engine::Agents, 11),
        (Engine::Counts, 1),
        (Engine::Agents, 1),
    ] {
        let simulation = Simulation {
            cohorts: Cohorts::ByInitialType,
            ..simulation(engine, population, 8)
        };
        for path in trajectories(scenario.game(), &moving, &simulation) {
            let returns = path.follower_returns_by_type().unwrap();
            for (n, value) in path.counts(1).iter().zip(returns) {
                assert!(
                    if *n == 0 {
                        value.is_nan()
                    } else {
                        *value == 1.0
                    },
                    "{engine:?}: {returns:?}"
                );
            }
            assert_eq!(path.counts(2), [0, path.counts(1)[0], path.counts(1)[1]]);
            assert_eq!(path.counts(3), [0, 0, population]);
            assert_eq!(path.counts(5), [0, 0, population]);
        }
    }
}

#[test]
fn kernels_of_zeros_and_ones_leave_nothing_to_chance() {
    let scenario = scenario(STEPS);
    let waiting = Always(Prescription::new(2, [1.0, 0.0].repeat(3)));
    let sometimes = Always(Prescription::new(2, [0.6, 0.4].repeat(3)));
    for (engine, population) in [(Engine::Counts, 1_000_000_000_000), (Engine::Agents, 1000)] {
        for path in trajectories(
            scenario.game(),
            &waiting,
            &simulation(engine, population, 4),
        ) {
            assert!((2..=5).all(|t| path.counts(t) == path.counts(1)));
        }
        for path in trajectories(
            scenario.game(),
            &sometimes,
            &simulation(engine, population, 4),
        ) {
            assert!((2..=5).all(|t| path.counts(t)[2] >= path.counts(t - 1)[2]));
            assert!((2..=5).all(|t| path.counts(t)[0] <= path.counts(t - 1)[0]));
            assert!(path.counts(5)[2] > 0 && path.counts(5)[0] > 0);
        }
    }
}

#[test]
fn rounded_starts_are_the_nearest_counts() {
    let scenario = scenario(MILL);
    for engine in [Engine::Counts, Engine::Agents] {
        for (population, on) in [(1, 0), (2, 1), (3, 1), (5, 1), (10, 3), (1000, 300)] {
            let simulation = Simulation {
                start: Start::Rounded,
                ..simulation(engine, population, 1)
            };
            let paths = trajectories(scenario.game(), &MillPolicy, &simulation);
            assert_eq!(
                paths[0].counts(1),
                [population - on, on],
                "{engine:?} N = {population}"
            );
        }
    }
}

#[test]
fn neither_threads_nor_batches_change_a_replication() {
    let scenario = scenario(MILL);
    for engine in [Engine::Counts, Engine::Agents] {
        let all = simulation(engine, 50, 600);
        let with_threads = |threads| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| format!("{:?}", trajectories(scenario.game(), &MillPolicy, &all)))
        };
        let one = with_threads(1);
        assert_eq!(one, with_threads(2));
        assert_eq!(one, with_threads(7));
        let paths = trajectories(scenario.game(), &MillPolicy, &all);
        assert!(paths.iter().map(Trajectory::replication).eq(1..=600));
        for k in [1, 2, 256, 257, 600] {
            let alone = Simulation {
                first_replication: k,
                replications: 1,
                ..all.clone()
            };
            assert_eq!(
                trajectories(scenario.game(), &MillPolicy, &alone),
                paths[k as usize - 1..k as usize]
            );
        }
        assert_ne!(paths[0].counts(2), paths[1].counts(2));
    }
}

#[test]
fn values_do_not_change_between_versions() {
    let scenario = scenario(MILL);
    let on = |engine, population| -> Vec<Vec<u64>> {
        let paths = trajectories(
            scenario.game(),
            &MillPolicy,
            &simulation(engine, population, 2),
        );
        paths
            .iter()
            .map(|path| (1..=4).map(|t| path.counts(t)[1]).collect())
            .collect()
    };
    let found = [
        on(Engine::Counts, 100),
        on(Engine::Agents, 100),
        on(Engine::Counts, 1_000_000_000),
    ];
    let expected = [
        [[27, 38, 53, 57], [30, 33, 36, 53]],
        [[29, 34, 45, 63], [30, 38, 53, 46]],
        [
            [299_984_953, 408_384_441, 495_372_933, 549_557_307],
            [300_007_047, 408_395_394, 495_379_198, 549_562_700],
        ],
    ];
    assert_eq!(found, expected);
}

#[test]
fn followers_are_the_same_however_they_are_moved() {
    // More than two groups of followers, and a last block that is not full. Cohorts leave the fast way for two types.
    let scenario = scenario(MILL);
    let with = |cohorts, threads| {
        let simulation = Simulation {
            cohorts,
            ..simulation(Engine::Agents, 150_007, 1)
        };
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| trajectories(scenario.game(), &MillPolicy, &simulation))
    };
    let alone = with(Cohorts::Together, 1);
    let path = |paths: &[Trajectory]| {
        let path = &paths[0];
        let numbers = (1..=3).flat_map(|t| [path.counts(t), path.acted(t)].concat());
        numbers.chain(path.counts(4).to_vec()).collect::<Vec<u64>>()
    };
    for threads in [2, 7] {
        assert_eq!(with(Cohorts::Together, threads), alone);
    }
    let cohorts = with(Cohorts::ByInitialType, 1);
    assert_eq!(path(&cohorts), path(&alone));
    let each = with(Cohorts::EachFollower, 1);
    assert_eq!(path(&each), path(&alone));
    assert_eq!(with(Cohorts::EachFollower, 7), each);
    assert_eq!(with(Cohorts::ByInitialType, 7), cohorts);
}

#[test]
fn returns_of_single_followers_make_up_those_of_their_type() {
    let (mill, steps) = (scenario(MILL), scenario(STEPS));
    for population in [1, 30, 1000] {
        let simulation = Simulation {
            cohorts: Cohorts::EachFollower,
            ..simulation(Engine::Agents, population, 5)
        };
        for path in trajectories(mill.game(), &MillPolicy, &simulation) {
            let by_type = path.follower_returns_by_type().unwrap();
            let laws = path.agent_returns().unwrap().by_type();
            for ((n, mean), law) in path.counts(1).iter().zip(by_type).zip(laws) {
                let Some(law) = law else {
                    assert!(*n == 0 && mean.is_nan());
                    continue;
                };
                assert_eq!((law.followers, law.histogram.iter().sum()), (*n, *n));
                assert!((law.mean - mean).abs() < 1e-12);
                assert!(law.low <= law.quantiles[0] && law.quantiles[6] <= law.high);
                assert!(law.quantiles.is_sorted());
            }
        }
    }
    // Everybody who moves earns 1 once, but those who start gone earn nothing: one value a type.
    let moving = Always(Prescription::new(2, [0.0, 1.0].repeat(3)));
    let simulation = Simulation {
        cohorts: Cohorts::EachFollower,
        ..simulation(Engine::Agents, 500, 1)
    };
    let path = &trajectories(steps.game(), &moving, &simulation)[0];
    let laws = path.agent_returns().unwrap().by_type();
    assert!(laws[2].is_none());
    for law in laws.iter().flatten() {
        assert_eq!((law.low, law.high, law.sd), (1.0, 1.0, 0.0));
    }
}

#[test]
fn a_reward_without_value_at_a_visited_point_is_an_error() {
    // Fine on every point j/200, not at 1/3.
    let text = MILL.replace("z[on] * (x == on)", "ln(abs(z[on] - 1/3))");
    let scenario = scenario(&text);
    for engine in [Engine::Counts, Engine::Agents] {
        let run = |population| {
            simulate::<SimulateError>(
                scenario.game(),
                &MillPolicy,
                &simulation(engine, population, 20),
                |_| Ok(()),
            )
        };
        assert!(run(4).is_ok());
        assert!(
            matches!(
                run(3),
                Err(SimulateError::Game {
                    population: 3,
                    t: 1..=3,
                    ..
                })
            ),
            "{engine:?}"
        );
    }
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let scenario = scenario(MILL);
    let run = |simulation: Simulation| {
        simulate::<SimulateError>(scenario.game(), &MillPolicy, &simulation, |_| Ok(()))
            .unwrap_err()
    };
    for (engine, population) in [
        (Engine::Counts, 0),
        (Engine::Counts, 1_000_000_000_001),
        (Engine::Agents, 100_000_001),
    ] {
        assert!(matches!(
            run(simulation(engine, population, 1)),
            SimulateError::Population { .. }
        ));
    }
    let single = Simulation {
        cohorts: Cohorts::EachFollower,
        ..simulation(Engine::Counts, 10, 1)
    };
    assert!(matches!(run(single), SimulateError::NoSingleFollowers));
    let base = simulation(Engine::Counts, 10, 1);
    for (first_replication, replications) in [(0, 1), (1 << 56, 1), (u64::MAX, 2)] {
        let simulation = Simulation {
            first_replication,
            replications,
            ..base.clone()
        };
        assert!(matches!(
            run(simulation),
            SimulateError::Replications { .. }
        ));
    }
}

#[test]
fn a_sink_that_fails_ends_the_simulation() {
    #[derive(Debug, PartialEq)]
    struct Full(u64);
    impl From<SimulateError> for Full {
        fn from(_: SimulateError) -> Self {
            Full(0)
        }
    }
    let scenario = scenario(MILL);
    let result = simulate(
        scenario.game(),
        &MillPolicy,
        &simulation(Engine::Counts, 10, 1000),
        |path| {
            if path.replication() == 300 {
                Err(Full(300))
            } else {
                Ok(())
            }
        },
    );
    assert_eq!(result, Err(Full(300)));
}
