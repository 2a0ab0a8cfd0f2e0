//! What a resource is: a schema and a life cycle.

use async_trait::async_trait;

use crate::codec::{CodecError, decode_json};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::identity::IdentitySchema;
use crate::path::AttributePath;
use crate::private::Private;
use crate::provider::Call;
use crate::schema::Schema;
use crate::value::{Type, Value};

/// A resource: what OpenTofu plans, creates, reads, updates and deletes.
///
/// Objects given to these methods have every attribute of the schema. Objects returned may leave attributes out, which
/// makes them null; write-only attributes are made null by the framework.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The full name, such as `fluxgate_git_repository`.
    fn name(&self) -> &str;

    /// What it takes and gives.
    fn schema(&self) -> Schema;

    /// Checks a configuration beyond its schema, without connecting to anything. Any value may be unknown.
    async fn validate(&self, call: &Call, config: &Value) -> Diagnostics {
        let _ = (call, config);
        Diagnostics::new()
    }

    /// Plans a create or an update. The framework has filled in defaults, marked computed values and found what needs
    /// replacing; by default that is the plan.
    async fn plan(&self, call: &Call, request: PlanRequest) -> PlanResponse {
        let _ = call;
        PlanResponse::from(request)
    }

    /// Plans a delete: warnings for the user, errors against it.
    async fn plan_destroy(&self, call: &Call, request: PlanDestroyRequest) -> PlanDestroyResponse {
        let _ = call;
        PlanDestroyResponse { private: request.private, diagnostics: Diagnostics::new() }
    }

    /// Brings the state up to date with the real object.
    async fn read(&self, call: &Call, request: ReadRequest) -> ReadResponse;

    /// Creates the object. Whatever exists in the end goes into the response's state, also beside an error: the host
    /// then keeps it and marks it tainted.
    async fn create(&self, call: &Call, request: CreateRequest) -> ApplyResponse;

    /// Changes the object. With an error and no state, the prior state is kept.
    async fn update(&self, call: &Call, request: UpdateRequest) -> ApplyResponse;

    /// Deletes the object. Without an error it is gone from the state; with one, the response's state or else the
    /// prior one is kept.
    async fn delete(&self, call: &Call, request: DeleteRequest) -> DeleteResponse;

    /// Finds an existing object by the id that the user gave.
    async fn import(&self, call: &Call, id: &str) -> ImportResponse {
        let _ = (call, id);
        ImportResponse {
            diagnostics: Diagnostic::error(
                "Import not supported",
                format!("{} cannot be imported.", self.name()),
            )
            .into(),
            ..ImportResponse::default()
        }
    }

    /// By which values an object is found again, for hosts that keep them beside the state; none by default.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Finds an existing object by its identity, whose required values are there.
    async fn import_by_identity(&self, call: &Call, identity: &Value) -> ImportResponse {
        let _ = (call, identity);
        ImportResponse {
            diagnostics: Diagnostic::error(
                "Import by identity not supported",
                format!("{} is imported by its id.", self.name()),
            )
            .into(),
            ..ImportResponse::default()
        }
    }

    /// Turns an identity that an earlier version wrote, or another resource before a move, into a present one.
    async fn upgrade_identity(&self, call: &Call, identity: StoredState) -> Result<Value, Diagnostics> {
        let _ = call;
        Err(Diagnostic::error(
            "Identity of another version",
            format!(
                "The identity of this {} was written with version {}, which this version of the provider cannot read. \
                 Use the version of the provider that wrote it, or import the object again.",
                self.name(),
                identity.version
            ),
        )
        .into())
    }

    /// Turns a state that an earlier schema version wrote into an object of the present schema. States of the present
    /// version do not come here: attributes that are no longer in the schema are dropped from them, missing ones get
    /// their default, or null.
    async fn upgrade(&self, call: &Call, state: StoredState) -> Result<Value, Diagnostics> {
        let _ = call;
        Err(Diagnostic::error(
            "State of another version",
            format!(
                "The state of this {} was written with schema version {}, which this version of the provider cannot \
                 read. Use the version of the provider that wrote it, or import the object again.",
                self.name(),
                state.version
            ),
        )
        .into())
    }

    /// Takes over the object of another resource type, for a `moved` block.
    async fn take_over(&self, call: &Call, request: MoveRequest) -> Result<MoveResponse, Diagnostics> {
        let _ = call;
        Err(Diagnostic::error(
            "Move not supported",
            format!("An object of {} cannot become one of {}.", request.source_type_name, self.name()),
        )
        .into())
    }
}

/// What [`Resource::plan`] is given.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// As the user wrote it, write-only values included.
    pub config: Value,
    /// The object as it is; none when it is to be created.
    pub prior: Option<Value>,
    /// The framework's plan: defaults filled in, computed values marked as unknown where anything changes.
    pub proposed: Value,
    /// The attributes whose change needs a new object. If there are any, the host will ask again, with no prior object.
    pub requires_replace: Vec<AttributePath>,
    /// Kept beside the state.
    pub private: Private,
}

