//! Forward recursion, (17)-(21): the mean field and the play from a start, following theta.

use super::{SolveError, Solved};
use crate::game::{Belief, Flow, FlowNode, MeanField, Way, Worth};

/// Nodes of a period up to which every stage game along the way is looked at closely.
pub(super) const NARROW: usize = 4;

/// What becomes of a public lottery along a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coin {
    /// Both sides of the jump are followed, with their probabilities.
    Tossed,
    /// The prescription is played without the coin: the mean field stays on the left side of the jump.
    Ignored,
}

/// Follow theta from (t, pi, z) to T + 1, re-solved at every point. Where the flow is cut its nodes know V.
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
    let (mut period, mut is_narrow) = (0, true);
    while flow.nodes[at].t <= solution.game().horizon() {
        let FlowNode {
            t,
            belief,
            mean_field,
            ..
        } = &flow.nodes[at];
        let t = *t;
        if period != t {
            // All nodes of a period stand before the first of them is followed.
            let wide = flow.nodes.iter().filter(|node| node.t == t).nth(NARROW);
            (period, is_narrow) = (t, wide.is_none());
        }
        let mut point = match is_narrow {
            true => solution.resolve(t, belief, mean_field)?,
            false => solution.follow_at(t, belief, mean_field)?,
        };
        if !point.supported && coin == Coin::Ignored {
            keep_left(&mut point.next);
        }
        for way in &mut point.next {
            // The value function answers in the gap of a switch by the nearer side; the path takes the same side.
            way.mean_field = solution.own_side(t + 1, &way.belief, &way.mean_field);
        }
        flow.lotteries += usize::from(!point.supported);
        flow.extend(at, point.play, point.next);
        if flow.cut == Some(t) {
            flow.nodes[at].worth = Some(Box::new(Worth {
                followers: point.values.followers,
                leader: point.values.leader,
                leader_types: point.values.leader_types,
            }));
        }
        at += 1;
    }
    Ok(flow)
}

/// Of the two sides of every outcome keep the left, with the probability of both.
fn keep_left(ways: &mut Vec<Way>) {
    let mut kept: Vec<Way> = Vec::new();
    for way in ways.drain(..) {
        let same = |k: &&mut Way| k.action == way.action && k.belief == way.belief;
        match kept.iter_mut().find(same) {
            Some(left) => left.probability += way.probability,
            None => kept.push(way),
        }
    }
    *ways = kept;
}
