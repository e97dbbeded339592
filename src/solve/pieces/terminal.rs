//! Terminal reward as a value function, (13)-(14).

use super::values::{POINTS, Piece, Piecewise, Values, accuracy, polynomial_error};
use crate::game::jet::Jet;
use crate::game::stretches::{Stretches, clear_of};
use crate::game::{Game, GameError};
use crate::solve::SolveError;
use crate::solve::SolveSettings;
use crate::solve::tolerances::{GAP, LEAST_UNPROVEN};
use crate::stats::Interval;

/// V^f_{T+1} from the game's terminal reward, interpolated between its breaks and refined until the error is proven;
/// V^l_{T+1} = 0. The number of pieces, or stretches, for which it is not.
pub(in crate::solve) fn values(
    game: &Game,
    settings: &SolveSettings,
) -> Result<(Piecewise, u64), SolveError> {
    let stretches = game.terminal_stretches();
    game.has_bounds(game.horizon() + 1, &stretches)?;
    let mut terminal = Terminal {
        game,
        tolerance: settings.tolerance,
        stretches: &stretches,
        pieces: Vec::new(),
        unproven: stretches.unproven as u64,
    };
    let mut from = 0.0;
    for b in &stretches.breaks {
        let [before, after] = b.sides();
        let at = terminal.at(b.at)?;
        let joins = |m: f64| -> Result<bool, GameError> {
            if !(0.0..=1.0).contains(&m) {
                return Ok(false);
            }
            let side = terminal.at(m)?;
            Ok(side.distance(&at) <= accuracy(settings.tolerance, &[side, at]))
        };
        // A corner belongs to the side before it, a jump to the side of its own value, or to none.
        let (left, right) = (joins(before)?, joins(after)?);
        let to = if left { b.at } else { before };
        if to > from {
            terminal.fit(from, to)?;
        }
        if !left && !right {
            terminal.pieces.push(Piece::point(b.at, None, at));
        }
        from = if right && !left { b.at } else { after };
    }
    if from < 1.0 {
        terminal.fit(from, 1.0)?;
    }
    let breaks = stretches.breaks.iter().map(|b| b.at);
    let function = Piecewise::new(terminal.pieces).with_breaks(breaks.collect());
    Ok((function, terminal.unproven))
}

struct Terminal<'g> {
    game: &'g Game,
    tolerance: f64,
    stretches: &'g Stretches,
    pieces: Vec<Piece>,
    unproven: u64,
}

impl Terminal<'_> {
    fn at(&self, m: f64) -> Result<Values, GameError> {
        let z = [1.0 - m, m];
        Ok(Values {
            followers: [
                self.game.terminal_reward(&z, 0)?,
                self.game.terminal_reward(&z, 1)?,
            ],
            leader: 0.0,
        })
    }

    fn fit(&mut self, lo: f64, hi: f64) -> Result<(), GameError> {
        if hi - lo <= GAP {
            self.pieces.push(Piece::point(lo, None, self.at(lo)?));
            self.pieces.push(Piece::point(hi, None, self.at(hi)?));
            return Ok(());
        }
        let mut values = [Values::default(); POINTS];
        let points = Piece::nodes(lo, hi);
        for (value, m) in values.iter_mut().zip(points) {
            *value = self.at(m)?;
        }
        let piece = Piece::interpolate(lo, hi, None, &values);
        let mut error: f64 = 0.0;
        for m in Piece::tests(lo, hi) {
            error = error.max(piece.values(m).distance(&self.at(m)?));
        }
        let accuracy = accuracy(self.tolerance, &values);
        let narrow = hi - lo <= LEAST_UNPROVEN;
        if error <= accuracy {
            let [clear_lo, clear_hi] = clear_of(&self.stretches.breaks, [lo, hi]);
            let bound = self.bound(clear_lo, clear_hi);
            let proven = bound.size() <= accuracy;
            if proven || narrow {
                self.unproven += u64::from(!proven);
                let of_difference = match proven {
                    true => bound.followers[0] + bound.followers[1],
                    false => 2.0 * accuracy,
                };
                self.pieces
                    .push(piece.with_error(of_difference.max(2.0 * error)));
                return Ok(());
            }
        }
        self.fit(lo, points[2])?;
        self.fit(points[2], hi)
    }

    /// A bound of the interpolation error on `[lo, hi]`; infinite where enclosures give none.
    fn bound(&self, low: f64, high: f64) -> Values {
        let bound = |x: usize| {
            let jet: Jet<{ POINTS + 1 }> = self.game.terminal_jet(Interval { low, high }, x);
            polynomial_error(&jet, 0.0, 0.5 * (high - low))
        };
        Values {
            followers: [bound(0), bound(1)],
            leader: 0.0,
        }
    }
}
