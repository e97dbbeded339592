//! Random streams: (seed, population, replication, role) to a sequence of words. The only file that names a generator.
//!
//! The generator is ChaCha with 8 rounds. Its 256-bit key is made of the seed and the population N (little endian, the
//! rest zero); its 64-bit stream id of the replication and the role. Streams that differ in any of the four are
//! different ciphertexts, so a replication can be repeated alone, and adding a population or a role changes no other.

use std::convert::Infallible;

use rand::{Rng, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;

/// Largest replication with streams of its own: the stream id keeps 8 of its 64 bits for the role.
pub const MAX_REPLICATION: u64 = (1 << 56) - 1;

/// What a stream is drawn for. Append only: the numbers are part of every published result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// The followers' types at t = 1.
    InitialTypes = 0,
    /// The leader's actions.
    Leader = 1,
    /// The followers' actions and next types.
    Followers = 2,
    /// The actions and next types of one follower singled out.
    TaggedFollower = 3,
    /// A public lottery between equilibria.
    Coin = 4,
    /// Deviations that are drawn at random, before any replication.
    Deviations = 5,
    /// Further digits of the followers' draws, where the first 32 do not decide.
    FollowerDigits = 6,
}

/// Whom replications belong to. Each counts its own from where it begins, so that none sees what another draws: what a
/// method has found out may then be tested on fresh streams. Append only, as roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Populations under theta, and paired replications that a verdict rests on.
    Verdict,
    /// Replications with the tagged follower integrated out; added to where their own purpose begins.
    Integrated,
    /// Paths that a best response is learnt from.
    Learning,
    /// Populations that the one-step check compares with (8).
    OneStep,
    /// Deviations outside any verdict: the pilots of `plan` and the gains of `converge`.
    Pilot,
    /// Populations whose distances and values `converge` reports,
    Distances,
    /// and those that choose which of these are reported. By another role, the resamples of a pilot.
    Choosing,
}

impl Purpose {
    /// The number of replications before its first.
    pub const fn offset(self) -> u64 {
        match self {
            Self::Verdict => 0,
            Self::Integrated => 1 << 40,
            Self::Learning => 1 << 50,
            Self::OneStep => 1 << 51,
            Self::Pilot => 1 << 52,
            Self::Distances => 1 << 53,
            Self::Choosing => 1 << 54,
        }
    }
}

/// All streams of one (seed, population).
#[derive(Clone, Debug)]
pub struct StreamFamily {
    pristine: ChaCha8Rng,
}

impl StreamFamily {
    /// The family of `seed` and population N.
    pub fn new(seed: u64, population: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&population.to_le_bytes());
        Self {
            pristine: ChaCha8Rng::from_seed(key),
        }
    }

    /// The stream of one replication (at most [`MAX_REPLICATION`]) and role, at its first word.
    pub fn stream(&self, replication: u64, role: Role) -> Stream {
        debug_assert!(replication <= MAX_REPLICATION);
        // `set_stream` keeps the word position: it is chosen on a copy that has drawn nothing.
        let mut generator = self.pristine.clone();
        generator.set_stream((replication << 8) | role as u64);
        Stream { generator }
    }
}

/// One sequence of random words; a generator for `rand`.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The stream of (seed, population, replication, role); [`StreamFamily`] makes many of them faster.
    pub fn new(seed: u64, population: u64, replication: u64, role: Role) -> Self {
        StreamFamily::new(seed, population).stream(replication, role)
    }
}

/// The words of a block: those that the generator makes at a time.
pub const BLOCK_WORDS: usize = 64;

impl Stream {
    /// The next [`BLOCK_WORDS`] words.
    #[inline]
    pub fn block(&mut self) -> [u32; BLOCK_WORDS] {
        let mut bytes = [0; 4 * BLOCK_WORDS];
        self.generator.fill_bytes(&mut bytes);
        let mut words = [0; BLOCK_WORDS];
        for (word, digits) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*digits);
        }
        words
    }

    /// A copy at the start of block `index`, wherever this one is.
    pub fn at_block(&self, index: u64) -> Self {
        let mut generator = self.generator.clone();
        generator.set_word_pos(u128::from(index) * BLOCK_WORDS as u128);
        Self { generator }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.generator.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.generator.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        self.generator.try_fill_bytes(destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u64, population: u64, replication: u64, role: Role) -> u64 {
        Stream::new(seed, population, replication, role).next_u64()
    }

    #[test]
    fn first_words_do_not_change_between_versions() {
        let found = [
            first(0, 0, 0, Role::InitialTypes),
            first(1, 100, 1, Role::InitialTypes),
            first(1, 100, 1, Role::Leader),
            first(1, 100, 1, Role::Followers),
            first(1, 100, 1, Role::TaggedFollower),
            first(1, 100, 1, Role::Coin),
            first(
                u64::MAX,
                1_000_000_000_000,
                MAX_REPLICATION,
                Role::Followers,
            ),
        ];
        let expected = [
            0xd640_5f89_2fef_003e, // ECRYPT test vector of ChaCha8, zero key: 3e 00 ef 2f 89 5f 40 d6
            12_795_232_922_638_023_178,
            4_489_074_719_301_118_446,
            6_092_041_576_010_971_246,
            7_209_146_305_306_870_666,
            10_462_193_261_287_687_235,
            2_456_344_314_251_760_347,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn purposes_lie_apart_and_where_they_always_did() {
        use Purpose::{Choosing, Distances, Integrated, Learning, OneStep, Pilot, Verdict};
        let all = [
            Verdict, Integrated, Learning, OneStep, Pilot, Distances, Choosing,
        ];
        let bits = [0, 1 << 40, 1 << 50, 1 << 51, 1 << 52, 1 << 53, 1 << 54];
        assert_eq!(all.map(Purpose::offset), bits);
        // Integrated pilots begin behind both, and all of it fits.
        assert!(bits.iter().sum::<u64>() < MAX_REPLICATION);
    }

    #[test]
    fn each_coordinate_names_its_own_stream() {
        let mut found = Vec::new();
        for seed in 0..3 {
            for population in [1, 2, 1 << 40] {
                for replication in [0, 1, 255, 256, MAX_REPLICATION] {
                    for role in [
                        Role::InitialTypes,
                        Role::Leader,
                        Role::Followers,
                        Role::TaggedFollower,
                        Role::Coin,
                        Role::Deviations,
                        Role::FollowerDigits,
                    ] {
                        found.push(first(seed, population, replication, role));
                    }
                }
            }
        }
        let count = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), count);
    }

    #[test]
    fn a_stream_does_not_depend_on_what_was_drawn_before() {
        let family = StreamFamily::new(7, 50);
        let mut before = family.stream(3, Role::Followers);
        let head: Vec<u64> = (0..40).map(|_| before.next_u64()).collect();
        let mut again = family.stream(3, Role::Followers);
        assert_eq!(head, (0..40).map(|_| again.next_u64()).collect::<Vec<_>>());
    }

    #[test]
    fn blocks_are_words_in_order_from_wherever_they_are_asked_for() {
        let mut words = Stream::new(7, 50, 3, Role::Followers);
        let expected: Vec<u32> = (0..3 * BLOCK_WORDS).map(|_| words.next_u32()).collect();
        let mut blocks = Stream::new(7, 50, 3, Role::Followers);
        let in_turn: Vec<u32> = (0..3).flat_map(|_| blocks.block()).collect();
        assert_eq!(in_turn, expected);
        assert_eq!(
            blocks.at_block(1).block(),
            expected[BLOCK_WORDS..2 * BLOCK_WORDS]
        );
    }
}
