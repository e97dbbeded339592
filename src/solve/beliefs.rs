//! The beliefs at which V_t is held.
//!
//! Without types there is one, where the type is public one per type. For a private type they are the beliefs that (9)
//! can lead to from the start under any candidate prescription, where Q^l does not depend on z and these are few: V is
//! then held where it is needed and nowhere interpolated. Otherwise a lattice of P(X^l), V linear between its nodes.

use super::SolveError;
use super::triangulation::{self, Lattice, Location};
use crate::game::{Belief, BeliefSet, Game, GameError, LeaderInformation, LeaderType, Tables};
use crate::solve::SolveSettings;
use crate::solve::tolerances::NEAR_BELIEF;

/// Reachable beliefs of one period, at most; beyond, a lattice is taken.
const MOST_REACHABLE: usize = 400;
/// Posteriors tried from one belief, at most.
const MOST_POSTERIORS: usize = 100_000;

/// The beliefs of one period.
#[derive(Clone, Debug)]
pub(super) struct BeliefMesh {
    /// In the order of falling pi(x_1), then pi(x_2), and so on.
    nodes: Vec<Belief>,
    /// Where the nodes are a lattice.
    lattice: Option<Lattice>,
}

impl BeliefMesh {
    fn of_nodes(mut nodes: Vec<Belief>) -> Self {
        nodes.sort_by(|a, b| {
            let pairs = a.weights().iter().zip(b.weights());
            let mut orders = pairs.map(|(a, b)| b.total_cmp(a));
            orders
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        Self {
            nodes,
            lattice: None,
        }
    }

    fn of_lattice(types: usize, cells: usize) -> Result<Self, SolveError> {
        let few = triangulation::count(types, cells).is_some_and(|nodes| nodes <= MOST_POSTERIORS);
        if !few {
            return Err(SolveError::Lattice { types, cells });
        }
        let lattice = Lattice::new(types, cells);
        let nodes = (0..lattice.nodes()).map(|node| Belief::new(lattice.mean_field(node)));
        Ok(Self {
            nodes: nodes.collect(),
            lattice: Some(lattice),
        })
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Belief] {
        &self.nodes
    }

    /// The nodes whose mean V at a belief is, with their weights; `None` for a belief that V is not held at.
    pub fn locate(&self, belief: &Belief) -> Option<Vec<(usize, f64)>> {
        if let Some(lattice) = &self.lattice {
            let mut at = Location::default();
            lattice.locate(belief.weights(), &mut at);
            return Some(at.vertices);
        }
        let away: Vec<f64> = self
            .nodes
            .iter()
            .map(|node| distance(node, belief))
            .collect();
        let nearest = away.iter().copied().fold(f64::INFINITY, f64::min);
        let node = away.iter().position(|d| *d <= nearest)?;
        (nearest <= NEAR_BELIEF).then(|| vec![(node, 1.0)])
    }

    /// Whether V between the nodes is interpolated.
    pub fn is_lattice(&self) -> bool {
        self.lattice.is_some()
    }
}

/// The largest difference of a coordinate.
fn distance(a: &Belief, b: &Belief) -> f64 {
    let pairs = a.weights().iter().zip(b.weights());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The beliefs of t, ..., T + 1 from a start; for an infinite horizon one mesh that (9) does not leave.
#[derive(Clone, Debug)]
pub(super) struct Beliefs {
    first: usize,
    meshes: Vec<BeliefMesh>,
    stationary: bool,
}

impl Beliefs {
    /// From a belief at period `first`.
    ///
    /// # Errors
    /// A lattice beyond memory, or a leader kernel without a value.
    pub fn from(
        game: &Game,
        settings: &SolveSettings,
        first: usize,
        start: &Belief,
    ) -> Result<Self, SolveError> {
        let types = game.leader_types().len();
        let periods = if game.is_infinite() {
            1
        } else {
            game.horizon() + 2 - first
        };
        let same = |mesh: BeliefMesh| Self {
            first,
            meshes: vec![mesh; periods],
            stationary: game.is_infinite(),
        };
        match game.leader_information() {
            LeaderInformation::NoTypes => Ok(same(BeliefMesh::of_nodes(vec![start.clone()]))),
            LeaderInformation::Public => {
                let vertices = (0..types).map(|x| Belief::of_type(types, LeaderType(x)));
                Ok(same(BeliefMesh::of_nodes(vertices.collect())))
            }
            LeaderInformation::Private => match reachable(game, settings, (first, start), &[])? {
                Some(meshes) => Ok(Self {
                    first,
                    meshes,
                    stationary: game.is_infinite(),
                }),
                None => Ok(same(BeliefMesh::of_lattice(types, settings.belief_grid)?)),
            },
        }
    }

    /// Those of a whole game with a private type, and `visited` besides: by period t = 1, ..., T + 1, each list with all
    /// that can follow from it.
    ///
    /// # Errors
    /// Too many, and as [`from`](Self::from).
    pub fn visiting(
        game: &Game,
        settings: &SolveSettings,
        visited: &[Vec<Belief>],
    ) -> Result<Self, SolveError> {
        let start = (1, game.initial_belief());
        let meshes = reachable(game, settings, start, visited)?;
        Ok(Self {
            first: 1,
            meshes: meshes.ok_or(SolveError::Visited {
                limit: MOST_REACHABLE,
            })?,
            stationary: game.is_infinite(),
        })
    }

    /// The beliefs of period t, which may be T + 1.
    pub fn at(&self, t: usize) -> &BeliefMesh {
        if self.stationary {
            &self.meshes[0]
        } else {
            &self.meshes[t - self.first]
        }
    }

    /// The number of beliefs, over all periods, that V is held at.
    pub fn count(&self, game: &Game) -> usize {
        let held: usize = self.meshes.iter().map(|mesh| mesh.nodes.len()).sum();
        // Of an infinite horizon the last iterates are held.
        if game.is_infinite() { 2 * held } else { held }
    }

    /// The first period.
    pub fn first(&self) -> usize {
        self.first
    }
}

/// The beliefs of every period that can be reached from a start, and from those `visited` (by period from t = 1), if they
/// can be told and are few.
fn reachable(
    game: &Game,
    settings: &SolveSettings,
    (first, start): (usize, &Belief),
    visited: &[Vec<Belief>],
) -> Result<Option<Vec<BeliefMesh>>, GameError> {
    let types = game.leader_types().len();
    let levels = settings.leader_mixing + 1;
    let tried = u32::try_from(types)
        .ok()
        .and_then(|k| levels.checked_pow(k));
    let few = tried
        .and_then(|n| n.checked_mul(game.leader_actions().len()))
        .is_some_and(|n| n <= MOST_POSTERIORS);
    if !few || !game.leader_kernel_is_constant() {
        return Ok(None);
    }
    let mut tables = game.tables();
    tables.evaluate(first.min(game.horizon()), game.initial().weights())?;
    let mut meshes = vec![BeliefMesh::of_nodes(vec![start.clone()])];
    let mut all = BeliefSet::from(vec![start.clone()]);
    if game.is_infinite() {
        for belief in visited.iter().flatten() {
            all.add(belief.clone());
        }
    }
    let mut now = all.beliefs().to_vec();
    let mut t = first;
    loop {
        let mut next = BeliefSet::default();
        for belief in &now {
            posteriors(game, &tables, belief, levels, &mut next);
            if next.beliefs().len() > MOST_REACHABLE {
                return Ok(None);
            }
        }
        t += 1;
        if game.is_infinite() {
            let known = all.beliefs().len();
            for belief in next.beliefs() {
                all.add(belief.clone());
            }
            let fresh = all.beliefs()[known..].to_vec();
            if all.beliefs().len() > MOST_REACHABLE {
                return Ok(None);
            }
            if fresh.is_empty() {
                return Ok(Some(vec![BeliefMesh::of_nodes(all.beliefs().to_vec())]));
            }
            now = fresh;
        } else {
            for belief in visited.get(t - 1).into_iter().flatten() {
                next.add(belief.clone());
            }
            if next.beliefs().len() > MOST_REACHABLE {
                return Ok(None);
            }
            let next = next.beliefs().to_vec();
            meshes.push(BeliefMesh::of_nodes(next.clone()));
            if t == game.horizon() + 1 {
                return Ok(Some(meshes));
            }
            now = next;
        }
    }
}

/// Every pi' that some action can lead to, its probabilities under the types being multiples of 1 / (levels - 1).
fn posteriors(game: &Game, tables: &Tables, belief: &Belief, levels: usize, out: &mut BeliefSet) {
    let types = belief.weights().len();
    let active: Vec<usize> = (0..types).filter(|x| belief.weights()[*x] > 0.0).collect();
    for action in 0..game.leader_actions().len() {
        for code in 1..levels.pow(active.len() as u32) {
            let mut digits = code;
            let mut weights = vec![0.0; types];
            let mut total = 0.0;
            for &x in &active {
                let w = belief.weights()[x] * (digits % levels) as f64;
                digits /= levels;
                total += w;
                let row = (0..types).map(|next| {
                    tables.leader_transition(x * game.leader_actions().len() + action, next)
                });
                weights
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, q)| *sum += w * q);
            }
            weights.iter_mut().for_each(|w| *w /= total);
            out.add(Belief::new(weights));
        }
    }
}
