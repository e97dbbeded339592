//! Single stage games with random continuation values: every family, 2 to 4 types.

use super::field::Field;
use super::lattice::{Lattice, Location};
use super::search::{Equilibria, Search};
use super::stage_game::{Branch, Equilibrium, StageGame};

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
                leader_action: 0,
                next: field,
            }],
            reward: self.reward.clone(),
            flow: self.flow.clone(),
            hold: self.flow.iter().map(|q| 0.9 * q).collect(),
        }
    }
}

/// The largest loss of a taken action, written out from (15a) with an interpolation of its own: barycentric weights from
/// the definition of the walls, by trying every simplex.
fn loss(game: &StageGame, e: &Equilibrium) -> f64 {
    let values = game.continuation(&e.next, &mut Location::default());
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
        } = search.run(&game);
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
