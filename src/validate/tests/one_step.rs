//! The one-step check passes sound populations of every size and catches wrong kernels, policies and counts.

use super::lattice_game::{RISING, rising_policy};
use super::*;
use crate::simulate::{Cohorts, Simulation, simulate};
use crate::simulate::{Engine, Start};
use crate::validate::{CHECK_LEVEL, Check, OneStep, ValidateError};

/// Simulate `played` in `game` and check against `supposed` in `theory`.
fn check(game: &Game, played: &Rule, theory: &Game, supposed: &Rule, population: u64) -> Check {
    let simulation = Simulation {
        seed: 4,
        population,
        first_replication: 1,
        replications: 200,
        engine: Engine::Counts,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    };
    let mut check = OneStep::new(theory, supposed);
    let done: Result<(), ValidateError> =
        simulate(game, played, &simulation, |path| check.push(path));
    done.unwrap();
    check.result(population)
}

#[test]
fn sound_populations_pass_at_every_size() {
    let (two, three) = (game(TANGLED), game(RISING));
    for population in [1, 2, 10, 1000, 1_000_000, 1_000_000_000] {
        let found = check(&two, &tangled_policy(), &two, &tangled_policy(), population);
        assert!(found.passed && found.p_value > CHECK_LEVEL, "{found:?}");
        let found = check(
            &three,
            &rising_policy(),
            &three,
            &rising_policy(),
            population,
        );
        assert!(found.passed && found.warning().is_none(), "{found:?}");
    }
}

#[test]
fn a_kernel_off_by_order_one_over_root_n_is_caught() {
    let sound = game(RISING);
    let wrong = game(&RISING.replace("0.2 + 0.4 * z[low]", "0.21 + 0.4 * z[low]"));
    let found = check(&wrong, &rising_policy(), &sound, &rising_policy(), 100_000);
    assert!(!found.passed && found.impossible == 0, "{found:?}");
    assert!(found.warning().unwrap().contains("N = 100000"));
    // In ten times fewer followers, over 200 paths, it is below the noise.
    assert!(check(&wrong, &rising_policy(), &sound, &rising_policy(), 100).passed);
}

#[test]
fn a_stale_policy_is_caught() {
    let game = game(TANGLED);
    let late = Rule::answered(
        |t, z| if z.weights()[1] > 0.4 { t % 3 } else { 0 },
        |t, z, tax| tangled_rows(stale(t), z, tax),
    );
    assert!(!check(&game, &late, &game, &tangled_policy(), 10_000).passed);
}

#[test]
fn moves_that_cannot_happen_are_caught_at_once() {
    let sound = game(DECISION);
    let wrong = game(&DECISION.replace(
        "\"up, stay\" = { up = 0.9, down = 0.1 }",
        "\"up, stay\" = { up = 1 }",
    ));
    let stays = || Rule::followers(|_, _| [[1.0, 0.0], [1.0, 0.0]]);
    let frozen = game(
        &DECISION
            .replace("{ up = 0.9, down = 0.1 }", "{ up = 1 }")
            .replace("{ down = 0.9, up = 0.1 }", "{ down = 1 }"),
    );
    let found = check(&wrong, &stays(), &frozen, &stays(), 1000);
    assert!(!found.passed && found.impossible > 100, "{found:?}");
    // Followers that do not differ enough are wrong too: the other tail.
    let found = check(&frozen, &stays(), &sound, &stays(), 1000);
    assert!(!found.passed, "{found:?}");
}
