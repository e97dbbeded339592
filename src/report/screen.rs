//! What `smfg run` shows at its end.

use std::fmt::Write;

use crate::game::{Game, LeaderInformation};
use crate::simulate::Summary;
use crate::validate::{
    Certificate, Committed, Method, Player, SolutionFigures, Validation, Verdict,
};

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
    /// Of sampled claims.
    pub confidence: f64,
    /// What all claims share: horizon, initial law, selection.
    pub conditions: String,
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
    let _ = solution(&mut text, screen.game, screen.certificate);
    let _ = populations(&mut text, screen);
    let _ = verdict(&mut text, screen);
    text
}

/// What `smfg solve` shows at its end: V_1 and the certificate in the mean-field limit.
pub fn solution_screen(game: &Game, certificate: &Certificate) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = solution(&mut text, game, certificate);
    text
}

fn solution(text: &mut String, game: &Game, certificate: &Certificate) -> std::fmt::Result {
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
        if game.is_infinite() {
            "infinite".to_owned()
        } else {
            game.horizon().to_string()
        },
        game.discount(),
        z.join(", ")
    )?;
    let exploitability = &certificate.exploitability;
    if let Some(figures) = &certificate.solution {
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
            let gain = figures
                .leader_gain
                .gain
                .map_or_else(|| "?".to_owned(), small);
            write!(text, ", the leader {gain} in one stage")?;
        }
        let consistency = small(figures.consistency);
        writeln!(text, "; V_1 agrees with the path to {consistency}")?;
        if let Some(error) = &figures.value_error {
            writeln!(text, "estimated error of V_1: {}", small(error.figure))?;
        }
        let gap = &figures.commitment_gap;
        if game.has_leader() {
            let policy = match &gap.policy {
                Committed::Constant(action) => {
                    format!(
                        "the best constant action ({})",
                        game.leader_actions()[action.0]
                    )
                }
                Committed::Sequence(actions) => {
                    let names = actions.iter().map(|a| &game.leader_actions()[a.0][..]);
                    let names: Vec<&str> = names.collect();
                    format!("the best sequence of actions ({})", names.join(", "))
                }
            };
            writeln!(text, "against {policy}, commitment gap: {:+.6}", gap.value)?;
        }
        if game.leader_information() != LeaderInformation::NoTypes {
            leader_types(text, game, figures)?;
        }
        if let Some(iteration) = &figures.iteration {
            writeln!(
                text,
                "infinite horizon: {iteration}; {} periods are played, the rest can add {:.1e} to a follower's gain",
                game.horizon(),
                figures.tail
            )?;
        }
        let work = &figures.work;
        write!(
            text,
            "{} points solved, {} stage games searched, {} without an equilibrium; equilibria in one stage game: at most {}",
            work.states, work.stage_games, work.failed, work.max_equilibria
        )?;
        match figures.jumps {
            Some(jumps) => writeln!(text, "; jumps of V: {jumps}")?,
            None => writeln!(text)?,
        }
    } else {
        writeln!(
            text,
            "\nmean-field limit: a follower can gain {}",
            small(exploitability.initial)
        )?;
    }
    Ok(())
}

/// What each type of the leader has, and would gain by another prescription.
fn leader_types(text: &mut String, game: &Game, figures: &SolutionFigures) -> std::fmt::Result {
    let Some((_, played)) = figures.values.first() else {
        return Ok(());
    };
    for (x, name) in game.leader_types().iter().enumerate() {
        let probability = game.initial_belief().weights()[x];
        if probability <= 0.0 {
            continue;
        }
        write!(
            text,
            "leader type {name} (probability {probability}): V_1 {:.6}",
            played.leader_types[x]
        )?;
        let gain = &figures.leader_gain;
        if let (Some(regret), Some(own)) = (gain.regret.get(x), gain.own_row_regret.get(x)) {
            let (regret, own) = (small(*regret), small(*own));
            write!(text, "; regret {regret}, over her own row {own}")?;
        }
        writeln!(text)?;
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
    writeln!(
        text,
        "\n{:>14}  {:>13}  {:>13}  {:>13}",
        "followers N", "follower gain", "leader gain", "distance"
    )?;
    let claims = &screen.validation.results;
    let largest = |player: Player, population: u64| {
        let mut rows = claims.iter().map(|claim| &claim.row);
        let row = rows.find(|row| row.player == player && row.population == population);
        row.map_or("not tested".to_owned(), |row| format!("{:.6}", row.gain))
    };
    for summary in screen.summaries {
        let population = summary.population();
        let distances = summary.rows().into_iter().map(|row| row.distance_mean);
        writeln!(
            text,
            "{population:>14}  {:>13}  {:>13}  {:>13.6}",
            largest(Player::Follower, population),
            largest(Player::Leader, population),
            distances.fold(f64::NAN, f64::max)
        )?;
    }
    writeln!(
        text,
        "(largest gain of a deviation; largest mean total variation to the mean field over t)"
    )?;
    let mut rows = screen.validation.results.iter().map(|r| &r.row);
    if rows.any(|row| row.method != Method::Exact) {
        writeln!(
            text,
            "gains from replications are estimates: deviations.csv holds their intervals"
        )?;
    }
    Ok(())
}

/// The verdict in one sentence: the claims that decide it, with the conditions that they share.
fn verdict(text: &mut String, screen: &Screen) -> std::fmt::Result {
    let verdict = screen.validation.verdict;
    let claims = || {
        screen
            .validation
            .results
            .iter()
            .filter(|claim| claim.verdict == verdict)
    };
    let word = verdict.to_string().to_uppercase();
    let epsilon = screen.epsilon;
    write!(text, "\n{word}: with {}, ", screen.conditions)?;
    match verdict {
        Verdict::Certified => write!(text, "no unilateral deviation gains {epsilon} or more:")?,
        Verdict::Refuted => write!(text, "a unilateral deviation gains {epsilon} or more:")?,
        Verdict::Inconclusive => {
            write!(
                text,
                "it is not decided whether a unilateral deviation gains {epsilon} or more:"
            )?;
        }
    }
    let mut shown: Vec<(Player, &str)> = Vec::new();
    for claim in claims() {
        let key = (claim.row.player, claim.class.as_str());
        if shown.contains(&key) {
            continue;
        }
        shown.push(key);
        let same = claims().filter(|other| (other.row.player, other.class.as_str()) == key);
        let at: Vec<String> = same.map(|other| other.row.population.to_string()).collect();
        let method = match claim.row.method {
            Method::Exact => "exact backward induction".to_owned(),
            Method::Integrated => {
                format!("the integrated method at confidence {}", screen.confidence)
            }
            Method::Paired => format!("paired replications at confidence {}", screen.confidence),
        };
        write!(
            text,
            "\n  {} at N = {}: {}, by {method}",
            key.0,
            at.join(", "),
            key.1
        )?;
    }
    writeln!(text)?;
    let warnings = screen
        .certificate
        .warnings
        .iter()
        .chain(&screen.validation.warnings);
    for warning in warnings.chain(screen.notes) {
        writeln!(text, "note: {warning}")?;
    }
    writeln!(
        text,
        "\n{}: {}, manifest.json",
        screen.folder,
        screen.files.join(", ")
    )
}
