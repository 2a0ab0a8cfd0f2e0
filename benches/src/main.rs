//! Side-by-side measurements with the peers.
fn main() {}
