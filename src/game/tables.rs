//! The values of all kernels and rewards at one (t, z): the hot path of every stage.

use super::program::{Program, Slot};
use super::{Game, GameError, KernelRow, Point, Prescription, Quantity};

/// Kernel entries may miss \[0, 1\], and rows may miss one, by this much (rounding); entries are then moved into \[0, 1\].
pub const PROBABILITY_TOLERANCE: f64 = 1e-12;

/// Which slots of a program must hold laws and finite numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    /// Kernel rows of followers and of the leader before they are moved into \[0, 1\], one after the other.
    pub(super) rows: [Vec<Slot>; 2],
    /// The lengths of these rows.
    pub(super) widths: [usize; 2],
    /// Rewards.
    pub(super) rewards: Vec<Slot>,
}

impl Checks {
    /// Every row of the kernels (rows of `widths` entries) and every reward once, split into (constant, varying).
    pub(super) fn split(
        program: &Program,
        widths: [usize; 2],
        kernels: [&[Slot]; 2],
        rewards: &[Slot],
    ) -> (Self, Self) {
        let empty = || Self {
            widths,
            ..Self::default()
        };
        let (mut constant, mut varying) = (empty(), empty());
        for (k, kernel) in kernels.into_iter().enumerate() {
            let mut rows: Vec<&[Slot]> = kernel.chunks_exact(widths[k]).collect();
            rows.sort_unstable();
            rows.dedup();
            for row in rows {
                let fixed = row.iter().all(|slot| program.constant(*slot).is_some());
                if fixed { &mut constant } else { &mut varying }.rows[k].extend(row);
            }
        }
        let mut rewards = rewards.to_vec();
        rewards.sort_unstable();
        rewards.dedup();
        for slot in rewards {
            let fixed = program.constant(slot).is_some();
            if fixed { &mut constant } else { &mut varying }
                .rewards
                .push(slot);
        }
        (constant, varying)
    }

    /// Whether `memory` passes.
    #[inline]
    fn pass(&self, memory: &[f64]) -> bool {
        for (mut rows, width) in self.rows.iter().map(Vec::as_slice).zip(self.widths) {
            while let Some((row, others)) =
                rows.split_at_checked(width).filter(|_| !rows.is_empty())
            {
                if !is_law(row, memory) {
                    return false;
                }
                rows = others;
            }
        }
        let mut rewards = self.rewards.iter();
        rewards.all(|slot| memory[slot.index()].is_finite())
    }
}

/// Whether the slots of one row hold a law, to [`PROBABILITY_TOLERANCE`]. NaN, through the sum, is none.
#[inline]
fn is_law(row: &[Slot], memory: &[f64]) -> bool {
    let mut sum = 0.0;
    for slot in row {
        let probability = memory[slot.index()];
        if probability < -PROBABILITY_TOLERANCE {
            return false;
        }
        sum += probability;
    }
    (sum - 1.0).abs() <= PROBABILITY_TOLERANCE
}

/// The kernels and rewards of a game at one (t, z), for every leader move, type and action.
#[derive(Clone, Debug)]
pub struct Tables<'g> {
    game: &'g Game,
    memory: Vec<f64>,
}

impl<'g> Tables<'g> {
    /// Tables that hold nothing valid before the first [`evaluate`](Self::evaluate).
    pub(super) fn new(game: &'g Game) -> Self {
        Self {
            game,
            memory: game.program.memory(),
        }
    }

    /// Evaluate everything at period t (from 1) and mean field z (length |X^f|).
    ///
    /// # Errors
    /// A kernel row that is no law, or a reward that is not finite. The tables then hold no valid values.
    #[inline]
    pub fn evaluate(&mut self, t: usize, z: &[f64]) -> Result<(), GameError> {
        debug_assert_eq!(z.len(), self.game.types.len());
        self.game.poll()?;
        self.game.program.run(&mut self.memory, t, z);
        if self.game.varying.pass(&self.memory) {
            Ok(())
        } else {
            self.inspect(t, z)
        }
    }

    /// The outcome of every comparison of a formula where the tables were evaluated.
    pub(crate) fn truths(&self) -> Vec<bool> {
        self.game.program.truths(&self.memory)
    }

    /// Like [`evaluate`](Self::evaluate), checking also what depends on neither t nor z.
    pub(crate) fn evaluate_all(&mut self, t: usize, z: &[f64]) -> Result<(), GameError> {
        self.evaluate(t, z)?;
        if self.game.constant.pass(&self.memory) {
            Ok(())
        } else {
            self.inspect(t, z)
        }
    }

    /// Q^f(next | z, x^l, x, a^l, a) at a leader move (x^l, a^l), in \[0, 1\]. An action that the type may not take leaves
    /// it where it is.
    #[inline]
    pub fn transition(&self, leader_move: usize, x: usize, a: usize, next: usize) -> f64 {
        let game = self.game;
        self.memory[game.kernel[game.pair(leader_move, x, a) * game.types.len() + next].index()]
    }

    /// |X^f|.
    pub fn types(&self) -> usize {
        self.game.types.len()
    }

