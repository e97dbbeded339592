//! What a validation may be told.

use crate::choice::choice;
use crate::game::MeanField;

choice!(
    /// How gains from deviations are found.
    MethodChoice {
        /// Exact where affordable, else sampled.
        Auto = "auto",
        /// Backward induction over (own type, counts).
        Exact = "exact",
        /// Sampled populations, the tagged follower's own randomness integrated out.
        Integrated = "integrated",
        /// Paired replications with common random numbers.
        Paired = "paired",
    }
);

/// Section `[validate]` of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidateSettings {
    /// The gain from deviating that is let pass, > 0, in reward units; default 0.02.
    pub epsilon: f64,
    /// The probability with which a verdict from samples holds, in (0, 1); default 0.99.
    pub confidence: f64,
    /// Default auto.
    pub method: MethodChoice,
    /// Further starts z from which deviations are judged; default none.
    pub starts: Vec<MeanField>,
}

impl Default for ValidateSettings {
    fn default() -> Self {
        Self {
            epsilon: 0.02,
            confidence: 0.99,
            method: MethodChoice::Auto,
            starts: Vec::new(),
        }
    }
}
