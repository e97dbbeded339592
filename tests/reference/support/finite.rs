//! Exact values at finite N by backward induction, and exploitability in the mean-field limit.
//!
//! N followers, one of them tagged; n counts the followers of type 2, the tagged one included, and everybody, the leader
//! too, plays by n. All sums are written out; meant for N <= 60 or so.

use super::games::{PlainGame, Play, weight};

/// What is played at (t, n).
pub type CountPolicy<'a> = &'a dyn Fn(usize, usize) -> Play;

/// Values of a tagged follower: by period (index t - 1), own type, and n. NaN where n cannot include the own type.
pub type TaggedValues = Vec<[Vec<f64>; 2]>;

/// What following the policy and the best response to it are worth to a tagged follower.
pub struct Tagged {
    /// V, all others and the tagged follower play the policy.
    pub policy: TaggedValues,
    /// B, the tagged follower plays its best response.
    pub best: TaggedValues,
}

/// The law of the number of successes in `trials` independent draws per (trials, probability).
pub fn count_law(groups: &[(usize, f64)]) -> Vec<f64> {
    let mut law = vec![1.0];
    for (trials, p) in groups {
        for _ in 0..*trials {
            let at = |k: usize| law.get(k).copied().unwrap_or(0.0);
            let more = |k: usize| at(k) * (1.0 - p) + if k > 0 { at(k - 1) * p } else { 0.0 };
            law = (0..=law.len()).map(more).collect();
        }
    }
    law
}

/// V and B of a tagged follower, for every period, type and count.
pub fn tagged(game: &PlainGame, population: usize, policy: CountPolicy) -> Tagged {
    let share = |n: usize| n as f64 / population as f64;
    let possible = |x: usize, n: usize| if x == 0 { n < population } else { n > 0 };
    let table = |rule: &dyn Fn(usize, usize) -> f64| {
        [0, 1].map(|x| {
            (0..=population)
                .map(|n| if possible(x, n) { rule(x, n) } else { f64::NAN })
                .collect::<Vec<_>>()
        })
    };
    let end = table(&|x, n| (game.terminal)(share(n), x));
    let (mut policies, mut bests) = (vec![end.clone()], vec![end]);
    for t in (1..=game.horizon).rev() {
        let after = [policies.last(), bests.last()].map(|v| v.expect("begun with one"));
        // Per action: reward and discounted continuation in one of the two tables.
        let actions = |x: usize, n: usize, after: &[Vec<f64>; 2]| -> (Play, Vec<f64>) {
            let (play, m) = (policy(t, n), share(n));
            let others = count_law(&[
                (population - n - (1 - x), game.follower_next(t, m, &play, 0)),
                (n - x, game.follower_next(t, m, &play, 1)),
            ]);
            let mean = |next: usize| -> f64 {
                others
                    .iter()
                    .zip(&after[next][next..])
                    .map(|(p, v)| p * v)
                    .sum()
            };
            let continued = [mean(0), mean(1)];
            let value = |a: usize| {
                let p = (game.kernel)(t, m, play.leader_action, x, a);
                let reward = (game.reward)(t, m, play.leader_action, x, a);
                reward + game.discount * ((1.0 - p) * continued[0] + p * continued[1])
            };
            let values = (0..game.actions).map(value).collect();
            (play, values)
        };
        let followed = table(&|x, n| {
            let (play, values) = actions(x, n, after[0]);
            play.gamma[x].iter().zip(values).map(|(p, v)| p * v).sum()
        });
        let best = table(&|x, n| {
            actions(x, n, after[1])
                .1
                .into_iter()
                .fold(f64::NEG_INFINITY, f64::max)
        });
        policies.push(followed);
        bests.push(best);
    }
    policies.reverse();
    bests.reverse();
    Tagged {
        policy: policies,
        best: bests,
    }
}

/// The gains of the best deviation.
#[derive(Debug)]
pub struct Gains {
    /// Value of the policy by initial type, the others i.i.d. from z_1.
    pub value: [f64; 2],
    /// Best response minus that.
    pub by_type: [f64; 2],
    /// z_1-weighted gain.
    pub initial: f64,
    /// The largest gain over initial counts and types.
    pub worst: f64,
}

impl Tagged {
    /// Gains from period 1, where m_1 = `initial`.
    pub fn gains(&self, initial: f64) -> Gains {
        let population = self.policy[0][0].len() - 1;
        let others = count_law(&[(population - 1, initial)]);
        let mean = |table: &TaggedValues, x: usize| -> f64 {
            others
                .iter()
                .zip(&table[0][x][x..])
                .map(|(p, v)| p * v)
                .sum()
        };
        let value = [0, 1].map(|x| mean(&self.policy, x));
        let by_type = [0, 1].map(|x| mean(&self.best, x) - value[x]);
        let all = (0..2).flat_map(|x| {
            self.best[0][x]
                .iter()
                .zip(&self.policy[0][x])
                .map(|(b, v)| b - v)
        });
        // f64::max passes over the NaN of impossible states.
        let worst = all.fold(f64::NEG_INFINITY, f64::max);
        Gains {
            value,
            by_type,
            initial: (0..2).map(|x| weight(initial, x) * by_type[x]).sum(),
            worst,
        }
    }
}

