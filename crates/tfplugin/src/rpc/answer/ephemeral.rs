//! Calls about ephemeral resources.

use std::sync::Arc;

use super::{Offer, Offered, convert, m, no_such, settle, undecodable, unencodable};
use crate::diagnostic::Diagnostics;
use crate::ephemeral::EphemeralResource;
use crate::plan;
use crate::private::Private;
use crate::provider::Call;
use crate::schema::validate_config;

impl Offer {
    fn ephemeral(&self, name: &str) -> Result<&Offered<dyn EphemeralResource>, Diagnostics> {
        self.ephemeral_resources.get(name).ok_or_else(|| no_such("ephemeral resource", name))
    }
}

pub(super) async fn validate(
    offer: Arc<Offer>,
    call: Call,
    request: m::validate_ephemeral_resource_config::Request,
) -> Result<m::validate_ephemeral_resource_config::Response, Diagnostics> {
    let ephemeral = offer.ephemeral(&request.type_name)?;
    let resolved = ephemeral.resolved();
    let config = convert::decode(request.config.as_ref(), &resolved.ty)
        .map_err(|error| undecodable("configuration", error))?;
    let mut diagnostics = validate_config(&resolved.schema.attributes, &config, true);
    diagnostics.extend(ephemeral.item.validate(&call, &config).await);
    Ok(m::validate_ephemeral_resource_config::Response { diagnostics: convert::diagnostics(diagnostics) })
}

pub(super) async fn open(
    offer: Arc<Offer>,
    call: Call,
    request: m::open_ephemeral_resource::Request,
) -> Result<m::open_ephemeral_resource::Response, Diagnostics> {
    let ephemeral = offer.ephemeral(&request.type_name)?;
    let resolved = ephemeral.resolved();
    let mut config = convert::decode(request.config.as_ref(), &resolved.ty)
        .map_err(|error| undecodable("configuration", error))?;
    plan::fill_defaults(&resolved.schema.attributes, &mut config);
    let response = ephemeral.item.open(&call, config).await;
    let mut diagnostics = response.diagnostics;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let result = settle(response.result.unwrap_or_default(), &mut diagnostics);
    let result = convert::encode(&result, &resolved.ty).map_err(|error| unencodable("result", error))?;
    Ok(m::open_ephemeral_resource::Response {
        diagnostics: convert::diagnostics(diagnostics),
        renew_at: response.renew_at.map(convert::timestamp),
        result: Some(result),
        private: Some(response.private.to_bytes()),
    })
}

pub(super) async fn renew(
    offer: Arc<Offer>,
    call: Call,
    request: m::renew_ephemeral_resource::Request,
) -> Result<m::renew_ephemeral_resource::Response, Diagnostics> {
    let ephemeral = offer.ephemeral(&request.type_name)?;
    let private = Private::from_bytes(&request.private.unwrap_or_default());
    let response = ephemeral.item.renew(&call, private).await;
    Ok(m::renew_ephemeral_resource::Response {
        diagnostics: convert::diagnostics(response.diagnostics),
        renew_at: response.renew_at.map(convert::timestamp),
        private: Some(response.private.to_bytes()),
    })
}

pub(super) async fn close(
    offer: Arc<Offer>,
    call: Call,
    request: m::close_ephemeral_resource::Request,
) -> Result<m::close_ephemeral_resource::Response, Diagnostics> {
    let ephemeral = offer.ephemeral(&request.type_name)?;
    let private = Private::from_bytes(&request.private.unwrap_or_default());
    let diagnostics = ephemeral.item.close(&call, private).await;
    Ok(m::close_ephemeral_resource::Response { diagnostics: convert::diagnostics(diagnostics) })
}
