//! The joint laws p(a, x' | x) of one period as tables of integers, for drawing with words of 32 random digits.

use super::stage::Stage;

/// What one follower does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picked {
    /// The pair (x, a), at x |A^f| + a.
    pub acted: u16,
    /// The next type.
    pub next: u8,
}

/// A law per type over the pairs (a, x') of positive probability, in the order of their index.
///
/// The bound of a pair is the cumulative probability up to and with it, times 2^64; the last pair of a type takes what is
/// left.
#[derive(Debug, Default)]
pub(super) struct Laws {
    /// The leading digits with which the guide is entered.
    guide_digits: u32,
    /// Per (type, leading digits), the first pair that they leave possible.
    guide: Vec<u32>,
    /// The first 32 digits of each bound, all of them one for the last pair of a type.
    first: Vec<u32>,
    bounds: Vec<u64>,
    picked: Vec<Picked>,
    /// One past the pairs of each type.
    ends: Vec<u32>,
}

/// 2^64.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;
/// A guide of 2^8 entries per type,
const GUIDE_DIGITS: u32 = 8;
/// for at least so many followers per entry.
const FOLLOWERS_PER_ENTRY: u64 = 2;

impl Laws {
    /// One law, over next types.
    pub(super) fn of_one(probabilities: &[f64]) -> Self {
        let mut laws = Self::default();
        laws.push(probabilities, |x| Picked {
            acted: 0,
            next: x as u8,
        });
        laws.index(0);
        laws
    }

    /// Become the laws of `stage`, to be drawn from by `population` followers.
    pub(super) fn assign(&mut self, stage: &Stage, population: u64) {
        let (types, actions) = (stage.types(), stage.actions());
        self.first.clear();
        self.bounds.clear();
        self.picked.clear();
        self.ends.clear();
        for x in 0..types {
            self.push(stage.law(x), |pair| Picked {
                acted: (x * actions + pair / types) as u16,
                next: (pair % types) as u8,
            });
        }
        let worth = population >= (types as u64 * FOLLOWERS_PER_ENTRY) << GUIDE_DIGITS;
        self.index(if worth { GUIDE_DIGITS } else { 0 });
    }

    fn push(&mut self, law: &[f64], picked: impl Fn(usize) -> Picked) {
        let mut below = 0.0;
        for (pair, p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            below += p;
            let bound = (below * WHOLE) as u64;
            self.first.push((bound >> 32) as u32);
            self.bounds.push(bound);
            self.picked.push(picked(pair));
        }
        if let Some(last) = self.first.last_mut() {
            *last = u32::MAX;
        }
        self.ends.push(self.first.len() as u32);
    }

    fn index(&mut self, digits: u32) {
        self.guide_digits = digits;
        self.guide.clear();
        let mut k = 0;
        for end in &self.ends {
            for entry in 0..1u64 << digits {
                let least = (entry << (32 - digits)) as u32;
                while k + 1 < *end && self.first[k as usize] < least {
                    k += 1;
                }
                self.guide.push(k);
            }
            k = *end;
        }
    }

    /// What a follower of type x does whose draw begins with `word`; `further` gives its next 32 digits.
    #[inline]
    pub(super) fn pick(&self, x: usize, word: u32, further: impl FnOnce() -> u32) -> Picked {
        let entry = (u64::from(word) >> (32 - self.guide_digits)) as usize;
        let mut k = self.guide[(x << self.guide_digits) + entry] as usize;
        while word > self.first[k] {
            k += 1;
        }
        if word == self.first[k] {
            k = self.decide(x, k, word, further());
        }
        self.picked[k]
    }

    #[cold]
    fn decide(&self, x: usize, mut k: usize, word: u32, further: u32) -> usize {
        let draw = u64::from(word) << 32 | u64::from(further);
        while k + 1 < self.ends[x] as usize && draw >= self.bounds[k] {
            k += 1;
        }
        k
    }
}

/// The laws of a game with two types and one or two actions, for moving a block at a time without branches.
///
/// Of the pairs (a, x'), in the order of their index, a draw is in the one whose number is that of the bounds reached: with
/// r_1 >= r_2 >= r_3 for "reached", a = r_2 and x' = r_1 xor r_2 xor r_3. A bound is compared by its first 15 digits, which
/// fit a signed word of 16, eight to a register; a block with a draw that these do not decide is moved by [`Laws::pick`].
#[derive(Debug)]
pub(super) struct TwoByTwo {
    actions: usize,
    /// Per type: reached by draws whose first digits exceed these. -1 is always reached and `i16::MAX` never.
    bounds: [[i16; 3]; 2],
}

