//! Speed of the engines: per population step (counts) and per agent-step (agents), recording included.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smfg::game::{LeaderAction, MeanField, Play, Policy, Prescription};
use smfg::scenario::{Engine, Scenario, Start};
use smfg::simulate::split::Split;
use smfg::simulate::{Cohorts, SimulateError, Simulation, simulate};
use smfg::stream::{Role, Stream};

const HORIZON: u64 = 100;

/// A dense kernel without z, over `types` types and `actions` actions.
fn dense(types: usize, actions: usize) -> Scenario {
    let names = |letter: &str, count: usize| {
        (0..count)
            .map(|k| format!("\"{letter}{k}\""))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let share = 1.0 / types as f64;
    let row = |rest: usize| {
        let cells = (0..types)
            .filter(|x| *x != rest)
            .map(|x| format!("s{x} = {share:?}"));
        cells
            .chain([format!("s{rest} = \"rest\"")])
            .collect::<Vec<_>>()
            .join(", ")
    };
    let initial = vec![format!("{share:?}"); types].join(", ");
    let text = format!(
        "name = \"dense\"\nhorizon = {HORIZON}\ndiscount = 0.9\n[follower]\ntypes = [{}]\nactions = [{}]\n\
         initial = [{initial}]\nreward = \"x + a\"\n[follower.transition]\n\"*, *\" = {{ {} }}\n",
        names("s", types),
        names("a", actions),
        row(types - 1),
    );
    Scenario::parse("dense.toml", &text, &[]).expect("the text is a scenario")
}

struct Uniform(Prescription);

impl Uniform {
    fn new(types: usize, actions: usize) -> Self {
        Self(Prescription::new(
            actions,
            vec![1.0 / actions as f64; types * actions],
        ))
    }
}

impl Policy for Uniform {
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

fn engines(criterion: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("one thread can be had");
    let sizes = [(2, 2), (10, 4)];
    for (types, actions) in sizes {
        let scenario = dense(types, actions);
        let policy = Uniform::new(types, actions);
        let mut run = |engine, name: &str, population: u64, replications: u64, elements: u64| {
            let simulation = Simulation {
                seed: 1,
                population,
                first_replication: 1,
                replications,
                engine,
                start: Start::Iid,
                cohorts: Cohorts::Together,
            };
            let mut group = criterion.benchmark_group(name);
            group.throughput(Throughput::Elements(replications * HORIZON * elements));
            let label = format!("types={types}/N={:e}", population as f64);
            group.bench_function(label, |bencher| {
                bencher.iter(|| {
                    pool.install(|| {
                        simulate::<SimulateError>(scenario.game(), &policy, &simulation, |path| {
                            black_box(path);
                            Ok(())
                        })
                    })
                });
            });
        };
        for population in [1_000, 100_000, 1_000_000_000, 1_000_000_000_000] {
            run(Engine::Counts, "counts_step", population, 200, 1);
        }
        for population in [100, 10_000] {
            run(Engine::Agents, "agents_step", population, 8, population);
        }
    }
}

fn splits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("split");
    for (name, probabilities) in [
        ("two", vec![0.3, 0.7]),
        ("four", vec![0.3, 0.2, 0.4, 0.1]),
        ("forty", vec![0.025; 40]),
    ] {
        for population in [1_000u64, 1_000_000_000, 1_000_000_000_000] {
            let (law, mut rng) = (
                Split::new(&probabilities),
                Stream::new(1, population, 1, Role::Followers),
            );
            group.bench_function(
                format!("categories={name}/N={:e}", population as f64),
                |bencher| {
                    bencher.iter(|| {
                        law.draw(&mut rng, population, |category, number| {
                            black_box((category, number));
                        })
                    });
                },
            );
        }
    }
}

criterion_group!(benches, engines, splits);
criterion_main!(benches);
