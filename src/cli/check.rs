//! `smfg check`: read and check a scenario, and print the game as understood.

use clap::Args;
use smfg::game::Game;
use smfg::scenario::Scenario;

use super::failure::Failure;
use super::options::{Changed, SourceOptions};
use super::{Outcome, stdout};

/// Arguments of `smfg check`.
#[derive(Debug, Args)]
pub struct CheckCommand {
    #[command(flatten)]
    source: SourceOptions,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &CheckCommand) -> Result<Outcome, Failure> {
    let scenario = Changed::new(&options.source).read()?;
    let game = scenario.game();
    let mut text = understood(&scenario);
    let mut shown = vec![0, game.leader_actions().len() - 1];
    shown.dedup();
    for leader_action in shown {
        text.push_str(&at_start(game, leader_action)?);
    }
    stdout::print(&text)?;
    Ok(Outcome::Done)
}

fn understood(scenario: &Scenario) -> String {
    let Scenario {
        name,
        description,
        seed,
        solve,
        simulate,
        validate,
        ..
    } = scenario;
    let game = scenario.game();
    let laws = game.follower_types().iter().zip(game.initial().weights());
    let types: Vec<_> = laws
        .map(|(name, weight)| format!("{name} ({weight})"))
        .collect();
    let populations: Vec<_> = simulate.populations.iter().map(u64::to_string).collect();
    let lines = [
        (
            "scenario",
            format!(
                "{name}{}{description}",
                if description.is_empty() { "" } else { ": " }
            ),
        ),
        (
            "horizon",
            format!(
                "{}, discount {}, seed {seed}",
                game.horizon(),
                game.discount()
            ),
        ),
        (
            "follower types",
            format!("{}, in brackets the initial law", types.join(", ")),
        ),
        ("follower actions", available(game)),
        ("leader actions", leader_actions(game)),
        (
            "solve",
            format!(
                "{}, grid {}, tolerance {:?}",
                solve.selection, solve.grid, solve.tolerance
            ),
        ),
        (
            "simulate",
            format!(
                "{} replications of N = {}; engine {}, start {}",
                simulate.replications,
                populations.join(", "),
                simulate.engine,
                simulate.start,
            ),
        ),
        (
            "validate",
            format!(
                "epsilon {}, confidence {}, method {}",
                validate.epsilon, validate.confidence, validate.method
            ),
        ),
    ];
    lines
        .map(|(label, line)| format!("{label:<17} {line}\n"))
        .concat()
}

/// The follower actions, by type where not every type may take all of them.
fn available(game: &Game) -> String {
    let of_type = |x: usize| {
        let actions = game.follower_actions().iter().enumerate();
        let actions = actions
            .filter(|(a, _)| game.is_available(x, *a))
            .map(|(_, name)| name.as_str());
        actions.collect::<Vec<_>>().join(", ")
    };
    let all = game.follower_actions().join(", ");
    let types = game.follower_types().iter().enumerate();
    let limited = types.filter(|(x, _)| of_type(*x) != all);
    let limited = limited.map(|(x, name)| format!("; {name} only {}", of_type(x)));
    all.clone() + &limited.collect::<String>()
}

fn leader_actions(game: &Game) -> String {
    match game.leader_actions() {
        _ if !game.has_leader() => "no leader".to_owned(),
        [first, second, .., last] if game.leader_actions().len() > 8 => {
            format!(
                "{first}, {second}, .., {last} ({} actions)",
                game.leader_actions().len()
            )
        }
        actions => actions.join(", "),
    }
}

/// The kernel and the rewards in the first period, at the initial law and one leader action.
fn at_start(game: &Game, leader_action: usize) -> Result<String, Failure> {
    let mut tables = game.tables();
    tables.evaluate(1, game.initial().weights())?;
    let leader = match game.has_leader() {
        true => format!(
            " and leader action {}",
            game.leader_actions()[leader_action]
        ),
        false => String::new(),
    };
    let mut text = format!("\nAt t = 1, the initial law{leader}:\n");
    for (x, type_name) in game.follower_types().iter().enumerate() {
        for (a, action_name) in game.follower_actions().iter().enumerate() {
            if !game.is_available(x, a) {
                continue;
            }
            let next = game.follower_types().iter().enumerate();
            let next = next.map(|(y, name)| (name, tables.transition(leader_action, x, a, y)));
            let next = next.filter(|(_, probability)| *probability > 0.0);
            let next: Vec<_> = next
                .map(|(name, probability)| format!("{name} {probability}"))
                .collect();
            // Without the sign of a negative zero.
            let reward = tables.follower_reward(leader_action, x, a) + 0.0;
            let (pair, next) = (format!("{type_name}, {action_name}"), next.join(", "));
            text.push_str(&format!("  {pair:<24} -> {next:<40} reward {reward}\n"));
        }
    }
    Ok(text)
}
