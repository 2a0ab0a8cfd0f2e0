//! Whole-system promises, one test binary.
fn main() {}
