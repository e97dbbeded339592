//! Which regime of V is taken in a simplex that jumps cross, branch by branch.

use super::regimes::Pieces;
use super::stage_game::{Across, StageGame};

/// Per branch the regimes of its simplex where a jump crosses it, and the one under search.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice(Vec<Option<(Pieces, usize)>>);

impl Choice {
    /// Begin anew with the first regime of every branch, from the vertices of the simplex of each flow; where V is bridged
    /// there is nothing to choose.
    pub fn begin<'n>(
        &mut self,
        game: &StageGame,
        across: Across,
        nodes: impl Fn(usize) -> &'n [usize],
    ) {
        self.0.clear();
        if across == Across::Kept {
            let pieces = game.branches.iter().map(|b| b.next.pieces(nodes(b.flow)));
            self.0.extend(pieces.map(|pieces| Some((pieces?, 0))));
        }
    }

    /// Whether a jump crosses the simplex of some branch.
    pub fn is_cut(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// Go on to the next choice; whether there is one.
    pub fn advance(&mut self) -> bool {
        for (pieces, r) in self.0.iter_mut().flatten() {
            *r += 1;
            if *r < pieces.count {
                return true;
            }
            *r = 0;
        }
        false
    }

    /// V of a branch at vertex k of its simplex, a node of the lattice, continued from the regime taken.
    pub fn values<'v>(
        &'v self,
        game: &'v StageGame,
        branch: usize,
        k: usize,
        node: usize,
    ) -> &'v [f64] {
        match self.0.get(branch) {
            Some(Some((pieces, r))) => pieces.at_vertex(*r, k),
            _ => game.branches[branch].next.at_node(node),
        }
    }

    /// Per branch and other regime, by how much the one taken holds against it, at the vertices.
    pub fn margins(&self) -> impl Iterator<Item = (usize, Vec<f64>)> + '_ {
        let cut = self.0.iter().enumerate();
        let cut = cut.filter_map(|(b, pieces)| pieces.as_ref().map(|pieces| (b, pieces)));
        cut.flat_map(|(b, (pieces, r))| {
            let others = (0..pieces.count).filter(move |other| other != r);
            others.map(move |other| (b, pieces.margins(*r, other)))
        })
    }
}
