//! TOML text to a checked scenario.
/// Which of several stage equilibria is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// a
    Optimistic,
    /// b
    Pessimistic,
    /// c
    Welfare,
}
