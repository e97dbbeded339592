//! convergence.csv, and what `smfg converge` prints.

use super::table::Misfit;
use super::{Cell, Table, columns};
use crate::stats::Interval;
use crate::validate::{Convergence, Estimate, Fitted, Slope};

/// convergence.csv: the estimates; then, per fitted quantity, rows of method `exponent`, `constant`, `lack_of_fit` and
/// `misfit` with `NaN` for a population, and the local slopes, at the larger of their two populations.
///
/// # Errors
/// [`Misfit`].
pub fn convergence_table(found: &Convergence) -> Result<Table, Misfit> {
    let mut table = Table::new(columns::convergence());
    for estimate in &found.estimates {
        let Interval { low, high } = estimate.limits();
        let cells: [Cell; 6] = [
            estimate.population.into(),
            estimate.quantity.word().into(),
            estimate.source.word().into(),
            estimate.value.into(),
            low.into(),
            high.into(),
        ];
        table.row(cells)?;
    }
    for fitted in &found.fits {
        for (method, estimate, Interval { low, high }) in figures(fitted) {
            let cells: [Cell; 6] = [
                f64::NAN.into(),
                fitted.quantity.word().into(),
                method.into(),
                estimate.into(),
                low.into(),
                high.into(),
            ];
            table.row(cells)?;
        }
        for slope in &fitted.slopes {
            let cells: [Cell; 6] = [
                slope.to.into(),
                fitted.quantity.word().into(),
                "slope".into(),
                slope.exponent.into(),
                slope.interval.low.into(),
                slope.interval.high.into(),
            ];
            table.row(cells)?;
        }
    }
    Ok(table)
}

/// The rows of one fit; `NaN` where nothing was fitted.
fn figures(fitted: &Fitted) -> [(&'static str, f64, Interval); 4] {
    const UNKNOWN: Interval = Interval {
        low: f64::NAN,
        high: f64::NAN,
    };
    let rate = fitted.rate.as_ref();
    let figure = |of: fn(&crate::validate::Rate) -> f64| rate.map_or(f64::NAN, of);
    [
        (
            "exponent",
            figure(|rate| rate.exponent),
            rate.map_or(UNKNOWN, |rate| rate.interval),
        ),
        ("constant", figure(|rate| rate.constant), UNKNOWN),
        ("lack_of_fit", figure(|rate| rate.lack_of_fit), UNKNOWN),
        ("misfit", figure(|rate| rate.misfit), UNKNOWN),
    ]
}

/// Estimates by N, fitted rates with their limits, and warnings.
pub fn convergence_screen(found: &Convergence) -> String {
    let mut text = String::new();
    for fitted in &found.fits {
        text.push_str(&heading(fitted));
        let own = found
            .estimates
            .iter()
            .filter(|e| e.quantity == fitted.quantity);
        let mut last = None;
        for estimate in own {
            // Of two figures at one N the first, the exact one, is on the line.
            let on_line = last.replace(estimate.population) != Some(estimate.population);
            let slope = fitted
                .slopes
                .iter()
                .find(|s| on_line && s.to == estimate.population);
            text.push_str(&line(estimate, slope));
        }
    }
    for warning in &found.warnings {
        text.push_str(&format!("note: {warning}\n"));
    }
    text
}

fn heading(fitted: &Fitted) -> String {
    let name = fitted.quantity.word();
    let Some(rate) = &fitted.rate else {
        return format!(
            "{name}: no rate, {} N can take part\n",
            fitted.populations.len()
        );
    };
    let Interval { low, high } = rate.interval;
    let fit = if rate.lack_of_fit.is_nan() {
        format!("relative misfit {:.1e}", rate.misfit)
    } else {
        format!("lack of fit p = {:.2e}", rate.lack_of_fit)
    };
    format!(
        "{name}: {:.3e} N^-{:.3}, exponent in [{low:.3}, {high:.3}] at 95%, {fit}, {} N\n",
        rate.constant,
        rate.exponent,
        fitted.populations.len()
    )
}

fn line(estimate: &Estimate, slope: Option<&Slope>) -> String {
    let slope = slope.filter(|s| s.exponent.is_finite());
    let slope = slope.map_or(String::new(), |s| {
        format!("  local slope {:.2}", s.exponent)
    });
    let error = match estimate.std_error {
        0.0 => String::new(),
        error => format!(" +- {error:.1e}"),
    };
    format!(
        "{:>14}  {:<10} {:>12.4e}{error}{slope}\n",
        estimate.population,
        estimate.source.word(),
        estimate.value
    )
}
