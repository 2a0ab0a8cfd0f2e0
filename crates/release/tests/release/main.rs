//! What this crate promises, against a real control plane, with the real helm as the judge.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test cannot do without ends it"
)]

mod arrange;
mod dead_authors;
mod failing;
mod helm_3;
mod helm_goes_on;
mod installing;
mod naming;
mod records;
mod uninstalling;
mod upgrading;
mod versions;
