//! The backward recursion, (15)-(16): V_t at the nodes of the lattice, for every belief, from V_{t+1}.

use rayon::prelude::*;

use super::field::Field;
use super::jumps::{self, Label};
use super::regimes::Side;
use super::search::{Equilibria, Search};
use super::stage_game::{Across, Branch, Equilibrium, StageGame};
use crate::game::{
    Belief, FlowRule, Game, GameError, LeaderAction, LeaderInformation, LeaderMove,
    LeaderPrescription, LeaderType, Outcome, Tables, outcomes, update_belief,
};
use crate::solve::SolveError;
use crate::solve::beliefs::BeliefMesh;
use crate::solve::leader::{Outcome as Judged, Rule, Work};
use crate::solve::triangulation::{Lattice, Location};

/// Nodes handled by one worker at a time.
const CHUNK: usize = 32;

/// Multiply-adds in the time of a stage game under one branch, apart from its search,
const STAGE_GAME: f64 = 3e3;
/// of one pair of type and action there,
const PAIR: f64 = 100.0;
/// and of visiting one block and of solving one linear system.
const BLOCK: f64 = 600.0;
const SYSTEM: f64 = 3e3;

/// V of one period: a function of z for every node of the beliefs.
#[derive(Clone, Debug)]
pub(in crate::solve) struct PublicValues {
    pub mesh: BeliefMesh,
    /// V^f per type, then V^l: per leader type where it is private, else of the type that she has.
    pub(super) fields: Vec<Field>,
}

/// What is the same for every stage game of a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period<'a> {
    pub game: &'a Game,
    pub rule: FlowRule,
    pub lattice: &'a Lattice,
    pub t: usize,
    /// V_{t+1}.
    pub next: &'a PublicValues,
}

/// A followers' equilibrium under a prescription of the leader, with what it is worth to her.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub leader: LeaderPrescription,
    pub equilibrium: Equilibrium,
    /// V^l(x^l) per leader type; where her type is public, of the one that she has.
    pub leader_types: Vec<f64>,
    /// Its mean over pi.
    pub mean: f64,
    /// Where the mean field goes, per flow: to z', or under a public coin to the sides of a jump around it.
    pub sides: Vec<Vec<Side>>,
}

impl Judged for Answer {
    fn leader(&self) -> f64 {
        self.mean
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

/// What everybody may see after the leader's step, and V there.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    pub outcome: Outcome,
    /// The nodes of the next period's beliefs that make up V at pi'.
    pub nodes: Vec<(usize, f64)>,
}

/// The stage games at one (t, pi, z), one per candidate of the leader; made once and moved from point to point.
#[derive(Debug)]
pub(super) struct StageGames<'a> {
    pub(super) period: Period<'a>,
    tables: Tables<'a>,
    pub(super) stage: StageGame<'a>,
    belief: Belief,
    pub(super) z: Vec<f64>,
    search: Search,
    pub(super) location: Location,
    /// V_{t+1} where it is known better than the lattice has it.
    pub(super) known: Vec<Known>,
}

/// V_{t+1} at one place, all components.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The belief, by its number,
    pub node: usize,
    /// and z'.
    pub next: Vec<f64>,
    pub values: Vec<f64>,
}

impl<'a> StageGames<'a> {
    pub fn new(period: Period<'a>) -> Self {
        Self {
            period,
            tables: period.game.tables(),
            stage: StageGame::new(period.game, period.lattice),
            belief: Belief::certain(),
            z: Vec::new(),
            search: Search::default(),
            location: Location::default(),
            known: Vec::new(),
        }
    }

    /// Move to the public state (pi, z).
    pub fn move_to(&mut self, belief: &Belief, z: &[f64]) -> Result<(), GameError> {
        self.known.clear();
        self.tables.evaluate(self.period.t, z)?;
        self.belief.clone_from(belief);
        self.z.clear();
        self.z.extend_from_slice(z);
        Ok(())
    }

