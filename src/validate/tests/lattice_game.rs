//! A game of three types in which one action is best whatever happens.

use super::*;

/// Climbing pays at every (t, x, z), whatever follows.
pub(super) const RISING: &str = r#"
name = "rising"
horizon = 3
discount = 0.9
[follower]
types = ["low", "middle", "top"]
actions = ["idle", "work"]
initial = [0.5, 0.3, 0.2]
reward = "0.3 * (a == work) + (x == middle) * z[low] + 2 * (x == top) * (1 - z[top])"
[follower.transition]
"low, idle" = { middle = "0.2 * z[low]", low = "rest" }
"low, work" = { middle = "0.2 + 0.4 * z[low]", top = 0.1, low = "rest" }
"middle, idle" = { top = "0.1 * z[middle]", low = 0.3, middle = "rest" }
"middle, work" = { top = "0.4 + 0.2 * z[middle]", middle = "rest" }
"top, idle" = { middle = 0.6, top = "rest" }
"top, work" = { middle = 0.2, top = "rest" }
"#;

/// Jumps in z near the path.
pub(super) fn rising_policy() -> Rule {
    let play = |_: usize, z: &MeanField| {
        let work = if z.weights()[0] > 0.4 { 0.8 } else { 0.3 };
        Play::pure(
            LeaderAction(0),
            Prescription::new(2, vec![1.0 - work, work, 0.5, 0.5, 0.6, 0.4]),
        )
    };
    Rule {
        play: Box::new(play),
        answer: Box::new(|_, _, _| None),
    }
}
