//! The backward recursion, (15)-(16): V_t at the nodes of the lattice from V_{t+1}.

use rayon::prelude::*;

use super::field::Field;
use super::jumps::{self, Label};
use super::lattice::{Lattice, Location};
use super::regimes::Side;
use super::search::{Equilibria, Search};
use super::stage_game::{Branch, Equilibrium, StageGame};
use crate::game::{Game, GameError, Tables};
use crate::solve::leader::{Outcome, Rule, Work};

/// Nodes handled by one worker at a time.
const CHUNK: usize = 32;

/// What is the same for every stage game of a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period<'a> {
    pub game: &'a Game,
    pub lattice: &'a Lattice,
    pub t: usize,
    /// V_{t+1}: V^f per type, then V^l.
    pub next: &'a Field,
}

/// A followers' equilibrium under a leader action, with what it is worth to her.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub leader_action: usize,
    pub equilibrium: Equilibrium,
    /// V^l.
    pub leader: f64,
    /// Where the mean field goes: to z', or under a public coin to the sides of a jump around it.
    pub sides: Vec<Side>,
}

impl Outcome for Answer {
    fn leader(&self) -> f64 {
        self.leader
    }

    fn followers(&self) -> &[f64] {
        &self.equilibrium.followers
    }

    fn gamma(&self, x: usize, a: usize) -> f64 {
        let actions = self.equilibrium.gamma.len() / self.equilibrium.followers.len();
        self.equilibrium.gamma[x * actions + a]
    }
}

/// The selected answer and how many equilibria there were.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    pub answer: Answer,
    pub count: usize,
}

/// The stage games at one (t, z), one per leader action; made once and moved from point to point.
#[derive(Debug)]
pub(super) struct StageGames<'a> {
    period: Period<'a>,
    tables: Tables<'a>,
    stage: StageGame<'a>,
    z: Vec<f64>,
    search: Search,
    location: Location,
}

impl<'a> StageGames<'a> {
    pub fn new(period: Period<'a>) -> Self {
        Self {
            period,
            tables: period.game.tables(),
            stage: StageGame::new(period.game, period.lattice),
            z: Vec::new(),
            search: Search::default(),
            location: Location::default(),
        }
    }

    /// The lattice that V_{t+1} is held on.
    pub fn lattice(&self) -> &'a Lattice {
        self.period.lattice
    }

    /// Move to the mean field z.
    pub fn move_to(&mut self, z: &[f64]) -> Result<(), GameError> {
        self.tables.evaluate(self.period.t, z)?;
        self.z.clear();
        self.z.extend_from_slice(z);
        Ok(())
    }

    /// All equilibria at a leader action, and what was found of them.
    pub fn enumerate(
        &mut self,
        leader_action: usize,
        work: &mut Work,
    ) -> (Vec<Answer>, Equilibria) {
        let branch = Branch {
            weight: 1.0,
            leader_action,
            next: self.period.next,
        };
        let discount = self.period.game.discount();
        self.stage.fill(&self.tables, discount, &self.z, &[branch]);
        let mut equilibria = self.search.supported_first(&mut self.stage);
        work.stage_games += 1;
        work.blocks += equilibria.blocks;
        work.systems += equilibria.systems;
        work.only_lottery += u64::from(equilibria.unsupported);
        work.incomplete += u64::from(!equilibria.complete);
        let found = std::mem::take(&mut equilibria.found);
        if found.is_empty() {
            work.failed += 1;
            let least = self.stage.least_loss(&mut self.location);
            return (vec![self.answer(leader_action, least)], equilibria);
        }
        let count = equilibria.count;
        work.max_equilibria = work.max_equilibria.max(count as u64);
        work.even += u64::from(!equilibria.tied && !equilibria.cut && count.is_multiple_of(2));
        let answers = found.into_iter().map(|e| self.answer(leader_action, e));
        (answers.collect(), equilibria)
    }

    /// The selected equilibrium at a leader action.
    pub fn select(&mut self, rule: &Rule, leader_action: usize, work: &mut Work) -> Selected {
        let (mut answers, Equilibria { count, .. }) = self.enumerate(leader_action, work);
        let actions = self.period.game.follower_actions().len();
        let preferred = rule.preferred(answers.iter(), &self.z, actions);
        let place = answers
            .iter()
            .position(|a| preferred.is_some_and(|p| std::ptr::eq(a, p)));
        Selected {
            answer: answers.swap_remove(place.unwrap_or(0)),
            count,
        }
    }

    /// The leader's best action, the first of equally good ones, and the followers' answer to it.
    pub fn choose(&mut self, rule: &Rule, work: &mut Work) -> Selected {
        work.states += 1;
        let actions = rule.actions.iter();
        let mut answers: Vec<Selected> = actions.map(|l| self.select(rule, *l, work)).collect();
        let best = rule.prefer_value(answers.iter().map(|s| s.answer.leader));
        answers.swap_remove(best)
    }

    /// V^l of an equilibrium, (16): r + sum over x, a of z(x) gamma(a|x) g(x, a) + delta V^l_{t+1}(z').
    fn answer(&mut self, leader_action: usize, equilibrium: Equilibrium) -> Answer {
        let values = self
            .stage
            .continuation(&equilibrium.next, &mut self.location);
        let types = self.stage.types;
        let mut leader = self.tables.leader_period_reward(leader_action)
            + self.period.game.discount() * values[types];
        for (x, mass) in self.z.iter().enumerate() {
            for a in 0..self.stage.actions {
                let gamma = equilibrium.gamma[x * self.stage.actions + a];
                if gamma > 0.0 {
                    let reward = self.tables.leader_follower_reward(leader_action, x, a);
                    leader += mass * gamma * reward;
                }
            }
        }
        Answer {
            leader_action,
            sides: self.stage.sides(&equilibrium.next, &mut self.location),
            equilibrium,
            leader,
        }
    }
}

