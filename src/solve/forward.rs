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

/// Follow theta from (t, z) to T + 1, re-solved at every point.
///
/// # Errors
/// A kernel or reward without a value at a mean field that is met.
pub fn follow(
    solution: &Solved,
    t: usize,
    start: &MeanField,
    coin: Coin,
) -> Result<Flow, SolveError> {
    let node = |t, parent, weight, belief, mean_field| FlowNode {
        t,
        parent,
        weight,
        belief,
        mean_field,
        play: None,
    };
    let mut flow = Flow {
        nodes: vec![node(t, None, 1.0, Belief::certain(), start.clone())],
        capped: false,
        lotteries: 0,
    };
    let mut at = 0;
    while flow.nodes[at].t <= solution.game().horizon() {
        let (now, weight) = (flow.nodes[at].t, flow.nodes[at].weight);
        let point = solution.resolve(now, &flow.nodes[at].mean_field)?;
        flow.nodes[at].play = Some(point.play);
        flow.lotteries += usize::from(!point.supported);
        let full = flow.nodes.len() >= Flow::MOST_NODES;
        flow.capped |= full && !point.supported;
        let branches = !full && coin == Coin::Tossed && !point.supported;
        let sides = if branches { point.next.len() } else { 1 };
        for next in &point.next[..sides] {
            let probability = if branches { next.probability } else { 1.0 };
            // The value function answers in the gap of a switch by the nearer side; the path takes the same side.
            let z = solution.settle(now + 1, &next.mean_field);
            let belief = next.belief.clone();
            flow.nodes
                .push(node(now + 1, Some(at), weight * probability, belief, z));
        }
        at += 1;
    }
    Ok(flow)
}
