//! Importing: an object that exists becomes a state that a plan finds nothing to change in.

use cluster::Target;
use flux::hcl;
use serde_json::{Value as Json, json};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::ImportResponse,
};

use super::{FluxResource, identity::Named, marks::Marks, observe, state_from};
use crate::explain;

/// Finds an object by what names it: an id, or an identity.
pub async fn import(
    resource: &FluxResource,
    call: &Call,
    named: Result<Named, Diagnostic>,
) -> ImportResponse {
    found(resource, call, named)
        .await
        .unwrap_or_else(|diagnostics| ImportResponse { diagnostics, ..ImportResponse::default() })
}

/// Annotations in which programs keep notes for themselves, and which nobody writes into a configuration.
const NOTES: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "reconcile.fluxcd.io/requestedAt"];

/// Leaves out what programs noted on the object.
fn forget_notes(annotations: &mut Json) {
    let Some(members) = annotations.as_object_mut() else { return };
    members.retain(|name, _| !NOTES.contains(&name.as_str()));
    if members.is_empty() {
        *annotations = Json::Null;
    }
}

async fn found(
    resource: &FluxResource,
    call: &Call,
    named: Result<Named, Diagnostic>,
) -> Result<ImportResponse, Diagnostics> {
    let named = named?;
    let context = resource.context()?;
    let cluster = named.reach(&context, call)?;
    let target = Target::new(resource.kind, &named.namespace, &named.name);
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
    let mut attributes = hcl::attributes(resource.kind, &object);
    forget_notes(&mut attributes["annotations"]);
    attributes["cluster"] = json!(named.cluster);
    attributes["wait"] = json!(true);
    attributes["force_conflicts"] = json!(false);
    let mut state = state_from(resource, &attributes)?;
    observe(&mut state, &object);
    let mut private = Private::new();
    Marks { cluster: Some(identity), adopted: true, ..Marks::default() }.put(&mut private);
    Ok(ImportResponse { state: Some(state), private, diagnostics: Diagnostics::new() })
}
