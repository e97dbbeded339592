//! A game from code: spaces by name, and kernels and rewards as functions or tables.

use super::assembly::Assembly;
use super::check::check;
use super::columns::{Sets, doubled};
use super::limits::{
    MAX_ACTIONS, MAX_HORIZON, MAX_KERNEL, MAX_LEADER_ACTIONS, MAX_PRESCRIPTIONS, MAX_TYPES,
    fault_of_name, fault_of_type, fault_of_word, range_of_discount,
};
use super::model::{Models, Table};
use super::program::Pool;
use super::sources::{Kernel, Reward, Source};
use super::{Belief, Code, Game, LeaderTypes, Primitives};

mod checks;
mod error;

use checks::{fault_of_word_or_number, law, named, place, set, weights};
pub use error::BuildError;

/// Cells of the lattice of mean fields at which a game is checked.
const CHECKED_CELLS: usize = 200;
/// The most points of it: functions may take long.
const CHECKED_POINTS: u64 = 5_000;

/// Who sees the leader's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// She alone.
    ByLeader,
    /// Everybody.
    ByAll,
}

struct Types {
    names: Vec<String>,
    initial: Vec<f64>,
    observed: Observed,
}

#[derive(Clone, Copy)]
enum Horizon {
    Finite(usize),
    Infinite { epsilon: f64 },
}

/// What a game is built from; see [`Game::builder`].
#[must_use]
pub struct GameBuilder {
    name: String,
    horizon: Option<Horizon>,
    discount: Option<f64>,
    types: Vec<String>,
    actions: Vec<String>,
    initial: Vec<f64>,
    available: Vec<(String, Vec<String>)>,
    leader_actions: Option<Vec<String>>,
    leader_types: Option<Types>,
    transition: Option<Source>,
    leader_transition: Option<Source>,
    follower_reward: Option<Source>,
    leader_follower_reward: Option<Source>,
    leader_period_reward: Option<Source>,
    terminal_reward: Option<Source>,
}

fn owned(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

impl Game {
    /// Begin a game from code.
    ///
    /// A game needs a name, a horizon, a discount, the followers' types, actions and first law, their kernel and their
    /// reward; a leader needs actions and a reward. What is wrong is told by [`GameBuilder::build`], with the name of the
    /// method that was given it.
    ///
    /// A table comes from a function ([`Kernel::code`], [`Reward::code`]), from a function that depends on neither t nor z
    /// ([`Kernel::constant`], [`Reward::constant`]), or from numbers ([`Kernel::table`], [`Kernel::per_period`], likewise of
    /// rewards). Functions of z are known at the mean fields at which they are asked: results say so
    /// ([`Game::is_sampled`]). They must give the same value each time they are asked at one place, and may be asked from
    /// several threads. One that panics, leaves its stated range, gives a row that is no law or another value than before ends
    /// the work with an error that says where.
    ///
    /// # Example
    ///
    /// Technology adoption (Vasal & Berry 2022, section VI-B): followers prefer one of two products and take one of them,
    /// gaining by its users' number, (44); the leader sets the price of one, (45).
    ///
    /// ```
    /// use smfg::game::{Belief, Game, Kernel, Reward};
    /// use smfg::solve::SolveSettings;
    /// use smfg::solve::Solved;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let side = [-1.0, 1.0]; // of types and actions, by index: incumbent, entrant
    /// let prices = [-1.0, 0.0, 1.0, 2.0, 3.0];
    ///
    /// let game = Game::builder("technology")
    ///     .horizon(5)
    ///     .discount(0.9)
    ///     .follower_types(["incumbent", "entrant"])
    ///     .follower_actions(["incumbent", "entrant"])
    ///     .initial([0.5, 0.5])
    ///     .leader_actions(prices.map(|price| price.to_string()))
    ///     // (41): preferences turn with probability 0.1, or 0.4 having taken the other product.
    ///     .transition(Kernel::constant(|at, next| {
    ///         let turns = if at.x == at.a { 0.1 } else { 0.4 };
    ///         next[at.x] = 1.0 - turns;
    ///         next[1 - at.x] = turns;
    ///     }))
    ///     // (44); the incumbent's price is -1.
    ///     .follower_reward(Reward::code(-5.0..=3.0, move |at| {
    ///         let (x, a) = (side[at.x], side[at.a]);
    ///         let price = if at.a == 1 { prices[at.leader_action] } else { -1.0 };
    ///         x * a + (2.0 * at.z[1] - 1.0) * a - price
    ///     }))
    ///     // (45): of every follower who takes the entrant's product she earns the price.
    ///     .leader_follower_reward(Reward::constant(move |at| {
    ///         if at.a == 1 { prices[at.leader_action] } else { 0.0 }
    ///     }))
    ///     .build()?;
    ///
    /// let solution = Solved::compute(&game, &SolveSettings::of(&game), None)?;
    /// let first = solution.resolve(1, &Belief::certain(), game.initial())?;
    /// assert!(first.values.leader > 0.0);
    /// // The followers' reward is a function of z: between the points at which it was asked V is not proven.
    /// assert!(game.is_sampled() && solution.work().unproven > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(name: impl Into<String>) -> GameBuilder {
        GameBuilder {
            name: name.into(),
            horizon: None,
            discount: None,
            types: Vec::new(),
            actions: Vec::new(),
            initial: Vec::new(),
            available: Vec::new(),
            leader_actions: None,
            leader_types: None,
            transition: None,
            leader_transition: None,
            follower_reward: None,
            leader_follower_reward: None,
            leader_period_reward: None,
            terminal_reward: None,
        }
    }
}

