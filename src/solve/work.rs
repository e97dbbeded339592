//! Counts of the work that a solution takes.

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
