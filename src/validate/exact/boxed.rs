//! Laws of count vectors on a box of the lattice: multinomials, their sums, and expectations.
//!
//! A vector (n_0, .., n_{K-1}) of known sum is kept as (n_1, .., n_{K-1}).

use smallvec::{SmallVec, smallvec};

use super::law::{Law, TAIL, central, convolve, dot, estimated_width};

/// One number per coordinate: without a heap for up to four types, of whose laws a state makes a dozen.
type Coordinates = SmallVec<[usize; 3]>;

/// The most mass that the law of a crowd loses: K groups, each of K - 1 binomials cut at both ends.
pub(super) fn truncated_mass(types: usize) -> f64 {
    2.0 * TAIL * (types * (types - 1)) as f64
}

/// A probability law on a box, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BoxLaw {
    pub offset: Coordinates,
    pub size: Coordinates,
    weights: Vec<f64>,
    /// Per row, in which all coordinates but the last are given: from its first positive weight to behind its last. About
    /// half of a box lies outside the simplex.
    rows: SmallVec<[[usize; 2]; 1]>,
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

    fn index(&self, point: &[usize]) -> usize {
        point.iter().fold(0, |index, n| index * self.side + n)
    }

    /// At a count vector of all types.
    pub fn at(&self, counts: &[usize]) -> f64 {
        self.values[self.index(&counts[1..])]
    }

    /// Set the value at a count vector of all types.
    pub fn set(&mut self, counts: &[usize], value: f64) {
        let index = self.index(&counts[1..]);
        self.values[index] = value;
    }
}

/// Count vectors that are marked box by box: a box changes the number of boxes that hold a point at its corners alone, and
/// running sums along all axes make the numbers.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// What changes at each point, on {0..N + 1}^(K-1).
    steps: Grid,
}

impl Marks {
    /// No box.
    pub fn none(population: usize, types: usize) -> Self {
        Self {
            steps: Grid::zeros(population + 1, types),
        }
    }

    /// Mark all counts of a box, corners included, each with one follower of type x more; below N in every entry.
    pub fn mark(&mut self, low: &[u32], high: &[u32], x: usize) {
        for corner in 0..1_usize << low.len() {
            let (mut index, mut sign) = (0, 1.0);
            for (d, (low, high)) in low.iter().zip(high).enumerate() {
                let own = usize::from(d + 1 == x);
                let end = corner >> d & 1 == 1;
                let corner = if end { high + 1 } else { *low };
                index = index * self.steps.side + own + corner as usize;
                sign *= if end { -1.0 } else { 1.0 };
            }
            self.steps.values[index] += sign;
        }
    }

    /// In how many boxes each point lies.
    pub fn counted(&self) -> Grid {
        let mut counted = self.steps.clone();
        let (side, length) = (counted.side, counted.values.len());
        let mut stride = 1;
        while stride < length {
            for i in 0..length {
                if i / stride % side > 0 {
                    counted.values[i] += counted.values[i - stride];
                }
            }
            stride *= side;
        }
        counted
    }
}

/// Where the rows of a box begin in a row-major array of other sides, counted from where the first one does.
fn row_places(size: &[usize], sides: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    let mut stride = 1;
    let axes = size.iter().zip(sides).rev();
    for (place, (length, side)) in axes.enumerate() {
        if place > 0 {
            let block = places.len();
            for k in 1..*length {
                for i in 0..block {
                    places.push(places[i] + k * stride);
                }
            }
        }
        stride *= side;
    }
    places
}

/// Terms of a multinomial of which the first coordinates are given.
struct Terms {
    /// One after the other, as many numbers each as coordinates are given.
    points: Vec<usize>,
    /// How many are left to be split, and the probability so far.
    rests: Vec<(usize, f64)>,
}

impl BoxLaw {
    /// All mass at one point.
    pub fn point(dimensions: usize) -> Self {
        Self {
            offset: smallvec![0; dimensions],
            size: smallvec![1; dimensions],
            weights: vec![1.0],
            rows: smallvec![[0, 1]],
        }
    }

    fn new(offset: Coordinates, size: Coordinates, weights: Vec<f64>) -> Self {
        let positive = |row: &[f64]| {
            let first = row.iter().position(|w| *w > 0.0).unwrap_or(0);
            let end = row
                .iter()
                .rposition(|w| *w > 0.0)
                .map_or(0, |last| last + 1);
            [first, end]
        };
        let length = size.last().copied().unwrap_or(1);
        Self {
            rows: weights.chunks_exact(length).map(positive).collect(),
            offset,
            size,
            weights,
        }
    }

    fn binomial(n: usize, success: f64) -> Self {
        let mut law = Law {
            offset: 0,
            weights: Vec::with_capacity(estimated_width(n, success) as usize + 1),
        };
        law.assign_binomial(n, success);
        Self::line(law.offset, law.weights)
    }

