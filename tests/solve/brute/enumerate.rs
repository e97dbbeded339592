//! V_1 of a game of three or four types by enumeration of supports.

use super::crowd::{ACTIONS, Coupling, Crowd, Later};
use super::game::Selection;

const EQUAL: f64 = 1e-12;
const CLOSE: f64 = 1e-9;
const CELLS: usize = 20_000;

/// V_1 at z_1.
#[derive(Clone, Debug)]
pub struct Right {
    pub followers: Vec<f64>,
    pub leader: f64,
    /// By how much, relative to the range, the followers' selection or the leader's choice was decided.
    pub margin: f64,
    pub lottery: bool,
}

struct Equilibrium {
    /// The probability of the second action, by type.
    second: Vec<f64>,
    followers: Vec<f64>,
    leader: f64,
    supported: bool,
}

/// A point of the scan of V_2 along the coordinate that it depends on.
#[derive(Clone)]
struct Sample {
    s: f64,
    later: Later,
}

pub struct Enumeration<'g> {
    game: &'g Crowd,
    pub ranges: [f64; 2],
    samples: Vec<Sample>,
}

impl<'g> Enumeration<'g> {
    pub fn new(game: &'g Crowd) -> Self {
        let mut one = Self {
            game,
            ranges: game.ranges(),
            samples: Vec::new(),
        };
        if game.coupling == Coupling::Affine {
            return one;
        }
        let mut places: Vec<f64> = (0..=CELLS).map(|i| i as f64 / CELLS as f64).collect();
        places.extend(&game.features);
        places.sort_by(f64::total_cmp);
        for s in places {
            let right = one.sample(s);
            while let Some(left) = one
                .samples
                .last()
                .filter(|l| l.later.regime != right.later.regime)
            {
                let (mut lo, mut hi) = (left.clone(), right.clone());
                loop {
                    let middle = 0.5 * (lo.s + hi.s);
                    if middle <= lo.s || middle >= hi.s {
                        break;
                    }
                    let middle = one.sample(middle);
                    if middle.later.regime == left.later.regime {
                        lo = middle
                    } else {
                        hi = middle
                    }
                }
                one.samples.push(lo);
                let done = hi.s >= right.s;
                if done {
                    break;
                }
                one.samples.push(hi);
            }
            one.samples.push(right);
        }
        one
    }

    /// V_2 where the coordinate is s: of the followers, and of what the leader's choice hangs on, it says all.
    fn sample(&self, s: f64) -> Sample {
        let mut z = vec![0.0; self.game.types];
        z[self.game.of] = s;
        z[(self.game.of + 1) % self.game.types] = 1.0 - s;
        Sample {
            s,
            later: self.game.later(&z),
        }
    }

    /// V_1 at z_1; none where a stage game has no equilibrium to be found.
    pub fn first(&self) -> Option<Right> {
        let mut answers = Vec::new();
        for l in 0..self.game.prices.len() {
            answers.push(self.select(&self.equilibria(l))?);
        }
        let best = answers
            .iter()
            .map(|a| a.leader)
            .fold(f64::NEG_INFINITY, f64::max);
        let behind = |a: &Right| (best - a.leader) / self.ranges[1];
        let first = answers.iter().position(|a| behind(a) <= 10.0 * EQUAL)?;
        let mut chosen = answers[first].clone();
        for (l, rival) in answers.iter().enumerate().filter(|(l, _)| *l != first) {
            chosen.margin = chosen
                .margin
                .min(behind(rival).max(0.0))
                .min(answers[l].margin);
        }
        Some(chosen)
    }

