//! Planted faults: a theta with each of them is refuted by every method, and the sound theta beside it is certified.

use super::sampled::{run, settings};
use super::*;
use crate::validate::MethodChoice;
use crate::validate::{Player, Settings, Validation, Verdict};

const METHODS: [MethodChoice; 3] = [
    MethodChoice::Exact,
    MethodChoice::Integrated,
    MethodChoice::Paired,
];

/// An ordinary decision problem in which up and down differ, and where looking too far ahead costs.
const CLIMB: &str = r#"
name = "climb"
horizon = 5
discount = 0.6
[follower]
types = ["down", "up"]
actions = ["stay", "move"]
initial = [0.5, 0.5]
reward = "(x == up) * if(t == 5, 2, 1) - 0.5 * (a == move)"
[follower.transition]
"down, stay" = { up = 0.05, down = "rest" }
"down, move" = { up = 0.75, down = "rest" }
"up, stay" = { up = 0.3, down = "rest" }
"up, move" = { up = 0.9, down = "rest" }
"#;

/// What a solver takes [`CLIMB`] for.
struct Belief {
    /// P(up | x, a).
    up: [[f64; 2]; 2],
    discount: f64,
    /// The period whose play is shown at t.
    shown: fn(usize) -> usize,
}

impl Belief {
    fn sound() -> Self {
        Self {
            up: [[0.05, 0.75], [0.3, 0.9]],
            discount: 0.6,
            shown: |t| t,
        }
    }

    /// The plan that is best where this is true.
    fn theta(&self) -> Rule {
        let (mut value, mut plan) = ([0.0, 0.0], Vec::new());
        for t in (1..=5).rev() {
            let pay = if t == 5 { 2.0 } else { 1.0 };
            let solved = [0, 1].map(|x: usize| {
                let worth = [0, 1].map(|a: usize| {
                    let up = self.up[x][a];
                    let next = up * value[1] + (1.0 - up) * value[0];
                    pay * x as f64 - 0.5 * a as f64 + self.discount * next
                });
                (usize::from(worth[1] > worth[0]), worth[0].max(worth[1]))
            });
            value = solved.map(|(_, value)| value);
            plan.push(solved.map(|(action, _)| action));
        }
        plan.reverse();
        let shown = self.shown;
        Rule::followers(move |t, _| {
            plan[shown(t) - 1].map(|a| if a == 1 { [0.0, 1.0] } else { [1.0, 0.0] })
        })
    }
}

fn tested(game: &Game, policy: &Rule, population: u64, method: MethodChoice) -> Validation {
    let populations = [population];
    let setting = Settings {
        epsilon: 0.02,
        replications: 8192,
        ..settings(&populations, method)
    };
    run(game, policy, &setting)
}

#[track_caller]
fn refutes_only_the_fault(game: &Game, sound: &Rule, faulty: &Rule, population: u64) {
    for method in METHODS {
        let verdict = |policy| tested(game, policy, population, method).verdict;
        assert_eq!(verdict(sound), Verdict::Certified, "{method:?}");
        assert_eq!(verdict(faulty), Verdict::Refuted, "{method:?}");
    }
}

#[test]
fn theta_of_the_wrong_stage() {
    let faulty = Belief {
        shown: |t| (t + 1).min(5),
        ..Belief::sound()
    };
    refutes_only_the_fault(&game(CLIMB), &Belief::sound().theta(), &faulty.theta(), 20);
}

#[test]
fn a_transposed_kernel() {
    // Q(x|y, a) for Q(y|x, a), rows made laws again.
    let sound = Belief::sound().up;
    let up = |x: usize, a: usize| {
        let to = |from: usize| {
            if x == 1 {
                sound[from][a]
            } else {
                1.0 - sound[from][a]
            }
        };
        to(1) / (to(0) + to(1))
    };
    let faulty = Belief {
        up: [0, 1].map(|x| [0, 1].map(|a| up(x, a))),
        ..Belief::sound()
    };
    refutes_only_the_fault(&game(CLIMB), &Belief::sound().theta(), &faulty.theta(), 20);
}

#[test]
fn a_discount_off_by_one() {
    // The next period's value at delta^0 for delta^1.
    let faulty = Belief {
        discount: 1.0,
        ..Belief::sound()
    };
    refutes_only_the_fault(&game(CLIMB), &Belief::sound().theta(), &faulty.theta(), 20);
}

#[test]
fn a_mean_field_that_leaves_out_the_deviator() {
    // Working pays where the followers who are up, the worker among them, are the majority.
    let text = r#"
name = "majority"
horizon = 2
discount = 1.0
[follower]
types = ["down", "up"]
actions = ["idle", "work"]
initial = [0.5, 0.5]
reward = "(a == work) * if(z[up] > 0.5, 1, -1)"
[follower.transition]
"*, *" = { up = 0.5, down = "rest" }
"#;
    let works = |yes: bool| if yes { [0.0, 1.0] } else { [1.0, 0.0] };
    let sound = Rule::followers(move |_, z| [works(z.weights()[1] > 0.5); 2]);
    let faulty = Rule::followers(move |_, z| {
        let ups = 5.0 * z.weights()[1];
        [
            works(ups / 4.0 > 0.5 + 1e-9),
            works((ups - 1.0) / 4.0 > 0.5 + 1e-9),
        ]
    });
    refutes_only_the_fault(&game(text), &sound, &faulty, 5);
}

/// Followers work for nothing and hardly for a fee; the leader lives from their work.
const FEE: &str = r#"
name = "fee"
horizon = 4
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.5, 0.5]
reward = "(a == work) * (0.3 - 0.5 * fee)"
[follower.transition]
"*, idle" = { high = 0.3, low = "rest" }
"*, work" = { high = 0.6, low = "rest" }
[leader]
actions = { name = "fee", values = [0, 1] }
reward = { per_follower = "(0.5 + fee) * (a == work)" }
"#;

#[test]
fn followers_who_do_not_answer_the_leader_again() {
    let answer = |_: usize, _: &MeanField, fee: usize| {
        let work = [1.0, 0.0][fee];
        [[1.0 - work, work]; 2]
    };
    let game = game(FEE);
    for method in METHODS {
        let leader = |fee: usize| {
            let found = tested(&game, &Rule::answered(move |_, _| fee, answer), 20, method);
            let results = found.results.into_iter();
            results
                .filter(|result| result.row.player == Player::Leader)
                .map(|r| r.verdict)
                .next()
        };
        // No fee: .5 a period. A fee would bring 1.5 if all still worked, and brings nothing.
        assert_eq!(leader(0), Some(Verdict::Certified), "{method:?}");
        assert_eq!(leader(1), Some(Verdict::Refuted), "{method:?}");
    }
}
