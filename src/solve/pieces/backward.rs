//! One step of the backward recursion, (15)-(16): V_t from V_{t+1}, with its jumps.
//!
//! 1. *Mesh*: a uniform grid, points between which every formula is nearly a line, both sides of every break of a formula
//!    and the break itself, and every point from which a pure prescription leads to a switch of V_{t+1}.
//! 2. *Signatures*: per leader action the ordered list of all equilibria; every change between mesh points is located
//!    to 1e-11, so that a window in which some equilibrium exists is not stepped over. Between two of them where an
//!    action selects the same equilibrium, it is that regime's. A change has nodes on both sides unless the leader
//!    takes another action there whatever it brings.
//! 3. *Regimes*: every change of what is selected is bisected to a gap of 2e-14.
//! 4. *Pieces*: between switches and breaks V_t is smooth, and is interpolated to the tolerance by halving. The error of
//!    each piece is proven from enclosures of V's derivatives; where it cannot be it is tested and counted.

mod features;
mod field;
mod mesh;
mod rivals;

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::overflow;
use super::stage_game::{Enclosed, Equilibrium, Label, Period, StageGames};
use super::values::{Border, POINTS, Piece, Piecewise, Values, accuracy};
use crate::game::LeaderInformation;
use crate::game::stretches::{Stretches, clear_of};
use crate::solve::SolveError;
use crate::solve::Work;
use crate::solve::budget::Budget;
use crate::solve::selection::Rule;
use crate::solve::stage::Kind;
use crate::solve::tolerances::MOST_PIECES;

use mesh::preimage;

use field::{Answer, Cell, Field, Made, MeshNode, signature};

/// Width to which changes of signature are located.
const WINDOW: f64 = 1e-11;
/// Width of the gap that is left at a switch of regime.
const GAP: f64 = 2e-14;
/// A piece that is not proven is halved down to this width before it is counted.
const LEAST_UNPROVEN: f64 = 1e-4;
/// Changes of one action's equilibria in one cell of the mesh, and nodes between those of one chunk: beyond it two regimes
/// alternate by rounding.
const MOST_CHANGES: usize = 20_000;
/// A piece is cut no nearer to its ends than this share of it.
const ASIDE: f64 = 1e-3;
/// Mesh points handled by one worker at a time.
const CHUNK: usize = 16;

/// What one step of the recursion is given.
#[derive(Clone, Copy)]
pub(in crate::solve) struct Step<'a> {
    pub period: Period<'a>,
    pub rule: Rule,
    /// Cells of the uniform mesh.
    pub grid: usize,
    /// Largest interpolation error of V on a piece.
    pub tolerance: f64,
    /// Where formulas are smooth.
    pub stretches: &'a Stretches,
    pub budget: &'a Budget,
}

/// A point at which the stage game was solved for every leader action.
#[derive(Clone, Copy)]
struct Node {
    m: f64,
    /// What is selected.
    label: Label,
    /// The number of the smooth stretch, or break, of formulas: even for stretches.
    stretch: usize,
    values: Values,
}

