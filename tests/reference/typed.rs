//! The reference solver for leaders with types against games solved by hand, identities, and itself.

use crate::support::reference::Selection;
use crate::support::typed::game::{Flow, Information, TypedGame, certain};
use crate::support::typed::leader::TypedReference;
use crate::support::typed::random::{Dependence, Motion, RandomGame, Recipe, Taste};
use crate::support::typed::{audit, chain, hiding};

const SELECTIONS: [Selection; 3] = [
    Selection::Optimistic,
    Selection::Pessimistic,
    Selection::Welfare,
];

fn assert_close(got: f64, expected: f64, within: f64) {
    assert!(
        (got - expected).abs() <= within,
        "got {got}, expected {expected} within {within}"
    );
}

fn assert_all_close(got: &[f64], expected: &[f64], within: f64) {
    assert_eq!(got.len(), expected.len());
    for (g, e) in got.iter().zip(expected) {
        assert!(
            (g - e).abs() <= within || g.is_nan() && e.is_nan(),
            "got {got:?}, expected {expected:?} within {within}"
        );
    }
}

/// One cell: in a class where it is enough.
fn solver(game: &TypedGame, selection: Selection) -> TypedReference<'_> {
    TypedReference::new(game, selection, 1)
}

#[test]
fn audits_are_done_by_whom_the_belief_makes_credible() {
    let game = audit::game();
    let solved = solver(&game, Selection::Optimistic);
    for p in audit::BELIEFS {
        let (point, expected) = (solved.at(1, &[1.0 - p, p], &[0.3, 0.7]), audit::expected(p));
        assert_eq!(point.chosen, expected.chosen, "p = {p}");
        assert_all_close(&point.leader_types, &expected.values, 1e-12);
        assert_all_close(&point.regret, &expected.regret, 1e-12);
        assert_all_close(&point.own_regret, &expected.own_regret, 1e-12);
        let gamma = if expected.comply {
            [1.0, 0.0]
        } else {
            [0.0, 1.0]
        };
        point.gamma.iter().for_each(|row| assert_eq!(*row, gamma));
        // Types stay: a separating prescription tells them apart.
        for way in &point.next {
            let pooled = point.next.len() == 1;
            let told = certain(2, usize::from(expected.chosen[1] == way.action));
            let after = if pooled { vec![1.0 - p, p] } else { told };
            assert_eq!(way.belief, after);
        }
    }
    assert!(solved.doubts().is_empty());
}

#[test]
fn the_bad_hides_as_long_as_enough_of_the_crowd_then_trusts() {
    let game = hiding::game();
    let solved = solver(&game, Selection::Optimistic);
    let mut hidden = 0;
    for (p, eager) in hiding::STARTS {
        let (belief, z) = ([p, 1.0 - p], [1.0 - eager, eager]);
        let (point, expected) = (solved.at(1, &belief, &z), hiding::expected(p, eager));
        assert_eq!(point.chosen, expected.chosen, "p = {p}, y = {eager}");
        assert_all_close(&point.leader_types, &expected.values, 1e-12);
        assert_all_close(&point.followers, &expected.followers, 1e-12);
        assert_all_close(&point.regret, &expected.regret, 1e-12);
        assert_all_close(&point.own_regret, &expected.own_regret, 1e-12);
        let pooled = point.next.len() == 1 && point.next[0].belief == belief;
        hidden += usize::from(pooled && p > 0.0 && p < 1.0);
    }
    assert_eq!(hidden, 4);
    // t = 2.
    for (p, eager) in hiding::STARTS {
        let point = solved.at(2, &[p, 1.0 - p], &[1.0 - eager, eager]);
        assert_eq!(point.chosen, [0, 0]);
        assert_all_close(&point.leader_types, &[hiding::trusting(p, eager); 2], 1e-12);
    }
    assert!(solved.doubts().is_empty());
}

#[test]
fn the_trade_fills_up_and_empties_with_the_public_state() {
    let game = chain::game();
    let solved = solver(&game, Selection::Pessimistic);
    let mut subsidised = 0;
    for s in 0..2 {
        for m in chain::STARTS {
            let point = solved.at(1, &certain(2, s), &[1.0 - m, m]);
            let expected = chain::expected(s, m);
            assert_eq!(point.chosen[s], expected.action, "s = {s}, m = {m}");
            assert_close(point.leader_types[s], expected.leader, 1e-12);
            assert!(point.leader_types[1 - s].is_nan());
            assert_all_close(&point.followers, &expected.followers, 1e-12);
            for x in 0..2 {
                assert_close(point.gamma[x][1], expected.moving[x], 1e-12);
            }
            assert_eq!((point.equilibria, point.next.len()), (1, 2));
            for way in &point.next {
                assert_close(way.z[1], expected.next, 1e-12);
                assert_eq!(way.belief, certain(2, way.next_type.expect("public")));
            }
            assert!(point.regret[s].abs() < 1e-12 && point.own_regret[s].abs() < 1e-12);
            subsidised += expected.action;
        }
    }
    assert_eq!(subsidised, 1);
    assert!(solved.doubts().is_empty());
}

