//! The real parts that tests and the demo run against, and the drivers for them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this crate serves tests, where a panic with the full story is the wanted outcome"
)]
