//! Importing: the Secret is taken into the state, its values are not; the next apply writes those of the configuration.

use cluster::{Resource as ApiResource, Target};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::ImportResponse,
    value::Value,
};

use super::{SecretResource, checksum, observe, schema};
use crate::{
    explain,
    lifecycle::{identity::Named, marks::Marks},
};

/// What `kubectl apply` leaves behind; it holds the values.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Finds a Secret by `namespace/name`, or `cluster/namespace/name` for one of the provider's further clusters.
pub async fn import(resource: &SecretResource, call: &Call, id: &str) -> ImportResponse {
    found(resource, call, id).await.unwrap_or_else(|diagnostic| ImportResponse {
        diagnostics: diagnostic.into(),
        ..ImportResponse::default()
    })
}

async fn found(resource: &SecretResource, call: &Call, id: &str) -> Result<ImportResponse, Diagnostic> {
    let context = resource.shared.get()?;
    let named = Named::by_id(id)?;
    let cluster = named.reach(&context, call)?;
    let Named { cluster: cluster_name, namespace, name } = named;
    let target = Target::new(ApiResource::secret(), &namespace, &name);
    let identity = cluster.identity().await.map_err(|error| explain::error(&error))?.uid().to_owned();
    let object = cluster.get(&target).await.map_err(|error| explain::error(&error))?.ok_or_else(|| {
        Diagnostic::error(
            "There is no such object",
            format!(
                "{target} does not exist in {}. Check namespace, name and the context of the connection.",
                cluster.place()
            ),
        )
    })?;
    let mut state = schema::schema().null_object();
    for (attribute, value) in [
        ("name", Value::from(name.as_str())),
        ("namespace", Value::from(namespace.as_str())),
        ("cluster", cluster_name.into()),
        ("labels", texts(&object["metadata"]["labels"])),
        ("annotations", texts(&object["metadata"]["annotations"])),
        ("force_conflicts", Value::from(false)),
        ("intact", Value::from(false)),
    ] {
        state.set_at(&attribute.into(), value);
    }
    observe(&mut state, &object);
    let mut private = Private::new();
    Marks { cluster: Some(identity), adopted: true, ..Marks::default() }.put(&mut private);
    Ok(ImportResponse { state: Some(state), private, diagnostics: Diagnostics::new() })
}

fn texts(map: &Json) -> Value {
    let texts: Vec<_> = map
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != checksum::ANNOTATION && *key != LAST_APPLIED)
        .filter_map(|(key, value)| Some((key.as_str(), Value::from(value.as_str()?))))
        .collect();
    if texts.is_empty() { Value::Null } else { Value::map(texts) }
}
