//! The two engines against the exact law of a small population, the mean field, and each other.

use rayon::ThreadPoolBuilder;
use smfg::game::{Game, LeaderAction, MeanField, Play, Policy, Prescription};
use smfg::scenario::{Engine, Scenario, Start};
use smfg::simulate::{Cohorts, SimulateError, Simulation, Trajectory, simulate};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// A dense game: P(on | off, a) = .1 + .5 z(on) (.3 more for `push`), P(on | on, a) = .8 - .4 z(on) (.1 less for `push`).
const MILL: &str = r#"
name = "mill"
horizon = 3
discount = 0.9
[follower]
types = ["off", "on"]
actions = ["hold", "push"]
initial = [0.7, 0.3]
reward = "z[on] * (x == on) - 0.3 * fee * (a == push) - 0.1 * t"
terminal = "2 * (x == on)"
[follower.transition]
"off, hold" = { on = "0.1 + 0.5 * z[on]", off = "rest" }
"off, push" = { on = "0.4 + 0.5 * z[on]", off = "rest" }
"on, hold" = { on = "0.8 - 0.4 * z[on]", off = "rest" }
"on, push" = { on = "0.7 - 0.4 * z[on]", off = "rest" }
[leader]
actions = { name = "fee", values = [1, 2] }
reward = { per_follower = "fee * (a == push)", period = "z[off]" }
"#;

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

fn scenario(text: &str) -> Scenario {
    Scenario::parse("test.toml", text, &[]).unwrap()
}

/// gamma(push | x) for [`MILL`], a function of t and z.
fn push(t: usize, on: f64, x: usize) -> f64 {
    if x == 0 {
        (0.2 * t as f64 + 0.2 * on).min(1.0)
    } else {
        0.9 - 0.2 * t as f64 * on
    }
}

fn next_on(on: f64, x: usize, a: usize) -> f64 {
    match (x, a) {
        (0, 0) => 0.1 + 0.5 * on,
        (0, _) => 0.4 + 0.5 * on,
        (_, 0) => 0.8 - 0.4 * on,
        _ => 0.7 - 0.4 * on,
    }
}

struct MillPolicy;

impl Policy for MillPolicy {
    fn play(&self, t: usize, z: &MeanField) -> Play {
        let on = z.weights()[1];
        let rows = (0..2)
            .flat_map(|x| [1.0 - push(t, on, x), push(t, on, x)])
            .collect();
        let leader_action = LeaderAction(usize::from(on > 0.4));
        Play {
            leader_action,
            prescription: Prescription::new(2, rows),
        }
    }

    fn answer(&self, _: usize, _: &MeanField, _: LeaderAction) -> Option<Prescription> {
        None
    }
}

/// The same prescription always, leader action 0.
struct Always(Prescription);

impl Policy for Always {
    fn play(&self, _: usize, _: &MeanField) -> Play {
        Play {
            leader_action: LeaderAction(0),
            prescription: self.0.clone(),
        }
    }

    fn answer(&self, _: usize, _: &MeanField, _: LeaderAction) -> Option<Prescription> {
        None
    }
}

fn simulation(engine: Engine, population: u64, replications: u64) -> Simulation {
    Simulation {
        seed: 2022,
        population,
        first_replication: 1,
        replications,
        engine,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    }
}

fn trajectories(game: &Game, policy: &dyn Policy, simulation: &Simulation) -> Vec<Trajectory> {
    let mut paths = Vec::new();
    simulate::<SimulateError>(game, policy, simulation, |path| {
        paths.push(path.clone());
        Ok(())
    })
    .unwrap();
    paths
}

const SETTINGS: [(Engine, Cohorts); 4] = [
    (Engine::Counts, Cohorts::Together),
    (Engine::Counts, Cohorts::ByInitialType),
    (Engine::Agents, Cohorts::Together),
    (Engine::Agents, Cohorts::ByInitialType),
];

/// The exact law of (n_T(on), number pushing at T, n_{T+1}(on)) of [`MILL`]: over all types of all followers, in turn.
fn exact_law(population: usize, next_on: impl Fn(f64, usize, usize) -> f64) -> Vec<f64> {
    let bit = |state: usize, follower: usize| state >> follower & 1;
    let states = 1 << population;
    let base = population + 1;
    let product = |p: f64, on: usize| if on == 1 { p } else { 1.0 - p };
    let mut law: Vec<f64> = (0..states)
        .map(|state| {
            (0..population)
                .map(|i| product(0.3, bit(state, i)))
                .product()
        })
        .collect();
    let mut cells = vec![0.0; base.pow(3)];
    for t in 1..=3 {
        let mut following = vec![0.0; states];
        for (state, weight) in law.iter().enumerate() {
            let on = state.count_ones() as f64 / population as f64;
            for (acts, next) in
                (0..states).flat_map(|acts| (0..states).map(move |next| (acts, next)))
            {
                let of_follower = |i: usize| {
                    let (x, a) = (bit(state, i), bit(acts, i));
                    product(push(t, on, x), a) * product(next_on(on, x, a), bit(next, i))
                };
                let p = weight * (0..population).map(of_follower).product::<f64>();
                following[next] += p;
                if t == 3 {
                    let [n, pushing, then] = [state, acts, next].map(|s| s.count_ones() as usize);
                    cells[(n * base + pushing) * base + then] += p;
                }
            }
        }
        law = following;
    }
    cells
}