impl GameBuilder {
    /// T, from 1 to 100,000.
    pub fn horizon(mut self, periods: usize) -> Self {
        self.horizon = Some(Horizon::Finite(periods));
        self
    }

    /// An infinite horizon. Of it so many periods are played that the rest adds at most a tenth of epsilon, in units of
    /// rewards: the gain by which deviations are judged.
    pub fn infinite_horizon(mut self, epsilon: f64) -> Self {
        self.horizon = Some(Horizon::Infinite { epsilon });
        self
    }

    /// delta in (0, 1], below 1 where the horizon is infinite.
    pub fn discount(mut self, discount: f64) -> Self {
        self.discount = Some(discount);
        self
    }

    /// Names of the follower types, X^f, in the order in which tables and indices have them.
    pub fn follower_types(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.types = owned(names);
        self
    }

    /// Names of the follower actions, A^f.
    pub fn follower_actions(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.actions = owned(names);
        self
    }

    /// z_1, one probability per follower type.
    pub fn initial(mut self, law: impl Into<Vec<f64>>) -> Self {
        self.initial = law.into();
        self
    }

    /// The actions that followers of a type may take; without it, all of them.
    pub fn available(
        mut self,
        follower_type: impl Into<String>,
        actions: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.available.push((follower_type.into(), owned(actions)));
        self
    }

    /// Names of the leader's actions, A^l, which may be numbers; without it there is no leader.
    pub fn leader_actions(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.leader_actions = Some(owned(names));
        self
    }

    /// Names of the leader's types, X^l, which may be numbers, with pi_1, the law of the first, and who sees the type.
    pub fn leader_types(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
        initial: impl Into<Vec<f64>>,
        observed: Observed,
    ) -> Self {
        self.leader_types = Some(Types {
            names: owned(names),
            initial: initial.into(),
            observed,
        });
        self
    }

    /// Q^f(x'|z, x^l, x, a^l, a).
    pub fn transition(mut self, Kernel(source): Kernel) -> Self {
        self.transition = Some(source);
        self
    }

    /// Q^l(x'|z, x^l, a^l); without it her type never changes.
    pub fn leader_transition(mut self, Kernel(source): Kernel) -> Self {
        self.leader_transition = Some(source);
        self
    }

    /// R^f(z, x^l, x, a^l, a).
    pub fn follower_reward(mut self, Reward(source): Reward) -> Self {
        self.follower_reward = Some(source);
        self
    }

    /// g(z, x^l, a^l, x, a), what the leader earns per follower of type x who takes a.
    pub fn leader_follower_reward(mut self, Reward(source): Reward) -> Self {
        self.leader_follower_reward = Some(source);
        self
    }

    /// r(z, x^l, a^l), what the leader earns per period beside it.
    pub fn leader_period_reward(mut self, Reward(source): Reward) -> Self {
        self.leader_period_reward = Some(source);
        self
    }

    /// V_{T+1}(z, x), (14), of a follower who ends in type x; without it 0.
    pub fn terminal_reward(mut self, Reward(source): Reward) -> Self {
        self.terminal_reward = Some(source);
        self
    }

