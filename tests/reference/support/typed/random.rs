//! Random games with leader types, as closures and (`text`) as scenarios.

use super::game::{Flow, Information, TypedGame};
use crate::support::random::Random;
use std::sync::Arc;

/// The number c + sum_x s(x) z(x); a constant has no slopes.
#[derive(Clone, Debug)]
pub struct Number {
    pub constant: f64,
    pub slopes: Vec<f64>,
}

impl Number {
    pub fn constant(constant: f64) -> Self {
        Self {
            constant,
            slopes: vec![],
        }
    }

    pub fn at(&self, z: &[f64]) -> f64 {
        let terms = self.slopes.iter().zip(z);
        self.constant + terms.map(|(s, z)| s * z).sum::<f64>()
    }
}

/// On what of the leader the followers' kernel depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    Nothing,
    Action,
    Type,
    TypeAndAction,
}

/// How the leader's type moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// It stays.
    Still,
    /// By a matrix of quarters.
    Exogenous,
    /// By a matrix of quarters per action.
    ByAction,
    /// By laws affine in z, at t = 1; as `ByAction` later.
    ByMeanField,
}

/// What the periods from t = 2 on are like. Period 1 is without order: all kernels and rewards are affine in z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taste {
    /// Like period 1. V_2 bends and jumps in z.
    Free,
    /// Everybody has a favourite action, worth 3: leader types one each, and follower types. All else that an action
    /// decides is smaller, so V_2 is affine in z. For T = 2 it is also affine in pi: V_2 of the followers is
    /// sum_x pi(x) (..), V_2 of the leader's types does not depend on pi.
    Settled,
    /// The same, but the favourite of a follower type depends on the leader's: followers wish to know her. V_2 is affine
    /// in z, and bends (V^f) and jumps (V^l) in pi. For T = 2.
    Curious,
}

/// What a random game is a function of.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub seed: u64,
    pub horizon: usize,
    pub information: Information,
    pub flow: Flow,
    pub leader: (usize, usize),
    pub follower: (usize, usize),
    pub dependence: Dependence,
    pub motion: Motion,
    pub taste: Taste,
}

impl Recipe {
    /// Two of everything, two periods of settled taste; flow, dependence and motion vary with the seed.
    pub fn varied(seed: u64) -> Self {
        let kinds = seed as usize;
        Self {
            seed,
            horizon: 2,
            information: Information::Private,
            flow: [Flow::Averaged, Flow::Realised][kinds / 2 % 2],
            leader: (2, 2),
            follower: (2, 2),
            dependence: [
                Dependence::Nothing,
                Dependence::Action,
                Dependence::Type,
                Dependence::TypeAndAction,
            ][kinds / 4 % 4],
            motion: [
                Motion::Still,
                Motion::Exogenous,
                Motion::ByAction,
                Motion::ByMeanField,
            ][(kinds + kinds / 4) % 4],
            taste: Taste::Settled,
        }
    }
}

/// One number or law per (leader type, leader action, type, action), and per period: t = 1, and later.
pub type ByMoves<T> = [Vec<Vec<Vec<Vec<T>>>>; 2];
/// One number or law per (leader type, leader action), and per period.
pub type ByLeader<T> = [Vec<Vec<T>>; 2];

/// A random game by its coefficients. A law of n types has n - 1 numbers; the last type takes the rest.
#[derive(Clone, Debug)]
pub struct RandomGame {
    pub recipe: Recipe,
    pub discount: f64,
    /// pi_1, in quarters.
    pub belief: Vec<f64>,
    /// z_1.
    pub initial: Vec<f64>,
    pub kernel: ByMoves<Vec<Number>>,
    pub leader_kernel: ByLeader<Vec<Number>>,
    pub reward: ByMoves<Number>,
    pub leader_period: ByLeader<Number>,
    pub leader_share: ByMoves<Number>,
    /// For T = 1, so that there is a game: the reward of ending in each type.
    pub terminal: Option<Vec<Number>>,
}

/// The index of period t in the arrays.
pub fn part(t: usize) -> usize {
    usize::from(t > 1)
}

/// The draws of one game.
struct Draws {
    random: Random,
    leader: (usize, usize),
    follower: (usize, usize),
}

impl Draws {
    /// A number in [low, high], in thousandths.
    fn thousandths(&mut self, low: f64, high: f64) -> f64 {
        ((low + (high - low) * self.random.uniform()) * 1000.0).round() / 1000.0
    }

    fn constant(&mut self, size: f64) -> Number {
        Number::constant(self.thousandths(-size, size))
    }

