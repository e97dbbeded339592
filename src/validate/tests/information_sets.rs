//! What a player can know, enumerated: at every information set the weights of all (leader type, every follower's type) that
//! agree with it. No counts, no laws of crowds, and no belief but the one that policies are functions of, by its formula.

use std::collections::BTreeMap;

use crate::game::{
    Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType, MeanField, Play,
    Policy, PolicyError, Prescription, Tables,
};

/// The leader's type and all followers' types, with a weight.
type Weights = BTreeMap<(usize, Vec<usize>), f64>;

/// What was seen of one step: the leader's action, her next type where it is public, the own next type, the next counts.
type Seen = (usize, Option<usize>, Option<usize>, Vec<usize>);

/// A follower's or leader's rule: theta, the best there is, or one given law or prescription.
pub(super) enum Rule<'r, F: ?Sized> {
    Theta,
    Best,
    Given(&'r F),
}

impl<F: ?Sized> Clone for Rule<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ?Sized> Copy for Rule<'_, F> {}

/// gamma(. | x) of follower 0 at (t, pi, z).
pub(super) type FollowerRule<'a> =
    dyn Fn(usize, &Belief, &MeanField, usize, &[f64]) -> Vec<f64> + 'a;
/// What the leader announces at (t, pi, z), if not theta.
pub(super) type LeaderRule<'a> =
    dyn Fn(usize, &Belief, &MeanField) -> Option<LeaderPrescription> + 'a;

fn counts(game: &Game, types: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; game.follower_types().len()];
    types.iter().for_each(|x| counts[*x] += 1);
    counts
}

fn mean_field(game: &Game, types: &[usize]) -> MeanField {
    let counts: Vec<u64> = counts(game, types).iter().map(|n| *n as u64).collect();
    MeanField::from_counts(&counts)
}

/// pi'(x') = sum_x pi(x) gamma(a|x) Q(x'|x,a) / sum_x pi(x) gamma(a|x), for an action of positive probability.
fn bayes(
    game: &Game,
    tables: &Tables<'_>,
    (belief, leader): (&Belief, &LeaderPrescription),
    a: usize,
    next_type: Option<usize>,
) -> Belief {
    let kinds = belief.weights().len();
    if let Some(next) = next_type {
        return Belief::of_type(kinds, LeaderType(next));
    }
    if game.leader_information() == LeaderInformation::NoTypes {
        return belief.clone();
    }
    let joint = |x: usize| belief.weights()[x] * leader.weight(LeaderType(x), LeaderAction(a));
    let total: f64 = (0..kinds).map(joint).sum();
    let after = |to: usize| -> f64 {
        let from = (0..kinds).map(|x| {
            let made = x * game.leader_actions().len() + a;
            joint(x) * tables.leader_transition(made, to)
        });
        from.sum::<f64>() / total
    };
    Belief::new((0..kinds).map(after).collect())
}

/// One step from everything that agrees with an information set: what is paid, and the sets that follow.
struct Step {
    paid: f64,
    after: BTreeMap<Seen, Weights>,
}

