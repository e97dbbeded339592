//! What mixing would bring the leader in the first period.
//!
//! (15c) ranges over all prescriptions, theta over those that the scenario lets her choose from: pure ones, or laws in
//! multiples of 1/r. Whether another mixture does better is looked for here at the start: every law on a lattice, with many
//! actions those of two actions, then from the best by moving probability between two actions in steps that are halved.
//! What is found is a lower bound, not a maximum; theta afterwards stays as it is.

use rayon::prelude::*;

use crate::game::{
    Belief, Game, LeaderAction, LeaderInformation, LeaderPrescription, LeaderType, MeanField,
    public_beliefs,
};
use crate::solve::{SolveError, Solved};

/// Laws of the leader that are tried: a share of the stage games that the solution took, but not fewer or more than these.
const TRIED: std::ops::RangeInclusive<u64> = 300..=2_000;
/// That share.
const SHARE: u64 = 4;
/// The finest lattice of the first look.
const CELLS: usize = 20;
/// The last step by which probability is moved.
const LAST_STEP: f64 = 1e-11;
/// The digits to which a probability is rounded where that loses nothing.
const DIGITS: std::ops::RangeInclusive<i32> = 1..=8;
/// A loss that is nothing, relative to V.
const NOTHING: f64 = 1e-9;

/// What mixing in the first period would bring.
#[derive(Clone, Debug, PartialEq)]
pub enum MixedSearch {
    /// She has one action.
    NoChoice,
    /// Not looked for, and why.
    NotSearched(&'static str),
    /// The best that was found.
    Found(MixedGain),
}

/// The best mixed prescription of the first period that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct MixedGain {
    /// V^l_1 with it, in the mean over what she may be.
    pub value: f64,
    /// That minus theta's.
    pub gain: f64,
    /// Per type that all may see in the first period, with its law of actions.
    pub laws: Vec<(LeaderType, Vec<f64>)>,
    /// Laws that were tried.
    pub tried: usize,
}

/// Look for a mixed prescription that is worth more than theta's at the start.
///
/// # Errors
/// Where the game has no value.
pub fn best_mixed(solution: &Solved, start: &MeanField) -> Result<MixedSearch, SolveError> {
    let game = solution.game();
    if game.leader_actions().len() == 1 {
        return Ok(MixedSearch::NoChoice);
    }
    if game.leader_information() == LeaderInformation::Private {
        return Ok(MixedSearch::NotSearched(
            "V is not held at the beliefs that a mixture leads to",
        ));
    }
    if !solution.takes_mixed() {
        return Ok(MixedSearch::NotSearched(
            "the mean field follows her action, and jumps are tracked for one continuation only",
        ));
    }
    let starts = public_beliefs(game, game.initial_belief());
    let allowed = (solution.work().stage_games / SHARE).clamp(*TRIED.start(), *TRIED.end());
    let mut found = MixedGain {
        value: 0.0,
        gain: 0.0,
        laws: Vec::new(),
        tried: 0,
    };
    for (belief, weight) in &starts {
        let mut search = Search {
            solution,
            start,
            belief,
            left: (allowed as usize / starts.len()).max(1),
            tried: 0,
            best: None,
        };
        search.look()?;
        let own = solution.resolve(1, belief, start)?.values.leader;
        let Some((value, law)) = search.best else {
            return Ok(MixedSearch::NotSearched("she has too many actions"));
        };
        found.value += weight * value;
        found.gain += weight * (value - own);
        found.laws.push((belief.first_type(), law));
        found.tried += search.tried;
    }
    Ok(MixedSearch::Found(found))
}

/// The search at one belief.
struct Search<'s, 'g> {
    solution: &'s Solved<'g>,
    start: &'s MeanField,
    belief: &'s Belief,
    left: usize,
    tried: usize,
    best: Option<(f64, Vec<f64>)>,
}

impl Search<'_, '_> {
    fn look(&mut self) -> Result<(), SolveError> {
        let actions = self.solution.game().leader_actions().len();
        let half = self.left / 2;
        let cells = (2..=CELLS)
            .rev()
            .find(|cells| mixtures(actions, *cells) <= half);
        let mut step = 0.5;
        match cells {
            Some(cells) => {
                step = 1.0 / cells as f64;
                self.try_all(lattice(actions, cells))?;
            }
            None => {
                let pairs = self.pairs()?;
                self.try_all(pairs)?;
            }
        }
        while step > LAST_STEP && self.left > 0 {
            let Some((before, law)) = self.best.clone() else {
                break;
            };
            self.try_all(moves(&law, step))?;
            if self.best.as_ref().is_none_or(|(value, _)| *value <= before) {
                step *= 0.5;
            }
        }
        self.round()
    }

    /// Two actions each half the time: the best single one with every other.
    fn pairs(&mut self) -> Result<Vec<Vec<f64>>, SolveError> {
        let actions = self.solution.game().leader_actions().len();
        let pure: Vec<Vec<f64>> = (0..actions).map(|a| unit(actions, a)).collect();
        if 2 * actions > self.left {
            return Ok(Vec::new());
        }
        let values = self.values(&pure)?;
        let best = (0..actions).fold(0, |best, a| if values[a] > values[best] { a } else { best });
        let others = (0..actions).filter(|a| *a != best);
        Ok(others
            .map(|other| {
                let mut law = vec![0.0; actions];
                (law[best], law[other]) = (0.5, 0.5);
                law
            })
            .collect())
    }

