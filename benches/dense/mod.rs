//! The game of the benches: from every type every action, and after it every next type, has the same chance, so that
//! nothing can be left out; and a policy that takes no time.

use smfg::game::{
    Belief, LeaderAction, LeaderPrescription, MeanField, Play, Policy, PolicyError, Prescription,
};
use smfg::scenario::Scenario;
use smfg::simulate::{Cohorts, Simulation};
use smfg::simulate::{Engine, Start};

/// Periods of the game of [`dense`].
pub const HORIZON: u64 = 100;

/// A dense kernel without z, over `types` types and `actions` actions.
pub fn dense(types: usize, actions: usize) -> Scenario {
    let names = |letter: &str, count: usize| {
        let names = (0..count).map(|k| format!("\"{letter}{k}\""));
        names.collect::<Vec<_>>().join(", ")
    };
    let share = 1.0 / types as f64;
    let cells = (1..types).map(|x| format!("s{x} = {share:?}"));
    let row: Vec<String> = cells.chain(["s0 = \"rest\"".to_owned()]).collect();
    let initial = vec![format!("{share:?}"); types].join(", ");
    let text = format!(
        "name = \"dense\"\nhorizon = {HORIZON}\ndiscount = 0.9\n[follower]\ntypes = [{}]\nactions = [{}]\n\
         initial = [{initial}]\nreward = \"x + a\"\n[follower.transition]\n\"*, *\" = {{ {} }}\n",
        names("s", types),
        names("a", actions),
        row.join(", "),
    );
    Scenario::parse("dense.toml", &text, &[]).expect("the text is a scenario")
}

/// All actions alike, always.
pub struct Uniform(Prescription);

impl Uniform {
    pub fn new(types: usize, actions: usize) -> Self {
        let gamma = vec![1.0 / actions as f64; types * actions];
        Self(Prescription::new(actions, gamma))
    }
}

impl Policy for Uniform {
    fn play(&self, _: usize, _: &Belief, _: &MeanField) -> Result<Play, PolicyError> {
        Ok(Play::pure(LeaderAction(0), self.0.clone()))
    }

    fn answer(
        &self,
        t: usize,
        _: &Belief,
        _: &MeanField,
        _: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Err(PolicyError::NoAnswer { t })
    }
}

pub fn simulation(engine: Engine, population: u64, replications: u64) -> Simulation {
    Simulation {
        seed: 1,
        population,
        first_replication: 1,
        replications,
        engine,
        start: Start::Iid,
        cohorts: Cohorts::Together,
    }
}
