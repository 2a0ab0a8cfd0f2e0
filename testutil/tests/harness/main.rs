//! The harness keeps its promises: real parts start, answer, follow their Deployments, and end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of tests are tests too"
)]

mod again;
mod charts;
mod cluster;
mod digitalocean;
mod ends;
mod faulty;
mod flux;
mod git;
mod skips;
