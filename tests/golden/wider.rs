//! Games beyond two follower types and a leader without types: leaders with private and public types,
//! beliefs that are reached and beliefs on a lattice, the realised flow, the lattice of the simplex, the infinite horizon.

use crate::compare::{Inputs, compare};
use serde_json::{Map, Value, json};
use smfg::certify::{certify_path, leader_gain};
use smfg::game::{Belief, Game, LeaderInformation, LeaderType, MeanField};
use smfg::scenario::{Override, Scenario};
use smfg::simulate::{Cohorts, SimulateError, Simulation, simulate};
use smfg::simulate::{Engine, Start};
use smfg::solve::{Solved, SolvedPoint};
use smfg::validate::{Exact, LeaderTest};
use std::path::Path;

/// Replications that are kept, per engine and population.
const REPLICATIONS: u64 = 2;
/// Beliefs of t = 1 at which values are kept.
const BELIEFS: usize = 3;

fn results(inputs: &Inputs) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&inputs.scenario);
    let overrides: Vec<Override> = inputs.overrides.iter().map(Override::new).collect();
    let scenario = Scenario::read(&path, &overrides).expect("the scenario reads");
    let game = scenario.game();
    let theta = Solved::compute(game, &scenario.solve, None).expect("the game can be solved");
    let mut work = serde_json::to_value(theta.work()).expect("counters are JSON");
    work["jumps"] = json!(theta.jumps());
    work["beliefs"] = (1..=game.horizon())
        .map(|t| theta.beliefs(t).len())
        .collect();
    json!({
        "iteration": theta.iteration().map(ToString::to_string),
        "work": work,
        "values": values(&theta),
        "path": along(&theta),
        "trajectories": trajectories(&scenario, &theta, inputs),
        "exact": exact(game, &theta, inputs),
    })
}

/// A belief off the lattice, where V is interpolated between beliefs; else pi_1 and others that V is held at.
fn beliefs(theta: &Solved) -> Vec<Belief> {
    let game = theta.game();
    let mut kept: Vec<Belief> = theta.beliefs(1).iter().take(BELIEFS).cloned().collect();
    match game.leader_information() {
        LeaderInformation::Private if theta.interpolates_beliefs() => {
            kept.push(Belief::new(vec![0.37, 0.63]));
        }
        LeaderInformation::Private => kept.push(game.initial_belief().clone()),
        LeaderInformation::Public | LeaderInformation::NoTypes => {}
    }
    kept
}

/// Off every lattice, on it, and on the boundary.
fn mean_fields(game: &Game) -> Vec<MeanField> {
    let others: &[&[f64]] = match game.follower_types().len() {
        2 => &[&[0.877, 0.123], &[0.5, 0.5], &[0.0, 1.0]],
        _ => &[&[0.311, 0.333, 0.356], &[0.5, 0.25, 0.25], &[0.0, 0.4, 0.6]],
    };
    let others = others.iter().map(|z| MeanField::new(z.to_vec()));
    std::iter::once(game.initial().clone())
        .chain(others)
        .collect()
}

fn values(theta: &Solved) -> Value {
    let mut all = Vec::new();
    for belief in beliefs(theta) {
        for z in mean_fields(theta.game()) {
            let point = theta.resolve(1, &belief, &z).expect("values everywhere");
            all.push(json!({
                "pi": belief.weights(),
                "z": z.weights(),
                "leader": leader(&point),
                "gamma": point.play.prescription.rows(),
                "v_follower": point.values.followers,
                "v_leader": point.values.leader_types,
                "v_leader_mean": point.values.leader,
                "equilibria": point.equilibria,
            }));
        }
    }
    Value::Array(all)
}

/// By leader type, the actions she may take with their probabilities.
fn leader(point: &SolvedPoint) -> Value {
    let leader = &point.play.leader;
    let row = |x| -> Vec<(usize, f64)> {
        let support = leader.support(LeaderType(x)).into_iter();
        support.map(|(action, p)| (action.0, p)).collect()
    };
    json!((0..leader.types()).map(row).collect::<Vec<_>>())
}

