//! The mean field that a replication is held against: the nodes of a flow that its own outcomes lead to.
//!
//! A flow branches over what is seen of the leader. From the node of period t a replication goes on by the edges of the
//! action that its leader took; of these by the ones whose node has the belief nearest to the replication's pi_{t+1} (where
//! her type is public: the type that came), and of these by the likeliest, the first of several. A replication whose
//! leader took an action that is not played at the node goes on by the choice among all edges: it has left the flow, and
//! its distance measures that as well, just as where z^N_t leads her to another action than z_t. Under the averaged flow
//! rule the distance also measures how far the leader's realised moves take a population from their average.

use super::Trajectory;
use crate::game::{Flow, FlowNode};

/// Beliefs whose distances differ by at most this are equally near: it covers the rounding of (9).
const TIE_TOLERANCE: f64 = 1e-12;

/// The nodes at t = 1, 2, .. as far as the flow goes, T + 1 at most.
pub(super) fn along<'f>(flow: &'f Flow, path: &Trajectory) -> Vec<&'f FlowNode> {
    let last = path.horizon() + 1;
    let starts = flow.nodes.iter().take_while(|node| node.parent.is_none());
    let Some(start) = nearest(starts.map(|node| (node, node.weight)), path.belief(1)) else {
        return Vec::new();
    };
    let mut nodes = vec![start];
    while let Some(node) = nodes.last().filter(|_| nodes.len() < last) {
        let t = nodes.len();
        let taken = path.leader_action(t);
        let is_on_flow = node.edges.iter().any(|edge| edge.action == taken);
        let edges = node.edges.iter();
        let edges = edges.filter(|edge| edge.action == taken || !is_on_flow);
        let ways = edges.map(|edge| (&flow.nodes[edge.to], edge.probability));
        let Some(next) = nearest(ways, path.belief(t + 1)) else {
            break;
        };
        nodes.push(next);
    }
    nodes
}

/// The node of the nearest belief, of several the likeliest, of several the first.
fn nearest<'f>(
    nodes: impl Iterator<Item = (&'f FlowNode, f64)>,
    belief: &[f64],
) -> Option<&'f FlowNode> {
    let measured = nodes.map(|(node, probability)| {
        let distance = total_variation(belief.iter().copied(), node.belief.weights());
        (node, probability, distance)
    });
    let better = |kept: (&'f FlowNode, f64, f64), next: (&'f FlowNode, f64, f64)| {
        let nearer = next.2 < kept.2 - TIE_TOLERANCE;
        let likelier = next.2 <= kept.2 + TIE_TOLERANCE && next.1 > kept.1;
        if nearer || likelier { next } else { kept }
    };
    measured.reduce(better).map(|(node, ..)| node)
}

/// Half the sum of the absolute differences of two laws.
pub(super) fn total_variation(law: impl Iterator<Item = f64>, other: &[f64]) -> f64 {
    0.5 * law
        .zip(other)
        .map(|(share, weight)| (share - weight).abs())
        .sum::<f64>()
}
