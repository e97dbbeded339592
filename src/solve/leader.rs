//! Selection among the followers' equilibria, and the leader's choice, (15c).

use super::pieces::stage_game::{Equilibrium, Limit, StageGames, tie};
use crate::scenario::Selection;

/// Counts of work done and of what was met; they sum over stage games and do not depend on the number of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
    /// Stage games whose search ended at the limit on work: equilibria may be missing.
    pub incomplete: u64,
    /// Stage games at points of the mesh in which the error of V_{t+1} leaves open whether actions tie.
    #[serde(default)]
    pub undecided: u64,
    /// Stage games whose selected equilibrium is a one-sided limit at a jump inside a continuum: a supremum that is not attained.
    #[serde(default)]
    pub suprema: u64,
    /// Blocks of z' visited by the search over a simplex.
    pub blocks: u64,
    /// Linear systems solved, one per support and simplex.
    pub systems: u64,
    /// Pieces of V whose error is tested at points but not proven, and stretches of formulas not known to be smooth.
    #[serde(default)]
    pub unproven: u64,
    /// Edges of the lattice across which V was found to jump.
    pub cuts: u64,
    /// Points at which the game was solved to find where.
    pub probes: u64,
    /// Simplices of the lattice, over all periods.
    pub simplices: u64,
    /// Those of them that a jump crosses.
    pub mixed_simplices: u64,
}

impl Work {
    /// Whether every equilibrium of every stage game was found, as far as is known: no search stopped early or came out
    /// empty, and away from ties all counts are odd.
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.even == 0 && self.incomplete == 0
    }

    /// The share of a lattice's simplices that a jump of V crosses, over all periods; `None` without a lattice.
    pub fn mixed_share(&self) -> Option<f64> {
        (self.simplices > 0).then(|| self.mixed_simplices as f64 / self.simplices as f64)
    }

    /// What takes time, in stage games: a block or a linear system takes about an eighth of one with many pieces of V.
    pub(crate) fn steps(&self) -> u64 {
        self.stage_games + self.known_regimes + (self.blocks + self.systems) / 8
    }

    /// Add the work of another part.
    pub(super) fn add(&mut self, other: &Self) {
        self.states += other.states;
        self.stage_games += other.stage_games;
        self.known_regimes += other.known_regimes;
        self.failed += other.failed;
        self.even += other.even;
        self.max_equilibria = self.max_equilibria.max(other.max_equilibria);
        self.only_lottery += other.only_lottery;
        self.incomplete += other.incomplete;
        self.undecided += other.undecided;
        self.suprema += other.suprema;
        self.blocks += other.blocks;
        self.systems += other.systems;
        self.unproven += other.unproven;
        self.cuts += other.cuts;
        self.probes += other.probes;
        self.simplices += other.simplices;
        self.mixed_simplices += other.mixed_simplices;
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
pub(super) struct Rule {
    pub selection: Selection,
}

impl Rule {
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
        let eligible = found.found.iter();
        let eligible = eligible.filter(|e| e.is_supported() == supported);
        let preferred = self.preferred(eligible, &[1.0 - m, m], actions);
        let equilibrium = *preferred.unwrap_or(&found.found[0]);
        work.suprema += u64::from(self.is_supremum(&equilibrium));
        Selected { equilibrium, count }
    }

    /// Whether the criterion is a supremum in a continuum that no equilibrium of it attains. At a switch of regime both
    /// sides are equilibria, and the one that the selection asks for is theta's: it is attained, unless the selection looks
    /// at what the leader, who chooses there, does not.
    pub fn is_supremum(&self, e: &Equilibrium) -> bool {
        match e.limit {
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

    /// The leader's best action, the first of equally good ones, and the equilibrium there.
    pub fn choose(&self, games: &mut StageGames, work: &mut Work) -> Selected {
        work.states += 1;
        let candidates = 0..games.candidates();
        let answers: Vec<Selected> = candidates.map(|l| self.select(games, l, work)).collect();
        answers[self.prefer(&answers)]
    }

    /// The place among the candidates' answers of the leader's best, the first of equally good ones.
    pub fn prefer(&self, answers: &[Selected]) -> usize {
        self.prefer_value(answers.iter().map(|s| s.equilibrium.values.leader))
    }

    /// The place of the largest value of the leader, the first of equally good ones.
    pub fn prefer_value(&self, mut values: impl Iterator<Item = f64> + Clone) -> usize {
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

/// What selection looks at in an equilibrium.
pub(super) trait Outcome {
    /// V^l, or its mean over the belief.
    fn leader(&self) -> f64;
    /// V^f per type.
    fn followers(&self) -> &[f64];
    /// gamma^f(a|x).
    fn gamma(&self, x: usize, a: usize) -> f64;
}

impl Outcome for Equilibrium {
    fn leader(&self) -> f64 {
        self.values.leader
    }

    fn followers(&self) -> &[f64] {
        &self.values.followers
    }

    fn gamma(&self, x: usize, a: usize) -> f64 {
        Equilibrium::gamma(self, x, a)
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
