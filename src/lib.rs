//! Discrete-time Stackelberg mean-field games: solve, simulate, validate.
//!
//! A leader commits to a policy; a very large crowd of followers best-respond to her and to each other. This crate
//! computes the equilibrium-generating function theta of such a game from its master equation (Vasal & Berry 2022,
//! arXiv 2201.05959; numbers in parentheses throughout are that paper's equations), plays leader and N followers out,
//! and decides, with a stated error, whether any unilateral deviation profits.
//!
//! # The game
//!
//! In period t = 1, ..., T the crowd has the law z_t of follower types, the *mean field*. The leader, of type x^l, takes
//! a^l; a follower of type x takes a and earns R^f(z, x^l, x, a^l, a), and moves to type x' with probability
//! Q^f(x'|z, x^l, x, a^l, a). The leader earns
//!
//! ```text
//! R^l = r(z, x^l, a^l) + sum_{x,a} mu(x, a) g(z, x^l, a^l, x, a),      mu(x, a) = z(x) gamma^f(a|x)
//! ```
//!
//! and moves to type x' with probability Q^l(x'|z, x^l, a^l). Her type may be private: the followers then hold a common
//! belief pi about it, which her actions move by (9). Or all see it, or she has none.
//!
//! | symbol | name | here |
//! |---|---|---|
//! | z in P(X^f) | mean field | [`game::MeanField`] |
//! | pi in P(X^l) | common belief | [`game::Belief`] |
//! | gamma^l(a\|x^l), gamma^f(a\|x) | prescriptions | [`game::LeaderPrescription`], [`game::Prescription`] |
//! | F, (9) | Bayes' rule for the belief | [`game::update_belief`] |
//! | phi, (8) | law of motion of the mean field | [`game::advance_mean_field`] |
//! | theta_t\[pi, z\] | what is played at (t, pi, z) | [`game::Policy::play`], [`solve::Solved`] |
//! | (15a) | followers' stage equilibrium, theta resuming at t + 1 | [`solve::Solved::stage_equilibria`] |
//! | (15c) | the leader's best action, followers re-answering | [`solve::Solved::resolve`] |
//! | V^f_t(z, x), V^l_t(z), (16) | values | [`solve::StateValues`] |
//! | z^N_t | empirical law of N followers | [`simulate::Trajectory`] |
//!
//! # The pipeline
//!
//! Each stage uses only those above it.
//!
//! - [`scenario`]: TOML and formulas to a checked game and its settings.
//! - [`game`]: a game from code ([`game::Game::builder`]), spaces, kernels, rewards, policies, the mean field's law of motion.
//! - [`solve`]: the backward recursion (13)-(16), every stage equilibrium enumerated, values with their jumps.
//! - [`certify`]: what a solution's flow leaves to gain in the mean-field limit.
//! - [`simulate`]: finite populations by counts or one by one.
//! - [`validate`]: the gains of deviations at N, and the claim that may be made of them.
//! - [`report`]: tables, documents, the closing screen.
//!
//! [`stream`] names the random streams and [`stats`] holds what the stages share of statistics.
//!
//! # Example
//!
//! ```
//! use smfg::game::{Belief, MeanField};
//! use smfg::scenario::Scenario;
//! use smfg::solve::Solved;
//! use smfg::certify::certify_path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = r#"
//! name = "infection"
//! horizon = 5
//! discount = 0.9
//! [follower]
//! types   = ["healthy", "infected"]
//! actions = ["wait", "repair"]
//! initial = [0.7, 0.3]
//! reward  = "-0.2 * (x == infected) - price * (a == repair)"
//! [follower.transition]
//! "healthy, wait"  = { infected = "0.9 * z[infected]", healthy = "rest" }
//! "infected, wait" = { infected = 1 }
//! "*, repair"      = { healthy = 1 }
//! [leader]
//! actions = { name = "price", from = 0.0, to = 0.4, count = 9 }
//! reward  = { per_follower = "follower_reward + (price - 0.2) * (a == repair)" }
//! "#;
//! let scenario = Scenario::parse("infection.toml", text, &[])?;
//! let solution = Solved::compute(scenario.game(), &scenario.solve, None)?;
//!
//! // theta_1 at z_1 = (0.7, 0.3), re-solved: what is played, and the values.
//! let start = MeanField::two_types(0.3);
//! let point = solution.resolve(1, &Belief::certain(), &start)?;
//! assert!(point.values.followers[1] < point.values.followers[0]);
//!
//! // Against the flow of theta no follower can gain.
//! let certificate = certify_path(&solution, &start)?;
//! assert!(certificate.exploitability.initial < 1e-8);
//! # Ok(())
//! # }
//! ```
//!
//! # Departures
//!
//! Where the paper is ambiguous or misprinted the reading built here stands beside the code, under "Departure": the
//! public coin of a stage game without another equilibrium and V across its jumps (`solve`), the belief's news, (11)-(12),
//! and the realised flow beside the averaged (8) (`game`), the commitment gap and what types regret (`certify`).

pub mod certify;
mod choice;
pub mod game;
pub mod report;
pub mod scenario;
pub mod simulate;
pub mod solve;
pub mod stats;
pub mod stream;
pub mod validate;

/// The README's Rust is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
