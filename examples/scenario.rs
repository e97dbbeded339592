//! A scenario file, solved, certified and validated: what `smfg run` does, from a program.
//!
//! `cargo run --release --example scenario`

use std::error::Error;
use std::io::Write;
use std::path::Path;

use smfg::certify::certify_path;
use smfg::scenario::Scenario;
use smfg::simulate::Start;
use smfg::solve::Solved;
use smfg::validate::MethodChoice;
use smfg::validate::{MeanFieldPath, Settings, validate};

/// Solve the paper's infection game at one price, and ask what a deviation brings with 10 and with 100 followers.
pub fn report(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/infection_fixed_price.toml");
    let scenario = Scenario::read(&file, &[])?;
    let game = scenario.game();

    // (13)-(16): theta and V in every period.
    let solution = Solved::compute(game, &scenario.solve, None)?;
    let first = solution.resolve(1, game.initial_belief(), game.initial())?;
    for (name, value) in game.follower_types().iter().zip(&first.values.followers) {
        writeln!(out, "V_1({name}) = {value:.6}")?;
    }

    // In the mean-field limit: what a single follower can gain against the flow of theta.
    let certificate = certify_path(&solution, game.initial())?;
    let gain = certificate.exploitability.initial;
    writeln!(out, "mean-field limit: below 1e-9: {}", gain < 1e-9)?;

    // At finite N: what theta loses to the best deviation, followers and leader.
    let path = MeanFieldPath::follow(game, &solution)?;
    let validation = validate(
        game,
        &solution,
        &path,
        &Settings {
            populations: &[10, 100],
            epsilon: 0.02,
            confidence: 0.99,
            method: MethodChoice::Auto,
            start: Start::Iid,
            seed: scenario.seed,
            replications: scenario.simulate.replications,
            files: &[],
            starts: &[],
            selection: scenario.solve.selection.word(),
        },
    )?;
    for result in &validation.results {
        let (row, verdict) = (&result.row, result.verdict);
        writeln!(
            out,
            "N = {}, {}: gain {:.6}, {verdict}",
            row.population, row.player, row.gain
        )?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    report(&mut std::io::stdout())
}