impl PlanRequest {
    /// Whether the framework found anything that differs from the prior object.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.prior.as_ref() != Some(&self.proposed)
    }
}

/// What [`Resource::plan`] gives back.
#[derive(Clone, Debug, Default)]
pub struct PlanResponse {
    /// What the object will be. Values from the configuration must be kept as they are, or be as in the prior object.
    pub planned: Value,
    /// Further attributes whose change needs a new object; those in the request stay.
    pub requires_replace: Vec<AttributePath>,
    /// Handed to apply.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}

impl From<PlanRequest> for PlanResponse {
    /// The framework's plan as it is.
    fn from(request: PlanRequest) -> Self {
        Self {
            planned: request.proposed,
            requires_replace: request.requires_replace,
            private: request.private,
            diagnostics: Diagnostics::new(),
        }
    }
}

/// What [`Resource::plan_destroy`] is given.
#[derive(Clone, Debug)]
pub struct PlanDestroyRequest {
    /// The object as it is.
    pub prior: Value,
    /// Kept beside the state.
    pub private: Private,
}

/// What [`Resource::plan_destroy`] gives back.
#[derive(Clone, Debug, Default)]
pub struct PlanDestroyResponse {
    /// Handed to apply.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}

/// What [`Resource::read`] is given.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The object as it was.
    pub state: Value,
    /// Kept beside the state.
    pub private: Private,
}

/// What [`Resource::read`] gives back.
#[derive(Clone, Debug, Default)]
pub struct ReadResponse {
    /// The object as it is; none if it is gone. With an error, the state stays as it was.
    pub state: Option<Value>,
    /// Kept beside the state.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}

/// What [`Resource::create`] is given.
#[derive(Clone, Debug)]
pub struct CreateRequest {
    /// As the user wrote it, write-only values included; all of it is known.
    pub config: Value,
    /// What was planned; only computed values are still unknown.
    pub planned: Value,
    /// From the plan.
    pub private: Private,
}

/// What [`Resource::update`] is given.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// As the user wrote it, write-only values included; all of it is known.
    pub config: Value,
    /// The object as it was.
    pub prior: Value,
    /// What was planned; only computed values are still unknown.
    pub planned: Value,
    /// From the plan.
    pub private: Private,
}

/// What [`Resource::delete`] is given.
#[derive(Clone, Debug)]
pub struct DeleteRequest {
    /// The object as it was.
    pub prior: Value,
    /// From the plan.
    pub private: Private,
}

/// What [`Resource::create`] and [`Resource::update`] give back.
#[derive(Clone, Debug, Default)]
pub struct ApplyResponse {
    /// What exists. Without an error, all of it is known and agrees with the plan. What an error leaves unknown is
    /// stored as null.
    pub state: Option<Value>,
    /// Kept beside the state.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}

/// What [`Resource::delete`] gives back.
#[derive(Clone, Debug, Default)]
pub struct DeleteResponse {
    /// Where there is an error: what is left. Otherwise not looked at.
    pub state: Option<Value>,
    /// For the user.
    pub diagnostics: Diagnostics,
}

/// What [`Resource::import`] gives back.
#[derive(Clone, Debug, Default)]
pub struct ImportResponse {
    /// The object, or as much of it as [`Resource::read`] needs, which the host calls next.
    pub state: Option<Value>,
    /// Kept beside the state.
    pub private: Private,
    /// For the user.
    pub diagnostics: Diagnostics,
}

/// A state as it was stored, by a schema that may no longer be known.
#[derive(Clone)]
pub struct StoredState {
    /// The schema version that wrote it.
    pub version: i64,
    json: Vec<u8>,
}

impl StoredState {
    /// A state of a schema version, as the JSON of the state file.
    pub fn new(version: i64, json: impl Into<Vec<u8>>) -> Self {
        Self { version, json: json.into() }
    }

    /// The state as JSON. Numbers beyond 64 bits lose digits; [`StoredState::decode`] keeps them.
    ///
    /// # Errors
    ///
    /// When it is not JSON.
    pub fn json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_slice(&self.json)
    }

    /// The state as a value of a type: attributes that the type does not have are dropped, missing ones are null.
    ///
    /// # Errors
    ///
    /// When the state does not fit the type; the error names the attribute.
    pub fn decode(&self, ty: &Type) -> Result<Value, CodecError> {
        decode_json(&self.json, ty)
    }
}

impl std::fmt::Debug for StoredState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredState").field("version", &self.version).finish_non_exhaustive()
    }
}

/// What [`Resource::take_over`] is given.
#[derive(Clone, Debug)]
pub struct MoveRequest {
    /// The provider that the object belonged to, such as `registry.opentofu.org/gavinbunney/kubectl`.
    pub source_provider: String,
    /// The resource type that it was.
    pub source_type_name: String,
    /// Its state.
    pub state: StoredState,
}

/// What [`Resource::take_over`] gives back.
#[derive(Clone, Debug, Default)]
pub struct MoveResponse {
    /// The object, in this resource's schema.
    pub state: Value,
    /// Kept beside the state.
    pub private: Private,
}
