//! The leader's candidate prescriptions at a belief, (15c).

use super::SolveError;
use crate::game::{Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription};

/// Candidates at one belief, at most.
pub(super) const MOST_CANDIDATES: usize = 100_000;

/// Every map from the types that pi deems possible to actions, and where `mixing` > 1 to laws of actions in multiples of
/// 1 / `mixing`: pure ones first, then in the order of her actions, her first type's foremost.
///
/// A type of probability zero moves nothing: its row is left at the first action, to be settled by its own best action.
/// Where the type is public all rows are that of the type that all see.
pub(super) fn at_belief(
    game: &Game,
    actions: &[usize],
    mixing: usize,
    belief: &Belief,
) -> Result<Vec<LeaderPrescription>, SolveError> {
    let laws = laws(actions.len(), mixing);
    let types = belief.weights().len();
    let possible = |x: &usize| belief.weights()[*x] > 0.0;
    let active: Vec<usize> = match game.leader_information() {
        LeaderInformation::Private => (0..types).filter(possible).collect(),
        LeaderInformation::NoTypes | LeaderInformation::Public => vec![0],
    };
    let count = u32::try_from(active.len())
        .ok()
        .and_then(|k| laws.len().checked_pow(k));
    let count = count
        .filter(|count| *count <= MOST_CANDIDATES)
        .ok_or_else(|| SolveError::Candidates {
            count: (laws.len() as f64).powi(active.len() as i32),
            limit: MOST_CANDIDATES,
        })?;
    let public = game.leader_information() == LeaderInformation::Public;
    let mut pure = Vec::new();
    let mut mixed = Vec::new();
    for code in 0..count {
        let mut rows = vec![&laws[0]; types];
        let mut digits = code;
        for x in active.iter().rev() {
            rows[*x] = &laws[digits % laws.len()];
            digits /= laws.len();
        }
        if public {
            rows = vec![rows[0]; types];
        }
        let single = |law: &&Vec<usize>| law.iter().position(|share| *share == mixing);
        let chosen: Option<Vec<_>> = rows
            .iter()
            .map(|law| single(law).map(|i| LeaderAction(actions[i])))
            .collect();
        match chosen {
            Some(chosen) => pure.push(LeaderPrescription::pure(chosen)),
            None => mixed.push(mixture(game, actions, mixing, &rows)),
        }
    }
    pure.append(&mut mixed);
    Ok(pure)
}

fn mixture(
    game: &Game,
    actions: &[usize],
    mixing: usize,
    laws: &[&Vec<usize>],
) -> LeaderPrescription {
    let width = game.leader_actions().len();
    let mut rows = vec![0.0; width * laws.len()];
    for (row, law) in rows.chunks_exact_mut(width).zip(laws) {
        for (action, share) in actions.iter().zip(law.iter()) {
            row[*action] = *share as f64 / mixing as f64;
        }
    }
    LeaderPrescription::Mixed {
        actions: width,
        rows,
    }
}

/// All ways to divide `mixing` among `actions`: pure ones first, then lexicographically falling.
fn laws(actions: usize, mixing: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for place in 0..actions {
        let longer = all.into_iter().flat_map(|law| {
            let left = mixing - law.iter().sum::<usize>();
            let least = if place + 1 == actions { left } else { 0 };
            (least..=left).rev().map(move |share| {
                let mut law = law.clone();
                law.push(share);
                law
            })
        });
        all = longer.collect();
    }
    let (mut pure, mut mixed): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|law| law.contains(&mixing));
    pure.append(&mut mixed);
    pure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_are_all_divisions_pure_ones_first() {
        assert_eq!(laws(3, 1), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
        let two = [
            [2, 0, 0],
            [0, 2, 0],
            [0, 0, 2],
            [1, 1, 0],
            [1, 0, 1],
            [0, 1, 1],
        ];
        assert_eq!(laws(3, 2), two);
        assert_eq!(laws(4, 5).len(), 56);
    }
}