fn observed_cells(paths: &[Trajectory], population: usize) -> Vec<f64> {
    let base = population + 1;
    let mut cells = vec![0.0; base.pow(3)];
    for path in paths {
        let [n, pushing, then] = [
            path.counts(3)[1],
            path.action_count(3, 1),
            path.counts(4)[1],
        ]
        .map(|n| n as usize);
        cells[(n * base + pushing) * base + then] += 1.0;
    }
    cells
}

/// p-value of Pearson's statistic; cells that expect fewer than 8 are pooled.
fn p_value(observed: &[f64], law: &[f64]) -> f64 {
    let total: f64 = observed.iter().sum();
    let (mut statistic, mut degrees) = (0.0, -1.0);
    let (mut rest_seen, mut rest_expected) = (0.0, 0.0);
    for (seen, p) in observed.iter().zip(law) {
        let expected = p * total;
        if expected < 8.0 {
            rest_seen += seen;
            rest_expected += expected;
        } else {
            statistic += (seen - expected) * (seen - expected) / expected;
            degrees += 1.0;
        }
    }
    if rest_expected > 0.0 {
        statistic += (rest_seen - rest_expected) * (rest_seen - rest_expected) / rest_expected;
        degrees += 1.0;
    }
    1.0 - ChiSquared::new(degrees).unwrap().cdf(statistic)
}

/// Level of every test of a law here. Eleven of them accept a true law.
const LEVEL: f64 = 1e-4;

#[test]
fn both_engines_have_the_exact_law_and_a_transposed_kernel_is_rejected() {
    let scenario = scenario(MILL);
    for population in [1, 4] {
        let law = exact_law(population, next_on);
        assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let transposed = exact_law(population, |on, x, a| next_on(on, 1 - x, a));
        // Kernels at the mean field of t = 1 in place of z^N.
        let limit = exact_law(population, |_, x, a| next_on(0.3, x, a));
        for (engine, cohorts) in SETTINGS {
            let simulation = Simulation {
                cohorts,
                ..simulation(engine, population as u64, 40_000)
            };
            let observed = observed_cells(
                &trajectories(scenario.game(), &MillPolicy, &simulation),
                population,
            );
            assert!(
                p_value(&observed, &law) > LEVEL,
                "{engine:?} {cohorts:?} N = {population}"
            );
            assert!(
                p_value(&observed, &transposed) < LEVEL,
                "{engine:?} {cohorts:?} N = {population}"
            );
            assert!(
                p_value(&observed, &limit) < LEVEL,
                "{engine:?} {cohorts:?} N = {population}"
            );
        }
    }
}

/// p-value that two samples of numbers have one law: chi-square over ten classes of the pooled sample.
fn two_sample_p_value(first: &[u64], second: &[u64]) -> f64 {
    let mut pooled: Vec<u64> = [first, second].concat();
    pooled.sort_unstable();
    let mut bounds: Vec<u64> = (1..10).map(|k| pooled[k * pooled.len() / 10]).collect();
    bounds.dedup();
    let class = |n: u64| bounds.partition_point(|bound| *bound <= n);
    let count = |sample: &[u64]| {
        let mut counts = vec![0.0; bounds.len() + 1];
        sample.iter().for_each(|n| counts[class(*n)] += 1.0);
        counts
    };
    let (a, b) = (count(first), count(second));
    let statistic: f64 = a
        .iter()
        .zip(&b)
        .filter(|(a, b)| *a + *b > 0.0)
        .map(|(a, b)| (a - b) * (a - b) / (a + b))
        .sum();
    1.0 - ChiSquared::new(bounds.len() as f64).unwrap().cdf(statistic)
}

#[test]
fn the_engines_agree_at_a_middling_population() {
    let scenario = scenario(MILL);
    let last = |engine, policy: &dyn Policy| -> Vec<u64> {
        let paths = trajectories(scenario.game(), policy, &simulation(engine, 300, 4000));
        paths.iter().map(|path| path.counts(4)[1]).collect()
    };
    let agents = last(Engine::Agents, &MillPolicy);
    assert!(two_sample_p_value(&last(Engine::Counts, &MillPolicy), &agents) > LEVEL);
    // Planted: the policy of the period before.
    struct Stale;
    impl Policy for Stale {
        fn play(&self, t: usize, z: &MeanField) -> Play {
            MillPolicy.play(t - 1, z)
        }
        fn answer(&self, _: usize, _: &MeanField, _: LeaderAction) -> Option<Prescription> {
            None
        }
    }
    assert!(two_sample_p_value(&last(Engine::Counts, &Stale), &agents) < LEVEL);
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
    assert_eq!(
        on(Engine::Counts, 100),
        [[33, 47, 51, 62], [25, 36, 42, 62]]
    );
    assert_eq!(
        on(Engine::Agents, 100),
        [[34, 37, 41, 48], [26, 45, 57, 56]]
    );
    assert_eq!(
        on(Engine::Counts, 1_000_000_000),
        [
            [300_025_272, 408_407_072, 495_370_845, 549_557_634],
            [300_006_606, 408_384_549, 495_385_976, 549_575_454]
        ]
    );
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
