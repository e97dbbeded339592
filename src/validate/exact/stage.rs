//! One state of the backward induction: belief and counts.
//!
//! Theta's play leads on by branches (x^l, a^l, pi') of known probability; without leader types and mixing there is one.
//! Followers act before they see the leader's action, so that the worth of an action is its average over the branches.

use super::beliefs::PeriodBeliefs;
use super::boxed::{BoxLaw, Grid};
use super::counts::mean_field;
use super::departures::{Moves, UNREACHED};
use super::deviator::{Deviator, announcements};
use super::{LeaderTest, Period};
use crate::game::{
    Belief, Game, LeaderInformation, LeaderMove, LeaderPrescription, MeanField, Play, Policy,
    Prescription, Tables, action_value, best_action, leader_reward, mean_value, next_types,
    outcomes,
};
use crate::validate::ValidateError;

/// A smaller one-stage advantage is rounding.
const MIN_ADVANTAGE: f64 = 1e-12;

/// Values at one (t, pi, n).
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub theta: Vec<f64>,
    pub best: Vec<f64>,
    pub leader_theta: f64,
    pub leader_best: f64,
    /// Theta's and the best announcement's by the leader's type, where it is private; 0 for a type that pi rules out.
    pub leader_types: Vec<[f64; 2]>,
    /// By type: the departure's action and gain.
    pub departure: Vec<Option<(usize, f64)>>,
    /// By type: where the best responder may go.
    pub moves: Vec<Vec<Moves>>,
}

/// The period to solve.
pub(super) struct Stage<'a> {
    pub game: &'a Game,
    pub policy: &'a dyn Policy,
    pub t: usize,
    /// Of t, and
    pub beliefs: &'a PeriodBeliefs,
    /// of t + 1, with the values there.
    pub beliefs_after: &'a PeriodBeliefs,
    pub next: &'a [Period],
    pub leader: LeaderTest,
    pub deviator: Deviator<'a>,
}

/// The public state.
struct Here<'a> {
    belief: &'a Belief,
    z: MeanField,
    counts: &'a [usize],
}

/// A leader move, with the belief that follows it.
struct Branch {
    leader_move: usize,
    probability: f64,
    /// Index of pi' among the beliefs of t + 1.
    next: usize,
}

/// How a crowd of these counts moves under one prescription and leader move.
struct Crowd {
    counts: Vec<usize>,
    /// p_y, by type.
    moves: Vec<Vec<f64>>,
    /// The sum over Multinomial(n_y - 1, p_y).
    base: BoxLaw,
}

impl Crowd {
    fn new(moves: Vec<Vec<f64>>, counts: &[usize]) -> Self {
        let types = counts.len();
        let groups = counts.iter().zip(&moves).filter(|(n, _)| **n > 1);
        let mut laws: Vec<BoxLaw> = groups
            .map(|(n, law)| BoxLaw::multinomial(n - 1, law))
            .collect();
        laws.sort_by_key(BoxLaw::len);
        let sum = laws.into_iter().reduce(|sum, law| sum.plus(&law));
        let base = sum.unwrap_or_else(|| BoxLaw::point(types - 1));
        Self {
            counts: counts.to_vec(),
            moves,
            base,
        }
    }

    /// Where one more follower of a type goes, if there is one.
    fn single(&self, y: usize) -> Option<BoxLaw> {
        (self.counts[y] > 0).then(|| BoxLaw::multinomial(1, &self.moves[y]))
    }

    /// The next counts of everybody.
    fn whole(&self) -> BoxLaw {
        let more = (0..self.counts.len()).filter_map(|y| self.single(y));
        more.fold(self.base.clone(), |sum, one| sum.plus(&one))
    }

    /// The next counts of everybody but one follower of type x, by x.
    fn others(&self) -> Vec<BoxLaw> {
        let types = self.counts.len();
        let singles: Vec<Option<BoxLaw>> = (0..types).map(|y| self.single(y)).collect();
        let mut before = self.base.clone();
        let mut others = Vec::with_capacity(types);
        for x in 0..types {
            let mut after = singles[x + 1..].iter().flatten();
            let whole = match after.next() {
                Some(one) => after.fold(before.plus(one), |sum, one| sum.plus(one)),
                None => before.clone(),
            };
            others.push(whole);
            if let (Some(one), true) = (&singles[x], x + 1 < types) {
                before = before.plus(one);
            }
        }
        others
    }
}

/// Branches that move the crowd alike and lead to one belief, and what follows for a tagged follower.
struct Successor {
    crowd: usize,
    next: usize,
}

