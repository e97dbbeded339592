//! What every solution of a game with leader types satisfies, on random games with private and public types: names do not
//! matter, beliefs are a martingale, values are bounded and shift with the rewards, twins are one type.
//!
//! The games are those of `support::typed::random`, whose V is affine wherever it is interpolated: rounding is all there is.

use crate::support::typed::game::{Flow, Information, certain};
use crate::support::typed::random::{Motion, Number, RandomGame, Recipe, Taste};
use smfg::certify::certify_path;
use smfg::game::{Belief, LeaderType, MeanField};
use smfg::scenario::{Override, Scenario};
use smfg::solve::{Coin, Nodes, Pieces, Solved, SolvedPoint, Theta, follow};
use std::path::Path;

const SELECTIONS: [&str; 3] = ["optimistic", "pessimistic", "welfare"];
const WITHIN: f64 = 1e-9;

#[track_caller]
fn assert_close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (g, e) in got.iter().zip(expected) {
        assert!(
            (g - e).abs() <= WITHIN || g.is_nan() && e.is_nan(),
            "{what}: got {got:?}, expected {expected:?}"
        );
    }
}

/// Games of every dependence, motion and flow, with private types but for every third seed.
fn recipes(seeds: std::ops::Range<u64>, follower: (usize, usize)) -> Vec<Recipe> {
    let recipe = |seed: u64| {
        let mut recipe = Recipe::varied(seed);
        recipe.follower = follower;
        if seed % 3 == 2 {
            recipe.information = Information::Public;
        }
        match seed % 4 {
            0 if recipe.motion != Motion::ByMeanField => recipe.horizon = 3,
            1 => (recipe.horizon, recipe.taste) = (1, Taste::Free),
            _ => {}
        }
        recipe
    };
    seeds.map(recipe).collect()
}

fn scenario(random: &RandomGame, selection: &str) -> Scenario {
    let text = random.scenario(selection, 4);
    Scenario::parse("typed.toml", &text, &[]).unwrap()
}

fn solve(scenario: &Scenario) -> Solved<'_> {
    Solved::compute(scenario.game(), &scenario.solve, None).unwrap()
}

/// The laws of her type that may be seen at t = 1.
fn beliefs(random: &RandomGame) -> Vec<Vec<f64>> {
    let types = random.recipe.leader.0;
    match random.recipe.information {
        Information::Private => vec![random.belief.clone()],
        Information::Public => (0..types).map(|x| certain(types, x)).collect(),
    }
}

/// The old index behind each new one.
#[derive(Clone, Debug)]
struct Labels {
    leader_types: Vec<usize>,
    leader_actions: Vec<usize>,
    types: Vec<usize>,
    actions: Vec<usize>,
}

fn pick<T: Clone>(all: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|old| all[*old].clone()).collect()
}

/// A list in new labels, back in the old.
fn unpick<T: Clone>(all: &[T], order: &[usize]) -> Vec<T> {
    let new = |old: usize| order.iter().position(|o| *o == old).unwrap();
    (0..all.len()).map(|old| all[new(old)].clone()).collect()
}

/// What the entries of a law leave to its last type.
fn with_rest(law: &[Number]) -> Vec<Number> {
    let types = law.iter().map(|n| n.slopes.len()).max().unwrap_or(0);
    let slope = |x: usize| -law.iter().filter_map(|n| n.slopes.get(x)).sum::<f64>();
    let rest = Number {
        constant: 1.0 - law.iter().map(|n| n.constant).sum::<f64>(),
        slopes: (0..types).map(slope).collect(),
    };
    [law, &[rest]].concat()
}

impl Labels {
    fn same(recipe: &Recipe) -> Self {
        Self {
            leader_types: (0..recipe.leader.0).collect(),
            leader_actions: (0..recipe.leader.1).collect(),
            types: (0..recipe.follower.0).collect(),
            actions: (0..recipe.follower.1).collect(),
        }
    }

    fn number(&self, number: &Number) -> Number {
        let slopes = match number.slopes.is_empty() {
            true => vec![],
            false => pick(&number.slopes, &self.types),
        };
        Number {
            constant: number.constant,
            slopes,
        }
    }

    fn law(&self, law: &[Number], order: &[usize]) -> Vec<Number> {
        let mut law = pick(&with_rest(law), order);
        law.pop();
        law.iter().map(|n| self.number(n)).collect()
    }

