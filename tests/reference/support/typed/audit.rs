//! T = 1 by hand: a leader whose audits cost her type-dependent effort, and followers who comply if audits are likely.
//!
//! Leader types 0 (dear) and 1 (cheap), p = pi(1); actions trust 0, audit 1. Followers comply 0 or cheat 1. A cheat
//! gains k and loses 1 if audited, a complier has nothing, so with P = P(audit) = sum_x pi(x) gamma^l(audit|x) followers
//! comply if P > k and cheat if P < k, whatever z is (V_2 = 0). The leader earns b times the share that complies, minus
//! her cost c_0 > c_1 where she audits. Take k = 0.6, b = 0.5, c_0 = 0.6, c_1 = 0.2. Her candidates
//! (gamma^l(0), gamma^l(1)), the P they make and the pi-average if that makes followers comply, else without b:
//!
//! ```text
//! trust, trust   P = 0       0
//! audit, trust   P = 1 - p   0.5 - 0.6 (1 - p)          if p < 0.4, else -0.6 (1 - p)
//! trust, audit   P = p       0.5 - 0.2 p                if p > 0.6, else -0.2 p
//! audit, audit   P = 1       0.5 - 0.6 (1 - p) - 0.2 p  always
//! ```
//!
//! audit-audit is below trust-audit where p > 0.6 (by 0.6 (1 - p)) and below audit-trust where p < 0.4 (by 0.2 p), and is
//! -0.1 + 0.4 p, which is positive for 0.4 < p < 0.6. audit-trust beats 0 where -0.1 + 0.6 p > 0, p > 1/6. Hence
//!
//! ```text
//! p < 1/6        trust, trust   pooling      J = (0, 0)        regret (0, 0.5)    own row (0, 0)
//! 1/6 < p < 0.4  audit, trust   separating   J = (-0.1, 0.5)   regret (0.1, 0)    own row (0.1, 0)
//! 0.4 < p < 0.6  audit, audit   pooling      J = (-0.1, 0.3)   regret (0.1, 0)    own row (0.1, 0)
//! p > 0.6        trust, audit   separating   J = (0.5, 0.3)    regret (0, 0)      own row (0, 0)
//! ```
//!
//! Regrets. Below 1/6 type 1 would have type 0 do the audits: audit-trust gives her 0.5; by her own row alone she only
//! pays 0.2, since p < k. Between 1/6 and 0.6 type 0 would rather stop, alone or with the other: 0 against -0.1; type 1
//! has 0.5, the most there is, or 0.3, and as long as followers comply only to P = 1 no more. Above 0.6 type 0 has the
//! most there is; type 1 would have to leave audits to type 0, whose 1 - p < 0.4 is too little.
//!
//! At p = 0 and p = 1 the type that is not there trusts, which is free, and has 0 or 0.5. Types stay: after a
//! separating prescription pi' is certain, after a pooling one it is pi.

use super::game::{Flow, Information, TypedGame, certain};

/// The gain of a cheat.
const GAIN: f64 = 0.6;
/// What a complying follower is worth to the leader.
const BENEFIT: f64 = 0.5;
/// What an audit costs her types.
const COST: [f64; 2] = [0.6, 0.2];

/// What is expected at p.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub chosen: [usize; 2],
    pub values: [f64; 2],
    pub regret: [f64; 2],
    pub own_regret: [f64; 2],
    /// Whether followers comply.
    pub comply: bool,
}

/// The table above.
pub fn expected(p: f64) -> Expected {
    let (chosen, values, regret, own_regret, comply) = match p {
        p if p < 1.0 / 6.0 => ([0, 0], [0.0, 0.0], [0.0, 0.5], [0.0, 0.0], false),
        p if p < 0.4 => ([1, 0], [-0.1, 0.5], [0.1, 0.0], [0.1, 0.0], true),
        p if p < 0.6 => ([1, 1], [-0.1, 0.3], [0.1, 0.0], [0.1, 0.0], true),
        _ => ([0, 1], [0.5, 0.3], [0.0, 0.0], [0.0, 0.0], true),
    };
    Expected {
        chosen,
        values,
        regret,
        own_regret,
        comply,
    }
}

/// One starting belief in each regime, and the two without doubt.
pub const BELIEFS: [f64; 8] = [0.0, 0.1, 0.25, 0.375, 0.5, 0.75, 0.9, 1.0];

pub fn game() -> TypedGame {
    TypedGame {
        horizon: 1,
        discount: 0.9,
        leader: (2, 2),
        follower: (2, 2),
        information: Information::Private,
        flow: Flow::Averaged,
        belief: vec![0.5, 0.5],
        initial: vec![0.3, 0.7],
        leader_kernel: Box::new(|_, _, (xl, _)| certain(2, xl)),
        kernel: Box::new(|_, _, _, (x, _)| certain(2, x)),
        reward: Box::new(|_, _, (_, al), (_, a)| match (al, a) {
            (_, 0) => 0.0,
            (0, _) => GAIN,
            _ => GAIN - 1.0,
        }),
        leader_period: Box::new(|_, _, (xl, al)| -COST[xl] * al as f64),
        leader_share: Box::new(|_, _, _, (_, a)| if a == 0 { BENEFIT } else { 0.0 }),
        terminal: None,
    }
}

/// The same game as a scenario.
pub const SCENARIO: &str = r#"name = "audit"
horizon = 1
discount = 0.9

[follower]
types = ["one", "two"]
actions = ["comply", "cheat"]
initial = [0.3, 0.7]
reward = "(a == cheat) * (0.6 - (leader_action == audit))"

[follower.transition]
"one, *" = { one = 1 }
"two, *" = { two = 1 }

[leader]
actions = ["trust", "audit"]
types = ["dear", "cheap"]
initial = [0.5, 0.5]
reward = { period = "-(leader_action == audit) * if(leader_type == dear, 0.6, 0.2)", per_follower = "0.5 * (a == comply)" }

[leader.transition]
"dear, *" = { dear = 1 }
"cheap, *" = { cheap = 1 }

[solve]
grid = 8
"#;
