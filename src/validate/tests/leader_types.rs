//! Leaders with types, private and public, and leaders who mix: exact and sampled gains against every information set.

use super::information_sets::{
    FollowerRule, LeaderRule, Rule as Known, Smooth, follower_value, leader_value,
    leader_value_of_type,
};
use super::*;
use crate::game::{
    LeaderInformation, RewardRanges, Tables, TypeLeak, leader_reward, update_belief,
};
use crate::simulate::{Cohorts, Simulation, simulate};
use crate::simulate::{Engine, Start};
use crate::validate::MethodChoice;
use crate::validate::*;

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

/// Two leader types whose kernel depends on all that it can; followers see her action alone.
pub(super) const SIGNAL: &str = r#"
name = "signal"
horizon = 3
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.4, 0.6]
reward = "(x == high) * (1 - 0.4 * tax * z[high]) - (a == work) * (0.2 + 0.3 * z[high] + 0.1 * tax) + 0.1 * t * z[low]"
terminal = "0.5 * (x == high) - z[high]"
[follower.transition]
"low, idle" = { high = "0.1 + 0.2 * z[high] * tax", low = "rest" }
"low, work" = { high = "0.5 + 0.3 * z[high] - 0.2 * tax", low = "rest" }
"high, idle" = { high = "0.4 + 0.2 * z[low]", low = "rest" }
"high, work" = { high = "0.9 - 0.1 * t * z[low]", low = "rest" }
[leader]
actions = { name = "tax", values = [0, 1] }
types = ["mild", "greedy"]
initial = [0.3, 0.7]
reward = { per_follower = "tax * (x == high) + 0.3 * (a == work)", period = "-0.4 * tax * (leader_type == mild) * z[low]" }
[leader.transition]
"mild, 0" = { greedy = "0.1 + 0.2 * z[high]", mild = "rest" }
"mild, 1" = { greedy = "0.5", mild = "rest" }
"greedy, *" = { mild = "0.15 + 0.1 * tax * z[low]", greedy = "rest" }
"#;

pub(super) fn public(text: &str) -> String {
    text.replace("types = [\"mild\"", "observed = true\ntypes = [\"mild\"")
}

/// The followers' types show in nothing, but her own do in their kernel.
fn leaking() -> String {
    SIGNAL.replace(
        "\"low, idle\" = { high = \"0.1",
        "\"low, idle\" = { high = \"0.3 * (leader_type == greedy) + 0.1",
    )
}

/// Mixed by type, smooth in the belief, with a jump in z.
fn signal_leader(t: usize, belief: &Belief, z: &MeanField) -> LeaderPrescription {
    let (greedy, high) = (belief.weights()[1], z.weights()[1]);
    let mild = 0.1 * t as f64 + 0.2 * greedy;
    let own = if high > 0.6 { 1.0 } else { 0.5 + 0.3 * greedy };
    let rows = vec![1.0 - mild, mild, 1.0 - own, own];
    LeaderPrescription::Mixed { actions: 2, rows }
}

/// Pure: the greedy tax, the mild do only where many are high.
fn separating(t: usize, _: &Belief, z: &MeanField) -> LeaderPrescription {
    let mild = usize::from(z.weights()[1] > 0.7 && t != 2);
    LeaderPrescription::pure(vec![LeaderAction(mild), LeaderAction(1)])
}

fn signal_answer(
    t: usize,
    belief: &Belief,
    z: &MeanField,
    leader: &LeaderPrescription,
) -> Prescription {
    let pi = belief.weights();
    let taxed: f64 = (0..pi.len())
        .map(|x| pi[x] * leader.weight(LeaderType(x), LeaderAction(1)))
        .sum();
    let high = z.weights()[1];
    let low = (0.2 + 0.1 * t as f64 + 0.3 * pi[0] - 0.2 * taxed).clamp(0.0, 1.0);
    let top = if high > 0.5 { 0.2 + 0.5 * taxed } else { 0.8 };
    Prescription::new(2, vec![1.0 - low, low, 1.0 - top, top])
}

pub(super) const MIXING: Smooth = Smooth {
    leader: signal_leader,
    answer: signal_answer,
};
pub(super) const SEPARATING: Smooth = Smooth {
    leader: separating,
    answer: signal_answer,
};

