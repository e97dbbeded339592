//! Both engines for 2, 3, 5 and 10 types: against the exact chain of the counts for small N, and against the exact means
//! and variances of every step for large N.

use std::collections::BTreeMap;

use rayon::ThreadPoolBuilder;
use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::{Cohorts, SimulateError, Simulation, Trajectory, simulate};
use smfg::simulate::{Engine, Start};
use statrs::distribution::{ChiSquared, ContinuousCDF};

const ENGINES: [Engine; 2] = [Engine::Counts, Engine::Agents];
const TYPES: [usize; 4] = [2, 3, 5, 10];
const HORIZON: usize = 3;
/// Level of every test of a law; some fifty of them accept a true one.
const LEVEL: f64 = 1e-4;

/// A wheel of types. Under `roll` one moves on with a chance that grows with the crowd on one's place, but never off the
/// last place; under `jump` to any place, but never to one's own.
fn wheel(types: usize) -> Scenario {
    let last = types - 1;
    let names: Vec<String> = (0..types).map(|x| format!("s{x}")).collect();
    let mut rows = String::new();
    for x in 0..types {
        let roll = if x == last {
            format!("s{x} = 1")
        } else {
            format!("s{} = \"0.2 + 0.5 * z[s{x}]\", s{x} = \"rest\"", x + 1)
        };
        let jump: Vec<String> = (0..types)
            .map(|y| format!("s{y} = {:?}", jump(types, x, y)))
            .collect();
        rows += &format!(
            "\"s{x}, roll\" = {{ {roll} }}\n\"s{x}, jump\" = {{ {} }}\n",
            jump.join(", ")
        );
    }
    let initial = vec![format!("{:?}", 1.0 / types as f64); types].join(", ");
    let text = format!(
        "name = \"wheel\"\nhorizon = {HORIZON}\ndiscount = 0.9\n[follower]\ntypes = {names:?}\n\
         actions = [\"roll\", \"jump\"]\ninitial = [{initial}]\nreward = \"1.0 * (a == jump)\"\n[follower.transition]\n{rows}"
    );
    Scenario::parse("wheel.toml", &text, &[]).unwrap()
}

/// Q(y | x, jump): weights 1, 2, .. over the other places.
fn jump(types: usize, x: usize, y: usize) -> f64 {
    let total = (types * (types - 1) / 2) as f64;
    ((y + types - x) % types) as f64 / total
}

fn jumping(t: usize, z: f64, x: usize) -> f64 {
    match (t, x) {
        (2, 0) => 1.0,
        (3, 0) => 0.0,
        _ => 0.1 + 0.7 * z,
    }
}

struct Wheel;

impl Policy for Wheel {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let rows = z.weights().iter().enumerate();
        let rows = rows.flat_map(|(x, z)| [1.0 - jumping(t, *z, x), jumping(t, *z, x)]);
        Ok(Play::pure(
            LeaderAction(0),
            Prescription::new(2, rows.collect()),
        ))
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

/// p(a, y | x) at (t, n).
fn law(t: usize, n: &[u64], x: usize) -> [Vec<f64>; 2] {
    let types = n.len();
    let z = n[x] as f64 / n.iter().sum::<u64>() as f64;
    let (jumps, moves) = (
        jumping(t, z, x),
        if x == types - 1 { 0.0 } else { 0.2 + 0.5 * z },
    );
    let mut roll = vec![0.0; types];
    roll[x] += (1.0 - jumps) * (1.0 - moves);
    roll[(x + 1) % types] += (1.0 - jumps) * moves;
    [
        roll,
        (0..types).map(|y| jumps * jump(types, x, y)).collect(),
    ]
}

/// (n, number jumping just before), and how likely.
type ChainLaw = BTreeMap<(Vec<u64>, u64), f64>;

/// The exact law at T + 1: follower after follower, all of them from the same n.
fn exact(
    types: usize,
    population: u64,
    law: impl Fn(usize, &[u64], usize) -> [Vec<f64>; 2],
) -> ChainLaw {
    let nobody = || ChainLaw::from([((vec![0; types], 0), 1.0)]);
    let with = |some: &ChainLaw, choices: &[Vec<f64>; 2]| {
        let mut more = ChainLaw::new();
        for ((n, jumped), weight) in some {
            for (a, next) in choices.iter().enumerate() {
                for (y, p) in next.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                    let mut n = n.clone();
                    n[y] += 1;
                    *more.entry((n, jumped + a as u64)).or_insert(0.0) += weight * p;
                }
            }
        }
        more
    };
    let initial = [vec![1.0 / types as f64; types], vec![]];
    let mut chain = (0..population).fold(nobody(), |some, _| with(&some, &initial));
    for t in 1..=HORIZON {
        let mut next = ChainLaw::new();
        let mut merged: BTreeMap<Vec<u64>, f64> = BTreeMap::new();
        for ((n, _), weight) in &chain {
            *merged.entry(n.clone()).or_insert(0.0) += weight;
        }
        for (n, weight) in merged {
            let mut moved = nobody();
            for (x, number) in n.iter().enumerate() {
                for _ in 0..*number {
                    moved = with(&moved, &law(t, &n, x));
                }
            }
            for (outcome, p) in moved {
                *next.entry(outcome).or_insert(0.0) += weight * p;
            }
        }
        chain = next;
    }
    chain
}

fn simulation(engine: Engine, population: u64, replications: u64) -> Simulation {
    Simulation {
        seed: 59,
        population,
        first_replication: 1,
        replications,
        engine,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    }
}

