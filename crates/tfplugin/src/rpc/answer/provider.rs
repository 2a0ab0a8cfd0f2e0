//! Calls about the provider itself: its schemas and its configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Offer, convert, m, undecodable};
use crate::diagnostic::Diagnostics;
use crate::provider::{Call, ConfigureRequest};
use crate::schema::{Schema, validate_config};

const CAPABILITIES: m::ServerCapabilities = m::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
};

pub(super) async fn schema(
    offer: Arc<Offer>,
    _call: Call,
    _request: m::get_provider_schema::Request,
) -> Result<m::get_provider_schema::Response, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut checked = |name: &str, schema: &Schema| {
        for problem in schema.problems() {
            problems.error("Invalid schema in the provider", format!("{name}: {problem}."));
        }
        convert::schema(schema)
    };
    let provider = Some(checked("provider", &offer.resolved().schema));
    let resource_schemas = offer
        .resources
        .iter()
        .map(|(name, offered)| (name.clone(), checked(name, &offered.resolved().schema)))
        .collect();
    let data_source_schemas = offer
        .data_sources
        .iter()
        .map(|(name, offered)| (name.clone(), checked(name, &offered.resolved().schema)))
        .collect();
    let ephemeral_resource_schemas = offer
        .ephemeral_resources
        .iter()
        .map(|(name, offered)| (name.clone(), checked(name, &offered.resolved().schema)))
        .collect();
    Ok(m::get_provider_schema::Response {
        provider,
        resource_schemas,
        data_source_schemas,
        ephemeral_resource_schemas,
        functions: super::function::signatures(&offer),
        diagnostics: convert::diagnostics(problems),
        provider_meta: None,
        server_capabilities: Some(CAPABILITIES),
    })
}

pub(super) async fn identity_schemas(
    offer: Arc<Offer>,
    _call: Call,
    _request: m::get_resource_identity_schemas::Request,
) -> Result<m::get_resource_identity_schemas::Response, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut identity_schemas = BTreeMap::new();
    for (name, offered) in &offer.resources {
        let resolved = offered.resolved();
        let Some((identity, _)) = &resolved.identity else { continue };
        for attribute in &identity.attributes {
            let found = resolved.schema.attribute(&attribute.name.as_str().into());
            if found.is_none_or(|found| found.write_only || found.ty() != attribute.ty) {
                let what = format!("{name}: the identity's {} is no attribute of that type.", attribute.name);
                problems.error("Invalid schema in the provider", what);
            }
        }
        identity_schemas.insert(name.clone(), convert::identity_schema(identity));
    }
    Ok(m::get_resource_identity_schemas::Response {
        identity_schemas,
        diagnostics: convert::diagnostics(problems),
    })
}

pub(super) async fn validate(
    offer: Arc<Offer>,
    call: Call,
    request: m::validate_provider_config::Request,
) -> Result<m::validate_provider_config::Response, Diagnostics> {
    let resolved = offer.resolved();
    let config = convert::decode(request.config.as_ref(), &resolved.ty)
        .map_err(|error| undecodable("provider's configuration", error))?;
    let mut diagnostics = validate_config(&resolved.schema.attributes, &config, true);
    diagnostics.extend(offer.provider.validate(&call, &config).await);
    Ok(m::validate_provider_config::Response { diagnostics: convert::diagnostics(diagnostics) })
}

pub(super) async fn configure(
    offer: Arc<Offer>,
    call: Call,
    request: m::configure_provider::Request,
) -> Result<m::configure_provider::Response, Diagnostics> {
    let config = convert::decode(request.config.as_ref(), &offer.resolved().ty)
        .map_err(|error| undecodable("provider's configuration", error))?;
    let request = ConfigureRequest {
        config,
        terraform_version: request.terraform_version,
        capabilities: call.capabilities,
    };
    let diagnostics = offer.provider.configure(&call, request).await;
    Ok(m::configure_provider::Response { diagnostics: convert::diagnostics(diagnostics) })
}
