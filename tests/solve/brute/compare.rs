//! The library's V_1 beside the recursion's.

use super::game::Game;
use super::solver::{Solver, Value};
use smfg::scenario::Scenario;
use smfg::solve::Solved;
use std::sync::mpsc;
use std::time::Duration;

/// Of V_1, relative to the range of the rewards of all periods.
pub const WITHIN: f64 = 1e-6;
/// A solve that takes longer is taken not to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Cells of the dense scan, and of a second one where something differs.
const CELLS: [usize; 2] = [3000, 40_000];

#[derive(Clone, Debug)]
pub enum Outcome {
    Agree {
        error: f64,
    },
    /// A choice is closer than 1e-9.
    NearTie,
    /// The recursion has no value: a continuum of several dimensions.
    Open,
    Differ {
        error: f64,
        got: [f64; 3],
        right: [f64; 3],
    },
    Unsolved(String),
}

/// What the library has of a game.
#[derive(Clone, Copy, Debug)]
pub struct Solution {
    /// V_1 at z_1: of lo, of hi, and of the leader.
    pub values: [f64; 3],
    /// Points and stage games solved.
    pub work: u64,
}

/// The game solved with default settings.
pub fn library(text: &str) -> Result<Solution, String> {
    let (send, receive) = mpsc::channel();
    let text = text.to_owned();
    std::thread::spawn(move || {
        let solve = || {
            let scenario = Scenario::parse("game.toml", &text, &[]).map_err(|e| e.to_string())?;
            let game = scenario.game();
            let solved = Solved::compute(game, &scenario.solve, None).map_err(|e| e.to_string())?;
            let point = solved.resolve(1, game.initial_belief(), game.initial());
            let v = point.map_err(|e| e.to_string())?.values;
            let work = solved.work();
            Ok(Solution {
                values: [v.followers[0], v.followers[1], v.leader],
                work: work.states + work.stage_games + work.known_regimes,
            })
        };
        // Nobody listens any more where it took too long.
        let _ = send.send(solve());
    });
    let answer = receive.recv_timeout(PATIENCE);
    answer.unwrap_or_else(|e| Err(format!("no end: {e}")))
}

/// The recursion's V_1 at z_1.
pub fn right(game: &Game, cells: usize) -> (Value, [f64; 2]) {
    // With few leader actions and no later game each point costs next to nothing.
    let cells = if game.horizon > 2 || game.terminal.is_some() {
        cells / 3
    } else {
        cells
    };
    let solver = Solver::new(game, cells);
    (solver.value(1, game.initial), solver.ranges)
}

fn largest(got: [f64; 3], right: &Value, ranges: [f64; 2]) -> f64 {
    let followers = (0..2).map(|x| (got[x] - right.follower[x]).abs() / ranges[0]);
    let leader = (got[2] - right.leader).abs() / ranges[1];
    followers.fold(leader, f64::max)
}

pub fn compare(game: &Game) -> Outcome {
    let got = match library(&game.text()) {
        Ok(solution) => solution.values,
        Err(why) => {
            let (v, _) = right(game, CELLS[0]);
            let right = [v.follower[0], v.follower[1], v.leader];
            return Outcome::Unsolved(format!("{why}; right is V_1 = {right:?}"));
        }
    };
    for cells in CELLS {
        let (value, ranges) = right(game, cells);
        if value.open {
            return Outcome::Open;
        }
        if value.close {
            return Outcome::NearTie;
        }
        let error = largest(got, &value, ranges);
        if error <= WITHIN {
            return Outcome::Agree { error };
        }
        if cells == CELLS[1] {
            let right = [value.follower[0], value.follower[1], value.leader];
            return Outcome::Differ { error, got, right };
        }
    }
    Outcome::Open
}