    /// The game, its kernels and rewards checked at a lattice of mean fields.
    ///
    /// # Errors
    /// The first argument that is missing or wrong.
    pub fn build(mut self) -> Result<Game, BuildError> {
        named("builder", &self.name, fault_of_name)?;
        let horizon = self.checked_horizon()?;
        let discount = self.checked_discount()?;
        self.check_names()?;
        let initial = law("initial", &self.initial, self.types.len())?;
        let leader_types = self.checked_leader_types()?;
        let available = self.checked_available()?;
        self.check_tables()?;
        let (types, actions) = (self.types.len(), self.actions.len());
        let mut assembly = Assembly {
            types,
            actions,
            leader_types: leader_types.as_ref().map_or(1, |types| types.names.len()),
            leader_actions: self.leader_actions.as_ref().map_or(1, Vec::len),
            available: available.clone(),
            horizon: match horizon {
                Horizon::Finite(periods) => Some(periods),
                Horizon::Infinite { .. } => None,
            },
            failures: Default::default(),
            numbers: 0,
            models: Models::default(),
            terminal: Models::default(),
        };
        self.check_sizes(&assembly, leader_types.as_ref())?;
        let mut table = |table, source, argument| assembly.table(table, source, argument);
        let kernel = table(Table::Kernel, self.transition.take(), "transition")?;
        let leader_kernel = table(
            Table::LeaderKernel,
            self.leader_transition.take(),
            "leader_transition",
        )?;
        let follower_reward = table(
            Table::FollowerReward,
            self.follower_reward.take(),
            "follower_reward",
        )?;
        let leader_period_reward = table(
            Table::LeaderPeriodReward,
            self.leader_period_reward.take(),
            "leader_period_reward",
        )?;
        let leader_follower_reward = table(
            Table::LeaderFollowerReward,
            self.leader_follower_reward.take(),
            "leader_follower_reward",
        )?;
        let terminal = table(
            Table::Terminal,
            self.terminal_reward.take(),
            "terminal_reward",
        )?;
        let mut pool = Pool::with_models(types, assembly.numbers);
        let mut game = Game::new(Primitives {
            kernel: kernel.slots(&mut pool, types),
            leader_kernel: leader_kernel.slots(&mut pool, types),
            follower_reward: follower_reward.slots(&mut pool, types),
            leader_period_reward: leader_period_reward.slots(&mut pool, types),
            leader_follower_reward: leader_follower_reward.slots(&mut pool, types),
            terminal: terminal.slots(&mut pool, types),
            name: self.name,
            horizon: assembly.horizon,
            discount,
            types: self.types,
            actions: self.actions,
            leader_actions: self.leader_actions,
            leader_types,
            initial,
            available,
            pool,
            code: Code {
                models: assembly.models,
                terminal: assembly.terminal,
                failures: assembly.failures,
            },
        });
        let checked = check(&game, CHECKED_CELLS, CHECKED_POINTS).map_err(BuildError::of_value)?;
        if let Horizon::Infinite { epsilon } = horizon {
            let longest = |periods| BuildError::InfiniteTooLong {
                periods,
                most: MAX_HORIZON,
            };
            game.play_within(checked.reward_width, epsilon)
                .map_err(longest)?;
        }
        Ok(game)
    }

    fn checked_horizon(&self) -> Result<Horizon, BuildError> {
        let argument = "horizon";
        match self.horizon {
            None => Err(BuildError::Missing { argument }),
            Some(Horizon::Finite(periods)) if periods == 0 || periods as u64 > MAX_HORIZON => {
                Err(BuildError::OutOfRange {
                    argument,
                    found: periods as f64,
                    range: "from 1 to 100000",
                })
            }
            Some(Horizon::Infinite { epsilon }) if !(epsilon > 0.0 && epsilon.is_finite()) => {
                Err(BuildError::OutOfRange {
                    argument: "infinite_horizon",
                    found: epsilon,
                    range: "above 0",
                })
            }
            Some(Horizon::Infinite { .. }) if self.terminal_reward.is_some() => {
                Err(BuildError::InfiniteAndTerminal)
            }
            Some(horizon) => Ok(horizon),
        }
    }

    fn checked_discount(&self) -> Result<f64, BuildError> {
        let argument = "discount";
        let found = self.discount.ok_or(BuildError::Missing { argument })?;
        let infinite = matches!(self.horizon, Some(Horizon::Infinite { .. }));
        match range_of_discount(found, infinite) {
            None => Ok(found),
            Some(range) => Err(BuildError::OutOfRange {
                argument,
                found,
                range,
            }),
        }
    }

