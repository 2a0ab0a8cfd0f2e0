//! The OpenTofu provider `fluxgate/fluxgate`: installs and configures Flux, and refuses what the policy refuses.
//!
//! Thin by intent: the protocol is `tfplugin`'s, Kubernetes is `cluster`'s, the rules are `policy`'s, the kinds are `flux`'s. Here are the
//! life cycle that joins them, and the words for people.

mod config;
mod context;
mod convert;
mod data_sources;
mod doks;
mod environment;
mod ephemeral;
mod explain;
mod functions;
mod gate;
mod install;
mod kind_schema;
mod lifecycle;
mod provider;
mod secret;

pub use environment::Environment;
pub use provider::FluxgateProvider;
