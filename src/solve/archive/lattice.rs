//! A solution on a lattice: V at its nodes, and its jumps between them.

use super::{
    Archive, ArchiveError, Array, Held, SimplexSolution, belief_arrays, damaged, floats, integers,
    starts_of,
};
use crate::solve::lattice::Parts;

/// The arrays; functions are numbered period by period, belief by belief.
pub(super) fn arrays(solution: &SimplexSolution) -> Vec<(String, Array)> {
    let Parts {
        beliefs,
        functions,
        nodes,
        components,
        cells,
    } = solution.parts();
    let mut arrays = belief_arrays(solution.game(), &beliefs);
    let count = functions.len();
    let values = functions
        .iter()
        .flat_map(|f| f.values.iter().copied())
        .collect();
    arrays.push(integers("cells", &[1], vec![cells as i64]));
    arrays.push(floats("value", &[count, nodes, components], values));
    let starts = starts_of(functions.iter().map(|f| f.cuts.len()));
    arrays.push(integers("jump_start", &[starts.len()], starts));
    let cuts = || functions.iter().flat_map(|f| f.cuts.iter());
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

/// The solution from its arrays.
pub(super) fn restore<'g>(
    archive: &Archive,
    held: Held<'_, 'g>,
) -> Result<SimplexSolution<'g>, ArchiveError> {
    let counts = held.counts();
    let total: usize = counts.iter().sum();
    let Held {
        game,
        settings,
        beliefs,
        work,
        iteration,
    } = held;
    let mut solution = SimplexSolution::empty(game, settings, beliefs, (work, iteration))?;
    let (nodes, components) = (solution.nodes(), solution.components());
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
    let mut function = 0;
    for count in counts {
        let mut period = Vec::with_capacity(count);
        for _ in 0..count {
            let cuts = (starts[function]..starts[function + 1]).map(|i| {
                let side = |k: usize| {
                    let start = (2 * i + k) * components;
                    beyond[start..start + components].to_vec()
                };
                crate::solve::lattice::Cut {
                    nodes: [ends[2 * i] as usize, ends[2 * i + 1] as usize],
                    between: [between[2 * i], between[2 * i + 1]],
                    beyond: [side(0), side(1)],
                }
            });
            let values = values[function * size..(function + 1) * size].to_vec();
            period.push((values, cuts.collect()));
            function += 1;
        }
        solution.push_period(period);
    }
    Ok(solution)
}