#[test]
fn beliefs_average_to_the_forecast_and_realised_mean_fields_to_the_averaged_one() {
    for seed in 0..16 {
        let mut recipe = Recipe::varied(seed);
        recipe.leader = (3, 2);
        recipe.follower = (3, 2);
        recipe.flow = Flow::Realised;
        recipe.horizon = 1;
        let random = RandomGame::new(recipe);
        let game = random.game();
        let solved = solver(&game, Selection::Optimistic);
        let (belief, z) = ([0.25, 0.5, 0.25], &game.initial);
        let point = solved.at(1, &belief, z);
        let (mut mean_belief, mut mean_field) = (vec![0.0; 3], vec![0.0; 3]);
        for way in &point.next {
            assert_close(way.belief.iter().sum(), 1.0, 1e-12);
            let given = game.type_given_action(&belief, &point.chosen, way.action);
            let moves: Vec<_> = (0..3).map(|x| ((x, way.action), given[x])).collect();
            let z = game.next_mean_field(1, z, &moves, &point.gamma);
            assert_all_close(&way.z, &z, 1e-12);
            for i in 0..3 {
                mean_belief[i] += way.probability * way.belief[i];
                mean_field[i] += way.probability * way.z[i];
            }
        }
        let moves: Vec<_> = (0..3).map(|x| ((x, point.chosen[x]), belief[x])).collect();
        let mut forecast = vec![0.0; 3];
        for (leader_move, pi) in &moves {
            let law = (game.leader_kernel)(1, z, *leader_move);
            (0..3).for_each(|i| forecast[i] += pi * law[i]);
        }
        assert_all_close(&mean_belief, &forecast, 1e-12);
        assert_all_close(
            &mean_field,
            &game.next_mean_field(1, z, &moves, &point.gamma),
            1e-12,
        );
        // An action that nobody takes carries no news.
        let off = game.next_belief(1, &belief, z, &[0, 0, 0], 1);
        let mut no_news = vec![0.0; 3];
        for (x, pi) in belief.iter().enumerate() {
            let law = (game.leader_kernel)(1, z, (x, 1));
            (0..3).for_each(|i| no_news[i] += pi * law[i]);
        }
        assert_all_close(&off, &no_news, 1e-15);
    }
}

/// The game with its leader types in another order: `order[new]` is the old type.
fn relabelled(random: &RandomGame, order: &[usize]) -> RandomGame {
    fn pick<T: Clone>(all: &[T], order: &[usize]) -> Vec<T> {
        order.iter().map(|x| all[*x].clone()).collect()
    }
    let mut other = random.clone();
    other.belief = pick(&random.belief, order);
    for part in 0..2 {
        other.kernel[part] = pick(&random.kernel[part], order);
        other.reward[part] = pick(&random.reward[part], order);
        other.leader_period[part] = pick(&random.leader_period[part], order);
        other.leader_share[part] = pick(&random.leader_share[part], order);
    }
    other
}

#[test]
fn relabelling_leader_types_relabels_the_solution() {
    let order = [2, 0, 1];
    for seed in 0..8 {
        let mut recipe = Recipe::varied(seed);
        recipe.leader = (3, 2);
        let random = RandomGame::new(recipe);
        let (game, mut other) = (random.game(), relabelled(&random, &order).game());
        // Q^l by hand: rows and columns.
        let kernel = random.game().leader_kernel;
        other.leader_kernel = Box::new(move |t, z, (xl, al)| {
            let law = kernel(t, z, (order[xl], al));
            order.iter().map(|x| law[*x]).collect()
        });
        for belief in [[0.25, 0.25, 0.5], [0.0, 0.5, 0.5]] {
            let a = solver(&game, Selection::Optimistic).at(1, &belief, &game.initial);
            let moved = order.map(|x| belief[x]);
            let b = solver(&other, Selection::Optimistic).at(1, &moved, &game.initial);
            assert_close(b.leader, a.leader, 1e-12);
            assert_all_close(&b.followers, &a.followers, 1e-12);
            for (new, old) in order.into_iter().enumerate() {
                assert_eq!(b.chosen[new], a.chosen[old]);
                assert_close(b.leader_types[new], a.leader_types[old], 1e-12);
                assert_close(b.regret[new], a.regret[old], 1e-12);
                assert_close(b.own_regret[new], a.own_regret[old], 1e-12);
            }
        }
    }
}

