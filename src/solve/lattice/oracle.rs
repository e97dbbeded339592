//! V of one period at any point, not from the lattice but by solving the game there.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::backward::StageGames;
use super::theta::SimplexSolution;
use crate::game::LeaderPrescription;
use crate::solve::SolveError;
use crate::solve::leader::Work;

/// What is selected at a point, and what it is worth.
#[derive(Debug)]
pub(super) struct Seen {
    /// All components of V.
    pub values: Vec<f64>,
    /// The leader's prescription there and the followers' supports; none at T + 1.
    pub label: Option<(LeaderPrescription, Vec<bool>)>,
}

/// V_t re-solved against V_{t+1}, or the terminal reward itself.
pub(super) struct Oracle<'s, 'g> {
    solution: &'s SimplexSolution<'g>,
    /// The period; T + 1 for the terminal reward.
    pub t: usize,
    games: Option<StageGames<'s>>,
    /// By belief and the bits of z.
    seen: BTreeMap<(usize, Vec<u64>), Rc<Seen>>,
    pub work: Work,
}

impl<'s, 'g> Oracle<'s, 'g> {
    /// Of the period that follows on t.
    pub fn after(solution: &'s SimplexSolution<'g>, t: usize) -> Self {
        let game = solution.game();
        let t = if game.is_infinite() { 1 } else { t + 1 };
        let ends = !game.is_infinite() && t > game.horizon();
        Self {
            solution,
            t,
            games: (!ends).then(|| solution.games(t)),
            seen: BTreeMap::new(),
            work: Work::default(),
        }
    }

    /// Whether this is the terminal reward.
    pub fn is_terminal(&self) -> bool {
        self.games.is_none()
    }

    /// V at a belief of the period, by its number, and z.
    pub fn look(&mut self, node: usize, z: &[f64]) -> Result<Rc<Seen>, SolveError> {
        let key = (node, z.iter().map(|w| w.to_bits()).collect());
        if let Some(seen) = self.seen.get(&key) {
            return Ok(seen.clone());
        }
        let seen = Rc::new(self.solve(node, z)?);
        self.seen.insert(key, seen.clone());
        Ok(seen)
    }

    fn solve(&mut self, node: usize, z: &[f64]) -> Result<Seen, SolveError> {
        let game = self.solution.game();
        let Some(games) = &mut self.games else {
            let types = 0..game.follower_types().len();
            let values = types.map(|x| game.in_units().terminal_reward(z, x));
            let mut values: Vec<f64> = values.collect::<Result<_, _>>()?;
            values.resize(self.solution.components(), 0.0);
            return Ok(Seen {
                values,
                label: None,
            });
        };
        let belief = &self.solution.beliefs(self.t)[node];
        games.move_to(belief, z)?;
        let listed = self.solution.candidates_at(belief)?;
        let answer = games
            .choose(&self.solution.rule(), &listed, &mut self.work)?
            .answer;
        let taken = answer.equilibrium.gamma.iter().map(|p| *p > 0.0);
        let label = Some((answer.leader, taken.collect()));
        let mut values = answer.equilibrium.followers;
        values.extend(answer.leader_types);
        Ok(Seen { values, label })
    }
}

/// Stage games and what takes as long.
pub(super) fn effort(work: &Work) -> u64 {
    work.stage_games + (work.blocks + work.systems) / 8
}
