//! Paired replications against exact gains; claims, ranges and threads.

use super::enumeration::{Leader, Tagged, average_over_starts, follower_value, leader_value};
use super::*;
use crate::simulate::Start;
use crate::stream::{Role, StreamFamily};
use crate::validate::MethodChoice;
use crate::validate::*;

pub(super) fn settings(populations: &[u64], method: MethodChoice) -> Settings<'_> {
    Settings {
        populations,
        epsilon: 0.05,
        confidence: 0.99,
        method,
        start: Start::Iid,
        seed: 22,
        replications: 20_000,
        files: &[],
        starts: &[],
        selection: "optimistic",
    }
}

pub(super) fn run(game: &Game, policy: &Rule, settings: &Settings<'_>) -> Validation {
    let path = MeanFieldPath::follow(game, policy).unwrap();
    validate(game, policy, &path, settings).unwrap()
}

/// Five standard errors, and the limits at level .01 around the truth.
#[track_caller]
pub(super) fn agrees(row: &Row, gain: f64, value: f64) {
    assert!(
        (row.gain - gain).abs() <= 5.0 * row.std_error + 1e-12,
        "{row:?} is not {gain}"
    );
    assert!(
        row.low <= gain && gain <= row.high,
        "{row:?} leaves out {gain}"
    );
    assert!((row.value - value).abs() <= 0.05, "{row:?} is not {value}");
}

/// D with everything that has a closed form here: constants, one-shots, the mean-field response, a perturbation.
fn class(game: &Game, policy: &Rule) -> Vec<FollowerDeviation> {
    let path = MeanFieldPath::follow(game, policy).unwrap();
    let mut class = FollowerDeviation::class(game, &path).unwrap();
    let mut stream = StreamFamily::new(22, 3).stream(0, Role::Deviations);
    class.extend(FollowerDeviation::perturbations(game, &mut stream));
    class
}

#[test]
fn sampled_gains_are_those_of_every_follower_enumerated() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    let (class, leaders) = (class(&game, &policy), LeaderDeviation::class(&game));
    for method in [MethodChoice::Paired, MethodChoice::Integrated] {
        let found = run(&game, &policy, &settings(&[3], method));
        for row in found
            .rows
            .iter()
            .filter(|row| row.deviation != "sampled_response")
        {
            let (gain, value) = match row.player {
                Player::Leader => {
                    let deviation = leaders
                        .iter()
                        .find(|d| d.name(&game) == row.deviation)
                        .unwrap();
                    let value = |who| {
                        let of = |types: &[usize]| leader_value(&game, &policy, who, 1, types);
                        average_over_starts(game.initial(), &[], 3, &of)
                    };
                    let theta = value(Leader::Theta);
                    (value(Leader::Deviates(deviation)) - theta, theta)
                }
                Player::Follower => {
                    let deviation = class
                        .iter()
                        .find(|d| d.name(&game) == row.deviation)
                        .unwrap();
                    let value = |tagged| {
                        let of = |types: &[usize]| follower_value(&game, &policy, tagged, 1, types);
                        let fixed: &[usize] = match row.start.as_str() {
                            "low" => &[0],
                            "high" => &[1],
                            _ => &[],
                        };
                        average_over_starts(game.initial(), fixed, 3, &of)
                    };
                    let theta = value(Tagged::Theta);
                    (value(Tagged::Deviates(deviation)) - theta, theta)
                }
            };
            agrees(row, gain, value);
        }
        // Two constants, 3 * 2 * 2 one-shots, two responses, four perturbations; of the leader 3 and 3 * 3.
        assert_eq!(found.rows.len(), 3 * (2 + 12 + 2 + 4) + 3 + 9);
    }
}

/// Working is better at every (t, x, z), whatever follows: the best response is a constant action.
pub(super) const DOMINATED: &str = r#"
name = "dominated"
horizon = 5
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

#[test]
fn exact_and_paired_agree_where_the_best_response_is_constant() {
    let game = game(DOMINATED);
    let policy = Rule::followers(|_, z| {
        [
            [0.1 + 0.5 * z.weights()[0], 0.9 - 0.5 * z.weights()[0]],
            [0.2, 0.8],
        ]
    });
    let exact = run(&game, &policy, &settings(&[30], MethodChoice::Auto));
    assert!(exact.best_response.iter().all(|row| row.action == 1));
    assert!(exact.rows.iter().all(|row| row.method == Method::Exact));
    let paired = run(&game, &policy, &settings(&[30], MethodChoice::Paired));
    for row in paired
        .rows
        .iter()
        .filter(|row| row.deviation == "constant:work")
    {
        let truth = exact
            .rows
            .iter()
            .find(|exact| exact.start == row.start)
            .unwrap();
        agrees(row, truth.gain, truth.value);
        // The gain of another policy is told apart: the comparison can fail.
        assert!((row.gain - 0.5 * truth.gain).abs() > 5.0 * row.std_error);
    }
    assert_eq!(
        (exact.verdict, paired.verdict),
        (Verdict::Refuted, Verdict::Refuted)
    );
}