/// Theta's play at one state, branch by branch.
struct Played<'a> {
    play: &'a Play,
    /// What a given deviator plays in its place.
    given: Option<&'a Play>,
    /// With the index of the successor state of each.
    branches: Vec<(Branch, usize)>,
    successors: Vec<Successor>,
    crowds: Vec<Crowd>,
}

/// E V(y, n') and E B(y, n') in one successor state, by the tagged follower's next type.
struct Continued {
    theta: Vec<f64>,
    best: Vec<f64>,
}

/// What the leader can expect of a crowd, by its movement.
#[derive(Default)]
struct Expected {
    known: Vec<Moving>,
}

/// A crowd's movement, the law of its next counts, and the leader's best values after the beliefs met so far.
struct Moving {
    moves: Vec<Vec<f64>>,
    law: BoxLaw,
    values: Vec<(usize, f64)>,
}

impl Stage<'_> {
    pub fn solve(
        &self,
        tables: &mut Tables<'_>,
        at: usize,
        counts: &[usize],
    ) -> Result<State, ValidateError> {
        let here = Here {
            belief: &self.beliefs.beliefs()[at],
            z: mean_field(counts),
            counts,
        };
        tables.evaluate(self.t, here.z.weights())?;
        let play = self.policy.play(self.t, here.belief, &here.z)?;
        let given = self.deviator.play(self.t, here.belief, &here.z)?;
        let played = self.played(tables, &here, (&play, given.as_ref()))?;
        let types = counts.len();
        let mut state = State {
            theta: vec![0.0; types],
            best: vec![0.0; types],
            departure: vec![None; types],
            moves: vec![Vec::new(); types],
            ..State::default()
        };
        if self.beliefs.is_on_path(at) {
            // By crowd, then type.
            let others: Vec<Vec<BoxLaw>> = played.crowds.iter().map(Crowd::others).collect();
            for x in (0..types).filter(|x| counts[*x] > 0) {
                let others: Vec<&BoxLaw> = others.iter().map(|laws| &laws[x]).collect();
                self.solve_follower(tables, &played, (x, &others), &mut state);
            }
        }
        if self.leader == LeaderTest::StageWise {
            self.solve_leader(tables, &here, &played, &mut state)?;
        }
        Ok(state)
    }

    fn branches(
        &self,
        tables: &Tables<'_>,
        belief: &Belief,
        leader: &LeaderPrescription,
    ) -> Result<Vec<Branch>, ValidateError> {
        if self.game.leader_information() == LeaderInformation::NoTypes {
            // No news: the one belief there is.
            let moves = LeaderMove::law(self.game, belief, leader).into_iter();
            let branch = |m: LeaderMove| Branch {
                leader_move: m.index,
                probability: m.probability,
                next: 0,
            };
            return Ok(moves.map(branch).collect());
        }
        let mut branches = Vec::new();
        for outcome in outcomes(self.game, tables, belief, leader) {
            // Collected by the same arithmetic: a policy that plays otherwise now than then leads elsewhere.
            let next = match self.t == self.game.horizon() {
                true => Some(0),
                false => self.beliefs_after.find(&outcome.belief),
            };
            let next = next.ok_or(ValidateError::UnsteadyPolicy { t: self.t })?;
            branches.extend(outcome.moves.iter().map(|m| Branch {
                leader_move: m.index,
                probability: outcome.probability * m.probability,
                next,
            }));
        }
        Ok(branches)
    }

    fn played<'p>(
        &self,
        tables: &Tables<'_>,
        here: &Here<'_>,
        (play, given): (&'p Play, Option<&'p Play>),
    ) -> Result<Played<'p>, ValidateError> {
        let mut played = Played {
            play,
            given,
            branches: Vec::new(),
            successors: Vec::new(),
            crowds: Vec::new(),
        };
        for branch in self.branches(tables, here.belief, &play.leader)? {
            let moves = next_types(tables, branch.leader_move, &play.prescription);
            let known = played.crowds.iter().position(|c| c.moves == moves);
            let crowd = known.unwrap_or_else(|| {
                played.crowds.push(Crowd::new(moves, here.counts));
                played.crowds.len() - 1
            });
            let next = branch.next;
            let same = |successor: &Successor| successor.crowd == crowd && successor.next == next;
            let successor = played.successors.iter().position(same).unwrap_or_else(|| {
                played.successors.push(Successor { crowd, next });
                played.successors.len() - 1
            });
            played.branches.push((branch, successor));
        }
        Ok(played)
    }

    /// V(pi, x, n) = sum over branches m of their probability times
    /// [R_m + delta sum_x' Q_m(x'|z,x,a) E_m V(pi', x', n')], under theta and under the best action.
    fn solve_follower(
        &self,
        tables: &Tables<'_>,
        played: &Played<'_>,
        (x, others): (usize, &[&BoxLaw]),
        state: &mut State,
    ) {
        let continued = self.continued(played, others);
        // n' counts the tagged follower.
        let value = |a: usize, pick: fn(&Continued) -> &[f64]| -> f64 {
            let each = played.branches.iter().map(|(branch, successor)| {
                let at = (branch.leader_move, x, a);
                branch.probability
                    * action_value(self.game, tables, at, pick(&continued[*successor]))
            });
            each.sum()
        };
        let row = played.play.prescription.row(x);
        state.theta[x] = mean_value(row, |a| value(a, |c| &c.theta));
        let of_best = |a: usize| value(a, |c| &c.best);
        if let Some(given) = played.given {
            state.best[x] = mean_value(given.prescription.row(x), of_best);
            return;
        }
        let (action, value) = best_action(self.game, x, of_best);
        let stay = mean_value(row, of_best);
        let departs = value - stay > MIN_ADVANTAGE;
        state.best[x] = value.max(stay);
        state.departure[x] = departs.then_some((action, value - stay));
        let plays = |a: &usize| if departs { *a == action } else { row[*a] > 0.0 };
        let actions: Vec<usize> = (0..row.len()).filter(plays).collect();
        state.moves[x] = played.reached(tables, x, &actions, others);
    }

    fn continued(&self, played: &Played<'_>, others: &[&BoxLaw]) -> Vec<Continued> {
        let along = |successor: &Successor| {
            let expect = |grids: &[Grid]| -> Vec<f64> {
                let each = grids.iter().enumerate();
                each.map(|(y, grid)| others[successor.crowd].expect(grid, y))
                    .collect()
            };
            let Period { theta, best, .. } = &self.next[successor.next];
            Continued {
                theta: expect(theta),
                best: expect(best),
            }
        };
        played.successors.iter().map(along).collect()
    }

    /// The leader's value of theta and of her best announcement, the average over her types by pi:
    /// W(pi, n) = sum over branches m of their probability times [R^l_m + delta E_m W(pi', n')].
    fn solve_leader(
        &self,
        tables: &Tables<'_>,
        here: &Here<'_>,
        played: &Played<'_>,
        state: &mut State,
    ) -> Result<(), ValidateError> {
        let discount = self.game.discount();
        let mut expected = Expected::default();
        for crowd in &played.crowds {
            expected.add(crowd);
        }
        let Play {
            leader,
            prescription,
        } = played.play;
        let branches = played.branches.iter();
        let continued: f64 = branches
            .map(|(branch, successor)| {
                let law = &expected.known[played.successors[*successor].crowd].law;
                branch.probability * law.expect(&self.next[branch.next].leader_theta, 0)
            })
            .sum();
        let (own, best) = self.announced(tables, here, (leader, prescription), &mut expected)?;
        state.leader_theta = own + discount * continued;
        state.leader_best = own + discount * best;
        let announced = announcements(self.game, here.belief, leader, played.given);
        let announced = announced.map_err(|_| ValidateError::Announcements { t: self.t })?;
        let theta = state.leader_best;
        let mut chosen = None;
        for candidate in announced {
            let answer = self
                .policy
                .answer(self.t, here.belief, &here.z, &candidate)?;
            let (reward, best) =
                self.announced(tables, here, (&candidate, &answer), &mut expected)?;
            let value = reward + discount * best;
            if played.given.is_some() || value > state.leader_best {
                state.leader_best = value;
                chosen = Some((candidate, answer));
            }
        }
        if self.game.leader_information() == LeaderInformation::Private {
            let advantage = state.leader_best - theta;
            let is_taken = played.given.is_some() || advantage > MIN_ADVANTAGE;
            let chosen = chosen.filter(|_| is_taken);
            let own = (leader, prescription);
            let best = chosen
                .as_ref()
                .map_or(own, |(leader, answer)| (leader, answer));
            let theta = self.by_type(tables, here, own, &mut expected, |pair| &pair[0])?;
            let best = self.by_type(tables, here, best, &mut expected, |pair| &pair[1])?;
            state.leader_types = theta.into_iter().zip(best).map(|(v, w)| [v, w]).collect();
        }
        Ok(())
    }

    /// What an announcement that is answered is worth to each of the leader's types that pi holds possible:
    /// W_x(pi, n) = sum over her actions a of gamma^l(a|x) [R^l_(x,a) + delta sum_x' Q^l(x'|x,a) E_(x,a) W_x'(pi', n')].
    fn by_type(
        &self,
        tables: &Tables<'_>,
        here: &Here<'_>,
        (leader, answer): (&LeaderPrescription, &Prescription),
        expected: &mut Expected,
        next: fn(&[Grid; 2]) -> &Grid,
    ) -> Result<Vec<f64>, ValidateError> {
        let branches = self.branches(tables, here.belief, leader)?;
        let types = here.belief.weights().len();
        let mut values = vec![0.0; types];
        let mut masses = vec![0.0; types];
        for branch in branches {
            let (x, _) = self.game.type_and_action(branch.leader_move);
            let moves = next_types(tables, branch.leader_move, answer);
            let crowd = expected.crowd(moves, here.counts);
            let law = &expected.known[crowd].law;
            let grids = &self.next[branch.next].leader_types;
            let later = grids.iter().enumerate().map(|(to, pair)| {
                match tables.leader_transition(branch.leader_move, to) {
                    share if share > 0.0 => share * law.expect(next(pair), 0),
                    _ => 0.0,
                }
            });
            let later: f64 = later.sum();
            let reward = leader_reward(tables, branch.leader_move, &here.z, answer);
            values[x.0] += branch.probability * (reward + self.game.discount() * later);
            masses[x.0] += branch.probability;
        }
        // The branches' probabilities hold pi(x).
        let given = values
            .iter_mut()
            .zip(&masses)
            .filter(|(_, mass)| **mass > 0.0);
        given.for_each(|(value, mass)| *value /= mass);
        Ok(values)
    }

    /// R^l and E W' of an announcement that is answered, her best values following.
    fn announced(
        &self,
        tables: &Tables<'_>,
        here: &Here<'_>,
        (leader, answer): (&LeaderPrescription, &Prescription),
        expected: &mut Expected,
    ) -> Result<(f64, f64), ValidateError> {
        let branches = self.branches(tables, here.belief, leader)?;
        let rewards = branches.iter().map(|branch| {
            branch.probability * leader_reward(tables, branch.leader_move, &here.z, answer)
        });
        let reward = rewards.sum();
        let continued = branches.iter().map(|branch| {
            let moves = next_types(tables, branch.leader_move, answer);
            let grid = &self.next[branch.next].leader_best;
            branch.probability * expected.of(moves, here.counts, (branch.next, grid))
        });
        Ok((reward, continued.sum()))
    }
}

