//! Leaders with types: the solver against games solved by hand and an exact recursion that shares no code with it.

use smfg::game::{Belief, LeaderAction, LeaderPrescription, LeaderType, MeanField};
use smfg::scenario::{Override, Scenario};
use std::path::Path;

use crate::support::reference::Selection;
use crate::support::typed::game::{Flow, Information, certain};
use crate::support::typed::leader::{Point, TypedReference};
use crate::support::typed::random::{Dependence, Motion, RandomGame, Recipe, Taste};
use crate::support::typed::stage::Equilibrium;
use crate::support::typed::{audit, chain, hiding};
use smfg::certify::{certify_path, leader_gain};
use smfg::solve::{Coin, Nodes, Solved, SolvedPoint, Start, Theta, follow};

const SELECTIONS: [(Selection, &str); 3] = [
    (Selection::Optimistic, "optimistic"),
    (Selection::Pessimistic, "pessimistic"),
    (Selection::Welfare, "welfare"),
];

/// Games whose V is affine wherever it is interpolated: rounding is all there is.
const WITHIN: f64 = 1e-9;

fn assert_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (g, e) in got.iter().zip(expected) {
        assert!(
            (g - e).abs() <= WITHIN,
            "{what}: got {got:?}, expected {expected:?}"
        );
    }
}

fn solve<'g>(scenario: &'g Scenario, t: usize, belief: &[f64]) -> Solved<'g> {
    let belief = Belief::new(belief.to_vec());
    let start = Start { t, belief };
    Solved::compute_from(scenario.game(), &scenario.solve, None, &start).expect("solved")
}

/// The action of each leader type.
fn actions(leader: &LeaderPrescription) -> Vec<usize> {
    let action = |x| leader.support(LeaderType(x))[0].0.0;
    (0..leader.types()).map(action).collect()
}

/// V^l of the types in `of`; where the type is public it is that of the one that all see.
fn compare_leader(got: &SolvedPoint, expected: &[f64], of: impl Fn(usize) -> bool, what: &str) {
    let public = expected.iter().any(|v| v.is_nan());
    for (x, value) in expected.iter().enumerate() {
        if of(x) && !value.is_nan() {
            let place = if public { 0 } else { x };
            assert_close(&[got.values.leader_types[place]], &[*value], what);
        }
    }
}

/// Values and what the followers do. A type that is not there is left to her own best action, whatever the candidate says.
fn compare_answer(got: &SolvedPoint, expected: &Equilibrium, belief: &[f64], what: &str) {
    assert_close(&got.values.followers, &expected.followers, what);
    compare_leader(got, &expected.leader_types, |x| belief[x] > 0.0, what);
    assert_close(&[got.values.leader], &[expected.leader], what);
    let gamma = expected.gamma.concat();
    assert_close(got.play.prescription.rows(), &gamma, what);
}

/// theta and V at one point, and where it leads.
fn compare(got: &SolvedPoint, expected: &Point, what: &str) {
    assert_close(&got.values.followers, &expected.followers, what);
    assert_close(&[got.values.leader], &[expected.leader], what);
    let chosen = actions(&got.play.leader);
    for (x, value) in expected.leader_types.iter().enumerate() {
        if !value.is_nan() {
            assert_eq!(chosen[x], expected.chosen[x], "{what}");
        }
    }
    compare_leader(got, &expected.leader_types, |_| true, what);
    let gamma = expected.gamma.concat();
    assert_close(got.play.prescription.rows(), &gamma, what);
    assert_eq!(got.equilibria, expected.equilibria, "{what}");
    assert_eq!(got.next.len(), expected.next.len(), "{what}");
    for (way, to) in got.next.iter().zip(&expected.next) {
        assert_eq!(way.action.0, to.action, "{what}");
        assert_close(&[way.probability], &[to.probability], what);
        assert_close(way.belief.weights(), &to.belief, what);
        assert_close(way.mean_field.weights(), &to.z, what);
    }
}

#[test]
fn audits_are_done_by_whom_the_belief_makes_credible() {
    let scenario = Scenario::parse("audit.toml", audit::SCENARIO, &[]).expect("a good scenario");
    for p in audit::BELIEFS {
        let belief = [1.0 - p, p];
        let solved = solve(&scenario, 1, &belief);
        let z = MeanField::two_types(0.7);
        let point = solved
            .resolve(1, &Belief::new(belief.to_vec()), &z)
            .unwrap();
        let expected = audit::expected(p);
        let what = format!("p = {p}");
        assert_eq!(actions(&point.play.leader), expected.chosen, "{what}");
        assert_close(&point.values.leader_types, &expected.values, &what);
        assert_eq!(point.play.prescription.row(1)[0] == 1.0, expected.comply);
    }
}

