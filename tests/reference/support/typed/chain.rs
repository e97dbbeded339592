//! T = 2 by hand: a public state, bust 0 or boom 1, that moves by itself, and followers who enter or leave a trade.
//!
//! P(boom | bust) = 0.25, P(boom | boom) = 0.75. Followers out 0 or in 1, m = z(in); actions stay 0, move 1, and who
//! moves is on the other side in the next period for certain. Being in pays w_s - h m with w = (-1, 1), h = 2; being out pays
//! 0; moving costs c, which the leader's action sets: 0.45 (0), or 0.18 with a subsidy (1) that costs her 0.1 a period.
//! She earns m in a boom and 0.4 m in a bust; delta = 0.9.
//!
//! t = 2. A move only costs: all stay, and she pays no subsidy. V^f_2(s, z, in) = w_s - h m, V^f_2(s, z, out) = 0,
//! V^l_2(s, z) = b_s m with b = (0.4, 1).
//!
//! t = 1. With E_s = E[w_s' | s] = (-0.5, 0.5), being in at t = 2 rather than out is worth delta (E_s - h m'). Outsiders
//! enter where that is above c, insiders leave where it is below -c; it falls with m', so the equilibrium is unique:
//!
//! ```text
//! upper  (E_s - c / delta) / h    enter until m' = upper, or all of them:  m' = min(upper, 1)  if m < upper
//! lower  (E_s + c / delta) / h    leave until m' = lower, or all of them:  m' = max(lower, 0)  if m > lower
//! ```
//!
//! and m' = m between, upper < lower. In a boom: upper = 0, lower = 0.5 without the subsidy, 0.15 and 0.35 with it; in a
//! bust: upper < 0 and lower = 0 without, -0.15 with, so all leave (without the subsidy m' = 0 too). Values:
//! V^f_1(in) = w_s - h m + max(-c, delta (E_s - h m')), V^f_1(out) = max(0, -c + delta (E_s - h m')).
//!
//! The leader's: b_s m - 0.1 [subsidy] + delta B_s m' with B_s = E[b_s' | s] = (0.55, 0.85). In a bust m' = 0 either
//! way: no subsidy. In a boom it pays where 0.9 * 0.85 (m'(1) - m'(0)) > 0.1, m'(1) - m'(0) > 0.1307: with m'(0) = m
//! up to 0.5 and m'(1) = 0.15 for m < 0.15, that is where m < 0.0193.

use super::game::{Flow, Information, TypedGame, certain};

const DELTA: f64 = 0.9;
const WAGE: [f64; 2] = [-1.0, 1.0];
const CROWD: f64 = 2.0;
const COST: [f64; 2] = [0.45, 0.18];
const SUBSIDY: f64 = 0.1;
const BENEFIT: [f64; 2] = [0.4, 1.0];
const BOOM: [f64; 2] = [0.25, 0.75];

/// What is expected at t = 1.
#[derive(Clone, Debug)]
pub struct Expected {
    pub action: usize,
    /// m'.
    pub next: f64,
    /// Of outsiders and insiders.
    pub followers: [f64; 2],
    pub leader: f64,
    /// Probability of a move, of outsiders and insiders.
    pub moving: [f64; 2],
}

/// The closed form in state s at m, in (0, 1) and off the borders.
pub fn expected(s: usize, m: f64) -> Expected {
    let mean = |of: [f64; 2]| (1.0 - BOOM[s]) * of[0] + BOOM[s] * of[1];
    let under = |action: usize| {
        let (worth, cost) = (mean(WAGE), COST[action]);
        let upper = (worth - cost / DELTA) / CROWD;
        let lower = (worth + cost / DELTA) / CROWD;
        let next = match m {
            m if m < upper => upper.min(1.0),
            m if m > lower => lower.max(0.0),
            _ => m,
        };
        let inside = DELTA * (worth - CROWD * next);
        Expected {
            action,
            next,
            followers: [
                f64::max(0.0, inside - cost),
                WAGE[s] - CROWD * m + f64::max(-cost, inside),
            ],
            leader: BENEFIT[s] * m - SUBSIDY * action as f64 + DELTA * mean(BENEFIT) * next,
            moving: [
                f64::max(0.0, (next - m) / (1.0 - m)),
                f64::max(0.0, (m - next) / m),
            ],
        }
    };
    let [without, with] = [0, 1].map(under);
    if with.leader > without.leader {
        with
    } else {
        without
    }
}

/// Mean fields in every regime, none on a border.
pub const STARTS: [f64; 7] = [0.01, 0.05, 0.2, 0.4, 0.55, 0.7, 0.95];

pub fn game() -> TypedGame {
    TypedGame {
        horizon: 2,
        discount: DELTA,
        leader: (2, 2),
        follower: (2, 2),
        information: Information::Public,
        flow: Flow::Averaged,
        belief: vec![0.5, 0.5],
        initial: vec![0.8, 0.2],
        leader_kernel: Box::new(|_, _, (s, _)| vec![1.0 - BOOM[s], BOOM[s]]),
        kernel: Box::new(|_, _, _, (x, a)| certain(2, if a == 0 { x } else { 1 - x })),
        reward: Box::new(|_, z, (s, al), (x, a)| {
            x as f64 * (WAGE[s] - CROWD * z[1]) - COST[al] * a as f64
        }),
        leader_period: Box::new(|_, _, (_, al)| -SUBSIDY * al as f64),
        leader_share: Box::new(|_, _, (s, _), (x, _)| BENEFIT[s] * x as f64),
        terminal: None,
    }
}

/// The same game as a scenario.
pub const SCENARIO: &str = r#"name = "chain"
horizon = 2
discount = 0.9

[follower]
types = ["outside", "inside"]
actions = ["stay", "move"]
initial = [0.8, 0.2]
reward = "(x == inside) * (if(leader_type == boom, 1, -1) - 2 * z[inside]) - (a == move) * if(leader_action == subsidy, 0.18, 0.45)"

[follower.transition]
"outside, stay" = { outside = 1 }
"inside, stay" = { inside = 1 }
"outside, move" = { inside = 1 }
"inside, move" = { outside = 1 }

[leader]
actions = ["nothing", "subsidy"]
types = ["bust", "boom"]
observed = true
initial = [0.5, 0.5]
reward = { period = "-0.1 * (leader_action == subsidy)", per_follower = "(x == inside) * if(leader_type == boom, 1, 0.4)" }

[leader.transition]
"bust, *" = { boom = 0.25, bust = "rest" }
"boom, *" = { boom = 0.75, bust = "rest" }

[solve]
grid = 20
"#;
