//! Calls about data sources.

use std::sync::Arc;

use super::{Offer, Offered, convert, m, no_such, settle, undecodable, unencodable};
use crate::data_source::DataSource;
use crate::diagnostic::Diagnostics;
use crate::plan;
use crate::provider::Call;
use crate::schema::validate_config;

impl Offer {
    fn data_source(&self, name: &str) -> Result<&Offered<dyn DataSource>, Diagnostics> {
        self.data_sources.get(name).ok_or_else(|| no_such("data source", name))
    }
}

pub(super) async fn validate(
    offer: Arc<Offer>,
    call: Call,
    request: m::validate_data_resource_config::Request,
) -> Result<m::validate_data_resource_config::Response, Diagnostics> {
    let source = offer.data_source(&request.type_name)?;
    let resolved = source.resolved();
    let config = convert::decode(request.config.as_ref(), &resolved.ty)
        .map_err(|error| undecodable("configuration", error))?;
    let mut diagnostics = validate_config(&resolved.schema.attributes, &config, true);
    diagnostics.extend(source.item.validate(&call, &config).await);
    Ok(m::validate_data_resource_config::Response { diagnostics: convert::diagnostics(diagnostics) })
}

pub(super) async fn read(
    offer: Arc<Offer>,
    call: Call,
    request: m::read_data_source::Request,
) -> Result<m::read_data_source::Response, Diagnostics> {
    let source = offer.data_source(&request.type_name)?;
    let resolved = source.resolved();
    let mut config = convert::decode(request.config.as_ref(), &resolved.ty)
        .map_err(|error| undecodable("configuration", error))?;
    plan::fill_defaults(&resolved.schema.attributes, &mut config);
    let response = source.item.read(&call, config).await;
    let mut diagnostics = response.diagnostics;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let state = settle(response.state.unwrap_or_default(), &mut diagnostics);
    let state = convert::encode(&state, &resolved.ty).map_err(|error| unencodable("data", error))?;
    Ok(m::read_data_source::Response { state: Some(state), diagnostics: convert::diagnostics(diagnostics) })
}
