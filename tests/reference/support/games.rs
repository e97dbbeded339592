//! Games with two follower types, written out as closures.
//!
//! The mean field is one number, m = z(type 2). Types and actions count from 0, periods from 1.

/// A number that depends on (t, m, leader action, own type, own action).
pub type Rule = Box<dyn Fn(usize, f64, usize, usize, usize) -> f64 + Send + Sync>;

/// A number that depends on (t, m, leader action).
pub type LeaderRule = Box<dyn Fn(usize, f64, usize) -> f64 + Send + Sync>;

/// A game of two follower types with one leader type and a finite horizon.
pub struct PlainGame {
    /// T.
    pub horizon: usize,
    /// delta.
    pub discount: f64,
    /// |A^f|.
    pub actions: usize,
    /// |A^l|; one action for a game without a leader.
    pub leader_actions: usize,
    /// Probability that the next type is type 2.
    pub kernel: Rule,
    /// R^f.
    pub reward: Rule,
    /// r, the leader's reward per period.
    pub leader_period: LeaderRule,
    /// g, the leader's reward per follower.
    pub leader_share: Rule,
    /// Reward of ending in type x at mean field m.
    pub terminal: Box<dyn Fn(f64, usize) -> f64 + Send + Sync>,
    /// m_1.
    pub initial: f64,
}

/// What everybody plays at one (t, m).
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// a^l.
    pub leader_action: usize,
    /// gamma(a | x).
    pub gamma: [Vec<f64>; 2],
}

/// The weight of type x at m.
pub fn weight(m: f64, x: usize) -> f64 {
    if x == 0 { 1.0 - m } else { m }
}

impl PlainGame {
    /// Probability that a follower of type x who follows gamma is of type 2 in the next period.
    pub fn follower_next(&self, t: usize, m: f64, play: &Play, x: usize) -> f64 {
        (0..self.actions)
            .map(|a| play.gamma[x][a] * (self.kernel)(t, m, play.leader_action, x, a))
            .sum()
    }

    /// (8): m' when everybody follows the play.
    pub fn next_mean_field(&self, t: usize, m: f64, play: &Play) -> f64 {
        (0..2)
            .map(|x| weight(m, x) * self.follower_next(t, m, play, x))
            .sum()
    }

    /// R^l when everybody follows the play.
    pub fn leader_reward(&self, t: usize, m: f64, play: &Play) -> f64 {
        let share = |x: usize| -> f64 {
            (0..self.actions)
                .map(|a| play.gamma[x][a] * (self.leader_share)(t, m, play.leader_action, x, a))
                .sum()
        };
        (self.leader_period)(t, m, play.leader_action)
            + (0..2).map(|x| weight(m, x) * share(x)).sum::<f64>()
    }
}

/// Where the leader of the infection game counts c - cbar in (39).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InfectionLeader {
    /// Times the mass that repairs: the transfers cancel.
    PerRepair,
    /// Once a period, as (39) is printed.
    PerPeriod,
}

/// Parameters of the infection game.
#[derive(Clone, Debug)]
pub struct Infection {
    pub horizon: usize,
    pub discount: f64,
    pub k: f64,
    pub q: f64,
    pub lambda: f64,
    pub prices: Vec<f64>,
    pub leader: InfectionLeader,
    pub initial: f64,
}

impl Infection {
    /// The shipped scenario: 41 prices from 0 to 0.4, from (.9, .1).
    pub fn shipped(leader: InfectionLeader) -> Self {
        let prices = grid(0.0, 0.4, 41);
        Self {
            horizon: 30,
            discount: 0.9,
            k: 0.2,
            q: 0.9,
            lambda: 0.2,
            prices,
            leader,
            initial: 0.1,
        }
    }

    /// One price lambda for ever, from (.2, .8); the leader's reward is the followers' mean reward.
    pub fn fixed_price(lambda: f64) -> Self {
        Self {
            lambda,
            prices: vec![lambda],
            initial: 0.8,
            ..Self::shipped(InfectionLeader::PerRepair)
        }
    }

    /// The setting in which the exploitability of the uniform policy is published: price .2, no discount, (.5, .5).
    pub fn undiscounted(horizon: usize) -> Self {
        Self {
            horizon,
            discount: 1.0,
            initial: 0.5,
            ..Self::fixed_price(0.2)
        }
    }

