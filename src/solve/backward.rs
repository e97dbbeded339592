//! One step of the backward recursion, (15)-(16): V_t from V_{t+1}, with its jumps.
//!
//! 1. *Mesh*: a uniform grid, and every point from which a pure prescription leads to a switch of V_{t+1}.
//! 2. *Signatures*: per leader action the ordered list of all equilibria; every change between mesh points is bisected
//!    to 1e-11, so that a window in which some equilibrium exists is not stepped over.
//!    Between two nodes where an action has the same equilibria and selects the same one, it is that regime's.
//! 3. *Regimes*: every change of what is selected is bisected to a gap of 2e-14.
//! 4. *Pieces*: between switches V_t is smooth, and is interpolated to the tolerance by halving.

use rayon::prelude::*;

use super::SolveError;
use super::leader::{Rule, Selected, Work};
use super::stage_game::{Kind, Label, Period, StageGames};
use super::values::{POINTS, Piece, ValueFunction, Values, accuracy};
use crate::game::LeaderInformation;

/// Width to which changes of signature are located.
const WINDOW: f64 = 1e-11;
/// Width of the gap that is left at a switch of regime.
const GAP: f64 = 2e-14;
/// Mesh points and pieces of one period: beyond it V is too fine to be held, and the work might not end.
const MOST_PIECES: usize = 1_000_000;
/// Mesh points handled by one worker at a time.
const CHUNK: usize = 16;

/// What one step of the recursion is given.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub period: Period<'a>,
    pub rule: Rule,
    /// Cells of the uniform mesh.
    pub grid: usize,
    /// Largest interpolation error of V on a piece.
    pub tolerance: f64,
}

/// What is known of one leader action's stage game at a node.
#[derive(Clone, Copy, PartialEq)]
struct Answer {
    /// The selected regime.
    label: Label,
    /// All equilibria, hashed.
    signature: u64,
}

/// A point at which the stage game was solved for every leader action.
#[derive(Clone)]
struct Node {
    m: f64,
    /// What is selected.
    label: Label,
    values: Values,
    /// One per candidate action of the leader.
    answers: Vec<Answer>,
}

