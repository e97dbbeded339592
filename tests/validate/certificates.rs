//! Certificates in the mean-field limit from many starts, theta's fast path, and policies that are no equilibrium.

use crate::support::affine::AffineGame;
use crate::support::library::{Shifted, affine, shipped, solve};
use crate::support::random::Random;
use smfg::certify::Certified;
use smfg::certify::{certify_path, leader_gain};
use smfg::game::{
    Belief, Flow, FlowRule, Game, LeaderPrescription, MeanField, Play, Policy, PolicyError,
    PolicyFile, Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::Start;
use smfg::solve::Selection;
use smfg::solve::{Pieces, Solved, Theta};
use smfg::validate::MethodChoice;
use smfg::validate::validate;
use smfg::validate::{MeanFieldPath, Player, Settings, Validation, Verdict};
use std::path::Path;

/// Games in which theta is followed from every start, with what they are called.
fn certified_games() -> Vec<(String, Scenario)> {
    let technology = ["leader.actions.count=13", "horizon=12"];
    let mut games = vec![
        (
            "infection".to_string(),
            shipped("infection", &["leader.actions.count=9"]),
        ),
        ("fixed price".into(), shipped("infection_fixed_price", &[])),
        ("technology".into(), shipped("technology", &technology)),
    ];
    let printed = ["leader.actions.count=9", "horizon=12"];
    games.push((
        "as printed".into(),
        shipped("infection_as_printed", &printed),
    ));
    for seed in [1, 5, 6] {
        let numbers = AffineGame::random(seed, 6, 2 + seed as usize % 2, 2);
        games.push((format!("random game {seed}"), affine(&numbers)));
    }
    games
}

#[test]
fn no_follower_gains_along_the_path_from_any_of_199_starts() {
    let mut lotteries = 0;
    for (name, scenario) in certified_games() {
        for selection in [Selection::Optimistic, Selection::Pessimistic] {
            let solution = solve(&scenario, selection);
            let work = solution.work();
            assert_eq!((work.failed, work.even), (0, 0), "{name}, {selection}");
            let solution = Solved::Pieces(solution);
            for i in 1..200 {
                let path = certify_path(&solution, &MeanField::two_types(i as f64 / 200.0))
                    .expect("values everywhere");
                let (gain, off) = (path.exploitability.initial, path.consistency);
                assert!(
                    gain < 1e-8,
                    "{name}, {selection}, from {i}/200: gain {gain:e}"
                );
                assert!(
                    off < 1e-7,
                    "{name}, {selection}, from {i}/200: V_1 off by {off:e}"
                );
                lotteries += path.flow.lotteries;
            }
        }
    }
    assert!(lotteries > 0, "some path must need the coin");
}

fn uniform(game: &Game, text: &str) -> PolicyFile {
    PolicyFile::from_reader(Path::new("uniform.csv"), text.as_bytes(), game).expect("a policy")
}

#[test]
fn the_uniform_policy_has_the_published_exploitability() {
    let header =
        "gamma_healthy_wait,gamma_healthy_repair,gamma_infected_wait,gamma_infected_repair";
    let rows = format!("{header}\n0.5,0.5,0.5,0.5\n");
    for (horizon, published) in [(20, 1.576_209_6), (50, 4.470_123_1)] {
        let horizon = format!("horizon={horizon}");
        let changed = [&horizon, "discount=1.0", "follower.initial=[0.5, 0.5]"];
        let scenario = shipped("infection_fixed_price", &changed);
        let game = scenario.game();
        let policy = uniform(game, &rows);
        let certified =
            Certified::policy(game, &policy, game.initial(), FlowRule::Averaged).expect("values");
        let got = certified.certificate.exploitability.initial;
        assert!((got - published).abs() < 5e-8, "{got}");
    }
}

/// The plays at (t, m) by the fast path and by a full search are one: exact but for the rounding of a root.
#[track_caller]
fn assert_same_play(solution: &Theta<'_, Pieces>, t: usize, z: &MeanField, name: &str) {
    let (fast, point) = (
        solution.play(t, &Belief::certain(), z).expect("a play"),
        solution.resolve(t, &Belief::certain(), z),
    );
    let full = point.expect("values everywhere").play;
    let [left, right] = [&fast, &full].map(|play| play.prescription.rows());
    let gammas = left.iter().zip(right);
    let off = gammas.map(|(l, r)| (l - r).abs()).fold(0.0, f64::max);
    assert!(
        fast.leader_action() == full.leader_action() && off < 1e-7,
        "{name}, t = {t}, z = {z:?}: {fast:?} against {full:?}"
    );
}

/// Close to where the play changes its support: the places where a regime that is carried too far would show.
fn switches(solution: &Theta<'_, Pieces>, random: &mut Random, name: &str) {
    let pattern = |t: usize, m: f64| {
        let play = solution
            .resolve(t, &Belief::certain(), &MeanField::two_types(m))
            .expect("values everywhere")
            .play;
        let used = play.prescription.rows().iter().map(|p| *p > 0.0);
        (play.leader_action(), used.collect::<Vec<_>>())
    };
    for t in 1..=solution.game().horizon() {
        let offset = random.uniform();
        for cell in 0..40 {
            let [mut lo, mut hi] = [cell, cell + 1].map(|i| (f64::from(i) + offset) / 41.0);
            let left = pattern(t, lo);
            if left == pattern(t, hi) {
                continue;
            }
            while hi - lo > 1e-14 {
                let middle = 0.5 * (lo + hi);
                if pattern(t, middle) == left {
                    lo = middle;
                } else {
                    hi = middle;
                }
            }
            for away in [2e-9, 1e-8, 1e-6] {
                for m in [lo - away, hi + away] {
                    assert_same_play(solution, t, &MeanField::two_types(m), name);
                }
            }
        }
    }
}

#[test]
fn the_fast_path_of_theta_is_the_full_search() {
    for (name, scenario) in certified_games() {
        for &selection in Selection::ALL {
            let solution = solve(&scenario, selection);
            let name = format!("{name}, {selection}");
            let mut random = Random::new(7);
            let periods = scenario.game().horizon();
            switches(&solution, &mut random, &name);
            for _ in 0..1500 {
                let t = 1 + random.bits() as usize % periods;
                assert_same_play(&solution, t, &MeanField::two_types(random.uniform()), &name);
            }
            for population in [50, 200, 1000] {
                for (t, n) in (1..=periods).flat_map(|t| (0..=population).map(move |n| (t, n))) {
                    let z = MeanField::from_counts(&[population - n, n]);
                    assert_same_play(&solution, t, &z, &name);
                }
            }
        }
    }
}

/// The representation of V_t against V_t re-solved. In random game 30 a mixture's continuation passes a kink, and the
/// mixture is selected on a window of 1e-3 around there; in 63 a pure equilibrium comes and goes within one cell.
#[test]
fn values_are_stored_as_they_are_re_solved() {
    let mut games = certified_games();
    for (seed, levels) in [(30, 3), (63, 4)] {
        let narrow = AffineGame::random(seed, 6, 2, levels);
        games.push((format!("random game {seed}"), affine(&narrow)));
    }
    for (name, scenario) in games {
        for &selection in Selection::ALL {
            let solution = solve(&scenario, selection);
            for t in 1..=scenario.game().horizon() {
                for i in 0..1000 {
                    // Off the lattice, where ties are.
                    let m = (f64::from(i) + 0.382) / 1000.0;
                    let stored = solution
                        .stored_values(t, &Belief::certain(), &MeanField::two_types(m))
                        .expect("V is held");
                    let resolved = solution
                        .resolve(t, &Belief::certain(), &MeanField::two_types(m))
                        .expect("values everywhere")
                        .values;
                    let off = (stored.leader - resolved.leader)
                        .abs()
                        .max((stored.followers[0] - resolved.followers[0]).abs())
                        .max((stored.followers[1] - resolved.followers[1]).abs());
                    assert!(
                        off < 1e-7,
                        "{name}, {selection}, t = {t}, m = {m}: off by {off:e}"
                    );
                }
            }
        }
    }
}

/// theta with the price of the period before: the leader changes a period late, followers answer the price they see.
struct StalePrice<'s, 'g>(&'s Theta<'g, Pieces>);

impl Policy for StalePrice<'_, '_> {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let leader_action = self
            .0
            .play(t.max(2) - 1, &Belief::certain(), z)?
            .leader_action();
        let prescription = self.0.play(t, &Belief::certain(), z)?.prescription;
        Ok(Play::pure(leader_action, prescription))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        self.0.answer(t, &Belief::certain(), z, leader)
    }
}

