//! The `smfg` program.
fn main() {}
