//! What `smfg run` shows at its end.

use std::fmt::Write;

use crate::game::Game;
use crate::simulate::Summary;
use crate::validate::{Certificate, Method, Player, Validation, Verdict};

/// What the closing screen speaks of.
#[derive(Debug)]
pub struct Screen<'a> {
    /// The game.
    pub game: &'a Game,
    /// The certificate in the mean-field limit.
    pub certificate: &'a Certificate,
    /// One summary per population.
    pub summaries: &'a [Summary],
    /// The verdict and its claims.
    pub validation: &'a Validation,
    /// The gain that refutes.
    pub epsilon: f64,
    /// What else the reader should know of the files.
    pub notes: &'a [String],
    /// The folder.
    pub folder: String,
    /// Its files.
    pub files: &'a [String],
}

/// V_1 under the selections, the gap and the distance to the mean field by N, the verdict, and the files.
pub fn closing_screen(screen: &Screen) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = values(&mut text, screen);
    let _ = populations(&mut text, screen);
    let _ = verdict(&mut text, screen);
    text
}

fn values(text: &mut String, screen: &Screen) -> std::fmt::Result {
    let game = screen.game;
    let z: Vec<String> = game
        .initial()
        .weights()
        .iter()
        .map(|w| format!("{w}"))
        .collect();
    writeln!(
        text,
        "{}: T = {}, discount {}, z_1 = ({})",
        game.name(),
        game.horizon(),
        game.discount(),
        z.join(", ")
    )?;
    let exploitability = &screen.certificate.exploitability;
    if let Some(figures) = &screen.certificate.solution {
        writeln!(
            text,
            "\nV_1 at z_1      {:>14}{}",
            "leader",
            types(game, |x| format!("{x:>14}"))
        )?;
        for (i, (selection, v)) in figures.values.iter().enumerate() {
            let used = if i == 0 { "  <- played" } else { "" };
            let followers: String = v.followers.iter().map(|v| format!("{v:>14.6}")).collect();
            writeln!(
                text,
                "  {:<14}{:>14.6}{followers}{used}",
                selection.word(),
                v.leader
            )?;
        }
        write!(
            text,
            "\nmean-field limit: a follower can gain {}",
            small(exploitability.initial)
        )?;
        if game.has_leader() {
            let gain = small(figures.leader_gain.gain);
            write!(text, ", the leader {gain} in one stage")?;
        }
        let consistency = small(figures.consistency);
        writeln!(text, "; V_1 agrees with the path to {consistency}")?;
        let gap = &figures.commitment_gap;
        if game.has_leader() {
            writeln!(
                text,
                "against the best constant action ({}), commitment gap: {:+.6}",
                game.leader_actions()[gap.action.0],
                gap.value
            )?;
        }
        let work = &figures.work;
        writeln!(
            text,
            "{} points solved, {} stage games searched, {} without an equilibrium; equilibria in one stage game: at most {}; jumps of V: {}",
            work.states, work.stage_games, work.failed, work.max_equilibria, figures.jumps
        )?;
    } else {
        writeln!(
            text,
            "\nmean-field limit: a follower can gain {}",
            small(exploitability.initial)
        )?;
    }
    Ok(())
}

/// A number near zero, to two digits.
fn small(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        _ => format!("{number:.1e}"),
    }
}

fn types(game: &Game, show: impl Fn(&String) -> String) -> String {
    game.follower_types().iter().map(show).collect()
}

fn populations(text: &mut String, screen: &Screen) -> std::fmt::Result {
    let summaries = screen.summaries;
    writeln!(
        text,
        "\n{:>14}  {:>12}  {:>12}  {:>20}",
        "followers N", "follower gap", "leader gap", "largest mean distance"
    )?;
    let largest = |player: Player, population: u64| {
        let mut claims = screen.validation.results.iter().map(|r| &r.row);
        let row = claims.find(|row| row.player == player && row.population == population);
        row.map_or_else(
            || format!("{:>12}", "not tested"),
            |row| format!("{:>12.6}", row.gain),
        )
    };
    let mut shown: Vec<u64> = Vec::new();
    for population in screen.validation.results.iter().map(|r| r.row.population) {
        if shown.contains(&population) {
            continue;
        }
        shown.push(population);
        let summary = summaries.iter().find(|s| s.population() == population);
        let distance = summary.map_or(f64::NAN, |s| {
            s.rows()
                .iter()
                .map(|row| row.distance_mean)
                .fold(f64::NAN, f64::max)
        });
        let (follower, leader) = (
            largest(Player::Follower, population),
            largest(Player::Leader, population),
        );
        writeln!(
            text,
            "{population:>14}  {follower}  {leader}  {distance:>20.6}"
        )?;
    }
    let mut rows = screen.validation.results.iter().map(|r| &r.row);
    if rows.any(|row| row.method == Method::Paired) {
        writeln!(
            text,
            "gaps from replications are estimates: deviations.csv holds their intervals"
        )?;
    }
    Ok(())
}

fn verdict(text: &mut String, screen: &Screen) -> std::fmt::Result {
    let word = match screen.validation.verdict {
        Verdict::Certified => "CERTIFIED",
        Verdict::Refuted => "REFUTED",
        Verdict::Inconclusive => "INCONCLUSIVE",
    };
    writeln!(text, "\n{word} at epsilon = {}:", screen.epsilon)?;
    // What decides comes first.
    let mut results: Vec<_> = screen.validation.results.iter().collect();
    results.sort_by_key(|result| std::cmp::Reverse(result.verdict));
    for result in results {
        writeln!(text, "  {}", result.sentence)?;
    }
    let warnings = screen
        .certificate
        .warnings
        .iter()
        .chain(&screen.validation.warnings)
        .chain(screen.notes);
    for warning in warnings {
        writeln!(text, "note: {warning}")?;
    }
    writeln!(
        text,
        "\n{}: {}, manifest.json",
        screen.folder,
        screen.files.join(", ")
    )
}
