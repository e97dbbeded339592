//! What is found in a stage game: equilibria with the regimes that they belong to.

use super::super::values::{Place, Values};
use crate::game::Prescription;

/// How an equilibrium of a stage game comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every type plays one action.
    Pure,
    /// One type mixes over a pair of actions, indifferent at a root of D = d.
    Mixed,
    /// As `Mixed`, with m' in a gap across which D is continuous.
    MixedAtKink,
    /// A vertex of a continuum: the mixing type is indifferent on an interval of m'.
    Vertex,
    /// One type mixes, indifferent only under a public coin between the two sides of a jump of V.
    Lottery,
    /// One type mixes where the incentive touches zero: at its extremum, or at the side of a jump.
    Touching,
    /// A point inside a continuum at which the leader's value, or welfare, is largest or smallest.
    Inside,
}

impl Kind {
    /// All of them; their places are kept in archives.
    pub(in crate::solve) const ALL: [Self; 7] = [
        Self::Pure,
        Self::Mixed,
        Self::MixedAtKink,
        Self::Vertex,
        Self::Lottery,
        Self::Touching,
        Self::Inside,
    ];

    /// The word for it in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Mixed => "mixed",
            Self::MixedAtKink => "kink",
            Self::Vertex | Self::Inside => "continuum",
            Self::Lottery => "lottery",
            Self::Touching => "touching",
        }
    }
}

/// The regime of an equilibrium: with it, and the point, the equilibrium is a smooth function of m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::solve) struct Label {
    /// The place of the leader's prescription among the candidates.
    pub candidate: usize,
    pub kind: Kind,
    pub profile: [usize; 2],
    /// The mixing type and its second action.
    pub mixing: Option<(usize, usize)>,
    /// Pure: the regime region of m'. Mixed: the run of D. At a border: its number. Vertex, touching: twice the branch of D,
    /// plus its side. Inside: four times the branch, plus the place of its extremum.
    pub place: usize,
}

/// Whether V at an equilibrium is a one-sided limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::solve) enum Limit {
    /// V is continuous there, or the point itself belongs to the side that is taken.
    #[default]
    Attained,
    /// At a jump of a formula, on the side that does not hold the point of the jump.
    OfFormula,
    /// At a switch of regime: who ties there decides.
    OfRegime,
}

/// Where m' goes, and V there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::solve) struct Landing {
    /// m' as (8) gives it, before it is moved out of a gap.
    pub raw: f64,
    pub place: Place,
    pub values: Values,
}

/// One equilibrium of a stage game.
#[derive(Clone, Copy, Debug)]
pub(in crate::solve) struct Equilibrium {
    pub label: Label,
    /// Probability of the mixing type's second action.
    pub probability: f64,
    /// m' = z'(x_2), on the left side for a lottery.
    pub next: Place,
    /// Probability of the right side of the jump; 0 where there is no coin.
    pub coin: f64,
    /// The value of D at which the mixing type is indifferent; 0 where none mixes.
    pub target: f64,
    pub values: Values,
    /// Largest loss of a played action, U at the recomputed z'.
    pub residual: f64,
    /// Whether V at m' is taken from one side of a jump inside a continuum.
    pub limit: Limit,
}

impl Equilibrium {
    /// Whether the continuation values are those of theta without a public coin.
    pub fn is_supported(&self) -> bool {
        self.label.kind != Kind::Lottery
    }

    /// gamma^f(a | x).
    pub fn gamma(&self, x: usize, a: usize) -> f64 {
        match self.label.mixing {
            Some((mixer, second)) if mixer == x => {
                if a == second {
                    self.probability
                } else if a == self.label.profile[x] {
                    1.0 - self.probability
                } else {
                    0.0
                }
            }
            _ => f64::from(u8::from(a == self.label.profile[x])),
        }
    }

    /// gamma^f as a prescription over `actions` actions.
    pub fn prescription(&self, actions: usize) -> Prescription {
        let rows = (0..2)
            .flat_map(|x| (0..actions).map(move |a| self.gamma(x, a)))
            .collect();
        Prescription::new(actions, rows)
    }
}

/// The equilibria found in one stage game.
#[derive(Clone, Debug, Default)]
pub(in crate::solve) struct Equilibria {
    pub found: Vec<Equilibrium>,
    /// How many of them are pure; they stand first.
    pub(super) pure: usize,
    /// Pairs of entries joined by a continuum.
    pub(super) links: Vec<(usize, usize)>,
    /// Some unplayed action is within the tie tolerance of the best, or a continuum or a touching root was met.
    pub tied: bool,
    /// The error of V_{t+1} leaves open whether some actions tie.
    pub undecided: bool,
    /// Per pure prescription and type, what the type can gain there beyond the tie tolerance.
    pub excess: Vec<f64>,
    /// A payoff is no number.
    pub overflows: bool,
}

impl Equilibria {
    /// The number of distinct equilibria, a continuum counted once.
    pub fn count(&self) -> usize {
        let roots = self.roots();
        (0..roots.len()).filter(|i| roots[*i] == *i).count()
    }

    /// Whether each equilibrium is a point of a continuum.
    pub fn in_continua(&self) -> Vec<bool> {
        let roots = self.roots();
        let several = |root: &usize| roots.iter().filter(|r| *r == root).count() > 1;
        roots.iter().map(several).collect()
    }

    /// The first entry of the continuum of each.
    fn roots(&self) -> Vec<usize> {
        let mut root: Vec<usize> = (0..self.found.len()).collect();
        for &(a, b) in &self.links {
            let (first, other) = (root[a].min(root[b]), root[a].max(root[b]));
            for r in root.iter_mut().filter(|r| **r == other) {
                *r = first;
            }
        }
        root
    }

    pub(super) fn clear(&mut self) {
        self.found.clear();
        self.pure = 0;
        self.links.clear();
        self.tied = false;
        self.undecided = false;
        self.excess.clear();
        self.overflows = false;
    }
}
