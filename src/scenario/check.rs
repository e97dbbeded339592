//! What of a scenario makes a kernel or reward invalid: the place and the mend of a [`GameError`].

use super::compile::Formulas;
use super::document::{Origin, Value};
use super::error::{Fault, Problem};
use super::formula::{Here, Moment, Resolved};
use super::rows::{Next, TransitionRow};
use crate::game::{GameError, KernelRow, LeaderSpot, Point, Quantity, Spot};

/// The place and the mend of an error.
pub(super) fn explain(error: GameError, formulas: &Formulas, root: &Value) -> Fault {
    let explained = match &error {
        GameError::NotFinite {
            quantity, point, ..
        } => not_finite(quantity, point, formulas),
        GameError::Negative { row, next, .. } => negative(row, next, formulas),
        GameError::RowSum { row, .. } => {
            let mend = "give one type \"rest\", which takes what the others leave".to_owned();
            transition_row(row, formulas).map(|row| (row.origin.clone(), mend))
        }
        // Of a watch, of the solver, and of code: none of a scenario that is being read.
        GameError::Stopped | GameError::Unbounded { .. } | GameError::Code { .. } => None,
    };
    let (origin, mend) = explained.unwrap_or_else(|| (root.origin.clone(), String::new()));
    let error = Box::new(error);
    Fault::new(origin, Problem::Value { error, mend })
}

/// The row of the scenario that a row of a kernel comes from.
fn transition_row<'f>(row: &KernelRow, formulas: &'f Formulas) -> Option<&'f TransitionRow> {
    match row {
        KernelRow::Follower(spot) => {
            let Here { x, a, .. } = here(spot);
            formulas.transition.get(x, a)
        }
        KernelRow::Leader(spot) => {
            let here = here_of_leader(spot);
            let rows = formulas.leader_transition.as_ref()?;
            rows.get(here.leader_type, here.leader)
        }
    }
}

fn here_of_leader(spot: &LeaderSpot) -> Here {
    let leader_type = spot.leader_type.as_ref();
    let leader_action = spot.leader_action.as_ref();
    Here {
        leader_type: leader_type.map_or(0, |(leader_type, _)| leader_type.0),
        leader: leader_action.map_or(0, |(leader_action, _)| leader_action.0),
        ..Here::default()
    }
}

fn here(spot: &Spot) -> Here {
    Here {
        x: spot.follower_type.0.0,
        a: spot.follower_action.0.0,
        ..here_of_leader(&spot.leader)
    }
}

/// What makes a quantity NaN or infinite.
fn not_finite(quantity: &Quantity, point: &Point, formulas: &Formulas) -> Option<(Origin, String)> {
    let names = &formulas.names;
    let moment = |here, follower_reward| Moment {
        here,
        t: point.t,
        z: &point.z,
        follower_reward,
    };
    let of_reward = |formula: &Resolved, here| formula.blame(names, moment(here, f64::NAN));
    // The formula itself, or the first of those that `rest` is taken from.
    let of_row = |row: &TransitionRow, here| {
        let moment = moment(here, f64::NAN);
        let mut bad = row
            .formulas()
            .filter(|formula| !formula.value(names, moment).is_finite());
        bad.next().map(|formula| formula.blame(names, moment))
    };
    match quantity {
        Quantity::Transition { spot, .. } => {
            let row = KernelRow::Follower(spot.clone());
            of_row(transition_row(&row, formulas)?, here(spot))
        }
        Quantity::LeaderTransition { spot, .. } => {
            let row = KernelRow::Leader(spot.clone());
            of_row(transition_row(&row, formulas)?, here_of_leader(spot))
        }
        Quantity::Row(row) => of_row(transition_row(row, formulas)?, Here::default()),
        Quantity::FollowerReward(spot) => {
            let here = here(spot);
            let formula = formulas.follower_reward.get(here.x, here.a)?;
            Some(of_reward(formula, here))
        }
        Quantity::LeaderFollowerReward(spot) => {
            let here = here(spot);
            let reward = formulas.follower_reward.get(here.x, here.a)?;
            let reward = reward.value(names, moment(here, f64::NAN));
            let formula = formulas.leader_per_follower.as_ref()?;
            Some(formula.blame(names, moment(here, reward)))
        }
        Quantity::LeaderPeriodReward(spot) => {
            let formula = formulas.leader_period.as_ref()?;
            Some(of_reward(formula, here_of_leader(spot)))
        }
        Quantity::Terminal { follower_type, .. } => {
            let here = Here {
                x: follower_type.0,
                ..Here::default()
            };
            Some(of_reward(formulas.terminal.as_ref()?, here))
        }
    }
}

/// The formula of a negative probability, or the row whose others leave less than nothing.
fn negative(of: &KernelRow, next: &str, formulas: &Formulas) -> Option<(Origin, String)> {
    let row = transition_row(of, formulas)?;
    let names = &formulas.names;
    let next = match of {
        KernelRow::Follower(_) => names.types.iter().position(|(name, _)| name == next),
        KernelRow::Leader(_) => {
            let types = names.leader_types.as_ref()?.printed();
            types.iter().position(|name| name == next)
        }
    };
    Some(match &row.entries[next?] {
        Next::Formula(formula) => {
            let mend = "keep the probability within 0 and 1, as in `min(max(p, 0), 1)`".to_owned();
            (formula.origin().clone(), mend)
        }
        Next::Never | Next::Rest => (
            row.origin.clone(),
            "the other probabilities of the row sum to more than 1".to_owned(),
        ),
    })
}
