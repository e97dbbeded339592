//! Single stage games with random continuation values: every family, 2 to 4 types.

use super::field::Field;
use super::regimes::tests::two_regimes;
use super::search::{Equilibria, Search};
use super::stage_game::{Across, Branch, Equilibrium, StageGame};
use crate::solve::stage::Kind;
use crate::solve::triangulation::{Lattice, Location};

/// splitmix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A law; `sharp` in [0, 1) puts that much on one entry.
    fn law(&mut self, size: usize, sharp: f64) -> Vec<f64> {
        let raw: Vec<f64> = (0..size)
            .map(|_| -libm::log(1.0 - self.uniform()))
            .collect();
        let total: f64 = raw.iter().sum();
        let peak = (self.uniform() * size as f64) as usize;
        let weight =
            |i: usize| (1.0 - sharp) * raw[i] / total + if i == peak { sharp } else { 0.0 };
        (0..size).map(weight).collect()
    }
}

#[derive(Clone, Copy, Debug)]
enum Family {
    Random,
    Congestion,
    Coordination,
    Cyclic,
}

const FAMILIES: [Family; 4] = [
    Family::Random,
    Family::Congestion,
    Family::Coordination,
    Family::Cyclic,
];

/// V^f by node and type: piecewise linear with noise at every node.
fn continuation(family: Family, lattice: &Lattice, random: &mut Random) -> Vec<f64> {
    let types = lattice.types();
    let (strength, noise) = (random.between(2.0, 6.0), random.between(0.0, 1.0));
    let mut values = Vec::new();
    for node in 0..lattice.nodes() {
        let z = lattice.mean_field(node);
        for x in 0..types {
            let along = match family {
                Family::Random => 0.0,
                Family::Congestion => -z[x],
                Family::Coordination => z[x],
                Family::Cyclic => z[(x + 1) % types] - z[(x + types - 1) % types],
            };
            values.push(strength * along + noise * random.between(-1.0, 1.0));
        }
    }
    values
}

/// Kernel rows and rewards of one stage game.
struct Numbers {
    z: Vec<f64>,
    actions: usize,
    reward: Vec<f64>,
    flow: Vec<f64>,
}

impl Numbers {
    fn draw(types: usize, actions: usize, random: &mut Random) -> Self {
        let sharp = random.uniform();
        let pairs = types * actions;
        Self {
            z: random.law(types, 0.0),
            actions,
            reward: (0..pairs).map(|_| random.between(-1.0, 1.0)).collect(),
            flow: (0..pairs).flat_map(|_| random.law(types, sharp)).collect(),
        }
    }

    fn game<'a>(&self, lattice: &'a Lattice, field: &'a Field) -> StageGame<'a> {
        let types = self.z.len();
        StageGame {
            lattice,
            types,
            actions: self.actions,
            available: vec![(0..self.actions).collect(); types],
            active: (0..types).filter(|x| self.z[*x] > 0.0).collect(),
            z: self.z.clone(),
            branches: vec![Branch {
                weight: 1.0,
                leader_move: 0,
                flow: 0,
                next: field,
                node: 0,
            }],
            reward: self.reward.clone(),
            flows: 1,
            flow: self.flow.clone(),
            hold: self.flow.iter().map(|q| 0.9 * q).collect(),
        }
    }
}

/// The largest loss of a taken action, written out from (15a) with an interpolation of its own: barycentric weights from
/// the definition of the walls, by trying every simplex.
fn loss(game: &StageGame, e: &Equilibrium) -> f64 {
    let values = game.continuation(&e.next, Across::Kept, &mut Location::default());
    let mut loss: f64 = 0.0;
    for x in 0..game.types {
        let payoff = |a: usize| {
            let row = &game.flow[(x * game.actions + a) * game.types..][..game.types];
            let mean: f64 = row.iter().zip(&values).map(|(q, v)| q * v).sum();
            game.reward[x * game.actions + a] + 0.9 * mean
        };
        let best = (0..game.actions)
            .map(payoff)
            .fold(f64::NEG_INFINITY, f64::max);
        for a in 0..game.actions {
            if e.gamma[x * game.actions + a] > 0.0 {
                loss = loss.max(best - payoff(a));
            }
        }
    }
    loss
}