    fn by_leader<T: Clone>(&self, all: &[Vec<T>], relabel: impl Fn(&T) -> T) -> Vec<Vec<T>> {
        let rows = pick(all, &self.leader_types).into_iter();
        rows.map(|row| {
            let row = pick(&row, &self.leader_actions);
            row.iter().map(&relabel).collect()
        })
        .collect()
    }

    fn by_own<T: Clone>(&self, all: &[Vec<T>], relabel: impl Fn(&T) -> T) -> Vec<Vec<T>> {
        let rows = pick(all, &self.types).into_iter();
        rows.map(|row| pick(&row, &self.actions).iter().map(&relabel).collect())
            .collect()
    }

    /// The game under its new names.
    fn game(&self, random: &RandomGame) -> RandomGame {
        let mut other = random.clone();
        other.belief = pick(&random.belief, &self.leader_types);
        other.initial = pick(&random.initial, &self.types);
        for part in 0..2 {
            let numbers = |all: &Vec<Vec<Number>>| self.by_own(all, |n| self.number(n));
            let laws =
                |all: &Vec<Vec<Vec<Number>>>| self.by_own(all, |law| self.law(law, &self.types));
            other.kernel[part] = self.by_leader(&random.kernel[part], laws);
            other.reward[part] = self.by_leader(&random.reward[part], numbers);
            other.leader_share[part] = self.by_leader(&random.leader_share[part], numbers);
            other.leader_period[part] =
                self.by_leader(&random.leader_period[part], |n| self.number(n));
            other.leader_kernel[part] = self.by_leader(&random.leader_kernel[part], |law| {
                self.law(law, &self.leader_types)
            });
        }
        let terminal = random.terminal.as_ref();
        other.terminal = terminal.map(|rewards| {
            let rewards = pick(rewards, &self.types);
            rewards.iter().map(|n| self.number(n)).collect()
        });
        other
    }

    /// theta and V at a point in the old names: V^f, V^l by type and in the mean, gamma^f, her actions, and by action and
    /// next belief what follows.
    fn seen(&self, point: &SolvedPoint, belief: &[f64]) -> Vec<Vec<f64>> {
        let rows = (0..self.types.len()).map(|x| {
            let row = point.play.prescription.row(x);
            unpick(row, &self.actions)
        });
        let gamma: Vec<Vec<f64>> = unpick(&rows.collect::<Vec<_>>(), &self.types);
        let action = |x: usize| {
            let action = point.play.leader.support(LeaderType(x))[0].0.0;
            match point.values.leader_types.len() == belief.len() || belief[x] > 0.0 {
                true => self.leader_actions[action] as f64,
                // The rows of types that all see not to be there say nothing.
                false => f64::NAN,
            }
        };
        let actions: Vec<f64> = (0..belief.len()).map(action).collect();
        let by_type = match point.values.leader_types.len() == belief.len() {
            true => unpick(&point.values.leader_types, &self.leader_types),
            false => point.values.leader_types.clone(),
        };
        let mut ways: Vec<Vec<f64>> = point
            .next
            .iter()
            .map(|way| {
                let belief = unpick(way.belief.weights(), &self.leader_types);
                let z = unpick(way.mean_field.weights(), &self.types);
                let action = self.leader_actions[way.action.0] as f64;
                [vec![action], belief, vec![way.probability], z].concat()
            })
            .collect();
        ways.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let mut seen = vec![
            unpick(&point.values.followers, &self.types),
            by_type,
            vec![point.values.leader, point.equilibria as f64],
            unpick(&actions, &self.leader_types),
        ];
        seen.extend(gamma);
        seen.extend(ways);
        seen
    }
}