    /// V^l_1 under each law, as far as the work allows.
    fn values(&mut self, laws: &[Vec<f64>]) -> Result<Vec<f64>, SolveError> {
        let laws = &laws[..laws.len().min(self.left)];
        self.left -= laws.len();
        self.tried += laws.len();
        let (solution, belief, start) = (self.solution, self.belief, self.start);
        let value = |law: &Vec<f64>| {
            let leader = prescription(solution.game(), law);
            Ok(solution.answer_at(1, belief, start, &leader)?.values.leader)
        };
        laws.par_iter().map(value).collect()
    }

    fn try_all(&mut self, laws: Vec<Vec<f64>>) -> Result<(), SolveError> {
        let values = self.values(&laws)?;
        for (law, value) in laws.into_iter().zip(values) {
            if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
                self.best = Some((value, law));
            }
        }
        Ok(())
    }

    /// The fewest digits that lose nothing.
    fn round(&mut self) -> Result<(), SolveError> {
        let Some((best, law)) = self.best.clone() else {
            return Ok(());
        };
        for digits in DIGITS {
            let rounded = rounded(&law, digits);
            if !is_mixed(&rounded) || self.left == 0 {
                continue;
            }
            let value = self.values(std::slice::from_ref(&rounded))?[0];
            if value >= best - NOTHING * best.abs() {
                self.best = Some((value, rounded));
                break;
            }
        }
        Ok(())
    }
}

/// The same law whatever her type: where there are types, one is seen by all.
fn prescription(game: &Game, law: &[f64]) -> LeaderPrescription {
    LeaderPrescription::Mixed {
        actions: law.len(),
        rows: law.repeat(game.leader_types().len()),
    }
}

fn unit(actions: usize, action: usize) -> Vec<f64> {
    let place = LeaderAction(action);
    (0..actions)
        .map(|a| f64::from(u8::from(LeaderAction(a) == place)))
        .collect()
}

fn is_mixed(law: &[f64]) -> bool {
    law.iter().filter(|p| **p > 0.0).count() > 1
}

/// The number of mixed laws in multiples of 1/cells: binomial(cells + actions - 1, cells) less the pure ones.
fn mixtures(actions: usize, cells: usize) -> usize {
    let mut count: usize = 1;
    for i in 1..actions {
        count = count.saturating_mul(cells + i) / i;
    }
    count.saturating_sub(actions)
}

fn lattice(actions: usize, cells: usize) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for place in 0..actions {
        let longer = all.into_iter().flat_map(|law| {
            let left = cells - law.iter().sum::<usize>();
            let least = if place + 1 == actions { left } else { 0 };
            (least..=left)
                .rev()
                .map(move |share| [&law[..], &[share]].concat())
        });
        all = longer.collect();
    }
    let laws = all.into_iter();
    let laws = laws.map(|law| {
        law.iter()
            .map(|share| *share as f64 / cells as f64)
            .collect()
    });
    laws.filter(|law: &Vec<f64>| is_mixed(law)).collect()
}

/// The law with up to `step` of probability moved from one action to another; with many actions between those in use.
fn moves(law: &[f64], step: f64) -> Vec<Vec<f64>> {
    const FEW: usize = 4;
    let to = |a: &usize| law.len() <= FEW || law[*a] > 0.0;
    let mut all = Vec::new();
    for from in (0..law.len()).filter(|a| law[*a] > 0.0) {
        for to in (0..law.len()).filter(to).filter(|a| *a != from) {
            let moved = step.min(law[from]);
            let mut next = law.to_vec();
            next[from] -= moved;
            next[to] += moved;
            if is_mixed(&next) {
                all.push(next);
            }
        }
    }
    all
}

fn rounded(law: &[f64], digits: i32) -> Vec<f64> {
    let scale = 10f64.powi(digits);
    let mut law: Vec<f64> = law.iter().map(|p| (p * scale).round() / scale).collect();
    // What is left goes to the likeliest.
    let likeliest = (0..law.len()).fold(0, |best, a| if law[a] > law[best] { a } else { best });
    let others: f64 = law
        .iter()
        .enumerate()
        .filter(|(a, _)| *a != likeliest)
        .map(|(_, p)| p)
        .sum();
    law[likeliest] = ((1.0 - others) * scale).round() / scale;
    law
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_are_counted_and_sum_to_one() {
        for (actions, cells) in [(2, 20), (3, 5), (4, 4)] {
            let laws = lattice(actions, cells);
            assert_eq!(laws.len(), mixtures(actions, cells));
            for law in laws.iter().chain(&moves(&laws[0], 0.01)) {
                assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-15 && is_mixed(law));
            }
        }
        assert_eq!(rounded(&[0.200_000_01, 0.799_999_99], 1), [0.2, 0.8]);
        assert_eq!(rounded(&[0.01, 0.99], 1), [0.0, 1.0]);
    }
}
