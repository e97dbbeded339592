//! The deviations that are tried by sampling, and the flow that one of them answers.
//!
//! The class D of a follower: every constant action, every one-shot (t, x, a), the best response to the mean-field flow,
//! a best response learnt from samples ([`SampledResponse`]), small perturbations of theta, and policies from files. That
//! of the leader, the followers re-answering: every constant action, every one-shot (t, a), and policies from files; where
//! she has types, a map from types to actions takes the place of an action.

mod learnt;
mod visited;

use super::ValidateError;
use crate::game::candidates::action_maps;
use crate::game::{
    Belief, Flow, FlowRule, Game, LeaderAction, LeaderInformation, LeaderMove, LeaderPrescription,
    MeanField, Policy, PolicyError, PolicyFile, action_value, best_action,
};
use crate::stream::Stream;
pub use learnt::{SampledPath, SampledResponse};
use rand::RngExt;
pub use visited::{MOST_VISITED, visited_beliefs};

/// The most one-shot deviations of one player; where there are more, only some periods are tried, evenly spread.
pub const MAX_ONE_SHOTS: usize = 400;

/// The most maps from leader types to actions that are tried in one period; where there are more, only constant ones.
pub const MAX_MAPS: usize = 64;

/// How many perturbations of theta are tried.
pub const PERTURBATIONS: usize = 4;

/// The probability with which a perturbed follower leaves theta in a period.
const PERTURBATION: f64 = 0.1;

/// The mean-field limit's path under a policy: (17)-(21) from z_1.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanFieldPath {
    /// z_t for t = 1..=T + 1.
    pub z: Vec<MeanField>,
    /// The law of the leader's type and action for t = 1..=T.
    pub leader_moves: Vec<Vec<LeaderMove>>,
}

impl MeanFieldPath {
    /// The main path of a flow.
    pub fn of_flow(game: &Game, flow: &Flow) -> Self {
        let nodes = || flow.main_path().into_iter().map(|i| &flow.nodes[i]);
        let moves = nodes().filter_map(|node| {
            let play = node.play.as_ref()?;
            Some(LeaderMove::law(game, &node.belief, &play.leader))
        });
        Self {
            z: nodes().map(|node| node.mean_field.clone()).collect(),
            leader_moves: moves.collect(),
        }
    }

    /// Follow `policy` forward from z_1 by (8), by the likeliest way where its flow branches.
    ///
    /// # Errors
    /// A kernel or reward without a value on the path.
    pub fn follow(game: &Game, policy: &dyn Policy) -> Result<Self, ValidateError> {
        let flow = Flow::of_policy(game, policy, game.initial(), FlowRule::Averaged)?;
        Ok(Self::of_flow(game, &flow))
    }
}

/// A best response to the mean-field flow: an action for every (t, type).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTable {
    types: usize,
    actions: Vec<usize>,
}

impl ResponseTable {
    /// Solve the decision problem of one follower whom the flow does not notice, backward along `path`; the first of
    /// equal actions.
    ///
    /// # Errors
    /// A kernel or reward without a value on the path.
    pub fn against(game: &Game, path: &MeanFieldPath) -> Result<Self, ValidateError> {
        let (types, horizon) = (game.follower_types().len(), path.leader_moves.len());
        let last = path.z[horizon].weights();
        let terminal = (0..types).map(|x| game.terminal_reward(last, x));
        let mut value = terminal.collect::<Result<Vec<f64>, _>>()?;
        let mut actions = vec![0; horizon * types];
        let mut tables = game.tables();
        for t in (1..=horizon).rev() {
            tables.evaluate(t, path.z[t - 1].weights())?;
            let moves = &path.leader_moves[t - 1];
            let mut current = vec![f64::NEG_INFINITY; types];
            for (x, current) in current.iter_mut().enumerate() {
                let at = |a: usize| {
                    let each = moves.iter().map(|m| {
                        m.probability * action_value(game, &tables, (m.index, x, a), &value)
                    });
                    each.sum()
                };
                (actions[(t - 1) * types + x], *current) = best_action(game, x, at);
            }
            value = current;
        }
        Ok(Self { types, actions })
    }

    /// An available action for every (t, type), drawn from `stream`.
    fn drawn(game: &Game, stream: &mut Stream) -> Self {
        let types = game.follower_types().len();
        let cells = (0..game.horizon()).flat_map(|_| 0..types);
        let actions = cells.map(|x| {
            // Every type has one: scenarios are read so.
            let possible: Vec<usize> = available(game, x).collect();
            possible[stream.random_range(0..possible.len())]
        });
        let actions = actions.collect();
        Self { types, actions }
    }

    /// The action at period t (from 1) of a follower of type x.
    pub fn action(&self, t: usize, x: usize) -> usize {
        self.actions[(t - 1) * self.types + x]
    }
}

