//! TOML text to a checked scenario.
