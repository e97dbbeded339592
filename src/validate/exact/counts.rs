//! The count vectors of a population, and what they stand for.

use crate::game::MeanField;

/// All count vectors (n_0, .., n_{K-1}) of one population, in ascending order of (n_1, .., n_{K-1}).
#[derive(Clone, Debug)]
pub(super) struct CountVectors {
    population: usize,
    types: usize,
    /// One after the other.
    entries: Vec<usize>,
}

impl CountVectors {
    /// Of N = `population` followers of at least one type.
    pub fn new(population: usize, types: usize) -> Self {
        let (mut entries, mut rest) = (Vec::new(), vec![0; types]);
        let mut left = population;
        loop {
            rest[0] = left;
            entries.extend_from_slice(&rest);
            // Count the last entry up; where nobody is left for it, empty it and carry to the one before.
            let mut carried = types - 1;
            while carried > 0 && left == 0 {
                left += std::mem::take(&mut rest[carried]);
                carried -= 1;
            }
            if carried == 0 {
                break;
            }
            rest[carried] += 1;
            left -= 1;
        }
        Self {
            population,
            types,
            entries,
        }
    }

    /// N.
    pub fn population(&self) -> usize {
        self.population
    }

    /// K.
    pub fn types(&self) -> usize {
        self.types
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len() / self.types
    }

    /// The one at a place of the order.
    pub fn at(&self, index: usize) -> &[usize] {
        &self.entries[index * self.types..(index + 1) * self.types]
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.entries.chunks_exact(self.types)
    }
}

/// z^N.
pub(super) fn mean_field(counts: &[usize]) -> MeanField {
    let counts: Vec<u64> = counts.iter().map(|n| *n as u64).collect();
    MeanField::from_counts(&counts)
}

/// The points of the grid that holds the values, (N + 1)^(K - 1).
pub(super) fn grid_points(population: u64, types: usize) -> u64 {
    let side = population.saturating_add(1);
    (1..types).fold(1_u64, |points, _| points.saturating_mul(side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_ascend_in_the_types_after_the_first() {
        let all = |population, types| -> Vec<Vec<usize>> {
            let vectors = CountVectors::new(population, types);
            vectors.iter().map(<[usize]>::to_vec).collect()
        };
        assert_eq!(all(3, 1), [[3]]);
        assert_eq!(all(2, 2), [[2, 0], [1, 1], [0, 2]]);
        let three = [
            [2, 0, 0],
            [1, 0, 1],
            [0, 0, 2],
            [1, 1, 0],
            [0, 1, 1],
            [0, 2, 0],
        ];
        assert_eq!(all(2, 3), three);
        assert_eq!(CountVectors::new(7, 4).len(), 120);
    }
}