#[test]
fn the_bad_hides_as_long_as_enough_of_the_crowd_then_trusts() {
    let scenario = Scenario::parse("hiding.toml", hiding::SCENARIO, &[]).expect("a good scenario");
    for (p, eager) in hiding::STARTS {
        let belief = [p, 1.0 - p];
        let solved = solve(&scenario, 1, &belief);
        let z = MeanField::two_types(eager);
        let point = solved
            .resolve(1, &Belief::new(belief.to_vec()), &z)
            .unwrap();
        let expected = hiding::expected(p, eager);
        let what = format!("p = {p}, y = {eager}");
        assert_eq!(actions(&point.play.leader), expected.chosen, "{what}");
        assert_close(&point.values.leader_types, &expected.values, &what);
        assert_close(&point.values.followers, &expected.followers, &what);
    }
}

#[test]
fn the_trade_fills_up_and_empties_with_the_public_state() {
    let scenario = Scenario::parse("chain.toml", chain::SCENARIO, &[]).expect("a good scenario");
    for s in 0..2 {
        let solved = solve(&scenario, 1, &certain(2, s));
        for m in chain::STARTS {
            let belief = Belief::of_type(2, LeaderType(s));
            let point = solved
                .resolve(1, &belief, &MeanField::two_types(m))
                .unwrap();
            let expected = chain::expected(s, m);
            let what = format!("s = {s}, m = {m}");
            assert_eq!(actions(&point.play.leader)[s], expected.action, "{what}");
            assert_close(&[point.values.leader], &[expected.leader], &what);
            assert_close(&point.values.followers, &expected.followers, &what);
            assert_close(
                &[point.next[0].mean_field.weights()[1]],
                &[expected.next],
                &what,
            );
            for x in 0..2 {
                let moving = point.play.prescription.row(x)[1];
                assert_close(&[moving], &[expected.moving[x]], &what);
            }
        }
    }
}

/// Along the flow nobody regrets less than at its start, and of one period the start is all of it; in the mean theta is best.
fn compare_regrets(
    solved: &Solved,
    horizon: usize,
    (pi, z): (&Belief, &MeanField),
    expected: &Point,
    what: &str,
) {
    let flow = follow(solved, 1, pi, z, Coin::Tossed).expect("followed");
    let gain = leader_gain(solved, &flow).expect("compared");
    assert!(
        gain.gain.is_some_and(|gain| gain < WITHIN),
        "{what}: {gain:?}"
    );
    for (x, weight) in pi.weights().iter().enumerate().filter(|(_, w)| **w > 0.0) {
        let pairs = [
            (gain.regret[x], expected.regret[x]),
            (gain.own_row_regret[x], expected.own_regret[x]),
        ];
        for (got, least) in pairs {
            assert!(
                got > least - WITHIN,
                "{what}, type {x} of weight {weight}: {got}, {least}"
            );
            assert!(
                horizon > 1 || got < least + WITHIN,
                "{what}, type {x}: {got}, {least}"
            );
        }
    }
}

/// One game under every selection at some starts: theta, V, the answer to every candidate.
fn compare_game(recipe: &Recipe, beliefs: &[Vec<f64>]) {
    let random = RandomGame::new(recipe.clone());
    let game = random.game();
    let mut without_the_last = random.initial.clone();
    let last = without_the_last.pop().expect("a type");
    without_the_last[0] += last;
    without_the_last.push(0.0);
    for (selection, word) in SELECTIONS {
        let text = random.scenario(word, 4);
        let scenario = Scenario::parse("typed.toml", &text, &[]).expect("a good scenario");
        let reference = TypedReference::new(&game, selection, 1);
        for belief in beliefs {
            let solved = solve(&scenario, 1, belief);
            let pi = Belief::new(belief.clone());
            for z in [&random.initial, &without_the_last] {
                let what = format!("{recipe:?}, {word}, pi = {belief:?}, z = {z:?}");
                let z_there = MeanField::new(z.clone());
                let point = solved.resolve(1, &pi, &z_there).expect("resolved");
                let expected = reference.at(1, belief, z);
                compare(&point, &expected, &what);
                if recipe.information == Information::Private {
                    compare_regrets(&solved, recipe.horizon, (&pi, &z_there), &expected, &what);
                }
                for chosen in reference.candidates(belief) {
                    let chosen = chosen.into_iter().map(LeaderAction).collect();
                    let leader = LeaderPrescription::pure(chosen);
                    let got = solved
                        .answer_at(1, &pi, &z_there, &leader)
                        .expect("answered");
                    let expected = reference.answer(1, belief, z, &actions(&leader));
                    compare_answer(&got, &expected, belief, &format!("{what}, {leader:?}"));
                }
            }
        }
        assert_eq!(reference.doubts(), []);
    }
}