/// A policy of a user, by the name that tables print.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPolicy {
    /// Printed as `file:NAME`.
    pub name: String,
    /// The policy.
    pub policy: PolicyFile,
}

impl NamedPolicy {
    /// The name in deviations.csv.
    pub fn deviation_name(&self) -> String {
        format!("file:{}", self.name)
    }
}

/// A follower's deviation that can be played along a sample path.
#[derive(Clone, Debug, PartialEq)]
pub enum FollowerDeviation {
    /// One action wherever the type may take it; theta elsewhere.
    Constant(usize),
    /// One action in one period and type; theta everywhere else.
    OneShot {
        /// The period, from 1.
        t: usize,
        /// The type.
        x: usize,
        /// The action.
        a: usize,
    },
    /// The best response to the mean-field flow.
    MeanFieldResponse(ResponseTable),
    /// A best response learnt from sampled paths.
    SampledResponse(SampledResponse),
    /// Theta, left with a small probability in every period for the action of a table that was drawn beforehand.
    Perturbed(usize, ResponseTable),
    /// The followers' part of a policy file.
    File(NamedPolicy),
}

impl FollowerDeviation {
    /// Every constant action, every one-shot (in the periods of [`one_shot_periods`]) and the best response to `path`.
    ///
    /// # Errors
    /// As [`ResponseTable::against`].
    pub fn class(game: &Game, path: &MeanFieldPath) -> Result<Vec<Self>, ValidateError> {
        let types = 0..game.follower_types().len();
        let mut class: Vec<Self> = (0..game.follower_actions().len())
            .map(Self::Constant)
            .collect();
        class.push(Self::MeanFieldResponse(ResponseTable::against(game, path)?));
        let choices: Vec<(usize, usize)> = types
            .flat_map(|x| available(game, x).map(move |a| (x, a)))
            .collect();
        for t in one_shot_periods(game.horizon(), choices.len()) {
            class.extend(
                choices
                    .iter()
                    .map(|(x, a)| Self::OneShot { t, x: *x, a: *a }),
            );
        }
        Ok(class)
    }

    /// Small perturbations of theta: at every (t, x), with probability 1/10, the action of a table drawn from `stream`.
    pub fn perturbations(game: &Game, stream: &mut Stream) -> Vec<Self> {
        (1..=PERTURBATIONS)
            .map(|i| Self::Perturbed(i, ResponseTable::drawn(game, stream)))
            .collect()
    }

    /// The action at (t, x) whatever z is; `None` where it depends on z, is mixed, or is theta's.
    pub fn action(&self, game: &Game, t: usize, x: usize) -> Option<usize> {
        match self {
            Self::Constant(a) => game.is_available(x, *a).then_some(*a),
            Self::MeanFieldResponse(table) => Some(table.action(t, x)),
            Self::OneShot { t: shot, x: own, a } => (*shot == t && *own == x).then_some(*a),
            Self::SampledResponse(_) | Self::Perturbed(..) | Self::File(_) => None,
        }
    }

    /// The first period in which it can differ from theta: until then its reward is theta's.
    pub fn first_period(&self) -> usize {
        match self {
            Self::OneShot { t, .. } => *t,
            _ => 1,
        }
    }

    /// gamma(. | x) of the deviator at (t, pi, z), where theta prescribes `theta`; into `law`, of the same length.
    ///
    /// # Errors
    /// A policy file that names no play there.
    pub fn write_law(
        &self,
        game: &Game,
        (t, belief, z): (usize, &Belief, &MeanField),
        x: usize,
        theta: &[f64],
        law: &mut [f64],
    ) -> Result<(), PolicyError> {
        let mut pure = |a: usize, weight: f64| {
            for (b, (own, theta)) in law.iter_mut().zip(theta).enumerate() {
                *own = (1.0 - weight) * theta + if a == b { weight } else { 0.0 };
            }
        };
        match self {
            Self::SampledResponse(response) => {
                pure(response.action(t, belief, z.weights(), x), 1.0)
            }
            Self::Perturbed(_, table) => pure(table.action(t, x), PERTURBATION),
            Self::File(file) => {
                law.copy_from_slice(file.policy.play(t, belief, z)?.prescription.row(x));
            }
            _ => match self.action(game, t, x) {
                Some(a) => pure(a, 1.0),
                None => law.copy_from_slice(theta),
            },
        }
        Ok(())
    }

    /// The name in deviations.csv.
    pub fn name(&self, game: &Game) -> String {
        let (types, actions) = (game.follower_types(), game.follower_actions());
        match self {
            Self::Constant(a) => format!("constant:{}", actions[*a]),
            Self::OneShot { t, x, a } => format!("one_shot:{t}:{}:{}", types[*x], actions[*a]),
            Self::MeanFieldResponse(_) => "mean_field_response".to_string(),
            Self::SampledResponse(_) => "sampled_response".to_string(),
            Self::Perturbed(i, _) => format!("perturbed:{i}"),
            Self::File(file) => file.deviation_name(),
        }
    }
}

