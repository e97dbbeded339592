//! Exact gains at finite N against a plain backward induction over counts.

use crate::support::affine::AffineGame;
use crate::support::beside::{SELECTIONS, gamma, paper_games, plays};
use crate::support::finite::{count_law, leader, tagged};
use crate::support::games::{self, PlainGame, weight};
use crate::support::library::{Shifted, affine, shipped, solve};
use smfg::game::{
    Belief, Game, LeaderAction, LeaderPrescription, LeaderType, MeanField, Play, Policy,
    PolicyError, Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::Start;
use smfg::solve::Selection;
use smfg::validate::{Exact, LeaderTest};

/// Values are sums over a hundred terms and tens of periods of numbers of order ten.
const WITHIN: f64 = 1e-10;

#[track_caller]
fn assert_close(got: f64, expected: f64, what: &str) {
    assert!(
        (got - expected).abs() <= WITHIN,
        "{what}: got {got}, expected {expected}"
    );
}

/// A policy of two actions that mixes and depends on t and z, and answers every leader action in its own way.
struct Uneven {
    leader_actions: usize,
    actions: usize,
}

impl Uneven {
    fn prescription(&self, t: usize, m: f64, l: usize) -> Prescription {
        let row = |x: usize| {
            let weights: Vec<f64> = (0..self.actions)
                .map(|a| 0.1 + (1.0 + (a + 2 * x + t + l) as f64) * (1.0 - m) + m * a as f64)
                .collect();
            let sum: f64 = weights.iter().sum();
            weights.into_iter().map(move |w| w / sum)
        };
        Prescription::new(self.actions, row(0).chain(row(1)).collect())
    }
}

impl Policy for Uneven {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let m = z.weights()[1];
        let level = ((t as f64 + 10.0 * m) as usize) % self.leader_actions;
        Ok(Play::pure(
            LeaderAction(level),
            self.prescription(t, m, level),
        ))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Ok(self.prescription(t, z.weights()[1], leader.support(LeaderType(0))[0].0.0))
    }
}

/// Everything that [`Exact`] says at one population is what the plain induction finds.
fn compare(
    name: &str,
    game: &Game,
    plain: &PlainGame,
    policy: &dyn Policy,
    population: usize,
) -> [f64; 2] {
    let name = format!("{name}, N = {population}");
    let exact = Exact::solve(
        game,
        policy,
        population as u64,
        Start::Iid,
        LeaderTest::StageWise,
    );
    let exact = exact.expect("values at every count");
    assert!(exact.truncation < WITHIN, "{name}: {}", exact.truncation);
    let played = plays(game, policy, population);
    let play = |t: usize, n: usize| played[t - 1][n].clone();

    let expected = tagged(plain, population, &play);
    let gains = expected.gains(plain.initial);
    let mut initial = 0.0;
    for x in 0..2 {
        let values = exact.follower_iid(game.initial(), x);
        assert_close(
            values.theta,
            gains.value[x],
            &format!("{name}, value of type {x}"),
        );
        assert_close(
            values.gain(),
            gains.by_type[x],
            &format!("{name}, gain of type {x}"),
        );
        initial += weight(plain.initial, x) * values.gain();
        for n in 0..=population {
            let [theta, best] = [&expected.policy, &expected.best].map(|v| v[0][x][n]);
            match exact.follower_at(x, &[(population - n) as u64, n as u64]) {
                Some(at) => {
                    assert_close(at.theta, theta, &format!("{name}, value at ({x}, {n})"));
                    assert_close(at.best, best, &format!("{name}, best at ({x}, {n})"));
                }
                None => assert!(theta.is_nan(), "{name}: no follower at ({x}, {n})"),
            }
        }
    }
    assert_close(
        initial,
        gains.initial,
        &format!("{name}, gain from the start"),
    );
    let worst = exact.follower_worst().gain();
    assert_close(worst, gains.worst, &format!("{name}, worst gain"));

    let z = |n: usize| MeanField::from_counts(&[(population - n) as u64, n as u64]);
    let answer = |t: usize, n: usize, l: usize| {
        gamma(
            &policy
                .answer(
                    t,
                    &Belief::certain(),
                    &z(n),
                    &LeaderPrescription::action(LeaderAction(l)),
                )
                .expect("an answer to every action"),
        )
    };
    let expected = leader(plain, population, &play, &answer);
    let start = count_law(&[(population, plain.initial)]);
    let mean = |v: &[f64]| start.iter().zip(v).map(|(p, v)| p * v).sum::<f64>();
    let values = exact
        .leader_iid(game.initial())
        .expect("the leader is tested");
    let [theta, best] = [&expected.policy[0], &expected.best[0]];
    assert_close(
        values.theta,
        mean(theta),
        &format!("{name}, the leader's value"),
    );
    assert_close(
        values.best,
        mean(best),
        &format!("{name}, the leader's best"),
    );
    let largest = best
        .iter()
        .zip(theta)
        .map(|(b, v)| b - v)
        .fold(f64::MIN, f64::max);
    let worst_leader = exact.leader_worst().expect("the leader is tested").gain();
    assert_close(
        worst_leader,
        largest,
        &format!("{name}, the leader's worst"),
    );
    [worst, worst_leader]
}

#[test]
fn gains_from_theta_of_the_papers_games_are_the_plain_inductions() {
    let mut largest = [0.0_f64; 2];
    for (scenario, plain) in paper_games(8, 4) {
        for (selection, _) in &SELECTIONS[..2] {
            let theta = solve(&scenario, *selection);
            let name = format!("{}, {selection}", scenario.name);
            for population in [20, 50] {
                let gains = compare(&name, scenario.game(), &plain, &theta, population);
                (0..2).for_each(|i| largest[i] = largest[i].max(gains[i]));
            }
        }
    }
    assert!(largest.iter().all(|gain| *gain > 0.01), "{largest:?}");
}

