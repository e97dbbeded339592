//! The stage games at one public state, one per candidate of the leader, and what their equilibria mean.

use super::Nodes;
use super::regimes::Side;
use super::search::{Equilibria, Search};
use super::stage_game::{Across, Branch, Equilibrium, StageGame};
use crate::game::{
    Belief, FlowRule, GameError, LeaderAction, LeaderInformation, LeaderMove, LeaderPrescription,
    LeaderType, MeanField, Outcome as Seen, Play, Prescription, Tables, Way, leader_reward_under,
    outcomes, update_belief,
};
use crate::solve::leader::TypeValues;
use crate::solve::representation::{self, Found};
use crate::solve::stage::{Kind, Outcome};
use crate::solve::triangulation::Location;
use crate::solve::{SolveError, StateValues, Work};

/// Multiply-adds in the time that goes by before the first stage game at a point, apart from the game's own formulas,
const SETUP: f64 = 1e4;
/// in that of a stage game under one branch, apart from its search,
const STAGE_GAME: f64 = 3e3;
/// of one pair of type and action there,
const PAIR: f64 = 100.0;
/// and of visiting one block and of solving one linear system.
const BLOCK: f64 = 600.0;
const SYSTEM: f64 = 3e3;

/// What is the same for every stage game of a period.
pub(super) type Period<'a> = representation::Period<'a, Nodes>;

/// A followers' equilibrium under a prescription of the leader, with what it is worth to her.
#[derive(Clone, Debug)]
pub(in crate::solve) struct Answer {
    pub(super) leader: LeaderPrescription,
    pub(super) equilibrium: Equilibrium,
    /// V^l(x^l) per leader type; where her type is public, of the one that she has.
    pub(super) leader_types: Vec<f64>,
    /// Its mean over pi.
    pub(super) mean: f64,
    /// Where the mean field goes, per flow: to z', or under a public coin to the sides of a jump around it.
    pub(super) sides: Vec<Vec<Side>>,
}

impl Outcome for Answer {
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

    fn kind(&self) -> Kind {
        self.equilibrium.kind
    }

    fn residual(&self) -> f64 {
        self.equilibrium.residual
    }

    /// The probability of the sides after the first, the largest of all flows'.
    fn coin(&self) -> f64 {
        let sides = self.sides.iter();
        sides
            .map(|sides| 1.0 - sides[0].probability)
            .fold(0.0, f64::max)
    }
}

/// What everybody may see after the leader's step, and V there.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    pub outcome: Seen,
    /// The nodes of the next period's beliefs that make up V at pi'.
    pub nodes: Vec<(usize, f64)>,
}

