use super::game::always;
use super::*;
use crate::game::{Belief, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription};
use crate::validate::{Exact, LeaderTest};

/// Small enough for every run of the tests.
const SMALL: Calibration = Calibration {
    runs: 60,
    replications: 4096,
    confidence: 0.95,
    seed: 51,
};

fn case(source: PlantedSource, law: PlantedLaw, gain: f64, class: usize) -> PlantedCase {
    PlantedCase {
        source,
        law,
        gain,
        class,
    }
}

/// Everybody goes.
struct Go;

impl Policy for Go {
    fn play(&self, _: usize, _: &Belief, _: &MeanField) -> Result<Play, PolicyError> {
        Ok(always(1))
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

#[test]
fn backward_induction_knows_the_planted_gains() {
    for law in PlantedLaw::ALL {
        for gain in [-0.05, 0.0, 0.045, 0.1] {
            let game = law.game(gain);
            // Nothing depends on z: the value of going does not change where all others go too.
            let value = |policy: &dyn Policy| {
                let exact = Exact::solve(&game, policy, 5, Start::Rounded, LeaderTest::None);
                exact.unwrap().follower_at(0, &[5, 0]).unwrap()
            };
            let found = value(&Go).theta - value(&Stay).theta;
            assert!(
                (found - gain).abs() < 1e-12,
                "{law:?}: {found} is not {gain}"
            );
            // Where going pays, nothing gains less than its best use.
            assert!(value(&Stay).gain() >= gain - 1e-12);
        }
    }
}

#[test]
fn a_small_table_shows_no_error_above_alpha() {
    let alpha = 1.0 - SMALL.confidence;
    for case in Calibration::cases() {
        let small = case.class <= 10 && case.source == PlantedSource::Drawn;
        // Around the threshold the errors are; two played cells stand for the rest.
        let played = case.gain == 1.0 && case.law == PlantedLaw::Lattice;
        if !(small && [0.9, 1.0, 1.1].contains(&case.gain) || played) {
            continue;
        }
        let row = SMALL.row(case).unwrap();
        assert!(!row.exceeds(alpha), "{row:?}");
        assert_eq!(row.runs, 60);
    }
}

#[test]
fn far_from_the_threshold_the_truth_is_found() {
    for law in PlantedLaw::ALL {
        for gain in [-1.0, 2.0] {
            let row = SMALL
                .row(case(PlantedSource::Drawn, law, gain, 10))
                .unwrap();
            let (power, _) = row.power().unwrap();
            assert!(power >= 0.9, "{row:?}");
        }
    }
    let row = SMALL
        .row(case(PlantedSource::Drawn, PlantedLaw::Lattice, 1.0, 1))
        .unwrap();
    assert_eq!(row.power(), None);
    assert!(row.false_certified().is_some() && row.false_refuted().is_some());
}

/// The planted fault: the range of most samples in the place of the proven one. The same check sees it.
#[test]
fn a_range_that_is_not_proven_is_caught() {
    let law = PlantedLaw::Rare;
    let gain = PLANTED_EPSILON;
    let calibration = Calibration { runs: 200, ..SMALL };
    let planted = case(PlantedSource::Drawn, law, 1.0, 1);
    let game = law.game(gain);
    let proven = law.range(gain);
    let honest = calibration.drawn(planted, &game, proven).unwrap();
    assert!(!honest.exceeds(0.05), "{honest:?}");
    // Values beyond the range end the run with an error: they cannot pass unseen.
    let narrow = Interval {
        low: proven.low,
        high: proven.low + 0.5,
    };
    assert!(matches!(
        calibration.drawn(planted, &game, narrow),
        Err(ValidateError::Betting(_))
    ));
    // A law whose mean is a tenth of epsilon higher than is believed.
    let lying = case(PlantedSource::Drawn, PlantedLaw::Constant, 1.1, 1);
    let mut row = calibration.row(lying).unwrap();
    row.case.gain = 1.0;
    assert!(row.exceeds(0.05), "{row:?}");
}
