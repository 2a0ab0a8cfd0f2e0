//! `ephemeral "fluxgate_doks_credentials"`: a credential for a cluster of DigitalOcean, for other providers, that no state keeps.

use async_trait::async_trait;
use remote::digitalocean::Credentials;
use tfplugin::{
    diagnostic::Diagnostics,
    ephemeral::{EphemeralResource, OpenResponse},
    path::AttributePath,
    provider::Call,
    schema::{Attribute, Schema},
    value::Value,
};

use crate::{
    config::doks::{self, Doks},
    environment::Environment,
    explain,
};

/// What the account's token is called here, where `token` is that of the cluster.
const API_TOKEN: &str = "api_token";

/// The ephemeral resource.
#[derive(Debug)]
pub struct DoksCredentials {
    environment: Environment,
}

impl DoksCredentials {
    /// The ephemeral resource, which takes from the environment what its configuration leaves out.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    fn doks(&self, config: &Value) -> Result<Doks, Diagnostics> {
        Doks::read(config, API_TOKEN, &AttributePath::new(), &self.environment)
    }

    async fn opened(&self, call: &Call, config: &Value) -> Result<Value, Diagnostics> {
        let doks = self.doks(config)?;
        let issued: Result<Credentials, _> = async {
            let api = doks.api(&call.cancel)?;
            let cluster = api.running(&doks.which).await?;
            api.credentials(&cluster.id, doks.expiry).await
        }
        .await;
        let issued = issued.map_err(|error| explain::digitalocean(&error))?;
        let mut result = config.clone();
        let mut put = |name: &str, text: Option<String>| {
            result.set_at(&name.into(), text.map_or(Value::Null, Value::from));
        };
        let (certificate, key) = issued.identity.unzip();
        put("host", Some(issued.host));
        put("cluster_ca_certificate", Some(issued.cluster_ca_certificate));
        put("token", issued.token.map(|token| token.reveal().to_owned()));
        put("client_certificate", certificate);
        put("client_key", key.map(|key| key.reveal().to_owned()));
        put("expires_at", issued.expires.map(|expires| expires.to_string()));
        Ok(result)
    }
}

#[async_trait]
impl EphemeralResource for DoksCredentials {
    fn name(&self) -> &str {
        "fluxgate_doks_credentials"
    }

    fn schema(&self) -> Schema {
        let mut attributes = doks::attributes(API_TOKEN);
        attributes.extend([
            Attribute::string("host").computed().describe("Address of the API server."),
            Attribute::string("cluster_ca_certificate")
                .computed()
                .describe("The authority that signed the server's certificate, as PEM."),
            Attribute::string("token").computed().sensitive().describe("Bearer token."),
            Attribute::string("client_certificate")
                .computed()
                .describe("Client certificate, as PEM; null except for old clusters."),
            Attribute::string("client_key")
                .computed()
                .sensitive()
                .describe("Key of the client certificate, as PEM; null except for old clusters."),
            Attribute::string("expires_at").computed().describe("When the token expires, RFC 3339."),
        ]);
        Schema::new(attributes).describe("Issues a short-lived credential for a cluster of DigitalOcean, for the configuration of other providers and for write-only attributes. It is in no plan and no state. It is not renewed while it is in use, so `expiry` has to cover the run.")
    }

    async fn validate(&self, _call: &Call, config: &Value) -> Diagnostics {
        if config.is_wholly_known() {
            self.doks(config).err().unwrap_or_default()
        } else {
            Diagnostics::new()
        }
    }

    async fn open(&self, call: &Call, config: Value) -> OpenResponse {
        match self.opened(call, &config).await {
            Ok(result) => OpenResponse { result: Some(result), ..OpenResponse::default() },
            Err(diagnostics) => OpenResponse { diagnostics, ..OpenResponse::default() },
        }
    }
}
