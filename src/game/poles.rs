//! Rewards without a bound: a divisor that vanishes, or a logarithm of nothing, between the mean fields at which a game is
//! checked. It can be played by populations that do not meet it, but V has no bound there either, and no polynomial comes near.

use super::error::{Point, Quantity};
use super::stretches::{Break, Stretches};
use super::{FollowerType, Game, GameError};

/// Distances from a break at which rewards are compared, each a hundredth of the one before.
const DISTANCES: [f64; 3] = [1e-10, 1e-12, 1e-14];
/// Towards a bound that is approached like a root, steps to the next distance become smaller by a factor of ten, towards a
/// jump they are rounding; a logarithm makes steps of one size.
const SLOWER: f64 = 0.5;
/// What rounding does to a step, relative to the value.
const ROUNDING: f64 = 1e-10;

impl Game {
    /// Whether all rewards of period t, and after the last the terminal rewards, have a bound. For games with two follower
    /// types.
    ///
    /// Only where the enclosure around a break has none, at a pole, are values compared at all.
    ///
    /// # Errors
    /// [`GameError::Unbounded`], at the break.
    pub(crate) fn has_bounds(&self, t: usize, stretches: &Stretches) -> Result<(), GameError> {
        for pole in &stretches.poles {
            for side in [-1.0, 1.0] {
                self.has_bound(t, pole, side)?;
            }
        }
        Ok(())
    }

    /// Whether the steps of every reward become smaller on the way to a break.
    fn has_bound(&self, t: usize, pole: &Break, side: f64) -> Result<(), GameError> {
        let points = DISTANCES.map(|distance| pole.at + side * distance);
        if points.iter().any(|m| !(0.0..=1.0).contains(m)) {
            return Ok(());
        }
        let [far, near, nearest] = points.map(|m| self.rewards_at(t, m));
        let (far, near, nearest) = (far?, near?, nearest?);
        for (k, (quantity, value)) in nearest.iter().enumerate() {
            let (last, before) = (value - near[k].1, near[k].1 - far[k].1);
            if last.abs() > SLOWER * before.abs() && last.abs() > ROUNDING * value.abs() {
                let point = Point {
                    t,
                    z: vec![1.0 - pole.at, pole.at],
                };
                let quantity = quantity.clone();
                return Err(GameError::Unbounded { quantity, point });
            }
        }
        Ok(())
    }

    /// All rewards at z = (1 - m, m).
    fn rewards_at(&self, t: usize, m: f64) -> Result<Vec<(Quantity, f64)>, GameError> {
        let z = [1.0 - m, m];
        if t > self.horizon {
            let terminal = (0..self.types.len()).map(|x| {
                let value = self.terminal_reward(&z, x)?;
                let (follower_type, name) = (FollowerType(x), self.types[x].clone());
                Ok((
                    Quantity::Terminal {
                        follower_type,
                        name,
                    },
                    value,
                ))
            });
            return terminal.collect();
        }
        let mut tables = self.tables();
        tables.evaluate(t, &z)?;
        let mut rewards = Vec::new();
        for l in 0..self.leader_moves() {
            for x in 0..self.types.len() {
                for a in (0..self.actions.len()).filter(|a| self.is_available(x, *a)) {
                    let spot = || self.spot(l, x, a);
                    rewards.extend([
                        (
                            Quantity::FollowerReward(spot()),
                            tables.follower_reward(l, x, a),
                        ),
                        (
                            Quantity::LeaderFollowerReward(spot()),
                            tables.leader_follower_reward(l, x, a),
                        ),
                    ]);
                }
            }
            let spot = Box::new(self.leader_spot(l));
            rewards.push((
                Quantity::LeaderPeriodReward(spot),
                tables.leader_period_reward(l),
            ));
        }
        Ok(rewards)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;
    use crate::solve::Solved;

    /// Solve the game with this reward, or say why not.
    fn solve(reward: &str) -> Result<(), String> {
        let text = format!(
            r#"
name = "g"
horizon = 2
discount = 0.9
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.7, 0.3]
reward = "{reward}"
[follower.transition]
"*, idle" = {{ high = "0.2 * z[low]", low = "rest" }}
"*, work" = {{ high = "0.2 + 0.5 * z[low]", low = "rest" }}
"#
        );
        let scenario = Scenario::parse("g.toml", &text, &[]).map_err(|error| error.to_string())?;
        let solved = Solved::compute(scenario.game(), &scenario.solve, None);
        solved.map(|_| ()).map_err(|error| error.to_string())
    }

    /// None of these places is a multiple of 1/200, at which a scenario is checked.
    #[test]
    fn a_reward_without_a_bound_is_refused_with_its_place() {
        let without = [
            "1 / (z[low] - 0.123456)",
            "0.001 / abs(z[low] - 0.123456)",
            "(a == work) * ln(abs(z[low] - 0.123456))",
            "abs(z[low] - 0.123456) ^ -0.5",
        ];
        for reward in without {
            let refused = solve(reward).expect_err(reward);
            assert!(refused.contains("has no bound near t = 1"), "{refused}");
            assert!(refused.contains("0.123456"), "{refused}");
        }
    }

    #[test]
    fn roots_jumps_and_divisors_that_do_not_matter_are_no_poles() {
        let with = [
            "sqrt(abs(z[low] - 0.123456))",
            "abs(z[low] - 0.123456) ^ 0.01",
            "z[low] >= 0.123456",
            "if(z[low] > 0.123456, 1 / z[low], 8)",
            "1 / (z[low] + 0.001)",
        ];
        for reward in with {
            if let Err(refused) = solve(reward) {
                panic!("{reward}: {refused}");
            }
        }
    }
}
