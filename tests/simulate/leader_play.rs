//! Leaders with types, private or public, and leaders who mix, at finite N: against an enumeration follower by follower, the
//! belief by hand, and the mean field of their own outcomes.

use std::collections::BTreeMap;

use crate::patrol::{Kind, Patrol, advance_leader, next_wild, push, scenario, strict};
use crate::support::chi_square::chi_square_against;
use crate::support::simulated::{simulation, trajectories};
use rayon::ThreadPoolBuilder;
use smfg::game::{Flow, FlowRule, LeaderAction};
use smfg::simulate::Engine;
use smfg::simulate::{Summary, Trajectory};

/// Level of every test of a law; ten of them accept a true one.
const LEVEL: f64 = 1e-4;
/// A wrong law has to be as unlikely as this.
const CERTAINLY: f64 = 1e-12;
const REPLICATIONS: u64 = 200_000;
const ENGINES: [Engine; 2] = [Engine::Counts, Engine::Agents];

/// What is planted in the enumeration, for the test to reject.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// pi stays as it was.
    BeliefNotUpdated,
    /// Followers move as if the leader were of her first type.
    TypeIgnored,
    /// The leader draws as if she were of her first type.
    PrescriptionOfFirstType,
    /// Her type stays as it was.
    TypeFrozen,
}

/// What one replication of two followers leaves, in the order in which it comes.
type Seen = Vec<u64>;

/// What is known on the way through one replication.
#[derive(Clone)]
struct Way {
    probability: f64,
    leader_type: usize,
    /// pi(grim).
    grim: f64,
    followers: [usize; 2],
    seen: Seen,
}

/// p, or 1 - p for 0.
fn coin(p: f64, side: usize) -> f64 {
    if side == 1 { p } else { 1.0 - p }
}

/// All ways that begin.
fn starts(kind: Kind) -> Vec<Way> {
    let mut ways = Vec::new();
    for leader_type in 0..2 {
        for first in 0..2 {
            for second in 0..2 {
                let followers = [first, second];
                let wild = (first + second) as u64;
                let start = coin(kind.initial_grim(), leader_type);
                ways.push(Way {
                    probability: start * coin(0.4, first) * coin(0.4, second),
                    leader_type,
                    grim: kind.belief_at_first(leader_type),
                    followers,
                    seen: vec![leader_type as u64, wild],
                });
            }
        }
    }
    ways
}

/// All ways on from one through period t.
fn step(kind: Kind, fault: Fault, t: usize, way: &Way) -> Vec<Way> {
    let wild = (way.followers[0] + way.followers[1]) as f64 / 2.0;
    let (x, grim) = (way.leader_type, way.grim);
    let drawing = if fault == Fault::PrescriptionOfFirstType {
        0
    } else {
        x
    };
    let moving = if fault == Fault::TypeIgnored { 0 } else { x };
    let mut ways = Vec::new();
    // Bits: is she lax, who pushes, who is wild next, is she grim next.
    for bits in 0..64 {
        let bit = |k: usize| bits >> k & 1;
        let (lax, next_type) = (bit(0), bit(5));
        let mut probability = way.probability * coin(strict(kind, grim, wild, drawing), 1 - lax);
        for (i, follower) in way.followers.iter().enumerate() {
            let (a, next) = (bit(1 + i), bit(3 + i));
            probability *= coin(push(t, grim, wild, *follower), a)
                * coin(next_wild(wild, moving, lax, *follower, a), next);
        }
        probability *= match fault {
            Fault::TypeFrozen => f64::from(u8::from(next_type == x)),
            _ => coin(kind.next_grim(wild, x, lax), next_type),
        };
        if probability == 0.0 {
            continue;
        }
        let pushes = |of: usize| {
            (0..2)
                .filter(|i| way.followers[*i] == of && bit(1 + i) == 1)
                .count()
        };
        let (pushes, next) = ([pushes(0), pushes(1)], [bit(3), bit(4)]);
        let seen = [lax, pushes[0], pushes[1], next_type, next[0] + next[1]];
        let mut seen: Seen = seen.map(|n| n as u64).to_vec();
        seen.splice(0..0, way.seen.clone());
        ways.push(Way {
            probability,
            leader_type: next_type,
            grim: match fault {
                Fault::BeliefNotUpdated => grim,
                _ => kind.belief_after(grim, wild, lax, next_type),
            },
            followers: next,
            seen,
        });
    }
    ways
}