/// By her type: theta's value is that of the same sets with the type given, and both shared out over types keep their mean.
#[track_caller]
fn by_type_is_enumerated(game: &Game, policy: &Smooth, population: usize, exact: &Exact) {
    let by_type = exact.leader_types_iid(game.initial());
    if game.leader_information() == LeaderInformation::NoTypes {
        assert!(by_type.is_empty());
        return;
    }
    let values = exact.leader_iid(game.initial()).unwrap();
    let prior = game.initial_belief().weights();
    assert_eq!(by_type.len(), prior.len());
    let mean = |of: fn(&Values) -> f64| {
        let parts = by_type.iter().map(|(x, values)| prior[x.0] * of(values));
        parts.sum::<f64>()
    };
    close(mean(|v| v.theta), values.theta);
    close(mean(|v| v.best), values.best);
    for (x, values) in &by_type {
        close(
            values.theta,
            leader_value_of_type(game, policy, population, x.0),
        );
    }
    assert!((by_type[0].1.theta - by_type[1].1.theta).abs() > 1e-3);
}

#[track_caller]
fn exact_is_enumerated(game: &Game, policy: &Smooth, population: usize) {
    let exact = Exact::solve(
        game,
        policy,
        population as u64,
        Start::Iid,
        LeaderTest::StageWise,
    )
    .unwrap();
    for x in 0..game.follower_types().len() {
        let values = exact.follower_iid(game.initial(), x);
        let known = |rule| follower_value(game, policy, rule, population, x);
        close(values.theta, known(Known::Theta));
        close(values.best, known(Known::Best));
        assert!(values.gain() > 1e-3, "{values:?}");
    }
    let values = exact.leader_iid(game.initial()).unwrap();
    close(
        values.theta,
        leader_value(game, policy, Known::Theta, population),
    );
    close(
        values.best,
        leader_value(game, policy, Known::Best, population),
    );
    assert!(values.gain() > 1e-3, "{values:?}");
    by_type_is_enumerated(game, policy, population, &exact);
    // Followers alone: fewer beliefs, the same values.
    let alone = Exact::solve(
        game,
        policy,
        population as u64,
        Start::Iid,
        LeaderTest::None,
    )
    .unwrap();
    let (a, b) = (
        alone.follower_iid(game.initial(), 0),
        exact.follower_iid(game.initial(), 0),
    );
    close(a.theta, b.theta);
    close(a.best, b.best);
    assert_eq!(alone.departures.len(), exact.departures.len());
}

#[test]
fn private_types_have_the_values_of_every_information_set() {
    let game = game(SIGNAL);
    assert_eq!(game.leader_information(), LeaderInformation::Private);
    for population in [1, 2] {
        exact_is_enumerated(&game, &MIXING, population);
        exact_is_enumerated(&game, &SEPARATING, population);
    }
    let two = super::game(&SIGNAL.replace("horizon = 3", "horizon = 2"));
    exact_is_enumerated(&two, &MIXING, 3);
}

#[test]
pub(super) fn public_types_have_the_values_of_every_information_set() {
    let public_game = game(&public(SIGNAL));
    assert_eq!(public_game.leader_information(), LeaderInformation::Public);
    for population in [1, 2] {
        exact_is_enumerated(&public_game, &MIXING, population);
        exact_is_enumerated(&public_game, &SEPARATING, population);
    }
    // What followers see may depend on a public type.
    let seen = game(&public(&leaking()).replace("horizon = 3", "horizon = 2"));
    assert_eq!(seen.private_type_leaks(), None);
    exact_is_enumerated(&seen, &MIXING, 3);
}

/// A leader without types who mixes.
const MIXER: &str = r#"
[leader]
actions = { name = "tax", values = [0, 1] }
reward = { per_follower = "tax * (x == high) + 0.3 * (a == work)", period = "-0.4 * tax * z[low]" }
"#;

fn mixer(t: usize, _: &Belief, z: &MeanField) -> LeaderPrescription {
    let tax = (0.2 + 0.2 * t as f64 * z.weights()[1]).min(1.0);
    LeaderPrescription::Mixed {
        actions: 2,
        rows: vec![1.0 - tax, tax],
    }
}

