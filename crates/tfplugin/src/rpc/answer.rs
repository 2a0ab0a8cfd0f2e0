//! Answers the calls of the host: finds whom they are about, decodes, asks, encodes.
//!
//! Every call runs as a task of its own, so that one that the host gives up on still runs to its end (its token is
//! cancelled), and one that panics becomes an error diagnostic.

mod data_source;
mod ephemeral;
mod function;
mod provider;
mod resource;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status};
use tracing::Instrument;

use super::messages;
use super::provider as service;
use super::{convert, messages as m};
use crate::codec::CodecError;
use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ephemeral::EphemeralResource;
use crate::function::{Function, Signature};
use crate::identity::IdentitySchema;
use crate::provider::{Call, Capabilities, Provider};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::{Type, Value};

/// A provider as the gRPC service of the protocol.
#[derive(Clone)]
pub struct ProviderService(Arc<Offer>);

/// What a provider offers, by name. Schemas are built when they are first asked for.
struct Offer {
    provider: Arc<dyn Provider>,
    schema: OnceLock<Resolved>,
    resources: BTreeMap<String, Offered<dyn Resource>>,
    data_sources: BTreeMap<String, Offered<dyn DataSource>>,
    ephemeral_resources: BTreeMap<String, Offered<dyn EphemeralResource>>,
    functions: BTreeMap<String, (Arc<dyn Function>, OnceLock<Signature>)>,
    /// Parent of the tokens of all calls in flight; replaced when it is cancelled.
    stop: Mutex<CancellationToken>,
    /// The calls in flight.
    calls: TaskTracker,
}

/// One thing that is offered.
struct Offered<T: ?Sized> {
    item: Arc<T>,
    schema: OnceLock<Resolved>,
}

/// A schema and the type of its objects, and for a resource the same of their identities.
struct Resolved {
    schema: Schema,
    ty: Type,
    identity: Option<(IdentitySchema, Type)>,
}

impl From<Schema> for Resolved {
    fn from(schema: Schema) -> Self {
        let ty = schema.ty();
        Self { schema, ty, identity: None }
    }
}

impl<T: ?Sized> From<Arc<T>> for Offered<T> {
    fn from(item: Arc<T>) -> Self {
        Self { item, schema: OnceLock::new() }
    }
}

impl Offered<dyn Resource> {
    fn resolved(&self) -> &Resolved {
        self.schema.get_or_init(|| {
            let identity = self.item.identity().map(|identity| {
                let ty = identity.ty();
                (identity, ty)
            });
            Resolved { identity, ..self.item.schema().into() }
        })
    }
}

impl Offered<dyn DataSource> {
    fn resolved(&self) -> &Resolved {
        self.schema.get_or_init(|| self.item.schema().into())
    }
}

impl Offered<dyn EphemeralResource> {
    fn resolved(&self) -> &Resolved {
        self.schema.get_or_init(|| self.item.schema().into())
    }
}

