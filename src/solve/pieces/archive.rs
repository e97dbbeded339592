//! A solution of a game with two types: V on pieces, polynomials of degree four.

use super::Pieces;
use super::continuation::Candidates;
use super::stage_game::Label;
use super::values::{POINTS, Piece, Piecewise};
use crate::game::Belief;
use crate::game::candidates;
use crate::solve::archive::{counts, damaged, floats, integers, starts_of};
use crate::solve::recursion::Recursion;
use crate::solve::stage::Kind;
use crate::solve::{Archive, ArchiveError, Array, SolveError};

/// Numbers of a label: candidate, kind, the two actions, the mixing type, its second action, place; -1 for nothing.
const LABEL: usize = 7;

/// The arrays of functions in the order of periods and beliefs.
pub(super) fn arrays(functions: &[&Piecewise]) -> Vec<(String, Array)> {
    let mut arrays = Vec::new();
    let pieces: Vec<&Piece> = functions.iter().flat_map(|f| f.pieces()).collect();
    let count = pieces.len();
    let starts = starts_of(functions.iter().map(|f| f.pieces().len()));
    arrays.push(integers("piece_start", &[starts.len()], starts));
    arrays.push(floats(
        "piece_lo",
        &[count],
        pieces.iter().map(|p| p.lo).collect(),
    ));
    arrays.push(floats(
        "piece_hi",
        &[count],
        pieces.iter().map(|p| p.hi).collect(),
    ));
    let of_piece = pieces
        .iter()
        .flat_map(|p| p.all_coefficients().0.iter().flatten().copied());
    arrays.push(floats(
        "piece_values",
        &[count, 3, POINTS],
        of_piece.collect(),
    ));
    // V_{T+1} has no values of the leader: all are padded to her types.
    let types = pieces
        .iter()
        .map(|p| p.all_coefficients().1.len())
        .max()
        .unwrap_or(0);
    let mut by_type = Vec::with_capacity(count * types * POINTS);
    for piece in &pieces {
        let held = piece.all_coefficients().1;
        by_type.extend(held.iter().flatten().copied());
        by_type.resize(by_type.len() + (types - held.len()) * POINTS, 0.0);
    }
    arrays.push(floats(
        "piece_leader_values",
        &[count, types, POINTS],
        by_type,
    ));
    let labels = pieces.iter().flat_map(|p| label_numbers(p.label.as_ref()));
    arrays.push(integers("piece_label", &[count, LABEL], labels.collect()));
    arrays
}

fn label_numbers(label: Option<&Label>) -> [i64; LABEL] {
    let Some(label) = label else {
        return [-1; LABEL];
    };
    let kind = Kind::ALL.iter().position(|kind| *kind == label.kind);
    let (mixer, second) = label.mixing.map_or((-1, -1), |(x, a)| (x as i64, a as i64));
    [
        label.candidate as i64,
        kind.map_or(-1, |kind| kind as i64),
        label.profile[0] as i64,
        label.profile[1] as i64,
        mixer,
        second,
        label.place as i64,
    ]
}

/// The label of some numbers; `None` where they make no sense.
fn label_of(numbers: &[i64], actions: usize) -> Option<Option<Label>> {
    if numbers.iter().all(|n| *n == -1) {
        return Some(None);
    }
    let whole = |i: usize| usize::try_from(numbers[i]).ok();
    let action = |i: usize| whole(i).filter(|a| *a < actions);
    let mixing = match (numbers[4], numbers[5]) {
        (-1, -1) => None,
        _ => Some((whole(4).filter(|x| *x < 2)?, action(5)?)),
    };
    Some(Some(Label {
        candidate: whole(0)?,
        kind: *Kind::ALL.get(whole(1)?)?,
        profile: [action(2)?, action(3)?],
        mixing,
        place: whole(6)?,
    }))
}