pub(super) const MIXER_POLICY: Smooth = Smooth {
    leader: mixer,
    answer: signal_answer,
};

pub(super) fn mixer_game() -> Game {
    let followers = SIGNAL.split("[leader]").next().unwrap();
    game(&format!("{followers}{MIXER}"))
}

#[test]
fn a_leader_without_types_may_mix() {
    let game = mixer_game();
    for population in [1, 2] {
        exact_is_enumerated(&game, &MIXER_POLICY, population);
    }
    let found = validated(&game, &MIXER_POLICY, 4, MethodChoice::Auto);
    assert!(found.rows.iter().all(|row| row.method == Method::Exact));
    assert!(matches!(
        validate_by(&game, &MIXER_POLICY, 4, MethodChoice::Integrated),
        Err(ValidateError::IntegratedLeader)
    ));
}

/// Three follower types.
const TRIO: &str = r#"
name = "trio"
horizon = 2
discount = 0.8
[follower]
types = ["rock", "paper", "scissors"]
actions = ["stay", "turn"]
initial = [0.5, 0.2, 0.3]
reward = "(x == rock) * (z[scissors] - z[paper]) + (x == paper) * (z[rock] - 2 * z[scissors]) + (x == scissors) * z[paper] - (0.05 + 0.1 * tax) * (a == turn)"
[follower.transition]
"rock, stay" = { paper = "0.2 * z[paper]", rock = "rest" }
"rock, turn" = { paper = "0.6 + 0.1 * z[rock]", scissors = 0.1, rock = "rest" }
"paper, stay" = { rock = "0.1 * tax", scissors = "0.1 * t * z[scissors]", paper = "rest" }
"paper, turn" = { scissors = 0.9, paper = "rest" }
"scissors, *" = { rock = "0.5 + 0.2 * z[paper]", scissors = "rest" }
"#;

fn trio_answer(
    t: usize,
    belief: &Belief,
    z: &MeanField,
    leader: &LeaderPrescription,
) -> Prescription {
    let two = signal_answer(t, belief, z, leader);
    Prescription::new(2, [two.rows(), &[0.7, 0.3]].concat())
}

#[test]
fn three_follower_types_have_the_values_of_every_information_set() {
    let leader = &SIGNAL[SIGNAL.find("[leader]").unwrap()..];
    let leader = leader
        .replace("z[high]", "z[rock]")
        .replace("z[low]", "z[paper]");
    let leader = leader.replace("a == work", "a == turn");
    let text = format!("{TRIO}{}", leader.replace("x == high", "x == paper"));
    let policy = Smooth {
        leader: signal_leader,
        answer: trio_answer,
    };
    for population in [1, 2] {
        exact_is_enumerated(&game(&text), &policy, population);
        exact_is_enumerated(&game(&public(&text)), &policy, population);
    }
}

#[test]
fn a_private_type_that_shows_elsewhere_is_not_taken_for_hidden() {
    let (sound, kernel) = (game(SIGNAL), game(&leaking()));
    let reward = game(&SIGNAL.replace(
        "0.1 * t * z[low]\"\nterminal",
        "0.1 * (leader_type == mild)\"\nterminal",
    ));
    assert_eq!(sound.private_type_leaks(), None);
    assert_eq!(kernel.private_type_leaks(), Some(TypeLeak::Kernel));
    assert_eq!(game(&public(&leaking())).private_type_leaks(), None);
    assert_eq!(reward.private_type_leaks(), Some(TypeLeak::Reward));
    let refused = validate_by(&kernel, &MIXING, 2, MethodChoice::Exact);
    assert!(matches!(refused, Err(ValidateError::ExactLeak { .. })));
    let found = validated(&kernel, &MIXING, 2, MethodChoice::Auto);
    assert!(found.rows.iter().all(|row| row.method == Method::Paired));
    let said = |text: &str| found.warnings.iter().any(|w| w.contains(text));
    assert!(said("transitions depend on the leader's private type"));
    assert!(said("functions of (t, pi, z, x)"), "{:?}", found.warnings);
    let class = &found.results[0].class;
    assert!(class.ends_with("(functions of t, the belief, z and the own type)"));
    assert!(found.checks.iter().all(|check| check.name != "belief"));
}

