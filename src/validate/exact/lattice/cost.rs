//! What backward induction over count vectors takes, before it is spent.

use super::super::deviator::{Deviator, announcements};
use super::super::law::estimated_width;
use super::super::{Cost, LeaderTest, spread_index};
use super::beliefs::{MOST_CANDIDATES, candidate_number, reachable};
use super::stage::crowd_moves;
use super::{check_memory, checked_population, count_vectors, mean_field};
use crate::game::{
    Belief, Game, LeaderInformation, LeaderMove, LeaderPrescription, Policy, PolicyError,
    Prescription, Tables,
};
use crate::validate::ValidateError;

/// Announcements whose answers are looked up at one state, to estimate what all of them take,
const ASKED: usize = 50;
/// and those of them whose answers are counted.
const COUNTED: usize = 5;

/// Multiply-adds in the time of one term of a multinomial,
const TERM: f64 = 40.0;
/// of a pair of rows in a sum of two laws, apart from its products,
const PAIR: f64 = 60.0;
/// of one product there,
const PRODUCT: f64 = 1.0;
/// of a point of a law when one more follower is added or an expectation is taken,
const POINT: f64 = 2.0;
/// and of one state, apart from its plays and laws.
const STATE: f64 = 1e4;

/// The cost of [`super::LatticeExact::solve`], from the plays at up to 5 periods of about 40 states each. The beliefs that
/// are reached are collected first, for at most `budget`; where the leader's candidates reach too many, hers is infinite.
///
/// # Errors
/// As [`super::LatticeExact::solve`].
pub(in crate::validate::exact) fn estimated_cost(
    game: &Game,
    policy: &dyn Policy,
    population: u64,
    budget: f64,
    deviator: Deviator<'_>,
) -> Result<Cost, ValidateError> {
    let types = game.follower_types().len();
    let states = count_vectors(checked_population(game, population)?, types);
    let collect = |leader| {
        let beliefs = reachable(game, policy, &states, (leader, deviator), budget)?;
        check_memory(game, population, &beliefs)?;
        Ok((leader, beliefs))
    };
    let (tested, beliefs) =
        collect(LeaderTest::StageWise).or_else(|error: ValidateError| match error {
            ValidateError::ExactBeliefs { .. }
            | ValidateError::ExactStates { .. }
            | ValidateError::ExactCost { .. } => collect(LeaderTest::None),
            other => Err(other),
        })?;
    let mut total = Cost {
        follower: 0.0,
        leader: match tested {
            LeaderTest::StageWise => 0.0,
            LeaderTest::None => f64::INFINITY,
        },
    };
    let periods = game.horizon().min(5);
    let mut tables = game.tables();
    for i in 0..periods {
        let t = 1 + spread_index(i, periods, game.horizon());
        let (held, all) = (
            beliefs[t - 1].beliefs(),
            beliefs[t - 1].len() * states.len(),
        );
        let sampled = all.min(40);
        let scale = game.horizon() as f64 * all as f64 / (periods * sampled) as f64;
        for j in 0..sampled {
            let place = spread_index(j, sampled, all);
            let (at, counts) = (place / states.len(), &states[place % states.len()]);
            let cost = state_cost(game, policy, &mut tables, (t, &held[at], counts), deviator)?;
            if beliefs[t - 1].is_on_path(at) {
                total.follower += scale * cost.follower;
            }
            total.leader += scale * cost.leader;
        }
    }
    Ok(total)
}

