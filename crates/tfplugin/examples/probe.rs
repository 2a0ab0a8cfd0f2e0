//! A small provider that uses all of the crate: for its tests, and to try a host by hand.
//!
//! Its objects are files in a folder. What a `probe_thing` is told to do is in its URL: `slow://` waits until it is
//! cancelled, `fail://` exists but fails, `panic://` panics. A secret that begins with `panic:` and the name of a call
//! makes that call panic, quoting it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tfplugin::async_trait;
use tfplugin::codec::{decode_msgpack, encode_msgpack};
use tfplugin::data_source::{DataResponse, DataSource};
use tfplugin::diagnostic::Diagnostics;
use tfplugin::ephemeral::{EphemeralResource, OpenResponse};
use tfplugin::function::{Function, FunctionError, Parameter, Signature};
use tfplugin::identity::{IdentityAttribute, IdentitySchema};
use tfplugin::private::Private;
use tfplugin::provider::{Call, ConfigureRequest, Provider};
use tfplugin::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, ImportResponse, MoveRequest, MoveResponse,
    PlanRequest, PlanResponse, ReadRequest, ReadResponse, Resource, StoredState, UpdateRequest,
};
use tfplugin::schema::{Attribute, NotEmpty, OneOf, Pattern, Schema};
use tfplugin::serve::{ServeOptions, serve};
use tfplugin::timeouts::Timeouts;
use tfplugin::value::{Type, Value};

fn main() -> ExitCode {
    serve(
        Probe::default(),
        ServeOptions {
            name: "probe".into(),
            address: "registry.opentofu.org/example/probe".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            reattach: std::env::args().any(|argument| argument == "--reattach"),
            log_crates: vec!["probe".into()],
        },
    )
}

/// The folder of the objects; none while the configuration does not tell it.
type Folder = Arc<RwLock<Option<PathBuf>>>;

/// The provider.
#[derive(Default)]
pub struct Probe {
    folder: Folder,
}

#[async_trait]
impl Provider for Probe {
    fn schema(&self) -> Schema {
        Schema::new(vec![
            Attribute::string("folder").optional().describe("Where the objects are."),
            Attribute::string("mode").optional().check(OneOf::new(["calm", "stormy"])),
            Attribute::string("key").optional().sensitive(),
        ])
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        vec![Arc::new(Thing { folder: Arc::clone(&self.folder) })]
    }

    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        vec![Arc::new(Echo)]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        vec![Arc::new(Join)]
    }

    fn ephemeral_resources(&self) -> Vec<Arc<dyn EphemeralResource>> {
        vec![Arc::new(Ticket)]
    }

    async fn configure(&self, call: &Call, request: ConfigureRequest) -> Diagnostics {
        panic_if_told(call, request.config.get("key"));
        let folder = request.config.get("folder").as_str().map(PathBuf::from);
        *self.folder.write().unwrap_or_else(PoisonError::into_inner) = folder;
        Diagnostics::new()
    }
}

/// Panics if a secret says `panic:` and the name of this call.
fn panic_if_told(call: &Call, secret: &Value) {
    let secret = secret.as_str().unwrap_or_default();
    let told = secret.strip_prefix("panic:").is_some_and(|rest| rest.starts_with(call.rpc));
    assert!(!told, "told to panic about {secret}");
}

const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(60),
    update: Duration::from_secs(60),
    delete: Duration::from_secs(60),
};

/// The resource `probe_thing`.
struct Thing {
    folder: Folder,
}

impl Thing {
    fn file(&self, name: &str) -> Result<PathBuf, Diagnostics> {
        let folder = self.folder.read().unwrap_or_else(PoisonError::into_inner);
        let mut diagnostics = Diagnostics::new();
        match &*folder {
            Some(folder) => Ok(folder.join(name)),
            None => {
                diagnostics.error("No folder", "The provider's folder must be set, and known, to apply.");
                Err(diagnostics)
            }
        }
    }

    fn load(&self, file: &Path) -> Option<Value> {
        decode_msgpack(&std::fs::read(file).ok()?, &self.schema().ty()).ok()
    }