    /// Supported ones before lotteries, then the criterion, then the lexicographic order.
    fn select(&self, found: &[Equilibrium]) -> Option<Right> {
        let any = found.iter().any(|e| e.supported);
        let found: Vec<&Equilibrium> = found.iter().filter(|e| e.supported == any).collect();
        let criterion = |e: &Equilibrium| match self.game.selection {
            Selection::Optimistic => e.leader / self.ranges[1],
            Selection::Pessimistic => -e.leader / self.ranges[1],
            Selection::Welfare => {
                let all = self.game.initial.iter().zip(&e.followers);
                all.map(|(z, v)| z * v).sum::<f64>() / self.ranges[0]
            }
        };
        let best = found
            .iter()
            .map(|e| criterion(e))
            .fold(f64::NEG_INFINITY, f64::max);
        // gamma(a_1 | x) is largest where the second action is rarest.
        let order = |a: &Equilibrium, b: &Equilibrium| {
            let mut apart = a
                .second
                .iter()
                .zip(&b.second)
                .filter(|(p, q)| (*p - *q).abs() > 1e-9);
            apart
                .next()
                .map_or(std::cmp::Ordering::Equal, |(p, q)| q.total_cmp(p))
        };
        let tied = found.iter().filter(|e| best - criterion(e) <= 10.0 * EQUAL);
        let chosen = tied.max_by(|a, b| order(a, b))?;
        let rivals = found.iter().filter(|e| order(e, chosen).is_ne());
        let margin = rivals
            .map(|e| best - criterion(e))
            .fold(f64::INFINITY, f64::min);
        Some(Right {
            followers: chosen.followers.clone(),
            leader: chosen.leader,
            margin,
            lottery: !chosen.supported,
        })
    }

    fn next(&self, second: &[f64]) -> Vec<f64> {
        let game = self.game;
        let go = |x: usize, y: usize| {
            let [a, b] = [0, 1].map(|a| game.kernel[x][a][y]);
            game.initial[x] * ((1.0 - second[x]) * a + second[x] * b)
        };
        (0..game.types)
            .map(|y| (0..game.types).map(|x| go(x, y)).sum())
            .collect()
    }

    /// U_x(a) against V_2 of the followers.
    fn payoff(&self, l: usize, x: usize, a: usize, later: &[f64]) -> f64 {
        let game = self.game;
        let [c, p] = game.first[x][a];
        let expected: f64 = game.kernel[x][a]
            .iter()
            .zip(later)
            .map(|(q, v)| q * v)
            .sum();
        c + p * game.prices[l] + game.discount * expected
    }

    /// What the second action is better by.
    fn incentive(&self, l: usize, x: usize, later: &[f64]) -> f64 {
        self.payoff(l, x, 1, later) - self.payoff(l, x, 0, later)
    }

    /// Whether a type does not lose by what it does.
    fn content(&self, l: usize, x: usize, second: f64, later: &[f64]) -> bool {
        let incentive = self.incentive(l, x, later) / self.ranges[0];
        (second == 0.0 || incentive >= -EQUAL) && (second == 1.0 || incentive <= EQUAL)
    }

    fn record(&self, l: usize, second: &[f64], followers: &[f64], leader: f64) -> Equilibrium {
        let game = self.game;
        let best = |x: usize| {
            (0..ACTIONS)
                .map(|a| self.payoff(l, x, a, followers))
                .fold(f64::NEG_INFINITY, f64::max)
        };
        let shares = (0..game.types).map(|x| {
            let [a, b] = [game.share[x][0], game.share[x][1]];
            game.initial[x] * ((1.0 - second[x]) * a + second[x] * b)
        });
        Equilibrium {
            second: second.to_vec(),
            followers: (0..game.types).map(best).collect(),
            leader: game.period * game.prices[l] + shares.sum::<f64>() + game.discount * leader,
            supported: true,
        }
    }

    fn equilibria(&self, l: usize) -> Vec<Equilibrium> {
        let n = self.game.types;
        let mut found = Vec::new();
        for code in 0..3usize.pow(n as u32) {
            let digits: Vec<usize> = (0..n).map(|x| code / 3usize.pow(x as u32) % 3).collect();
            let mixers: Vec<usize> = (0..n).filter(|x| digits[*x] == 2).collect();
            let second: Vec<f64> = digits.iter().map(|d| (*d % 2) as f64).collect();
            match (mixers.as_slice(), self.game.coupling) {
                ([], _) => {
                    let later = self.game.later(&self.next(&second));
                    if (0..n).all(|x| self.content(l, x, second[x], &later.followers)) {
                        found.push(self.record(l, &second, &later.followers, later.leader));
                    }
                }
                (mixers, Coupling::Affine) if mixers.len() < n => {
                    found.extend(self.linear(l, mixers, second));
                }
                ([mixer], _) => self.walk(l, *mixer, second, &mut found),
                _ => {}
            }
        }
        found
    }