/// The law of what is seen in two periods.
fn enumeration(kind: Kind, fault: Fault) -> BTreeMap<Seen, f64> {
    let mut ways = starts(kind);
    for t in 1..=2 {
        ways = ways
            .iter()
            .flat_map(|way| step(kind, fault, t, way))
            .collect();
    }
    let mut law = BTreeMap::new();
    for way in ways {
        *law.entry(way.seen).or_insert(0.0) += way.probability;
    }
    law
}

/// The same of a trajectory.
fn seen(path: &Trajectory) -> Seen {
    let mut seen = vec![path.leader_type(1).0 as u64, path.counts(1)[1]];
    for t in 1..=path.horizon() {
        let acted = path.acted(t);
        let next_type = path.leader_type(t + 1).0 as u64;
        let action = path.leader_action(t).0 as u64;
        seen.extend([action, acted[1], acted[3], next_type, path.counts(t + 1)[1]]);
    }
    seen
}

/// The p-value of "the simulated replications have this law".
fn p_value(paths: &[Trajectory], law: &BTreeMap<Seen, f64>) -> f64 {
    let total: f64 = law.values().sum();
    assert!((total - 1.0).abs() < 1e-12, "{total}");
    let mut observed: BTreeMap<&Seen, usize> = law.keys().map(|seen| (seen, 0)).collect();
    let mut impossible = 0;
    for path in paths {
        match observed.get_mut(&seen(path)) {
            Some(n) => *n += 1,
            None => impossible += 1,
        }
    }
    if impossible > 0 {
        return 0.0;
    }
    let (observed, law): (Vec<usize>, Vec<f64>) = (
        observed.into_values().collect(),
        law.values().copied().collect(),
    );
    chi_square_against(&observed, &law)
}

fn play(kind: Kind, engine: Engine) -> Vec<Trajectory> {
    let scenario = scenario(kind, 2);
    trajectories(
        scenario.game(),
        &Patrol(kind),
        &simulation(engine, 2, REPLICATIONS),
    )
}

#[test]
fn two_followers_and_a_leader_have_the_enumerated_law() {
    for kind in Kind::ALL {
        let law = enumeration(kind, Fault::None);
        for engine in ENGINES {
            let p = p_value(&play(kind, engine), &law);
            assert!(p > LEVEL, "{kind:?}, {engine:?}: {p}");
        }
    }
}

#[test]
fn planted_faults_are_rejected() {
    for (kind, faults) in [
        (
            Kind::PrivateMixing,
            &[
                Fault::BeliefNotUpdated,
                Fault::TypeIgnored,
                Fault::PrescriptionOfFirstType,
                Fault::TypeFrozen,
            ][..],
        ),
        (
            Kind::PrivatePure,
            &[Fault::BeliefNotUpdated, Fault::TypeIgnored],
        ),
        (Kind::Public, &[Fault::BeliefNotUpdated, Fault::TypeIgnored]),
    ] {
        let paths = play(kind, Engine::Counts);
        for fault in faults {
            let p = p_value(&paths, &enumeration(kind, *fault));
            assert!(p < CERTAINLY, "{kind:?}, {fault:?}: {p}");
        }
    }
}

/// Every replication replayed with the formulas of the game: (9), and the rewards at the realised move.
#[test]
fn beliefs_and_rewards_are_those_of_the_realised_moves() {
    for kind in Kind::ALL {
        let scenario = scenario(kind, 5);
        let paths = trajectories(
            scenario.game(),
            &Patrol(kind),
            &simulation(Engine::Counts, 30, 300),
        );
        for path in &paths {
            let mut grim = kind.belief_at_first(path.leader_type(1).0);
            for t in 1..=5 {
                let belief = path.belief(t);
                let expected = if kind == Kind::NoTypes { 1.0 } else { grim };
                assert!(
                    (belief[belief.len() - 1] - expected).abs() < 1e-12,
                    "{kind:?}"
                );
                let wild = path.counts(t)[1] as f64 / 30.0;
                let (x, a) = (path.leader_type(t).0, path.leader_action(t).0);
                let pushing = path.action_count(t, 1) as f64 / 30.0;
                let grim_now = f64::from(u8::from(kind != Kind::NoTypes && x == 1));
                let is_strict = f64::from(u8::from(a == 0));
                let follower = wild + 0.5 * grim_now * pushing - is_strict * wild;
                assert!((path.follower_reward(t) - follower).abs() < 1e-12);
                let leader = 2.0 * grim_now + is_strict + 3.0 * pushing;
                assert!((path.leader_reward(t) - leader).abs() < 1e-12);
                grim = kind.belief_after(grim, wild, a, path.leader_type(t + 1).0);
            }
        }
        let moved = paths.iter().any(|path| path.belief(2) != path.belief(1));
        assert_eq!(moved, kind != Kind::NoTypes);
    }
}