impl Step<'_> {
    /// V_t.
    pub fn solve(&self, work: &mut Work) -> Result<ValueFunction, SolveError> {
        let mesh = self.mesh()?;
        self.bounded(mesh.len())?;
        let nodes = self.in_parallel(mesh.chunks(CHUNK), work, |games, chunk, work, out| {
            for &m in chunk {
                out.push(self.node(games, m, None, work)?);
            }
            Ok(())
        })?;
        let nodes = self.split(&nodes, work, |games, lo, hi, work, out| {
            self.split_signatures(games, lo, hi, work, out)
        })?;
        let nodes = self.split(&nodes, work, |games, lo, hi, work, out| {
            self.split_regime(games, lo, hi, work, out)
        })?;
        let regimes: Vec<&[Node]> = nodes.chunk_by(|a, b| a.label == b.label).collect();
        let pieces = self.in_parallel(regimes.iter(), work, |games, regime, work, out| {
            self.fit(
                games,
                regime,
                &regime[0],
                &regime[regime.len() - 1],
                work,
                out,
            )
        })?;
        self.bounded(pieces.len())?;
        match pieces.iter().find(|piece| !piece.is_finite()) {
            Some(piece) => Err(SolveError::Overflow {
                t: self.period.t,
                m: piece.lo,
            }),
            None => Ok(ValueFunction::new(pieces)),
        }
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

    /// The nodes, and between each pair those that a job finds.
    fn split<F>(&self, nodes: &[Node], work: &mut Work, between: F) -> Result<Vec<Node>, SolveError>
    where
        F: Fn(&mut StageGames, &Node, &Node, &mut Work, &mut Vec<Node>) -> Result<(), SolveError>
            + Sync,
    {
        let starts: Vec<usize> = (0..nodes.len() - 1).step_by(CHUNK).collect();
        let mut all = self.in_parallel(starts.iter(), work, |games, &start, work, out| {
            for pair in nodes[start..(start + CHUNK + 1).min(nodes.len())].windows(2) {
                out.push(pair[0].clone());
                between(games, &pair[0], &pair[1], work, out)?;
            }
            Ok(())
        })?;
        all.extend(nodes.last().cloned());
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

    /// Solve at m. Between two nodes at which an action has the same equilibria and the same selected regime,
    /// only that regime's equilibrium is computed for it; for every other action all are searched.
    fn node(
        &self,
        games: &mut StageGames,
        m: f64,
        between: Option<(&Node, &Node)>,
        work: &mut Work,
    ) -> Result<Node, SolveError> {
        games.move_to(m)?;
        work.states += 1;
        let mut answers = Vec::with_capacity(games.candidates());
        let mut selected = Vec::with_capacity(games.candidates());
        for l in 0..games.candidates() {
            let same = between
                .filter(|(lo, hi)| lo.answers[l] == hi.answers[l])
                .map(|(lo, _)| lo.answers[l]);
            let known = same.and_then(|answer| Some((answer, games.realise(&answer.label)?)));
            if let Some((answer, equilibrium)) = known {
                work.known_regimes += 1;
                answers.push(answer);
                selected.push(Selected {
                    equilibrium,
                    count: 0,
                });
            } else {
                let found = self.rule.select(games, l, work);
                answers.push(Answer {
                    label: found.equilibrium.label,
                    signature: signature(games, l),
                });
                selected.push(found);
            }
        }
        let best = self.rule.prefer(&selected);
        let values = selected[best].equilibrium.values;
        Ok(Node {
            m,
            label: answers[best].label,
            values,
            answers,
        })
    }

    /// The uniform grid and both sides of every preimage of a switch of V_{t+1} under a pure prescription.
    fn mesh(&self) -> Result<Vec<f64>, SolveError> {
        let grid: Vec<f64> = (0..=self.grid)
            .map(|i| i as f64 / self.grid as f64)
            .collect();
        let functions = StageGames::new(self.period);
        let knots: Vec<Vec<f64>> = (0..functions.routes().len())
            .map(|k| functions.function_of_route(k).knots())
            .collect();
        let mut mesh = self.in_parallel(
            grid.windows(2),
            &mut Work::default(),
            |games, cell, _, out| {
                out.push(cell[0]);
                games.move_to(cell[0])?;
                let starts = games.routes();
                games.move_to(cell[1])?;
                let ends = games.routes();
                for (k, (from, to)) in starts.into_iter().zip(ends).enumerate() {
                    let knots = &knots[k];
                    let first = knots.partition_point(|s| *s <= from.min(to));
                    let last = knots.partition_point(|s| *s < from.max(to));
                    for &knot in knots.get(first..last).unwrap_or_default() {
                        let m = preimage(games, k, [(cell[0], from - knot), (cell[1], to - knot)])?;
                        out.extend(
                            [m - 0.5 * WINDOW, m + 0.5 * WINDOW]
                                .iter()
                                .filter(|m| cell[0] < **m && **m < cell[1]),
                        );
                    }
                }
                Ok(())
            },
        )?;
        mesh.push(1.0);
        mesh.sort_by(f64::total_cmp);
        mesh.dedup();
        Ok(mesh)
    }

    /// Nodes at both ends of every change of a signature between two nodes.
    fn split_signatures(
        &self,
        games: &mut StageGames,
        lo: &Node,
        hi: &Node,
        work: &mut Work,
        out: &mut Vec<Node>,
    ) -> Result<(), SolveError> {
        let mut points = Vec::new();
        for l in 0..games.candidates() {
            let ends = [
                (lo.m, lo.answers[l].signature),
                (hi.m, hi.answers[l].signature),
            ];
            split_signature(games, l, ends, work, &mut points)?;
        }
        points.sort_by(f64::total_cmp);
        points.dedup();
        for m in points.into_iter().filter(|m| lo.m < *m && *m < hi.m) {
            out.push(self.node(games, m, Some((lo, hi)), work)?);
        }
        Ok(())
    }

    /// Nodes that close every change of regime between two nodes to a gap.
    fn split_regime(
        &self,
        games: &mut StageGames,
        lo: &Node,
        hi: &Node,
        work: &mut Work,
        out: &mut Vec<Node>,
    ) -> Result<(), SolveError> {
        if lo.label == hi.label || hi.m - lo.m <= GAP {
            return Ok(());
        }
        let middle = self.node(games, 0.5 * (lo.m + hi.m), Some((lo, hi)), work)?;
        self.split_regime(games, lo, &middle, work, out)?;
        out.push(middle.clone());
        self.split_regime(games, &middle, hi, work, out)
    }

    /// Pieces that cover `[lo.m, hi.m]`, at both ends of which the regime of the nodes was found.
    fn fit(
        &self,
        games: &mut StageGames,
        nodes: &[Node],
        lo: &Node,
        hi: &Node,
        work: &mut Work,
        out: &mut Vec<Piece>,
    ) -> Result<(), SolveError> {
        let label = Some(lo.label);
        self.bounded(out.len())?;
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
        for i in 1..POINTS - 1 {
            games.move_to(points[i])?;
            values[i] = match games.realise(&lo.label) {
                Some(e) => e.values,
                None => {
                    let node = self.node(games, points[i], None, work)?;
                    if node.label != lo.label {
                        return self.refit(games, [lo, &node, hi], work, out);
                    }
                    node.values
                }
            };
        }
        let piece = Piece::interpolate(lo.m, hi.m, label, &values);
        let (piece, mut error) = self.with_leader_types(games, piece)?;
        for m in Piece::tests(lo.m, hi.m) {
            let node = self.node(games, m, around(nodes, m), work)?;
            if node.label != lo.label {
                return self.refit(games, [lo, &node, hi], work, out);
            }
            error = error.max(piece.values(m).distance(&node.values));
        }
        // Values that overflowed end here, and are refused when the period is done.
        if error <= accuracy(self.tolerance, &values) || !error.is_finite() {
            out.push(piece);
            return Ok(());
        }
        let middle = Node {
            m: points[2],
            label: lo.label,
            values: values[2],
            answers: lo.answers.clone(),
        };
        self.fit(games, nodes, lo, &middle, work, out)?;
        self.fit(games, nodes, &middle, hi, work, out)
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
            let e = known.unwrap_or_else(|| {
                let mut work = Work::default();
                self.rule.choose(games, &mut work).equilibrium
            });
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

    /// Another regime was met inside: split there first.
    fn refit(
        &self,
        games: &mut StageGames,
        [lo, middle, hi]: [&Node; 3],
        work: &mut Work,
        out: &mut Vec<Piece>,
    ) -> Result<(), SolveError> {
        let [lo, hi] = [
            self.node(games, lo.m, None, work)?,
            self.node(games, hi.m, None, work)?,
        ];
        let mut nodes = vec![lo.clone()];
        self.split_regime(games, &lo, middle, work, &mut nodes)?;
        nodes.push(middle.clone());
        self.split_regime(games, middle, &hi, work, &mut nodes)?;
        nodes.push(hi);
        for regime in nodes.chunk_by(|a, b| a.label == b.label) {
            self.fit(
                games,
                regime,
                &regime[0],
                &regime[regime.len() - 1],
                work,
                out,
            )?;
        }
        Ok(())
    }
}

/// The neighbours of m among nodes in rising order.
fn around(nodes: &[Node], m: f64) -> Option<(&Node, &Node)> {
    let after = nodes.partition_point(|node| node.m <= m);
    Some((nodes.get(after.checked_sub(1)?)?, nodes.get(after)?))
}

/// Both ends of every change of one action's signature between two points.
fn split_signature(
    games: &mut StageGames,
    l: usize,
    [lo, hi]: [(f64, u64); 2],
    work: &mut Work,
    out: &mut Vec<f64>,
) -> Result<(), SolveError> {
    if lo.1 == hi.1 {
        return Ok(());
    }
    if hi.0 - lo.0 <= WINDOW {
        out.extend([lo.0, hi.0]);
        return Ok(());
    }
    let m = 0.5 * (lo.0 + hi.0);
    games.move_to(m)?;
    games.enumerate(l);
    work.stage_games += 1;
    let middle = (m, signature(games, l));
    split_signature(games, l, [lo, middle], work, out)?;
    split_signature(games, l, [middle, hi], work, out)
}

/// Who is content with which pure prescription, and the kinds, supports and sides of jumps and kinks of all equilibria
/// that were just enumerated, as one number (after FNV-1a, a word at a time).
fn signature(games: &StageGames, l: usize) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |word: u64| hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    // A pure equilibrium that comes and goes between two nodes comes with one type's incentive and goes with the
    // other's: neither is back where it was.
    for content in games.equilibria.content.chunks(64) {
        eat(content
            .iter()
            .fold(0, |bits, content| bits << 1 | u64::from(*content)));
    }
    for e in &games.equilibria.found {
        let kind = match e.label.kind {
            Kind::Pure => 1,
            Kind::Mixed | Kind::MixedAtKink => 2,
            Kind::Vertex => 3,
            Kind::Lottery => 4,
        };
        let (mixer, second) = e.label.mixing.unwrap_or((2, 0));
        let next = games.next(l);
        // The mesh has a node wherever a pure prescription's m' passes a kink; a mixture's shows here alone.
        let region = match e.label.kind {
            Kind::Pure => next.jump_region(e.next.piece),
            _ => next.region(e.next.piece),
        };
        let [first, other, second] =
            [e.label.profile[0], e.label.profile[1], second].map(|a| a as u64);
        eat(first << 32 | other);
        eat(second << 32 | u64::from(region));
        eat(kind << 2 | mixer as u64);
    }
    hash
}

/// Where route k crosses a knot, between two points of which the signed distances to it are given.
fn preimage(games: &mut StageGames, k: usize, ends: [(f64, f64); 2]) -> Result<f64, SolveError> {
    let [(mut lo, mut f_lo), (mut hi, mut f_hi)] = ends;
    games.move_to(hi)?;
    let knot = games.routes()[k] - f_hi;
    for _ in 0..60 {
        if hi - lo <= 0.01 * WINDOW {
            break;
        }
        let secant = hi - f_hi * (hi - lo) / (f_hi - f_lo);
        let m = if secant > lo && secant < hi {
            secant
        } else {
            0.5 * (lo + hi)
        };
        games.move_to(m)?;
        let f = games.routes()[k] - knot;
        if f == 0.0 {
            return Ok(m);
        }
        if (f < 0.0) == (f_hi < 0.0) {
            (hi, f_hi) = (m, f);
            f_lo *= 0.5;
        } else {
            (lo, f_lo) = (m, f);
            f_hi *= 0.5;
        }
    }
    Ok(0.5 * (lo + hi))
}
