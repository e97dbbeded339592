//! Laws of count vectors on a box of the lattice: multinomials, their sums, and expectations.
//!
//! A vector (n_0, .., n_{K-1}) of known sum is kept as (n_1, .., n_{K-1}).

use super::super::law::{Law, TAIL, dot};

/// The most mass that the law of a crowd loses: K groups, each of K - 1 binomials cut at both ends.
pub(super) fn truncated_mass(types: usize) -> f64 {
    2.0 * TAIL * (types * (types - 1)) as f64
}

/// A probability law on a box, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BoxLaw {
    pub offset: Vec<usize>,
    pub size: Vec<usize>,
    weights: Vec<f64>,
}

/// Numbers on {0..N}^(K-1), row-major: one per count vector, and zeros where the entries sum to more than N.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    side: usize,
    values: Vec<f64>,
}

impl Grid {
    /// Zeros.
    pub fn zeros(population: usize, types: usize) -> Self {
        let side = population + 1;
        Self {
            side,
            values: vec![0.0; side.pow(types as u32 - 1)],
        }
    }

    fn index(&self, point: impl Iterator<Item = usize>) -> usize {
        point.fold(0, |index, n| index * self.side + n)
    }

    /// At a count vector of all types.
    pub fn at(&self, counts: &[usize]) -> f64 {
        self.values[self.index(counts[1..].iter().copied())]
    }

    /// Set the value at a count vector of all types.
    pub fn set(&mut self, counts: &[usize], value: f64) {
        let index = self.index(counts[1..].iter().copied());
        self.values[index] = value;
    }
}

/// All multi-indices below `size`, in row-major order.
fn indices(size: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let total: usize = size.iter().product();
    (0..total).map(move |flat| {
        let mut rest = flat;
        let mut index = vec![0; size.len()];
        for (place, side) in index.iter_mut().zip(size).rev() {
            *place = rest % side;
            rest /= side;
        }
        index
    })
}

impl BoxLaw {
    /// All mass at one point.
    pub fn point(dimensions: usize) -> Self {
        Self {
            offset: vec![0; dimensions],
            size: vec![1; dimensions],
            weights: vec![1.0],
        }
    }

