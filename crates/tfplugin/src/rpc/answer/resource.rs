//! Calls about resources: the life cycle.

use std::sync::Arc;

use super::{Offer, Offered, Resolved, convert, m, no_such, settle, undecodable, unencodable};
use crate::codec::{decode_msgpack, encode_msgpack};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::identity::IdentitySchema;
use crate::plan;
use crate::private::Private;
use crate::provider::Call;
use crate::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, MoveRequest, PlanDestroyRequest, PlanRequest, ReadRequest,
    Resource, StoredState, UpdateRequest,
};
use crate::schema::validate_config;
use crate::value::Value;

impl Offer {
    fn resource(&self, name: &str) -> Result<&Offered<dyn Resource>, Diagnostics> {
        self.resources.get(name).ok_or_else(|| no_such("resource", name))
    }
}

impl Resolved {
    fn decode(&self, what: &str, message: Option<&m::DynamicValue>) -> Result<Value, Diagnostics> {
        convert::decode(message, &self.ty).map_err(|error| undecodable(what, error))
    }

    /// A value without write-only parts, for the host.
    fn encode(&self, what: &str, mut value: Value) -> Result<m::DynamicValue, Diagnostics> {
        self.schema.null_write_only(&mut value);
        convert::encode(&value, &self.ty).map_err(|error| unencodable(what, error))
    }

    fn null(&self) -> Option<m::DynamicValue> {
        convert::encode(&Value::Null, &self.ty).ok()
    }

    /// The identity of an object that was encoded for the host, where its resource has identities and it has one.
    fn identity_of(&self, object: Option<&m::DynamicValue>) -> Option<m::ResourceIdentityData> {
        let (schema, ty) = self.identity.as_ref()?;
        let object = convert::decode(object, &self.ty).ok()?;
        let identity = convert::encode(&schema.of(&object)?, ty).ok()?;
        Some(m::ResourceIdentityData { identity_data: Some(identity) })
    }
}

pub(super) async fn validate(
    offer: Arc<Offer>,
    call: Call,
    request: m::validate_resource_config::Request,
) -> Result<m::validate_resource_config::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let resolved = resource.resolved();
    let config = resolved.decode("configuration", request.config.as_ref())?;
    let allowed = call.capabilities.write_only_attributes_allowed;
    let mut diagnostics = validate_config(&resolved.schema.attributes, &config, allowed);
    diagnostics.extend(resource.item.validate(&call, &config).await);
    Ok(m::validate_resource_config::Response { diagnostics: convert::diagnostics(diagnostics) })
}

pub(super) async fn plan(
    offer: Arc<Offer>,
    call: Call,
    request: m::plan_resource_change::Request,
) -> Result<m::plan_resource_change::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let resolved = resource.resolved();
    let prior = resolved.decode("prior state", request.prior_state.as_ref())?;
    let proposed = resolved.decode("proposed state", request.proposed_new_state.as_ref())?;
    let config = resolved.decode("configuration", request.config.as_ref())?;
    let private = Private::from_bytes(&request.prior_private);

    if proposed.is_null() {
        let planned = resource.item.plan_destroy(&call, PlanDestroyRequest { prior, private }).await;
        return Ok(m::plan_resource_change::Response {
            planned_state: resolved.null(),
            planned_private: planned.private.to_bytes(),
            diagnostics: convert::diagnostics(planned.diagnostics),
            ..m::plan_resource_change::Response::default()
        });
    }

    let attributes = &resolved.schema.attributes;
    let prior = (!prior.is_null()).then_some(prior);
    let normalize = |value: Value| {
        let bytes = encode_msgpack(&value, &resolved.ty)?;
        decode_msgpack(&bytes, &resolved.ty)
    };
    let proposal = plan::propose(attributes, &config, prior.as_ref(), proposed, normalize)
        .map_err(|error| unencodable("plan", error))?;
    let request = PlanRequest {
        config: config.clone(),
        prior: prior.clone(),
        proposed: proposal.planned,
        requires_replace: proposal.requires_replace.clone(),
        private,
    };
    let response = resource.item.plan(&call, request).await;
    let mut diagnostics = response.diagnostics;
    let planned = resolved.encode("plan", response.planned);
    let planned = match planned {
        Ok(planned) => planned,
        // What the resource says is wrong explains more than that its plan does not fit.
        Err(_) if diagnostics.has_errors() => return Err(diagnostics),
        Err(unencodable) => return Err(unencodable),
    };
    if !diagnostics.has_errors() {
        let again = resolved.decode("plan", Some(&planned))?;
        diagnostics.extend(plan::check(attributes, &config, prior.as_ref(), &again));
    }
    let mut requires_replace = proposal.requires_replace;
    if prior.is_some() {
        requires_replace.extend(response.requires_replace);
    }
    let planned_identity = resolved.identity_of(Some(&planned));
    Ok(m::plan_resource_change::Response {
        planned_state: Some(planned),
        requires_replace: plan::sorted(requires_replace).into_iter().map(convert::path).collect(),
        planned_private: response.private.to_bytes(),
        diagnostics: convert::diagnostics(diagnostics),
        planned_identity,
    })
}

