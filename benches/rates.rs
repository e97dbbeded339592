//! Speed of the engines in processor time, medians over rounds.
//!
//! `cargo bench --bench rates` prints nanoseconds per unit, on one thread; and for two threads what a unit costs on one
//! and on two, in processor time and by the clock. An argument chooses the cases that contain it.

#![allow(clippy::print_stdout)] // the table

mod dense;
mod rounds;

use std::hint::black_box;
use std::time::Duration;

use dense::{HORIZON, Uniform, dense, simulation};
use rand::Rng;
use rand_distr::Distribution;
use rounds::{Case, Cost, chosen, median, pool, rounds};
use smfg::scenario::Scenario;
use smfg::simulate::Engine;
use smfg::simulate::split::binomial;
use smfg::simulate::{SimulateError, simulate};
use smfg::stream::{Role, Stream};

fn engine(
    name: &str,
    (engine, population, replications): (Engine, u64, u64),
    (types, actions): (usize, usize),
) -> Case {
    let (scenario, policy) = (dense(types, actions), Uniform::new(types, actions));
    let simulation = simulation(engine, population, replications);
    let per_period = match engine {
        Engine::Counts => 1,
        Engine::Agents => population,
    };
    let run = move |scenario: &Scenario| {
        simulate::<SimulateError>(scenario.game(), &policy, &simulation, |path| {
            black_box(path);
            Ok(())
        })
    };
    Case {
        name: format!("{name}, {types} x {actions}, N = {population:e}"),
        units: replications * HORIZON * per_period,
        work: Box::new(move |pool| {
            pool.install(|| run(&scenario))
                .expect("the game has values everywhere");
        }),
    }
}

fn engines() -> Vec<Case> {
    let mut cases = Vec::new();
    for population in [1_000, 100_000, 1_000_000_000, 1_000_000_000_000] {
        let size = (Engine::Counts, population, 2000);
        cases.push(engine("counts, per step", size, (2, 2)));
    }
    for population in [1_000, 100_000, 1_000_000_000, 1_000_000_000_000] {
        let size = (Engine::Counts, population, 40);
        cases.push(engine("counts, per step", size, (10, 4)));
    }
    for (population, replications) in [(100, 1000), (10_000, 20), (1_000_000, 1)] {
        for shape in [(2, 2), (3, 2), (10, 4)] {
            let size = (Engine::Agents, population, replications);
            cases.push(engine("agents, per agent-step", size, shape));
        }
    }
    cases.push(plain_loop());
    cases
}

/// The 2 x 2 game, each follower an action and a next type by two draws compared with probabilities.
fn plain_loop() -> Case {
    let population = 1_000_000;
    let (mut types, mut stream) = (
        vec![0usize; population],
        Stream::new(1, 1, 1, Role::Followers),
    );
    let mut period = move || {
        let (mut acted, mut next) = ([[0u64; 2]; 2], [0u64; 2]);
        let mut uniform = || f64::from(stream.next_u32()) / 4_294_967_296.0;
        for x in &mut types {
            let a = usize::from(uniform() < [0.5, 0.5][*x]);
            let y = usize::from(uniform() < [[0.5, 0.5], [0.5, 0.5]][*x][a]);
            acted[*x][a] += 1;
            next[y] += 1;
            *x = y;
        }
        black_box((acted, next));
    };
    Case {
        name: format!("plain loop, per agent-step, 2 x 2, N = {population:e}"),
        units: 20 * population as u64,
        work: Box::new(move |pool| pool.install(|| (0..20).for_each(|_| period()))),
    }
}

/// A million numbers by `draw`.
fn binomials(name: &str, draw: fn(&mut Stream, u64, f64) -> u64) -> Vec<Case> {
    let case = |(n, p): (u64, f64)| {
        let mut rng = Stream::new(1, n, 1, Role::Followers);
        Case {
            name: format!("{name}, n = {n:e}, p = {p:e}"),
            units: 1_000_000,
            work: Box::new(move |pool| {
                pool.install(|| {
                    for _ in 0..1_000_000 {
                        black_box(draw(&mut rng, black_box(n), black_box(p)));
                    }
                });
            }),
        }
    };
    let sizes = [
        (20, 0.3),
        (100, 0.3),
        (1000, 0.005),
        (1000, 0.3),
        (100_000, 0.3),
        (1_000_000_000, 0.3),
        (1_000_000_000_000, 0.3),
        (1_000_000_000_000, 3e-12),
        (1_000_000_000_000, 9e-12),
        (1_000_000_000_000, 5e-11),
    ];
    sizes.into_iter().map(case).collect()
}

fn by_rand_distr(rng: &mut Stream, n: u64, p: f64) -> u64 {
    let law = rand_distr::Binomial::new(n, p).expect("p is a probability");
    law.sample(rng)
}

/// Two threads against one, over replications.
fn scaling() -> Vec<Case> {
    vec![
        engine(
            "counts, two threads",
            (Engine::Counts, 1_000_000_000, 8000),
            (2, 2),
        ),
        engine(
            "counts, two threads",
            (Engine::Counts, 1_000_000_000, 160),
            (10, 4),
        ),
        engine("agents, two threads", (Engine::Agents, 10_000, 400), (2, 2)),
        engine(
            "agents, two threads",
            (Engine::Agents, 1_000_000, 4),
            (2, 2),
        ),
        engine("agents, two threads", (Engine::Agents, 10_000, 80), (10, 4)),
    ]
}

fn main() {
    let (one, two) = (pool(1), pool(2));

    let mut cases = engines();
    cases.extend(binomials("binomial", binomial));
    cases.extend(binomials("rand_distr's", by_rand_distr));
    let mut cases = chosen(cases);
    let costs = rounds(&mut cases, &[&one]);
    for (case, costs) in cases.iter().zip(&costs) {
        let processor = median(&costs[0], case.units, |cost| cost.processor);
        let clock = median(&costs[0], case.units, |cost| cost.clock);
        println!(
            "{:48} {processor:10.2} ns processor {clock:10.2} ns clock",
            case.name
        );
    }

    let mut cases = chosen(scaling());
    let costs = rounds(&mut cases, &[&one, &two]);
    for (case, costs) in cases.iter().zip(&costs) {
        let of = |pool: usize, of: fn(&Cost) -> Duration| median(&costs[pool], case.units, of);
        let processor = of(0, |cost| cost.processor) / of(1, |cost| cost.processor);
        let clock = of(0, |cost| cost.clock) / of(1, |cost| cost.clock);
        println!(
            "{:48} {clock:10.2} times as fast by the clock, {:10.2} by processor time",
            case.name,
            2.0 * processor
        );
    }
}