/// A game with one leader type, and the game with two types that nothing tells apart.
fn split(seed: u64, information: Information) -> (RandomGame, RandomGame) {
    let mut recipe = Recipe::varied(seed);
    (recipe.leader, recipe.information) = ((1, 2), information);
    recipe.dependence = Dependence::Action;
    let one = RandomGame::new(recipe);
    let mut two = one.clone();
    two.recipe.leader = (2, 2);
    two.belief = vec![0.25, 0.75];
    for part in 0..2 {
        two.kernel[part] = vec![one.kernel[part][0].clone(); 2];
        two.reward[part] = vec![one.reward[part][0].clone(); 2];
        two.leader_period[part] = vec![one.leader_period[part][0].clone(); 2];
        two.leader_share[part] = vec![one.leader_share[part][0].clone(); 2];
        let law = RandomGame::new(Recipe::varied(seed)).leader_kernel[part].clone();
        two.leader_kernel[part] = law;
    }
    (one, two)
}

/// Public types without a difference change nothing. Private ones let the leader mix (types as a coin), so that there each
/// pooling candidate is an action of the leader without types, and the best is at least as good, where V_2 is the same: here
/// from t = 2 on both have the same favourite.
#[test]
fn identical_leader_types_are_one_type_or_a_coin() {
    for seed in 0..12 {
        let (one, two) = split(seed, Information::Public);
        let (game, other) = (one.game(), two.game());
        for selection in SELECTIONS {
            let a = solver(&game, selection).at(1, &[1.0], &game.initial);
            for x in 0..2 {
                let b = solver(&other, selection).at(1, &certain(2, x), &game.initial);
                assert_eq!(b.chosen[x], a.chosen[0]);
                assert_all_close(&b.followers, &a.followers, 1e-12);
                assert_close(b.leader_types[x], a.leader, 1e-12);
            }
        }
        let (one, two) = split(seed, Information::Private);
        let (game, other) = (one.game(), two.game());
        let a = solver(&game, Selection::Optimistic);
        let b = solver(&other, Selection::Optimistic);
        let z = &game.initial;
        for action in 0..2 {
            let answer = b.answer(1, &two.belief, z, &[action; 2]);
            let untyped = a.answer(1, &[1.0], z, &[action]);
            assert_all_close(&answer.followers, &untyped.followers, 1e-12);
            assert_all_close(&answer.leader_types, &[untyped.leader; 2], 1e-12);
        }
        let gain = b.at(1, &two.belief, z).leader - a.at(1, &[1.0], z).leader;
        assert!(gain > -1e-12);
    }
    // An audit costs both types 0.3; one type of probability 0.7 > 0.6 does for all.
    let mut audit = audit::game();
    audit.leader_period = Box::new(|_, _, (_, al)| -0.3 * al as f64);
    let coin = solver(&audit, Selection::Optimistic);
    assert_close(
        coin.at(1, &[0.3, 0.7], &[0.5; 2]).leader,
        0.5 - 0.3 * 0.7,
        1e-12,
    );
    assert_close(coin.at(1, &[0.0, 1.0], &[0.5; 2]).leader, 0.5 - 0.3, 1e-12);
}

#[test]
fn a_private_type_that_is_known_and_stays_is_a_public_one() {
    for seed in 0..16 {
        let mut private = Recipe::varied(seed);
        (private.motion, private.taste) = (Motion::Still, Taste::Curious);
        let mut public = private.clone();
        public.information = Information::Public;
        let (private, public) = (
            RandomGame::new(private).game(),
            RandomGame::new(public).game(),
        );
        for selection in SELECTIONS {
            for x in 0..2 {
                let belief = certain(2, x);
                let a = solver(&private, selection).at(1, &belief, &private.initial);
                let b = solver(&public, selection).at(1, &belief, &private.initial);
                assert_eq!(a.chosen[x], b.chosen[x]);
                assert_eq!(a.gamma, b.gamma);
                assert_all_close(&a.followers, &b.followers, 1e-12);
                assert_close(a.leader_types[x], b.leader_types[x], 1e-12);
                assert_close(a.next[0].z[1], b.next[0].z[1], 1e-12);
            }
        }
    }
}
