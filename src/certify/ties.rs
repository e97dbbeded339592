//! Where on the path several equilibria are equally good by the criterion of the selection, so that their order decides.

use crate::game::{Flow, Game, MeanField, Point};
use crate::solve::Selection;
use crate::solve::{Kind, SolveError, Solved, SolvedEquilibrium, TIE};

/// Nodes of the path that are looked at, from the first period on.
const MOST_NODES: usize = 1_000;
/// Equilibria that differ by no more than this, in z' or relative to the range of rewards in V, are one.
const SAME: f64 = 1e-9;

/// Warnings, if at some node of the path another equilibrium than the one that is played is as good by the criterion, or
/// another action of the leader is as good for her.
///
/// # Errors
/// Where the game has no value.
pub(super) fn warnings(solution: &Solved, flow: &Flow) -> Result<Vec<String>, SolveError> {
    let game = solution.game();
    let selection = solution.settings().selection;
    let (mut followers, mut leader) = (Count::default(), Count::default());
    for node in flow.nodes.iter().take(MOST_NODES) {
        let Some(play) = &node.play else {
            continue;
        };
        let (t, z) = (node.t, &node.mean_field);
        let stage = Stage {
            game,
            selection,
            t,
            z,
        };
        let found = solution.stage_equilibria(t, &node.belief, z, Some(&play.leader))?;
        followers.add(stage, stage.order_decides(&found));
        if game.has_leader() {
            let all = solution.stage_equilibria(t, &node.belief, z, None)?;
            leader.add(stage, stage.order_of_actions_decides(&all));
        }
    }
    let hint = match (game.has_leader(), selection) {
        (false, Selection::Optimistic | Selection::Pessimistic) => {
            "; without a leader `optimistic` and `pessimistic` tell none apart, `welfare` may"
        }
        _ => "",
    };
    let followers = followers.words().map(|at| {
        format!(
            "{at} several equilibria are equally good by the criterion ({selection}): the first in scenario order is played, \
             so that V and the path depend on the order of types and actions{hint}"
        )
    });
    let leader = leader.words().map(|at| {
        format!(
            "{at} several actions are equally good for the leader, to within what counts as a tie: the first in scenario \
             order is played, so that the followers' V and the path depend on the order of her actions"
        )
    });
    Ok(followers.into_iter().chain(leader).collect())
}

/// Nodes at which an order decides.
#[derive(Default)]
struct Count {
    seen: usize,
    tied: usize,
    first: Option<Point>,
}

impl Count {
    fn add(&mut self, stage: Stage, is_tied: bool) {
        self.seen += 1;
        if is_tied {
            self.tied += 1;
            self.first.get_or_insert(Point {
                t: stage.t,
                z: stage.z.weights().to_vec(),
            });
        }
    }

    fn words(&self) -> Option<String> {
        let Self { seen, tied, first } = self;
        let first = first.as_ref()?;
        Some(format!(
            "at {tied} of {seen} nodes of the path, first at {first},"
        ))
    }
}

/// The stage game at a node.
#[derive(Clone, Copy)]
struct Stage<'a> {
    game: &'a Game,
    selection: Selection,
    t: usize,
    z: &'a MeanField,
}

impl Stage<'_> {
    fn criterion(&self, e: &SolvedEquilibrium) -> f64 {
        match self.selection {
            Selection::Optimistic | Selection::Pessimistic => e.values.leader,
            Selection::Welfare => {
                let parts = self.z.weights().iter().zip(&e.values.followers);
                parts.map(|(z, v)| z * v).sum()
            }
        }
    }

    /// Whether an equilibrium that leads elsewhere, or is worth something else, is as good as the one that is played.
    fn order_decides(&self, found: &[SolvedEquilibrium]) -> bool {
        let Some(played) = found.iter().find(|e| e.selected) else {
            return false;
        };
        let scales = self.game.scales();
        let unit = match self.selection {
            Selection::Optimistic | Selection::Pessimistic => scales.leader.unit,
            Selection::Welfare => scales.follower.unit,
        };
        // Where all need a coin they compete, else none of them does.
        let lottery = |e: &&SolvedEquilibrium| e.kind == Kind::Lottery;
        let eligible = found.iter().filter(|e| lottery(e) == lottery(&played));
        let tie = tie(eligible.clone().map(|e| self.criterion(e)), unit);
        eligible
            .filter(|e| (self.criterion(e) - self.criterion(played)).abs() <= tie)
            .any(|e| self.differs(e, played))
    }

    /// Whether another action of the leader, with the equilibrium that is selected there, is as good for her.
    fn order_of_actions_decides(&self, found: &[SolvedEquilibrium]) -> bool {
        let Some(played) = found.iter().find(|e| e.selected) else {
            return false;
        };
        let value = |e: &SolvedEquilibrium| match self.selection {
            Selection::Pessimistic => -self.criterion(e),
            Selection::Optimistic | Selection::Welfare => self.criterion(e),
        };
        let mut selected: Vec<&SolvedEquilibrium> = vec![played];
        for group in found.chunk_by(|a, b| a.leader == b.leader) {
            let is_supported = |e: &&SolvedEquilibrium| e.kind != Kind::Lottery;
            let supported = group.iter().any(|e| is_supported(&e));
            let eligible = group.iter().filter(|e| is_supported(e) == supported);
            let best = eligible.max_by(|a, b| value(a).total_cmp(&value(b)));
            selected.extend(best.filter(|e| e.leader != played.leader));
        }
        let of = selected.iter().map(|e| e.values.leader);
        let tie = tie(of, self.game.scales().leader.unit);
        selected
            .iter()
            .filter(|e| (e.values.leader - played.values.leader).abs() <= tie)
            .any(|e| self.differs(e, played))
    }

    fn differs(&self, e: &SolvedEquilibrium, played: &SolvedEquilibrium) -> bool {
        let is_last = !self.game.is_infinite() && self.t == self.game.horizon();
        let moved = e.next.weights().iter().zip(played.next.weights());
        let moved = moved.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let worth = e.values.followers.iter().zip(&played.values.followers);
        let worth = worth.zip(self.z.weights()).filter(|(_, z)| **z > 0.0);
        let worth = worth.map(|((a, b), _)| (a - b).abs()).fold(0.0, f64::max);
        let scales = self.game.scales();
        let paid = (e.values.leader - played.values.leader).abs();
        (moved > SAME && !is_last)
            || worth > SAME * scales.follower.unit
            || (self.game.has_leader() && paid > SAME * scales.leader.unit)
    }
}

/// What counts as equally good among values, whose least range is a unit.
fn tie(values: impl Iterator<Item = f64>, unit: f64) -> f64 {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (v.min(low), v.max(high))
    });
    TIE * (high - low).max(unit)
}
