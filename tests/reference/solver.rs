//! The solver against the plain reference solver, and against closed forms.

use crate::support::affine::{Affine, AffineGame};
use crate::support::beside::{SELECTIONS, gamma, paper_games};
use crate::support::games::{Coordination, PlainGame, weight};
use crate::support::library::{affine, shipped, solve};
use crate::support::random::Random;
use crate::support::reference::{Mesh, Reference};
use smfg::game::{Belief, LeaderAction, LeaderPrescription, MeanField};
use smfg::scenario::Scenario;
use smfg::solve::Selection;
use smfg::solve::{Kind, Pieces, SolvedEquilibrium, Theta};

/// The reference is then good to a few 1e-7 (its documentation).
const MESH: Mesh = Mesh {
    cells: 600,
    tolerance: 8e-8,
};
const WITHIN: f64 = 1e-6;

#[track_caller]
fn assert_close(got: f64, expected: f64, within: f64) {
    assert!(
        (got - expected).abs() <= within,
        "got {got}, expected {expected} within {within}"
    );
}

/// Starts without a pattern.
fn generic_starts(count: usize) -> Vec<f64> {
    let mut random = Random::new(20_220_105);
    (0..count).map(|_| random.uniform()).collect()
}

/// V^f of both types and V^l, re-solved at (t, m).
fn values(solution: &Theta<'_, Pieces>, t: usize, m: f64) -> [f64; 3] {
    let v = solution
        .resolve(t, &Belief::certain(), &MeanField::two_types(m))
        .expect("the game has values")
        .values;
    [v.followers[0], v.followers[1], v.leader]
}

fn distance(left: [f64; 3], right: [f64; 3]) -> f64 {
    let parts = left.iter().zip(right).map(|(l, r)| (l - r).abs());
    parts.fold(0.0, f64::max)
}

/// V_1 agrees with the reference from every start, under every selection; how far the selections lie apart.
fn compare(name: &str, scenario: &Scenario, game: &PlainGame, starts: &[f64]) -> f64 {
    let mut found = Vec::new();
    for (ours, theirs) in SELECTIONS {
        let (solution, reference) = (solve(scenario, ours), Reference::solve(game, theirs, MESH));
        assert_eq!(
            (solution.work().failed, solution.work().even),
            (0, 0),
            "{name}"
        );
        let of_start = |m: &f64| {
            let v = reference.value(1, *m);
            let (got, expected) = (
                values(&solution, 1, *m),
                [v.follower[0], v.follower[1], v.leader],
            );
            assert!(
                distance(got, expected) < WITHIN,
                "{name}, {ours}, from {m}: {got:?} against {expected:?}"
            );
            got
        };
        found.push(starts.iter().map(of_start).collect::<Vec<_>>());
    }
    let apart = |(left, right): (&[f64; 3], &[f64; 3])| distance(*left, *right);
    found[0]
        .iter()
        .zip(&found[1])
        .map(apart)
        .fold(0.0, f64::max)
}

#[test]
fn first_values_of_the_papers_games_are_the_references() {
    for (scenario, game) in paper_games(6, 5) {
        compare(&scenario.name, &scenario, &game, &generic_starts(30));
    }
    // Longer, and where the selections differ.
    let (scenario, game) = paper_games(12, 3).swap_remove(3);
    assert!(compare("fixed price", &scenario, &game, &generic_starts(30)) > 1e-3);
    let (scenario, game) = paper_games(9, 4).swap_remove(2);
    assert!(compare("technology", &scenario, &game, &generic_starts(30)) > 1e-3);
}

#[test]
fn first_values_of_random_games_are_the_references() {
    let mut apart = 0;
    for seed in 0..9 {
        let (actions, levels) = (2 + seed as usize % 2, 1 + seed as usize % 3);
        let numbers = AffineGame::random(seed, 4, actions, levels);
        let name = format!("random game {seed}");
        let largest = compare(
            &name,
            &affine(&numbers),
            &numbers.game(),
            &generic_starts(12),
        );
        apart += usize::from(largest > 1e-3);
    }
    assert!(apart >= 3, "the selections must differ somewhere: {apart}");
}

/// The full-size game, against the reference's figures with 41 prices and T = 30 (its mesh: 8000 cells, 1e-9): all
/// three selections agree from this start.
#[test]
fn the_shipped_infection_game_has_the_references_values() {
    let expected = [-0.068_690_612, -0.271_981_876, -0.165_167_054];
    let scenario = shipped("infection", &[]);
    for selection in [Selection::Optimistic, Selection::Pessimistic] {
        let got = values(&solve(&scenario, selection), 1, 0.1);
        assert!(distance(got, expected) < 5e-8, "{selection}: {got:?}");
    }
}

