//! `smfg calibrate`: how often the validator's verdicts err, on gains that are known; a table on standard output.

use clap::Args;
use rayon::ThreadPoolBuilder;
use smfg::report::calibration_table;
use smfg::validate::Calibration;

use super::failure::Failure;
use super::{Outcome, stdout};

/// Arguments of `smfg calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateCommand {
    /// Runs per cell of the table
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    runs: u64,
    /// The most replications of a run
    #[arg(long, value_name = "R", default_value_t = 20_480, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    replications: u64,
    /// 1 - alpha of every verdict
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    confidence: f64,
    /// The seed of every random stream
    #[arg(long, value_name = "U64", default_value_t = 0)]
    seed: u64,
    /// The number of threads; no result depends on it [default: all cores]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
}

/// Run the command. Refuted where an error is shown to happen more often than alpha.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &CalibrateCommand) -> Result<Outcome, Failure> {
    if let Some(threads) = options.threads {
        let pool = ThreadPoolBuilder::new().num_threads(threads as usize);
        let failed = |source| Failure::Threads { threads, source };
        pool.build_global().map_err(failed)?;
    }
    let calibration = Calibration {
        runs: options.runs,
        replications: options.replications,
        confidence: options.confidence,
        seed: options.seed,
    };
    let alpha = 1.0 - options.confidence;
    let cases = Calibration::cases().into_iter();
    let rows = cases
        .map(|case| calibration.row(case))
        .collect::<Result<Vec<_>, _>>()?;
    stdout::print(&calibration_table(&calibration, &rows))?;
    Ok(match rows.iter().any(|row| row.exceeds(alpha)) {
        true => Outcome::Refuted,
        false => Outcome::Done,
    })
}
