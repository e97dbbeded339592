//! Selection among the followers' equilibria, and the leader's choice, (15c).

use super::stage_game::{Equilibria, Equilibrium, StageGames, TIE};
use crate::scenario::Selection;

/// Counts of work done and of what was met; they sum over stage games and do not depend on the number of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Work {
    /// Points (t, m) at which the game was solved for every leader action.
    pub states: u64,
    /// Stage games (t, m, leader action) whose equilibria were enumerated.
    pub stage_games: u64,
    /// Stage games solved by the equilibrium of a known regime.
    pub known_regimes: u64,
    /// Stage games for which the search found no equilibrium; anything but zero is a fault.
    pub failed: u64,
    /// Stage games away from ties with an even number of equilibria: one was missed.
    pub even: u64,
    /// The largest number of equilibria of one stage game.
    pub max_equilibria: u64,
    /// Stage games with no equilibrium but under a public coin.
    pub only_lottery: u64,
}

impl Work {
    /// Add the work of another part.
    pub(super) fn add(&mut self, other: &Self) {
        self.states += other.states;
        self.stage_games += other.stage_games;
        self.known_regimes += other.known_regimes;
        self.failed += other.failed;
        self.even += other.even;
        self.max_equilibria = self.max_equilibria.max(other.max_equilibria);
        self.only_lottery += other.only_lottery;
    }
}

/// What is selected at one (t, m) and leader action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected {
    pub equilibrium: Equilibrium,
    /// Distinct equilibria of the stage game.
    pub count: usize,
}

/// How the leader chooses and the followers' equilibrium is selected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule<'a> {
    pub selection: Selection,
    /// The leader's candidates, in scenario order.
    pub actions: &'a [usize],
}

impl Rule<'_> {
    /// The selected equilibrium at one leader action: supported before lotteries, then the criterion, then the lexicographic rule.
    pub fn select(&self, games: &mut StageGames, l: usize, work: &mut Work) -> Selected {
        games.enumerate(l);
        let found = &games.equilibria;
        work.stage_games += 1;
        if found.found.is_empty() {
            work.failed += 1;
            return Selected {
                equilibrium: games.least_loss(l),
                count: 0,
            };
        }
        let count = found.count();
        work.max_equilibria = work.max_equilibria.max(count as u64);
        work.even += u64::from(!found.tied && count.is_multiple_of(2));
        let supported = found.found.iter().any(Equilibrium::is_supported);
        work.only_lottery += u64::from(!supported);
        let m = games.mean_field();
        let actions = games.period.game.follower_actions().len();
        Selected {
            equilibrium: *self.preferred(found, supported, m, actions),
            count,
        }
    }

    fn preferred<'e>(
        &self,
        found: &'e Equilibria,
        supported: bool,
        m: f64,
        actions: usize,
    ) -> &'e Equilibrium {
        let score = |e: &Equilibrium| match self.selection {
            Selection::Optimistic => e.values.leader,
            Selection::Pessimistic => -e.values.leader,
            Selection::Welfare => (1.0 - m) * e.values.followers[0] + m * e.values.followers[1],
        };
        let eligible = || {
            found
                .found
                .iter()
                .filter(move |e| e.is_supported() == supported)
        };
        let high = eligible().map(score).fold(f64::NEG_INFINITY, f64::max);
        let low = eligible().map(score).fold(f64::INFINITY, f64::min);
        let slack = TIE * (high - low).max(1.0);
        eligible()
            .filter(|e| high - score(e) <= slack)
            .reduce(|a, b| if comes_before(b, a, actions) { b } else { a })
            .unwrap_or(&found.found[0])
    }

    /// The leader's best action, the first of equally good ones, and the equilibrium there.
    pub fn choose(&self, games: &mut StageGames, work: &mut Work) -> Selected {
        work.states += 1;
        let answers: Vec<Selected> = self
            .actions
            .iter()
            .map(|l| self.select(games, *l, work))
            .collect();
        answers[self.prefer(&answers)]
    }

    /// The place among the candidates' answers of the leader's best, the first of equally good ones.
    pub fn prefer(&self, answers: &[Selected]) -> usize {
        let value = |s: &Selected| s.equilibrium.values.leader;
        let high = answers.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        let low = answers.iter().map(value).fold(f64::INFINITY, f64::min);
        let slack = TIE * (high - low).max(1.0);
        answers
            .iter()
            .position(|s| high - value(s) <= slack)
            .unwrap_or(0)
    }
}

/// Whether (gamma(a_1|x_1), gamma(a_2|x_1), ...) of `a` is lexicographically larger than that of `b`.
fn comes_before(a: &Equilibrium, b: &Equilibrium, actions: usize) -> bool {
    for x in 0..2 {
        for action in 0..actions {
            let (p, q) = (a.gamma(x, action), b.gamma(x, action));
            if p != q {
                return p > q;
            }
        }
    }
    false
}
