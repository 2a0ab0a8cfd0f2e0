//! `fluxgate_secret`: what Flux needs to authenticate, verify and decrypt, as a Secret whose values are in no plan and no state.
//!
//! The families and their keys stand in a table ([`families`]). What is kept of the values is a key in the private data: with it, and
//! with it alone, the checksum in the Secret's annotation can be recomputed ([`checksum`]).

mod apply;
mod checks;
mod checksum;
mod delete;
mod families;
mod import;
mod material;
mod plan;
mod read;
mod schema;

use std::time::Duration;

use async_trait::async_trait;
use cluster::{Resource as ApiResource, Target};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::Diagnostics,
    provider::Call,
    resource::{
        ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, ImportResponse, PlanRequest,
        PlanResponse, ReadRequest, ReadResponse, Resource, UpdateRequest,
    },
    schema::Schema,
    timeouts::Timeouts,
    value::Value,
};

use crate::{context::Shared, lifecycle::FIELD_MANAGER};

/// How long each operation may take where `timeouts` does not say.
const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(60),
    update: Duration::from_secs(60),
    delete: Duration::from_secs(60),
};

/// The resource `fluxgate_secret`.
#[derive(Debug)]
pub struct SecretResource {
    shared: Shared,
}

impl SecretResource {
    /// The resource, with the clusters that `shared` will hold.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl Resource for SecretResource {
    fn name(&self) -> &str {
        "fluxgate_secret"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn validate(&self, _call: &Call, config: &Value) -> Diagnostics {
        material::check(config)
    }

    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse {
        plan::plan(self, call, request).await
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
        import::import(self, call, id).await
    }
}

/// The Secret of a state.
fn target(state: &Value) -> Target {
    let text = |name: &str| state.get(name).as_str().unwrap_or_default();
    Target::new(ApiResource::secret(), text("namespace"), text("name"))
}

/// Attributes that tell the cluster's side of the Secret.
fn observe(state: &mut Value, object: &Json) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str);
    let id = text("/metadata/namespace")
        .zip(text("/metadata/name"))
        .map(|(namespace, name)| format!("{namespace}/{name}"));
    state.set_at(&"id".into(), id.into());
    state.set_at(&"uid".into(), text("/metadata/uid").into());
    state.set_at(&"type".into(), text("/type").into());
}

/// The data of a Secret that we manage, as the cluster holds it: what others added is theirs.
fn ours(object: &Json) -> Vec<(String, String)> {
    let data = &object["data"];
    let mut ours: Vec<(String, String)> = cluster::owned_paths(object, FIELD_MANAGER)
        .iter()
        .filter_map(|path| match path.steps() {
            [flux::Step::Key(top), flux::Step::Key(key)] if top == "data" => {
                Some((key.clone(), data[key.as_str()].as_str()?.to_owned()))
            }
            _ => None,
        })
        .collect();
    ours.sort();
    ours
}