/// How many followers did what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tally {
    actions: usize,
    followers: u64,
    /// Of the second type,
    second: u64,
    /// taking the second action,
    acting: u64,
    /// both,
    second_acting: u64,
    /// and of the second type afterwards.
    next_second: u64,
}

impl TwoByTwo {
    /// The tables of `stage`, if it is small enough.
    pub(super) fn new(stage: &Stage) -> Option<Self> {
        if stage.types() != 2 || stage.actions() > 2 {
            return None;
        }
        let mut bounds = [[i16::MAX; 3]; 2];
        for (x, bounds) in bounds.iter_mut().enumerate() {
            let law = stage.law(x);
            let Some(last) = law.iter().rposition(|p| *p > 0.0) else {
                continue;
            };
            let mut below = 0.0;
            for (bound, p) in bounds.iter_mut().zip(&law[..last]) {
                below += p;
                *bound = match (below * WHOLE) as u64 {
                    0 => -1,
                    digits => (digits >> 49) as i16,
                };
            }
        }
        Some(Self {
            actions: stage.actions(),
            bounds,
        })
    }

    /// A tally of nobody.
    pub(super) fn nobody(&self) -> Tally {
        Tally {
            actions: self.actions,
            followers: 0,
            second: 0,
            acting: 0,
            second_acting: 0,
            next_second: 0,
        }
    }

    /// Move the followers of one block, fewer than 2^15, by `words`; `plain` is [`Laws::pick`] of (type, place in the
    /// block, word).
    #[inline]
    pub(super) fn advance<const N: usize>(
        &self,
        types: &mut [u8; N],
        words: &[u32; N],
        tally: &mut Tally,
        plain: impl Fn(usize, usize, u32) -> Picked,
    ) {
        let [first, other] = self.bounds;
        let differing = [
            first[0] ^ other[0],
            first[1] ^ other[1],
            first[2] ^ other[2],
        ];
        let mut draws = [0; N];
        for (draw, word) in draws.iter_mut().zip(words) {
            *draw = (word >> 17) as i16;
        }
        let mut next = [0; N];
        // Truth is the sign, -1: shifts and no comparisons, which the compiler would undo into bytes. Sums are negative.
        let (mut decided, mut second, mut acting, mut both, mut next_second) = (-1, 0, 0, 0, 0);
        for i in 0..N {
            let x = -i16::from(types[i]);
            let left = |k: usize| (first[k] ^ (differing[k] & x)).wrapping_sub(draws[i]);
            let left = [left(0), left(1), left(2)];
            let reached = |k: usize| left[k] >> 15;
            let unequal = |k: usize| left[k] | left[k].wrapping_neg();
            decided &= unequal(0) & unequal(1) & unequal(2);
            let a = reached(1);
            let y = reached(0) ^ a ^ reached(2);
            next[i] = (y & 1) as u8;
            second += x;
            acting += a;
            both += a & x;
            next_second += y;
        }
        if decided >= 0 {
            for (i, (x, word)) in types.iter_mut().zip(words).enumerate() {
                let picked = plain(usize::from(*x), i, *word);
                tally.add(usize::from(*x), picked);
                *x = picked.next;
            }
            return;
        }
        *types = next;
        tally.followers += N as u64;
        let number = |sum: i16| u64::from(sum.unsigned_abs());
        tally.second += number(second);
        tally.acting += number(acting);
        tally.second_acting += number(both);
        tally.next_second += number(next_second);
    }
}

impl Tally {
    /// One follower of type x.
    pub(super) fn add(&mut self, x: usize, picked: Picked) {
        let a = u64::from(picked.acted) - (x * self.actions) as u64;
        let x = x as u64;
        self.followers += 1;
        self.second += x;
        self.acting += a;
        self.second_acting += a & x;
        self.next_second += u64::from(picked.next);
    }

    /// The numbers per (type, action) and per next type.
    pub(super) fn write(&self, acted: &mut [u64], next: &mut [u64]) {
        let first = self.followers - self.second;
        let first_acting = self.acting - self.second_acting;
        match acted {
            [waiting, acting, second_waiting, second_acting] => {
                *waiting = first - first_acting;
                *acting = first_acting;
                *second_waiting = self.second - self.second_acting;
                *second_acting = self.second_acting;
            }
            _ => acted.copy_from_slice(&[first, self.second]),
        }
        next.copy_from_slice(&[self.followers - self.next_second, self.next_second]);
    }
}

#[cfg(test)]
mod tests;
