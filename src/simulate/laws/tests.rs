//! Both ways of drawing, against each other and against draws by hand.

use rand::Rng;

use super::*;
use crate::stream::{BLOCK_WORDS, Role, Stream};

const QUARTER: u32 = 1 << 30;

#[test]
fn draws_fall_into_the_categories_of_positive_probability() {
    let law = Laws::of_one(&[0.0, 0.25, 0.0, 0.5, 0.25, 0.0]);
    for (word, further, next) in [
        (0, 0, 1),
        (QUARTER - 1, u32::MAX, 1),
        (QUARTER, 0, 3),
        (3 * QUARTER - 1, u32::MAX, 3),
        (3 * QUARTER, 0, 4),
        (u32::MAX, u32::MAX, 4),
    ] {
        assert_eq!(law.pick(0, word, || further).next, next, "{word}");
    }
    let sure = Laws::of_one(&[0.0, 1.0]);
    assert_eq!(
        [0, u32::MAX].map(|word| sure.pick(0, word, || word).next),
        [1, 1]
    );
    // Ten of one tenth: the sum misses one, and the last category takes the rest.
    let tenths = Laws::of_one(&[0.1; 10]);
    assert_eq!(
        [0, u32::MAX / 2 + 1, u32::MAX].map(|word| tenths.pick(0, word, || 0).next),
        [0, 5, 9]
    );
}

#[test]
fn sixty_four_digits_decide() {
    // 3 * 2^-40, of which 32 digits show nothing.
    let law = Laws::of_one(&[3.0 / 1_099_511_627_776.0, 1.0]);
    let least = 3 << 24;
    assert_eq!(law.pick(0, 0, || least - 1).next, 0);
    assert_eq!(law.pick(0, 0, || least).next, 1);
    assert_eq!(law.pick(0, 1, || 0).next, 1);
    // Three bounds with the same 32 digits.
    let close = 1.0 / 1_099_511_627_776.0;
    let law = Laws::of_one(&[0.5, close, close, 0.5 - 2.0 * close]);
    let next = [0, (1 << 24) - 1, 1 << 24, (1 << 25) - 1, 1 << 25];
    assert_eq!(
        next.map(|further| law.pick(0, 1 << 31, || further).next),
        [1, 1, 2, 2, 3]
    );
    assert_eq!(law.pick(0, (1 << 31) - 1, || u32::MAX).next, 0);
}

#[test]
fn a_guide_changes_nothing() {
    let rng = &mut Stream::new(5, 1, 1, Role::Followers);
    for round in 0..50 {
        let categories = 1 + round % 23;
        let mut law: Vec<f64> = (0..categories)
            .map(|_| f64::from(rng.next_u32() >> (rng.next_u32() % 33).min(31)))
            .collect();
        law[round % categories] += 1.0;
        let total: f64 = law.iter().sum();
        law.iter_mut().for_each(|p| *p /= total);
        let (plain, mut guided) = (Laws::of_one(&law), Laws::of_one(&law));
        guided.index(GUIDE_DIGITS);
        let edges = plain
            .first
            .iter()
            .flat_map(|word| [word.wrapping_sub(1), *word, word.wrapping_add(1)]);
        let words: Vec<u32> = edges.chain((0..200).map(|_| rng.next_u32())).collect();
        for word in words {
            let further = rng.next_u32();
            assert_eq!(
                plain.pick(0, word, || further),
                guided.pick(0, word, || further)
            );
        }
    }
}

/// Laws of (a, x') that are dense, with zeros, with ones, and with probabilities below 2^-64.
const LAWS: [[f64; 4]; 12] = [
    [0.1, 0.2, 0.3, 0.4],
    [0.25, 0.25, 0.25, 0.25],
    [0.0, 0.5, 0.5, 0.0],
    [0.0, 0.0, 0.0, 1.0],
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.0, 0.3, 0.0, 0.7],
    [1e-21, 0.0, 1.0, 0.0],
    [1e-21, 1e-12, 0.5, 0.5],
    [0.999_999_999_999, 1e-12, 0.0, 0.0],
    [0.0, 1.0, 0.0, 1e-21],
];

#[test]
fn blocks_move_as_their_followers_do_one_by_one() {
    let rng = &mut Stream::new(6, 1, 1, Role::Followers);
    let mut undecided = 0;
    for (first, second) in (0..144).map(|k| (LAWS[k / 12], LAWS[k % 12])) {
        let stage = Stage::of_laws(2, 2, &[first, second].concat());
        let fast = TwoByTwo::new(&stage).unwrap();
        let mut laws = Laws::default();
        laws.assign(&stage, 1);
        for round in 0..8 {
            let mut types = [0u8; BLOCK_WORDS];
            types.fill_with(|| (rng.next_u32() & 1) as u8);
            let (mut words, further) = (rng.block(), rng.block());
            if round % 2 == 1 {
                // At the bounds and beside them.
                let bounds = laws.first.clone();
                for (i, word) in words.iter_mut().enumerate().skip(3).step_by(5) {
                    *word = bounds[i % bounds.len()]
                        .wrapping_add(*word % 3)
                        .wrapping_sub(1);
                }
            }
            let pick = |x: usize, i: usize, word: u32| laws.pick(x, word, || further[i]);
            let (mut tally, mut expected) = (fast.nobody(), fast.nobody());
            let mut one_by_one = types;
            for (i, x) in one_by_one.iter_mut().enumerate() {
                let picked = pick(usize::from(*x), i, words[i]);
                expected.add(usize::from(*x), picked);
                *x = picked.next;
            }
            let asked = std::cell::Cell::new(0);
            fast.advance(&mut types, &words, &mut tally, |x, i, word| {
                asked.set(1);
                pick(x, i, word)
            });
            undecided += asked.get();
            assert_eq!(
                (types, tally),
                (one_by_one, expected),
                "{first:?} {second:?}"
            );
        }
    }
    // Both ways were taken.
    assert!((200..1000).contains(&undecided), "{undecided}");
}

#[test]
fn a_tally_by_hand() {
    let stage = Stage::of_laws(2, 2, &LAWS[..2].concat());
    let mut tally = TwoByTwo::new(&stage).unwrap().nobody();
    for (acted, next, times) in [(0, 1, 5), (1, 0, 7), (2, 0, 2), (3, 1, 4)] {
        for _ in 0..times {
            tally.add(usize::from(acted >= 2), Picked { acted, next });
        }
    }
    let (mut acted, mut next) = ([0; 4], [0; 2]);
    tally.write(&mut acted, &mut next);
    assert_eq!((acted, next), ([5, 7, 2, 4], [9, 9]));
}

#[test]
fn one_action_leaves_types_alone_to_chance() {
    let stage = Stage::of_laws(2, 1, &[0.25, 0.75, 1.0, 0.0]);
    let fast = TwoByTwo::new(&stage).unwrap();
    let (mut types, mut tally) = ([0, 0, 1, 1], fast.nobody());
    let words = [QUARTER / 2, QUARTER * 2, 5, QUARTER * 3];
    fast.advance(&mut types, &words, &mut tally, |_, _, _| unreachable!());
    assert_eq!(types, [0, 1, 0, 0]);
    let (mut acted, mut next) = ([0; 2], [0; 2]);
    tally.write(&mut acted, &mut next);
    assert_eq!((acted, next), ([2, 2], [3, 1]));
    let three = Stage::of_laws(3, 1, &[1.0, 0.0, 0.0].repeat(3));
    assert!(TwoByTwo::new(&three).is_none());
}