fn trajectories(scenario: &Scenario, simulation: &Simulation) -> Vec<Trajectory> {
    let mut paths = Vec::new();
    simulate::<SimulateError>(scenario.game(), &Wheel, simulation, |path| {
        paths.push(path.clone());
        Ok(())
    })
    .unwrap();
    paths
}

/// p-value of Pearson's statistic; outcomes that are expected fewer than 8 times are pooled.
fn p_value(paths: &[Trajectory], law: &ChainLaw) -> f64 {
    let mut seen: BTreeMap<(Vec<u64>, u64), f64> = BTreeMap::new();
    for path in paths {
        let outcome = (
            path.counts(HORIZON + 1).to_vec(),
            path.action_count(HORIZON, 1),
        );
        *seen.entry(outcome).or_insert(0.0) += 1.0;
    }
    let impossible = seen.keys().any(|outcome| !law.contains_key(outcome));
    if impossible {
        return 0.0;
    }
    let (mut statistic, mut cells, mut rest) = (0.0, -1.0, (0.0, 0.0));
    for (outcome, p) in law {
        let (o, e) = (
            seen.get(outcome).copied().unwrap_or(0.0),
            p * paths.len() as f64,
        );
        if e < 8.0 {
            rest = (rest.0 + o, rest.1 + e);
        } else {
            statistic += (o - e) * (o - e) / e;
            cells += 1.0;
        }
    }
    if rest.1 >= 1.0 {
        statistic += (rest.0 - rest.1) * (rest.0 - rest.1) / rest.1;
        cells += 1.0;
    }
    1.0 - ChiSquared::new(cells).unwrap().cdf(statistic)
}

#[test]
fn small_populations_have_the_exact_law_and_faults_are_seen() {
    for (types, populations) in [
        (2, &[1u64, 7][..]),
        (3, &[1, 4]),
        (5, &[1, 3]),
        (10, &[1, 2]),
    ] {
        let scenario = wheel(types);
        for &population in populations {
            let truth = exact(types, population, law);
            assert!((truth.values().sum::<f64>() - 1.0).abs() < 1e-12);
            // The policy of the period before; the kernel of the next place.
            let stale = exact(types, population, |t, n, x| law(t - 1, n, x));
            let turned = exact(types, population, |t, n, x| {
                law(t, n, x).map(|mut next| {
                    next.rotate_right(1);
                    next
                })
            });
            for engine in ENGINES {
                let paths = trajectories(&scenario, &simulation(engine, population, 20_000));
                let name = format!("{engine:?}, {types} types, N = {population}");
                assert!(p_value(&paths, &truth) > LEVEL, "{name}");
                assert!(p_value(&paths, &stale) < LEVEL, "{name}");
                assert!(p_value(&paths, &turned) < LEVEL, "{name}");
            }
        }
    }
}

/// p-value, on both sides, of the sum of squares of (n'_y - mean)/sd over periods and replications, for one place y.
fn one_step_p_value(
    paths: &[Trajectory],
    y: usize,
    law: impl Fn(usize, &[u64], usize) -> [Vec<f64>; 2],
) -> f64 {
    let (mut sum, mut degrees) = (0.0, 0.0);
    for path in paths {
        for t in 1..=HORIZON {
            let (mut mean, mut variance) = (0.0, 0.0);
            for (x, n) in path.counts(t).iter().enumerate() {
                let [roll, jump] = law(t, path.counts(t), x);
                let p = roll[y] + jump[y];
                mean += *n as f64 * p;
                variance += *n as f64 * p * (1.0 - p);
            }
            let deviation = path.counts(t + 1)[y] as f64 - mean;
            sum += deviation * deviation / variance;
            degrees += 1.0;
        }
    }
    let below = ChiSquared::new(degrees).unwrap().cdf(sum);
    2.0 * below.min(1.0 - below)
}

#[test]
fn large_populations_take_exact_steps_and_faults_are_seen() {
    for types in TYPES {
        let scenario = wheel(types);
        for (engine, population, replications) in [
            (Engine::Counts, 1000, 4000),
            (Engine::Agents, 1000, 4000),
            (Engine::Counts, 1_000_000, 4000),
            (Engine::Agents, 1_000_000, 20),
            (Engine::Counts, 1_000_000_000_000, 4000),
        ] {
            let paths = trajectories(&scenario, &simulation(engine, population, replications));
            for y in [0, types - 1] {
                let name = format!("{engine:?}, {types} types, N = {population}, place {y}");
                assert!(one_step_p_value(&paths, y, law) > LEVEL, "{name}");
                // The policy of the period before; kernel and policy at z_1 in place of z^N.
                let stale = one_step_p_value(&paths, y, |t, n, x| law(t - 1, n, x));
                assert!(stale < LEVEL, "{name}: {stale}");
                if population > 1000 {
                    let equal = vec![population / types as u64; types];
                    let limit = one_step_p_value(&paths, y, |t, _, x| law(t, &equal, x));
                    assert!(limit < LEVEL, "{name}: {limit}");
                }
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    for types in TYPES {
        let scenario = wheel(types);
        // One population over many threads, and many populations.
        for (engine, population, replications) in [
            (Engine::Agents, 140_001, 1),
            (Engine::Agents, 99, 40),
            (Engine::Counts, 12_345, 40),
        ] {
            let with = |threads| {
                let pool = ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| {
                    trajectories(&scenario, &simulation(engine, population, replications))
                })
            };
            let one = with(1);
            assert_eq!(with(2), one, "{engine:?}, {types} types");
            assert_eq!(with(7), one, "{engine:?}, {types} types");
        }
    }
}