    /// Writes the object and tells what exists.
    async fn store(&self, call: &Call, planned: Value, generation: i64, private: Private) -> ApplyResponse {
        let mut response = ApplyResponse { private, ..ApplyResponse::default() };
        let name = planned.get("name").as_str().unwrap_or_default().to_owned();
        let url = planned.get("spec").get("url").as_str().unwrap_or_default().to_owned();
        let file = match self.file(&name) {
            Ok(file) => file,
            Err(diagnostics) => return ApplyResponse { diagnostics, ..response },
        };
        assert!(!url.starts_with("panic://"), "told to panic about {url}");
        let ready = !url.starts_with("slow://") && !url.starts_with("fail://");
        let revision = ready.then(|| format!("main@{generation}"));
        let state = planned.with("id", name).with("generation", generation).with("spec.revision", revision);
        if let Ok(bytes) = encode_msgpack(&state, &self.schema().ty())
            && let Err(error) = std::fs::write(file, bytes)
        {
            response.diagnostics.error("Cannot write the object", error.to_string());
            return response;
        }
        response.private.set("generation", generation);
        if url.starts_with("slow://") {
            tracing::info!("waiting to be cancelled");
            let timeout = Timeouts::read(&state, &TIMEOUTS).unwrap_or(TIMEOUTS).create;
            let cancelled = tokio::time::timeout(timeout, call.cancel.cancelled()).await.is_ok();
            let why = if cancelled { "You asked to stop." } else { "It took too long." };
            response.diagnostics.error("The object is not ready", why);
        } else if !ready {
            response.diagnostics.error_at("spec.url", "The object is not ready", "It never will be.");
        }
        response.state = Some(state);
        response
    }
}

#[async_trait]
impl Resource for Thing {
    fn name(&self) -> &str {
        "probe_thing"
    }

    fn schema(&self) -> Schema {
        let patch = vec![
            Attribute::string("path").required().check(NotEmpty),
            Attribute::string("op").default("replace").check(OneOf::new(["add", "remove", "replace"])),
        ];
        let spec = vec![
            Attribute::string("url").required().check(Pattern::new("^[a-z]+://", "begin with a scheme")),
            Attribute::string("interval").default("1m").same_value(|a, b| {
                let parse = |value: &Value| go::duration::Duration::parse(value.as_str()?).ok();
                parse(a).is_some() && parse(a) == parse(b)
            }),
            Attribute::nested_list("patches", patch).optional(),
            Attribute::map("labels", Type::String).optional(),
            Attribute::string("revision").computed(),
        ];
        Schema::new(vec![
            Attribute::string("id").computed().use_state_for_unknown(),
            Attribute::number("generation").computed(),
            Attribute::string("name").required().requires_replace().describe("The file's name."),
            Attribute::bool("wait").default(true),
            Attribute::string("password").optional().sensitive(),
            Attribute::string("token").optional().write_only(),
            Attribute::number("token_length").optional().computed().use_state_for_unknown(),
            Attribute::set("tags", Type::String).optional(),
            Attribute::dynamic("values").optional(),
            Attribute::nested("spec", spec).required(),
            Timeouts::attribute(&TIMEOUTS),
        ])
        .version(1)
        .describe("A file.")
    }

    async fn validate(&self, call: &Call, config: &Value) -> Diagnostics {
        panic_if_told(call, config.get("token"));
        Diagnostics::new()
    }

    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse {
        panic_if_told(call, request.config.get("token"));
        let mut response = PlanResponse::from(request);
        if response.planned.get("spec").get("url").as_str().is_some_and(|url| url.starts_with("http://")) {
            response.diagnostics.warning_at("spec.url", "Unencrypted", "Use https instead.");
        }
        response
    }

    async fn read(&self, call: &Call, request: ReadRequest) -> ReadResponse {
        panic_if_told(call, request.state.get("password"));
        let mut response = ReadResponse { private: request.private, ..ReadResponse::default() };
        match self.file(request.state.get("id").as_str().unwrap_or_default()) {
            Ok(file) => response.state = self.load(&file),
            Err(diagnostics) => response.diagnostics = diagnostics,
        }
        response
    }

    async fn create(&self, call: &Call, request: CreateRequest) -> ApplyResponse {
        panic_if_told(call, request.config.get("token"));
        let length =
            request.config.get("token").as_str().map(|token| i64::try_from(token.len()).unwrap_or(0));
        let planned = match request.planned.get("token_length").is_unknown() {
            true => request.planned.with("token_length", length),
            false => request.planned,
        };
        self.store(call, planned, 1, request.private).await
    }

    async fn update(&self, call: &Call, request: UpdateRequest) -> ApplyResponse {
        let generation = request.prior.get("generation").as_i64().unwrap_or(0) + 1;
        let planned = match request.planned.get("token_length").is_unknown() {
            true => request.planned.with("token_length", Value::Null),
            false => request.planned,
        };
        self.store(call, planned, generation, request.private).await
    }

