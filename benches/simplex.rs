//! Speed of the solver on a lattice, per stage game of one backward recursion, by the size of the lattices of mean fields and
//! of beliefs.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Nodes, Theta};

/// A scenario by its path from the root, with some of its settings changed.
fn read(path: &str, overrides: &[String]) -> Scenario {
    let path = format!("{}/{path}.toml", env!("CARGO_MANIFEST_DIR"));
    let overrides: Vec<Override> = overrides.iter().map(Override::new).collect();
    Scenario::read(path.as_ref(), &overrides).expect("the scenario reads")
}

fn solve(scenario: &Scenario) -> Theta<'_, Nodes> {
    Theta::<Nodes>::compute(scenario.game(), &scenario.solve, None).expect("the game is solved")
}

fn solve_simplex(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("solve_simplex");
    group.sample_size(10);
    for (name, types, horizon, grid) in [
        ("sir_vaccination", 3, 10, 30),
        ("sir_vaccination", 3, 10, 100),
        ("routing", 4, 8, 12),
        ("rock_paper_scissors", 3, 5, 20),
        ("tipping", 3, 4, 12),
        ("tipping", 3, 4, 24),
    ] {
        let overrides = [format!("horizon={horizon}"), format!("solve.grid={grid}")];
        let scenario = read(&format!("scenarios/{name}"), &overrides);
        let solution = solve(&scenario);
        group.throughput(Throughput::Elements(solution.work().stage_games));
        let label = format!("{name}/types={types}/nodes={}", solution.nodes());
        group.bench_function(label, |bencher| {
            bencher.iter(|| black_box(solve(&scenario)))
        });
    }
    group.finish();
}

/// A leader with a private type: beliefs that are reached, more of them the finer she mixes, and beliefs on a lattice.
fn solve_beliefs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("solve_beliefs");
    group.sample_size(10);
    for (path, setting, sizes) in [
        (
            "scenarios/sir_lockdown_private",
            "solve.grid",
            &[6, 12, 24][..],
        ),
        (
            "scenarios/sir_lockdown_private",
            "solve.leader_mixing",
            &[1, 2, 3],
        ),
        (
            "tests/golden/belief_lattice",
            "solve.belief_grid",
            &[4, 8, 16, 32],
        ),
        ("tests/golden/belief_lattice", "solve.grid", &[10, 20, 40]),
    ] {
        for size in sizes {
            // A setting named twice has its last value.
            let overrides = [
                "horizon=4".into(),
                "solve.grid=10".into(),
                format!("{setting}={size}"),
            ];
            let scenario = read(path, &overrides);
            let solution = solve(&scenario);
            let beliefs: usize = (1..=4).map(|t| solution.beliefs(t).len()).sum();
            group.throughput(Throughput::Elements(solution.work().stage_games));
            let name = path.rsplit('/').next().unwrap_or(path);
            let label = format!(
                "{name}/{setting}={size}/beliefs={beliefs}/nodes={}",
                solution.nodes()
            );
            group.bench_function(label, |bencher| {
                bencher.iter(|| black_box(solve(&scenario)))
            });
        }
    }
    group.finish();
}

criterion_group!(benches, solve_simplex, solve_beliefs);
criterion_main!(benches);
