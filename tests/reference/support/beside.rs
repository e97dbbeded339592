//! The library's side of a comparison, in the terms of the plain games.

use super::games::{self, PlainGame};
use super::library::shipped;
use super::reference;
use smfg::game::{Belief, Game, MeanField, Play, Policy, Prescription};
use smfg::scenario::Scenario;
use smfg::solve::Selection;

/// The three selections, as the library and as the reference names them.
pub const SELECTIONS: [(Selection, reference::Selection); 3] = [
    (Selection::Optimistic, reference::Selection::Optimistic),
    (Selection::Pessimistic, reference::Selection::Pessimistic),
    (Selection::Welfare, reference::Selection::Welfare),
];

/// gamma of a prescription for two types.
pub fn gamma(prescription: &Prescription) -> [Vec<f64>; 2] {
    [0, 1].map(|x| prescription.row(x).to_vec())
}

/// A play in the plain game's terms.
pub fn plain(play: &Play) -> games::Play {
    games::Play {
        leader_action: play.leader_action().0,
        gamma: gamma(&play.prescription),
    }
}

/// theta, or any other policy, at every t and n of a population; index t - 1, then n.
pub fn plays(game: &Game, policy: &dyn Policy, population: usize) -> Vec<Vec<games::Play>> {
    let z = |n: usize| MeanField::from_counts(&[(population - n) as u64, n as u64]);
    let at = |t: usize| {
        (0..=population)
            .map(|n| plain(&policy.play(t, &Belief::certain(), &z(n)).expect("a play")))
            .collect()
    };
    (1..=game.horizon()).map(at).collect()
}

/// The games of the paper with few prices and periods, each as a scenario and by hand.
pub fn paper_games(horizon: usize, prices: usize) -> Vec<(Scenario, PlainGame)> {
    let settings = [
        format!("horizon={horizon}"),
        format!("leader.actions.count={prices}"),
    ];
    let settings = [settings[0].as_str(), settings[1].as_str()];
    let infection = |name, leader| {
        let numbers = games::Infection {
            horizon,
            prices: games::grid(0.0, 0.4, prices),
            ..games::Infection::shipped(leader)
        };
        (shipped(name, &settings), numbers.game())
    };
    let technology = games::Technology {
        horizon,
        prices: games::grid(-2.0, 4.0, prices),
        ..games::Technology::shipped()
    };
    let fixed = games::Infection {
        horizon,
        ..games::Infection::fixed_price(0.2)
    };
    vec![
        infection("infection", games::InfectionLeader::PerRepair),
        infection("infection_as_printed", games::InfectionLeader::PerPeriod),
        (shipped("technology", &settings), technology.game()),
        (
            shipped("infection_fixed_price", &settings[..1]),
            fixed.game(),
        ),
    ]
}
