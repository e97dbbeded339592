//! Games that are the same but for their units, a constant, or the order of types and actions.

use super::expression::{Expression, Number, Threshold, product, sum};
use super::game::{Game, Stage};

/// Whose rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    Followers,
    Leader,
}

fn each(rows: &mut [Vec<Expression>; 2], change: &dyn Fn(&Expression) -> Expression) {
    rows.iter_mut().flatten().for_each(|e| *e = change(e));
}

/// One player's rewards changed: those of a period, and the terminal ones.
fn with_rewards(
    game: &Game,
    player: Player,
    change: &dyn Fn(&Expression) -> Expression,
    last: &dyn Fn(&Expression) -> Expression,
) -> Game {
    let mut game = game.clone();
    for stage in &mut game.stages {
        match player {
            Player::Followers => each(&mut stage.reward, change),
            // The period's reward takes a constant, both take a factor.
            Player::Leader => {
                stage.period = change(&stage.period);
                each(&mut stage.share, last);
            }
        }
    }
    if let (Player::Followers, Some(terminal)) = (player, &mut game.terminal) {
        terminal.iter_mut().for_each(|e| *e = last(e));
    }
    game
}

pub fn scaled(game: &Game, player: Player, by: f64) -> Game {
    let change = |e: &Expression| product([Number(by), e.clone()]);
    with_rewards(game, player, &change, &change)
}

/// A constant more in every period.
pub fn shifted(game: &Game, player: Player, by: f64) -> Game {
    with_rewards(
        game,
        player,
        &|e| sum([Number(by), e.clone()]),
        &Clone::clone,
    )
}

/// The actions in the opposite order.
pub fn actions_reversed(game: &Game) -> Game {
    let mut game = game.clone();
    for stage in &mut game.stages {
        for rows in [&mut stage.kernel, &mut stage.reward, &mut stage.share] {
            rows.iter_mut().for_each(|row| row.reverse());
        }
    }
    game
}

/// The types in the opposite order: m is now what 1 - m was.
pub fn types_reversed(game: &Game) -> Game {
    let turn = |rows: &[Vec<Expression>; 2]| {
        [1, 0].map(|x| rows[x].iter().map(turned).collect::<Vec<Expression>>())
    };
    let stage = |s: &Stage| {
        let mut kernel = turn(&s.kernel);
        each(&mut kernel, &|e| {
            sum([Number(1.0), product([Number(-1.0), e.clone()])])
        });
        Stage {
            kernel,
            reward: turn(&s.reward),
            share: turn(&s.share),
            period: turned(&s.period),
        }
    };
    Game {
        initial: 1.0 - game.initial,
        stages: game.stages.iter().map(stage).collect(),
        terminal: game
            .terminal
            .as_ref()
            .map(|of| [turned(&of[1]), turned(&of[0])]),
        features: game.features.iter().map(|c| 1.0 - c).collect(),
        ..game.clone()
    }
}

/// A formula with z of each type taken for the other's.
fn turned(e: &Expression) -> Expression {
    use Expression::*;
    let all = |es: &[Expression]| es.iter().map(turned).collect();
    let one = |e: &Expression| Box::new(turned(e));
    let other = |t: &Threshold| Threshold { of: 1 - t.of, ..*t };
    match e {
        Number(_) | Price => e.clone(),
        Z(i) => Z(1 - i),
        Sum(es) => Sum(all(es)),
        Product(es) => Product(all(es)),
        Least(es) => Least(all(es)),
        Most(es) => Most(all(es)),
        Abs(e) => Abs(one(e)),
        Exp(e) => Exp(one(e)),
        Inverse(e) => Inverse(one(e)),
        Power(e, by) => Power(one(e), *by),
        Over(t, yes, no) => Over(other(t), one(yes), one(no)),
        Window(from, to) => Window(other(from), other(to)),
    }
}