/// (gamma, m') as one list of numbers.
fn numbers(gamma: &[Vec<f64>; 2], next: f64) -> Vec<f64> {
    let all = gamma.iter().flatten().copied();
    all.chain([next]).collect()
}

fn close(left: &[f64], right: &[f64]) -> bool {
    left.iter().zip(right).all(|(l, r)| (l - r).abs() < 1e-5)
}

#[test]
fn stage_games_have_exactly_the_references_equilibria() {
    let (mut several, mut compared) = (0, 0);
    for seed in 0..8 {
        let game = AffineGame::random(seed, 3, 2 + seed as usize % 2, 2);
        let (scenario, plain) = (affine(&game), game.game());
        for (ours, theirs) in SELECTIONS {
            let (solution, reference) = (
                solve(&scenario, ours),
                Reference::solve(&plain, theirs, MESH),
            );
            for m in generic_starts(15) {
                for (t, l) in [(1, 0), (1, 1), (2, 0), (3, 1)] {
                    let got = solution.stage_equilibria(
                        t,
                        &Belief::certain(),
                        &MeanField::two_types(m),
                        Some(&LeaderPrescription::action(LeaderAction(l))),
                    );
                    let got: Vec<SolvedEquilibrium> = got.expect("the game has values");
                    let expected = reference.equilibria(t, m, l);
                    assert_eq!(
                        got.len(),
                        expected.len(),
                        "seed {seed}, {ours}, t {t}, m {m}, {l}"
                    );
                    for e in &expected {
                        let wanted = numbers(&e.gamma, e.next);
                        let same = |g: &&SolvedEquilibrium| {
                            close(
                                &numbers(&gamma(&g.prescription), g.next.weights()[1]),
                                &wanted,
                            )
                        };
                        let found = got.iter().find(same).unwrap_or_else(|| {
                            panic!("seed {seed}, {ours}, t {t}, m {m}, {l}: {e:?} not in {got:#?}")
                        });
                        assert_eq!(found.kind == Kind::Lottery, e.coin.is_some());
                        assert_close(found.values.leader, e.values.leader, WITHIN);
                    }
                    compared += 1;
                    several += usize::from(got.len() > 1);
                    assert!(
                        got.iter()
                            .all(|e| e.leader == LeaderPrescription::action(LeaderAction(l)))
                    );
                }
            }
        }
    }
    assert!(
        several > compared / 20,
        "hard enough to tell: {several} of {compared}"
    );
}

/// The best action and what it is worth.
fn best(worth: impl Fn(usize) -> f64, actions: usize) -> (usize, f64) {
    let all = (0..actions).map(|a| (a, worth(a)));
    all.max_by(|left, right| left.1.total_cmp(&right.1))
        .expect("some action")
}

#[test]
fn one_period_is_a_choice_of_the_best_action() {
    for seed in 0..6 {
        let mut numbers = AffineGame::random(seed, 1, 3, 3);
        numbers.terminal = [Affine(0.3, 0.0), Affine(-0.4, 0.0)];
        let (scenario, game) = (affine(&numbers), numbers.game());
        let solution = solve(&scenario, Selection::Optimistic);
        for m in generic_starts(20) {
            let follower = |l: usize, x: usize| {
                let worth = |a: usize| {
                    let end = 0.3 - 0.7 * (game.kernel)(1, m, l, x, a);
                    (game.reward)(1, m, l, x, a) + 0.9 * end
                };
                best(worth, 3)
            };
            let leader = |l: usize| {
                let share = |x: usize| (game.leader_share)(1, m, l, x, follower(l, x).0);
                let shares: f64 = (0..2).map(|x| weight(m, x) * share(x)).sum();
                (game.leader_period)(1, m, l) + shares
            };
            let (chosen, worth) = best(leader, 3);
            let point = solution
                .resolve(1, &Belief::certain(), &MeanField::two_types(m))
                .expect("the game has values");
            assert_eq!(point.play.leader_action(), LeaderAction(chosen));
            let expected = [follower(chosen, 0).1, follower(chosen, 1).1, worth];
            assert!(distance(values(&solution, 1, m), expected) < 1e-12);
        }
    }
}

