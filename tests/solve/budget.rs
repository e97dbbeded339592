//! A solution takes the work that it is allowed, or is refused.

use smfg::scenario::{Override, Scenario};
use smfg::solve::{SolveError, Solved};

const INFECTION: &str = include_str!("../../scenarios/infection.toml");

/// Three types on a lattice, the second action costs.
const THREE: &str = "name = \"three\"\nhorizon = 3\ndiscount = 1\n[follower]\ntypes = [\"ta\", \"tb\", \"tc\"]\n\
    actions = [\"stay\", \"go\"]\ninitial = [0.5, 0.3, 0.2]\nreward = \"z[tb] * (x == tc) - 0.1 * (a == go)\"\n\
    [follower.transition]\n\"ta, stay\" = { ta = 1 }\n\"tb, stay\" = { tb = 1 }\n\"tc, stay\" = { tc = 1 }\n\"*, go\" = { tc = 1 }\n[solve]\ngrid = 12\n";

/// The work of a game, in the program's own count, or how it was refused.
fn work(text: &str, settings: &[String]) -> Result<u64, SolveError> {
    let settings: Vec<Override> = settings.iter().map(Override::new).collect();
    let scenario = Scenario::parse("game.toml", text, &settings).expect("the scenario is sound");
    let solution = Solved::compute(scenario.game(), &scenario.solve, None)?;
    let work = solution.work();
    Ok(work.stage_games + work.known_regimes + (work.blocks + work.systems) / 8)
}

#[test]
fn the_budget_is_what_a_solution_takes_and_one_less_refuses_it() {
    for text in [INFECTION, THREE] {
        let few = "horizon=3".to_owned();
        let needed = work(text, std::slice::from_ref(&few)).expect("within the default");
        let with = |budget: u64| work(text, &[few.clone(), format!("solve.budget={budget}")]);
        assert_eq!(with(needed).expect("just enough"), needed);
        match with(needed - 1) {
            Err(error @ SolveError::Budget { .. }) => {
                let said = error.to_string();
                assert!(said.contains("`solve.budget` allows"), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_will_take_many_times_the_budget_is_refused_by_forecast() {
    let settings = ["horizon=400".to_owned(), "solve.budget=200000".to_owned()];
    match work(INFECTION, &settings) {
        // Of 400 periods.
        Err(SolveError::Budget {
            t,
            forecast: Some(forecast),
            ..
        }) => {
            assert!(t > 300, "{t}");
            assert!(forecast > 8e5, "{forecast}");
        }
        other => panic!("{other:?}"),
    }
}
