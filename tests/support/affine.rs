//! Random games whose kernels and rewards are affine in m, as the text of a scenario.

use super::random::Random;

/// The number c0 + c1 m.
#[derive(Clone, Copy, Debug)]
pub struct Affine(pub f64, pub f64);

impl Affine {
    fn formula(self) -> String {
        format!("({:?} + {:?} * z[two])", self.0, self.1)
    }

    /// A value in [low, high] at m = 0 and at m = 1, in thousandths.
    fn draw(random: &mut Random, low: f64, high: f64) -> Self {
        let thousandths = |u: f64| ((low + (high - low) * u) * 1000.0).round();
        let (at_zero, at_one) = (thousandths(random.uniform()), thousandths(random.uniform()));
        Self(at_zero / 1000.0, (at_one - at_zero) / 1000.0)
    }
}

/// Coefficients by (leader action, type, action).
type Cube = Vec<[Vec<Affine>; 2]>;

/// A random game of two types, one and two; its actions are called a0, a1, .. and the leader's are 0, 1, ..
#[derive(Clone, Debug)]
pub struct AffineGame {
    pub horizon: usize,
    pub discount: f64,
    pub actions: usize,
    pub initial: f64,
    pub kernel: Cube,
    pub reward: Cube,
    pub leader_share: Cube,
    pub leader_period: Vec<Affine>,
    pub terminal: [Affine; 2],
}

impl AffineGame {
    /// A game that is a function of the seed and the sizes. Odd seeds reward a type for being common, so that several
    /// equilibria of one stage game are common too; even seeds punish it.
    pub fn random(seed: u64, horizon: usize, actions: usize, leader_actions: usize) -> Self {
        let mut random = Random::new(seed);
        let mut cube = |low: f64, high: f64| -> Cube {
            (0..leader_actions)
                .map(|_| {
                    [0, 1].map(|_| {
                        (0..actions)
                            .map(|_| Affine::draw(&mut random, low, high))
                            .collect()
                    })
                })
                .collect()
        };
        let (kernel, mut reward, leader_share) =
            (cube(0.02, 0.98), cube(-1.0, 1.0), cube(-1.0, 1.0));
        let crowd = if seed.is_multiple_of(2) { -2.0 } else { 2.0 };
        for by_type in &mut reward {
            by_type[0].iter_mut().for_each(|row| row.1 -= crowd);
            by_type[1].iter_mut().for_each(|row| row.1 += crowd);
        }
        Self {
            horizon,
            discount: 0.9,
            actions,
            initial: 0.37,
            kernel,
            reward,
            leader_share,
            leader_period: (0..leader_actions)
                .map(|_| Affine::draw(&mut random, -1.0, 1.0))
                .collect(),
            terminal: [0, 1].map(|_| Affine::draw(&mut random, -1.0, 1.0)),
        }
    }

    /// The game as a scenario that can be given to the program; `selection` is the word for it.
    pub fn scenario(&self, selection: &str) -> String {
        let levels = self.kernel.len();
        let by_level = |row: &dyn Fn(usize) -> String| {
            choose(
                |l| format!("level == {l}"),
                &(0..levels).map(row).collect::<Vec<_>>(),
            )
        };
        let mut transition = String::new();
        let mut reward = String::new();
        let mut share = Vec::new();
        for (x, name) in ["one", "two"].into_iter().enumerate() {
            for a in 0..self.actions {
                let next = by_level(&|l| self.kernel[l][x][a].formula());
                transition +=
                    &format!("\"{name}, a{a}\" = {{ two = \"{next}\", one = \"rest\" }}\n");
                reward += &format!(
                    "\"{name}, a{a}\" = \"{}\"\n",
                    by_level(&|l| self.reward[l][x][a].formula())
                );
                let value = by_level(&|l| self.leader_share[l][x][a].formula());
                share.push(format!("(x == {name}) * (a == a{a}) * {value}"));
            }
        }
        let period = by_level(&|l| self.leader_period[l].formula());
        let terminal = choose(|_| "x == one".into(), &self.terminal.map(Affine::formula));
        let names = (0..self.actions)
            .map(|a| format!("\"a{a}\""))
            .collect::<Vec<_>>()
            .join(", ");
        let values = (0..levels)
            .map(|l| l.to_string())
            .collect::<Vec<_>>()
            .join(", ");
        format!(
            "name = \"affine\"\nhorizon = {}\ndiscount = {:?}\n\n[follower]\ntypes = [\"one\", \"two\"]\n\
             actions = [{names}]\ninitial = [{:?}, {:?}]\nterminal = \"{terminal}\"\n\n\
             [follower.transition]\n{transition}\n[follower.reward]\n{reward}\n\
             [leader]\nactions = {{ name = \"level\", values = [{values}] }}\n\
             reward = {{ period = \"{period}\", per_follower = \"{}\" }}\n\n[solve]\nselection = \"{selection}\"\n",
            self.horizon,
            self.discount,
            1.0 - self.initial,
            self.initial,
            share.join(" + "),
        )
    }
}

/// A formula with the value of the first of `rows` whose condition holds, else of the last.
fn choose(condition: impl Fn(usize) -> String, rows: &[String]) -> String {
    let (last, rest) = rows.split_last().expect("at least one row");
    rest.iter()
        .enumerate()
        .rev()
        .fold(last.clone(), |other, (i, row)| {
            format!("if({}, {row}, {other})", condition(i))
        })
}
