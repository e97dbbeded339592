//! The leader's candidate prescriptions at a belief, (15c).

use super::{Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType};

/// Candidates at one belief, at most.
pub const MOST_CANDIDATES: usize = 100_000;

/// More prescriptions of the leader than are compared.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "the leader has {count:.3e} candidate prescriptions at one belief, more than {MOST_CANDIDATES}: fewer actions or \
     types, or a smaller `leader_mixing`, may do"
)]
pub struct TooManyCandidates {
    /// As counted.
    pub count: f64,
}

/// Every map from the types that pi deems possible to actions, and where `mixing` > 1 to laws of actions in multiples of
/// 1 / `mixing`: pure ones first, then in the order of her actions, her first type's foremost.
///
/// A type of probability zero moves nothing: its row is left at the first action, for its own best action to replace.
/// Where the type is public all rows are that of the type that all see.
pub fn at_belief(
    game: &Game,
    actions: &[usize],
    mixing: usize,
    belief: &Belief,
) -> Result<Vec<LeaderPrescription>, TooManyCandidates> {
    // Pure laws stand first, in the order of the actions: alone they need not be listed, which every state asks for.
    let laws = match mixing {
        0 | 1 => Vec::new(),
        _ => laws(actions.len(), mixing),
    };
    let number = laws.len().max(actions.len());
    let types = belief.weights().len();
    let possible = |x: &usize| belief.weights()[*x] > 0.0;
    let active: Vec<usize> = match game.leader_information() {
        LeaderInformation::Private => (0..types).filter(possible).collect(),
        LeaderInformation::NoTypes | LeaderInformation::Public => vec![0],
    };
    let count = u32::try_from(active.len())
        .ok()
        .and_then(|k| number.checked_pow(k));
    let count = count
        .filter(|count| *count <= MOST_CANDIDATES)
        .ok_or_else(|| TooManyCandidates {
            count: (number as f64).powi(active.len() as i32),
        })?;
    let mut pure = Vec::new();
    let mut mixed = Vec::new();
    for code in 0..count {
        let mut rows = vec![0; types];
        for (x, law) in active.iter().zip(digits(code, number, active.len())) {
            rows[*x] = law;
        }
        if game.leader_information() == LeaderInformation::Public {
            rows = vec![rows[0]; types];
        }
        if rows.iter().all(|law| *law < actions.len()) {
            let chosen = rows.iter().map(|law| LeaderAction(actions[*law]));
            pure.push(LeaderPrescription::pure(chosen.collect()));
        } else {
            let rows: Vec<&Vec<usize>> = rows.iter().map(|law| &laws[*law]).collect();
            mixed.push(mixture(game, actions, mixing, &rows));
        }
    }
    pure.append(&mut mixed);
    Ok(pure)
}

/// The digits of a code, the first varying slowest.
fn digits(mut code: usize, base: usize, length: usize) -> Vec<usize> {
    let mut digits = vec![0; length];
    for digit in digits.iter_mut().rev() {
        *digit = code % base;
        code /= base;
    }
    digits
}

/// Every map from `types` types to actions, the first type's action varying slowest.
pub fn action_maps(types: usize, actions: usize) -> Vec<Vec<LeaderAction>> {
    let map = |code| digits(code, actions, types).into_iter().map(LeaderAction);
    let number = actions.pow(types as u32);
    (0..number).map(|code| map(code).collect()).collect()
}

/// Whether two prescriptions give every type that pi deems possible the same law.
pub fn same_law(belief: &Belief, one: &LeaderPrescription, other: &LeaderPrescription) -> bool {
    let types = belief.weights().iter().enumerate();
    let mut possible = types.filter(|(_, weight)| **weight > 0.0);
    possible.all(|(x, _)| one.support(LeaderType(x)) == other.support(LeaderType(x)))
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
