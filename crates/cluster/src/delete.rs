//! Deleting, waiting until it is done, and saying what holds an object that does not go.

use std::{fmt, time::Duration};

use flux::kinds;
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    Cluster, Condition, Error, Missing, Resource, Target, Wait,
    apply::finalizers,
    events::{EXPLAINING_TIME, conditions_of, telling_condition},
    object::text,
    request::{About, Call},
    wait::Seen,
};

/// What happens to the objects that an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// A delete that lasts until the object is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRequest {
    /// The object.
    pub target: Target,
    /// The uid of the object that is meant; another one of its name is left alone.
    pub uid: Option<String>,
    /// What happens to what it owns.
    pub propagation: Propagation,
    /// How long the request and the wait until it is gone may take together.
    pub timeout: Duration,
}

impl DeleteRequest {
    /// A delete in the background.
    pub fn new(target: &Target, timeout: Duration) -> Self {
        Self { target: target.clone(), uid: None, propagation: Propagation::default(), timeout }
    }

    /// Insists on one object.
    #[must_use]
    pub fn uid(mut self, uid: &str) -> Self {
        self.uid = Some(uid.to_owned());
        self
    }
}

/// How a delete ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It was there and is gone.
    Gone,
    /// It was gone before: the object, the one that was meant, its namespace, or its whole kind.
    AlreadyGone,
}

/// What keeps a deleted object from going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A finalizer, which a controller has to remove.
    Finalizer {
        /// The finalizer, such as `finalizers.fluxcd.io`.
        finalizer: String,
        /// The controller that removes it, where it is known.
        controller: Option<Controller>,
    },
    /// What is still in a namespace.
    Contents {
        /// What the cluster says about it.
        message: String,
    },
    /// What the object itself says in its status.
    Says {
        /// The condition.
        message: String,
    },
}

/// The controller that would remove a finalizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// The name of its Deployment, such as `kustomize-controller`.
    pub name: String,
    /// How it stands.
    pub state: ControllerState,
}

/// Whether a controller is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControllerState {
    /// Its Deployment is available.
    Available {
        /// The namespace of the Deployment.
        namespace: String,
    },
    /// Its Deployment exists and is not available.
    Unavailable {
        /// The namespace of the Deployment.
        namespace: String,
        /// Why, such as `scaled to zero`.
        why: String,
    },
    /// No namespace has such a Deployment.
    Gone,
    /// It could not be found out.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contents { message } | Self::Says { message } => f.write_str(message),
            Self::Finalizer { finalizer, controller: None } => write!(f, "held by the finalizer {finalizer}"),
            Self::Finalizer { finalizer, controller: Some(controller) } => {
                write!(f, "held by the finalizer {finalizer}: {controller}")
            }
        }
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.state {
            ControllerState::Available { namespace } => {
                write!(
                    f,
                    "its controller (Deployment {namespace}/{name}) is at work and has not removed it yet"
                )
            }
            ControllerState::Unavailable { namespace, why } => write!(
                f,
                "its controller (Deployment {namespace}/{name}) is not available ({why}), so nobody removes it"
            ),
            ControllerState::Gone => {
                write!(f, "its controller (Deployment {name}) is gone, so nobody removes it")
            }
            ControllerState::Unknown { why } => {
                write!(f, "how its controller ({name}) stands is not known: {why}")
            }
        }
    }
}

