//! A solution on a lattice: V at its nodes, and its jumps between them.

use super::Nodes;
use super::field::Field;
use super::regimes::{Cut, Cuts};
use crate::solve::archive::{counts, damaged, floats, integers, starts_of};
use crate::solve::recursion::Recursion;
use crate::solve::{Archive, ArchiveError, Array};

impl Nodes {
    /// The arrays of functions in the order of periods and beliefs.
    pub(super) fn to_arrays(&self, functions: &[&Field]) -> Vec<(String, Array)> {
        let (nodes, cells) = (self.lattice.nodes(), self.lattice.cells());
        let components = self.components;
        let mut arrays = Vec::new();
        let count = functions.len();
        let values = functions
            .iter()
            .flat_map(|f| f.all().iter().copied())
            .collect();
        arrays.push(integers("cells", &[1], vec![cells as i64]));
        arrays.push(floats("value", &[count, nodes, components], values));
        let starts = starts_of(functions.iter().map(|f| f.cuts().all().len()));
        arrays.push(integers("jump_start", &[starts.len()], starts));
        let cuts = || functions.iter().flat_map(|f| f.cuts().all().iter());
        let total = cuts().count();
        let ends = cuts().flat_map(|c| c.nodes.map(|node| node as i64));
        arrays.push(integers("jump_nodes", &[total, 2], ends.collect()));
        let between = cuts().flat_map(|c| c.between);
        arrays.push(floats("jump_between", &[total, 2], between.collect()));
        let beyond = cuts().flat_map(|c| c.beyond.iter().flatten().copied());
        arrays.push(floats(
            "jump_beyond",
            &[total, 2, components],
            beyond.collect(),
        ));
        arrays
    }

    /// V by period and belief from its arrays.
    pub(super) fn from_arrays(
        of: &Recursion<'_, Self>,
        archive: &Archive,
    ) -> Result<Vec<Vec<Field>>, ArchiveError> {
        let counts = counts(of.game, of.beliefs);
        let total: usize = counts.iter().sum();
        let lattice = &of.representation.lattice;
        let (nodes, components) = (lattice.nodes(), of.representation.components);
        let size = nodes * components;
        let values = archive.floats("value", total * size)?;
        let starts = archive.starts("jump_start", total)?;
        let cuts = starts[total];
        let ends = archive.integers("jump_nodes", cuts * 2)?;
        let between = archive.floats("jump_between", cuts * 2)?;
        let beyond = archive.floats("jump_beyond", cuts * 2 * components)?;
        let numbers = values.iter().chain(between).chain(beyond);
        if !numbers.clone().all(|v| v.is_finite()) {
            return Err(damaged("a value or a jump is not finite"));
        }
        if !ends
            .iter()
            .all(|node| usize::try_from(*node).is_ok_and(|node| node < nodes))
        {
            return Err(damaged("a jump names a node that there is not"));
        }
        let mut periods = Vec::with_capacity(counts.len());
        let mut function = 0;
        for count in counts {
            let mut period = Vec::with_capacity(count);
            for _ in 0..count {
                let cuts = (starts[function]..starts[function + 1]).map(|i| {
                    let side = |k: usize| {
                        let start = (2 * i + k) * components;
                        beyond[start..start + components].to_vec()
                    };
                    Cut {
                        nodes: [ends[2 * i] as usize, ends[2 * i + 1] as usize],
                        between: [between[2 * i], between[2 * i + 1]],
                        beyond: [side(0), side(1)],
                    }
                });
                let cuts: Vec<Cut> = cuts.collect();
                let values = values[function * size..(function + 1) * size].to_vec();
                let field = Field::new(lattice, components, values);
                period.push(match cuts.is_empty() {
                    true => field,
                    false => field.with_cuts(lattice, Cuts::new(cuts, nodes)),
                });
                function += 1;
            }
            periods.push(period);
        }
        Ok(periods)
    }
}