    /// Write gamma^f(a|x) Q^f(x'|z, x^l, x, a^l, a) at a leader move to `laws`, per (x, a, x'), and tell whether that changed
    /// any of them. An action that is not taken need not have a kernel row.
    pub(crate) fn copy_joint_laws(
        &self,
        leader_move: usize,
        prescription: &Prescription,
        laws: &mut [f64],
    ) -> bool {
        let types = self.game.types.len();
        let width = laws.len();
        let mut slots = &self.game.kernel[leader_move * width..][..width];
        let mut laws = laws;
        let mut changed = false;
        for gamma in prescription.rows() {
            let (row, other_slots) = slots.split_at(types);
            let (law, other_laws) = laws.split_at_mut(types);
            for (p, slot) in law.iter_mut().zip(row) {
                let taken = gamma * self.memory[slot.index()];
                let now = if *gamma > 0.0 { taken } else { 0.0 };
                changed |= now != *p;
                *p = now;
            }
            (slots, laws) = (other_slots, other_laws);
        }
        changed
    }

    /// Write R^f(z, ., x^l, a^l, .) to `rewards`, per (x, a).
    pub(crate) fn copy_follower_rewards(&self, leader_move: usize, rewards: &mut [f64]) {
        self.copy(&self.game.follower_reward, leader_move, rewards);
    }

    /// Write g(z, x^l, a^l, ., .) to `rewards`, per (x, a).
    pub(crate) fn copy_leader_follower_rewards(&self, leader_move: usize, rewards: &mut [f64]) {
        self.copy(&self.game.leader_follower_reward, leader_move, rewards);
    }

    #[inline]
    fn copy(&self, slots: &[Slot], leader_move: usize, values: &mut [f64]) {
        let slots = &slots[leader_move * values.len()..][..values.len()];
        for (value, slot) in values.iter_mut().zip(slots) {
            *value = self.memory[slot.index()];
        }
    }

    /// Q^l(next | z, x^l, a^l) at a leader move (x^l, a^l), in \[0, 1\].
    #[inline]
    pub fn leader_transition(&self, leader_move: usize, next: usize) -> f64 {
        let game = self.game;
        let types = game.leader_types.names.len();
        self.memory[game.leader_kernel[leader_move * types + next].index()]
    }

    /// R^f(z, x^l, x, a^l, a); zero for an action that the type may not take.
    #[inline]
    pub fn follower_reward(&self, leader_move: usize, x: usize, a: usize) -> f64 {
        self.memory[self.game.follower_reward[self.game.pair(leader_move, x, a)].index()]
    }

    /// r(z, x^l, a^l), the part of R^l per period.
    #[inline]
    pub fn leader_period_reward(&self, leader_move: usize) -> f64 {
        self.memory[self.game.leader_period_reward[leader_move].index()]
    }

    /// g(z, x^l, a^l, x, a), the part of R^l per follower; zero for an action that the type may not take.
    #[inline]
    pub fn leader_follower_reward(&self, leader_move: usize, x: usize, a: usize) -> f64 {
        self.memory[self.game.leader_follower_reward[self.game.pair(leader_move, x, a)].index()]
    }

    /// Every check in the order of leader moves, types and actions, to name the first that fails.
    #[cold]
    fn inspect(&self, t: usize, z: &[f64]) -> Result<(), GameError> {
        let game = self.game;
        game.check_code()?;
        let finite = |quantity: &dyn Fn() -> Quantity, value: f64| {
            let error = || GameError::NotFinite {
                quantity: quantity(),
                value,
                point: Point { t, z: z.to_vec() },
            };
            if value.is_finite() {
                Ok(())
            } else {
                Err(error())
            }
        };
        for l in 0..game.leader_moves() {
            for x in 0..game.types.len() {
                for a in 0..game.actions.len() {
                    let start = game.pair(l, x, a) * game.types.len();
                    let row = &game.raw_kernel[start..start + game.types.len()];
                    let of = || KernelRow::Follower(game.spot(l, x, a));
                    self.inspect_row(t, z, row, &of)?;
                    finite(
                        &|| Quantity::FollowerReward(game.spot(l, x, a)),
                        self.follower_reward(l, x, a),
                    )?;
                    let reward = self.leader_follower_reward(l, x, a);
                    finite(
                        &|| Quantity::LeaderFollowerReward(game.spot(l, x, a)),
                        reward,
                    )?;
                }
            }
            let quantity = || Quantity::LeaderPeriodReward(Box::new(game.leader_spot(l)));
            finite(&quantity, self.leader_period_reward(l))?;
            let types = game.leader_types.names.len();
            let row = &game.raw_leader_kernel[l * types..(l + 1) * types];
            self.inspect_row(t, z, row, &|| {
                KernelRow::Leader(Box::new(game.leader_spot(l)))
            })?;
        }
        Ok(())
    }

    fn inspect_row(
        &self,
        t: usize,
        z: &[f64],
        row: &[Slot],
        of: &dyn Fn() -> KernelRow,
    ) -> Result<(), GameError> {
        let game = self.game;
        if is_law(row, &self.memory) {
            return Ok(());
        }
        let (of, point) = (of(), Point { t, z: z.to_vec() });
        let names = match of {
            KernelRow::Follower(_) => &game.types,
            KernelRow::Leader(_) => &game.leader_types.names,
        };
        let values: Vec<f64> = row.iter().map(|slot| self.memory[slot.index()]).collect();
        for (&value, next) in values.iter().zip(names) {
            let next = next.clone();
            if !value.is_finite() {
                let quantity = match of {
                    KernelRow::Follower(spot) => Quantity::Transition { spot, next },
                    KernelRow::Leader(spot) => Quantity::LeaderTransition { spot, next },
                };
                return Err(GameError::NotFinite {
                    quantity,
                    value,
                    point,
                });
            }
            if value < -PROBABILITY_TOLERANCE {
                return Err(GameError::Negative {
                    row: of,
                    next,
                    value,
                    point,
                });
            }
        }
        Err(GameError::RowSum {
            row: of,
            sum: values.iter().sum(),
            point,
        })
    }
}