const DEPENDENCES: [Dependence; 3] = [Dependence::Nothing, Dependence::Action, Dependence::Type];
const MOTIONS: [Motion; 4] = [
    Motion::Still,
    Motion::Exogenous,
    Motion::ByAction,
    Motion::ByMeanField,
];

fn recipe(seed: u64, dependence: Dependence, motion: Motion) -> Recipe {
    Recipe {
        seed,
        horizon: 2,
        information: Information::Private,
        flow: Flow::Averaged,
        leader: (2, 2),
        follower: (2, 2),
        dependence,
        motion,
        taste: Taste::Settled,
    }
}

/// Every dependence of the followers' kernel with every motion of the leader's type, with another seed for each.
fn families() -> Vec<Recipe> {
    let pairs = DEPENDENCES
        .into_iter()
        .flat_map(|d| MOTIONS.into_iter().map(move |m| (d, m)));
    let recipes = pairs.enumerate();
    recipes.map(|(i, (d, m))| recipe(i as u64, d, m)).collect()
}

/// The start, a belief off any lattice, and one that rules a type out.
fn beliefs(recipe: &Recipe) -> Vec<Vec<f64>> {
    let random = RandomGame::new(recipe.clone());
    match recipe.information {
        Information::Private => vec![random.belief, vec![0.37, 0.63], vec![0.0, 1.0]],
        Information::Public => vec![vec![1.0, 0.0], vec![0.0, 1.0]],
    }
}

/// One kind of private game in all families. V is held at the beliefs that can be reached, where Q^l does not depend on z;
/// else it is interpolated between beliefs, and has to be affine there.
fn compare_families(flow: Flow, horizon: usize, follower: (usize, usize), taste: Taste) {
    for family in families() {
        if family.motion == Motion::ByMeanField && (taste == Taste::Curious || horizon == 3) {
            continue;
        }
        let recipe = Recipe {
            flow,
            horizon,
            follower,
            taste,
            ..family
        };
        compare_game(&recipe, &beliefs(&recipe));
    }
}

#[test]
fn public_types_agree_with_the_exact_recursion() {
    for family in families() {
        for follower in [(2, 2), (2, 3), (3, 2)] {
            let recipe = Recipe {
                information: Information::Public,
                follower,
                ..family.clone()
            };
            compare_game(&recipe, &beliefs(&recipe));
        }
    }
}

#[test]
fn private_types_agree_with_the_exact_recursion() {
    compare_families(Flow::Averaged, 2, (2, 2), Taste::Settled);
    compare_families(Flow::Averaged, 2, (2, 3), Taste::Settled);
}

#[test]
fn private_types_before_three_follower_types_agree_with_the_exact_recursion() {
    compare_families(Flow::Averaged, 2, (3, 2), Taste::Settled);
    let recipe = Recipe {
        follower: (3, 3),
        ..recipe(77, Dependence::TypeAndAction, Motion::ByAction)
    };
    compare_game(&recipe, &beliefs(&recipe));
}

#[test]
fn three_leader_types_agree_with_the_exact_recursion() {
    for (seed, motion) in (88..).zip([Motion::Still, Motion::ByAction]) {
        let recipe = Recipe {
            leader: (3, 2),
            ..recipe(seed, Dependence::TypeAndAction, motion)
        };
        let start = RandomGame::new(recipe.clone()).belief;
        compare_game(&recipe, &[start, vec![0.25, 0.0, 0.75]]);
    }
}

#[test]
fn followers_who_wish_to_know_her_agree_with_the_exact_recursion() {
    compare_families(Flow::Averaged, 2, (2, 2), Taste::Curious);
}

#[test]
fn three_periods_agree_with_the_exact_recursion() {
    compare_families(Flow::Averaged, 3, (2, 2), Taste::Settled);
}

#[test]
fn one_period_without_order_agrees_with_the_exact_recursion() {
    compare_families(Flow::Averaged, 1, (2, 3), Taste::Free);
    compare_families(Flow::Averaged, 1, (3, 2), Taste::Free);
}

#[test]
fn under_the_realised_flow_private_types_agree_with_the_exact_recursion() {
    compare_families(Flow::Realised, 2, (2, 2), Taste::Settled);
    compare_families(Flow::Realised, 2, (2, 3), Taste::Settled);
}

#[test]
fn under_the_realised_flow_three_follower_types_agree_with_the_exact_recursion() {
    compare_families(Flow::Realised, 2, (3, 2), Taste::Settled);
}