#[test]
fn without_the_mean_field_followers_solve_an_ordinary_decision_problem() {
    let still = |c: &mut Affine| c.1 = 0.0;
    for seed in 0..4 {
        let mut numbers = AffineGame::random(seed, 6, 3, 1);
        for cube in [
            &mut numbers.kernel,
            &mut numbers.reward,
            &mut numbers.leader_share,
        ] {
            cube[0].iter_mut().flatten().for_each(still);
        }
        numbers
            .leader_period
            .iter_mut()
            .chain(&mut numbers.terminal)
            .for_each(still);
        let (scenario, game) = (affine(&numbers), numbers.game());
        // V^f_t and, since the leader's reward is linear in z, her value per follower of a type.
        let mut follower = [0, 1].map(|x| (game.terminal)(0.5, x));
        let mut leader = [0.0; 2];
        for t in (1..=6).rev() {
            let solved = [0, 1].map(|x| {
                let to = |a: usize, after: [f64; 2]| {
                    let p = (game.kernel)(t, 0.5, 0, x, a);
                    0.9 * ((1.0 - p) * after[0] + p * after[1])
                };
                let worth = |a: usize| (game.reward)(t, 0.5, 0, x, a) + to(a, follower);
                let (action, value) = best(worth, 3);
                let share =
                    (game.leader_period)(t, 0.5, 0) + (game.leader_share)(t, 0.5, 0, x, action);
                (value, share + to(action, leader))
            });
            follower = solved.map(|pair| pair.0);
            leader = solved.map(|pair| pair.1);
        }
        for (selection, _) in SELECTIONS {
            let solution = solve(&scenario, selection);
            for m in generic_starts(10) {
                let mean = (1.0 - m) * leader[0] + m * leader[1];
                let got = values(&solution, 1, m);
                assert!(
                    distance(got, [follower[0], follower[1], mean]) < 1e-11,
                    "{got:?}"
                );
            }
        }
    }
}

/// [`Coordination`] as a scenario, with the same numbers.
fn coordination(numbers: Coordination) -> Scenario {
    let Coordination {
        discount,
        speed,
        cost,
        gain,
        loss,
    } = numbers;
    let text = format!(
        r#"
name = "coordination"
horizon = 2
discount = {discount}
[follower]
types = ["out", "in"]
actions = ["stay", "switch"]
initial = [0.8, 0.2]
reward = "(t == 2) * (x == in) * ({gain:?} * z[in] - {loss:?}) - {cost:?} * (a == switch)"
[follower.transition]
"out, stay" = {{ out = 1 }}
"out, switch" = {{ in = "if(t == 1, {speed:?}, 0)", out = "rest" }}
"in, *" = {{ in = 1 }}
[leader]
actions = ["watch"]
reward = {{ period = "z[in]" }}
"#
    );
    Scenario::parse("coordination.toml", &text, &[]).expect("the game reads")
}

#[test]
fn the_coordination_game_has_its_three_equilibria_and_each_rule_takes_its_own() {
    let numbers = Coordination {
        discount: 0.9,
        speed: 0.8,
        cost: 0.1,
        gain: 1.0,
        loss: 0.5,
    };
    let scenario = coordination(numbers);
    let m = 0.2;
    let mixed = numbers.mixed_probability(m);
    let next = |p: f64| m + (1.0 - m) * 0.8 * p;
    let solution = solve(&scenario, Selection::Pessimistic);
    let mut found = solution
        .stage_equilibria(1, &Belief::certain(), &MeanField::two_types(m), None)
        .expect("the game has values");
    found.sort_by(|e, f| e.next.weights()[1].total_cmp(&f.next.weights()[1]));
    assert_eq!(found.len(), 3);
    let kinds = [Kind::Pure, Kind::Mixed, Kind::Pure];
    for (i, p) in [0.0, mixed, 1.0].into_iter().enumerate() {
        assert_close(found[i].prescription.row(0)[1], p, 1e-9);
        assert_close(found[i].next.weights()[1], next(p), 1e-9);
        assert_close(found[i].values.leader, m + 0.9 * next(p), 1e-9);
        assert_eq!((found[i].kind, found[i].selected), (kinds[i], i == 0));
    }
    let leader_value = |selection| values(&solve(&scenario, selection), 1, m)[2];
    assert_close(
        leader_value(Selection::Pessimistic),
        m + 0.9 * next(0.0),
        1e-9,
    );
    assert_close(
        leader_value(Selection::Optimistic),
        m + 0.9 * next(1.0),
        1e-9,
    );
    // z(x)-weighted V^f: switching gives .04 more than staying to all, -.1 + .9 (.8 .84 - .5 .8) = .145 to type 1.
    assert_close(leader_value(Selection::Welfare), m + 0.9 * next(1.0), 1e-9);
}
