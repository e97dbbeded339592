//! What is found in a stage game: equilibria with the regimes that they belong to.

use super::super::values::{Place, Values};
use crate::game::Prescription;
use crate::solve::stage::{Kind, Limit, Outcome};

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

    fn kind(&self) -> Kind {
        self.label.kind
    }

    fn residual(&self) -> f64 {
        self.residual
    }

    fn coin(&self) -> f64 {
        self.coin
    }

    fn limit(&self) -> Limit {
        self.limit
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
