//! Affine functions of the mixing probabilities p of a support, and the systems of equations that they make.

use super::search::Steps;
use crate::solve::stage::Kind;
use crate::solve::tolerances::{INDEPENDENT, TIE_OF_SEARCH};

/// An affine function of p: coefficients, then the constant.
pub(super) type Row = Vec<f64>;

/// The solutions of some equations.
#[derive(Debug)]
enum Solutions {
    None,
    One(Vec<f64>),
    /// A family; the number of independent equations.
    Many(usize),
}

/// The affine map from p to z' within a simplex of the lattice.
#[derive(Debug)]
pub(super) struct Line<'m> {
    /// The simplex's coordinates in the order in which they are raised from its corner.
    order: &'m [usize],
    unknowns: usize,
    /// Per coordinate, z' minus the corner as an affine function of p, one after the other.
    coordinates: Row,
}

impl<'m> Line<'m> {
    pub fn new(order: &'m [usize], unknowns: usize, coordinates: Row) -> Self {
        Self {
            order,
            unknowns,
            coordinates,
        }
    }

    fn coordinate(&self, i: usize) -> &[f64] {
        &self.coordinates[i * (self.unknowns + 1)..(i + 1) * (self.unknowns + 1)]
    }

    /// The affine function of z' with these values at the vertices, as a function of p.
    pub fn row(&self, at_vertex: impl Fn(usize) -> f64) -> Row {
        let mut row = vec![0.0; self.unknowns + 1];
        let mut last = at_vertex(0);
        row[self.unknowns] = last;
        for (k, i) in self.order.iter().enumerate() {
            let value = at_vertex(k + 1);
            for (sum, c) in row.iter_mut().zip(self.coordinate(*i)) {
                *sum += (value - last) * c;
            }
            last = value;
        }
        row
    }

    /// The barycentric coordinates of z'(p).
    pub fn weights<'p>(&'p self, p: &'p [f64]) -> impl Iterator<Item = f64> + 'p {
        let at = |k: usize| {
            let row = self.coordinate(self.order[k]);
            p.iter().zip(row).map(|(p, c)| p * c).sum::<f64>() + row[p.len()]
        };
        (0..=self.order.len()).map(move |k| {
            let above = if k == 0 { 1.0 } else { at(k - 1) };
            above - if k < self.order.len() { at(k) } else { 0.0 }
        })
    }

    /// The barycentric coordinates as functions of p: they vanish on the walls of the simplex.
    pub fn walls(&self) -> impl Iterator<Item = Row> + '_ {
        (0..=self.order.len()).map(|v| self.row(|k| f64::from(u8::from(k == v))))
    }
}

/// Eliminate unknowns until what is left of the rows is zero in all of them, as far as it can be told; their
/// columns, in the order of the rows.
fn eliminate(rows: &mut [Row], unknowns: usize) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::with_capacity(unknowns);
    while columns.len() < rows.len() {
        let rank = columns.len();
        let entries = (rank..rows.len()).flat_map(|r| (0..unknowns).map(move |c| (r, c)));
        let size = |(r, c): &(usize, usize)| rows[*r][*c].abs();
        let Some((r, c)) = entries.max_by(|a, b| size(a).total_cmp(&size(b))) else {
            break;
        };
        // Written so that a NaN ends the elimination.
        let usable = rows[r][c].abs() > INDEPENDENT;
        if !usable {
            break;
        }
        rows.swap(rank, r);
        let pivot = rows[rank].clone();
        for (other, row) in rows.iter_mut().enumerate() {
            if other != rank && row[c] != 0.0 {
                let factor = row[c] / pivot[c];
                row.iter_mut()
                    .zip(&pivot)
                    .for_each(|(v, p)| *v -= factor * p);
                row[c] = 0.0;
            }
        }
        columns.push(c);
    }
    columns
}

/// The number of independent functions among rows, constants apart.
pub(super) fn rank(mut rows: Vec<Row>, unknowns: usize) -> usize {
    eliminate(&mut rows, unknowns).len()
}

/// The p at which all rows vanish; rows that cannot be told from zero say nothing.
fn solve(rows: &[Row], unknowns: usize) -> Solutions {
    let mut rows = rows.to_vec();
    let columns = eliminate(&mut rows, unknowns);
    let rank = columns.len();
    // Written so that a NaN has no solution.
    if !rows[rank..]
        .iter()
        .all(|row| row[unknowns].abs() <= TIE_OF_SEARCH)
    {
        return Solutions::None;
    }
    if rank < unknowns {
        return Solutions::Many(rank);
    }
    let mut p = vec![0.0; unknowns];
    for (row, c) in rows.iter().zip(columns) {
        p[c] = -row[unknowns] / row[c];
    }
    Solutions::One(p)
}

/// The points of a support at which its equations hold: one at most, `Mixed`; or the vertices of a continuum, cut off by
/// faces, `Vertex`.
pub(super) fn points(
    mut equations: Vec<Row>,
    unknowns: usize,
    faces: impl FnOnce() -> Vec<Row>,
    steps: &mut Steps,
) -> (Kind, Vec<Vec<f64>>) {
    match solve(&equations, unknowns) {
        Solutions::None => (Kind::Mixed, Vec::new()),
        Solutions::One(p) => (Kind::Mixed, vec![p]),
        Solutions::Many(rank) => {
            let mut found = Vec::new();
            vertices(&mut equations, rank, &faces(), unknowns, steps, &mut found);
            (Kind::Vertex, found)
        }
    }
}

/// The vertices of the polytope that some equations of this rank leave, cut off by faces.
fn vertices(
    equations: &mut Vec<Row>,
    rank: usize,
    faces: &[Row],
    unknowns: usize,
    steps: &mut Steps,
    found: &mut Vec<Vec<f64>>,
) {
    for (i, face) in faces.iter().enumerate() {
        if steps.exhausted() {
            return;
        }
        steps.systems += 1;
        equations.push(face.clone());
        match solve(equations, unknowns) {
            Solutions::One(p) => found.push(p),
            Solutions::Many(more) if more > rank => {
                vertices(equations, more, &faces[i + 1..], unknowns, steps, found);
            }
            Solutions::Many(_) | Solutions::None => {}
        }
        equations.pop();
    }
}