impl ProviderService {
    /// The service for a provider.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        let resources = provider.resources();
        let data_sources = provider.data_sources();
        let ephemeral_resources = provider.ephemeral_resources();
        let functions = provider.functions();
        Self(Arc::new(Offer {
            resources: resources.into_iter().map(|item| (item.name().to_owned(), item.into())).collect(),
            data_sources: data_sources
                .into_iter()
                .map(|item| (item.name().to_owned(), item.into()))
                .collect(),
            ephemeral_resources: ephemeral_resources
                .into_iter()
                .map(|item| (item.name().to_owned(), item.into()))
                .collect(),
            functions: functions
                .into_iter()
                .map(|function| (function.name().to_owned(), (function, OnceLock::new())))
                .collect(),
            provider,
            schema: OnceLock::new(),
            stop: Mutex::new(CancellationToken::new()),
            calls: TaskTracker::new(),
        }))
    }

    /// The service, ready to be added to a server, with the protocol's message limits.
    #[must_use]
    pub fn into_server(self) -> service::Server<Self> {
        service::Server::new(self)
            .max_decoding_message_size(super::MAX_MESSAGE)
            .max_encoding_message_size(super::MAX_MESSAGE)
    }

    /// Cancels every call in flight. Calls that come later are not cancelled.
    pub fn cancel_calls(&self) {
        let mut stop = self.0.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *stop).cancel();
    }

    /// Whether no call is in flight.
    pub fn is_idle(&self) -> bool {
        self.0.calls.is_empty()
    }

    /// Runs one call to its end, whatever happens to it.
    async fn run<T, F>(
        &self,
        rpc: &'static str,
        type_name: &str,
        capabilities: Capabilities,
        work: impl FnOnce(Arc<Offer>, Call) -> F,
    ) -> Result<T, Panicked>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let cancel = self.0.stop.lock().unwrap_or_else(PoisonError::into_inner).child_token();
        let call = Call { cancel: cancel.clone(), rpc, type_name: type_name.to_owned(), capabilities };
        let span = tracing::info_span!("call", tf_rpc = rpc, tf_type = type_name);
        let begun = Instant::now();
        let work = work(Arc::clone(&self.0), call);
        let given_up = cancel.drop_guard();
        let done = self.0.calls.spawn(work.instrument(span.clone())).await;
        given_up.disarm();
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        span.in_scope(|| match done {
            Ok(answer) => {
                tracing::debug!(milliseconds, "answered");
                Ok(answer)
            }
            Err(_) => {
                tracing::error!(milliseconds, "the call failed with an internal error");
                Err(Panicked(rpc))
            }
        })
    }

    /// Runs a call whose answer has room for diagnostics.
    async fn answer<T, F>(
        &self,
        rpc: &'static str,
        type_name: &str,
        capabilities: Option<messages::ClientCapabilities>,
        work: impl FnOnce(Arc<Offer>, Call) -> F,
    ) -> Result<Response<T>, Status>
    where
        T: Failed + Send + 'static,
        F: Future<Output = Result<T, Diagnostics>> + Send + 'static,
    {
        let answer = self.run(rpc, type_name, convert::capabilities(capabilities), work).await;
        Ok(Response::new(match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(diagnostics)) => T::failed(diagnostics),
            Err(panicked) => T::failed(panicked.diagnostic().into()),
        }))
    }
}

impl Offer {
    fn resolved(&self) -> &Resolved {
        self.schema.get_or_init(|| self.provider.schema().into())
    }
}

/// A call ended by a panic.
struct Panicked(&'static str);

impl Panicked {
    fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(
            "Internal error in the provider",
            format!(
                "The provider failed while answering {}. This is a bug in the provider; please report it, with the log \
                 that TF_LOG_PROVIDER=debug writes.",
                self.0
            ),
        )
    }
}

/// An answer that consists of diagnostics alone.
trait Failed: Default {
    fn failed(diagnostics: Diagnostics) -> Self;
}

macro_rules! failed {
    ($($call:ident)*) => {
        $(impl Failed for m::$call::Response {
            fn failed(diagnostics: Diagnostics) -> Self {
                Self { diagnostics: convert::diagnostics(diagnostics), ..Self::default() }
            }
        })*
    };
}

failed! {
    get_provider_schema get_resource_identity_schemas
    upgrade_resource_state upgrade_resource_identity
    read_resource plan_resource_change apply_resource_change import_resource_state move_resource_state
    read_data_source get_functions
    open_ephemeral_resource renew_ephemeral_resource
}

/// The same for answers that hold nothing else.
macro_rules! only_failed {
    ($($call:ident)*) => {
        $(impl Failed for m::$call::Response {
            fn failed(diagnostics: Diagnostics) -> Self {
                Self { diagnostics: convert::diagnostics(diagnostics) }
            }
        })*
    };
}

only_failed! {
    validate_provider_config configure_provider validate_resource_config validate_data_resource_config
    validate_ephemeral_resource_config close_ephemeral_resource
}

/// A value of the host that does not fit the schema: the host and the provider differ in what the schema is.
fn undecodable(what: &str, error: CodecError) -> Diagnostics {
    told("Cannot read what the host sent", &format!("The {what} does not fit the schema"), error)
}

/// A value of the provider that does not fit its own schema.
fn unencodable(what: &str, error: CodecError) -> Diagnostics {
    told(
        "Invalid result by the provider",
        &format!("The {what} does not fit the schema, which is a bug in the provider; please report it"),
        error,
    )
}

fn told(summary: &str, what: &str, error: CodecError) -> Diagnostics {
    let diagnostic = Diagnostic::error(summary, format!("{what}: {error}."));
    if error.path.is_empty() { diagnostic.into() } else { diagnostic.at(error.path).into() }
}

/// Complains about what is still unknown in a value that must be known, and makes it null.
fn settle(value: Value, diagnostics: &mut Diagnostics) -> Value {
    if !diagnostics.has_errors() {
        for path in value.unknown_paths() {
            let detail =
                format!("The provider gave no value for {path}. This is a bug in it; please report it.");
            diagnostics.error_at(path, "Invalid result by the provider", detail);
        }
    }
    value.unknown_as_null()
}

