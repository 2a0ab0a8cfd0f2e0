//! What this crate promises: by itself, and beside the real helm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test cannot do without ends it"
)]

mod archives;
mod beside_helm;
mod charts;
mod expressions;
mod flux2;
mod hostile;
mod loading;
mod rendering;
mod schemas;
mod setting;
mod versions;
