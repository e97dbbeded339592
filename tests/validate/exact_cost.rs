//! What exact gains take, as told before they are found: counted from the solver's own work.

use smfg::game::{Belief, LeaderAction, LeaderPrescription, MeanField, Policy};
use smfg::scenario::Scenario;
use smfg::solve::Solved;
use smfg::validate::{EXACT_BUDGET, EXACT_LIMIT, estimated_cost};

fn scenario(name: &str) -> Scenario {
    let path = format!("scenarios/{name}.toml");
    Scenario::read(path.as_ref(), &[]).expect("a shipped scenario")
}

/// Every map from two types of the leader to her two actions.
fn maps() -> Vec<LeaderPrescription> {
    let actions = [[0, 0], [0, 1], [1, 0], [1, 1]];
    let map = |actions: [usize; 2]| LeaderPrescription::pure(actions.map(LeaderAction).to_vec());
    actions.map(map).to_vec()
}

#[test]
fn a_play_takes_the_search_of_every_answer_once() {
    let lockdown = scenario("sir_lockdown_private");
    let solved = Solved::compute(lockdown.game(), &lockdown.solve, None).expect("solved");
    let belief = lockdown.game().initial_belief();
    for z in [[0.9, 0.1, 0.0], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]] {
        let z = MeanField::new(z.to_vec());
        let play = solved.play_cost(2, belief, &z).unwrap();
        let answers: f64 = maps()
            .iter()
            .map(|map| solved.answer_cost(2, belief, &z, map).unwrap())
            .sum();
        // The point is made ready once for the play, and once for each of the four answers.
        assert!(play < answers && play > 0.5 * answers, "{play} {answers}");
    }
}

#[test]
fn a_game_on_a_lattice_is_refused_where_its_stage_games_alone_take_the_budget() {
    let lockdown = scenario("sir_lockdown_private");
    let (game, population) = (lockdown.game(), 200);
    let solved = Solved::compute(game, &lockdown.solve, None).expect("solved");
    let small = estimated_cost(game, &solved, 20).expect("two dozen followers");
    assert!(small.follower + small.leader < EXACT_BUDGET);
    let large = estimated_cost(game, &solved, population).expect("below the limit");
    assert!(large.follower > EXACT_BUDGET, "{large:?}");
    assert!(large.follower + large.leader < EXACT_LIMIT, "{large:?}");
    // One play at every count, period and first belief is less than what is told.
    let z = MeanField::new(vec![0.5, 0.3, 0.2]);
    let one = solved.play_cost(1, game.initial_belief(), &z).unwrap();
    let counts = 201.0 * 202.0 / 2.0;
    assert!(large.follower > 0.5 * counts * one, "{large:?} {one}");
}

#[test]
fn a_known_regime_takes_less_than_a_search_over_prices() {
    let infection = scenario("infection");
    let game = infection.game();
    let solved = Solved::compute(game, &infection.solve, None).expect("solved");
    let costs: Vec<f64> = (0..=200)
        .map(|j| {
            solved
                .play_cost(
                    1,
                    &Belief::certain(),
                    &MeanField::two_types(f64::from(j) / 200.0),
                )
                .unwrap()
        })
        .collect();
    let (least, most) = costs
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(low, high), c| {
            (low.min(*c), high.max(*c))
        });
    // At m = 0, the end of a piece, all 41 prices are searched; inside a piece one stage game is solved.
    assert!(most > 5.0 * least, "{least} {most}");
}
