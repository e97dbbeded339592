//! V_{T+1}: the terminal reward as a value function, (13)-(14).

use super::SolveError;
use super::values::{POINTS, Piece, ValueFunction, Values, accuracy};
use crate::game::{Game, GameError};
use crate::scenario::SolveSettings;

/// Width at which a jump of the terminal reward is left as a gap.
const GAP: f64 = 2e-14;

/// V^f_{T+1} from the game's terminal reward, interpolated on the first mesh and refined; V^l_{T+1} = 0.
pub(super) fn values(game: &Game, settings: &SolveSettings) -> Result<ValueFunction, SolveError> {
    let at = |m: f64| -> Result<Values, GameError> {
        let z = [1.0 - m, m];
        let followers = [game.terminal_reward(&z, 0)?, game.terminal_reward(&z, 1)?];
        Ok(Values {
            followers,
            leader: 0.0,
        })
    };
    let mut pieces = Vec::new();
    let constant = at(0.0)?;
    let grid = |i: usize| i as f64 / settings.grid as f64;
    let mut flat = true;
    for i in 0..=settings.grid {
        flat &= at(grid(i))? == constant;
    }
    if flat {
        pieces.push(Piece::interpolate(0.0, 1.0, None, &[constant; POINTS]));
    } else {
        for i in 0..settings.grid {
            fit(&at, grid(i), grid(i + 1), settings.tolerance, &mut pieces)?;
        }
    }
    Ok(ValueFunction::new(pieces))
}

fn fit(
    at: &dyn Fn(f64) -> Result<Values, GameError>,
    lo: f64,
    hi: f64,
    tolerance: f64,
    out: &mut Vec<Piece>,
) -> Result<(), GameError> {
    if hi - lo <= GAP {
        out.push(Piece::point(lo, None, at(lo)?));
        out.push(Piece::point(hi, None, at(hi)?));
        return Ok(());
    }
    let mut values = [Values::default(); POINTS];
    let points = Piece::nodes(lo, hi);
    for (value, m) in values.iter_mut().zip(points) {
        *value = at(m)?;
    }
    let piece = Piece::interpolate(lo, hi, None, &values);
    let mut error: f64 = 0.0;
    for m in Piece::tests(lo, hi) {
        error = error.max(piece.values(m).distance(&at(m)?));
    }
    if error <= accuracy(tolerance, &values) {
        out.push(piece.with_error(error));
        return Ok(());
    }
    fit(at, lo, points[2], tolerance, out)?;
    fit(at, points[2], hi, tolerance, out)
}