/// A game and the same under other names, at its start and where a type is missing.
fn compare_names(random: &RandomGame, labels: &Labels, selection: &str) {
    let other = labels.game(random);
    let (left, right) = (scenario(random, selection), scenario(&other, selection));
    let (left, right) = (solve(&left), solve(&right));
    let same = Labels::same(&random.recipe);
    let mut gone = random.initial.clone();
    gone[1] += std::mem::take(&mut gone[0]);
    for belief in beliefs(random) {
        let moved = pick(&belief, &labels.leader_types);
        for z in [&random.initial, &gone] {
            let what = format!("{:?}, {selection}, {labels:?}, {belief:?}", random.recipe);
            let point = |solved: &Solved, belief: &[f64], z: Vec<f64>| {
                let belief = Belief::new(belief.to_vec());
                solved.resolve(1, &belief, &MeanField::new(z)).unwrap()
            };
            let expected = same.seen(&point(&left, &belief, z.clone()), &belief);
            let z = pick(z, &labels.types);
            let found = labels.seen(&point(&right, &moved, z), &moved);
            assert_eq!(found.len(), expected.len(), "{what}");
            for (found, expected) in found.iter().zip(&expected) {
                assert_close(found, expected, &what);
            }
        }
    }
}

#[test]
fn relabelling_leader_types_relabels_the_solution() {
    for mut recipe in recipes(0..24, (2, 2)) {
        recipe.leader = (2 + usize::from(recipe.seed % 2 == 0), 2);
        let random = RandomGame::new(recipe.clone());
        let mut labels = Labels::same(&recipe);
        labels.leader_types.rotate_left(1);
        compare_names(&random, &labels, SELECTIONS[recipe.seed as usize % 3]);
    }
}

#[test]
fn relabelling_leader_actions_relabels_the_solution() {
    for mut recipe in recipes(30..54, (2, 2)) {
        recipe.leader = (2, 3);
        let random = RandomGame::new(recipe.clone());
        let mut labels = Labels::same(&recipe);
        labels.leader_actions = vec![2, 0, 1];
        compare_names(&random, &labels, SELECTIONS[recipe.seed as usize % 3]);
    }
}

#[test]
fn relabelling_follower_types_relabels_the_solution() {
    for recipe in [recipes(60..76, (2, 2)), recipes(60..76, (3, 2))].concat() {
        let random = RandomGame::new(recipe.clone());
        let mut labels = Labels::same(&recipe);
        labels.types.rotate_left(1);
        compare_names(&random, &labels, SELECTIONS[recipe.seed as usize % 3]);
    }
}

#[test]
fn relabelling_follower_actions_relabels_the_solution() {
    for recipe in [recipes(80..96, (2, 3)), recipes(80..96, (3, 2))].concat() {
        let random = RandomGame::new(recipe.clone());
        let mut labels = Labels::same(&recipe);
        labels.actions.rotate_left(1);
        compare_names(&random, &labels, SELECTIONS[recipe.seed as usize % 3]);
    }
}

/// pi is the mean of pi' pulled through Q^l: sum P(a) pi'_a = sum_x pi(x) sum_a gamma(a|x) Q^l(.|z, x, a). Each pi' is (9),
/// each z' the flow, both by the plain game.
#[test]
fn beliefs_along_the_flow_are_bayes_and_average_to_the_forecast() {
    let mut told = 0;
    for mut recipe in recipes(100..148, (2, 2)) {
        recipe.leader = (2 + usize::from(recipe.seed % 4 == 0), 2);
        let random = RandomGame::new(recipe.clone());
        let (plain, types) = (random.game(), recipe.leader.0);
        let text = scenario(&random, SELECTIONS[recipe.seed as usize % 3]);
        let solved = solve(&text);
        let game = text.game();
        let start = game.initial();
        let flow = follow(&solved, 1, game.initial_belief(), start, Coin::Tossed).unwrap();
        for node in &flow.nodes {
            let what = format!("{recipe:?}, {node:?}");
            let Some(play) = &node.play else { continue };
            let (belief, z) = (node.belief.weights(), node.mean_field.weights());
            let chosen = (0..types).map(|x| play.leader.support(LeaderType(x))[0].0.0);
            let chosen: Vec<usize> = chosen.collect();
            let present = (0..types).filter(|x| belief[*x] > 0.0);
            let mut forecast = vec![0.0; types];
            let mut moves = Vec::new();
            for x in present {
                let law = (plain.leader_kernel)(node.t, z, (x, chosen[x]));
                (0..types).for_each(|next| forecast[next] += belief[x] * law[next]);
                moves.push(((x, chosen[x]), belief[x]));
            }
            let (mut mean, mut total) = (vec![0.0; types], 0.0);
            let gamma: Vec<Vec<f64>> = (0..2).map(|x| play.prescription.row(x).to_vec()).collect();
            for edge in &node.edges {
                let to = &flow.nodes[edge.to];
                let next = to.belief.weights();
                total += edge.probability;
                (0..types).for_each(|x| mean[x] += edge.probability * next[x]);
                let action = edge.action.0;
                if recipe.information == Information::Private {
                    let bayes = plain.next_belief(node.t, belief, z, &chosen, action);
                    assert_close(next, &bayes, &what);
                }
                let given = plain.type_given_action(belief, &chosen, action);
                let moves: Vec<_> = match recipe.flow {
                    Flow::Averaged => moves.clone(),
                    Flow::Realised => (0..types)
                        .filter(|x| given[*x] > 0.0)
                        .map(|x| ((x, action), given[x]))
                        .collect(),
                };
                let moved = plain.next_mean_field(node.t, z, &moves, &gamma);
                assert_close(to.mean_field.weights(), &moved, &what);
                let news = next
                    .iter()
                    .zip(&forecast)
                    .any(|(p, f)| (p - f).abs() > 0.01);
                told += usize::from(news);
            }
            assert_close(&[total], &[1.0], &what);
            assert_close(&mean, &forecast, &what);
        }
    }
    // Her actions, or a public type's moves, told something.
    assert!(told > 50, "{told}");
}

