//! All equilibria of the followers' game at one candidate of the leader, by support profile.

use super::game::{Flow, words};
use super::linear::{Solutions, solve};
use super::stage::{Equilibrium, Prescription, Stage, best};
use std::collections::BTreeSet;

/// Why the equilibria that were found may not be all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// An incentive jumps over zero: only a public coin between the sides would be an equilibrium.
    Jump,
    /// Types are indifferent on a continuum of prescriptions, of which only the ends are listed.
    Continuum,
    /// A system for several unknowns that is not affine was met.
    NotAffine,
    /// No equilibrium.
    Empty,
    /// An even number of them, and no ties.
    Even,
}

/// An incentive this close to zero is taken for zero where V is smooth; a jump leaves more.
const VANISHING: f64 = 1e-9;
/// Equilibria this close in gamma are one.
const SAME: f64 = 1e-9;

/// A prescription by support: types that mix, with the actions over which they do; the others take one action.
struct Profile {
    /// Per type, the actions that it takes; the first has what the others leave.
    supports: Vec<Vec<usize>>,
    /// The unknowns: (type, action) for each action of a support but the first.
    unknowns: Vec<(usize, usize)>,
}

impl Profile {
    fn new(supports: Vec<Vec<usize>>) -> Self {
        let rest = supports.iter().enumerate();
        let unknowns = rest
            .flat_map(|(x, support)| support[1..].iter().map(move |a| (x, *a)))
            .collect();
        Self { supports, unknowns }
    }

    /// gamma at these values of the unknowns.
    fn at(&self, p: &[f64], actions: usize) -> Prescription {
        let mut gamma = vec![vec![0.0; actions]; self.supports.len()];
        for ((x, a), p) in self.unknowns.iter().zip(p) {
            gamma[*x][*a] = *p;
        }
        for (row, support) in gamma.iter_mut().zip(&self.supports) {
            row[support[0]] = 1.0 - row.iter().sum::<f64>();
        }
        gamma
    }

    /// U_x(a) - U_x(first action of the support) for every unknown (x, a).
    fn incentives(&self, stage: &Stage, p: &[f64]) -> Vec<f64> {
        let worth = stage.worth(&self.at(p, stage.game.follower.1));
        let incentive = |(x, a): &(usize, usize)| worth[*x][*a] - worth[*x][self.supports[*x][0]];
        self.unknowns.iter().map(incentive).collect()
    }
}

/// Every profile of supports with so many unknowns at most; types without mass have the first action alone.
fn profiles(stage: &Stage, most: usize) -> Vec<Profile> {
    let (types, actions) = stage.game.follower;
    let subsets: Vec<Vec<usize>> = words(2, actions)
        .into_iter()
        .map(|word| (0..actions).filter(|a| word[*a] == 1).collect())
        .filter(|subset: &Vec<usize>| (1..=most + 1).contains(&subset.len()))
        .collect();
    let alone = subsets.iter().position(|s| *s == [0]).expect("a subset");
    words(subsets.len(), types)
        .into_iter()
        .filter(|word| (0..types).all(|x| stage.z[x] > 0.0 || word[x] == alone))
        .filter(|word| word.iter().map(|s| subsets[*s].len() - 1).sum::<usize>() <= most)
        .map(|word| Profile::new(word.into_iter().map(|s| subsets[s].clone()).collect()))
        .collect()
}

/// d: how many coordinates of z' the followers move.
fn dimension(stage: &Stage) -> usize {
    let places = match stage.game.flow {
        Flow::Averaged => 1,
        Flow::Realised => stage.actions_on_path().len(),
    };
    match stage.looks_ahead() {
        true => places * (stage.game.follower.0 - 1),
        false => 0,
    }
}

/// All distinct equilibria, and what is doubtful about "all".
pub fn equilibria(stage: &Stage, cells: usize) -> (Vec<Equilibrium>, BTreeSet<Doubt>) {
    let mut doubts = BTreeSet::new();
    let mut found: Vec<Prescription> = Vec::new();
    for profile in profiles(stage, dimension(stage)) {
        let solutions = match profile.unknowns.len() {
            0 => vec![vec![]],
            1 => one_unknown(stage, &profile, cells, &mut doubts),
            _ => several_unknowns(stage, &profile, &mut doubts),
        };
        for p in solutions {
            let candidate = profile.at(&p, stage.game.follower.1);
            if let Some(gamma) = equilibrium(stage, candidate)
                && !found.iter().any(|known| distance(known, &gamma) <= SAME)
            {
                found.push(gamma);
            }
        }
    }
    let found: Vec<Equilibrium> = found.into_iter().map(|g| stage.valued(g)).collect();
    if found.is_empty() {
        doubts.insert(Doubt::Empty);
    } else if found.len().is_multiple_of(2) && !found.iter().any(|e| e.tied) {
        doubts.insert(Doubt::Even);
    }
    (found, doubts)
}

