//! The points at which all stage games of a period are searched first, and the smooth regimes between what is found there.

use super::{Node, Step};
use crate::solve::SolveError;
use crate::solve::Work;
use crate::solve::pieces::stage_game::{StageGames, is_steady};
use crate::solve::pieces::values::{Crossing, accuracy};
use crate::solve::tolerances::{GAP, NARROW, UNSTEADY, WINDOW};
use crate::stats::Interval;

/// Cells of the mesh that are looked at together first.
const BLOCK: usize = 8;
/// Divisions of one part of the mesh.
const MOST_DIVISIONS: usize = 200;

/// A point that is pulled back from V_{t+1}.
#[derive(Clone, Copy)]
struct Pulled {
    m: f64,
    /// Whether it leads to a break.
    is_break: bool,
}

impl Step<'_> {
    /// The uniform grid, the parts on which formulas are nearly lines, their breaks with both sides, and both sides of every
    /// preimage of a switch of V_{t+1} under a pure prescription, with the preimage itself of a break; these are given too.
    pub(super) fn mesh(&self, work: &mut Work) -> Result<(Vec<f64>, Vec<f64>), SolveError> {
        let grid = (0..=self.grid).map(|i| i as f64 / self.grid as f64);
        let mut points: Vec<f64> = grid.chain(self.stretches.mesh.iter().copied()).collect();
        self.keep_clear(&mut points);
        for b in &self.stretches.breaks {
            let [lo, hi] = b.sides();
            points.extend(
                [lo, b.at, hi]
                    .into_iter()
                    .filter(|m| (0.0..=1.0).contains(m)),
            );
        }
        points.sort_by(f64::total_cmp);
        points.dedup();
        let functions = StageGames::new(self.period);
        let routes = 0..functions.routes().len();
        let crossings: Vec<Vec<Crossing>> = routes
            .map(|k| functions.function_of_route(k).crossings())
            .collect();
        let added = self.in_parallel(
            points.windows(2),
            &mut Work::default(),
            |games, cell, _, out| {
                let mut left = MOST_DIVISIONS;
                self.crossings(games, [cell[0], cell[1]], &crossings, &mut left, out)
            },
        )?;
        let mut mesh: Vec<f64> = added.iter().map(|point| point.m).collect();
        self.keep_clear(&mut mesh);
        mesh.extend(points);
        mesh.sort_by(f64::total_cmp);
        mesh.dedup();
        let landings = added.iter().filter(|point| point.is_break);
        Ok((
            self.steady(&mesh, work)?,
            landings.map(|point| point.m).collect(),
        ))
    }

    /// The mesh, divided where some candidate's equilibria might come and go between two points of it.
    fn steady(&self, mesh: &[f64], work: &mut Work) -> Result<Vec<f64>, SolveError> {
        // Between the two sides of a switch there is nothing to divide, and no enclosure reaches across.
        let stretches = mesh.chunk_by(|lo, hi| hi - lo > WINDOW);
        let blocks: Vec<&[f64]> = stretches.flat_map(overlapping).collect();
        let mut divided = self.in_parallel(blocks.iter(), work, |games, block, work, out| {
            self.refine(games, block, work, out);
            Ok(())
        })?;
        divided.extend(mesh.iter().copied());
        divided.sort_by(f64::total_cmp);
        Ok(divided)
    }

    /// The points by which the cells between neighbours of a block have to be divided: none where the block is steady as a
    /// whole.
    fn refine(&self, games: &StageGames, block: &[f64], work: &mut Work, out: &mut Vec<f64>) {
        let ends = [block[0], block[block.len() - 1]];
        if block.len() == 2 {
            let mut left = MOST_DIVISIONS;
            self.divide(games, ends, &mut left, work, out);
        } else if !is_steady(games, self.period, ends[0], ends[1]) {
            let middle = block.len() / 2;
            self.refine(games, &block[..=middle], work, out);
            self.refine(games, &block[middle..], work, out);
        }
    }

    fn divide(
        &self,
        games: &StageGames,
        [lo, hi]: [f64; 2],
        left: &mut usize,
        work: &mut Work,
        out: &mut Vec<f64>,
    ) {
        if hi - lo <= WINDOW || is_steady(games, self.period, lo, hi) {
            return;
        }
        if hi - lo <= UNSTEADY || *left == 0 {
            work.unproven += 1;
            return;
        }
        *left -= 1;
        let middle = 0.5 * (lo + hi);
        self.divide(games, [lo, middle], left, work, out);
        out.push(middle);
        self.divide(games, [middle, hi], left, work, out);
    }

    /// Drop points beside a break, where only the break's own nodes stand.
    fn keep_clear(&self, points: &mut Vec<f64>) {
        points.retain(|m| self.stretch_of(*m).is_multiple_of(2));
    }

    /// The number of the stretch of a point: 2 k for the one before break k, 2 k + 1 for the break itself.
    pub(super) fn stretch_of(&self, m: f64) -> usize {
        let breaks = &self.stretches.breaks;
        let passed = breaks.partition_point(|b| b.sides()[1] <= m);
        let at = breaks.get(passed).is_some_and(|b| b.sides()[0] < m);
        2 * passed + usize::from(at)
    }

    /// Where routes cross switches of V_{t+1} between two points, and points that part what is not monotone.
    fn crossings(
        &self,
        games: &mut StageGames,
        [lo, hi]: [f64; 2],
        switches: &[Vec<Crossing>],
        left: &mut usize,
        out: &mut Vec<Pulled>,
    ) -> Result<(), SolveError> {
        if hi - lo <= GAP || switches.iter().all(Vec::is_empty) {
            return Ok(());
        }
        games.move_to(lo)?;
        let starts = games.routes();
        games.move_to(hi)?;
        let ends = games.routes();
        let divisible = hi - lo > NARROW && *left > 0;
        if divisible && self.may_turn(games, [lo, hi], [&starts, &ends], switches) {
            *left -= 1;
            let middle = 0.5 * (lo + hi);
            out.push(Pulled {
                m: middle,
                is_break: false,
            });
            self.crossings(games, [lo, middle], switches, left, out)?;
            return self.crossings(games, [middle, hi], switches, left, out);
        }
        for (k, (from, to)) in starts.into_iter().zip(ends).enumerate() {
            let first = switches[k].partition_point(|s| s.m <= from.min(to));
            let last = switches[k].partition_point(|s| s.m < from.max(to));
            for switch in switches[k].get(first..last).unwrap_or_default() {
                let s = switch.m;
                let m = preimage([(lo, from - s), (hi, to - s)], |m| {
                    games.move_to(m)?;
                    Ok(Some(games.routes()[k] - s))
                })?;
                let Some(m) = m else {
                    continue;
                };
                let around = [m - 0.5 * WINDOW, m + 0.5 * WINDOW].into_iter();
                let around = around.filter(|m| lo < *m && *m < hi);
                out.extend(around.map(|m| Pulled { m, is_break: false }));
                if switch.is_break {
                    out.push(Pulled { m, is_break: true });
                }
            }
        }
        Ok(())
    }

    /// Whether a route may cross a switch that does not lie between where it begins and ends.
    fn may_turn(
        &self,
        games: &StageGames,
        [lo, hi]: [f64; 2],
        [starts, ends]: [&[f64]; 2],
        switches: &[Vec<Crossing>],
    ) -> bool {
        let m = Interval { low: lo, high: hi };
        let jets = self.period.game.jets::<2>(self.period.t, m);
        let routes = games.route_jets(&jets, m);
        routes.iter().enumerate().any(|(k, route)| {
            let slope = route.c[1];
            let monotone = route.smooth && (slope.low >= 0.0 || slope.high <= 0.0);
            let (low, high) = (starts[k].min(ends[k]), starts[k].max(ends[k]));
            let within = |from: f64, to: f64| {
                let first = switches[k].partition_point(|s| s.m < from);
                switches[k].get(first).is_some_and(|s| s.m < to)
            };
            // From either end no farther than the slope allows; less than a gap beyond both is rounding.
            let reach = slope.size() * (hi - lo);
            let range = route.c[0].meet(Interval {
                low: high - reach,
                high: low + reach,
            });
            !monotone && (within(range.low, low - GAP) || within(high + GAP, range.high))
        })
    }

    /// The stretches of nodes on which V is one smooth function: those of one regime between two breaks. A break is a regime
    /// of its own only where V differs there from both sides.
    pub(super) fn regimes(&self, nodes: Vec<Node>) -> Vec<Vec<Node>> {
        let chunks = nodes.chunk_by(Node::is_like);
        let mut regimes: Vec<Vec<Node>> = chunks.map(<[Node]>::to_vec).collect();
        let mut i = 0;
        while i < regimes.len() {
            let is_break = !regimes[i][0].stretch.is_multiple_of(2);
            if !is_break || regimes[i].len() > 1 {
                i += 1;
                continue;
            }
            let at = regimes[i][0];
            let joins = |side: Option<&Node>| {
                side.is_some_and(|side| {
                    side.label == at.label
                        && side.values.distance(&at.values)
                            <= accuracy(self.tolerance, &[side.values, at.values])
                })
            };
            if i > 0 && joins(regimes[i - 1].last()) {
                regimes[i - 1].push(at);
                regimes.remove(i);
            } else if joins(regimes.get(i + 1).and_then(|r| r.first())) {
                regimes[i + 1].insert(0, at);
                regimes.remove(i);
            } else {
                i += 1;
            }
        }
        regimes
    }
}

