//! V_1 of random games against an independent recursion from the definition, with no code and no idea in common with the
//! solver: continuations re-solved at their own z', roots by a dense scan and bisection, nothing interpolated.

#[path = "support/random.rs"]
#[allow(dead_code, reason = "it draws indices for other tests")]
mod random;

#[path = "brute/compare.rs"]
mod compare;
#[path = "brute/expression.rs"]
mod expression;
#[path = "brute/game.rs"]
mod game;
#[path = "brute/generator.rs"]
mod generator;
#[path = "brute/solver.rs"]
mod solver;
#[path = "brute/table.rs"]
mod table;

use compare::{Outcome, compare};
use std::collections::BTreeMap;

/// What became of the games of some seeds; with `SMFG_BRUTE_FOUND` set, those that differ are written there.
fn tally(seeds: std::ops::Range<u64>) -> (usize, Vec<String>) {
    let folder = std::env::var_os("SMFG_BRUTE_FOUND").map(std::path::PathBuf::from);
    let (mut counts, mut differ) = (BTreeMap::new(), Vec::new());
    let mut worst: f64 = 0.0;
    for seed in seeds {
        let begun = std::time::Instant::now();
        let (family, game) = generator::game(seed);
        let outcome = compare(&game);
        let (word, message) = match &outcome {
            Outcome::Agree { error } => {
                worst = worst.max(*error);
                ("agree", None)
            }
            Outcome::NearTie => ("near tie", None),
            Outcome::Open => ("open", None),
            Outcome::Differ { error, got, right } => (
                "differ",
                Some(format!(
                    "differs by {error:.1e}: V_1 = {got:?}, right is {right:?}"
                )),
            ),
            Outcome::Unsolved(why) => ("unsolved", Some(why.clone())),
        };
        *counts.entry((family, word)).or_insert(0usize) += 1;
        if begun.elapsed().as_secs() > 3 {
            eprintln!(
                "seed {seed}, {family:?}: {word} after {:?}",
                begun.elapsed()
            );
        }
        if let Some(message) = message {
            let line = format!(
                "seed {seed}, {family:?}, T = {}, {}: {message}",
                game.horizon,
                game.selection.word()
            );
            eprintln!("{line}");
            if let Some(folder) = &folder {
                let text = format!("# {line}\n{}", game.text());
                std::fs::write(folder.join(format!("{family:?}_{seed}.toml")), text)
                    .expect("a folder");
            }
            differ.push(line);
        }
    }
    for ((family, word), count) in &counts {
        eprintln!("{family:?}: {count} {word}");
    }
    let total = |word: &str| {
        counts
            .iter()
            .filter(|((_, w), _)| *w == word)
            .map(|(_, c)| c)
            .sum::<usize>()
    };
    eprintln!(
        "{} agree (worst {worst:.1e}), {} near ties, {} open, {} differ, {} unsolved",
        total("agree"),
        total("near tie"),
        total("open"),
        total("differ"),
        total("unsolved")
    );
    (total("agree"), differ)
}

#[test]
fn fifty_games_of_two_types_have_the_recursions_values() {
    let (agree, differ) = tally(0..50);
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(agree >= 35, "too few are compared: {agree}");
}

/// Seeds to take instead, as `SMFG_BRUTE_SEEDS=32` or `100..200`.
fn chosen(all: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("SMFG_BRUTE_SEEDS") else {
        return all;
    };
    let number = |s: &str| s.parse::<u64>().expect("a seed");
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&text)..number(&text) + 1,
    }
}

/// `cargo test --test brute -- --ignored --nocapture a_thousand`.
#[test]
#[ignore = "takes minutes; run before a change of the solver is kept"]
fn a_thousand_games_of_two_types_have_the_recursions_values() {
    let seeds = chosen(0..1000);
    let count = (seeds.end - seeds.start) as usize;
    let (agree, differ) = tally(seeds);
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(
        10 * agree >= 7 * count,
        "too few are compared: {agree} of {count}"
    );
}