    fn check_names(&self) -> Result<(), BuildError> {
        set("follower_types", &self.types, MAX_TYPES, fault_of_word)?;
        for name in &self.types {
            named("follower_types", name, fault_of_type)?;
        }
        set(
            "follower_actions",
            &self.actions,
            MAX_ACTIONS,
            fault_of_word,
        )?;
        if let Some(names) = &self.leader_actions {
            set(
                "leader_actions",
                names,
                MAX_LEADER_ACTIONS,
                fault_of_word_or_number,
            )?;
        }
        let leader_types = self.leader_types.iter().flat_map(|types| &types.names);
        if let Some(types) = &self.leader_types {
            set(
                "leader_types",
                &types.names,
                MAX_TYPES,
                fault_of_word_or_number,
            )?;
        }
        for name in leader_types.clone() {
            named("leader_types", name, fault_of_type)?;
        }
        let sets = Sets {
            types: self.types.iter().map(String::as_str).collect(),
            actions: self.actions.iter().map(String::as_str).collect(),
            leader_types: leader_types.cloned().collect(),
            // She may mix where a solution's settings say so.
            mixed_actions: self.leader_actions.clone().unwrap_or_default(),
        };
        doubled(&sets).map_or(Ok(()), |column| {
            let argument = match column.starts_with("leader_") {
                true => "leader_types",
                false => "follower_types",
            };
            Err(BuildError::ColumnCollision { argument, column })
        })
    }

    fn checked_leader_types(&self) -> Result<Option<LeaderTypes>, BuildError> {
        let Some(types) = &self.leader_types else {
            return Ok(None);
        };
        let initial = weights("leader_types", &types.initial, types.names.len())?;
        Ok(Some(LeaderTypes {
            names: types.names.clone(),
            observed: types.observed == Observed::ByAll,
            initial: Belief::new(initial),
        }))
    }

    /// By type, then action.
    fn checked_available(&self) -> Result<Vec<bool>, BuildError> {
        let argument = "available";
        let actions = self.actions.len();
        let mut available = vec![true; self.types.len() * actions];
        let mut seen: Vec<&str> = Vec::new();
        for (name, list) in &self.available {
            let row = &mut available[place(argument, name, &self.types)? * actions..][..actions];
            row.fill(false);
            let names = list.iter().map(String::as_str);
            if list.is_empty() {
                return Err(BuildError::Empty { argument });
            }
            if seen.contains(&name.as_str()) {
                let name = name.clone();
                return Err(BuildError::Duplicate { argument, name });
            }
            seen.push(name);
            for action in names {
                let a = place(argument, action, &self.actions)?;
                if std::mem::replace(&mut row[a], true) {
                    let name = action.to_owned();
                    return Err(BuildError::Duplicate { argument, name });
                }
            }
        }
        Ok(available)
    }

    /// Refuse a table that is missing, or about what there is not.
    fn check_tables(&self) -> Result<(), BuildError> {
        let missing = |argument| Err(BuildError::Missing { argument });
        let no_leader = |argument, needed| Err(BuildError::NoLeader { argument, needed });
        let per_follower = self.leader_follower_reward.is_some();
        let per_period = self.leader_period_reward.is_some();
        if self.transition.is_none() {
            return missing("transition");
        }
        if self.follower_reward.is_none() {
            return missing("follower_reward");
        }
        if self.leader_transition.is_some() && self.leader_types.is_none() {
            return no_leader("leader_transition", "leader_types");
        }
        match self.leader_actions {
            Some(_) if !per_follower && !per_period => missing("leader_follower_reward"),
            None if per_follower => no_leader("leader_follower_reward", "leader_actions"),
            None if per_period => no_leader("leader_period_reward", "leader_actions"),
            None if self.leader_types.is_some() => no_leader("leader_types", "leader_actions"),
            _ => Ok(()),
        }
    }

    fn check_sizes(
        &self,
        sizes: &Assembly,
        leader_types: Option<&LeaderTypes>,
    ) -> Result<(), BuildError> {
        let moves = (sizes.leader_types * sizes.leader_actions) as u64;
        let (types, actions) = (sizes.types as u64, sizes.actions as u64);
        let found = moves * (types * types * actions).max(sizes.leader_types as u64);
        if found > MAX_KERNEL {
            return Err(BuildError::TooMany {
                argument: "transition",
                what: "kernel entries",
                found,
                limit: MAX_KERNEL,
            });
        }
        let private = leader_types.filter(|types| !types.observed);
        let rows = private.map_or(1, |types| types.names.len());
        let found = (sizes.leader_actions as f64).powi(rows as i32);
        match rows > 1 && found > MAX_PRESCRIPTIONS as f64 {
            false => Ok(()),
            true => Err(BuildError::TooManyPrescriptions {
                found,
                actions: sizes.leader_actions,
                types: rows,
                limit: MAX_PRESCRIPTIONS,
            }),
        }
    }
}
