//! T = 2 by hand: a bad leader who hides at t = 1 what she loves to do, so as to be trusted at t = 2.
//!
//! Leader types 0 (good) and 1 (bad), p = pi(good); actions plain 0, lavish 1; types stay. Followers distrust 0 or
//! trust 1; type 0 (wary) and type 1 (eager), y = z(eager), stay what they are, so z' = z.
//!
//! t = 2. Trust pays 1 - k_x to a follower of type x if the leader is good and costs k_x if she is bad: p' - k_x, against 0,
//! with k = (0.4, 0.2). Trust pays the leader 1 per follower, and lavish costs her 0.1. So she is plain, of either type, and
//!
//! ```text
//! V^f_2(x) = max(0, p' - k_x),   V^l_2 = S(p') = 0 for p' < 0.2, y for 0.2 < p' < 0.4, 1 for p' > 0.4.
//! ```
//!
//! t = 1. Distrust pays followers 0.1, so that they do. Lavish pays the bad 0.5 and costs the good 3. With delta = 0.9:
//!
//! ```text
//! (good, bad)      good                bad              pi-average
//! plain, plain     0.9 S(p)            0.9 S(p)         0.9 S(p)                      pooling: pi' = pi
//! plain, lavish    0.9                 0.5              0.9 p + 0.5 (1 - p)           separating: S(1) = 1, S(0) = 0
//! lavish, plain    -3 + 0.9            0                -2.1 p                        separating
//! lavish, lavish   -3 + 0.9 S(p)       0.5 + 0.9 S(p)   -3 p + 0.5 (1 - p) + 0.9 S(p) pooling
//! ```
//!
//! lavish-lavish is below plain-plain where p > 1/7, and below plain-lavish where S = 0. plain-plain beats plain-lavish where
//! 0.9 S > 0.5 + 0.4 p: never for S = 0, always for S = 1 (p < 1), and for S = y where p < (0.9 y - 0.5) / 0.4. Hence
//!
//! ```text
//! hide (plain, plain)     J = 0.9 (S, S)   regret (0.9 - 0.9 S, 0.5)   own row (0, 0)
//! show (plain, lavish)    J = (0.9, 0.5)   regret (0, 0.9 S)           own row (0, max(0, 0.9 S - 0.5))
//! ```
//!
//! Regrets. Hiding, the bad would have the good be lavish as well: 0.5 + 0.9 S; alone she would show herself: 0.5 < 0.9 S. The
//! good would have the bad show herself: 0.9. Showing, the bad would have the good be lavish too, 0.5 + 0.9 S, and alone
//! could hide, 0.9 S. A bad leader cannot pass for good: her prescription is known to all.
//!
//! At p = 0 the good type is not there: plain is off the path and carries no news, S(0) = 0, and is still her best, 0;
//! whatever she does, S = 0. At p = 1 the bad type is not there: lavish is off the path and *carries no news*, so that she
//! is lavish and trusted, 0.5 + 0.9. The value of hiding is that of a stage ahead: V^f_1 = 0.1 + 0.9 E[V^f_2(p')].

use super::game::{Flow, Information, TypedGame, certain};

const TRUST: [f64; 2] = [0.4, 0.2];

/// S(p'): the share that trusts.
pub fn trusting(p: f64, eager: f64) -> f64 {
    match p {
        p if p < TRUST[1] => 0.0,
        p if p < TRUST[0] => eager,
        _ => 1.0,
    }
}

/// What is expected at t = 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub chosen: [usize; 2],
    pub values: [f64; 2],
    pub regret: [f64; 2],
    pub own_regret: [f64; 2],
    pub followers: [f64; 2],
}

/// The table above at p = pi(good) and y = z(eager).
pub fn expected(p: f64, eager: f64) -> Expected {
    let share = trusting(p, eager);
    let late = |p: f64, x: usize| f64::max(0.0, p - TRUST[x]);
    let hidden = |x: usize| 0.1 + 0.9 * late(p, x);
    let shown = |x: usize| 0.1 + 0.9 * p * late(1.0, x);
    if p == 0.0 || p == 1.0 {
        // One type is there; the other does what is best for her.
        let (chosen, values) = match p == 0.0 {
            true => ([0, 1], [0.0, 0.5]),
            false => ([0, 1], [0.9, 1.4]),
        };
        return Expected {
            chosen,
            values,
            regret: [0.0, 0.0],
            own_regret: [0.0, 0.0],
            followers: [0, 1].map(hidden),
        };
    }
    if 0.9 * share > 0.9 * p + 0.5 * (1.0 - p) {
        Expected {
            chosen: [0, 0],
            values: [0.9 * share; 2],
            regret: [0.9 - 0.9 * share, 0.5],
            own_regret: [0.0, 0.0],
            followers: [0, 1].map(hidden),
        }
    } else {
        Expected {
            chosen: [0, 1],
            values: [0.9, 0.5],
            regret: [0.0, 0.9 * share],
            own_regret: [0.0, f64::max(0.0, 0.9 * share - 0.5)],
            followers: [0, 1].map(shown),
        }
    }
}

/// (p, y) in each regime, none on a border: shown, where hiding would win nobody, too few, or enough for the bad alone; hidden,
/// with the eager trusting, or all; and without doubt about her.
pub const STARTS: [(f64, f64); 9] = [
    (0.125, 0.8),
    (0.25, 0.5),
    (0.25, 0.6),
    (0.25, 0.8),
    (0.375, 0.9),
    (0.5, 0.3),
    (0.75, 0.8),
    (0.0, 0.8),
    (1.0, 0.3),
];

pub fn game() -> TypedGame {
    TypedGame {
        horizon: 2,
        discount: 0.9,
        leader: (2, 2),
        follower: (2, 2),
        information: Information::Private,
        flow: Flow::Averaged,
        belief: vec![0.25, 0.75],
        initial: vec![0.2, 0.8],
        leader_kernel: Box::new(|_, _, (xl, _)| certain(2, xl)),
        kernel: Box::new(|_, _, _, (x, _)| certain(2, x)),
        reward: Box::new(|t, _, (xl, _), (x, a)| match (t, a) {
            (1, 0) => 0.1,
            (2, 1) => (if xl == 0 { 1.0 } else { 0.0 }) - TRUST[x],
            _ => 0.0,
        }),
        leader_period: Box::new(|t, _, (xl, al)| match (t, xl, al) {
            (_, _, 0) => 0.0,
            (1, 0, _) => -3.0,
            (1, _, _) => 0.5,
            _ => -0.1,
        }),
        leader_share: Box::new(|t, _, _, (_, a)| if t == 2 && a == 1 { 1.0 } else { 0.0 }),
        terminal: None,
    }
}

/// The same game as a scenario.
pub const SCENARIO: &str = r#"name = "hiding"
horizon = 2
discount = 0.9

[follower]
types = ["wary", "eager"]
actions = ["distrust", "trust"]
initial = [0.2, 0.8]
reward = "if(t == 1, 0.1 * (a == distrust), (a == trust) * ((leader_type == good) - if(x == wary, 0.4, 0.2)))"

[follower.transition]
"wary, *" = { wary = 1 }
"eager, *" = { eager = 1 }

[leader]
actions = ["plain", "lavish"]
types = ["good", "bad"]
initial = [0.25, 0.75]
reward = { period = "(leader_action == lavish) * if(t == 2, -0.1, if(leader_type == good, -3, 0.5))", per_follower = "(t == 2) * (a == trust)" }

[leader.transition]
"good, *" = { good = 1 }
"bad, *" = { bad = 1 }

[solve]
grid = 8
"#;
