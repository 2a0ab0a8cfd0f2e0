//! Templates as Go runs them, compared with the real `helm`, which is Go's engine with a few functions more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod bounds;
mod differential;
mod seeds;
