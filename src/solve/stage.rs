//! What the solver finds at one public state: equilibria of the followers' stage game, what theta plays, and V there.

use crate::game::{Belief, Game, LeaderPrescription, MeanField, Play, Prescription, Way};

/// How an equilibrium of a stage game comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every type plays one action.
    Pure,
    /// Some type mixes, indifferent at its z'.
    Mixed,
    /// As `Mixed`, with z' at a kink of V.
    MixedAtKink,
    /// A vertex of a continuum: the mixing types are indifferent for a range of mixtures.
    Vertex,
    /// Some type mixes, indifferent only under a public coin between the two sides of a jump of V.
    Lottery,
    /// One type mixes where the incentive touches zero: at its extremum, or at the side of a jump.
    Touching,
    /// A point inside a continuum at which the leader's value, or welfare, is largest or smallest.
    Inside,
}

impl Kind {
    /// All of them; their places are kept in archives.
    pub(super) const ALL: [Self; 7] = [
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

/// Whether V at an equilibrium is a one-sided limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Limit {
    /// V is continuous there, or the point itself belongs to the side that is taken.
    #[default]
    Attained,
    /// At a jump of a formula, on the side that does not hold the point of the jump.
    OfFormula,
    /// At a switch of regime: who ties there decides.
    OfRegime,
}

/// What selection looks at in an equilibrium, and what is told of it.
pub(super) trait Outcome {
    /// V^l, or its mean over the belief.
    fn leader(&self) -> f64;
    /// V^f per type.
    fn followers(&self) -> &[f64];
    /// gamma^f(a|x).
    fn gamma(&self, x: usize, a: usize) -> f64;
    /// How it comes about.
    fn kind(&self) -> Kind;
    /// Largest loss of a played action.
    fn residual(&self) -> f64;
    /// Probability of a side of a jump other than the first under a public coin; 0 without one.
    fn coin(&self) -> f64;

    /// Whether V there is a one-sided limit.
    fn limit(&self) -> Limit {
        Limit::Attained
    }

    /// Whether the continuation values are those of theta without a public coin.
    fn is_supported(&self) -> bool {
        self.kind() != Kind::Lottery
    }
}

/// The equilibria of one stage game.
#[derive(Clone, Debug)]
pub(super) struct Listed<E> {
    /// At least one: where there is none, what loses least.
    pub found: Vec<E>,
    /// Per equilibrium, whether it is a point of a continuum.
    pub continua: Vec<bool>,
    /// Distinct ones, a continuum counted once; 0 where none was found.
    pub count: usize,
}

/// What is selected in a stage game.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected<E> {
    pub equilibrium: E,
    /// Distinct equilibria of the stage game.
    pub count: usize,
}

/// V^f per follower type and V^l at one (t, pi, z).
#[derive(Clone, Debug, PartialEq)]
pub struct StateValues {
    /// V^f(x), one per follower type.
    pub followers: Vec<f64>,
    /// The mean of V^l over pi.
    pub leader: f64,
    /// V^l(x^l), one per leader type; `NaN` for a type that no theta speaks of.
    pub leader_types: Vec<f64>,
}

impl StateValues {
    /// The largest difference, of types that have values in both.
    pub fn distance(&self, other: &Self) -> f64 {
        let followers = self.followers.iter().zip(&other.followers);
        let types = self.leader_types.iter().zip(&other.leader_types);
        let pairs = followers
            .chain(types)
            .filter(|(a, b)| !(a.is_nan() || b.is_nan()));
        pairs
            .map(|(a, b)| (a - b).abs())
            .fold((self.leader - other.leader).abs(), f64::max)
    }

    /// From units of the players' scales to those of rewards.
    pub(super) fn in_rewards(mut self, game: &Game) -> Self {
        let scales = game.scales();
        let followers = self.followers.iter_mut();
        followers.for_each(|v| *v *= scales.follower.unit);
        let types = self.leader_types.iter_mut();
        types.for_each(|v| *v *= scales.leader.unit);
        self.leader *= scales.leader.unit;
        self
    }
}

/// theta and V at one point.
#[derive(Clone, Debug)]
pub struct SolvedPoint {
    /// What leader and followers play.
    pub play: Play,
    /// The public states that follow: one per outcome of the leader's step, or two, for the sides of a jump, with their
    /// probabilities under a public coin.
    pub next: Vec<Way>,
    /// V^f_t and V^l_t.
    pub values: StateValues,
    /// Distinct equilibria of the stage game at the leader's action.
    pub equilibria: usize,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether the equilibrium needs no public coin.
    pub supported: bool,
}

/// One equilibrium of a stage game, as `smfg stage` lists it.
#[derive(Clone, Debug)]
pub struct SolvedEquilibrium {
    /// The leader's prescription at which the followers' game is played.
    pub leader: LeaderPrescription,
    /// How it comes about.
    pub kind: Kind,
    /// z' of (8), the mean over what the leader may do; the left side of the jump for a lottery.
    pub next: MeanField,
    /// Probability of the right side of the jump under the public coin; 0 without one.
    pub coin: f64,
    /// gamma^f.
    pub prescription: Prescription,
    /// V^f and V^l of this equilibrium.
    pub values: StateValues,
    /// Largest loss of a played action.
    pub residual: f64,
    /// Whether theta plays it: the leader's action and the followers' selected equilibrium.
    pub selected: bool,
    /// Whether it is a point of a continuum of equilibria.
    pub continuum: bool,
    /// Whether it is a one-sided limit at a jump inside a continuum, which no equilibrium of it attains.
    pub supremum: bool,
}

/// Where a solution begins: it holds what can follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The first period.
    pub t: usize,
    /// pi there.
    pub belief: Belief,
}

impl Start {
    /// t = 1 and pi_1.
    pub fn of_game(game: &Game) -> Self {
        Self {
            t: 1,
            belief: game.initial_belief().clone(),
        }
    }
}
