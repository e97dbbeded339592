//! Where on the path several equilibria are equally good by the criterion of the selection, so that their order decides.

use crate::game::{Flow, Game, MeanField, Point};
use crate::scenario::Selection;
use crate::solve::{Kind, SolveError, Solved, SolvedEquilibrium, TIE};

/// Nodes of the path that are looked at, from the first period on.
const MOST_NODES: usize = 1_000;
/// Equilibria that differ by no more than this, in z' or relative to the range of rewards in V, are one.
const SAME: f64 = 1e-9;

/// A warning, if another equilibrium than the one that is played is as good by the criterion at some node of the path.
///
/// # Errors
/// Where the game has no value.
pub(super) fn warning(solution: &Solved, flow: &Flow) -> Result<Option<String>, SolveError> {
    let game = solution.game();
    let (mut seen, mut tied) = (0, 0);
    let mut first = None;
    for node in flow.nodes.iter().take(MOST_NODES) {
        let Some(play) = &node.play else {
            continue;
        };
        seen += 1;
        let (t, z) = (node.t, &node.mean_field);
        let found = solution.stage_equilibria(t, &node.belief, z, Some(&play.leader))?;
        if order_decides(game, solution.settings().selection, (t, z), &found) {
            tied += 1;
            first.get_or_insert(Point {
                t,
                z: z.weights().to_vec(),
            });
        }
    }
    let selection = solution.settings().selection;
    let hint = match (game.has_leader(), selection) {
        (false, Selection::Optimistic | Selection::Pessimistic) => {
            "; without a leader `optimistic` and `pessimistic` tell none apart, `welfare` may"
        }
        _ => "",
    };
    Ok(first.map(|first| {
        format!(
            "at {tied} of {seen} nodes of the path several equilibria are equally good by the criterion ({selection}), first at \
             {first}: the first in scenario order is played, so that V and the path depend on the order of types and \
             actions{hint}"
        )
    }))
}

/// Whether an equilibrium that leads elsewhere, or is worth something else, is as good as the one that is played.
fn order_decides(
    game: &Game,
    selection: Selection,
    (t, z): (usize, &MeanField),
    found: &[SolvedEquilibrium],
) -> bool {
    let scales = game.scales();
    let Some(played) = found.iter().find(|e| e.selected) else {
        return false;
    };
    let criterion = |e: &SolvedEquilibrium| match selection {
        Selection::Optimistic | Selection::Pessimistic => e.values.leader,
        Selection::Welfare => {
            let parts = z.weights().iter().zip(&e.values.followers);
            parts.map(|(z, v)| z * v).sum()
        }
    };
    let unit = match selection {
        Selection::Optimistic | Selection::Pessimistic => scales.leader.unit,
        Selection::Welfare => scales.follower.unit,
    };
    // Where all need a coin they compete, else none of them does.
    let lottery = |e: &&SolvedEquilibrium| e.kind == Kind::Lottery;
    let eligible = found.iter().filter(|e| lottery(e) == lottery(&played));
    let values = eligible.clone().map(criterion);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (v.min(low), v.max(high))
    });
    let tie = TIE * (high - low).max(unit);
    let is_last = !game.is_infinite() && t == game.horizon();
    let differs = |e: &SolvedEquilibrium| {
        let moved = e.next.weights().iter().zip(played.next.weights());
        let moved = moved.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let worth = e.values.followers.iter().zip(&played.values.followers);
        let worth = worth.zip(z.weights()).filter(|(_, z)| **z > 0.0);
        let worth = worth.map(|((a, b), _)| (a - b).abs()).fold(0.0, f64::max);
        (moved > SAME && !is_last) || worth > SAME * scales.follower.unit
    };
    eligible
        .filter(|e| (criterion(e) - criterion(played)).abs() <= tie)
        .any(differs)
}
