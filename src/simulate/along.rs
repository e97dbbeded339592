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
pub(crate) fn along<'f>(flow: &'f Flow, path: &Trajectory) -> Vec<&'f FlowNode> {
    let last = path.horizon() + 1;
    let starts = flow.nodes.iter().take_while(|node| node.parent.is_none());
    let Some(start) = nearest(starts.map(|node| (node, node.weight)), path.belief(1)) else {
        return Vec::new();
    };
    let mut nodes = Vec::with_capacity(last);
    nodes.push(start);
    while let Some(node) = nodes.last().filter(|_| nodes.len() < last) {
        let t = nodes.len();
        if let [only] = &node.edges[..] {
            nodes.push(&flow.nodes[only.to]);
            continue;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{Belief, LeaderAction, LeaderType, MeanField, Play, Prescription, Way};

    fn way(action: usize, belief: Belief, m: f64, probability: f64) -> Way {
        Way {
            belief,
            mean_field: MeanField::two_types(m),
            probability,
            action: LeaderAction(action),
            moves: Vec::new(),
        }
    }

    fn extended(mut flow: Flow, ways: Vec<Way>) -> Flow {
        let stay = Prescription::new(1, vec![1.0, 1.0]);
        flow.extend(0, Play::pure(LeaderAction(0), stay), ways);
        flow
    }

    /// One period in which a leader of two types takes an action, after which she is of a type and pi is as given.
    fn path(action: usize, after: LeaderType, beliefs: [[f64; 2]; 2]) -> Trajectory {
        Trajectory {
            population: 1,
            replication: 1,
            types: 2,
            actions: 1,
            counts: vec![1, 0, 1, 0],
            leader_types: 2,
            leader_type: vec![LeaderType(0), after],
            beliefs: beliefs.concat(),
            leader_actions: vec![LeaderAction(action)],
            acted: vec![1, 0],
            follower_rewards: vec![0.0],
            leader_rewards: vec![0.0],
            follower_return: 0.0,
            leader_return: 0.0,
            follower_returns_by_type: None,
            agent_returns: None,
        }
    }

    /// m at the node of T + 1.
    fn ends(flow: &Flow, path: &Trajectory) -> f64 {
        let nodes = along(flow, path);
        assert_eq!(nodes.len(), 2);
        nodes[1].mean_field.weights()[1]
    }

    #[test]
    fn a_replication_goes_the_way_of_its_leaders_action() {
        let belief = || Belief::new(vec![0.5, 0.5]);
        let start = Flow::from_start(1, belief(), MeanField::two_types(0.5));
        let ways = vec![
            way(0, Belief::new(vec![0.9, 0.1]), 0.1, 0.2),
            way(1, Belief::new(vec![0.2, 0.8]), 0.2, 0.5),
            way(2, Belief::new(vec![0.5, 0.5]), 0.3, 0.3),
        ];
        let flow = extended(start, ways);
        let after = |action, firm: f64| {
            let beliefs = [[0.5, 0.5], [1.0 - firm, firm]];
            ends(&flow, &path(action, LeaderType(0), beliefs))
        };
        assert_eq!(
            [after(0, 0.7), after(1, 0.1), after(2, 0.9)],
            [0.1, 0.2, 0.3]
        );
        // An action that is not played there: the nearest belief, and the likelier of two as near.
        assert_eq!(
            [after(3, 0.2), after(3, 0.55), after(3, 0.65)],
            [0.1, 0.3, 0.2]
        );
    }

    #[test]
    fn a_public_type_chooses_among_the_ways_of_one_action() {
        let certain = |x| Belief::of_type(2, LeaderType(x));
        let mut starts = Flow::from_start(1, certain(0), MeanField::two_types(0.5));
        let other = Flow::from_start(1, certain(1), MeanField::two_types(0.5));
        starts.nodes.extend(other.nodes);
        let flow = extended(
            starts,
            vec![way(0, certain(0), 0.1, 0.9), way(0, certain(1), 0.2, 0.1)],
        );
        for (x, m) in [(0, 0.1), (1, 0.2)] {
            let after = [f64::from(1 - x as u8), f64::from(x as u8)];
            assert_eq!(ends(&flow, &path(0, LeaderType(x), [[1.0, 0.0], after])), m);
            // She takes another action than at z_t: her type still tells.
            assert_eq!(ends(&flow, &path(1, LeaderType(x), [[1.0, 0.0], after])), m);
        }
        let elsewhere = path(0, LeaderType(0), [[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(along(&flow, &elsewhere)[0].belief, certain(1));
    }

    #[test]
    fn a_lottery_goes_on_by_the_likeliest_side() {
        let belief = || Belief::new(vec![0.5, 0.5]);
        let start = Flow::from_start(1, belief(), MeanField::two_types(0.5));
        let flow = extended(
            start,
            vec![way(0, belief(), 0.1, 0.4), way(0, belief(), 0.2, 0.6)],
        );
        for action in [0, 1] {
            let path = path(action, LeaderType(1), [[0.5, 0.5]; 2]);
            assert_eq!(ends(&flow, &path), 0.2);
        }
        assert!(along(&Flow::default(), &path(0, LeaderType(0), [[0.5, 0.5]; 2])).is_empty());
    }
}