pub(super) async fn apply(
    offer: Arc<Offer>,
    call: Call,
    request: m::apply_resource_change::Request,
) -> Result<m::apply_resource_change::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let resolved = resource.resolved();
    let prior = resolved.decode("prior state", request.prior_state.as_ref())?;
    let planned = resolved.decode("planned state", request.planned_state.as_ref())?;
    let config = resolved.decode("configuration", request.config.as_ref())?;
    let private = Private::from_bytes(&request.planned_private);

    let (what, kept, response) = if planned.is_null() {
        let deleted = resource
            .item
            .delete(&call, DeleteRequest { prior: prior.clone(), private: private.clone() })
            .await;
        let state = deleted.diagnostics.has_errors().then(|| deleted.state.unwrap_or_else(|| prior.clone()));
        ("deleted object", Value::Null, ApplyResponse { state, private, diagnostics: deleted.diagnostics })
    } else if prior.is_null() {
        let response = resource.item.create(&call, CreateRequest { config, planned, private }).await;
        ("created object", Value::Null, response)
    } else {
        let update = UpdateRequest { config, prior: prior.clone(), planned, private };
        ("updated object", prior, resource.item.update(&call, update).await)
    };

    let mut diagnostics = response.diagnostics;
    // What fails without a word about the object leaves it as it was.
    let state = response.state.unwrap_or(if diagnostics.has_errors() { kept } else { Value::Null });
    let state = settle(state, &mut diagnostics);
    let new_state = match resolved.encode(what, state) {
        Ok(state) => Some(state),
        Err(unencodable) => {
            diagnostics.extend(unencodable);
            None
        }
    };
    let new_identity = resolved.identity_of(new_state.as_ref());
    Ok(m::apply_resource_change::Response {
        new_state,
        private: response.private.to_bytes(),
        diagnostics: convert::diagnostics(diagnostics),
        new_identity,
    })
}

/// What to tell the host when an apply ends without saying what exists: the prior object, or for a create the planned
/// one, which the host then marks as tainted, so that it is looked for and deleted instead of forgotten.
pub(super) fn what_may_exist(
    offer: &Offer,
    request: &m::apply_resource_change::Request,
) -> (Option<m::DynamicValue>, Vec<u8>) {
    let state = || {
        let resolved = offer.resource(&request.type_name).ok()?.resolved();
        let prior = resolved.decode("prior state", request.prior_state.as_ref()).ok()?;
        let state = if prior.is_null() {
            resolved.decode("planned state", request.planned_state.as_ref()).ok()?.unknown_as_null()
        } else {
            prior
        };
        resolved.encode("state", state).ok()
    };
    (state(), request.planned_private.clone())
}

pub(super) async fn read(
    offer: Arc<Offer>,
    call: Call,
    request: m::read_resource::Request,
) -> Result<m::read_resource::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let resolved = resource.resolved();
    let state = resolved.decode("state", request.current_state.as_ref())?;
    let private = Private::from_bytes(&request.private);
    let response = resource.item.read(&call, ReadRequest { state, private }).await;
    let mut diagnostics = response.diagnostics;
    if diagnostics.has_errors() {
        return Ok(m::read_resource::Response {
            new_state: request.current_state,
            diagnostics: convert::diagnostics(diagnostics),
            private: request.private,
            new_identity: request.current_identity,
        });
    }
    let state = settle(response.state.unwrap_or_default(), &mut diagnostics);
    let new_state = resolved.encode("state", state)?;
    let new_identity = resolved.identity_of(Some(&new_state));
    Ok(m::read_resource::Response {
        new_state: Some(new_state),
        diagnostics: convert::diagnostics(diagnostics),
        private: response.private.to_bytes(),
        new_identity,
    })
}

pub(super) async fn import(
    offer: Arc<Offer>,
    call: Call,
    request: m::import_resource_state::Request,
) -> Result<m::import_resource_state::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let resolved = resource.resolved();
    let response = match (request.identity.and_then(|identity| identity.identity_data), &resolved.identity) {
        (Some(identity), Some((schema, ty))) if request.id.is_empty() => {
            let identity =
                convert::decode(Some(&identity), ty).map_err(|error| undecodable("identity", error))?;
            if schema.of(&identity).is_none() {
                let detail = format!("An identity of {} needs {}.", request.type_name, required(schema));
                return Err(Diagnostic::error("Import needs a whole identity", detail).into());
            }
            resource.item.import_by_identity(&call, &identity).await
        }
        _ if request.id.is_empty() => {
            let detail = format!("{} is imported by its id, which must not be empty.", request.type_name);
            return Err(Diagnostic::error("Import needs an id", detail).into());
        }
        _ => resource.item.import(&call, &request.id).await,
    };
    let mut diagnostics = response.diagnostics;
    let state = match response.state {
        Some(state) if !diagnostics.has_errors() && !state.is_null() => state,
        _ => {
            if !diagnostics.has_errors() {
                let detail = format!("There is no such {}.", request.type_name);
                diagnostics.error("Nothing to import", detail);
            }
            return Err(diagnostics);
        }
    };
    let state = resolved.encode("imported object", settle(state, &mut diagnostics))?;
    let identity = resolved.identity_of(Some(&state));
    Ok(m::import_resource_state::Response {
        imported_resources: vec![m::import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: Some(state),
            private: response.private.to_bytes(),
            identity,
        }],
        diagnostics: convert::diagnostics(diagnostics),
    })
}