#[derive(Default, Debug)]
struct Tally {
    empty: usize,
    even: usize,
    tied: usize,
    incomplete: usize,
    /// Games all of whose equilibria have two types or more mixing.
    only_deep: usize,
    several: usize,
    loss: f64,
    blocks: u64,
    systems: u64,
}

fn tally(types: usize, actions: usize, cells: usize, games: u64) -> Tally {
    let mut tally = Tally::default();
    let lattice = Lattice::new(types, cells);
    let mut search = Search::default();
    for seed in 0..games {
        let family = FAMILIES[seed as usize % 4];
        let mut random = Random(seed * 1_000 + types as u64 * 10 + actions as u64);
        let field = Field::new(&lattice, types, continuation(family, &lattice, &mut random));
        let numbers = Numbers::draw(types, actions, &mut random);
        let game = numbers.game(&lattice, &field);
        let Equilibria {
            found,
            count,
            tied,
            complete,
            blocks,
            systems,
            ..
        } = search.run(&game, Across::Kept);
        tally.empty += usize::from(found.is_empty());
        tally.tied += usize::from(tied);
        tally.even += usize::from(!tied && count % 2 == 0);
        tally.incomplete += usize::from(!complete);
        tally.several += usize::from(count > 1);
        let degree = |e: &Equilibrium| e.gamma.iter().filter(|p| **p > 0.0).count() - types;
        tally.only_deep += usize::from(found.iter().all(|e| degree(e) >= 2));
        tally.loss = found
            .iter()
            .map(|e| loss(&game, e))
            .fold(tally.loss, f64::max);
        tally.blocks += blocks;
        tally.systems += systems;
    }
    tally
}

#[test]
fn every_random_stage_game_has_an_odd_number_of_equilibria() {
    for (types, actions, cells) in [
        (2, 2, 12),
        (2, 3, 12),
        (3, 2, 8),
        (3, 3, 6),
        (4, 2, 5),
        (4, 3, 3),
    ] {
        let tally = tally(types, actions, cells, 1_000);
        println!("{types} types, {actions} actions: {tally:?}");
        assert_eq!(
            (tally.empty, tally.even, tally.incomplete),
            (0, 0, 0),
            "{types} {actions}"
        );
        assert!(
            tally.tied < 5 && tally.loss < 1e-9,
            "{types} {actions}: {tally:?}"
        );
        // The families reach what is hard: several equilibria, and none with fewer than two degrees of mixing.
        assert!(tally.several > 50);
        assert!(types == 2 || tally.only_deep > 10);
    }
}

/// Every simplex of the lattice, as nodes: a corner, and an order in which to raise the coordinates.
fn all_simplices(lattice: &Lattice) -> Vec<Vec<usize>> {
    let (dimensions, cells) = (lattice.dimensions(), lattice.cells());
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for i in 0..dimensions {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, i);
                order
            })
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    let valid = |sums: &[usize]| sums[0] <= cells && sums.windows(2).all(|s| s[0] >= s[1]);
    let mut simplices = Vec::new();
    for node in 0..lattice.nodes() {
        for order in &orders {
            let mut sums = lattice.sums(node);
            let mut nodes = vec![node];
            for i in order {
                sums[*i] += 1;
                if valid(&sums) {
                    nodes.push(lattice.rank(&sums));
                }
            }
            if nodes.len() > dimensions {
                simplices.push(nodes);
            }
        }
    }
    simplices
}

/// Every choice of a non-empty set of actions for each type.
fn all_supports(types: usize, actions: usize) -> Vec<Vec<usize>> {
    let sets = (1_usize << actions) - 1;
    let count = sets.pow(types as u32);
    let digit = |code: usize, x: usize| code / sets.pow(x as u32) % sets + 1;
    (0..count)
        .map(|code| (0..types).map(|x| digit(code, x)).collect())
        .collect()
}

