//! What the units of rewards do to the accuracy of a solution.

use crate::game::{Game, Scale};
use crate::solve::Selection;
use crate::solve::{Rounding, StateValues};

/// Warnings where a player's range is not proven, or a constant in its rewards takes digits away from V.
pub(super) fn warnings(
    game: &Game,
    tolerance: f64,
    values: &[(Selection, StateValues)],
) -> Vec<String> {
    let size = |of: fn(&StateValues) -> Vec<f64>| {
        let all = values.iter().flat_map(|(_, v)| of(v));
        all.fold(0.0, |size: f64, v| size.max(v.abs()))
    };
    let scales = game.scales();
    let mut warnings = of_player(
        "followers'",
        &scales.follower,
        size(|v| v.followers.clone()),
        tolerance,
    );
    if game.has_leader() {
        let own = size(|v| vec![v.leader]);
        warnings.extend(of_player("leader's", &scales.leader, own, tolerance));
    }
    warnings
}

fn of_player(whose: &str, scale: &Scale, of_values: f64, tolerance: f64) -> Vec<String> {
    let mut warnings = Vec::new();
    let unit = scale.unit;
    if !scale.proven {
        warnings.push(format!(
            "no bound of the {whose} rewards is proven: tolerances are relative to the range {unit:.1e} that they are seen to take"
        ));
    }
    let size = scale.size.max(of_values);
    let rounding = Rounding::of(size);
    if rounding.exceeds(tolerance, unit) {
        warnings.push(format!(
            "the {whose} rewards, or V, are as large as {size:.1e} and differ by {unit:.1e} only: a constant in them takes \
             digits away, V is no more accurate than {:.1e}, and what differs by less than {:.1e} counts as equally good; \
             leave the constant out",
            rounding.values, rounding.ties
        ));
    }
    warnings
}
