//! Speed of the solver on a lattice, per stage game of one backward recursion.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smfg::scenario::{Override, Scenario};
use smfg::solve::SimplexSolution;

/// A shipped scenario at some horizon and grid.
fn read(name: &str, horizon: usize, grid: usize) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let overrides = [
        Override::new(format!("horizon={horizon}")),
        Override::new(format!("solve.grid={grid}")),
    ];
    Scenario::read(path.as_ref(), &overrides).expect("a shipped scenario reads")
}

fn solve_simplex(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("solve_simplex");
    group.sample_size(10);
    for (name, types, horizon, grid) in [
        ("sir_vaccination", 3, 10, 30),
        ("sir_vaccination", 3, 10, 100),
        ("routing", 4, 8, 12),
        ("rock_paper_scissors", 3, 5, 20),
    ] {
        let scenario = read(name, horizon, grid);
        let solve = || {
            SimplexSolution::compute(scenario.game(), &scenario.solve, None)
                .expect("a shipped scenario is solved")
        };
        let solution = solve();
        group.throughput(Throughput::Elements(solution.work().stage_games));
        let label = format!("{name}/types={types}/nodes={}", solution.nodes());
        group.bench_function(label, |bencher| bencher.iter(|| black_box(solve())));
    }
    group.finish();
}

criterion_group!(benches, solve_simplex);
criterion_main!(benches);
