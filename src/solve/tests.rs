use super::*;
use crate::scenario::Scenario;

fn scenario(horizon: usize, reward: &str, next: &str, rest: &str) -> Scenario {
    let text = format!(
        "name = \"small\"\nhorizon = {horizon}\ndiscount = 0.9\n[follower]\ntypes = [\"one\", \"two\"]\n\
         actions = [\"go\", \"hold\"]\ninitial = [0.5, 0.5]\nreward = \"{reward}\"\n{rest}\n\
         [follower.transition]\n\"*, go\" = {{ two = \"{next}\", one = \"rest\" }}\n\
         \"*, hold\" = {{ two = \"0.6\", one = \"rest\" }}\n"
    );
    Scenario::parse("small.toml", &text, &[]).unwrap()
}

fn solve(scenario: &Scenario) -> Result<Solution<'_>, SolveError> {
    Solution::compute(scenario.game(), &scenario.solve, None)
}

#[test]
fn large_rewards_scale_values_and_pieces_stay_few() {
    // No interpolation can be accurate to 1e-9 where V is 1e8.
    let game = |unit: &str| {
        let reward = format!("{unit} * z[two] * (a == hold) * (1 - z[two]) + {unit} * (x == two)");
        let terminal = format!("terminal = \"{unit} * z[two] * (x == two)\"");
        scenario(6, &reward, "0.3 + 0.3 * z[two]", &terminal)
    };
    let (small, large) = (game("1"), game("100000000"));
    let (small, large) = (solve(&small).unwrap(), solve(&large).unwrap());
    assert!(large.pieces() <= 2 * small.pieces());
    assert_eq!(large.jumps(), small.jumps());
    for i in 0..50 {
        let m = (f64::from(i) + 0.37) / 50.0;
        let (v, w) = (small.stored_values(1, m), large.stored_values(1, m));
        for x in 0..2 {
            assert!((1e8 * v.followers[x] - w.followers[x]).abs() < 1.0);
        }
    }
}

#[test]
fn rewards_that_overflow_are_an_error() {
    let game = scenario(20, "1e308 * z[two]", "0.3 + 0.7 * z[two]", "");
    assert!(matches!(solve(&game), Err(SolveError::Overflow { .. })));
}

#[test]
fn ties_of_mixtures_are_not_counted_as_missed_equilibria() {
    // hold and wait are the same action for both types: whatever mixes with one mixes with the other.
    let text = "name = \"twins\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
        actions = [\"go\", \"hold\", \"wait\"]\ninitial = [0.5, 0.5]\n\
        terminal = \"if(x == two, 0.5 - z[two], z[two] - 0.5)\"\n\
        [follower.reward]\n\"*, *\" = \"0\"\n[follower.transition]\n\"*, go\" = { two = 0.9, one = 0.1 }\n\
        \"*, hold\" = { two = 0.2, one = 0.8 }\n\"*, wait\" = { two = 0.2, one = 0.8 }\n";
    let scenario = Scenario::parse("twins.toml", text, &[]).unwrap();
    let solution = solve(&scenario).unwrap();
    assert_eq!(solution.work().failed, 0);
    assert_eq!(solution.work().even, 0);
}
