//! Server-side apply, with the rule of who may take which field from whom.

use flux::path::FieldPath;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    Cluster, Conflict, Error, Resource, Target,
    managed_fields::locate_printed,
    managers_of,
    object::text,
    request::{About, Call},
};

/// How often a write is tried again because the object changed meanwhile.
const ATTEMPTS: u32 = 8;

/// What to do about fields that others manage and that this write would set to another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Force {
    /// Takes none: every such field is a conflict.
    No,
    /// Takes those at or below these paths, which the caller set before; any other is a conflict.
    Owned(Vec<FieldPath>),
    /// Takes all.
    All,
}

/// A server-side apply.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplyRequest {
    /// The whole intent: what is left out and was applied before by the same manager is removed.
    pub object: Value,
    /// The field manager, such as `fluxgate`.
    pub manager: String,
    /// What to do about fields of others.
    pub force: Force,
    /// Lets the server check everything and store nothing.
    pub dry_run: bool,
    /// The uid of the object that is meant: it is not made anew when it is gone, and another of its name is not touched.
    pub uid: Option<String>,
}

impl ApplyRequest {
    /// An apply that takes nothing from others.
    pub fn new(object: Value, manager: &str) -> Self {
        Self { object, manager: manager.to_owned(), force: Force::No, dry_run: false, uid: None }
    }

    /// Sets what to do about fields of others.
    #[must_use]
    pub fn force(mut self, force: Force) -> Self {
        self.force = force;
        self
    }

    /// Stores nothing.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Insists on one object.
    #[must_use]
    pub fn uid(mut self, uid: &str) -> Self {
        self.uid = Some(uid.to_owned());
        self
    }
}

/// An object as the server stored it, or would have.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object, with defaults and status.
    pub object: Value,
    /// Whether it was made by this request, rather than found.
    pub created: bool,
}

impl Cluster {
    /// Applies an object. One request; four where fields that are [`Force::Owned`] have to be taken back.
    ///
    /// The object names its kind, namespace and name. Unknown fields are refused, not dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] names the fields that others manage; nothing was written then. [`Error::Replaced`] when the
    /// object is not the one with the `uid` that was asked for. [`Error::BeingDeleted`] when the object, or its
    /// namespace, is going. [`Error::Invalid`] lists what its schema, a rule or a webhook has against it.
    /// [`Error::NoNamespace`], [`Error::NotServed`], [`Error::Forbidden`], and those of every request.
    pub async fn apply(&self, request: &ApplyRequest) -> Result<Applied, Error> {
        let target = self.target_of(&request.object).await?;
        let applied = match &request.force {
            Force::All => self.apply_once(&target, request, true, None).await,
            Force::No => self.apply_once(&target, request, false, None).await,
            Force::Owned(owned) => match self.apply_once(&target, request, false, None).await {
                Err(Error::Conflict { conflicts, .. }) if all_owned(&request.object, &conflicts, owned) => {
                    self.take_back(&target, request, owned).await
                }
                other => other,
            },
        }?;
        let finalizers = match text(&applied.object, "/metadata/deletionTimestamp") {
            None => return Ok(applied),
            Some(_) => finalizers(&applied.object),
        };
        Err(Error::BeingDeleted { place: self.place().clone(), object: Box::new(target), finalizers })
    }

    /// Takes fields back, and no others. The conflicts that were just reported may not be those of a moment later, and a
    /// forced apply takes whatever it meets. So the object is read, the polite apply is repeated against that very
    /// version, and only when its conflicts are all ours is the forced one sent, still against that version.
    async fn take_back(
        &self,
        target: &Target,
        request: &ApplyRequest,
        owned: &[FieldPath],
    ) -> Result<Applied, Error> {
        for _ in 0..ATTEMPTS {
            let Some(object) = self.get(target).await? else {
                match self.apply_once(target, request, false, None).await {
                    Err(Error::Conflict { .. }) => continue,
                    other => return other,
                }
            };
            let version = text(&object, "/metadata/resourceVersion");
            match self.apply_once(target, request, false, version).await {
                Err(Error::Conflict { conflicts, .. }) if all_owned(&request.object, &conflicts, owned) => {}
                Err(Error::Contended { .. }) => continue,
                other => return other,
            }
            match self.apply_once(target, request, true, version).await {
                Err(Error::Contended { .. }) => {}
                other => return other,
            }
        }
        Err(Error::Contended {
            place: self.place().clone(),
            object: Box::new(target.clone()),
            attempts: ATTEMPTS,
        })
    }

    async fn apply_once(
        &self,
        target: &Target,
        request: &ApplyRequest,
        force: bool,
        version: Option<&str>,
    ) -> Result<Applied, Error> {
        let mut object = request.object.clone();
        if let Some(uid) = &request.uid {
            object["metadata"]["uid"] = json!(uid);
        }
        if let Some(version) = version {
            object["metadata"]["resourceVersion"] = json!(version);
        }
        let mut query =
            vec![("fieldManager", request.manager.clone()), ("fieldValidation", "Strict".to_owned())];
        if force {
            query.push(("force", "true".to_owned()));
        }
        if request.dry_run {
            query.push(("dryRun", "All".to_owned()));
        }
        let call = Call {
            verb: "patch",
            method: Method::PATCH,
            about: About::Object(target),
            query,
            accept: "application/json",
            content_type: "application/apply-patch+yaml",
            body: object.to_string().into_bytes(),
            repeatable: true,
        };
        let answer = self.send(&call).await.map_err(|error| locate(error, &request.object))?;
        let object: Value = self.decode(&call, &answer.body)?;
        // When an answer was lost, the repetition finds what the first attempt made.
        let alone = || managers_of(&object).iter().all(|entry| entry.manager == request.manager);
        let created = answer.code == StatusCode::CREATED || (answer.repeated_blindly && alone());
        Ok(Applied { object, created })
    }

    /// Names the object that a JSON object states.
    ///
    /// # Errors
    ///
    /// [`Error::NotServed`] when nobody knows its kind, and those of every request; no request is made for kinds of
    /// Flux.
    pub async fn target_of(&self, object: &Value) -> Result<Target, Error> {
        let part = |pointer| text(object, pointer).unwrap_or_default();
        let resource: Resource = self.resource(part("/apiVersion"), part("/kind")).await?;
        Ok(Target::new(resource, part("/metadata/namespace"), part("/metadata/name")))
    }
}

/// Finds the places of conflicts in the object that was applied.
fn locate(mut error: Error, object: &Value) -> Error {
    if let Error::Conflict { conflicts, .. } = &mut error {
        for conflict in conflicts {
            conflict.path = locate_printed(object, &conflict.field);
        }
    }
    error
}

/// Whether every conflict is about a field that the caller set before.
fn all_owned(object: &Value, conflicts: &[Conflict], owned: &[FieldPath]) -> bool {
    conflicts.iter().all(|conflict| {
        let Some(field) = &conflict.path else { return false };
        // A list that is managed as a whole is ours when something in it is.
        let whole_list = field.get(object).is_some_and(Value::is_array);
        owned.iter().any(|owned| field.starts_with(owned) || (whole_list && owned.starts_with(field)))
    })
}

/// The finalizers of an object.
pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    let listed = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
