//! Random games made so that what is easily lost decides: a feature of V_2 where a prescription lands, an incentive that
//! touches zero, a continuum of equilibria.

use super::expression::{Abs, Expression, Most, Number, Power, Price, Z, product, sum};
use super::game::{Game, Selection, Stage};
use super::generator::{Draw, Family};

fn constants(draw: &mut Draw, actions: usize, low: f64, high: f64) -> [Vec<Expression>; 2] {
    [0, 1].map(|_| {
        (0..actions)
            .map(|_| Number(draw.number(low, high)))
            .collect()
    })
}

fn everywhere(e: &Expression, actions: usize) -> [Vec<Expression>; 2] {
    [0, 1].map(|_| vec![e.clone(); actions])
}

/// A game that is smooth but for a window, a tent or a bump at t = 2, placed around a z' of t = 1.
pub fn hidden(draw: &mut Draw) -> Game {
    let actions = 1 + draw.below(3);
    let prices: Vec<f64> = (0..1 + draw.below(3)).map(|i| i as f64 / 2.0).collect();
    let initial = draw.number(0.0, 1.0);
    let go = [0, 1].map(|_| {
        (0..actions)
            .map(|_| draw.number(0.0, 1.0))
            .collect::<Vec<f64>>()
    });
    let moved = draw.number(-0.2, 0.2);
    let (low, high) = (draw.below(actions), draw.below(actions));
    let price = prices[draw.below(prices.len())];
    let shift = |p: f64, price: f64| (p + moved * price).clamp(0.0, 1.0);
    let next = (1.0 - initial) * shift(go[0][low], price) + initial * shift(go[1][high], price);
    let kernel = [0, 1].map(|x: usize| {
        let one = |p: &f64| {
            let line = sum([Number(*p), product([Number(moved), Price])]);
            Most(vec![
                Number(0.0),
                Expression::Least(vec![Number(1.0), line]),
            ])
        };
        go[x].iter().map(one).collect::<Vec<Expression>>()
    });
    let feature = draw.feature(next);
    draw.family = Family::Smooth;
    let smooth = |draw: &mut Draw| {
        [0, 1].map(|_| {
            (0..actions)
                .map(|_| draw.reward(true, 0.2))
                .collect::<Vec<_>>()
        })
    };
    let first = Stage {
        kernel: kernel.clone(),
        reward: smooth(draw),
        share: smooth(draw),
        period: product([Number(draw.number(-0.2, 0.2)), Price]),
    };
    let mut second = Stage {
        kernel,
        reward: smooth(draw),
        share: smooth(draw),
        period: Number(0.0),
    };
    if draw.chance(0.5) {
        second.period = feature;
    } else {
        let x = draw.below(2);
        second.reward[x]
            .iter_mut()
            .for_each(|e| *e = sum([e.clone(), feature.clone()]));
    }
    game(draw, initial, prices, vec![first, second])
}

fn game(draw: &mut Draw, initial: f64, prices: Vec<f64>, stages: Vec<Stage>) -> Game {
    Game {
        horizon: 2,
        discount: [1.0, 0.95, 0.5][draw.below(3)],
        selection: Selection::ALL[draw.below(3)],
        initial,
        prices,
        actions: stages[0].kernel[0].len(),
        stages,
        terminal: None,
        features: std::mem::take(&mut draw.features),
    }
}

/// All followers are of one type and indifferent between two actions, whatever the others do; the criterion is a formula of z'.
pub fn continuum(draw: &mut Draw) -> Game {
    let initial = draw.below(2) as f64;
    let go = [draw.number(0.0, 1.0), draw.number(0.0, 1.0)];
    let kernel = [0, 1].map(|_| go.map(Number).to_vec());
    draw.family = [
        Family::Smooth,
        Family::Steep,
        Family::Thresholds,
        Family::Windows,
        Family::Spikes,
        Family::Kinks,
    ][draw.below(6)];
    let criterion = if draw.chance(0.5) {
        let within = go[0] + draw.number(0.1, 0.9) * (go[1] - go[0]);
        draw.feature(within)
    } else {
        draw.formula()
    };
    let zero = everywhere(&Number(0.0), 2);
    let share = if draw.chance(0.5) {
        constants(draw, 2, -0.1, 0.1)
    } else {
        zero.clone()
    };
    let first = Stage {
        kernel: kernel.clone(),
        reward: zero.clone(),
        share,
        period: Number(0.0),
    };
    let second = Stage {
        kernel,
        reward: zero.clone(),
        share: zero.clone(),
        period: Number(0.0),
    };
    let mut game = game(draw, initial, vec![0.0], vec![first, second]);
    // What the criterion leaves open is the same everywhere.
    if game.selection == Selection::Welfare {
        game.stages[0].share = zero;
        game.stages[1].reward = everywhere(&criterion, 2);
    } else {
        game.stages[1].period = criterion;
    }
    game
}

/// A club whose worth at its most popular is what it costs, exactly: all numbers are dyadic.
pub fn touching(draw: &mut Draw) -> Game {
    let height = [1.0, 2.0, 4.0][draw.below(3)];
    let (worth, most) = if draw.chance(0.5) {
        // height z (c - z), at most height c^2 / 4.
        let c = (16.0 + draw.below(33) as f64) / 32.0;
        draw.features.push(c / 2.0);
        let parabola = product([
            Number(height),
            Z(1),
            sum([Number(c), product([Number(-1.0), Z(1)])]),
        ]);
        (parabola, height * c * c / 4.0)
    } else {
        // A tent.
        let c = (3.0 + draw.below(26) as f64) / 32.0;
        draw.features.extend([c - 0.0625, c, c + 0.0625]);
        let away = Abs(Box::new(sum([Z(1), Number(-c)])));
        let tent = sum([Number(1.0), product([Number(-16.0), away])]);
        (
            Most(vec![Number(0.0), product([Number(height), tent])]),
            height,
        )
    };
    let discount = [1.0, 0.5][draw.below(2)];
    let fee = discount * most;
    let mut prices = vec![fee * 0.5, fee];
    if draw.chance(0.3) {
        prices.push(fee * 1.25);
    }
    let cost = product([Number(-1.0), Price]);
    let share = if draw.chance(0.7) {
        Price
    } else {
        product([Price, Power(Box::new(Z(1)), 2.0)])
    };
    let stage = Stage {
        kernel: [
            vec![Number(0.0), Number(1.0)],
            vec![Number(1.0), Number(1.0)],
        ],
        reward: [vec![Number(0.0), cost.clone()], vec![Number(0.0), cost]],
        share: [vec![Number(0.0), share.clone()], vec![Number(0.0), share]],
        period: Number(0.0),
    };
    let initial = [0.0, 0.0, 0.125][draw.below(3)];
    let game = game(draw, initial, prices, vec![stage]);
    Game {
        horizon: 1,
        discount,
        terminal: Some([Number(0.0), worth]),
        ..game
    }
}