fn no_such(kind: &str, name: &str) -> Diagnostics {
    Diagnostic::error(format!("Unknown {kind}"), format!("This provider has no {kind} named {name:?}."))
        .into()
}

macro_rules! calls {
    ($($call:ident = $rpc:literal $name:ident $capabilities:ident => $answer:path;)*) => {
        #[tonic::async_trait]
        impl service::Service for ProviderService {
            $(async fn $call(
                &self,
                request: Request<m::$call::Request>,
            ) -> Result<Response<m::$call::Response>, Status> {
                let request = request.into_inner();
                let name = calls!(@name $name request);
                let capabilities = calls!(@capabilities $capabilities request);
                self.answer($rpc, &name, capabilities, |offer, call| $answer(offer, call, request)).await
            })*

            async fn apply_resource_change(
                &self,
                request: Request<m::apply_resource_change::Request>,
            ) -> Result<Response<m::apply_resource_change::Response>, Status> {
                let request = request.into_inner();
                let fallback = resource::what_may_exist(&self.0, &request);
                let name = request.type_name.clone();
                let mut answer = self
                    .answer("ApplyResourceChange", &name, None, |offer, call| resource::apply(offer, call, request))
                    .await?;
                // A failure without a state, such as a panic, must not make the host forget the object.
                let answered = answer.get_mut();
                if answered.new_state.is_none() && !answered.diagnostics.is_empty() {
                    (answered.new_state, answered.private) = fallback;
                }
                Ok(answer)
            }

            async fn stop_provider(
                &self,
                _request: Request<m::stop_provider::Request>,
            ) -> Result<Response<m::stop_provider::Response>, Status> {
                tracing::info!("the host asks to stop");
                self.cancel_calls();
                let stopped = self
                    .run("StopProvider", "", Capabilities::default(), |offer, _call| async move {
                        offer.provider.stop().await;
                    })
                    .await;
                let error = stopped.err().map(|panicked| panicked.diagnostic().detail).unwrap_or_default();
                Ok(Response::new(m::stop_provider::Response { error }))
            }

            async fn call_function(
                &self,
                request: Request<m::call_function::Request>,
            ) -> Result<Response<m::call_function::Response>, Status> {
                let request = request.into_inner();
                let name = request.name.clone();
                let answer = self
                    .run("CallFunction", &name, Capabilities::default(), |offer, call| {
                        function::call(offer, call, request)
                    })
                    .await;
                Ok(Response::new(answer.unwrap_or_else(|panicked| function::failed(panicked.diagnostic().detail, None))))
            }
        }
    };
    (@name type_name $request:ident) => { $request.type_name.clone() };
    (@name target_type_name $request:ident) => { $request.target_type_name.clone() };
    (@name none $request:ident) => { String::new() };
    (@capabilities capabilities $request:ident) => { $request.client_capabilities };
    (@capabilities none $request:ident) => { None };
}

calls! {
    get_provider_schema = "GetProviderSchema" none none => provider::schema;
    get_resource_identity_schemas = "GetResourceIdentitySchemas" none none => provider::identity_schemas;
    validate_provider_config = "ValidateProviderConfig" none none => provider::validate;
    configure_provider = "ConfigureProvider" none capabilities => provider::configure;
    validate_resource_config = "ValidateResourceConfig" type_name capabilities => resource::validate;
    upgrade_resource_state = "UpgradeResourceState" type_name none => resource::upgrade;
    upgrade_resource_identity = "UpgradeResourceIdentity" type_name none => resource::upgrade_identity;
    read_resource = "ReadResource" type_name capabilities => resource::read;
    plan_resource_change = "PlanResourceChange" type_name capabilities => resource::plan;
    import_resource_state = "ImportResourceState" type_name capabilities => resource::import;
    move_resource_state = "MoveResourceState" target_type_name none => resource::take_over;
    validate_data_resource_config = "ValidateDataResourceConfig" type_name none => data_source::validate;
    read_data_source = "ReadDataSource" type_name capabilities => data_source::read;
    get_functions = "GetFunctions" none none => function::list;
    validate_ephemeral_resource_config = "ValidateEphemeralResourceConfig" type_name none => ephemeral::validate;
    open_ephemeral_resource = "OpenEphemeralResource" type_name capabilities => ephemeral::open;
    renew_ephemeral_resource = "RenewEphemeralResource" type_name none => ephemeral::renew;
    close_ephemeral_resource = "CloseEphemeralResource" type_name none => ephemeral::close;
}
