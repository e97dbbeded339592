//! A policy of one's own, validated: is "repair once three in ten are infected" any good with N followers?
//!
//! `cargo run --release --example own_policy`

use std::error::Error;
use std::io::Write;
use std::path::Path;

use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::Start;
use smfg::validate::MethodChoice;
use smfg::validate::{MeanFieldPath, Settings, validate};

/// The infected repair where more than this share is infected; the healthy wait.
struct Threshold(f64);

impl Policy for Threshold {
    fn play(&self, _t: usize, _belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let repair = f64::from(u8::from(z.weights()[1] > self.0));
        // A row a type, a column an action: (wait, repair).
        let prescription = Prescription::new(2, vec![1.0, 0.0, 1.0 - repair, repair]);
        Ok(Play::pure(LeaderAction(0), prescription))
    }

    fn answer(
        &self,
        t: usize,
        _belief: &Belief,
        _z: &MeanField,
        _announced: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        // Nothing is said of a leader who deviates: her gains are then reported as not tested.
        Err(PolicyError::NoAnswer { t })
    }
}

/// One line a player and threshold.
pub fn report(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/infection_fixed_price.toml");
    let scenario = Scenario::read(&file, &[])?;
    let game = scenario.game();
    for threshold in [0.3, 0.0] {
        let policy = Threshold(threshold);
        let path = MeanFieldPath::follow(game, &policy)?;
        let validation = validate(
            game,
            &policy,
            &path,
            &Settings {
                populations: &[100, 1000],
                epsilon: 0.02,
                confidence: 0.99,
                method: MethodChoice::Exact,
                start: Start::Iid,
                seed: 1,
                replications: 1,
                files: &[],
                starts: &[],
                selection: "own",
            },
        )?;
        for result in &validation.results {
            let (row, verdict) = (&result.row, result.verdict);
            writeln!(
                out,
                "repair above {threshold}, N = {}: {} gains {:.6}, {verdict}",
                row.population, row.deviation, row.gain
            )?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    report(&mut std::io::stdout())
}
