//! V of one period at any point, not from the lattice but by solving the game there.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Nodes;
use super::games::StageGames;
use crate::game::LeaderPrescription;
use crate::solve::representation::StageGames as _;
use crate::solve::theta::Theta;
use crate::solve::{SolveError, Work};

/// What is selected at a point, and what it is worth.
#[derive(Debug)]
pub(super) struct Resolved {
    /// All components of V.
    pub values: Vec<f64>,
    /// The leader's prescription there and the followers' supports; none at T + 1.
    pub label: Option<(LeaderPrescription, Vec<bool>)>,
}

/// The leader's candidates by belief, listed where they are needed.
pub(super) type Lists = Vec<OnceCell<Vec<LeaderPrescription>>>;

/// V_t re-solved against V_{t+1}, or the terminal reward itself.
pub(super) struct Oracle<'s, 'g> {
    theta: &'s Theta<'g, Nodes>,
    /// The period; T + 1 for the terminal reward.
    pub t: usize,
    lists: &'s Lists,
    games: Option<StageGames<'s>>,
    /// By belief and the bits of z.
    resolved: BTreeMap<(usize, Vec<u64>), Rc<Resolved>>,
    pub work: Work,
}

/// The period after t.
fn after(theta: &Theta<'_, Nodes>, t: usize) -> usize {
    if theta.game().is_infinite() { 1 } else { t + 1 }
}

/// Room for the candidates of the period that follows on t.
pub(super) fn lists(theta: &Theta<'_, Nodes>, t: usize) -> Lists {
    let beliefs = theta.beliefs(after(theta, t)).iter();
    beliefs.map(|_| OnceCell::new()).collect()
}

impl<'s, 'g> Oracle<'s, 'g> {
    /// Of the period that follows on t.
    pub fn after(theta: &'s Theta<'g, Nodes>, t: usize, lists: &'s Lists) -> Self {
        let t = after(theta, t);
        let ends = !theta.game().is_infinite() && t > theta.game().horizon();
        Self {
            theta,
            t,
            lists,
            games: (!ends).then(|| StageGames::new(theta.period(t, &theta.beliefs(t)[0]), &[])),
            resolved: BTreeMap::new(),
            work: Work::default(),
        }
    }

    /// Whether this is the terminal reward.
    pub fn is_terminal(&self) -> bool {
        self.games.is_none()
    }

    /// V at a belief of the period, by its number, and z.
    pub fn look(&mut self, node: usize, z: &[f64]) -> Result<Rc<Resolved>, SolveError> {
        let key = (node, z.iter().map(|w| w.to_bits()).collect());
        if let Some(resolved) = self.resolved.get(&key) {
            return Ok(resolved.clone());
        }
        let resolved = Rc::new(self.solve(node, z)?);
        self.resolved.insert(key, resolved.clone());
        Ok(resolved)
    }

    fn solve(&mut self, node: usize, z: &[f64]) -> Result<Resolved, SolveError> {
        let game = self.theta.game();
        let Some(games) = &mut self.games else {
            let types = 0..game.follower_types().len();
            let values = types.map(|x| game.in_units().terminal_reward(z, x));
            let mut values: Vec<f64> = values.collect::<Result<_, _>>()?;
            values.resize(self.theta.representation().components, 0.0);
            return Ok(Resolved {
                values,
                label: None,
            });
        };
        let belief = &self.theta.beliefs(self.t)[node];
        let list = &self.lists[node];
        let listed = match list.get() {
            Some(listed) => listed,
            None => {
                let listed = self.theta.candidates(belief)?;
                list.get_or_init(|| listed)
            }
        };
        games.move_to_belief(belief, listed);
        games.move_to(z)?;
        let rule = self.theta.rule();
        let answer = rule.choose(games, &mut self.work)?.equilibrium;
        let taken = answer.equilibrium.gamma.iter().map(|p| *p > 0.0);
        let label = Some((answer.leader, taken.collect()));
        let mut values = answer.equilibrium.followers;
        values.extend(answer.leader_types);
        Ok(Resolved { values, label })
    }
}
