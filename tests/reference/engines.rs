//! Both engines under theta: against the exact chain of counts, and against a simulator of labelled agents.
//!
//! The 18 tests of laws are at level 1e-4 each: a true law fails one of them for one choice of seeds in 500.

use crate::support::affine::AffineGame;
use crate::support::agents::{self, Run};
use crate::support::beside::plays;
use crate::support::finite::{count_law, laws, leader, next_law, tagged};
use crate::support::games::{
    Infection, InfectionLeader, PlainGame, Play, Technology, grid, weight,
};
use crate::support::law::*;
use crate::support::library::{affine, shipped, solve};
use crate::support::random::Random;
use crate::support::simulated::{simulation, trajectories};
use smfg::game::Policy;
use smfg::scenario::Scenario;
use smfg::simulate::Engine;
use smfg::simulate::Trajectory;
use smfg::solve::Selection;

const LEVEL: f64 = 1e-4;
/// A fault must show at this level.
const FAULT: f64 = 1e-9;
const ENGINES: [Engine; 2] = [Engine::Counts, Engine::Agents];

/// Games whose theta sends a finite population to different places.
fn games() -> Vec<(Scenario, PlainGame, Selection)> {
    let random = AffineGame::random(5, 5, 3, 2);
    let technology = Technology {
        horizon: 6,
        prices: grid(-2.0, 4.0, 7),
        ..Technology::shipped()
    };
    let infection = Infection {
        horizon: 8,
        prices: grid(0.0, 0.4, 5),
        ..Infection::shipped(InfectionLeader::PerPeriod)
    };
    vec![
        (affine(&random), random.game(), Selection::Optimistic),
        (
            shipped("technology", &["horizon=6", "leader.actions.count=7"]),
            technology.game(),
            Selection::Pessimistic,
        ),
        (
            shipped(
                "infection_as_printed",
                &["horizon=8", "leader.actions.count=5"],
            ),
            infection.game(),
            Selection::Pessimistic,
        ),
    ]
}

/// The same game once more, to be changed.
fn game_again(scenario: &Scenario) -> PlainGame {
    let mut all = games().into_iter();
    all.find(|(other, ..)| other.name == scenario.name)
        .unwrap()
        .1
}

/// A fault: the kernel's rows of the two types exchanged.
fn transposed(mut plain: PlainGame) -> PlainGame {
    let kernel = plain.kernel;
    plain.kernel = Box::new(move |t, m, l, x, a| kernel(t, m, l, 1 - x, a));
    plain
}

/// The plays of a policy at every (t, n), as a function of them.
fn by_count(
    scenario: &Scenario,
    policy: &dyn Policy,
    population: usize,
) -> impl Fn(usize, usize) -> Play {
    let table = plays(scenario.game(), policy, population);
    move |t, n| table[t - 1][n].clone()
}

/// The smallest p-value over periods of the counts, and of the pairs of counts of successive periods.
fn p_value(paths: &[Trajectory], plain: &PlainGame, policy: &dyn Fn(usize, usize) -> Play) -> f64 {
    let population = paths[0].population() as usize;
    let law = laws(plain, population, policy);
    let at = |path: &Trajectory, t: usize| path.counts(t)[1] as usize;
    let mut smallest: f64 = 1.0;
    for t in 1..=plain.horizon {
        let counts = histogram(paths.iter().map(|path| at(path, t + 1)), population);
        smallest = smallest.min(chi_square_against(&counts, &law[t]));
        let pairs = paths
            .iter()
            .map(|path| at(path, t) * (population + 1) + at(path, t + 1));
        let seen = histogram(pairs, (population + 1) * (population + 1) - 1);
        let rows = (0..=population).flat_map(|n| {
            let next = next_law(plain, population, t, n, &policy(t, n));
            let weight = law[t - 1][n];
            next.into_iter().map(move |p| weight * p)
        });
        smallest = smallest.min(chi_square_against(&seen, &rows.collect::<Vec<_>>()));
    }
    // Two tests per period.
    smallest * 2.0 * plain.horizon as f64
}

#[test]
fn counts_under_theta_have_the_exact_law_and_a_transposed_kernel_shows() {
    for (scenario, plain, selection) in games() {
        let theta = solve(&scenario, selection);
        let faulty = transposed(game_again(&scenario));
        for population in [7, 40] {
            let exact = by_count(&scenario, &theta, population);
            for engine in ENGINES {
                let simulation = simulation(engine, population as u64, 8000);
                let paths = trajectories(scenario.game(), &theta, &simulation);
                let name = format!("{}, {engine:?}, N = {population}", scenario.name);
                let found = p_value(&paths, &plain, &exact);
                assert!(found > LEVEL, "{name}: {found:e}");
                let found = p_value(&paths, &faulty, &exact);
                assert!(found < FAULT, "{name}: {found:e}");
            }
        }
    }
}

