//! The real parts that tests and the demo run against, and the drivers for them.
//!
//! - [`tools`] builds the programs, each at its pinned version, on first use.
//! - [`ControlPlane`] is a Kubernetes cluster on loopback in one of three sizes; [`Size::Flux`] runs the real
//!   Flux controllers for whatever chart is installed in it.
//! - [`GitServer`] serves repositories over HTTPS.
//! - [`ChartServer`] serves packaged charts over HTTPS.
//! - [`DigitalOcean`] stands in for that cloud's API, with real control planes as its clusters.
//! - [`Tofu`] drives OpenTofu with the built provider, [`Helm`] the pinned helm.
//! - [`faults`] are servers that misbehave, and a proxy that spoils what passes it.
//! - [`require!`] skips a test, in the open, on a machine that lacks what it needs.
//!
//! Processes and temporary files end with what holds them, and at the latest with the process that
//! started them, however that ends ([`processes`]).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this crate serves tests, where a panic with the full story is the wanted outcome"
)]

pub mod chart_server;
pub mod control_plane;
pub mod digitalocean;
mod error;
pub mod faults;
pub mod flux_controllers;
pub mod forward_proxy;
pub mod git_server;
pub mod helm;
mod https;
pub mod kubeconfig;
pub mod machine;
pub mod pki;
pub mod processes;
pub mod requirements;
pub mod tofu;
pub mod tools;
pub mod wait;

pub use chart_server::{ChartServer, ChartServerOptions, PackagedChart};
pub use control_plane::{ControlPlane, Setup, Shared, Size};
pub use digitalocean::{DigitalOcean, DoksCluster};
pub use error::Error;
pub use git_server::{GitServer, Repository};
pub use helm::Helm;
pub use kubeconfig::{Kubeconfig, User};
pub use pki::Pki;
pub use requirements::test_data;
pub use tofu::Tofu;
