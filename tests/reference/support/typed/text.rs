//! A random game as the text of a scenario; coefficients are printed so that they read back exactly.

use super::game::{Flow, Information};
use super::random::{ByLeader, ByMoves, Number, RandomGame};

/// Names of the followers' types.
pub const TYPES: [&str; 3] = ["one", "two", "three"];
/// Names of the followers' actions.
pub const ACTIONS: [&str; 3] = ["a0", "a1", "a2"];
/// Names of the leader's types.
pub const LEADER_TYPES: [&str; 3] = ["mild", "stern", "odd"];
/// Names of the leader's actions.
pub const LEADER_ACTIONS: [&str; 3] = ["soft", "hard", "harsh"];

impl Number {
    fn formula(&self) -> String {
        if self.slopes.is_empty() {
            return format!("{:?}", self.constant);
        }
        let terms = self.slopes.iter().zip(TYPES);
        let terms = terms.map(|(slope, name)| format!(" + {slope:?} * z[{name}]"));
        format!("({:?}{})", self.constant, terms.collect::<String>())
    }
}

/// A list for TOML.
fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// A formula with the value of the first row whose condition holds, else of the last.
fn choose(condition: impl Fn(usize) -> String, rows: Vec<String>) -> String {
    let mut rows = rows.into_iter().enumerate().rev();
    let (_, last) = rows.next().expect("at least one row");
    rows.fold(last, |other, (i, row)| match row == other {
        true => other,
        false => format!("if({}, {row}, {other})", condition(i)),
    })
}

impl RandomGame {
    /// By period, then leader type and action.
    fn by_leader(&self, number: &dyn Fn(usize, usize, usize) -> String) -> String {
        let (types, actions) = self.recipe.leader;
        let by_action = |part: usize, xl: usize| {
            let rows = (0..actions).map(|al| number(part, xl, al)).collect();
            choose(
                |al| format!("leader_action == {}", LEADER_ACTIONS[al]),
                rows,
            )
        };
        let by_type = |part: usize| {
            let rows = (0..types).map(|xl| by_action(part, xl)).collect();
            choose(|xl| format!("leader_type == {}", LEADER_TYPES[xl]), rows)
        };
        self.by_period(&by_type)
    }

    /// Period 1, then the others.
    fn by_period(&self, row: &dyn Fn(usize) -> String) -> String {
        let parts = if self.recipe.horizon == 1 { 1 } else { 2 };
        choose(|_| "t == 1".to_owned(), (0..parts).map(row).collect())
    }

    /// The formula of one of the followers' cells.
    fn cell(&self, numbers: &ByMoves<Number>, x: usize, a: usize) -> String {
        self.by_leader(&|part, xl, al| numbers[part][xl][al][x][a].formula())
    }

    /// The followers' cells, x first.
    fn cells(&self) -> Vec<(usize, usize)> {
        let (types, actions) = self.recipe.follower;
        (0..types)
            .flat_map(|x| (0..actions).map(move |a| (x, a)))
            .collect()
    }

    /// A row of a table: entries for all but the last of `names`, which takes the rest.
    fn row(key: &str, names: &[&str], entry: &dyn Fn(usize) -> String) -> String {
        let (last, others) = names.split_last().expect("a type");
        let entries = others.iter().enumerate();
        let entries: String = entries
            .map(|(to, name)| format!("{name} = \"{}\", ", entry(to)))
            .collect();
        format!("\"{key}\" = {{ {entries}{last} = \"rest\" }}\n")
    }

    /// The sections [follower], [follower.transition] and [follower.reward].
    fn follower(&self) -> String {
        let (types, actions) = self.recipe.follower;
        let mut text = format!(
            "[follower]\ntypes = {}\nactions = {}\ninitial = {:?}\n",
            quoted(&TYPES[..types]),
            quoted(&ACTIONS[..actions]),
            self.initial,
        );
        if let Some(terminal) = &self.terminal {
            let rows = terminal.iter().map(Number::formula).collect();
            let formula = choose(|x| format!("x == {}", TYPES[x]), rows);
            text += &format!("terminal = \"{formula}\"\n");
        }
        let (mut transition, mut reward) = (String::new(), String::new());
        for (x, a) in self.cells() {
            let key = format!("{}, {}", TYPES[x], ACTIONS[a]);
            transition += &Self::row(&key, &TYPES[..types], &|to| {
                self.by_leader(&|part, xl, al| self.kernel[part][xl][al][x][a][to].formula())
            });
            reward += &format!("\"{key}\" = \"{}\"\n", self.cell(&self.reward, x, a));
        }
        text + "\n[follower.transition]\n" + &transition + "\n[follower.reward]\n" + &reward
    }

    /// The section [leader], with [leader.transition] where she has types.
    fn leader(&self) -> String {
        let (types, actions) = self.recipe.leader;
        let period: &ByLeader<Number> = &self.leader_period;
        let period = self.by_leader(&|part, xl, al| period[part][xl][al].formula());
        let share: Vec<String> = self
            .cells()
            .into_iter()
            .map(|(x, a)| {
                let value = self.cell(&self.leader_share, x, a);
                format!("(x == {}) * (a == {}) * {value}", TYPES[x], ACTIONS[a])
            })
            .collect();
        let mut text = format!(
            "[leader]\nactions = {}\nreward = {{ period = \"{period}\", per_follower = \"{}\" }}\n",
            quoted(&LEADER_ACTIONS[..actions]),
            share.join(" + ")
        );
        if types == 1 {
            return text;
        }
        text += &format!(
            "types = {}\ninitial = {:?}\nobserved = {}\n\n[leader.transition]\n",
            quoted(&LEADER_TYPES[..types]),
            self.belief,
            self.recipe.information == Information::Public,
        );
        for (xl, her_type) in LEADER_TYPES[..types].iter().enumerate() {
            for (al, action) in LEADER_ACTIONS[..actions].iter().enumerate() {
                let key = format!("{her_type}, {action}");
                text += &Self::row(&key, &LEADER_TYPES[..types], &|to| {
                    self.by_period(&|part| self.leader_kernel[part][xl][al][to].formula())
                });
            }
        }
        text
    }

    /// The game as a scenario; `selection` is the word for it, `grid` the lattice.
    pub fn scenario(&self, selection: &str, grid: usize) -> String {
        let flow = match self.recipe.flow {
            Flow::Averaged => "",
            Flow::Realised => "flow = \"realised\"\n",
        };
        format!(
            "name = \"typed\"\nhorizon = {}\ndiscount = {:?}\n\n{}\n{}\n[solve]\nselection = \"{selection}\"\ngrid = {grid}\n{flow}",
            self.recipe.horizon,
            self.discount,
            self.follower(),
            self.leader(),
        )
    }
}
