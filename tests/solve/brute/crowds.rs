//! The program's V_1 of games on a lattice, and the error that it states, beside the enumeration's.

use super::crowd::{Coupling, Crowd, crowd};
use super::enumerate::Enumeration;
use crate::support::program::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// What the program says of a game.
struct Stated {
    followers: Vec<f64>,
    leader: f64,
    error: Option<f64>,
    warnings: Vec<String>,
}

fn solve(game: &Crowd) -> Result<Stated, String> {
    let place = Place::new();
    std::fs::write(place.path("crowd.toml"), game.text()).map_err(|e| e.to_string())?;
    let mut program = Command::new(env!("CARGO_BIN_EXE_smfg"));
    program
        .args(["solve", "crowd.toml", "--quiet", "--out", "out"])
        .current_dir(&place.root);
    program.stdout(Stdio::null()).stderr(Stdio::piped());
    let (mut child, begun) = (program.spawn().map_err(|e| e.to_string())?, Instant::now());
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().map_err(|e| e.to_string())?;
            child.wait().map_err(|e| e.to_string())?;
            return Err("no end".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text =
        std::fs::read_to_string(place.path("out/certificate.json")).map_err(|e| e.to_string())?;
    let all: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let values = &all["values"][game.selection.word()];
    let number = |v: &Value| v.as_f64().ok_or("no number");
    let followers = values["v_follower"].as_object().ok_or("no values")?;
    let said = all["warnings"].as_array().ok_or("no warnings")?;
    Ok(Stated {
        followers: followers.values().map(number).collect::<Result<_, _>>()?,
        leader: number(&values["v_leader"])?,
        error: all["v_error"].as_f64(),
        warnings: said
            .iter()
            .filter_map(|w| w.as_str().map(String::from))
            .collect(),
    })
}

/// What became of a set of games.
#[derive(Debug, Default)]
pub struct Tally {
    pub compared: usize,
    /// Within `v_error`.
    pub covered: usize,
    /// Outside of it, or without one.
    pub missed: Vec<String>,
    /// Missed with no warning that a selection is near.
    pub silent: Vec<String>,
    pub unsolved: Vec<String>,
}

pub fn tally(seeds: Range<u64>) -> Tally {
    let folder = std::env::var_os("SMFG_BRUTE_FOUND").map(std::path::PathBuf::from);
    let (mut tally, mut counts) = (Tally::default(), BTreeMap::<(Coupling, &str), usize>::new());
    let (mut errors, mut stated_errors) = (Vec::new(), Vec::new());
    for seed in seeds {
        let game = crowd(seed);
        let enumeration = Enumeration::new(&game);
        let mut count = |word| *counts.entry((game.coupling, word)).or_default() += 1;
        let Some(right) = enumeration.first().filter(|r| !r.close()) else {
            count("near tie");
            continue;
        };
        let stated = match solve(&game) {
            Ok(stated) => stated,
            Err(why) => {
                count("unsolved");
                tally.unsolved.push(format!("seed {seed}: {why}"));
                continue;
            }
        };
        tally.compared += 1;
        let followers = stated
            .followers
            .iter()
            .zip(&right.followers)
            .map(|(a, b)| (a - b).abs());
        let error = followers.fold((stated.leader - right.leader).abs(), f64::max);
        errors.push(error);
        stated_errors.extend(stated.error);
        // Rounding of an exact value is no miss.
        if stated.error.is_some_and(|e| error <= e.max(1e-9)) {
            tally.covered += 1;
            count("within v_error");
            continue;
        }
        count(if error <= 1e-9 {
            "exact, without v_error"
        } else {
            "missed"
        });
        if error <= 1e-9 && stated.error.is_none() {
            continue;
        }
        let line = format!(
            "seed {seed}, {:?}, {} types, {}: off by {error:.1e}, v_error {:?}, margin {:.1e}, lottery {}: right is {:?}, leader {}; \
             got {:?}, leader {}",
            game.coupling,
            game.types,
            game.selection.word(),
            stated.error,
            right.margin,
            right.lottery,
            right.followers,
            right.leader,
            stated.followers,
            stated.leader
        );
        if let Some(folder) = &folder {
            let text = format!("# {line}\n{}", game.text());
            std::fs::write(
                folder.join(format!("Crowd_{:?}_{seed}.toml", game.coupling)),
                text,
            )
            .expect("a folder");
        }
        eprintln!("{line}");
        if !stated.warnings.iter().any(|w| w.contains("is selected by")) {
            tally.silent.push(line.clone());
        }
        tally.missed.push(line);
    }
    for ((coupling, word), count) in &counts {
        eprintln!("{coupling:?}: {count} {word}");
    }
    let middle = |of: &mut Vec<f64>| {
        of.sort_by(f64::total_cmp);
        of.get(of.len() / 2).copied()
    };
    eprintln!(
        "{} compared, {} within v_error, {} missed, {} of them silently, {} unsolved; worst {:.1e}; medians: error {:?}, v_error {:?}",
        tally.compared,
        tally.covered,
        tally.missed.len(),
        tally.silent.len(),
        tally.unsolved.len(),
        errors.iter().copied().fold(0.0, f64::max),
        middle(&mut errors),
        middle(&mut stated_errors)
    );
    tally
}
