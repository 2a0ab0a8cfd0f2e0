//! The provider itself: from its configuration to the context that its resources share.

use std::sync::Arc;

use async_trait::async_trait;
use tfplugin::{
    data_source::DataSource,
    diagnostic::Diagnostics,
    ephemeral::EphemeralResource,
    function::Function,
    provider::{Call, ConfigureRequest, Provider},
    resource::Resource,
    schema::Schema,
    value::Value,
};

use crate::{
    config::{self, Config},
    context::{Context, Shared},
    data_sources::{
        chart::ChartData, inventory::InventoryData, policy_report::PolicyReportData,
        preflight::PreflightData, status::StatusData,
    },
    environment::Environment,
    ephemeral::doks_credentials::DoksCredentials,
    functions,
    install::{InstallResource, charts::Charts},
    lifecycle::FluxResource,
    secret::SecretResource,
};

/// The provider `fluxgate/fluxgate`.
#[derive(Debug, Default)]
pub struct FluxgateProvider {
    environment: Environment,
    shared: Shared,
    charts: Charts,
}

impl FluxgateProvider {
    /// A provider that takes from its environment what the configuration leaves out.
    pub fn new(environment: Environment) -> Self {
        Self { environment, shared: Shared::default(), charts: Charts::default() }
    }
}

#[async_trait]
impl Provider for FluxgateProvider {
    fn schema(&self) -> Schema {
        config::schema()
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        let install =
            Arc::new(InstallResource::new(self.shared.clone(), self.charts.clone())) as Arc<dyn Resource>;
        let kinds = flux::kinds::all().iter();
        let kinds =
            kinds.map(|kind| Arc::new(FluxResource::new(kind, self.shared.clone())) as Arc<dyn Resource>);
        let secret = Arc::new(SecretResource::new(self.shared.clone())) as Arc<dyn Resource>;
        [install, secret].into_iter().chain(kinds).collect()
    }

    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        vec![
            Arc::new(ChartData::new(self.charts.clone(), self.environment.clone())),
            Arc::new(InventoryData::new(self.shared.clone())),
            Arc::new(PolicyReportData::new(self.shared.clone())),
            Arc::new(PreflightData::new(self.shared.clone())),
            Arc::new(StatusData::new(self.shared.clone())),
        ]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        functions::all()
    }

    fn ephemeral_resources(&self) -> Vec<Arc<dyn EphemeralResource>> {
        vec![Arc::new(DoksCredentials::new(self.environment.clone()))]
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
            Ok((context, diagnostics)) => {
                self.shared.set(context);
                diagnostics
            }
            Err(diagnostics) => diagnostics,
        }
    }
}
