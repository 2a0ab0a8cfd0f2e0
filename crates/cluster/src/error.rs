//! What can go wrong between here and a cluster, as values that a caller can act on.
//!
//! Texts are lower case and name the cluster, and the object where there is one. The cause is in `source()` and is
//! not repeated in the text. No text holds a credential. What to do about an error is left to the products, which know
//! what their settings are called.

use std::{
    error::Error as StdError,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use flux::path::FieldPath;

use crate::{ConfigError, ExecError, Holder, IssueError, Target};

/// Which cluster: its address and, when it came from a kubeconfig, the context. Cheap to clone.
///
/// Of a cluster whose address is asked for, it is the name until the address is known, and both afterwards.
#[derive(Clone)]
pub struct Place(Arc<Inner>);

struct Inner {
    server: OnceLock<String>,
    name: Option<String>,
    context: Option<String>,
}

impl Place {
    pub(crate) fn new(server: String, context: Option<String>) -> Self {
        Self(Arc::new(Inner { server: OnceLock::from(server), name: None, context }))
    }

    /// A cluster whose address is not known yet.
    pub(crate) fn named(name: String) -> Self {
        Self(Arc::new(Inner { server: OnceLock::new(), name: Some(name), context: None }))
    }

    /// Takes the address down, for all clones; one that is known stays.
    pub(crate) fn found(&self, server: &str) {
        self.0.server.get_or_init(|| server.to_owned());
    }

    /// The address of the API server, or the name of a cluster whose address is not known yet.
    pub fn server(&self) -> &str {
        match (self.0.server.get(), &self.0.name) {
            (Some(server), _) => server,
            (None, name) => name.as_deref().unwrap_or_default(),
        }
    }

    /// The context of the kubeconfig that named the cluster.
    pub fn context(&self) -> Option<&str> {
        self.0.context.as_deref()
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.server() == other.server() && self.context() == other.context()
    }
}

impl Eq for Place {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.server.get(), &self.0.name, self.context()) {
            (Some(server), _, Some(context)) => write!(f, "{server} (context {context})"),
            (Some(server), Some(name), None) => write!(f, "{server} ({name})"),
            _ => f.write_str(self.server()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Everything that an operation on a cluster can end in, besides success.
///
/// Waits have [`WaitError`](crate::WaitError), which holds one of these where a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection itself is not usable as it was given; no request was made.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// The credential plugin gave no credential.
    #[error("no credential for {place}")]
    Credential {
        /// The cluster.
        place: Place,
        /// What the plugin did.
        source: Arc<ExecError>,
    },

    /// Whoever issues credentials for the cluster gave none.
    #[error("no credential for {place}")]
    NotIssued {
        /// The cluster.
        place: Place,
        /// What the issuer says.
        source: IssueError,
    },

    /// 401: the credential is missing, wrong or expired.
    #[error("{place} does not accept the credential (401)")]
    Unauthorized {
        /// The cluster.
        place: Place,
    },

    /// 403: the credential is good, its rights are not enough.
    #[error("{place} forbids to {verb} {what} (403): {message}")]
    Forbidden {
        /// The cluster.
        place: Place,
        /// The verb of RBAC that was missing: get, list, watch, create, patch, delete.
        verb: String,
        /// The object, or the resource for a list.
        what: String,
        /// What the server said.
        message: String,
    },

    /// No connection to the server came about, or it broke.
    #[error("cannot reach {place}: {reason}")]
    Unreachable {
        /// The cluster.
        place: Place,
        /// Where it failed.
        reason: Unreached,
        /// What the network or TLS layer said.
        source: Arc<dyn StdError + Send + Sync>,
    },

    /// The server was given its time and did not answer.
    #[error("{place} did not answer within {}: {doing}", seconds(*.after))]
    TimedOut {
        /// The cluster.
        place: Place,
        /// What was asked, such as `get GitRepository/flux-system/podinfo`.
        doing: String,
        /// How long it was waited for.
        after: Duration,
    },

    /// The cluster does not serve this kind: its CustomResourceDefinition is not installed, or not in this version.
    #[error("{place} does not serve {kind} in {api_version}: {missing}")]
    NotServed {
        /// The cluster.
        place: Place,
        /// The kind that was wanted.
        kind: String,
        /// The group and version that was wanted.
        api_version: String,
        /// What is missing.
        missing: Missing,
    },

    /// The object does not exist.
    #[error("{object} does not exist in {place}")]
    NotFound {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
    },

    /// The object that was to be made is there already.
    #[error("{object} exists in {place} already")]
    Exists {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
    },

    /// The namespace that the object was to be written to does not exist.
    #[error("cannot write {object}: namespace {namespace} does not exist in {place}")]
    NoNamespace {
        /// The cluster.
        place: Place,
        /// The namespace.
        namespace: String,
        /// The object.
        object: Box<Target>,
    },

    /// Other managers hold fields that this write would set to another value.
    #[error("{object} in {place} has fields that others manage: {}", list(.conflicts))]
    Conflict {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
        /// Each field with its manager.
        conflicts: Vec<Conflict>,
    },

    /// The object kept changing between reading and writing.
    #[error("{object} in {place} changed while it was being written, {attempts} times in a row")]
    Contended {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
        /// How often it was tried.
        attempts: u32,
    },

    /// The object that was meant is gone; nothing, or another one of the same name, is in its place.
    #[error("{object} in {place} is no longer the one with uid {expected}")]
    Replaced {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
        /// The uid that was meant.
        expected: String,
    },

    /// The object is being deleted, so what is written to it will not last.
    #[error("{object} in {place} is being deleted{}", held(.finalizers))]
    BeingDeleted {
        /// The cluster.
        place: Place,
        /// The object; the namespace, when it is the namespace that goes.
        object: Box<Target>,
        /// The finalizers that still hold it.
        finalizers: Vec<String>,
    },

    /// The server refused the object: its schema, a rule of its CustomResourceDefinition, or an admission webhook.
    #[error("{place} refuses {object}: {}", list(.causes))]
    Invalid {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
        /// Each field with what is wrong with it; at least one.
        causes: Vec<Cause>,
    },

    /// A delete ran out of time while something held the object.
    #[error("{object} in {place} is still there after {}: {}", seconds(*.after), list(.holders))]
    Held {
        /// The cluster.
        place: Place,
        /// The object.
        object: Box<Target>,
        /// How long it was waited for.
        after: Duration,
        /// What holds it; empty when nothing is known to.
        holders: Vec<Holder>,
    },

    /// The cluster is another one than was recorded.
    #[error(
        "{place} is another cluster than before: its kube-system namespace has uid {found}, recorded was {expected}"
    )]
    WrongCluster {
        /// The cluster that answered.
        place: Place,
        /// The uid that was recorded.
        expected: String,
        /// The uid that was found.
        found: String,
    },

    /// It was told to stop.
    #[error("stopped on request: {doing}, {place}")]
    Cancelled {
        /// The cluster.
        place: Place,
        /// What was being done.
        doing: String,
    },

    /// Any other refusal of the server.
    #[error("{place} answered {code} to {doing}: {message}")]
    Api {
        /// The cluster.
        place: Place,
        /// What was asked.
        doing: String,
        /// The HTTP status.
        code: u16,
        /// The machine-readable reason, such as `InternalError`; may be empty.
        reason: String,
        /// What the server said.
        message: String,
    },

    /// The answer is not one of a Kubernetes API server.
    #[error("{place} does not answer like a Kubernetes API server: {doing}")]
    Unintelligible {
        /// The cluster.
        place: Place,
        /// What was asked.
        doing: String,
        /// What the decoder said, where it came to decoding.
        source: Option<serde_json::Error>,
    },
}