#[test]
fn under_the_realised_flow_followers_who_wish_to_know_her_agree_with_the_exact_recursion() {
    compare_families(Flow::Realised, 2, (2, 2), Taste::Curious);
}

#[test]
fn under_the_realised_flow_three_periods_agree_with_the_exact_recursion() {
    compare_families(Flow::Realised, 3, (2, 2), Taste::Settled);
}

#[test]
fn under_the_realised_flow_one_period_agrees_with_the_exact_recursion() {
    compare_families(Flow::Realised, 1, (2, 3), Taste::Free);
    compare_families(Flow::Realised, 1, (3, 2), Taste::Free);
}

/// Infection (Vasal & Berry 2022, VI-A) with a secret cost of the leader's.
const SECRET_COST: &str = r#"
name = "secret_cost"
horizon = 10
discount = 0.9
[follower]
types   = ["healthy", "infected"]
actions = ["wait", "repair"]
initial = [0.7, 0.3]
reward  = "-0.2 * (x == infected) - price * (a == repair)"
[follower.transition]
"healthy, wait"  = { infected = "0.9 * z[infected]", healthy = "rest" }
"infected, wait" = { infected = 1 }
"*, repair"      = { healthy = 1 }
[leader]
actions = { name = "price", values = [0.2, 0.3] }
types   = { name = "cost", values = [0.2, 0.5] }
initial = [0.5, 0.5]
reward  = { per_follower = "follower_reward + (price - cost) * (a == repair)" }
[leader.transition]
"0.2, *" = { "0.2" = 0.9, "0.5" = "rest" }
"0.5, *" = { "0.5" = 0.9, "0.2" = "rest" }
[solve]
selection = "pessimistic"
grid = 50
"#;

#[test]
fn jumps_tracked_at_every_belief_leave_nothing_to_gain() {
    let scenario = Scenario::parse("secret_cost.toml", SECRET_COST, &[]).expect("a good scenario");
    let game = scenario.game();
    let tracked = Solved::compute(game, &scenario.solve, None).expect("solved");
    assert!(tracked.jumps().is_some_and(|jumps| jumps > 100));
    let lattice = Theta::<Nodes>::compute(game, &scenario.solve, None).expect("solved");
    let lattice = Solved::Nodes(lattice);
    let mut largest = [0.0_f64; 2];
    for i in 0..=40 {
        let start = MeanField::two_types(f64::from(i) / 40.0);
        for (solved, largest) in [&tracked, &lattice].into_iter().zip(&mut largest) {
            let path = certify_path(solved, &start).expect("certified");
            let by_type = path.exploitability.by_type.iter();
            *largest = by_type.fold(*largest, |a, b| a.max(*b));
        }
    }
    // Measured: 2e-11; on a lattice of the same 50 cells V_{t+1} is re-solved along the path, but not what follows it.
    assert!(largest[0] < 1e-9, "{largest:?}");
    assert!(largest[1] < 1e-4, "{largest:?}");
}

/// V of a sequence of actions is wanted at pi_1, which need not be a node of the beliefs.
#[test]
fn a_sequence_of_actions_is_worth_what_its_actions_are_between_the_nodes_of_beliefs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/signalling.toml");
    let settings = [
        "horizon=4",
        "leader.initial=[0.63, 0.37]",
        "solve.leader_mixing=5",
        "solve.belief_grid=4",
    ];
    let overrides: Vec<Override> = settings.iter().map(|text| Override::new(*text)).collect();
    let scenario = Scenario::read(&path, &overrides).expect("the scenario reads");
    let (game, pi, z) = (
        scenario.game(),
        scenario.game().initial_belief(),
        scenario.game().initial(),
    );
    let solved = Solved::compute(game, &scenario.solve, None).expect("solved");
    assert!(solved.interpolates_beliefs());
    let compared = solved.best_sequence(z, 10_000_000).expect("compared");
    let (value, actions) = compared.expect("enough work");
    assert!(solved.best_sequence(z, 1000).expect("compared").is_none());
    assert_eq!(actions, [LeaderAction(0); 4]);
    let constant = Solved::compute(game, &scenario.solve, Some(vec![0])).expect("solved");
    let expected = constant.resolve(1, pi, z).expect("resolved").values.leader;
    assert!((value - expected).abs() < WITHIN, "{value} {expected}");
    // And V^l is the mean of its types', also there.
    let values = solved.resolve(1, pi, z).expect("resolved").values;
    let mean = pi.weights().iter().zip(&values.leader_types);
    let mean: f64 = mean.map(|(weight, v)| weight * v).sum();
    assert!((values.leader - mean).abs() < WITHIN, "{values:?}");
}
