//! Policies from files as deviations: exact values against every joint move and every information set, and what is said
//! where nothing can be played.

use std::path::Path;

use super::enumeration::{self, Leader, Tagged, average_over_starts};
use super::information_sets::{self, Rule as Known, Smooth};
use super::leader_types::{MIXER_POLICY, MIXING, SEPARATING, SIGNAL, mixer_game, public};
use super::*;
use crate::game::{LeaderInformation, PolicyFile};
use crate::simulate::Start;
use crate::validate::MethodChoice;
use crate::validate::*;

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

/// Whether the leader of a file mixes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Pure,
    Mixed,
}

/// A policy that changes with t, with z and where there is one with the belief, of games with two types and actions each.
fn given(game: &Game, part: Part) -> NamedPolicy {
    let typed = game.leader_information() != LeaderInformation::NoTypes;
    let kinds: Vec<String> = match typed {
        true => game
            .leader_types()
            .iter()
            .map(|x| format!("_{x}"))
            .collect(),
        false => vec![String::new()],
    };
    let actions = game.leader_actions();
    let mut header: Vec<String> = ["t", "z_low", "z_high"].map(str::to_owned).to_vec();
    if typed {
        header.extend(game.leader_types().iter().map(|x| format!("pi_{x}")));
    }
    for kind in &kinds {
        match part {
            Part::Pure => header.push(format!("leader_action{kind}")),
            Part::Mixed => {
                header.extend(actions.iter().map(|a| format!("leader_prob{kind}_{a}")));
            }
        }
    }
    for x in ["low", "high"] {
        header.extend(["idle", "work"].map(|a| format!("gamma_{x}_{a}")));
    }
    let mut csv = header.join(",");
    let beliefs: &[[f64; 2]] = if typed {
        &[[0.25, 0.75], [0.75, 0.25]]
    } else {
        &[[0.5, 0.5]]
    };
    for t in 1..=game.horizon() {
        for (i, high) in [0.25, 0.75].into_iter().enumerate() {
            for (j, pi) in beliefs.iter().enumerate() {
                let mut row = vec![t.to_string(), (1.0 - high).to_string(), high.to_string()];
                if typed {
                    row.extend(pi.iter().map(f64::to_string));
                }
                for k in 0..kinds.len() {
                    let chosen = (t + i + j + k) % actions.len();
                    match part {
                        Part::Pure => row.push(actions[chosen].clone()),
                        Part::Mixed => {
                            let p = 0.125 * (1 + (t + 2 * i + 3 * j + k) % 6) as f64;
                            row.extend([p, 1.0 - p].map(|p| p.to_string()));
                        }
                    }
                }
                for x in 0..2 {
                    let p = 0.25 * ((t + i + 2 * j + 3 * x) % 5) as f64;
                    row.extend([p, 1.0 - p].map(|p| p.to_string()));
                }
                csv.push('\n');
                csv.push_str(&row.join(","));
            }
        }
    }
    let policy = PolicyFile::from_reader(Path::new("given.csv"), csv.as_bytes(), game).unwrap();
    NamedPolicy {
        name: "given".into(),
        policy,
    }
}

#[test]
fn a_given_policy_has_the_value_of_every_follower_enumerated() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    let file = given(&game, Part::Pure);
    let (follows, leads) = (
        FollowerDeviation::File(file.clone()),
        LeaderDeviation::File(file.clone()),
    );
    for population in [1, 2, 3] {
        let n = population as u64;
        let exact = Exact::evaluate(&game, &policy, n, LeaderTest::StageWise, &file).unwrap();
        let leader = |who| {
            average_over_starts(game.initial(), &[], population, &|types| {
                enumeration::leader_value(&game, &policy, who, 1, types)
            })
        };
        let values = exact.leader_iid(game.initial()).unwrap();
        close(values.theta, leader(Leader::Theta));
        close(values.best, leader(Leader::Deviates(&leads)));
        assert!(values.gain().abs() > 1e-3, "{values:?}");
        for x in 0..2 {
            let follower = |tagged| {
                let value =
                    |types: &[usize]| enumeration::follower_value(&game, &policy, tagged, 1, types);
                average_over_starts(game.initial(), &[x], population, &value)
            };
            let values = exact.follower_iid(game.initial(), x);
            close(values.theta, follower(Tagged::Theta));
            close(values.best, follower(Tagged::Deviates(&follows)));
            assert!(values.gain().abs() > 1e-3, "{values:?}");
        }
        assert!(exact.departures.is_empty());
    }
}

#[track_caller]
fn given_is_enumerated(game: &Game, policy: &Smooth, population: usize, part: Part) {
    let file = given(game, part);
    let n = population as u64;
    let exact = Exact::evaluate(game, policy, n, LeaderTest::StageWise, &file).unwrap();
    let play = |t: usize, belief: &Belief, z: &MeanField| file.policy.play(t, belief, z).unwrap();
    for x in 0..2 {
        let law = |t: usize, belief: &Belief, z: &MeanField, x: usize, _: &[f64]| {
            play(t, belief, z).prescription.row(x).to_vec()
        };
        let rule: &information_sets::FollowerRule<'_> = &law;
        let known = |rule| information_sets::follower_value(game, policy, rule, population, x);
        let values = exact.follower_iid(game.initial(), x);
        close(values.theta, known(Known::Theta));
        close(values.best, known(Known::Given(rule)));
    }
    let announce = |t: usize, belief: &Belief, z: &MeanField| Some(play(t, belief, z).leader);
    let rule: &information_sets::LeaderRule<'_> = &announce;
    let known = |rule| information_sets::leader_value(game, policy, rule, population);
    let values = exact.leader_iid(game.initial()).unwrap();
    close(values.theta, known(Known::Theta));
    close(values.best, known(Known::Given(rule)));
    assert!(values.gain().abs() > 1e-3, "{values:?}");
    // Her types' values keep their mean.
    let prior = game.initial_belief().weights();
    let by_type = exact.leader_types_iid(game.initial());
    if !by_type.is_empty() {
        let mean = by_type.iter().map(|(x, values)| prior[x.0] * values.best);
        close(mean.sum(), values.best);
    }
}

