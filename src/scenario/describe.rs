//! The game as understood, for `smfg check`.

use super::Scenario;
use super::formula::Resolved;
use super::rows::{Next, TransitionRow};
use crate::game::{FlowRule, LeaderInformation};
use std::fmt::{Display, Write as _};

impl Scenario {
    /// The game as understood: sets, formulas by type and action, settings, and what was checked. Ends in a newline.
    pub fn describe(&self) -> String {
        let game = self.game();
        let names = &self.formulas.names;
        let mut lines = vec![self.title()];
        let horizon = match game.is_infinite() {
            true => format!("infinite, {} periods played", game.horizon()),
            false => game.horizon().to_string(),
        };
        lines.push(format!(
            "horizon {horizon}, discount {:?}, seed {}",
            game.discount(),
            self.seed
        ));
        let parameters = names
            .parameters
            .iter()
            .map(|(name, value)| format!("{name} = {value:?}"));
        push_list(&mut lines, "parameters", parameters);
        push_list(&mut lines, "follower types", numbered(&names.types));
        push_list(&mut lines, "follower actions", numbered(&names.actions));
        push_list(
            &mut lines,
            "initial",
            game.initial()
                .weights()
                .iter()
                .map(|weight| format!("{weight:?}")),
        );
        lines.push(self.leader());
        self.push_leader_types(&mut lines);
        self.push_pairs(&mut lines);
        let formulas = [
            ("terminal reward", &self.formulas.terminal),
            (
                "leader reward per follower",
                &self.formulas.leader_per_follower,
            ),
            ("leader reward per period", &self.formulas.leader_period),
        ];
        for (what, formula) in formulas {
            lines.extend(
                formula
                    .as_ref()
                    .map(|formula| format!("{what}: {}", shown(formula))),
            );
        }
        self.push_settings(&mut lines);
        lines.push(self.checked());
        lines.join("\n") + "\n"
    }

    fn title(&self) -> String {
        if self.description.is_empty() {
            self.name.clone()
        } else {
            // A description's control characters are not let through to a terminal.
            let description = self.description.replace(char::is_control, " ");
            format!("{}: {description}", self.name)
        }
    }

    fn leader(&self) -> String {
        let Some(leader) = &self.formulas.names.leader else {
            return "no leader".to_owned();
        };
        let actions = self.game().leader_actions();
        format!(
            "leader: {} in {} ({} actions)",
            leader.variable,
            listed(actions),
            actions.len()
        )
    }

    /// Who sees the leader's type, its first law and its kernel; nothing without types.
    fn push_leader_types(&self, lines: &mut Vec<String>) {
        let (game, formulas) = (self.game(), &self.formulas);
        let Some(types) = &formulas.names.leader_types else {
            return;
        };
        let seen = match game.leader_information() {
            LeaderInformation::Public => "seen by all",
            LeaderInformation::Private | LeaderInformation::NoTypes => "private",
        };
        let names: Vec<String> = if types.names.is_empty() {
            types.printed()
        } else {
            let numbers = types.names.iter().zip(&types.values);
            numbers
                .map(|(name, number)| format!("{name} ({number:?})"))
                .collect()
        };
        let (variable, count) = (&types.variable, names.len());
        let listed = listed(&names);
        lines.push(format!(
            "leader types: {variable} in {listed} ({count} types, {seen})"
        ));
        let initial = game.initial_belief().weights();
        let initial = initial.iter().map(|weight| format!("{weight:?}"));
        push_list(lines, "initial belief", initial);
        let Some(rows) = &formulas.leader_transition else {
            lines.push("leader type never changes".to_owned());
            return;
        };
        for row in rows.rows() {
            let to = transition(&row.content, game.leader_types());
            lines.push(format!("leader {}\n  moves to {to}", row.key));
        }
    }