impl Error {
    /// The same error for somebody else who would have asked, where it says that nobody answered; none for an answer.
    pub(crate) fn of_silence(&self) -> Option<Self> {
        Some(match self {
            Self::Credential { place, source } => {
                Self::Credential { place: place.clone(), source: Arc::clone(source) }
            }
            Self::NotIssued { place, source } => {
                Self::NotIssued { place: place.clone(), source: Arc::clone(source) }
            }
            Self::Unreachable { place, reason, source } => {
                Self::Unreachable { place: place.clone(), reason: *reason, source: Arc::clone(source) }
            }
            Self::TimedOut { place, doing, after } => {
                Self::TimedOut { place: place.clone(), doing: doing.clone(), after: *after }
            }
            _ => return None,
        })
    }

    /// Whether a write that ended so may have been carried out all the same: it was sent, and no answer came, or one that says as
    /// little.
    pub fn leaves_open(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Unintelligible { .. } => true,
            Self::Unreachable { reason, .. } => *reason == Unreached::Closed,
            Self::Api { code, .. } => (500..=504).contains(code),
            _ => false,
        }
    }

    /// The cluster that it is about, where a connection came that far.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Config(_) => None,
            Self::Credential { place, .. }
            | Self::NotIssued { place, .. }
            | Self::Unauthorized { place }
            | Self::Forbidden { place, .. }
            | Self::Unreachable { place, .. }
            | Self::TimedOut { place, .. }
            | Self::NotServed { place, .. }
            | Self::NotFound { place, .. }
            | Self::Exists { place, .. }
            | Self::NoNamespace { place, .. }
            | Self::Conflict { place, .. }
            | Self::Contended { place, .. }
            | Self::Replaced { place, .. }
            | Self::BeingDeleted { place, .. }
            | Self::Invalid { place, .. }
            | Self::Held { place, .. }
            | Self::WrongCluster { place, .. }
            | Self::Cancelled { place, .. }
            | Self::Api { place, .. }
            | Self::Unintelligible { place, .. } => Some(place),
        }
    }

    /// The object that it is about, where there is one.
    pub fn object(&self) -> Option<&Target> {
        match self {
            Self::NotFound { object, .. }
            | Self::Exists { object, .. }
            | Self::NoNamespace { object, .. }
            | Self::Conflict { object, .. }
            | Self::Contended { object, .. }
            | Self::Replaced { object, .. }
            | Self::BeingDeleted { object, .. }
            | Self::Invalid { object, .. }
            | Self::Held { object, .. } => Some(object),
            _ => None,
        }
    }
}

