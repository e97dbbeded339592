//! Forecasts of the detail of V and of the work, made while the recursion runs: what will not end is refused before it
//! takes long.

use std::sync::atomic::{AtomicU64, Ordering};

use super::SolveError;
use super::tolerances::MOST_PIECES;

/// Periods over which growth is looked at,
const PERIODS: usize = 6;
/// a period's growth that counts,
const RATE: f64 = 1.25;
/// and pieces below which V is too simple for a forecast.
const FEWEST: usize = 3_000;
/// A forecast of pieces is doubted up to this many times the limit, and one of work up to this many times: growth may slow
/// down.
const DOUBT: f64 = 100.0;
const DOUBT_OF_WORK: f64 = 4.0;

/// The most steps of work, [`super::Work::steps`], that all workers of a solution may take together.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    spent: AtomicU64,
}

impl Budget {
    /// Of which nothing is spent.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            spent: AtomicU64::new(0),
        }
    }

    /// Take note of steps in period t.
    ///
    /// # Errors
    /// [`SolveError::Budget`] where it is overspent: the sum decides, whatever the order in which it grows.
    pub fn spend(&self, t: usize, steps: u64) -> Result<(), SolveError> {
        match self.spent.fetch_add(steps, Ordering::Relaxed) + steps <= self.limit {
            true => Ok(()),
            false => Err(SolveError::Budget {
                t,
                forecast: None,
                budget: self.limit,
            }),
        }
    }
}

/// Pieces of V and work, from period to period.
pub(super) struct Growth {
    /// The most steps of work, [`super::Work::steps`].
    budget: u64,
    pieces: Vec<usize>,
    /// Steps of work by the end of each period.
    spent: Vec<u64>,
}

impl Growth {
    /// For a recursion that may take so many steps of work.
    pub fn new(budget: u64) -> Self {
        Self {
            budget,
            pieces: Vec::new(),
            spent: Vec::new(),
        }
    }

    /// Take note of the pieces of V_t and of the work so far.
    ///
    /// # Errors
    /// [`SolveError::Growth`] where V_1 would have many times more pieces than are allowed, [`SolveError::Budget`] where the
    /// work is more than the budget, or is going to be.
    pub fn record(&mut self, t: usize, pieces: usize, spent: u64) -> Result<(), SolveError> {
        self.pieces.push(pieces);
        self.spent.push(spent);
        self.detail(t, pieces)?;
        let forecast = self.forecast(t);
        let doubted = DOUBT_OF_WORK * self.budget as f64;
        if spent <= self.budget && forecast.is_none_or(|forecast| forecast <= doubted) {
            return Ok(());
        }
        Err(SolveError::Budget {
            t,
            forecast,
            budget: self.budget,
        })
    }

    /// Steps of work of the whole recursion, from the growth of late: geometric where it is steady, else linear.
    fn forecast(&self, t: usize) -> Option<f64> {
        let last = self.spent.len().checked_sub(PERIODS + 1)?;
        let recent: Vec<f64> = self.spent[last..]
            .windows(2)
            .map(|w| (w[1] - w[0]) as f64)
            .collect();
        let (first, now) = (recent[0], recent[PERIODS - 1]);
        let left = (t - 1) as f64;
        let over = (PERIODS - 1) as f64;
        let steady = recent.windows(2).all(|w| w[1] >= RATE * w[0]) && first > 0.0;
        let more = if steady {
            let growth = libm::pow(now / first, 1.0 / over);
            now * growth * (libm::pow(growth, left) - 1.0) / (growth - 1.0)
        } else {
            let rise = ((now - first) / over).max(0.0);
            left * now + rise * left * (left + 1.0) / 2.0
        };
        Some(self.spent[self.spent.len() - 1] as f64 + more)
    }

    fn detail(&self, t: usize, pieces: usize) -> Result<(), SolveError> {
        let Some(last) = self.pieces.len().checked_sub(PERIODS + 1) else {
            return Ok(());
        };
        let recent = &self.pieces[last..];
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
            reached: self.pieces.len() + more.max(0.0) as usize,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(horizon: usize, pieces: impl Fn(usize) -> f64) -> Result<(), SolveError> {
        let mut growth = Growth::new(u64::MAX);
        (0..horizon).try_for_each(|k| growth.record(horizon - k, pieces(k) as usize, 0))
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

    fn spend(
        budget: u64,
        horizon: usize,
        of_period: impl Fn(usize) -> f64,
    ) -> Result<(), SolveError> {
        let (mut growth, mut spent) = (Growth::new(budget), 0);
        (0..horizon).try_for_each(|k| {
            spent += of_period(k) as u64;
            growth.record(horizon - k, 1, spent)
        })
    }

    #[test]
    fn work_beyond_the_budget_is_refused_and_what_will_be_far_beyond_at_once() {
        // 60 periods of 1, 2, 3, ... thousand steps are 1.83 million.
        let rising = |k: usize| 1e3 * (k + 1) as f64;
        assert!(spend(1_830_000, 60, rising).is_ok());
        match spend(1_829_999, 60, rising) {
            Err(SolveError::Budget {
                t: 1,
                forecast: Some(forecast),
                ..
            }) => assert_eq!(forecast, 1_830_000.0),
            other => panic!("{other:?}"),
        }
        // A quarter of that is not doubted.
        match spend(450_000, 60, rising) {
            Err(SolveError::Budget {
                t: 54,
                forecast: Some(forecast),
                ..
            }) => assert_eq!(forecast, 1_830_000.0),
            other => panic!("{other:?}"),
        }
        // A period alone may be more than the budget.
        assert!(matches!(
            spend(1_000, 60, |_| 1_001.0),
            Err(SolveError::Budget {
                t: 60,
                forecast: None,
                ..
            })
        ));
        // Doubling: sum to 2^60.
        assert!(matches!(
            spend(1 << 50, 60, |k| libm::exp2(k as f64)),
            Err(SolveError::Budget { t: 54, forecast: Some(forecast), .. }) if (forecast / libm::exp2(60.0) - 1.0).abs() < 1e-9
        ));
    }
}