/// Blocks of a few cells each, which share their end points.
fn overlapping(points: &[f64]) -> impl Iterator<Item = &[f64]> {
    let starts = (0..points.len().saturating_sub(1)).step_by(BLOCK);
    starts.map(|i| &points[i..(i + BLOCK + 1).min(points.len())])
}

/// Where a function crosses zero between two points at which it is given; `None` where it is asked and has no value.
pub(super) fn preimage(
    ends: [(f64, f64); 2],
    mut function: impl FnMut(f64) -> Result<Option<f64>, SolveError>,
) -> Result<Option<f64>, SolveError> {
    let [(mut lo, mut f_lo), (mut hi, mut f_hi)] = ends;
    for _ in 0..60 {
        if hi - lo <= 2.0 * f64::EPSILON * hi {
            break;
        }
        let secant = hi - f_hi * (hi - lo) / (f_hi - f_lo);
        let m = if secant > lo && secant < hi {
            secant
        } else {
            0.5 * (lo + hi)
        };
        let Some(f) = function(m)? else {
            return Ok(None);
        };
        if f == 0.0 {
            return Ok(Some(m));
        }
        if (f < 0.0) == (f_hi < 0.0) {
            (hi, f_hi) = (m, f);
            f_lo *= 0.5;
        } else {
            (lo, f_lo) = (m, f);
            f_hi *= 0.5;
        }
    }
    Ok(Some(if f_lo.abs() < f_hi.abs() { lo } else { hi }))
}