#[test]
fn a_given_policy_has_the_value_of_every_information_set() {
    for (policy, part) in [(&MIXING, Part::Mixed), (&SEPARATING, Part::Pure)] {
        for population in [1, 2] {
            given_is_enumerated(&game(SIGNAL), policy, population, part);
            given_is_enumerated(&game(&public(SIGNAL)), policy, population, part);
        }
    }
    for part in [Part::Pure, Part::Mixed] {
        given_is_enumerated(&mixer_game(), &MIXER_POLICY, 2, part);
    }
}

/// Every file has its rows under every method, at the starts of the method, and they agree.
#[test]
fn a_given_policy_is_tried_under_every_method() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    let files = [given(&game, Part::Pure)];
    let found = |method| {
        let settings = Settings {
            files: &files,
            ..super::sampled::settings(&[5], method)
        };
        super::sampled::run(&game, &policy, &settings)
    };
    let exact = found(MethodChoice::Exact);
    let of_file = |found: &Validation| -> Vec<Row> {
        let rows = found.rows.iter();
        rows.filter(|row| row.deviation == "file:given")
            .cloned()
            .collect()
    };
    let rows = of_file(&exact);
    let starts: Vec<&str> = rows.iter().map(|row| row.start.as_str()).collect();
    assert_eq!(
        starts,
        ["initial", "low", "high", "worst", "initial", "worst"]
    );
    let best: Vec<&Row> = exact
        .rows
        .iter()
        .filter(|row| row.deviation == "best_response")
        .collect();
    for (own, best) in rows.iter().zip(&best) {
        assert_eq!(
            (&own.start, own.player, own.weight),
            (&best.start, best.player, best.weight)
        );
        assert!(own.gain <= best.gain + 1e-12, "{own:?}");
    }
    let leader = exact
        .results
        .iter()
        .find(|r| r.row.player == Player::Leader);
    assert!(leader.unwrap().class.contains("and the policies given"));
    for method in [MethodChoice::Paired, MethodChoice::Integrated] {
        for row in of_file(&found(method)) {
            let same = |r: &&Row| r.player == row.player && r.start == row.start;
            let truth = rows.iter().find(same).unwrap();
            super::sampled::agrees(&row, truth.gain, truth.value);
        }
    }
}

/// Knows no play but at the beliefs that theta leads to.
struct Forgetful;

impl Policy for Forgetful {
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        if belief.weights()[0] == 0.3 {
            return MIXING.play(t, belief, z);
        }
        Err(PolicyError::Unsolved {
            t,
            belief: belief.weights().to_vec(),
            z: z.weights().to_vec(),
            reason: "forgotten".into(),
        })
    }

    fn answer(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        let Play { prescription, .. } = self.play(t, belief, z)?;
        match leader {
            LeaderPrescription::Pure(_) => Ok(prescription),
            LeaderPrescription::Mixed { .. } => MIXING.answer(t, belief, z, leader),
        }
    }
}

/// What cannot be played stops every method: nothing is played in its place.
#[test]
fn a_state_without_a_play_stops_every_method() {
    let game = game(SIGNAL);
    let path = MeanFieldPath::follow(&game, &MIXING).unwrap();
    for method in [
        MethodChoice::Auto,
        MethodChoice::Exact,
        MethodChoice::Paired,
    ] {
        let found = validate(
            &game,
            &Forgetful,
            &path,
            &super::sampled::settings(&[4], method),
        );
        let error = found.unwrap_err();
        let said = match &error {
            ValidateError::Policy(source) => source.to_string(),
            ValidateError::Deviation { source, .. } => source.to_string(),
            ValidateError::Simulate(error) => format!("{error:?}"),
            error => panic!("{method:?}: {error}"),
        };
        assert!(said.contains("forgotten"), "{said}");
    }
    let unknown = MeanFieldPath::follow(&game, &Forgetful);
    assert!(matches!(
        unknown,
        Err(ValidateError::Policy(PolicyError::Unsolved { t: 2, .. }))
    ));
}

#[test]
fn an_exact_start_that_is_rounded_evaluates_the_same_policy() {
    let (game, policy) = (game(TANGLED), tangled_policy());
    let files = [given(&game, Part::Pure)];
    let settings = Settings {
        files: &files,
        start: Start::Rounded,
        ..super::sampled::settings(&[5], MethodChoice::Exact)
    };
    let found = super::sampled::run(&game, &policy, &settings);
    let exact = Exact::evaluate(&game, &policy, 5, LeaderTest::StageWise, &files[0]).unwrap();
    // .35 of 5 is 1.75: two are low.
    let low = found
        .rows
        .iter()
        .find(|row| row.deviation == "file:given" && row.start == "low");
    close(
        low.unwrap().gain,
        exact.follower_at(0, &[2, 3]).unwrap().gain(),
    );
}
