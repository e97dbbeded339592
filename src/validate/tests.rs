//! Exact and sampled gains against hand arithmetic, against an enumeration of every follower's path, and against each
//! other; planted faults are refuted.

mod enumeration;
mod exact;
mod faults;
mod given;
mod information_sets;
mod integrated;
mod lattice;
mod lattice_game;
mod leader_types;
mod one_step;
mod range;
mod sampled;

use crate::game::{
    Belief, Game, LeaderAction, LeaderPrescription, LeaderType, MeanField, Play, Policy,
    PolicyError, Prescription,
};
use crate::scenario::Scenario;

fn game(text: &str) -> Game {
    match Scenario::parse("test.toml", text, &[]) {
        Ok(scenario) => scenario.game().clone(),
        Err(error) => panic!("{error}"),
    }
}

type PlayRule = Box<dyn Fn(usize, &MeanField) -> Play + Sync>;
type AnswerRule = Box<dyn Fn(usize, &MeanField, LeaderAction) -> Option<Prescription> + Sync>;

/// A policy written down as functions.
struct Rule {
    play: PlayRule,
    answer: AnswerRule,
}

impl Rule {
    /// Followers play `rows` of two actions by type; the leader her first action, and nothing is answered.
    fn followers(rows: impl Fn(usize, &MeanField) -> [[f64; 2]; 2] + Sync + 'static) -> Self {
        let play = move |t: usize, z: &MeanField| {
            Play::pure(LeaderAction(0), Prescription::new(2, rows(t, z).concat()))
        };
        Self {
            play: Box::new(play),
            answer: Box::new(|_, _, _| None),
        }
    }

    /// The leader announces `leader`, and followers answer every announcement with `rows`.
    fn answered(
        leader: impl Fn(usize, &MeanField) -> usize + Sync + 'static,
        rows: fn(usize, &MeanField, usize) -> [[f64; 2]; 2],
    ) -> Self {
        let play = move |t: usize, z: &MeanField| {
            let announced = leader(t, z);
            Play::pure(
                LeaderAction(announced),
                Prescription::new(2, rows(t, z, announced).concat()),
            )
        };
        let answer = move |t: usize, z: &MeanField, announced: LeaderAction| {
            Some(Prescription::new(2, rows(t, z, announced.0).concat()))
        };
        Self {
            play: Box::new(play),
            answer: Box::new(answer),
        }
    }
}

impl Policy for Rule {
    fn play(&self, t: usize, _: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        Ok((self.play)(t, z))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        (self.answer)(t, z, leader.support(LeaderType(0))[0].0).ok_or(PolicyError::NoAnswer { t })
    }
}

/// The infection game without a leader, the price .15.
const INFECTION: &str = r#"
name = "infection"
horizon = 2
discount = 0.9
[follower]
types = ["healthy", "infected"]
actions = ["wait", "repair"]
initial = [0.9, 0.1]
reward = "-0.2 * (x == infected) - 0.15 * (a == repair)"
[follower.transition]
"healthy, wait" = { infected = "0.9 * z[infected]", healthy = "rest" }
"infected, wait" = { infected = 1 }
"*, repair" = { healthy = 1 }
"#;

/// Everything depends on t, z and the leader's action; both types move under both actions.
const TANGLED: &str = r#"
name = "tangled"
horizon = 3
discount = 0.8
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.35, 0.65]
reward = "(x == high) * (1 + z[low] - 0.1 * tax) - (a == work) * (0.3 + 0.5 * z[high] * z[high]) + 0.05 * t * z[low]"
terminal = "0.4 * (x == high) - z[high]"
[follower.transition]
"low, idle" = { high = "0.1 + 0.3 * z[high]", low = "rest" }
"low, work" = { high = "0.5 + 0.4 * z[high] - 0.05 * tax", low = "rest" }
"high, idle" = { high = "0.3 + 0.2 * z[low]", low = "rest" }
"high, work" = { high = "0.95 - 0.1 * t * z[low]", low = "rest" }
[leader]
actions = { name = "tax", values = [0, 1, 2] }
reward = { per_follower = "tax * (x == high) + 0.3 * (a == work)", period = "-0.2 * tax * tax * z[low]" }
"#;

/// A mixed answer that depends on all that it can.
fn tangled_rows(t: usize, z: &MeanField, tax: usize) -> [[f64; 2]; 2] {
    let high = z.weights()[1];
    let work_low = 0.2 + 0.15 * t as f64 + 0.1 * high;
    let work_high = if high > 0.5 {
        0.1 + 0.2 * tax as f64
    } else {
        1.0
    };
    [[1.0 - work_low, work_low], [1.0 - work_high, work_high]]
}

fn tangled_policy() -> Rule {
    Rule::answered(
        |t, z| if z.weights()[1] > 0.4 { t % 3 } else { 0 },
        tangled_rows,
    )
}

/// An ordinary decision problem: nothing depends on z. Going to `up` pays only in odd periods.
const DECISION: &str = r#"
name = "decision"
horizon = 6
discount = 0.95
[follower]
types = ["down", "up"]
actions = ["stay", "move"]
initial = [0.5, 0.5]
reward = "if((t == 1) or (t == 3) or (t == 5), 1, -1) * (x == up) - 0.1 * (a == move)"
[follower.transition]
"down, stay" = { down = 0.9, up = 0.1 }
"down, move" = { down = 0.2, up = 0.8 }
"up, stay" = { up = 0.9, down = 0.1 }
"up, move" = { up = 0.2, down = 0.8 }
"#;

/// The action that solves [`DECISION`] at every (t, type), by its own backward induction.
fn decision_optimum() -> Vec<[usize; 2]> {
    let mut value = [0.0, 0.0];
    let mut actions = Vec::new();
    for t in (1..=6).rev() {
        let pay = if t % 2 == 1 { 1.0 } else { -1.0 };
        let solved = [0, 1].map(|x: usize| {
            let reward = if x == 1 { pay } else { 0.0 };
            let [stay, move_] =
                [0.9, 0.2].map(|keep| 0.95 * (keep * value[x] + (1.0 - keep) * value[1 - x]));
            let (stay, move_) = (reward + stay, reward - 0.1 + move_);
            if move_ > stay { (1, move_) } else { (0, stay) }
        });
        actions.push(solved.map(|(action, _)| action));
        value = solved.map(|(_, value)| value);
    }
    actions.reverse();
    actions
}

/// Play [`decision_optimum`] as of period `shown(t)`.
fn decision_policy(shown: fn(usize) -> usize) -> Rule {
    let actions = decision_optimum();
    Rule::followers(move |t, _| {
        actions[shown(t) - 1].map(|a| if a == 1 { [0.0, 1.0] } else { [1.0, 0.0] })
    })
}

/// One period late.
fn stale(t: usize) -> usize {
    t.max(2) - 1
}