    /// Multiply-adds of what was done here under a prescription of the leader, its search for equilibria counted in `work`.
    pub fn cost(&self, leader: &LeaderPrescription, work: &Work) -> Result<f64, SolveError> {
        let ahead = self.ahead(leader)?;
        let branches = self.branches(&ahead).len() as f64;
        let search = BLOCK * work.blocks as f64 + SYSTEM * work.systems as f64;
        let game = self.period.game;
        let fixed = STAGE_GAME
            + PAIR * (game.follower_types().len() * game.follower_actions().len()) as f64;
        Ok(branches * search + work.stage_games as f64 * branches * fixed)
    }

    /// What may be seen after a prescription of the leader.
    pub fn ahead(&self, leader: &LeaderPrescription) -> Result<Vec<Ahead>, SolveError> {
        let all = outcomes(self.period.game, &self.tables, &self.belief, leader).into_iter();
        all.map(|outcome| {
            let nodes = self.nodes(&outcome.belief)?;
            Ok(Ahead { outcome, nodes })
        })
        .collect()
    }

    fn nodes(&self, belief: &Belief) -> Result<Vec<(usize, f64)>, SolveError> {
        let unheld = || SolveError::Belief {
            t: self.period.t + 1,
            belief: belief.weights().to_vec(),
        };
        self.period.next.mesh.locate(belief).ok_or_else(unheld)
    }

    /// Whether it matters which of her moves the mean field follows: not where all move the followers alike.
    fn rule(&self, ahead: &[Ahead]) -> FlowRule {
        let moves = ahead.iter().flat_map(|after| &after.outcome.moves);
        let mut groups = moves.map(|m| self.period.game.kernel_group(m.index));
        let first = groups.next();
        match groups.all(|group| Some(group) == first) {
            true => FlowRule::Averaged,
            false => self.period.rule,
        }
    }