#[test]
fn planted_faults_are_refuted_by_all_methods_and_the_optimum_by_none() {
    let game = game(DECISION);
    for method in [
        MethodChoice::Exact,
        MethodChoice::Integrated,
        MethodChoice::Paired,
    ] {
        let settings = settings(&[30], method);
        let verdict = |policy: Rule| {
            // The mean-field response is to the flow of the game as it should be played.
            let path = MeanFieldPath::follow(&game, &decision_policy(|t| t)).unwrap();
            validate(&game, &policy, &path, &settings).unwrap().verdict
        };
        assert_eq!(
            verdict(decision_policy(|t| t)),
            Verdict::Certified,
            "{method:?}"
        );
        assert_eq!(
            verdict(decision_policy(stale)),
            Verdict::Refuted,
            "stale, {method:?}"
        );
        assert_eq!(
            verdict(decision_policy(|t| 7 - t)),
            Verdict::Refuted,
            "wrong stage, {method:?}"
        );
    }
}

#[test]
fn theta_against_itself_gains_exactly_nothing() {
    let game = game(DECISION);
    let found = run(
        &game,
        &decision_policy(|t| t),
        &settings(&[1000], MethodChoice::Paired),
    );
    let own: Vec<&Row> = found
        .rows
        .iter()
        .filter(|row| row.deviation == "mean_field_response")
        .collect();
    assert_eq!(own.len(), 3);
    assert!(
        own.iter().all(|row| row.gain == 0.0
            && row.std_error == 0.0
            && row.verdict == Verdict::Certified)
    );
}

#[test]
fn results_do_not_depend_on_threads() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    let starts = [MeanField::two_types(0.5)];
    let on = |threads: usize, method| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let settings = Settings {
            starts: &starts,
            replications: 3000,
            ..settings(&[2, 60], method)
        };
        pool.install(|| format!("{:?}", run(&game, &policy, &settings)))
    };
    for method in [
        MethodChoice::Exact,
        MethodChoice::Integrated,
        MethodChoice::Paired,
    ] {
        let one = on(1, method);
        assert!(one == on(2, method) && one == on(7, method), "{method:?}");
    }
}

#[test]
fn a_policy_without_answers_leaves_the_leader_untested() {
    let game = game(TANGLED);
    let policy = Rule::followers(|t, z| tangled_rows(t, z, 0));
    let found = run(&game, &policy, &settings(&[5], MethodChoice::Auto));
    assert!(found.rows.iter().all(|row| row.player == Player::Follower));
    assert_eq!(found.results.len(), 1);
    assert!(
        found.warnings[0].contains("not tested"),
        "{:?}",
        found.warnings
    );
}

#[test]
fn settings_out_of_range_are_refused() {
    let (game, policy) = (
        game(DOMINATED),
        Rule::followers(|_, _| [[1.0, 0.0], [1.0, 0.0]]),
    );
    let path = MeanFieldPath::follow(&game, &policy).unwrap();
    let error = |settings: Settings<'_>| validate(&game, &policy, &path, &settings).unwrap_err();
    let base = || settings(&[1], MethodChoice::Exact);
    assert_eq!(
        error(Settings {
            epsilon: 0.0,
            ..base()
        }),
        ValidateError::Epsilon { epsilon: 0.0 }
    );
    assert!(matches!(
        error(Settings {
            epsilon: f64::NAN,
            ..base()
        }),
        ValidateError::Epsilon { .. }
    ));
    assert_eq!(
        error(Settings {
            confidence: 1.0,
            ..base()
        }),
        ValidateError::Confidence { confidence: 1.0 }
    );
    assert_eq!(
        error(settings(&[0], MethodChoice::Auto)),
        ValidateError::Population { population: 0 }
    );
    let population = 10_000_000;
    assert_eq!(
        error(settings(&[population], MethodChoice::Exact)),
        ValidateError::ExactStates {
            population,
            horizon: 5
        }
    );
    // 34 million million plays of a follower, not spent.
    let costly = super::game(&DOMINATED.replace("horizon = 5", "horizon = 1000"));
    let mixed = Rule::followers(|_, _| [[0.5, 0.5], [0.5, 0.5]]);
    let path = MeanFieldPath::follow(&costly, &mixed).unwrap();
    let error = validate(
        &costly,
        &mixed,
        &path,
        &settings(&[19_000], MethodChoice::Exact),
    );
    assert!(
        matches!(error, Err(ValidateError::ExactCost { population: 19_000, cost }) if cost > EXACT_LIMIT),
        "{error:?}"
    );
}