    /// A law of one coordinate, which has one row: with two types, at N = 10^4, the places of rows would cost as much as
    /// what is done with them.
    fn line(offset: usize, weights: Vec<f64>) -> Self {
        Self {
            offset: smallvec![offset],
            size: smallvec![weights.len()],
            rows: smallvec![[0, weights.len()]],
            weights,
        }
    }

    /// Multinomial(n, law) without its tails: conditional binomials, the types 1.. in order.
    pub fn multinomial(n: usize, law: &[f64]) -> Self {
        if let [_, moved] = law {
            return Self::binomial(n, *moved);
        }
        let dimensions = law.len() - 1;
        let mut terms = Terms {
            points: Vec::new(),
            rests: vec![(n, 1.0)],
        };
        let (mut low, mut high): (Coordinates, Coordinates) =
            (smallvec![n; dimensions], smallvec![0; dimensions]);
        let mut left = 1.0_f64;
        let mut binomial = Law::default();
        for (d, p) in law[1..].iter().enumerate() {
            // The mass of the types that are still to come, type 0 among them, without the rounding of differences.
            left = left.min(law[0] + law[d + 1..].iter().sum::<f64>());
            let success = if *p > 0.0 { (p / left).min(1.0) } else { 0.0 };
            let most: usize = terms.rests.iter().map(|(rest, _)| rest + 1).sum();
            let mut longer = Terms {
                points: Vec::with_capacity(most * (d + 1)),
                rests: Vec::with_capacity(most),
            };
            for (i, (rest, weight)) in terms.rests.iter().enumerate() {
                binomial.assign_binomial(*rest, success);
                for (k, probability) in binomial.terms() {
                    (low[d], high[d]) = (low[d].min(k), high[d].max(k));
                    longer
                        .points
                        .extend_from_slice(&terms.points[i * d..(i + 1) * d]);
                    longer.points.push(k);
                    longer.rests.push((rest - k, weight * probability));
                }
            }
            terms = longer;
        }
        let size: Coordinates = low
            .iter()
            .zip(&high)
            .map(|(low, high)| high + 1 - low)
            .collect();
        let mut weights = vec![0.0; size.iter().product()];
        for (i, (_, weight)) in terms.rests.iter().enumerate() {
            let point = &terms.points[i * dimensions..(i + 1) * dimensions];
            let axes = point.iter().zip(&low).zip(&size);
            let flat = axes.fold(0, |flat, ((k, low), side)| flat * side + (k - low));
            weights[flat] = *weight;
        }
        Self::new(low, size, weights)
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    fn length(&self) -> usize {
        self.size.last().copied().unwrap_or(1)
    }

    /// The law of the sum of two independent vectors.
    pub fn plus(&self, other: &Self) -> Self {
        if let ([mine], [theirs]) = (&self.offset[..], &other.offset[..]) {
            let (mut narrow, mut wide) = (&self.weights, &other.weights);
            if narrow.len() > wide.len() {
                std::mem::swap(&mut narrow, &mut wide);
            }
            let mut weights = vec![0.0; narrow.len() + wide.len() - 1];
            convolve(narrow, wide, &mut weights);
            return Self::line(mine + theirs, weights);
        }
        let sum = |a: &[usize], b: &[usize], less: usize| -> Coordinates {
            a.iter().zip(b).map(|(a, b)| a + b - less).collect()
        };
        let size = sum(&self.size, &other.size, 1);
        let mut weights = vec![0.0; size.iter().product()];
        // Rows of positive weights, each with its place in the sum.
        let placed = |law: &Self| -> Vec<(usize, [usize; 2])> {
            let starts = (0..).step_by(law.length());
            let rows = row_places(&law.size, &size)
                .into_iter()
                .zip(&law.rows)
                .zip(starts);
            rows.filter(|((_, [first, end]), _)| first < end)
                .map(|((place, [first, end]), start)| (place + first, [start + first, start + end]))
                .collect()
        };
        let (mine, theirs) = (placed(self), placed(other));
        for (here, [from, to]) in &mine {
            let row = &self.weights[*from..*to];
            for (there, [from, to]) in &theirs {
                let (mut narrow, mut wide) = (row, &other.weights[*from..*to]);
                if narrow.len() > wide.len() {
                    std::mem::swap(&mut narrow, &mut wide);
                }
                let length = narrow.len() + wide.len() - 1;
                convolve(narrow, wide, &mut weights[here + there..][..length]);
            }
        }
        Self::new(sum(&self.offset, &other.offset, 0), size, weights)
    }

    /// E f(n + e_y), f on the grid; y = 0 is the coordinate that is not kept.
    pub fn expect(&self, values: &Grid, y: usize) -> f64 {
        if let [offset] = self.offset[..] {
            return dot(
                &self.weights,
                &values.values[offset + y..][..self.weights.len()],
            );
        }
        let mut corner = self.offset.clone();
        if y > 0 {
            corner[y - 1] += 1;
        }
        let corner = values.index(&corner);
        let sides: Coordinates = smallvec![values.side; self.size.len()];
        let rows = row_places(&self.size, &sides).into_iter().zip(&self.rows);
        let weights = self.weights.chunks_exact(self.length());
        let parts = rows.zip(weights).map(|((place, [first, end]), row)| {
            let place = corner + place;
            dot(
                &row[*first..*end],
                &values.values[place + first..place + end],
            )
        });
        parts.sum()
    }

    /// The smallest box that holds all points of at least `mass`, or all of a line but tails of that mass: its lowest and
    /// highest corner.
    pub fn support(&self, mass: f64) -> [Vec<usize>; 2] {
        if let [offset] = self.offset[..] {
            let (low, high) = central(&self.weights, mass);
            return [vec![offset + low], vec![offset + high]];
        }
        let dimensions = self.size.len();
        let (mut low, mut high): (Coordinates, Coordinates) =
            (self.size.clone(), smallvec![0; dimensions]);
        let mut index = vec![0; dimensions];
        let weights = self.weights.chunks_exact(self.length());
        for (place, (row, [first, end])) in weights.zip(&self.rows).enumerate() {
            let mut rest = place;
            for (d, side) in self.size.iter().enumerate().rev().skip(1) {
                index[d] = rest % side;
                rest /= side;
            }
            let heavy = |w: &f64| *w >= mass;
            let ends = [
                row[*first..*end].iter().position(heavy),
                row[*first..*end].iter().rposition(heavy),
            ];
            if let [Some(from), Some(to)] = ends {
                for k in [first + from, first + to] {
                    if let Some(last) = index.last_mut() {
                        *last = k;
                    }
                    for (d, k) in index.iter().enumerate() {
                        low[d] = low[d].min(*k);
                        high[d] = high[d].max(*k);
                    }
                }
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
    fn sums_of_binomials_are_sums_of_bernoullis() {
        for groups in [
            [(0, 0.3), (0, 0.7)],
            [(1, 0.25), (2, 0.5)],
            [(40, 0.1), (3, 0.9)],
            [(200, 0.02), (150, 0.6)],
            [(5, 1.0), (90, 0.999)],
            [(5, 0.0), (9, 0.4)],
        ] {
            let [one, other] = groups.map(|(n, p)| BoxLaw::multinomial(n, &[1.0 - p, p]));
            let law = one.plus(&other);
            let each = groups.iter().flat_map(|(n, p)| vec![*p; *n]);
            let exact = each.fold(vec![1.0], |law, p| {
                let mut next = vec![0.0; law.len() + 1];
                for (k, w) in law.iter().enumerate() {
                    next[k] += (1.0 - p) * w;
                    next[k + 1] += p * w;
                }
                next
            });
            let total = exact.len() - 1;
            let mut identity = Grid::zeros(total + 1, 2);
            for (k, expected) in exact.iter().enumerate() {
                let got = k
                    .checked_sub(law.offset[0])
                    .and_then(|j| law.weights.get(j));
                let error = got.unwrap_or(&0.0) - expected;
                assert!(error.abs() < 1e-15, "{groups:?} {k}");
                identity.set(&[total - k, k + 1], (k + 1) as f64);
            }
            let mean: f64 = groups.iter().map(|(n, p)| *n as f64 * p).sum();
            assert!((law.expect(&identity, 1) - mean - 1.0).abs() < 1e-11);
        }
    }

    #[test]
    fn marked_points_are_those_of_the_boxes() {
        let boxes = [
            ([0, 0], [2, 1], 0),
            ([1, 1], [3, 1], 1),
            ([0, 4], [0, 5], 2),
            ([2, 0], [2, 2], 2),
        ];
        let population = 6;
        let mut marks = Marks::none(population, 3);
        for (low, high, x) in &boxes {
            marks.mark(low, high, *x);
        }
        let counted = marks.counted();
        for a in 0..=population {
            for b in 0..=population - a {
                let within = |(low, high, x): &&([u32; 2], [u32; 2], usize)| {
                    let own = [u32::from(*x == 1), u32::from(*x == 2)];
                    (0..2)
                        .all(|d| (low[d] + own[d]..=high[d] + own[d]).contains(&([a, b][d] as u32)))
                };
                let expected = boxes.iter().filter(within).count() as f64;
                assert_eq!(counted.at(&[population - a - b, a, b]), expected, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_cut_law_is_as_near_to_the_whole_one_as_its_bound_says() {
        // n = 400 at (.9, .06, .04): most of the box is cut, and what is cut weighs no more than the bound.
        let p = [0.9, 0.06, 0.04];
        let law = BoxLaw::multinomial(400, &p);
        assert!(law.len() < 401 * 402 / 8, "{}", law.len());
        let log_factorial = |n: usize| libm::lgamma(n as f64 + 1.0);
        let mut inside = 0.0;
        for (flat, weight) in law.weights.iter().enumerate() {
            let (row, column) = (flat / law.size[1], flat % law.size[1]);
            let (a, b) = (row + law.offset[0], column + law.offset[1]);
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