/// Where a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreached {
    /// Nothing listens at the address.
    Refused,
    /// The name of the host has no address.
    Name,
    /// No connection came about in time.
    ConnectTimeout,
    /// The certificate of the server was not accepted, or it does not speak TLS.
    Tls,
    /// The connection was closed while it was in use.
    Closed,
    /// There is no way to the address.
    Route,
    /// The proxy cannot be reached, or it made no connection to the server; the cause names it.
    Proxy,
    /// Anything else; the cause says what.
    Other,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "the connection was refused",
            Self::Name => "the name of the host was not found",
            Self::ConnectTimeout => "no connection came about in time",
            Self::Tls => "the TLS handshake failed",
            Self::Closed => "the connection was closed",
            Self::Route => "there is no route to the host",
            Self::Proxy => "the proxy made no connection",
            Self::Other => "the connection failed",
        })
    }
}

/// A connection through a proxy that failed.
#[derive(Debug, thiserror::Error)]
#[error("through {proxy}")]
pub(crate) struct AtProxy {
    /// The address of the proxy and who named it, without user and password.
    pub proxy: String,
    /// What the network or the proxy said.
    pub source: Box<dyn StdError + Send + Sync>,
}

/// Why a kind is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// No version of the kind is served.
    Kind {
        /// The CustomResourceDefinition that would serve it, such as `gitrepositories.source.toolkit.fluxcd.io`.
        crd: String,
    },
    /// The kind is served, though not in this version.
    Version {
        /// The CustomResourceDefinition that serves it.
        crd: String,
        /// The versions that are served.
        served: Vec<String>,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { crd } => write!(f, "the CustomResourceDefinition {crd} is not installed"),
            Self::Version { crd, served } => {
                write!(f, "the CustomResourceDefinition {crd} serves {} only", served.join(", "))
            }
        }
    }
}

/// One field that a write would have taken from its manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Who manages the field, such as `kustomize-controller`; with `kubectl` the name of its sub-program, such as `kubectl-patch`.
    pub manager: String,
    /// The field as the server writes it, such as `.spec.interval`.
    pub field: String,
    /// The same as a place in the object that was applied.
    pub path: Option<FieldPath>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (by {})", self.field, self.manager)
    }
}

/// One reason why the server refused an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The field as the server writes it, such as `spec.interval`; empty when the whole object is meant.
    pub field: String,
    /// The same as a place in the object, as far as it can be read.
    pub path: Option<FieldPath>,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("; ")
}

fn held(finalizers: &[String]) -> String {
    if finalizers.is_empty() { String::new() } else { format!(", held by {}", finalizers.join(", ")) }
}

/// A duration as people write it: `90ms`, `30s`, `1m30s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let millis = duration.as_millis();
    let seconds = (millis + 500) / 1000;
    match (seconds / 60, seconds % 60) {
        _ if millis < 950 && millis != 0 => format!("{millis}ms"),
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}
