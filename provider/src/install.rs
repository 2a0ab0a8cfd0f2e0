//! `fluxgate_install`: Flux from its chart, installed by our own engine as Helm would.
//!
//! | module | holds |
//! |---|---|
//! | [`schema`] | the attributes |
//! | [`inputs`] | from attributes to a chart, its values, and how to install it |
//! | [`charts`] | charts, fetched and rendered |
//! | [`objects`] | what the chart gives, as plan and state show it |
//! | [`scrub`] | values that must not be shown |
//! | [`words`] | what goes wrong, in words for people |

mod apply;
pub mod charts;
mod delete;
mod import;
pub mod inputs;
mod judge;
pub mod objects;
mod plan;
mod read;
pub mod schema;
pub mod scrub;
pub mod words;

use std::sync::Arc;

use async_trait::async_trait;
use release::{Event, Progress, Record};
use serde::{Deserialize, Serialize};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    identity::IdentitySchema,
    private::Private,
    provider::Call,
    resource::{
        ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, ImportResponse, PlanDestroyRequest,
        PlanDestroyResponse, PlanRequest, PlanResponse, ReadRequest, ReadResponse, Resource, StoredState,
        UpdateRequest,
    },
    schema::Schema,
    value::Value,
};

use crate::{
    context::{Context, Shared},
    lifecycle::identity::{self, Named},
};
use charts::Charts;
use scrub::Paths;

/// The name of the resource.
pub const NAME: &str = "fluxgate_install";

/// The resource.
#[derive(Debug)]
pub struct InstallResource {
    shared: Shared,
    charts: Charts,
}

impl InstallResource {
    /// The resource, with the charts that the process has fetched.
    pub fn new(shared: Shared, charts: Charts) -> Self {
        Self { shared, charts }
    }

    fn context(&self) -> Result<Arc<Context>, Diagnostic> {
        self.shared.get()
    }
}

#[async_trait]
impl Resource for InstallResource {
    fn name(&self) -> &str {
        NAME
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse {
        plan::plan(self, call, request).await
    }

    async fn plan_destroy(&self, _call: &Call, request: PlanDestroyRequest) -> PlanDestroyResponse {
        plan::plan_destroy(request)
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
}

/// What is kept beside the state of a release, besides the marks that every object has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// The paths of write-only values.
    secrets: Paths,
    /// The definitions lost the annotation by which they outlive the release: somebody else has upgraded it.
    unkept: bool,
    /// The names of objects whose templates asked the cluster, the clock or chance when they were applied.
    asked: Vec<objects::Name>,
    /// What our last apply made the release from: digests of the values and of the objects that every render gives. `None` for one that
    /// somebody else has made.
    applied: Option<String>,
}

impl Kept {
    const KEY: &str = "install";

    fn of(private: &Private) -> Self {
        private.get(Self::KEY).unwrap_or_default()
    }

    fn put(&self, private: &mut Private) {
        private.set(Self::KEY, self);
    }
}

/// What a release is made from, as [`Kept::applied`] keeps it.
fn made_from(objects: &objects::Objects, inputs: &inputs::Inputs) -> String {
    format!("{}/{}", objects::values_digest(&inputs.values.to_json(), &inputs.scrub), objects.fingerprint())
}

/// Attributes that the release's record tells.
fn observe(state: &mut Value, record: &Record, scrub: &scrub::Scrub) {
    let mut put = |name: &str, value: Value| {
        state.set_at(&name.into(), value);
    };
    put("id", Value::from(format!("{}/{}", record.namespace(), record.name())));
    put("chart_version", Value::from(record.chart_version()));
    put("app_version", Value::from(record.app_version()));
    put("revision", Value::from(i64::try_from(record.revision()).unwrap_or(i64::MAX)));
    put("status", Value::from(record.status().as_str()));
    put("notes", Value::from(scrub.text(record.notes())));
    let none = serde_json::Map::new();
    put("values_digest", Value::from(objects::values_digest(record.config().unwrap_or(&none), scrub)));
}

/// Runs an action on a thread of its own: the compiler cannot prove that the futures of many requests at once may move between threads
/// (rust-lang/rust#102211).
async fn on_a_thread<T, F>(start: impl FnOnce() -> F + Send + 'static) -> Result<T, Diagnostic>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(start())).await.map_err(|error| {
        Diagnostic::error("The action broke off", format!("{error}. This is a mistake of the provider."))
    })
}

/// The steps of an action, in the log.
fn progress(name: &str) -> Progress {
    let name = name.to_owned();
    Progress::new(move |event: &Event| tracing::info!(release = name, ?event, "release"))
}
