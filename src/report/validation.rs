//! deviations.csv, best_response.csv, certificate.json and verdict.json.

use serde_json::{Map, Value, json};

use super::table::Misfit;
use super::{Cell, Table, columns, leader};
use crate::certify::{
    Certificate, Committed, Exploitability, LeaderGain, MixedSearch, SolutionFigures,
};
use crate::game::{Game, LeaderInformation};
use crate::solve::{Ending, StateValues};
use crate::validate::{BestResponseRow, CHECK_LEVEL, Row, Validation, WORST};

/// deviations.csv.
///
/// # Errors
/// [`Misfit`].
pub fn deviations_table(rows: &[Row]) -> Result<Table, Misfit> {
    let mut table = Table::new(columns::deviations());
    for row in rows {
        let (player, method) = (row.player.to_string(), row.method.to_string());
        // From all starts at once: nothing that the run claims.
        let verdict = match row.start.as_str() {
            WORST => "none".to_owned(),
            _ => row.verdict.to_string(),
        };
        let cells: [Cell; 15] = [
            row.population.into(),
            Cell::Text(&player),
            (&row.start).into(),
            (&row.deviation).into(),
            Cell::Text(&method),
            row.gain.into(),
            row.std_error.into(),
            row.low.into(),
            row.high.into(),
            row.replications.into(),
            row.value.into(),
            row.value_deviation.into(),
            Cell::Text(&verdict),
            row.mean_weight.into(),
            row.effective_replications.into(),
        ];
        table.row(cells)?;
    }
    Ok(table)
}

/// best_response.csv.
///
/// # Errors
/// [`Misfit`].
pub fn best_response_table(game: &Game, rows: &[BestResponseRow]) -> Result<Table, Misfit> {
    let mut table = Table::new(columns::best_response(game));
    for row in rows {
        let start: [Cell; 3] = [
            row.population.into(),
            row.t.into(),
            (&game.follower_types()[row.x]).into(),
        ];
        let z = row.z.weights().iter().map(|weight| Cell::Float(*weight));
        let state = z.chain(leader::belief_cells(game, row.belief.weights()));
        let action = &game.follower_actions()[row.action];
        let end: [Cell; 2] = [action.into(), row.gain.into()];
        table.row(start.into_iter().chain(state).chain(end))?;
    }
    Ok(table)
}

fn by_type(game: &Game, values: &[f64]) -> Value {
    named(game.follower_types(), values)
}

fn by_leader_type(game: &Game, values: &[f64]) -> Value {
    named(game.leader_types(), values)
}

fn named(names: &[String], values: &[f64]) -> Value {
    let pairs = names.iter().zip(values);
    Value::Object(
        pairs
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect(),
    )
}

fn exploitability(game: &Game, figure: &Exploitability) -> Value {
    json!({ "initial": figure.initial, "by_type": by_type(game, &figure.by_type) })
}

fn values(game: &Game, values: &StateValues) -> Value {
    let leader = match game.leader_information() {
        LeaderInformation::NoTypes => json!(game.has_leader().then_some(values.leader)),
        LeaderInformation::Private | LeaderInformation::Public => {
            by_leader_type(game, &values.leader_types)
        }
    };
    json!({ "v_leader": leader, "v_follower": by_type(game, &values.followers) })
}

/// What mixing in the first period would bring; null where she has no choice, and with the reason where it was not looked
/// for. The policy is by action, of a leader with types by type and action.
fn mixed_gain(game: &Game, search: &MixedSearch) -> Option<Value> {
    let found = match search {
        MixedSearch::NoChoice => return None,
        MixedSearch::NotSearched(why) => return Some(json!({ "not_searched": why })),
        MixedSearch::Found(found) => found,
    };
    let law = |law: &[f64]| named(game.leader_actions(), law);
    let policy = match game.leader_information() {
        LeaderInformation::NoTypes => found.laws.first().map(|(_, p)| law(p)),
        _ => {
            let laws = found.laws.iter();
            let laws = laws.map(|(x, p)| (game.leader_types()[x.0].clone(), law(p)));
            Some(Value::Object(laws.collect()))
        }
    };
    Some(json!({
        "value": found.value,
        "gain": found.gain,
        "policy": policy,
        "tried": found.tried,
    }))
}