    /// Transition and reward of every type and action.
    fn push_pairs(&self, lines: &mut Vec<String>) {
        let game = self.game();
        for (x, follower_type) in game.follower_types().iter().enumerate() {
            for (a, action) in game.follower_actions().iter().enumerate() {
                let pair = format!("{follower_type}, {action}");
                match (
                    self.formulas.transition.get(x, a),
                    self.formulas.follower_reward.get(x, a),
                ) {
                    (Some(row), Some(reward)) => {
                        let row = transition(row, game.follower_types());
                        lines.push(format!(
                            "{pair}\n  moves to {row}\n  reward {}",
                            shown(reward)
                        ));
                    }
                    _ => lines.push(format!("{pair}\n  not available")),
                }
            }
        }
    }

    fn push_settings(&self, lines: &mut Vec<String>) {
        let Scenario {
            solve,
            simulate,
            validate,
            ..
        } = self;
        let (selection, grid, tolerance) = (solve.selection, solve.grid, solve.tolerance);
        lines.push(format!(
            "solve: {selection} selection, grid {grid}, tolerance {tolerance:?}{}",
            self.leader_settings()
        ));
        let populations = simulate
            .populations
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let (replications, engine, start) =
            (simulate.replications, simulate.engine, simulate.start);
        lines.push(format!("simulate: N = {populations}; {replications} replications, engine {engine}, start {start}"));
        let (epsilon, confidence, method) =
            (validate.epsilon, validate.confidence, validate.method);
        let mut text =
            format!("validate: epsilon {epsilon:?}, confidence {confidence:?}, method {method}");
        for start in &validate.starts {
            // Writing to a String cannot fail.
            let _ = write!(text, ", start {:?}", start.weights());
        }
        lines.push(text);
    }

    /// The settings that matter only where the leader has types or mixes.
    fn leader_settings(&self) -> String {
        let solve = &self.solve;
        let typed = self.formulas.names.leader_types.is_some();
        let mut text = String::new();
        // Writing to a String cannot fail.
        if typed || solve.flow != FlowRule::default() {
            let _ = write!(text, ", flow {}", solve.flow.word());
        }
        if typed || solve.leader_mixing > 1 {
            let _ = write!(text, ", leader mixing {}", solve.leader_mixing);
        }
        if self.game().leader_information() == LeaderInformation::Private {
            let _ = write!(text, ", belief grid {}", solve.belief_grid);
        }
        if !solve.commitment_gap {
            text.push_str(", no commitment gap");
        }
        text
    }

    fn checked(&self) -> String {
        let checked = &self.checked;
        let periods = match checked.periods.len() {
            1 => "nothing depends on t".to_owned(),
            count => format!("{count} of {} periods", self.game().horizon()),
        };
        format!(
            "checked at {} mean fields (multiples of 1/{}); {periods}",
            checked.points, checked.cells
        )
    }
}

fn push_list(lines: &mut Vec<String>, what: &str, entries: impl Iterator<Item = impl Display>) {
    let entries: Vec<String> = entries.map(|entry| entry.to_string()).collect();
    if !entries.is_empty() {
        lines.push(format!("{what}: {}", entries.join(", ")));
    }
}

fn numbered(set: &[(String, f64)]) -> impl Iterator<Item = String> {
    set.iter()
        .map(|(name, number)| format!("{name} ({number:?})"))
}

/// All of a short list, the ends of a long one.
fn listed(names: &[String]) -> String {
    match names {
        [first, second, .., last] if names.len() > 8 => format!("{first}, {second}, .., {last}"),
        _ => names.join(", "),
    }
}

/// The entries of a kernel row, as written.
fn transition(row: &TransitionRow, types: &[String]) -> String {
    let entries = types.iter().zip(&row.entries);
    let named = entries.filter_map(|(name, next)| match next {
        Next::Never => None,
        Next::Rest => Some(format!("{name}: rest")),
        Next::Formula(formula) => Some(format!("{name}: {}", shown(formula))),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// The formula on one line, as written.
fn shown(formula: &Resolved) -> String {
    formula
        .text()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
