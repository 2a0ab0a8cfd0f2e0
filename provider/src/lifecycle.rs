//! The life cycle of an object of Flux, written once for every kind: plan, apply, read, delete, import.
//!
//! What differs between kinds stands in their tables (`flux::kinds`); what is kept beside the state stands in [`marks`].

mod apply;
pub(crate) mod chart_values;
mod delete;
pub(crate) mod identity;
mod import;
mod live_schema;
pub(crate) mod marks;
mod moves;
mod plan;
mod prune;
mod read;
pub(crate) mod whereabouts;
pub(crate) mod writers;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use cluster::{Cluster, Target};
use flux::{FieldPath, Kind, Origin, hcl};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    identity::IdentitySchema,
    private::Private,
    provider::Call,
    resource::{
        ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, ImportResponse, MoveRequest,
        MoveResponse, PlanDestroyRequest, PlanDestroyResponse, PlanRequest, PlanResponse, ReadRequest,
        ReadResponse, Resource, StoredState, UpdateRequest,
    },
    schema::Schema,
    timeouts::Timeouts,
    value::Value,
};

use self::identity::Named;
use crate::{
    context::{Context, Reach, Shared},
    convert, explain, kind_schema,
};

/// The field manager of everything that the provider applies.
pub const FIELD_MANAGER: &str = "fluxgate";

/// How long the look may take at what became of a write without an answer.
pub(crate) const READING_BACK: Duration = Duration::from_secs(10);

/// How long each operation may take where `timeouts` does not say.
pub const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(300),
    update: Duration::from_secs(300),
    delete: Duration::from_secs(300),
};

/// The attributes that make up an object; a difference in any other is none for the object.
const OBJECT: [&str; 5] = ["name", "namespace", "labels", "annotations", "spec"];

/// A resource for objects of one kind.
#[derive(Debug)]
pub struct FluxResource {
    kind: &'static Kind,
    name: String,
    shared: Shared,
}

impl FluxResource {
    /// The resource for a kind.
    pub fn new(kind: &'static Kind, shared: Shared) -> Self {
        Self { kind, name: format!("fluxgate_{}", kind.resource), shared }
    }

    fn context(&self) -> Result<Arc<Context>, Diagnostic> {
        self.shared.get()
    }

    /// The object that attributes describe, as a manifest with its unknown fields.
    fn manifest(&self, attributes: &Json, unknown: &[FieldPath]) -> Result<flux::Manifest, Diagnostic> {
        hcl::manifest(self.kind, attributes, unknown, Origin::resource(self.name.as_str()))
            .map_err(|error| Diagnostic::error("This is no object", format!("{error}.")))
    }

    /// Where the object of a state is.
    fn target(&self, attributes: &Json) -> Target {
        let text = |name: &str| attributes[name].as_str().unwrap_or_default();
        Target::new(self.kind, text("namespace"), text("name"))
    }
}

#[async_trait]
impl Resource for FluxResource {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> Schema {
        kind_schema::schema(self.kind)
    }

    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse {
        plan::plan(self, call, request).await
    }

    async fn plan_destroy(&self, call: &Call, request: PlanDestroyRequest) -> PlanDestroyResponse {
        plan::plan_destroy(self, call, request).await
    }

    async fn read(&self, call: &Call, request: ReadRequest) -> ReadResponse {
        read::read(self, call, request).await
    }

    async fn create(&self, call: &Call, request: CreateRequest) -> ApplyResponse {
        apply::create(self, call, request).await
    }

    async fn update(&self, call: &Call, request: UpdateRequest) -> ApplyResponse {
        apply::update(self, call, request).await
    }

    async fn delete(&self, call: &Call, request: DeleteRequest) -> DeleteResponse {
        delete::delete(self, call, request).await
    }

    async fn import(&self, call: &Call, id: &str) -> ImportResponse {
        import::import(self, call, Named::by_id(id)).await
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity::schema())
    }

    async fn import_by_identity(&self, call: &Call, identity: &Value) -> ImportResponse {
        import::import(self, call, Ok(Named::by_identity(identity))).await
    }

    async fn upgrade_identity(&self, _call: &Call, stored: StoredState) -> Result<Value, Diagnostics> {
        identity::upgrade(&stored)
    }

    async fn take_over(&self, _call: &Call, request: MoveRequest) -> Result<MoveResponse, Diagnostics> {
        moves::take_over(self, &request)
    }
}

/// The cluster that the attribute `cluster` of a value names; unknown while the attribute is.
pub(crate) fn reach(context: &Context, value: &Value) -> Reach {
    let name = value.get("cluster");
    if name.is_unknown() { Reach::Unknown } else { context.cluster(name.as_str()) }
}

/// The cluster, where it has to be known by now.
pub(crate) fn reached(context: &Context, value: &Value, call: &Call) -> Result<Cluster, Diagnostic> {
    match reach(context, value) {
        Reach::Known(cluster) => Ok(cluster.until(&call.cancel)),
        Reach::Unnamed(diagnostic) => Err(diagnostic),
        Reach::Unknown => Err(Diagnostic::error(
            "The cluster is still unknown",
            "The connection depends on a value that nothing has made known. Check where the provider's configuration takes it from.",
        )),
    }
}

/// Whether the cluster is the one that a state was written against, or nothing is recorded. `false` where it is another one and the
/// provider was told to take that as it is: what lived in the old cluster went with it.
pub(crate) async fn is_same_cluster(
    context: &Context,
    cluster: &Cluster,
    private: &Private,
) -> Result<bool, Diagnostic> {
    let Some(recorded) = marks::Marks::of(private).cluster else { return Ok(true) };
    match cluster.expect_identity(&recorded).await {
        Ok(()) => Ok(true),
        Err(cluster::Error::WrongCluster { .. }) if context.allow_cluster_change => Ok(false),
        Err(error) => Err(explain::error(&error)),
    }
}

/// Whether the object itself differs between two states.
fn object_differs(one: &Value, other: &Value) -> bool {
    OBJECT.iter().any(|name| one.get(name) != other.get(name))
}

/// A state with attributes put into it, by the type of the schema.
fn state_from(resource: &FluxResource, attributes: &Json) -> Result<Value, Diagnostics> {
    state_like(&Value::Null, resource, attributes)
}

/// The same, where values that are what they were before keep their type and their digits.
fn state_like(prior: &Value, resource: &FluxResource, attributes: &Json) -> Result<Value, Diagnostics> {
    let ty = resource.schema().ty();
    let text = convert::with_types(attributes, &ty).to_string();
    let fresh = tfplugin::codec::decode_json(text.as_bytes(), &ty).map_err(|error| -> Diagnostics {
        Diagnostic::error(
            "The object does not fit the schema",
            format!("The cluster holds a value of another type than this provider knows: {error}. Update the provider or Flux."),
        )
        .into()
    })?;
    Ok(convert::as_it_was(prior, fresh))
}

/// Attributes that tell the cluster's side of the object.
fn observe(state: &mut Value, object: &Json) {
    let metadata = &object["metadata"];
    let text = |name: &str| metadata[name].as_str().unwrap_or_default();
    state.set_at(&"id".into(), Value::from(format!("{}/{}", text("namespace"), text("name"))));
    state.set_at(&"uid".into(), metadata["uid"].as_str().map_or(Value::Null, Value::from));
    state.set_at(&"generation".into(), metadata["generation"].as_i64().map_or(Value::Null, Value::from));
}

/// The labels and annotations never hold nulls, and `convert::json` never fails on what a state holds.
fn attributes_of(state: &Value) -> Json {
    convert::json(state).0
}
