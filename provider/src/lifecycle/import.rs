//! Importing: an object that exists becomes a state that a plan finds nothing to change in.

use cluster::{Cluster, Target};
use flux::hcl;
use serde_json::json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::ImportResponse,
};

use super::{FluxResource, marks::Marks, observe, state_from};
use crate::{
    context::{Context, Reach},
    explain,
};

/// Finds an object by `namespace/name`, or `cluster/namespace/name` for one of the provider's further clusters.
pub async fn import(resource: &FluxResource, call: &Call, id: &str) -> ImportResponse {
    found(resource, call, id)
        .await
        .unwrap_or_else(|diagnostics| ImportResponse { diagnostics, ..ImportResponse::default() })
}

async fn found(resource: &FluxResource, call: &Call, id: &str) -> Result<ImportResponse, Diagnostics> {
    let context = resource.context()?;
    let Place { cluster, cluster_name, namespace, name } = place(&context, call, id)?;
    let target = Target::new(resource.kind, namespace, name);
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
    attributes["cluster"] = json!(cluster_name);
    attributes["wait"] = json!(true);
    attributes["force_conflicts"] = json!(false);
    let mut state = state_from(resource, &attributes)?;
    observe(&mut state, &object);
    let mut private = Private::new();
    Marks { cluster: Some(identity), adopted: true, ..Marks::default() }.put(&mut private);
    Ok(ImportResponse { state: Some(state), private, diagnostics: Diagnostics::new() })
}

/// Where the object of an id is.
pub(crate) struct Place<'i> {
    pub cluster: Cluster,
    /// One of the provider's further clusters.
    pub cluster_name: Option<&'i str>,
    pub namespace: &'i str,
    pub name: &'i str,
}

/// Takes an id apart: `namespace/name`, or `cluster/namespace/name`.
pub(crate) fn place<'i>(context: &Context, call: &Call, id: &'i str) -> Result<Place<'i>, Diagnostic> {
    let parts: Vec<_> = id.split('/').collect();
    let (cluster_name, namespace, name) = match parts.as_slice() {
        [namespace, name] if !namespace.is_empty() && !name.is_empty() => (None, *namespace, *name),
        [cluster, namespace, name] if parts.iter().all(|part| !part.is_empty()) => {
            (Some(*cluster), *namespace, *name)
        }
        _ => {
            return Err(Diagnostic::error(
                "This id names no object",
                format!(
                    "The id {id:?} is not of the form namespace/name, such as flux-system/apps, or cluster/namespace/name."
                ),
            ));
        }
    };
    match context.cluster(cluster_name) {
        Reach::Known(cluster) => {
            Ok(Place { cluster: cluster.until(&call.cancel), cluster_name, namespace, name })
        }
        Reach::Unnamed(diagnostic) => Err(diagnostic),
        Reach::Unknown => Err(Diagnostic::error(
            "The cluster is unknown",
            "An import needs a connection that is known without an apply.",
        )),
    }
}
