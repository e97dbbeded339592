//! A forecast of the detail of V, made while the recursion runs: what will not end is refused before it takes long.

use super::SolveError;
use super::backward::MOST_PIECES;

/// Periods over which growth is looked at,
const PERIODS: usize = 6;
/// a period's growth that counts,
const RATE: f64 = 1.25;
/// and pieces below which V is too simple for a forecast.
const FEWEST: usize = 3_000;
/// A forecast is doubted up to this many times the limit: growth may slow down.
const DOUBT: f64 = 100.0;

/// Pieces of V from period to period.
#[derive(Default)]
pub(super) struct Growth(Vec<usize>);

impl Growth {
    /// Take note of the pieces of V_t; an error where V_1 would have many times more than are allowed.
    pub fn record(&mut self, t: usize, pieces: usize) -> Result<(), SolveError> {
        self.0.push(pieces);
        let Some(last) = self.0.len().checked_sub(PERIODS + 1) else {
            return Ok(());
        };
        let recent = &self.0[last..];
        let steady = recent.windows(2).all(|n| n[1] as f64 >= RATE * n[0] as f64);
        let ratio = pieces as f64 / recent[0].max(1) as f64;
        let growth = libm::pow(ratio, 1.0 / PERIODS as f64);
        let forecast = pieces as f64 * libm::pow(growth, (t - 1) as f64);
        if !steady || pieces < FEWEST || forecast <= DOUBT * MOST_PIECES as f64 {
            return Ok(());
        }
        let more = libm::log(MOST_PIECES as f64 / pieces as f64) / libm::log(growth);
        Err(SolveError::Growth {
            t,
            pieces,
            growth,
            forecast,
            limit: MOST_PIECES,
            reached: self.0.len() + more.max(0.0) as usize,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(horizon: usize, pieces: impl Fn(usize) -> f64) -> Result<(), SolveError> {
        let mut growth = Growth::default();
        (0..horizon).try_for_each(|k| growth.record(horizon - k, pieces(k) as usize))
    }

    #[test]
    fn steady_growth_is_refused_as_soon_as_it_shows() {
        let sis = |k: usize| 7.0 * libm::pow(1.5, k as f64);
        match run(51, sis) {
            Err(SolveError::Growth {
                t, growth, reached, ..
            }) => {
                assert!((growth - 1.5).abs() < 0.01);
                assert!((34..38).contains(&t), "{t}");
                assert!((28..32).contains(&reached), "{reached}");
            }
            other => panic!("{other:?}"),
        }
        // The same at a horizon that is within reach.
        assert!(run(24, sis).is_ok());
    }

    #[test]
    fn what_levels_off_is_not_refused() {
        assert!(run(200, |k| 12_000.0 * (1.0 - libm::exp(-0.3 * k as f64))).is_ok());
        assert!(run(200, |k| 500.0 * k as f64).is_ok());
    }
}
