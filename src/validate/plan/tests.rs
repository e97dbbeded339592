use super::*;
use crate::scenario::Scenario;
use crate::simulate::Start;
use crate::validate::calibrate::{PlantedLaw, Stay};
use crate::validate::{Row, validate};

fn settings<'a>(method: MethodChoice, seed: u64, epsilon: f64) -> Settings<'a> {
    Settings {
        populations: &[50],
        epsilon,
        confidence: 0.99,
        method,
        start: Start::Rounded,
        seed,
        replications: 200_000,
        files: &[],
        starts: &[],
        selection: "",
    }
}

/// The forecast of the claim, and the replications that the verdict then took.
fn forecast_and_need(law: PlantedLaw, gain: f64, seed: u64, epsilon: f64) -> (Need, Verdict, u64) {
    let game = law.game(gain);
    let path = MeanFieldPath::follow(&game, &Stay).unwrap();
    let settings = settings(MethodChoice::Paired, seed, epsilon);
    let needs = plan(&game, &Stay, &path, &settings).unwrap();
    let found = validate(&game, &Stay, &path, &settings).unwrap();
    let needed = found.rows.iter().map(|row: &Row| row.replications).max();
    (
        needs.last().unwrap().clone(),
        found.verdict,
        needed.unwrap(),
    )
}

/// Runs, of `runs`, in which the forecast is within a factor of 2 of what was then needed.
fn hits(law: PlantedLaw, gain: f64, epsilon: f64, runs: u64) -> u64 {
    let hit = |seed: &u64| {
        let (need, verdict, needed) = forecast_and_need(law, gain, *seed, epsilon);
        let ratio = need.replications / needed as f64;
        need.verdict == Some(verdict) && (0.5..=2.0).contains(&ratio)
    };
    (1..=runs).filter(hit).count() as u64
}

/// The share that docs/calibration.md tells of more laws, for a certificate and a refutation that come soon.
#[test]
fn forecasts_are_within_a_factor_of_two_in_eighty_of_a_hundred_runs() {
    for (law, gain) in [(PlantedLaw::Lattice, -0.01), (PlantedLaw::Rare, 0.12)] {
        let hits = hits(law, gain, 0.05, 100);
        assert!(hits >= 80, "{law:?}, {gain}: {hits} of 100");
    }
}

/// What docs/calibration.md quotes.
#[test]
#[ignore = "minutes"]
fn forecasts_of_every_law_are_within_a_factor_of_two_in_eighty_of_a_hundred_runs() {
    for (law, gain) in [
        (PlantedLaw::Lattice, -0.01),
        (PlantedLaw::Lattice, 0.01),
        (PlantedLaw::Lattice, 0.09),
        (PlantedLaw::Rare, 0.01),
        (PlantedLaw::Rare, 0.09),
        (PlantedLaw::NearNormal, 0.03),
        (PlantedLaw::NearNormal, 0.07),
    ] {
        let hits = hits(law, gain, 0.05, 100);
        eprintln!("{law:?}, gain {gain}, epsilon 0.05: {hits} of 100");
        assert!(hits >= 80, "{law:?}, {gain}: {hits} of 100");
    }
}

/// Going costs more than it brings, for ever, and the first `periods` are played; nobody else matters.
fn endless(periods: usize) -> Game {
    let text = r#"
name = "endless"
horizon = "infinite"
discount = 0.5
[follower]
types = ["low", "high"]
actions = ["stay", "go"]
initial = [1.0, 0.0]
reward = "0.2 * (x == high) - 0.11 * (a == go)"
[follower.transition]
"*, stay" = { low = 1 }
"*, go" = { high = 0.5, low = 0.5 }
"#;
    let scenario = Scenario::parse("endless.toml", text, &[]).unwrap();
    let mut game = scenario.game().clone();
    game.play_periods(periods);
    game
}

#[test]
fn periods_that_are_not_played_count_against_either_end() {
    let epsilon = 0.005;
    let settings = settings(MethodChoice::Paired, 3, epsilon);
    let forecast = |game: &Game| {
        let path = MeanFieldPath::follow(game, &Stay).unwrap();
        let needs = plan(game, &Stay, &path, &settings).unwrap();
        (path, needs.last().unwrap().clone())
    };
    // delta^H (.2 + .11) / (1 - delta): by one period more or less on either side of epsilon.
    let (open, closed) = (endless(6), endless(7));
    assert!(closed.tail(0.31) < epsilon && closed.tail(0.31) > 0.95 * epsilon);
    assert!(open.tail(0.31) > epsilon);
    let (path, need) = forecast(&closed);
    let found = validate(&closed, &Stay, &path, &settings).unwrap();
    assert_eq!(found.verdict, Verdict::Certified);
    let needed = found.rows.iter().map(|row| row.replications).max();
    let needed = needed.unwrap() as f64;
    assert_eq!(need.verdict, Some(Verdict::Certified));
    assert!((0.5..=2.0).contains(&(need.replications / needed)));
    // Without the tail a single look would do.
    assert!(needed > 4.0 * LOOK as f64, "{needed}");
    let (_, need) = forecast(&open);
    assert_eq!(need.verdict, Some(Verdict::Inconclusive));
    assert!(need.replications.is_infinite());
}

#[test]
fn a_claim_ends_with_its_first_refutation_or_its_last_certificate() {
    use Verdict::{Certified, Inconclusive, Refuted};
    let end = |verdict, replications| End {
        verdict,
        replications,
    };
    let (quick, slow) = (end(Certified, 1024.0), end(Certified, 8192.0));
    let (first, later) = (end(Refuted, 2048.0), end(Refuted, 4096.0));
    let open = end(Inconclusive, f64::INFINITY);
    assert_eq!(joint([quick, slow].into_iter()), slow);
    assert_eq!(joint([slow, first, open, later].into_iter()), first);
    assert_eq!(joint([open, slow].into_iter()), open);
    assert_eq!(median(&[slow, quick, later]), later);
}

#[test]
fn exact_claims_need_no_replications() {
    let game = PlantedLaw::Lattice.game(0.01);
    let path = MeanFieldPath::follow(&game, &Stay).unwrap();
    let needs = plan(&game, &Stay, &path, &settings(MethodChoice::Auto, 1, 0.05)).unwrap();
    assert_eq!(needs.len(), 1);
    assert_eq!(
        (needs[0].method, needs[0].replications),
        (Method::Exact, 0.0)
    );
    assert!(needs[0].gain.is_nan() && needs[0].seconds < 1.0);
}