    /// Multinomial(n, law) without its tails: conditional binomials, the types 1.. in order.
    pub fn multinomial(n: usize, law: &[f64]) -> Self {
        let mut terms = vec![(Vec::new(), n, 1.0)];
        let mut left = 1.0_f64;
        let mut binomial = Law::default();
        // The mass of the types that are still to come, type 0 among them, without the rounding of differences.
        let tails: Vec<f64> = (1..law.len())
            .map(|y| law[0] + law[y..].iter().sum::<f64>())
            .collect();
        for (p, tail) in law[1..].iter().zip(&tails) {
            left = left.min(*tail);
            let success = if *p > 0.0 { (p / tail).min(1.0) } else { 0.0 };
            let mut longer = Vec::with_capacity(terms.len());
            for (point, rest, weight) in terms {
                binomial.assign_binomial(rest, success);
                for (k, probability) in binomial.terms() {
                    let mut point: Vec<usize> = Vec::clone(&point);
                    point.push(k);
                    longer.push((point, rest - k, weight * probability));
                }
            }
            terms = longer;
        }
        let dimensions = law.len() - 1;
        let end = |d: usize, pick: fn(usize, usize) -> usize, start: usize| {
            terms.iter().map(|(point, _, _)| point[d]).fold(start, pick)
        };
        let offset: Vec<usize> = (0..dimensions).map(|d| end(d, usize::min, n)).collect();
        let size: Vec<usize> = (0..dimensions)
            .map(|d| end(d, usize::max, 0) + 1 - offset[d])
            .collect();
        let mut weights = vec![0.0; size.iter().product()];
        for (point, _, weight) in &terms {
            let axes = point.iter().zip(&offset).zip(&size);
            let flat = axes.fold(0, |flat, ((k, low), side)| flat * side + (k - low));
            weights[flat] = *weight;
        }
        Self {
            offset,
            size,
            weights,
        }
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// The law of the sum of two independent vectors.
    pub fn plus(&self, other: &Self) -> Self {
        let (narrow, wide) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        let sum = |a: &[usize], b: &[usize]| -> Vec<usize> {
            a.iter().zip(b).map(|(a, b)| a + b).collect()
        };
        let size: Vec<usize> = sum(&narrow.size, &wide.size)
            .iter()
            .map(|s| s - 1)
            .collect();
        let mut weights = vec![0.0; size.iter().product()];
        let place = |index: &[usize]| {
            index
                .iter()
                .zip(&size)
                .fold(0, |flat, (k, side)| flat * side + k)
        };
        let Some((length, outer)) = wide.size.split_last() else {
            return wide.clone();
        };
        // Where each row of the wider law goes, and the part of it that is not zero: half of the box is outside the simplex.
        let rows: Vec<(usize, &[f64])> = indices(outer)
            .zip(wide.weights.chunks_exact(*length))
            .filter_map(|(mut index, row)| {
                let first = row.iter().position(|w| *w > 0.0)?;
                let last = row.iter().rposition(|w| *w > 0.0)?;
                index.push(first);
                Some((place(&index), &row[first..=last]))
            })
            .collect();
        let terms = indices(&narrow.size).zip(&narrow.weights);
        for (index, factor) in terms.filter(|(_, factor)| **factor > 0.0) {
            let base = place(&index);
            for (start, row) in &rows {
                let target = &mut weights[base + start..][..row.len()];
                target
                    .iter_mut()
                    .zip(*row)
                    .for_each(|(o, w)| *o += factor * w);
            }
        }
        Self {
            offset: sum(&narrow.offset, &wide.offset),
            size,
            weights,
        }
    }

    /// E f(n + e_y), f on the grid; y = 0 is the coordinate that is not kept.
    pub fn expect(&self, values: &Grid, y: usize) -> f64 {
        let mut corner = self.offset.clone();
        if y > 0 {
            corner[y - 1] += 1;
        }
        let Some((length, outer)) = self.size.split_last() else {
            return values.values[0];
        };
        let rows = indices(outer).zip(self.weights.chunks_exact(*length));
        rows.map(|(index, row)| {
            let point = index
                .iter()
                .chain([&0])
                .zip(&corner)
                .map(|(k, low)| k + low);
            let start = values.index(point);
            dot(row, &values.values[start..start + length])
        })
        .sum()
    }

    /// The smallest box that holds all points of at least `mass`: its lowest and highest corner.
    pub fn support(&self, mass: f64) -> [Vec<usize>; 2] {
        let (mut low, mut high) = (self.size.clone(), vec![0; self.size.len()]);
        let points = indices(&self.size).zip(&self.weights);
        for (index, _) in points.filter(|(_, weight)| **weight >= mass) {
            for (d, k) in index.iter().enumerate() {
                low[d] = low[d].min(*k);
                high[d] = high[d].max(*k);
            }
        }
        [low, high].map(|corner| {
            let shifted = corner.iter().zip(&self.offset);
            shifted.map(|(k, offset)| k + offset).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law of followers one by one, untruncated.
    fn one_by_one(groups: &[(usize, [f64; 3])]) -> std::collections::BTreeMap<Vec<usize>, f64> {
        let mut law = std::collections::BTreeMap::from([(vec![0, 0], 1.0)]);
        for (n, p) in groups {
            for _ in 0..*n {
                let mut next = std::collections::BTreeMap::new();
                for (point, weight) in &law {
                    for y in 0..3 {
                        let mut more = point.clone();
                        if y > 0 {
                            more[y - 1] += 1;
                        }
                        *next.entry(more).or_insert(0.0) += weight * p[y];
                    }
                }
                law = next;
            }
        }
        law
    }

    #[test]
    fn sums_of_multinomials_are_those_of_followers_one_by_one() {
        let groups = [
            (7, [0.2, 0.5, 0.3]),
            (12, [0.0, 0.1, 0.9]),
            (5, [1.0, 0.0, 0.0]),
        ];
        let laws = groups.map(|(n, p)| BoxLaw::multinomial(n, &p));
        let law = laws[0].plus(&laws[1]).plus(&laws[2]);
        let exact = one_by_one(&groups);
        let mut grid = Grid::zeros(25, 3);
        for (point, probability) in exact {
            let counts = [24 - point[0] - point[1], point[0], point[1]];
            grid.set(&counts, 1.0);
            assert!(
                (law.expect(&grid, 0) - probability).abs() < 1e-15,
                "{counts:?}"
            );
            grid.set(&counts, 0.0);
        }
        assert!((law.weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn the_cut_law_is_as_near_to_the_whole_one_as_its_bound_says() {
        // n = 400 at (.9, .06, .04): most of the box is cut, and what is cut weighs no more than the bound.
        let p = [0.9, 0.06, 0.04];
        let law = BoxLaw::multinomial(400, &p);
        assert!(law.len() < 401 * 402 / 8, "{}", law.len());
        let log_factorial = |n: usize| libm::lgamma(n as f64 + 1.0);
        let mut inside = 0.0;
        for (index, weight) in indices(&law.size).zip(&law.weights) {
            let (a, b) = (index[0] + law.offset[0], index[1] + law.offset[1]);
            if a + b <= 400 && *weight > 0.0 {
                let logs = log_factorial(400)
                    - log_factorial(a)
                    - log_factorial(b)
                    - log_factorial(400 - a - b);
                let powers = a as f64 * libm::log(p[1])
                    + b as f64 * libm::log(p[2])
                    + (400 - a - b) as f64 * libm::log(p[0]);
                let whole = libm::exp(logs + powers);
                inside += whole;
                assert!(
                    (weight - whole).abs() <= 1e-11 * whole + truncated_mass(3),
                    "{a} {b}"
                );
            }
        }
        // lgamma's own rounding is all that is left.
        assert!((inside - 1.0).abs() < 1e-11, "{inside}");
    }
}
