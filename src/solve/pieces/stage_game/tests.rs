//! Stage games with two types and a kernel that depends on the action alone: go leads to two with .8, hold with .2.
//! The incentive of go over hold is .6 D(m') for type one and .1 + .6 D(m') for type two.

use super::super::values::{POINTS, Piece};
use super::*;
use crate::game::Belief;
use crate::game::candidates;
use crate::scenario::Scenario;
use crate::solve::Selection;
use crate::solve::beliefs::Beliefs;
use crate::solve::pieces::continuation::Candidates;
use crate::solve::representation::{self, Representation};
use crate::solve::stage::Outcome;
use crate::solve::{Work, selection::Rule, stage::Selected};

const BONUS: &str = "0.1 * (x == two) * (a == go)";

fn scenario(reward: &str, leader: &str) -> Scenario {
    let text = format!(
        "name = \"small\"\nhorizon = 1\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
         actions = [\"go\", \"hold\"]\ninitial = [0.75, 0.25]\nreward = \"{reward}\"\n[follower.transition]\n\
         \"*, go\" = {{ two = 0.8, one = 0.2 }}\n\"*, hold\" = {{ two = 0.2, one = 0.8 }}\n\
         [leader]\nactions = {{ name = \"level\", values = [0, 1, 2] }}\nreward = {{ period = \"{leader}\" }}\n"
    );
    Scenario::parse("small.toml", &text, &[]).unwrap()
}

type Part = (f64, f64, fn(f64) -> f64);

/// V^f(x_1) = 0, V^f(x_2) = D on consecutive intervals, V^l = slope m'.
fn next(parts: &[Part], slope: f64) -> Piecewise {
    let pieces = parts
        .iter()
        .map(|(lo, hi, d)| {
            let values: [Values; POINTS] = Piece::nodes(*lo, *hi).map(|m| Values {
                followers: [0.0, d(m)],
                leader: slope * m,
            });
            Piece::interpolate(*lo, *hi, None, &values)
        })
        .collect();
    Piecewise::new(pieces)
}

const CROWD: [Part; 1] = [(0.0, 1.0, |m| 0.5 - m)];
const HERD: [Part; 1] = [(0.0, 1.0, |m| m - 0.5)];
const DROP: [Part; 2] = [(0.0, 0.5, |_| 0.2), (0.5 + 1e-14, 1.0, |_| -0.3)];

fn games<'a>(scenario: &'a Scenario, next: &'a Piecewise, m: f64) -> StageGames<'a> {
    let game = scenario.game();
    let belief: &'a Belief = game.initial_belief();
    // What a solution holds, kept for as long as the test runs.
    let beliefs = Beliefs::from(game, &scenario.solve, 1, belief).unwrap();
    let period = representation::Period {
        game,
        settings: &scenario.solve,
        representation: Box::leak(Box::new(
            Pieces::for_game(game, &scenario.solve, 1).unwrap(),
        )),
        t: 1,
        belief,
        mesh: Box::leak(Box::new(beliefs.at(1).clone())),
        next: std::slice::from_ref(next),
    };
    let actions: Vec<usize> = (0..game.leader_actions().len()).collect();
    let listed = candidates::at_belief(game, &actions, 1, belief).unwrap();
    let candidates = Candidates::of(period, listed).unwrap();
    let mut games = StageGames::new(Stage {
        period,
        candidates: Box::leak(Box::new(candidates)),
    });
    games.move_to(m).unwrap();
    games
}

/// Kind, profile, mixing probability and m' of every equilibrium.
type Row = (Kind, [usize; 2], f64, f64);

fn assert_found(games: &mut StageGames, expected: &[Row]) {
    games.enumerate(0);
    let found = &games.equilibria.found;
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (e, (kind, profile, probability, to)) in found.iter().zip(expected) {
        assert_eq!((e.label.kind, e.label.profile), (*kind, *profile));
        assert!((e.probability - probability).abs() < 1e-14, "{e:?}");
        assert!((e.next.m - to).abs() < 1e-14, "{e:?}");
        assert!(e.residual < 1e-14, "{e:?}");
    }
}

#[test]
fn congestion_has_one_equilibrium_and_it_is_mixed() {
    let (scenario, next) = (scenario(BONUS, "0"), next(&CROWD, 1.0));
    let mut games = games(&scenario, &next, 0.25);
    // Type two goes; type one holds with probability q: m' = .8 - .45 q = .5.
    assert_found(&mut games, &[(Kind::Mixed, [0, 0], 2.0 / 3.0, 0.5)]);
    assert!(!games.equilibria.tied);
    let values = games.equilibria.found[0].values;
    assert!(values.followers[0].abs() < 1e-14);
    assert!((values.followers[1] - 0.1).abs() < 1e-14);
    assert!((values.leader - 0.5).abs() < 1e-14);
}

#[test]
fn an_unplayed_action_as_good_as_a_mixture_is_a_tie() {
    // Without the bonus, type two is indifferent wherever type one is: two mixtures, neither isolated.
    let (scenario, next) = (scenario("0", "0"), next(&CROWD, 1.0));
    let mut games = games(&scenario, &next, 0.25);
    let one = (Kind::Mixed, [0, 0], 2.0 / 3.0, 0.5);
    let other = (Kind::Mixed, [0, 1], 1.0 / 3.0, 0.5);
    assert_found(&mut games, &[one, other]);
    assert!(games.equilibria.tied);
}

/// All equilibria of the herding game at m = 1/4.
const OF_HERD: [Row; 5] = [
    (Kind::Pure, [0, 0], 0.0, 0.8),
    (Kind::Pure, [1, 0], 0.0, 0.35),
    (Kind::Pure, [1, 1], 0.0, 0.2),
    (Kind::Mixed, [0, 0], 2.0 / 3.0, 0.5),
    (Kind::Mixed, [1, 0], 1.0 / 9.0, 1.0 / 3.0),
];

#[test]
fn herding_has_three_pure_and_two_mixed_equilibria() {
    let (scenario, next) = (scenario(BONUS, "0"), next(&HERD, 1.0));
    let mut games = games(&scenario, &next, 0.25);
    assert_found(&mut games, &OF_HERD);
    assert_eq!(games.equilibria.count(), 5);
    assert!(!games.equilibria.tied);
}

#[test]
fn a_known_regime_is_realised_as_it_was_found() {
    let (scenario, next) = (scenario(BONUS, "0"), next(&HERD, 1.0));
    let mut games = games(&scenario, &next, 0.25);
    games.enumerate(0);
    for e in games.equilibria.found.clone() {
        let again = games.realise(&e.label).unwrap();
        assert!((again.probability - e.probability).abs() < 1e-14);
        assert!(again.values.distance(&e.values) < 1e-14);
    }
}

#[test]
fn a_jump_across_indifference_is_a_lottery_and_its_coin_makes_both_actions_equal() {
    let (scenario, next) = (scenario(BONUS, "0"), next(&DROP, 1.0));
    let mut games = games(&scenario, &next, 0.25);
    assert_found(&mut games, &[(Kind::Lottery, [0, 0], 2.0 / 3.0, 0.5)]);
    let e = games.equilibria.found[0];
    // .2 (1 - w) - .3 w = 0.
    assert!((e.coin - 0.4).abs() < 1e-14 && !e.is_supported());
    assert!(e.values.followers[0].abs() < 1e-14);
}

#[test]
fn a_continuum_is_given_by_its_vertices_and_counted_once() {
    let flat: [Part; 3] = [
        (0.0, 0.4, |m| 0.4 - m),
        (0.4, 0.6, |_| 0.0),
        (0.6, 1.0, |m| 0.6 - m),
    ];
    let (scenario, next) = (scenario(BONUS, "0"), next(&flat, 1.0));
    let mut games = games(&scenario, &next, 0.25);
    let vertices = [
        (Kind::Vertex, [0, 0], 8.0 / 9.0, 0.4),
        (Kind::Vertex, [0, 0], 4.0 / 9.0, 0.6),
    ];
    assert_found(&mut games, &vertices);
    assert_eq!(games.equilibria.count(), 1);
    assert!(games.equilibria.tied);
}

#[test]
fn a_type_without_mass_takes_its_best_response_and_multiplies_nothing() {
    let (scenario, next) = (scenario(BONUS, "0"), next(&HERD, 1.0));
    let none_of_two = [
        (Kind::Pure, [0, 0], 0.0, 0.8),
        (Kind::Pure, [1, 1], 0.0, 0.2),
        (Kind::Mixed, [0, 0], 0.5, 0.5),
    ];
    assert_found(&mut games(&scenario, &next, 0.0), &none_of_two);
    let none_of_one = [
        (Kind::Pure, [0, 0], 0.0, 0.8),
        (Kind::Pure, [1, 1], 0.0, 0.2),
        (Kind::Mixed, [1, 0], 7.0 / 9.0, 1.0 / 3.0),
    ];
    assert_found(&mut games(&scenario, &next, 1.0), &none_of_one);
}

#[test]
fn an_action_is_a_best_response_within_the_tie_tolerance() {
    // D is -.1 everywhere: type two loses (reward - .06) by going.
    let flat: [Part; 1] = [(0.0, 1.0, |_| -0.1)];
    for (reward, pure, tied) in [
        ("0.06 - 0.0000000002", 1, false),
        ("0.06 - 0.00000000005", 2, true),
        ("0.06 + 0.00000000005", 2, true),
        ("0.06 + 0.0000000002", 1, false),
    ] {
        let scenario = scenario(&format!("({reward}) * (x == two) * (a == go)"), "0");
        let next = next(&flat, 1.0);
        let mut games = games(&scenario, &next, 0.25);
        games.enumerate(0);
        let found = &games.equilibria;
        assert_eq!((found.pure, found.tied), (pure, tied), "{reward}");
        assert_eq!(found.count(), 1, "{reward}");
    }
}

fn choose(scenario: &Scenario, slope: f64, selection: Selection) -> Selected<Equilibrium> {
    let next = next(&HERD, slope);
    let rule = Rule { selection };
    rule.choose(&mut games(scenario, &next, 0.25), &mut Work::default())
        .unwrap()
}

#[test]
fn selection_takes_the_best_by_its_criterion() {
    let scenario = scenario(BONUS, "0");
    let profile = |slope, selection| {
        let label = choose(&scenario, slope, selection).equilibrium.label;
        (label.kind, label.profile)
    };
    let (go, hold) = ((Kind::Pure, [0, 0]), (Kind::Pure, [1, 1]));
    assert_eq!(profile(1.0, Selection::Optimistic), go);
    assert_eq!(profile(1.0, Selection::Pessimistic), hold);
    assert_eq!(profile(-1.0, Selection::Optimistic), hold);
    // Welfare: .265 at (go, go), -.06 at (hold, hold), whatever the leader gets.
    assert_eq!(profile(-1.0, Selection::Welfare), go);
}

#[test]
fn equally_good_equilibria_are_told_apart_by_the_lexicographic_rule() {
    let scenario = scenario(BONUS, "0");
    // Values of the leader .6 slope apart: within the tolerance of 1e-10, and beyond it.
    let hold = |slope| {
        choose(&scenario, slope, Selection::Pessimistic)
            .equilibrium
            .gamma(0, 1)
    };
    assert_eq!(hold(0.0), 0.0);
    assert_eq!(hold(1e-10), 0.0);
    assert_eq!(hold(1e-9), 1.0);
}

#[test]
fn the_leader_takes_the_first_of_equally_good_actions() {
    let action = |reward: &str| {
        choose(&scenario(BONUS, reward), 1.0, Selection::Optimistic)
            .equilibrium
            .label
            .candidate
    };
    assert_eq!(action("0"), 0);
    assert_eq!(action("0.00000000004 * level"), 0);
    assert_eq!(action("0.000000001 * level"), 2);
    assert_eq!(action("-level * (level - 1.5)"), 1);
}

#[test]
fn a_supported_equilibrium_comes_before_a_lottery_that_is_better() {
    // D jumps up at .5, so both pure prescriptions hold and so does the coin between; only near .5 is V^l 5.
    let parts = [
        (0.0, 0.3, -0.3, 0.0),
        (0.3, 0.5, -0.3, 5.0),
        (0.5, 0.7, 0.2, 5.0),
        (0.7, 1.0, 0.2, 0.0),
    ];
    let pieces = parts.map(|(lo, hi, d, leader)| {
        let followers = [0.0, d];
        Piece::interpolate(lo, hi, None, &[Values { followers, leader }; POINTS])
    });
    let (scenario, next) = (scenario(BONUS, "0"), Piecewise::new(pieces.to_vec()));
    let mut games = games(&scenario, &next, 0.25);
    let expected = [
        (Kind::Pure, [0, 0], 0.0, 0.8),
        (Kind::Pure, [1, 1], 0.0, 0.2),
        (Kind::Lottery, [0, 0], 2.0 / 3.0, 0.5),
    ];
    assert_found(&mut games, &expected);
    assert_eq!(games.equilibria.found[2].values.leader, 5.0);
    let rule = Rule {
        selection: Selection::Optimistic,
    };
    let chosen = rule
        .choose(&mut games, &mut Work::default())
        .unwrap()
        .equilibrium;
    assert_eq!((chosen.label.kind, chosen.values.leader), (Kind::Pure, 0.0));
}
