//! Stage games of two types and two actions a second, in processor time on one thread: every pure and mixed equilibrium
//! of the followers searched, against V as the solver holds it, its jumps tracked.
//!
//! `cargo bench --bench stage_rate` prints nanoseconds per stage game and stage games a second. An argument chooses the
//! cases that contain it.
//!
//! *At points*: theta re-solved at points all over [0, 1], a stage game per leader action: kernels and rewards evaluated at
//! the point, the search, the leader's choice, the play. *Backward*: the whole recursion, by all stage games searched and
//! by those together with the ones whose regime was known.

#![allow(clippy::print_stdout)] // the table

mod rounds;

use std::hint::black_box;

use rounds::{Case, chosen, median, pool, rounds};
use smfg::game::{Belief, MeanField};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Pieces, Theta};

/// Points of one run.
const POINTS: u64 = 2000;

/// A scenario that lives as long as the program, as its cases do.
fn scenario(name: &str, overrides: &[&str]) -> &'static Scenario {
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let scenario = Scenario::read(path.as_ref(), &overrides).expect("a shipped scenario reads");
    Box::leak(Box::new(scenario))
}

fn solve(scenario: &'static Scenario) -> Theta<'static, Pieces> {
    Theta::<Pieces>::compute(scenario.game(), &scenario.solve, None)
        .expect("a shipped scenario is solved")
}

/// Periods of theta at points, V_{t+1} of each with its number of pieces.
fn at_points(name: &str, overrides: &[&str], periods: &[usize]) -> Vec<Case> {
    let scenario = scenario(name, overrides);
    let actions = scenario.game().leader_actions().len() as u64;
    let case = |&t: &usize| {
        let solution = solve(scenario);
        Case {
            name: format!("at points, {name}, {actions} leader actions, t = {t}"),
            units: POINTS * actions,
            work: Box::new(move |pool| {
                pool.install(|| {
                    let mut m: f64 = 0.1234;
                    for _ in 0..POINTS {
                        // The golden rotation visits [0, 1] evenly.
                        m = (m + 0.618_033_988_749_895) % 1.0;
                        black_box(
                            solution
                                .resolve(t, &Belief::certain(), &MeanField::two_types(m))
                                .expect("values everywhere"),
                        );
                    }
                });
            }),
        }
    };
    periods.iter().map(case).collect()
}

fn backward(name: &str, overrides: &[&str]) -> Vec<Case> {
    let scenario = scenario(name, overrides);
    let work = *solve(scenario).work();
    let case = |what: &str, units: u64| Case {
        name: format!(
            "backward, {name}, T = {}, {what}",
            scenario.game().horizon()
        ),
        units,
        work: Box::new(move |pool| {
            pool.install(|| black_box(solve(scenario)));
        }),
    };
    vec![
        case("searched", work.stage_games),
        case("searched or known", work.stage_games + work.known_regimes),
    ]
}

fn main() {
    let mut cases = at_points("infection", &["horizon=10"], &[1, 9, 10]);
    cases.extend(at_points("technology", &["horizon=10"], &[1, 9, 10]));
    cases.extend(at_points("infection_fixed_price", &[], &[1]));
    cases.extend(backward("infection", &["horizon=10"]));
    cases.extend(backward("technology", &["horizon=5"]));
    let mut cases = chosen(cases);
    let costs = rounds(&mut cases, &[&pool(1)]);
    for (case, costs) in cases.iter().zip(&costs) {
        let processor = median(&costs[0], case.units, |cost| cost.processor);
        let clock = median(&costs[0], case.units, |cost| cost.clock);
        println!(
            "{:56} {processor:8.1} ns processor {clock:8.1} ns clock {:6.2} M/s",
            case.name,
            1e3 / processor
        );
    }
}