/// The leader's values by period (index t - 1) and n: following the policy, and the best choice of an action at every
/// (t, n), each answered by `answer`(t, n, action).
pub struct Leader {
    pub policy: Vec<Vec<f64>>,
    pub best: Vec<Vec<f64>>,
}

/// The leader's exact values at finite N.
pub fn leader(
    game: &PlainGame,
    population: usize,
    policy: CountPolicy,
    answer: &dyn Fn(usize, usize, usize) -> [Vec<f64>; 2],
) -> Leader {
    let (mut policies, mut bests) = (
        vec![vec![0.0; population + 1]],
        vec![vec![0.0; population + 1]],
    );
    for t in (1..=game.horizon).rev() {
        let worth = |n: usize, play: &Play, after: &[f64]| -> f64 {
            let law = next_law(game, population, t, n, play);
            let continued: f64 = law.iter().zip(after).map(|(p, v)| p * v).sum();
            game.leader_reward(t, n as f64 / population as f64, play) + game.discount * continued
        };
        let (after, best_after) = (&policies[policies.len() - 1], &bests[bests.len() - 1]);
        let followed = (0..=population)
            .map(|n| worth(n, &policy(t, n), after))
            .collect();
        let best = (0..=population).map(|n| {
            let answered = |l: usize| {
                worth(
                    n,
                    &Play {
                        leader_action: l,
                        gamma: answer(t, n, l),
                    },
                    best_after,
                )
            };
            (0..game.leader_actions)
                .map(answered)
                .fold(f64::NEG_INFINITY, f64::max)
        });
        let best = best.collect();
        policies.push(followed);
        bests.push(best);
    }
    policies.reverse();
    bests.reverse();
    Leader {
        policy: policies,
        best: bests,
    }
}

/// The law of the next count, given n and the play.
pub fn next_law(game: &PlainGame, population: usize, t: usize, n: usize, play: &Play) -> Vec<f64> {
    let p = [0, 1].map(|x| game.follower_next(t, n as f64 / population as f64, play, x));
    count_law(&[(population - n, p[0]), (n, p[1])])
}

/// The law of the count at t = 1..T+1 (index t - 1), types initially i.i.d. from z_1.
pub fn laws(game: &PlainGame, population: usize, policy: CountPolicy) -> Vec<Vec<f64>> {
    let mut laws = vec![count_law(&[(population, game.initial)])];
    for t in 1..=game.horizon {
        let mut next = vec![0.0; population + 1];
        for (n, weight) in laws[t - 1].iter().enumerate() {
            for (k, p) in next_law(game, population, t, n, &policy(t, n))
                .into_iter()
                .enumerate()
            {
                next[k] += weight * p;
            }
        }
        laws.push(next);
    }
    laws
}

/// What one follower can gain in the mean-field limit, where the flow is the policy's.
#[derive(Debug)]
pub struct Exploitability {
    /// The policy's value by initial type.
    pub value: [f64; 2],
    /// The z_1-weighted difference.
    pub initial: f64,
}

/// The exploitability of a policy (t, m) -> play from m_1 = `start`.
pub fn exploitability(
    game: &PlainGame,
    start: f64,
    policy: &dyn Fn(usize, f64) -> Play,
) -> Exploitability {
    let mut flow = vec![start];
    let mut plays = Vec::new();
    for t in 1..=game.horizon {
        let play = policy(t, flow[t - 1]);
        flow.push(game.next_mean_field(t, flow[t - 1], &play));
        plays.push(play);
    }
    let mut value = [0, 1].map(|x| (game.terminal)(flow[game.horizon], x));
    let mut best = value;
    for t in (1..=game.horizon).rev() {
        let (m, play) = (flow[t - 1], &plays[t - 1]);
        let worth = |x: usize, a: usize, after: [f64; 2]| {
            let p = (game.kernel)(t, m, play.leader_action, x, a);
            (game.reward)(t, m, play.leader_action, x, a)
                + game.discount * ((1.0 - p) * after[0] + p * after[1])
        };
        value = [0, 1].map(|x| {
            (0..game.actions)
                .map(|a| play.gamma[x][a] * worth(x, a, value))
                .sum()
        });
        best = [0, 1].map(|x| {
            (0..game.actions)
                .map(|a| worth(x, a, best))
                .fold(f64::NEG_INFINITY, f64::max)
        });
    }
    let initial = (0..2)
        .map(|x| weight(start, x) * (best[x] - value[x]))
        .sum();
    Exploitability { value, initial }
}
