//! The table of `smfg calibrate`, as Markdown.

use crate::stats::Interval;
use crate::validate::{Calibration, CalibrationRow, PLANTED_EPSILON, RATE_CONFIDENCE};

/// One line per cell; shares in per cent with their exact limits.
pub fn calibration_table(calibration: &Calibration, rows: &[CalibrationRow]) -> String {
    let Calibration {
        runs,
        replications,
        confidence,
        seed,
    } = calibration;
    let alpha = 1.0 - confidence;
    let mut text = format!(
        "epsilon {PLANTED_EPSILON}, confidence {confidence}, {runs} runs a cell, at most {replications} replications, seed \
         {seed}.\nShares in per cent, with Clopper-Pearson limits at {:.0}%.\n\n\
         | D | law | class | gain / epsilon | falsely certified | falsely refuted | power | inconclusive | replications |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
        100.0 * RATE_CONFIDENCE
    );
    for row in rows {
        let case = &row.case;
        text.push_str(&format!(
            "| {} | {} | {} | {:?} | {} | {} | {} | {} | {:.0} |\n",
            case.source.word(),
            case.law.word(),
            case.class,
            case.gain,
            share(row.false_certified()),
            share(row.false_refuted()),
            share(row.power()),
            share(Some(row.inconclusive())),
            row.replications.mean(),
        ));
    }
    let above = rows.iter().filter(|row| row.exceeds(alpha)).count();
    text.push_str(&format!(
        "\nCells in which the lower limit of an error exceeds alpha = {alpha:.4}: {above} of {}.\n",
        rows.len()
    ));
    text
}

fn share(rate: Option<(f64, Interval)>) -> String {
    rate.map_or("-".into(), |(share, Interval { low, high })| {
        let [share, low, high] = [share, low, high].map(|part| 100.0 * part);
        format!("{share:.1} [{low:.1}, {high:.1}]")
    })
}