    /// Several mix, V_2 affine: their incentives vanish, a linear system.
    fn linear(&self, l: usize, mixers: &[usize], mut second: Vec<f64>) -> Option<Equilibrium> {
        let n = mixers.len();
        let at = |second: &[f64]| {
            let later = self.game.later(&self.next(second)).followers;
            mixers
                .iter()
                .map(|x| self.incentive(l, *x, &later))
                .collect::<Vec<f64>>()
        };
        let base = at(&second);
        let mut rows: Vec<Vec<f64>> = base
            .iter()
            .map(|b| {
                let mut row = vec![0.0; n + 1];
                row[n] = -b;
                row
            })
            .collect();
        for (j, x) in mixers.iter().enumerate() {
            let mut one = second.clone();
            one[*x] = 1.0;
            for (i, g) in at(&one).iter().enumerate() {
                rows[i][j] = g - base[i];
            }
        }
        let solution = eliminate(rows, n)?;
        for (x, q) in mixers.iter().zip(solution) {
            second[*x] = q;
        }
        let inside = mixers
            .iter()
            .all(|x| second[*x] > 1e-9 && second[*x] < 1.0 - 1e-9);
        let later = self.game.later(&self.next(&second));
        let others = (0..second.len()).filter(|x| !mixers.contains(x));
        let content = others
            .into_iter()
            .all(|x| self.content(l, x, second[x], &later.followers));
        (inside && content).then(|| self.record(l, &second, &later.followers, later.leader))
    }

    /// One mixes, V_2 of one coordinate: roots and jumps along the segment that it sweeps.
    fn walk(&self, l: usize, mixer: usize, mut second: Vec<f64>, found: &mut Vec<Equilibrium>) {
        let of = self.game.of;
        let ends = [0.0, 1.0].map(|q| {
            second[mixer] = q;
            self.next(&second)[of]
        });
        let (lo, hi) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let within = |s: &&Sample| s.s > lo && s.s < hi;
        let mut run = vec![self.sample(lo)];
        run.extend(self.samples.iter().filter(within).cloned());
        run.push(self.sample(hi));
        let incentive = |s: &Sample| self.incentive(l, mixer, &s.later.followers);
        for pair in run.windows(2) {
            let (mut a, mut b) = (pair[0].clone(), pair[1].clone());
            let below = incentive(&a) < 0.0;
            if below == (incentive(&b) < 0.0) {
                continue;
            }
            loop {
                let middle = 0.5 * (a.s + b.s);
                if middle <= a.s || middle >= b.s {
                    break;
                }
                let middle = self.sample(middle);
                if (incentive(&middle) < 0.0) == below {
                    a = middle
                } else {
                    b = middle
                }
            }
            second[mixer] = (a.s - ends[0]) / (ends[1] - ends[0]);
            let (left, right) = (incentive(&a), incentive(&b));
            let w = -left / (right - left);
            let jump = (right - left).abs() > 1e-7 * self.ranges[0];
            let both = a.later.followers.iter().zip(&b.later.followers);
            let followers: Vec<f64> = both.map(|(p, q)| (1.0 - w) * p + w * q).collect();
            let others = (0..second.len()).filter(|x| *x != mixer);
            if !others
                .into_iter()
                .all(|x| self.content(l, x, second[x], &followers))
            {
                continue;
            }
            // The leader's V_2 does not jump: only her own choice moves it.
            let leader = self.game.later(&self.next(&second)).leader;
            let mut one = self.record(l, &second, &followers, leader);
            one.supported = !jump;
            found.push(one);
        }
    }
}

/// Gaussian elimination with pivots; none where the system is singular.
fn eliminate(mut rows: Vec<Vec<f64>>, n: usize) -> Option<Vec<f64>> {
    for i in 0..n {
        let pivot = (i..n).max_by(|a, b| rows[*a][i].abs().total_cmp(&rows[*b][i].abs()))?;
        rows.swap(i, pivot);
        if rows[i][i].abs() < 1e-13 {
            return None;
        }
        let row = rows[i].clone();
        for other in (0..n).filter(|o| *o != i) {
            let by = rows[other][i] / row[i];
            rows[other]
                .iter_mut()
                .zip(&row)
                .for_each(|(v, r)| *v -= by * r);
        }
    }
    Some((0..n).map(|i| rows[i][n] / rows[i][i]).collect())
}

impl Right {
    /// Whether a choice is too close to call.
    pub fn close(&self) -> bool {
        self.margin < CLOSE
    }
}
