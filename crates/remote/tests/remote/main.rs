//! Charts from folders, archives and repositories, and what is said when one does not come.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod addresses;
mod anything;
mod arrange;
mod credentials;
mod digitalocean;
mod faults;
mod folders;
mod indexes;
mod proxies;
mod repositories;
mod seeds;