    /// The branches of the stage game, with which flow each follows.
    fn branches(&self, ahead: &[Ahead]) -> Vec<Branch<'a>> {
        let mut branches: Vec<Branch> = Vec::new();
        let mut seen: Vec<LeaderAction> = Vec::new();
        let rule = self.rule(ahead);
        for Ahead { outcome, nodes } in ahead {
            let flow = match rule {
                FlowRule::Averaged => 0,
                FlowRule::Realised => {
                    let known = seen.iter().position(|a| *a == outcome.action);
                    known.unwrap_or_else(|| {
                        seen.push(outcome.action);
                        seen.len() - 1
                    })
                }
            };
            for LeaderMove { index, probability } in &outcome.moves {
                branches.extend(nodes.iter().map(|(node, share)| Branch {
                    weight: outcome.probability * probability * share,
                    leader_move: *index,
                    next: &self.period.next.fields[*node],
                    node: *node,
                    flow,
                }));
            }
        }
        branches
    }

    /// All equilibria at a prescription of the leader, and what was found of them.
    pub fn enumerate(
        &mut self,
        leader: &LeaderPrescription,
        work: &mut Work,
    ) -> Result<(Vec<Answer>, Equilibria), SolveError> {
        let ahead = self.ahead(leader)?;
        let branches = self.branches(&ahead);
        let discount = self.period.game.discount();
        self.stage.fill(&self.tables, discount, &self.z, &branches);
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
            return Ok((vec![self.answer(leader, &ahead, least)?], equilibria));
        }
        let count = equilibria.count;
        work.max_equilibria = work.max_equilibria.max(count as u64);
        work.even += u64::from(!equilibria.tied && !equilibria.cut && count.is_multiple_of(2));
        let answers = found.into_iter().map(|e| self.answer(leader, &ahead, e));
        Ok((answers.collect::<Result<_, _>>()?, equilibria))
    }

    /// The selected equilibrium at a prescription of the leader.
    pub fn select(
        &mut self,
        rule: &Rule,
        leader: &LeaderPrescription,
        work: &mut Work,
    ) -> Result<Selected, SolveError> {
        let (mut answers, Equilibria { count, .. }) = self.enumerate(leader, work)?;
        let actions = self.period.game.follower_actions().len();
        let preferred = rule.preferred(answers.iter(), &self.z, actions);
        let place = answers
            .iter()
            .position(|a| preferred.is_some_and(|p| std::ptr::eq(a, p)));
        Ok(Selected {
            answer: answers.swap_remove(place.unwrap_or(0)),
            count,
        })
    }

    /// The leader's best candidate, the first of equally good ones, and the followers' answer to it.
    pub fn choose(
        &mut self,
        rule: &Rule,
        candidates: &[LeaderPrescription],
        work: &mut Work,
    ) -> Result<Selected, SolveError> {
        work.states += 1;
        let mut answers = Vec::with_capacity(candidates.len());
        for leader in candidates {
            answers.push(self.select(rule, leader, work)?);
        }
        let best = rule.prefer_value(answers.iter().map(|s| s.answer.mean));
        Ok(answers.swap_remove(best))
    }

    /// V^l of an equilibrium, (16): per type, the sum over her actions of their probability times
    /// r + sum over x, a of z(x) gamma(a|x) g(x, a) + delta E V^l_{t+1}(pi', z', x').
    ///
    /// A type of probability zero moves nothing and takes its own best action.
    pub(super) fn answer(
        &mut self,
        leader: &LeaderPrescription,
        ahead: &[Ahead],
        equilibrium: Equilibrium,
    ) -> Result<Answer, SolveError> {
        let game = self.period.game;
        let mut answer = Answer {
            leader: leader.clone(),
            sides: self.stage.sides(&equilibrium.next, &mut self.location),
            equilibrium,
            leader_types: Vec::new(),
            mean: 0.0,
        };
        let mut chosen = Vec::new();
        let belief = self.belief.clone();
        for (x, weight) in belief.weights().iter().enumerate() {
            let x = LeaderType(x);
            let public = game.leader_information() == LeaderInformation::Public;
            if *weight <= 0.0 && public {
                continue;
            }
            if *weight > 0.0 {
                let mut value = 0.0;
                for (action, gamma) in leader.support(x) {
                    value += gamma * self.worth(&answer, ahead, x, action)?;
                }
                answer.mean += weight * value;
                answer.leader_types.push(value);
                continue;
            }
            let actions = (0..game.leader_actions().len()).map(LeaderAction);
            let mut worths = Vec::with_capacity(actions.len());
            for action in actions {
                worths.push(self.worth(&answer, ahead, x, action)?);
            }
            let best = worths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let first = worths.iter().position(|w| *w >= best).unwrap_or(0);
            chosen.push((x, LeaderAction(first)));
            answer.leader_types.push(best);
        }
        for (x, action) in chosen {
            answer.leader = answer
                .leader
                .with_row(game.leader_actions().len(), x, action);
        }
        Ok(answer)
    }

    /// What a type of the leader gets by an action, all else as announced.
    fn worth(
        &mut self,
        answer: &Answer,
        ahead: &[Ahead],
        x: LeaderType,
        action: LeaderAction,
    ) -> Result<f64, SolveError> {
        let game = self.period.game;
        let index = game.leader_move(x, action);
        let mut value = self.tables.leader_period_reward(index);
        for (y, mass) in self.z.iter().enumerate() {
            for a in 0..self.stage.actions {
                let gamma = answer.equilibrium.gamma[y * self.stage.actions + a];
                if gamma > 0.0 {
                    value += mass * gamma * self.tables.leader_follower_reward(index, y, a);
                }
            }
        }
        let followed = self.followed(answer, action);
        let mut later = 0.0;
        if game.leader_information() == LeaderInformation::Private {
            let seen = ahead.iter().find(|after| after.outcome.action == action);
            let nodes = match seen {
                Some(after) => after.nodes.clone(),
                None => {
                    let leader = &answer.leader;
                    let (belief, any) = (&self.belief, LeaderType(0));
                    let after = update_belief(game, &self.tables, belief, leader, action, any);
                    self.nodes(&after)?
                }
            };
            let values = self.leader_values(&nodes, &followed);
            for (next, v) in values.into_iter().enumerate() {
                later += self.tables.leader_transition(index, next) * v;
            }
        } else {
            for after in ahead.iter().filter(|after| after.outcome.action == action) {
                let values = self.leader_values(&after.nodes, &followed);
                let next = after.outcome.next_type.unwrap_or(LeaderType(0));
                later += self.tables.leader_transition(index, next.0) * values[0];
            }
        }
        Ok(value + game.discount() * later)
    }

    /// z' of (8), the mean over what the leader may do.
    pub fn mean_next(&self, answer: &Answer) -> Vec<f64> {
        let mut mean = vec![0.0; self.stage.types];
        for m in LeaderMove::law(self.period.game, &self.belief, &answer.leader) {
            let action = self.period.game.type_and_action(m.index).1;
            let next = self.followed(answer, action);
            mean.iter_mut()
                .zip(next)
                .for_each(|(sum, z)| *sum += m.probability * z);
        }
        mean
    }

    /// z' after an action of the leader: where the mean field follows what she does, and she would not do this, as if her
    /// type had the law pi.
    pub fn followed(&self, answer: &Answer, action: LeaderAction) -> Vec<f64> {
        let e = &answer.equilibrium;
        if let Some(flow) = self.flow_of(answer, action) {
            return e.next[flow * self.stage.types..(flow + 1) * self.stage.types].to_vec();
        }
        let law: Vec<(usize, f64)> = self
            .belief
            .weights()
            .iter()
            .enumerate()
            .map(|(x, w)| (self.period.game.leader_move(LeaderType(x), action), *w))
            .collect();
        self.stage.advance_under(&self.tables, &e.gamma, &law)
    }

    /// Which z' follows an action of the leader; `None` where she would not take it and the mean field follows what she does.
    fn flow_of(&self, answer: &Answer, action: LeaderAction) -> Option<usize> {
        if self.period.rule == FlowRule::Averaged {
            return Some(0);
        }
        let law = LeaderMove::law(self.period.game, &self.belief, &answer.leader);
        let actions = law
            .iter()
            .map(|m| self.period.game.type_and_action(m.index).1);
        let mut actions: Vec<LeaderAction> = actions.collect();
        actions.sort();
        actions.dedup();
        let flow = actions.iter().position(|a| *a == action)?;
        // One z' for all that she may do where all moves move the followers alike.
        Some(flow.min(answer.sides.len() - 1))
    }

    /// Where the mean field may go after an action of the leader.
    pub fn sides(&self, answer: &Answer, action: LeaderAction) -> Vec<Side> {
        let flow = self.flow_of(answer, action);
        flow.map_or_else(
            || {
                vec![Side {
                    probability: 1.0,
                    mean_field: self.followed(answer, action),
                }]
            },
            |flow| answer.sides[flow].clone(),
        )
    }

    /// V^l_{t+1} at a belief made up of nodes, and z'.
    fn leader_values(&mut self, nodes: &[(usize, f64)], next: &[f64]) -> Vec<f64> {
        self.period.lattice.locate(next, &mut self.location);
        let types = self.stage.types;
        let mut mean: Vec<f64> = Vec::new();
        for (node, share) in nodes {
            let field = &self.period.next.fields[*node];
            let mut values = Vec::with_capacity(field.components());
            let mut known = self.known.iter();
            match known.find(|known| known.node == *node && known.next == next) {
                Some(known) => values.extend_from_slice(&known.values),
                None if self.stage.across == Across::Kept => {
                    field.append(&self.location, &mut values);
                }
                None => field.append_bridged(&self.location, &mut values),
            }
            mean.resize(values.len() - types, 0.0);
            for (sum, v) in mean.iter_mut().zip(&values[types..]) {
                *sum += share * v;
            }
        }
        mean
    }
}

