//! What an action can end in, besides success.

use std::{fmt, time::Duration};

use cluster::{Target, WaitError};

/// Everything that can go wrong with a release. Texts name the release, the object and the cluster; none quotes a Secret
/// or a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is none that Helm takes.
    #[error("{name:?} is no name for a release: lower case letters, digits, - and ., at most 53 characters")]
    Name {
        /// The name.
        name: String,
    },

    /// There is a release of this name already.
    #[error("release {name} exists already in namespace {namespace} (revision {revision}, {status})")]
    NameInUse {
        /// The release.
        name: String,
        /// Its namespace.
        namespace: String,
        /// Its last revision.
        revision: u64,
        /// How that stands.
        status: String,
    },

    /// Somebody else is at work on the release, or died while he was.
    #[error(
        "another action on release {name} in namespace {namespace} is under way: revision {revision} is {status} since {}",
        time_or_unknown(.since)
    )]
    Pending {
        /// The release.
        name: String,
        /// Its namespace.
        namespace: String,
        /// The revision that is being made.
        revision: u64,
        /// `pending-install`, `pending-upgrade` or `pending-rollback`.
        status: String,
        /// When its record was last written, in RFC 3339.
        since: Option<String>,
    },

    /// There is no release of this name.
    #[error("there is no release {name} in namespace {namespace}")]
    NotFound {
        /// The release.
        name: String,
        /// The namespace in which it was looked for.
        namespace: String,
    },

    /// The release has no revision that an upgrade can start from.
    #[error("release {name} in namespace {namespace} has no deployed revision")]
    NothingDeployed {
        /// The release.
        name: String,
        /// Its namespace.
        namespace: String,
    },

    /// The namespace does not exist and was not to be made.
    #[error("namespace {namespace} does not exist")]
    NoNamespace {
        /// The namespace.
        namespace: String,
    },

    /// A document of the manifest cannot be used.
    #[error("{path}: {why}")]
    Manifest {
        /// The template that wrote it, or what is known of its origin.
        path: String,
        /// What is wrong with it.
        why: String,
    },

    /// A stored record cannot be read.
    #[error("the record {secret} cannot be read: {why}")]
    Record {
        /// The Secret.
        secret: String,
        /// What is wrong with it.
        why: String,
    },

    /// Objects exist that belong to somebody else.
    #[error("cannot be imported into release {release}: {}", list(.objects))]
    Foreign {
        /// The release.
        release: String,
        /// The objects.
        objects: Vec<Foreign>,
    },

    /// The server would refuse objects; none was written.
    #[error("the dry run was refused: {}", list(.refusals))]
    DryRun {
        /// Each object with its error.
        refusals: Vec<Refusal>,
    },

    /// Objects could not be written.
    #[error("not all objects could be written: {}", list(.refusals))]
    Apply {
        /// Each object with its error.
        refusals: Vec<Refusal>,
    },

    /// Objects could not be deleted.
    #[error("not all objects could be deleted: {}", list(.refusals))]
    Delete {
        /// Each object with its error.
        refusals: Vec<Refusal>,
    },

    /// Objects did not become ready.
    #[error("{}", waits_told(.waits))]
    NotReady {
        /// Each wait that did not end well.
        waits: Vec<WaitError>,
    },

    /// A hook failed.
    #[error(transparent)]
    Hook(Box<HookFailure>),

    /// An upgrade would delete definitions whose objects are still there.
    #[error("custom resources would be lost: {}", list(.kinds))]
    DefinitionsInUse {
        /// Each definition with the number of its objects.
        kinds: Vec<InUse>,
    },

    /// Objects that only the controllers of this release can let go are still there.
    #[error(
        "{} with finalizers remain, which nobody would remove once the controllers are gone: {}",
        objects_word(.objects.len()),
        list(.objects)
    )]
    FinalizersRemain {
        /// The objects.
        objects: Vec<Target>,
    },

    /// The time is up.
    #[error("release {name} was not done after {}", seconds(*.after))]
    TimedOut {
        /// The release.
        name: String,
        /// How long it was worked on.
        after: Duration,
        /// What was under way.
        source: Box<Error>,
    },

    /// It was told to stop.
    #[error("stopped on request while working on release {name}")]
    Cancelled {
        /// The release.
        name: String,
        /// What was under way.
        source: Box<Error>,
    },

    /// It failed, and what it had done was undone, or was tried to be.
    #[error("{source}; {clean_up}")]
    Undone {
        /// Why it failed.
        source: Box<Error>,
        /// What became of the half-done work.
        clean_up: CleanUp,
    },

    /// A request failed.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
}

