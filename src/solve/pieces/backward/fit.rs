//! The pieces of V_t on one regime: interpolated to the tolerance by halving, their errors proven, or tested and counted.

use std::sync::atomic::Ordering;

use super::field::{Cell, Field};
use super::mesh::preimage;
use super::{Node, Step, rivals};
use crate::game::LeaderInformation;
use crate::game::stretches::clear_of;
use crate::solve::pieces::stage_game::{Enclosed, Equilibrium, Label, StageGames};
use crate::solve::pieces::values::{Border, POINTS, Piece, Values, accuracy};
use crate::solve::stage::Kind;
use crate::solve::tolerances::{GAP, LEAST_UNPROVEN};
use crate::solve::{SolveError, Work};

/// A piece is cut no nearer to its ends than this share of it.
const ASIDE: f64 = 1e-3;

/// A bound of the error of D on a piece.
#[derive(Clone, Copy)]
enum Bound {
    Proven(f64),
    /// By the tolerance, to which V was tested only.
    Unproven(f64),
}

impl Bound {
    fn size(self) -> f64 {
        match self {
            Self::Proven(size) | Self::Unproven(size) => size,
        }
    }
}

impl Step<'_> {
    /// Pieces that cover the points of one regime, given where it was found: at both ends at least.
    pub(super) fn fit(
        &self,
        games: &mut StageGames,
        field: &Field,
        regime: &[Node],
        work: &mut Work,
        out: &mut Vec<Piece>,
    ) -> Result<(), SolveError> {
        let (lo, hi) = (&regime[0], &regime[regime.len() - 1]);
        let label = Some(lo.label);
        // All workers' together: where it is too much, they end together.
        self.bounded(field.progress.pieces.load(Ordering::Relaxed))?;
        if hi.m - lo.m <= GAP {
            let point = Piece::point(lo.m, label, lo.values);
            out.push(self.with_leader_types(games, point)?.0);
            if hi.m > lo.m {
                let point = Piece::point(hi.m, label, hi.values);
                out.push(self.with_leader_types(games, point)?.0);
            }
            return Ok(());
        }
        let mut values = [lo.values; POINTS];
        values[POINTS - 1] = hi.values;
        let points = Piece::nodes(lo.m, hi.m);
        let mut inside = None;
        for i in 1..POINTS - 1 {
            games.move_to(points[i])?;
            values[i] = match games.realise(&lo.label) {
                Some(e) => {
                    inside = Some(e);
                    e.values
                }
                None => {
                    let node = self.node(games, field, points[i], work)?;
                    if node.label != lo.label {
                        return self.refit(games, field, [lo, &node, hi], work, out);
                    }
                    node.values
                }
            };
        }
        // What is not proven is divided: there is nothing to test then.
        let bound = self.bound([lo, hi], inside.as_ref(), &values);
        let is_finite = values.iter().all(|v| v.size().is_finite());
        if bound.is_some() || !is_finite {
            let piece = Piece::interpolate(lo.m, hi.m, label, &values);
            let (piece, mut error) = self.with_leader_types(games, piece)?;
            let misses = |node: &Node| piece.values(node.m).distance(&node.values);
            error = regime.iter().map(misses).fold(error, f64::max);
            let mut of_difference: f64 = 0.0;
            let mut leaders: [Vec<f64>; POINTS - 1] = Default::default();
            for (m, leaders) in Piece::tests(lo.m, hi.m).into_iter().zip(&mut leaders) {
                let selected = self.answers(games, field, m, work)?;
                let node = self.preferred(m, &selected);
                if node.label != lo.label {
                    return self.refit(games, field, [lo, &node, hi], work, out);
                }
                error = error.max(misses(&node));
                let [a, b] =
                    [piece.values(m), node.values].map(|v| v.followers[1] - v.followers[0]);
                of_difference = of_difference.max((a - b).abs());
                leaders.extend(selected.iter().map(|e| e.values.leader));
            }
            // Values that overflowed end here, and are refused when the period is done.
            if error <= accuracy(self.tolerance, &values) || !error.is_finite() {
                if let Some(node) = self.passed(games, field, [lo, hi], &leaders, work)? {
                    return self.refit(games, field, [lo, &node, hi], work, out);
                }
                if let Some(Bound::Unproven(_)) = bound {
                    work.unproven += 1;
                }
                field.progress.pieces.fetch_add(1, Ordering::Relaxed);
                let bound = bound.map_or(f64::INFINITY, Bound::size);
                out.push(piece.with_error(of_difference.max(bound)));
                return Ok(());
            }
        }
        // The regime has its values there, but the leader may prefer another.
        let cut = self.border_of_continuation(games, &lo.label, &points)?;
        let middle = self.node(games, field, cut.unwrap_or(points[2]), work)?;
        if middle.label != lo.label {
            return self.refit(games, field, [lo, &middle, hi], work, out);
        }
        let before = regime.iter().take_while(|node| node.m < middle.m).copied();
        let left: Vec<Node> = before.chain([middle]).collect();
        self.fit(games, field, &left, work, out)?;
        let after = regime.iter().skip_while(|node| node.m <= middle.m).copied();
        let right: Vec<Node> = [middle].into_iter().chain(after).collect();
        self.fit(games, field, &right, work, out)
    }

    /// A bound of the error of a piece, where it is within the tolerance. A piece that is too narrow to divide for that alone
    /// is taken as it is tested, and counted as unproven.
    fn bound(
        &self,
        [lo, hi]: [&Node; 2],
        inside: Option<&Equilibrium>,
        values: &[Values],
    ) -> Option<Bound> {
        let [from, to] = clear_of(&self.stretches.breaks, [lo.m, hi.m]);
        let bound = inside.and_then(|e| Enclosed::new(self.period, from, to).error(&lo.label, e));
        let accuracy = accuracy(self.tolerance, values);
        if let Some(bound) = bound.filter(|bound| bound.size() <= accuracy) {
            return Some(Bound::Proven(bound.followers[0] + bound.followers[1]));
        }
        // Nor would halving prove the regime of a point inside a continuum.
        let narrow = hi.m - lo.m <= LEAST_UNPROVEN || lo.label.kind == Kind::Inside;
        narrow.then_some(Bound::Unproven(2.0 * accuracy))
    }

    /// Where a regime's m' passes from one piece of V_{t+1} to the next of the same regime, between points at which it is
    /// asked: the polynomials differ there by their errors, which no bound of one piece of V_t gets below.
    fn border_of_continuation(
        &self,
        games: &mut StageGames,
        label: &Label,
        points: &[f64; POINTS],
    ) -> Result<Option<f64>, SolveError> {
        let next = games.next(label.candidate);
        let mut places = [None; POINTS];
        for (place, m) in places.iter_mut().zip(points) {
            games.move_to(*m)?;
            *place = games.realise(label).map(|e| e.next);
        }
        let width = points[POINTS - 1] - points[0];
        // The pairs of neighbours from the middle outwards.
        for i in [1, 2, 0, 3] {
            let (Some(from), Some(to)) = (places[i], places[i + 1]) else {
                continue;
            };
            let [first, last] = [from.piece.min(to.piece), from.piece.max(to.piece)];
            let border = first + (last - first) / 2;
            if first == last || next.border(border) != Border::Smooth {
                continue;
            }
            let target = next.pieces()[border].hi;
            let ends = [(points[i], from.m - target), (points[i + 1], to.m - target)];
            let m = preimage(ends, |m| {
                games.move_to(m)?;
                Ok(games.realise(label).map(|e| e.next.m - target))
            })?;
            let clear = |m: &f64| (m - points[0]).min(points[POINTS - 1] - m) > ASIDE * width;
            if let Some(m) = m.filter(clear) {
                return Ok(Some(m));
            }
        }
        Ok(None)
    }

    /// A point between two of the same regime at which the leader prefers another, where one may pass it unseen.
    fn passed(
        &self,
        games: &mut StageGames,
        field: &Field,
        [lo, hi]: [&Node; 2],
        leaders: &[Vec<f64>; POINTS - 1],
        work: &mut Work,
    ) -> Result<Option<Node>, SolveError> {
        let chosen = lo.label.candidate;
        for mut rival in rivals::find(leaders, chosen) {
            for _ in 0..rivals::LOOKS {
                let m = 0.5 * ((1.0 - rival.place) * lo.m + (1.0 + rival.place) * hi.m);
                let selected = self.answers(games, field, m, work)?;
                let node = self.preferred(m, &selected);
                if node.label != lo.label {
                    return Ok((lo.m < m && m < hi.m).then_some(node));
                }
                let value = |l: usize| selected[l].values.leader;
                if !rival.look(value(chosen) - value(rival.candidate)) {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// A piece with V^l per type of a leader whose type is private, and their largest interpolation error.
    fn with_leader_types(
        &self,
        games: &mut StageGames,
        piece: Piece,
    ) -> Result<(Piece, f64), SolveError> {
        if self.period.game.leader_information() != LeaderInformation::Private {
            return Ok((piece, 0.0));
        }
        let at = |games: &mut StageGames, m: f64| -> Result<Vec<f64>, SolveError> {
            games.move_to(m)?;
            let known = piece.label.as_ref().and_then(|label| games.realise(label));
            let e = match known {
                Some(e) => e,
                None => self.rule.choose(games, &mut Work::default())?.equilibrium,
            };
            Ok(games.leader_types(&e)?.values)
        };
        let mut values: [Vec<f64>; POINTS] = Default::default();
        for (values, m) in values.iter_mut().zip(Piece::nodes(piece.lo, piece.hi)) {
            *values = at(games, m)?;
        }
        let mut error: f64 = 0.0;
        let tests = Piece::tests(piece.lo, piece.hi);
        let exact: Vec<Vec<f64>> = tests
            .iter()
            .map(|m| at(games, *m))
            .collect::<Result<_, _>>()?;
        let piece = piece.with_leader_types(&values);
        for (m, exact) in tests.into_iter().zip(exact) {
            for (a, b) in piece.leader_types(m).into_iter().zip(exact) {
                error = error.max((a - b).abs());
            }
        }
        Ok((piece, error))
    }

    /// Another regime was met inside: split there first. The mesh has stepped over a change, so that what it knows of this
    /// stretch no longer counts: a mesh of its own, of the three points, takes its place.
    fn refit(
        &self,
        games: &mut StageGames,
        field: &Field,
        [lo, middle, hi]: [&Node; 3],
        work: &mut Work,
        out: &mut Vec<Piece>,
    ) -> Result<(), SolveError> {
        let mesh = [
            self.mesh_node(games, lo.m, work)?,
            self.mesh_node(games, middle.m, work)?,
            self.mesh_node(games, hi.m, work)?,
        ];
        let mut cells = Vec::with_capacity(2);
        for ends in mesh.windows(2) {
            let ends = [&ends[0], &ends[1]];
            cells.push(Cell::between(ends, self.rule, games, work, field.progress)?);
        }
        let field = Field {
            mesh: &mesh,
            cells,
            progress: field.progress,
        };
        let mut found = Vec::new();
        for (cell, at) in mesh[..2].iter().enumerate() {
            found.push(at.node);
            self.changes(games, &field, cell, work, &mut found)?;
        }
        found.push(mesh[2].node);
        let mut nodes = Vec::new();
        for pair in found.windows(2) {
            nodes.push(pair[0]);
            self.split_regime(games, &field, [&pair[0], &pair[1]], work, &mut nodes)?;
        }
        nodes.push(mesh[2].node);
        for regime in self.regimes(nodes) {
            self.fit(games, &field, &regime, work, out)?;
        }
        Ok(())
    }
}