/// certificate.json; keys that need a solution, or a leader, are null where there is none.
pub fn certificate_json(game: &Game, certificate: &Certificate) -> Value {
    let figures = certificate.solution.as_ref();
    let led = figures.filter(|_| game.has_leader());
    let private = game.leader_information() == LeaderInformation::Private;
    let regrets = |pick: fn(&LeaderGain) -> &Vec<f64>| {
        let of_types = figures.filter(|_| private);
        let gain = of_types.and_then(|f| f.leader_gain.as_ref());
        gain.map(|gain| by_leader_type(game, pick(gain)))
    };
    let whole = |policy: &Committed| match policy {
        Committed::Constant(action) => format!("constant:{}", game.leader_actions()[action.0]),
        Committed::Sequence(actions) => {
            let names = actions.iter().map(|a| &game.leader_actions()[a.0][..]);
            format!("sequence:{}", names.collect::<Vec<_>>().join(","))
        }
    };
    let selections = figures.map(|f| {
        let entry = |(selection, v): &(crate::solve::Selection, StateValues)| {
            (selection.word().to_owned(), values(game, v))
        };
        f.values.iter().map(entry).collect::<Map<_, _>>()
    });
    json!({
        "failed_stage_games": figures.map(|f| f.work.failed),
        "max_equilibria": figures.map(|f| f.work.max_equilibria),
        "enumeration_complete": figures.map(|f| f.work.is_complete()),
        "unproven_pieces": figures.map(|f| f.work.unproven),
        "follower_exploitability": exploitability(game, &certificate.exploitability),
        "leader_class": led.map(SolutionFigures::class),
        "leader_gain": figures.and_then(|f| f.leader_gain.as_ref()?.gain),
        "leader_gain_mixed": figures.and_then(|f| mixed_gain(game, f.mixed.as_ref()?)),
        "leader_regret": regrets(|gain| &gain.regret),
        "leader_own_row_regret": regrets(|gain| &gain.own_row_regret),
        "flow_difference": led.map(|f| f.flow_difference),
        "without_coin": figures.map(|f| exploitability(game, &f.without_coin)),
        "consistency": figures.map(|f| f.consistency),
        "v_error": figures.and_then(|f| f.value_error.as_ref()).map(|e| e.figure),
        "incomplete_stage_games": figures.map(|f| f.work.incomplete),
        "jumps": figures.and_then(|f| f.jumps),
        "stage_solves": figures.map(|f| f.work.states),
        "stage_games": figures.map(|f| f.work.stage_games),
        "even_stage_games": figures.map(|f| f.work.even),
        "undecided_ties": figures.map(|f| f.work.undecided),
        "suprema_not_attained": figures.map(|f| f.work.suprema),
        "unsupported_stage_games": figures.map(|f| f.work.only_lottery),
        "jump_edges": figures.map(|f| f.work.cuts),
        "mixed_simplex_share": figures.and_then(|f| f.work.mixed_share()),
        "commitment_gap": figures.and_then(|f| f.commitment_gap.as_ref()).map(|gap| json!({
            "value": gap.value,
            "policy": whole(&gap.policy),
            "sequences_compared": gap.sequences,
            "constants_skipped": gap.skipped,
        })),
        "iteration": figures.and_then(|f| f.iteration).map(|i| json!({
            "converged": i.ending == Ending::Converged,
            "iterations": i.count,
            "residual": i.residual,
            "bound": i.bound,
            "periods_played": game.horizon(),
            "tail": figures.map(|f| f.tail),
        })),
        "values": selections,
        "warnings": certificate.warnings,
    })
}

/// verdict.json.
pub fn verdict_json(validation: &Validation, epsilon: f64, confidence: f64) -> Value {
    let results: Vec<Value> = validation
        .results
        .iter()
        .map(|result| {
            let row = &result.row;
            json!({
                "population": row.population,
                "player": row.player.to_string(),
                "start": row.start,
                "deviation": row.deviation,
                "method": row.method.to_string(),
                "gain": row.gain,
                "low": row.low,
                "high": row.high,
                "verdict": result.verdict.to_string(),
                "smallest_epsilon": result.smallest_epsilon,
                "class": result.class,
                "claim": result.sentence,
            })
        })
        .collect();
    let mut classes: Vec<String> = Vec::new();
    for result in &validation.results {
        let class = format!("{}: {}", result.row.player, result.class);
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let checks: Vec<Value> = validation
        .checks
        .iter()
        .map(|check| {
            json!({
                "check": check.name,
                "population": check.population,
                "statistic": check.statistic,
                "degrees": check.degrees,
                "p_value": check.p_value,
                "level": CHECK_LEVEL,
                "impossible_steps": check.impossible,
                "passed": check.passed,
            })
        })
        .collect();
    json!({
        "verdict": validation.verdict.to_string(),
        "epsilon": epsilon,
        "confidence": confidence,
        "class": classes.join("; "),
        "results": results,
        "checks": checks,
        "warnings": validation.warnings,
    })
}