/// The flow from z_1 and the certificate along it.
fn along(theta: &Solved) -> Value {
    let game = theta.game();
    let path = certify_path(theta, game.initial()).expect("values everywhere");
    let gain = leader_gain(theta, &path.flow).expect("values everywhere");
    let starts = path.flow.starts().len();
    let last = game.horizon() + 1;
    let ends = path.flow.nodes.iter().filter(|node| node.t == last);
    let ends: Vec<Value> = ends
        .map(|node| {
            let (pi, z) = (node.belief.weights(), node.mean_field.weights());
            json!({ "weight": node.weight, "pi": pi, "z": z })
        })
        .collect();
    json!({
        "nodes": path.flow.nodes.len(),
        "lotteries": path.flow.lotteries,
        "ends": ends,
        "follower": path.values.follower[..starts],
        "leader": path.values.leader[..starts],
        "exploitability": path.exploitability.by_type,
        "consistency": path.consistency,
        "leader_gain": gain.gain,
        "regret": gain.regret,
        "own_row_regret": gain.own_row_regret,
    })
}

/// What was seen at t = 1..T + 1, by engine, population and replication.
fn trajectories(scenario: &Scenario, theta: &Solved, inputs: &Inputs) -> Value {
    let mut all = Map::new();
    for engine in [Engine::Counts, Engine::Agents] {
        for population in inputs.populations.iter().copied() {
            let simulation = Simulation {
                seed: inputs.seed,
                population,
                first_replication: 1,
                replications: REPLICATIONS,
                engine,
                start: Start::Iid,
                cohorts: Cohorts::Together,
            };
            let mut paths: Vec<Value> = Vec::new();
            let periods = scenario.game().horizon();
            simulate::<SimulateError>(scenario.game(), theta, &simulation, |path| {
                let actions = (1..=periods).map(|t| path.leader_action(t).0);
                let types = (1..=periods + 1).map(|t| path.leader_type(t).0);
                let counts = (1..=periods + 1).map(|t| path.counts(t).to_vec());
                paths.push(json!({
                    "leader_actions": actions.collect::<Vec<_>>(),
                    "leader_types": types.collect::<Vec<_>>(),
                    "counts": counts.collect::<Vec<_>>(),
                    "last_belief": path.belief(periods + 1),
                    "follower": path.follower_return(),
                    "leader": path.leader_return(),
                }));
                Ok(())
            })
            .expect("values at every count");
            all.insert(format!("{engine}, N = {population}"), Value::Array(paths));
        }
    }
    Value::Object(all)
}

/// Values and gains from the start by player, and the worst gains.
fn exact(game: &Game, theta: &Solved, inputs: &Inputs) -> Value {
    let at = |population: u64| {
        let leader = LeaderTest::StageWise;
        let exact = Exact::solve(game, theta, population, Start::Iid, leader);
        let exact = exact.expect("values at every count");
        let follower = (0..game.follower_types().len()).map(|x| {
            let values = exact.follower_iid(game.initial(), x);
            json!({ "theta": values.theta, "gain": values.gain() })
        });
        let values = exact.leader_iid(game.initial());
        let entry = json!({
            "follower": follower.collect::<Vec<_>>(),
            "follower_worst": exact.follower_worst().gain(),
            "leader": values.map(|v| json!({ "theta": v.theta, "gain": v.gain() })),
            "leader_worst": exact.leader_worst().map(|v| v.gain()),
            "departures": exact.departures.len(),
        });
        (format!("N = {population}"), entry)
    };
    Value::Object(inputs.exact.iter().copied().map(at).collect())
}

#[test]
fn results_are_unchanged() {
    compare("tests/golden/types", 12, results);
}