/// (9) in numbers: pi = (.7, .3), one half of the followers wild, strict with .42 and .55, and Q^l(grim) = .45 and .55.
#[test]
fn one_belief_by_hand() {
    let kind = Kind::PrivateMixing;
    let scenario = scenario(kind, 1);
    let paths = trajectories(
        scenario.game(),
        &Patrol(kind),
        &simulation(Engine::Counts, 2, 200),
    );
    let half = |path: &&Trajectory| path.counts(1) == [1, 1];
    let strict = |path: &&Trajectory| path.leader_action(1) == LeaderAction(0);
    let path = paths.iter().filter(half).find(strict).unwrap();
    let expected = (0.7 * 0.42 * 0.45 + 0.3 * 0.55 * 0.55) / (0.7 * 0.42 + 0.3 * 0.55);
    assert!((path.belief(2)[1] - expected).abs() < 1e-12);
    assert_eq!(advance_leader(0.5, 0, 0), 0.45);
}

#[test]
fn replications_are_the_same_at_any_number_of_threads_and_alone() {
    for kind in [Kind::PrivateMixing, Kind::Public, Kind::NoTypes] {
        let scenario = scenario(kind, 6);
        for engine in ENGINES {
            let settings = simulation(engine, 100, 150);
            let at = |threads: usize| {
                let pool = ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| trajectories(scenario.game(), &Patrol(kind), &settings))
            };
            let one = at(1);
            assert!(at(2) == one && at(7) == one, "{kind:?}, {engine:?}");
            let mut alone = settings.clone();
            (alone.first_replication, alone.replications) = (77, 1);
            let alone = trajectories(scenario.game(), &Patrol(kind), &alone);
            assert!(alone[0] == one[76], "{kind:?}, {engine:?}");
        }
    }
}

/// The largest mean distance of a hundred million followers to a flow.
fn distance(kind: Kind, rule: FlowRule) -> f64 {
    let scenario = scenario(kind, 4);
    let game = scenario.game();
    let flow = Flow::of_policy(game, &Patrol(kind), game.initial(), rule).unwrap();
    let paths = trajectories(
        game,
        &Patrol(kind),
        &simulation(Engine::Counts, 100_000_000, 200),
    );
    let mut summary = Summary::new(100_000_000, 2);
    paths.iter().for_each(|path| summary.push(path, &flow));
    summary.settle();
    let rows = summary.rows();
    assert_eq!(rows.len(), 5);
    rows.iter().map(|row| row.distance_mean).fold(0.0, f64::max)
}

/// A large population follows the realised flow of its own outcomes where these tell all that moves it; under a private
/// type it does not, nor under the averaged rule, and the distance says so.
#[test]
fn the_distance_is_to_the_mean_field_of_the_outcomes() {
    for kind in [Kind::Public, Kind::NoTypes] {
        assert!(distance(kind, FlowRule::Realised) < 1e-3, "{kind:?}");
        assert!(distance(kind, FlowRule::Averaged) > 1e-2, "{kind:?}");
    }
    assert!(distance(Kind::PrivateMixing, FlowRule::Realised) > 1e-2);
}

/// A public type that is drawn at the start has a flow for each of its values.
#[test]
fn a_flow_begins_with_each_type_that_all_see() {
    let scenario = scenario(Kind::Public, 3);
    let game = scenario.game();
    let policy = Patrol(Kind::Public);
    let flow = Flow::of_policy(game, &policy, game.initial(), FlowRule::Averaged).unwrap();
    let starts: Vec<_> = flow.nodes.iter().filter(|node| node.t == 1).collect();
    let weights: Vec<f64> = starts.iter().map(|node| node.weight).collect();
    assert_eq!(weights, [0.7, 0.3]);
    assert_eq!(starts[1].belief.weights(), [0.0, 1.0]);
    let last: f64 = flow
        .nodes
        .iter()
        .filter(|node| node.t == 4)
        .map(|node| node.weight)
        .sum();
    assert!((last - 1.0).abs() < 1e-12);
    assert!(
        flow.nodes
            .iter()
            .all(|node| node.parent.is_some() == (node.t > 1))
    );
}