/// Standard errors between mean returns and their exact values, followers then leader.
fn off(paths: &[Trajectory], plain: &PlainGame, policy: &dyn Fn(usize, usize) -> Play) -> [f64; 2] {
    let population = paths[0].population() as usize;
    let values = tagged(plain, population, policy).gains(plain.initial).value;
    let follower = (0..2).map(|x| weight(plain.initial, x) * values[x]).sum();
    let values = leader(plain, population, policy, &|t, n, _| policy(t, n).gamma);
    let start = count_law(&[(population, plain.initial)]);
    let leader = start
        .iter()
        .zip(&values.policy[0])
        .map(|(p, v)| p * v)
        .sum();
    let column = |of: fn(&Trajectory) -> f64| paths.iter().map(of).collect::<Vec<_>>();
    [
        standard_errors_off(&column(Trajectory::follower_return), follower),
        standard_errors_off(&column(Trajectory::leader_return), leader),
    ]
}

#[test]
fn mean_returns_under_theta_are_the_exact_values_and_late_discounting_shows() {
    for (scenario, plain, selection) in games() {
        let theta = solve(&scenario, selection);
        let exact = by_count(&scenario, &theta, 40);
        let mut late = game_again(&scenario);
        late.discount = 0.8;
        for engine in ENGINES {
            let paths = trajectories(scenario.game(), &theta, &simulation(engine, 40, 8000));
            // 4.5 standard errors: one in 150,000, twice.
            let found = off(&paths, &plain, &exact);
            assert!(
                found.iter().all(|z| z.abs() < 4.5),
                "{}, {engine:?}: {found:?}",
                scenario.name
            );
            let faulty = off(&paths, &late, &exact);
            assert!(
                faulty[0].abs() > 7.0,
                "{}, {engine:?}: {faulty:?}",
                scenario.name
            );
        }
    }
}

/// Labelled agents, R replications.
fn labelled(
    plain: &PlainGame,
    policy: &dyn Fn(usize, usize) -> Play,
    population: usize,
    replications: usize,
) -> Vec<Run> {
    let mut random = Random::new(20_220_105);
    (0..replications)
        .map(|_| {
            let types = agents::independent_types(plain, population, &mut random);
            agents::simulate(plain, policy, types, &mut random)
        })
        .collect()
}

/// The smallest p-value of final counts, the followers' mean returns and the leader's, times three.
fn same_law(paths: &[Trajectory], runs: &[Run]) -> f64 {
    let last = runs[0].counts.len();
    let largest = paths[0].population() as usize;
    let counts = chi_square_two_samples(
        &histogram(
            paths.iter().map(|path| path.counts(last)[1] as usize),
            largest,
        ),
        &histogram(runs.iter().map(|run| run.counts[last - 1]), largest),
    );
    let returns = |ours: fn(&Trajectory) -> f64, theirs: fn(&Run) -> f64| {
        let ours: Vec<f64> = paths.iter().map(ours).collect();
        let theirs: Vec<f64> = runs.iter().map(theirs).collect();
        kolmogorov_smirnov(&ours, &theirs)
    };
    let follower = returns(Trajectory::follower_return, Run::follower_return);
    let leader = returns(Trajectory::leader_return, |run| run.leader_return);
    3.0 * counts.min(follower).min(leader)
}

#[test]
fn both_engines_have_the_law_of_labelled_agents() {
    const POPULATION: usize = 150;
    for (scenario, plain, selection) in games() {
        let theta = solve(&scenario, selection);
        let play = by_count(&scenario, &theta, POPULATION);
        let runs = labelled(&plain, &play, POPULATION, 1500);
        let faulty = transposed(game_again(&scenario));
        let faulty = labelled(&faulty, &play, POPULATION, 1500);
        for engine in ENGINES {
            let simulation = simulation(engine, POPULATION as u64, 1500);
            let paths = trajectories(scenario.game(), &theta, &simulation);
            let found = same_law(&paths, &runs);
            assert!(found > LEVEL, "{}, {engine:?}: {found:e}", scenario.name);
            let found = same_law(&paths, &faulty);
            assert!(found < FAULT, "{}, {engine:?}: {found:e}", scenario.name);
        }
    }
}