/// `own` is follower 0's law, where it is told apart.
fn step(
    game: &Game,
    tables: &Tables<'_>,
    play: &Play,
    weights: &Weights,
    own: Option<&[f64]>,
) -> Step {
    let public = game.leader_information() == LeaderInformation::Public;
    let (actions, kinds) = (game.leader_actions().len(), game.follower_types().len());
    let choices = game.follower_actions().len();
    let leader_kinds = game.leader_types().len();
    let (mut paid, mut after) = (0.0, BTreeMap::<Seen, Weights>::new());
    for ((xl, types), weight) in weights {
        for a in 0..actions {
            let gamma = play.leader.weight(LeaderType(*xl), LeaderAction(a));
            if gamma <= 0.0 {
                continue;
            }
            let (mass, made) = (weight * gamma, xl * actions + a);
            let row = |i: usize| match own {
                Some(law) if i == 0 => law.to_vec(),
                _ => play.prescription.row(types[i]).to_vec(),
            };
            let average = |i: usize, reward: &dyn Fn(usize) -> f64| -> f64 {
                (0..choices).map(|b| row(i)[b] * reward(b)).sum()
            };
            paid += mass
                * match own {
                    Some(_) => average(0, &|b| tables.follower_reward(made, types[0], b)),
                    None => {
                        let each = (0..types.len()).map(|i| {
                            average(i, &|b| tables.leader_follower_reward(made, types[i], b))
                        });
                        tables.leader_period_reward(made) + each.sum::<f64>() / types.len() as f64
                    }
                };
            for code in 0..kinds.pow(types.len() as u32) * leader_kinds {
                let to = code % leader_kinds;
                let rest = code / leader_kinds;
                let next: Vec<usize> = (0..types.len() as u32)
                    .map(|i| rest / kinds.pow(i) % kinds)
                    .collect();
                let moved: f64 = (0..types.len())
                    .map(|i| average(i, &|b| tables.transition(made, types[i], b, next[i])))
                    .product();
                let turned = match leader_kinds {
                    1 => 1.0,
                    _ => tables.leader_transition(made, to),
                };
                if mass * moved * turned > 0.0 {
                    let mine = own.is_some().then_some(next[0]);
                    let seen = (a, public.then_some(to), mine, counts(game, &next));
                    let set = after.entry(seen).or_default();
                    *set.entry((to, next)).or_insert(0.0) += mass * moved * turned;
                }
            }
        }
    }
    Step { paid, after }
}

/// What follower 0 earns from t on, times the weight of its information set.
fn follower(
    game: &Game,
    policy: &dyn Policy,
    rule: Rule<'_, FollowerRule<'_>>,
    (t, belief): (usize, &Belief),
    weights: &Weights,
) -> f64 {
    let Some(((_, types), _)) = weights.first_key_value() else {
        return 0.0;
    };
    let z = mean_field(game, types);
    if t > game.horizon() {
        let end = game.terminal_reward(z.weights(), types[0]).unwrap();
        return end * weights.values().sum::<f64>();
    }
    let play = policy.play(t, belief, &z).unwrap();
    let mut tables = game.tables();
    tables.evaluate(t, z.weights()).unwrap();
    let value = |law: &[f64]| {
        let step = step(game, &tables, &play, weights, Some(law));
        let after = step.after.iter().map(|((a, next_type, ..), weights)| {
            let belief = bayes(game, &tables, (belief, &play.leader), *a, *next_type);
            follower(game, policy, rule, (t + 1, &belief), weights)
        });
        step.paid + game.discount() * after.sum::<f64>()
    };
    let theta = play.prescription.row(types[0]);
    match rule {
        Rule::Theta => value(theta),
        Rule::Given(law) => value(&law(t, belief, &z, types[0], theta)),
        Rule::Best => (0..theta.len())
            .map(|a| {
                let mut law = vec![0.0; theta.len()];
                law[a] = 1.0;
                value(&law)
            })
            .fold(f64::NEG_INFINITY, f64::max),
    }
}

/// Every map from types to actions.
fn maps(game: &Game) -> Vec<LeaderPrescription> {
    let (kinds, actions) = (game.leader_types().len(), game.leader_actions().len());
    let map = |code: usize| {
        let digits = (0..kinds as u32).map(|i| LeaderAction(code / actions.pow(i) % actions));
        LeaderPrescription::pure(digits.collect())
    };
    (0..actions.pow(kinds as u32)).map(map).collect()
}

/// What the leader earns from t on, averaged over what followers can know, times the weight of that.
fn leader(
    game: &Game,
    policy: &dyn Policy,
    rule: Rule<'_, LeaderRule<'_>>,
    (t, belief): (usize, &Belief),
    weights: &Weights,
) -> f64 {
    let Some(((_, types), _)) = weights.first_key_value().filter(|_| t <= game.horizon()) else {
        return 0.0;
    };
    let z = mean_field(game, types);
    let mut tables = game.tables();
    tables.evaluate(t, z.weights()).unwrap();
    let value = |play: &Play| {
        let step = step(game, &tables, play, weights, None);
        let after = step.after.iter().map(|((a, next_type, ..), weights)| {
            let belief = bayes(game, &tables, (belief, &play.leader), *a, *next_type);
            leader(game, policy, rule, (t + 1, &belief), weights)
        });
        step.paid + game.discount() * after.sum::<f64>()
    };
    let theta = policy.play(t, belief, &z).unwrap();
    let answered = |announced: LeaderPrescription| {
        let answer = policy.answer(t, belief, &z, &announced);
        value(&Play {
            leader: announced,
            prescription: answer.unwrap(),
        })
    };
    match rule {
        Rule::Theta => value(&theta),
        Rule::Given(announce) => announce(t, belief, &z).map_or_else(|| value(&theta), answered),
        Rule::Best => maps(game)
            .into_iter()
            .map(answered)
            .fold(value(&theta), f64::max),
    }
}

