//! The equilibria that the reference solver for leaders with types finds, and its theta followed forward.

use crate::support::reference::Selection;
use crate::support::typed::game::{Flow, Information, TypedGame, certain, words};
use crate::support::typed::leader::{Point, TypedReference};
use crate::support::typed::random::{Dependence, RandomGame, Recipe, Taste};
use crate::support::typed::search::Doubt;

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
        let mut recipe = Recipe::varied(seed);
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
        let mut recipe = Recipe::varied(seed);
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
        let mut recipe = Recipe::varied(seed);
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
        let mut recipe = Recipe::varied(*seed);
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
fn each_selection_takes_its_own_equilibrium() {
    let mut apart = 0;
    for seed in (1..40).step_by(2) {
        let game = RandomGame::new(Recipe::varied(seed)).game();
        let (belief, z) = (&game.belief, &game.initial);
        for chosen in words(2, 2) {
            let solved = SELECTIONS.map(|selection| solver(&game, selection));
            let [best, worst, kind] = solved.each_ref().map(|s| s.answer(1, belief, z, &chosen));
            let welfare = |v: &[f64]| -> f64 { z.iter().zip(v).map(|(z, v)| z * v).sum() };
            // V_2 has one equilibrium everywhere, so that all three see the same list.
            for e in solved[0].equilibria(1, belief, z, &chosen) {
                assert!(worst.leader - 1e-9 <= e.leader && e.leader <= best.leader + 1e-9);
                assert!(welfare(&e.followers) <= welfare(&kind.followers) + 1e-9);
            }
            apart += usize::from(best.leader - worst.leader > 1e-3);
        }
    }
    assert!(apart > 5);
}

#[test]
fn a_jump_of_v_is_noticed() {
    let mut noticed = 0;
    for seed in 0..40 {
        let mut recipe = Recipe::varied(seed);
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
