//! Reading: labels and annotations as far as the state knows them, and whether the values are still those that were written.

use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::{ReadRequest, ReadResponse},
    value::Value,
};

use super::{SecretResource, checksum, observe, ours, target};
use crate::{
    context::{Reach, unseen},
    explain,
    lifecycle::{is_same_cluster, reach, writers},
};

/// Brings a state up to date.
pub async fn read(resource: &SecretResource, call: &Call, request: ReadRequest) -> ReadResponse {
    let ReadRequest { state, private } = request;
    match fresh(resource, call, &state, &private).await {
        Ok((state, diagnostics)) => ReadResponse { state, private, diagnostics },
        Err(diagnostic) => ReadResponse { state: Some(state), private, diagnostics: diagnostic.into() },
    }
}

async fn fresh(
    resource: &SecretResource,
    call: &Call,
    state: &Value,
    private: &Private,
) -> Result<(Option<Value>, Diagnostics), Diagnostic> {
    let context = resource.shared.get()?;
    let cluster = match reach(&context, state) {
        Reach::Known(cluster) => cluster.until(&call.cancel),
        Reach::Unknown => return Err(unseen()),
        Reach::Unnamed(diagnostic) => return Err(diagnostic),
    };
    if !is_same_cluster(&context, &cluster, private).await? {
        return Ok((None, Diagnostics::new()));
    }
    let target = target(state);
    let Some(object) = cluster.get(&target).await.map_err(|error| explain::error(&error))? else {
        return Ok((None, Diagnostics::new()));
    };
    let mut fresh = state.clone();
    observe(&mut fresh, &object);
    for name in ["labels", "annotations"] {
        let kept = still_there(state.get(name), &object["metadata"][name]);
        fresh.set_at(&name.into(), kept);
    }
    fresh.set_at(&"intact".into(), Value::from(is_intact(&object, private)));
    let mut diagnostics = Diagnostics::new();
    diagnostics.0.extend(writers::others(&target, state, &object));
    diagnostics.0.extend(writers::being_deleted(&target, &object));
    Ok((Some(fresh), diagnostics))
}

/// The elements of a map of the state with the values that the cluster has; those that are gone are left out.
fn still_there(state: &Value, live: &Json) -> Value {
    match state.as_members() {
        None => Value::Null,
        Some(members) => Value::map(
            members.keys().filter_map(|key| Some((key.as_str(), Value::from(live[key.as_str()].as_str()?)))),
        ),
    }
}

/// Whether the values are those that were written last.
fn is_intact(object: &Json, private: &Private) -> bool {
    let Some(key) = private.get::<String>(checksum::KEY) else { return false };
    let secret_type = object["type"].as_str().unwrap_or_default();
    object["metadata"]["annotations"][checksum::ANNOTATION] == checksum::of(&key, secret_type, &ours(object))
}
