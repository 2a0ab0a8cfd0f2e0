//! What a provider is: its configuration and what it offers.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::data_source::DataSource;
use crate::diagnostic::Diagnostics;
use crate::ephemeral::EphemeralResource;
use crate::function::Function;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::Value;

/// A provider.
///
/// One process serves one configured provider; only in reattach mode may [`Provider::configure`] come again.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// What the `provider` block takes.
    fn schema(&self) -> Schema;

    /// The resources.
    fn resources(&self) -> Vec<Arc<dyn Resource>>;

    /// The data sources.
    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        Vec::new()
    }

    /// The functions.
    fn functions(&self) -> Vec<Arc<dyn Function>> {
        Vec::new()
    }

    /// The ephemeral resources.
    fn ephemeral_resources(&self) -> Vec<Arc<dyn EphemeralResource>> {
        Vec::new()
    }

    /// Checks the `provider` block beyond its schema, without connecting to anything. Any value may be unknown.
    async fn validate(&self, call: &Call, config: &Value) -> Diagnostics {
        let _ = (call, config);
        Diagnostics::new()
    }

    /// Takes the configuration; it comes before any other call that is about a real object. Any value in it may be
    /// unknown while planning.
    async fn configure(&self, call: &Call, request: ConfigureRequest) -> Diagnostics;

    /// Told after every call in flight was cancelled; those calls go on until they return by themselves.
    async fn stop(&self) {}
}

/// What [`Provider::configure`] is given.
#[derive(Clone, Debug)]
pub struct ConfigureRequest {
    /// The `provider` block, as an object of the provider's schema.
    pub config: Value,
    /// The version of the program that runs the provider.
    pub terraform_version: String,
    /// What that program can do.
    pub capabilities: Capabilities,
}

/// What the host says that it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It lets the provider put off a resource. OpenTofu never does.
    pub deferral_allowed: bool,
    /// It keeps write-only values out of plans and states.
    pub write_only_attributes_allowed: bool,
}

/// The call that is being answered.
#[derive(Clone, Debug)]
pub struct Call {
    /// Cancelled when the user asks to stop. A call that has created something returns what it has, with an error, and
    /// the host keeps it.
    pub cancel: CancellationToken,
    /// The call's name in the protocol, such as `ApplyResourceChange`.
    pub rpc: &'static str,
    /// The resource, data source or function that it is about; empty for the provider itself.
    pub type_name: String,
    /// What the host says in this call that it can do.
    pub capabilities: Capabilities,
}

impl Call {
    /// A call that nobody made, for tests.
    #[must_use]
    pub fn detached(rpc: &'static str) -> Self {
        Self {
            cancel: CancellationToken::new(),
            rpc,
            type_name: String::new(),
            capabilities: Capabilities { deferral_allowed: false, write_only_attributes_allowed: true },
        }
    }

    /// Whether the user has asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}
