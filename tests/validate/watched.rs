//! A stop flag ends every long call, and an observer sees how far it is.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use smfg::game::{Game, GameError, Progress, Task, Watch};
use smfg::scenario::Scenario;
use smfg::simulate::{Cohorts, Engine, SimulateError, Simulation, Start, simulate};
use smfg::solve::{SolveError, Solved};
use smfg::validate::{MeanFieldPath, MethodChoice, Settings, ValidateError, Validation, validate};

fn shipped(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    Scenario::read(&path, &[]).unwrap()
}

/// The game with an observer who stops it after the n-th part of a task, and what that observer is told.
fn stopping(game: &Game, task: Task, n: u64) -> (Game, Arc<Mutex<Vec<Progress>>>) {
    let (flag, told) = (
        Arc::new(AtomicBool::new(false)),
        Arc::<Mutex<Vec<Progress>>>::default(),
    );
    let (raised, kept) = (Arc::clone(&flag), Arc::clone(&told));
    let observer = move |progress: Progress| {
        if progress.task == task && progress.done == n {
            raised.store(true, Ordering::SeqCst);
        }
        kept.lock().unwrap().push(progress);
    };
    let watch = Watch::new().stopped_by(flag).observed_by(observer);
    (game.watched(watch), told)
}

fn validated(
    game: &Game,
    solution: &Solved<'_>,
    path: &MeanFieldPath,
    method: MethodChoice,
) -> Result<Validation, ValidateError> {
    let settings = Settings {
        populations: &[50],
        epsilon: 0.02,
        confidence: 0.99,
        method,
        start: Start::Iid,
        seed: 1,
        replications: 8192,
        files: &[],
        starts: &[],
        selection: "own",
    };
    validate(game, solution, path, &settings)
}

#[test]
fn a_validation_stops_where_it_is_told_to_and_is_the_same_where_it_is_only_observed() {
    let scenario = shipped("infection_fixed_price");
    let game = scenario.game();
    let solution = Solved::compute(game, &scenario.solve, None).unwrap();
    let path = MeanFieldPath::follow(game, &solution).unwrap();
    let methods = [
        (MethodChoice::Exact, Task::Exact, 20),
        (MethodChoice::Paired, Task::Sample, 8192),
    ];
    for (method, task, total) in methods {
        let whole = validated(game, &solution, &path, method).unwrap();
        let (observed, told) = stopping(game, task, u64::MAX);
        let again = validated(&observed, &solution, &path, method).unwrap();
        // As texts, since unknown figures are no equal numbers.
        assert!(format!("{again:?}") == format!("{whole:?}"), "{method:?}");
        let told = std::mem::take(&mut *told.lock().unwrap());
        let first = told.iter().find(|progress| progress.task == task);
        let first = *first.expect("the observer is told");
        assert_eq!(first.total, Some(total), "{first:?}");
        assert!(
            told.iter()
                .all(|progress| Some(progress.done) <= progress.total)
        );

        let (stopped, told) = stopping(game, task, first.done);
        let error = validated(&stopped, &solution, &path, method).unwrap_err();
        assert_eq!(error, ValidateError::Game(GameError::Stopped));
        assert_eq!(told.lock().unwrap().last(), Some(&first));
    }
}

#[test]
fn a_solution_stops_in_the_middle_with_two_types_and_with_three() {
    for name in ["infection_fixed_price", "rock_paper_scissors"] {
        let scenario = shipped(name);
        let (game, told) = stopping(scenario.game(), Task::Solve, 2);
        let stopped = Solved::compute(&game, &scenario.solve, None).map(|_| ());
        assert!(
            matches!(stopped, Err(SolveError::Game(GameError::Stopped))),
            "{name}: {stopped:?}"
        );
        let told = told.lock().unwrap();
        let done: Vec<u64> = told.iter().map(|progress| progress.done).collect();
        assert_eq!(done, [1, 2], "{name}");
    }
}

#[test]
fn a_simulation_stops_in_the_middle() {
    let scenario = shipped("infection_fixed_price");
    let solution = Solved::compute(scenario.game(), &scenario.solve, None).unwrap();
    let simulation = Simulation {
        seed: 1,
        population: 100,
        first_replication: 1,
        replications: 100_000,
        engine: Engine::Counts,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    };
    let (game, told) = stopping(scenario.game(), Task::Simulate, 3);
    let mut seen = 0;
    let stopped = simulate::<SimulateError>(&game, &solution, &simulation, |_| {
        seen += 1;
        Ok(())
    });
    match stopped {
        Err(SimulateError::Game { source, .. }) => assert_eq!(*source, GameError::Stopped),
        other => panic!("{other:?}"),
    }
    let told = told.lock().unwrap();
    assert!(told.len() >= 3 && told[2].done == 3, "{told:?}");
    assert!(0 < seen && seen < simulation.replications);
}
