//! Importing: a release that `helm` or somebody else has installed becomes a state.

use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::{ImportResponse, Resource},
    value::Value,
};

use super::{InstallResource, read, scrub::Scrub, words};
use crate::{
    explain,
    lifecycle::{identity::Named, marks::Marks},
};

/// Finds a release by what names it: an id, or an identity.
pub async fn import(
    resource: &InstallResource,
    call: &Call,
    named: Result<Named, Diagnostic>,
) -> ImportResponse {
    found(resource, call, named)
        .await
        .unwrap_or_else(|diagnostics| ImportResponse { diagnostics, ..ImportResponse::default() })
}

async fn found(
    resource: &InstallResource,
    call: &Call,
    named: Result<Named, Diagnostic>,
) -> Result<ImportResponse, Diagnostics> {
    let named = named?;
    let context = resource.context()?;
    let cluster = named.reach(&context, call)?;
    let (cluster_name, namespace, name) = (named.cluster.as_deref(), &*named.namespace, &*named.name);
    let identity = cluster.identity().await.map_err(|error| explain::error(&error))?.uid().to_owned();
    let explained = |error: release::Error| words::failed(&error, &Scrub::default());
    let Some(record) = release::last(&cluster, namespace, name).await.map_err(explained)? else {
        let missing = release::Error::NotFound { name: name.to_owned(), namespace: namespace.to_owned() };
        return Err(Diagnostic::error(
            "There is no such release",
            format!("{}. `helm list -A` names those that there are.", explain::sentence(&missing)),
        )
        .into());
    };
    let schema = resource.schema();
    let mut state = schema.null_object();
    for attribute in &schema.attributes {
        if let Some(default) = &attribute.default {
            state.set_at(&attribute.name.as_str().into(), default.clone());
        }
    }
    let mut put = |attribute: &str, value: Value| {
        state.set_at(&attribute.into(), value);
    };
    put("name", Value::from(name));
    put("namespace", Value::from(namespace));
    put("chart", Value::from(record.chart_name()));
    put("version", Value::from(record.chart_version()));
    put("cluster", cluster_name.map_or(Value::Null, Value::from));
    if let Some(config) = record.config().filter(|config| !config.is_empty()) {
        put("values", Value::list([Value::from(yaml::write(&serde_json::Value::Object(config.clone())))]));
    }
    // A definition that is marked so outlives the release; without a mark a destroy would take it.
    put("keep_crds_on_destroy", Value::from(!release::keep::is_missing(&record)));
    read::adopt(&mut state, &record).map_err(explained)?;
    let mut private = Private::new();
    Marks { cluster: Some(identity), adopted: true, ..Marks::default() }.put(&mut private);
    Ok(ImportResponse { state: Some(state), private, diagnostics: Diagnostics::new() })
}