const EPSILON: f64 = 0.02;

fn validated(game: &Game, policy: &dyn Policy, method: MethodChoice) -> Validation {
    let flow = Certified::policy(game, policy, game.initial(), FlowRule::Averaged)
        .expect("values")
        .flow;
    let settings = Settings {
        populations: &[200],
        epsilon: EPSILON,
        confidence: 0.99,
        method,
        start: Start::Iid,
        seed: 20_220_105,
        replications: 4000,
        starts: &[],
        files: &[],
        selection: "optimistic",
    };
    validate(
        game,
        policy,
        &MeanFieldPath::of_flow(game, &flow),
        &settings,
    )
    .expect("values")
}

/// Games in which theta is certified at N = 200, so that a refutation is the fault's.
fn sound_games() -> Vec<(String, Scenario)> {
    let sound = ["technology", "random game 6"];
    let mut games = certified_games();
    games.retain(|(name, _)| sound.contains(&name.as_str()));
    games
}

#[test]
fn theta_of_the_wrong_stage_and_a_stale_price_are_refuted() {
    for (name, scenario) in sound_games() {
        let theta = solve(&scenario, Selection::Optimistic);
        let shifted = Shifted {
            theta: &theta,
            shift: 1,
        };
        let stale = StalePrice(&theta);
        let sound = validated(scenario.game(), &theta, MethodChoice::Exact);
        assert_eq!(sound.verdict, Verdict::Certified, "{name}");
        for faulty in [&shifted as &dyn Policy, &stale] {
            let found = validated(scenario.game(), faulty, MethodChoice::Exact);
            assert_eq!(found.verdict, Verdict::Refuted, "{name}");
            let follower = |v: &Validation| v.results[0].row.clone();
            assert_eq!(follower(&found).player, Player::Follower);
            assert!(follower(&found).gain > EPSILON && follower(&sound).gain < EPSILON / 2.0);
        }
    }
}