fn validate_by(
    game: &Game,
    policy: &Smooth,
    population: u64,
    method: MethodChoice,
) -> Result<Validation, ValidateError> {
    let populations = [population];
    let settings = super::sampled::settings(&populations, method);
    let path = MeanFieldPath::follow(game, policy)?;
    validate(game, policy, &path, &settings)
}

fn validated(game: &Game, policy: &Smooth, population: u64, method: MethodChoice) -> Validation {
    validate_by(game, policy, population, method).unwrap()
}

/// Every sampled row of one game against its information sets, where the deviation can be written down.
fn sampled_is_enumerated(game: &Game, policy: &Smooth, population: usize) {
    let path = MeanFieldPath::follow(game, policy).unwrap();
    let followers = FollowerDeviation::class(game, &path).unwrap();
    let leaders = LeaderDeviation::class(game);
    let found = validated(game, policy, population as u64, MethodChoice::Paired);
    let mut compared = 0;
    for row in &found.rows {
        assert_eq!(row.method, Method::Paired);
        let theta_and_deviation = match row.player {
            Player::Leader => {
                let deviation = leaders.iter().find(|d| d.name(game) == row.deviation);
                let deviation = deviation.unwrap().clone();
                let announce = move |t: usize, belief: &Belief, z: &MeanField| {
                    deviation.announced(t, belief, z).unwrap()
                };
                let rule: &LeaderRule<'_> = &announce;
                let value = |rule| leader_value(game, policy, rule, population);
                [value(Known::Theta), value(Known::Given(rule))]
            }
            Player::Follower => {
                let named = |d: &&FollowerDeviation| d.name(game) == row.deviation;
                let types = game.follower_types().iter();
                let x = types.clone().position(|name| *name == row.start);
                let (Some(deviation), Some(x)) = (followers.iter().find(named), x) else {
                    continue;
                };
                let law = |t: usize, belief: &Belief, z: &MeanField, x: usize, theta: &[f64]| {
                    let mut law = vec![0.0; theta.len()];
                    deviation
                        .write_law(game, (t, belief, z), x, theta, &mut law)
                        .unwrap();
                    law
                };
                let rule: &FollowerRule<'_> = &law;
                let value = |rule| follower_value(game, policy, rule, population, x);
                [value(Known::Theta), value(Known::Given(rule))]
            }
        };
        let [theta, deviation] = theta_and_deviation;
        super::sampled::agrees(row, deviation - theta, theta);
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn paired_gains_are_those_of_every_information_set() {
    sampled_is_enumerated(&game(SIGNAL), &MIXING, 2);
    sampled_is_enumerated(&game(&public(SIGNAL)), &SEPARATING, 2);
    // Theta and deviations as functions of (t, pi, z, x) are what they are, whatever followers might learn besides.
    sampled_is_enumerated(&game(&leaking()), &SEPARATING, 2);
    sampled_is_enumerated(&mixer_game(), &MIXER_POLICY, 2);
}

#[test]
fn auto_takes_the_exact_method_and_sampling_where_beliefs_are_too_many() {
    let game = game(&SIGNAL.replace("horizon = 3", "horizon = 5"));
    let found = validated(&game, &MIXING, 4, MethodChoice::Auto);
    let said = |text: &str| found.warnings.iter().any(|w| w.contains(text));
    assert!(said("more than 2000 beliefs"), "{:?}", found.warnings);
    assert!(found.rows.iter().all(|row| row.method == Method::Paired));
    let names: Vec<&str> = found.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["one_step", "belief"]);
    assert!(
        found.checks.iter().all(|check| check.passed),
        "{:?}",
        found.checks
    );
    let leader = found
        .results
        .iter()
        .find(|r| r.row.player == Player::Leader);
    assert!(
        leader
            .unwrap()
            .class
            .starts_with("constant maps from types to actions")
    );
}

#[test]
fn results_do_not_depend_on_threads() {
    let game = game(SIGNAL);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let all = || {
            let by = |method| validated(&game, &SEPARATING, 3, method);
            (by(MethodChoice::Auto), by(MethodChoice::Paired))
        };
        format!("{:?}", pool.build().unwrap().install(all))
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(7));
}

