//! What this crate promises, against a real kube-apiserver.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test cannot do without ends it"
)]

mod applying;
mod arrange;
mod bad_input;
mod beside_kubectl;
mod connecting;
mod definitions;
mod deleting;
mod discovering;
mod proxies;
mod proxy;
mod reading;
mod waiting;