/// A leader's deviation; the followers answer what she announces. Actions stand by her type.
#[derive(Clone, Debug, PartialEq)]
pub enum LeaderDeviation {
    /// The same actions at every t.
    Constant(Vec<LeaderAction>),
    /// These actions in one period; theta's in all others.
    OneShot(usize, Vec<LeaderAction>),
    /// The leader's part of a policy file.
    File(NamedPolicy),
}

/// What a leader may announce whatever the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaderChoices {
    /// One action for all types: she has one, or there are more maps than [`MAX_MAPS`].
    Actions,
    /// Every map from types to actions.
    Maps,
}

impl LeaderChoices {
    /// Those of a game.
    pub fn of(game: &Game) -> Self {
        let (types, actions) = (game.leader_types().len(), game.leader_actions().len());
        let maps = u32::try_from(types)
            .ok()
            .and_then(|k| actions.checked_pow(k));
        match game.leader_information() {
            LeaderInformation::NoTypes => Self::Actions,
            _ if maps.is_some_and(|maps| maps <= MAX_MAPS) => Self::Maps,
            _ => Self::Actions,
        }
    }

    /// All of them, actions by type, the first type's action varying slowest.
    pub fn all(self, game: &Game) -> Vec<Vec<LeaderAction>> {
        let types = game.leader_types().len();
        match self {
            Self::Actions => {
                let actions = (0..game.leader_actions().len()).map(LeaderAction);
                actions.map(|a| vec![a; types]).collect()
            }
            Self::Maps => action_maps(types, game.leader_actions().len()),
        }
    }
}

impl LeaderDeviation {
    /// Every constant choice and every one-shot (in the periods of [`one_shot_periods`]).
    pub fn class(game: &Game) -> Vec<Self> {
        let choices = LeaderChoices::of(game).all(game);
        let shots = one_shot_periods(game.horizon(), choices.len())
            .into_iter()
            .flat_map(|t| choices.iter().map(move |c| Self::OneShot(t, c.clone())));
        let constants = choices.iter().cloned().map(Self::Constant);
        constants.chain(shots).collect()
    }

    /// What is announced at (t, pi, z); `None` for theta's.
    ///
    /// # Errors
    /// A policy file that names no play there.
    pub fn announced(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
    ) -> Result<Option<LeaderPrescription>, PolicyError> {
        Ok(match self {
            Self::File(file) => Some(file.policy.play(t, belief, z)?.leader),
            _ => self
                .actions(t)
                .map(|a| LeaderPrescription::pure(a.to_vec())),
        })
    }

    /// The actions announced at t whatever the state is; `None` where they depend on it or are theta's.
    pub fn actions(&self, t: usize) -> Option<&[LeaderAction]> {
        match self {
            Self::Constant(actions) => Some(actions),
            Self::OneShot(shot, actions) => (*shot == t).then_some(actions),
            Self::File(_) => None,
        }
    }

    /// The first period in which it can differ from theta.
    pub fn first_period(&self) -> usize {
        match self {
            Self::OneShot(t, _) => *t,
            _ => 1,
        }
    }

    /// The name in deviations.csv.
    pub fn name(&self, game: &Game) -> String {
        match self {
            Self::Constant(actions) => format!("constant:{}", choice_name(game, actions)),
            Self::OneShot(t, actions) => format!("one_shot:{t}:{}", choice_name(game, actions)),
            Self::File(file) => file.deviation_name(),
        }
    }
}

/// An action that all types take, by its name; else `TYPE=ACTION/TYPE=ACTION`.
fn choice_name(game: &Game, actions: &[LeaderAction]) -> String {
    let name = |a: &LeaderAction| game.leader_actions()[a.0].clone();
    match actions {
        [first, rest @ ..] if rest.iter().all(|a| a == first) => name(first),
        _ => {
            let types = game.leader_types().iter().zip(actions);
            let parts: Vec<String> = types.map(|(x, a)| format!("{x}={}", name(a))).collect();
            parts.join("/")
        }
    }
}

/// The periods in which one-shot deviations are tried, `choices` of them a period: all, or as many as make at most
/// [`MAX_ONE_SHOTS`], evenly spread from the first on.
pub fn one_shot_periods(horizon: usize, choices: usize) -> Vec<usize> {
    let wanted = (MAX_ONE_SHOTS / choices.max(1)).clamp(1, horizon.max(1));
    let mut periods: Vec<usize> = (0..wanted).map(|i| 1 + i * horizon / wanted).collect();
    periods.dedup();
    periods
}

/// The actions that a follower of type x may take.
fn available(game: &Game, x: usize) -> impl Iterator<Item = usize> + '_ {
    (0..game.follower_actions().len()).filter(move |a| game.is_available(x, *a))
}
