//! Small systems of linear equations.

/// What A p = b has for solutions.
#[derive(Clone, Debug, PartialEq)]
pub enum Solutions {
    None,
    One(Vec<f64>),
    Many,
}

/// Pivots and left-overs up to this size are zero: entries are differences of rewards of size about one.
const ZERO: f64 = 1e-11;

/// Gaussian elimination with the largest pivot of all that is left, rows given with b as their last entry.
pub fn solve(mut rows: Vec<Vec<f64>>) -> Solutions {
    let size = rows.len();
    // Which unknown each eliminated row is for.
    let mut unknowns: Vec<usize> = (0..size).collect();
    for step in 0..size {
        let places = (step..size).flat_map(|i| (step..size).map(move |j| (i, j)));
        let (i, j) = places
            .max_by(|p, q| rows[p.0][p.1].abs().total_cmp(&rows[q.0][q.1].abs()))
            .expect("something is left");
        if rows[i][j].abs() <= ZERO {
            let solvable = rows[step..].iter().all(|row| row[size].abs() <= ZERO);
            return if solvable {
                Solutions::Many
            } else {
                Solutions::None
            };
        }
        rows.swap(step, i);
        rows.iter_mut().for_each(|row| row.swap(step, j));
        unknowns.swap(step, j);
        let pivot = rows[step].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != step) {
            let factor = row[step] / pivot[step];
            row.iter_mut()
                .zip(&pivot)
                .for_each(|(r, p)| *r -= factor * p);
        }
    }
    let mut solution = vec![0.0; size];
    for (step, unknown) in unknowns.into_iter().enumerate() {
        solution[unknown] = rows[step][size] / rows[step][step];
    }
    Solutions::One(solution)
}
