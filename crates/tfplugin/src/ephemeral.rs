//! What an ephemeral resource is: something opened for one run and never stored.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::private::Private;
use crate::provider::Call;
use crate::schema::Schema;
use crate::value::Value;

/// An ephemeral resource.
#[async_trait]
pub trait EphemeralResource: Send + Sync + 'static {
    /// The full name, such as `fluxgate_doks_credentials`.
    fn name(&self) -> &str;

    /// What it takes and gives.
    fn schema(&self) -> Schema;

    /// Checks a configuration beyond its schema, without connecting to anything. Any value may be unknown.
    async fn validate(&self, call: &Call, config: &Value) -> Diagnostics {
        let _ = (call, config);
        Diagnostics::new()
    }

    /// Opens it. The configuration is wholly known.
    async fn open(&self, call: &Call, config: Value) -> OpenResponse;

    /// Keeps it open. What was given to the user at opening cannot be changed any more.
    async fn renew(&self, call: &Call, private: Private) -> RenewResponse {
        let _ = call;
        RenewResponse { private, ..RenewResponse::default() }
    }

    /// Closes it.
    async fn close(&self, call: &Call, private: Private) -> Diagnostics {
        let _ = (call, private);
        Diagnostics::new()
    }
}

/// What [`EphemeralResource::open`] gives back.
#[derive(Clone, Debug, Default)]
pub struct OpenResponse {
    /// The configuration with computed values filled in; none with an error.
    pub result: Option<Value>,
    /// When the host is to renew it.
    pub renew_at: Option<SystemTime>,
    /// Handed to renew and close.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}

/// What [`EphemeralResource::renew`] gives back.
#[derive(Clone, Debug, Default)]
pub struct RenewResponse {
    /// When the host is to renew it again.
    pub renew_at: Option<SystemTime>,
    /// Handed to the next renew and to close.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}
