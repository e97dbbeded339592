//! Every follower by itself, every joint move enumerated: what the values mean, without counts or laws.

use crate::game::{Belief, Game, LeaderAction, LeaderPrescription, MeanField, Policy};
use crate::validate::deviations::{FollowerDeviation, LeaderDeviation};

/// What follower 0 does.
#[derive(Clone, Copy)]
pub(super) enum Tagged<'a> {
    Theta,
    Best,
    Deviates(&'a FollowerDeviation),
}

/// What the leader does.
#[derive(Clone, Copy)]
pub(super) enum Leader<'a> {
    Theta,
    Best,
    Deviates(&'a LeaderDeviation),
}

fn mean_field(game: &Game, types: &[usize]) -> MeanField {
    let mut counts = vec![0; game.follower_types().len()];
    types.iter().for_each(|x| counts[*x] += 1);
    MeanField::from_counts(&counts)
}

/// The probability that followers of `types` who play `rows` become `next`.
fn move_probability(
    game: &Game,
    t: usize,
    types: &[usize],
    next: &[usize],
    leader: usize,
    rows: &[Vec<f64>],
) -> f64 {
    let mut tables = game.tables();
    tables
        .evaluate(t, mean_field(game, types).weights())
        .unwrap();
    let each = types.iter().zip(next).zip(rows).map(|((x, y), row)| {
        (0..2)
            .map(|a| row[a] * tables.transition(leader, *x, a, *y))
            .sum::<f64>()
    });
    each.product()
}

/// sum over joint next types of their probability times `value`.
fn expectation(
    game: &Game,
    t: usize,
    types: &[usize],
    leader: usize,
    rows: &[Vec<f64>],
    value: impl Fn(&[usize]) -> f64,
) -> f64 {
    let kinds = game.follower_types().len();
    let joint = (0..kinds.pow(types.len() as u32)).map(|code| {
        let next: Vec<usize> = (0..types.len() as u32)
            .map(|i| code / kinds.pow(i) % kinds)
            .collect();
        move_probability(game, t, types, &next, leader, rows) * value(&next)
    });
    joint.sum()
}

/// Expected discounted reward of follower 0 from period t on.
pub(super) fn follower_value(
    game: &Game,
    policy: &dyn Policy,
    tagged: Tagged<'_>,
    t: usize,
    types: &[usize],
) -> f64 {
    let z = mean_field(game, types);
    if t > game.horizon() {
        return game.terminal_reward(z.weights(), types[0]).unwrap();
    }
    let play = policy.play(t, &Belief::certain(), &z).unwrap();
    let (leader, prescription) = (play.leader_action().0, play.prescription);
    let mut tables = game.tables();
    tables.evaluate(t, z.weights()).unwrap();
    let value_of = |own: Vec<f64>| {
        let mut rows: Vec<Vec<f64>> = types
            .iter()
            .map(|x| prescription.row(*x).to_vec())
            .collect();
        rows[0] = own;
        let reward: f64 = (0..2)
            .map(|a| rows[0][a] * tables.follower_reward(leader, types[0], a))
            .sum();
        let next = |next: &[usize]| follower_value(game, policy, tagged, t + 1, next);
        reward + game.discount() * expectation(game, t, types, leader, &rows, next)
    };
    let pure = |a: usize| {
        if a == 0 {
            vec![1.0, 0.0]
        } else {
            vec![0.0, 1.0]
        }
    };
    match tagged {
        Tagged::Theta => value_of(prescription.row(types[0]).to_vec()),
        Tagged::Best => value_of(pure(0)).max(value_of(pure(1))),
        Tagged::Deviates(deviation) => {
            let mut law = vec![0.0; 2];
            let theta = prescription.row(types[0]);
            deviation
                .write_law(game, (t, &Belief::certain(), &z), types[0], theta, &mut law)
                .unwrap();
            value_of(law)
        }
    }
}

/// Expected discounted reward of the leader from period t on.
pub(super) fn leader_value(
    game: &Game,
    policy: &dyn Policy,
    who: Leader<'_>,
    t: usize,
    types: &[usize],
) -> f64 {
    if t > game.horizon() {
        return 0.0;
    }
    let z = mean_field(game, types);
    let mut tables = game.tables();
    tables.evaluate(t, z.weights()).unwrap();
    let value_of = |announced: usize| {
        let prescription = policy
            .answer(
                t,
                &Belief::certain(),
                &z,
                &LeaderPrescription::action(LeaderAction(announced)),
            )
            .unwrap();
        let rows: Vec<Vec<f64>> = types
            .iter()
            .map(|x| prescription.row(*x).to_vec())
            .collect();
        let each = types.iter().zip(&rows);
        let paid: f64 = each
            .map(|(x, row)| {
                (0..2)
                    .map(|a| row[a] * tables.leader_follower_reward(announced, *x, a))
                    .sum::<f64>()
            })
            .sum();
        let reward = tables.leader_period_reward(announced) + paid / types.len() as f64;
        let next = |next: &[usize]| leader_value(game, policy, who, t + 1, next);
        reward + game.discount() * expectation(game, t, types, announced, &rows, next)
    };
    match who {
        Leader::Theta => value_of(
            policy
                .play(t, &Belief::certain(), &z)
                .unwrap()
                .leader_action()
                .0,
        ),
        Leader::Best => (0..game.leader_actions().len())
            .map(value_of)
            .fold(f64::NEG_INFINITY, f64::max),
        Leader::Deviates(deviation) => {
            let theta = policy
                .play(t, &Belief::certain(), &z)
                .unwrap()
                .leader_action();
            let announced = deviation.announced(t, &Belief::certain(), &z).unwrap();
            let announced = announced.and_then(|leader| leader.single_action());
            value_of(announced.unwrap_or(theta).0)
        }
    }
}

/// The average of `value` over followers drawn i.i.d. from z, the first `fixed` types given.
pub(super) fn average_over_starts(
    z: &MeanField,
    fixed: &[usize],
    population: usize,
    value: &dyn Fn(&[usize]) -> f64,
) -> f64 {
    if fixed.len() == population {
        return value(fixed);
    }
    let next = |x: usize| average_over_starts(z, &[fixed, &[x]].concat(), population, value);
    let types = z.weights().iter().enumerate();
    types.map(|(x, weight)| weight * next(x)).sum()
}
