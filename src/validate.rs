//! validate
mod certificate;
pub use certificate::*;