/// V by period and belief from its arrays.
pub(super) fn restore(
    of: &Recursion<'_, Pieces>,
    archive: &Archive,
) -> Result<Vec<Vec<Piecewise>>, ArchiveError> {
    let counts = counts(of.game, of.beliefs);
    let functions: usize = counts.iter().sum();
    let starts = archive.starts("piece_start", functions)?;
    let count = starts[functions];
    let (lo, hi) = (
        archive.floats("piece_lo", count)?,
        archive.floats("piece_hi", count)?,
    );
    let values = archive.floats("piece_values", count * 3 * POINTS)?;
    let by_type = archive.array("piece_leader_values")?;
    let types = by_type.shape.get(1).copied().unwrap_or(0) as usize;
    if types > of.game.leader_types().len() {
        return Err(damaged(
            "the array piece_leader_values has too many leader types",
        ));
    }
    let by_type = archive.floats("piece_leader_values", count * types * POINTS)?;
    let labels = archive.integers("piece_label", count * LABEL)?;
    let piece = |i: usize| -> Result<Piece, ArchiveError> {
        let rows = |numbers: &[f64], width: usize| -> Vec<[f64; POINTS]> {
            let rows = numbers[i * width * POINTS..(i + 1) * width * POINTS].chunks_exact(POINTS);
            rows.map(|row| [0, 1, 2, 3, 4].map(|k| row[k])).collect()
        };
        let label = label_of(
            &labels[i * LABEL..(i + 1) * LABEL],
            of.game.follower_actions().len(),
        );
        let label = label.ok_or_else(|| damaged("a regime in piece_label makes no sense"))?;
        let values = rows(values, 3);
        let piece = Piece::from_coefficients(
            [lo[i], hi[i]],
            label,
            [values[0], values[1], values[2]],
            rows(by_type, types),
        );
        match piece.is_finite() && 0.0 <= lo[i] && lo[i] <= hi[i] && hi[i] <= 1.0 {
            true => Ok(piece),
            false => Err(damaged(
                "a piece of V is no part of [0, 1], or V is not finite there",
            )),
        }
    };
    let mut periods = Vec::with_capacity(counts.len());
    let mut function = 0;
    for nodes in counts {
        let mut period = Vec::with_capacity(nodes);
        for _ in 0..nodes {
            let range = starts[function]..starts[function + 1];
            let pieces: Vec<Piece> = range.map(piece).collect::<Result<_, _>>()?;
            let covers = pieces.first().is_some_and(|p| p.lo == 0.0)
                && pieces.last().is_some_and(|p| p.hi == 1.0)
                && pieces.windows(2).all(|pair| pair[0].hi <= pair[1].lo);
            if !covers {
                return Err(damaged("the pieces of a function do not cover [0, 1]"));
            }
            period.push(Piecewise::new(pieces));
            function += 1;
        }
        periods.push(period);
    }
    // The labels of V_t name candidates, which are made from V_{t+1}.
    for t in (1..periods.len()).rev() {
        let (before, after) = periods.split_at_mut(t);
        let beliefs = of.beliefs.at(t).nodes();
        let held = std::mem::take(&mut before[t - 1]);
        let with_candidates = |(v, belief): (Piecewise, &Belief)| {
            let actions: Vec<usize> = (0..of.game.leader_actions().len()).collect();
            let mixing = of.settings.leader_mixing;
            let listed = candidates::at_belief(of.game, &actions, mixing, belief)
                .map_err(SolveError::from)?;
            let candidates = Candidates::of(of.period(t, belief, &after[0]), listed)?;
            match labels_are_known(&v, &candidates) {
                true => Ok(v.with_candidates(candidates)),
                false => Err(damaged(
                    "a regime in piece_label names a candidate that there is not",
                )),
            }
        };
        let all = held.into_iter().zip(beliefs).map(with_candidates);
        before[t - 1] = all.collect::<Result<_, _>>()?;
    }
    Ok(periods)
}

fn labels_are_known(v: &Piecewise, candidates: &Candidates) -> bool {
    let mut labels = v.pieces().iter().filter_map(|piece| piece.label.as_ref());
    labels.all(|label| label.candidate < candidates.list.len())
}
