//! What `smfg run` shows at its end.

use std::fmt::Write;

use crate::certify::{Certificate, CommitmentGap, Committed, LeaderGain, SolutionFigures};
use crate::game::{Game, LeaderAction, LeaderInformation};
use crate::simulate::Summary;
use crate::solve::StateValues;
use crate::stats::{Digits, digits};
use crate::validate::{Method, Player, Validation, Verdict};

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
    let gain = small(certificate.exploitability.initial);
    let Some(figures) = &certificate.solution else {
        return writeln!(text, "\nmean-field limit: a follower can gain {gain}");
    };
    values(text, game, figures)?;
    write!(text, "\nmean-field limit: a follower can gain {gain}")?;
    if let Some(found) = &figures.leader_gain {
        let gain = found.gain.map_or_else(|| "?".to_owned(), small);
        write!(text, ", the leader {gain} in one stage")?;
        if game.leader_actions().len() > 1 {
            write!(text, " over {} prescriptions", figures.class())?;
        }
    }
    let consistency = small(figures.consistency);
    writeln!(text, "; V_1 agrees with the path to {consistency}")?;
    if let Some(error) = &figures.value_error {
        writeln!(text, "estimated error of V_1: {}", small(error.figure))?;
    }
    if let Some(gap) = &figures.commitment_gap {
        commitment(text, game, gap, figures)?;
    }
    if game.leader_information() != LeaderInformation::NoTypes {
        leader_types(text, game, figures)?;
    }
    if let Some(iteration) = &figures.iteration {
        writeln!(
            text,
            "infinite horizon: {iteration}; {} periods are played, the rest can add {} to a follower's gain",
            game.horizon(),
            small(figures.tail)
        )?;
    }
    let work = &figures.work;
    write!(
        text,
        "{} points solved, {} stage games searched, {} without an equilibrium; equilibria in one stage game: at most {}",
        work.states, work.stage_games, work.failed, work.max_equilibria
    )?;
    match figures.jumps {
        Some(jumps) => writeln!(text, "; jumps of V: {jumps}"),
        None => writeln!(text),
    }
}

/// V_1 under every selection that was solved, a column per player: the leader, where there is one, and the types.
fn values(text: &mut String, game: &Game, figures: &SolutionFigures) -> std::fmt::Result {
    let leader = game.has_leader().then(|| "leader".to_owned());
    let heads: Vec<String> = leader
        .into_iter()
        .chain(game.follower_types().iter().cloned())
        .collect();
    let row = |v: &StateValues| -> Vec<f64> {
        let leader = game.has_leader().then_some(v.leader);
        leader
            .into_iter()
            .chain(v.followers.iter().copied())
            .collect()
    };
    let rows: Vec<Vec<f64>> = figures.values.iter().map(|(_, v)| row(v)).collect();
    let columns: Vec<Vec<String>> = heads
        .into_iter()
        .enumerate()
        .map(|(i, head)| {
            let digits = Digits::of(rows.iter().map(|row| row[i]));
            let shown = rows.iter().map(|row| digits.show(row[i]));
            aligned(std::iter::once(head).chain(shown).collect(), 14)
        })
        .collect();
    let line = |i: usize| {
        columns
            .iter()
            .map(|column| &column[i][..])
            .collect::<String>()
    };
    writeln!(text, "\nV_1 at z_1      {}", line(0))?;
    for (i, (selection, _)) in figures.values.iter().enumerate() {
        let used = if i == 0 { "  <- played" } else { "" };
        writeln!(text, "  {:<14}{}{used}", selection.word(), line(i + 1))?;
    }
    Ok(())
}

/// Right-aligned to at least this width, with two spaces or more before each.
fn aligned(cells: Vec<String>, least: usize) -> Vec<String> {
    let widths = cells.iter().map(|cell| cell.chars().count() + 2);
    let width = widths.fold(least, usize::max);
    cells.iter().map(|cell| format!("{cell:>width$}")).collect()
}

/// The best whole policy of the leader that was compared.
fn commitment(
    text: &mut String,
    game: &Game,
    gap: &CommitmentGap,
    figures: &SolutionFigures,
) -> std::fmt::Result {
    let name = |action: &LeaderAction| &game.leader_actions()[action.0][..];
    let policy = match &gap.policy {
        _ if gap.value.is_nan() => {
            return writeln!(text, "commitment gap: no constant action could be compared");
        }
        Committed::Constant(action) => format!("the best constant action ({})", name(action)),
        Committed::Sequence(actions) => {
            let names: Vec<&str> = actions.iter().map(name).collect();
            format!("the best sequence of actions ({})", names.join(", "))
        }
    };
    let own = figures.values.first().map(|(_, v)| v.leader);
    let digits = Digits::of(own.into_iter().chain([gap.value]));
    writeln!(
        text,
        "against {policy}, commitment gap: {}",
        digits.show_signed(gap.value)
    )
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
            "leader type {name} (probability {probability}): V_1 {}",
            digits(played.leader_types[x])
        )?;
        let gain = figures.leader_gain.as_ref();
        let of = |pick: fn(&LeaderGain) -> &Vec<f64>| gain.and_then(|gain| pick(gain).get(x));
        if let (Some(regret), Some(own)) = (of(|g| &g.regret), of(|g| &g.own_row_regret)) {
            let shown = |gain: f64| match gain.is_nan() {
                true => "not tested".to_owned(),
                false => small(gain),
            };
            let (regret, own) = (shown(*regret), shown(*own));
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

fn populations(text: &mut String, screen: &Screen) -> std::fmt::Result {
    let claims = &screen.validation.results;
    let gain = |player: Player, population: u64| {
        let mut rows = claims.iter().map(|claim| &claim.row);
        let row = rows.find(|row| row.player == player && row.population == population);
        row.map(|row| row.gain)
    };
    let populations: Vec<u64> = screen.summaries.iter().map(|s| s.population()).collect();
    let counts = populations.iter().map(u64::to_string);
    let mut columns = vec![column("followers N", counts, 14)];
    let players = [
        (Player::Follower, "follower gain"),
        (Player::Leader, "leader gain"),
    ];
    let has_leader = screen.game.has_leader();
    for (player, head) in players.into_iter().take(1 + usize::from(has_leader)) {
        let gains: Vec<Option<f64>> = populations.iter().map(|n| gain(player, *n)).collect();
        // Beside the gain that counts.
        let digits = Digits::of(gains.iter().flatten().copied().chain([screen.epsilon]));
        let shown = gains
            .iter()
            .map(|gain| gain.map_or("not tested".to_owned(), |g| digits.show(g)));
        columns.push(column(head, shown, 15));
    }
    let distances: Vec<f64> = screen.summaries.iter().map(farthest).collect();
    let digits = Digits::of(distances.iter().copied());
    columns.push(column(
        "distance",
        distances.iter().map(|d| digits.show(*d)),
        15,
    ));
    writeln!(text)?;
    for i in 0..=populations.len() {
        let line: String = columns.iter().map(|column| &column[i][..]).collect();
        writeln!(text, "{line}")?;
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

/// A column of the screen under its head.
fn column(head: &str, cells: impl Iterator<Item = String>, least: usize) -> Vec<String> {
    aligned(
        std::iter::once(head.to_owned()).chain(cells).collect(),
        least,
    )
}

/// The largest mean total variation to the mean field over t.
fn farthest(summary: &Summary) -> f64 {
    let distances = summary.rows().into_iter().map(|row| row.distance_mean);
    distances.fold(f64::NAN, f64::max)
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