impl Node {
    /// Whether V is one smooth function at both, as far as they know.
    fn is_like(&self, other: &Self) -> bool {
        self.label == other.label && self.stretch == other.stretch
    }
}

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
    /// V_t.
    pub fn solve(&self, work: &mut Work) -> Result<Piecewise, SolveError> {
        let (mesh, landings) = self.mesh(work)?;
        self.bounded(mesh.len())?;
        let mut stretches = self.stretches.clone();
        stretches.add(landings);
        let step = Step {
            stretches: &stretches,
            ..*self
        };
        step.solve_on(&mesh, work)
    }

    /// V_t from the points at which all stage games are searched first.
    fn solve_on(&self, mesh: &[f64], work: &mut Work) -> Result<Piecewise, SolveError> {
        let mesh = self.in_parallel(mesh.chunks(CHUNK), work, |games, chunk, work, out| {
            for &m in chunk {
                out.push(self.mesh_node(games, m, work)?);
            }
            Ok(())
        })?;
        let mesh = self.with_features(mesh, work)?;
        let made = Made::default();
        let field = Field {
            cells: self.in_parallel(mesh.windows(2), work, |games, ends, work, out| {
                let ends = [&ends[0], &ends[1]];
                out.push(Cell::between(ends, self.rule, games, work, &made)?);
                Ok(())
            })?,
            mesh: &mesh,
            made: &made,
        };
        let cells: Vec<usize> = (0..field.cells.len()).collect();
        let mut nodes =
            self.in_parallel(cells.chunks(CHUNK), work, |games, cells, work, out| {
                for &cell in cells {
                    out.push(mesh[cell].node);
                    self.changes(games, &field, cell, work, out)?;
                }
                Ok(())
            })?;
        nodes.extend(mesh.last().map(|last| last.node));
        let nodes = self.close(&nodes, &field, work)?;
        let regimes = self.regimes(nodes);
        let pieces = self.in_parallel(regimes.iter(), work, |games, regime, work, out| {
            self.fit(games, &field, regime, work, out)
        })?;
        work.unproven += self.stretches.unproven as u64;
        self.bounded(pieces.len())?;
        match pieces.iter().find(|piece| !piece.is_finite()) {
            Some(piece) => Err(self.overflow(piece.lo)),
            None => {
                let breaks = self.stretches.breaks.iter().map(|b| b.at);
                Ok(Piecewise::new(pieces).with_breaks(breaks.collect()))
            }
        }
    }

    fn is_on_grid(&self, m: f64) -> bool {
        let cells = self.grid as f64;
        (m * cells).round() / cells == m
    }

    /// An error where V has more pieces, or the mesh more points, than are allowed.
    fn bounded(&self, count: usize) -> Result<(), SolveError> {
        if count <= MOST_PIECES {
            return Ok(());
        }
        Err(SolveError::TooManyPieces {
            t: self.period.t,
            limit: MOST_PIECES,
        })
    }

    fn unsettled(&self, m: f64) -> SolveError {
        SolveError::Unsettled {
            t: self.period.t,
            m,
            limit: MOST_CHANGES,
        }
    }

    fn overflow(&self, m: f64) -> SolveError {
        overflow(self.period.t, m)
    }

    /// The nodes, and between each pair those that close a change of regime to a gap.
    fn close(
        &self,
        nodes: &[Node],
        field: &Field,
        work: &mut Work,
    ) -> Result<Vec<Node>, SolveError> {
        let starts: Vec<usize> = (0..nodes.len() - 1).step_by(CHUNK).collect();
        let mut all = self.in_parallel(starts.iter(), work, |games, &start, work, out| {
            for pair in nodes[start..(start + CHUNK + 1).min(nodes.len())].windows(2) {
                out.push(pair[0]);
                self.split_regime(games, field, [&pair[0], &pair[1]], work, out)?;
            }
            Ok(())
        })?;
        all.extend(nodes.last());
        Ok(all)
    }

    /// Run a job over items in parallel and join results, work and the first error in item order.
    fn in_parallel<I, T, F>(&self, items: I, work: &mut Work, job: F) -> Result<Vec<T>, SolveError>
    where
        I: Iterator,
        I::Item: Send,
        T: Send,
        F: Fn(&mut StageGames, I::Item, &mut Work, &mut Vec<T>) -> Result<(), SolveError> + Sync,
    {
        let items: Vec<I::Item> = items.collect();
        let parts: Vec<Result<(Vec<T>, Work), SolveError>> = items
            .into_par_iter()
            .map_init(
                || StageGames::new(self.period),
                |games, item| {
                    let (mut out, mut work) = (Vec::new(), Work::default());
                    job(games, item, &mut work, &mut out)?;
                    self.budget.spend(self.period.t, work.steps())?;
                    Ok((out, work))
                },
            )
            .collect();
        let mut all = Vec::new();
        for part in parts {
            let (out, more) = part?;
            all.extend(out);
            work.add(&more);
        }
        Ok(all)
    }

    /// Enumerate the equilibria of every stage game at m.
    fn mesh_node(
        &self,
        games: &mut StageGames,
        m: f64,
        work: &mut Work,
    ) -> Result<MeshNode, SolveError> {
        games.move_to(m)?;
        work.states += 1;
        // Wherever something changes some action passes its tie; the grid's own points are no such places by themselves.
        let on_grid = self.is_on_grid(m);
        let mut answers = Vec::with_capacity(games.candidates());
        let mut selected = Vec::with_capacity(games.candidates());
        let mut found = Vec::with_capacity(games.candidates());
        for l in 0..games.candidates() {
            selected.push(self.rule.select(games, l, work)?.equilibrium);
            // Among payoffs that are no numbers no search would end.
            if games.equilibria.overflows {
                return Err(self.overflow(m));
            }
            answers.push(Answer {
                label: selected[l].label,
                signature: signature(games, l),
            });
            found.push(self.seen(games, &selected[l]));
            work.undecided += u64::from(on_grid && games.is_undecided(l));
        }
        let leaders: Vec<f64> = selected.iter().map(|e| e.values.leader).collect();
        let low = leaders.iter().copied().fold(f64::INFINITY, f64::min);
        let best = leaders.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok(MeshNode {
            node: self.preferred(m, &selected),
            answers,
            spread: best - low,
            best,
            leaders,
            found,
        })
    }

    /// Solve at m. Where an action has the same equilibria and the same selected regime on both sides, only that
    /// regime's equilibrium is computed for it; for every other action all are searched.
    fn node(
        &self,
        games: &mut StageGames,
        field: &Field,
        m: f64,
        work: &mut Work,
    ) -> Result<Node, SolveError> {
        let selected = self.answers(games, field, m, work)?;
        Ok(self.preferred(m, &selected))
    }

    /// Every action's selected equilibrium at m.
    fn answers(
        &self,
        games: &mut StageGames,
        field: &Field,
        m: f64,
        work: &mut Work,
    ) -> Result<Vec<Equilibrium>, SolveError> {
        games.move_to(m)?;
        work.states += 1;
        let around = field.around(m);
        let mut selected = Vec::with_capacity(games.candidates());
        for l in 0..games.candidates() {
            selected.push(self.known_or_selected(games, around, l, work)?);
        }
        Ok(selected)
    }

    /// An action's selected equilibrium at the point where the games stand.
    fn known_or_selected(
        &self,
        games: &mut StageGames,
        (cell, ends): (&Cell, [&MeshNode; 2]),
        l: usize,
        work: &mut Work,
    ) -> Result<Equilibrium, SolveError> {
        let known = cell.known(games.m(), l, ends);
        match known.and_then(|answer| games.realise(&answer.label)) {
            Some(equilibrium) => {
                work.known_regimes += 1;
                Ok(equilibrium)
            }
            None => Ok(self.rule.select(games, l, work)?.equilibrium),
        }
    }

    /// The leader's choice among her actions' selected equilibria at m.
    fn preferred(&self, m: f64, selected: &[Equilibrium]) -> Node {
        let values = selected.iter().map(|e| e.values.leader);
        let best = &selected[self.rule.prefer(values)];
        Node {
            m,
            label: best.label,
            stretch: self.stretch_of(m),
            values: best.values,
        }
    }

    /// Nodes at both ends of every change of a signature inside a cell, where its action may be the leader's choice.
    fn changes(
        &self,
        games: &mut StageGames,
        field: &Field,
        cell: usize,
        work: &mut Work,
        out: &mut Vec<Node>,
    ) -> Result<(), SolveError> {
        let ends = [&field.mesh[cell], &field.mesh[cell + 1]];
        let cell = &field.cells[cell];
        let points = cell.relevant(ends, |m| {
            games.move_to(m)?;
            let mut leader = |end: &MeshNode| {
                let l = end.node.label.candidate;
                let e = self.known_or_selected(games, (cell, ends), l, work)?;
                Ok::<_, SolveError>((l, e.values.leader))
            };
            Ok([leader(ends[0])?, leader(ends[1])?])
        })?;
        for m in points {
            out.push(self.node(games, field, m, work)?);
        }
        Ok(())
    }

    /// Nodes that close every change of regime between two nodes to a gap.
    fn split_regime(
        &self,
        games: &mut StageGames,
        field: &Field,
        [lo, hi]: [&Node; 2],
        work: &mut Work,
        out: &mut Vec<Node>,
    ) -> Result<(), SolveError> {
        if lo.is_like(hi) || hi.m - lo.m <= GAP {
            return Ok(());
        }
        if out.len() > MOST_CHANGES {
            return Err(self.unsettled(lo.m));
        }
        let middle = self.node(games, field, 0.5 * (lo.m + hi.m), work)?;
        self.split_regime(games, field, [lo, &middle], work, out)?;
        out.push(middle);
        self.split_regime(games, field, [&middle, hi], work, out)
    }

    /// Pieces that cover the points of one regime, given where it was found: at both ends at least.
    fn fit(
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
        self.bounded(field.made.pieces.load(Ordering::Relaxed))?;
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
                field.made.pieces.fetch_add(1, Ordering::Relaxed);
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
            cells.push(Cell::between(ends, self.rule, games, work, field.made)?);
        }
        let field = Field {
            mesh: &mesh,
            cells,
            made: field.made,
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