fn state_cost(
    game: &Game,
    policy: &dyn Policy,
    tables: &mut Tables<'_>,
    (t, belief, counts): (usize, &Belief, &[usize]),
    deviator: Deviator<'_>,
) -> Result<Cost, ValidateError> {
    let z = mean_field(counts);
    tables.evaluate(t, z.weights())?;
    let play = policy.play(t, belief, &z)?;
    let given = deviator.play(t, belief, &z)?;
    let mut seen = Vec::new();
    let mut new_crowds = |leader: &LeaderPrescription, followers: &Prescription| -> Crowds {
        let mut cost = Crowds::default();
        for leader_move in LeaderMove::law(game, belief, leader) {
            let moves = crowd_moves(tables, followers, leader_move.index);
            if !seen.contains(&moves) {
                cost.add(counts, &moves);
                seen.push(moves);
            }
        }
        cost
    };
    let number = candidate_number(game, belief);
    let own = new_crowds(&play.leader, &play.prescription);
    // The beliefs that follow a private type are collected by the same plays before.
    let plays = match game.leader_information() {
        LeaderInformation::Private => 2.0,
        LeaderInformation::NoTypes | LeaderInformation::Public => 1.0,
    };
    let play_cost = game.evaluation_cost() + policy.play_cost(t, belief, &z)?;
    let mut cost = Cost {
        follower: STATE + plays * play_cost + own.sum + own.others,
        leader: 0.0,
    };
    if given.is_none() && number > MOST_CANDIDATES as f64 {
        cost.leader = f64::INFINITY;
        return Ok(cost);
    }
    let announced = announcements(game, belief, &play.leader, given.as_ref());
    let asked = announced.len().min(ASKED);
    let mut answers = Vec::new();
    for i in 0..asked {
        let candidate = &announced[spread_index(i, asked, announced.len())];
        let answer = match policy.answer(t, belief, &z, candidate) {
            // She is not tested.
            Err(PolicyError::NoAnswer { .. }) => break,
            answer => answer?,
        };
        if i % asked.div_ceil(COUNTED) == 0 {
            answers.push(policy.answer_cost(t, belief, &z, candidate)?);
        }
        let crowds = new_crowds(candidate, &answer);
        cost.leader += crowds.sum + crowds.whole;
    }
    let each = answers.iter().sum::<f64>() / answers.len().max(1) as f64;
    cost.leader *= announced.len() as f64 / asked.max(1) as f64;
    cost.leader += each * announced.len() as f64 + own.whole;
    Ok(cost)
}

/// Multiply-adds of the laws of crowds.
#[derive(Clone, Copy, Debug, Default)]
struct Crowds {
    /// Of the groups, and of their sums.
    sum: f64,
    /// Of what is expected of everybody but one follower, of every type.
    others: f64,
    /// Of what is expected of everybody.
    whole: f64,
}

/// The size of a law on a box.
#[derive(Clone, Debug)]
struct Size {
    /// By coordinate.
    widths: Vec<f64>,
    points: f64,
}

impl Size {
    /// Of a multinomial: one conditional binomial after the other, of those that are left in the mean.
    fn of(n: usize, law: &[f64]) -> Self {
        let mut points = 1.0;
        let mut widths = Vec::with_capacity(law.len() - 1);
        for (d, p) in law[1..].iter().enumerate() {
            let left = law[0] + law[d + 1..].iter().sum::<f64>();
            let success = if *p > 0.0 { (p / left).min(1.0) } else { 0.0 };
            points *= estimated_width((n as f64 * left).ceil() as usize, success);
            widths.push(estimated_width(n, *p));
        }
        Self { widths, points }
    }

    fn rows(&self) -> f64 {
        let outer = self.widths.split_last().map_or(&[][..], |(_, outer)| outer);
        self.points.min(outer.iter().product())
    }
}

impl Crowds {
    fn add(&mut self, counts: &[usize], moves: &[Vec<f64>]) {
        let types = counts.len();
        let groups = counts.iter().zip(moves).filter(|(n, _)| **n > 1);
        let mut groups: Vec<Size> = groups.map(|(n, law)| Size::of(n - 1, law)).collect();
        groups.sort_by(|a, b| a.points.total_cmp(&b.points));
        let mut sum = Size {
            widths: vec![1.0; types - 1],
            points: 1.0,
        };
        let most = simplex(counts.iter().sum::<usize>() as f64, types);
        for group in &groups {
            self.sum += TERM * group.points;
            self.sum += PAIR * sum.rows() * group.rows() + PRODUCT * sum.points * group.points;
            let widths = sum.widths.iter_mut().zip(&group.widths);
            widths.for_each(|(s, w)| *s += w - 1.0);
            sum.points = sum.widths.iter().product::<f64>().min(most);
        }
        let types = types as f64;
        // One more follower of up to K outcomes, (K - 1)(K + 2) / 2 times, and K expectations of two functions for each type.
        let more = types * (types - 1.0) * (types + 2.0) / 2.0;
        self.others += POINT * sum.points * (more + 2.0 * types * types);
        self.whole += POINT * sum.points * (types * types + 2.0);
    }
}

/// C(N + K - 1, K - 1), the number of count vectors.
fn simplex(followers: f64, types: usize) -> f64 {
    (1..types).fold(1.0, |number, k| number * (followers + k as f64) / k as f64)
}