/// Gauss-Jordan with full pivoting on [matrix | right-hand side]; `None` where singular.
fn gauss(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    let mut pivots = Vec::new();
    for k in 0..size {
        let all = (k..size).flat_map(|r| (0..size).map(move |c| (r, c)));
        let (r, c) = all.max_by(|a, b| rows[a.0][a.1].abs().total_cmp(&rows[b.0][b.1].abs()))?;
        if rows[r][c].abs() < 1e-10 {
            return None;
        }
        rows.swap(k, r);
        let pivot = rows[k].clone();
        for (other, row) in rows.iter_mut().enumerate() {
            let factor = row[c] / pivot[c];
            if other != k {
                row.iter_mut()
                    .zip(&pivot)
                    .for_each(|(v, p)| *v -= factor * p);
            }
        }
        pivots.push(c);
    }
    let mut solution = vec![0.0; size];
    for (row, c) in rows.iter().zip(pivots) {
        solution[c] = row[size] / row[c];
    }
    Some(solution)
}

/// All equilibria by trying every support in every simplex. Unknowns: gamma on the support, the weights of the simplex's
/// vertices and each type's value; nothing is struck out beforehand.
fn brute_force(game: &StageGame, field: &Field) -> Vec<Vec<f64>> {
    let (types, actions) = (game.types, game.actions);
    let node_payoff = |x: usize, a: usize, node: usize| {
        let row = &game.flow[(x * actions + a) * types..][..types];
        let mean: f64 = row
            .iter()
            .zip(field.at_node(node))
            .map(|(q, v)| q * v)
            .sum();
        game.reward[x * actions + a] + 0.9 * mean
    };
    let mut found: Vec<Vec<f64>> = Vec::new();
    for nodes in all_simplices(game.lattice) {
        let corners: Vec<Vec<f64>> = nodes.iter().map(|n| game.lattice.mean_field(*n)).collect();
        for support in all_supports(types, actions) {
            let taken: Vec<(usize, usize)> = (0..types)
                .flat_map(|x| (0..actions).map(move |a| (x, a)))
                .filter(|(x, a)| support[*x] >> a & 1 == 1)
                .collect();
            if taken.len() > 2 * types - 1 {
                continue;
            }
            let (mixing, size) = (taken.len(), taken.len() + 2 * types);
            let mut rows = Vec::new();
            for &(x, a) in &taken {
                let mut row = vec![0.0; size + 1];
                for (k, node) in nodes.iter().enumerate() {
                    row[mixing + k] = node_payoff(x, a, *node);
                }
                row[mixing + types + x] = -1.0;
                rows.push(row);
            }
            for x in 0..types {
                let mut row = vec![0.0; size + 1];
                for (i, pair) in taken.iter().enumerate() {
                    row[i] = f64::from(u8::from(pair.0 == x));
                }
                row[size] = 1.0;
                rows.push(row);
            }
            // z' = sum of weights times vertices: one per type; with the rows above, the weights sum to one.
            for to in 0..types {
                let mut row = vec![0.0; size + 1];
                for (i, (x, a)) in taken.iter().enumerate() {
                    row[i] = game.z[*x] * game.flow[(x * actions + a) * types + to];
                }
                for (k, corner) in corners.iter().enumerate() {
                    row[mixing + k] = -corner[to];
                }
                rows.push(row);
            }
            let Some(solution) = gauss(rows) else {
                continue;
            };
            let inside = solution[..mixing].iter().all(|p| *p > 0.0)
                && solution[mixing..mixing + types].iter().all(|w| *w > -1e-9);
            let best = (0..types).all(|x| {
                (0..actions).all(|a| {
                    let weights = nodes.iter().zip(&solution[mixing..]);
                    let payoff: f64 = weights.map(|(n, w)| w * node_payoff(x, a, *n)).sum();
                    payoff <= solution[mixing + types + x] + 1e-9
                })
            });
            let mut gamma = vec![0.0; types * actions];
            for ((x, a), p) in taken.iter().zip(&solution) {
                gamma[x * actions + a] = *p;
            }
            let known = |g: &Vec<f64>| g.iter().zip(&gamma).all(|(a, b)| (a - b).abs() < 1e-7);
            if inside && best && !found.iter().any(known) {
                found.push(gamma);
            }
        }
    }
    found
}

