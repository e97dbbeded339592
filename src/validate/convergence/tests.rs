use super::*;
use crate::game::{
    Belief, FlowRule, LeaderAction, LeaderPrescription, Play, PolicyError, Prescription,
};
use crate::scenario::Scenario;
use crate::simulate::Start;
use crate::validate::MethodChoice;

/// With z^N(high) the mean of N fair coins, the value of staying is E z^2 = 1/4 + 1/(4 N), and cheating gains
/// E (z - 1/2)^2 = 1/(4 N) from either type.
const COINS: &str = r#"
name = "coins"
horizon = 1
discount = 1.0
[follower]
types = ["low", "high"]
actions = ["stay", "cheat"]
initial = [0.5, 0.5]
reward = "z[high] * z[high] + (a == cheat) * (z[high] - 0.5) * (z[high] - 0.5)"
[follower.transition]
"*, stay" = { low = 0.5, high = 0.5 }
"*, cheat" = { low = 1 }
"#;

/// Staying while z(high) is at most this, cheating above.
struct StayUpTo(f64);

impl Policy for StayUpTo {
    fn play(&self, _: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let cheat = f64::from(u8::from(z.weights()[1] > self.0));
        Ok(Play {
            leader: LeaderPrescription::pure(vec![LeaderAction(0); belief.weights().len()]),
            prescription: Prescription::new(2, [1.0 - cheat, cheat].repeat(2)),
        })
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

fn found(policy: &StayUpTo, switches: &[Vec<f64>], populations: &[u64]) -> Convergence {
    let scenario = Scenario::parse("coins.toml", COINS, &[]).unwrap();
    found_in(&scenario, policy, switches, populations)
}

fn found_in(
    scenario: &Scenario,
    policy: &StayUpTo,
    switches: &[Vec<f64>],
    populations: &[u64],
) -> Convergence {
    let game = scenario.game();
    let flow = Flow::of_policy(game, policy, game.initial(), FlowRule::Averaged).unwrap();
    let settings = Settings {
        populations,
        epsilon: 0.05,
        confidence: 0.99,
        method: MethodChoice::Auto,
        start: Start::Iid,
        seed: 3,
        replications: 2000,
        files: &[],
        starts: &[],
        selection: "",
    };
    converge(game, policy, &flow, switches, &settings).unwrap()
}

#[test]
fn closed_forms_are_measured_and_their_rates_found() {
    let found = found(&StayUpTo(2.0), &[], &[400, 50, 100, 200, 100]);
    assert_eq!(
        (found.jumps.len(), found.warnings.len()),
        (0, 0),
        "{found:?}"
    );
    for estimate in &found.estimates {
        let n = estimate.population as f64;
        let truth = match estimate.quantity {
            Quantity::FollowerGain | Quantity::FollowerValueError => 0.25 / n,
            Quantity::DistanceSpread => 0.5 / n.sqrt(),
            // Largest of the two periods, both alike; the normal limit of E |z - 1/2|, good to 1/(4 N).
            Quantity::Distance => 0.5 * (2.0 / std::f64::consts::PI / n).sqrt(),
            _ => 0.0,
        };
        // Five standard errors; the bias was chosen for its size in them.
        let slack = 5.0 * estimate.std_error + 1e-12 + if truth > 0.01 { truth / n } else { 0.0 };
        assert!(
            (estimate.value - truth).abs() <= slack,
            "{estimate:?} is not {truth}"
        );
    }
    let rate = |quantity| {
        let fitted = found
            .fits
            .iter()
            .find(|fit| fit.quantity == quantity)
            .unwrap();
        fitted.rate.unwrap()
    };
    for (quantity, exponent, accuracy) in [
        (Quantity::FollowerGain, 1.0, 1e-6),
        (Quantity::FollowerValueError, 1.0, 1e-6),
        (Quantity::DistanceSpread, 0.5, 0.05),
        (Quantity::Distance, 0.5, 0.05),
    ] {
        let rate = rate(quantity);
        assert!(
            (rate.exponent - exponent).abs() < accuracy,
            "{quantity:?}: {rate:?}"
        );
    }
    // The largest exact population is sampled too.
    let both = |e: &&Estimate| e.quantity == Quantity::FollowerGain && e.population == 400;
    let sources: Vec<Source> = found
        .estimates
        .iter()
        .filter(both)
        .map(|e| e.source)
        .collect();
    assert_eq!(
        sources,
        [
            Source::Test(Method::Exact),
            Source::Test(Method::Integrated)
        ]
    );
}

/// On which paths the period is chosen.
#[derive(Clone, Copy, PartialEq)]
enum Choice {
    OwnPaths,
    MeasuredPaths,
}

/// How often the 95% limits of the bias cover `truth`, of 400 runs with seeds of their own.
fn bias_covered(text: &str, truth: f64, replications: u64, choice: Choice) -> Interval {
    const RUNS: u64 = 400;
    let scenario = Scenario::parse("coins.toml", text, &[]).unwrap();
    let game = scenario.game();
    let policy = StayUpTo(2.0);
    let flow = Flow::of_policy(game, &policy, game.initial(), FlowRule::Averaged).unwrap();
    let path = MeanFieldPath::of_flow(game, &flow);
    let covers = |seed: &u64| {
        let settings = Settings {
            populations: &[10],
            epsilon: 0.05,
            confidence: 0.99,
            method: MethodChoice::Auto,
            start: Start::Iid,
            seed: *seed,
            replications,
            files: &[],
            starts: &[],
            selection: "",
        };
        let claims = Claims {
            game,
            policy: &policy,
            path: &path,
            settings: &settings,
            leader: LeaderTest::None,
            population: 10,
        };
        let mut chosen = Chosen::by(&claims, &flow).unwrap();
        let paths = simulated(&[claims], &flow).unwrap();
        if choice == Choice::MeasuredPaths {
            chosen.most_biased = paths[0].most_biased();
        }
        let mut measured = Measured::default();
        measured.distances(&paths, &chosen);
        let bias = |e: &&Estimate| e.quantity == Quantity::DistanceBias;
        let Interval { low, high } = measured.estimates.iter().find(bias).unwrap().limits();
        // The two types' biases differ in sign alone.
        (low <= truth && truth <= high) || (low <= -truth && -truth <= high)
    };
    let hits = (1..=RUNS).filter(covers).count() as u64;
    crate::stats::clopper_pearson(hits, RUNS, 0.001)
}

#[test]
fn limits_of_the_bias_cover_it_at_their_nominal_rate() {
    // Ten periods of fair coins, none of them biased: there is a largest of eleven to choose.
    let fair = COINS.replace("horizon = 1", "horizon = 10");
    // z_2(high) = z_1(high)^2 exceeds 1/4 by 1/(4 N) in the mean.
    let squared = COINS.replace(
        "low = 0.5, high = 0.5",
        "high = \"z[high]^2\", low = \"rest\"",
    );
    for (text, truth, replications) in [(&fair, 0.0, 200), (&squared, 0.025, 2000)] {
        let covered = bias_covered(text, truth, replications, Choice::OwnPaths);
        assert!(
            covered.low <= 0.95 && 0.95 <= covered.high,
            "{truth}: {covered:?}"
        );
    }
    // Chosen by the noise that is then reported: the same check sees it.
    let planted = bias_covered(&fair, 0.0, 200, Choice::MeasuredPaths);
    assert!(planted.high < 0.95, "{planted:?}");
}

#[test]
fn a_jump_in_reach_is_named_and_its_populations_left_out() {
    let populations = [50, 400, 8000, 16_000, 32_000];
    let with = |switch: f64| found(&StayUpTo(0.52), &[vec![switch]], &populations);
    let near = with(0.52);
    let [jump] = near.jumps[..] else {
        panic!("{:?}", near.jumps)
    };
    assert_eq!((jump.t, jump.position, jump.path), (1, 0.52, 0.5));
    // 3 sd = 3 / (2 N^1/2) is .02 at N = 5625.
    assert!(
        (jump.out_of_reach_from / 5625.0 - 1.0).abs() < 0.2,
        "{jump:?}"
    );
    assert!(
        near.warnings
            .iter()
            .any(|w| w.contains("z(high) = 0.520000") && w.contains("N = 50, 400"))
    );
    for fitted in &near.fits {
        assert!(fitted.populations.iter().all(|n| *n >= 8000), "{fitted:?}");
    }
    // A switch at which nothing jumps, and a jump that is not in reach, are none.
    assert_eq!(with(0.51).jumps, []);
    assert_eq!(
        found(&StayUpTo(0.9), &[vec![0.9]], &populations[..2]).jumps,
        []
    );
}

/// Two seasons, a start each, take nine tenths or a fifth of the followers to the second type: no population is near the
/// mean of the two.
#[test]
fn where_the_flow_branches_populations_are_held_against_their_own_branch() {
    let text = COINS
        .replace("horizon = 1", "horizon = 2")
        .replace("initial = [0.5, 0.5]", "initial = [0.25, 0.75]")
        .replace(
            "\"*, stay\" = { low = 0.5, high = 0.5 }",
            "\"*, stay\" = { high = \"if(season == spring, 0.9, 0.2)\", low = \"rest\" }",
        )
        + "[leader]\nactions = [\"only\"]\nreward = { period = \"z[high]\" }\nobserved = true\ninitial = [0.5, 0.5]\n\
           types = { name = \"season\", values = [\"spring\", \"autumn\"] }\n\
           [leader.transition]\n\"*, *\" = { spring = 0.5, autumn = 0.5 }\n";
    let scenario = Scenario::parse("seasons.toml", &text, &[]).unwrap();
    let found = found_in(&scenario, &StayUpTo(2.0), &[], &[100, 400, 1600]);
    for estimate in &found.estimates {
        let n = estimate.population as f64;
        let bound = match estimate.quantity {
            // E |z - p| is at most the deviation, here at most that of a fair coin.
            Quantity::Distance | Quantity::DistanceSpread => 0.5 / n.sqrt(),
            Quantity::DistanceBias | Quantity::LeaderValueError => 0.0,
            // E z^2 exceeds (E z)^2 by a variance of at most 1/(4 N), in each period.
            Quantity::FollowerValueError => 0.5 / n,
            _ => continue,
        };
        let slack = 5.0 * estimate.std_error;
        assert!(estimate.value.abs() <= bound + slack, "{estimate:?}");
    }
    let mut seen = found.estimates.iter().map(|e| e.quantity);
    assert!(seen.any(|quantity| quantity == Quantity::LeaderValueError));
}
