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
mod fit;
mod mesh;
mod rivals;

use rayon::prelude::*;

use super::overflow;
use super::stage_game::{Equilibrium, Label, Period, StageGames};
use super::values::{Piecewise, Values};
use crate::game::stretches::Stretches;
use crate::solve::SolveError;
use crate::solve::Work;
use crate::solve::budget::Budget;
use crate::solve::selection::Rule;
use crate::solve::tolerances::{GAP, MOST_PIECES};

use field::{Answer, Cell, Field, MeshNode, Progress, signature};

/// Changes of one action's equilibria in one cell of the mesh, and nodes between those of one chunk: beyond it two regimes
/// alternate by rounding.
const MOST_CHANGES: usize = 20_000;
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
        let progress = Progress::default();
        let field = Field {
            cells: self.in_parallel(mesh.windows(2), work, |games, ends, work, out| {
                let ends = [&ends[0], &ends[1]];
                out.push(Cell::between(ends, self.rule, games, work, &progress)?);
                Ok(())
            })?,
            mesh: &mesh,
            progress: &progress,
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
            found.push(self.record(games, &selected[l]));
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
}