    /// (37)-(39): types healthy, infected; actions wait, repair.
    pub fn game(&self) -> PlainGame {
        let (k, q, lambda, leader) = (self.k, self.q, self.lambda, self.leader);
        let (paid, charged, counted) = (
            self.prices.clone(),
            self.prices.clone(),
            self.prices.clone(),
        );
        PlainGame {
            horizon: self.horizon,
            discount: self.discount,
            actions: 2,
            leader_actions: self.prices.len(),
            kernel: Box::new(move |_, m, _, x, a| match (x, a) {
                (_, 1) => 0.0,
                (0, _) => q * m,
                _ => 1.0,
            }),
            reward: Box::new(move |_, _, l, x, a| -k * x as f64 - paid[l] * a as f64),
            leader_period: Box::new(move |_, _, l| match leader {
                InfectionLeader::PerRepair => 0.0,
                InfectionLeader::PerPeriod => counted[l] - lambda,
            }),
            leader_share: Box::new(move |_, _, l, x, a| {
                let follower = -k * x as f64 - charged[l] * a as f64;
                match leader {
                    InfectionLeader::PerRepair => follower + (charged[l] - lambda) * a as f64,
                    InfectionLeader::PerPeriod => follower,
                }
            }),
            terminal: Box::new(|_, _| 0.0),
            initial: self.initial,
        }
    }
}

/// Parameters of the technology game.
#[derive(Clone, Debug)]
pub struct Technology {
    pub horizon: usize,
    pub discount: f64,
    pub p1: f64,
    pub p2: f64,
    pub prices: Vec<f64>,
    pub initial: f64,
}

impl Technology {
    /// The shipped scenario: prices from -2 to 4 by 0.1, from (.5, .5).
    pub fn shipped() -> Self {
        Self {
            horizon: 20,
            discount: 0.9,
            p1: 0.1,
            p2: 0.4,
            prices: grid(-2.0, 4.0, 61),
            initial: 0.5,
        }
    }

    /// (41)-(45): types and actions -1, 1; the other technology costs -1.
    pub fn game(&self) -> PlainGame {
        let (p1, p2) = (self.p1, self.p2);
        let (paid, earned) = (self.prices.clone(), self.prices.clone());
        let sign = |i: usize| if i == 0 { -1.0 } else { 1.0 };
        PlainGame {
            horizon: self.horizon,
            discount: self.discount,
            actions: 2,
            leader_actions: self.prices.len(),
            kernel: Box::new(move |_, _, _, x, a| {
                let change = if x == a { p1 } else { p2 };
                if x == 1 { 1.0 - change } else { change }
            }),
            reward: Box::new(move |_, m, l, x, a| {
                let cost = if a == 1 { paid[l] } else { -1.0 };
                sign(x) * sign(a) + (2.0 * m - 1.0) * sign(a) - cost
            }),
            leader_period: Box::new(|_, _, _| 0.0),
            leader_share: Box::new(move |_, _, l, _, a| if a == 1 { earned[l] } else { 0.0 }),
            terminal: Box::new(|_, _| 0.0),
            initial: self.initial,
        }
    }
}

/// A coordination game of two periods with three stage equilibria at t = 1.
///
/// Type 2 stays for ever. Type 1 may stay, or pay `cost` to become type 2 with probability `speed`. At t = 2 there is
/// nothing to decide, and type 2 earns `gain` m - `loss` more than type 1. So D(m') = gain m' - loss, and type 1 is
/// indifferent where delta speed D(m') = cost.
#[derive(Clone, Copy, Debug)]
pub struct Coordination {
    pub discount: f64,
    pub speed: f64,
    pub cost: f64,
    pub gain: f64,
    pub loss: f64,
}

impl Coordination {
    /// The probability of switching in the mixed equilibrium at m.
    pub fn mixed_probability(&self, m: f64) -> f64 {
        let indifferent = (self.loss + self.cost / (self.discount * self.speed)) / self.gain;
        (indifferent - m) / ((1.0 - m) * self.speed)
    }

    /// Actions stay, switch; the leader's reward is m.
    pub fn game(self) -> PlainGame {
        PlainGame {
            horizon: 2,
            discount: self.discount,
            actions: 2,
            leader_actions: 1,
            kernel: Box::new(move |t, _, _, x, a| match (t, x, a) {
                (_, 1, _) => 1.0,
                (1, 0, 1) => self.speed,
                _ => 0.0,
            }),
            // Action 2 costs every type: type 2 never, and nobody at t = 2, has a reason to take it.
            reward: Box::new(move |t, m, _, x, a| {
                let late = if t == 2 && x == 1 {
                    self.gain * m - self.loss
                } else {
                    0.0
                };
                late - self.cost * a as f64
            }),
            leader_period: Box::new(|_, m, _| m),
            leader_share: Box::new(|_, _, _, _, _| 0.0),
            terminal: Box::new(|_, _| 0.0),
            initial: 0.2,
        }
    }
}

/// `count` values from `from` to `to`, both included, rounded to 12 decimals.
pub fn grid(from: f64, to: f64, count: usize) -> Vec<f64> {
    let step = (to - from) / (count - 1) as f64;
    (0..count)
        .map(|i| ((from + i as f64 * step) * 1e12).round() / 1e12)
        .collect()
}
