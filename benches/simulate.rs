//! Speed of the engines, policy and recording included: a step of the counts, an agent-step, a binomial; beside them a
//! plain loop over followers, and `rand_distr`, so that every figure can be read as a ratio within one run.

mod dense;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use dense::{Uniform, dense, simulation};
use rand::Rng;
use rand_distr::{Binomial, Distribution};
use smfg::game::Policy;
use smfg::scenario::Scenario;
use smfg::simulate::Engine;
use smfg::simulate::split::binomial;
use smfg::simulate::{SimulateError, Simulation, simulate};
use smfg::solve::{Pieces, Theta};
use smfg::stream::{Role, Stream};

/// One thread, on which `simulation` runs; `elements` per period.
fn run(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (scenario, policy): (&Scenario, &dyn Policy),
    simulation: &Simulation,
    elements: u64,
) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.expect("one thread can be had");
    let periods = simulation.replications * scenario.game().horizon() as u64;
    group.throughput(Throughput::Elements(periods * elements));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            pool.install(|| {
                simulate::<SimulateError>(scenario.game(), policy, simulation, |path| {
                    black_box(path);
                    Ok(())
                })
            })
        });
    });
}

/// Throughput in periods: six binomials each with two types, 390 with ten.
fn counts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("counts_step");
    for (types, actions, replications) in [(2, 2, 1000), (10, 4, 20)] {
        let (scenario, policy) = (dense(types, actions), Uniform::new(types, actions));
        for population in [1_000, 100_000, 1_000_000_000, 1_000_000_000_000] {
            let name = format!("types={types}/N={:e}", population as f64);
            let simulation = simulation(Engine::Counts, population, replications);
            run(&mut group, &name, (&scenario, &policy), &simulation, 1);
        }
    }
    group.finish();
}

/// The same where the policy is theta, re-solved at every z^N.
fn theta(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("theta_step");
    for name in ["infection", "technology"] {
        let path = format!("scenarios/{name}.toml");
        let scenario = Scenario::read(path.as_ref(), &[]).expect("shipped scenarios are right");
        let solution = Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None);
        let solution = solution.expect("shipped scenarios have solutions");
        for population in [1_000, 1_000_000, 1_000_000_000_000] {
            let name = format!("{name}/N={:e}", population as f64);
            let simulation = simulation(Engine::Counts, population, 2000);
            run(&mut group, &name, (&scenario, &solution), &simulation, 1);
        }
    }
    group.finish();
}

/// Throughput in agent-steps.
fn agents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("agents_step");
    for (types, actions) in [(2, 2), (3, 2), (10, 4)] {
        let (scenario, policy) = (dense(types, actions), Uniform::new(types, actions));
        for (population, replications) in [(100, 100), (10_000, 4), (1_000_000, 1)] {
            let name = format!("types={types}/N={:e}", population as f64);
            let simulation = simulation(Engine::Agents, population, replications);
            run(
                &mut group,
                &name,
                (&scenario, &policy),
                &simulation,
                population,
            );
        }
    }
    group.finish();
}

/// The 2 x 2 game of [`dense`], each follower an action and a next type by two draws compared with probabilities.
fn plain_agents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("agents_step_plain_loop");
    for population in [10_000usize, 1_000_000] {
        let (mut types, mut stream) = (
            vec![0usize; population],
            Stream::new(1, 1, 1, Role::Followers),
        );
        group.throughput(Throughput::Elements(population as u64));
        group.bench_function(format!("types=2/N={:e}", population as f64), |bencher| {
            bencher.iter(|| {
                let (mut acted, mut next) = ([[0u64; 2]; 2], [0u64; 2]);
                let mut uniform = || f64::from(stream.next_u32()) / 4_294_967_296.0;
                for x in &mut types {
                    let a = usize::from(uniform() < [0.5, 0.5][*x]);
                    let y = usize::from(uniform() < [[0.5, 0.5], [0.5, 0.5]][*x][a]);
                    acted[*x][a] += 1;
                    next[y] += 1;
                    *x = y;
                }
                black_box((acted, next))
            });
        });
    }
    group.finish();
}

fn binomials(criterion: &mut Criterion) {
    for (n, p) in [
        (20, 0.3),
        (1000, 0.005),
        (100_000, 0.3),
        (1_000_000_000, 0.3),
        (1_000_000_000_000, 0.3),
        (1_000_000_000_000, 3e-12),
    ] {
        let mut group = criterion.benchmark_group(format!("binomial/n={:e}/p={p}", n as f64));
        let mut rng = Stream::new(1, n, 1, Role::Followers);
        group.bench_function("own", |bencher| {
            bencher.iter(|| binomial(&mut rng, black_box(n), p));
        });
        group.bench_function("rand_distr", |bencher| {
            bencher.iter(|| {
                Binomial::new(black_box(n), p)
                    .expect("p is one")
                    .sample(&mut rng)
            });
        });
        group.finish();
    }
}

criterion_group!(
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = counts, theta, agents, plain_agents, binomials
);
criterion_main!(benches);