/// V_t at some nodes, and what is selected there.
type Part = (Vec<f64>, Vec<Label>, Work);

/// V_t at all nodes of its beliefs, from V_{t+1}; `candidates` per belief.
pub(super) fn step(
    period: Period,
    mesh: &BeliefMesh,
    rule: &Rule,
    candidates: &[Vec<LeaderPrescription>],
    work: &mut Work,
) -> Result<PublicValues, SolveError> {
    let lattice = period.lattice;
    let starts = (0..mesh.nodes().len()).flat_map(|belief| {
        (0..lattice.nodes())
            .step_by(CHUNK)
            .map(move |z| (belief, z))
    });
    let chunks: Vec<(usize, usize)> = starts.collect();
    let parts: Vec<Result<Part, SolveError>> = chunks
        .par_iter()
        .map_init(
            || StageGames::new(period),
            |games, (belief, start)| {
                let (mut values, mut labels) = (Vec::new(), Vec::new());
                let mut work = Work::default();
                for node in *start..(start + CHUNK).min(lattice.nodes()) {
                    games.move_to(&mesh.nodes()[*belief], &lattice.mean_field(node))?;
                    let answer = games.choose(rule, &candidates[*belief], &mut work)?.answer;
                    values.extend_from_slice(&answer.equilibrium.followers);
                    values.extend_from_slice(&answer.leader_types);
                    labels.push(Label::of(&answer, games.tables.truths()));
                }
                Ok((values, labels, work))
            },
        )
        .collect();
    let components = components(period.game);
    let beliefs = mesh.nodes().len();
    let mut values = vec![Vec::with_capacity(lattice.nodes() * components); beliefs];
    let mut labels = vec![Vec::with_capacity(lattice.nodes()); beliefs];
    for ((belief, _), part) in chunks.iter().zip(parts) {
        let (more, selected, done) = part?;
        values[*belief].extend(more);
        labels[*belief].extend(selected);
        work.add(&done);
    }
    let mut fields = Vec::with_capacity(beliefs);
    for (belief, values) in values.into_iter().enumerate() {
        let field = Field::new(lattice, components, values);
        let at = jumps::At {
            period,
            rule,
            belief: &mesh.nodes()[belief],
            candidates: &candidates[belief],
        };
        let cuts = jumps::find(at, &field, &labels[belief], work)?;
        let field = field.with_cuts(lattice, cuts);
        jumps::count_mixed(lattice, &field, work);
        fields.push(field);
    }
    Ok(PublicValues {
        mesh: mesh.clone(),
        fields,
    })
}

/// Values per node: V^f per type, then V^l.
pub(super) fn components(game: &Game) -> usize {
    let leader = match game.leader_information() {
        LeaderInformation::Private => game.leader_types().len(),
        LeaderInformation::NoTypes | LeaderInformation::Public => 1,
    };
    game.follower_types().len() + leader
}

/// V_{T+1}: the terminal reward for followers, (14), nothing for the leader.
pub(super) fn terminal(
    game: &Game,
    lattice: &Lattice,
    mesh: &BeliefMesh,
) -> Result<PublicValues, GameError> {
    let (types, components) = (lattice.types(), components(game));
    let mut values = Vec::with_capacity(lattice.nodes() * components);
    for node in 0..lattice.nodes() {
        let z = lattice.mean_field(node);
        for x in 0..types {
            values.push(game.terminal_reward(&z, x)?);
        }
        values.resize(values.len() + components - types, 0.0);
    }
    let field = Field::new(lattice, components, values);
    let cuts = jumps::of_terminal(game, lattice, &field)?;
    let field = match cuts.all().is_empty() {
        true => field,
        false => field.with_cuts(lattice, cuts),
    };
    Ok(PublicValues {
        mesh: mesh.clone(),
        fields: vec![field; mesh.nodes().len()],
    })
}