impl Cluster {
    /// Deletes an object and waits until it is gone. One request, two or three where it does not go at
    /// once.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] when the time is up, with what holds it. [`Error::Cancelled`] when told to stop; the object stays
    /// marked for deletion. Those of every request.
    pub async fn delete(&self, request: &DeleteRequest) -> Result<Deleted, Error> {
        let target = &request.target;
        let policy = match request.propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        };
        let mut options = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy });
        if let Some(uid) = &request.uid {
            options["preconditions"] = json!({ "uid": uid });
        }
        let call = Call {
            verb: "delete",
            method: Method::DELETE,
            about: About::Object(target),
            query: Vec::new(),
            accept: "application/json",
            content_type: "application/json",
            body: options.to_string().into_bytes(),
            // Without a uid the repetition might meet another object of the name.
            repeatable: request.uid.is_some(),
        };
        let deadline = Instant::now() + request.timeout;
        let left: Value = match self.by(deadline).fetch(&call).await {
            Ok(left) => left,
            Err(
                Error::NotFound { .. }
                | Error::Replaced { .. }
                | Error::NotServed { missing: Missing::Kind { .. }, .. },
            ) => return Ok(Deleted::AlreadyGone),
            Err(error) => return Err(error),
        };
        // A Status instead of the object says that nothing is left of it; so does an object that is not marked, which some
        // kinds (ServiceAccount) answer with. A watch from its version would begin after its end.
        let marked = text(&left, "/metadata/deletionTimestamp").is_some();
        let Some(uid) = text(&left, "/metadata/uid").filter(|_| marked).map(str::to_owned) else {
            return Ok(Deleted::Gone);
        };
        let left_time = deadline.saturating_duration_since(Instant::now());
        let wait = Wait::new(target, Condition::deleted(Some(&uid)), left_time);
        // One without finalizers may be gone at its marked version already, so a watch from there could miss its end.
        let wait = if finalizers(&left).is_empty() { wait } else { wait.from(left) };
        let mut seen = Seen::default();
        match self.settle(&wait, &mut seen).await {
            Ok(Some(_)) => Ok(Deleted::Gone),
            Ok(None) => Err(Error::Held {
                place: self.place().clone(),
                object: Box::new(target.clone()),
                after: request.timeout,
                holders: self.holders(target, seen.last.as_ref()).await,
            }),
            Err(Error::Cancelled { .. }) => Err(self.cancelled(&call)),
            Err(error) => Err(error),
        }
    }

    /// What holds an object that is marked for deletion.
    pub async fn holders(&self, target: &Target, object: Option<&Value>) -> Vec<Holder> {
        let Some(object) = object else { return Vec::new() };
        let mut holders = Vec::new();
        for finalizer in finalizers(object) {
            let controller = match controller_of(&target.resource, &finalizer) {
                Some(name) => {
                    Some(Controller { name: name.to_owned(), state: self.controller_state(name).await })
                }
                None => None,
            };
            holders.push(Holder::Finalizer { finalizer, controller });
        }
        if target.resource.kind == "Namespace" {
            let remaining = conditions_of(object).into_iter().filter(|condition| condition.status == "True");
            holders.extend(remaining.map(|condition| Holder::Contents { message: condition.message }));
        } else if let Some(condition) =
            telling_condition(object).filter(|condition| condition.status == "False")
        {
            holders.push(Holder::Says { message: condition.to_string() });
        }
        holders
    }

    /// Looks for the Deployment of a controller in all namespaces.
    pub async fn controller_state(&self, name: &str) -> ControllerState {
        let selector = format!("metadata.name={name}");
        let resource = Resource::deployment();
        let selectors = [("fieldSelector", selector.as_str())];
        let unknown = |why: &str| ControllerState::Unknown { why: why.to_owned() };
        let found = match timeout(EXPLAINING_TIME, self.list_by(&resource, None, &selectors)).await {
            Ok(Ok(found)) => found,
            Ok(Err(Error::Forbidden { .. })) => return unknown("listing Deployments is forbidden"),
            Ok(Err(error)) => return unknown(&error.to_string()),
            Err(_) => return unknown("the cluster did not answer"),
        };
        let namespace =
            |deployment: &Value| text(deployment, "/metadata/namespace").unwrap_or_default().to_owned();
        let at_work = |deployment: &&Value| {
            conditions_of(deployment)
                .iter()
                .any(|condition| condition.kind == "Available" && condition.status == "True")
        };
        if let Some(deployment) =
            found.iter().filter(|deployment| replicas(deployment) != Some(0)).find(at_work)
        {
            return ControllerState::Available { namespace: namespace(deployment) };
        }
        match found.first() {
            None => ControllerState::Gone,
            Some(deployment) => ControllerState::Unavailable {
                namespace: namespace(deployment),
                why: if replicas(deployment) == Some(0) {
                    "scaled to zero".to_owned()
                } else {
                    "none of its pods is available".to_owned()
                },
            },
        }
    }
}

fn replicas(deployment: &Value) -> Option<u64> {
    deployment.pointer("/spec/replicas").and_then(Value::as_u64)
}

/// The Deployment whose controller removes a finalizer.
fn controller_of(resource: &Resource, finalizer: &str) -> Option<&'static str> {
    if let Some(kind) = kinds::by_kind(&resource.group, &resource.kind)
        && kind.finalizer == Some(finalizer)
    {
        return Some(kind.controller);
    }
    None
}
