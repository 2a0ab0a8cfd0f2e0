//! `fluxgate_status`: how every object of Flux stands.

use async_trait::async_trait;
use cluster::{Cluster, Error, Resource};
use flux::{readiness::State, summary::Summary};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value as Json;
use tfplugin::{
    data_source::{DataResponse, DataSource},
    diagnostic::Diagnostics,
    path::AttributePath,
    provider::Call,
    schema::{Attribute, Schema},
    value::{Type, Value},
};

use super::{cluster_attribute, flag, number, reached, response, text, unless_empty};
use crate::{context::Shared, explain};

/// How many kinds are listed at a time.
const AT_ONCE: usize = 8;

/// The kinds of Flux 2.9 and of its operator.
const KINDS: [&str; 19] = [
    "Alert",
    "ArtifactGenerator",
    "Bucket",
    "ExternalArtifact",
    "FluxInstance",
    "FluxReport",
    "GitRepository",
    "HelmChart",
    "HelmRelease",
    "HelmRepository",
    "ImagePolicy",
    "ImageRepository",
    "ImageUpdateAutomation",
    "Kustomization",
    "OCIRepository",
    "Provider",
    "Receiver",
    "ResourceSet",
    "ResourceSetInputProvider",
];

/// The data source `fluxgate_status`.
#[derive(Debug)]
pub struct StatusData {
    shared: Shared,
}

impl StatusData {
    /// The data source, with the clusters that `shared` will hold.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

/// Whether an API group is one of Flux or of its operator.
pub(super) fn is_of_flux(group: &str) -> bool {
    group.ends_with(".toolkit.fluxcd.io")
        || group == "source.extensions.fluxcd.io"
        || group == "fluxcd.controlplane.io"
}

#[async_trait]
impl DataSource for StatusData {
    fn name(&self) -> &str {
        "fluxgate_status"
    }

    fn schema(&self) -> Schema {
        let object = vec![
            text("kind", "The kind."),
            text("api_version", "Group and version."),
            text("namespace", "The namespace."),
            text("name", "The name."),
            flag(
                "ready",
                "Whether it is reconciled, for what it asks now; null where nothing tells, as for a HelmRepository of type `oci`.",
            ),
            text("state", "`Ready`, `Progressing`, `Failed`, `Terminating` or `Unknown`."),
            text("reason", "The reason that the controller gives."),
            text("message", "What the controller says."),
            text(
                "revision",
                "The revision that was fetched or applied last; for a HelmRelease the version of the chart.",
            ),
            flag("suspended", "Whether reconciliation is suspended."),
        ];
        Schema::new(vec![
            cluster_attribute(),
            Attribute::string("namespace").optional().describe("Only objects of this namespace; without it those of all."),
            Attribute::list("kinds", Type::String)
                .optional()
                .describe("Only objects of these kinds, such as `Kustomization`; without it those of all that the cluster serves."),
            Attribute::map("labels", Type::String).optional().describe("Only objects that have these labels."),
            Attribute::bool("ready").optional().describe("Only objects that are ready, or only those that are not."),
            Attribute::nested_list("objects", object).computed().describe("The objects, in the order of kind, namespace and name."),
            number("not_ready", "How many of them are not ready and not suspended."),
            flag("all_ready", "Whether every one of them is ready or suspended."),
        ])
        .describe("How every object of Flux stands: one list for each kind that the cluster serves, whoever made the objects. Kinds that are not served are left out.")
    }

    async fn validate(&self, _call: &Call, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        for (position, kind) in config.get("kinds").as_elements().unwrap_or_default().iter().enumerate() {
            if let Some(kind) = kind.as_str().filter(|kind| !KINDS.contains(kind)) {
                diagnostics.error_at(
                    AttributePath::root("kinds").index(position),
                    "Flux has no such kind",
                    format!("{kind:?} is no kind of Flux. There are: {}.", KINDS.join(", ")),
                );
            }
        }
        diagnostics
    }

    async fn read(&self, call: &Call, config: Value) -> DataResponse {
        let found = async {
            let cluster = reached(&self.shared, &config, call)?;
            found(&cluster, &config).await.map_err(|error| explain::error(&error).into())
        };
        let computed = found.await.map(|objects| {
            let not_ready = objects.iter().filter(|object| !is_well(object)).count();
            vec![
                ("objects", Value::list(objects)),
                ("not_ready", Value::from(i64::try_from(not_ready).unwrap_or(i64::MAX))),
                ("all_ready", Value::from(not_ready == 0)),
            ]
        });
        response(config, computed)
    }
}

fn is_well(object: &Value) -> bool {
    object.get("ready").as_bool() != Some(false) || object.get("suspended").as_bool() == Some(true)
}

async fn found(cluster: &Cluster, config: &Value) -> Result<Vec<Value>, Error> {
    let wanted = config.get("kinds").as_elements();
    let sought: Vec<&str> = wanted.unwrap_or_default().iter().filter_map(Value::as_str).collect();
    let mut kinds = cluster.kinds_of(is_of_flux, &sought).await?;
    kinds.retain(|kind| {
        wanted.is_none_or(|wanted| wanted.iter().any(|name| name.as_str() == Some(&kind.kind)))
    });
    let namespace = config.get("namespace").as_str();
    let labels = config.get("labels").as_members();
    let pairs: Vec<_> = labels
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    let labels = pairs.join(",");
    let labels = labels.as_str();
    let lists: Vec<Vec<Json>> = stream::iter(kinds)
        .map(|kind| async move { listed(cluster, &kind, namespace, labels).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut objects: Vec<Value> = lists.iter().flatten().map(line).collect();
    if let Some(ready) = config.get("ready").as_bool() {
        objects.retain(|object| object.get("ready").as_bool() == Some(ready));
    }
    let place = |object: &Value| {
        ["kind", "namespace", "name"].map(|part| object.get(part).as_str().map(str::to_owned))
    };
    objects.sort_by_key(place);
    Ok(objects)
}

async fn listed(
    cluster: &Cluster,
    kind: &Resource,
    namespace: Option<&str>,
    labels: &str,
) -> Result<Vec<Json>, Error> {
    match cluster.list(kind, namespace.filter(|_| kind.namespaced), labels).await {
        // A kind can go while one looks.
        Err(Error::NotServed { .. }) => Ok(Vec::new()),
        listed => listed,
    }
}

fn line(object: &Json) -> Value {
    let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
    let summary = Summary::of(object);
    Value::object([
        ("kind", Value::from(text("/kind"))),
        ("api_version", Value::from(text("/apiVersion"))),
        ("namespace", unless_empty(text("/metadata/namespace"))),
        ("name", Value::from(text("/metadata/name"))),
        ("ready", (summary.state != State::Unknown).then_some(summary.state == State::Ready).into()),
        ("state", Value::from(summary.state.to_string())),
        ("reason", unless_empty(&summary.reason)),
        ("message", unless_empty(&summary.message)),
        ("revision", summary.revision.into()),
        ("suspended", Value::from(summary.suspended)),
    ])
}