/// What became of half-done work.
#[derive(Debug)]
pub enum CleanUp {
    /// An install was taken back: nothing is left of it.
    Uninstalled,
    /// An upgrade was taken back.
    RolledBack {
        /// The revision whose state is back.
        to: u64,
    },
    /// It could not be taken back; the record says `failed`.
    Failed(Box<Error>),
}

/// An object that belongs to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The object.
    pub object: Target,
    /// Which marks it lacks or has otherwise.
    pub why: String,
}

/// An object with the error that it met.
#[derive(Debug)]
pub struct Refusal {
    /// The object.
    pub object: Target,
    /// The template that wrote it, where it is known.
    pub path: String,
    /// The error.
    pub error: cluster::Error,
}

/// A hook that failed.
#[derive(Debug)]
pub struct HookFailure {
    /// The event, such as `pre-install`.
    pub event: String,
    /// The object.
    pub object: Target,
    /// The template that wrote it.
    pub path: String,
    /// How it failed.
    pub source: WaitError,
    /// The last lines of its containers, where they could be had.
    pub logs: Vec<String>,
}

/// A definition whose objects are still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// The name of the CustomResourceDefinition: `gitrepositories.source.toolkit.fluxcd.io`.
    pub definition: String,
    /// How many objects of its kind there are, in all namespaces.
    pub objects: usize,
}

impl Error {
    /// The error behind a wrapper of time, request to stop and clean-up.
    pub fn root(&self) -> &Error {
        match self {
            Self::TimedOut { source, .. } | Self::Cancelled { source, .. } | Self::Undone { source, .. } => {
                source.root()
            }
            other => other,
        }
    }

    /// Whether it was told to stop.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled { .. } | Self::Cluster(cluster::Error::Cancelled { .. }) => true,
            Self::Undone { source, .. } => source.is_cancelled(),
            _ => false,
        }
    }

    /// Whether something in it is a request or a wait that was told to stop.
    pub(crate) fn holds_a_stop(&self) -> bool {
        let stopped = |error: &cluster::Error| matches!(error, cluster::Error::Cancelled { .. });
        let stopped_wait = |error: &WaitError| match error {
            WaitError::Cancelled { .. } => true,
            WaitError::Cluster(error) => stopped(error),
            _ => false,
        };
        match self {
            Self::Cluster(error) => stopped(error),
            Self::DryRun { refusals } | Self::Apply { refusals } | Self::Delete { refusals } => {
                refusals.iter().any(|refusal| stopped(&refusal.error))
            }
            Self::NotReady { waits } => waits.iter().any(stopped_wait),
            Self::Hook(hook) => stopped_wait(&hook.source),
            _ => false,
        }
    }
}

impl std::error::Error for HookFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Its words are part of the text.
        std::error::Error::source(&self.source)
    }
}

/// What a wait says, with the last event of its object.
fn told(wait: &WaitError) -> String {
    match wait.explanation().and_then(|it| it.events.first()) {
        Some(event) => format!("{wait}; last event: {event}"),
        None => wait.to_string(),
    }
}

fn waits_told(waits: &[WaitError]) -> String {
    waits.iter().map(told).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} hook {} ({}) failed: {}", self.event, self.object, self.path, told(&self.source))?;
        for line in &self.logs {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for CleanUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uninstalled => f.write_str("what was installed so far has been removed"),
            Self::RolledBack { to } => write!(f, "the state of revision {to} has been brought back"),
            Self::Failed(error) => write!(f, "undoing it failed too: {error}"),
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} exists and {}", self.object, self.why)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return self.error.fmt(f);
        }
        write!(f, "{} ({})", self.error, self.path)
    }
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", objects_word(self.objects), self.definition)
    }
}

fn objects_word(count: usize) -> String {
    format!("{count} object{}", if count == 1 { "" } else { "s" })
}

fn time_or_unknown(since: &Option<String>) -> &str {
    since.as_deref().unwrap_or("an unknown time")
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f32().round())
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