/// The stage games at one (t, pi, z), one per candidate of the leader; made once and moved from point to point.
pub(in crate::solve) struct StageGames<'a> {
    pub(super) period: Period<'a>,
    candidates: &'a [LeaderPrescription],
    pub(super) tables: Tables<'a>,
    pub(super) stage: StageGame<'a>,
    belief: Belief,
    pub(super) z: Vec<f64>,
    search: Search,
    /// What the last search found.
    found: Vec<Answer>,
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
    pub(super) fn new(period: Period<'a>, candidates: &'a [LeaderPrescription]) -> Self {
        Self {
            period,
            candidates,
            tables: period.game.tables(),
            stage: StageGame::new(period.game, &period.representation.lattice),
            belief: period.belief.clone(),
            z: Vec::new(),
            search: Search::default(),
            found: Vec::new(),
            location: Location::default(),
            known: Vec::new(),
        }
    }

    /// Move to another belief, of which the leader's candidates are given.
    pub(super) fn move_to_belief(&mut self, belief: &Belief, candidates: &'a [LeaderPrescription]) {
        self.belief.clone_from(belief);
        self.candidates = candidates;
    }

    /// A candidate of the leader.
    pub(super) fn candidate(&self, l: usize) -> &'a LeaderPrescription {
        &self.candidates[l]
    }

    /// What may be seen after a prescription of the leader.
    pub(super) fn ahead(&self, leader: &LeaderPrescription) -> Result<Vec<Ahead>, SolveError> {
        let all = outcomes(self.period.game, &self.tables, &self.belief, leader).into_iter();
        all.map(|outcome| {
            let nodes = self.period.nodes_of(&outcome.belief)?;
            Ok(Ahead { outcome, nodes })
        })
        .collect()
    }

    /// Whether it matters which of her moves the mean field follows: not where all move the followers alike.
    fn rule(&self, ahead: &[Ahead]) -> FlowRule {
        let moves = ahead.iter().flat_map(|after| &after.outcome.moves);
        let mut groups = moves.map(|m| self.period.game.kernel_group(m.index));
        let first = groups.next();
        match groups.all(|group| Some(group) == first) {
            true => FlowRule::Averaged,
            false => self.period.settings.flow,
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
                    next: &self.period.next[*node],
                    node: *node,
                    flow,
                }));
            }
        }
        branches
    }

    /// All equilibria at a prescription of the leader, and what was found of them.
    pub(super) fn enumerate(
        &mut self,
        leader: &LeaderPrescription,
        work: &mut Work,
    ) -> Result<(Vec<Answer>, Equilibria), SolveError> {
        let ahead = self.ahead(leader)?;
        let branches = self.branches(&ahead);
        let discount = self.period.game.discount();
        self.stage.fill(&self.tables, discount, &self.z, &branches);
        let mut equilibria = self.search.supported_first(&self.stage);
        work.blocks += equilibria.blocks;
        work.systems += equilibria.systems;
        work.incomplete += u64::from(!equilibria.complete);
        let found = std::mem::take(&mut equilibria.found);
        let answers = found.into_iter().map(|e| self.answer(leader, &ahead, e));
        Ok((answers.collect::<Result<_, _>>()?, equilibria))
    }

    /// The prescription that loses least at a prescription of the leader whose stage game was just searched.
    pub(super) fn least(&mut self, leader: &LeaderPrescription) -> Result<Answer, SolveError> {
        let ahead = self.ahead(leader)?;
        let least = self.stage.least_loss(&mut self.location);
        self.answer(leader, &ahead, least)
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
        let mut answer = Answer {
            leader: leader.clone(),
            sides: self.stage.sides(&equilibrium, &mut self.location),
            equilibrium,
            leader_types: Vec::new(),
            mean: 0.0,
        };
        let (game, belief) = (self.period.game, self.belief.clone());
        let value = |x, action| self.value_of_action(&answer, ahead, x, action);
        let types = TypeValues::of(game, &belief, leader, value)?;
        answer.leader = types.played(game, leader);
        (answer.leader_types, answer.mean) = (types.values, types.mean);
        Ok(answer)
    }

    /// What a type of the leader gets by an action, all else as announced.
    fn value_of_action(
        &mut self,
        answer: &Answer,
        ahead: &[Ahead],
        x: LeaderType,
        action: LeaderAction,
    ) -> Result<f64, SolveError> {
        let game = self.period.game;
        let index = game.leader_move(x, action);
        let masses = self.z.iter().enumerate();
        let pairs = masses.flat_map(|(y, mass)| {
            let row =
                answer.equilibrium.gamma[y * self.stage.actions..][..self.stage.actions].iter();
            row.enumerate().map(move |(a, gamma)| (y, a, mass * gamma))
        });
        let played = pairs.filter(|(_, _, mass)| *mass > 0.0);
        let reward = leader_reward_under(&self.tables, index, played);
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
                    self.period.nodes_of(&after)?
                }
            };
            let values = self.leader_values(&nodes, &followed, answer.equilibrium.across);
            for (next, v) in values.into_iter().enumerate() {
                later += self.tables.leader_transition(index, next) * v;
            }
        } else {
            for after in ahead.iter().filter(|after| after.outcome.action == action) {
                let values = self.leader_values(&after.nodes, &followed, answer.equilibrium.across);
                let next = after.outcome.next_type.unwrap_or(LeaderType(0));
                later += self.tables.leader_transition(index, next.0) * values[0];
            }
        }
        Ok(reward + game.discount() * later)
    }

    /// z' of (8), the mean over what the leader may do.
    fn mean_next(&self, answer: &Answer) -> Vec<f64> {
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
    pub(super) fn followed(&self, answer: &Answer, action: LeaderAction) -> Vec<f64> {
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
        if self.period.settings.flow == FlowRule::Averaged {
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
    pub(super) fn sides(&self, answer: &Answer, action: LeaderAction) -> Vec<Side> {
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
    fn leader_values(&mut self, nodes: &[(usize, f64)], next: &[f64], across: Across) -> Vec<f64> {
        self.stage.lattice.locate(next, &mut self.location);
        let types = self.stage.types;
        let mut mean: Vec<f64> = Vec::new();
        for (node, share) in nodes {
            let field = &self.period.next[*node];
            let mut values = Vec::with_capacity(field.components());
            let mut known = self.known.iter();
            match known.find(|known| known.node == *node && known.next == next) {
                Some(known) => values.extend_from_slice(&known.values),
                None if across == Across::Kept => {
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

impl representation::StageGames for StageGames<'_> {
    type Equilibrium = Answer;

    fn move_to(&mut self, z: &[f64]) -> Result<(), GameError> {
        self.known.clear();
        self.tables.evaluate(self.period.t, z)?;
        self.z.clear();
        self.z.extend_from_slice(z);
        Ok(())
    }

    fn mean_field(&self) -> &[f64] {
        &self.z
    }

    fn candidates(&self) -> usize {
        self.candidates.len()
    }

    fn actions(&self) -> usize {
        self.stage.actions
    }

    fn search(&mut self, l: usize, work: &mut Work) -> Result<Found, SolveError> {
        let (found, all) = self.enumerate(&self.candidates[l], work)?;
        self.found = found;
        Ok(Found {
            count: all.count,
            must_be_odd: !all.tied && !all.cut,
        })
    }

    fn found(&self) -> &[Answer] {
        &self.found
    }

    fn take(&mut self, place: usize) -> Answer {
        self.found.swap_remove(place)
    }

    fn continua(&self) -> Vec<bool> {
        let found = self.found.iter();
        found.map(|answer| answer.kind() == Kind::Vertex).collect()
    }

    fn least_loss(&mut self, l: usize) -> Result<Answer, SolveError> {
        self.least(&self.candidates[l])
    }

    fn prescription(&self, answer: &Answer) -> Prescription {
        Prescription::new(self.stage.actions, answer.equilibrium.gamma.clone())
    }

    fn play(&self, answer: &Answer) -> Result<Play, SolveError> {
        Ok(Play {
            leader: answer.leader.clone(),
            prescription: self.prescription(answer),
        })
    }

    fn values(&self, answer: &Answer) -> Result<StateValues, SolveError> {
        Ok(StateValues {
            followers: answer.equilibrium.followers.clone(),
            leader: answer.mean,
            leader_types: answer.leader_types.clone(),
        })
    }

    fn successor(&self, answer: &Answer) -> MeanField {
        MeanField::new(self.mean_next(answer))
    }

    fn successors(&self, answer: &Answer) -> Result<Vec<Way>, SolveError> {
        let ahead = self.ahead(&answer.leader)?;
        let ways = ahead.iter().flat_map(|after| {
            let Seen {
                action,
                belief,
                probability,
                moves,
                ..
            } = &after.outcome;
            let sides = self.sides(answer, *action).into_iter();
            sides.map(move |side| Way {
                mean_field: MeanField::new(side.mean_field),
                belief: belief.clone(),
                probability: probability * side.probability,
                action: *action,
                moves: moves.clone(),
            })
        });
        Ok(ways.collect())
    }

    fn cost(&self, work: &Work) -> Result<f64, SolveError> {
        let ahead = self.ahead(&self.candidates[0])?;
        let branches = self.branches(&ahead).len() as f64;
        let search = BLOCK * work.blocks as f64 + SYSTEM * work.systems as f64;
        let game = self.period.game;
        let fixed = STAGE_GAME
            + PAIR * (game.follower_types().len() * game.follower_actions().len()) as f64;
        let setup = SETUP + game.evaluation_cost();
        Ok(setup + branches * search + work.stage_games as f64 * branches * fixed)
    }
}
