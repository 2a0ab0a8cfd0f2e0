//! What a data source is: something that is only read.

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::provider::Call;
use crate::schema::Schema;
use crate::value::Value;

/// A data source.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// The full name, such as `fluxgate_status`.
    fn name(&self) -> &str;

    /// What it takes and gives.
    fn schema(&self) -> Schema;

    /// Checks a configuration beyond its schema, without connecting to anything. Any value may be unknown.
    async fn validate(&self, call: &Call, config: &Value) -> Diagnostics {
        let _ = (call, config);
        Diagnostics::new()
    }

    /// Reads it. The configuration is wholly known (defaults are filled in), though the provider's may not be; so must
    /// be the result.
    async fn read(&self, call: &Call, config: Value) -> DataResponse;
}

/// What [`DataSource::read`] gives back.
#[derive(Clone, Debug, Default)]
pub struct DataResponse {
    /// The configuration with computed values filled in; none with an error.
    pub state: Option<Value>,
    /// For the user.
    pub diagnostics: Diagnostics,
}