/// Working always pays; the greedy gain from a tax what the mild lose by it. Nothing that is done matters later.
const PLAIN: &str = r#"
name = "plain"
horizon = 2
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.5, 0.5]
reward = "0.3 * (a == work) - 0.1 * tax * (x == high)"
[follower.transition]
"*, *" = { high = 0.4, low = "rest" }
[leader]
actions = { name = "tax", values = [0, 1] }
types = ["mild", "greedy"]
initial = [0.5, 0.5]
reward = { per_follower = "0.2 * (a == work)", period = "0.3 * tax * if(leader_type == mild, -1, 1)" }
[leader.transition]
"*, *" = { mild = 0.5, greedy = "rest" }
"#;

fn apart(_: usize, _: &Belief, _: &MeanField) -> LeaderPrescription {
    LeaderPrescription::pure(vec![LeaderAction(0), LeaderAction(1)])
}

fn pooled(_: usize, _: &Belief, _: &MeanField) -> LeaderPrescription {
    LeaderPrescription::pure(vec![LeaderAction(0); 2])
}

fn working(_: usize, _: &Belief, _: &MeanField, _: &LeaderPrescription) -> Prescription {
    Prescription::new(2, vec![0.0, 1.0, 0.0, 1.0])
}

/// Idle once the belief leans to the mild.
fn doubting(_: usize, belief: &Belief, _: &MeanField, _: &LeaderPrescription) -> Prescription {
    let work = if belief.weights()[0] > 0.6 { 0.0 } else { 1.0 };
    Prescription::new(2, [1.0 - work, work].repeat(2))
}

#[test]
fn equilibria_are_certified_and_planted_gains_refuted_by_both_methods() {
    let hidden = game(PLAIN);
    let seen = game(&public(PLAIN));
    let verdict = |game: &Game, policy: &Smooth, player: Player, method: MethodChoice| {
        let populations = [20];
        let settings = Settings {
            epsilon: 0.02,
            ..super::sampled::settings(&populations, method)
        };
        let path = MeanFieldPath::follow(game, policy).unwrap();
        let found = validate(game, policy, &path, &settings).unwrap();
        let mine = found.results.into_iter().find(|r| r.row.player == player);
        mine.map(|result| (result.verdict, result.row.gain))
    };
    let policy = |leader, answer| Smooth { leader, answer };
    let sound = policy(apart, working);
    for method in [MethodChoice::Exact, MethodChoice::Paired] {
        for game in [&hidden, &seen] {
            for player in [Player::Follower, Player::Leader] {
                let (found, _) = verdict(game, &sound, player, method).unwrap();
                assert_eq!(found, Verdict::Certified, "{player} {method:?}");
            }
            // A greedy leader who does not tax: half of .3 in each of two periods.
            let faulty = policy(pooled, working);
            let (found, gain) = verdict(game, &faulty, Player::Leader, method).unwrap();
            assert_eq!(found, Verdict::Refuted, "{method:?}");
            assert!((gain - 0.15 * 1.9).abs() < 0.02, "{gain}");
        }
        // Her type is drawn anew, and no news of it: only a public type, mild with 1/2, makes followers idle.
        let faulty = policy(apart, doubting);
        let (found, _) = verdict(&hidden, &faulty, Player::Follower, method).unwrap();
        assert_eq!(found, Verdict::Certified, "{method:?}");
        let (found, gain) = verdict(&seen, &faulty, Player::Follower, method).unwrap();
        assert_eq!(found, Verdict::Refuted, "{method:?}");
        assert!((gain - 0.15 * 1.9).abs() < 0.02, "{gain}");
    }
}