    async fn delete(&self, call: &Call, request: DeleteRequest) -> DeleteResponse {
        panic_if_told(call, request.prior.get("password"));
        let mut response = DeleteResponse::default();
        match self.file(request.prior.get("id").as_str().unwrap_or_default()) {
            Ok(file) => {
                // What is gone already is as good as deleted.
                let _ = std::fs::remove_file(file);
            }
            Err(diagnostics) => response.diagnostics = diagnostics,
        }
        response
    }

    async fn import(&self, _call: &Call, id: &str) -> ImportResponse {
        match self.file(id) {
            Ok(file) => ImportResponse { state: self.load(&file), ..ImportResponse::default() },
            Err(diagnostics) => ImportResponse { diagnostics, ..ImportResponse::default() },
        }
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let attributes = vec![
            IdentityAttribute::required("name", "The file's name."),
            IdentityAttribute::optional("password", "Not needed."),
        ];
        Some(IdentitySchema { version: 3, attributes })
    }

    async fn import_by_identity(&self, call: &Call, identity: &Value) -> ImportResponse {
        self.import(call, identity.get("name").as_str().unwrap_or_default()).await
    }

    /// Until version 2 the name was called id.
    async fn upgrade_identity(&self, _call: &Call, identity: StoredState) -> Result<Value, Diagnostics> {
        let old = identity.decode(&Type::object([("id", Type::String)])).unwrap_or_default();
        Ok(Value::object([("name", old.get("id").clone()), ("password", Value::Null)]))
    }

    /// Version 0 had the URL at the top.
    async fn upgrade(&self, _call: &Call, state: StoredState) -> Result<Value, Diagnostics> {
        let old = Type::object([("name", Type::String), ("url", Type::String)]);
        let old = state.decode(&old).map_err(|error| {
            let mut diagnostics = Diagnostics::new();
            diagnostics.error("Damaged state", error.to_string());
            diagnostics
        })?;
        let name = old.get("name").clone();
        Ok(self
            .schema()
            .null_object()
            .with("id", name.clone())
            .with("name", name)
            .with("wait", true)
            .with("spec", Value::object([("url", old.get("url").clone()), ("interval", "1m".into())])))
    }

    async fn take_over(&self, _call: &Call, request: MoveRequest) -> Result<MoveResponse, Diagnostics> {
        let ty = Type::object([("id", Type::String)]);
        let source = request.state.decode(&ty).unwrap_or_default();
        let state = self.schema().null_object().with("id", source.get("id").clone());
        Ok(MoveResponse { state, private: Private::new() })
    }
}

/// The data source `probe_echo`.
struct Echo;

#[async_trait]
impl DataSource for Echo {
    fn name(&self) -> &str {
        "probe_echo"
    }

    fn schema(&self) -> Schema {
        Schema::new(vec![
            Attribute::dynamic("input").required(),
            Attribute::string("prefix").default("echo"),
            Attribute::dynamic("output").computed(),
        ])
    }

    async fn read(&self, call: &Call, config: Value) -> DataResponse {
        panic_if_told(call, config.get("input"));
        let input = config.get("input").clone();
        DataResponse { state: Some(config.with("output", input)), ..DataResponse::default() }
    }
}

/// The function `join`.
struct Join;

#[async_trait]
impl Function for Join {
    fn name(&self) -> &str {
        "join"
    }

    fn signature(&self) -> Signature {
        let mut signature = Signature::new(
            vec![Parameter::new("separator", Type::String, "Between the parts.")],
            Type::String,
        )
        .describe("Joins texts", "Joins texts with something between them.");
        signature.variadic = Some(Parameter::new("parts", Type::String, "The texts."));
        signature
    }

    async fn call(&self, call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        arguments.iter().for_each(|argument| panic_if_told(call, argument));
        let texts: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        match texts.split_first() {
            Some((_, [])) => Err(FunctionError::argument(1, "There is nothing to join.")),
            Some((separator, parts)) => Ok(parts.join(separator).into()),
            None => Err(FunctionError::new("There is no separator.")),
        }
    }
}

/// The ephemeral resource `probe_ticket`.
struct Ticket;

#[async_trait]
impl EphemeralResource for Ticket {
    fn name(&self) -> &str {
        "probe_ticket"
    }

    fn schema(&self) -> Schema {
        Schema::new(vec![
            Attribute::string("subject").required(),
            Attribute::string("ticket").computed().sensitive(),
        ])
    }

    async fn open(&self, call: &Call, config: Value) -> OpenResponse {
        panic_if_told(call, config.get("subject"));
        let ticket = format!("ticket for {}", config.get("subject").as_str().unwrap_or_default());
        OpenResponse { result: Some(config.with("ticket", ticket)), ..OpenResponse::default() }
    }
}