pub(super) async fn upgrade(
    offer: Arc<Offer>,
    call: Call,
    request: m::upgrade_resource_state::Request,
) -> Result<m::upgrade_resource_state::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let resolved = resource.resolved();
    let present = resolved.schema.version;
    let stored = stored(request.version, request.raw_state)?;
    let state = if stored.version == present {
        let mut state = stored.decode(&resolved.ty).map_err(|error| undecodable("stored state", error))?;
        // An attribute that came after the state was written would else be a difference of its own.
        if let Ok(json) = stored.json() {
            plan::fill_missing(&resolved.schema.attributes, &json, &mut state);
        }
        state
    } else if stored.version > present {
        let detail = format!(
            "The state of this {} was written with schema version {}; this version of the provider knows only {present}. \
             Use a newer version of the provider.",
            request.type_name, stored.version
        );
        return Err(Diagnostic::error("State of a newer provider", detail).into());
    } else {
        resource.item.upgrade(&call, stored).await?
    };
    let mut diagnostics = Diagnostics::new();
    let state = settle(state, &mut diagnostics);
    Ok(m::upgrade_resource_state::Response {
        upgraded_state: Some(resolved.encode("upgraded state", state)?),
        diagnostics: convert::diagnostics(diagnostics),
    })
}

pub(super) async fn upgrade_identity(
    offer: Arc<Offer>,
    call: Call,
    request: m::upgrade_resource_identity::Request,
) -> Result<m::upgrade_resource_identity::Response, Diagnostics> {
    let resource = offer.resource(&request.type_name)?;
    let Some((schema, ty)) = &resource.resolved().identity else {
        let detail = format!("Objects of {} have no identity.", request.type_name);
        return Err(Diagnostic::error("No identity", detail).into());
    };
    let present = schema.version;
    let stored = stored(request.version, request.raw_identity)?;
    let identity = if stored.version == present {
        stored.decode(ty).map_err(|error| undecodable("stored identity", error))?
    } else if stored.version > present {
        let detail = format!(
            "The identity of this {} was written with version {}; this version of the provider knows only {present}. \
             Use a newer version of the provider.",
            request.type_name, stored.version
        );
        return Err(Diagnostic::error("Identity of a newer provider", detail).into());
    } else {
        resource.item.upgrade_identity(&call, stored).await?
    };
    let identity = convert::encode(&identity, ty).map_err(|error| unencodable("identity", error))?;
    Ok(m::upgrade_resource_identity::Response {
        upgraded_identity: Some(m::ResourceIdentityData { identity_data: Some(identity) }),
        diagnostics: Vec::new(),
    })
}

/// The values of an identity that an import has to give, in words.
fn required(schema: &IdentitySchema) -> String {
    let names = schema.attributes.iter().filter(|attribute| attribute.required);
    names.map(|attribute| attribute.name.as_str()).collect::<Vec<_>>().join(" and ")
}

pub(super) async fn take_over(
    offer: Arc<Offer>,
    call: Call,
    request: m::move_resource_state::Request,
) -> Result<m::move_resource_state::Response, Diagnostics> {
    let resource = offer.resource(&request.target_type_name)?;
    let resolved = resource.resolved();
    let request = MoveRequest {
        source_provider: request.source_provider_address,
        source_type_name: request.source_type_name,
        state: stored(request.source_schema_version, request.source_state)?,
    };
    let moved = resource.item.take_over(&call, request).await?;
    let mut diagnostics = Diagnostics::new();
    let state = settle(moved.state, &mut diagnostics);
    let target_state = resolved.encode("moved state", state)?;
    let target_identity = resolved.identity_of(Some(&target_state));
    Ok(m::move_resource_state::Response {
        target_state: Some(target_state),
        diagnostics: convert::diagnostics(diagnostics),
        target_private: moved.private.to_bytes(),
        target_identity,
    })
}

fn stored(version: i64, raw: Option<m::RawState>) -> Result<StoredState, Diagnostics> {
    let json = raw.unwrap_or_default().json;
    if json.is_empty() {
        let detail =
            "The state was stored in the form that Terraform used before version 0.12, which cannot be read.";
        return Err(Diagnostic::error("State of an old form", detail).into());
    }
    Ok(StoredState::new(version, json))
}