/// V_t at some nodes, and what is selected there.
type Part = (Vec<f64>, Vec<Label>, Work);

/// V_t from V_{t+1}.
pub(super) fn step(period: Period, rule: &Rule, work: &mut Work) -> Result<Field, GameError> {
    let lattice = period.lattice;
    let components = lattice.types() + 1;
    let chunks: Vec<usize> = (0..lattice.nodes()).step_by(CHUNK).collect();
    let parts: Vec<Result<Part, GameError>> = chunks
        .into_par_iter()
        .map_init(
            || StageGames::new(period),
            |games, start| {
                let mut values = Vec::with_capacity(CHUNK * components);
                let mut labels = Vec::with_capacity(CHUNK);
                let mut work = Work::default();
                for node in start..(start + CHUNK).min(lattice.nodes()) {
                    games.move_to(&lattice.mean_field(node))?;
                    let answer = games.choose(rule, &mut work).answer;
                    values.extend_from_slice(&answer.equilibrium.followers);
                    values.push(answer.leader);
                    labels.push(Label::of(&answer));
                }
                Ok((values, labels, work))
            },
        )
        .collect();
    let mut values = Vec::with_capacity(lattice.nodes() * components);
    let mut labels = Vec::with_capacity(lattice.nodes());
    for part in parts {
        let (more, selected, done) = part?;
        values.extend(more);
        labels.extend(selected);
        work.add(&done);
    }
    let field = Field::new(lattice, components, values);
    let cuts = jumps::find(period, rule, &field, &labels, work)?;
    let field = field.with_cuts(lattice, cuts);
    jumps::count_mixed(lattice, &field, work);
    Ok(field)
}

/// V_{T+1}: the terminal reward for followers, (14), nothing for the leader.
pub(super) fn terminal(game: &Game, lattice: &Lattice) -> Result<Field, GameError> {
    let mut values = Vec::with_capacity(lattice.nodes() * (lattice.types() + 1));
    for node in 0..lattice.nodes() {
        let z = lattice.mean_field(node);
        for x in 0..lattice.types() {
            values.push(game.terminal_reward(&z, x)?);
        }
        values.push(0.0);
    }
    Ok(Field::new(lattice, lattice.types() + 1, values))
}
