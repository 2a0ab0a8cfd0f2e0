//! OpenTofu's and Terraform's provider protocol 6, knowing nothing of Flux.
//!
//! A provider is a [`provider::Provider`] with its [`resource::Resource`]s and hands itself to [`serve::serve`], which
//! does the rest: the handshake, mutual TLS, the calls, the plan as the host's rules want it.

pub mod codec;
pub mod data_source;
pub mod diagnostic;
pub mod ephemeral;
pub mod function;
pub mod host;
pub mod identity;
mod log;
pub mod path;
mod plan;
pub mod private;
pub mod provider;
pub mod resource;
pub mod rpc;
pub mod schema;
pub mod serve;
pub mod timeouts;
pub mod value;

pub use async_trait::async_trait;
