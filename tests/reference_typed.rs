//! The reference solver for leaders with types against games solved by hand, identities, and itself.

mod support;

use support::reference::Selection;
use support::typed::game::{Flow, Information, TypedGame, certain, words};
use support::typed::leader::{Point, TypedReference};
use support::typed::random::{Dependence, Motion, RandomGame, Recipe, Taste};
use support::typed::search::Doubt;
use support::typed::{audit, chain, hiding};

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

/// A recipe with two leader types, two leader actions, two follower types and two follower actions.
fn recipe(seed: u64) -> Recipe {
    let kinds = seed as usize;
    Recipe {
        seed,
        horizon: 2,
        information: Information::Private,
        flow: [Flow::Averaged, Flow::Realised][kinds / 2 % 2],
        leader: (2, 2),
        follower: (2, 2),
        dependence: [
            Dependence::Nothing,
            Dependence::Action,
            Dependence::Type,
            Dependence::TypeAndAction,
        ][kinds / 4 % 4],
        motion: [
            Motion::Still,
            Motion::Exogenous,
            Motion::ByAction,
            Motion::ByMeanField,
        ][(kinds + kinds / 4) % 4],
        taste: Taste::Settled,
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
        let mut recipe = recipe(seed);
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
        let mut recipe = recipe(seed);
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
    let mut recipe = recipe(seed);
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
        let law = RandomGame::new(self::recipe(seed)).leader_kernel[part].clone();
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
        let mut private = recipe(seed);
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

/// V^f along the tree of public states: a follower's best response to theta by its own backward induction.
fn best_response(game: &TypedGame, solved: &TypedReference, t: usize, point: &Point) -> Vec<f64> {
    let (types, actions) = game.follower;
    let last = t == game.horizon;
    let ways = point.next.iter().map(|way| {
        let end = |x| game.terminal.as_ref().map_or(0.0, |v| v(&way.z, x));
        let after: Vec<f64> = match last {
            true => (0..types).map(end).collect(),
            false => best_response(game, solved, t + 1, &solved.at(t + 1, &way.belief, &way.z)),
        };
        (way, after)
    });
    let ways: Vec<_> = ways.collect();
    let worth = |x: usize, a: usize| -> f64 {
        let mut sum = 0.0;
        for (xl, pi) in point.belief.iter().enumerate().filter(|(_, pi)| **pi > 0.0) {
            let leader_move = (xl, point.chosen[xl]);
            sum += pi * (game.reward)(t, &point.z, leader_move, (x, a));
            let law = (game.kernel)(t, &point.z, leader_move, (x, a));
            let mine = ways.iter().filter(|(way, _)| way.action == leader_move.1);
            // Shares of the action's probability: one way, or one per public type.
            let mine: Vec<_> = mine.collect();
            let all: f64 = mine.iter().map(|(way, _)| way.probability).sum();
            for (way, after) in mine {
                let mean: f64 = law.iter().zip(after).map(|(q, v)| q * v).sum();
                sum += pi * game.discount * way.probability / all * mean;
            }
        }
        sum
    };
    (0..types)
        .map(|x| (0..actions).map(|a| worth(x, a)).fold(f64::MIN, f64::max))
        .collect()
}

/// The mean of V^l over pi along the tree, by following theta.
fn leader_return(game: &TypedGame, solved: &TypedReference, t: usize, point: &Point) -> f64 {
    let rewards = point.belief.iter().enumerate().filter(|(_, pi)| **pi > 0.0);
    let now: f64 = rewards
        .map(|(x, pi)| pi * game.leader_reward(t, &point.z, (x, point.chosen[x]), &point.gamma))
        .sum();
    if t == game.horizon {
        return now;
    }
    let later = point.next.iter().map(|way| {
        let next = solved.at(t + 1, &way.belief, &way.z);
        way.probability * leader_return(game, solved, t + 1, &next)
    });
    now + game.discount * later.sum::<f64>()
}

#[test]
fn theta_followed_forward_leaves_followers_nothing_to_gain_and_pays_the_leader_what_it_says() {
    let mut mixed = 0;
    for seed in 0..32 {
        let mut recipe = recipe(seed);
        recipe.horizon = 1 + seed as usize % 3;
        if seed % 5 == 0 {
            recipe.information = Information::Public;
        }
        let game = RandomGame::new(recipe).game();
        let solved = solver(&game, SELECTIONS[seed as usize % 3]);
        let belief = match game.information {
            Information::Private => game.belief.clone(),
            Information::Public => certain(2, 1),
        };
        let point = solved.at(1, &belief, &game.initial);
        let best = best_response(&game, &solved, 1, &point);
        assert_all_close(&best, &point.followers, 1e-9);
        assert_close(
            leader_return(&game, &solved, 1, &point),
            point.leader,
            1e-12,
        );
        mixed += usize::from(point.gamma.iter().flatten().any(|p| *p > 0.0 && *p < 1.0));
        assert!(solved.doubts().is_empty(), "{seed}: {:?}", solved.doubts());
    }
    assert!(mixed >= 3, "{mixed}");
}

/// What the search for all equilibria relies on: V_2 affine in z, for T = 2 of settled taste in pi too.
#[test]
fn from_the_second_period_on_v_is_affine() {
    for seed in 0..24 {
        let mut recipe = recipe(seed);
        recipe.horizon = 2 + seed as usize % 2;
        recipe.taste = match seed % 4 {
            0 => Taste::Curious,
            _ => Taste::Settled,
        };
        let (horizon, taste) = (recipe.horizon, recipe.taste);
        let game = RandomGame::new(recipe).game();
        let solved = solver(&game, Selection::Optimistic);
        let value = |pi: f64, m: f64| {
            let point = solved.at(2, &[1.0 - pi, pi], &[1.0 - m, m]);
            [point.followers, point.leader_types].concat()
        };
        let affine = |a: Vec<f64>, middle: Vec<f64>, b: Vec<f64>| {
            let mean: Vec<f64> = a.iter().zip(b).map(|(a, b)| 0.7 * a + 0.3 * b).collect();
            assert_all_close(&middle, &mean, 1e-12);
        };
        for pi in [0.0, 0.3, 0.8] {
            affine(value(pi, 0.1), value(pi, 0.37), value(pi, 1.0));
        }
        if horizon == 2 && taste == Taste::Settled {
            affine(value(0.1, 0.6), value(0.37, 0.6), value(1.0, 0.6));
        }
    }
}

/// Away from ties the number of equilibria is odd. One cell finds what many find.
#[test]
fn equilibria_are_odd_in_number_and_a_finer_scan_finds_no_more() {
    let mut counts = [0; 10];
    for seed in 0..48 {
        let mut recipe = recipe(seed);
        recipe.follower = [(2, 2), (2, 3), (3, 2)][seed as usize % 3];
        let game = RandomGame::new(recipe).game();
        let coarse = TypedReference::new(&game, Selection::Optimistic, 1);
        let fine = TypedReference::new(&game, Selection::Optimistic, 7);
        for chosen in words(2, 2) {
            let found = coarse.equilibria(1, &game.belief, &game.initial, &chosen);
            let again = fine.equilibria(1, &game.belief, &game.initial, &chosen);
            assert_eq!(found.len() % 2, 1, "{seed}");
            assert_eq!(found.len(), again.len());
            counts[found.len()] += 1;
        }
        assert!(coarse.doubts().is_empty(), "{seed}: {:?}", coarse.doubts());
    }
    println!("stage games by their number of equilibria: {counts:?}");
    assert!(counts[3] > 0);
}

/// Under the realised flow each action of the leader has its own z', and two follower types may both mix.
#[test]
fn the_realised_flow_lets_two_follower_types_mix_at_once() {
    let both = (0..200).find(|seed| {
        let mut recipe = recipe(*seed);
        recipe.flow = Flow::Realised;
        recipe.dependence = Dependence::TypeAndAction;
        let game = RandomGame::new(recipe).game();
        let solved = solver(&game, Selection::Optimistic);
        words(2, 2).iter().any(|chosen| {
            let found = solved.equilibria(1, &game.belief, &game.initial, chosen);
            let mixes = |row: &Vec<f64>| row.iter().all(|p| *p > 0.0);
            found.iter().any(|e| e.gamma.iter().all(mixes))
        })
    });
    assert!(both.is_some());
}

#[test]
fn a_jump_of_v_is_noticed() {
    let mut noticed = 0;
    for seed in 0..40 {
        let mut recipe = recipe(seed);
        (recipe.taste, recipe.flow) = (Taste::Free, Flow::Averaged);
        let game = RandomGame::new(recipe).game();
        let solved = TypedReference::new(&game, Selection::Optimistic, 16);
        words(2, 2).iter().for_each(|chosen| {
            solved.equilibria(1, &game.belief, &game.initial, chosen);
        });
        noticed += usize::from(solved.doubts().contains(&(1, Doubt::Jump)));
    }
    println!("{noticed} of 40 games with a jump");
    assert!(noticed > 0);
}
