//! The variance of one replication, by method and population: the table of docs/validation.md.
//!
//! `cargo run --release --example method_variance`

use std::error::Error;
use std::io::Write;

use smfg::game::{
    Belief, Game, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError,
    Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::Start;
use smfg::validate::MethodChoice;
use smfg::validate::{MeanFieldPath, Settings, Validation, validate};

/// Working pays at every (t, x, z), so that the best response is a constant action and its exact gain is known.
const GAME: &str = r#"
name = "rising"
horizon = 20
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.7, 0.3]
reward = "0.2 * (a == work) + (x == high) * z[low]"
[follower.transition]
"*, idle" = { high = "0.2 * z[low]", low = "rest" }
"*, work" = { high = "0.2 + 0.5 * z[low]", low = "rest" }
"#;

/// What the followers play: smooth in z, or with a jump at z(high) = .3, which the path crosses.
struct Rule {
    jumps: bool,
}

impl Policy for Rule {
    fn play(&self, _: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let high = z.weights()[1];
        let work = match self.jumps {
            true if high > 0.3 => 0.2,
            true => 0.9,
            false => 0.9 - 0.5 * high,
        };
        let prescription = Prescription::new(2, vec![1.0 - work, work, 0.3, 0.7]);
        Ok(Play::pure(LeaderAction(0), prescription))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        _: &MeanField,
        _: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Err(PolicyError::NoAnswer { t })
    }
}

fn run(
    game: &Game,
    policy: &Rule,
    population: u64,
    method: MethodChoice,
) -> Result<Validation, Box<dyn Error>> {
    let path = MeanFieldPath::follow(game, policy)?;
    Ok(validate(
        game,
        policy,
        &path,
        &Settings {
            populations: &[population],
            // Out of reach from below: nothing stops before the last replication but deviations that gain nothing.
            epsilon: 1.5,
            confidence: 1.0 - 1e-12,
            method,
            start: Start::Iid,
            seed: 5,
            replications: 2048,
            files: &[],
            starts: &[],
            selection: "no",
        },
    )?)
}

/// Gain, standard error, variance per replication and mean weight of always working, from the type low.
fn figures(validation: &Validation) -> Result<[f64; 4], String> {
    let wanted = |name: &str| name == "constant:work" || name == "best_response";
    let mut rows = validation.rows.iter();
    let row = rows.find(|row| row.start == "low" && wanted(&row.deviation));
    let row = row.ok_or("always working is no row from the type low")?;
    let variance = row.std_error * row.std_error * row.replications as f64;
    Ok([row.gain, row.std_error, variance, row.mean_weight])
}

/// The table.
pub fn report(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let scenario = Scenario::parse("method_variance", GAME, &[])?;
    let game = scenario.game();
    writeln!(
        out,
        "| policy | N | exact gain | integrated | paired | variance: integrated | paired | ratio | mean weight |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
    for (name, jumps) in [("smooth", false), ("jumps", true)] {
        for population in [100, 10_000, 1_000_000] {
            let policy = Rule { jumps };
            let of = |method| -> Result<[f64; 4], Box<dyn Error>> {
                Ok(figures(&run(game, &policy, population, method)?)?)
            };
            let exact = match population {
                1_000_000 => "too large".to_string(),
                _ => format!("{:.6}", of(MethodChoice::Exact)?[0]),
            };
            let [gain, error, variance, weight] = of(MethodChoice::Integrated)?;
            let [paired, paired_error, paired_variance, _] = of(MethodChoice::Paired)?;
            writeln!(
                out,
                "| {name} | {population} | {exact} | {gain:.6} +- {error:.6} | {paired:.4} +- {paired_error:.4} | \
                 {variance:.2e} | {paired_variance:.2e} | {:.1} | {weight:.5} |",
                paired_variance / variance
            )?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    report(&mut std::io::stdout())
}