/// pi' from (t, pi, z) and an action, with tables evaluated at z.
type Follow<'f> =
    dyn Fn(&Tables<'_>, (usize, &Belief, &MeanField), LeaderAction) -> Belief + Sync + 'f;

/// Simulate, and hold against the types the beliefs that `follow` makes of one step, from pi_1 on.
fn beliefs_by(game: &Game, policy: &Smooth, follow: &Follow<'_>) -> Check {
    let simulation = Simulation {
        seed: 8,
        population: 50,
        first_replication: 1,
        replications: 200,
        engine: Engine::Counts,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    };
    let mut check = BeliefCheck::new(game).unwrap();
    let mut tables = game.tables();
    let done: Result<(), ValidateError> = simulate(game, policy, &simulation, |path| {
        let (mut belief, mut seen) = (game.initial_belief().clone(), None);
        for t in 1..=game.horizon() {
            check.add((t, seen), &belief, path.leader_type(t).0);
            let z = MeanField::from_counts(path.counts(t));
            tables.evaluate(t, z.weights())?;
            let action = path.leader_action(t);
            belief = follow(&tables, (t, &belief, &z), action);
            seen = Some(action.0);
        }
        Ok(())
    });
    done.unwrap();
    check.result(50)
}

#[test]
fn a_belief_that_is_not_updated_or_by_the_wrong_prescription_is_caught() {
    let game = game(SIGNAL);
    let updated = |leader: fn(usize, &Belief, &MeanField) -> LeaderPrescription| {
        let game = game.clone();
        move |tables: &Tables<'_>, (t, pi, z): (usize, &Belief, &MeanField), a: LeaderAction| {
            update_belief(&game, tables, pi, &leader(t, pi, z), a, LeaderType(0))
        }
    };
    for policy in [MIXING, SEPARATING] {
        let sound = beliefs_by(&game, &policy, &updated(policy.leader));
        assert!(sound.passed && sound.degrees > 4.0, "{sound:?}");
    }
    // Never updated: pi_1 for ever. Not by what she did: pi moves by Q^l alone.
    let never =
        |_: &Tables<'_>, (_, pi, _): (usize, &Belief, &MeanField), _: LeaderAction| pi.clone();
    let found = beliefs_by(&game, &SEPARATING, &never);
    assert!(!found.passed && found.warning().is_some(), "{found:?}");
    let found = beliefs_by(&game, &SEPARATING, &updated(pooled));
    assert!(!found.passed, "{found:?}");
    // A gamma^l that only mixes otherwise.
    let found = beliefs_by(&game, &MIXING, &updated(apart));
    assert!(!found.passed, "{found:?}");
}

#[test]
fn rewards_of_every_type_lie_in_the_proven_ranges() {
    let game = game(SIGNAL);
    let ranges = RewardRanges::prove(&game);
    let mut tables = game.tables();
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for (t, m) in (1..=3).flat_map(|t| (0..=20).map(move |i| (t, f64::from(i) / 20.0))) {
        let z = MeanField::two_types(m);
        tables.evaluate(t, z.weights()).unwrap();
        for made in 0..game.leader_moves() {
            for rows in [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]] {
                let prescription = Prescription::new(2, rows.to_vec());
                let reward = leader_reward(&tables, made, &z, &prescription);
                (least, most) = (least.min(reward), most.max(reward));
            }
        }
    }
    assert!(ranges.leader_width() >= most - least);
    assert!(ranges.leader_width() < most - least + 0.5);
    // The mild lose .4 by a tax at most, the greedy nothing.
    let difference = |actions: [usize; 2]| {
        let actions = actions.map(LeaderAction).to_vec();
        ranges.leader_difference(&LeaderDeviation::OneShot(3, actions))
    };
    let (both, greedy) = (difference([1, 1]), difference([0, 1]));
    assert!(
        both.low < greedy.low && both.high == greedy.high,
        "{both:?} {greedy:?}"
    );
}

#[test]
fn the_cost_says_where_beliefs_are_too_many() {
    let short = game(SIGNAL);
    let cost = estimated_cost(&short, &SEPARATING, 3).unwrap();
    assert!(cost.follower > 0.0 && cost.leader > cost.follower && cost.leader.is_finite());
    let long = game(&SIGNAL.replace("horizon = 3", "horizon = 9"));
    let cost = estimated_cost(&long, &MIXING, 4);
    assert!(
        matches!(cost, Err(ValidateError::ExactBeliefs { .. })),
        "{cost:?}"
    );
    let public = game(&public(&SIGNAL.replace("horizon = 3", "horizon = 9")));
    assert!(
        estimated_cost(&public, &MIXING, 4)
            .unwrap()
            .leader
            .is_finite()
    );
}
