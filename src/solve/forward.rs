//! Forward recursion, (17)-(21): the mean field and the play from a start, following theta.

use super::{SolveError, Solved};
use crate::game::{Belief, Flow, FlowNode, MeanField};

/// What becomes of a public lottery along a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coin {
    /// Both sides of the jump are followed, with their probabilities.
    Tossed,
    /// The prescription is played without the coin: the mean field stays on the left side of the jump.
    Ignored,
}

/// Follow theta from (t, pi, z) to T + 1, re-solved at every point.
///
/// # Errors
/// A kernel or reward without a value at a mean field that is met.
pub fn follow(
    solution: &Solved,
    t: usize,
    belief: &Belief,
    start: &MeanField,
    coin: Coin,
) -> Result<Flow, SolveError> {
    let mut flow = Flow::begin(solution.game(), t, belief, start);
    let mut at = 0;
    while flow.nodes[at].t <= solution.game().horizon() {
        let FlowNode {
            t,
            belief,
            mean_field,
            ..
        } = &flow.nodes[at];
        let t = *t;
        let mut point = solution.resolve(t, belief, mean_field)?;
        if !point.supported && coin == Coin::Ignored {
            point.next.truncate(1);
            point.next[0].probability = 1.0;
        }
        for way in &mut point.next {
            // The value function answers in the gap of a switch by the nearer side; the path takes the same side.
            way.mean_field = solution.settle(t + 1, &way.mean_field);
        }
        flow.lotteries += usize::from(!point.supported);
        flow.extend(at, point.play, point.next);
        at += 1;
    }
    Ok(flow)
}