#[test]
fn a_price_stale_by_one_period_is_refuted() {
    // The leader is paid for naming t mod 3.
    let game = game(&TANGLED.replace(
        r#"period = "-0.2 * tax * tax * z[low]""#,
        r#"period = "-5 * (tax - t + if(t > 2, 3, 0))^2""#,
    ));
    for method in [MethodChoice::Exact, MethodChoice::Paired] {
        let settings = settings(&[20], method);
        let leader = |announce: fn(usize) -> usize| {
            let policy = Rule::answered(move |t, _| announce(t), tangled_rows);
            let found = run(&game, &policy, &settings);
            found
                .results
                .into_iter()
                .find(|result| result.row.player == Player::Leader)
                .unwrap()
        };
        let prompt = leader(|t| t % 3);
        assert!(
            prompt.verdict == Verdict::Certified,
            "{method:?} {prompt:?}"
        );
        let stale = leader(|t| (t - 1) % 3);
        assert!(
            stale.verdict == Verdict::Refuted && stale.row.gain > 1.0,
            "{method:?} {stale:?}"
        );
    }
}

#[test]
fn a_rounded_start_is_sampled_as_it_is_solved() {
    let (game, policy) = (
        game(DOMINATED),
        Rule::followers(|_, z| [[0.4, 0.6], [z.weights()[0], z.weights()[1]]]),
    );
    let rounded = |method| {
        run(
            &game,
            &policy,
            &Settings {
                start: Start::Rounded,
                ..settings(&[7], method)
            },
        )
    };
    let (exact, paired) = (rounded(MethodChoice::Exact), rounded(MethodChoice::Paired));
    for row in paired
        .rows
        .iter()
        .filter(|row| row.deviation == "constant:work")
    {
        let truth = exact
            .rows
            .iter()
            .find(|exact| exact.start == row.start)
            .unwrap();
        agrees(row, truth.gain, truth.value);
    }
    // 7 * (.7, .3) is (5, 2) rounded: the average weighs the types 5 to 2.
    let gain = |start: &str| {
        exact
            .rows
            .iter()
            .find(|row| row.start == start)
            .unwrap()
            .gain
    };
    assert!((gain("initial") - (5.0 * gain("low") + 2.0 * gain("high")) / 7.0).abs() < 1e-14);
}

#[test]
fn auto_samples_what_is_too_large() {
    let (game, policy) = (game(DECISION), decision_policy(|t| t));
    let found = run(
        &game,
        &policy,
        &settings(&[10, 1_000_000_000], MethodChoice::Auto),
    );
    for row in &found.rows {
        assert_eq!(
            row.method,
            if row.population == 10 {
                Method::Exact
            } else {
                Method::Integrated
            }
        );
    }
    assert_eq!(found.verdict, Verdict::Certified);
    let three = DECISION
        .replace(r#""down", "up"]"#, r#""down", "up", "out"]"#)
        .replace("[0.5, 0.5]", "[0.5, 0.5, 0]")
        .replace("\"up, move\"", "\"out, *\" = { out = 1 }\n\"up, move\"");
    let three = super::game(&three);
    let actions = decision_optimum();
    let play = move |t: usize, _: &MeanField| {
        let [down, up] = actions[t - 1].map(|a| if a == 1 { [0.0, 1.0] } else { [1.0, 0.0] });
        Play::pure(
            LeaderAction(0),
            Prescription::new(2, [down, up, [1.0, 0.0]].concat()),
        )
    };
    let policy = Rule {
        play: Box::new(play),
        answer: Box::new(|_, _, _| None),
    };
    let found = run(
        &three,
        &policy,
        &settings(&[10, 100_000], MethodChoice::Auto),
    );
    for row in &found.rows {
        let exact = row.population == 10;
        let method = if exact {
            Method::Exact
        } else {
            Method::Integrated
        };
        assert!(row.method == method && row.start != "out", "{row:?}");
    }
    assert_eq!(found.verdict, Verdict::Certified);
}