/// All starts that a player tells apart at t = 1: followers i.i.d., the first of type `fixed` where given.
fn starts(game: &Game, population: usize, fixed: Option<usize>) -> Vec<(Belief, Weights)> {
    let (z, pi) = (game.initial().weights(), game.initial_belief());
    let (kinds, leader_kinds) = (z.len(), pi.weights().len());
    let public = game.leader_information() == LeaderInformation::Public;
    let mut sets = BTreeMap::<(Option<usize>, Vec<usize>), Weights>::new();
    for code in 0..kinds.pow(population as u32) * leader_kinds {
        let (xl, rest) = (code % leader_kinds, code / leader_kinds);
        let types: Vec<usize> = (0..population as u32)
            .map(|i| rest / kinds.pow(i) % kinds)
            .collect();
        if fixed.is_some_and(|x| types[0] != x) {
            continue;
        }
        let drawn = &types[usize::from(fixed.is_some())..];
        let weight = pi.weights()[xl] * drawn.iter().map(|x| z[*x]).product::<f64>();
        if weight > 0.0 {
            let set = sets.entry((public.then_some(xl), counts(game, &types)));
            set.or_default().insert((xl, types), weight);
        }
    }
    let belief = |xl: Option<usize>| match xl {
        Some(xl) => Belief::of_type(leader_kinds, LeaderType(xl)),
        None => pi.clone(),
    };
    sets.into_iter()
        .map(|((xl, _), weights)| (belief(xl), weights))
        .collect()
}

/// Expected discounted reward of follower 0, of type x at first.
pub(super) fn follower_value(
    game: &Game,
    policy: &dyn Policy,
    rule: Rule<'_, FollowerRule<'_>>,
    population: usize,
    x: usize,
) -> f64 {
    let sets = starts(game, population, Some(x));
    let each = sets.iter();
    each.map(|(belief, weights)| follower(game, policy, rule, (1, belief), weights))
        .sum()
}

/// Expected discounted reward of the leader.
pub(super) fn leader_value(
    game: &Game,
    policy: &dyn Policy,
    rule: Rule<'_, LeaderRule<'_>>,
    population: usize,
) -> f64 {
    let sets = starts(game, population, None);
    let each = sets.iter();
    each.map(|(belief, weights)| leader(game, policy, rule, (1, belief), weights))
        .sum()
}

/// The same under theta, given her type at t = 1.
pub(super) fn leader_value_of_type(
    game: &Game,
    policy: &dyn Policy,
    population: usize,
    x: usize,
) -> f64 {
    let (mut value, mut mass) = (0.0, 0.0);
    for (belief, mut weights) in starts(game, population, None) {
        weights.retain(|(own, _), _| *own == x);
        mass += weights.values().sum::<f64>();
        value += leader(game, policy, Rule::Theta, (1, &belief), &weights);
    }
    value / mass
}

/// A policy written down as functions of the public state.
pub(super) struct Smooth {
    /// gamma^l at (t, pi, z), and
    pub leader: fn(usize, &Belief, &MeanField) -> LeaderPrescription,
    /// the followers' answer to it, on the path too.
    pub answer: fn(usize, &Belief, &MeanField, &LeaderPrescription) -> Prescription,
}

impl Policy for Smooth {
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
        let leader = (self.leader)(t, belief, z);
        let prescription = (self.answer)(t, belief, z, &leader);
        Ok(Play {
            leader,
            prescription,
        })
    }

    fn answer(
        &self,
        t: usize,
        belief: &Belief,
        z: &MeanField,
        leader: &LeaderPrescription,
    ) -> Result<Prescription, PolicyError> {
        Ok((self.answer)(t, belief, z, leader))
    }
}