    /// c + s z with |c| and |s(x)| up to these sizes.
    fn affine(&mut self, constant: f64, slope: f64) -> Number {
        Number {
            constant: self.thousandths(-constant, constant),
            slopes: (0..self.follower.0)
                .map(|_| self.thousandths(-slope, slope))
                .collect(),
        }
    }

    /// All but the last entry of a law on n types, in parts of `parts`; none is below `least` parts.
    fn law(&mut self, n: usize, parts: u64, least: u64) -> Vec<f64> {
        let mut left = parts - n as u64 * least;
        (1..n)
            .map(|_| {
                let share = self.random.bits() % (left + 1);
                left -= share;
                (share + least) as f64 / parts as f64
            })
            .collect()
    }

    /// A law that is affine in z: the mixture by z of one law per type.
    fn affine_law(&mut self, n: usize) -> Vec<Number> {
        let laws: Vec<Vec<f64>> = (0..self.follower.0)
            .map(|_| self.law(n, 1000, 20))
            .collect();
        (0..n - 1)
            .map(|to| Number {
                constant: 0.0,
                slopes: laws.iter().map(|law| law[to]).collect(),
            })
            .collect()
    }

    fn constant_law(&mut self, n: usize, parts: u64, least: u64) -> Vec<Number> {
        let law = self.law(n, parts, least).into_iter();
        law.map(Number::constant).collect()
    }

    fn by_leader<T>(&mut self, mut draw: impl FnMut(&mut Self, usize, usize) -> T) -> Vec<Vec<T>> {
        (0..self.leader.0)
            .map(|xl| (0..self.leader.1).map(|al| draw(self, xl, al)).collect())
            .collect()
    }

    fn by_moves<T>(
        &mut self,
        mut draw: impl FnMut(&mut Self, [usize; 4]) -> T,
    ) -> Vec<Vec<Vec<Vec<T>>>> {
        self.by_leader(|draws, xl, al| {
            let (types, actions) = draws.follower;
            (0..types)
                .map(|x| (0..actions).map(|a| draw(draws, [xl, al, x, a])).collect())
                .collect()
        })
    }

    /// An index below n.
    fn index(&mut self, n: usize) -> usize {
        (self.random.bits() % n as u64) as usize
    }
}

impl RandomGame {
    pub fn new(recipe: Recipe) -> Self {
        let (leader, follower) = (recipe.leader, recipe.follower);
        let mut draws = Draws {
            random: Random::new(recipe.seed),
            leader,
            follower,
        };
        let kernel = [0, 1].map(|part| {
            let constant = part == 1 && recipe.taste != Taste::Free;
            let mut all = draws.by_moves(|d, _| match constant {
                true => d.constant_law(follower.0, 1000, 20),
                false => d.affine_law(follower.0),
            });
            let depends = recipe.dependence;
            for xl in 0..leader.0 {
                for al in 0..leader.1 {
                    let from_type = match depends {
                        Dependence::Type | Dependence::TypeAndAction => xl,
                        _ => 0,
                    };
                    let from_action = match depends {
                        Dependence::Action | Dependence::TypeAndAction => al,
                        _ => 0,
                    };
                    all[xl][al] = all[from_type][from_action].clone();
                }
            }
            all
        });
        let later = Self::leader_kernel(&recipe, &mut draws);
        let first = match recipe.motion {
            Motion::ByMeanField => draws.by_leader(|d, _, _| d.affine_law(leader.0)),
            _ => later.clone(),
        };
        let leader_kernel = [first, later];
        let (reward, leader_period, leader_share) = Self::rewards(&recipe, &mut draws);
        let belief = draws.law(leader.0, 4, 1);
        let initial = draws.law(follower.0, 1000, 100);
        let terminal = (recipe.horizon == 1)
            .then(|| (0..follower.0).map(|_| draws.affine(0.5, 1.0)).collect());
        Self {
            discount: 0.9,
            belief: with_rest(belief),
            initial: with_rest(initial),
            kernel,
            leader_kernel,
            reward,
            leader_period,
            leader_share,
            terminal,
            recipe,
        }
    }

    /// Q^l from t = 2 on, and from t = 1 where it does not depend on z.
    fn leader_kernel(recipe: &Recipe, draws: &mut Draws) -> Vec<Vec<Vec<Number>>> {
        let types = recipe.leader.0;
        let one: Vec<Vec<Number>> = (0..types)
            .map(|_| draws.constant_law(types, 4, 0))
            .collect();
        draws.by_leader(|d, xl, _| match recipe.motion {
            Motion::Still => (0..types - 1)
                .map(|to| Number::constant(f64::from(u8::from(to == xl))))
                .collect(),
            Motion::Exogenous => one[xl].clone(),
            _ => d.constant_law(types, 4, 0),
        })
    }

