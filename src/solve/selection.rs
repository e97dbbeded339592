//! Selection among the followers' equilibria, and the leader's choice, (15c).

use super::representation::StageGames;
use super::stage::{Limit, Listed, Outcome, Selected};
use super::tolerances::tie;
use super::{SolveError, Work};
use crate::solve::Selection;

/// How the leader chooses and the followers' equilibrium is selected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub selection: Selection,
}

impl Rule {
    /// The selected equilibrium at one candidate of the leader.
    pub fn select<G: StageGames>(
        &self,
        games: &mut G,
        l: usize,
        work: &mut Work,
    ) -> Result<Selected<G::Equilibrium>, SolveError> {
        let found = games.search(l, work)?;
        work.stage_games += 1;
        if games.found().is_empty() {
            work.failed += 1;
            return Ok(Selected {
                equilibrium: games.least_loss(l)?,
                count: 0,
            });
        }
        work.max_equilibria = work.max_equilibria.max(found.count as u64);
        work.even += u64::from(found.must_be_odd && found.count.is_multiple_of(2));
        let all = games.found();
        let supported = all.iter().any(Outcome::is_supported);
        work.only_lottery += u64::from(!supported);
        let place = self.place(all, games.mean_field(), games.actions());
        let equilibrium = games.take(place);
        work.suprema += u64::from(self.is_supremum(&equilibrium));
        Ok(Selected {
            equilibrium,
            count: found.count,
        })
    }

    /// The place of the selected among all equilibria of a stage game: supported before lotteries, then the criterion, then
    /// the lexicographic rule.
    pub fn place<E: Outcome>(&self, all: &[E], z: &[f64], actions: usize) -> usize {
        let supported = all.iter().any(Outcome::is_supported);
        let eligible = all.iter().filter(|e| e.is_supported() == supported);
        let preferred = self.preferred(eligible, z, actions);
        let same = |e: &E| preferred.is_some_and(|p| std::ptr::eq(e, p));
        all.iter().position(same).unwrap_or(0)
    }

    /// Whether the criterion is a supremum in a continuum that no equilibrium of it attains. At a switch of regime both
    /// sides are equilibria, and the one that the selection asks for is theta's: it is attained, unless the selection looks
    /// at what the leader, who chooses there, does not.
    pub fn is_supremum<E: Outcome>(&self, e: &E) -> bool {
        match e.limit() {
            Limit::Attained => false,
            Limit::OfFormula => true,
            Limit::OfRegime => self.selection == Selection::Welfare,
        }
    }

    /// The criterion: of the equilibria the one with the largest is selected.
    pub fn score<E: Outcome>(&self, e: &E, z: &[f64]) -> f64 {
        match self.selection {
            Selection::Optimistic => e.leader(),
            Selection::Pessimistic => -e.leader(),
            Selection::Welfare => z.iter().zip(e.followers()).map(|(z, v)| z * v).sum(),
        }
    }

    /// The best by the criterion, and among those as good the lexicographically largest.
    pub fn preferred<'e, E: Outcome>(
        &self,
        eligible: impl Iterator<Item = &'e E> + Clone,
        z: &[f64],
        actions: usize,
    ) -> Option<&'e E> {
        let score = |e: &E| self.score(e, z);
        let slack = Slack::of(eligible.clone().map(score));
        eligible.filter(|e| slack.admits(score(e))).reduce(|a, b| {
            match comes_before(b, a, z.len(), actions) {
                true => b,
                false => a,
            }
        })
    }

    /// The leader's best candidate, the first of equally good ones, and the selected equilibrium there.
    pub fn choose<G: StageGames>(
        &self,
        games: &mut G,
        work: &mut Work,
    ) -> Result<Selected<G::Equilibrium>, SolveError> {
        work.states += 1;
        let mut answers = Vec::with_capacity(games.candidates());
        for l in 0..games.candidates() {
            answers.push(self.select(games, l, work)?);
        }
        let best = self.prefer(answers.iter().map(|s| s.equilibrium.leader()));
        Ok(answers.swap_remove(best))
    }

    /// Her best among listed stage games, and the place of the selected equilibrium in each.
    pub fn choose_listed<E: Outcome>(
        &self,
        all: &[Listed<E>],
        z: &[f64],
        actions: usize,
    ) -> (usize, Vec<usize>) {
        let place = |listed: &Listed<E>| self.place(&listed.found, z, actions);
        let places: Vec<usize> = all.iter().map(place).collect();
        let selected = all.iter().zip(&places);
        let best = self.prefer(selected.map(|(listed, k)| listed.found[*k].leader()));
        (best, places)
    }

    /// The place of the largest value of the leader, the first of equally good ones.
    pub fn prefer(&self, mut values: impl Iterator<Item = f64> + Clone) -> usize {
        let slack = Slack::of(values.clone());
        values.position(|v| slack.admits(v)).unwrap_or(0)
    }
}

/// What counts as equal to the largest of some values.
#[derive(Clone, Copy, Debug)]
struct Slack {
    high: f64,
    slack: f64,
}

impl Slack {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let high = values.clone().fold(f64::NEG_INFINITY, f64::max);
        let low = values.fold(f64::INFINITY, f64::min);
        Self {
            high,
            slack: tie(low, high),
        }
    }

    fn admits(&self, value: f64) -> bool {
        self.high - value <= self.slack
    }
}

/// Whether (gamma(a_1|x_1), gamma(a_2|x_1), ...) of `a` is lexicographically larger than that of `b`.
fn comes_before<E: Outcome>(a: &E, b: &E, types: usize, actions: usize) -> bool {
    let pairs = (0..types).flat_map(|x| (0..actions).map(move |action| (x, action)));
    pairs
        .map(|(x, action)| (a.gamma(x, action), b.gamma(x, action)))
        .find(|(p, q)| p != q)
        .is_some_and(|(p, q)| p > q)
}
