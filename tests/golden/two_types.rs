//! Games of two follower types and a leader without types: jumps, theta, exact gains and what both engines play.

use crate::compare::{Inputs, compare, difference};
use serde_json::{Map, Value, json};
use smfg::certify::certify_path;
use smfg::game::{Belief, MeanField, Policy};
use smfg::scenario::{Override, Scenario};
use smfg::simulate::{Cohorts, SimulateError, Simulation, simulate};
use smfg::simulate::{Engine, Start};
use smfg::solve::{Pieces, Solved, Theta};
use smfg::validate::{Exact, LeaderTest, Values};
use std::path::Path;

/// Replications that are kept, per engine and population.
const REPLICATIONS: u64 = 3;

fn results(inputs: &Inputs) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&inputs.scenario);
    let overrides: Vec<Override> = inputs.overrides.iter().map(Override::new).collect();
    let scenario = Scenario::read(&path, &overrides).expect("the scenario reads");
    let game = scenario.game();
    let theta =
        Theta::<Pieces>::compute(game, &scenario.solve, None).expect("the game can be solved");
    let mut solved = serde_json::to_value(theta.work()).expect("counters are JSON");
    solved["jumps"] = json!(theta.jumps());
    solved["pieces"] = json!(theta.pieces());
    let start = game.initial().weights()[1];
    let values: Vec<Value> = [start, 0.123, 0.377, 0.618, 0.891]
        .into_iter()
        .map(|m| {
            let v = theta
                .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                .expect("values everywhere")
                .values;
            json!({ "m": m, "v_follower": v.followers, "v_leader": v.leader })
        })
        .collect();
    let path =
        certify_path(&Solved::Pieces(theta.clone()), game.initial()).expect("values everywhere");
    let flow: Vec<f64> = path
        .flow
        .mean_fields()
        .iter()
        .map(|z| z.weights()[1])
        .collect();
    json!({
        "values": values,
        "work": solved,
        "flow": flow,
        "exploitability": path.exploitability.initial,
        "trajectories": trajectories(&scenario, &theta, inputs),
        "exact": exact(&scenario, &theta, inputs),
    })
}

/// Counts of the second type at t = 1..T + 1, by engine, population and replication.
fn trajectories(scenario: &Scenario, theta: &dyn Policy, inputs: &Inputs) -> Value {
    let mut all = Map::new();
    for engine in [Engine::Counts, Engine::Agents] {
        for population in inputs.populations.iter().copied() {
            // The agents' cost is in N.
            if engine == Engine::Agents && population > 10_000 {
                continue;
            }
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
                let counts: Vec<u64> = (1..=periods + 1).map(|t| path.counts(t)[1]).collect();
                let (follower, leader) = (path.follower_return(), path.leader_return());
                paths.push(json!({ "counts": counts, "follower": follower, "leader": leader }));
                Ok(())
            })
            .expect("values at every count");
            all.insert(format!("{engine}, N = {population}"), Value::Array(paths));
        }
    }
    Value::Object(all)
}

/// Value and gain from the start by player, and the worst gains.
fn exact(scenario: &Scenario, theta: &dyn Policy, inputs: &Inputs) -> Value {
    let game = scenario.game();
    let initial: &MeanField = game.initial();
    let pair = |values: Values| json!({ "theta": values.theta, "gain": values.gain() });
    let at = |population: u64| {
        let exact = Exact::solve(game, theta, population, Start::Iid, LeaderTest::StageWise);
        let exact = exact.expect("values at every count");
        let follower = [0, 1].map(|x| pair(exact.follower_iid(initial, x)));
        let entry = json!({
            "follower": follower,
            "follower_worst": exact.follower_worst().gain(),
            "leader": exact.leader_iid(initial).map(pair),
            "leader_worst": exact.leader_worst().map(|values| values.gain()),
            "departures": exact.departures.len(),
        });
        (format!("N = {population}"), entry)
    };
    Value::Object(inputs.exact.iter().copied().map(at).collect())
}

#[test]
fn results_are_unchanged() {
    compare("tests/golden", 5, results);
}

#[test]
fn a_change_of_any_kind_is_noticed() {
    let golden = json!({ "a": [1, 2.5, { "b": 1e-13 }], "c": 7 });
    assert_eq!(difference("r", &golden, &golden), None);
    let near = json!({ "a": [1, 2.5 + 1e-12, { "b": 2e-13 }], "c": 7 });
    assert_eq!(difference("r", &golden, &near), None);
    for (changed, place) in [
        (json!({ "a": [1, 2.5, { "b": 1e-13 }], "c": 8 }), "r.c"),
        (
            json!({ "a": [1, 2.500_000_000_01, { "b": 1e-13 }], "c": 7 }),
            "r.a[1]",
        ),
        (json!({ "a": [1, 2.5, { "b": 1e-11 }], "c": 7 }), "r.a[2].b"),
        (json!({ "a": [1, 2.5, { "b": null }], "c": 7 }), "r.a[2].b"),
        (json!({ "a": [1.0, 2.5, { "b": 1e-13 }], "c": 7 }), "r.a[0]"),
        (json!({ "a": [1, 2.5], "c": 7 }), "r.a"),
        (json!({ "a": [1, 2.5, { "b": 1e-13 }] }), "r"),
    ] {
        let change = difference("r", &golden, &changed).expect("a difference");
        assert!(change.starts_with(&format!("{place}: ")), "{change}");
    }
}
