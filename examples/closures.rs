//! The paper's technology game (section VI-B) from closures, solved, beside scenarios/technology.toml.
//!
//! `cargo run --release --example closures`

use std::error::Error;
use std::io::Write;
use std::path::Path;

use smfg::certify::certify_path;
use smfg::game::{Belief, BuildError, Game, Kernel, MeanField, Reward};
use smfg::scenario::Scenario;
use smfg::solve::SolveSettings;
use smfg::solve::{Solved, StateValues};

/// The preferred product, and the product taken, by index: the incumbent's is -1, the entrant's 1.
const SIDE: [f64; 2] = [-1.0, 1.0];
/// The incumbent's price.
const INCUMBENT: f64 = -1.0;

/// The game with the entrant's prices given.
pub fn technology(horizon: usize, prices: &[f64]) -> Result<Game, BuildError> {
    let (paid, earned) = (prices.to_vec(), prices.to_vec());
    Game::builder("technology")
        .horizon(horizon)
        .discount(0.9)
        .follower_types(["incumbent", "entrant"])
        .follower_actions(["incumbent", "entrant"])
        .initial([0.5, 0.5])
        .leader_actions(prices.iter().map(|price| format!("{price:?}")))
        // (41): a preference changes with probability 0.1, or 0.4 where the other product was taken. It depends on neither t
        // nor z, and so is asked once.
        .transition(Kernel::constant(|at, next| {
            let changes = if at.x == at.a { 0.1 } else { 0.4 };
            next[at.x] = 1.0 - changes;
            next[1 - at.x] = changes;
        }))
        // (44): x a + (2 z(1) - 1) a - c_a.
        .follower_reward(Reward::code(-6.0..=4.0, move |at| {
            let (x, a) = (SIDE[at.x], SIDE[at.a]);
            let price = if at.a == 1 {
                paid[at.leader_action]
            } else {
                INCUMBENT
            };
            x * a + (2.0 * at.z[1] - 1.0) * a - price
        }))
        // (45): the price of everyone who takes the entrant's.
        .leader_follower_reward(Reward::constant(move |at| {
            if at.a == 1 {
                earned[at.leader_action]
            } else {
                0.0
            }
        }))
        .build()
}

/// V_1 of a game at z_1, and how much of V is not proven.
fn first_values(
    game: &Game,
    settings: &SolveSettings,
) -> Result<(StateValues, u64), Box<dyn Error>> {
    let solution = Solved::compute(game, settings, None)?;
    let first = solution.resolve(1, &Belief::certain(), game.initial())?;
    let certificate = certify_path(&solution, &MeanField::two_types(0.5))?;
    assert!(certificate.exploitability.initial < 1e-8);
    Ok((first.values, solution.work().unproven))
}

/// Solve the game from code and a scenario of it, and print both.
pub fn compare(
    out: &mut impl Write,
    game: &Game,
    scenario: &Scenario,
) -> Result<(), Box<dyn Error>> {
    let (code, unproven) = first_values(game, &SolveSettings::of(game))?;
    let (formulas, proven) = first_values(scenario.game(), &scenario.solve)?;
    for (name, [code, formulas]) in [
        ("incumbent", [code.followers[0], formulas.followers[0]]),
        ("entrant", [code.followers[1], formulas.followers[1]]),
        ("leader", [code.leader, formulas.leader]),
    ] {
        let equal = (code - formulas).abs() <= 1e-9;
        writeln!(
            out,
            "V_1({name}) = {code:.9}, the scenario's to 1e-9: {equal}"
        )?;
    }
    // What a function does between the mean fields at which it is asked is not known.
    writeln!(
        out,
        "places where V is not proven: {unproven}, of the scenario's {proven}"
    )?;
    Ok(())
}

#[allow(dead_code, reason = "a test includes this file")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/technology.toml");
    let scenario = Scenario::read(&file, &[])?;
    let prices: Vec<f64> = (0..61).map(|i| f64::from(i - 20) / 10.0).collect();
    compare(&mut std::io::stdout(), &technology(20, &prices)?, &scenario)
}