/// The least and the largest value of numbers that are affine in z, at some z or all.
fn range<'n>(numbers: impl IntoIterator<Item = &'n Number>, z: Option<&[f64]>) -> [f64; 2] {
    let mut range = [f64::INFINITY, f64::NEG_INFINITY];
    for number in numbers {
        let values = match z {
            Some(z) => vec![number.at(z)],
            None if number.slopes.is_empty() => vec![number.constant],
            None => number.slopes.iter().map(|s| number.constant + s).collect(),
        };
        for value in values {
            range = [range[0].min(value), range[1].max(value)];
        }
    }
    range
}

/// The least and the largest V_1 at z_1 of a follower and of the leader that the rewards allow.
fn bounds(random: &RandomGame) -> [[f64; 2]; 2] {
    let (horizon, delta) = (random.recipe.horizon, random.discount);
    let flat = |all: &Vec<Vec<Vec<Vec<Number>>>>| -> Vec<Number> {
        all.iter().flatten().flatten().flatten().cloned().collect()
    };
    let (mut follower, mut leader) = ([0.0; 2], [0.0; 2]);
    for t in 1..=horizon {
        let part = usize::from(t > 1);
        let weight = delta.powi(t as i32 - 1);
        let z = (t == 1).then_some(&random.initial[..]);
        let own = range(&flat(&random.reward[part]), z);
        let period = range(random.leader_period[part].iter().flatten(), z);
        let share = range(&flat(&random.leader_share[part]), z);
        for side in 0..2 {
            follower[side] += weight * own[side];
            leader[side] += weight * (period[side] + share[side]);
        }
    }
    if let Some(terminal) = &random.terminal {
        let end = range(terminal, None);
        (0..2).for_each(|side| follower[side] += delta.powi(horizon as i32) * end[side]);
    }
    [follower, leader]
}

/// All rewards with a constant more, followers' and leader's.
fn paid(random: &RandomGame, follower: f64, leader: f64) -> RandomGame {
    let mut other = random.clone();
    for part in 0..2 {
        let rewards = other.reward[part].iter_mut().flatten().flatten().flatten();
        rewards.for_each(|n| n.constant += follower);
        let periods = other.leader_period[part].iter_mut().flatten();
        periods.for_each(|n| n.constant += leader);
    }
    other
}

