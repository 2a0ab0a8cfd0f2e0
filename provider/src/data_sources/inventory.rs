//! `fluxgate_inventory`: the objects that an object of Flux keeps in the cluster.

use async_trait::async_trait;
use cluster::{Resource, Target};
use flux::inventory::{self, Entry};
use serde_json::Value as Json;
use tfplugin::{
    data_source::{DataResponse, DataSource},
    diagnostic::{Diagnostic, Diagnostics},
    provider::Call,
    schema::{Attribute, OneOf, Schema},
    value::Value,
};

use super::{cluster_attribute, reached, response, status::is_of_flux, text, unless_empty};
use crate::{context::Shared, explain};

/// The data source `fluxgate_inventory`.
#[derive(Debug)]
pub struct InventoryData {
    shared: Shared,
}

impl InventoryData {
    /// The data source, with the clusters that `shared` will hold.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl DataSource for InventoryData {
    fn name(&self) -> &str {
        "fluxgate_inventory"
    }

    fn schema(&self) -> Schema {
        let object = vec![
            text("kind", "The kind."),
            text("api_version", "Group and version."),
            text("namespace", "The namespace; null for objects of the whole cluster."),
            text("name", "The name."),
        ];
        Schema::new(vec![
            cluster_attribute(),
            Attribute::string("kind")
                .required()
                .check(OneOf::new(["Kustomization", "HelmRelease", "ResourceSet", "FluxInstance"]))
                .describe("`Kustomization`, `HelmRelease`, `ResourceSet` or `FluxInstance`."),
            Attribute::string("namespace").required().describe("The namespace of the object."),
            Attribute::string("name").required().describe("The name of the object."),
            Attribute::nested_list("objects", object)
                .computed()
                .describe("What it keeps, in the order of kind, namespace and name; empty before its first success."),
            text("revision", "The revision that was applied last; for a HelmRelease the version of the chart."),
        ])
        .describe("The objects that a Kustomization, a HelmRelease, a ResourceSet or a FluxInstance keeps in the cluster, as its own status lists them: what goes with it when it is deleted.")
    }

    async fn read(&self, call: &Call, config: Value) -> DataResponse {
        let computed = self.found(call, &config).await.map(|object| {
            let mut entries = inventory::of(&object).unwrap_or_default();
            entries.sort_by(|one, other| place(one).cmp(&place(other)));
            vec![
                ("objects", Value::list(entries.iter().map(line))),
                ("revision", flux::summary::Summary::of(&object).revision.into()),
            ]
        });
        response(config, computed)
    }
}

impl InventoryData {
    async fn found(&self, call: &Call, config: &Value) -> Result<Json, Diagnostics> {
        let cluster = reached(&self.shared, config, call)?;
        let text = |name: &str| config.get(name).as_str().unwrap_or_default();
        let (kind, namespace, name) = (text("kind"), text("namespace"), text("name"));
        let kinds = cluster.kinds_of(is_of_flux, &[kind]).await.map_err(|error| explain::error(&error))?;
        let resource: Resource = kinds.into_iter().find(|served| served.kind == kind).ok_or_else(|| {
            Diagnostic::error(
                "The cluster does not serve this kind",
                format!("{} serves no {kind}. Install Flux first, or let this data source depend on what installs it.", cluster.place()),
            )
        })?;
        let target = Target::new(resource, namespace, name);
        let object = cluster.get(&target).await.map_err(|error| explain::error(&error))?;
        object.ok_or_else(|| {
            Diagnostic::error(
                "There is no such object",
                format!("{target} does not exist in {}. Check namespace and name, or let this data source depend on what makes it.", cluster.place()),
            )
            .into()
        })
    }
}

fn place(entry: &Entry) -> (&str, &str, &str) {
    (&entry.kind, &entry.namespace, &entry.name)
}

fn line(entry: &Entry) -> Value {
    Value::object([
        ("kind", Value::from(entry.kind.as_str())),
        ("api_version", Value::from(entry.api_version())),
        ("namespace", unless_empty(&entry.namespace)),
        ("name", Value::from(entry.name.as_str())),
    ])
}
