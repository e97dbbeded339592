//! The solver by game and size: backward recursion, and stage games at random points.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smfg::game::{Belief, MeanField};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Pieces, Theta};

fn scenario(name: &str, overrides: &[&str]) -> Scenario {
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    let path = Path::new("scenarios").join(name).with_extension("toml");
    Scenario::read(&path, &overrides).expect("a shipped scenario")
}

fn backward(c: &mut Criterion) {
    let mut group = c.benchmark_group("backward");
    group.sample_size(10);
    for (name, horizon) in [
        ("infection", 10),
        ("infection", 30),
        ("technology", 5),
        ("technology", 10),
    ] {
        let scenario = scenario(name, &[&format!("horizon={horizon}")]);
        let solve = || {
            Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None).expect("a sound game")
        };
        let work = *solve().work();
        group.throughput(Throughput::Elements(work.stage_games + work.known_regimes));
        group.bench_function(format!("{name}/T={horizon}"), |b| {
            b.iter(|| black_box(solve()))
        });
    }
    group.finish();
}

fn stage_games(c: &mut Criterion) {
    let mut group = c.benchmark_group("stage_games");
    for (name, actions) in [("infection", 41), ("technology", 61)] {
        let scenario = scenario(name, &["horizon=10"]);
        let solution =
            Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None).expect("a sound game");
        group.throughput(Throughput::Elements(actions));
        let mut m: f64 = 0.1234;
        group.bench_function(format!("{name}/t=1"), |b| {
            b.iter(|| {
                // The golden rotation visits [0, 1] evenly.
                m = (m + 0.618_033_988_749_895) % 1.0;
                black_box(
                    solution
                        .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                        .expect("a sound game"),
                )
            });
        });
    }
    group.finish();
}

/// Jumps tracked at every belief: of a private type more of them the finer the leader mixes, of a public one its types.
fn leader_types(c: &mut Criterion) {
    let mut group = c.benchmark_group("leader_types");
    group.sample_size(10);
    for (name, setting, sizes) in [
        ("signalling", "horizon", &[4, 8, 16][..]),
        ("signalling", "solve.leader_mixing", &[1, 2, 3]),
        ("public_state", "horizon", &[4, 8, 12]),
        ("public_state", "leader.actions.count", &[5, 9, 17]),
    ] {
        for size in sizes {
            // A setting named twice has its last value.
            let overrides = ["horizon=4".to_owned(), format!("{setting}={size}")];
            let scenario = scenario(name, &overrides.each_ref().map(String::as_str));
            let solve = || {
                Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None)
                    .expect("a sound game")
            };
            let solution = solve();
            let work = *solution.work();
            let periods = 1..=scenario.game().horizon();
            let beliefs: usize = periods.map(|t| solution.beliefs(t).len()).sum();
            group.throughput(Throughput::Elements(work.stage_games + work.known_regimes));
            group.bench_function(format!("{name}/{setting}={size}/beliefs={beliefs}"), |b| {
                b.iter(|| black_box(solve()))
            });
        }
    }
    group.finish();
}

criterion_group!(benches, backward, stage_games, leader_types);
criterion_main!(benches);
