//! The provider itself: from its configuration to the context that its resources share.

use std::sync::Arc;

use async_trait::async_trait;
use tfplugin::{
    diagnostic::Diagnostics,
    provider::{Call, ConfigureRequest, Provider},
    resource::Resource,
    schema::Schema,
    value::Value,
};

use crate::{
    config::{self, Config},
    context::{Context, Shared},
    environment::Environment,
    lifecycle::FluxResource,
};

/// The provider `fluxgate/fluxgate`.
#[derive(Debug, Default)]
pub struct FluxgateProvider {
    environment: Environment,
    shared: Shared,
}

impl FluxgateProvider {
    /// A provider that takes from its environment what the configuration leaves out.
    pub fn new(environment: Environment) -> Self {
        Self { environment, shared: Shared::default() }
    }
}

#[async_trait]
impl Provider for FluxgateProvider {
    fn schema(&self) -> Schema {
        config::schema()
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        flux::kinds::all()
            .iter()
            .map(|kind| Arc::new(FluxResource::new(kind, self.shared.clone())) as Arc<dyn Resource>)
            .collect()
    }

    async fn validate(&self, _call: &Call, config: &Value) -> Diagnostics {
        Config::read(config, &self.environment).err().unwrap_or_default()
    }

    async fn configure(&self, _call: &Call, request: ConfigureRequest) -> Diagnostics {
        let config = match Config::read(&request.config, &self.environment) {
            Ok(config) => config,
            Err(diagnostics) => return diagnostics,
        };
        match Context::new(config).await {
            Ok(context) => {
                self.shared.set(context);
                Diagnostics::new()
            }
            Err(diagnostics) => diagnostics,
        }
    }
}