#[test]
fn paired_replications_refute_theta_of_the_wrong_stage_and_not_theta() {
    let (name, scenario) = sound_games().swap_remove(1);
    let theta = solve(&scenario, Selection::Optimistic);
    let shifted = Shifted {
        theta: &theta,
        shift: 1,
    };
    let verdict = |policy| validated(scenario.game(), policy, MethodChoice::Paired).verdict;
    assert_ne!(verdict(&theta), Verdict::Refuted, "{name}");
    assert_eq!(verdict(&shifted), Verdict::Refuted, "{name}");
}

#[test]
fn the_certificate_shows_theta_of_the_wrong_stage_and_a_stale_price() {
    for (name, scenario) in sound_games() {
        let game = scenario.game();
        let gain = |policy: &dyn Policy| {
            let certified = Certified::policy(game, policy, game.initial(), FlowRule::Averaged)
                .expect("values");
            certified.certificate.exploitability.initial
        };
        for selection in [Selection::Optimistic, Selection::Pessimistic] {
            let theta = solve(&scenario, selection);
            assert!(gain(&theta) < 1e-8, "{name}, {selection}");
        }
        let selection = if name == "technology" {
            Selection::Pessimistic
        } else {
            Selection::Optimistic
        };
        let theta = solve(&scenario, selection);
        assert!(
            gain(&Shifted {
                theta: &theta,
                shift: 1
            }) > 0.05,
            "{name}"
        );
        assert!(gain(&StalePrice(&theta)) > 0.05, "{name}");
    }
}

/// A public type that moves at random has more histories in 40 periods than can be followed, and V a kink for each.
#[test]
fn where_the_tree_of_histories_is_cut_v_stands_for_the_rest() {
    let scenario = shipped("public_state", &["horizon=40"]);
    let game = scenario.game();
    let solution = solve(&scenario, Selection::Optimistic);
    assert!(solution.pieces() < 40 * 2 * 100, "{}", solution.pieces());
    let away = Certified::policy(game, &solution, game.initial(), FlowRule::Averaged)
        .expect("values everywhere");
    let solved = Solved::Pieces(solution);
    let path = certify_path(&solved, game.initial()).expect("the same");
    let gain = leader_gain(&solved, &path.flow).expect("the same");
    // What she does later is worth V: as good as theta, and no more.
    assert!(gain.until.is_some_and(|until| until >= 5), "{gain:?}");
    assert!(gain.gain.is_some_and(|gain| gain < 1e-9), "{gain:?}");
    let cut = path.flow.cut.expect("a cut");
    assert!((8..20).contains(&cut), "{cut}");
    assert!(path.flow.nodes.len() <= Flow::MOST_NODES);
    assert!(
        path.exploitability.initial < 1e-9,
        "{:?}",
        path.exploitability
    );
    assert!(path.consistency < 1e-9, "{:e}", path.consistency);
    // A policy from elsewhere has no V.
    assert_eq!(away.flow.cut, Some(cut));
    assert_eq!(away.certificate.warnings.len(), 1);

    let short = shipped("public_state", &["horizon=12"]);
    let solution = solve(&short, Selection::Optimistic);
    let solved = Solved::Pieces(solution);
    let path = certify_path(&solved, game.initial()).expect("the same");
    let gain = leader_gain(&solved, &path.flow).expect("the same");
    assert_eq!((path.flow.cut, gain.until), (None, None));
    assert!(path.consistency < 1e-9, "{:e}", path.consistency);
}