#[test]
fn brute_force_over_supports_and_simplices_finds_the_same_equilibria() {
    let mut search = Search::default();
    let mut total = 0;
    for (types, actions, cells, games) in [
        (2, 2, 6, 200),
        (2, 3, 5, 100),
        (3, 2, 3, 100),
        (3, 3, 2, 12),
        (4, 2, 2, 12),
    ] {
        let lattice = Lattice::new(types, cells);
        for seed in 0..games {
            let family = FAMILIES[seed as usize % 4];
            let mut random = Random(seed * 77 + types as u64 * 10_000 + actions as u64);
            let field = Field::new(&lattice, types, continuation(family, &lattice, &mut random));
            let numbers = Numbers::draw(types, actions, &mut random);
            let game = numbers.game(&lattice, &field);
            let found = search.run(&game, Across::Kept).found;
            let expected = brute_force(&game, &field);
            assert_eq!(
                found.len(),
                expected.len(),
                "{types} {actions} {family:?} {seed}"
            );
            total += found.len();
            for gamma in expected {
                let same = |e: &Equilibrium| {
                    e.gamma
                        .iter()
                        .zip(&gamma)
                        .all(|(a, b)| (a - b).abs() < 1e-7)
                };
                assert!(
                    found.iter().any(same),
                    "{types} {actions} {family:?} {seed}: {gamma:?}"
                );
            }
        }
    }
    assert!(total > 424 + 100, "some games have several: {total}");
}

/// The same game with two mean fields, both led by its kernels into its V, each with probability one half.
fn doubled<'a>(game: &StageGame<'a>) -> StageGame<'a> {
    let branch = |flow| Branch {
        weight: 0.5,
        flow,
        ..game.branches[0]
    };
    let half = game.hold.iter().map(|q| 0.5 * q);
    StageGame {
        branches: vec![branch(0), branch(1)],
        flows: 2,
        flow: [game.flow.clone(), game.flow.clone()].concat(),
        hold: half.clone().chain(half).collect(),
        ..game.clone()
    }
}

/// In games whose V jumps, some with two actions that are the same.
#[test]
fn two_mean_fields_that_are_one_have_its_equilibria() {
    let mut search = Search::default();
    let (mut mixed, mut lotteries, mut vertices, mut pure) = (0, 0, 0, 0);
    for (types, cells) in [(2, 4), (3, 3)] {
        let lattice = Lattice::new(types, cells);
        for seed in 0..400 {
            let mut random = Random(seed * 31 + types as u64);
            let twins = seed % 4 == 0;
            let mut numbers = Numbers::draw(types, 2 + usize::from(twins), &mut random);
            if twins {
                for x in 0..types {
                    numbers.reward[3 * x + 2] = numbers.reward[3 * x + 1];
                    let row = (3 * x + 1) * types;
                    numbers.flow.copy_within(row..row + types, row + types);
                }
            }
            let (slope, place) = (random.between(-1.0, 1.0), random.between(0.0, 0.7));
            let field = two_regimes(&lattice, |z| z[0] + slope * z[1] - place);
            let one = numbers.game(&lattice, &field);
            let two = doubled(&one);
            let expected = search.supported_first(&one);
            let found = search.supported_first(&two);
            let facts = |e: &Equilibria| (e.found.len(), e.count, e.complete, e.across);
            assert_eq!(facts(&found), facts(&expected), "{types} {seed}");
            for (a, b) in found.found.iter().zip(&expected.found) {
                assert_eq!(a.kind, b.kind, "{types} {seed}");
                let same = a
                    .gamma
                    .iter()
                    .zip(&b.gamma)
                    .all(|(p, q)| (p - q).abs() < 1e-7);
                assert!(same, "{types} {seed}: {a:?} {b:?}");
                let [first, second] = &two.sides(a, &mut search.location)[..] else {
                    panic!("one list of sides per mean field");
                };
                let expected = &one.sides(b, &mut search.location)[0];
                for side in [first, second] {
                    assert_eq!(side.len(), expected.len());
                    for (s, e) in side.iter().zip(expected) {
                        assert!((s.probability - e.probability).abs() < 1e-6);
                    }
                }
                match a.kind {
                    Kind::Pure => pure += 1,
                    Kind::Lottery => lotteries += 1,
                    Kind::Vertex => vertices += 1,
                    _ => mixed += 1,
                }
            }
        }
    }
    assert!(
        pure > 100 && mixed > 20 && lotteries > 20 && vertices > 20,
        "{pure} {mixed} {lotteries} {vertices}"
    );
}