#[test]
fn values_are_bounded_and_a_constant_in_the_rewards_shifts_them_by_its_discounted_sum() {
    let (mut nearest, all) = ([f64::INFINITY; 2], [(2, 2), (2, 3), (3, 2)]);
    for recipe in all.map(|follower| recipes(150..166, follower)).concat() {
        let random = RandomGame::new(recipe.clone());
        let (more, less) = (0.75, -1.25);
        let selection = SELECTIONS[recipe.seed as usize % 3];
        let other = scenario(&paid(&random, more, less), selection);
        let text = scenario(&random, selection);
        let (solved, other) = (solve(&text), solve(&other));
        let sum: f64 = (0..recipe.horizon as i32)
            .map(|k| random.discount.powi(k))
            .sum();
        let [follower, leader] = bounds(&random);
        for belief in beliefs(&random) {
            let what = format!("{recipe:?}, {belief:?}");
            let (pi, z) = (Belief::new(belief), text.game().initial());
            let a = solved.resolve(1, &pi, z).unwrap();
            let b = other.resolve(1, &pi, z).unwrap();
            let shifted = |values: &[f64], by: f64| -> Vec<f64> {
                values.iter().map(|v| v + by * sum).collect()
            };
            assert_close(
                &b.values.followers,
                &shifted(&a.values.followers, more),
                &what,
            );
            assert_close(
                &b.values.leader_types,
                &shifted(&a.values.leader_types, less),
                &what,
            );
            assert_eq!(a.play.leader, b.play.leader, "{what}");
            let (left, right) = (&a.play.prescription, &b.play.prescription);
            assert_close(right.rows(), left.rows(), &what);
            let within = |values: &[f64], [low, high]: [f64; 2], nearest: &mut f64| {
                for v in values {
                    assert!((low..=high).contains(v), "{what}: {v} in {low}..{high}");
                    *nearest = nearest.min((v - low).min(high - v) / (high - low));
                }
            };
            within(&a.values.followers, follower, &mut nearest[0]);
            within(&a.values.leader_types, leader, &mut nearest[1]);
        }
    }
    // Some values come within an eighth of the range to a bound: it can tell.
    assert!(nearest.iter().all(|n| *n < 0.125), "{nearest:?}");
}

/// The game with its last follower type twice: its twin takes `share` of its mass wherever it is reached.
fn twins(random: &RandomGame, share: f64) -> RandomGame {
    let mut other = random.clone();
    let last = random.recipe.follower.0 - 1;
    other.recipe.follower.0 += 1;
    let number = |n: &Number| {
        let mut n = n.clone();
        n.slopes.extend(n.slopes.last().copied());
        n
    };
    // The two share what was the rest: the first of them is now written, the second the rest.
    let law = |law: &Vec<Number>| -> Vec<Number> {
        let mut law = with_rest(law);
        let kept = &mut law[last];
        kept.constant *= 1.0 - share;
        kept.slopes.iter_mut().for_each(|s| *s *= 1.0 - share);
        law.iter().map(number).collect()
    };
    for part in 0..2 {
        for row in other.kernel[part].iter_mut().flatten() {
            row.push(row[last].clone());
            row.iter_mut().flatten().for_each(|l| *l = law(l));
        }
        for numbers in [&mut other.reward[part], &mut other.leader_share[part]] {
            for row in numbers.iter_mut().flatten() {
                row.push(row[last].clone());
                row.iter_mut().flatten().for_each(|n| *n = number(n));
            }
        }
        let periods = other.leader_period[part].iter_mut().flatten();
        periods.for_each(|n| *n = number(n));
        let laws = other.leader_kernel[part].iter_mut().flatten().flatten();
        laws.for_each(|n| *n = number(n));
    }
    if let Some(terminal) = &mut other.terminal {
        terminal.push(terminal[last].clone());
        terminal.iter_mut().for_each(|n| *n = number(n));
    }
    let mass = random.initial[last];
    other.initial[last] = (1.0 - share) * mass;
    other.initial.push(share * mass);
    other
}

#[test]
fn splitting_a_follower_type_into_twins_changes_nothing() {
    for mut recipe in recipes(170..194, (2, 2)) {
        recipe.leader = (2, 2 + usize::from(recipe.seed % 5 == 0));
        let random = RandomGame::new(recipe.clone());
        let selection = SELECTIONS[recipe.seed as usize % 3];
        let text = scenario(&random, selection);
        let other = scenario(&twins(&random, 0.3), selection);
        let (solved, split) = (solve(&text), solve(&other));
        for belief in beliefs(&random) {
            let what = format!("{recipe:?}, {selection}, {belief:?}");
            let pi = Belief::new(belief);
            let a = solved.resolve(1, &pi, text.game().initial()).unwrap();
            let b = split.resolve(1, &pi, other.game().initial()).unwrap();
            let [one, two] = [a.values.followers[0], a.values.followers[1]];
            assert_close(&b.values.followers, &[one, two, two], &what);
            assert_close(&b.values.leader_types, &a.values.leader_types, &what);
            assert_eq!(a.play.leader, b.play.leader, "{what}");
            assert_eq!(a.next.len(), b.next.len(), "{what}");
            for (a, b) in a.next.iter().zip(&b.next) {
                assert_close(b.belief.weights(), a.belief.weights(), &what);
                let first = [b, a].map(|way| way.mean_field.weights()[0]);
                assert_close(&first[..1], &first[1..], &what);
            }
        }
    }
}