/// The largest difference of two prescriptions.
fn distance(one: &Prescription, other: &Prescription) -> f64 {
    let pairs = one.iter().flatten().zip(other.iter().flatten());
    pairs.map(|(p, q)| (p - q).abs()).fold(0.0, f64::max)
}

/// gamma if every played action of every type with mass is a best response; types without mass then take their first
/// best response, which moves nothing.
fn equilibrium(stage: &Stage, mut gamma: Prescription) -> Option<Prescription> {
    let worth = stage.worth(&gamma);
    for (x, row) in gamma.iter_mut().enumerate() {
        let answers = best(&worth[x]);
        if stage.z[x] <= 0.0 {
            row.fill(0.0);
            row[answers[0]] = 1.0;
        } else if (0..row.len()).any(|a| row[a] > 0.0 && !answers.contains(&a)) {
            return None;
        }
    }
    Some(gamma)
}

/// One type mixes over a pair: every sign change of its incentive between neighbours of a scan, bisected to the last bit.
fn one_unknown(
    stage: &Stage,
    profile: &Profile,
    cells: usize,
    doubts: &mut BTreeSet<Doubt>,
) -> Vec<Vec<f64>> {
    let incentive = |p: f64| profile.incentives(stage, &[p])[0];
    let at = |i: usize| i as f64 / cells as f64;
    let values: Vec<f64> = (0..=cells).map(|i| incentive(at(i))).collect();
    let mut roots = Vec::new();
    for i in 0..cells {
        if values[i].abs() <= 1e-10 && values[i + 1].abs() <= 1e-10 {
            doubts.insert(Doubt::Continuum);
        }
        if (values[i] > 0.0) == (values[i + 1] > 0.0) {
            continue;
        }
        let (mut low, mut high) = (at(i), at(i + 1));
        let (mut low_value, mut high_value) = (values[i], values[i + 1]);
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            let value = incentive(middle);
            if (value > 0.0) == (low_value > 0.0) {
                (low, low_value) = (middle, value);
            } else {
                (high, high_value) = (middle, value);
            }
        }
        if low_value.abs().min(high_value.abs()) > VANISHING {
            doubts.insert(Doubt::Jump);
        } else {
            let nearer = if low_value.abs() <= high_value.abs() {
                low
            } else {
                high
            };
            roots.push(vec![nearer]);
        }
    }
    roots
}

/// Several unknowns: the incentives are affine in them, so their values at pure prescriptions say what they are. Checked
/// at the middle, and put right by a few steps more where rounding is all that is off.
fn several_unknowns(
    stage: &Stage,
    profile: &Profile,
    doubts: &mut BTreeSet<Doubt>,
) -> Vec<Vec<f64>> {
    let size = profile.unknowns.len();
    let origin = profile.incentives(stage, &vec![0.0; size]);
    let columns: Vec<Vec<f64>> = (0..size)
        .map(|j| {
            let unit: Vec<f64> = (0..size).map(|k| f64::from(u8::from(j == k))).collect();
            let there = profile.incentives(stage, &unit);
            there.iter().zip(&origin).map(|(v, o)| v - o).collect()
        })
        .collect();
    let predicted = |p: &[f64], i: usize| -> f64 {
        origin[i] + (0..size).map(|j| columns[j][i] * p[j]).sum::<f64>()
    };
    let middle: Vec<f64> = profile
        .unknowns
        .iter()
        .map(|(x, _)| 1.0 / profile.supports[*x].len() as f64)
        .collect();
    let there = profile.incentives(stage, &middle);
    if (0..size).any(|i| (there[i] - predicted(&middle, i)).abs() > VANISHING) {
        doubts.insert(Doubt::NotAffine);
        return vec![];
    }
    let step = |values: &[f64]| {
        let row = |i: usize| -> Vec<f64> {
            let coefficients = (0..size).map(|j| columns[j][i]);
            coefficients.chain([-values[i]]).collect()
        };
        solve((0..size).map(row).collect())
    };
    let mut p = match step(&origin) {
        Solutions::One(p) => p,
        Solutions::None => return vec![],
        Solutions::Many => {
            doubts.insert(Doubt::Continuum);
            return vec![];
        }
    };
    for _ in 0..3 {
        let inside = profile.at(&p, stage.game.follower.1);
        if inside.iter().flatten().any(|q| *q < 0.0) {
            return vec![];
        }
        let values = profile.incentives(stage, &p);
        if values.iter().any(|v| v.abs() > VANISHING) {
            doubts.insert(Doubt::NotAffine);
            return vec![];
        }
        if let Solutions::One(change) = step(&values) {
            p.iter_mut().zip(change).for_each(|(p, c)| *p += c);
        }
    }
    vec![p]
}
