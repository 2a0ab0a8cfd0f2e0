//! Whole-system promises, one test binary: the real OpenTofu drives the built provider against a real cluster.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

mod bad_input;
mod credentials;
mod data_sources;
mod doks;
mod drift;
mod examples;
mod floors;
mod free_values;
mod functions;
mod gate;
mod house;
mod install;
mod lifecycle;
mod ownership;
mod prunes;
mod reconcile;
mod secrets;
mod support;
mod waits;