fn shipped(name: &str, overrides: &[&str]) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let overrides: Vec<Override> = overrides.iter().map(|text| Override::new(*text)).collect();
    Scenario::read(Path::new(&path), &overrides).unwrap()
}

/// A public state that makes no difference makes none, though V then stands at two beliefs.
#[test]
fn seasons_alike_are_the_infection_game() {
    let seasons = shipped("public_state", &["q_summer=0.9"]);
    let infection = shipped("infection", &["horizon=8", "leader.actions.count=5"]);
    let solved = solve(&seasons);
    let plain = Theta::<Pieces>::compute(infection.game(), &infection.solve, None).unwrap();
    for i in 0..=100 {
        let m = f64::from(i) / 100.0;
        let expected = plain
            .resolve(1, &Belief::certain(), &MeanField::two_types(m))
            .unwrap();
        for season in 0..2 {
            let belief = Belief::of_type(2, LeaderType(season));
            let z = MeanField::two_types(m);
            let found = solved.resolve(1, &belief, &z).unwrap();
            let what = format!("season {season}, m = {m}");
            assert_close(&found.values.followers, &expected.values.followers, &what);
            assert_close(&[found.values.leader], &[expected.values.leader], &what);
            let gamma = expected.play.prescription.rows();
            assert_close(found.play.prescription.rows(), gamma, &what);
        }
    }
    let start = seasons.game().initial();
    let values = solved
        .resolve(1, &Belief::of_type(2, LeaderType(0)), start)
        .unwrap()
        .values;
    let pinned = [-0.079_464_126_3, -0.356_675_727_8];
    assert_close(&values.followers, &pinned, "the start");
    assert_close(&[values.leader], &[-0.139_555_954_8], "the start");
}

/// The largest exploitability of games whose V bends and jumps, on lattices of mean fields and, where the leader's type moves
/// by z, of beliefs.
fn exploitability(flow: Flow, motion: Motion, grid: usize) -> f64 {
    let gain = |seed: u64| {
        let recipe = Recipe {
            horizon: 3,
            taste: Taste::Free,
            flow,
            motion,
            ..Recipe::varied(seed)
        };
        let mut scenario = scenario(&RandomGame::new(recipe), SELECTIONS[0]);
        (scenario.solve.grid, scenario.solve.belief_grid) = (grid, grid);
        let game = scenario.game();
        let solution = Theta::<Nodes>::compute(game, &scenario.solve, None).unwrap();
        let path = certify_path(&Solved::Nodes(solution), game.initial()).unwrap();
        let by_type = path.exploitability.by_type.into_iter();
        by_type.fold(0.0, f64::max)
    };
    (200..216).map(gain).fold(0.0, f64::max)
}

/// Kept apart at its jumps, V errs like the square of the mesh: a quarter for every doubling.
#[test]
fn exploitability_falls_as_the_lattices_are_refined() {
    for (flow, motion, grids, ratio) in [
        (Flow::Averaged, Motion::ByAction, &[8, 16, 32, 64][..], 0.3),
        (Flow::Realised, Motion::ByAction, &[8, 16, 32, 64], 0.3),
        (Flow::Averaged, Motion::ByMeanField, &[4, 8, 16], 0.3),
        (Flow::Realised, Motion::ByMeanField, &[4, 8, 16], 0.3),
    ] {
        let gains = grids.iter().map(|grid| exploitability(flow, motion, *grid));
        let gains: Vec<f64> = gains.collect();
        for pair in gains.windows(2) {
            // Where the path is looked at closely enough nothing is left at any grid.
            let falls = pair[1] < (ratio * pair[0]).max(1e-9);
            assert!(falls, "{flow:?}, {motion:?}: {gains:?}");
        }
    }
}
