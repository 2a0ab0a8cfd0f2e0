//! What the crate promises to those who use it, on the built-in rules and on rules that `opa` compiles here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

mod built_in_rules;
mod bundles;
mod gate;
mod limits;
mod policies;
mod workshop;