#[test]
fn gains_in_random_games_are_the_plain_inductions() {
    for seed in 0..6 {
        let (actions, levels) = (2 + seed as usize % 2, 1 + seed as usize % 3);
        let numbers = AffineGame::random(seed, 5, actions, levels);
        let (scenario, plain) = (affine(&numbers), numbers.game());
        let game = scenario.game();
        let theta = solve(&scenario, Selection::Optimistic);
        let uneven = Uneven {
            leader_actions: levels,
            actions,
        };
        for population in [1, 2, 20, 50] {
            compare(
                &format!("theta of {seed}"),
                game,
                &plain,
                &theta,
                population,
            );
            let [worst, _] = compare(
                &format!("uneven of {seed}"),
                game,
                &plain,
                &uneven,
                population,
            );
            assert!(worst > 0.01);
        }
    }
}

/// What each action is worth to the tagged follower at (t, x, n) where it responds best from t + 1 on.
fn action_values(
    plain: &PlainGame,
    population: usize,
    play: &games::Play,
    after: &[Vec<f64>; 2],
    (t, x, n): (usize, usize, usize),
) -> Vec<f64> {
    let m = n as f64 / population as f64;
    let others = count_law(&[
        (population - n - (1 - x), plain.follower_next(t, m, play, 0)),
        (n - x, plain.follower_next(t, m, play, 1)),
    ]);
    let mean = |y: usize| -> f64 { others.iter().zip(&after[y][y..]).map(|(p, v)| p * v).sum() };
    let worth = |a: usize| {
        let p = (plain.kernel)(t, m, play.leader_action, x, a);
        (plain.reward)(t, m, play.leader_action, x, a)
            + plain.discount * ((1.0 - p) * mean(0) + p * mean(1))
    };
    (0..plain.actions).map(worth).collect()
}

#[test]
fn departures_are_the_best_actions_where_theta_is_not_one() {
    let population = 30;
    let numbers = AffineGame::random(3, 4, 3, 2);
    let (scenario, plain) = (affine(&numbers), numbers.game());
    let uneven = Uneven {
        leader_actions: 2,
        actions: 3,
    };
    let exact = Exact::solve(scenario.game(), &uneven, 30, Start::Iid, LeaderTest::None);
    let departures = exact.expect("values at every count").departures;
    let played = plays(scenario.game(), &uneven, population);
    let best = tagged(&plain, population, &|t, n| played[t - 1][n].clone()).best;
    for d in &departures {
        let n = d.counts[1];
        let play = &played[d.t - 1][n];
        let worth = action_values(&plain, population, play, &best[d.t], (d.t, d.x, n));
        let largest = worth.iter().copied().fold(f64::MIN, f64::max);
        let followed: f64 = play.gamma[d.x].iter().zip(&worth).map(|(p, v)| p * v).sum();
        assert_close(worth[d.action], largest, "the action");
        assert_close(d.gain, largest - followed, "the gain");
        assert!(d.gain > 0.0);
    }
    // Uneven mixes all actions, so that every state that is reached is one to depart at.
    let first: Vec<(usize, usize)> = departures
        .iter()
        .filter(|d| d.t == 1)
        .map(|d| (d.x, d.counts[1]))
        .collect();
    let all = (0..2).flat_map(|x| (x..30 + x).map(move |n| (x, n)));
    assert!(
        all.filter(|(_, n)| (3..20).contains(n))
            .all(|state| first.contains(&state))
    );
}

fn worst_gain(scenario: &Scenario, selection: Selection, population: u64) -> f64 {
    let (game, theta) = (scenario.game(), solve(scenario, selection));
    let exact = Exact::solve(game, &theta, population, Start::Iid, LeaderTest::None);
    exact
        .expect("values at every count")
        .follower_worst()
        .gain()
}

/// The figures of the mathematics for T = 20, measured with another program and printed to four or three digits.
#[test]
fn the_infection_game_has_the_published_gaps() {
    let fixed = shipped("infection_fixed_price", &[]);
    let sizes = [50, 100, 200, 400];
    for (selection, published) in [
        (Selection::Pessimistic, [0.0116, 0.0015, 0.0007, 0.0004]),
        (Selection::Optimistic, [0.0, 0.0012, 0.0076, 0.0093]),
    ] {
        for (population, expected) in sizes.into_iter().zip(published) {
            let gain = worst_gain(&fixed, selection, population);
            assert!(
                (gain - expected).abs() <= 5.0e-5,
                "{selection}, N = {population}: {gain}"
            );
        }
    }
    let printed = shipped("infection_as_printed", &[]);
    for (population, expected) in [(50, 0.040), (200, 0.008), (400, 0.008)] {
        let gain = worst_gain(&printed, Selection::Pessimistic, population);
        assert!(
            (gain - expected).abs() <= 5.0e-4,
            "as printed, N = {population}: {gain}"
        );
    }
}

/// A fault that the comparison with the plain induction would not see, since both are given the same policy.
#[test]
fn theta_of_the_wrong_stage_gains_more_than_theta() {
    let scenario = affine(&AffineGame::random(6, 6, 2, 2));
    let theta = solve(&scenario, Selection::Optimistic);
    let gain = |policy: &dyn Policy| {
        let exact = Exact::solve(scenario.game(), policy, 50, Start::Iid, LeaderTest::None);
        exact
            .expect("values at every count")
            .follower_worst()
            .gain()
    };
    let shifted = Shifted {
        theta: &theta,
        shift: 1,
    };
    let [sound, faulty] = [gain(&theta), gain(&shifted)];
    assert!(
        sound > 0.01 && faulty > 3.0 * sound,
        "{faulty} against {sound}"
    );
}