    /// R^f, r and g. What else an action decides in its period is at most 0.4 for followers and 1.4 for the leader, and
    /// of the next period at most 0.9 (0.4 + 1.6) and 0.9 * 1.4: less than 3 together, for T <= 3.
    fn rewards(
        recipe: &Recipe,
        draws: &mut Draws,
    ) -> (ByMoves<Number>, ByLeader<Number>, ByMoves<Number>) {
        const FAVOURITE: f64 = 3.0;
        let ((leader_types, leader_actions), (types, actions)) = (recipe.leader, recipe.follower);
        let free = recipe.taste == Taste::Free;
        let hers: Vec<usize> = (0..leader_types)
            .map(|_| draws.index(leader_actions))
            .collect();
        let theirs: Vec<Vec<usize>> = (0..leader_types)
            .map(|_| (0..types).map(|_| draws.index(actions)).collect())
            .collect();
        // Even seeds punish a type for being common, odd ones reward it.
        let crowd = if recipe.seed.is_multiple_of(2) {
            -1.2
        } else {
            1.2
        };
        let slopes: Vec<Vec<Number>> = (0..leader_types)
            .map(|_| {
                (0..types)
                    .map(|x| {
                        let mut slopes = draws.affine(0.0, 0.2);
                        slopes.slopes[x] += crowd;
                        slopes
                    })
                    .collect()
            })
            .collect();
        let mut reward = |later: bool| {
            draws.by_moves(|d, [xl, _, x, a]| {
                if !later || free {
                    return match free {
                        true => d.affine(0.3, 0.8),
                        false => d.affine(0.15, 0.15),
                    };
                }
                let row = if recipe.taste == Taste::Curious {
                    xl
                } else {
                    0
                };
                let mut reward = slopes[xl][x].clone();
                reward.constant = d.thousandths(-0.2, 0.2);
                reward.constant += if theirs[row][x] == a { FAVOURITE } else { 0.0 };
                reward
            })
        };
        let reward = [reward(false), reward(true)];
        let mut period = |later: bool| {
            draws.by_leader(|d, xl, al| {
                if !later || free {
                    return d.affine(0.3, 0.3);
                }
                let mut period = d.affine(0.1, 0.1);
                period.constant += if hers[xl] == al { FAVOURITE } else { 0.0 };
                period
            })
        };
        let period = [period(false), period(true)];
        let mut share = |later: bool| {
            draws.by_moves(|d, _| match later && !free {
                true => d.constant(0.5),
                false => d.affine(0.5, 0.5),
            })
        };
        (reward, period, [share(false), share(true)])
    }

    /// The game as closures.
    pub fn game(&self) -> TypedGame {
        let numbers = Arc::new(self.clone());
        let [kernel, reward, period, share, leader_kernel] = [0; 5].map(|_| Arc::clone(&numbers));
        let law = |law: &[Number], z: &[f64]| with_rest(law.iter().map(|n| n.at(z)).collect());
        TypedGame {
            horizon: self.recipe.horizon,
            discount: self.discount,
            leader: self.recipe.leader,
            follower: self.recipe.follower,
            information: self.recipe.information,
            flow: self.recipe.flow,
            belief: self.belief.clone(),
            initial: self.initial.clone(),
            leader_kernel: Box::new(move |t, z, (xl, al)| {
                law(&leader_kernel.leader_kernel[part(t)][xl][al], z)
            }),
            kernel: Box::new(move |t, z, (xl, al), (x, a)| {
                law(&kernel.kernel[part(t)][xl][al][x][a], z)
            }),
            reward: Box::new(move |t, z, (xl, al), (x, a)| {
                reward.reward[part(t)][xl][al][x][a].at(z)
            }),
            leader_period: Box::new(move |t, z, (xl, al)| {
                period.leader_period[part(t)][xl][al].at(z)
            }),
            leader_share: Box::new(move |t, z, (xl, al), (x, a)| {
                share.leader_share[part(t)][xl][al][x][a].at(z)
            }),
            terminal: self.terminal.clone().map(|terminal| {
                let rule = move |z: &[f64], x: usize| terminal[x].at(z);
                Box::new(rule) as super::game::Terminal
            }),
        }
    }
}

/// A law with its last entry, what the others leave.
fn with_rest(mut law: Vec<f64>) -> Vec<f64> {
    law.push(1.0 - law.iter().sum::<f64>());
    law
}