impl Played<'_> {
    /// Where a follower of type x who takes one of `actions` may go, by successor state.
    fn reached(
        &self,
        tables: &Tables<'_>,
        x: usize,
        actions: &[usize],
        others: &[&BoxLaw],
    ) -> Vec<Moves> {
        let types = self.crowds.first().map_or(0, |crowd| crowd.counts.len());
        let along = |(index, successor): (usize, &Successor)| {
            let leads = |y: usize| {
                let mine = self
                    .branches
                    .iter()
                    .filter(|(_, successor)| *successor == index);
                let mut pairs =
                    mine.flat_map(|(branch, _)| actions.iter().map(move |a| (branch, *a)));
                pairs.any(|(branch, a)| tables.transition(branch.leader_move, x, a, y) > 0.0)
            };
            Moves {
                next: successor.next,
                types: (0..types).map(leads).collect(),
                others: others[successor.crowd].support(UNREACHED),
            }
        };
        self.successors.iter().enumerate().map(along).collect()
    }
}

impl Expected {
    fn add(&mut self, crowd: &Crowd) -> usize {
        self.known.push(Moving {
            moves: crowd.moves.clone(),
            law: crowd.whole(),
            values: Vec::new(),
        });
        self.known.len() - 1
    }

    /// The place of a crowd that moves so.
    fn crowd(&mut self, moves: Vec<Vec<f64>>, counts: &[usize]) -> usize {
        let known = self.known.iter().position(|known| known.moves == moves);
        known.unwrap_or_else(|| self.add(&Crowd::new(moves, counts)))
    }

    /// E of the values on a grid, that of belief `next`, over the next counts of a crowd that moves so. Announcements that
    /// move the crowd alike share it.
    fn of(&mut self, moves: Vec<Vec<f64>>, counts: &[usize], (next, grid): (usize, &Grid)) -> f64 {
        let crowd = self.crowd(moves, counts);
        let Moving { law, values, .. } = &mut self.known[crowd];
        if let Some((_, value)) = values.iter().find(|(belief, _)| *belief == next) {
            return *value;
        }
        let value = law.expect(grid, 0);
        values.push((next, value));
        value
    }
}
